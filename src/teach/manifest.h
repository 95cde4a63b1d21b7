/* imsmanifest.xml of a set's SCORM 1.2 package. */
#ifndef XP_TEACH_MANIFEST_H
#define XP_TEACH_MANIFEST_H

#include "base/buffer.h"
#include "teach/set.h"

/* Appends the text; out->failed without memory. */
void xp_teach_manifest(xp_buffer *out, const xp_teach_set *set);

/* Text for XML and HTML, in an element or an attribute. most: characters; behind them it is cut. */
void teach_escape(xp_buffer *out, const char *text, size_t most);

#endif
