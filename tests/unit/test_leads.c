#include "support.h"

#include "ecg/leads.h"

#include <math.h>
#include <string.h>

static void names_round_trip(void **state) {
    (void)state;
    for (int id = 0; id < XP_LEAD_COUNT; id++)
        assert_int_equal(xp_lead_parse(xp_lead_name((xp_lead_id)id)), id);
    assert_string_equal(xp_lead_name(XP_LEAD_AVR), "aVR");
    assert_string_equal(xp_lead_name(XP_LEAD_NONE), "?");
    assert_string_equal(xp_lead_name(XP_LEAD_COUNT), "?");
}

/* I and II give the other four, a lead that is there stays, what has gaps gives gaps. */
static void limb_leads_are_completed(void **state) {
    (void)state;
    xp_record r;
    xp_error e;
    assert_int_equal(xp_record_alloc(&r, "r", 500, 4, 2, &e), XP_OK);
    static const xp_lead_id ids[] = {XP_LEAD_II, XP_LEAD_NONE, XP_LEAD_AVL, XP_LEAD_I};
    for (int i = 0; i < 4; i++) {
        r.leads[i].id = ids[i];
        r.leads[i].n_missing = i == 0;
        r.leads[i].mv[0] = (float)(i + 1);
        if (i) r.leads[i].mv[1] = 0;
    }
    assert_int_equal(xp_leads_complete(&r, &e), XP_OK);
    assert_int_equal(r.n_leads, 7);
    static const struct {
        const char *name;
        float mv; /* of I = 4 and II = 1 */
    } made[] = {{"III", -3}, {"aVR", -2.5f}, {"aVF", -1}};
    for (int i = 0; i < 3; i++) {
        const xp_lead *l = &r.leads[4 + i];
        assert_string_equal(l->name, made[i].name);
        assert_true(l->derived && l->id == xp_lead_parse(l->name) && l->mv[0] == made[i].mv);
        assert_true(isnan(l->mv[1]) && l->n_missing == 1);
    }
    assert_int_equal(xp_leads_complete(&r, &e), XP_OK);
    assert_int_equal(r.n_leads, 7);
    xp_record_free(&r);
}

static void spellings_are_known(void **state) {
    (void)state;
    static const struct {
        const char *text;
        xp_lead_id id;
    } cases[] = {
        {"AVR", XP_LEAD_AVR},
        {"avr", XP_LEAD_AVR},
        {"AvR", XP_LEAD_AVR},
        {"Lead aVR", XP_LEAD_AVR},
        {"aVR lead", XP_LEAD_AVR},
        {"lead_aVR", XP_LEAD_AVR},
        {"ECG aVR", XP_LEAD_AVR},
        {"ECG lead II", XP_LEAD_II},
        {"EKG V1", XP_LEAD_V1},
        {"MDC_ECG_LEAD_AVR", XP_LEAD_AVR},
        {"MDC_ECG_LEAD_I", XP_LEAD_I},
        {"MDC_ECG_LEAD_V6", XP_LEAD_V6},
        {"MDC_ECG_ELEC_POTL_AVF", XP_LEAD_AVF},
        {"V1 (mV)", XP_LEAD_V1},
        {"V2(uV)", XP_LEAD_V2},
        {"ECG-I", XP_LEAD_I},
        {"ECG:aVL", XP_LEAD_AVL},
        {"ecg.v1", XP_LEAD_V1},
        {"ECG/II", XP_LEAD_II},
        {"Lead.aVR", XP_LEAD_AVR},
        {"LeadII", XP_LEAD_II},
        {"EKGV1", XP_LEAD_V1},
        {"Ableitung aVF", XP_LEAD_AVF},
        {"Abl. V2", XP_LEAD_V2},
        {"Derivacion III", XP_LEAD_III},
        {"ECG_Lead-aVF[mV]", XP_LEAD_AVF},
        {"aVR, augmented voltage, right", XP_LEAD_AVR},
        {"Lead aVL, augmented voltage, left", XP_LEAD_AVL},
        {"Lead aVF (Goldberger)", XP_LEAD_AVF},
        {"Lead I (Einthoven)", XP_LEAD_I},
        {"  aVL \t\r\n", XP_LEAD_AVL},
        {"DIII", XP_LEAD_III},
        {"v5", XP_LEAD_V5},
        {"iii", XP_LEAD_III},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (xp_lead_parse(cases[i].text) != cases[i].id)
            fail_msg("\"%s\" is read as %s", cases[i].text,
                     xp_lead_name(xp_lead_parse(cases[i].text)));
}

static void other_names_are_none_of_the_twelve(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "lead",
        "ECG",
        "MLII",
        "MCL1",
        "CM5",
        "V",
        "V0",
        "V7",
        "V3R",
        "V4R",
        "V10",
        "vx",
        "-aVR",
        "aVR-",
        "II+",
        "I II",
        "V1-V2",
        "ECG--aVR",
        "Lead -aVR",
        "Lead.-aVR",
        "V.1",
        "I/II",
        "I-II",
        "V4, right",
        "1",
        "ch1",
        "ECG 1",
        "lead 1",
        "IV",
        "IIII",
        "aV",
        "aVR aVR",
        "II V5",
        "ABP",
        "RESP",
        "PLETH",
        "sine 1 Hz",
        "I\x80",
        "\xEF\xBB\xBFI",
        "a very long description that says nothing about any of the twelve leads",
        "LEADLEADLEADLEADLEADLEADLEADLEAD I",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (xp_lead_parse(cases[i]) != XP_LEAD_NONE)
            fail_msg("\"%s\" is read as %s", cases[i], xp_lead_name(xp_lead_parse(cases[i])));
}

/* Limb leads of electrode potentials. */
static void limb_leads(double v[6], double la, double ra, double ll) {
    v[XP_LEAD_I] = la - ra;
    v[XP_LEAD_II] = ll - ra;
    v[XP_LEAD_III] = ll - la;
    v[XP_LEAD_AVR] = ra - (la + ll) / 2;
    v[XP_LEAD_AVL] = la - (ra + ll) / 2;
    v[XP_LEAD_AVF] = ll - (ra + la) / 2;
}

static void any_two_limb_leads_give_the_others(void **state) {
    (void)state;
    double v[6];
    limb_leads(v, 0.31, -0.77, 0.52);
    for (int a = 0; a < 6; a++)
        for (int b = a + 1; b < 6; b++)
            for (int t = 0; t < 6; t++) {
                bool have[XP_LEAD_COUNT] = {0};
                have[a] = have[b] = true;
                xp_lead_formula f;
                assert_int_equal(xp_lead_derive(&f, (xp_lead_id)t, have), t != a && t != b);
                if (t == a || t == b) continue;
                assert_true(f.from[0] == (xp_lead_id)a && f.from[1] == (xp_lead_id)b);
                double got = f.weight[0] * v[a] + f.weight[1] * v[b];
                assert_true(fabs(got - v[t]) < 1e-15);
            }
}

static void one_limb_lead_or_chest_leads_are_not_enough(void **state) {
    (void)state;
    bool have[XP_LEAD_COUNT] = {[XP_LEAD_II] = true, [XP_LEAD_V1] = true, [XP_LEAD_V2] = true};
    xp_lead_formula f;
    assert_false(xp_lead_derive(&f, XP_LEAD_I, have));
    have[XP_LEAD_I] = true;
    assert_false(xp_lead_derive(&f, XP_LEAD_V3, have));
    assert_true(xp_lead_derive(&f, XP_LEAD_III, have));
    assert_true(f.weight[0] == -1 && f.weight[1] == 1);
}

static void records_are_allocated_missing_and_limited(void **state) {
    (void)state;
    xp_record rec;
    memset(&rec, 0x5a, sizeof rec);
    const xp_record before = rec;
    static const struct {
        double rate;
        int n_leads;
        int64_t n;
        xp_status status;
    } bad[] = {
        {0, 12, 10, XP_ERR_FORMAT},
        {-1, 12, 10, XP_ERR_FORMAT},
        {NAN, 12, 10, XP_ERR_FORMAT},
        {INFINITY, 12, 10, XP_ERR_FORMAT},
        {500, 0, 10, XP_ERR_LIMIT},
        {500, 1 << 30, 10, XP_ERR_LIMIT},
        {500, 12, -1, XP_ERR_LIMIT},
        {500, 12, INT64_MAX, XP_ERR_LIMIT},
        {500, 12, INT64_MAX / 4, XP_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        xp_error err = {0};
        assert_int_equal(xp_record_alloc(&rec, "r", bad[i].rate, bad[i].n_leads, bad[i].n, &err),
                         bad[i].status);
        assert_true(err.text[0]);
        assert_memory_equal(&rec, &before, sizeof rec);
    }
    assert_int_equal(xp_record_alloc(&rec, "r", 500, 2, 3, NULL), XP_OK);
    assert_true(rec.n_leads == 2 && rec.n == 3 && isnan(rec.facts.age) && rec.facts.sex == 0);
    for (int l = 0; l < 2; l++) {
        assert_int_equal(rec.leads[l].id, XP_LEAD_NONE);
        assert_int_equal(rec.leads[l].n_missing, 3);
        for (int i = 0; i < 3; i++) assert_true(isnan(rec.leads[l].mv[i]));
    }
    xp_record_free(&rec);
    assert_int_equal(xp_record_alloc(&rec, NULL, 500, 1, 0, NULL), XP_OK);
    xp_record_free(&rec);
    xp_record_free(&rec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_round_trip),
        cmocka_unit_test(limb_leads_are_completed),
        cmocka_unit_test(spellings_are_known),
        cmocka_unit_test(other_names_are_none_of_the_twelve),
        cmocka_unit_test(any_two_limb_leads_give_the_others),
        cmocka_unit_test(one_limb_lead_or_chest_leads_are_not_enough),
        cmocka_unit_test(records_are_allocated_missing_and_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
