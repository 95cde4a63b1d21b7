/* Recordings of every format that is read. Whatever opens a recording calls xp_record_open (or, for
 * one on disk, reader_path.h); which formats there are, only formats.c knows.
 *
 * A record has a name: where a header names its files, the header's without its ending ("100" for
 * 100.hea); where a file is a record, that file's. Any of a record's files will do in its place. */
#ifndef XP_ECG_READER_H
#define XP_ECG_READER_H

#include "ecg/format.h"

typedef struct xp_found_record {
    const xp_format *format;
    char name[128]; /* the record's */
} xp_found_record;

/* The record that name stands for: told by the file's content where it has that name, else by a
 * header of the name. XP_ERR_UNSUPPORTED: the file is of a kind that is not read, and err says
 * which and what to do; XP_ERR_NOT_FOUND; XP_ERR_USAGE for a name that is none. */
xp_status xp_record_find(xp_found_record *found, const xp_file_source *src, const char *name,
                         xp_error *err);

/* Read what was found: its format's read, but for a file that is larger than the format's are. On
 * error w is untouched. */
xp_status xp_found_read(xp_stored *w, const xp_found_record *found, const xp_file_source *src,
                        const xp_read_options *opt, xp_error *err);

/* Read a record: its leads in millivolt. opt may be NULL. On error rec is untouched. */
xp_status xp_record_open(xp_record *rec, const xp_file_source *src, const char *name,
                         const xp_read_options *opt, xp_error *err);

/* Read a record's signals as its files store them. On error w is untouched. */
xp_status xp_stored_open(xp_stored *w, const xp_file_source *src, const char *name,
                         const xp_read_options *opt, xp_error *err);

/* What is to be reported of a file that holds no record which is read here, as a whole sentence but
 * for its full stop: "FILE is a DICOM file: ...". kind may be NULL. */
void xp_kind_sentence(const xp_kind *kind, const char *file, char *out, size_t size);

/* Which files make a record, in the sentences of all formats; at least 1 byte, and XP_FORMATS_HELP
 * hold them all. */
enum { XP_FORMATS_HELP = 2000 };
void xp_formats_help(char *out, size_t size);

#endif
