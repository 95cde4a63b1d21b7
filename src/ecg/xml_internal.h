/* Private to the files of the XML reader: xml.c, xml_begins.c, xml_digest.c. */
#ifndef XP_ECG_XML_INTERNAL_H
#define XP_ECG_XML_INTERNAL_H

#include "base/wide_text.h"
#include "ecg/xml.h"

static inline bool xml_is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A name without its prefix. */
static inline const char *xml_local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon && colon[1] ? colon + 1 : name;
}

static inline xp_wide_text xml_wide(xp_bytes start) {
    return xp_wide_text_of(start, '<');
}

/* ---- long texts, of which no more is wanted than what is in them (xml_digest.c) ---- */

typedef struct xml_digester {
    xp_xml_digest *to;
    /* decimal numbers */
    char word[64];
    int letters; /* of the word that is being read */
    /* base64 */
    uint32_t bits;
    int held;
    bool begun; /* a letter that is no blank was there */
    int low;    /* the first byte of a sample of two; -1: none is held */
} xml_digester;

void xml_digest_begin(xml_digester *d, xp_xml_digest *to);
void xml_digest_take(xml_digester *d, const char *text, size_t n);
void xml_digest_end(xml_digester *d);

#endif
