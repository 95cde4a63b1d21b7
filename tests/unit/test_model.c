#include "nn/model_file.h"
#include "nn/safetensors.h"
#include "nn_samples.h"

typedef struct {
    uint8_t *bytes;
    size_t size;
} file;

static file write_model(const xp_model *m, bool half) {
    file f;
    xp_error err;
    if (xp_model_write(m, half, &f.bytes, &f.size, &err) != XP_OK) fail_msg("%s", err.text);
    return f;
}

static xp_status read_model(xp_model *m, file f, xp_error *err) {
    return xp_model_read(m, (xp_bytes){f.bytes, f.size}, err);
}

static xp_model described_model(void) {
    xp_model m = sample_arch("ecg-xplaim", 77, 4, 3, 3);
    snprintf(m.name, sizeof m.name, "described");
    m.rate = 62.5;
    m.trained = true;
    m.labels[0] = (xp_label){.name = "afib",
                             .long_name = "Atrial \"fibrillation\"",
                             .threshold = 0.1 + 0.2,
                             .threshold_source = "fold 9, Youden",
                             .auroc = 0.971,
                             .auroc_low = 0.96,
                             .auroc_high = 0.98,
                             .n_positive = 152,
                             .n_negative = 900,
                             .found = 140,
                             .false_alarms = 0,
                             .specific_threshold = 0.7,
                             .specific_source = "fold 9, specificity 0.98",
                             .specific_found = 100,
                             .specific_false_alarms = -1};
    assert_int_equal(xp_model_set_meta(&m, "licence", "CC BY 4.0"), XP_OK);
    assert_int_equal(xp_model_set_meta(&m, "card", "{\"n\": [1, 2]}\n"), XP_OK);
    return m;
}

static void assert_same_label(const xp_label *a, const xp_label *b) {
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->long_name, b->long_name);
    assert_string_equal(a->threshold_source, b->threshold_source);
    assert_string_equal(a->specific_source, b->specific_source);
    const int n[] = {a->n_positive,   a->n_negative,     a->found,
                     a->false_alarms, a->specific_found, a->specific_false_alarms};
    const int k[] = {b->n_positive,   b->n_negative,     b->found,
                     b->false_alarms, b->specific_found, b->specific_false_alarms};
    assert_memory_equal(n, k, sizeof n);
    const double *p[] = {&a->threshold, &a->specific_threshold, &a->auroc, &a->auroc_low,
                         &a->auroc_high};
    const double *q[] = {&b->threshold, &b->specific_threshold, &b->auroc, &b->auroc_low,
                         &b->auroc_high};
    for (int i = 0; i < 5; i++) assert_true(*p[i] == *q[i] || (isnan(*p[i]) && isnan(*q[i])));
}

/* Thresholds and what belongs to them change places; a file is written at the balanced point. */
static void two_operating_points(void **state) {
    (void)state;
    xp_model m = described_model(), r;
    xp_error err;
    assert_true(xp_model_can_operate_at(&m, XP_SPECIFIC));
    const xp_label before = m.labels[0];
    xp_model_operate_at(&m, XP_SPECIFIC);
    xp_model_operate_at(&m, XP_SPECIFIC); /* as once */
    assert_true(m.point == XP_SPECIFIC && m.labels[0].threshold == 0.7);
    assert_string_equal(m.labels[0].threshold_source, "fold 9, specificity 0.98");
    assert_true(m.labels[0].found == 100 && m.labels[0].false_alarms == -1);
    assert_true(m.labels[0].specific_found == 140 && isnan(m.labels[1].threshold));
    file f = write_model(&m, false);
    assert_int_equal(read_model(&r, f, &err), XP_OK);
    assert_true(r.point == XP_BALANCED);
    assert_same_label(&r.labels[0], &before);
    xp_model_operate_at(&m, XP_BALANCED);
    assert_same_label(&m.labels[0], &before);
    xp_label_forget(&m.labels[0]);
    assert_true(!xp_model_can_operate_at(&m, XP_SPECIFIC) && isnan(m.labels[0].auroc));
    assert_string_equal(m.labels[0].name, "afib");
    assert_int_equal(xp_operating_point_find("high-specificity"), XP_SPECIFIC);
    assert_int_equal(xp_operating_point_find("strict"), -1);
    free(f.bytes);
    xp_model_free(&m);
    xp_model_free(&r);
}

static void file_round_trip_keeps_everything(void **state) {
    (void)state;
    xp_model m = described_model(), r;
    xp_error err;
    file f = write_model(&m, false);
    assert_int_equal(read_model(&r, f, &err), XP_OK);
    assert_string_equal(r.name, "described");
    assert_string_equal(r.architecture, "ecg-xplaim");
    assert_true(r.rate == 62.5 && r.length == 77 && r.trained && r.n_leads == 4);
    assert_memory_equal(r.leads, m.leads, 4 * sizeof *m.leads);
    for (int i = 0; i < 3; i++) assert_same_label(&m.labels[i], &r.labels[i]);
    assert_int_equal(m.graph.n_weights, r.graph.n_weights);
    assert_memory_equal(m.weights, r.weights, m.graph.n_weights * sizeof *m.weights);
    assert_string_equal(xp_model_meta(&r, "licence"), "CC BY 4.0");
    assert_string_equal(xp_model_meta(&r, "card"), "{\"n\": [1, 2]}\n");
    assert_non_null(strstr(xp_model_meta(&r, "architecture_config"), "filters"));
    file g = write_model(&r, false);
    assert_int_equal(f.size, g.size);
    assert_memory_equal(f.bytes, g.bytes, f.size);
    free(f.bytes);
    free(g.bytes);
    xp_model_free(&m);
    xp_model_free(&r);
}

static void half_precision_keeps_ten_bits(void **state) {
    (void)state;
    xp_model m = sample_mixed(30, 5), r;
    xp_error err;
    file f = write_model(&m, true);
    assert_int_equal(read_model(&r, f, &err), XP_OK);
    for (size_t i = 0; i < m.graph.n_weights; i++)
        assert_true(fabsf(m.weights[i] - r.weights[i]) <= fabsf(m.weights[i]) / 2048 + 1e-7f);
    free(f.bytes);
    xp_model_free(&m);
    xp_model_free(&r);
}

static void metadata_can_be_changed(void **state) {
    (void)state;
    xp_model m = sample_mixed(30, 5);
    assert_null(xp_model_meta(&m, "a"));
    assert_int_equal(xp_model_set_meta(&m, "a", "1"), XP_OK);
    assert_int_equal(xp_model_set_meta(&m, "b", "2"), XP_OK);
    assert_int_equal(xp_model_set_meta(&m, "a", "3"), XP_OK);
    assert_string_equal(xp_model_meta(&m, "a"), "3");
    assert_int_equal(xp_model_set_meta(&m, "a", NULL), XP_OK);
    assert_null(xp_model_meta(&m, "a"));
    assert_string_equal(xp_model_meta(&m, "b"), "2");
    assert_int_equal(xp_model_set_meta(&m, "labels", "[]"), XP_ERR_USAGE);
    assert_int_equal(xp_model_find_label(&m, "LABEL2"), 1);
    assert_int_equal(xp_model_find_label(&m, "none"), -1);
    xp_model_free(&m);
}

/* ==== broken files: same length replacements in the header ==== */

static void replace(file f, const char *from, const char *to) {
    const size_t n = strlen(from);
    assert_int_equal(n, strlen(to));
    for (size_t i = 0; i + n <= f.size; i++)
        if (!memcmp(f.bytes + i, from, n)) {
            memcpy(f.bytes + i, to, n);
            return;
        }
    fail_msg("\"%s\" is not in the file", from);
}

static void inconsistencies_are_named(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *word;
        xp_status code;
    } cases[] = {
        {"\"format_version\":\"1\"", "\"format_version\":\"9\"", "format_version",
         XP_ERR_UNSUPPORTED},
        {"\"units\":\"mV\"", "\"units\":\"uV\"", "units", XP_ERR_UNSUPPORTED},
        {"\"units\"", "\"unitz\"", "units", XP_ERR_FORMAT},
        {"\"rate\":\"62.5\"", "\"rate\":\"62,5\"", "rate", XP_ERR_FORMAT},
        {"\"rate\":\"62.5\"", "\"rate\":\"-2.5\"", "rate", XP_ERR_FORMAT},
        {"\"length\":\"77\"", "\"length\":\"78\"", "78", XP_ERR_SHAPE},
        {"\"trained\":\"true\"", "\"trained\":\"True\"", "trained", XP_ERR_FORMAT},
        {"\"lead_order\":\"[", "\"lead_order\":\"{", "lead_order", XP_ERR_FORMAT},
        {"\\\"a\\\",\\\"b\\\"", "\\\"a\\\",77777", "lead_order", XP_ERR_FORMAT},
        {"\\\"auroc\\\":0.971", "\\\"auroc\\\":false", "auroc", XP_ERR_FORMAT},
        {"\"block1.conv1.k2.kernel\"", "\"block1.conv1.k3.kernel\"", "block1.conv1.k3.kernel",
         XP_ERR_FORMAT},
        {"\"block1.shortcut.kernel\":{\"dtype\":\"F32\",\"shape\":[1,4,12]",
         "\"block1.shortcut.kernel\":{\"dtype\":\"F32\",\"shape\":[4,1,12]", "(4, 1, 12)",
         XP_ERR_SHAPE},
    };
    xp_model m = described_model();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = write_model(&m, false);
        replace(f, cases[i].from, cases[i].to);
        xp_model r = {.n_labels = 99};
        xp_error err = {0};
        xp_status s = read_model(&r, f, &err);
        if (s != cases[i].code || !strstr(err.text, cases[i].word))
            fail_msg("case %zu: %s \"%s\", expected %s and \"%s\"", i, xp_status_name(s), err.text,
                     xp_status_name(cases[i].code), cases[i].word);
        assert_int_equal(r.n_labels, 99);
        free(f.bytes);
    }
    xp_model_free(&m);
}

/* A file with the same metadata but one tensor fewer. */
static void missing_tensor_is_named(void **state) {
    (void)state;
    xp_model m = described_model(), r;
    file f = write_model(&m, false);
    xp_safetensors st;
    xp_error err;
    assert_int_equal(xp_safetensors_read(&st, (xp_bytes){f.bytes, f.size}, &err), XP_OK);
    xp_st_source *tensors = calloc((size_t)m.graph.n_params, sizeof *tensors);
    assert_non_null(tensors);
    for (int i = 0; i < m.graph.n_params; i++) {
        const xp_param *p = &m.graph.params[i];
        tensors[i] = (xp_st_source){p->name, p->ndim, p->shape, m.weights + p->offset};
    }
    file g;
    assert_int_equal(xp_safetensors_write(tensors, m.graph.n_params - 1, st.meta, st.n_meta, XP_F32,
                                          &g.bytes, &g.size, &err),
                     XP_OK);
    assert_int_equal(read_model(&r, g, &err), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, m.graph.params[m.graph.n_params - 1].name));
    xp_safetensors_free(&st);
    free(tensors);
    free(f.bytes);
    free(g.bytes);
    xp_model_free(&m);
}

static void bad_weights_are_named(void **state) {
    (void)state;
    xp_model m = described_model();
    const xp_param *p = &m.graph.params[xp_graph_find_param(&m.graph, "block2.conv1.bn.beta")];
    uint8_t *bytes;
    size_t size;
    xp_error err;
    m.weights[p->offset + 2] = NAN;
    assert_int_equal(xp_model_write(&m, false, &bytes, &size, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, p->name));
    m.weights[p->offset + 2] = 0;
    p = &m.graph.params[xp_graph_find_param(&m.graph, "block2.conv1.bn.moving_variance")];
    m.weights[p->offset] = -1;
    assert_int_equal(xp_model_write(&m, false, &bytes, &size, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, p->name));
    xp_model_free(&m);
}

/* Every cut and a few thousand single-byte changes: an error or a model, never a crash. */
static void damaged_files_do_no_harm(void **state) {
    (void)state;
    xp_model m = described_model(), r;
    file f = write_model(&m, false);
    xp_error err;
    size_t header = (size_t)xp_load_le(f.bytes, 8) + 8;
    for (size_t n = 0; n < f.size; n += n < 64 ? 1 : 97) {
        uint8_t *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, f.bytes, n);
        assert_int_not_equal(read_model(&r, (file){cut, n}, &err), XP_OK);
        free(cut);
    }
    xp_rng rng = xp_rng_seed(1);
    for (int i = 0; i < 3000; i++) {
        size_t at = xp_rng_below(&rng, (uint32_t)header);
        uint8_t old = f.bytes[at];
        f.bytes[at] = (uint8_t)xp_rng_u64(&rng);
        if (read_model(&r, f, &err) == XP_OK) xp_model_free(&r);
        f.bytes[at] = old;
    }
    assert_int_equal(read_model(&r, f, &err), XP_OK);
    xp_model_free(&r);
    free(f.bytes);
    xp_model_free(&m);
}

/* ==== builders ==== */

static void same_seed_gives_the_same_weights(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    static const char *const labels[] = {"x", "y"};
    for (int i = 0; i < 3; i++) {
        xp_arch_config cfg = {.arch = archs[i],
                              .length = 100,
                              .n_leads = 12,
                              .rate = 100,
                              .n_labels = 2,
                              .labels = labels,
                              .dropout = -1};
        xp_model a, b, c;
        xp_error err;
        assert_int_equal(xp_model_build(&a, &cfg, 1, &err), XP_OK);
        assert_int_equal(xp_model_build(&b, &cfg, 1, &err), XP_OK);
        assert_int_equal(xp_model_build(&c, &cfg, 2, &err), XP_OK);
        size_t bytes = a.graph.n_weights * sizeof *a.weights;
        assert_memory_equal(a.weights, b.weights, bytes);
        assert_true(memcmp(a.weights, c.weights, bytes));
        assert_int_equal(xp_model_check(&a, &err), XP_OK);
        assert_false(a.trained);
        xp_model_free(&a);
        xp_model_free(&b);
        xp_model_free(&c);
    }
}

static void recurrent_weights_start_orthonormal(void **state) {
    (void)state;
    xp_model m = sample_arch("gru", 50, 3, 2, 1), fresh;
    static const char *const labels[] = {"x", "y"};
    xp_arch_config cfg = {.arch = "gru",
                          .length = 50,
                          .n_leads = 12,
                          .rate = 100,
                          .n_labels = 2,
                          .labels = labels,
                          .dropout = -1};
    xp_error err;
    assert_int_equal(xp_model_build(&fresh, &cfg, 9, &err), XP_OK);
    const xp_param *p =
        &fresh.graph.params[xp_graph_find_param(&fresh.graph, "gru2.recurrent_kernel")];
    const float *w = fresh.weights + p->offset;
    for (int i = 0; i < p->shape[0]; i++)
        for (int j = 0; j <= i; j++) {
            double dot = 0;
            for (int c = 0; c < p->shape[1]; c++)
                dot += (double)w[i * p->shape[1] + c] * (double)w[j * p->shape[1] + c];
            assert_true(fabs(dot - (i == j)) < 1e-5);
        }
    xp_model_free(&fresh);
    xp_model_free(&m);
}

static void bad_configurations_are_refused(void **state) {
    (void)state;
    static const char *const labels[] = {"x", "a name of more than thirty-one characters"};
    const xp_arch_config good = {.arch = "ecg-xplaim",
                                 .length = 100,
                                 .n_leads = 12,
                                 .rate = 100,
                                 .n_labels = 1,
                                 .labels = labels};
    xp_arch_config bad[7];
    for (int i = 0; i < 7; i++) bad[i] = good;
    bad[0].arch = "resnet";
    bad[1].n_leads = 8; /* without names */
    bad[2].rate = NAN;
    bad[3].n_labels = 2;
    bad[4].length = 0;
    bad[5].n_blocks = 9;
    bad[6].n_blocks = 1; /* without filters */
    for (int i = 0; i < 7; i++) {
        xp_model m = {.length = 77};
        xp_error err = {0};
        assert_int_not_equal(xp_model_build(&m, &bad[i], 1, &err), XP_OK);
        assert_true(err.text[0] && m.length == 77 && !m.weights);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_operating_points),
        cmocka_unit_test(file_round_trip_keeps_everything),
        cmocka_unit_test(half_precision_keeps_ten_bits),
        cmocka_unit_test(metadata_can_be_changed),
        cmocka_unit_test(inconsistencies_are_named),
        cmocka_unit_test(missing_tensor_is_named),
        cmocka_unit_test(bad_weights_are_named),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(same_seed_gives_the_same_weights),
        cmocka_unit_test(recurrent_weights_start_orthonormal),
        cmocka_unit_test(bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
