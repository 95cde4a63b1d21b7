/* Drawing: a record, and what was found in it, as a display list in millimetres, which the raster
 * and SVG backends here and the canvas of the page draw alike.
 *
 * Display list. Millimetres from the page's top left corner, y downwards. Four flat arrays, little
 * endian, that JavaScript reads in place as typed arrays:
 *   ops     24 bytes each: u32 kind, u32 rgba, u32 first, u32 count, f32 size, u32 extra
 *   points  8 bytes each: f32 x, f32 y
 *   colors  u32 rgba (red in the lowest byte, alpha in the highest), of CELLS
 *   text    UTF-8 bytes, of TEXT
 * rgba: 0xAABBGGRR, which is R, G, B, A in memory. Kinds:
 *   LINE   polyline through points[first..first+count), `size` wide, round caps and joins; a single
 *          point is a dot
 *   RECTS  `count` filled rectangles, each two points (top left, bottom right)
 *   CELLS  the rectangle points[first], points[first+1] cut into `count` cells of equal width, the
 *          i-th filled with colors[extra + i]
 *   TEXT   text[first..first+count) at points[extra & 0xffffff], `size` mm to the em; bits 24-25 of
 *          extra: 0 starts there, 1 is centred, 2 ends there; bit 26: runs upwards; the point is on
 *          the base line
 * Ops are drawn in order. A drawing of an ECG also tells where its strips lie, for what measures on
 * it:
 *   strips  36 bytes each: xp_strip */
#ifndef XP_PLOT_PLOT_H
#define XP_PLOT_PLOT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum xp_draw_kind { XP_DRAW_LINE, XP_DRAW_RECTS, XP_DRAW_CELLS, XP_DRAW_TEXT } xp_draw_kind;

typedef struct xp_draw_op {
    uint32_t kind, rgba, first, count;
    float size;
    uint32_t extra;
} xp_draw_op;
_Static_assert(sizeof(xp_draw_op) == 24, "the page reads ops as six words");

typedef struct xp_point {
    float x, y;
} xp_point;

/* A recorded lead for a stretch of time. */
typedef struct xp_strip {
    float x, width, y;   /* mm; y: base line, 0 mV */
    float top, height;   /* mm: the band that is this strip's alone */
    float from, seconds; /* s; from: since the drawing's start, which is where it sits on paper */
    int32_t lead;        /* index in the record */
    float gain;          /* mm/mV; below 0 where it is drawn upside down */
} xp_strip;
_Static_assert(sizeof(xp_strip) == 36, "the page reads strips as nine words");

typedef struct xp_display {
    float width, height; /* mm */
    uint32_t paper;      /* rgba behind everything; 0: white */
    xp_draw_op *ops;     /* all five arrays are owned */
    xp_point *points;
    uint32_t *colors;
    char *text;
    xp_strip *strips;
    size_t n_ops, n_points, n_colors, n_text, n_strips;
    size_t cap_ops, cap_points, cap_colors, cap_text, cap_strips;
    bool failed; /* memory ran out while it was made: xp_display_check */
} xp_display;

/* Builders append; where memory (or the 2^24 points that TEXT can name) runs out they do nothing
 * but set failed, so that a drawing is checked once, at its end. */
void xp_draw_line(xp_display *d, const xp_point *p, size_t n, float width, uint32_t rgba);
void xp_draw_rect(xp_display *d, float x0, float y0, float x1, float y1, uint32_t rgba);
void xp_draw_cells(xp_display *d, float x0, float y0, float x1, float y1, const uint32_t *rgba,
                   size_t n);
typedef enum xp_anchor {
    XP_ANCHOR_START,
    XP_ANCHOR_MIDDLE,
    XP_ANCHOR_END,
    XP_UPWARDS = 4
} xp_anchor;
void xp_draw_text(xp_display *d, float x, float y, float size, int anchor, uint32_t rgba,
                  const char *text);
void xp_draw_strip(xp_display *d, const xp_strip *strip); /* draws nothing, tells where one lies */
/* XP_ERR_MEMORY when something is missing from d. */
xp_status xp_display_check(const xp_display *d, xp_error *err);
void xp_display_free(xp_display *d);

/* ==== colour maps ============================================================================ */

#define XP_COLORMAP_LIST(X)                                                                        \
    X(XP_VIRIDIS, "viridis")                                                                       \
    X(XP_REDS, "reds")       /* Reds: ColorBrewer */                                               \
    X(XP_CIVIDIS, "cividis") /* read alike with any of the three dichromacies */                   \
    X(XP_BLUES, "blues")     /* Blues: ColorBrewer */
typedef enum xp_colormap {
#define X(id, name) id,
    XP_COLORMAP_LIST(X)
#undef X
        XP_COLORMAP_COUNT
} xp_colormap;

/* value is clamped to [0, 1]; NaN is transparent. alpha: 0..255. */
uint32_t xp_colormap_rgba(xp_colormap map, float value, int alpha);
const char *xp_colormap_name(xp_colormap map);
int xp_colormap_find(const char *name); /* -1: none of that name */

/* ==== an ECG ================================================================================= */

typedef struct xp_plot_lead {
    const char *name; /* "aVR" */
    const float *mv;  /* (n of the record); NaN where missing */
    bool derived;
} xp_plot_lead;

typedef struct xp_plot_record {
    const char *name;
    double rate; /* Hz */
    int64_t n;   /* samples in every lead */
    int n_leads;
    const xp_plot_lead *leads;
    const char *filter; /* what was done to the signal; NULL: "none" */
} xp_plot_record;

/* What is to be seen in the recording: 0..1 over time. */
typedef struct xp_plot_map {
    const float *values; /* (n), or (n_leads, n) in the record's order of leads when per_lead */
    int n;
    bool per_lead;
    double start, seconds;     /* of the recording that the n values cover */
    const char *label, *layer; /* may be NULL */
    double probability;        /* NaN: not shown */
    bool below;                /* the label's threshold: drawn at half its strength, and said */
    bool is_score;             /* the probability is none but a score */
} xp_plot_map;

/* What was measured on the recording, to be marked on its traces. */
typedef struct xp_plot_beat {
    double time;              /* s of the recording */
    char symbol;              /* WFDB's code: 'N', 'V' ... drawn above the first row */
    bool used;                /* the values come from it */
    float p[2], qrs[2], t[2]; /* s from time: where waves begin and end; NaN: not found */
} xp_plot_beat;

/* What is wrong with a lead for a while: hatched there. */
typedef struct xp_plot_fault {
    int lead;          /* index in the record */
    double start, end; /* s of the recording */
    const char *word;  /* "flat" */
    bool unread;       /* nothing is measured there: beats have no marks on that lead */
} xp_plot_fault;

#define XP_LAYOUT_LIST(X)                                                                          \
    X(XP_LAYOUT_12X1, "12x1")                                                                      \
    X(XP_LAYOUT_6X2, "6x2")                                                                        \
    X(XP_LAYOUT_3X4, "3x4")                                                                        \
    X(XP_LAYOUT_3X4_1, "3x4+1")                                                                    \
    X(XP_LAYOUT_3X4_3, "3x4+3")                                                                    \
    X(XP_LAYOUT_SINGLE, "single") /* one lead with axes in s and mV */
typedef enum xp_layout {
#define X(id, name) id,
    XP_LAYOUT_LIST(X)
#undef X
        XP_LAYOUT_COUNT
} xp_layout;
int xp_layout_find(const char *name); /* -1: none of that name */

/* What a page may be drawn at. */
#define XP_PLOT_SPEEDS                                                                             \
    { 12.5, 25, 50 } /* mm/s */
#define XP_PLOT_GAINS                                                                              \
    { 5, 10, 20 } /* mm/mV */

typedef enum xp_map_style {
    XP_MAP_BEHIND,
    XP_MAP_STRIP,
    XP_MAP_TRACE,
    XP_MAP_STYLE_COUNT
} xp_map_style;
int xp_map_style_find(const char *name); /* "behind", "strip", "trace"; -1: none of that name */

/* All zeros is the default: 12x1, 25 mm/s, 10 mm/mV, the first 10 s, clinical grid. A record of few
 * leads (three, or most of the twelve missing) gets a row for each instead of a grid of what is not
 * there, whatever the layout but single. */
typedef struct xp_plot_options {
    xp_layout layout;
    double speed;          /* mm/s: of XP_PLOT_SPEEDS; 0: 25 */
    double gain;           /* mm/mV: of XP_PLOT_GAINS; 0: 10 */
    double start, seconds; /* of the recording; seconds 0: 10, or what there is if it is less */
    double window, window_seconds; /* of the recording that was analysed: marked where it is not the
                                      whole page; window_seconds 0: none */
    const char *rhythm[3]; /* leads of the rhythm rows; NULL: II, V1, V5, or others that are there;
                              single: rhythm[0] */
    bool cabrera;          /* aVL I -aVR II aVF III */
    bool plain;            /* no grid */
    xp_map_style style;
    xp_colormap colormap;
    int alpha;    /* of the map behind the trace, 1..255; 0: 150 */
    double pixel; /* mm in a device pixel, for decimation; 0: every sample */
    double pitch; /* mm between rows, whole, from 10 to 60; 0: they fill an A4 page.
                     More where traces go beyond the first and the last row, up to 25 mm each. */
    bool bare;    /* grid, traces and the line that tells the scale: what is around says the rest */
    bool narrow;  /* the grid ends where the traces do */
    bool dark;    /* light ink on dark paper */
    bool half_chest; /* leads V1, V2 ... at half the gain; pulses and the line of the scale tell it
                      */
    const xp_plot_beat *beats; /* (n_beats) to be marked; may be NULL */
    int n_beats;
    const xp_plot_fault *faults; /* (n_faults) to be hatched; may be NULL */
    int n_faults;
    const char *numbers; /* a line under the title of a page that is not bare; NULL or "": none */
    bool one_beat; /* the record is one median beat: every column shows the whole of it, and times
                      count from beats[0] */
} xp_plot_options;

/* Draw rec into d, which must be zeroed; map may be NULL. A4 landscape, larger when the traces
 * need it; a bare one is as large as its grid. On error d is untouched: XP_ERR_USAGE names the
 * option; XP_ERR_LEAD_UNKNOWN when the rhythm lead is not in the record; XP_ERR_LIMIT for a page of
 * more than 5 m; XP_ERR_MEMORY. */
xp_status xp_plot_ecg(xp_display *d, const xp_plot_record *rec, const xp_plot_map *map,
                      const xp_plot_options *opt, xp_error *err);

/* Draw one beat, that of beat's leads, in 3x4 at 50 mm/s, each lead from the same moment, with its
 * marks (times count from mark->time). n_beats: that it is the median of. Of opt,
 * layout, speed, start, seconds, beats and faults are chosen here, and where gain is 0 that too: 20
 * mm/mV where the rows have room for it, else 10. Else as xp_plot_ecg. */
xp_status xp_plot_one_beat(xp_display *d, const xp_plot_record *beat, int n_beats,
                           const xp_plot_beat *mark, const xp_plot_options *opt, xp_error *err);

/* Append the polylines of mv[0..n): sample i at x0 + i * dx, baseline y0, y upwards by gain mm/mV,
 * within [top, bottom]: beyond, the line is broken, and a small arrow at the border says so. With
 * pixel > 0 each device column keeps its first, lowest, highest and last sample, so no peak is
 * lost. NaN ends a polyline: a gap stays a gap. colors (n; may be NULL) replaces rgba sample by
 * sample. */
typedef struct xp_trace {
    float x0, dx, y0, gain, top, bottom, pixel, width;
    uint32_t rgba;
    const uint32_t *colors;
} xp_trace;
void xp_draw_trace(xp_display *d, const float *mv, int64_t n, const xp_trace *t);

/* ==== backends =============================================================================== */

/* RGB, rows from the top. */
typedef struct xp_image {
    int width, height;
    uint8_t *rgb; /* owned */
} xp_image;

/* The page at `dpi` (10 to 2400) pixels an inch. On error image is untouched: XP_ERR_USAGE,
 * XP_ERR_LIMIT for more than 2^28 pixels, XP_ERR_MEMORY. */
xp_status xp_raster(xp_image *image, const xp_display *d, double dpi, xp_error *err);
void xp_image_free(xp_image *image);

/* Width of text in mm at `size` mm to the em. */
float xp_text_width(const char *text, size_t n, float size);

/* PNG, 8-bit RGB, with the pixel density (pHYs) stored. *bytes is the caller's (free). */
xp_status xp_png(uint8_t **bytes, size_t *size, const xp_image *image, double dpi, xp_error *err);

/* SVG in mm; title is for screen readers. *text (NUL-terminated) is the caller's (free). */
xp_status xp_svg(char **text, size_t *size, const xp_display *d, const char *title, xp_error *err);

#endif
