/* Where the panels of an ECG's page lie. */
#include "plot/page.h"

#include <math.h>
#include <strings.h>

static const float PULSE = 0.2f;      /* s */
static const float BETWEEN_BEATS = 6; /* mm */

const char *const PAGE_STANDARD[PAGE_LEADS] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                               "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const char *const CABRERA[PAGE_LEADS] = {"aVL", "I",  "-aVR", "II", "aVF", "III",
                                                "V1",  "V2", "V3",   "V4", "V5",  "V6"};

/* ==== panels ================================================================================= */

int page_find_lead(const xp_plot_record *rec, const char *name) {
    if (*name == '-') name++;
    for (int i = 0; i < rec->n_leads; i++)
        if (!strcasecmp(rec->leads[i].name, name)) return i;
    return -1;
}

float page_x(const page *p, double t) {
    return p->x0 + (float)((t - p->o.start) * p->o.speed);
}

float page_row_base(const page *p, int row) {
    return p->top + p->above + p->pitch * (float)row + p->base;
}

float page_column(const page *p) {
    return (float)(p->o.seconds * p->o.speed) + BETWEEN_BEATS;
}

/* Columns follow each other in time, so that an x is one moment in all rows. */
panel page_panel(const page *p, int index) {
    int grid = p->rows * p->columns, column = index / (p->rows ? p->rows : 1);
    double seconds = p->o.seconds / p->columns;
    panel n = {.start = p->o.start, .seconds = p->o.seconds};
    if (p->stacked) {
        n.name = p->rec->leads[index].name;
        n.y = page_row_base(p, index);
    } else if (index >= grid) {
        n.name = p->o.rhythm[index - grid];
        n.y = page_row_base(p, p->rows + index - grid);
    } else {
        n.name = (p->o.cabrera ? CABRERA : PAGE_STANDARD)[index];
        n.y = page_row_base(p, index % p->rows);
        if (!p->o.one_beat) n.start += column * seconds;
        if (!p->o.one_beat) n.seconds = seconds;
    }
    n.lead = p->stacked ? index : page_find_lead(p->rec, n.name);
    n.x = page_x(p, n.start);
    if (p->o.one_beat && p->columns > 1) n.x += (float)column * page_column(p);
    n.width = (float)(n.seconds * p->o.speed);
    return n;
}

int page_panels(const page *p) {
    return p->rows * p->columns + p->rhythm;
}

float page_pulse_width(const page *p) {
    return PULSE * (float)p->o.speed;
}

/* V1, V2 ... V9, V3R: not aVF, and not a signal that is called V. */
static bool is_chest(const char *name) {
    return (*name == 'V' || *name == 'v') && name[1] >= '1' && name[1] <= '9';
}

float page_gain(const page *p, const panel *n) {
    const double gain = p->o.half_chest && is_chest(n->name) ? p->o.gain / 2 : p->o.gain;
    return (float)(*n->name == '-' ? -gain : gain);
}

float page_samples(const page *p, const panel *n, int64_t *a, int64_t *b) {
    const xp_plot_record *r = p->rec;
    *a = (int64_t)ceil(n->start * r->rate - 1e-6);
    *b = (int64_t)floor((n->start + n->seconds) * r->rate + 1e-6) + 1;
    if (*b > r->n) *b = r->n;
    return page_gain(p, n);
}
