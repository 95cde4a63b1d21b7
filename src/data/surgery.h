/* Rhythms made from records of a regular sinus rhythm: what lies between P, QRS and T is made
 * longer or shorter, waves themselves stay as they were recorded. Hence a heart rate, premature
 * atrial beats, or a conduction of which a data set has few examples, in the leads, noise and
 * shapes of real records; labels change with the rhythm.
 *
 * Where a fill has to be longer than what was recorded there, the recorded signal goes forwards and
 * backwards (splice.h): its noise keeps its spectrum. */
#ifndef XP_DATA_SURGERY_H
#define XP_DATA_SURGERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define XP_SURGERY_LIST(X)                                                                         \
    X(RATE, "rate")                 /* TP longer or shorter: another rate */                       \
    X(PREMATURE, "premature")       /* P-QRS-T early, a pause after each */                        \
    X(LONG_PR, "long-pr")           /* every PR longer, RR as it was */                            \
    X(WENCKEBACH, "wenckebach")     /* PR longer from beat to beat until a QRS is missing */       \
    X(DROPPED, "dropped")           /* a QRS missing now and then, PR as it was */                 \
    X(THIRD_DEGREE, "third-degree") /* P and QRS apart, each regular, QRS slow */

typedef enum xp_surgery {
#define X(id, name) XP_SURGERY_##id,
    XP_SURGERY_LIST(X)
#undef X
        XP_SURGERIES
} xp_surgery;

const char *xp_surgery_name(xp_surgery s);

enum { XP_SURGERY_BEATS = 64 };

/* A beat of a sinus rhythm, in samples: P [p, p_end), QRS and T [qrs, t_end); p < p_end <= qrs <
 * t_end <= p of the next beat. */
typedef struct xp_sinus_beat {
    int p, p_end, qrs, t_end;
} xp_sinus_beat;

typedef struct xp_sinus {
    xp_sinus_beat beat[XP_SURGERY_BEATS];
    int n;
} xp_sinus;

/* The beats of x (valid, n_leads) mV at that rate; leads: canonical names of its columns; found is
 * false where x is no regular sinus rhythm of at least four beats, each with P, QRS and T and room
 * before the next one. */
xp_status xp_sinus_find(xp_sinus *out, bool *found, const float *x, int valid, int n_leads,
                        const char (*leads)[16], double rate, xp_error *err);

/* Where waves begin in what was made; in samples. */
typedef struct xp_surgery_beats {
    int p[4 * XP_SURGERY_BEATS], qrs[4 * XP_SURGERY_BEATS];
    int n_p, n_qrs;
} xp_surgery_beats;

/* x becomes the rhythm, whose first `valid` samples are made anew from themselves; false, and x as
 * it was, where the beats leave no room for it (a fast rhythm can have no long PR). All follows
 * from the seed. Labels: y (n_labels) of those names: 1, 0, -1. made may be NULL. */
xp_status xp_surgery_apply(xp_surgery kind, uint64_t seed, const xp_sinus *sinus, float *x,
                           int valid, int n_leads, double rate, const char (*labels)[32],
                           int n_labels, float *y, bool *done, xp_surgery_beats *made,
                           xp_error *err);

/* Whether a record of these labels may be changed: nothing is known that would make it another
 * rhythm than a sinus rhythm with one P for each QRS, and early beats are not there. */
bool xp_surgery_allowed(const char (*labels)[32], int n_labels, const float *y);

/* Whether the kind changes a label that is among these. */
bool xp_surgery_teaches(xp_surgery kind, const char (*labels)[32], int n_labels);

#endif
