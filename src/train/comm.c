/* A build without MPI: one process. */
#include "train/comm.h"

static xp_status alone_floats(void *ctx, float *v, size_t n, xp_error *err) {
    (void)ctx, (void)v, (void)n, (void)err;
    return XP_OK;
}

static xp_status alone_doubles(void *ctx, double *v, size_t n, xp_error *err) {
    (void)ctx, (void)v, (void)n, (void)err;
    return XP_OK;
}

xp_status xp_comm_start(xp_comm *comm, xp_error *err) {
    (void)err;
    *comm = (xp_comm){0, 1, NULL, alone_floats, alone_doubles};
    return XP_OK;
}

void xp_comm_stop(xp_comm *comm) {
    (void)comm;
}
