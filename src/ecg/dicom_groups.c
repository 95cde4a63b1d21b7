/* From the groups of a waveform to a recording: which of them are the rhythm, and what they hold on
 * one axis of time. */
#include "ecg/dicom_internal.h"
#include "ecg/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ==== which groups =========================================================================== */

enum { MOST_USED = 64 };

typedef struct choice {
    const xp_dicom_group *g[MOST_USED];
    int spf[MOST_USED];
    int64_t start[MOST_USED]; /* samples of the group before its first */
    int n, n_signals;
    double rate; /* frames per second */
    int64_t n_frames, samples;
} choice;

static double duration(const xp_dicom_group *g) {
    return (double)g->n / g->rate;
}

/* "MEDIAN BEAT", "Median", "AVERAGE", "Representative cycle", "TEMPLATE" */
static bool is_called_beat(const xp_dicom_group *g) {
    static const char *const words[] = {"median", "beat", "averag", "represent", "templat"};
    for (const char *c = g->label; *c; c++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (!strncasecmp(c, words[i], strlen(words[i]))) return true;
    return false;
}

static int count_leads(const xp_dicom_group *g) {
    int n = 0;
    for (int i = 0; i < g->n_channels; i++) n += xp_lead_parse(g->channels[i].name) != XP_LEAD_NONE;
    return n;
}

/* Groups of leads come first, then recorded ones, then long ones: of a lead that is there twice
 * the first is used. */
static bool comes_before(const xp_dicom_group *a, const xp_dicom_group *b) {
    bool leads_a = count_leads(a), leads_b = count_leads(b);
    if (leads_a != leads_b) return leads_a;
    if (a->derived != b->derived) return b->derived;
    return duration(a) > duration(b) * 1.001;
}

static int sort_rhythms(const xp_dicom_waveform *wave, const xp_dicom_group **sorted) {
    int n = 0;
    for (int i = 0; i < wave->n && n < MOST_USED; i++) {
        const xp_dicom_group *g = &wave->groups[i];
        if (is_called_beat(g)) continue;
        int at = n++;
        for (; at && comes_before(g, sorted[at - 1]); at--) sorted[at] = sorted[at - 1];
        sorted[at] = g;
    }
    return n;
}

static bool has_channel(const choice *c, const char *name) {
    xp_lead_id id = xp_lead_parse(name);
    for (int k = 0; k < c->n; k++)
        for (int i = 0; i < c->g[k]->n_channels; i++) {
            const char *other = c->g[k]->channels[i].name;
            if (id != XP_LEAD_NONE ? xp_lead_parse(other) == id : !strcasecmp(other, name))
                return true;
        }
    return false;
}

static bool brings_something(const choice *c, const xp_dicom_group *g) {
    for (int i = 0; i < g->n_channels; i++)
        if (!has_channel(c, g->channels[i].name)) return true;
    return false;
}

/* ==== one axis of time ======================================================================= */

/* A frame of the slowest group's samples, or of as few of them as make whole numbers of all. */
static bool find_frame(choice *c) {
    enum { MOST_OF_SLOWEST = 100, MOST_PER_FRAME = 10000 };
    double slowest = c->g[0]->rate;
    for (int i = 1; i < c->n; i++) slowest = fmin(slowest, c->g[i]->rate);
    for (int k = 1; k <= MOST_OF_SLOWEST; k++) {
        bool whole = true;
        c->rate = slowest / k;
        for (int i = 0; i < c->n && whole; i++) {
            double per = c->g[i]->rate / c->rate;
            whole = per < MOST_PER_FRAME && fabs(per - round(per)) < 1e-6 * per;
            if (whole) c->spf[i] = (int)round(per);
        }
        if (whole) return true;
    }
    return false;
}

/* Groups that begin later are drawn later; false where they lie apart by more than a recording
 * lasts, as pieces of different days would. */
static bool find_places(choice *c) {
    double first = c->g[0]->offset_ms;
    c->n_frames = 0;
    for (int i = 1; i < c->n; i++) first = fmin(first, c->g[i]->offset_ms);
    for (int i = 0; i < c->n; i++) {
        double start = round((c->g[i]->offset_ms - first) * c->g[i]->rate / 1000);
        if (!(start >= 0 && start < 1e12)) return false;
        c->start[i] = (int64_t)start;
        int64_t frames = (c->start[i] + c->g[i]->n + c->spf[i] - 1) / c->spf[i];
        if (frames > c->n_frames) c->n_frames = frames;
    }
    return true;
}

/* With gaps filled up, memory stays in proportion to what the file holds. */
static bool is_in_proportion(choice *c) {
    double held = 0, all = 0;
    c->n_signals = 0;
    for (int i = 0; i < c->n; i++) {
        held += (double)c->g[i]->n * c->g[i]->n_channels;
        all += (double)c->n_frames * c->spf[i] * c->g[i]->n_channels;
        c->n_signals += c->g[i]->n_channels;
    }
    return all <= 8 * held + 100000 && c->n_signals <= 4096;
}

static void report_left_out(xp_notices *notes, const xp_dicom_group *g, const char *why) {
    for (int i = 0; i < g->n_channels; i++)
        xp_notice_add(notes, XP_SAY_LEFT_OUT, g->channels[i].name,
                      XP_ARGS(xp_arg_text("signal", g->channels[i].name), xp_arg_text("why", why)));
}

static void add_group(choice *c, const xp_dicom_group *g, xp_notices *notes) {
    choice with = *c;
    const char *why = NULL;
    with.g[with.n++] = g;
    if (c->n && g->derived && duration(g) < duration(c->g[0]) / 2) return; /* a beat of no label */
    if (c->n && !brings_something(c, g))
        why = "its lead is in a longer or an earlier group of the file";
    else if (!find_frame(&with))
        why = "its rate has no common measure with that of the leads";
    else if (!find_places(&with) || !is_in_proportion(&with))
        why = "it was recorded at another time than the leads";
    if (why)
        report_left_out(notes, g, why);
    else
        *c = with;
}

static xp_status choose(choice *c, const xp_dicom_waveform *wave, xp_notices *notes,
                        xp_error *err) {
    const xp_dicom_group *sorted[MOST_USED];
    int n = sort_rhythms(wave, sorted);
    *c = (choice){0};
    for (int i = 0; i < n; i++) add_group(c, sorted[i], notes);
    if (!n)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "it holds a median beat and no rhythm: ask the archive for the recording "
                       "that it was made of");
    return XP_OK;
}

/* ==== samples ================================================================================ */

/* Sample k of the interleaved ones, in the file's order of bytes. */
static uint32_t raw_sample(const xp_dicom_group *g, int64_t k) {
    int bytes = g->bits / 8;
    const uint8_t *p = g->data.value.data;
    bool big = g->data.set.big;
    /* Words that hold two samples each are swapped with the others. */
    if (bytes == 1) {
        bool swapped = big && !strcmp(g->data.vr, "OW") && (size_t)(k | 1) < g->data.value.size;
        return p[swapped ? k ^ 1 : k];
    }
    p += k * bytes;
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint32_t)p[big ? bytes - 1 - i : i] << (8 * i);
    return v;
}

static int32_t to_whole(const xp_dicom_group *g, uint32_t v) {
    if (g->bits == 32) return (int32_t)v;
    if (g->interpretation[0] == 'U') return (int32_t)v;
    return (int32_t)(v << (32 - g->bits)) >> (32 - g->bits);
}

/* 16-bit writers mark missing samples by the lowest number, whether they say so or not. */
static int32_t missing_code(const xp_dicom_group *g) {
    if (g->has_padding) return g->padding;
    return !strcmp(g->interpretation, "SS") ? INT16_MIN : INT32_MIN;
}

/* The samples of a channel that fill its signal, of 16 bits, the low byte first: as most are. */
static void copy_words(xp_stored_signal *s, const xp_dicom_group *g, int channel) {
    const size_t frame = 2 * (size_t)g->n_channels;
    const uint8_t *p = g->data.value.data + 2 * (size_t)channel;
    const bool is_signed = g->interpretation[0] != 'U';
    int64_t missing = 0;
    for (int64_t i = 0; i < s->n; i++, p += frame) {
        const uint16_t v = (uint16_t)(p[0] | p[1] << 8);
        s->digital[i] = is_signed ? (int16_t)v : v;
        missing += s->digital[i] == s->missing;
    }
    s->n_missing = missing;
}

static void fill_signal(xp_stored_signal *s, const xp_dicom_group *g, int channel, int64_t start) {
    s->missing = missing_code(g);
    s->n_missing = 0;
    if (g->bits == 16 && !g->data.set.big && start == 0 && s->n <= g->n) {
        copy_words(s, g, channel);
        return;
    }
    for (int64_t i = 0; i < s->n; i++) {
        int64_t k = i - start;
        bool inside = k >= 0 && k < g->n;
        s->digital[i] =
            inside ? to_whole(g, raw_sample(g, k * g->n_channels + channel)) : s->missing;
        s->n_missing += s->digital[i] == s->missing;
    }
}

/* How many samples of each signal are missing, of an outline: the group's frames are looked at
 * piece by piece. s: its first signal. */
static xp_status count_missing(xp_stored_signal *s, const xp_dicom_group *g, int64_t start,
                               const xp_dicom_waveform *wave, xp_error *err) {
    enum { PIECE = 1 << 20 };
    const size_t frame = (size_t)g->n_channels * (size_t)(g->bits > 8 ? g->bits > 16 ? 4 : 2 : 1);
    const int64_t most = frame < PIECE ? (int64_t)(PIECE / frame) : 1;
    const uint64_t from = (uint64_t)(g->data.value.data - wave->start);
    for (int c = 0; c < g->n_channels; c++) {
        s[c].missing = missing_code(g);
        s[c].n_missing = s[c].n;
    }
    for (int64_t k = 0, n; k < g->n; k += n) {
        xp_dicom_group part = *g;
        n = g->n - k < most ? g->n - k : most;
        part.data.value =
            xp_file_window_at(wave->file, from + (uint64_t)k * frame, (size_t)n * frame);
        if (!part.data.value.size)
            return xp_fail(err, XP_ERR_IO, "its samples cannot be read to their end");
        for (int64_t i = 0; i < n; i++)
            for (int c = 0; c < g->n_channels; c++) {
                bool inside = k + i + start >= 0 && k + i + start < s[c].n;
                int32_t v = to_whole(g, raw_sample(&part, i * g->n_channels + c));
                s[c].n_missing -= inside && v != s[c].missing;
            }
    }
    return XP_OK;
}

/* The gain as it was meant: a step is written with at most 16 letters, of which 1/4880 leaves 11
 * digits. */
static double gain_of(double step) {
    static const struct {
        int digits;
        double error;
    } rules[] = {{6, 3e-10}, {9, 1e-11}};
    for (int i = 0; i < 2; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.*g", rules[i].digits, 1 / step);
        double rounded = strtod(text, NULL);
        if (fabs(rounded * step - 1) < rules[i].error) return rounded;
    }
    return 1 / step;
}

/* The stored value of 0 units: whole where it was before it was written in decimals. */
static double baseline_of(double units, double gain) {
    double steps = units == 0 ? 0 : -units * gain, whole = round(steps);
    return fabs(steps - whole) < 1e-9 * fmax(1, fabs(whole)) ? whole : steps;
}

static xp_status describe_signal(xp_stored_signal *s, const xp_dicom_channel *c,
                                 const xp_dicom_group *g, xp_notices *notes, xp_error *err) {
    double step = c->sensitivity * c->correction;
    xp_copy_text(s->name, sizeof s->name, c->name);
    xp_copy_text(s->units, sizeof s->units, c->units);
    if (isnan(step) || !*c->units) {
        s->calibrated = false;
        s->gain = 200;
        strcpy(s->units, "mV");
        xp_notice_add(notes, XP_SAY_CHANNEL_UNCALIBRATED, s->name,
                      XP_ARGS(xp_arg_text("signal", s->name), xp_arg_number("gain", s->gain)));
        return XP_OK;
    }
    s->gain = step == 0 ? 0 : gain_of(step);
    if (!(fabs(s->gain) > 1e-15 && fabs(s->gain) < 1e15 && fabs(c->baseline) < 1e15))
        return xp_dicom_fail(&g->data.set, g->at, err, XP_ERR_UNITS,
                             "channel \"%s\" has a sensitivity (003A,0210) of %g, times a "
                             "correction of %g, and a baseline of %g %s: not credible, export the "
                             "recording again",
                             c->name, c->sensitivity, c->correction, c->baseline, c->units);
    s->baseline = baseline_of(c->baseline, s->gain);
    return XP_OK;
}

/* ==== the recording ========================================================================== */

/* The filters that all leads went through. */
static void take_filters(xp_facts *f, const choice *c) {
    const xp_dicom_channel *one = &c->g[0]->channels[0];
    if (one->high_pass > 0) f->high_pass = one->high_pass;
    if (one->low_pass > 0) f->low_pass = one->low_pass;
    if (one->notch > 0) f->notch = one->notch;
    if (f->high_pass > 0 && f->low_pass > 0)
        snprintf(f->filter, sizeof f->filter, "%g to %g Hz", f->high_pass, f->low_pass);
    else if (f->high_pass > 0)
        snprintf(f->filter, sizeof f->filter, "from %g Hz", f->high_pass);
    else if (f->low_pass > 0)
        snprintf(f->filter, sizeof f->filter, "up to %g Hz", f->low_pass);
    if (f->notch > 0) {
        size_t n = strlen(f->filter);
        snprintf(f->filter + n, sizeof f->filter - n, "%snotch %g Hz", n ? ", " : "", f->notch);
    }
}

static xp_status fill(xp_stored *w, const choice *c, const xp_dicom_waveform *wave,
                      xp_notices *notes, xp_error *err) {
    xp_stored_signal *s = w->signals;
    w->n_frames = c->n_frames;
    for (int k = 0; k < c->n; k++) {
        if (wave->file) XP_TRY(count_missing(s, c->g[k], c->start[k], wave, err));
        for (int i = 0; i < c->g[k]->n_channels; i++, s++) {
            s->samples_per_frame = c->spf[k];
            s->adc_resolution = c->g[k]->bits;
            if (!wave->file) fill_signal(s, c->g[k], i, c->start[k]);
            XP_TRY(describe_signal(s, &c->g[k]->channels[i], c->g[k], notes, err));
        }
    }
    take_filters(&w->facts, c);
    return XP_OK;
}

static xp_status store(xp_stored *w, const char *name, const xp_dicom_waveform *wave,
                       xp_notices *notes, xp_error *err) {
    choice c;
    XP_TRY(choose(&c, wave, notes, err));
    int64_t *n = calloc((size_t)c.n_signals + 1, sizeof *n), *at = n;
    if (!n) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d signals", c.n_signals);
    for (int k = 0; k < c.n; k++)
        for (int i = 0; i < c.g[k]->n_channels; i++) *at++ = c.n_frames * c.spf[k];
    xp_stored made;
    xp_status s = wave->file ? xp_stored_outline(&made, name, c.rate, c.n_signals, n, err)
                             : xp_stored_alloc(&made, name, c.rate, c.n_signals, n, err);
    free(n);
    XP_TRY(s);
    s = fill(&made, &c, wave, notes, err);
    if (s != XP_OK) {
        xp_stored_free(&made);
        return s;
    }
    *w = made;
    return XP_OK;
}

xp_status xp_dicom_store(xp_stored *w, const char *name, const xp_dicom_waveform *wave,
                         xp_error *err) {
    xp_notices notes = {0};
    xp_status s = xp_notices_append(&notes, &wave->notices);
    if (s == XP_OK)
        s = store(w, name, wave, &notes, err);
    else
        xp_fail(err, s, "no memory for what is to be said of %s", name);
    if (s == XP_OK)
        w->notices = notes;
    else
        xp_notices_free(&notes);
    return s;
}
