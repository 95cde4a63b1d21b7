#include "format_golden.h"
#include "golden_json.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== reference decodings ==================================================================== */

static void check_value(const char *what, const char *lead, double got, const cJSON *v) {
    double want = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    if (isnan(got) != isnan(want) || fabs(got - want) > 1e-5 * fabs(want) + 1e-6)
        fail_msg("%s lead %s: %.9g uV, expected %.9g", what, lead, got, want);
}

/* uv (n): a lead, of the first n samples of the reference. */
static void check_lead(const char *what, const cJSON *block, const cJSON *g, const double *uv,
                       int64_t n) {
    const cJSON *first = cJSON_GetObjectItem(g, "first16_uv"),
                *values = cJSON_GetObjectItem(g, "at_indices_uv"),
                *at = cJSON_GetObjectItem(block, "indices");
    const char *lead = text(g, "name");
    for (int i = 0; i < cJSON_GetArraySize(first); i++)
        check_value(what, lead, uv[i], cJSON_GetArrayItem(first, i));
    for (int i = 0; i < cJSON_GetArraySize(at); i++) {
        int64_t t = (int64_t)cJSON_GetArrayItem(at, i)->valuedouble;
        if (t < n) check_value(what, lead, uv[t], cJSON_GetArrayItem(values, i));
    }
    double min = INFINITY, max = -INFINITY, sum = 0;
    int64_t there = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(uv[i])) continue;
        min = fmin(min, uv[i]);
        max = fmax(max, uv[i]);
        sum += uv[i];
        there++;
    }
    if ((double)n != num(g, "n_samples")) return;
    check_value(what, lead, min, cJSON_GetObjectItem(g, "min_uv"));
    check_value(what, lead, max, cJSON_GetObjectItem(g, "max_uv"));
    check_value(what, lead, sum / (double)there, cJSON_GetObjectItem(g, "mean_uv"));
}

static double uv_per(const char *unit) {
    if (!strcmp(unit, "uV")) return 1;
    if (!strcmp(unit, "mV")) return 1e3;
    fail_msg("unit %s", unit);
    return NAN;
}

static void check_stored(const golden_case *c, const char *path, const cJSON *block, int64_t n) {
    xp_stored w;
    xp_error e;
    const cJSON *leads = cJSON_GetObjectItem(block, "leads");
    if (xp_stored_open_path(&w, path, NULL, &e) || xp_stored_physical(&w, &e))
        fail_msg("%s: %s", c->file, e.text);
    if (w.n_signals != cJSON_GetArraySize(leads) || w.n_frames != n ||
        w.rate != num(block, "sampling_rate_hz"))
        fail_msg("%s: %d leads, %lld samples, %g Hz", c->file, w.n_signals, (long long)w.n_frames,
                 w.rate);
    for (int i = 0; i < w.n_signals; i++) {
        xp_stored_signal *s = &w.signals[i];
        const cJSON *g = cJSON_GetArrayItem(leads, i);
        assert_string_equal(xp_lead_name(xp_lead_parse(s->name)), text(g, "canonical"));
        for (int64_t k = 0; k < n; k++) s->physical[k] *= uv_per(s->units);
        check_lead(c->file, block, g, s->physical, n);
    }
    xp_stored_free(&w);
}

static void check_record(const golden_case *c, const char *path, const cJSON *block, int64_t n) {
    xp_record rec;
    xp_error e;
    const cJSON *leads = cJSON_GetObjectItem(block, "leads");
    double *uv = malloc((size_t)n * sizeof *uv);
    if (xp_record_open_path(&rec, path, NULL, &e)) fail_msg("%s: %s", c->file, e.text);
    assert_int_equal(rec.n_leads, cJSON_GetArraySize(leads));
    assert_true(rec.n == n);
    for (int i = 0; i < rec.n_leads; i++) {
        for (int64_t k = 0; k < n; k++) uv[k] = rec.leads[i].mv[k] * 1e3;
        check_lead(c->file, block, cJSON_GetArrayItem(leads, i), uv, n);
    }
    free(uv);
    xp_record_free(&rec);
}

int check_golden(const golden_case *c) {
    const char *path = shared_path("fixtures/formats/%s", c->file);
    if (!exists(path)) path = shared_path("fixtures/%s", c->file);
    if (!exists(path)) return 0;
    cJSON *g = read_json(shared_path("fixtures/formats/golden/%s.json", c->golden)), *block;
    cJSON_ArrayForEach(
        block, cJSON_GetObjectItem(g, "blocks")) if (!strcmp(text(block, "name"), c->block) &&
                                                     (!c->rate || num(block, "sampling_rate_hz") ==
                                                                      c->rate)) break;
    if (!block) fail_msg("%s: no block %s", c->golden, c->block);
    int64_t n = c->n ? c->n : (int64_t)num(block, "n_samples");
    check_stored(c, path, block, n);
    check_record(c, path, block, n);
    cJSON_Delete(g);
    return 1;
}

/* ==== files in memory ======================================================================== */

xp_status open_bytes(xp_stored *w, const char *name, const void *data, size_t n, xp_error *err) {
    uint8_t *exact = malloc(n + !n); /* sanitizers see the end */
    memcpy(exact, data, n);
    xp_memory_file file = {name, exact, n};
    xp_memory_files files = {&file, 1};
    xp_file_source src = xp_memory_source(&files);
    xp_status s = xp_stored_open(w, &src, name, NULL, err);
    free(exact);
    return s;
}

void check_broken(const char *what, const char *name, const void *data, size_t n,
                  const char *words) {
    xp_stored w;
    xp_error e = {0};
    if (open_bytes(&w, name, data, n, &e) == XP_OK) {
        xp_stored_free(&w);
        fail_msg("%s was read", what);
    }
    if (!strstr(e.text, name)) fail_msg("%s: no file's name: %s", what, e.text);
    for (const char *p = words; *p;) {
        char word[80];
        int k = (int)strcspn(p, "|");
        snprintf(word, sizeof word, "%.*s", k, p);
        if (!strstr(e.text, word)) fail_msg("%s: no \"%s\": %s", what, word, e.text);
        p += k + (p[k] == '|');
    }
}

void check_change(const char *whole, const broken *b) {
    char *text = replaced(whole, b->find, b->put);
    xp_stored w;
    xp_error e;
    if (b->words)
        check_broken(b->what, "a.xml", text, strlen(text), b->words);
    else if (open_bytes(&w, "a.xml", text, strlen(text), &e) == XP_OK)
        xp_stored_free(&w);
    free(text);
}

void check_cuts(const char *name, const void *data, size_t n, size_t step) {
    char what[64];
    for (size_t k = 0; k < n; k += step) {
        snprintf(what, sizeof what, "the first %zu bytes", k);
        check_broken(what, name, data, k, "");
    }
}

char *base64_of(const void *bytes, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = bytes;
    char *out = malloc(n / 3 * 4 + n / 57 * 2 + 16), *q = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t k = n - i < 3 ? n - i : 3;
        uint32_t v =
            (uint32_t)p[i] << 16 | (k > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (k > 2 ? p[i + 2] : 0);
        for (size_t d = 0; d < 4; d++) *q++ = d <= k ? digits[v >> (18 - 6 * d) & 63] : '=';
        if (i % 57 == 54) q += sprintf(q, "\r\n");
    }
    *q = 0;
    return out;
}

char *replaced(const char *text, const char *what, const char *with) {
    const char *at = strstr(text, what);
    if (!at) fail_msg("no %s in the text", what);
    size_t n = strlen(text) + strlen(with) + 1;
    char *out = malloc(n);
    snprintf(out, n, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
    return out;
}

uint8_t *utf16_of(const char *text, int big_endian, size_t *n) {
    size_t k = strlen(text);
    uint8_t *out = calloc(k + 1, 2);
    out[0] = big_endian ? 0xfe : 0xff;
    out[1] = big_endian ? 0xff : 0xfe;
    for (size_t i = 0; i < k; i++) out[2 * i + 2 + (big_endian != 0)] = (uint8_t)text[i];
    *n = 2 * k + 2;
    return out;
}
