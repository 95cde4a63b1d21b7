/* What a DICOM file says beside its samples: of person, device and day, and what the device found.
 */
#include "ecg/dicom_internal.h"
#include "ecg/fields.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ==== dates and ages ========================================================================= */

/* The number that n digits make, or -1. */
static int digits(const char *text, int n) {
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)text[i])) return -1;
        v = 10 * v + text[i] - '0';
    }
    return v;
}

/* "20130125", and "2013.01.25" as it was written once. */
static xp_date date_of(const char *text) {
    char plain[12] = "";
    size_t n = 0;
    for (const char *c = text; *c && n < 8; c++)
        if (*c != '.' && *c != '-') plain[n++] = *c;
    xp_date d = {digits(plain, 4), digits(plain + 4, 2), digits(plain + 6, 2)};
    /* What stands where a date must be and is not to be reported. */
    bool is_none = d.year == 1900 && d.month == 1 && d.day == 1;
    return is_none ? (xp_date){0} : d;
}

/* The seconds of "105919.25", "1059" or "10:59:19", and of a time with a zone behind it; 0 where
 * there is no time. */
static double seconds_of(const char *text) {
    char plain[8] = "";
    size_t n = 0;
    const char *c = text;
    for (; *c && n < 6; c++) {
        if (isdigit((unsigned char)*c))
            plain[n++] = *c;
        else if (*c != ':')
            break;
    }
    int hours = digits(plain, 2), minutes = digits(plain + 2, 2), seconds = digits(plain + 4, 2);
    if (hours < 0 || hours > 23 || minutes > 59 || seconds > 60) return 0;
    double fraction = *c == '.' && isdigit((unsigned char)c[1]) ? strtod(c, NULL) : 0;
    return 3600 * hours + 60 * (minutes > 0 ? minutes : 0) + (seconds > 0 ? seconds : 0) + fraction;
}

/* "042Y", "018M", "003W", "010D" */
static double age_of(const char *text) {
    static const char units[] = "YMWD";
    static const double per_year[] = {1, 12, 52.1775, 365.2425};
    char *end;
    double v = isdigit((unsigned char)*text) ? strtod(text, &end) : NAN;
    if (isnan(v)) return NAN;
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : units;
    if (!unit || (*end && end[1]) || strspn(text, "0123456789") != (size_t)(end - text)) return NAN;
    v /= per_year[unit - units];
    return v <= 130 ? v : NAN;
}

/* ==== annotations ============================================================================ */

typedef struct annotation {
    char text[240];
    xp_dicom_code concept, value, unit;
    double number;
} annotation;

static xp_status read_annotation(annotation *a, xp_dicom_set item, xp_error *err) {
    xp_dicom_element e;
    bool there;
    *a = (annotation){.number = NAN};
    for (;;) {
        XP_TRY(xp_dicom_next(&item, &e, &there, err));
        if (!there) return XP_OK;
        switch (e.tag) {
        case 0x00700006:
            xp_dicom_text(&e, a->text, sizeof a->text);
            break;
        case 0x0040a043:
            XP_TRY(xp_dicom_read_code(&e, &a->concept, err));
            break;
        case 0x0040a168:
            XP_TRY(xp_dicom_read_code(&e, &a->value, err));
            break;
        case 0x004008ea:
            XP_TRY(xp_dicom_read_code(&e, &a->unit, err));
            break;
        case 0x0040a30a:
            a->number = xp_dicom_number(&e);
            break;
        default:
            break;
        }
    }
}

/* Places of waves without a number or a word are passed over: there are hundreds. */
static bool state(xp_facts *f, const annotation *a) {
    const char *name, *unit;
    if (*a->text) return xp_facts_state(f, "statement", NAN, NULL, a->text);
    if (*a->value.meaning) {
        char text[140];
        snprintf(text, sizeof text, "%s%s%s", a->concept.meaning, *a->concept.meaning ? ": " : "",
                 a->value.meaning);
        return xp_facts_state(f, "statement", NAN, NULL, text);
    }
    if (isnan(a->number)) return true;
    if (!xp_dicom_measurement(&a->concept, &name, &unit))
        return xp_facts_state(f, "annotation", a->number, a->unit.value, a->concept.meaning);
    /* An interval or a rate of 0 was not measured. */
    bool is_angle = !strcmp(unit, "deg");
    return (!is_angle && a->number == 0) || xp_facts_state(f, name, a->number, unit, NULL);
}

static xp_status read_annotations(xp_facts *f, const xp_dicom_element *sequence, xp_error *err) {
    xp_dicom_set items = sequence->set, item;
    annotation a;
    bool there;
    for (;;) {
        XP_TRY(xp_dicom_next_item(&items, &item, &there, err));
        if (!there) return XP_OK;
        XP_TRY(read_annotation(&a, item, err));
        if (!state(f, &a)) return xp_fail(err, XP_ERR_MEMORY, "no memory for its annotations");
    }
}

/* ==== elements =============================================================================== */

#define TEXT(field) xp_dicom_text(e, field, sizeof(field))

xp_status xp_dicom_read_fact(xp_dicom_header *h, const xp_dicom_element *e, xp_error *err) {
    char text[64];
    switch (e->tag) {
    case 0x0008002a:
        TEXT(h->acquired);
        break;
    case 0x00080023:
        TEXT(h->date[0]);
        break;
    case 0x00080020:
        TEXT(h->date[1]);
        break;
    case 0x00080021:
        TEXT(h->date[2]);
        break;
    case 0x00080033:
        TEXT(h->time[0]);
        break;
    case 0x00080030:
        TEXT(h->time[1]);
        break;
    case 0x00080031:
        TEXT(h->time[2]);
        break;
    case 0x00080070:
        TEXT(h->maker);
        break;
    case 0x00081090:
        TEXT(h->model);
        break;
    case 0x00100010:
        TEXT(h->facts.patient_name);
        break;
    case 0x00100020:
        TEXT(h->facts.patient_id);
        break;
    case 0x00100030:
        TEXT(h->birth);
        break;
    case 0x00100040:
        TEXT(text);
        if (*text == 'F' || *text == 'M') h->facts.sex = *text;
        break;
    case 0x00101010:
        TEXT(text);
        h->facts.age = age_of(text);
        break;
    case 0x0040b020:
        return read_annotations(&h->facts, e, err);
    default:
        break;
    }
    return XP_OK;
}

void xp_dicom_finish_facts(xp_dicom_header *h) {
    xp_facts *f = &h->facts;
    xp_date birth = date_of(h->birth), day = date_of(h->acquired);
    double seconds = strlen(h->acquired) > 8 ? seconds_of(h->acquired + 8) : 0;
    for (int i = 0; i < 3 && !xp_date_is_valid(day); i++) {
        day = date_of(h->date[i]);
        seconds = seconds_of(h->time[i]);
    }
    xp_date_time_text(f->start, sizeof f->start, day, seconds);
    xp_date_text(f->birth_date, sizeof f->birth_date, birth);
    if (isnan(f->age)) f->age = xp_date_age(birth, day);
    bool repeats = !strncasecmp(h->model, h->maker, strlen(h->maker)); /* "Acme", "Acme 12" */
    snprintf(f->device, sizeof f->device, "%s%s%s", repeats ? "" : h->maker,
             !repeats && *h->model ? " " : "", h->model);
}
