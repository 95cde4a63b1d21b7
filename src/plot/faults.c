/* What is wrong with a lead for a while: hatched behind its trace, with a word. */
#include "plot/page.h"

#include <math.h>

static const float SPACING = 2.5f, LINE = 0.15f; /* mm: of the hatching, along the page */
static const float LEAST = 1.5f;                 /* mm: nothing that is hatched is narrower */
static const float WORD = 2.6f;                  /* mm: of a word, and from one to the next */

typedef struct box {
    float left, top, right, bottom;
} box;

static bool is_in(const panel *n, const xp_plot_fault *f) {
    return n->lead >= 0 && f->lead == n->lead && f->start < n->start + n->seconds &&
           f->end >= n->start;
}

/* Of the panel's own band, what the fault lasts. */
static box box_of(const page *p, const panel *n, const xp_plot_fault *f) {
    const double from = fmax(f->start, n->start) - n->start;
    const double to = fmin(f->end, n->start + n->seconds) - n->start;
    box b = {.left = n->x + (float)(from * p->o.speed), .top = n->y - p->base};
    b.right = fmaxf(n->x + (float)(to * p->o.speed), b.left + LEAST);
    b.bottom = b.top + p->pitch;
    return b;
}

/* Every line is one of a pattern that covers the page, so that boxes that overlap look like one. */
static void hatch(const page *p, const box *b) {
    const int first = (int)ceilf((b->left + b->top) / SPACING);
    const int last = (int)floorf((b->right + b->bottom) / SPACING);
    for (int k = first; k <= last; k++) {
        const float sum = (float)k * SPACING;
        const float x0 = fmaxf(b->left, sum - b->bottom), x1 = fminf(b->right, sum - b->top);
        const xp_point line[] = {{x0, sum - x0}, {x1, sum - x1}};
        xp_draw_line(p->d, line, 2, LINE, p->color->hatch);
    }
}

void page_draw_hatching(const page *p) {
    for (int i = 0; i < page_panels(p); i++) {
        const panel n = page_panel(p, i);
        for (int k = 0; k < p->o.n_faults; k++) {
            if (!is_in(&n, &p->o.faults[k])) continue;
            const box b = box_of(p, &n, &p->o.faults[k]);
            hatch(p, &b);
        }
    }
}

/* Words of a panel that stand at the same place in time are below each other. */
static int words_before(const page *p, const panel *n, int fault) {
    const xp_plot_fault *f = &p->o.faults[fault];
    int count = 0;
    for (int k = 0; k < fault; k++) {
        const xp_plot_fault *other = &p->o.faults[k];
        count += is_in(n, other) && other->start < f->end && f->start < other->end;
    }
    return count;
}

void page_draw_fault_words(const page *p) {
    for (int i = 0; i < page_panels(p); i++) {
        const panel n = page_panel(p, i);
        for (int k = 0; k < p->o.n_faults; k++) {
            if (!is_in(&n, &p->o.faults[k])) continue;
            const box b = box_of(p, &n, &p->o.faults[k]);
            const float y = b.bottom - 1 - WORD * (float)words_before(p, &n, k);
            xp_draw_text(p->d, b.left + 0.6f, y, WORD, XP_ANCHOR_START, p->color->grey,
                         p->o.faults[k].word);
        }
    }
}
