/* The sums of a data-parallel training. MPI_Allreduce leaves the order of the terms to the library,
 * so the terms are exchanged and added here. */
#include "train/comm.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BUFFER = 1 << 20 }; /* bytes of one message */

static xp_status failed(int code, xp_error *err) {
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    return xp_fail(err, XP_ERR_IO, "MPI: %.*s", length, text);
}

typedef struct group {
    int rank, size;
    void *buffer; /* what another process sends */
} group;

typedef void (*add_fn)(void *v, const void *other, int n);

static void add_floats(void *v, const void *other, int n) {
    float *sum = v;
    const float *term = other;
    for (int i = 0; i < n; i++) sum[i] += term[i];
}

static void add_doubles(void *v, const void *other, int n) {
    double *sum = v;
    const double *term = other;
    for (int i = 0; i < n; i++) sum[i] += term[i];
}

/* Recursive doubling: partners exchange sums and add them. a + b is b + a to the bit. */
static int sum_tree(const group *g, void *v, int n, MPI_Datatype type, add_fn add) {
    for (int apart = 1; apart < g->size; apart *= 2) {
        const int partner = g->rank ^ apart;
        const int code = MPI_Sendrecv(v, n, type, partner, 0, g->buffer, n, type, partner, 0,
                                      MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (code != MPI_SUCCESS) return code;
        add(v, g->buffer, n);
    }
    return MPI_SUCCESS;
}

/* The first process adds the others in their order and tells them. */
static int sum_in_turn(const group *g, void *v, int n, MPI_Datatype type, add_fn add) {
    int code = MPI_SUCCESS;
    if (g->rank > 0) code = MPI_Send(v, n, type, 0, 0, MPI_COMM_WORLD);
    for (int from = 1; g->rank == 0 && from < g->size && code == MPI_SUCCESS; from++) {
        code = MPI_Recv(g->buffer, n, type, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (code == MPI_SUCCESS) add(v, g->buffer, n);
    }
    return code == MPI_SUCCESS ? MPI_Bcast(v, n, type, 0, MPI_COMM_WORLD) : code;
}

static xp_status sum_parts(const group *g, char *v, size_t n, size_t size, MPI_Datatype type,
                           add_fn add, xp_error *err) {
    const bool tree = (g->size & (g->size - 1)) == 0;
    const size_t most = BUFFER / size;
    for (size_t at = 0; at < n; at += most) {
        const int count = n - at < most ? (int)(n - at) : (int)most;
        const int code = tree ? sum_tree(g, v + at * size, count, type, add)
                              : sum_in_turn(g, v + at * size, count, type, add);
        if (code != MPI_SUCCESS) return failed(code, err);
    }
    return XP_OK;
}

static xp_status sum_floats(void *ctx, float *v, size_t n, xp_error *err) {
    return sum_parts(ctx, (char *)v, n, sizeof *v, MPI_FLOAT, add_floats, err);
}

static xp_status sum_doubles(void *ctx, double *v, size_t n, xp_error *err) {
    return sum_parts(ctx, (char *)v, n, sizeof *v, MPI_DOUBLE, add_doubles, err);
}

/* Set by Open MPI's mpirun, by Hydra's (MPICH, Intel) and by Slurm's PMIx. Without them a lone
 * process need not start MPI's machinery. */
static int started_by_mpirun(void) {
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("PMIX_RANK");
}

xp_status xp_comm_start(xp_comm *comm, xp_error *err) {
    int provided;
    *comm = xp_comm_alone();
    if (!started_by_mpirun()) return XP_OK;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return failed(code, err);
    group *g = malloc(sizeof *g);
    void *buffer = malloc(BUFFER);
    if (!g || !buffer) {
        free(g);
        free(buffer);
        return xp_fail(err, XP_ERR_MEMORY, "no memory for messages between processes");
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &g->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &g->size);
    g->buffer = buffer;
    *comm = (xp_comm){g->rank, g->size, g, sum_floats, sum_doubles};
    return XP_OK;
}

void xp_comm_stop(xp_comm *comm) {
    int on = 0, off = 0;
    group *g = comm->ctx;
    MPI_Initialized(&on);
    MPI_Finalized(&off);
    if (on && !off) MPI_Finalize();
    if (g) free(g->buffer);
    free(g);
    *comm = xp_comm_alone();
}
