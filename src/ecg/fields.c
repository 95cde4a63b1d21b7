#include "ecg/fields.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

xp_bytes xp_field(xp_bytes b, size_t at, size_t n) {
    if (at > b.size) at = b.size;
    if (n > b.size - at) n = b.size - at;
    return (xp_bytes){b.data + at, n};
}

/* ==== text =================================================================================== */

static bool is_blank(uint8_t c) {
    return c <= ' ' || c == 0x7f;
}

static xp_bytes trim(xp_bytes b) {
    const uint8_t *nul = b.size ? memchr(b.data, 0, b.size) : NULL;
    if (nul) b.size = (size_t)(nul - b.data);
    while (b.size && is_blank(b.data[b.size - 1])) b.size--;
    for (; b.size && is_blank(b.data[0]); b.size--) b.data++;
    return b;
}

void xp_field_text(char *dst, size_t size, xp_bytes field) {
    xp_bytes b = trim(field);
    bool utf8 = xp_is_utf8(b.data, b.size);
    size_t at = 0;
    for (size_t i = 0, n; i < b.size; i += n) {
        uint8_t c = b.data[i];
        n = utf8 ? xp_utf8_length(b.data + i, b.size - i) : 1;
        size_t wide = utf8 ? n : c < 0x80 ? 1 : 2;
        if (at + wide >= size) break;
        if (utf8 && n > 1) {
            memcpy(dst + at, b.data + i, n);
        } else if (c < 0x80) {
            dst[at] = is_blank(c) ? ' ' : (char)c;
        } else {
            dst[at] = (char)(0xc0 | c >> 6);
            dst[at + 1] = (char)(0x80 | (c & 0x3f));
        }
        at += wide;
    }
    dst[at] = 0;
}

/* Digits with one mark of decimals at most, as almost all are: where a double holds the digits and
 * the power of ten exactly, one division rounds as strtod does. */
static bool plain_number(double *v, xp_bytes b) {
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const size_t sign = b.data[0] == '-' || b.data[0] == '+';
    size_t digits = 0, mark = 0;
    int64_t whole = 0;
    for (size_t i = sign; i < b.size; i++) {
        const uint8_t c = b.data[i];
        if (c >= '0' && c <= '9' && ++digits < 16)
            whole = 10 * whole + (c - '0');
        else if (!mark && (c == '.' || c == ','))
            mark = i + 1;
        else
            return false;
    }
    if (!digits) return false;
    *v = (double)whole / tens[mark ? b.size - mark : 0];
    if (b.data[0] == '-') *v = -*v;
    return true;
}

bool xp_field_number(double *v, xp_bytes field) {
    char text[32], *end;
    xp_bytes b = trim(field);
    if (!b.size || b.size >= sizeof text) return false;
    if (plain_number(v, b)) return true;
    for (size_t i = 0; i < b.size; i++) {
        char c = (char)b.data[i];
        if (!strchr("+-.,0123456789eE", c)) return false;
        text[i] = c;
        if (c == ',') text[i] = '.';
    }
    text[b.size] = 0;
    *v = strtod(text, &end);
    return !*end && isfinite(*v);
}

/* ==== dates ================================================================================== */

static int days_of_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool xp_date_is_valid(xp_date d) {
    return d.year >= 1800 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
           d.day <= days_of_month(d.year, d.month);
}

/* By months of March to February: a leap day is then a year's last. */
double xp_date_number(xp_date d) {
    int year = d.month > 2 ? d.year : d.year - 1, month = d.month > 2 ? d.month - 3 : d.month + 9;
    return 365.0 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + d.day;
}

double xp_date_age(xp_date birth, xp_date day) {
    if (!xp_date_is_valid(birth) || !xp_date_is_valid(day)) return NAN;
    bool had_birthday =
        day.month > birth.month || (day.month == birth.month && day.day >= birth.day);
    int years = day.year - birth.year - !had_birthday;
    return years >= 0 && years <= 130 ? years : NAN;
}

static xp_date next_day(xp_date d) {
    if (++d.day <= days_of_month(d.year, d.month)) return d;
    d.day = 1;
    if (++d.month <= 12) return d;
    return (xp_date){d.year + 1, 1, 1};
}

void xp_date_time_text(char *dst, size_t size, xp_date d, double seconds_of_day) {
    dst[0] = 0;
    if (!xp_date_is_valid(d) || !(seconds_of_day >= 0 && seconds_of_day < 2 * 86400)) return;
    int64_t micro = llround(seconds_of_day * 1e6), day = INT64_C(86400000000);
    if (micro >= day) {
        d = next_day(d);
        micro -= day;
    }
    int s = (int)(micro / 1000000), fraction = (int)(micro % 1000000);
    char text[64];
    size_t n = (size_t)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month,
                                d.day, s / 3600, s / 60 % 60, s % 60);
    if (fraction) {
        n += (size_t)snprintf(text + n, sizeof text - n, ".%06d", fraction);
        while (text[n - 1] == '0') text[--n] = 0;
    }
    snprintf(dst, size, "%s", text);
}

void xp_date_text(char *dst, size_t size, xp_date d) {
    dst[0] = 0;
    if (xp_date_is_valid(d)) snprintf(dst, size, "%04d-%02d-%02d", d.year, d.month, d.day);
}

/* ==== checksums ============================================================================== */

uint16_t xp_crc_ccitt(xp_bytes b) {
    uint32_t crc = 0xffff;
    for (size_t i = 0; i < b.size; i++) {
        crc ^= (uint32_t)b.data[i] << 8;
        for (int k = 0; k < 8; k++) crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
        crc &= 0xffff;
    }
    return (uint16_t)crc;
}
