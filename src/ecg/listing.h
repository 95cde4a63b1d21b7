/* What records there are among files, and which files belong to each: for folders, drops, archives.
 *
 * The listing opens no file. It receives the files' names, asks for as little of their content as
 * it needs (headers whole, so that they can name the other files; of what belongs to no record, the
 * beginning, to recognise its format), and is shown that:
 *
 *   xp_listing_add(l, path, size);                     for each file
 *   while ((i = xp_listing_next(l, &bytes)) >= 0)      bytes from the beginning of file i
 *       xp_listing_show(l, i, start);
 *   xp_listing_records(l), xp_listing_others(l)
 *
 * Names with marked letters are the same composed and decomposed. Names in different folders do not
 * mix. What lies beside a record under its name (100.atr beside 100.hea) belongs to it. */
#ifndef XP_ECG_LISTING_H
#define XP_ECG_LISTING_H

#include "ecg/format.h"

typedef struct xp_listing xp_listing;

/* A file of a record. */
typedef struct xp_listed_file {
    int index;        /* of the file, in the order they were added; -1: it is not there */
    const char *name; /* the record's name for it, relative to the record's folder */
} xp_listed_file;

typedef struct xp_listed_record {
    const xp_format *format;
    const char *name; /* relative to the folder of its first file: xp_record_open takes it */
    const char *type; /* for a table: "WFDB 2 segments", "WFDB .dat" */
    const xp_listed_file *files; /* those it needs, its header first, and then those not there */
    int n_files, n_missing;
    const char *problem; /* a sentence, where nothing tells which files are its own; else NULL */
} xp_listed_record;

/* A file that belongs to no record. */
typedef struct xp_listed_other {
    int index;
    const xp_kind *kind; /* NULL: not known */
} xp_listed_other;

/* NULL when there is no memory. */
xp_listing *xp_listing_create(void);
void xp_listing_free(xp_listing *l); /* NULL is allowed */

/* path: with "/" between folders; it is copied. All files are added before the first is asked
 * for. */
void xp_listing_add(xp_listing *l, const char *path, uint64_t size);

const char *xp_listing_path(const xp_listing *l, int index);

/* The next file to be shown: its index, and how much of its beginning in *bytes. -1: no more until
 * those that were asked for are shown, or, when they are, at all. */
int xp_listing_next(xp_listing *l, size_t *bytes);

/* start: the bytes asked for, or the whole file, or none where it cannot be read. They are looked
 * at during the call alone. */
void xp_listing_show(xp_listing *l, int index, xp_bytes start);

/* The result, once nothing is asked for any more; it is the listing's. Records are in the order of
 * their first files, others in that of the files. NULL where memory was short on the way. */
const xp_listed_record *xp_listing_records(const xp_listing *l, int *n);
const xp_listed_other *xp_listing_others(const xp_listing *l, int *n);

#endif
