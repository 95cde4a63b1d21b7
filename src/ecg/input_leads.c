#include "ecg/input_leads.h"

#include "ecg/leads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names, separated by commas, as far as they fit. */
typedef struct name_list {
    char text[120];
    size_t used;
    int n;
} name_list;

static void add_name(name_list *list, const char *name) {
    if (list->used + strlen(name) + 8 < sizeof list->text)
        list->used += (size_t)snprintf(list->text + list->used, sizeof list->text - list->used,
                                       "%s%s", list->n ? ", " : "", name);
    else if (list->used + 6 < sizeof list->text) /* once: then nothing more fits */
        list->used = (size_t)snprintf(list->text + list->used, 6, ", ...") + sizeof list->text;
    list->n++;
}

static bool same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a, y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y) return false;
    }
    return !*a && !*b;
}

/* Whether lead is the one called name: by identity for the twelve, else by its name in any case.
 * What was derived to be drawn is none: derive() says what it does. */
static bool is_lead(const xp_lead *lead, const char *name) {
    xp_lead_id id = xp_lead_parse(name);
    if (lead->derived) return false;
    return id != XP_LEAD_NONE ? lead->id == id
                              : lead->id == XP_LEAD_NONE && same_word(lead->name, name);
}

/* Index of the first lead of that name, or -1; *count is how many there are. */
static int find_lead(const xp_record *rec, const char *name, int *count) {
    int first = -1;
    *count = 0;
    for (int l = 0; l < rec->n_leads; l++)
        if (is_lead(&rec->leads[l], name) && ++*count == 1) first = l;
    return first;
}

static int64_t count_missing(const float *mv, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += !isfinite(mv[i]);
    return count;
}

static bool is_thin(const xp_lead *lead, int64_t n) {
    return (double)count_missing(lead->mv, n) > XP_LEAD_MISSING * (double)n;
}

/* The first lead of each identity; have tells which are there and hold something. */
static void index_leads(const xp_record *rec, const float *first[XP_LEAD_COUNT],
                        bool have[XP_LEAD_COUNT]) {
    for (int l = rec->n_leads - 1; l >= 0; l--) {
        xp_lead_id id = rec->leads[l].id;
        if (id < 0 || id >= XP_LEAD_COUNT || rec->leads[l].derived) continue;
        if (is_thin(&rec->leads[l], rec->n)) continue;
        first[id] = rec->leads[l].mv;
        have[id] = true;
    }
}

/* Per cent of a thin lead that is missing: rounded, but 100 only where all is, and never so that
 * "more than half" would be wrong of it. */
static double missing_percent(const xp_lead *lead, int64_t n) {
    int64_t missing = count_missing(lead->mv, n);
    if (missing == n) return 100;
    return fmin(99, fmax(100 * XP_LEAD_MISSING + 1, round(100.0 * (double)missing / (double)n)));
}

/* The lead is there, but thin. */
static xp_status fail_thin(const xp_record *rec, const xp_lead *lead, const char *name,
                           xp_error *err) {
    xp_lead_id id = xp_lead_parse(name);
    bool limb = id >= XP_LEAD_I && id <= XP_LEAD_AVF;
    return xp_fail(
        err, XP_ERR_LEAD_UNKNOWN,
        "the model needs lead %s, of which %.0f %% of the samples are missing, more than "
        "half%s; use a recording with this lead",
        name, missing_percent(lead, rec->n),
        limb ? ", and two other limb leads to compute it from are not there either" : "");
}

static xp_status fail_unknown(const xp_record *rec, const char *name, xp_error *err) {
    name_list there = {0}, left_out = {0};
    for (int l = 0; l < rec->n_leads; l++)
        if (!rec->leads[l].derived) add_name(&there, rec->leads[l].name);
    for (int i = 0; i < rec->notices.n; i++) { /* what the reader could not name */
        const xp_notice *it = &rec->notices.items[i];
        if (it->code == XP_NOTE_IGNORED && it->lead[0]) add_name(&left_out, it->lead);
    }
    xp_lead_id id = xp_lead_parse(name);
    bool limb = id >= XP_LEAD_I && id <= XP_LEAD_AVF;
    return xp_fail(
        err, XP_ERR_LEAD_UNKNOWN,
        "the model needs lead %s, which the recording does not have%s; it has %s%s%s: use a "
        "recording with this lead, or name it in the header as one of I, II, III, aVR, "
        "aVL, aVF, V1 to V6",
        name, limb ? " (it could be computed from two other limb leads)" : "",
        there.n ? there.text : "no leads", left_out.n ? ", and left out were " : "", left_out.text);
}

/* thin: the record's lead, where it has one. */
static xp_status derive(xp_input_lead *col, const xp_record *rec, const xp_lead *thin,
                        xp_notices *notes, xp_error *err) {
    const float *first[XP_LEAD_COUNT] = {0};
    bool have[XP_LEAD_COUNT] = {0};
    xp_lead_formula f;
    index_leads(rec, first, have);
    if (!xp_lead_derive(&f, xp_lead_parse(col->name), have))
        return thin ? fail_thin(rec, thin, col->name, err) : fail_unknown(rec, col->name, err);
    const float *a = first[f.from[0]], *b = first[f.from[1]];
    col->derived = malloc(((size_t)rec->n + 1) * sizeof *col->derived);
    if (!col->derived) return xp_fail(err, XP_ERR_MEMORY, "no memory for lead %s", col->name);
    for (int64_t i = 0; i < rec->n; i++)
        col->derived[i] = (float)(f.weight[0] * (double)a[i] + f.weight[1] * (double)b[i]);
    col->mv = col->derived;
    const xp_arg first_arg = xp_arg_text("first", xp_lead_name(f.from[0]));
    const xp_arg second_arg = xp_arg_text("second", xp_lead_name(f.from[1]));
    if (thin)
        xp_notice_add(notes, XP_SAY_DERIVED_THIN, col->name,
                      XP_ARGS(first_arg, second_arg,
                              xp_arg_number("percent", missing_percent(thin, rec->n))));
    else
        xp_notice_add(notes, XP_SAY_DERIVED, col->name, XP_ARGS(first_arg, second_arg));
    return XP_OK;
}

static xp_status take_as_zero(xp_input_lead *col, int64_t n, xp_error *err) {
    col->derived = calloc((size_t)n + 1, sizeof *col->derived);
    if (!col->derived) return xp_fail(err, XP_ERR_MEMORY, "no memory for lead %s", col->name);
    col->mv = col->derived;
    col->absent = true;
    return XP_OK;
}

static xp_status find_column(xp_input_lead *col, const xp_record *rec, const char *name,
                             bool accept_absent, xp_notices *notes, xp_error *err) {
    snprintf(col->name, sizeof col->name, "%.15s", name);
    int count, l = find_lead(rec, col->name, &count);
    const xp_lead *thin = l >= 0 && is_thin(&rec->leads[l], rec->n) ? &rec->leads[l] : NULL;
    if (l < 0 || thin) {
        xp_status s = derive(col, rec, thin, notes, err);
        if (s == XP_ERR_LEAD_UNKNOWN && accept_absent) s = take_as_zero(col, rec->n, err);
        if (s != XP_OK) return s;
    } else {
        col->mv = rec->leads[l].mv;
    }
    if (count > 1)
        xp_notice_add(notes, XP_SAY_REPEATED, col->name, XP_ARGS(xp_arg_number("times", count)));
    col->n_missing = count_missing(col->mv, rec->n);
    return XP_OK;
}

static void report_unused(const xp_record *rec, const xp_input_spec *spec, xp_notices *notes) {
    name_list unused = {0};
    for (int l = 0; l < rec->n_leads; l++) {
        bool used = rec->leads[l].derived;
        for (int c = 0; c < spec->n_leads && !used; c++)
            used = is_lead(&rec->leads[l], spec->leads[c]);
        if (!used) add_name(&unused, rec->leads[l].name);
    }
    if (unused.n)
        xp_notice_add(notes, XP_SAY_NO_INPUT, NULL, XP_ARGS(xp_arg_text("signals", unused.text)));
}

/* A record without one lead of the model's is none to analyse, whatever was accepted. */
static xp_status report_absent(const xp_input_lead *columns, int n, const xp_record *rec,
                               xp_notices *notes, xp_error *err) {
    int absent = 0;
    for (int c = 0; c < n; c++) absent += columns[c].absent;
    if (absent == n) return fail_unknown(rec, columns[0].name, err);
    for (int c = 0; c < n; c++)
        if (columns[c].absent) xp_notice_add(notes, XP_SAY_ABSENT, columns[c].name, XP_NO_ARGS);
    return XP_OK;
}

xp_status xp_input_leads_find(xp_input_lead **out, const xp_record *rec, const xp_input_spec *spec,
                              bool accept_absent, xp_notices *notes, xp_error *err) {
    xp_input_lead *cols = calloc((size_t)spec->n_leads, sizeof *cols);
    if (!cols) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d leads", spec->n_leads);
    for (int c = 0; c < spec->n_leads; c++) {
        xp_status s = find_column(&cols[c], rec, spec->leads[c], accept_absent, notes, err);
        if (s != XP_OK) {
            xp_input_leads_free(cols, spec->n_leads);
            return s;
        }
    }
    xp_status s = report_absent(cols, spec->n_leads, rec, notes, err);
    if (s != XP_OK) {
        xp_input_leads_free(cols, spec->n_leads);
        return s;
    }
    report_unused(rec, spec, notes);
    *out = cols;
    return XP_OK;
}

void xp_input_leads_free(xp_input_lead *columns, int n) {
    if (columns)
        for (int c = 0; c < n; c++) free(columns[c].derived);
    free(columns);
}
