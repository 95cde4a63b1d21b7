/* The sums of a data-parallel training by MPI's own all-reduce. */
#include "train/comm.h"

#include <mpi.h>
#include <stdlib.h>

enum { PART = 1 << 24 }; /* elements of one call: MPI counts in int */

static xp_status failed(int code, xp_error *err) {
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    return xp_fail(err, XP_ERR_IO, "MPI: %.*s", length, text);
}

static xp_status sum_floats(void *ctx, float *v, size_t n, xp_error *err) {
    (void)ctx;
    for (size_t at = 0; at < n; at += PART) {
        const int count = n - at < PART ? (int)(n - at) : PART;
        const int code =
            MPI_Allreduce(MPI_IN_PLACE, v + at, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        if (code != MPI_SUCCESS) return failed(code, err);
    }
    return XP_OK;
}

static xp_status sum_doubles(void *ctx, double *v, size_t n, xp_error *err) {
    (void)ctx;
    for (size_t at = 0; at < n; at += PART) {
        const int count = n - at < PART ? (int)(n - at) : PART;
        const int code =
            MPI_Allreduce(MPI_IN_PLACE, v + at, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        if (code != MPI_SUCCESS) return failed(code, err);
    }
    return XP_OK;
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
    *comm = (xp_comm){0, 1, NULL, sum_floats, sum_doubles};
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &comm->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &comm->size);
    return XP_OK;
}

void xp_comm_stop(xp_comm *comm) {
    int on = 0, off = 0;
    (void)comm;
    MPI_Initialized(&on);
    MPI_Finalized(&off);
    if (on && !off) MPI_Finalize();
}
