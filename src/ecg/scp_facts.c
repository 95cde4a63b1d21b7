/* What an SCP-ECG file says beside its samples: patient and device (section 1), the device's
 * measurements (section 7) and its report (section 8). */
#include "ecg/scp_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ==== section 1: fields with a number, "tags" ================================================ */

typedef struct person {
    char first[64], last[64];
    xp_date birth, day;
    double seconds; /* of the day */
    double age;
} person;

static xp_date read_date(xp_bytes v) {
    if (v.size < 4) return (xp_date){0};
    return (xp_date){(int)xp_load_le(v.data, 2), v.data[2], v.data[3]};
}

/* In years, months, weeks, days or hours. */
static double read_age(xp_bytes v) {
    static const double per_year[] = {NAN, 1, 12, 365.25 / 7, 365.25, 365.25 * 24};
    if (v.size < 3 || v.data[2] < 1 || v.data[2] > 5) return NAN;
    double age = (double)xp_load_le(v.data, 2) / per_year[v.data[2]];
    return age > 0 && age <= 130 ? age : NAN;
}

/* Maker and model: a number of the maker or, at 255, a text behind others. */
static void read_device(xp_facts *f, xp_bytes v) {
    static const char *const makers[] = {
        "",        "Burdick", "Cambridge", "Compumed",         "Datamed",
        "Fukuda",  "HP",      "Marquette", "Mortara",          "Nihon Kohden",
        "Okin",    "Quinton", "Siemens",   "Spacelabs",        "Telemed",
        "Hellige", "Esaote",  "Schiller",  "Picker-Schwarzer", "Et medical",
        "Zymed"};
    char maker[48] = "", model[16];
    if (v.size < 14) return;
    xp_field_text(model, sizeof model, xp_field(v, 8, 6));
    uint8_t number = v.data[7];
    if (number < sizeof makers / sizeof *makers)
        snprintf(maker, sizeof maker, "%s", makers[number]);
    if (number == 255 && v.size > 36) { /* the last of five texts that begin at byte 36 */
        xp_bytes rest = xp_field(v, 36, v.size);
        for (int i = 0; i < 4 && rest.size; i++) {
            const uint8_t *end = memchr(rest.data, 0, rest.size);
            rest = end ? xp_field(rest, (size_t)(end - rest.data) + 1, rest.size) : (xp_bytes){0};
        }
        xp_field_text(maker, sizeof maker, rest);
    }
    snprintf(f->device, sizeof f->device, "%s%s%s", maker, *maker && *model ? " " : "", model);
}

static void read_filters(xp_facts *f, xp_bytes v) {
    if (v.size < 1) return;
    if (v.data[0] & 1) f->notch = 60;
    if (v.data[0] & 2) f->notch = 50;
    if (v.data[0] & 4) xp_copy_text(f->filter, sizeof f->filter, "artefact filter");
}

static bool read_tag(xp_facts *f, person *p, int tag, xp_bytes v) {
    char text[240];
    switch (tag) {
    case 0:
        xp_field_text(p->last, sizeof p->last, v);
        break;
    case 1:
        xp_field_text(p->first, sizeof p->first, v);
        break;
    case 2:
        xp_field_text(f->patient_id, sizeof f->patient_id, v);
        break;
    case 4:
        p->age = read_age(v);
        break;
    case 5:
        p->birth = read_date(v);
        break;
    case 8:
        if (v.size && v.data[0] == 1) f->sex = 'M';
        if (v.size && v.data[0] == 2) f->sex = 'F';
        break;
    case 14:
        read_device(f, v);
        break;
    case 25:
        p->day = read_date(v);
        break;
    case 26:
        if (v.size >= 3) p->seconds = 3600 * v.data[0] + 60 * v.data[1] + v.data[2];
        break;
    case 27:
        if (v.size >= 2 && xp_load_le(v.data, 2))
            f->high_pass = (double)xp_load_le(v.data, 2) / 100;
        break;
    case 28:
        if (v.size >= 2 && xp_load_le(v.data, 2)) f->low_pass = (double)xp_load_le(v.data, 2);
        break;
    case 29:
        read_filters(f, v);
        break;
    case 30:
        xp_field_text(text, sizeof text, v);
        return !*text || xp_facts_state(f, "comment", NAN, NULL, text);
    default:
        break;
    }
    return true;
}

static bool read_patient(xp_facts *f, xp_bytes section) {
    person p = {.seconds = NAN, .age = NAN};
    xp_cursor c = xp_cursor_make(section);
    for (;;) {
        int tag = xp_cursor_u8(&c);
        size_t n = xp_cursor_u16(&c);
        const uint8_t *v = xp_cursor_take(&c, n);
        if (!v || c.overrun || tag == 255) break;
        if (!read_tag(f, &p, tag, (xp_bytes){v, n})) return false;
    }
    f->age = xp_date_age(p.birth, p.day);
    if (isnan(f->age)) f->age = p.age;
    xp_date_text(f->birth_date, sizeof f->birth_date, p.birth);
    xp_date_time_text(f->start, sizeof f->start, p.day, p.seconds);
    snprintf(f->patient_name, sizeof f->patient_name, "%.46s%s%.46s", p.first,
             *p.first && *p.last ? " " : "", p.last);
    return true;
}

/* ==== section 7: measurements ================================================================ */

/* Numbers from 19999 on stand for "not measured", as do axes of 999. */
static bool state(xp_facts *f, const char *name, double v, const char *unit, double low,
                  double high) {
    return !(v > low && v <= high) || xp_facts_state(f, name, v, unit, NULL);
}

static double time_at(const uint8_t *p) {
    double v = (double)xp_load_le(p, 2);
    return v < 19999 ? v : NAN;
}

static bool read_waves(xp_facts *f, const uint8_t *p) {
    double p_on = time_at(p), p_off = time_at(p + 2), qrs_on = time_at(p + 4);
    double qrs_off = time_at(p + 6), t_off = time_at(p + 8);
    return state(f, "p_duration", p_off - p_on, "ms", 0, 2000) &&
           state(f, "pr_interval", qrs_on - p_on, "ms", 0, 2000) &&
           state(f, "qrs_duration", qrs_off - qrs_on, "ms", 0, 2000) &&
           state(f, "qt_interval", t_off - qrs_on, "ms", 0, 3000) &&
           state(f, "p_axis", (int16_t)xp_load_le(p + 10, 2), "deg", -361, 360) &&
           state(f, "qrs_axis", (int16_t)xp_load_le(p + 12, 2), "deg", -361, 360) &&
           state(f, "t_axis", (int16_t)xp_load_le(p + 14, 2), "deg", -361, 360);
}

static bool read_measurements(xp_facts *f, xp_bytes section) {
    static const char *const qtc[] = {"qtc", "qtc_bazett", "qtc_hodges", "qtc_fridericia",
                                      "qtc_framingham"};
    xp_cursor c = xp_cursor_make(section);
    size_t beats = xp_cursor_u8(&c), spikes = xp_cursor_u8(&c);
    const uint8_t *intervals = xp_cursor_take(&c, 4), *waves = xp_cursor_take(&c, 16 * beats);
    if (!intervals || !waves) return true;
    if (!state(f, "rr_interval", time_at(intervals), "ms", 0, 19998)) return false;
    if (beats && !read_waves(f, waves)) return false;
    xp_cursor_take(&c, 10 * spikes);
    xp_cursor_take(&c, xp_cursor_u16(&c)); /* the types of the beats */
    const uint8_t *rest = xp_cursor_take(&c, 7);
    if (!rest) return true;
    int formula = rest[6] < 5 ? rest[6] : 0;
    return state(f, "heart_rate", time_at(rest), "/min", 0, 500) &&
           state(f, "atrial_rate", time_at(rest + 2), "/min", 0, 1000) &&
           state(f, qtc[formula], time_at(rest + 4), "ms", 0, 3000);
}

/* ==== section 8: the report ================================================================== */

static bool read_report(xp_facts *f, xp_bytes section) {
    xp_cursor c = xp_cursor_make(section);
    xp_cursor_take(&c, 8); /* whether it is confirmed, and when it was written */
    for (int n = xp_cursor_u8(&c); n > 0; n--) {
        char text[240];
        xp_cursor_u8(&c); /* its number */
        size_t size = xp_cursor_u16(&c);
        const uint8_t *p = xp_cursor_take(&c, size);
        if (!p) break;
        xp_field_text(text, sizeof text, (xp_bytes){p, size});
        if (*text && !xp_facts_state(f, "statement", NAN, NULL, text)) return false;
    }
    return true;
}

bool xp_scp_read_facts(xp_facts *facts, const xp_scp *f) {
    return read_patient(facts, f->section[1]) && read_measurements(facts, f->section[7]) &&
           read_report(facts, f->section[8]);
}

/* ==== leads ================================================================================== */

void xp_scp_lead_name(char *dst, size_t size, int id) {
    static const char *const first[] = {NULL,  "I",   "II", "V1",  "V2",  "V3",  "V4",
                                        "V5",  "V6",  "V7", "V2R", "V3R", "V4R", "V5R",
                                        "V6R", "V7R", "X",  "Y",   "Z",   "CC5", "CM5"};
    static const char *const limbs[] = {"III", "aVR", "aVL", "aVF", "-aVR",
                                        "V8",  "V9",  "V8R", "V9R"};
    enum { N_FIRST = sizeof first / sizeof *first, III = 61 };
    if (id > 0 && id < N_FIRST)
        snprintf(dst, size, "%s", first[id]);
    else if (id >= III && id < III + (int)(sizeof limbs / sizeof *limbs))
        snprintf(dst, size, "%s", limbs[id - III]);
    else
        snprintf(dst, size, "SCP lead %d", id);
}
