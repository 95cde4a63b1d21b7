/* Batches of a data set: order, shares, changes, windows of long records. */
#include "dataset_records.h"

typedef struct seen {
    uint32_t items[64];
    float first[64];
    size_t n, batches;
} seen;

/* In order, for one process. */
static xp_loader_options options(const xp_dataset *d, xp_reader *r, const uint32_t *items, size_t n,
                                 int batch) {
    return (xp_loader_options){
        .data = d, .reader = r, .spec = &SPEC, .items = items, .n = n, .batch = batch, .size = 1};
}

static seen run_epoch(xp_loader *l, uint64_t epoch, size_t first, size_t end) {
    seen s = {.n = 0};
    xp_error err;
    xp_loader_start(l, epoch, first, end);
    for (;;) {
        xp_batch b;
        if (xp_loader_next(l, &b, &err) != XP_OK) fail_msg("%s", err.text);
        if (!b.x) return s;
        s.batches++;
        for (int i = 0; i < b.n; i++, s.n++) {
            s.items[s.n] = b.items[i];
            s.first[s.n] = b.x[i * LENGTH * 3 + 3];
            assert_true(b.y[i * 2 + 1] == (b.items[i] == 0 || b.items[i] == 3));
        }
    }
}

static void test_batches(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    uint32_t items[N];
    for (uint32_t i = 0; i < N; i++) items[i] = i;
    xp_augment change = {.gain = {0.5, 2}, .noise = 0.1};
    xp_loader_options o = options(&d, r, items, N, 4);
    o.shuffle = true;
    o.seed = 9;
    xp_loader *l;
    assert_int_equal(xp_loader_batches(&o), 2);
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    seen a = run_epoch(l, 0, 0, 99), b = run_epoch(l, 0, 0, 99), c = run_epoch(l, 1, 0, 99);
    assert_int_equal(a.n, 8);
    assert_int_equal(a.batches, 2);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(a.items, c.items, 8 * sizeof *a.items);
    for (size_t i = 0; i < a.n; i++)
        for (size_t k = 0; k < i; k++) assert_true(a.items[i] != a.items[k]);
    b = run_epoch(l, 0, 1, 2); /* the middle of an epoch */
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.items, a.items + 4, 4 * sizeof *a.items);
    xp_loader_start(l, 5, 0, 99); /* given up at once */
    xp_loader_free(l);

    o.augment = &change;
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    b = run_epoch(l, 0, 0, 99);
    assert_memory_equal(a.items, b.items, sizeof a.items);
    assert_memory_not_equal(a.first, b.first, 8 * sizeof *a.first);
    c = run_epoch(l, 0, 1, 2);
    assert_memory_equal(b.first + 4, c.first, 4 * sizeof *b.first);
    xp_loader_free(l);

    seen half[2]; /* two processes have what one has */
    for (int rank = 0; rank < 2; rank++) {
        o.rank = rank;
        o.size = 2;
        assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
        half[rank] = run_epoch(l, 0, 0, 99);
        assert_int_equal(half[rank].n, 4);
        xp_loader_free(l);
    }
    for (size_t i = 0; i < 8; i++)
        assert_true(half[i / 2 % 2].first[i / 4 * 2 + i % 2] == b.first[i]);

    o = options(&d, r, items, N, 4);
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK); /* in order, last batch short */
    a = run_epoch(l, 0, 0, 99);
    assert_int_equal(a.n, N);
    assert_int_equal(a.batches, 3);
    assert_memory_equal(a.items, items, sizeof items);
    xp_loader_free(l);
    o.size = 5;
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_ERR_USAGE);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

/* Each window of a long record comes in some epoch, the same in a second run; not shuffled, it is
 * the first. */
static void test_batches_of_windows(void **state) {
    (void)state;
    write_record(4, 1250, 1);
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    const uint32_t items[] = {4, 5};
    xp_loader_options o = options(&d, r, items, 2, 2);
    o.shuffle = true;
    o.seed = 9;
    xp_loader *l;
    int seen_windows = 0, drawn_before[12];
    for (int shuffle = 1; shuffle >= 0; shuffle--) {
        o.shuffle = shuffle;
        assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
        for (uint64_t epoch = 0; epoch < 24; epoch++) {
            xp_batch b;
            xp_loader_start(l, epoch % 12, 0, 1);
            assert_int_equal(xp_loader_next(l, &b, NULL), XP_OK);
            int k = b.items[0] == 4 ? 0 : 1, w = 0;
            const float *x = b.x + k * LENGTH * 3;
            assert_true(b.windows[k] == 3 && b.windows[1 - k] == 1);
            while (w < 3 && x[0] != want(4, w == 2 ? 750 : w * LENGTH, 0)) w++;
            check_window(x, 4, w == 2 ? 750 : w * LENGTH);
            if (!shuffle) assert_int_equal(w, 0);
            if (shuffle && epoch >= 12) assert_int_equal(drawn_before[epoch - 12], w);
            if (epoch < 12) drawn_before[epoch] = w;
            seen_windows |= 1 << w;
        }
        xp_loader_free(l);
    }
    assert_int_equal(seen_windows, 7);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

static void test_batches_tell_what_is_missing(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, false);
    uint32_t items[N];
    for (uint32_t i = 0; i < N; i++) items[i] = i;
    const xp_loader_options o = options(&d, r, items, N, 2);
    xp_loader *l;
    xp_batch b;
    xp_error err;
    unlink(in("r5.hea"));
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    xp_loader_start(l, 0, 0, 99);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "r5"));
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_null(b.x);
    xp_loader_free(l);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_batches),
        T(test_batches_of_windows),
        T(test_batches_tell_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
