/* The annotations of EDF+: when each data record starts, and what was noted of the recording.
 *
 * An annotation signal holds lists "+ONSET[\x15DURATION]\x14TEXT\x14...TEXT\x14\0". The first list
 * of a data record tells the record's own time; its first text is empty. */
#include "ecg/edf_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tal {
    double onset, duration; /* seconds; duration NaN where there is none */
    xp_bytes texts;         /* with 0x14 behind each */
} tal;

/* What fills an annotation signal up is most of it: eight bytes at a time. */
static size_t count_zeros(xp_bytes b) {
    size_t n = 0;
    for (uint64_t eight; n + sizeof eight <= b.size; n += sizeof eight) {
        memcpy(&eight, b.data + n, sizeof eight);
        if (eight) break;
    }
    while (n < b.size && !b.data[n]) n++;
    return n;
}

static bool next_tal(xp_bytes *rest, tal *t) {
    *rest = xp_field(*rest, count_zeros(*rest), rest->size);
    const uint8_t *end = rest->size ? memchr(rest->data, 0, rest->size) : NULL;
    if (!end) return false;
    xp_bytes all = {rest->data, (size_t)(end - rest->data)};
    *rest = xp_field(*rest, all.size + 1, rest->size);
    const uint8_t *texts = memchr(all.data, 0x14, all.size);
    if (!texts || (all.data[0] != '+' && all.data[0] != '-')) return false;
    size_t time = (size_t)(texts - all.data);
    const uint8_t *mark = memchr(all.data, 0x15, time);
    size_t onset = mark ? (size_t)(mark - all.data) : time;
    t->duration = NAN;
    if (!xp_field_number(&t->onset, xp_field(all, 0, onset))) return false;
    if (mark && !xp_field_number(&t->duration, xp_field(all, onset + 1, time - onset - 1)))
        t->duration = NAN;
    t->texts = xp_field(all, time + 1, all.size);
    return true;
}

/* The next text of a list; false at its end. */
static bool next_text(xp_bytes *texts, xp_bytes *text) {
    const uint8_t *end = texts->size ? memchr(texts->data, 0x14, texts->size) : NULL;
    if (!end) return false;
    *text = (xp_bytes){texts->data, (size_t)(end - texts->data)};
    *texts = xp_field(*texts, text->size + 1, texts->size);
    return true;
}

/* ==== times ================================================================================== */

/* NaN where the data record does not tell it. */
static double record_onset(const xp_edf *h, const xp_edf_signal *s, int64_t record) {
    xp_bytes rest = xp_edf_samples(h, s, record);
    tal t;
    return next_tal(&rest, &t) ? t.onset : NAN;
}

static const xp_edf_signal *first_annotations(const xp_edf *h) {
    for (int i = 0; i < h->n_signals; i++)
        if (h->signals[i].annotations) return &h->signals[i];
    return NULL;
}

static xp_status no_time(const xp_edf *h, int64_t record, xp_error *err) {
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s byte %lld: data record %lld does not tell its time, which each one of a "
                   "discontinuous file (EDF+D) must: the file is damaged",
                   h->file, (long long)(h->header_bytes + record * h->record_bytes),
                   (long long)record + 1);
}

static xp_status read_onsets(xp_edf *h, const xp_edf_signal *s, xp_error *err) {
    for (int64_t i = 0; i < h->n_records; i++) {
        double onset = record_onset(h, s, i) - h->first_onset;
        if (isnan(onset)) return no_time(h, i, err);
        h->onsets[i] = onset;
        if (i && onset < h->onsets[i - 1] + h->duration * 0.999)
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s byte %lld: data record %lld starts at %.9g s, before the one ahead "
                           "of it ends (%.9g s): their times are damaged",
                           h->file, (long long)(h->header_bytes + i * h->record_bytes),
                           (long long)i + 1, onset, h->onsets[i - 1] + h->duration);
    }
    return XP_OK;
}

xp_status xp_edf_read_times(xp_edf *h, xp_error *err) {
    const xp_edf_signal *s = h->plus ? first_annotations(h) : NULL;
    double first = s && h->n_records ? record_onset(h, s, 0) : NAN;
    h->first_onset = isnan(first) ? 0 : first;
    if (!h->discontinuous || !h->n_records) return XP_OK;
    if (!s || isnan(first)) return no_time(h, 0, err);
    h->onsets = xp_alloc_array(h->n_records, sizeof *h->onsets);
    if (!h->onsets) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its times", h->file);
    return read_onsets(h, s, err);
}

/* ==== facts ================================================================================== */

static bool state_texts(xp_facts *f, const tal *t, double first_onset) {
    xp_bytes rest = t->texts, text;
    char words[200], line[240], duration[40] = "";
    if (t->duration > 0) snprintf(duration, sizeof duration, " for %.7g s", t->duration);
    while (next_text(&rest, &text)) {
        xp_field_text(words, sizeof words, text);
        if (!*words) continue; /* a data record's own time */
        snprintf(line, sizeof line, "at %.7g s%s: %s", t->onset - first_onset, duration, words);
        if (!xp_facts_state(f, "annotation", NAN, NULL, line)) return false;
    }
    return true;
}

static bool read_annotations(xp_facts *f, const xp_edf *h) {
    for (int64_t r = 0; r < h->n_records; r++)
        for (int i = 0; i < h->n_signals; i++) {
            if (!h->signals[i].annotations) continue;
            xp_bytes rest = xp_edf_samples(h, &h->signals[i], r);
            tal t;
            while (next_tal(&rest, &t))
                if (!state_texts(f, &t, h->first_onset)) return false;
        }
    return true;
}

/* Word i of a field of words with blanks between, '_' standing for a blank inside of one; "" where
 * it is X (unknown) or not there. */
static void read_word(char *dst, size_t size, const char *text, int i) {
    for (; i > 0 && *text; i--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    xp_field_text(dst, size, (xp_bytes){(const uint8_t *)text, strcspn(text, " ")});
    for (char *c = dst; *c; c++)
        if (*c == '_') *c = ' ';
    if (!strcmp(dst, "X")) dst[0] = 0;
}

/* dd-MMM-yyyy; zeros where it is none. */
static xp_date parse_date(const char *text) {
    static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    xp_date d = {0};
    char month[4];
    if (sscanf(text, "%2d-%3[A-Za-z]-%4d", &d.day, month, &d.year) != 3) return (xp_date){0};
    for (int i = 0; i < 12; i++)
        if (strlen(month) == 3 && !strncasecmp(months + (size_t)(3 * i), month, 3)) d.month = i + 1;
    return xp_date_is_valid(d) ? d : (xp_date){0};
}

/* "CODE SEX BIRTH NAME" and "Startdate DATE HOSPITAL_CODE TECHNICIAN DEVICE". */
static void read_plus(xp_facts *f, const xp_edf *h, xp_date *start) {
    char word[164];
    read_word(f->patient_id, sizeof f->patient_id, h->patient, 0);
    read_word(word, sizeof word, h->patient, 1);
    if ((*word == 'F' || *word == 'M') && !word[1]) f->sex = *word;
    read_word(word, sizeof word, h->patient, 2);
    xp_date birth = parse_date(word);
    xp_date_text(f->birth_date, sizeof f->birth_date, birth);
    read_word(f->patient_name, sizeof f->patient_name, h->patient, 3);
    read_word(word, sizeof word, h->patient, 4);
    double age = NAN;
    if (sscanf(word, "Age %lf", &age) == 1 && age >= 0 && age <= 130) f->age = age;
    if (strncmp(h->recording, "Startdate ", 10)) return;
    read_word(word, sizeof word, h->recording, 1);
    xp_date full = parse_date(word); /* with all digits of the year */
    if (full.year) *start = full;
    if (!*word && start->year == 1985 && h->seconds == 0) *start = (xp_date){0}; /* removed */
    if (birth.year) f->age = xp_date_age(birth, *start);
    read_word(f->device, sizeof f->device, h->recording, 4);
}

/* The number behind "HP:", "LP:" or "N:" in Hz; NaN. */
static double filter_frequency(const char *text, const char *key) {
    for (const char *c = text; (c = strstr(c, key)); c++) {
        if (c > text && c[-1] != ' ') continue;
        char *end;
        const char *v = c + strlen(key);
        v += strspn(v, " ");
        if ((*v < '0' || *v > '9') && *v != '.') return NAN;
        double hz = strtod(v, &end);
        end += strspn(end, " ");
        bool unit = !*end || !strncasecmp(end, "Hz", 2) || end[-1] == ' ';
        return unit && hz > 0 && hz < 1e6 ? hz : NAN;
    }
    return NAN;
}

/* Where all signals that tell a filter tell the same one. */
static void read_filter(xp_facts *f, const xp_edf *h) {
    const char *text = NULL;
    for (int i = 0; i < h->n_signals; i++) {
        const xp_edf_signal *s = &h->signals[i];
        if (s->annotations || !*s->prefilter) continue;
        if (text && strcmp(text, s->prefilter)) return;
        text = s->prefilter;
    }
    if (!text) return;
    xp_copy_text(f->filter, sizeof f->filter, text);
    f->high_pass = filter_frequency(text, "HP:");
    f->low_pass = filter_frequency(text, "LP:");
    f->notch = filter_frequency(text, "N:");
}

bool xp_edf_read_facts(xp_facts *f, const xp_edf *h) {
    xp_date start = h->date;
    if (h->plus)
        read_plus(f, h, &start);
    else
        xp_copy_text(f->patient_name, sizeof f->patient_name, h->patient);
    if (h->first_onset >= 0 && h->first_onset < 86400)
        xp_date_time_text(f->start, sizeof f->start, start, h->seconds + h->first_onset);
    read_filter(f, h);
    return read_annotations(f, h);
}
