/* Marks what JavaScript may call. */
#ifndef XP_WASM_EXPORT_H
#define XP_WASM_EXPORT_H

#ifdef __wasm__
#define XP_EXPORT(name) __attribute__((export_name(#name)))
#else
#define XP_EXPORT(name)
#endif

#endif
