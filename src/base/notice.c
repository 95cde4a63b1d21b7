#include "base/notice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
#define X(code, name) name,
    XP_NOTICE_LIST(X)
#undef X
};

const char *xp_notice_name(xp_notice_code code) {
    return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}

static xp_notice *grow(xp_notices *list) {
    if (list->n == list->cap) {
        int cap = list->cap ? 2 * list->cap : 8;
        xp_notice *p = realloc(list->items, (size_t)cap * sizeof *p);
        if (!p) return NULL;
        list->items = p;
        list->cap = cap;
    }
    return &list->items[list->n++];
}

xp_status xp_notice_add(xp_notices *list, xp_notice_code code, const char *lead, const char *fmt,
                        ...) {
    if (!list) return XP_OK;
    xp_notice *it = grow(list);
    if (!it) return XP_ERR_MEMORY;
    it->code = code;
    snprintf(it->lead, sizeof it->lead, "%s", lead ? lead : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(it->text, sizeof it->text, fmt, ap);
    va_end(ap);
    return XP_OK;
}

xp_status xp_notices_append(xp_notices *dst, const xp_notices *src) {
    if (!dst) return XP_OK;
    for (int i = 0; i < src->n; i++) {
        xp_notice *it = grow(dst);
        if (!it) return XP_ERR_MEMORY;
        *it = src->items[i];
    }
    return XP_OK;
}

void xp_notices_free(xp_notices *list) {
    free(list->items);
    *list = (xp_notices){0};
}
