#include "ecg/leads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_WORD 16

static const char *const canonical[XP_LEAD_COUNT] = {
#define X(id, name) [id] = name,
    XP_LEAD_LIST(X)
#undef X
};

/* Lower case; every word that names a lead. */
static const struct {
    const char *word;
    xp_lead_id id;
} lead_words[] = {
    {"i", XP_LEAD_I},     {"ii", XP_LEAD_II},    {"iii", XP_LEAD_III}, {"di", XP_LEAD_I},
    {"dii", XP_LEAD_II},  {"diii", XP_LEAD_III}, {"avr", XP_LEAD_AVR}, {"avl", XP_LEAD_AVL},
    {"avf", XP_LEAD_AVF}, {"v1", XP_LEAD_V1},    {"v2", XP_LEAD_V2},   {"v3", XP_LEAD_V3},
    {"v4", XP_LEAD_V4},   {"v5", XP_LEAD_V5},    {"v6", XP_LEAD_V6},
};

/* Lower case; words that say nothing about which lead it is. */
static const char *const filler_words[] = {
    "lead",       "ecg",         "ekg",          "mdc",         "elec",      "potl",
    "derivation", "(einthoven)", "(goldberger)", "(mv)",        "(uv)",      "(nv)",
    "(v)",        "[mv]",        "[uv]",         "[nv]",        "[v]",       "(wilson)",
    "ableitung",  "abl.",        "derivacion",   "derivazione", "afledning", "avledning",
};

static bool is_separator(char c) {
    return c == ' ' || c == '\t' || c == '_' || c == '\r' || c == '\n';
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_filler(const char *word) {
    for (size_t i = 0; i < sizeof filler_words / sizeof *filler_words; i++)
        if (!strcmp(word, filler_words[i])) return true;
    return false;
}

static bool is_joint(char c) {
    return c == '-' || c == ':' || c == '.' || c == '/';
}

/* Whether a word ends before c: a unit in brackets behind it, or what says nothing and a hyphen or
 * the like before it ("V1(mV)", "ECG-I", "ecg.v1"; "-aVR" is another lead). */
static bool ends_before(char word[MAX_WORD], size_t n, char c) {
    word[n] = 0;
    return n && (c == '(' || c == '[' || (is_joint(c) && is_filler(word)));
}

/* The next word of *text in lower case, "" at the end; *text moves past it. False when it is longer
 * than any word we know. */
static bool next_word(const char **text, char word[MAX_WORD]) {
    const char *p = *text;
    while (is_separator(*p)) p++;
    size_t n = 0;
    for (; *p && !is_separator(*p) && !ends_before(word, n, *p); p++) {
        if (n + 1 == MAX_WORD) return false;
        word[n++] = lower(*p);
    }
    if (is_joint(*p)) p++;
    word[n] = 0;
    *text = p;
    return true;
}

/* "LeadII" and "ECGV1" are words too. */
static const char *behind_glued(const char *word) {
    static const char *const glued[] = {"lead", "ecg", "ekg"};
    for (int i = 0; i < 3; i++)
        if (!strncmp(word, glued[i], strlen(glued[i]))) return word + strlen(glued[i]);
    return word;
}

static xp_lead_id find_lead(const char *word) {
    word = behind_glued(word);
    for (size_t i = 0; i < sizeof lead_words / sizeof *lead_words; i++)
        if (!strcmp(word, lead_words[i].word)) return lead_words[i].id;
    return XP_LEAD_NONE;
}

/* DICOM's own words for the augmented leads: "aVR, augmented voltage, right". */
static xp_lead_id parse_augmented(const char *text) {
    static const char *const names[] = {"aVR, augmented voltage, right",
                                        "aVL, augmented voltage, left",
                                        "aVF, augmented voltage, foot"};
    if (!strncasecmp(text, "lead ", 5)) text += 5;
    for (int i = 0; i < 3; i++)
        if (!strcasecmp(text, names[i])) return (xp_lead_id)(XP_LEAD_AVR + i);
    return XP_LEAD_NONE;
}

xp_lead_id xp_lead_parse(const char *text) {
    xp_lead_id id = parse_augmented(text);
    char word[MAX_WORD];
    if (id != XP_LEAD_NONE) return id;
    while (next_word(&text, word)) {
        if (!word[0]) return id;
        if (is_filler(word)) continue;
        if (id != XP_LEAD_NONE) return XP_LEAD_NONE;
        id = find_lead(word);
        if (id == XP_LEAD_NONE) return XP_LEAD_NONE;
    }
    return XP_LEAD_NONE;
}

const char *xp_lead_name(xp_lead_id id) {
    return id >= 0 && id < XP_LEAD_COUNT ? canonical[id] : "?";
}

bool xp_lead_is_limb(xp_lead_id id) {
    return id >= XP_LEAD_I && id <= XP_LEAD_AVF;
}

bool xp_lead_is_chest(xp_lead_id id) {
    return id >= XP_LEAD_V1 && id <= XP_LEAD_V6;
}

/* Limb leads in the basis (I, II). */
static const double limb[6][2] = {
    [XP_LEAD_I] = {1, 0},         [XP_LEAD_II] = {0, 1},     [XP_LEAD_III] = {-1, 1},
    [XP_LEAD_AVR] = {-0.5, -0.5}, [XP_LEAD_AVL] = {1, -0.5}, [XP_LEAD_AVF] = {-0.5, 1},
};

/* No two limb leads are parallel, so the determinant is never 0. */
static void solve(xp_lead_formula *out, xp_lead_id target, xp_lead_id a, xp_lead_id b) {
    const double *t = limb[target], *p = limb[a], *q = limb[b];
    double det = p[0] * q[1] - p[1] * q[0];
    out->from[0] = a;
    out->from[1] = b;
    out->weight[0] = (t[0] * q[1] - t[1] * q[0]) / det;
    out->weight[1] = (p[0] * t[1] - p[1] * t[0]) / det;
}

bool xp_lead_derive(xp_lead_formula *out, xp_lead_id target, const bool have[XP_LEAD_COUNT]) {
    if (target < XP_LEAD_I || target > XP_LEAD_AVF) return false;
    for (int a = XP_LEAD_I; a < XP_LEAD_AVF; a++)
        for (int b = a + 1; b <= XP_LEAD_AVF; b++)
            if (have[a] && have[b] && a != (int)target && b != (int)target) {
                solve(out, target, (xp_lead_id)a, (xp_lead_id)b);
                return true;
            }
    return false;
}

static xp_status append_derived(xp_record *rec, xp_lead_id id, const xp_lead_formula *f,
                                const float *a, const float *b, xp_error *err) {
    xp_lead *leads = realloc(rec->leads, ((size_t)rec->n_leads + 1) * sizeof *leads);
    if (leads) rec->leads = leads;
    float *mv = leads ? malloc(((size_t)rec->n + 1) * sizeof *mv) : NULL;
    if (!mv) return xp_fail(err, XP_ERR_MEMORY, "no memory for lead %s", xp_lead_name(id));
    xp_lead made = {.id = id, .derived = true, .calibrated = true, .mv = mv};
    snprintf(made.name, sizeof made.name, "%s", xp_lead_name(id));
    for (int64_t i = 0; i < rec->n; i++) {
        mv[i] = (float)(f->weight[0] * (double)a[i] + f->weight[1] * (double)b[i]);
        made.n_missing += isnan(mv[i]) != 0;
    }
    rec->leads[rec->n_leads++] = made;
    return XP_OK;
}

xp_status xp_leads_complete(xp_record *rec, xp_error *err) {
    const float *mv[XP_LEAD_COUNT] = {0};
    bool have[XP_LEAD_COUNT] = {0}, named[XP_LEAD_COUNT] = {0};
    for (int i = 0; i < rec->n_leads; i++) {
        const xp_lead *l = &rec->leads[i];
        if (l->id == XP_LEAD_NONE) continue;
        named[l->id] = true;
        if (l->derived || l->n_missing == rec->n) continue;
        mv[l->id] = l->mv;
        have[l->id] = true;
    }
    for (int id = XP_LEAD_I; id <= XP_LEAD_AVF; id++) {
        xp_lead_formula f;
        if (!named[id] && xp_lead_derive(&f, (xp_lead_id)id, have))
            XP_TRY(append_derived(rec, (xp_lead_id)id, &f, mv[f.from[0]], mv[f.from[1]], err));
    }
    return XP_OK;
}
