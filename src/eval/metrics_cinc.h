/* The score of the PhysioNet/CinC Challenges 2020 and 2021 (Perez Alday et al., Physiol. Meas. 41
 * (2020) 124003; Reyna et al., Computing in Cardiology 2021), in which some mistakes cost less.
 *
 * A record with labels L and outputs O adds 1 / |L or O| to a[i][j] for each i in L and j in O. The
 * sum of weight[i][j] a[i][j] is then scaled: 1 for outputs that are the labels, 0 for a program
 * that says sinus rhythm to every record; it may be negative. An unknown label (-1) of a record is
 * in neither L nor O. */
#ifndef XP_EVAL_METRICS_CINC_H
#define XP_EVAL_METRICS_CINC_H

#include "eval/metrics.h"

#define XP_CINC_MAX 64
#define XP_CINC_LABELS 256

typedef struct xp_cinc_weights {
    int n;                        /* classes that are scored here */
    int class_of[XP_CINC_LABELS]; /* of each label of the predictions; -1: none */
    int normal;                   /* class: sinus rhythm */
    int missing;                  /* classes of the table that the predictions have not */
    double weight[XP_CINC_MAX][XP_CINC_MAX];
} xp_cinc_weights;

/* The challenge's weights.csv: a first row and a first column with the same classes in the same
 * order, a class being one name or several with | between them. names (n): of the predictions'
 * labels, each one name or several; one that they share with a class makes the label that class's.
 * Labels of one class are merged as the official evaluation does: the class is there where one of
 * them is. normal: name of sinus rhythm (the challenge's is 426783006). XP_ERR_NOT_FOUND when the
 * table or the predictions have no such class; XP_ERR_FORMAT for a table that is none, and for a
 * label that is two classes; XP_ERR_LIMIT for more than XP_CINC_LABELS labels. */
xp_status xp_cinc_read_weights(xp_cinc_weights *out, const char *path, const char *const *names,
                               int n, const char *normal, xp_error *err);

/* NaN where the data do not define it (every record is in sinus rhythm, or there is none). */
double xp_cinc_score(const xp_cinc_weights *w, const xp_predictions *p, const double *thresholds);

#endif
