/* The page's module for case sets: texts and files are laid on a desk, a piece of work is done with
 * them, and its result is a text. web/core/cases_core.js is its only caller in the page. */
#ifndef XP_WASM_CASES_H
#define XP_WASM_CASES_H

#include "wasm_export.h"

#include <stdint.h>

typedef struct xp_cases_desk xp_cases_desk;

/* NULL when there is no memory. */
XP_EXPORT(xp_cases_open) xp_cases_desk *xp_cases_open(void);
XP_EXPORT(xp_cases_close) void xp_cases_close(xp_cases_desk *d);

/* A text of the work that follows (name ""), in the order of its arguments, or a file of the set
 * (its path). bytes were got of xp_wasm_alloc and are the desk's from here on, whatever becomes of
 * them; name is copied. 0: there is no memory. */
XP_EXPORT(xp_cases_lay)
int xp_cases_lay(xp_cases_desk *d, const char *name, uint8_t *bytes, size_t size);

/* "check": cases.json, facts (teach/facts.h; empty: none) -> {"set", "warnings", "tasks",
 * "maxPoints"}. "score": cases.json, answers -> results. "manifest": cases.json -> imsmanifest.xml.
 * "bundle": page, cases.json, "network" or "", files -> index.html. "sha256": bytes -> 64 digits.
 * Returns 0, or a status; the text is then a fault (tools/schema/cases.schema.json: case_fault). */
XP_EXPORT(xp_cases_work) int xp_cases_work(xp_cases_desk *d, const char *work);

/* Its result, the desk's. */
XP_EXPORT(xp_cases_text) const char *xp_cases_text(const xp_cases_desk *d);
XP_EXPORT(xp_cases_size) size_t xp_cases_size(const xp_cases_desk *d);

#endif
