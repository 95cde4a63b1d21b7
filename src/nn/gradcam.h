/* Grad-CAM (Selvaraju et al. 2017) in one dimension, on the logit.
 *
 * For label k and layer A (t, c): w_c = mean over t of d logit_k / d A_tc; raw_t = sum_c w_c A_tc;
 * map = max(raw, 0) / max(raw). Where no raw value is positive, the map is all zeros and
 * `positive` is false: never NaN. */
#ifndef XP_NN_GRADCAM_H
#define XP_NN_GRADCAM_H

#include "nn/net.h"

typedef struct xp_cam_info {
    bool positive; /* some raw value is > 0 */
    float max_raw; /* the divisor that was applied */
} xp_cam_info;

/* Signed raw map of one label after xp_net_forward: raw (t of layer). */
xp_status xp_gradcam_raw(xp_net *net, int layer, int label, float *raw, xp_error *err);

/* Raw maps of all labels: raw (n_labels, t). When everything from the layer to the logits is linear
 * in each time step's contribution the pass is shared; the result is the same as n_labels calls. */
xp_status xp_gradcam_raw_all(xp_net *net, int layer, float *raw, xp_error *err);

/* In place: ReLU, then division by the maximum. */
xp_cam_info xp_gradcam_normalise(float *map, int t);

/* Stretch map (t) linearly to out (n), sample centres aligned: out index i sits at
 * (i + 0.5) * t / n - 0.5 of the map, clamped at both ends. No overshoot. */
void xp_gradcam_stretch(const float *map, int t, float *out, int n);

/* The layer used when none is named: block<last>.shortcut in our own architectures, else the last
 * conv1d; -1 when the graph has no sequence op to explain. */
int xp_gradcam_default_layer(const xp_graph *g);

#endif
