/* MD5, SHA-2, RC4 and AES: what PDFs are encrypted with. */
#ifndef XP_ECG_PDF_CIPHER_H
#define XP_ECG_PDF_CIPHER_H

#include "base/bytes.h"

void pdf_md5(const uint8_t *data, size_t n, uint8_t out[16]);
/* Encrypts and decrypts, in place. */
void pdf_rc4(uint8_t *data, size_t n, const uint8_t *key, size_t key_size);
/* AES, CBC: n bytes, a multiple of 16, in place. key_size: 16 or 32 bytes. before: the block that
 * begins the chain. */
void pdf_aes_decrypt(uint8_t *data, size_t n, const uint8_t *key, int key_size,
                     const uint8_t before[16]);
void pdf_aes_encrypt(uint8_t *data, size_t n, const uint8_t *key, int key_size,
                     const uint8_t before[16]);

/* SHA-512 or SHA-384 (bits); out: as many bits. */
void pdf_sha512(const uint8_t *data, size_t n, int bits, uint8_t *out);

#endif
