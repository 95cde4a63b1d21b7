/* Golden values of the file formats: JSON with blocks of leads, as
 * shared/fixtures/formats/README.md describes it, against signals as a reader stores them. */
#ifndef XP_TEST_GOLDEN_BLOCKS_H
#define XP_TEST_GOLDEN_BLOCKS_H

#include "ecg/reader_path.h"
#include "ecg/source_memory.h"
#include "support.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static inline double golden_number(const cJSON *j, const char *key) {
    const cJSON *v = cJSON_GetObjectItem(j, key);
    return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

static inline const char *golden_text(const cJSON *j, const char *key) {
    const char *t = cJSON_GetStringValue(cJSON_GetObjectItem(j, key));
    return t ? t : "";
}

/* Microvolt of a unit; units without volts are kept as they are. */
static inline double golden_unit(const char *units) {
    return !strcasecmp(units, "V")    ? 1e6
           : !strcasecmp(units, "mV") ? 1e3
           : !strcasecmp(units, "nV") ? 1e-3
                                      : 1;
}

static inline void golden_value(const char *lead, int64_t at, double got, const cJSON *v) {
    double want = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    if (isnan(got) != isnan(want) || fabs(got - want) > 1e-5 * fabs(want) + 1e-9)
        fail_msg("%s: at %lld %.9g uV, expected %.9g", lead, (long long)at, got, want);
}

static inline void golden_lead(const xp_stored_signal *s, const cJSON *g, const cJSON *at) {
    const char *name = golden_text(g, "name");
    double uv = golden_unit(s->units), sum = 0, low = INFINITY, high = -INFINITY;
    int64_t missing = 0;
    if ((double)s->n != golden_number(g, "n_samples"))
        fail_msg("%s: %lld samples", name, (long long)s->n);
    for (int64_t i = 0; i < s->n; i++) {
        double v = s->physical[i] * uv;
        missing += isnan(v);
        if (isnan(v)) continue;
        sum += v;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    for (int i = 0; i < 16; i++)
        golden_value(name, i, s->physical[i] * uv,
                     cJSON_GetArrayItem(cJSON_GetObjectItem(g, "first16_uv"), i));
    for (int i = 0; i < cJSON_GetArraySize(at); i++) {
        int64_t k = (int64_t)cJSON_GetArrayItem(at, i)->valuedouble;
        golden_value(name, k, s->physical[k] * uv,
                     cJSON_GetArrayItem(cJSON_GetObjectItem(g, "at_indices_uv"), i));
    }
    golden_value(name, -1, low, cJSON_GetObjectItem(g, "min_uv"));
    golden_value(name, -2, high, cJSON_GetObjectItem(g, "max_uv"));
    double mean = sum / (double)(s->n - missing), want = golden_number(g, "mean_uv");
    if (fabs(mean - want) > 1e-5 * (fabs(want) + high - low))
        fail_msg("%s: mean %.9g uV, expected %.9g", name, mean, want);
    const cJSON *gap = cJSON_GetObjectItem(g, "n_nonfinite");
    if (gap && (double)missing != gap->valuedouble)
        fail_msg("%s: %lld samples are missing", name, (long long)missing);
}

/* The signal of a golden lead: by its name in the file, or what that name stands for. */
static inline const xp_stored_signal *golden_signal(const xp_stored *w, const cJSON *lead) {
    xp_lead_id id = xp_lead_parse(golden_text(lead, "canonical"));
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        if (!strcmp(s->name, golden_text(lead, "name")) ||
            (id != XP_LEAD_NONE && xp_lead_parse(s->name) == id))
            return s;
    }
    fail_msg("%s: no signal %s", w->name, golden_text(lead, "name"));
    return NULL;
}

/* Compares all leads of the blocks that the file's signals are; returns how many. Blocks of the
 * names in `not` (which may be NULL) are passed over. */
static inline int golden_compare(const char *name, const char *file, const char * not ) {
    xp_stored w;
    xp_error e;
    int n = 0;
    xp_bytes text = read_file(shared_path("fixtures/formats/golden/%s.json", name));
    cJSON *g = cJSON_Parse((const char *)text.data), *block;
    free((void *)(uintptr_t)text.data);
    if (!g) fail_msg("%s.json is no JSON", name);
    if (xp_stored_open_path(&w, shared_path("fixtures/formats/%s", file), NULL, &e))
        fail_msg("%s", e.text);
    if (xp_stored_physical(&w, &e)) fail_msg("%s", e.text);
    cJSON_ArrayForEach(block, cJSON_GetObjectItem(g, "blocks")) {
        const cJSON *leads = cJSON_GetObjectItem(block, "leads"), *lead;
        if (not &&!strcmp(golden_text(block, "name"), not )) continue;
        cJSON_ArrayForEach(lead, leads) {
            const xp_stored_signal *s = golden_signal(&w, lead);
            double rate = golden_number(block, "sampling_rate_hz");
            if (fabs(w.rate * s->samples_per_frame - rate) > 1e-5 * rate)
                fail_msg("%s: %g Hz, expected %g", s->name, w.rate * s->samples_per_frame, rate);
            golden_lead(s, lead, cJSON_GetObjectItem(block, "indices"));
            n++;
        }
    }
    cJSON_Delete(g);
    xp_stored_free(&w);
    return n;
}

/* ---- files in memory ---- */

static inline xp_status open_bytes(xp_stored *w, const char *name, const void *data, size_t size,
                                   xp_error *e) {
    xp_memory_file file = {name, data, size};
    xp_memory_files all = {&file, 1};
    xp_file_source src = xp_memory_source(&all);
    return xp_stored_open(w, &src, name, NULL, e);
}

static inline xp_status open_record(xp_record *r, const char *name, const void *data, size_t size,
                                    xp_error *e) {
    xp_memory_file file = {name, data, size};
    xp_memory_files all = {&file, 1};
    xp_file_source src = xp_memory_source(&all);
    return xp_record_open(r, &src, name, NULL, e);
}

/* A file that is not read: one sentence or two, with these words; the result untouched. */
static inline void assert_refused(const char *what, const char *name, const void *data, size_t size,
                                  xp_status status, const char *words, const char *more) {
    xp_stored w = {.n_signals = -77};
    xp_error e = {0};
    uint8_t *exact = malloc(size + !size); /* sanitizers see the end */
    if (size) memcpy(exact, data, size);
    xp_status s = open_bytes(&w, name, exact, size, &e);
    free(exact);
    if (s != status || e.code != s || !strstr(e.text, name) || !strstr(e.text, words) ||
        !strstr(e.text, more) || strchr(e.text, '\n'))
        fail_msg("%s: %s: %s", what, xp_status_name(s), e.text);
    assert_int_equal(w.n_signals, -77);
}

/* Every cut of a file is refused with a message that names the file, or read as a shorter one. */
static inline void assert_cuts_are_safe(const char *name, const void *data, size_t size,
                                        size_t step) {
    for (size_t n = 0; n < size; n += n < 2048 ? 1 : step) {
        xp_stored w;
        xp_error e = {0};
        uint8_t *exact = malloc(n + !n);
        if (n) memcpy(exact, data, n);
        if (open_bytes(&w, name, exact, n, &e) == XP_OK)
            xp_stored_free(&w);
        else if (!strstr(e.text, name) || strchr(e.text, '\n'))
            fail_msg("cut to %zu bytes: %s", n, e.text);
        free(exact);
    }
}

static inline const xp_statement *find_statement(const xp_facts *f, const char *name,
                                                 const char *in_text) {
    for (int i = 0; i < f->n_statements; i++)
        if (!strcmp(f->statements[i].name, name) && strstr(f->statements[i].text, in_text))
            return &f->statements[i];
    return NULL;
}

#endif
