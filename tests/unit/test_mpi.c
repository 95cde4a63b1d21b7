/* Run by mpirun: processes that share a batch become the same network, to the bit, as one process
 * with all of it. Each also trains alone and compares. Sums over any number of processes are the
 * same in each. */
#include "nn_samples.h"
#include "train/trainer.h"

enum { PER_PROCESS = 3, LENGTH = 96, LEADS = 3, LABELS = 2, RECORD = LENGTH * LEADS, STEPS = 20 };

static const char *train(xp_model *m, const xp_comm *comm, const float *x, const float *y, int n,
                         double *loss) {
    static xp_error err;
    xp_trainer *t = NULL;
    const xp_trainer_options opt = {.batch = n,
                                    .seed = 5,
                                    .comm = comm,
                                    .schedule = {XP_RATE_STAIRCASE, 0.01, 0.9, .every = 5}};
    if (xp_trainer_create(&t, m, &opt, &err) != XP_OK) return err.text;
    for (int i = 0; i < STEPS; i++)
        if (xp_trainer_step(t, x, y, n, loss, &err) != XP_OK) return err.text;
    xp_trainer_free(t);
    return NULL;
}

static int compare(const xp_comm *comm) {
    const int n = PER_PROCESS * comm->size;
    float *x = malloc((size_t)(n * RECORD) * sizeof *x),
          *y = malloc((size_t)n * LABELS * sizeof *y);
    if (!x || !y) return 1;
    xp_rng r = xp_rng_seed(77);
    for (int i = 0; i < n * RECORD; i++) x[i] = (float)xp_rng_normal(&r);
    for (int i = 0; i < n * LABELS; i++) y[i] = (float)xp_rng_below(&r, 2);
    xp_model whole = sample_arch("ecg-xplaim", LENGTH, LEADS, LABELS, 3);
    xp_model part = sample_arch("ecg-xplaim", LENGTH, LEADS, LABELS, 3);
    double alone = 0, shared = 0;
    const char *failed = train(&whole, NULL, x, y, n, &alone);
    if (!failed)
        failed = train(&part, comm, x + comm->rank * PER_PROCESS * RECORD,
                       y + comm->rank * PER_PROCESS * LABELS, PER_PROCESS, &shared);
    const bool same =
        !memcmp(whole.weights, part.weights, whole.graph.n_weights * sizeof *whole.weights) &&
        memcmp(&shared, &alone, sizeof alone) == 0;
    printf("process %d of %d: loss %a, alone %a, %s%s%s\n", comm->rank, comm->size, shared, alone,
           same ? "the same weights" : "other weights", failed ? ": " : "", failed ? failed : "");
    xp_model_free(&whole), xp_model_free(&part);
    free(x), free(y);
    return failed || !same;
}

/* More numbers than one message holds, whose sum depends on the order of the terms. */
enum { MANY = 300000 };

static int check_sums(const xp_comm *comm) {
    xp_error err;
    float *v = malloc(MANY * sizeof *v);
    double *d = malloc(MANY * sizeof *d), spread[2] = {0, 0};
    int failed = !v || !d;
    xp_rng r = xp_rng_seed((uint64_t)comm->rank);
    for (int i = 0; !failed && i < MANY; i++) d[i] = v[i] = (float)xp_rng_normal(&r);
    failed = failed || comm->sum_floats(comm->ctx, v, MANY, &err) != XP_OK ||
             comm->sum_doubles(comm->ctx, d, MANY, &err) != XP_OK;
    for (int i = 0; !failed && i < MANY; i++) failed = !(fabs((double)v[i] - d[i]) < 1e-5);
    /* The same everywhere: a sum of checksums is a multiple of each, exact for integers. */
    for (int i = 0; !failed && i < MANY; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        spread[0] += bits % 65536;
        spread[1] += bits / 65536;
    }
    const double own[2] = {spread[0], spread[1]};
    if (!failed) failed = comm->sum_doubles(comm->ctx, spread, 2, &err) != XP_OK;
    failed = failed || spread[0] != comm->size * own[0] || spread[1] != comm->size * own[1];
    if (failed) printf("process %d of %d: sums differ\n", comm->rank, comm->size);
    free(v), free(d);
    return failed;
}

int main(void) {
    xp_comm comm;
    xp_error err;
    if (xp_comm_start(&comm, &err) != XP_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    const int one_tree = comm.size == 2 || comm.size == 4;
    const int failed = comm.size < 2 || check_sums(&comm) || (one_tree && compare(&comm));
    xp_comm_stop(&comm);
    return failed;
}
