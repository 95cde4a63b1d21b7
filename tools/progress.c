#include "progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

progress progress_begin(const char *unit, int total) {
    return (progress){.unit = unit,
                      .total = total,
                      .begin = xp_seconds_now(),
                      .terminal = isatty(STDERR_FILENO) != 0};
}

static void draw(const progress *p, double elapsed) {
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    int filled = p->total > 0 ? (int)((long)WIDTH * p->done / p->total) : 0;
    for (int i = 0; i < WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[WIDTH] = 0;
    double rate = p->done / elapsed;
    fprintf(stderr, "\r\033[K[%s] %d/%d %s", bar, p->done, p->total, p->unit);
    if (p->done > 0) fprintf(stderr, "  %.1f/s  %.0f s left", rate, (p->total - p->done) / rate);
    fflush(stderr);
}

void progress_update(progress *p, int done) {
    const double quiet = 0.5, interval = 0.1;
    p->done = done;
    double now = xp_seconds_now();
    if (!p->terminal || p->total < 2 || now - p->begin < quiet || now - p->drawn < interval) return;
    draw(p, now - p->begin);
    p->drawn = now;
    p->shown = true;
}

void progress_hide(progress *p) {
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
    p->drawn = 0;
}

/* Another unit or total is another bar; a bar that is full is taken off the screen. */
static void report(void *ctx, const char *unit, int done, int total) {
    progress *p = ctx;
    if (p->unit != unit || p->total != total) {
        progress_hide(p);
        *p = progress_begin(unit, total);
    }
    progress_update(p, done);
    if (done < total) return;
    progress_hide(p);
    p->unit = NULL;
}

xp_progress progress_reporter(progress *p) {
    return (xp_progress){report, p};
}
