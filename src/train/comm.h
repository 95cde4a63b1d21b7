/* How the processes of a data-parallel training talk: two sums. Alone there is one process and
 * nothing to say. comm_mpi.c is the only file that knows MPI; comm_none.c stands for it in a build
 * without. */
#ifndef XP_TRAIN_COMM_H
#define XP_TRAIN_COMM_H

#include "base/status.h"

#include <stddef.h>

typedef struct xp_comm {
    int rank, size;
    void *ctx;
    /* v[i] becomes the sum of v[i] over all processes, the same bits in each. 2, 4, 8, ...
     * processes are added as the binary tree of sum_tree.h, (0 + 1) + (2 + 3), others in the order
     * of their ranks. Every process makes the same calls in the same order. */
    xp_status (*sum_floats)(void *ctx, float *v, size_t n, xp_error *err);
    xp_status (*sum_doubles)(void *ctx, double *v, size_t n, xp_error *err);
} xp_comm;

/* One process. */
xp_comm xp_comm_alone(void);

/* MPI_COMM_WORLD, in a build with MPI and when the program was started by mpirun; otherwise one
 * process. Call start once, before threads are made, and stop once at the end (after errors too).
 */
xp_status xp_comm_start(xp_comm *comm, xp_error *err);
void xp_comm_stop(xp_comm *comm);

#endif
