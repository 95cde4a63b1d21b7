/* Memory runs out at every place where it can while a case set is checked, scored and packed. */
#include "scarce.h"
#include "support.h"
#include "wasm_cases.h"

#include <stdlib.h>
#include <string.h>

/* A fuzzer's seed: cases.json, facts and answers, with a NUL between. */
static xp_bytes seed;

static xp_bytes part(int which) {
    const uint8_t *p = seed.data, *end = seed.data + seed.size;
    for (;; which--) {
        const uint8_t *nul = memchr(p, 0, (size_t)(end - p));
        if (!which) return (xp_bytes){p, (size_t)((nul ? nul : end) - p)};
        p = nul + 1;
    }
}

static xp_bytes text(const char *t) {
    return (xp_bytes){(const uint8_t *)t, strlen(t)};
}

static const char PAGE[] = "<title>x</title><ecg-xplaim>"
                           "<script type=\"text/plain\" data-inside=\"a\" data-bytes=\"0\">"
                           "</script>\n<script></script>";

static xp_status lay(xp_cases_desk *d, const char *name, xp_bytes b, xp_error *err) {
    uint8_t *copy = xp_wasm_alloc(b.size);
    if (copy && b.size) memcpy(copy, b.data, b.size);
    if (copy && xp_cases_lay(d, name, copy, b.size)) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
}

static xp_status lay_all(xp_cases_desk *d, const char *work, xp_error *err) {
    if (strcmp(work, "bundle")) {
        XP_TRY(lay(d, "", part(0), err));
        return lay(d, "", part(!strcmp(work, "score") ? 2 : 1), err);
    }
    XP_TRY(lay(d, "", text(PAGE), err));
    XP_TRY(lay(d, "", part(0), err));
    return lay(d, "records/one.hea", part(1), err);
}

static xp_status run(xp_cases_desk *d, const char *work, scarce_result *r, xp_error *err) {
    XP_TRY(lay_all(d, work, err));
    const xp_status s = (xp_status)xp_cases_work(d, work);
    if (s != XP_OK) return xp_fail(err, s, "%s", "refused");
    scarce_add(r, xp_cases_text(d), xp_cases_size(d));
    return XP_OK;
}

static xp_status at_a_desk(void *ctx, scarce_result *r, xp_error *err) {
    xp_cases_desk *d = xp_cases_open();
    if (!d) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    xp_status s = run(d, ctx, r, err);
    xp_cases_close(d);
    return s;
}

static void every_work_ends_well(void **state) {
    (void)state;
    static const char *const works[] = {"check", "score", "manifest", "bundle", "sha256"};
    seed = read_file(data_path("../fuzz/seeds/cases/whole"));
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        scarce_check(works[i], at_a_desk, (void *)(uintptr_t)works[i]);
    free((void *)(uintptr_t)seed.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_work_ends_well)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
