/* Comma-separated values by the real rules (RFC 4180): quoted fields with embedded separators,
 * newlines and doubled quotes; LF, CRLF or CR line ends; a UTF-8 byte order mark; a last line with
 * or without its newline. Beyond the RFC: a quote inside an unquoted field is taken literally, and
 * empty lines are skipped. Bytes are passed on as they are.
 *
 * A reader streams: it holds one row (at most XP_CSV_ROW_LIMIT bytes) and one read buffer,
 * whatever the size of the file. Every error names the file, the line, the column and what to do.
 */
#ifndef XP_DATA_CSV_H
#define XP_DATA_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/status.h"

#define XP_CSV_ROW_LIMIT ((size_t)4 << 20)
#define XP_CSV_FIELD_LIMIT 4096

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct xp_csv xp_csv;

/* *out is owned by the caller (xp_csv_close); data and name must outlive it. separator is usually
 * ','. name is what errors call the text. */
xp_status xp_csv_open(xp_csv **out, const char *path, char separator, xp_error *err);
xp_status xp_csv_open_bytes(xp_csv **out, xp_bytes data, const char *name, char separator,
                            xp_error *err);
void xp_csv_close(xp_csv *c); /* NULL is allowed */

/* Read the next row; xp_csv_count is then its number of fields, and 0 at the end of the file. After
 * xp_csv_header every row must have as many fields as the header. */
xp_status xp_csv_next(xp_csv *c, xp_error *err);
int xp_csv_count(const xp_csv *c);
size_t xp_csv_line(const xp_csv *c);     /* line on which the row began, from 1 */
uint64_t xp_csv_offset(const xp_csv *c); /* byte of the file at which it began */

/* Field i of the current row, unquoted and NUL-terminated, valid until the next call of
 * xp_csv_next; "" for an i that the row does not have (-1 included: an absent column). */
const char *xp_csv_field(const xp_csv *c, int i);

/* Take the first row as column names. An empty file, or a name that occurs twice, is an error. */
xp_status xp_csv_header(xp_csv *c, xp_error *err);
int xp_csv_find(const xp_csv *c, const char *column); /* -1 when there is none */

/* Number of columns; their names into out (size bytes, may be 0), "a, b, ...", cut where they do
 * not fit. */
int xp_csv_columns(const xp_csv *c, char *out, size_t size);

/* Like xp_csv_find, but an absent column is XP_ERR_NOT_FOUND, and the message lists those there. */
xp_status xp_csv_column(const xp_csv *c, const char *column, int *out, xp_error *err);

/* Fill err with "file, line 12, column 3 (age): message" and return code. */
xp_status xp_csv_fail(const xp_csv *c, int field, xp_error *err, xp_status code, const char *fmt,
                      ...) __attribute__((format(printf, 5, 6)));

/* Field as a number. The whole field must be one; an empty field is an error. */
xp_status xp_csv_number(const xp_csv *c, int field, double *out, xp_error *err);

/* Field as a non-negative whole number; "15709.0", as pandas writes it, is 15709. */
xp_status xp_csv_id(const xp_csv *c, int field, uint64_t *out, xp_error *err);

/* ---- writing ---------------------------------------------------------------------------- */

/* A file that appears under its name only when it is complete: rows go to a temporary file beside
 * it, and xp_csv_commit flushes that to the disk and renames it. */
typedef struct xp_csv_writer xp_csv_writer;

xp_status xp_csv_create(xp_csv_writer **out, const char *path, xp_error *err);

/* Append one field, quoted where the rules ask for it; xp_csv_end_row ends the row with LF. A
 * failure is kept and reported by xp_csv_commit. */
void xp_csv_put(xp_csv_writer *w, const char *text);
void xp_csv_putf(xp_csv_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xp_csv_end_row(xp_csv_writer *w);

/* Both release w. After a failed commit, as after xp_csv_abandon, the file at path is as it was. */
xp_status xp_csv_commit(xp_csv_writer *w, xp_error *err);
void xp_csv_abandon(xp_csv_writer *w); /* NULL is allowed */

#endif
