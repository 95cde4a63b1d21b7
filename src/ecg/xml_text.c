#include "ecg/xml_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void xml_base64_values(uint8_t values[256]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(values, XML_WRONG, 256);
    for (int i = 0; i < 64; i++) values[(uint8_t)digits[i]] = (uint8_t)i;
    for (const char *c = " \t\r\n"; *c; c++) values[(uint8_t)*c] = XML_BLANK;
    values['='] = XML_END;
}

const char *xml_small_number(double *v, const char *t) {
    enum { MOST = 15 }; /* digits that a double holds */
    bool minus = *t == '-';
    int64_t whole = 0;
    const char *first = t + minus, *c = first;
    for (; *c >= '0' && *c <= '9' && c - first < MOST; c++) whole = 10 * whole + (*c - '0');
    if (c == first || (*c && !xml_is_separator(*c))) return NULL;
    *v = minus ? -(double)whole : (double)whole;
    return c;
}

const char *xml_any_number(double *v, const char *t) {
    char *end;
    const char *behind = xml_small_number(v, t);
    if (behind) return behind;
    if (!*t || !strchr("+-.0123456789", *t)) return NULL;
    *v = strtod(t, &end);
    return end == t || (*end && !xml_is_separator(*end)) || !isfinite(*v) ? NULL : end;
}
