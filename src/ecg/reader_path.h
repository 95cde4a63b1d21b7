/* Recordings on disk: reader.h and listing.h over folders. */
#ifndef XP_ECG_READER_PATH_H
#define XP_ECG_READER_PATH_H

#include "ecg/listing.h"
#include "ecg/reader.h"

/* path: a folder and the name of a record, or of one of its files ("folder/100", 100.hea, 100.dat);
 * a zip archive is a folder ("a.zip/folder/100"), and stands for its record where it holds one.
 * As xp_record_open; XP_ERR_USAGE for a folder. */
xp_status xp_record_open_path(xp_record *rec, const char *path, const xp_read_options *opt,
                              xp_error *err);
xp_status xp_stored_open_path(xp_stored *w, const char *path, const xp_read_options *opt,
                              xp_error *err);

/* Whether path is a file: on disk, or in an archive. */
bool xp_is_file_at(const char *path);

/* xp_listing_add of a file of the folder dir; one that gzip packed ("x.csv.gz") by the name of what
 * it holds, by which it is opened too. */
void xp_listing_add_file(xp_listing *l, const char *dir, const char *name);

/* Show l what it asks for; the files that were added are in the folder dir. */
void xp_listing_read_folder(xp_listing *l, const char *dir);

/* Call each with the path of every file that the record at path needs, whether it is there or not,
 * until one gives true; then, and only then, true. */
bool xp_record_each_file(const char *path, bool (*each)(void *ctx, const char *file), void *ctx);

/* The record's path from the root of the file system, symbolic links resolved, into out; false when
 * there is no such record, or it does not fit. */
bool xp_record_real_path(const char *path, char *out, size_t size);

#endif
