/* The scoring of one task, kind by kind. Inside teach only. */
#ifndef XP_TEACH_SCORE_H
#define XP_TEACH_SCORE_H

#include "teach/reader.h"

typedef struct teach_score {
    teach_reader *r;     /* its path is that of the answer */
    const cJSON *answer; /* NULL: there is none */
    cJSON *more;         /* what the result tells of a task of this kind */
    bool answered;
    double points; /* before a limit is put to them */
} teach_score;

/* Fill the last three fields of *s, which began as false, 0 and an empty object. */
xp_status teach_score_findings(teach_score *s, const xp_teach_findings *f);
xp_status teach_score_choice(teach_score *s, const xp_teach_choice *c, double points);
xp_status teach_score_measure(teach_score *s, const xp_teach_measure *m, double points);
xp_status teach_score_mark(teach_score *s, const xp_teach_mark_task *m, double points);

#endif
