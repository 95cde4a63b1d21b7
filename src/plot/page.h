/* What the parts of the page of an ECG share; others include plot.h.
 *
 *   options --page: layout, rows, size--> page --page_draw: grid, map, traces, texts--> display
 * list
 *                                                --marks: beats and waves-->
 */
#ifndef XP_PLOT_PAGE_H
#define XP_PLOT_PAGE_H

#include "plot/plot.h"

typedef struct palette {
    uint32_t paper, ink, grey, fine, bold, hatch;
    uint32_t p, qrs, t, ectopic; /* of marks */
} palette;

#define PAGE_TRACE 0.28f /* mm: width of a trace */
#define PAGE_MINUS "\xe2\x88\x92"

typedef struct page {
    xp_display *d;
    const xp_plot_record *rec;
    const xp_plot_map *map;
    xp_plot_options o;
    int rows, columns, rhythm;
    bool stacked;                   /* a row for each of the record's leads, in its order */
    float pitch, base;              /* of a row; base: of that, above the base line */
    float above, below;             /* mm of the grid beyond its rows */
    float left, top, right, bottom; /* of the grid */
    float x0;                       /* where time begins */
    bool positive;                  /* some value of the map is > 0 */
    int alpha;                      /* of the map's strongest */
    const palette *color;
} page;

/* One trace: a lead for a stretch of time. */
typedef struct panel {
    const char *name;
    int lead;          /* -1: not in the record */
    float x, width, y; /* mm; y: base line */
    double start, seconds;
} panel;

enum { PAGE_LEADS = 12 };
extern const char *const PAGE_STANDARD[PAGE_LEADS]; /* the leads' names in their order */

/* The lead of a name ("-aVR" too) in the record; -1: not there. */
int page_find_lead(const xp_plot_record *rec, const char *name);
float page_x(const page *p, double t);       /* of a time of the recording */
float page_row_base(const page *p, int row); /* y of 0 mV */
float page_pulse_width(const page *p);
float page_column(const page *p); /* mm from one beat to the next, of one_beat */
panel page_panel(const page *p, int index);
int page_panels(const page *p); /* how many there are */

/* What a panel's millivolts are worth on paper, mm/mV; below 0: upside down. */
float page_gain(const page *p, const panel *n);

/* Samples [*a, *b) of a panel; returns its gain. */
float page_samples(const page *p, const panel *n, int64_t *a, int64_t *b);

/* All that is on the page but the marks. */
void page_draw(const page *p);

/* Of faults: before the traces, and after them. */
void page_draw_hatching(const page *p);
void page_draw_fault_words(const page *p);

/* Of beats and waves, where there are any. */
void page_draw_marks(const page *p);

#endif
