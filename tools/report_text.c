#include "report_text.h"

#include "measure_words.h"
#include "nn/meaning.h"

#include <string.h>

static void print_error(const xp_error *err) {
    fflush(stdout);
    fputs("xplaim: ", stderr);
    print_clean(stderr, err->text);
    fprintf(stderr, " [%s]\n", xp_status_name(err->code));
}

static exit_code code_of(const xp_error *err) {
    return err->code == XP_ERR_USAGE ? EXIT_CODE_BAD_USAGE : EXIT_CODE_BAD_INPUT;
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

exit_code report_failure(const char *record, const xp_error *err, bool json) {
    if (!json) {
        print_error(err);
        return code_of(err);
    }
    json_print_line(xp_report_failure(record, err));
    return code_of(err);
}

void report_model_text(const model_file *f) {
    const xp_model *m = &f->model;
    fputs("Model: ", stdout);
    print_clean(stdout, m->name[0] ? m->name : "(no name)");
    printf(" (%s, %d leads, %d samples at %g Hz)", m->architecture, m->n_leads, m->length, m->rate);
    if (f->sha256[0]) printf(", SHA-256 %.12s...", f->sha256);
    puts("");
    char assumed[160];
    if (!m->trained) puts("       " XP_UNTRAINED);
    if (!xp_model_gives_probabilities(m)) puts("       " XP_SCORES);
    if (xp_model_assumed_text(m, assumed, sizeof assumed)[0])
        printf("       " XP_INPUT_ASSUMED("%s") "\n", assumed);
    puts(XP_DISCLAIMER);
}

void report_measured_text(const xp_measured *r, const xp_error *why) {
    enum { SHOWN = 5 }; /* findings: xplaim measure has them all */
    char text[XP_NUMBERS_TEXT];
    if (!r) {
        if (!why) return;
        fputs("  measured: nothing, ", stdout);
        print_clean(stdout, why->text);
        puts("");
        return;
    }
    const xp_quality *q = r->quality;
    printf("  measured: %s\n", xp_numbers_line(r->measures, q, text));
    for (int i = 0; i < q->n_findings && i < SHOWN; i++) {
        fputs("  quality: ", stdout);
        print_clean(stdout, q->findings[i].text);
        puts("");
    }
    if (q->n_findings > SHOWN)
        printf("  quality: %d more findings; `xplaim measure` has them\n", q->n_findings - SHOWN);
}

void report_notices_text(const xp_notices *notices, const char *indent) {
    char text[XP_NOTICE_TEXT];
    for (int i = 0; i < notices->n; i++) {
        const xp_notice_code code = notices->items[i].code;
        if (code == XP_NOTE_MODEL || !xp_notice_is_new(notices, i)) continue;
        printf("%snote [%s] ", indent, xp_notice_name(code));
        print_clean(stdout, xp_notice_text(notices, i, text));
        puts("");
    }
}
