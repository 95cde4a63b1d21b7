/* The page's module that reads files, readers.wasm (with wasm_list.h): the files of a recording in,
 * the record as one block out, which wasm_api.h takes, and what is measured on it. It is fetched
 * when a file is first opened.
 */
#ifndef XP_WASM_READERS_H
#define XP_WASM_READERS_H

#include "wasm_export.h"

#include <stdint.h>

/* Files, and the record that was read of them. */
typedef struct xp_wasm_reader xp_wasm_reader;

/* NULL when there is no memory. */
XP_EXPORT(xp_wasm_reader_open) xp_wasm_reader *xp_wasm_reader_open(void);
XP_EXPORT(xp_wasm_reader_close) void xp_wasm_reader_close(xp_wasm_reader *r); /* NULL: nothing */

/* Hand a file in: `bytes` comes from xp_wasm_alloc and is the reader's from then on, also on error;
 * name is copied. A file of the same name is replaced. 0, or an xp_status. */
XP_EXPORT(xp_wasm_reader_add)
int xp_wasm_reader_add(xp_wasm_reader *r, const char *name, uint8_t *bytes, size_t size);

/* Read the record `name` of the files (xp_record_open; wasm_list.h finds names and files). rate,
 * unit, columns: xp_read_options, where 0 and "" are not given. 0, or an xp_status. */
XP_EXPORT(xp_wasm_reader_read)
int xp_wasm_reader_read(xp_wasm_reader *r, const char *name, double rate, const char *unit,
                        const char *columns);

/* Read the record and write it as files of another format: `to` is a name of ecg/write/write.h
 * ("edf"), `as` what the files are called, without an ending. Nothing says who it is, or what the
 * file states of the ECG, unless identity or stated is 1. The names and bytes stay until the next
 * call. 0, or an xp_status. */
XP_EXPORT(xp_wasm_reader_write)
int xp_wasm_reader_write(xp_wasm_reader *r, const char *name, double rate, const char *unit,
                         const char *columns, const char *to, const char *as, int identity,
                         int stated);

/* JSON {files: [{name, size}], notices}: notices tell what the format could not hold. NULL without
 * memory. */
XP_EXPORT(xp_wasm_reader_written) const char *xp_wasm_reader_written(xp_wasm_reader *r);
XP_EXPORT(xp_wasm_reader_file) const uint8_t *xp_wasm_reader_file(const xp_wasm_reader *r, int i);

/* The record that was read last, as ecg/record_bytes.h has it, until the next call; NULL and 0
 * where there is none. */
XP_EXPORT(xp_wasm_reader_bytes) const uint8_t *xp_wasm_reader_bytes(const xp_wasm_reader *r);
XP_EXPORT(xp_wasm_reader_size) size_t xp_wasm_reader_size(const xp_wasm_reader *r);

/* What is measured on the record that was read last, as `xplaim measure --json` prints it, until
 * the next call; name: what the document calls the record; flags: a sum of these. NULL:
 * xp_wasm_reader_error says why. The next four tell of the same measurements, until another record
 * is read or measured: NULL where there are none, or no memory. */
enum {
    XP_MEASURE_NO_BEATS = 1,        /* lists of beats stay empty */
    XP_MEASURE_ACCEPT_CHECKSUMS = 2 /* although not one of the record's checksums holds */
};
XP_EXPORT(xp_wasm_reader_measure)
const char *xp_wasm_reader_measure(xp_wasm_reader *r, const char *name, int flags);

/* As `xplaim measure --csv` prints it: the head and one line. Until the next call. */
XP_EXPORT(xp_wasm_reader_csv) const char *xp_wasm_reader_csv(xp_wasm_reader *r, const char *name);

/* What is drawn of them, for src/draw_request.h: JSON {numbers, faults, marks, beat}; marks: how
 * many xp_wasm_reader_marks has; beat: null, or without values. Until the next call. */
XP_EXPORT(xp_wasm_reader_drawn) const char *xp_wasm_reader_drawn(xp_wasm_reader *r);

enum { XP_MARK_NUMBERS = 9 };
/* (marks, XP_MARK_NUMBERS) of each beat: time in s, WFDB's code as a character's number, whether it
 * is used, and where P, QRS and T begin and end, in s from its time; NaN: not found. */
XP_EXPORT(xp_wasm_reader_marks) const double *xp_wasm_reader_marks(xp_wasm_reader *r);

/* (leads, samples) mV of the median beat. */
XP_EXPORT(xp_wasm_reader_beat) const float *xp_wasm_reader_beat(const xp_wasm_reader *r);

/* JSON {code, text, table}: of the last call that failed, until the next call; NULL without memory.
 * table: null, or of a table of numbers {asks: {rate, unit, names}, columns, rows, rate, named:
 * [{name, units, role}], first: [[number or null]]}, as ecg/table_view.h tells. */
XP_EXPORT(xp_wasm_reader_error) const char *xp_wasm_reader_error(xp_wasm_reader *r);

#endif
