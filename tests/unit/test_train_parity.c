/* Training against the values that Keras computed in double precision, for five networks: the
 * probabilities and every gradient of the first step, and the loss of each step. How far Keras' own
 * float32 is from them is recorded, and ours may be three times (losses: five times) as far. */
#include "convert/keras.h"
#include "support.h"
#include "train/trainer.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    const char *name;
    xp_model m;
    npy y, losses;
    float *x;
    size_t records, record_floats;
    int batch;
    cJSON *about;
} fixture;

static double number(const cJSON *from, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(from, key);
    assert_true(cJSON_IsNumber(v));
    return v->valuedouble;
}

static fixture load(const char *name) {
    fixture f = {.name = name};
    xp_error err;
    if (!exists(shared_path("golden/%s_initial.keras", name))) skip();
    xp_bytes file = read_file(shared_path("golden/%s_initial.keras", name));
    if (xp_keras_import(&f.m, file, &err) != XP_OK) fail_msg("%s: %s", name, err.text);
    free((void *)file.data);
    npy x = read_npy(shared_path("golden/%s/x.npy", name));
    f.records = x.shape[0];
    f.record_floats = x.shape[1] * x.shape[2];
    f.x = malloc(x.count * sizeof *f.x);
    assert_non_null(f.x);
    for (size_t i = 0; i < x.count; i++) f.x[i] = (float)x.v[i];
    free(x.v);
    f.y = read_npy(shared_path("golden/%s/y.npy", name));
    f.losses = read_npy(shared_path("golden/%s/losses.npy", name));
    file = read_file(shared_path("golden/%s/about.json", name));
    f.about = cJSON_ParseWithLength((const char *)file.data, file.size);
    assert_non_null(f.about);
    free((void *)file.data);
    f.batch = (int)number(f.about, "batch");
    return f;
}

static void unload(fixture *f) {
    xp_model_free(&f->m);
    cJSON_Delete(f->about);
    free(f->x), free(f->y.v), free(f->losses.v);
}

/* "05.gru_1.gru_cell.kernel" is our "gru_1.kernel". */
static const xp_param *param_of(const fixture *f, const char *golden) {
    char name[XP_NAME_MAX + 32];
    const char *layer = strchr(golden, '.') + 1, *dot = strrchr(golden, '.');
    const char *end = strchr(layer, '.');
    snprintf(name, sizeof name, "%.*s%s", (int)(end - layer), layer, dot);
    const int i = xp_graph_find_param(&f->m.graph, name);
    if (i < 0) fail_msg("%s: no weight \"%s\"", f->name, name);
    return &f->m.graph.params[i];
}

static double allowed(const fixture *f, const cJSON *tensor) {
    const double total = number(f->about, "gradient_total_norm");
    return fmax(1e-4 * total, 3 * number(tensor, "keras_float32_error"));
}

static double gradient_error(const fixture *f, const cJSON *tensor, const float *gradient) {
    const xp_param *p = param_of(f, tensor->string);
    const float *g = gradient + p->offset;
    double error = 0, norm = 0;
    const char *path = shared_path("golden/%s/grad/%s.npy", f->name, tensor->string);
    for (size_t i = 0; i < p->count; i++) norm += (double)g[i] * (double)g[i];
    if (!exists(path)) return fabs(sqrt(norm) - number(tensor, "norm")); /* the full network */
    npy golden = read_npy(path);
    assert_int_equal(golden.count, p->count);
    for (size_t i = 0; i < p->count; i++)
        error += ((double)g[i] - golden.v[i]) * ((double)g[i] - golden.v[i]);
    free(golden.v);
    return sqrt(error);
}

static void check_gradients(const fixture *f, const float *gradient) {
    const cJSON *tensor;
    int tensors = 0;
    double worst = 0, total = number(f->about, "gradient_total_norm");
    cJSON_ArrayForEach(tensor, cJSON_GetObjectItemCaseSensitive(f->about, "gradients")) {
        const double error = gradient_error(f, tensor, gradient);
        worst = fmax(worst, error / total);
        if (error > allowed(f, tensor))
            fail_msg("%s: gradient of %s is off by %g, allowed %g", f->name, tensor->string, error,
                     allowed(f, tensor));
        tensors++;
    }
    assert_true(tensors > 0);
    print_message("%s: %d gradients, worst %.2g of the total norm (Keras float32 %.2g)\n", f->name,
                  tensors, worst,
                  number(cJSON_GetObjectItemCaseSensitive(f->about, "keras_float32_error"),
                         "gradient_over_total_norm"));
}

static double first_rate(const fixture *f) {
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f->about, "learning_rate"));
    assert_non_null(text);
    assert_non_null(strstr(text, "* 0.95^(step // 4)"));
    return strtod(text, NULL);
}

static xp_trainer *make_trainer(fixture *f, xp_pool *pool, const xp_kernels *kernels) {
    const xp_trainer_options opt = {
        .batch = f->batch,
        .pool = pool,
        .kernels = kernels,
        .no_dropout = true,
        .keras_averages = true,
        .schedule = {XP_RATE_STAIRCASE, first_rate(f), 0.95, .every = 4}};
    xp_trainer *t;
    xp_error err;
    if (xp_trainer_create(&t, &f->m, &opt, &err) != XP_OK) fail_msg("%s: %s", f->name, err.text);
    return t;
}

static double recorded_loss_error(const fixture *f, size_t step) {
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(f->about, "keras_float32_error");
    const cJSON *e =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(errors, "losses_relative"), (int)step);
    assert_true(cJSON_IsNumber(e));
    return e->valuedouble;
}

static void check_training(const char *name, const xp_kernels *kernels, int threads) {
    fixture f = load(name);
    xp_pool *pool = NULL;
    xp_error err;
    double worst = 0;
    assert_int_equal(xp_pool_create(&pool, threads, &err), XP_OK);
    xp_trainer *t = make_trainer(&f, pool, kernels);
    const size_t labels = f.y.shape[1], batch = (size_t)f.batch;
    float *y = malloc(batch * labels * sizeof *y);
    assert_non_null(y);
    for (size_t step = 0; step < f.losses.count; step++) {
        const size_t a = step * batch % (f.records - batch + 1);
        double loss;
        for (size_t i = 0; i < batch * labels; i++) y[i] = (float)f.y.v[a * labels + i];
        if (xp_trainer_step(t, f.x + a * f.record_floats, y, f.batch, &loss, &err) != XP_OK)
            fail_msg("%s: %s", name, err.text);
        if (step == 0) check_gradients(&f, xp_trainer_gradient(t));
        const double off = fabs(loss / f.losses.v[step] - 1);
        const double limit = fmax(1e-5, 5 * recorded_loss_error(&f, step));
        worst = fmax(worst, off / limit);
        if (!(off <= limit))
            fail_msg("%s: loss of step %zu is %.9g, expected %.9g: off by %.3g, allowed %.3g", name,
                     step, loss, f.losses.v[step], off, limit);
    }
    print_message("%s: %zu losses, worst %.2f of what is allowed\n", name, f.losses.count, worst);
    free(y);
    xp_trainer_free(t);
    xp_pool_free(pool);
    unload(&f);
}

static void check_all_kernels(const char *name) {
    const xp_kernels *k;
    for (int i = 0; (k = xp_kernels_at(i)) != NULL; i++) check_training(name, k, 1 + i % 2);
}

static void test_xplaim_small_odd(void **state) {
    (void)state;
    check_all_kernels("xplaim_small_odd");
}
static void test_zoo(void **state) {
    (void)state;
    check_all_kernels("zoo");
}
static void test_cnn_small(void **state) {
    (void)state;
    check_all_kernels("cnn_small");
}
static void test_gru_small(void **state) {
    (void)state;
    check_all_kernels("gru_small");
}
static void test_xplaim_full(void **state) {
    (void)state;
    check_training("xplaim_full", NULL, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zoo),         cmocka_unit_test(test_xplaim_small_odd),
        cmocka_unit_test(test_cnn_small),   cmocka_unit_test(test_gru_small),
        cmocka_unit_test(test_xplaim_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
