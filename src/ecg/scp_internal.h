/* SCP-ECG (EN 1064, AAMI EC71): what the files of the reader share. */
#ifndef XP_ECG_SCP_INTERNAL_H
#define XP_ECG_SCP_INTERNAL_H

#include "ecg/fields.h"
#include "ecg/stored.h"

enum { XP_SCP_SECTIONS = 13, XP_SCP_HEADER = 16 };

typedef struct xp_scp {
    const char *file;
    xp_bytes data;
    xp_bytes section[XP_SCP_SECTIONS]; /* behind its header; of size 0 where it is not there */
    size_t at[XP_SCP_SECTIONS];        /* the byte of the file that it begins at */
    bool crc_differs;                  /* the checksum of the file, or of a section */
    size_t length;                     /* of the file, as it says itself */
} xp_scp;

#define XP_SCP_FAIL(f, at, code, fmt, ...)                                                         \
    xp_fail(err, code, "%s byte %zu: " fmt, (f)->file, (size_t)(at), __VA_ARGS__)

/* Find the sections. They point into data. */
xp_status xp_scp_find_sections(xp_scp *f, const char *file, xp_bytes data, xp_error *err);

/* Whether a file that starts so has the pointers of SCP-ECG. */
bool xp_scp_has_pointers(xp_bytes start);

/* ==== coded samples ========================================================================== */

/* A code of a Huffman table: `prefix` bits, which stand at the upper end of `code`, then
 * `extra` bits, whose signed value is added to `base`; or a switch to the table of number `base`.
 */
typedef struct xp_scp_code {
    uint32_t code;
    uint8_t prefix, extra;
    bool is_switch;
    int16_t base;
} xp_scp_code;

typedef struct xp_scp_table {
    const xp_scp_code *codes; /* by ascending code; none is the beginning of another */
    int n;
} xp_scp_table;

typedef struct xp_scp_tables {
    xp_scp_table *tables; /* owned */
    xp_scp_code *codes;   /* owned; NULL for the default table */
    int n;                /* 0: samples are plain 16-bit numbers */
} xp_scp_tables;

/* On error nothing is held. */
xp_status xp_scp_read_tables(xp_scp_tables *t, const xp_scp *f, xp_error *err);
void xp_scp_tables_free(xp_scp_tables *t);

/* Decode up to n samples of a lead; difference: 0 to 2, how often samples were subtracted from each
 * other. Returns how many there are; *used: the bytes that they take. */
int64_t xp_scp_decode(int32_t *out, int64_t n, const xp_scp_tables *t, xp_bytes coded,
                      int difference, size_t *used);

/* ==== facts ================================================================================== */

/* Sections 1, 7 and 8. False when there is no memory. */
bool xp_scp_read_facts(xp_facts *facts, const xp_scp *f);

/* The name of a lead by its number in section 3. */
void xp_scp_lead_name(char *dst, size_t size, int id);

#endif
