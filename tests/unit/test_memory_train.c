/* Memory runs out at every place of training where it can: making a trainer, steps, evaluation, and
 * its state on disk, which is whole or not there. */
#include "scarce.h"

#include "nn_samples.h"
#include "train/trainer.h"

#include <stdlib.h>
#include <unistd.h>

enum { LENGTH = 100, LEADS = 3, LABELS = 2 };

/* A model whose weights each run begins with again. */
typedef struct subject {
    xp_model m;
    float *weights; /* owned */
    char path[64];  /* of the state */
} subject;

static subject subject_of(const char *arch, int blocks) {
    xp_arch_config cfg = sample_config(arch, LENGTH, LEADS, LABELS);
    cfg.n_blocks = blocks;
    subject s = {.m = sample_built(&cfg, 5)};
    s.weights = malloc(s.m.graph.n_weights * sizeof *s.weights);
    assert_non_null(s.weights);
    memcpy(s.weights, s.m.weights, s.m.graph.n_weights * sizeof *s.weights);
    /* Where writing through to a disk, once for each allocation that is refused, costs nothing. */
    const bool memory = !access("/dev/shm", W_OK);
    snprintf(s.path, sizeof s.path, "%s/scarce_%d.state", memory ? "/dev/shm" : ".", (int)getpid());
    return s;
}

static void subject_free(subject *s) {
    unlink(s->path);
    free(s->weights);
    xp_model_free(&s->m);
}

static xp_status make_trainer(xp_trainer **t, subject *s, xp_error *err) {
    const xp_trainer_options opt = {.batch = 2,
                                    .seed = 5,
                                    .schedule = {XP_RATE_CONSTANT, .rate = 0.01},
                                    .ema = 0.9,
                                    .clip_norm = 5,
                                    .positive_weights = (const float[]){1, 2}};
    memcpy(s->m.weights, s->weights, s->m.graph.n_weights * sizeof *s->weights);
    return xp_trainer_create(t, &s->m, &opt, err);
}

static xp_status step(xp_trainer *t, scarce_result *r, xp_error *err) {
    static const float x[2 * LENGTH * LEADS], y[2 * LABELS] = {1, 0, 0, -1};
    double loss;
    XP_TRY(xp_trainer_step(t, x, y, 2, &loss, err));
    scarce_add(r, &loss, sizeof loss);
    return XP_OK;
}

static xp_status evaluate(xp_trainer *t, scarce_result *r, xp_error *err) {
    static const float x[2 * LENGTH * LEADS], y[2 * LABELS] = {1, 0, 0, -1};
    float p[2 * LABELS];
    double sum = 0, known = 0;
    XP_TRY(xp_trainer_eval_begin(t, err));
    XP_TRY(xp_trainer_eval(t, x, y, 2, p, &sum, &known, err));
    scarce_add(r, p, sizeof p);
    return XP_OK;
}

static xp_status train(void *ctx, scarce_result *r, xp_error *err) {
    xp_trainer *t;
    XP_TRY(make_trainer(&t, ctx, err));
    xp_status s = step(t, r, err);
    if (s == XP_OK) s = evaluate(t, r, err);
    xp_trainer_free(t);
    return s;
}

static void networks_are_trained(void **state) {
    (void)state;
    static char *const archs[] = {"ecg-xplaim", "gru"};
    for (int i = 0; i < 2; i++) {
        subject s = subject_of(archs[i], 3);
        scarce_check(archs[i], train, &s);
        subject_free(&s);
    }
}

/* A step, the state written, read by another trainer, and one more step. */
static xp_status go_on(xp_trainer *t, subject *s, scarce_result *r, xp_error *err) {
    static const uint8_t own[] = "epoch 3";
    uint8_t *loop = NULL;
    size_t size = 0;
    XP_TRY(step(t, r, err));
    XP_TRY(xp_trainer_save(t, s->path, (xp_bytes){own, sizeof own}, err));
    XP_TRY(xp_trainer_load(t, s->path, &loop, &size, err));
    scarce_add(r, loop, size);
    free(loop);
    return step(t, r, err);
}

static xp_status save_and_load(void *ctx, scarce_result *r, xp_error *err) {
    xp_trainer *t;
    subject *s = ctx;
    unlink(s->path);
    XP_TRY(make_trainer(&t, s, err));
    const xp_status status = go_on(t, s, r, err);
    xp_trainer_free(t);
    return status;
}

static void states_are_saved_and_loaded(void **state) {
    (void)state;
    subject s = subject_of("ecg-xplaim", 1);
    scarce_check("state on disk", save_and_load, &s);
    subject_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_trained),
        cmocka_unit_test(states_are_saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
