/* What XML files say of the person and of themselves, brought to the facts of a recording. */
#ifndef XP_ECG_XML_FACTS_H
#define XP_ECG_XML_FACTS_H

#include "ecg/stored.h"
#include "ecg/xml.h"

/* Where a measured value stands below an element, and what it is called. */
typedef struct xp_xml_measure {
    const char *path, *name, *unit;
} xp_xml_measure;

/* A statement of each of `measures` (ended by a NULL path) that is a number. False without memory.
 */
bool xp_xml_state_measures(xp_facts *f, const xp_xml *e, const xp_xml_measure *measures);

/* A statement in words, blanks in a row made one; nothing where it is empty. */
bool xp_xml_state_text(xp_facts *f, const char *name, const char *text);

/* An age in "YEARS", "months", "wk", "d" ... (no unit: years), and a sex as any of the formats
 * write it; what is not understood stays unknown. */
void xp_xml_age(xp_facts *f, double value, const char *unit);
void xp_xml_sex(xp_facts *f, const char *text);

/* Text cut to size without blanks around it; and "LAST^FIRST". */
void xp_xml_copy(char *dst, size_t size, const char *text);
void xp_xml_person(xp_facts *f, const char *last, const char *first);

/* "2020-05-18T15:48:11" of a date in numbers, with or without a time (hour < 0); nothing where that
 * is no date. */
typedef struct xp_xml_date {
    int year, month, day, hour, minute, second;
} xp_xml_date;
void xp_xml_start(xp_facts *f, xp_xml_date d);
void xp_xml_birth(xp_facts *f, xp_xml_date d);

/* Whole years from the birth date to the start of the recording, where both are there and the age
 * is not. */
void xp_xml_age_by_dates(xp_facts *f);

/* The filters in words, of the numbers that are set. */
void xp_xml_filter_words(xp_facts *f);

#endif
