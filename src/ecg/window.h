/* A file that is looked at piece by piece, in order: little of it is in memory at a time. */
#ifndef XP_ECG_WINDOW_H
#define XP_ECG_WINDOW_H

#include "ecg/source.h"

typedef struct xp_file_window {
    const xp_file_source *src;
    const char *name; /* of the file */
    uint64_t size;    /* of the file */
    uint8_t *bytes; /* owned; cap of them, of which n are there, from byte `from` of the file on */
    uint64_t from;
    size_t n, cap;
} xp_file_window;

/* src and name outlive w. False where there is no such file. Nothing is read yet. A page has its
 * files in memory as they are: there is no window in WebAssembly, and what would look through it is
 * left out. */
#ifdef __EMSCRIPTEN__
enum { XP_HAS_WINDOWS = 0 };
static inline bool xp_file_window_open(xp_file_window *w, const xp_file_source *src,
                                       const char *name) {
    (void)w, (void)src, (void)name;
    return false;
}
#else
enum { XP_HAS_WINDOWS = 1 };
bool xp_file_window_open(xp_file_window *w, const xp_file_source *src, const char *name);
#endif
void xp_file_window_close(xp_file_window *w);

/* size bytes of the file from `at` on, valid until the next call; none where they are not there,
 * cannot be read, or do not fit into memory. */
xp_bytes xp_file_window_at(xp_file_window *w, uint64_t at, size_t size);

#endif
