/* listing.h for JavaScript: which records there are among files that the page was given. Like
 * wasm_api.h, but with no session: a listing is a thing of its own. */
#ifndef XP_WASM_LIST_H
#define XP_WASM_LIST_H

#include "wasm_export.h"

#include <stddef.h>
#include <stdint.h>

typedef struct xp_wasm_list xp_wasm_list;

/* NULL when there is no memory. */
XP_EXPORT(xp_wasm_list_open) xp_wasm_list *xp_wasm_list_open(void);
XP_EXPORT(xp_wasm_list_close) void xp_wasm_list_close(xp_wasm_list *w); /* NULL is allowed */

/* As xp_listing_add and xp_listing_show; the caller keeps path and start. size: a whole number. */
XP_EXPORT(xp_wasm_list_add)
void xp_wasm_list_add(xp_wasm_list *w, const char *path, double size);
XP_EXPORT(xp_wasm_list_show)
void xp_wasm_list_show(xp_wasm_list *w, int index, const uint8_t *start, size_t n);

/* JSON, valid until the next call; NULL when there is no memory. While files are to be shown,
 * {wanted: [[index, bytes]]}: each is asked for once. Then {wanted: [], records: [{name, format,
 * type, files: [{index, name}], missing: [name], problem}], others: [{index, type, problem,
 * quiet}], help}: files name what to hand in and under which name; problem is a sentence or null;
 * quiet: a file that nobody needs to be informed of; help: a sentence on what makes a record. */
XP_EXPORT(xp_wasm_list_text) const char *xp_wasm_list_text(xp_wasm_list *w);

#endif
