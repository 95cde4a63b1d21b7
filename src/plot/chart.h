/* Charts as display lists: axes, curves, bands, dots and bars in the units of the data, on a page
 * with a title, notes and the research-only line. Lengths are millimetres. */
#ifndef XP_PLOT_CHART_H
#define XP_PLOT_CHART_H

#include "plot/plot.h"

/* Colours: after Okabe and Ito (2008), told apart with any of the three dichromacies. */
#define XP_RGB(r, g, b) (0xff000000u | (uint32_t)(b) << 16 | (uint32_t)(g) << 8 | (uint32_t)(r))
#define XP_INK XP_RGB(24, 24, 28)
#define XP_GREY XP_RGB(96, 96, 104)
#define XP_PALE XP_RGB(226, 226, 230)
#define XP_BLUE XP_RGB(0, 114, 178)
#define XP_BLUE_TINT XP_RGB(199, 222, 238)
#define XP_ORANGE XP_RGB(213, 94, 0)
#define XP_ORANGE_TINT XP_RGB(247, 214, 188)

/* Where a panel lies on the page and what it shows: x0 at its left edge, x1 at its right, y0 at
 * its bottom, y1 at its top; log_y: y is drawn as its logarithm (y0 > 0). */
typedef struct xp_chart {
    xp_display *d;
    float left, top, width, height;
    double x0, x1, y0, y1;
    bool log_y;
} xp_chart;

xp_point xp_chart_at(const xp_chart *c, double x, double y);

/* A step of 1, 2 or 5 times a power of ten that cuts span into at most `most` pieces. */
double xp_chart_step(double span, int most);

/* Pale lines across, the axis and its numbers, at every multiple of step within the axis (log_y:
 * at the powers of ten, step is not looked at). title may be NULL. */
void xp_chart_x_axis(const xp_chart *c, double step, const char *title);
void xp_chart_y_axis(const xp_chart *c, double step, const char *title);
/* The lines and the axis alone. */
void xp_chart_x_grid(const xp_chart *c, double step);

/* Polyline through (x[i], y[i]); a NaN ends it. Points that would not be told apart are left out.
 * steps: goes along x at the next point's height, as precision does over recall. */
void xp_chart_line(const xp_chart *c, const double *x, const double *y, size_t n, bool steps,
                   float width, uint32_t rgba);
void xp_chart_dashes(const xp_chart *c, double xa, double ya, double xb, double yb, uint32_t rgba);

/* What lies between low and high at n equal sections from x0 to x1; where one is NaN, nothing. */
void xp_chart_band(const xp_chart *c, const double *low, const double *high, int n, uint32_t rgba);

/* A dot with a white rim. */
void xp_chart_dot(const xp_chart *c, double x, double y, float size, uint32_t rgba);
/* A line from low to high, at y_mm on the page, with a white rim; or at x. NaN: nothing. */
void xp_chart_whisker_x(const xp_chart *c, double low, double high, float y_mm, uint32_t rgba);
void xp_chart_whisker_y(const xp_chart *c, double x, double low, double high, uint32_t rgba);

/* Text broken at spaces to fit into width, its first base line at y; returns the base line of the
 * line after it. */
float xp_draw_wrapped(xp_display *d, float x, float y, float width, float size, uint32_t rgba,
                      const char *text);

/* Finish a page whose panels end at y: title and subtitle above them (XP_CHART_HEAD high), notes
 * and the research-only line below; the page is as high as that takes. */
#define XP_CHART_MARGIN 6.0f
#define XP_CHART_HEAD 15.0f
#define XP_CHART_TITLE 4.2f /* mm to the em */
void xp_chart_close(xp_display *d, float width, float y, const char *title, const char *subtitle,
                    const char *notes);

#endif
