/* XML files of two bytes a letter. Private to xml.c and xml_utf16.c. */
#ifndef XP_ECG_XML_UTF16_H
#define XP_ECG_XML_UTF16_H

#include "base/bytes.h"

#include <stdbool.h>

/* UTF-16: a byte order mark, or a "<" of two bytes. */
bool xml_is_utf16(xp_bytes b);

/* The letters of UTF-16 as UTF-8, to be freed by the caller; none where the file is damaged, which
 * expat tells better, or there is no memory. */
xp_bytes xml_from_utf16(xp_bytes b);

#endif
