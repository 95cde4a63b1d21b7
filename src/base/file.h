/* Files and folders on disk: read whole, written whole or not at all. */
#ifndef XP_BASE_FILE_H
#define XP_BASE_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { XP_PATH_MAX = 4096 }; /* bytes of a path, its NUL included */

/* ---- paths ---- */

/* dir + "/" + the formatted name into out (size bytes). XP_ERR_LIMIT where it does not fit. */
xp_status xp_path_join(char *out, size_t size, xp_error *err, const char *dir, const char *name,
                       ...) __attribute__((format(printf, 5, 6)));

/* The same without a limit, malloc'ed; the name alone where dir is "". NULL without memory. */
char *xp_path_of(const char *dir, const char *name);

/* Whether path leads to a regular file, or to a folder; symbolic links are followed. */
bool xp_is_file(const char *path);
bool xp_is_folder(const char *path);

/* Bytes of a regular file in dir; 0 where there is none. */
uint64_t xp_file_size(const char *dir, const char *name);

/* ---- folders ---- */

/* Make the folder path; a folder that is there already is no error. */
xp_status xp_make_folder(const char *path, xp_error *err);

/* The same with the folders above it. */
xp_status xp_make_folders(const char *path, xp_error *err);

/* ---- reading ---- */

/* The whole of one regular file, malloc'ed (*data is freed by the caller): at most as many bytes
 * as it had when it was opened. XP_ERR_NOT_FOUND where nothing is there; XP_ERR_LIMIT
 * where it is larger than xp_memory_limit(). On error *data and *size
 * are untouched. */
xp_status xp_file_read(const char *path, uint8_t **data, size_t *size, xp_error *err);

/* The same as text, ended by a NUL; one in the file ends it early. *text is freed by the caller. */
xp_status xp_file_read_text(const char *path, char **text, xp_error *err);

/* ---- writing ---- */

/* Write a file by way of a temporary one beside it, which is on the disk before it takes the name:
 * a reader sees the old file or the whole new one, after a crash too. A symbolic link stays one:
 * what it leads to is written. A path that is no regular file (/dev/stdout) is written directly. On
 * error the old file is as it was and nothing is left behind. */
xp_status xp_file_write(const char *path, const void *bytes, size_t size, xp_error *err);

/* The same for a file that is made bit by bit. */
typedef struct xp_file_writer xp_file_writer;
xp_status xp_file_create(xp_file_writer **out, const char *path, xp_error *err);

/* Append bytes. What goes wrong is remembered and told by xp_file_commit. */
void xp_file_put(xp_file_writer *w, const void *bytes, size_t size);

xp_status xp_file_commit(xp_file_writer *w, xp_error *err); /* frees w, on error too */
void xp_file_abandon(xp_file_writer *w);                    /* frees w (may be NULL) */

/* Whether xp_file_write could write path: asked before the work whose result goes there. A folder
 * is an error unless allowed. Leaves nothing behind. */
xp_status xp_file_check_writable(const char *path, bool folder_allowed, xp_error *err);

#endif
