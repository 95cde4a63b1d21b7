#include "report.h"

#include <ctype.h>
#include <string.h>

cJSON *report_begin(const char *record) {
    cJSON *o = cJSON_CreateObject();
    if (record) cJSON_AddItemToObject(o, "record", json_text(record));
    cJSON_AddItemToObject(o, "disclaimer", json_text(DISCLAIMER));
    return o;
}

cJSON *report_model(const model_file *f) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "name", json_text(f->model.name));
    cJSON_AddItemToObject(o, "sha256", json_text_or_null(f->sha256));
    cJSON_AddItemToObject(o, "architecture", json_text(f->model.architecture));
    cJSON_AddBoolToObject(o, "trained", f->model.trained);
    return o;
}

cJSON *report_notices(const xp_notices *notices) {
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < notices->n; i++) {
        const xp_notice *n = &notices->items[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToObject(o, "code", json_text(xp_notice_name(n->code)));
        cJSON_AddItemToObject(o, "lead", json_text_or_null(n->lead));
        cJSON_AddItemToObject(o, "text", json_text(n->text));
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

cJSON *report_label(const xp_label *l) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "name", json_text(l->name));
    cJSON_AddItemToObject(o, "long_name", json_text(l->long_name));
    cJSON_AddItemToObject(o, "threshold", json_number(l->threshold));
    cJSON_AddItemToObject(o, "threshold_source", json_text_or_null(l->threshold_source));
    cJSON_AddItemToObject(o, "auroc", json_number(l->auroc));
    cJSON_AddItemToObject(o, "auroc_low", json_number(l->auroc_low));
    cJSON_AddItemToObject(o, "auroc_high", json_number(l->auroc_high));
    cJSON_AddItemToObject(o, "n_positive",
                          l->n_positive >= 0 ? json_integer(l->n_positive) : cJSON_CreateNull());
    return o;
}

static cJSON *label_result(const xp_label *l, float probability, float logit) {
    cJSON *o = report_label(l);
    bool known = l->threshold == l->threshold;
    cJSON_AddItemToObject(o, "probability", json_number(probability));
    cJSON_AddItemToObject(o, "logit", json_number(logit));
    cJSON_AddItemToObject(o, "at_or_above_threshold",
                          known ? cJSON_CreateBool((double)probability >= l->threshold)
                                : cJSON_CreateNull());
    return o;
}

cJSON *report_labels(const xp_model *m, const xp_analysis *a, int label) {
    cJSON *list = cJSON_CreateArray();
    int from = label < 0 ? 0 : label, to = label < 0 ? m->n_labels : label + 1;
    for (int i = from; i < to; i++) {
        int window;
        float p = xp_analysis_probability(a, i, &window);
        float logit = a->logits[(size_t)window * (size_t)a->n_labels + (size_t)i];
        cJSON_AddItemToArray(list, label_result(&m->labels[i], p, logit));
    }
    return list;
}

cJSON *report_window(const xp_input *in, int window) {
    cJSON *o = cJSON_CreateObject();
    double start = (double)in->start[window] / in->rate;
    double padded = (double)(in->length - in->valid[window]) / in->rate;
    cJSON_AddItemToObject(o, "start_s", json_number(start));
    cJSON_AddItemToObject(o, "end_s", json_number(start + in->length / in->rate));
    cJSON_AddItemToObject(o, "padded_s", json_number(padded));
    return o;
}

static void print_error(const xp_error *err) {
    fflush(stdout);
    fputs("xplaim: ", stderr);
    print_clean(stderr, err->text);
    fprintf(stderr, " [%s]\n", xp_status_name(err->code));
}

static exit_code code_of(const xp_error *err) {
    return err->code == XP_ERR_USAGE ? EXIT_CODE_BAD_USAGE : EXIT_CODE_BAD_INPUT;
}

exit_code report_fatal(const xp_error *err) {
    print_error(err);
    return code_of(err);
}

xp_status report_refusal(xp_error *err, const char *record) {
    xp_fail_prefix(err, err->code, "%s", record);
    size_t n = strlen(err->text);
    if (err->code == XP_ERR_UNITS)
        snprintf(err->text + n, sizeof err->text - n, " (option --accept-amplitude)");
    if (err->code == XP_ERR_LEAD_UNKNOWN)
        snprintf(err->text + n, sizeof err->text - n,
                 "; or take absent leads as 0 mV (option --accept-missing-leads)");
    return err->code;
}

exit_code report_fatal_as(const xp_error *err, bool json) {
    return report_failure(NULL, err, json);
}

exit_code report_failure(const char *record, const xp_error *err, bool json) {
    if (!json) return report_fatal(err);
    cJSON *o = report_begin(record), *e = cJSON_CreateObject();
    cJSON_AddItemToObject(e, "code", json_text(xp_status_name(err->code)));
    cJSON_AddItemToObject(e, "text", json_text(err->text));
    cJSON_AddItemToObject(o, "error", e);
    json_print_line(o);
    return code_of(err);
}

void report_model_text(const model_file *f) {
    const xp_model *m = &f->model;
    fputs("Model: ", stdout);
    print_clean(stdout, m->name[0] ? m->name : "(no name)");
    printf(" (%s, %d leads, %d samples at %g Hz)", m->architecture, m->n_leads, m->length, m->rate);
    if (f->sha256[0]) printf(", SHA-256 %.12s...", f->sha256);
    puts("");
    if (!m->trained) puts("       " UNTRAINED_TEXT);
    puts(DISCLAIMER);
}

/* How many characters at text are the notice's own lead. */
static size_t own_lead(const xp_notice *n, const char *text) {
    size_t size = strlen(n->lead);
    return size && !strncmp(text, n->lead, size) && !isalnum((unsigned char)text[size]) ? size : 0;
}

/* Whether two notices say the same but for their leads and the lines of the header. */
static bool alike(const xp_notice *a, const xp_notice *b) {
    const char *p = a->text, *q = b->text;
    if (a->code != b->code || !a->lead[0] || !b->lead[0]) return false;
    while (*p || *q) {
        bool start = p == a->text || !isalnum((unsigned char)p[-1]);
        size_t m = start ? own_lead(a, p) : 0, n = start ? own_lead(b, q) : 0;
        bool line = p - a->text >= 5 && !memcmp(p - 5, "line ", 5);
        if (line) m = strspn(p, "0123456789"), n = strspn(q, "0123456789");
        if ((m && n) || (*p == *q && *p)) {
            p += m && n ? m : 1;
            q += m && n ? n : 1;
        } else {
            return false;
        }
    }
    return true;
}

static bool said_before(const xp_notices *notices, int i) {
    for (int k = 0; k < i; k++)
        if (alike(&notices->items[k], &notices->items[i])) return true;
    return false;
}

void report_notices_text(const xp_notices *notices, const char *indent) {
    for (int i = 0; i < notices->n; i++) {
        const xp_notice *n = &notices->items[i];
        if (n->code == XP_NOTE_MODEL || said_before(notices, i)) continue;
        printf("%snote [%s] ", indent, xp_notice_name(n->code));
        print_clean(stdout, n->text);
        for (int k = i + 1, more = 0; k < notices->n; k++) {
            if (!alike(n, &notices->items[k])) continue;
            fputs(more++ ? ", " : "; likewise ", stdout);
            print_clean(stdout, notices->items[k].lead);
        }
        puts("");
    }
}
