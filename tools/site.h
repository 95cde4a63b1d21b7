/* The built page (web/dist) as a folder of its own with another model inside. */
#ifndef XP_TOOLS_SITE_H
#define XP_TOOLS_SITE_H

#include "base/bytes.h"
#include "base/status.h"

/* What was written. */
typedef struct written {
    size_t bytes;
    int files;
} written;

/* Copy the page in folder `given` (NULL: web/dist here or beside the program) to the new or empty
 * folder `to`, with model, a safetensors file, in the place of its own. What else holds the page's
 * model (the page as one file) stays behind, and the list in sw.js is made anew, without which no
 * browser would keep the page for use offline. The model goes last: a folder that has one is
 * whole. */
xp_status site_write(const char *given, const char *to, xp_bytes model, written *w, xp_error *err);

#endif
