#include "nn/model_file.h"
#include "nn/output_layer.h"
#include "nn_samples.h"

static xp_net *run(const xp_model *m, const float *x) {
    xp_net *net = sample_net(m, (xp_net_options){.reference = true});
    xp_net_forward(net, x);
    return net;
}

static void outputs_are_scaled(void **state) {
    (void)state;
    static const double slope[3] = {0.5, 2, 1.25}, offset[3] = {-1, 0.25, 3};
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int a = 0; a < 3; a++) {
        xp_model m = sample_arch(archs[a], 96, 3, 3, 7);
        float *x = sample_record(&m, 5);
        xp_error err;
        xp_net *before = run(&m, x);
        assert_int_equal(xp_model_scale_outputs(&m, slope, offset, &err), XP_OK);
        xp_net *after = run(&m, x);
        for (int l = 0; l < 3; l++)
            assert_true(fabs((double)xp_net_logits(after)[l] -
                             ((double)xp_net_logits(before)[l] * slope[l] + offset[l])) < 1e-5);
        xp_net_free(before);
        xp_net_free(after);
        xp_model_free(&m);
        free(x);
    }
}

static void kept_outputs_stay_as_they_were(void **state) {
    (void)state;
    static const int keep[2] = {3, 1};
    xp_model m = sample_arch("ecg-xplaim", 96, 3, 4, 7);
    float *x = sample_record(&m, 5);
    char names[2][32];
    xp_error err;
    for (int i = 0; i < 2; i++) memcpy(names[i], m.labels[keep[i]].name, sizeof names[i]);
    xp_net *before = run(&m, x);
    if (xp_model_keep_labels(&m, keep, 2, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(m.n_labels, 2);
    assert_int_equal(xp_model_check(&m, &err), XP_OK);
    xp_net *after = run(&m, x);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(m.labels[i].name, names[i]);
        assert_true(xp_net_logits(after)[i] == xp_net_logits(before)[keep[i]]);
    }
    xp_net_free(before);
    xp_net_free(after);
    xp_model_free(&m);
    free(x);
}

static void impossible_requests_leave_the_model_alone(void **state) {
    (void)state;
    static const int twice[2] = {1, 1}, outside[1] = {4};
    xp_model m = sample_arch("cnn", 96, 3, 4, 7);
    xp_error err = {0};
    assert_int_equal(xp_model_keep_labels(&m, twice, 2, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, m.labels[1].name));
    assert_int_equal(xp_model_keep_labels(&m, outside, 1, &err), XP_ERR_USAGE);
    assert_int_equal(xp_model_keep_labels(&m, outside, 0, &err), XP_ERR_USAGE);
    m.graph.ops[m.graph.n_ops - 1].activation = XP_ACT_SOFTMAX;
    assert_int_equal(xp_model_keep_labels(&m, twice, 1, &err), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "softmax"));
    assert_int_equal(m.n_labels, 4);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_scaled),
        cmocka_unit_test(kept_outputs_stay_as_they_were),
        cmocka_unit_test(impossible_requests_leave_the_model_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
