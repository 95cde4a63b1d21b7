/* From header and signal files to the network's input: leads by name, truthful units. */
#include "support.h"

#include "base/rng.h"
#include "ecg/prepare.h"
#include "ecg/source_dir.h"
#include "ecg/source_memory.h"
#include "ecg/wfdb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEADS = 12, N = 5000 };

static const char model_leads[LEADS][16] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                            "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const char *const standard[LEADS] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                            "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const xp_input_spec published = {
    .n_leads = LEADS, .leads = model_leads, .rate = 500, .length = N};
static const xp_prepare_options accept = {.accept_amplitude = true};

/* A record in memory: header text and one format 32 file a lead ("I.dat"...). */
typedef struct memory {
    int32_t digital[LEADS][N];
    uint8_t bytes[LEADS][4 * N];
    char names[LEADS][16], header[8192];
    xp_memory_file files[LEADS + 1];
    xp_memory_files table;
} memory;

/* A signal line in the header: file of which lead, called what, with which gain and baseline. */
typedef struct line {
    int lead;
    char name[48];
} line;

static void write_files(memory *m, int baseline) {
    for (int l = 0; l < LEADS; l++) {
        snprintf(m->names[l], sizeof m->names[l], "%s.dat", standard[l]);
        for (int i = 0; i < N; i++)
            xp_store_le(m->bytes[l] + 4 * i, (uint32_t)(m->digital[l][i] + baseline), 4);
        m->files[l] = (xp_memory_file){m->names[l], m->bytes[l], sizeof m->bytes[l]};
    }
}

static void write_header(memory *m, const line *lines, int n, const char *gain, double rate) {
    size_t at = (size_t)snprintf(m->header, sizeof m->header, "rec %d %g %d\n", n, rate, N);
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(m->header + at, sizeof m->header - at, "%s 32 %s 32 0 %d 0 0 %s\n",
                               m->names[lines[i].lead], gain, 0, lines[i].name);
    m->files[LEADS] = (xp_memory_file){"rec.hea", (const uint8_t *)m->header, at};
    m->table = (xp_memory_files){m->files, LEADS + 1};
}

static xp_status read_input(xp_input *in, memory *m, const xp_prepare_options *opt, xp_error *err) {
    xp_file_source src = xp_memory_source(&m->table);
    xp_stored w;
    xp_record rec;
    XP_TRY(xp_wfdb_read(&w, "rec", &src, NULL, err));
    xp_status s = xp_stored_to_record(&rec, &w, err);
    xp_stored_free(&w);
    if (s != XP_OK) return s;
    s = xp_prepare(in, &rec, &published, opt, err);
    xp_record_free(&rec);
    return s;
}

static xp_input must_read(memory *m, const xp_prepare_options *opt) {
    xp_input in;
    xp_error err = {0};
    if (read_input(&in, m, opt, &err) != XP_OK) fail_msg("%s", err.text);
    return in;
}

static void synthetic(memory *m, uint64_t seed) {
    xp_rng rng = xp_rng_seed(seed);
    for (int l = 0; l < LEADS; l++) {
        double height = 150 + 200 * xp_rng_uniform(&rng);
        for (int i = 0; i < N; i++) {
            double t = fmod(i / 500.0 + 0.05 * l, 0.8) - 0.4;
            m->digital[l][i] = (int32_t)lrint(height * exp(-t * t / 0.0002) +
                                              20 * exp(-(t - 0.25) * (t - 0.25) / 0.004) +
                                              2 * xp_rng_normal(&rng));
        }
    }
}

/* The first 5000 samples of a real record; false when it is not there or shorter. */
static bool real_record(memory *m, const char *name) {
    xp_dir_source dir;
    xp_stored w;
    if (!exists(shared_path("fixtures/cinc/%s.hea", name))) return false;
    assert_int_equal(xp_dir_source_open(&dir, shared_path("fixtures/cinc/%s", name), NULL), XP_OK);
    assert_int_equal(xp_wfdb_read(&w, name, &dir.source, NULL, NULL), XP_OK);
    bool ok = w.n_signals == LEADS && w.n_frames >= N;
    for (int l = 0; ok && l < LEADS; l++)
        memcpy(m->digital[l], w.signals[l].digital, sizeof m->digital[l]);
    xp_stored_free(&w);
    xp_dir_source_close(&dir);
    return ok;
}

static const char *const real_names[] = {"A0001",   "A0004",   "A0005",   "A0006",   "A0008",
                                         "E00001",  "E00002",  "E00003",  "E00004",  "E00005",
                                         "E00015",  "HR00599", "HR20715", "JS00001", "JS00002",
                                         "JS00004", "JS00005", "JS00006", "JS00007", "S0001"};

static void same_input(memory *m, const line *lines, int n, const xp_input *want) {
    write_header(m, lines, n, "1000/mV", 500);
    xp_input in = must_read(m, &accept);
    assert_memory_equal(in.x, want->x, sizeof(float) * LEADS * N);
    xp_input_free(&in);
}

static void plain_lines(line *lines) {
    for (int l = 0; l < LEADS; l++) {
        lines[l].lead = l;
        snprintf(lines[l].name, sizeof lines[l].name, "%s", standard[l]);
    }
}

static void shuffle(line *lines, xp_rng *rng) {
    for (int l = LEADS - 1; l > 0; l--) {
        int k = (int)xp_rng_below(rng, (uint32_t)l + 1);
        line t = lines[l];
        lines[l] = lines[k];
        lines[k] = t;
    }
}

/* Twenty records; the signal lines in other orders, the leads in other spellings: the same bits. */
static void leads_by_name_never_by_position(void **state) {
    (void)state;
    static const char *const forms[] = {"%s", "Lead %s", "MDC_ECG_LEAD_%s", "%s lead"};
    memory *m = malloc(sizeof *m);
    xp_rng rng = xp_rng_seed(1);
    int n_real = 0;
    for (int r = 0; r < 20; r++) {
        line lines[LEADS];
        bool real = real_record(m, real_names[r]);
        if (!real) synthetic(m, (uint64_t)r);
        n_real += real;
        write_files(m, 0);
        plain_lines(lines);
        write_header(m, lines, LEADS, "1000/mV", 500);
        xp_input want = must_read(m, &accept);
        for (int k = 0; k < 12; k++) {
            shuffle(lines, &rng);
            for (int l = 0; l < LEADS; l++) {
                snprintf(lines[l].name, sizeof lines[l].name, forms[k % 4],
                         standard[lines[l].lead]);
                for (char *p = lines[l].name; *p && k >= 4; p++)
                    if (k < 8 && *p >= 'a' && *p <= 'z')
                        *p = (char)(*p - 32);
                    else if (k >= 8 && *p >= 'A' && *p <= 'Z')
                        *p = (char)(*p + 32);
            }
            same_input(m, lines, LEADS, &want);
        }
        xp_input_free(&want);
    }
    print_message("%d real records, %d synthetic\n", n_real, 20 - n_real);
    free(m);
}

static void unknown_leads_stop_and_missing_limb_leads_are_derived(void **state) {
    (void)state;
    memory *m = malloc(sizeof *m);
    line lines[LEADS];
    synthetic(m, 3);
    write_files(m, 0);
    plain_lines(lines);
    snprintf(lines[8].name, sizeof lines[8].name, "chest 3");
    write_header(m, lines, LEADS, "200/mV", 500);
    xp_input in;
    xp_error err = {0};
    assert_int_equal(read_input(&in, m, NULL, &err), XP_ERR_LEAD_UNKNOWN);
    assert_non_null(strstr(err.text, "needs lead V3"));
    assert_non_null(strstr(err.text, "V2, chest 3, V4"));
    plain_lines(lines);
    lines[2] = lines[6], lines[3] = lines[7], lines[4] = lines[8], lines[5] = lines[9];
    lines[6] = lines[10], lines[7] = lines[11];
    write_header(m, lines, 8, "200/mV", 500);
    in = must_read(m, NULL);
    int derived = 0;
    for (int i = 0; i < in.notices.n; i++) derived += in.notices.items[i].code == XP_NOTE_DERIVED;
    assert_int_equal(derived, 4);
    for (int t = 0; t < N; t++) {
        double one = m->digital[0][t] / 200.0, two = m->digital[1][t] / 200.0;
        assert_true(fabs((double)in.x[t * 12 + 2] - (two - one)) < 1e-6);
        assert_true(fabs((double)in.x[t * 12 + 3] + (one + two) / 2) < 1e-6);
        assert_true(fabs((double)in.x[t * 12 + 4] - (two - one / 2)) < 1e-6);
        assert_true(fabs((double)in.x[t * 12 + 5] - (one - two / 2)) < 1e-6);
    }
    xp_input_free(&in);
    free(m);
}

/* mV that went into lead l of the standard order, in the model's column. */
static int column_of(int l) {
    return l == 4 ? 5 : l == 5 ? 4 : l;
}

/* The same ECG with several gains and baselines in V, mV, uV and nV, in any case. */
static void units_are_truthful(void **state) {
    (void)state;
    static const struct {
        double per_mv;
        int baseline;
    } gains[] = {{200, 0}, {1000, 0}, {204.8, -127}};
    static const struct {
        const char *name;
        double per_mv;
    } units[] = {{"mV", 1},          {"V", 1e-3}, {"uV", 1e3}, {"nV", 1e6},
                 {"\xC2\xB5V", 1e3}, {"mv", 1},   {"UV", 1e3}, {"NV", 1e6}};
    memory *m = malloc(sizeof *m), *base = malloc(sizeof *base);
    line lines[LEADS];
    plain_lines(lines);
    synthetic(base, 7);
    for (size_t g = 0; g < sizeof gains / sizeof *gains; g++) {
        for (int l = 0; l < LEADS; l++)
            for (int i = 0; i < N; i++)
                m->digital[l][i] = (int32_t)lrint(base->digital[l][i] / 200.0 * gains[g].per_mv);
        write_files(m, gains[g].baseline);
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            char gain[64];
            snprintf(gain, sizeof gain, "%.10g(%d)/%s", gains[g].per_mv / units[u].per_mv,
                     gains[g].baseline, units[u].name);
            write_header(m, lines, LEADS, gain, 500);
            xp_input in = must_read(m, NULL);
            for (int l = 0; l < LEADS; l++)
                for (int t = 0; t < N; t++) {
                    double got = (double)in.x[t * 12 + column_of(l)];
                    double stored = m->digital[l][t] / gains[g].per_mv;
                    assert_true(fabs(got - stored) <= 1.2e-7 * fabs(stored));
                    assert_true(fabs(got - base->digital[l][t] / 200.0) <= 0.51 / gains[g].per_mv);
                }
            xp_input_free(&in);
        }
    }
    free(m);
    free(base);
}

static void a_wrong_prefix_is_refused_unless_confirmed(void **state) {
    (void)state;
    static const char *const wrong[] = {"200/V", "200/uV", "200000/mV", "0.2/mV"};
    memory *m = malloc(sizeof *m);
    line lines[LEADS];
    plain_lines(lines);
    synthetic(m, 9);
    write_files(m, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        xp_input in;
        xp_error err = {0};
        write_header(m, lines, LEADS, wrong[i], 500);
        assert_int_equal(read_input(&in, m, NULL, &err), XP_ERR_UNITS);
        assert_non_null(strstr(err.text, "gain"));
        in = must_read(m, &accept);
        xp_input_free(&in);
    }
    free(m);
}

/* What the CinC fixtures' headers say decides; wrong gains are told, or refused. */
static void real_amplitudes_are_judged(void **state) {
    (void)state;
    if (!exists(shared_path("fixtures/cinc/S0001.hea"))) skip();
    static const struct {
        const char *name;
        xp_status status;
        bool told;
    } cases[] = {{"A0001", XP_OK, false},        {"JS00001", XP_OK, false},
                 {"E00001", XP_OK, true},        {"HR00599", XP_OK, true},
                 {"HR20715", XP_OK, true},       {"S0001", XP_ERR_UNITS, false},
                 {"S0003", XP_ERR_UNITS, false}, {"JS00007", XP_OK, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_dir_source dir;
        xp_stored w;
        xp_record rec;
        xp_input in = {0};
        const char *path = shared_path("fixtures/cinc/%s", cases[i].name);
        assert_int_equal(xp_dir_source_open(&dir, path, NULL), XP_OK);
        assert_int_equal(xp_wfdb_read(&w, cases[i].name, &dir.source, NULL, NULL), XP_OK);
        assert_int_equal(xp_stored_to_record(&rec, &w, NULL), XP_OK);
        assert_int_equal(xp_prepare(&in, &rec, &published, NULL, NULL), cases[i].status);
        bool told = false;
        for (int k = 0; k < in.notices.n; k++)
            told |= in.notices.items[k].code == XP_NOTE_AMPLITUDE;
        if (told != cases[i].told) fail_msg("%s: told %d", cases[i].name, told);
        xp_input_free(&in);
        xp_record_free(&rec);
        xp_stored_free(&w);
        xp_dir_source_close(&dir);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_by_name_never_by_position),
        cmocka_unit_test(unknown_leads_stop_and_missing_limb_leads_are_derived),
        cmocka_unit_test(units_are_truthful),
        cmocka_unit_test(a_wrong_prefix_is_refused_unless_confirmed),
        cmocka_unit_test(real_amplitudes_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
