/* From signals as they are stored to leads in millivolt. */
#include "ecg/resample.h"
#include "ecg/stored_gaps.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- units ---- */

/* Millivolt = value * times / over: whole numbers, which doubles hold exactly. */
typedef struct volt_unit {
    const char *symbol, *word;
    double times, over;
} volt_unit;

static const volt_unit volt_units[] = {
    {"v", "volt", 1000, 1},
    {"mv", "millivolt", 1, 1},
    {"uv", "microvolt", 1, 1000},
    {"nv", "nanovolt", 1, 1000000},
};

/* The unit of a text in any case, micro as u, U+00B5 or U+03BC; NULL when it is not a voltage. */
static const volt_unit *find_unit(const char *text) {
    char u[32];
    size_t n = 0;
    for (const char *c = text; *c && n < sizeof u - 1; c++) {
        if (!memcmp(c, "\xc2\xb5", 2) || !memcmp(c, "\xce\xbc", 2)) {
            u[n++] = 'u';
            c++;
        } else {
            u[n++] = (char)tolower((unsigned char)*c);
        }
    }
    u[n] = 0;
    for (size_t i = 0; i < sizeof volt_units / sizeof *volt_units; i++) {
        const char *word = volt_units[i].word;
        size_t w = strlen(word);
        if (!strcmp(u, volt_units[i].symbol)) return &volt_units[i];
        if (!strncmp(u, word, w) && (!u[w] || !strcmp(u + w, "s"))) return &volt_units[i];
    }
    return NULL;
}

bool xp_volt_unit(const char *units, double *times, double *over) {
    const volt_unit *u = find_unit(units);
    if (u) {
        *times = u->times;
        *over = u->over;
    }
    return u != NULL;
}

const char *xp_volt_symbol(const char *units) {
    static const char *const symbols[] = {"V", "mV", "uV", "nV"};
    const volt_unit *u = find_unit(units);
    return u ? symbols[u - volt_units] : NULL;
}

/* ---- which signals ---- */

enum { MAX_OTHERS = 20, MAX_LEADS = XP_LEAD_COUNT + MAX_OTHERS };

typedef struct choice {
    int signal[MAX_LEADS]; /* in the order of the file */
    xp_lead_id id[MAX_LEADS];
    int n, others, spf; /* spf: samples per frame of the leads */
} choice;

static bool is_chosen(const xp_stored *w, const choice *c, const char *name, xp_lead_id id) {
    for (int i = 0; i < c->n; i++)
        if (id != XP_LEAD_NONE ? c->id[i] == id : !strcasecmp(w->signals[c->signal[i]].name, name))
            return true;
    return false;
}

/* The rate of the twelve leads, or of the others where there are none of them. */
static int choose_rate(const xp_stored *w) {
    int spf[2] = {0};
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        int *most = &spf[xp_lead_parse(s->name) != XP_LEAD_NONE];
        if (find_unit(s->units) && s->samples_per_frame > *most) *most = s->samples_per_frame;
    }
    return spf[1] ? spf[1] : spf[0];
}

static void ignore(xp_notices *notes, const xp_stored_signal *s, const char *why) {
    xp_notice_add(notes, XP_SAY_LEFT_OUT, s->name,
                  XP_ARGS(xp_arg_text("signal", s->name), xp_arg_text("why", why)));
}

/* WFDB takes a signal without a unit for millivolt; monitors record other things beside the ECG. */
static bool names_other_quantity(const xp_stored_signal *s) {
    static const char *const names[] = {"PLETH", "RESP", "ABP", "ART", "BP",
                                        "CVP",   "PAP",  "ICP", "CO2", "SPO2"};
    for (size_t i = 0; !s->calibrated && i < sizeof names / sizeof *names; i++)
        if (!strncasecmp(s->name, names[i], strlen(names[i]))) return true;
    return false;
}

static void choose(const xp_stored *w, choice *c, xp_notices *notes) {
    *c = (choice){.spf = choose_rate(w)};
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        xp_lead_id id = xp_lead_parse(s->name);
        if (id == XP_LEAD_NONE &&
            (!*s->name || c->others == MAX_OTHERS || s->samples_per_frame > c->spf)) {
            ignore(notes, s, "it is not one of the twelve leads");
        } else if (id == XP_LEAD_NONE && names_other_quantity(s)) {
            ignore(notes, s, "it states no unit, and its name is not a lead's");
        } else if (!find_unit(s->units)) {
            char why[80];
            snprintf(why, sizeof why, "its unit \"%s\" is not a voltage", s->units);
            ignore(notes, s, why);
        } else if (is_chosen(w, c, s->name, id)) {
            ignore(notes, s, "the lead is in the record twice; the first is used");
        } else {
            c->signal[c->n] = i;
            c->id[c->n++] = id;
            c->others += id == XP_LEAD_NONE;
        }
    }
}

static xp_status no_leads(const xp_stored *w, xp_error *err) {
    char names[160];
    size_t n = 0;
    names[0] = 0;
    for (int i = 0; i < w->n_signals && n + 70 < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "",
                              w->signals[i].name);
    return xp_fail(err, XP_ERR_LEAD_UNKNOWN,
                   "%s: none of its %d signals (%s) is a lead with a name, in volts%s", w->name,
                   w->n_signals, names,
                   w->signals && w->signals[0].line
                       ? ": name the leads at the end of the header's signal lines"
                       : "");
}

/* ---- samples ---- */

/* x (n) = s in millivolt, NaN where missing; rate: its samples per second. Returns how many samples
 * that are marked as missing are none. One division by an exactly scaled gain: 1000 adu/mV and
 * 1 adu/uV give the same bits. */
static int64_t to_mv(float *x, const xp_stored_signal *s, const volt_unit *u, double rate) {
    enum { BLOCK = 1024 };
    const double divisor = s->gain * u->over / u->times, baseline = s->baseline;
    if (!s->digital) {
        for (int64_t i = 0; i < s->n; i++) x[i] = (float)(s->physical[i] * u->times / u->over);
        return 0;
    }
    for (int64_t from = 0; from < s->n; from += BLOCK) {
        const int32_t *restrict d = s->digital + from;
        const int n = s->n - from < BLOCK ? (int)(s->n - from) : BLOCK;
        float *restrict v = x + from;
        for (int i = 0; i < n; i++) v[i] = (float)((d[i] - baseline) / divisor);
        xp_mark_missing(d, n, s->missing, NULL, v);
    }
    return xp_stored_fill_marked(x, s, (s->missing - baseline) / divisor, fabs(1 / divisor), rate);
}

/* Draw straight lines over the gaps of x (n), so that it can be filtered. */
static void bridge_gaps(float *x, int64_t n) {
    int64_t last = -1;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        float from = last < 0 ? x[i] : x[last];
        for (int64_t k = last + 1; k < i; k++)
            x[k] = from + (x[i] - from) * (float)(k - last) / (float)(i - last);
        last = i;
    }
    for (int64_t k = last + 1; k < n; k++) x[k] = last < 0 ? 0 : x[last];
}

/* A signal of fewer samples per frame than the record's fastest lead: interpolated, with a sample
 * missing where its nearest neighbour was. */
static xp_status fill_slower(float *out, const xp_record *rec, const xp_stored_signal *s, int spf,
                             int64_t *filled, xp_error *err) {
    float *x = xp_alloc_array(s->n, 2 * sizeof *x);
    if (!x) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for lead %s", s->name);
    float *whole = x + s->n;
    *filled = to_mv(x, s, find_unit(s->units), rec->rate * s->samples_per_frame / spf);
    memcpy(whole, x, (size_t)s->n * sizeof *x);
    bridge_gaps(whole, s->n);
    xp_resampler r;
    xp_status status = xp_resampler_init(&r, s->samples_per_frame, spf, err);
    if (status == XP_OK && xp_resampler_length(&r, s->n) != rec->n)
        status = xp_fail(err, XP_ERR_UNSUPPORTED,
                         "lead %s has %d samples per frame and another has %d: their ratio is too "
                         "odd",
                         s->name, s->samples_per_frame, spf);
    if (status == XP_OK) {
        xp_resample(&r, 1, &out, (const float *const *)&whole, s->n);
        for (int64_t i = 0; i < rec->n; i++) {
            int64_t k = (i * s->samples_per_frame + spf / 2) / spf;
            if (isnan(x[k < s->n ? k : s->n - 1])) out[i] = NAN;
        }
        xp_resampler_free(&r);
    }
    free(x);
    return status;
}

/* filled: how many of the signal's samples are none of the missing ones, although marked. */
static xp_status fill_lead(xp_lead *lead, const xp_record *rec, const xp_stored_signal *s,
                           xp_lead_id id, int spf, int64_t *filled, xp_error *err) {
    const volt_unit *u = find_unit(s->units);
    lead->id = id;
    lead->calibrated = s->calibrated;
    xp_copy_text(lead->name, sizeof lead->name, id != XP_LEAD_NONE ? xp_lead_name(id) : s->name);
    /* 2^32 is the largest digital difference; floats end near 3e38. */
    if (4294967296.0 / fabs(s->gain) * u->times / u->over > 1e30)
        return xp_fail(err, XP_ERR_UNITS,
                       "lead %s: a gain of %g adu/%s is not credible: correct the header on line "
                       "%d",
                       lead->name, s->gain, s->units, s->line);
    if (s->samples_per_frame == spf) {
        *filled = to_mv(lead->mv, s, u, rec->rate);
        lead->n_missing = s->n_missing - *filled;
        return XP_OK;
    }
    XP_TRY(fill_slower(lead->mv, rec, s, spf, filled, err));
    lead->n_missing = 0;
    for (int64_t i = 0; i < rec->n; i++) lead->n_missing += isnan(lead->mv[i]) != 0;
    return XP_OK;
}

/* ---- the record ---- */

/* Notices about the file, without those about signals that were left out. */
static void copy_notices(xp_record *rec, const xp_stored *w, const choice *c) {
    for (int i = 0; i < w->notices.n; i++) {
        const xp_notice *it = &w->notices.items[i];
        bool keep = !*it->lead;
        for (int k = 0; k < c->n && !keep; k++)
            keep = !strncmp(it->lead, w->signals[c->signal[k]].name, sizeof it->lead - 1);
        xp_lead_id id = xp_lead_parse(it->lead);
        const char *lead = id != XP_LEAD_NONE ? xp_lead_name(id) : it->lead;
        if (keep) xp_notice_copy(&rec->notices, it, lead);
    }
}

/* One notice for all leads: they have the sum in common. */
static void say_filled(xp_record *rec, const int64_t *filled) {
    double total = 0;
    for (int i = 0; i < rec->n_leads; i++) total += (double)filled[i];
    for (int i = 0; i < rec->n_leads; i++)
        if (filled[i])
            xp_notice_add(&rec->notices, XP_SAY_MARKED_READ, rec->leads[i].name,
                          XP_ARGS(xp_arg_number("samples", (double)filled[i]),
                                  xp_arg_number("total", total)));
}

static xp_status fill_record(xp_record *rec, const xp_stored *w, const choice *c, int spf,
                             xp_error *err) {
    int64_t filled[MAX_LEADS];
    for (int i = 0; i < c->n; i++)
        XP_TRY(fill_lead(&rec->leads[i], rec, &w->signals[c->signal[i]], c->id[i], spf, &filled[i],
                         err));
    xp_copy_text(rec->format, sizeof rec->format, w->format ? w->format : "");
    if (!xp_facts_copy(&rec->facts, &w->facts))
        return xp_fail(err, XP_ERR_MEMORY, "no memory for what %s states", w->name);
    rec->checksums_failed = w->checksums_failed;
    copy_notices(rec, w, c);
    say_filled(rec, filled);
    return XP_OK;
}

xp_status xp_stored_to_record(xp_record *rec, xp_stored *w, xp_error *err) {
    choice c;
    xp_notices ignored = {0};
    xp_record made;
    choose(w, &c, &ignored);
    xp_status s = c.n ? XP_OK : no_leads(w, err);
    if (s == XP_OK && w->n_frames == 0)
        s = xp_fail(err, XP_ERR_TRUNCATED,
                    "%s holds no samples (a layout header, or an empty signal file): open the "
                    "record that it belongs to",
                    w->name);
    int spf = c.spf;
    if (s == XP_OK) s = xp_record_alloc(&made, w->name, w->rate * spf, c.n, w->n_frames * spf, err);
    if (s == XP_OK) {
        s = fill_record(&made, w, &c, spf, err);
        if (s == XP_OK) s = xp_notices_append(&made.notices, &ignored);
        if (s == XP_OK)
            *rec = made;
        else
            xp_record_free(&made);
    }
    xp_notices_free(&ignored);
    return s;
}
