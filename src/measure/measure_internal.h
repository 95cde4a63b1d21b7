/* The parts of measuring, each on one window of a record: signal -> detect -> group -> average ->
 * marks -> beats. Samples and rates are those of the window, which has at least 250 Hz.
 *
 * Only + - * / sqrt fabs and floor decide, so that the native program and the WebAssembly one find
 * the same. Everything lies in one block that is taken before the first window. */
#ifndef XP_MEASURE_INTERNAL_H
#define XP_MEASURE_INTERNAL_H

#include "base/arena.h"
#include "measure/measure.h"

#include <math.h>

enum {
    MEASURE_DETECTORS = 8, /* independent leads of a standard recording */
    MEASURE_GROUPS = 12,   /* kinds of beats in a window */
    MEASURE_AVERAGED = 64, /* beats in a median beat, at most */
    MEASURE_TAPS = 16,     /* of the interpolation */
    MEASURE_UPSAMPLING = 5 /* 50 Hz become 250 */
};

/* Of an average beat, in seconds from its fiducial point. */
#define MEASURE_BEFORE_S 0.6
#define MEASURE_AFTER_S 0.8

typedef struct measure_beat {
    int at;        /* fiducial sample */
    int group;     /* -1: like no other */
    float energy;  /* of detection */
    float match;   /* correlation with its group */
    bool fused;    /* a mixture of the dominant kind and a ventricular one, see fusion.c */
    bool doubtful; /* since the beat before there was noise, or nothing: others may lie in it */
    xp_waves waves;
} measure_beat;

/* The leads that tell beats apart: independent ones. */
typedef struct measure_detectors {
    int n;
    int lead[MEASURE_DETECTORS];
    float weight[MEASURE_DETECTORS]; /* a noisy lead counts less */
} measure_detectors;

/* A median or mean beat, against the level before QRS. */
typedef struct measure_average {
    int n, fiducial, beats;
    float *mv; /* (n_leads, n) */
} measure_average;

/* What a lead alone shows of a wave, in samples of the average beat. */
typedef struct measure_own {
    double onset, peak, offset;
    double trust; /* 0: nothing; to 1: the wave stands out of the noise */
} measure_own;

/* What the leads say of the end of T, each for itself; NaN where too few of them have a T wave. */
typedef struct measure_t_evidence {
    float end;    /* s from the fiducial point: in the middle of the leads */
    float apart;  /* s between leads on either side of the middle */
    float beside; /* the highest wave between T and where P may begin, of T's height */
    float mv;     /* T's height where it is highest */
    bool biphasic;
} measure_t_evidence;

/* What is known of a group of beats. */
typedef struct measure_group {
    int n_beats;
    double energy; /* mean of its beats */
    bool has_p;
    double p_score; /* of the evidence for it */
    double qrs_unrest;
    measure_t_evidence t;
    float t_doubt; /* s by which the end of T may be off: how far its witnesses disagree */
    xp_waves waves, odd, even;
    xp_waves *lead_waves; /* (n_leads) */
} measure_group;

typedef struct measure_window {
    double rate;    /* Hz, after interpolation */
    int upsampling; /* 1: none */
    float taps[MEASURE_UPSAMPLING][MEASURE_TAPS];
    int cap, n; /* samples: room, used */
    int n_leads;
    const bool *usable;    /* (n_leads) */
    const xp_lead_id *ids; /* (n_leads) */
    measure_detectors detectors;
    float *x;        /* (n_leads, cap) mV */
    uint8_t *blind;  /* (n_leads, cap) not 0: the lead shows nothing of the heart, see blind.c */
    bool any_blind;  /* false: what blind holds is not for this window */
    float *velocity; /* (n detectors, cap) mV/ms */
    float *activity; /* (cap) */
    float *scratch;  /* (cap) */
    measure_beat *beats; /* (cap_beats) by time */
    int n_beats, cap_beats;
    int *spikes; /* (cap_spikes) samples of a pacemaker's stimuli, cut out of x */
    int n_spikes, cap_spikes;
    int tail;             /* samples that are cut out after each of them */
    double stimulus_s;    /* where the group that is being marked may begin; NaN: it is not paced */
    measure_t_evidence t; /* of the average beat that was marked last */
    double qrs_unrest;    /* likewise: what moves beside its complex, see marks.h */
    double rr_s;          /* median; NaN: fewer than two beats */
    int n_groups;
    measure_group groups[MEASURE_GROUPS];
    float *templates; /* (MEASURE_GROUPS, feature length) */
    float *feature;   /* (feature length) */
    float *levels;    /* (n_leads, cap_beats) the level before QRS */
    float *shapes;    /* see fusion.c */
    measure_average median, odd, even;
    measure_own *own; /* (n_leads) of the wave that is being marked */
    float *work;      /* (MEASURE_DETECTORS + 4, median.n) */
    double level_s;   /* where the level before QRS is taken, from the fiducial point */
} measure_window;

static inline int measure_samples(const measure_window *w, double s) {
    return (int)floor(s * w->rate + 0.5);
}
static inline float *measure_lead(const measure_window *w, int lead) {
    return w->x + (size_t)lead * (size_t)w->cap;
}
static inline float *measure_velocity_of(const measure_window *w, int detector) {
    return w->velocity + (size_t)detector * (size_t)w->cap;
}
static inline float *measure_average_lead(const measure_average *a, int lead) {
    return a->mv + (size_t)lead * (size_t)a->n;
}

/* ---- signal.c ---- */
void measure_choose_detectors(measure_window *w, const xp_record *rec);
void measure_design_taps(measure_window *w);
int measure_feature_length(const measure_window *w);

/* The n samples of each lead at mv (n_leads), gaps held, brought to the window's rate. */
void measure_load(measure_window *w, const float *const *mv, int n);

/* Mean of the k samples after each minus that of the k before, in mV/ms; 0 at the ends. */
void measure_velocity(const float *x, int n, int k, double rate, float *out);
/* Mean over 2 half + 1 samples; out is not x. */
void measure_smooth(const float *x, int n, int half, float *out);
/* Reorders v. */
float measure_quantile(float *v, int n, double q);

struct xp_quality;
/* ---- blind.c ---- */
/* What the gate found in the n samples at mv (n_leads), which begin at start_s; first, last: they
 * begin or end the record. quality may be NULL. */
void measure_find_blind(measure_window *w, const float *const *mv, int n,
                        const struct xp_quality *quality, double start_s, bool is_first,
                        bool is_last);
/* Whether the lead is no evidence of a beat at some time of [from, to], or has no values there. */
bool measure_is_blind(const measure_window *w, int lead, int from, int to);
bool measure_is_lost(const measure_window *w, int lead, int from, int to);
/* Where no lead shows anything for a while, beats may be missing: that interval is none. */
void measure_doubt_unseen(measure_window *w);
/* v (n) of the lead becomes 0 where it shows nothing. */
void measure_silence(const measure_window *w, int lead, float *v);

/* ---- mains.c ---- */
/* Takes the mains out of the leads and times where the gate found it; start_s: of the window in the
 * record. quality may be NULL. */
void measure_take_mains(measure_window *w, const struct xp_quality *quality, double start_s);

/* ---- pacing.c ---- */
/* Finds the stimuli of a pacemaker in the window, if there is one, and cuts them out of it. */
void measure_cut_spikes(measure_window *w);
/* Whether a stimulus of the ventricles precedes the beat. */
bool measure_is_paced(const measure_window *w, int beat);
/* Where what is cut out of the group's beats ends, s from the fiducial point; NaN where most have
 * no stimulus. */
double measure_stimulus(measure_window *w, int group);

/* ---- detect.c ---- */
void measure_detect(measure_window *w);

/* ---- group.c ---- */
void measure_group_beats(measure_window *w);

/* ---- doubt.c ---- */
/* Of the grouped beats, drops those that are noise; the interval to the usual one is found anew. */
void measure_drop_noise(measure_window *w);

/* ---- average.c ---- */
void measure_find_levels(measure_window *w);
/* Median of the group's beats, and means of its odd and its even ones. */
void measure_average_group(measure_window *w, int group);

/* ---- marks.c ---- */
/* Global marks on an average beat; rr_s: the time to the beats around it. */
void measure_mark(measure_window *w, const measure_average *a, double rr_s, xp_waves *out);

/* ---- presence.c ---- */
void measure_judge_p(measure_window *w, int group);

/* ---- lead_marks.c ---- */
/* The marks of each lead on the group's median beat, within its global ones. */
void measure_mark_leads(measure_window *w, int group);

/* ---- rhythm.c ---- */
/* Whether the group's complexes are wide beside the dominant group's: those of ventricular beats.
 */
bool measure_is_wide(const measure_window *w, int group);

/* ---- leads.c ---- */
/* Amplitudes and durations of a lead on the median beat, which is group g's. */
void measure_lead_values(const measure_window *w, int lead, const measure_group *g,
                         xp_lead_measures *out);

/* ---- follow.c ---- */
/* The marks of the group's beats, from those of its median beat. */
void measure_follow(measure_window *w, int group);
void measure_lend_p(measure_window *w);
/* Correlation of what precedes a dominant beat at a sample with that group's P wave, which its
 * median beat has; -2: it has none. */
double measure_match_p(const measure_window *w, int at);

/* ---- fusion.c ---- */
size_t measure_shape_floats(const measure_window *w);
/* Which beats are fusion beats; the groups are marked. */
void measure_find_fusions(measure_window *w);

#endif
