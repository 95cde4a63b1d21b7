/* Running a model: a plan made once from the graph, one block of memory, then forward (and, for
 * explanations, backward) passes without any allocation.
 *
 * The plan fuses what it can (branches of one input become one frequency-domain convolution; batch
 * norm, ReLU, add and max-pool become epilogues). Layers that are to be explained, and all that
 * depends on them up to the logits, are not fused away: their activations are kept, so that a
 * gradient can flow back to them.
 *
 * A net for predictions alone may take several windows at once. Convolutions whose packed weights
 * weigh more than what they are multiplied with then compute all windows in one reading of them;
 * the other steps, whose data stay in the cache, take window after window.
 *
 * What that brings, on one thread of an AMD EPYC (Zen 4) with AVX-512, least of many interleaved
 * runs: the model in model_weights 6.1 ms a window alone, 4.6 in eights (1.32 times as many, 74 MiB
 * instead of 33; sixteens bring no more); the published shape, whose last block has 1250 steps for
 * its 384 channels, gains nothing and is left alone. It cannot bring one and a half: products run
 * at nine tenths of the processor's multiply-adds, three quarters of the time are products, and
 * those that are needed for a window fall by a fifth at most when transforms grow. With vectors of
 * four floats (WebAssembly) products weigh four times as much: at most 1.15 times, for two and a
 * half times the memory; the page therefore takes one window at a time. */
#ifndef XP_NN_NET_H
#define XP_NN_NET_H

#include "base/mat.h"
#include "base/parallel.h"
#include "kernels/kernels.h"
#include "nn/model.h"

typedef struct xp_net xp_net;

enum { XP_NET_MAX_EXPLAIN = 8, XP_NET_MAX_BATCH = 64 };

/* All zero: the forward pass alone, on one thread, with the best kernels. */
typedef struct xp_net_options {
    int n_explain;                   /* 0: forward only */
    int explain[XP_NET_MAX_EXPLAIN]; /* op indices; these and the ops between them and the logits
                                        are kept */
    int batch;                       /* most windows of a forward pass, 1 to XP_NET_MAX_BATCH; 0: 1.
                                        More than 1 only where n_explain is 0 */
    xp_pool *pool;                   /* not owned, must outlive the net; NULL: one thread */
    bool reference; /* direct convolutions and scalar kernels only: the oracle for tests */
    const xp_kernels *kernels; /* NULL: xp_kernels_best() */
} xp_net_options;

/* Options to explain one layer; -1: forward only. The rest is zero. */
static inline xp_net_options xp_net_explaining(int layer) {
    return (xp_net_options){.n_explain = layer >= 0, .explain = {layer >= 0 ? layer : 0}};
}

/* Bytes that xp_net_create will hold (plan, transformed weights, activations); known before. */
xp_status xp_net_bytes(const xp_model *m, const xp_net_options *opt, size_t *bytes, xp_error *err);

/* m is not owned and must outlive the net; its weights are read at creation (transformed), so call
 * again after changing them. *out is owned by the caller (xp_net_free). */
xp_status xp_net_create(xp_net **out, const xp_model *m, const xp_net_options *opt, xp_error *err);
void xp_net_free(xp_net *net);

/* One record: x (length, n_leads) in mV, finite. Results stay in the net until the next call. */
void xp_net_forward(xp_net *net, const float *x);
const float *xp_net_probabilities(const xp_net *net); /* (n_labels) */
const float *xp_net_logits(const xp_net *net); /* (n_labels): before the last sigmoid/softmax */

int xp_net_batch(const xp_net *net); /* most windows of a pass */

/* n windows, at most options.batch: x (n, length, n_leads). What becomes of one depends neither on
 * n nor on the others, only (in the last bits) on options.batch. */
void xp_net_forward_batch(xp_net *net, const float *x, int n);
const float *xp_net_probabilities_of(const xp_net *net, int window);
const float *xp_net_logits_of(const xp_net *net, int window);

/* Activation after xp_net_forward of an op that is kept (xp_net_keeps). */
xp_mat xp_net_activation(const xp_net *net, int op);

/* Whether op is one of those to be explained, or depends on one. */
bool xp_net_keeps(const xp_net *net, int op);

/* Gradient of sum(dlogits * logits) with respect to the output of an op that is kept and comes
 * before the logits, written to out (t, c) of that op. */
xp_status xp_net_gradient(xp_net *net, const float *dlogits, int op, float *out, xp_error *err);

/* Time per op of the last forward pass (all its windows), for `bench`: n_ops milliseconds; fused
 * ops are charged to the op that ran them. NULL unless xp_net_profile(net, true) was called before.
 */
void xp_net_profile(xp_net *net, bool on);
const double *xp_net_times(const xp_net *net);

#endif
