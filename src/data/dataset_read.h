/* Samples of one record at a time: reader.h -> prepare.h (the one preprocessing path) -> a cache on
 * disk, from which every later epoch reads.
 *
 * Cache file, one for each table and kind of input, integers little-endian:
 *
 *   offset 0       4096 bytes  magic "XPCACHE1", n_leads, length, and zeros
 *   4096 + k * S   k = w n + i, window w of the record in row i of the table of n rows: 64 bytes
 *                  about it, then (length, n_leads) int16
 *     0  8  identity of the record's files (path, sizes, times of change); 0: nothing here yet
 *     8  8  hash of the samples
 *    16  8  steps a millivolt, double: 1000, less where a value is beyond 32 mV
 *    24  4  samples that come from the record; what follows them is padding
 *    28  4  windows of the record
 *
 * Steps of 1 uV are exact for recordings whose own steps are whole microvolts and that are not
 * resampled (PTB-XL, MIMIC-IV-ECG, the CinC collections), and within 0.5 uV otherwise; half the
 * size of float32. The file is sparse: a row takes room when it was first read. A row is taken
 * only when identity and hash are right, so neither a changed record, nor another table of the same
 * name, nor a crash while it was written can do harm. Rows are read by pread, not by a memory map:
 * a file that another program cuts short is then an error message and not a signal. */
#ifndef XP_DATA_DATASET_READ_H
#define XP_DATA_DATASET_READ_H

#include "data/dataset.h"
#include "ecg/prepare.h"

typedef struct xp_reader xp_reader;

/* d and what spec points to are not owned and must outlive the reader; prepare may be NULL.
 * cache_dir NULL: no cache. The folder is made where there is none, but not those above it.
 * XP_ERR_IO when the cache cannot be made. */
xp_status xp_reader_create(xp_reader **out, const xp_dataset *d, const xp_input_spec *spec,
                           const xp_prepare_options *prepare, const char *cache_dir, xp_error *err);
void xp_reader_free(xp_reader *r); /* NULL is allowed */

typedef struct xp_record_window {
    int valid;   /* samples that come from the record */
    int windows; /* of the record: prepare.h cuts a longer one */
} xp_record_window;

/* Window w (0: the first) of record i into x (length, n_leads) mV; *about may be NULL. Values do
 * not depend on whether the cache had them. May be called from several threads at once. The error
 * names the record; XP_ERR_USAGE for a window beyond its last. */
xp_status xp_reader_get(xp_reader *r, size_t i, int w, float *x, xp_record_window *about,
                        xp_error *err);

/* All windows, for the cache only: reads the record where the cache has it not yet, else nothing
 * but its first row's head. *bad_record: the error is the record's, and not the cache's or the
 * table's. */
xp_status xp_reader_fill(xp_reader *r, size_t i, bool *bad_record, xp_error *err);

#endif
