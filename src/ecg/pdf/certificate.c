#include "ecg/pdf/certificate.h"

#include <math.h>

/* Bits of surprise that are too many: anywhere, where a line is drawn or numbers are round, and
 * where another lead ends at the same value. Of 2,992 recordings of PTB-XL 4 have a lead with so
 * many that nothing cuts off. */
static const double ANYWHERE = 14, AT_A_LINE = 5, SHARED = 1;

/* Whether something level is drawn at y: a line of the grid, the edge of a box. */
static bool on_a_drawn_line(const pdf_drawing *d, const pdf_held *h) {
    enum { MOST_POINTS = 5 }; /* of what is no curve */
    for (size_t i = 0; i < d->n_paths; i++) {
        const pdf_path *p = &d->paths[i];
        const pdf_point *q = d->points + p->first;
        if (p->page != h->page || p->n > MOST_POINTS) continue;
        for (int k = 1; k < p->n; k++)
            if (fabs(q[k].y - h->y) < 0.004 && fabs(q[k - 1].y - h->y) < 0.004 &&
                fabs(q[k].x - q[k - 1].x) > 8)
                return true;
    }
    return false;
}

/* Whole millimetres of the paper from 0 mV. */
static bool is_round(const pdf_held *h, const pdf_scale *s) {
    double mm = floor(h->level * PDF_MUSE_STEP * s->gain * 100 + 0.5) / 100;
    return fabs(mm - floor(mm + 0.5)) < 0.001;
}

static bool is_shared(const pdf_leads *l, int lead, int end) {
    const pdf_held *h = &l->items[lead].held[end];
    for (int i = 0; i < l->count; i++) {
        const pdf_held *other = &l->items[i].held[end];
        if (i != lead && l->items[i].steps && other->surprise > SHARED && other->level == h->level)
            return true;
    }
    return false;
}

void pdf_doubt_held_leads(pdf_leads *l, const pdf_drawing *d, const pdf_scale *s) {
    for (int i = 0; i < l->count; i++) {
        pdf_lead *it = &l->items[i];
        for (int end = 0; it->steps && !it->summed && end < 2; end++) {
            const pdf_held *h = &it->held[end];
            it->doubtful |=
                h->surprise > ANYWHERE ||
                (h->surprise > AT_A_LINE && (is_round(h, s) || on_a_drawn_line(d, h))) ||
                (h->surprise > SHARED && is_shared(l, i, end));
        }
    }
}
