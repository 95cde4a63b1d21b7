/* Beats and the waves in them, as marks on the traces. */
#include "plot/page.h"

#include <math.h>

/* mm: of the line of marks under the grid's upper border, of symbols there, of ticks on a trace. */
static const float BAND = 3.4f, SYMBOL = 2.8f, TICK = 1.6f, LINE = 0.22f;

static bool is_on_page(const page *p, double t) {
    return t >= p->o.start && t <= p->o.start + p->o.seconds;
}

/* Where a beat is, and what it is taken for: what differs from the dominant beats stands out. */
static void draw_symbol(const page *p, const xp_plot_beat *b) {
    const char text[2] = {b->symbol, 0};
    const uint32_t rgba = b->symbol == 'N' ? p->color->grey : p->color->ectopic;
    if (!is_on_page(p, b->time)) return;
    xp_draw_text(p->d, page_x(p, b->time), p->top + BAND, SYMBOL, XP_ANCHOR_MIDDLE, rgba, text);
}

/* A tick through the base line, at each end of a wave; with a foot that points into it. */
static void draw_wave(const page *p, const panel *n, const float ends[2], double time,
                      uint32_t rgba) {
    for (int k = 0; k < 2; k++) {
        const double t = time + (double)ends[k];
        if (!(t >= n->start && t <= n->start + n->seconds)) continue; /* NaN: not found */
        const float x = n->x + (float)((t - n->start) * p->o.speed), in = k ? -0.7f : 0.7f;
        const float reach = p->o.one_beat ? p->base * 0.8f : TICK;
        xp_point line[] = {
            {x + in, n->y - reach}, {x, n->y - reach}, {x, n->y + reach}, {x + in, n->y + reach}};
        xp_draw_line(p->d, line, 4, LINE, rgba);
    }
}

/* Where nothing is measured on the lead, marks would stand for nothing. */
static bool is_read(const page *p, const panel *n, double time) {
    for (int i = 0; i < p->o.n_faults; i++) {
        const xp_plot_fault *f = &p->o.faults[i];
        if (f->unread && f->lead == n->lead && time >= f->start && time <= f->end) return false;
    }
    return true;
}

static void mark_panel(const page *p, const panel *n) {
    for (int i = 0; i < p->o.n_beats; i++) {
        const xp_plot_beat *b = &p->o.beats[i];
        if (!is_read(p, n, b->time)) continue;
        draw_wave(p, n, b->p, b->time, p->color->p);
        draw_wave(p, n, b->qrs, b->time, p->color->qrs);
        draw_wave(p, n, b->t, b->time, p->color->t);
    }
}

void page_draw_marks(const page *p) {
    if (!p->o.beats) return;
    for (int i = 0; !p->o.one_beat && i < p->o.n_beats; i++) draw_symbol(p, &p->o.beats[i]);
    for (int i = 0; i < page_panels(p); i++) {
        const panel n = page_panel(p, i);
        if (n.lead >= 0) mark_panel(p, &n);
    }
}
