/* Writers: what is written reads back as the same samples, and says no more than it may. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "ecg/write/write.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 600 };

/* Two leads; the second at twice the rate where spf is 2. */
static xp_stored make(int spf, double baseline) {
    xp_stored w;
    xp_error e;
    if (xp_stored_alloc(&w, "r", 250, 2, (int64_t[]){N, N * spf}, &e)) fail_msg("%s", e.text);
    w.n_frames = N;
    w.format = "test";
    w.signals[1].samples_per_frame = spf;
    for (int k = 0; k < 2; k++) {
        xp_stored_signal *s = &w.signals[k];
        snprintf(s->name, sizeof s->name, k ? "V1" : "I");
        snprintf(s->units, sizeof s->units, k ? "uV" : "mV");
        s->gain = k ? 0.2 : 204.8;
        s->baseline = k ? baseline : 0;
        s->missing = -32768;
        for (int64_t i = 0; i < s->n; i++) s->digital[i] = (int32_t)((i * 7919) % 5000) - 2500;
        s->digital[5] = s->missing;
        s->n_missing = 1;
    }
    return w;
}

static xp_stored read_back(const xp_written *files, const char *name) {
    xp_memory_file list[XP_WRITTEN_MOST];
    for (int i = 0; i < files->n; i++)
        list[i] = (xp_memory_file){files->files[i].name, files->files[i].bytes.data,
                                   files->files[i].bytes.size};
    xp_memory_files all = {list, files->n};
    xp_file_source src = xp_memory_source(&all);
    xp_read_options opt = {.rate = 250, .unit = "mV", .columns = "I,V1"};
    bool array = strstr(name, ".npy") != NULL;
    xp_stored w;
    xp_error e;
    if (xp_stored_open(&w, &src, name, array ? &opt : NULL, &e)) fail_msg("%s: %s", name, e.text);
    return w;
}

static void same_values(xp_stored *a, xp_stored *b, double tolerance) {
    xp_error e;
    assert_int_equal(xp_stored_physical(a, &e), XP_OK);
    assert_int_equal(xp_stored_physical(b, &e), XP_OK);
    assert_int_equal(a->n_signals, b->n_signals);
    for (int k = 0; k < a->n_signals; k++) {
        const xp_stored_signal *s = &a->signals[k], *t = &b->signals[k];
        double ta, oa, tb, ob;
        assert_true(xp_volt_unit(s->units, &ta, &oa) && xp_volt_unit(t->units, &tb, &ob));
        assert_int_equal(s->n, t->n);
        assert_string_equal(s->name, t->name);
        for (int64_t i = 0; i < s->n; i++) {
            double x = s->physical[i] * ta / oa, y = t->physical[i] * tb / ob;
            if (isnan(x) != isnan(y) || fabs(x - y) > tolerance * (fabs(x) + 1e-3))
                fail_msg("%s at %d: %.17g, %.17g", s->name, (int)i, x, y);
        }
    }
}

static void every_writer_there_and_back(void **state) {
    (void)state;
    for (int k = 0; xp_writers[k]; k++) {
        xp_stored w = make(1, 3), back;
        xp_written out;
        xp_error e;
        if (xp_write(&out, xp_writers[k], &w, "r", NULL, &e)) fail_msg("%s", e.text);
        char name[16];
        snprintf(name, sizeof name, "r%s", xp_writers[k]->ending);
        back = read_back(&out, name);
        same_values(&w, &back, 1e-12);
        assert_true(back.rate == 250);
        xp_stored_free(&back);
        xp_stored_free(&w);
        xp_written_free(&out);
    }
}

static void wfdb_keeps_counts_rates_and_halves(void **state) {
    (void)state;
    const xp_writer *wfdb = xp_writer_named("wfdb");
    for (int spf = 1; spf <= 2; spf++)
        for (double baseline = 0; baseline < 1; baseline += 0.5) {
            xp_stored w = make(spf, baseline), back;
            xp_written out;
            xp_error e;
            if (xp_write(&out, wfdb, &w, "r", NULL, &e)) fail_msg("%s", e.text);
            back = read_back(&out, "r");
            same_values(&w, &back, 1e-15);
            for (int64_t i = 0; i < N && baseline == 0; i++)
                assert_int_equal(back.signals[1].digital[i], w.signals[1].digital[i]);
            assert_int_equal(back.notices.n, 0); /* checksums */
            xp_stored_free(&back);
            xp_stored_free(&w);
            xp_written_free(&out);
        }
}

/* Decimal numbers become whole ones of the same value where they are multiples of a step. */
static void decimals_become_counts(void **state) {
    (void)state;
    static const double steps[] = {0.001, 0.00488, 1 / 204.8, 1.0 / 3, 5};
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        xp_stored w = make(1, 0), back;
        xp_written out;
        xp_error e;
        xp_stored_signal *s = &w.signals[0];
        s->physical = malloc(N * sizeof *s->physical);
        for (int i = 0; i < N; i++) s->physical[i] = ((i * 37) % 901 - 450) * steps[k];
        s->physical[3] = NAN;
        s->digital = NULL;
        if (xp_write(&out, xp_writer_named("wfdb"), &w, "r", NULL, &e)) fail_msg("%s", e.text);
        back = read_back(&out, "r");
        same_values(&w, &back, 1e-8);
        if (k < 3) assert_int_equal(out.notices.n, 0);
        xp_stored_free(&back);
        xp_stored_free(&w);
        xp_written_free(&out);
    }
}

static bool holds(const xp_written *out, const char *text) {
    size_t n = strlen(text);
    for (int f = 0; f < out->n; f++) {
        const xp_buffer *b = &out->files[f].bytes;
        for (size_t i = 0; i + n <= b->size; i++)
            if (!memcmp(b->data + i, text, n)) return true;
    }
    return false;
}

static void who_it_is_stays_out_unless_asked_for(void **state) {
    (void)state;
    static const char *const secrets[] = {"DOE^JANE", "4711", "1949", "ACME", "chest pain", "hum"};
    char *comments[] = {"DOE^JANE, chest pain"};
    for (int k = 0; xp_writers[k]; k++)
        for (int keep = 0; keep < 2; keep++) {
            xp_stored w = make(1, 0);
            xp_written out;
            xp_error e;
            xp_facts *f = &w.facts;
            strcpy(f->patient_name, "DOE^JANE");
            strcpy(f->patient_id, "4711");
            strcpy(f->birth_date, "1949-05-23");
            strcpy(f->start, "1949-05-23T10:11:12");
            strcpy(f->device, "ACME 1");
            strcpy(f->filter, "hum");
            strcpy(f->dx, "chest pain");
            strcpy(w.date, "23/05/1949");
            strcpy(w.signals[0].file, "DOE^JANE.dat");
            f->age = 97;
            f->sex = 'F';
            xp_facts_state(f, "statement", NAN, NULL, "chest pain");
            w.comments = comments;
            w.n_comments = 1;
            xp_write_options opt = {.keep_identity = keep};
            if (xp_write(&out, xp_writers[k], &w, "r", &opt, &e)) fail_msg("%s", e.text);
            for (size_t i = 0; !keep && i < sizeof secrets / sizeof *secrets; i++)
                if (holds(&out, secrets[i])) fail_msg("%s: %s", xp_writers[k]->name, secrets[i]);
            if (k == 0) assert_true(holds(&out, keep ? "DOE^JANE" : "Age: 90"));
            w.comments = NULL;
            w.n_comments = 0;
            xp_stored_free(&w);
            xp_written_free(&out);
        }
}

static void names_that_are_none(void **state) {
    (void)state;
    xp_stored w = make(1, 0);
    xp_written out;
    xp_error e;
    assert_int_equal(xp_write(&out, xp_writers[0], &w, "", NULL, &e), XP_ERR_USAGE);
    assert_int_equal(xp_write(&out, xp_writers[0], &w, "a/b", NULL, &e), XP_ERR_USAGE);
    assert_null(xp_writer_named("nothing"));
    assert_null(xp_writer_of_file("x.xyz"));
    assert_ptr_equal(xp_writer_of_file("x.HEA"), xp_writer_named("WFDB"));
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_writer_there_and_back),
        cmocka_unit_test(wfdb_keeps_counts_rates_and_halves),
        cmocka_unit_test(decimals_become_counts),
        cmocka_unit_test(who_it_is_stays_out_unless_asked_for),
        cmocka_unit_test(names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
