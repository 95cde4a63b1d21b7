/* What the texts of samples in XML files are made of: base64, and decimal numbers between
 * separators. For xml_signals.c and xml_digest.c. */
#ifndef XP_ECG_XML_TEXT_H
#define XP_ECG_XML_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { XML_BLANK = 64, XML_END = 65, XML_WRONG = 66 };

/* What each character stands for in base64: 6 bits, or one of the above, which all have the
 * seventh. */
void xml_base64_values(uint8_t values[256]);

static inline bool xml_is_separator(char c) {
    return c == ' ' || c == ',' || c == '\n' || c == '\r' || c == '\t' || c == ';';
}

/* A whole number of few digits, as almost all are; the end of it, or NULL. */
const char *xml_small_number(double *v, const char *t);

/* Any number that is finite, up to a separator or the end; the end of it, or NULL. */
const char *xml_any_number(double *v, const char *t);

#endif
