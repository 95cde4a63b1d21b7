/* What the quality gate says of records that tests/bench/quality.py sends: on standard input, for
 * each record a line "RATE SAMPLES LEADS NAME..." and LEADS x SAMPLES floats in mV, lead by lead;
 * on standard output a line of JSON. */
#include "measure/reversal.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_number(const char *key, double v, const char *end) {
    if (isfinite(v))
        printf("\"%s\": %.9g%s", key, v, end);
    else
        printf("\"%s\": null%s", key, end);
}

static void print_quality(const xp_quality *q, const xp_record *rec, double seconds) {
    printf("{\"grade\": \"%s\", \"seconds\": %.6f, \"findings\": [",
           xp_quality_grade_name(q->grade), seconds);
    for (int i = 0; i < q->n_findings; i++) {
        const xp_quality_finding *f = &q->findings[i];
        printf("%s{\"code\": \"%s\", \"lead\": \"%s\", \"electrodes\": \"%s\", \"text\": \"%s\", ",
               i ? ", " : "", xp_quality_name(f->code), f->lead_name, f->electrodes, f->text);
        print_number("start_s", f->start_s, ", ");
        print_number("end_s", f->end_s, ", ");
        print_number("value", f->value, "}");
    }
    printf("], \"leads\": [");
    for (int i = 0; i < q->n_leads; i++) {
        const xp_quality_lead *l = &q->leads[i];
        printf("%s{\"lead\": \"%s\", \"usable\": %s, ", i ? ", " : "", rec->leads[i].name,
               l->usable ? "true" : "false");
        print_number("noise_uv", l->noise_uv, ", ");
        print_number("baseline_uv", l->baseline_uv, ", ");
        print_number("mains_uv", l->mains_uv, ", ");
        printf("\"mains_hz\": %d}", l->mains_hz);
    }
    printf("], ");
}

/* The median beat as the detector of swaps sees it, lead by lead; [] where it cannot be judged. */
static void print_basis(const xp_median_beat *beat, const xp_record *rec) {
    float basis[XP_REVERSAL_LEADS][XP_REVERSAL_POINTS];
    const int n = xp_reversal_basis(basis, beat, rec) ? XP_REVERSAL_LEADS * XP_REVERSAL_POINTS : 0;
    printf("\"basis\": [");
    for (int i = 0; i < n; i++)
        printf("%s%.5g", i ? ", " : "",
               (double)basis[i / XP_REVERSAL_POINTS][i % XP_REVERSAL_POINTS]);
    printf("]}\n");
    fflush(stdout);
}

static int read_record(xp_record *rec) {
    double rate;
    long n;
    int n_leads;
    if (scanf("%lf %ld %d", &rate, &n, &n_leads) != 3) return 0;
    if (xp_record_alloc(rec, "probe", rate, n_leads, n, NULL) != XP_OK) return 0;
    for (int i = 0; i < n_leads; i++) {
        if (scanf("%31s", rec->leads[i].name) != 1) return 0;
        rec->leads[i].id = xp_lead_parse(rec->leads[i].name);
    }
    getchar();
    for (int i = 0; i < n_leads; i++)
        if (fread(rec->leads[i].mv, sizeof(float), (size_t)n, stdin) != (size_t)n) return 0;
    return 1;
}

static xp_status judge(const xp_record *rec) {
    xp_quality q;
    xp_measures m;
    const double start = xp_seconds_now();
    XP_TRY(xp_quality_assess(&q, rec, NULL));
    const double seconds = xp_seconds_now() - start;
    XP_TRY(xp_measure(&m, rec, &q, NULL));
    XP_TRY(xp_reversal_find(&q, &m.median, rec, NULL));
    print_quality(&q, rec, seconds);
    print_basis(&m.median, rec);
    xp_measures_free(&m);
    xp_quality_free(&q);
    return XP_OK;
}

int main(void) {
    xp_record rec = {0};
    while (read_record(&rec)) {
        if (judge(&rec) != XP_OK) return 1;
        xp_record_free(&rec);
    }
    return 0;
}
