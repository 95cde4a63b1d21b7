/* A record as a block of bytes: the same there and back, and no block of any origin does harm. */
#include "support.h"

#include "base/rng.h"
#include "ecg/record_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 50, LEADS = 3 };

/* Something in every field. */
static xp_record sample(void) {
    xp_record r;
    xp_error err;
    assert_int_equal(xp_record_alloc(&r, "né", 487.5, LEADS, SAMPLES, &err), XP_OK);
    strcpy(r.format, "DICOM");
    static const xp_lead leads[LEADS] = {
        {.name = "II", .id = XP_LEAD_II, .calibrated = true, .n_missing = 1},
        {.name = "aVR", .id = XP_LEAD_AVR, .derived = true},
        {.name = "X", .id = XP_LEAD_NONE, .calibrated = true, .n_missing = SAMPLES}};
    for (int i = 0; i < LEADS; i++) {
        float *mv = r.leads[i].mv;
        r.leads[i] = leads[i];
        r.leads[i].mv = mv;
        for (int t = 0; i < 2 && t < SAMPLES; t++) mv[t] = sinf((float)(t + i));
    }
    r.leads[0].mv[7] = NAN;
    r.facts.age = 61;
    r.facts.sex = 'F';
    strcpy(r.facts.device, "Maker model");
    strcpy(r.facts.patient_name, "DOE^JANE");
    strcpy(r.facts.birth_date, "1964-01-01");
    r.facts.high_pass = 0.05;
    assert_true(xp_facts_state(&r.facts, "pr_interval", 162, "ms", NULL));
    assert_true(xp_facts_state(&r.facts, "statement", NAN, NULL, "Sinus rhythm"));
    assert_true(xp_facts_state(&r.facts, "comment", NAN, NULL, "µ"));
    xp_notice_add(&r.notices, XP_SAY_UNCALIBRATED, "II",
                  XP_ARGS(xp_arg_text("file", "a.hea"), xp_arg_number("line", 2),
                          xp_arg_number("gain", 200), xp_arg_text("units", "mV"),
                          xp_arg_text("absent", "gain")));
    xp_notice_add(&r.notices, XP_SAY_UNTRAINED, NULL, XP_NO_ARGS);
    return r;
}

static xp_bytes block_of(const xp_record *r) {
    uint8_t *bytes;
    size_t size;
    xp_error err;
    assert_int_equal(xp_record_to_bytes(&bytes, &size, r, &err), XP_OK);
    return (xp_bytes){bytes, size};
}

static void assert_same_text(const xp_record *a, const xp_record *b) {
    char x[XP_NOTICE_TEXT], y[XP_NOTICE_TEXT];
    assert_int_equal(a->notices.n, b->notices.n);
    for (int i = 0; i < a->notices.n; i++) {
        assert_string_equal(xp_notice_text(&a->notices, i, x), xp_notice_text(&b->notices, i, y));
        assert_int_equal(a->notices.items[i].code, b->notices.items[i].code);
    }
}

static void comes_back_as_it_was(void **state) {
    (void)state;
    xp_record r = sample(), back;
    xp_error err;
    xp_bytes block = block_of(&r);
    assert_int_equal(xp_record_from_bytes(&back, block, &err), XP_OK);
    assert_string_equal(back.name, r.name);
    assert_string_equal(back.format, "DICOM");
    assert_true(back.rate == 487.5);
    assert_int_equal(back.n, SAMPLES);
    assert_int_equal(back.n_leads, LEADS);
    for (int i = 0; i < LEADS; i++) {
        const xp_lead *a = &r.leads[i], *b = &back.leads[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->id, b->id);
        assert_true(a->derived == b->derived && a->calibrated == b->calibrated);
        assert_int_equal(a->n_missing, b->n_missing);
        assert_memory_equal(a->mv, b->mv, SAMPLES * sizeof(float));
    }
    assert_int_equal(back.facts.n_statements, 3);
    assert_true(back.facts.statements[0].value == 162 && isnan(back.facts.statements[1].value));
    assert_string_equal(back.facts.statements[2].text, "µ");
    assert_string_equal(back.facts.patient_name, "DOE^JANE");
    assert_true(back.facts.age == 61 && back.facts.sex == 'F' && isnan(back.facts.notch));
    assert_same_text(&r, &back);
    xp_bytes again = block_of(&back);
    assert_int_equal(again.size, block.size);
    assert_memory_equal(again.data, block.data, block.size);
    free((void *)again.data);
    free((void *)block.data);
    xp_record_free(&back);
    xp_record_free(&r);
}

/* No error leaves anything behind: the sanitizers watch. */
static void refuses_what_is_cut(void **state) {
    (void)state;
    xp_record r = sample(), back;
    xp_bytes block = block_of(&r);
    for (size_t n = 0; n < block.size; n++) {
        uint8_t *part = malloc(n ? n : 1); /* reading past its end is seen */
        xp_error err = {0};
        memcpy(part, block.data, n);
        assert_int_equal(xp_record_from_bytes(&back, (xp_bytes){part, n}, &err), XP_ERR_FORMAT);
        assert_true(strlen(err.text) > 20);
        free(part);
    }
    uint8_t *longer = calloc(1, block.size + 1);
    memcpy(longer, block.data, block.size);
    assert_int_equal(xp_record_from_bytes(&back, (xp_bytes){longer, block.size + 1}, NULL),
                     XP_ERR_FORMAT);
    free(longer);
    free((void *)block.data);
    xp_record_free(&r);
}

static void takes_no_other_version(void **state) {
    (void)state;
    xp_record r = sample(), back;
    xp_bytes block = block_of(&r);
    for (int i = 0; i < 12; i++) {
        uint8_t *p = (uint8_t *)(uintptr_t)block.data + i;
        *p ^= 1;
        assert_int_equal(xp_record_from_bytes(&back, block, NULL), XP_ERR_FORMAT);
        *p ^= 1;
    }
    free((void *)block.data);
    xp_record_free(&r);
}

/* A record of absurd counts takes no memory for them. */
static void bounds_what_it_takes(void **state) {
    (void)state;
    xp_record r = sample(), back;
    xp_bytes block = block_of(&r);
    uint8_t *samples = (uint8_t *)(uintptr_t)block.data + 12 + 4 + strlen(r.name) + 4 + 5 + 8;
    assert_int_equal(xp_load_le(samples, 8), SAMPLES);
    static const uint64_t absurd[] = {SAMPLES + 1, 1u << 30, UINT64_C(1) << 40, INT64_MAX,
                                      UINT64_MAX};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        xp_store_le(samples, absurd[i], 8);
        assert_int_equal(xp_record_from_bytes(&back, block, NULL), XP_ERR_FORMAT);
    }
    xp_store_le(samples, SAMPLES, 8);
    xp_store_le(samples + 8, 0x7fffffff, 4);
    assert_int_equal(xp_record_from_bytes(&back, block, NULL), XP_ERR_FORMAT);
    xp_store_le(samples, 0, 8);
    assert_int_not_equal(xp_record_from_bytes(&back, block, NULL), XP_OK);
    free((void *)block.data);
    xp_record_free(&r);
}

/* Bytes changed anywhere: an error, or a record that can be written again. */
static void survives_any_change(void **state) {
    (void)state;
    xp_record r = sample(), back;
    xp_bytes block = block_of(&r);
    uint8_t *bytes = (uint8_t *)(uintptr_t)block.data;
    const size_t text = block.size - LEADS * SAMPLES * sizeof(float);
    xp_rng rng = xp_rng_seed(5);
    for (int round = 0; round < 20000; round++) {
        size_t at = xp_rng_below(&rng, (uint32_t)text);
        uint8_t was = bytes[at];
        bytes[at] = (uint8_t)xp_rng_below(&rng, 256);
        if (xp_record_from_bytes(&back, block, NULL) == XP_OK) {
            xp_bytes again = block_of(&back);
            free((void *)again.data);
            xp_record_free(&back);
        }
        bytes[at] = was;
    }
    free((void *)block.data);
    xp_record_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was), cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(takes_no_other_version), cmocka_unit_test(bounds_what_it_takes),
        cmocka_unit_test(survives_any_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
