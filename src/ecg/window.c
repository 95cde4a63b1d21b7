#include "ecg/window.h"

#include <stdlib.h>

/* What is read at once, where less is asked for. */
enum { STEP = 1 << 20 };

#ifndef __EMSCRIPTEN__
bool xp_file_window_open(xp_file_window *w, const xp_file_source *src, const char *name) {
    uint8_t none[1];
    size_t size = 0;
    *w = (xp_file_window){.src = src, .name = name};
    return xp_source_part(src, name, 0, none, &size, &w->size);
}
#endif

void xp_file_window_close(xp_file_window *w) {
    free(w->bytes);
    *w = (xp_file_window){0};
}

/* Room for size bytes; what the window held is gone. */
static bool make_room(xp_file_window *w, size_t size) {
    if (size <= w->cap) return true;
    free(w->bytes);
    w->n = 0;
    w->bytes = malloc(size);
    w->cap = w->bytes ? size : 0;
    return w->bytes != NULL;
}

xp_bytes xp_file_window_at(xp_file_window *w, uint64_t at, size_t size) {
    const xp_bytes none = {0};
    if (!size || at > w->size || size > w->size - at) return none;
    if (at < w->from || at + size > w->from + w->n) {
        uint64_t left = w->size - at;
        size_t wanted = size > STEP ? size : left < STEP ? (size_t)left : STEP;
        if (!make_room(w, wanted ? wanted : 1)) return none;
        w->from = at;
        w->n = wanted;
        if (!xp_source_part(w->src, w->name, at, w->bytes, &w->n, NULL)) w->n = 0;
        if (w->n < size) return none;
    }
    return (xp_bytes){w->bytes + (at - w->from), size};
}
