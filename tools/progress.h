/* A progress bar on standard error, only where that is a terminal and the work lasts. */
#ifndef XP_TOOLS_PROGRESS_H
#define XP_TOOLS_PROGRESS_H

#include "base/progress.h"

#include <stdbool.h>

typedef struct progress {
    const char *unit; /* "records" */
    int total, done;
    double begin, drawn; /* s */
    bool terminal, shown;
} progress;

progress progress_begin(const char *unit, int total);

/* `done` of the total are finished; draws at most ten times a second, and not in the first half. */
void progress_update(progress *p, int done);

/* Take the bar off the screen: before anything is printed, and at the end. */
void progress_hide(progress *p);

/* What draws in p (begun with {0}) whatever the library reports; what is reported must be hidden
 * after the work. */
xp_progress progress_reporter(progress *p);

#endif
