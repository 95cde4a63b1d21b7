/* The page as one file that plays a set: index.html of a package. What it changes in the page,
 * README.md says ("Packages"). */
#ifndef XP_TEACH_BUNDLE_H
#define XP_TEACH_BUNDLE_H

#include "base/buffer.h"
#include "teach/set.h"

typedef struct xp_teach_packed {
    const char *name; /* path in the set */
    xp_bytes bytes;
} xp_teach_packed;

/* page: the single-file page (scripts/bundle-page.mjs); set: what document (cases.json, as it goes
 * into the file) was read to. files: the set's, which are sorted here. with_model: the page keeps
 * its model, which it must have. Appends to out; fault->code tells what failed, XP_OK: nothing. */
xp_status xp_teach_bundle(xp_buffer *out, xp_bytes page, const xp_teach_set *set, xp_bytes document,
                          xp_teach_packed *files, int n_files, bool with_model,
                          xp_teach_fault *fault);

/* base64 of gzip with stored blocks: what the page's data elements hold. */
void teach_stored(xp_buffer *out, xp_bytes bytes); /* stored.c */

#endif
