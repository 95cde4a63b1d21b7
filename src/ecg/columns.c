#include "ecg/columns.h"

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

/* The first lead of each identity; have tells which are there and hold something. */
static void index_leads(const xp_record *rec, const float *first[XP_LEAD_COUNT],
                        bool have[XP_LEAD_COUNT]) {
    for (int l = rec->n_leads - 1; l >= 0; l--) {
        xp_lead_id id = rec->leads[l].id;
        if (id < 0 || id >= XP_LEAD_COUNT || rec->leads[l].derived) continue;
        if (count_missing(rec->leads[l].mv, rec->n) == rec->n) continue;
        first[id] = rec->leads[l].mv;
        have[id] = true;
    }
}

/* The lead is there, but empty. */
static xp_status fail_empty(const char *name, xp_error *err) {
    xp_lead_id id = xp_lead_parse(name);
    bool limb = id >= XP_LEAD_I && id <= XP_LEAD_AVF;
    return xp_fail(
        err, XP_ERR_LEAD_UNKNOWN,
        "the model needs lead %s, of which the recording has not one sample: all are "
        "missing%s; use a recording with this lead",
        name, limb ? ", and two other limb leads to compute it from are not there either" : "");
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

/* empty: the record has the lead, without a sample. */
static xp_status derive(xp_column *col, const xp_record *rec, bool empty, xp_notices *notes,
                        xp_error *err) {
    const float *first[XP_LEAD_COUNT] = {0};
    bool have[XP_LEAD_COUNT] = {0};
    xp_lead_formula f;
    index_leads(rec, first, have);
    if (!xp_lead_derive(&f, xp_lead_parse(col->name), have))
        return empty ? fail_empty(col->name, err) : fail_unknown(rec, col->name, err);
    const float *a = first[f.from[0]], *b = first[f.from[1]];
    col->derived = malloc(((size_t)rec->n + 1) * sizeof *col->derived);
    if (!col->derived) return xp_fail(err, XP_ERR_MEMORY, "no memory for lead %s", col->name);
    for (int64_t i = 0; i < rec->n; i++)
        col->derived[i] = (float)(f.weight[0] * (double)a[i] + f.weight[1] * (double)b[i]);
    col->mv = col->derived;
    xp_notice_add(notes, XP_NOTE_DERIVED, col->name, "lead %s %s: computed from %s and %s",
                  col->name, empty ? "has no samples, all are missing" : "is not in the recording",
                  xp_lead_name(f.from[0]), xp_lead_name(f.from[1]));
    return XP_OK;
}

static xp_status take_as_zero(xp_column *col, int64_t n, xp_error *err) {
    col->derived = calloc((size_t)n + 1, sizeof *col->derived);
    if (!col->derived) return xp_fail(err, XP_ERR_MEMORY, "no memory for lead %s", col->name);
    col->mv = col->derived;
    col->absent = true;
    return XP_OK;
}

static xp_status find_column(xp_column *col, const xp_record *rec, const char *name,
                             bool accept_absent, xp_notices *notes, xp_error *err) {
    snprintf(col->name, sizeof col->name, "%.15s", name);
    int count, l = find_lead(rec, col->name, &count);
    bool empty = l >= 0 && count_missing(rec->leads[l].mv, rec->n) == rec->n;
    if (l < 0 || empty) {
        xp_status s = derive(col, rec, empty, notes, err);
        if (s == XP_ERR_LEAD_UNKNOWN && accept_absent) s = take_as_zero(col, rec->n, err);
        if (s != XP_OK) return s;
    } else {
        col->mv = rec->leads[l].mv;
    }
    if (count > 1)
        xp_notice_add(notes, XP_NOTE_IGNORED, col->name,
                      "the recording has lead %s %d times: the first is used", col->name, count);
    col->n_missing = count_missing(col->mv, rec->n);
    return XP_OK;
}

static void tell_unused(const xp_record *rec, const xp_input_spec *spec, xp_notices *notes) {
    name_list unused = {0};
    for (int l = 0; l < rec->n_leads; l++) {
        bool used = rec->leads[l].derived;
        for (int c = 0; c < spec->n_leads && !used; c++)
            used = is_lead(&rec->leads[l], spec->leads[c]);
        if (!used) add_name(&unused, rec->leads[l].name);
    }
    if (unused.n)
        xp_notice_add(notes, XP_NOTE_IGNORED, NULL, "not an input of this model: %s", unused.text);
}

/* A record without one lead of the model's is none to analyse, whatever was accepted. */
static xp_status tell_absent(const xp_column *columns, int n, const xp_record *rec,
                             xp_notices *notes, xp_error *err) {
    name_list absent = {0};
    for (int c = 0; c < n; c++)
        if (columns[c].absent) add_name(&absent, columns[c].name);
    if (absent.n == n) return fail_unknown(rec, columns[0].name, err);
    if (absent.n)
        xp_notice_add(notes, XP_NOTE_GAP, NULL,
                      "not in the recording, and taken as 0 mV as was accepted: lead%s %s; what "
                      "shows in them cannot be found",
                      absent.n > 1 ? "s" : "", absent.text);
    return XP_OK;
}

xp_status xp_columns_find(xp_column **out, const xp_record *rec, const xp_input_spec *spec,
                          bool accept_absent, xp_notices *notes, xp_error *err) {
    xp_column *cols = calloc((size_t)spec->n_leads, sizeof *cols);
    if (!cols) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d leads", spec->n_leads);
    for (int c = 0; c < spec->n_leads; c++) {
        xp_status s = find_column(&cols[c], rec, spec->leads[c], accept_absent, notes, err);
        if (s != XP_OK) {
            xp_columns_free(cols, spec->n_leads);
            return s;
        }
    }
    xp_status told = tell_absent(cols, spec->n_leads, rec, notes, err);
    if (told != XP_OK) {
        xp_columns_free(cols, spec->n_leads);
        return told;
    }
    tell_unused(rec, spec, notes);
    *out = cols;
    return XP_OK;
}

void xp_columns_free(xp_column *columns, int n) {
    if (columns)
        for (int c = 0; c < n; c++) free(columns[c].derived);
    free(columns);
}
