/* Encrypted streams: RC4, and AES with 128 or 256 bits, opened by the empty password. */
#ifndef XP_ECG_PDF_CRYPT_H
#define XP_ECG_PDF_CRYPT_H

#include "ecg/pdf/filters.h"

typedef struct pdf_crypt {
    uint8_t key[32];
    int key_size; /* bytes; 32: AES-256, whose key is that of every object */
    bool aes;
    bool clear; /* streams are not encrypted, only strings are */
} pdf_crypt;

/* What an encryption dictionary says. */
typedef struct pdf_lock {
    int revision, key_size; /* the latter in bytes */
    bool aes, clear, clear_metadata;
    uint32_t permissions;
    xp_bytes owner, user, id; /* owner and user: 32 bytes at least, revisions 5 and 6: 48 */
    xp_bytes user_key;        /* revisions 5 and 6: 32 bytes */
} pdf_lock;

/* False where the empty password does not open it. */
bool pdf_unlock(pdf_crypt *out, const pdf_lock *lock);

/* The bytes of stream `number` in clear, in out; crypt may be NULL. False where there is no memory,
 * or the bytes are too many, or damaged. */
bool pdf_decrypt(const pdf_crypt *crypt, int number, int generation, xp_bytes in, pdf_output *out);

#endif
