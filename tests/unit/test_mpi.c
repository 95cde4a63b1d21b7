/* Run by mpirun: processes that share a batch become the same network as one process with all of
 * it. Each also trains alone and compares. */
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
    double alone = 0, shared = 0, worst = 0;
    const char *failed = train(&whole, NULL, x, y, n, &alone);
    if (!failed)
        failed = train(&part, comm, x + comm->rank * PER_PROCESS * RECORD,
                       y + comm->rank * PER_PROCESS * LABELS, PER_PROCESS, &shared);
    for (size_t i = 0; i < whole.graph.n_weights; i++)
        worst = fmax(worst, fabs((double)whole.weights[i] - (double)part.weights[i]));
    printf("process %d of %d: loss %.9g, alone %.9g, weights differ by %.2g%s%s\n", comm->rank,
           comm->size, shared, alone, worst, failed ? ": " : "", failed ? failed : "");
    xp_model_free(&whole), xp_model_free(&part);
    free(x), free(y);
    return failed || !(worst < 1e-5) || !(fabs(shared - alone) < 1e-5) || comm->size < 2;
}

int main(void) {
    xp_comm comm;
    xp_error err;
    if (xp_comm_start(&comm, &err) != XP_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    const int failed = compare(&comm);
    xp_comm_stop(&comm);
    return failed;
}
