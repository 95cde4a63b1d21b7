#include "nn/ensemble.h"
#include "nn/gradcam.h"
#include "nn/model_file.h"
#include "nn_samples.h"

enum { MEMBERS = 3, LABELS = 3 };

typedef struct trio {
    xp_model m[MEMBERS];
    const xp_model *at[MEMBERS];
    float *x;
} trio;

/* Networks of one kind with other weights. */
static void make_trio(trio *t, const char *arch) {
    for (int k = 0; k < MEMBERS; k++) {
        const uint64_t seed = (uint64_t)(7 + k);
        t->m[k] = !strcmp(arch, "floored") ? sample_floored(128, LABELS, seed)
                                           : sample_arch(arch, 128, 3, LABELS, seed);
        t->at[k] = &t->m[k];
    }
    t->x = sample_record(&t->m[0], 5);
}

static void free_trio(trio *t) {
    for (int k = 0; k < MEMBERS; k++) xp_model_free(&t->m[k]);
    free(t->x);
}

static void logits_of(const xp_model *m, bool reference, const float *x, float *out) {
    xp_net *net = sample_net(m, (xp_net_options){.reference = reference});
    xp_net_forward(net, x);
    memcpy(out, xp_net_logits(net), LABELS * sizeof *out);
    xp_net_free(net);
}

/* Raw map of a label at the default layer. */
static void map_of(const xp_model *m, const float *x, int label, float *map, int *t) {
    xp_error err;
    int layer = xp_gradcam_default_layer(&m->graph);
    xp_net *net = sample_net(m, (xp_net_options){.n_explain = 1, .explain = {layer}});
    xp_net_forward(net, x);
    *t = m->graph.ops[layer].t;
    assert_true(*t <= 128);
    if (xp_gradcam_raw(net, layer, label, map, &err) != XP_OK) fail_msg("%s", err.text);
    xp_net_free(net);
}

static void check_log_odds(const char *arch) {
    trio t;
    make_trio(&t, arch);
    xp_model joined;
    xp_error err;
    if (xp_ensemble(&joined, t.at, MEMBERS, &err) != XP_OK) fail_msg("%s", err.text);
    float mean[LABELS] = {0}, got[LABELS];
    for (int k = 0; k < MEMBERS; k++) {
        logits_of(&t.m[k], true, t.x, got);
        for (int l = 0; l < LABELS; l++) mean[l] += got[l] / MEMBERS;
    }
    for (int reference = 0; reference < 2; reference++) {
        logits_of(&joined, reference != 0, t.x, got);
        for (int l = 0; l < LABELS; l++) assert_true(fabsf(got[l] - mean[l]) < 2e-5f);
    }
    assert_true(isnan(joined.labels[0].threshold) && joined.labels[0].n_positive == -1);
    xp_model_free(&joined);
    free_trio(&t);
}

static void log_odds_are_the_members_mean(void **state) {
    (void)state;
    check_log_odds("ecg-xplaim");
    check_log_odds("floored");
}

/* A channel's gradient at the joined layer is a share of its member's, so that the raw map is the
 * members' mean as well. */
static void check_maps(const char *arch) {
    trio t;
    make_trio(&t, arch);
    xp_model joined;
    xp_error err;
    assert_int_equal(xp_ensemble(&joined, t.at, MEMBERS, &err), XP_OK);
    for (int l = 0; l < LABELS; l++) {
        float mean[128] = {0}, map[128], largest = 0;
        int n = 0;
        for (int k = 0; k < MEMBERS; k++) {
            map_of(&t.m[k], t.x, l, map, &n);
            for (int i = 0; i < n; i++) mean[i] += map[i] / MEMBERS;
        }
        map_of(&joined, t.x, l, map, &n);
        for (int i = 0; i < n; i++) largest = fmaxf(largest, fabsf(mean[i]));
        assert_true(largest > 0);
        for (int i = 0; i < n; i++) assert_true(fabsf(map[i] - mean[i]) < 1e-4f * largest);
    }
    xp_model_free(&joined);
    free_trio(&t);
}

static void grad_cam_is_the_members_mean(void **state) {
    (void)state;
    check_maps("ecg-xplaim");
    check_maps("floored");
}

static void the_file_reads_back(void **state) {
    (void)state;
    trio t;
    make_trio(&t, "ecg-xplaim");
    xp_model joined, back;
    xp_error err;
    uint8_t *bytes;
    size_t size;
    float a[LABELS], b[LABELS];
    assert_int_equal(xp_ensemble(&joined, t.at, MEMBERS, &err), XP_OK);
    assert_int_equal(xp_model_write(&joined, false, &bytes, &size, &err), XP_OK);
    if (xp_model_read(&back, (xp_bytes){bytes, size}, &err) != XP_OK) fail_msg("%s", err.text);
    logits_of(&joined, false, t.x, a);
    logits_of(&back, false, t.x, b);
    assert_memory_equal(a, b, sizeof a);
    free(bytes);
    xp_model_free(&joined);
    xp_model_free(&back);
    free_trio(&t);
}

static void what_cannot_be_joined_is_named(void **state) {
    (void)state;
    trio t, cnn;
    make_trio(&t, "ecg-xplaim");
    make_trio(&cnn, "cnn");
    xp_model joined = {.length = 77};
    xp_error err = {0};
    assert_int_equal(xp_ensemble(&joined, cnn.at, MEMBERS, &err), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "flatten"));
    const xp_model *mixed[2] = {t.at[0], cnn.at[0]};
    assert_int_equal(xp_ensemble(&joined, mixed, 2, &err), XP_ERR_SHAPE);
    assert_non_null(strstr(err.text, "member 2"));
    t.m[2].rate++;
    assert_int_equal(xp_ensemble(&joined, t.at, MEMBERS, &err), XP_ERR_SHAPE);
    assert_non_null(strstr(err.text, "member 3: its length"));
    assert_int_equal(xp_ensemble(&joined, t.at, 1, &err), XP_ERR_USAGE);
    assert_true(joined.length == 77 && !joined.weights);
    free_trio(&t);
    free_trio(&cnn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_odds_are_the_members_mean),
        cmocka_unit_test(grad_cam_is_the_members_mean),
        cmocka_unit_test(the_file_reads_back),
        cmocka_unit_test(what_cannot_be_joined_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
