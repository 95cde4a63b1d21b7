/* Parts by patient and the order of an epoch. */
#include "data/split.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* n records of n / per patients; label 0 in every fourth record, label 1 in every seventh (unknown
 * in every eleventh); fold of the patient, or none. */
static xp_dataset make(size_t n, size_t per, bool folds) {
    static const char *const labels[] = {"a", "b"};
    xp_dataset d;
    xp_error err;
    assert_int_equal(xp_dataset_init(&d, labels, 2, &err), XP_OK);
    for (size_t i = 0; i < n; i++) {
        xp_case one = {.patient = xp_hash(3, &(size_t){i / per}, sizeof(size_t)) >> 1, .fold = -1};
        if (folds) one.fold = (int8_t)(1 + i / per % 10);
        if (i % 4 == 0) xp_case_set(&one, 0, 1);
        if (i % 7 == 0 || i % 11 == 0) xp_case_set(&one, 1, i % 7 ? -1 : 1);
        assert_int_equal(xp_dataset_append(&d, &one, &err), XP_OK);
    }
    return d;
}

static size_t shared(const xp_split *s, const xp_dataset *d) {
    size_t n = 99;
    assert_int_equal(xp_split_shared_patients(s, d, &n, NULL), XP_OK);
    return n;
}

static void check_distinct(const xp_split *s, const xp_dataset *d) {
    bool *seen = calloc(d->n, sizeof *seen);
    for (int p = 0; p < XP_PARTS; p++)
        for (size_t i = 0; i < s->n[p]; i++) {
            assert_true(s->items[p][i] < d->n);
            assert_false(seen[s->items[p][i]]);
            seen[s->items[p][i]] = true;
        }
    free(seen);
    assert_int_equal(shared(s, d), 0);
}

static void test_permutation(void **state) {
    (void)state;
    const uint64_t sizes[] = {1, 2, 3, 5, 64, 1000, 4097};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k];
        bool *seen = calloc(n, sizeof *seen);
        size_t fixed = 0;
        for (uint64_t i = 0; i < n; i++) {
            uint64_t j = xp_shuffled(i, n, 42);
            assert_true(j < n && !seen[j]);
            seen[j] = true;
            fixed += i == j;
            assert_true(j == xp_shuffled(i, n, 42));
        }
        free(seen);
        if (n >= 1000) assert_true(fixed < 12); /* 1 expected */
    }
    size_t same = 0;
    for (uint64_t i = 0; i < 1000; i++) same += xp_shuffled(i, 1000, 1) == xp_shuffled(i, 1000, 2);
    assert_true(same < 12);
    assert_true(xp_shuffled(800000 - 1, 800000, 9) < 800000);
}

static void test_folds(void **state) {
    (void)state;
    xp_dataset d = make(1000, 2, true);
    xp_split s;
    assert_int_equal(xp_split_all(&s, &d, 9, 10, NULL), XP_OK);
    assert_int_equal(s.n[XP_PART_TRAIN], 800);
    assert_int_equal(s.n[XP_PART_VALIDATE], 100);
    assert_int_equal(s.n[XP_PART_TEST], 100);
    check_distinct(&s, &d);
    for (size_t i = 0; i < s.n[XP_PART_TEST]; i++)
        assert_int_equal(d.fold[s.items[XP_PART_TEST][i]], 10);
    size_t counts[3], sum[3] = {0, 0, 0};
    for (int p = 0; p < XP_PARTS; p++) {
        xp_split_count(&s, &d, (xp_part)p, 1, counts);
        for (int k = 0; k < 3; k++) sum[k] += counts[k];
    }
    assert_int_equal(sum[0], 143);     /* 0, 7, ... 994 */
    assert_int_equal(sum[2], 91 - 13); /* multiples of 11 but not of 77 */
    assert_int_equal(sum[0] + sum[1] + sum[2], 1000);
    xp_split_free(&s);
    xp_dataset_free(&d);
}

static void test_hash_of_the_patient(void **state) {
    (void)state;
    xp_dataset d = make(6000, 3, false);
    xp_split s, again;
    assert_int_equal(xp_split_all(&s, &d, 9, 10, NULL), XP_OK);
    check_distinct(&s, &d);
    assert_int_equal(s.n[0] + s.n[1] + s.n[2], 6000);
    assert_in_range(s.n[XP_PART_VALIDATE], 450, 750);
    assert_in_range(s.n[XP_PART_TEST], 450, 750);
    d.n = 3000; /* a patient's part does not depend on who else is there */
    assert_int_equal(xp_split_all(&again, &d, 9, 10, NULL), XP_OK);
    for (int p = 0; p < XP_PARTS; p++)
        assert_memory_equal(s.items[p], again.items[p], again.n[p] * sizeof(uint32_t));
    xp_split_free(&s);
    xp_split_free(&again);
    xp_dataset_free(&d);
}

static void test_folds_not_by_patient_are_refused(void **state) {
    (void)state;
    xp_dataset d = make(100, 2, true);
    xp_split s;
    xp_error err;
    d.fold[17] = 10; /* its patient's other record is in fold 9 */
    assert_int_equal(xp_split_all(&s, &d, 9, 10, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "1 patient"));
    xp_dataset_free(&d);
}

/* So many that patients are looked at in groups. */
static void test_shared_among_many(void **state) {
    (void)state;
    xp_dataset d = make(200000, 4, true);
    xp_split s;
    xp_error err;
    assert_int_equal(xp_split_all(&s, &d, 9, 10, &err), XP_OK);
    assert_int_equal(shared(&s, &d), 0);
    for (size_t i = 0; i < 250; i++) /* a record of patients 0, 200, ..., which are in fold 1 */
        s.items[XP_PART_TEST][i] = (uint32_t)(800 * i);
    assert_int_equal(shared(&s, &d), 250);
    xp_split_free(&s);
    for (size_t i = 0; i < 70; i++) d.fold[4 * i] = d.fold[4 * i] == 10 ? 9 : 10;
    assert_int_equal(xp_split_all(&s, &d, 9, 10, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "70 patients"));
    xp_dataset_free(&d);
}

static void test_draw(void **state) {
    (void)state;
    xp_dataset d = make(4000, 2, true);
    const xp_draw draws[] = {{0, 300}, {1, 200}, {-1, 400}};
    const size_t want[XP_PARTS] = {512, 128, 128};
    xp_split s, again;
    xp_error err;
    assert_int_equal(xp_split_draw(&s, &d, draws, 3, want, 7, &err), XP_OK);
    check_distinct(&s, &d);
    for (int p = 0; p < XP_PARTS; p++) assert_int_equal(s.n[p], want[p]);
    assert_int_equal(s.left_out, 900 - 768);
    for (int p = 0; p < XP_PARTS; p++) { /* labels are spread evenly: 400 of 900 are neg */
        size_t negative = 0;
        for (size_t i = 0; i < s.n[p]; i++) {
            xp_case c = xp_dataset_case(&d, s.items[p][i]);
            negative += c.yes[0] == 0;
            assert_true(c.yes[0] != 0 || c.unknown[0] == 0);
        }
        assert_in_range(negative * 900, s.n[p] * 330, s.n[p] * 470);
    }
    assert_int_equal(xp_split_draw(&again, &d, draws, 3, want, 7, NULL), XP_OK);
    for (int p = 0; p < XP_PARTS; p++)
        assert_memory_equal(s.items[p], again.items[p], s.n[p] * sizeof(uint32_t));
    xp_split_free(&again);
    assert_int_equal(xp_split_draw(&again, &d, draws, 3, want, 8, NULL), XP_OK);
    assert_memory_not_equal(s.items[0], again.items[0], s.n[0] * sizeof(uint32_t));
    xp_split_free(&again);
    xp_split_free(&s);
    const size_t share[XP_PARTS] = {0, 0, 0};
    assert_int_equal(xp_split_draw(&s, &d, draws, 3, share, 7, NULL), XP_OK);
    assert_in_range(s.n[XP_PART_TRAIN], 700, 720);
    check_distinct(&s, &d);
    xp_split_free(&s);
    xp_dataset_free(&d);
}

static void test_too_few(void **state) {
    (void)state;
    xp_dataset d = make(400, 1, false);
    xp_split s;
    xp_error err;
    const xp_draw many[] = {{1, 58}, {0, 101}, {-1, 10}};
    const size_t want[XP_PARTS] = {0, 0, 0}, more[XP_PARTS] = {32, 8, 8};
    assert_int_equal(xp_split_draw(&s, &d, many, 3, want, 1, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "b 58 (asked for 58), a 100 (asked for 101)"));
    const xp_draw taken[] = {{1, 58}, {0, 100}}; /* b takes records that are a's, too */
    assert_int_equal(xp_split_draw(&s, &d, taken, 2, want, 1, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "not drawn for a label before"));
    const xp_draw few[] = {{0, 20}, {-1, 20}};
    assert_int_equal(xp_split_draw(&s, &d, few, 2, more, 1, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "are 48; 40 were drawn"));
    xp_dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_hash_of_the_patient),
        cmocka_unit_test(test_folds_not_by_patient_are_refused),
        cmocka_unit_test(test_shared_among_many),
        cmocka_unit_test(test_draw),
        cmocka_unit_test(test_too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
