/* A whole training: repeatable, resumable after any interruption, the same bits on any number of
 * threads and on 1, 2 or 4 processes, and unharmed by what goes wrong. */
#include "base/file.h"
#include "nn_samples.h"
#include "train/trainer_internal.h"

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
            assert_int_equal(xp_pool_create(&opt.pool, 1 + i, NULL), XP_OK);
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

/* From the first step on, averages are of what was seen, and not of initial values: with the
 * same batch in every step and a rate of learning near nothing, all of them are that batch's. */
static void test_averages_begin_with_the_data(void **state) {
    (void)state;
    for (int keras = 0; keras < 2; keras++) {
        xp_model m = sample("ecg-xplaim");
        xp_trainer_options opt = usual;
        opt.schedule = (xp_schedule){.kind = XP_RATE_CONSTANT, .rate = 1e-12};
        opt.keras_averages = keras;
        xp_trainer *t = make(&m, opt);
        double trained = 0, sum = 0, known = 0;
        xp_error err;
        const data d = batch_of(0);
        for (int s = 0; s < 3; s++)
            assert_int_equal(xp_trainer_step(t, d.x, d.y, BATCH, &trained, &err), XP_OK);
        assert_int_equal(xp_trainer_eval_begin(t, &err), XP_OK);
        assert_int_equal(xp_trainer_eval(t, d.x, d.y, BATCH, NULL, &sum, &known, &err), XP_OK);
        assert_true((fabs(sum / known - trained) < 1e-3 * trained) == !keras);
        xp_trainer_free(t);
        xp_model_free(&m);
    }
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
    if (xp_file_write(done, m.weights, bytes, &err) != XP_OK) _exit(5);
    _exit(0);
}

static void test_killed_at_any_moment(void **state) {
    (void)state;
    char path[256], done[256], part[300];
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
        snprintf(part, sizeof part, "%s.%ld-0.part", path, (long)child);
        unlink(part); /* left by a kill within a write */
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
    unlink(path), unlink(done);
}

static void refuse(xp_trainer *t, const char *path, const void *bytes, size_t size,
                   const char *text) {
    xp_error err = {0};
    if (xp_file_write(path, bytes, size, &err) != XP_OK) fail_msg("%s", err.text);
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
    assert_int_equal(xp_trainer_load(t, "/nonexistent/state", NULL, NULL, &err), XP_ERR_NOT_FOUND);
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

/* ---- shared out among threads, and among processes that threads play ---- */

/* After two steps moments, average and rate of the first have had their say; a few more let what
 * differs grow. Under a sanitizer, which makes each step up to 50 times as long, one table and one
 * size of batch do: what it looks for does not depend on the numbers. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SHARED_STEPS = 2, SHARED_TABLES = 1, SHARED_BATCHES = 1 };
#else
enum { SHARED_STEPS = 5, SHARED_TABLES = 100, SHARED_BATCHES = 2 };
#endif
enum { MOST = 12, PROCESSES = 4 };

typedef struct big_data {
    float x[MOST * RECORD], y[MOST * LABELS];
} big_data;

static void fill_batch(big_data *d, uint64_t step) {
    xp_rng r = xp_rng_seed(step + 900);
    for (int i = 0; i < MOST * RECORD; i++) d->x[i] = (float)xp_rng_normal(&r);
    for (int i = 0; i < MOST * LABELS; i++) d->y[i] = (float)xp_rng_below(&r, 2);
    d->y[step % 4] = -1;
}

/* Everything that a training has become. */
typedef struct outcome {
    xp_model m;
    float *moment1, *moment2, *average, *gradient;
    double loss[SHARED_STEPS], norm[SHARED_STEPS];
} outcome;

static float *copy_floats(const float *v, size_t n) {
    float *copy = malloc(n * sizeof *copy);
    assert_non_null(copy);
    return memcpy(copy, v, n * sizeof *copy);
}

static void keep(outcome *o, const xp_trainer *t) {
    const size_t n = o->m.graph.n_weights;
    o->moment1 = copy_floats(t->moment1, n);
    o->moment2 = copy_floats(t->moment2, n);
    o->average = copy_floats(t->average, n);
    o->gradient = copy_floats(xp_trainer_gradient(t), n);
}

static void assert_same_outcome(const outcome *a, const outcome *b) {
    const size_t bytes = a->m.graph.n_weights * sizeof(float);
    assert_memory_equal(a->loss, b->loss, sizeof a->loss);
    assert_memory_equal(a->norm, b->norm, sizeof a->norm);
    assert_memory_equal(a->gradient, b->gradient, bytes);
    assert_memory_equal(a->moment1, b->moment1, bytes);
    assert_memory_equal(a->moment2, b->moment2, bytes);
    assert_memory_equal(a->average, b->average, bytes);
    assert_same_weights(&a->m, &b->m);
}

static void free_outcome(outcome *o) {
    free(o->moment1), free(o->moment2), free(o->average), free(o->gradient);
    xp_model_free(&o->m);
}

/* Records [n rank / size, n (rank + 1) / size) of each batch. NULL, or what went wrong. */
static const char *train_share(outcome *o, xp_trainer_options opt, int n, const xp_comm *comm) {
    static _Thread_local xp_error err;
    big_data *d = malloc(sizeof *d);
    xp_trainer *t = NULL;
    const int first = n * comm->rank / comm->size;
    const int records = n * (comm->rank + 1) / comm->size - first;
    opt.batch = (n + comm->size - 1) / comm->size;
    opt.comm = comm;
    if (!d) return "no memory";
    xp_status s = xp_trainer_create(&t, &o->m, &opt, &err);
    for (int i = 0; s == XP_OK && i < SHARED_STEPS; i++) {
        fill_batch(d, (uint64_t)i);
        s = xp_trainer_step(t, d->x + first * RECORD, d->y + first * LABELS, records, &o->loss[i],
                            &err);
        o->norm[i] = xp_trainer_gradient_norm(t);
    }
    if (s == XP_OK) keep(o, t);
    xp_trainer_free(t);
    free(d);
    return s == XP_OK ? NULL : err.text;
}

static outcome train_alone(const char *arch, xp_trainer_options opt, int n) {
    const xp_comm alone = xp_comm_alone();
    outcome o = {.m = sample(arch)};
    const char *failed = train_share(&o, opt, n, &alone);
    if (failed) fail_msg("%s", failed);
    return o;
}

typedef struct meeting {
    pthread_barrier_t barrier;
    int size;
    void *part[PROCESSES];
} meeting;

typedef struct seat {
    meeting *m;
    int rank;
} seat;

/* Partners at growing distance add each other's sums: a tree. */
#define DEFINE_SUM(NAME, TYPE)                                                                     \
    static xp_status NAME(void *ctx, TYPE *v, size_t n, xp_error *err) {                           \
        seat *s = ctx;                                                                             \
        (void)err;                                                                                 \
        for (int apart = 1; apart < s->m->size; apart *= 2) {                                      \
            TYPE *copy = malloc(n * sizeof *copy);                                                 \
            if (!copy) return XP_ERR_MEMORY;                                                       \
            s->m->part[s->rank] = memcpy(copy, v, n * sizeof *copy);                               \
            pthread_barrier_wait(&s->m->barrier);                                                  \
            const TYPE *other = s->m->part[s->rank ^ apart];                                       \
            for (size_t i = 0; i < n; i++) v[i] += other[i];                                       \
            pthread_barrier_wait(&s->m->barrier);                                                  \
            free(copy);                                                                            \
        }                                                                                          \
        return XP_OK;                                                                              \
    }
DEFINE_SUM(meet_floats, float)
DEFINE_SUM(meet_doubles, double)

typedef struct worker {
    seat seat;
    outcome o;
    xp_trainer_options opt;
    int n;
    const char *failed;
} worker;

static void *train_in_seat(void *arg) {
    worker *w = arg;
    const xp_comm comm = {w->seat.rank, w->seat.m->size, &w->seat, meet_floats, meet_doubles};
    w->failed = train_share(&w->o, w->opt, w->n, &comm);
    return NULL;
}

static void check_processes(const outcome *one, const char *arch, xp_trainer_options opt, int n,
                            int size) {
    meeting m = {.size = size};
    worker w[PROCESSES];
    pthread_t id[PROCESSES];
    pthread_barrier_init(&m.barrier, NULL, (unsigned)size);
    for (int i = 0; i < size; i++) {
        w[i] = (worker){.seat = {&m, i}, .o = {.m = sample(arch)}, .opt = opt, .n = n};
        assert_int_equal(pthread_create(&id[i], NULL, train_in_seat, &w[i]), 0);
    }
    for (int i = 0; i < size; i++) pthread_join(id[i], NULL);
    pthread_barrier_destroy(&m.barrier);
    for (int i = 0; i < size; i++) {
        if (w[i].failed) fail_msg("%s, process %d of %d: %s", arch, i, size, w[i].failed);
        assert_same_outcome(one, &w[i].o);
        free_outcome(&w[i].o);
    }
}

static void check_threads(const outcome *one, const char *arch, xp_trainer_options opt, int n,
                          int threads) {
    assert_int_equal(xp_pool_create(&opt.pool, threads, NULL), XP_OK);
    outcome many = train_alone(arch, opt, n);
    assert_same_outcome(one, &many);
    free_outcome(&many);
    xp_pool_free(opt.pool);
}

/* Batches of leaves of two sizes, where some processes have a single record, and of one. */
static void check_sharing(const char *arch, const xp_kernels *kernels) {
    static const int batches[] = {6, 12};
    xp_trainer_options opt = usual;
    opt.kernels = kernels;
    for (int b = 0; b < SHARED_BATCHES; b++) {
        outcome one = train_alone(arch, opt, batches[b]);
        for (int size = 2; size <= PROCESSES; size *= 2)
            check_processes(&one, arch, opt, batches[b], size);
        for (int threads = 2; b == 0 && threads <= 3; threads++)
            check_threads(&one, arch, opt, batches[b], threads);
        free_outcome(&one);
    }
}

static void test_sharing_changes_no_bit(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    const xp_kernels *kernels;
    for (int k = 0; k < SHARED_TABLES && (kernels = xp_kernels_at(k)) != NULL; k++)
        for (int a = 0; a < 3; a++) {
            print_message("%s, %s kernels\n", archs[a], kernels->name);
            check_sharing(archs[a], kernels);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_and_repeats),
        cmocka_unit_test(test_known_memory),
        cmocka_unit_test(test_evaluation_is_the_network),
        cmocka_unit_test(test_averages_begin_with_the_data),
        cmocka_unit_test(test_resume_is_the_same_run),
        cmocka_unit_test(test_killed_at_any_moment),
        cmocka_unit_test(test_bad_states),
        cmocka_unit_test(test_nan_leaves_the_weights),
        cmocka_unit_test(test_unknown_labels_teach_nothing),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_sharing_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
