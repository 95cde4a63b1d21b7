/* What the figures share; others include figures.h. A figure has either a panel or a row for every
 * label. Lengths are millimetres. */
#ifndef XP_EVAL_FIGURES_INTERNAL_H
#define XP_EVAL_FIGURES_INTERNAL_H

#include "eval/figures/figures.h"
#include "eval/metrics_report.h"
#include "plot/chart.h"

/* Every figure of an evaluation, in the order of the report: its function, and whether it is drawn
 * for one model and for two. */
#define FIGURE_LIST(X)                                                                             \
    X(figure_summary, true, true)                                                                  \
    X(figure_paired, false, true)                                                                  \
    X(figure_roc, true, true)                                                                      \
    X(figure_pr, true, true)                                                                       \
    X(figure_reliability, true, true)                                                              \
    X(figure_confusion, true, false)

/* Draw one and hand it to figure_add. */
typedef xp_status (*figure_fn)(xp_figure_list *list, const xp_figure_source *from, xp_error *err);

#define X(draw, one, two)                                                                          \
    xp_status draw(xp_figure_list *list, const xp_figure_source *from, xp_error *err);
FIGURE_LIST(X)
#undef X

/* Hand page over to list, or free it. The texts are kept, not copied. */
xp_status figure_add(xp_figure_list *list, const char *name, const char *title, const char *alt,
                     xp_display *page, xp_error *err);

/* ---- layout.c ---- */

#define FIGURE_WIDTH 183.0f /* two columns of a journal */
#define TEXT_SMALL 2.1f
#define TEXT_NAME 2.8f
#define TEXT_LINE 2.9f /* from one line to the next */

#define DASH "\xe2\x80\x93"
#define MINUS "\xe2\x88\x92"

/* The colour of the first and of the second model. */
uint32_t figure_color(int model);

/* "0.912 (0.893-0.929)", or "undefined". */
void figure_value_text(double v, xp_ci ci, char text[48]);
float figure_text_width(const char *text, float size);
void figure_line(xp_display *d, float x0, float y0, float x1, float y1, float width, uint32_t rgba);

/* Text from x on, made smaller where it would be wider than `room`. */
void figure_fitted(xp_display *d, float x, float y, float size, float room, uint32_t rgba,
                   const char *text);

/* xp_chart_close, and beside the title which colour is which model. */
void figure_finish(xp_display *d, const xp_figure_source *from, float width, float y,
                   const char *title, const char *notes);

/* Square panels for n labels, with `lines` lines of text over each and `extra` mm below it. */
typedef struct panels {
    int columns;
    float page, cell,
        side; /* width of the page, of a panel with what is around it, of its square */
    float above, extra;
} panels;

#define PANEL_RIGHT 2.5f /* free at the right of a panel */

panels panels_arrange(int n, int lines, float extra);
xp_chart panel_at(const panels *p, xp_display *d, int i);
float panels_end(const panels *p, int n);
double panel_step(const xp_chart *c); /* of an axis from 0 to 1 */

/* Name and number of cases over `lines` lines of text; one of those lines, the first is 0. */
void panel_title(const xp_chart *c, const char *name, const xp_evaluated *e, int lines);
void panel_line(const xp_chart *c, int line, int lines, uint32_t rgba, const char *text);
void panel_undefined(const xp_chart *c, const char *why);

/* Rows: their height, where the first begins, and where their names end. */
#define ROW_HEIGHT 5.6f
#define ROWS_TOP 22.5f
#define ROW_NAMES 34.0f

/* The stripes and the names; a row after the labels is their mean. */
void rows_names(xp_display *d, const xp_figure_source *from, int rows, float right);
void rows_title(const xp_chart *c, const char *text);
xp_chart rows_chart(xp_display *d, float left, float width, int rows, double x0, double x1);

/* A value and its interval in the row at y. */
void rows_point(const xp_chart *c, double v, xp_ci ci, float y, uint32_t rgba);

#endif
