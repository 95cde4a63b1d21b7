/* One process: its sums are what it has. */
#include "train/comm.h"

static xp_status alone_floats(void *ctx, float *v, size_t n, xp_error *err) {
    (void)ctx, (void)v, (void)n, (void)err;
    return XP_OK;
}

static xp_status alone_doubles(void *ctx, double *v, size_t n, xp_error *err) {
    (void)ctx, (void)v, (void)n, (void)err;
    return XP_OK;
}

xp_comm xp_comm_alone(void) {
    return (xp_comm){0, 1, NULL, alone_floats, alone_doubles};
}
