/* A whole training: repeatable, resumable after any interruption, the same on one process and two,
 * and unharmed by what goes wrong. */
#include "nn_samples.h"
#include "train/trainer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 6, LENGTH = 96, LEADS = 3, LABELS = 2, RECORD = LENGTH * LEADS };

static const xp_trainer_options usual = {.batch = BATCH,
                                         .seed = 5,
                                         .schedule = {XP_RATE_STAIRCASE, 0.01, 0.9, .every = 3},
                                         .weight_decay = 0.01,
                                         .ema = 0.9,
                                         .clip_norm = 5};

typedef struct data {
    float x[BATCH * RECORD], y[BATCH * LABELS];
} data;

/* The batch of a step: the loop's position is the step. */
static data batch_of(uint64_t step) {
    data d;
    xp_rng r = xp_rng_seed(step + 100);
    for (int i = 0; i < BATCH * RECORD; i++) d.x[i] = (float)xp_rng_normal(&r);
    for (int i = 0; i < BATCH * LABELS; i++) d.y[i] = (float)xp_rng_below(&r, 2);
    d.y[step % (BATCH * LABELS)] = -1;
    return d;
}

static xp_trainer *make(xp_model *m, xp_trainer_options opt) {
    xp_trainer *t;
    xp_error err;
    if (xp_trainer_create(&t, m, &opt, &err) != XP_OK) fail_msg("%s", err.text);
    return t;
}

static double train_step(xp_trainer *t) {
    const data d = batch_of(xp_trainer_steps(t));
    double loss;
    xp_error err;
    if (xp_trainer_step(t, d.x, d.y, BATCH, &loss, &err) != XP_OK) fail_msg("%s", err.text);
    return loss;
}

static xp_model sample(const char *arch) {
    return sample_arch(arch, LENGTH, LEADS, LABELS, 3);
}

static void assert_same_weights(const xp_model *a, const xp_model *b) {
    assert_memory_equal(a->weights, b->weights, a->graph.n_weights * sizeof(float));
}

static const char *scratch_file(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "/tmp/xplaim-%ld-%s", (long)getpid(), name);
    return path;
}

/* ---- repeatable ---- */

static void test_learns_and_repeats(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int a = 0; a < 3; a++) {
        xp_model m[2] = {sample(archs[a]), sample(archs[a])};
        double first = 0, last = 0;
        for (int i = 0; i < 2; i++) {
            xp_trainer_options opt = usual;
            opt.no_dropout = a == 2;
            assert_int_equal(xp_pool_create(&opt.pool, a == 2 ? 2 : 1 + i, NULL), XP_OK);
            xp_trainer *t = make(&m[i], opt);
            const data d = batch_of(0);
            for (int s = 0; s < 25; s++) {
                xp_error err;
                if (xp_trainer_step(t, d.x, d.y, BATCH, &last, &err) != XP_OK)
                    fail_msg("%s", err.text);
                if (s == 0) first = last;
            }
            assert_true(last < 0.7 * first);
            xp_trainer_free(t);
            xp_pool_free(opt.pool);
        }
        assert_same_weights(&m[0], &m[1]);
        xp_model_free(&m[0]), xp_model_free(&m[1]);
    }
}

static void test_known_memory(void **state) {
    (void)state;
    xp_model m = sample("ecg-xplaim");
    size_t bytes = 0, again = 0, more = 0;
    xp_error err;
    xp_trainer_options opt = usual;
    assert_int_equal(xp_trainer_bytes(&m, &opt, &bytes, &err), XP_OK);
    xp_trainer *t = make(&m, opt);
    for (int i = 0; i < 3; i++) train_step(t);
    assert_int_equal(xp_trainer_bytes(&m, &opt, &again, &err), XP_OK);
    opt.batch = 2 * BATCH;
    assert_int_equal(xp_trainer_bytes(&m, &opt, &more, &err), XP_OK);
    assert_true(bytes > 0 && bytes == again && more > bytes && more < 3 * bytes);
    xp_trainer_free(t);
    xp_model_free(&m);
}

/* ---- evaluation ---- */

static void test_evaluation_is_the_network(void **state) {
    (void)state;
    xp_model m = sample("ecg-xplaim");
    xp_trainer *t = make(&m, usual);
    xp_error err;
    for (int i = 0; i < 5; i++) train_step(t);
    const data d = batch_of(9);
    float p[BATCH * LABELS];
    double sum = 0, known = 0;
    assert_int_equal(xp_trainer_eval(t, d.x, d.y, BATCH, p, &sum, &known, &err), XP_ERR_USAGE);
    assert_int_equal(xp_trainer_eval_begin(t, &err), XP_OK);
    assert_int_equal(xp_trainer_eval(t, d.x, d.y, BATCH, p, &sum, &known, &err), XP_OK);
    assert_true(known == BATCH * LABELS - 1);
    double expected = 0;
    for (int i = 0; i < BATCH * LABELS; i++) {
        const double q = (double)p[i];
        if (d.y[i] >= 0) expected -= d.y[i] > 0 ? log(q) : log(1 - q);
    }
    assert_true(fabs(sum - expected) < 1e-4 * fabs(expected));
    xp_trainer_swap_average(t); /* the network that was evaluated is the average's */
    xp_net *net = sample_net(&m, (xp_net_options){.n_explain = 0});
    for (int r = 0; r < BATCH; r++) {
        xp_net_forward(net, d.x + r * RECORD);
        assert_memory_equal(xp_net_probabilities(net), p + r * LABELS, LABELS * sizeof *p);
    }
    xp_net_free(net);
    assert_int_equal(xp_trainer_save(t, scratch_file("swapped"), (xp_bytes){NULL, 0}, &err),
                     XP_ERR_USAGE);
    xp_trainer_swap_average(t);
    xp_trainer_free(t);
    xp_model_free(&m);
}

/* ---- resuming ---- */

static void test_resume_is_the_same_run(void **state) {
    (void)state;
    const char *path = scratch_file("state.safetensors");
    xp_model whole = sample("gru"), part = sample("gru");
    xp_error err;
    xp_trainer *t = make(&whole, usual);
    xp_trainer_scale_rate(t, 0.5);
    for (int i = 0; i < 9; i++) train_step(t);
    xp_trainer_free(t);
    t = make(&part, usual);
    xp_trainer_scale_rate(t, 0.5);
    for (int i = 0; i < 4; i++) train_step(t);
    const uint8_t loop[5] = {0, 255, 7, 16, 1};
    if (xp_trainer_save(t, path, (xp_bytes){loop, 5}, &err) != XP_OK) fail_msg("%s", err.text);
    xp_trainer_free(t);
    xp_model_free(&part);
    part = sample_arch("gru", LENGTH, LEADS, LABELS, 99); /* other weights */
    xp_trainer_options opt = usual;
    opt.seed = 1234; /* the state's own is taken */
    t = make(&part, opt);
    uint8_t *got = NULL;
    size_t size = 0;
    if (xp_trainer_load(t, path, &got, &size, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(size, 5);
    assert_memory_equal(got, loop, 5);
    free(got);
    assert_int_equal(xp_trainer_steps(t), 4);
    for (int i = 0; i < 5; i++) train_step(t);
    assert_same_weights(&whole, &part);
    xp_trainer_free(t);
    xp_model_free(&whole), xp_model_free(&part);
    unlink(path);
}

enum { KILL_STEPS = 60 };

/* What a training process does: take up the state, go on, save after every step. */
static void train_and_save(const char *path, const char *done) {
    xp_model m = sample("ecg-xplaim");
    xp_error err;
    xp_trainer *t = make(&m, usual);
    if (exists(path) && xp_trainer_load(t, path, NULL, NULL, &err) != XP_OK) _exit(3);
    while (xp_trainer_steps(t) < KILL_STEPS) {
        train_step(t);
        if (xp_trainer_save(t, path, (xp_bytes){NULL, 0}, &err) != XP_OK) _exit(4);
    }
    const size_t bytes = m.graph.n_weights * sizeof(float);
    if (xp_write_atomic(done, m.weights, bytes, &err) != XP_OK) _exit(5);
    _exit(0);
}

static void test_killed_at_any_moment(void **state) {
    (void)state;
    char path[256], done[256];
    snprintf(path, sizeof path, "%s", scratch_file("killed.safetensors"));
    snprintf(done, sizeof done, "%s", scratch_file("killed.weights"));
    xp_rng r = xp_rng_seed(17);
    int status = 0, kills = 0;
    for (int run = 0; run < 400 && !exists(done); run++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) train_and_save(path, done);
        usleep(3000 + xp_rng_below(&r, 40000));
        if (kills < 25) kills += kill(child, SIGKILL) == 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_true(exists(done));
    xp_model m = sample("ecg-xplaim");
    xp_trainer *t = make(&m, usual);
    for (int i = 0; i < KILL_STEPS; i++) train_step(t);
    xp_bytes file = read_file(done);
    assert_int_equal(file.size, m.graph.n_weights * sizeof(float));
    assert_memory_equal(file.data, m.weights, file.size);
    free((void *)file.data);
    xp_trainer_free(t);
    xp_model_free(&m);
    strcat(path, ".tmp");
    unlink(path); /* left by the last kill, perhaps */
    path[strlen(path) - 4] = '\0';
    unlink(path), unlink(done);
}

static void refuse(xp_trainer *t, const char *path, const void *bytes, size_t size,
                   const char *text) {
    xp_error err = {0};
    if (xp_write_atomic(path, bytes, size, &err) != XP_OK) fail_msg("%s", err.text);
    assert_true(xp_trainer_load(t, path, NULL, NULL, &err) != XP_OK);
    assert_non_null(strstr(err.text, path));
    if (!strstr(err.text, text)) fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void test_bad_states(void **state) {
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", scratch_file("bad.safetensors"));
    xp_model m = sample("cnn"), other = sample("gru");
    xp_error err;
    xp_trainer *t = make(&m, usual), *u = make(&other, usual);
    train_step(t);
    assert_int_equal(xp_trainer_save(u, path, (xp_bytes){NULL, 0}, &err), XP_OK);
    xp_bytes file = read_file(path);
    float *before = malloc(m.graph.n_weights * sizeof *before);
    assert_non_null(before);
    memcpy(before, m.weights, m.graph.n_weights * sizeof *before);
    refuse(t, path, file.data, file.size, "another network");
    for (size_t cut = 0; cut < file.size; cut += file.size / 37 + 1)
        refuse(t, path, file.data, cut, "");
    refuse(u, path, "hello", 5, "");
    assert_int_equal(xp_trainer_load(t, "/nonexistent/state", NULL, NULL, &err), XP_ERR_IO);
    assert_int_equal(xp_trainer_save(t, "/nonexistent/state", (xp_bytes){NULL, 0}, &err),
                     XP_ERR_IO);
    assert_memory_equal(before, m.weights, m.graph.n_weights * sizeof *before);
    assert_int_equal(xp_trainer_steps(t), 1);
    free(before);
    free((void *)file.data);
    unlink(path);
    xp_trainer_free(t), xp_trainer_free(u);
    xp_model_free(&m), xp_model_free(&other);
}

/* A device that is always full: the old file stays. */
static void test_full_disk(void **state) {
    (void)state;
    xp_error err;
    char path[256], link[270];
    snprintf(path, sizeof path, "%s", scratch_file("full"));
    snprintf(link, sizeof link, "%s.tmp", path);
    if (!exists("/dev/full")) skip();
    assert_int_equal(xp_write_atomic(path, "old", 3, &err), XP_OK);
    assert_int_equal(symlink("/dev/full", link), 0);
    assert_int_equal(xp_write_atomic(path, "new", 3, &err), XP_ERR_IO);
    assert_non_null(strstr(err.text, "No space left"));
    xp_bytes file = read_file(path);
    assert_int_equal(file.size, 3);
    assert_memory_equal(file.data, "old", 3);
    free((void *)file.data);
    unlink(link), unlink(path);
}

/* ---- what goes wrong in a step ---- */

static void test_nan_leaves_the_weights(void **state) {
    (void)state;
    xp_model m = sample("ecg-xplaim"), same = sample("ecg-xplaim");
    xp_trainer *t = make(&m, usual);
    data d = batch_of(0);
    double loss = -1;
    xp_error err;
    d.x[5] = NAN;
    assert_true(xp_trainer_step(t, d.x, d.y, BATCH, &loss, &err) != XP_OK);
    assert_non_null(strstr(err.text, "step 0"));
    assert_true(loss == -1);
    assert_same_weights(&m, &same);
    assert_int_equal(xp_trainer_steps(t), 0);
    assert_int_equal(xp_trainer_step(t, d.x, d.y, 0, &loss, &err), XP_ERR_USAGE);
    assert_int_equal(xp_trainer_step(t, d.x, d.y, BATCH + 1, &loss, &err), XP_ERR_USAGE);
    train_step(t);
    xp_trainer_free(t);
    xp_model_free(&m), xp_model_free(&same);
}

static void test_unknown_labels_teach_nothing(void **state) {
    (void)state;
    xp_model m = sample("ecg-xplaim");
    xp_trainer *t = make(&m, usual);
    data d = batch_of(0);
    double loss;
    xp_error err;
    for (int r = 0; r < BATCH; r++) d.y[r * LABELS + 1] = -1;
    assert_int_equal(xp_trainer_step(t, d.x, d.y, BATCH, &loss, &err), XP_OK);
    const xp_op *last = &m.graph.ops[m.graph.n_ops - 1];
    const xp_param *bias = xp_op_param(&m.graph, last, "bias");
    assert_true(xp_trainer_gradient(t)[bias->offset] != 0);
    assert_true(xp_trainer_gradient(t)[bias->offset + 1] == 0);
    xp_trainer_free(t);
    xp_model_free(&m);
}

static void test_options_are_checked(void **state) {
    (void)state;
    xp_model m = sample("cnn");
    xp_trainer *t = NULL;
    xp_error err;
    xp_trainer_options bad[4] = {usual, usual, usual, usual};
    bad[0].batch = 0;
    bad[1].schedule.rate = 0;
    bad[2].ema = 1;
    bad[3].clip_norm = -1;
    for (int i = 0; i < 4; i++)
        assert_int_equal(xp_trainer_create(&t, &m, &bad[i], &err), XP_ERR_USAGE);
    xp_model_free(&m);
}

/* ---- two processes, played by two threads ---- */

typedef struct meeting {
    pthread_barrier_t barrier;
    const void *part[2];
} meeting;

typedef struct seat {
    meeting *m;
    int rank;
} seat;

#define DEFINE_SUM(NAME, TYPE)                                                                     \
    static xp_status NAME(void *ctx, TYPE *v, size_t n, xp_error *err) {                           \
        seat *s = ctx;                                                                             \
        TYPE *copy = malloc(n * sizeof *copy);                                                     \
        (void)err;                                                                                 \
        if (!copy) return XP_ERR_MEMORY;                                                           \
        memcpy(copy, v, n * sizeof *copy);                                                         \
        s->m->part[s->rank] = copy;                                                                \
        pthread_barrier_wait(&s->m->barrier);                                                      \
        const TYPE *a = s->m->part[0], *b = s->m->part[1];                                         \
        for (size_t i = 0; i < n; i++) v[i] = a[i] + b[i];                                         \
        pthread_barrier_wait(&s->m->barrier);                                                      \
        free(copy);                                                                                \
        return XP_OK;                                                                              \
    }
DEFINE_SUM(meet_floats, float)
DEFINE_SUM(meet_doubles, double)

typedef struct worker {
    seat seat;
    xp_model m;
} worker;

enum { HALF = BATCH / 2, MPI_STEPS = 20 };

/* The rate of the published recipes of either kind: training multiplies what rounding begins. */
static xp_trainer_options recipe(const xp_model *m) {
    xp_trainer_options opt = usual;
    if (strcmp(m->architecture, "gru") == 0) opt.schedule.rate = 1e-3;
    return opt;
}

static void *half_of_the_batch(void *arg) {
    worker *w = arg;
    const xp_comm comm = {w->seat.rank, 2, &w->seat, meet_floats, meet_doubles};
    xp_trainer_options opt = recipe(&w->m);
    opt.batch = HALF, opt.comm = &comm;
    xp_trainer *t;
    xp_error err;
    if (xp_trainer_create(&t, &w->m, &opt, &err) != XP_OK) return w;
    for (int i = 0; i < MPI_STEPS; i++) {
        const data d = batch_of((uint64_t)i);
        double loss;
        if (xp_trainer_step(t, d.x + w->seat.rank * HALF * RECORD,
                            d.y + w->seat.rank * HALF * LABELS, HALF, &loss, &err) != XP_OK)
            return w;
    }
    xp_trainer_free(t);
    return NULL;
}

static void test_two_processes_are_one(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "gru"};
    for (int a = 0; a < 2; a++) {
        meeting m;
        worker w[2];
        pthread_t id[2];
        pthread_barrier_init(&m.barrier, NULL, 2);
        for (int i = 0; i < 2; i++) {
            w[i] = (worker){{&m, i}, sample(archs[a])};
            assert_int_equal(pthread_create(&id[i], NULL, half_of_the_batch, &w[i]), 0);
        }
        for (int i = 0; i < 2; i++) {
            void *failed = NULL;
            pthread_join(id[i], &failed);
            assert_null(failed);
        }
        pthread_barrier_destroy(&m.barrier);
        xp_model one = sample(archs[a]);
        xp_trainer *t = make(&one, recipe(&one));
        for (int i = 0; i < MPI_STEPS; i++) train_step(t);
        assert_same_weights(&w[0].m, &w[1].m);
        double worst = 0;
        for (size_t i = 0; i < one.graph.n_weights; i++)
            worst = fmax(worst, fabs((double)one.weights[i] - (double)w[0].m.weights[i]));
        print_message("%s: after %d steps two halves differ from one whole by %.2g\n", archs[a],
                      MPI_STEPS, worst);
        assert_true(worst < 1e-5);
        xp_trainer_free(t);
        xp_model_free(&one), xp_model_free(&w[0].m), xp_model_free(&w[1].m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_and_repeats),
        cmocka_unit_test(test_known_memory),
        cmocka_unit_test(test_evaluation_is_the_network),
        cmocka_unit_test(test_resume_is_the_same_run),
        cmocka_unit_test(test_killed_at_any_moment),
        cmocka_unit_test(test_bad_states),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_nan_leaves_the_weights),
        cmocka_unit_test(test_unknown_labels_teach_nothing),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_two_processes_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
