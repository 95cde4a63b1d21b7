/* The order in which training adds up what the records of a batch give, whoever computes it.
 *
 * The batch of all processes, in the order of their ranks, is cut into XP_SUM_LEAVES leaves of
 * consecutive records. Within a leaf the sum goes in the order of the records; the leaves are added
 * as a binary tree:
 *
 *   (leaf 0 + leaf 1) + (leaf 2 + leaf 3)
 *
 * Of 1, 2 or 4 processes, each holds one subtree of that tree, adds it up and leaves the rest to
 * xp_comm, which adds processes as a tree too. Hence their number, like that of threads, does not
 * change a bit. Other numbers of processes hold one leaf each. */
#ifndef XP_TRAIN_SUM_TREE_H
#define XP_TRAIN_SUM_TREE_H

#include <stddef.h>

enum { XP_SUM_LEAVES = 4 };

/* Leaves that each of that many processes holds. */
static inline int xp_sum_leaves(int processes) {
    return XP_SUM_LEAVES % processes == 0 ? XP_SUM_LEAVES / processes : 1;
}

/* First record of a leaf among the n records of one process; that of leaf `leaves` is n. A leaf of
 * a batch with fewer records than leaves may be empty. The same rule gives each process its share
 * of the n records of all: that is why the leaves of a share are leaves of the whole. */
static inline int xp_sum_leaf_begin(int n, int leaves, int leaf) {
    return (int)((long long)n * leaf / leaves);
}

/* Most records of a leaf when a process holds up to batch records. */
static inline int xp_sum_leaf_records(int batch, int leaves) {
    return (batch + leaves - 1) / leaves;
}

/* Leaf l's n sums begin at v + l * step; those of leaf 0 become the tree's. */
static inline void xp_sum_tree_floats(float *v, int leaves, size_t step, size_t n) {
    for (int apart = 1; apart < leaves; apart *= 2)
        for (int l = 0; l + apart < leaves; l += 2 * apart) {
            float *sum = v + (size_t)l * step;
            const float *other = sum + (size_t)apart * step;
            for (size_t i = 0; i < n; i++) sum[i] += other[i];
        }
}

static inline void xp_sum_tree_doubles(double *v, int leaves, size_t step, size_t n) {
    for (int apart = 1; apart < leaves; apart *= 2)
        for (int l = 0; l + apart < leaves; l += 2 * apart) {
            double *sum = v + (size_t)l * step;
            const double *other = sum + (size_t)apart * step;
            for (size_t i = 0; i < n; i++) sum[i] += other[i];
        }
}

#endif
