/* Marks what JavaScript may call, and the memory that it writes names and bytes into. */
#ifndef XP_WASM_EXPORT_H
#define XP_WASM_EXPORT_H

#include <stddef.h>

#ifdef __wasm__
#define XP_EXPORT(name) __attribute__((export_name(#name)))
#else
#define XP_EXPORT(name)
#endif

/* NULL when there is none. */
XP_EXPORT(xp_wasm_alloc) void *xp_wasm_alloc(size_t bytes);
XP_EXPORT(xp_wasm_free) void xp_wasm_free(void *p);

#endif
