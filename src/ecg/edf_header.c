/* The header of EDF, EDF+ and BDF: fields of text at fixed places (Kemp 1992; edfplus.info). */
#include "ecg/edf_internal.h"
#include "ecg/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIXED = 256, PER_SIGNAL = 256 };

#define FAIL(h, at, code, fmt, ...)                                                                \
    xp_fail(err, code, "%s byte %lld: " fmt, (h)->file, (long long)(at), __VA_ARGS__)

/* What a number of the header is, for messages; signal: whose; -1: the recording's. */
typedef struct named {
    const char *what;
    int signal;
} named;

static const char *name_of(char text[100], const xp_edf *h, named n) {
    if (n.signal < 0) return n.what;
    snprintf(text, 100, "%s of signal %d \"%.20s\"", n.what, n.signal + 1,
             h->signals[n.signal].label);
    return text;
}

static xp_status read_number(const xp_edf *h, size_t at, named name, double *v, xp_error *err) {
    xp_bytes field = xp_field(h->data, at, 8);
    if (xp_field_number(v, field)) return XP_OK;
    char text[32], what[100];
    xp_field_text(text, sizeof text, field);
    return FAIL(h, at, XP_ERR_FORMAT,
                "%s is \"%s\", expected a number: the header is damaged, copy the file again",
                name_of(what, h, name), text);
}

static xp_status read_whole(const xp_edf *h, size_t at, named name, double low, double high,
                            int64_t *v, xp_error *err) {
    double d;
    char what[100];
    XP_TRY(read_number(h, at, name, &d, err));
    if (d != floor(d) || d < low || d > high)
        return FAIL(
            h, at, XP_ERR_FORMAT,
            "%s is %.10g, expected a whole number from %.0f to %.0f: the header is damaged, "
            "copy the file again",
            name_of(what, h, name), d, low, high);
    *v = (int64_t)d;
    return XP_OK;
}

bool xp_edf_has_version(const uint8_t *p) {
    bool blank = p[0] == '0';
    for (int i = 1; i < 8; i++) blank = blank && (p[i] == ' ' || !p[i]);
    return blank;
}

/* ==== the part about the recording =========================================================== */

static int digits(const uint8_t *p) {
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? 10 * (p[0] - '0') + p[1] - '0'
                                                                    : -1;
}

/* dd.mm.yy and hh.mm.ss: the years from 85 on are of the 20th century. */
static void read_start(xp_edf *h) {
    const uint8_t *d = h->data.data + 168, *t = h->data.data + 176;
    int day = digits(d), month = digits(d + 3), year = digits(d + 6);
    int hour = digits(t), minute = digits(t + 3), second = digits(t + 6);
    h->seconds = NAN;
    h->date = (xp_date){year + (year >= 85 ? 1900 : 2000), month, day};
    if (year < 0 || !xp_date_is_valid(h->date)) h->date = (xp_date){0};
    if (hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)
        h->seconds = 3600 * hour + 60 * minute + second;
}

static xp_status read_fixed(xp_edf *h, xp_error *err) {
    int64_t n;
    if (h->size < FIXED)
        return FAIL(h, h->size, XP_ERR_TRUNCATED,
                    "the file ends inside its header, which has %d bytes or more: copy it again",
                    FIXED);
    const uint8_t *p = h->data.data;
    bool bdf = !memcmp(p,
                       "\xff"
                       "BIOSEMI",
                       8); /* "\xffB" alone would be one hexadecimal number */
    if (!bdf && !xp_edf_has_version(p))
        return FAIL(h, 0, XP_ERR_FORMAT, "%s",
                    "an EDF file begins with \"0\" and a BDF file with \"BIOSEMI\": this is "
                    "neither, or it is damaged");
    h->sample_bytes = bdf ? 3 : 2;
    h->plus = !memcmp(p + 192, bdf ? "BDF+" : "EDF+", 4);
    h->discontinuous = h->plus && p[196] == 'D';
    xp_field_text(h->patient, sizeof h->patient, xp_field(h->data, 8, 80));
    xp_field_text(h->recording, sizeof h->recording, xp_field(h->data, 88, 80));
    read_start(h);
    XP_TRY(
        read_whole(h, 184, (named){"the header's length", -1}, 0, 99999999, &h->header_bytes, err));
    XP_TRY(read_whole(h, 236, (named){"the number of data records", -1}, -1, 99999999,
                      &h->n_records, err));
    XP_TRY(read_number(h, 244, (named){"the duration of a data record", -1}, &h->duration, err));
    double signals;
    if (!xp_field_number(&signals, xp_field(h->data, 252, 4)) || signals < 1 || signals > 4096 ||
        signals != floor(signals))
        return FAIL(h, 252, XP_ERR_FORMAT, "%s",
                    "the number of signals is not one from 1 to 4096: the header is damaged, copy "
                    "the file again");
    h->n_signals = (int)signals;
    n = FIXED + (int64_t)PER_SIGNAL * h->n_signals;
    if (h->header_bytes != n)
        return FAIL(h, 184, XP_ERR_FORMAT,
                    "the header says that it has %lld bytes, but with %d signals it has %lld: it "
                    "is damaged, copy the file again",
                    (long long)h->header_bytes, h->n_signals, (long long)n);
    if ((uint64_t)n > h->size)
        return FAIL(h, h->size, XP_ERR_TRUNCATED,
                    "the file ends inside its header, which has %lld bytes: copy it again",
                    (long long)n);
    return XP_OK;
}

/* ==== the part about the signals ============================================================= */

/* Widths of the fields; the header has each of them for all signals before the next. */
enum { LABEL = 16, TRANSDUCER = 80, UNIT = 8, NUMBER = 8, PREFILTER = 80 };
enum {
    AT_LABEL = 0,
    AT_TRANSDUCER = 16,
    AT_UNIT = 96, /* behind the transducer's 80 bytes */
    AT_PHYSICAL = 104,
    AT_DIGITAL = 120,
    AT_PREFILTER = 136,
    AT_SAMPLES = 216
};

static size_t place(const xp_edf *h, int i, int column, int width) {
    return FIXED + (size_t)column * (size_t)h->n_signals + (size_t)i * (size_t)width;
}

static xp_status read_range(const xp_edf *h, int i, int column, double v[2], xp_error *err) {
    const bool physical = column == AT_PHYSICAL;
    const named low = {physical ? "the physical minimum" : "the digital minimum", i};
    const named high = {physical ? "the physical maximum" : "the digital maximum", i};
    XP_TRY(read_number(h, place(h, i, column, NUMBER), low, &v[0], err));
    XP_TRY(read_number(h, place(h, i, column + NUMBER, NUMBER), high, &v[1], err));
    if (v[0] == v[1])
        return FAIL(h, place(h, i, column, NUMBER), XP_ERR_UNITS,
                    "the %s minimum and maximum of signal %d \"%.20s\" are both %.10g, so that its "
                    "samples have no scale: correct the header",
                    physical ? "physical" : "digital", i + 1, h->signals[i].label, v[0]);
    return XP_OK;
}

static xp_status read_signal(xp_edf *h, int i, xp_error *err) {
    xp_edf_signal *s = &h->signals[i];
    char transducer[164];
    xp_field_text(s->label, sizeof s->label,
                  xp_field(h->data, place(h, i, AT_LABEL, LABEL), LABEL));
    xp_field_text(s->unit, sizeof s->unit, xp_field(h->data, place(h, i, AT_UNIT, UNIT), UNIT));
    xp_field_text(s->prefilter, sizeof s->prefilter,
                  xp_field(h->data, place(h, i, AT_PREFILTER, PREFILTER), PREFILTER));
    xp_field_text(transducer, sizeof transducer,
                  xp_field(h->data, place(h, i, AT_TRANSDUCER, TRANSDUCER), TRANSDUCER));
    s->marks_missing = !strcmp(transducer, XP_EDF_MISSING_TEXT) && h->sample_bytes == 2;
    s->annotations =
        !strcasecmp(s->label, "EDF Annotations") || !strcasecmp(s->label, "BDF Annotations");
    XP_TRY(read_whole(h, place(h, i, AT_SAMPLES, NUMBER), (named){"the samples a data record", i},
                      1, 99999999, &s->samples, err));
    s->at = h->record_bytes;
    h->record_bytes += s->samples * h->sample_bytes;
    if (s->annotations) return XP_OK;
    xp_status ranges = read_range(h, i, AT_PHYSICAL, s->physical, err);
    if (ranges == XP_OK) ranges = read_range(h, i, AT_DIGITAL, s->digital, err);
    if (ranges != XP_OK && xp_lead_parse(s->label) != XP_LEAD_NONE) return ranges;
    if (ranges != XP_OK) { /* a channel of marks beside the leads, which has no scale */
        s->physical[0] = s->digital[0] = 0;
        s->physical[1] = s->digital[1] = 1;
        s->unit[0] = 0;
    }
    if (!(h->duration > 0 && (double)s->samples / h->duration <= 1e6))
        return FAIL(h, 244, XP_ERR_FORMAT,
                    "a data record lasts %.10g s and has %lld samples of signal %d \"%.20s\": "
                    "expected more than 0 and at most 1e6 samples a second; the header is damaged",
                    h->duration, (long long)s->samples, i + 1, s->label);
    h->half_sample = fmin(h->half_sample, 0.5 * h->duration / (double)s->samples);
    return XP_OK;
}

static xp_status check_length(xp_edf *h, xp_error *err) {
    int64_t have = ((int64_t)h->size - h->header_bytes) / h->record_bytes;
    if (h->n_records < 1) h->n_records = have; /* the recording was not closed */
    if (h->n_records <= have) return XP_OK;
    return FAIL(h, h->size, XP_ERR_TRUNCATED,
                "the file ends after %lld of %lld data records: copy it again, or set the number "
                "of data records (byte 236) to what is there",
                (long long)have, (long long)h->n_records);
}

static xp_status read_signals(xp_edf *h, xp_error *err) {
    bool samples = false;
    h->half_sample = INFINITY;
    for (int i = 0; i < h->n_signals; i++) {
        XP_TRY(read_signal(h, i, err));
        samples = samples || !h->signals[i].annotations;
    }
    if (!samples)
        return FAIL(h, FIXED, XP_ERR_UNSUPPORTED, "%s",
                    "the file holds annotations alone, and no signal: open the recording that they "
                    "belong to");
    return check_length(h, err);
}

xp_status xp_edf_parse_header(xp_edf *h, xp_error *err) {
    xp_edf made = {.file = h->file, .data = h->data, .size = h->size, .window = h->window};
    XP_TRY(read_fixed(&made, err));
    if (made.window) made.data = xp_file_window_at(made.window, 0, (size_t)made.header_bytes);
    if (made.data.size < (size_t)made.header_bytes)
        return xp_fail(err, XP_ERR_IO, "%s cannot be read", made.file);
    made.signals = calloc((size_t)made.n_signals, sizeof *made.signals);
    if (!made.signals) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its header", h->file);
    xp_status s = read_signals(&made, err);
    if (s == XP_OK)
        *h = made;
    else
        xp_edf_free(&made);
    return s;
}

xp_bytes xp_edf_samples(const xp_edf *h, const xp_edf_signal *s, int64_t record) {
    uint64_t at = (uint64_t)(h->header_bytes + record * h->record_bytes + s->at);
    size_t size = (size_t)(s->samples * h->sample_bytes);
    return h->window ? xp_file_window_at(h->window, at, size) : (xp_bytes){h->data.data + at, size};
}

void xp_edf_free(xp_edf *h) {
    free(h->signals);
    free(h->onsets);
    *h = (xp_edf){0};
}
