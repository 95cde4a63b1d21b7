#include "data/labels_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

#include "label_tables.h" /* the tables of tools/labels, made by CMake */

static const struct {
    const char *name, *long_name;
} labels[XP_LABEL_COUNT] = {
    {"afib", "atrial fibrillation"},
    {"aflu", "atrial flutter"},
    {"afifl", "atrial fibrillation or flutter"},
    {"rbbb", "right bundle branch block"},
    {"lbbb", "left bundle branch block"},
    {"lafb", "left anterior fascicular block"},
    {"lpfb", "left posterior fascicular block"},
    {"pvc", "premature ventricular contraction"},
    {"pac", "premature atrial contraction"},
    {"ami", "anterior myocardial infarction"},
    {"imi", "inferior myocardial infarction"},
    {"smi", "septal myocardial infarction"},
    {"lmi", "lateral myocardial infarction"},
    {"avb1", "first-degree atrioventricular block"},
    {"avb2i", "second-degree atrioventricular block, Mobitz I"},
    {"avb2ii", "second-degree atrioventricular block, Mobitz II"},
    {"avb2", "second-degree atrioventricular block"},
    {"avb3", "third-degree atrioventricular block"},
    {"bradsr", "sinus bradycardia"},
    {"svt", "supraventricular tachycardia"},
    {"vt", "ventricular tachycardia"},
    {"tachsr", "sinus tachycardia"},
    {"lqt", "long QT interval"},
    {"wpw", "Wolff-Parkinson-White pattern"},
    {"pace", "paced rhythm"},
};

const char *xp_label_name(int label) {
    return label >= 0 && label < XP_LABEL_COUNT ? labels[label].name : "";
}

const char *xp_label_long_name(int label) {
    return label >= 0 && label < XP_LABEL_COUNT ? labels[label].long_name : "";
}

int xp_label_index(const char *name) {
    for (int i = 0; i < XP_LABEL_COUNT; i++)
        if (!strcmp(labels[i].name, name)) return i;
    return -1;
}

xp_label_options xp_label_defaults(void) {
    return (xp_label_options){false, -1};
}

/* ==== tables ============================================================================== */

static const struct {
    const char *name;
    int use;
} uses[] = {
    {"default", RULE_DEFAULT},
    {"compat", RULE_COMPAT},
    {"both", RULE_DEFAULT | RULE_COMPAT},
    {"ignore", RULE_IGNORE},
    {"hedge", RULE_HEDGE},
    {"hedge after", RULE_HEDGE_AFTER},
    {"hedge end", RULE_HEDGE_END},
    {"either", RULE_EITHER},
    {"negation", RULE_NEGATION},
    {"negation after", RULE_NEGATION_AFTER},
    {"not judged", RULE_NOT_JUDGED},
    {"leads not judged", RULE_LEADS_NOT_JUDGED},
    {"lead", RULE_LEAD},
};

typedef struct columns {
    int label, use, text, certain_from, value, other;
} columns;

static xp_status find_columns(const xp_csv *c, xp_label_source source, columns *k, xp_error *err) {
    static const char *const text_name[] = {"code", "phrase", "code", "prefix"};
    *k = (columns){-1, -1, -1, -1, -1, -1};
    XP_TRY(xp_csv_column(c, text_name[source], &k->text, err));
    XP_TRY(xp_csv_column(c, source == XP_LABELS_ANNOTATED ? "labels" : "label", &k->label, err));
    if (source == XP_LABELS_PTBXL || source == XP_LABELS_MIMIC)
        XP_TRY(xp_csv_column(c, "use", &k->use, err));
    if (source == XP_LABELS_PTBXL) XP_TRY(xp_csv_column(c, "certain_from", &k->certain_from, err));
    if (source == XP_LABELS_SNOMED) {
        XP_TRY(xp_csv_column(c, "value", &k->value, err));
        XP_TRY(xp_csv_column(c, "abbreviation", &k->other, err));
    }
    return XP_OK;
}

static xp_status read_use(const xp_csv *c, int column, int *use, xp_error *err) {
    *use = RULE_DEFAULT;
    if (column < 0) return XP_OK;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (!strcmp(xp_csv_field(c, column), uses[i].name)) {
            *use = uses[i].use;
            return XP_OK;
        }
    return xp_csv_fail(
        c, column, err, XP_ERR_FORMAT,
        "'%.40s' is none of default, compat, both, ignore, hedge, hedge after, "
        "hedge end, either, negation, negation after, not judged, leads not judged, lead",
        xp_csv_field(c, column));
}

/* One label, several separated by spaces, or "*" for all. */
static xp_status read_labels(const xp_csv *c, int column, uint32_t *set, xp_error *err) {
    const char *p = xp_csv_field(c, column);
    *set = 0;
    if (!strcmp(p, "*")) {
        *set = LABELS_ALL;
        return XP_OK;
    }
    while (*(p += strspn(p, " "))) {
        char name[16];
        size_t n = strcspn(p, " ");
        snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, p);
        int label = xp_label_index(name);
        if (label < 0)
            return xp_csv_fail(c, column, err, XP_ERR_FORMAT, "'%.*s' is not a label",
                               (int)(n < 40 ? n : 40), p);
        *set |= 1u << label;
        p += n;
    }
    if (!*set) return xp_csv_fail(c, column, err, XP_ERR_FORMAT, "a label was expected");
    return XP_OK;
}

static xp_status read_value(const xp_csv *c, const columns *k, label_rule *r, xp_error *err) {
    double v = 1;
    if (k->value >= 0) {
        XP_TRY(xp_csv_number(c, k->value, &v, err));
        if (v != 1 && v != -1)
            return xp_csv_fail(c, k->value, err, XP_ERR_FORMAT, "%g where 1 or -1 was expected", v);
    }
    r->value = (int)v;
    r->certain_from = 0;
    if (k->certain_from >= 0 && strcmp(xp_csv_field(c, k->certain_from), "any"))
        XP_TRY(xp_csv_number(c, k->certain_from, &r->certain_from, err));
    return XP_OK;
}

/* The phrase of a default rule: '*' at an end is taken off and remembered. */
static xp_status read_text(const xp_csv *c, const columns *k, bool phrase, label_rule *r,
                           xp_error *err) {
    const char *t = xp_csv_field(c, k->text);
    size_t n = strlen(t);
    if (phrase) {
        r->open_left = n && t[0] == '*';
        r->open_right = n > 1 && t[n - 1] == '*';
        t += r->open_left;
        n -= (size_t)r->open_left + (size_t)r->open_right;
    }
    if (!n) return xp_csv_fail(c, k->text, err, XP_ERR_FORMAT, "a code or phrase was expected");
    r->text = strndup(t, n);
    r->other = strdup(xp_csv_field(c, k->other));
    return r->text && r->other ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
}

static xp_status add_rule(xp_label_table *t, const xp_csv *c, const columns *k, xp_error *err) {
    if (t->n == t->cap) {
        int cap = t->cap ? 2 * t->cap : 64;
        label_rule *p = realloc(t->rules, (size_t)cap * sizeof *p);
        if (!p) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the table of labels");
        t->rules = p;
        t->cap = cap;
    }
    label_rule *r = &t->rules[t->n++];
    *r = (label_rule){0};
    XP_TRY(read_use(c, k->use, &r->use, err));
    XP_TRY(read_labels(c, k->label, &r->labels, err));
    XP_TRY(read_value(c, k, r, err));
    XP_TRY(read_text(c, k, t->source == XP_LABELS_MIMIC && r->use != RULE_COMPAT, r, err));
    if (r->use & RULE_DEFAULT) t->covered |= r->labels;
    return XP_OK;
}

static xp_status read_rules(xp_label_table *t, xp_csv *c, xp_error *err) {
    columns k;
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(find_columns(c, t->source, &k, err));
    for (;;) {
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) break;
        XP_TRY(add_rule(t, c, &k, err));
    }
    return XP_OK;
}

xp_status xp_label_table_load(xp_label_table **out, xp_label_source source, xp_bytes csv,
                              const char *name, xp_error *err) {
    if (!csv.size) {
        csv = (xp_bytes){label_tables[source].data, label_tables[source].size};
        name = label_tables[source].name;
    }
    xp_label_table *t = calloc(1, sizeof *t);
    if (!t) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the table of labels");
    t->source = source;
    xp_csv *c = NULL;
    xp_status s = xp_csv_open_bytes(&c, csv, name, ',', err);
    if (s == XP_OK) s = read_rules(t, c, err);
    xp_csv_close(c);
    if (s == XP_OK)
        *out = t;
    else
        xp_label_table_free(t);
    return s;
}

void xp_label_table_free(xp_label_table *t) {
    if (!t) return;
    for (int i = 0; i < t->n; i++) {
        free(t->rules[i].text);
        free(t->rules[i].other);
    }
    free(t->rules);
    free(t);
}

xp_label_state labels_settle(uint32_t yes, uint32_t uncertain, uint32_t unknown,
                             xp_label_options o) {
    if (o.uncertain > 0) yes |= uncertain;
    if (o.uncertain < 0) unknown |= uncertain;
    return (xp_label_state){yes, unknown & ~yes};
}

/* ==== PTB-XL ============================================================================== */

static const char *skip_space(const char *p) {
    while (isspace((unsigned char)*p)) p++;
    return p;
}

/* One 'CODE': likelihood pair at *p, which moves behind it; code has room for 32 bytes. */
static bool read_pair(const char **p, char *code, double *likelihood) {
    const char *s = *p, quote = *s;
    if (quote != '\'' && quote != '"') return false;
    const char *end = strchr(++s, quote);
    if (!end || end == s || end - s > 31) return false;
    memcpy(code, s, (size_t)(end - s));
    code[end - s] = 0;
    s = skip_space(end + 1);
    if (*s != ':') return false;
    s = skip_space(s + 1);
    char *after;
    *likelihood = strtod(s, &after);
    *p = skip_space(after);
    return after != s;
}

static void add_code(const xp_label_table *t, const char *code, double likelihood, uint32_t *yes,
                     uint32_t *uncertain) {
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (!(r->use & RULE_DEFAULT) || strcmp(r->text, code)) continue;
        *(likelihood >= r->certain_from ? yes : uncertain) |= r->labels;
    }
}

static xp_label_state substring_codes(const xp_label_table *t, const char *text) {
    xp_label_state s = {0, 0};
    for (int i = 0; i < t->n; i++)
        if (t->rules[i].use & RULE_COMPAT && strstr(text, t->rules[i].text))
            s.yes |= t->rules[i].labels;
    return s;
}

xp_status xp_labels_from_scp(const xp_label_table *t, xp_label_options o, const char *scp_codes,
                             xp_label_state *out, xp_error *err) {
    uint32_t yes = 0, uncertain = 0;
    const char *p = skip_space(scp_codes);
    bool ok = *p == '{', any = false;
    if (ok) p = skip_space(p + 1);
    while (ok && *p != '}') {
        char code[32];
        double likelihood;
        ok = read_pair(&p, code, &likelihood) && (*p == ',' || *p == '}');
        if (!ok) break;
        add_code(t, code, likelihood, &yes, &uncertain);
        any = true;
        if (*p == ',') p = skip_space(p + 1);
    }
    if (!ok || *skip_space(p + 1))
        return xp_fail(
            err, XP_ERR_FORMAT,
            "'%.80s' is not a dictionary of SCP codes such as {'NORM': 100.0, 'SR': 0.0}",
            scp_codes);
    if (o.compat)
        *out = substring_codes(t, scp_codes);
    else
        *out = labels_settle(yes, uncertain, any ? LABELS_ALL & ~t->covered : LABELS_ALL, o);
    return XP_OK;
}

/* ==== SNOMED CT =========================================================================== */

/* Labels that the collection of this record annotated: "A" is the prefix of A0001. */
static uint32_t annotated_labels(const xp_label_table *t, const char *record) {
    for (int i = 0; i < t->n; i++) {
        size_t n = strlen(t->rules[i].text);
        if (!strncmp(record, t->rules[i].text, n) && isdigit((unsigned char)record[n]))
            return t->rules[i].labels;
    }
    return LABELS_ALL;
}

/* True when the word is a code or an abbreviation that says something here or elsewhere. */
static bool add_word(const xp_label_table *t, const char *word, uint32_t *yes,
                     uint32_t *uncertain) {
    bool known = false;
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (strcmp(r->text, word) && strcmp(r->other, word)) continue;
        *(r->value > 0 ? yes : uncertain) |= r->labels;
        known = true;
    }
    return known || !word[strspn(word, "0123456789")];
}

xp_status xp_labels_from_dx(const xp_label_table *snomed, const xp_label_table *annotated,
                            xp_label_options o, const char *record, const char *dx,
                            xp_label_state *out, int *strange, xp_error *err) {
    uint32_t yes = 0, uncertain = 0;
    int words = 0, unread = 0;
    const char *separators = ",; \t\r\n";
    for (const char *p = dx; *(p += strspn(p, separators)); words++) {
        char word[64];
        size_t n = strcspn(p, separators);
        if (n >= sizeof word)
            return xp_fail(err, XP_ERR_FORMAT, "%s: '%.60s...' is not a diagnosis code", record, p);
        memcpy(word, p, n);
        word[n] = 0;
        if (!add_word(snomed, word, &yes, &uncertain)) unread++;
        p += n;
    }
    uint32_t unknown = ~annotated_labels(annotated, record) | (LABELS_ALL & ~snomed->covered);
    /* Words that were not understood, or none at all: absence cannot be concluded. */
    if (!words || unread) unknown = LABELS_ALL;
    *out = labels_settle(yes, uncertain, unknown & LABELS_ALL, o);
    if (strange) *strange = unread;
    return XP_OK;
}
