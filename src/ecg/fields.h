/* Fields of fixed size in the headers of binary recordings (EDF, SCP-ECG, ISHNE), and dates. */
#ifndef XP_ECG_FIELDS_H
#define XP_ECG_FIELDS_H

#include "base/bytes.h"

typedef struct xp_date {
    int year, month, day;
} xp_date;

/* n bytes of b from `at`, or what there is of them. */
xp_bytes xp_field(xp_bytes b, size_t at, size_t n);

/* The text of a field up to its first NUL, as UTF-8: bytes that are not UTF-8 are taken as
 * ISO 8859-1, control characters become blanks, and blanks at both ends go. */
void xp_field_text(char *dst, size_t size, xp_bytes field);

/* A decimal number that fills the field but for blanks; a comma may stand for the point. */
bool xp_field_number(double *v, xp_bytes field);

/* A day of the calendar since 1800. */
bool xp_date_is_valid(xp_date d);

/* Days since some day, the same for all. */
double xp_date_number(xp_date d);

/* Whole years from birth to day; NaN where one is no date, or more than 130 years lie between. */
double xp_date_age(xp_date birth, xp_date day);

/* "2020-05-18T15:48:11", with up to microseconds where seconds have a fraction; "" for what is no
 * time. Seconds may count past midnight, up to a day. */
void xp_date_time_text(char *dst, size_t size, xp_date d, double seconds_of_day);

/* "2020-05-18"; "" for what is no date. */
void xp_date_text(char *dst, size_t size, xp_date d);

/* CRC-CCITT: x^16 + x^12 + x^5 + 1, from all ones. */
uint16_t xp_crc_ccitt(xp_bytes b);

#endif
