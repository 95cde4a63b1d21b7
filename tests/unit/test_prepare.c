#include "support.h"

#include "base/rng.h"
#include "ecg/prepare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order of the published model: aVF before aVL. */
static const char model_leads[12][16] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                         "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const xp_input_spec published = {
    .n_leads = 12, .leads = model_leads, .rate = 500, .length = 5000};

static void set_name(xp_lead *lead, const char *name) {
    lead->id = xp_lead_parse(name);
    snprintf(lead->name, sizeof lead->name, "%s",
             lead->id == XP_LEAD_NONE ? name : xp_lead_name(lead->id));
}

/* A record whose leads are named so, in this order, all NaN. */
static xp_record blank(const char *const *names, int n_leads, double rate, int64_t n) {
    xp_record rec;
    assert_int_equal(xp_record_alloc(&rec, "test", rate, n_leads, n, NULL), XP_OK);
    for (int l = 0; l < n_leads; l++) set_name(&rec.leads[l], names[l]);
    return rec;
}

static const char *const standard[12] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                         "V1", "V2", "V3",  "V4",  "V5",  "V6"};

/* Beats of 1 to 2 mV, 75 a minute, with some noise; another shape in every lead. */
static void fill_ecg(float *mv, int64_t n, double rate, xp_rng *rng) {
    double height = 1 + xp_rng_uniform(rng), phase = 0.3 * xp_rng_uniform(rng);
    for (int64_t i = 0; i < n; i++) {
        double t = fmod((double)i / rate + phase, 0.8) - 0.4;
        mv[i] = (float)(height * exp(-t * t / 0.0002) +
                        0.2 * exp(-(t - 0.25) * (t - 0.25) / 0.004) + 0.01 * xp_rng_normal(rng));
    }
}

static xp_record synthetic(uint64_t seed, double rate, int64_t n) {
    xp_record rec = blank(standard, 12, rate, n);
    xp_rng rng = xp_rng_seed(seed);
    for (int l = 0; l < 12; l++) fill_ecg(rec.leads[l].mv, n, rate, &rng);
    return rec;
}

static const xp_notice *find_notice(const xp_input *in, xp_notice_code code, const char *lead) {
    for (int i = 0; i < in->notices.n; i++)
        if (in->notices.items[i].code == code && !strcmp(in->notices.items[i].lead, lead))
            return &in->notices.items[i];
    return NULL;
}

static const char *text_of(const xp_notice *notice) {
    static char text[XP_NOTICE_TEXT];
    const xp_notices one = {(xp_notice *)(uintptr_t)notice, 1, 1};
    return notice ? xp_notice_text(&one, 0, text) : "";
}

static int count_notices(const xp_input *in, xp_notice_code code) {
    int count = 0;
    for (int i = 0; i < in->notices.n; i++) count += in->notices.items[i].code == code;
    return count;
}

static xp_input prepared(const xp_record *rec, const xp_prepare_options *opt) {
    xp_input in;
    xp_error err = {0};
    if (xp_prepare(&in, rec, &published, opt, &err) != XP_OK) fail_msg("%s", err.text);
    assert_true(in.length == 5000 && in.n_leads == 12 && in.rate == 500);
    for (int64_t i = 0; i < (int64_t)in.n_windows * 5000 * 12; i++)
        if (!isfinite(in.x[i])) fail_msg("not finite at %lld", (long long)i);
    return in;
}

static xp_error refused(const xp_record *rec, const xp_input_spec *spec,
                        const xp_prepare_options *opt, xp_status expected) {
    xp_input in;
    memset(&in, 0x5a, sizeof in);
    const xp_input before = in;
    xp_error err = {0};
    assert_int_equal(xp_prepare(&in, rec, spec, opt, &err), expected);
    assert_true(err.code == expected && strlen(err.text) > 20);
    assert_memory_equal(&in, &before, sizeof in);
    return err;
}

/* Column of a lead in the model's order. */
static int column_of(xp_lead_id id) {
    for (int c = 0; c < 12; c++)
        if (xp_lead_parse(model_leads[c]) == id) return c;
    return -1;
}

static void leads_are_found_by_name(void **state) {
    (void)state;
    xp_record rec = synthetic(1, 500, 5000);
    xp_input in = prepared(&rec, NULL);
    for (int l = 0; l < 12; l++) {
        int c = column_of(rec.leads[l].id);
        for (int t = 0; t < 5000; t++) assert_true(in.x[t * 12 + c] == rec.leads[l].mv[t]);
    }
    assert_int_equal(in.notices.n, 0);
    assert_int_equal(in.n_windows, 1);
    xp_input_free(&in);
    xp_record_free(&rec);
}

/* Limb leads I and II alone: the others of the limb are derived, V1-V6 are refused, or 0 when that
 * was accepted: told once, and no flat lead. */
static void absent_leads_can_be_accepted(void **state) {
    (void)state;
    xp_record rec = synthetic(3, 500, 5000);
    const xp_prepare_options accept = {.accept_missing_leads = true};
    for (int l = 2; l < 12; l++) set_name(&rec.leads[l], "other");
    refused(&rec, &published, NULL, XP_ERR_LEAD_UNKNOWN);
    xp_input in = prepared(&rec, &accept);
    for (int t = 0; t < 5000; t++) {
        const float *x = in.x + t * 12;
        float one = rec.leads[0].mv[t], two = rec.leads[1].mv[t];
        assert_true(x[column_of(XP_LEAD_I)] == one && x[column_of(XP_LEAD_II)] == two);
        assert_true(fabsf(x[column_of(XP_LEAD_III)] - (two - one)) < 1e-6f);
        for (int v = XP_LEAD_V1; v <= XP_LEAD_V6; v++) assert_true(x[column_of(v)] == 0);
    }
    assert_int_equal(count_notices(&in, XP_NOTE_DERIVED), 4);
    assert_int_equal(count_notices(&in, XP_NOTE_GAP), 6); /* a lead each; told as one */
    char text[XP_NOTICE_TEXT];
    const int first = (int)(find_notice(&in, XP_NOTE_GAP, "V1") - in.notices.items);
    assert_non_null(strstr(xp_notice_text(&in.notices, first, text), ": leads V1, V2, V3, V4, V5"));
    assert_int_equal(count_notices(&in, XP_NOTE_AMPLITUDE), 0);
    xp_input_free(&in);
    for (int l = 0; l < 2; l++) set_name(&rec.leads[l], "none");
    refused(&rec, &published, &accept, XP_ERR_LEAD_UNKNOWN);
    xp_record_free(&rec);
}

static void swap_leads(xp_record *rec, int a, int b) {
    xp_lead t = rec->leads[a];
    rec->leads[a] = rec->leads[b];
    rec->leads[b] = t;
}

static void same_input(const xp_record *rec, const xp_input *want) {
    xp_input in = prepared(rec, NULL);
    assert_int_equal(in.n_windows, want->n_windows);
    assert_memory_equal(in.x, want->x, (size_t)in.n_windows * 5000 * 12 * sizeof *in.x);
    assert_int_equal(in.notices.n, want->notices.n);
    xp_input_free(&in);
}

/* All transpositions and some random orders; with all leads, and with four of them to derive. */
static void order_does_not_matter(void **state) {
    (void)state;
    xp_rng rng = xp_rng_seed(99);
    for (uint64_t r = 0; r < 20; r++) {
        xp_record rec = synthetic(r, r % 4 == 1 ? 360 : 500, r % 4 == 1 ? 3600 : 5000);
        if (r % 4 == 2)
            for (int l = 2; l < 6; l++) set_name(&rec.leads[l], "other");
        xp_input want = prepared(&rec, NULL);
        assert_int_equal(count_notices(&want, XP_NOTE_DERIVED), r % 4 == 2 ? 4 : 0);
        for (int a = 0; a < 12; a++)
            for (int b = a + 1; b < 12; b++) {
                if (r % 4 == 1 && (a + b) % 5) continue; /* resampling is slower */
                swap_leads(&rec, a, b);
                same_input(&rec, &want);
                swap_leads(&rec, a, b);
            }
        for (int k = 0; k < 5; k++) {
            for (int l = 11; l > 0; l--)
                swap_leads(&rec, l, (int)xp_rng_below(&rng, (uint32_t)l + 1));
            same_input(&rec, &want);
        }
        xp_input_free(&want);
        xp_record_free(&rec);
    }
}

static void spelling_does_not_matter(void **state) {
    (void)state;
    static const char *const forms[] = {"%s", "Lead %s", "%s lead", "ECG %s", "MDC_ECG_LEAD_%s"};
    xp_record rec = synthetic(3, 500, 5000);
    xp_input want = prepared(&rec, NULL);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        for (int upper = 0; upper < 3; upper++) {
            for (int l = 0; l < 12; l++) {
                char name[32], *p;
                snprintf(name, sizeof name, forms[f], standard[l]);
                for (p = name; *p && upper; p++)
                    if (upper == 1 && *p >= 'a' && *p <= 'z')
                        *p = (char)(*p - 32);
                    else if (upper == 2 && *p >= 'A' && *p <= 'Z')
                        *p = (char)(*p + 32);
                set_name(&rec.leads[l], name);
                assert_int_equal(rec.leads[l].id, l);
            }
            same_input(&rec, &want);
        }
    xp_input_free(&want);
    xp_record_free(&rec);
}

static void missing_limb_leads_are_derived(void **state) {
    (void)state;
    static const char *const eight[] = {"II", "I", "V1", "V2", "V3", "V4", "V5", "V6"};
    xp_record rec = blank(eight, 8, 500, 5000);
    xp_rng rng = xp_rng_seed(5);
    for (int l = 0; l < 8; l++) fill_ecg(rec.leads[l].mv, 5000, 500, &rng);
    xp_input in = prepared(&rec, NULL);
    assert_int_equal(count_notices(&in, XP_NOTE_DERIVED), 4);
    const xp_notice *note = find_notice(&in, XP_NOTE_DERIVED, "aVF");
    assert_non_null(note);
    assert_non_null(strstr(text_of(note), "computed from I and II"));
    for (int t = 0; t < 5000; t++) {
        const float *x = in.x + t * 12;
        double one = (double)rec.leads[1].mv[t], two = (double)rec.leads[0].mv[t];
        assert_true(x[2] == (float)(two - one));
        assert_true(x[3] == (float)(-(one + two) / 2));
        assert_true(x[4] == (float)(two - one / 2));
        assert_true(x[5] == (float)(one - two / 2));
    }
    xp_input_free(&in);
    xp_record_free(&rec);
}

static void a_lead_that_cannot_be_had_is_named(void **state) {
    (void)state;
    xp_record rec = synthetic(7, 500, 5000);
    set_name(&rec.leads[8], "V7");
    xp_error err = refused(&rec, &published, NULL, XP_ERR_LEAD_UNKNOWN);
    assert_non_null(strstr(err.text, "needs lead V3"));
    assert_non_null(strstr(err.text, "V7"));
    set_name(&rec.leads[8], "V3");
    for (int l = 1; l < 6; l++) set_name(&rec.leads[l], "MLII");
    err = refused(&rec, &published, NULL, XP_ERR_LEAD_UNKNOWN);
    assert_non_null(strstr(err.text, "needs lead II,"));
    xp_record_free(&rec);
}

static void other_leads_are_told(void **state) {
    (void)state;
    static const char *const names[] = {"V1", "I", "V1", "II", "ABP", "vx"};
    static const char wanted[3][16] = {"VX", "V1", "II"};
    xp_input_spec spec = {.n_leads = 3, .leads = wanted, .rate = 500, .length = 100};
    xp_record rec = blank(names, 6, 500, 500);
    xp_rng rng = xp_rng_seed(11);
    for (int l = 0; l < 6; l++) fill_ecg(rec.leads[l].mv, 500, 500, &rng);
    xp_prepare_options accept = {.accept_amplitude = true};
    xp_input in;
    assert_int_equal(xp_prepare(&in, &rec, &spec, &accept, NULL), XP_OK);
    for (int t = 0; t < 100; t++) {
        assert_true(in.x[3 * t] == rec.leads[5].mv[t]);
        assert_true(in.x[3 * t + 1] == rec.leads[0].mv[t]);
        assert_true(in.x[3 * t + 2] == rec.leads[3].mv[t]);
    }
    assert_non_null(strstr(text_of(find_notice(&in, XP_NOTE_IGNORED, "V1")), "2 times"));
    assert_non_null(strstr(text_of(find_notice(&in, XP_NOTE_IGNORED, "")), ": I, ABP"));
    xp_input_free(&in);
    xp_record_free(&rec);
}

static void scale_lead(xp_lead *lead, int64_t n, float factor) {
    for (int64_t i = 0; i < n; i++) lead->mv[i] *= factor;
}

static void scale(xp_record *rec, float factor) {
    for (int l = 0; l < rec->n_leads; l++) scale_lead(&rec->leads[l], rec->n, factor);
}

static void one_lead_a_thousand_times_wrong_is_named(void **state) {
    (void)state;
    xp_prepare_options accept = {.accept_amplitude = true};
    xp_record rec = synthetic(17, 500, 5000);
    for (int i = 0; i < 5000; i++) rec.leads[7].mv[i] *= 1000;
    assert_non_null(strstr(refused(&rec, &published, NULL, XP_ERR_UNITS).text, "lead V2"));
    xp_input in = prepared(&rec, &accept);
    assert_non_null(find_notice(&in, XP_NOTE_AMPLITUDE, "V2"));
    xp_input_free(&in);
    for (int i = 0; i < 5000; i++) rec.leads[7].mv[i] *= 1e-6f;
    in = prepared(&rec, NULL);
    assert_non_null(find_notice(&in, XP_NOTE_AMPLITUDE, "V2"));
    assert_int_equal(count_notices(&in, XP_NOTE_AMPLITUDE), 1);
    xp_input_free(&in);
    xp_record_free(&rec);
}

static void amplitudes_a_thousand_times_wrong_are_refused(void **state) {
    (void)state;
    static const struct {
        float factor;
        bool refuse, tell;
    } cases[] = {{1e-6f, true, true},  {1e-3f, true, true}, {0.1f, false, true},
                 {0.5f, false, false}, {2, false, false},   {6, false, true},
                 {1e3f, true, true},   {1e6f, true, true},  {1e30f, true, true}};
    xp_prepare_options accept = {.accept_amplitude = true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_record rec = synthetic(13, 500, 5000);
        scale(&rec, cases[i].factor);
        if (cases[i].refuse) {
            xp_error err = refused(&rec, &published, NULL, XP_ERR_UNITS);
            assert_non_null(strstr(err.text, "confirm"));
        } else {
            xp_input in = prepared(&rec, NULL);
            assert_int_equal(count_notices(&in, XP_NOTE_AMPLITUDE), cases[i].tell);
            xp_input_free(&in);
        }
        xp_input in = prepared(&rec, &accept);
        assert_int_equal(count_notices(&in, XP_NOTE_AMPLITUDE), cases[i].tell);
        assert_true(in.x[0] == rec.leads[0].mv[0]);
        xp_input_free(&in);
        xp_record_free(&rec);
    }
}

static void flat_leads_are_told_and_flat_records_refused(void **state) {
    (void)state;
    xp_record rec = synthetic(17, 500, 5000);
    for (int i = 0; i < 5000; i++) rec.leads[7].mv[i] = 0.25f;
    xp_input in = prepared(&rec, NULL);
    assert_non_null(find_notice(&in, XP_NOTE_AMPLITUDE, "V2"));
    assert_int_equal(count_notices(&in, XP_NOTE_AMPLITUDE), 1);
    xp_input_free(&in);
    scale(&rec, 0);
    refused(&rec, &published, NULL, XP_ERR_UNITS);
    for (int l = 0; l < 12; l++)
        for (int i = 1; i < 5000; i++) rec.leads[l].mv[i] = NAN;
    refused(&rec, &published, NULL, XP_ERR_LEAD_UNKNOWN); /* one sample is no evidence */
    for (int l = 0; l < 12; l++)
        for (int i = 1; i < 2500; i++) rec.leads[l].mv[i] = 0;
    refused(&rec, &published, NULL, XP_ERR_UNITS);
    xp_prepare_options accept = {
        .accept_amplitude = true, .bandpass_low = 0.5, .bandpass_high = 40};
    rec.rate = 250;
    in = prepared(&rec, &accept);
    for (int i = 0; i < 60000; i++) assert_true(in.x[i] == 0);
    assert_int_equal(count_notices(&in, XP_NOTE_GAP), 12);
    xp_input_free(&in);
    xp_record_free(&rec);
}

static void a_lead_without_a_sample_is_not_there(void **state) {
    (void)state;
    xp_prepare_options accept = {.accept_amplitude = true};
    xp_record rec = synthetic(18, 500, 5000), full = synthetic(18, 500, 5000);
    for (int i = 0; i < 5000; i++) rec.leads[2].mv[i] = rec.leads[0].mv[i] = NAN;
    xp_input in = prepared(&rec, NULL); /* from II and aVR, since I and III are empty */
    const float *two = rec.leads[1].mv, *avr = rec.leads[3].mv;
    for (int t = 0; t < 5000; t++) {
        assert_float_equal(in.x[t * 12], -2 * avr[t] - two[t], 1e-5);
        assert_float_equal(in.x[t * 12 + 2], 2 * two[t] + 2 * avr[t], 1e-5);
    }
    assert_non_null(strstr(text_of(find_notice(&in, XP_NOTE_DERIVED, "III")), "from II and aVR"));
    assert_int_equal(count_notices(&in, XP_NOTE_GAP), 0);
    xp_input_free(&in);
    for (int l = 3; l < 6; l++) scale_lead(&rec.leads[l], 5000, NAN);
    xp_error err = refused(&rec, &published, &accept, XP_ERR_LEAD_UNKNOWN);
    assert_non_null(strstr(err.text, "lead I, of which 100 % of the samples are missing"));
    scale_lead(&full.leads[8], 5000, NAN);
    err = refused(&full, &published, &accept, XP_ERR_LEAD_UNKNOWN);
    assert_non_null(strstr(err.text, "lead V3"));
    assert_null(strstr(err.text, "limb"));
    xp_record_free(&rec);
    xp_record_free(&full);
}

static void too_short_or_at_no_credible_rate_is_told_as_that(void **state) {
    (void)state;
    xp_record rec = synthetic(20, 500, 499);
    assert_non_null(
        strstr(refused(&rec, &published, NULL, XP_ERR_TRUNCATED).text, "lasts 0.998 s (499 "));
    rec.rate = 499;
    xp_input in = prepared(&rec, NULL);
    assert_int_equal(count_notices(&in, XP_NOTE_SHORT), 1);
    xp_input_free(&in);
    static const double rates[] = {1, 24.9, 2e5};
    for (int i = 0; i < 3; i++) {
        rec.rate = rates[i];
        xp_error err = refused(&rec, &published, NULL, XP_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "sampling rate"));
    }
    xp_record_free(&rec);
}

static void missing_samples_are_counted_and_become_zero(void **state) {
    (void)state;
    xp_record rec = synthetic(19, 500, 5000);
    float *v1 = rec.leads[6].mv;
    for (int i = 0; i < 10; i++) v1[i] = NAN;           /* 20 ms: too short to be listed */
    for (int i = 1000; i < 1100; i++) v1[i] = NAN;      /* 2.00 to 2.20 s */
    for (int i = 4950; i < 5000; i++) v1[i] = INFINITY; /* 9.90 to 10.00 s */
    rec.leads[1].mv[2000] = NAN;
    xp_input in = prepared(&rec, NULL);
    for (int t = 0; t < 5000; t++)
        for (int l = 0; l < 12; l++) {
            float v = rec.leads[l].mv[t];
            assert_true(in.x[t * 12 + column_of(rec.leads[l].id)] == (isfinite(v) ? v : 0));
        }
    assert_int_equal(count_notices(&in, XP_NOTE_GAP), 2);
    const char *text = text_of(find_notice(&in, XP_NOTE_GAP, "V1"));
    assert_non_null(strstr(text, "160 of 5000"));
    assert_non_null(strstr(text, "longer than 40 ms: 2.00-2.20 s, 9.90-10.00 s"));
    assert_null(strstr(text_of(find_notice(&in, XP_NOTE_GAP, "II")), "40 ms"));
    xp_input_free(&in);
    for (int k = 0; k < 40; k++)
        for (int i = 0; i < 30; i++) v1[k * 100 + i] = NAN;
    in = prepared(&rec, NULL);
    assert_non_null(strstr(text_of(find_notice(&in, XP_NOTE_GAP, "V1")), "and 37 more"));
    xp_input_free(&in);
    xp_record_free(&rec);
}

/* A gap in a lead with an offset: no ringing outside, zero inside, the other leads unchanged. */
static void gaps_survive_resampling_and_filters(void **state) {
    (void)state;
    static const double rates[] = {250, 257, 1000};
    xp_prepare_options filter = {.bandpass_low = 0.5, .bandpass_high = 40, .notch = 50};
    for (int k = 0; k < 6; k++) {
        double rate = rates[k % 3];
        const xp_prepare_options *opt = k < 3 ? NULL : &filter;
        xp_record rec = synthetic(23, rate, (int64_t)(10 * rate));
        for (int64_t i = 0; i < rec.n; i++) rec.leads[6].mv[i] += 5;
        xp_input whole = prepared(&rec, opt);
        int64_t from = (int64_t)(5 * rate), to = (int64_t)(5.1 * rate); /* between two beats */
        for (int64_t i = from; i < to; i++) rec.leads[6].mv[i] = NAN;
        xp_input in = prepared(&rec, opt);
        assert_int_equal(count_notices(&in, XP_NOTE_GAP), 1);
        assert_int_equal(count_notices(&in, XP_NOTE_FILTERED), k < 3 ? 0 : 2);
        for (int t = 0; t < 5000; t++)
            for (int c = 0; c < 12; c++) {
                float v = in.x[t * 12 + c], w = whole.x[t * 12 + c];
                if (c != 6)
                    assert_true(v == w);
                else if (t > 2500 && t < 2549)
                    assert_true(v == 0);
                else if (t < 2495 || t > 2555)
                    assert_true(fabsf(v - w) < 0.15f);
            }
        xp_input_free(&whole);
        xp_input_free(&in);
        xp_record_free(&rec);
    }
}

static void long_records_are_cut_and_short_ones_padded(void **state) {
    (void)state;
    static const struct {
        int64_t n;
        int windows, last_start, valid, notices;
    } cases[] = {
        {500, 1, 0, 500, 1},       {2500, 1, 0, 2500, 1},     {4998, 1, 0, 4998, 1},
        {4999, 1, 0, 4999, 0},     {5000, 1, 0, 5000, 0},     {5001, 1, 0, 5000, 0},
        {5002, 2, 2, 5000, 1},     {7500, 2, 2500, 5000, 1},  {10000, 2, 5000, 5000, 1},
        {10001, 2, 5000, 5000, 1}, {10002, 3, 5002, 5000, 1}, {30000, 6, 25000, 5000, 1},
    };
    xp_prepare_options accept = {.accept_amplitude = true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_record rec = synthetic(29, 500, cases[i].n);
        xp_input in = prepared(&rec, &accept);
        assert_int_equal(in.n_windows, cases[i].windows);
        assert_int_equal(in.start[in.n_windows - 1], cases[i].last_start);
        for (int w = 0; w < in.n_windows; w++) {
            assert_int_equal(in.valid[w], cases[i].valid);
            if (w < in.n_windows - 1) assert_int_equal(in.start[w], w * 5000);
            for (int t = 0; t < 5000; t++)
                for (int c = 0; c < 12; c++) {
                    int64_t at = in.start[w] + t;
                    float want =
                        t < in.valid[w] ? rec.leads[xp_lead_parse(model_leads[c])].mv[at] : 0;
                    assert_true(in.x[(w * 5000 + t) * 12 + c] == want);
                }
        }
        int told = count_notices(&in, XP_NOTE_SHORT) + count_notices(&in, XP_NOTE_WINDOWS);
        assert_int_equal(told, cases[i].notices > 0);
        xp_input_free(&in);
        xp_record_free(&rec);
    }
}

/* Leads of golden/signal are in the standard order, with aVL before aVF. */
static xp_record golden_record(const char *file, double rate) {
    npy x = read_npy(shared_path("golden/signal/%s.npy", file));
    xp_record rec = blank(standard, 12, rate, (int64_t)x.shape[0]);
    for (size_t i = 0; i < x.count; i++) rec.leads[i % 12].mv[i / 12] = (float)x.v[i];
    free(x.v);
    return rec;
}

static void compare_golden(const char *from, double rate, const xp_prepare_options *opt,
                           const char *to) {
    xp_record rec = golden_record(from, rate);
    npy want = read_npy(shared_path("golden/signal/%s.npy", to));
    assert_int_equal(want.count, 60000);
    xp_input in = prepared(&rec, opt);
    double low = want.v[0], high = want.v[0], worst = 0;
    for (size_t i = 0; i < want.count; i++) {
        float v = in.x[i / 12 * 12 + (size_t)column_of((xp_lead_id)(i % 12))];
        worst = fmax(worst, fabs((double)v - want.v[i]));
        low = fmin(low, want.v[i]);
        high = fmax(high, want.v[i]);
    }
    print_message("%s -> %s: %.2g of the range\n", from, to, worst / (high - low));
    assert_true(worst <= 1e-6 * (high - low));
    assert_int_equal(count_notices(&in, XP_NOTE_RESAMPLED), rate != 500);
    free(want.v);
    xp_input_free(&in);
    xp_record_free(&rec);
}

static void equals_scipy(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/x.npy"))) skip();
    compare_golden("at100", 100, NULL, "back_from100");
    compare_golden("at257", 257, NULL, "back_from257");
    compare_golden("at360", 360, NULL, "back_from360");
    compare_golden("at1000", 1000, NULL, "back_from1000");
    compare_golden("x", 500, &(xp_prepare_options){.bandpass_low = 0.5, .bandpass_high = 40},
                   "bandpass_sos");
    compare_golden("x", 500, &(xp_prepare_options){.notch = 50}, "notch50");
    compare_golden("x", 500, &(xp_prepare_options){.notch = 60}, "notch60");
}

static void senseless_requests_are_refused(void **state) {
    (void)state;
    xp_record rec = synthetic(31, 500, 1000);
    xp_input_spec spec = published;
    spec.n_leads = 0;
    refused(&rec, &spec, NULL, XP_ERR_USAGE);
    spec.n_leads = 100000;
    refused(&rec, &spec, NULL, XP_ERR_USAGE);
    spec = published, spec.length = 0;
    refused(&rec, &spec, NULL, XP_ERR_USAGE);
    spec = published, spec.length = 1 << 30;
    refused(&rec, &spec, NULL, XP_ERR_USAGE);
    spec = published, spec.rate = NAN;
    refused(&rec, &spec, NULL, XP_ERR_USAGE);
    spec = published, spec.rate = 0.1;
    refused(&rec, &spec, NULL, XP_ERR_UNSUPPORTED);
    spec = published, spec.length = 100000;
    xp_input in;
    assert_int_equal(xp_prepare(&in, &rec, &spec, NULL, NULL), XP_OK);
    xp_input_free(&in);
    refused(&rec, &published, &(xp_prepare_options){.bandpass_low = 40}, XP_ERR_USAGE);
    refused(&rec, &published, &(xp_prepare_options){.notch = 250}, XP_ERR_USAGE);
    refused(&rec, &published, &(xp_prepare_options){.notch = NAN}, XP_ERR_USAGE);
    rec.n = 0;
    refused(&rec, &published, NULL, XP_ERR_TRUNCATED);
    xp_record_free(&rec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_are_found_by_name),
        cmocka_unit_test(absent_leads_can_be_accepted),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(spelling_does_not_matter),
        cmocka_unit_test(missing_limb_leads_are_derived),
        cmocka_unit_test(a_lead_that_cannot_be_had_is_named),
        cmocka_unit_test(other_leads_are_told),
        cmocka_unit_test(one_lead_a_thousand_times_wrong_is_named),
        cmocka_unit_test(amplitudes_a_thousand_times_wrong_are_refused),
        cmocka_unit_test(flat_leads_are_told_and_flat_records_refused),
        cmocka_unit_test(a_lead_without_a_sample_is_not_there),
        cmocka_unit_test(too_short_or_at_no_credible_rate_is_told_as_that),
        cmocka_unit_test(missing_samples_are_counted_and_become_zero),
        cmocka_unit_test(gaps_survive_resampling_and_filters),
        cmocka_unit_test(long_records_are_cut_and_short_ones_padded),
        cmocka_unit_test(equals_scipy),
        cmocka_unit_test(senseless_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
