#include "support.h"

#include "plot/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma GCC diagnostic pop

enum { RATE = 500, N = 10 * RATE, LEADS = 12, STEPS = 250 };

static const char *const NAMES[LEADS] = {"V6",  "V5",  "V4",  "V3",  "V2", "V1",
                                         "aVF", "aVL", "aVR", "III", "II", "I"};

typedef struct sample {
    float mv[LEADS][N], map[STEPS];
    xp_plot_lead leads[LEADS];
    xp_plot_record rec;
    xp_plot_map of;
} sample;

/* A beat as a sum of bells, of another size in every lead; V3 has a gap. */
static float beat(double t, int lead) {
    static const double AT[] = {0.18, 0.34, 0.37, 0.40, 0.62}, WIDTH[] = {25, 90, 80, 80, 14},
                        HEIGHT[] = {0.12, -0.1, 1, -0.25, 0.3};
    double v = 0;
    for (int i = 0; i < 5; i++) v += HEIGHT[i] * exp(-pow((t - AT[i]) * WIDTH[i], 2));
    return (float)(v * (1.3 - 0.2 * lead));
}

static sample *sample_new(void) {
    sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    for (int l = 0; l < LEADS; l++) {
        for (int i = 0; i < N; i++) s->mv[l][i] = beat(fmod(i / (double)RATE, 0.8), l);
        s->leads[l] = (xp_plot_lead){NAMES[l], s->mv[l], l == 9};
    }
    for (int i = 700; i < 1000; i++) s->mv[3][i] = NAN;
    for (int i = 0; i < STEPS; i++) s->map[i] = (float)fabs(sin(i * 0.05));
    s->rec = (xp_plot_record){"sample", RATE, N, LEADS, s->leads, NULL};
    s->of = (xp_plot_map){s->map, STEPS, false, 0, 10, "afib", "block3.shortcut", 0.5, false};
    return s;
}

static xp_display drawn(const xp_plot_record *rec, const xp_plot_map *map,
                        const xp_plot_options *o) {
    xp_display d = {0};
    xp_error err = {0};
    if (xp_plot_ecg(&d, rec, map, o, &err) != XP_OK) fail_msg("%s", err.text);
    return d;
}

static xp_image raster(const xp_display *d, double dpi) {
    xp_image im = {0};
    xp_error err = {0};
    if (xp_raster(&im, d, dpi, &err) != XP_OK) fail_msg("%s", err.text);
    return im;
}

static bool has_text(const xp_display *d, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= d->n_text; i++)
        if (!memcmp(d->text + i, text, n)) return true;
    return false;
}

/* ==== scale ================================================================================== */

static double darkness(const xp_image *im, int x, int y) {
    return 255 - im->rgb[3 * ((size_t)y * (size_t)im->width + (size_t)x)];
}

/* Centre of what is dark on the way from (x0, y0) to (x1, y1) mm, along a row or a column, in mm
 * along it. */
static double dark_centre(const xp_image *im, double dpi, double x0, double y0, double x1,
                          double y1) {
    double k = dpi / 25.4, sum = 0, moment = 0;
    bool row = y0 == y1;
    int a = (int)((row ? x0 : y0) * k), b = (int)((row ? x1 : y1) * k);
    for (int i = a; i < b; i++) {
        double v = row ? darkness(im, i, (int)(y0 * k)) : darkness(im, (int)(x0 * k), i);
        sum += v;
        moment += v * (i + 0.5);
    }
    assert_true(sum > 100);
    return moment / sum / k;
}

/* 1 mV for 200 ms, with no lead to draw over it; where it should lie on the page only says where
 * to look. */
static void pulse_measures(void **state) {
    (void)state;
    static const double DPI[] = {96, 192, 288, 300, 600};
    static const float NONE[2] = {NAN, NAN};
    xp_plot_lead lead = {"II", NONE, false};
    xp_plot_record rec = {"pulse", RATE, 2, 1, &lead, NULL};
    xp_plot_options o = {.layout = XP_LAYOUT_SINGLE, .plain = true};
    xp_display d = drawn(&rec, NULL, &o);
    for (size_t i = 0; i < sizeof DPI / sizeof *DPI; i++) {
        xp_image im = raster(&d, DPI[i]);
        double left = dark_centre(&im, DPI[i], 18, 41, 23, 41);
        double right = dark_centre(&im, DPI[i], 23, 41, 28, 41);
        double high = dark_centre(&im, DPI[i], 23, 32, 23, 42);
        double low = dark_centre(&im, DPI[i], 19.5, 41, 19.5, 49);
        double pixel = 25.4 / DPI[i];
        assert_true(fabs(right - left - 5) <= pixel / 2);
        assert_true(fabs(low - high - 10) <= pixel / 2);
        xp_image_free(&im);
    }
    xp_display_free(&d);
}

static void pulse_measures_in_svg(void **state) {
    (void)state;
    static const float SPEEDS[] = {12.5f, 25, 50}, GAINS[] = {5, 10, 20};
    sample *s = sample_new();
    for (int l = 0; l < LEADS; l++)
        for (int i = 0; i < N; i++) s->mv[l][i] = NAN;
    for (int i = 0; i < 9; i++) {
        xp_plot_options o = {.speed = (double)SPEEDS[i / 3], .gain = (double)GAINS[i % 3]};
        xp_display d = drawn(&s->rec, NULL, &o);
        char *svg, *at;
        size_t size;
        xp_error err;
        assert_int_equal(xp_svg(&svg, &size, &d, "pulse", &err), XP_OK);
        float x[6], y[6];
        at = strstr(svg, "points=\"");
        assert_non_null(at);
        assert_int_equal(sscanf(at, "points=\"%f,%f %f,%f %f,%f %f,%f", x, y, x + 1, y + 1, x + 2,
                                y + 2, x + 3, y + 3),
                         8);
        assert_true(fabsf(x[3] - x[2] - 0.2f * SPEEDS[i / 3]) < 0.0015f);
        assert_true(fabsf(y[1] - y[2] - GAINS[i % 3]) < 0.0015f);
        free(svg);
        xp_display_free(&d);
    }
    free(s);
}

/* ==== traces ================================================================================= */

static void decimation_keeps_peaks(void **state) {
    (void)state;
    static float mv[20000];
    for (int i = 0; i < 20000; i++) mv[i] = i % 977 == 500 ? 1 + (float)i * 1e-4f : 0;
    xp_trace t = {.dx = 0.01f, .y0 = 100, .gain = 10, .bottom = 200, .pixel = 0.3f, .width = 0.2f};
    xp_display d = {0};
    xp_draw_trace(&d, mv, 20000, &t);
    assert_true(d.n_points < 3000);
    for (int i = 500; i < 20000; i += 977) {
        bool found = false;
        for (size_t k = 0; k < d.n_points; k++)
            found |= fabsf(d.points[k].y - (100 - mv[i] * 10)) < 1e-4f &&
                     fabsf(d.points[k].x - (float)i * 0.01f) < 1e-4f;
        assert_true(found);
    }
    xp_display_free(&d);
}

static void gaps_stay_gaps(void **state) {
    (void)state;
    static float mv[1000];
    for (int i = 400; i < 600; i++) mv[i] = NAN;
    mv[500] = 0.5f; /* alone in the gap: a dot */
    xp_trace t = {.dx = 0.1f, .y0 = 10, .gain = 10, .bottom = 20, .pixel = 0.05f, .width = 0.2f};
    xp_display d = {0};
    xp_draw_trace(&d, mv, 1000, &t);
    assert_int_equal(d.n_ops, 3);
    assert_int_equal(d.ops[1].count, 1);
    assert_int_equal(d.n_points, 400 + 1 + 400);
    assert_true(d.points[399].x < 40 && d.points[401].x > 59.9f);
    xp_display_free(&d);
}

static void colored_traces_join(void **state) {
    (void)state;
    float mv[6] = {0, 1, 2, 3, 4, 5};
    uint32_t colors[6] = {1, 1, 1, 2, 2, 2};
    xp_trace t = {.dx = 1, .bottom = 100, .top = -100, .gain = 1, .colors = colors};
    xp_display d = {0};
    xp_draw_trace(&d, mv, 6, &t);
    assert_int_equal(d.n_ops, 2);
    assert_int_equal(d.ops[0].rgba, 1);
    assert_int_equal(d.ops[1].rgba, 2);
    assert_true(d.points[d.ops[0].first + d.ops[0].count - 1].x == d.points[d.ops[1].first].x);
    xp_display_free(&d);
}

/* Beyond the page the line is broken, and a small arrow stands where it left. */
static void no_peak_is_cut_flat(void **state) {
    (void)state;
    const float mv[] = {0, 0, 3, 0, -3, -3, 0, 3, -3, 3};
    xp_trace t = {.dx = 1, .y0 = 10, .gain = 10, .bottom = 20, .width = 0.3f};
    xp_display d = {0};
    xp_draw_trace(&d, mv, 10, &t);
    int arrows = 0;
    for (size_t i = 0; i < d.n_ops; i++) {
        const xp_draw_op *op = &d.ops[i];
        const xp_point *p = d.points + op->first;
        arrows += op->size < 0.3f;
        for (uint32_t k = 0; k < op->count; k++) assert_true(p[k].y >= 0 && p[k].y <= 20);
        for (uint32_t k = 1; k < op->count; k++)
            assert_false(p[k].y == p[k - 1].y && (p[k].y == 0 || p[k].y == 20));
    }
    assert_int_equal(arrows, 5);
    assert_float_equal(d.points[2].x, 1 + 1 / 3.0, 1e-5); /* where it leaves */
    assert_float_equal(d.points[4].x, 2, 1e-5);           /* the arrow's tip, over the peak */
    xp_display_free(&d);
}

/* The grid grows above the first row and below the last one as far as the traces need, the rows
 * come nearer to each other on paper, which stays as large as it is. */
static void margins_come_from_the_data(void **state) {
    (void)state;
    sample *s = sample_new();
    s->mv[11][100] = 2.1f;                                  /* I, the first row */
    for (int l = 0; l < LEADS; l++) s->mv[l][4000] = -1.6f; /* and the last */
    for (int i = 0; i <= XP_LAYOUT_SINGLE; i++)
        for (int bare = 0; bare < 2; bare++) {
            xp_plot_options o = {.layout = (xp_layout)i, .bare = bare, .rhythm = {"I"}};
            xp_display d = drawn(&s->rec, NULL, &o);
            const xp_strip *first = &d.strips[0], *last = &d.strips[d.n_strips - 1];
            if (!bare) assert_true(d.height <= 210);
            assert_true(first->y - (bare ? 1 : 16) >= 21);
            assert_true(d.height - (bare ? 10 : 14) - last->y >= 16);
            xp_display_free(&d);
        }
    s->mv[11][100] = 30;
    xp_display d = drawn(&s->rec, NULL, &(xp_plot_options){.bare = true, .pitch = 15});
    assert_float_equal(d.strips[0].top, 1 + 25, 1e-3); /* not more */
    xp_display_free(&d);
    free(s);
}

/* ==== the map ================================================================================ */

/* Colour of the map at x mm and y mm of a list; 0: none there. */
static uint32_t map_there(const xp_display *d, float x, float y) {
    for (size_t i = 0; i < d->n_ops; i++) {
        const xp_draw_op *op = &d->ops[i];
        const xp_point *p = d->points + op->first;
        if (op->kind != XP_DRAW_CELLS || y < p[0].y || y >= p[1].y || x < p[0].x || x >= p[1].x)
            continue;
        return d
            ->colors[op->extra + (uint32_t)((x - p[0].x) / (p[1].x - p[0].x) * (float)op->count)];
    }
    return 0;
}

/* A step of 32 ms that is alone keeps its full strength, at the same place in all rows. */
static void a_moment_looks_the_same_in_all_rows(void **state) {
    (void)state;
    enum { n = 313 };
    static float values[12 * n];
    sample *s = sample_new();
    for (int k = 0; k < 12; k++) values[k * n + 200] = 1;
    for (int per_lead = 0; per_lead < 2; per_lead++) {
        xp_plot_map map = {.values = values, .n = n, .per_lead = per_lead, .seconds = n * 0.032};
        xp_plot_options o = {.layout = XP_LAYOUT_3X4_1, .bare = true, .pitch = 25, .alpha = 200};
        xp_display d = drawn(&s->rec, &map, &o);
        float x = 16 + 200.5f * 0.032f * 25;
        uint32_t most = map_there(&d, x, 20);
        assert_int_equal(most >> 24, 200);
        for (int row = 0; row < 4; row++) {
            assert_int_equal(map_there(&d, x, 20 + 25 * (float)row), most);
            for (float away = -1.6f; away < 1.6f; away += 0.1f)
                assert_int_equal(map_there(&d, x + away, 20),
                                 map_there(&d, x + away, 20 + 25 * (float)row));
        }
        assert_int_equal(map_there(&d, x, 25.99f), most); /* no gap between rows */
        assert_int_equal(map_there(&d, x, 26.01f), most);
        assert_int_equal(map_there(&d, x + 0.82f, 20) >> 24, 0);
        assert_true(map_there(&d, x + 0.4f, 20) >> 24 >
                    0); /* between the steps: between their colours */
        assert_true(map_there(&d, x + 0.4f, 20) >> 24 < 200);
        xp_display_free(&d);
    }
    free(s);
}

static void below_its_threshold_it_is_fainter(void **state) {
    (void)state;
    sample *s = sample_new();
    for (int i = 0; i < STEPS; i++) s->map[i] = 1;
    xp_plot_options o = {.alpha = 200};
    for (int below = 0; below < 2; below++) {
        s->of.below = below;
        xp_display d = drawn(&s->rec, &s->of, &o);
        assert_int_equal(map_there(&d, 100, 100) >> 24, below ? 100 : 200);
        assert_int_equal(has_text(&d, "probability 0.500 \xe2\x80\x93 below its threshold"), below);
        xp_display_free(&d);
    }
    free(s);
}

/* A model of a short window: the page is as long as ever, the map is only inside the window. */
static void the_analysed_window_is_marked(void **state) {
    (void)state;
    sample *s = sample_new();
    for (int i = 0; i < STEPS; i++) s->map[i] = 1;
    s->of.start = 3.2;
    s->of.seconds = 0.4;
    xp_plot_options o = {
        .layout = XP_LAYOUT_3X4_1, .bare = true, .window = 3.2, .window_seconds = 0.4};
    xp_display d = drawn(&s->rec, &s->of, &o);
    assert_true(has_text(&d, "analysed: 3.2\xe2\x80\x93"
                             "3.6 s"));
    assert_int_equal(map_there(&d, 16 + 3.19f * 25, 20), 0);
    assert_true(map_there(&d, 16 + 3.21f * 25, 20) >> 24 > 0);
    assert_true(map_there(&d, 16 + 3.59f * 25, 20) >> 24 > 0);
    assert_int_equal(map_there(&d, 16 + 3.61f * 25, 20), 0);
    xp_display_free(&d);
    o.window = 0, o.window_seconds = 9.99;
    d = drawn(&s->rec, NULL, &o);
    assert_false(has_text(&d, "analysed"));
    xp_display_free(&d);
    free(s);
}

/* ==== what is said =========================================================================== */

static void page_says_what_it_shows(void **state) {
    (void)state;
    sample *s = sample_new();
    xp_plot_options o = {.cabrera = true};
    xp_display d = drawn(&s->rec, &s->of, &o);
    static const char *const TEXTS[] = {"25 mm/s   10 mm/mV   filter: none   500 Hz",
                                        XP_PLOT_DISCLAIMER,
                                        "time only: this map does not tell leads apart",
                                        "afib   probability 0.500",
                                        "block3.shortcut",
                                        "\342\210\222aVR",
                                        "III (derived)",
                                        "sample"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (!has_text(&d, TEXTS[i])) fail_msg("the page does not say \"%s\"", TEXTS[i]);
    xp_display_free(&d);
    memset(s->map, 0, sizeof s->map);
    d = drawn(&s->rec, &s->of, &o);
    assert_true(has_text(&d, "no positive evidence at this layer"));
    xp_display_free(&d);
    s->leads[0].name = "X";
    d = drawn(&s->rec, NULL, &o);
    assert_true(has_text(&d, "V6 (not recorded)"));
    xp_display_free(&d);
    free(s);
}

static bool says(const xp_display *d, const char *text) {
    for (size_t i = 0; i < d->n_ops; i++)
        if (d->ops[i].kind == XP_DRAW_TEXT && d->ops[i].count == strlen(text) &&
            !memcmp(d->text + d->ops[i].first, text, strlen(text)))
            return true;
    return false;
}

static void seconds_are_those_of_the_record(void **state) {
    (void)state;
    sample *s = sample_new();
    for (int i = 0; i < XP_LAYOUT_COUNT; i++) {
        xp_plot_options o = {.layout = (xp_layout)i, .start = 2.5, .seconds = 5, .bare = i % 2};
        xp_display d = drawn(&s->rec, NULL, &o);
        assert_true(says(&d, "3 s") && says(&d, "4") && says(&d, "7"));
        assert_false((i != XP_LAYOUT_SINGLE && says(&d, "2")) || says(&d, "8"));
        xp_display_free(&d);
    }
    free(s);
}

/* Holter recordings and the like: what is there, under its own name, and nothing else. */
static void few_leads_get_a_row_each(void **state) {
    (void)state;
    sample *s = sample_new();
    s->rec.n_leads = 2;
    s->leads[0].name = "MLII";
    for (int i = 0; i < XP_LAYOUT_SINGLE; i++) {
        xp_display d =
            drawn(&s->rec, NULL, &(xp_plot_options){.layout = (xp_layout)i, .pitch = 15});
        assert_int_equal(d.n_strips, 2);
        assert_true(says(&d, "MLII") && says(&d, "V5"));
        assert_false(has_text(&d, "not recorded"));
        for (int k = 0; k < 2; k++) assert_float_equal(d.strips[k].seconds, 10, 1e-6);
        assert_float_equal(d.strips[1].y - d.strips[0].y, 40, 1e-3);
        xp_display_free(&d);
    }
    xp_display d = drawn(&s->rec, NULL, &(xp_plot_options){.layout = XP_LAYOUT_SINGLE});
    assert_true(says(&d, "V5")); /* there is no II, and no V1 */
    xp_display_free(&d);
    free(s);
}

/* Nobody is shown the same rhythm twice, or an empty one. */
static void rhythm_rows_are_leads_that_are_there(void **state) {
    (void)state;
    sample *s = sample_new();
    s->leads[1].name = "other"; /* V5 */
    xp_display d =
        drawn(&s->rec, NULL, &(xp_plot_options){.layout = XP_LAYOUT_3X4_3, .rhythm = {"V1"}});
    static const char *const EXPECTED[] = {"V1", "II", "V6"};
    assert_int_equal(d.n_strips, 14);
    for (int i = 0; i < 3; i++)
        assert_string_equal(s->leads[d.strips[11 + i].lead].name, EXPECTED[i]);
    xp_display_free(&d);
    free(s);
}

static void mistakes_are_refused(void **state) {
    (void)state;
    sample *s = sample_new();
    const struct {
        xp_plot_options o;
        xp_status status;
    } cases[] = {{{.speed = 30}, XP_ERR_USAGE},
                 {{.gain = 7}, XP_ERR_USAGE},
                 {{.pitch = 12}, XP_ERR_USAGE},
                 {{.start = 11}, XP_ERR_USAGE},
                 {{.start = NAN}, XP_ERR_USAGE},
                 {{.seconds = 1e9}, XP_ERR_LIMIT},
                 {{.layout = XP_LAYOUT_3X4_1, .rhythm = {"V9"}}, XP_ERR_LEAD_UNKNOWN}};
    xp_display d = {0};
    xp_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(xp_plot_ecg(&d, &s->rec, NULL, &cases[i].o, &err), cases[i].status);
        assert_null(d.ops);
    }
    xp_image im = {0};
    d = drawn(&s->rec, NULL, &(xp_plot_options){0});
    assert_int_equal(xp_raster(&im, &d, 5, &err), XP_ERR_USAGE);
    assert_int_equal(xp_raster(&im, &d, NAN, &err), XP_ERR_USAGE);
    assert_null(im.rgb);
    xp_display_free(&d);
    free(s);
}

static void hostile_names_are_escaped(void **state) {
    (void)state;
    sample *s = sample_new();
    s->rec.name = "</text><script>\x01\xff\"&";
    xp_display d = drawn(&s->rec, NULL, &(xp_plot_options){0});
    char *svg;
    size_t size;
    xp_error err;
    assert_int_equal(xp_svg(&svg, &size, &d, s->rec.name, &err), XP_OK);
    assert_null(strstr(svg, "<script"));
    assert_null(strchr(svg, 1));
    assert_null(strchr(svg, '\xff'));
    assert_non_null(strstr(svg, "&#60;script&#62;"));
    xp_image im = raster(&d, 40);
    xp_image_free(&im);
    free(svg);
    xp_display_free(&d);
    free(s);
}

static void colormaps_end_where_they_should(void **state) {
    (void)state;
    assert_int_equal(xp_colormap_rgba(XP_VIRIDIS, 0, 255), 0xff540144);
    assert_int_equal(xp_colormap_rgba(XP_VIRIDIS, 2, 255), 0xff25e7fd);
    assert_int_equal(xp_colormap_rgba(XP_REDS, -1, 128), 0x80f0f5ff);
    assert_int_equal(xp_colormap_rgba(XP_CIVIDIS, NAN, 255), 0);
    assert_int_equal(xp_colormap_find("cividis"), XP_CIVIDIS);
    assert_int_equal(xp_colormap_find("blues"), XP_BLUES);
    assert_int_equal(xp_colormap_rgba(XP_BLUES, 1, 200), 0xc86b3008);
    assert_int_equal(xp_colormap_find("jet"), -1);
    assert_int_equal(xp_layout_find("3x4+3"), XP_LAYOUT_3X4_3);
}

/* What a page around the drawing says itself is not in it; where the strips lie is told. */
static void bare_drawings_tell_their_strips(void **state) {
    (void)state;
    sample *s = sample_new();
    s->leads[5].name = "other"; /* V1 */
    xp_plot_options o = {.layout = XP_LAYOUT_3X4_1, .bare = true, .pitch = 25, .cabrera = true};
    xp_display d = drawn(&s->rec, &s->of, &o);
    assert_float_equal(d.width, 272, 1e-3);
    assert_float_equal(d.height, 111, 1e-3);
    assert_int_equal(d.paper, 0xffffffff);
    assert_false(has_text(&d, "sample") || has_text(&d, "Not a medical device"));
    assert_true(has_text(&d, "25 mm/s   10 mm/mV   filter: none"));
    assert_int_equal(d.n_strips, 12); /* one of the thirteen is not recorded */
    for (size_t i = 0; i < d.n_strips; i++) {
        const xp_strip *t = &d.strips[i];
        assert_float_equal(t->width, t->seconds * 25, 1e-3);
        assert_float_equal(t->x, 16 + t->from * 25, 1e-3);
        assert_float_equal(fmod((double)t->y - 1, 5), 0, 1e-3);
        assert_int_equal(t->sign, !strcmp(s->leads[t->lead].name, "aVR") ? -1 : 1);
        assert_true(t->y > t->top && t->y < t->top + t->height);
    }
    assert_string_equal(s->leads[d.strips[11].lead].name, "II");
    assert_float_equal(d.strips[11].seconds, 10, 1e-6);
    xp_display_free(&d);
    free(s);
}

static double luminance(uint32_t rgba) {
    static const double WEIGHT[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        double v = (rgba >> 8 * k & 255) / 255.0;
        sum += WEIGHT[k] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* The grid's lines can be seen on dark paper as well as on white. */
static void the_grid_stands_out(void **state) {
    (void)state;
    sample *s = sample_new();
    for (int dark = 0; dark < 2; dark++) {
        xp_display d = drawn(&s->rec, NULL, &(xp_plot_options){.dark = dark});
        double paper = luminance(d.paper) + 0.05;
        for (int i = 0; i < 2; i++) { /* the first ops: fine lines, then bold ones */
            double line = luminance(d.ops[i].rgba) + 0.05;
            assert_int_equal(d.ops[i].kind, XP_DRAW_RECTS);
            assert_true(fmax(line / paper, paper / line) >= (i ? 1.85 : 1.24));
        }
        xp_display_free(&d);
    }
    free(s);
}

static void dark_paper_is_dark(void **state) {
    (void)state;
    sample *s = sample_new();
    xp_display d = drawn(&s->rec, NULL, &(xp_plot_options){.dark = true, .bare = true});
    xp_image im = raster(&d, 40);
    assert_true(im.rgb[0] < 40);
    char *svg;
    size_t size;
    xp_error err;
    assert_int_equal(xp_svg(&svg, &size, &d, "dark", &err), XP_OK);
    assert_non_null(strstr(svg, "height=\"100%\" fill=\"#14191f\""));
    free(svg);
    xp_image_free(&im);
    xp_display_free(&d);
    free(s);
}

/* ==== pictures =============================================================================== */

static const struct {
    const char *name;
    xp_plot_options o;
    bool map;
} GOLDEN[] = {
    {"12x1", {.layout = XP_LAYOUT_12X1, .plain = true}, true},
    {"6x2", {.layout = XP_LAYOUT_6X2, .plain = true}, false},
    {"3x4",
     {.layout = XP_LAYOUT_3X4, .plain = true, .style = XP_MAP_STRIP, .colormap = XP_REDS},
     true},
    {"3x4+1", {.layout = XP_LAYOUT_3X4_1, .gain = 5}, false},
    {"3x4+3", {.layout = XP_LAYOUT_3X4_3, .speed = 12.5, .plain = true}, false},
    {"cabrera", {.layout = XP_LAYOUT_6X2, .cabrera = true, .plain = true}, false},
    {"single",
     {.layout = XP_LAYOUT_SINGLE, .style = XP_MAP_TRACE, .colormap = XP_CIVIDIS, .gain = 20},
     true}};
static const double GOLDEN_DPI = 60;

static void write_golden(const char *path, const uint8_t *png, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(png, 1, size, f), size);
    fclose(f);
}

static void check_lossless(int width, int height, const char *what,
                           uint8_t (*value)(int x, int y, int k)) {
    xp_image im = {width, height, malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(im.rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int k = 0; k < 3; k++)
                im.rgb[3 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)k] = value(x, y, k);
    uint8_t *png;
    size_t size;
    xp_error err;
    int w, h, channels;
    assert_int_equal(xp_png(&png, &size, &im, 100, &err), XP_OK);
    uint8_t *rgb = stbi_load_from_memory(png, (int)size, &w, &h, &channels, 3);
    if (!rgb) fail_msg("%s, %d x %d: %s", what, width, height, stbi_failure_reason());
    assert_true(w == width && h == height && channels == 3);
    if (memcmp(rgb, im.rgb, 3 * (size_t)width * (size_t)height))
        fail_msg("%s, %d x %d: other pixels", what, width, height);
    stbi_image_free(rgb);
    free(png);
    xp_image_free(&im);
}

static uint8_t flat(int x, int y, int k) {
    (void)x, (void)y;
    return (uint8_t)(200 + k);
}

static uint8_t noise(int x, int y, int k) {
    uint32_t v = (uint32_t)(x * 7919 + y * 104729 + k * 31) * 2654435761u;
    v ^= v >> 15;
    return (uint8_t)(v * 2246822519u >> 24);
}

static uint8_t grid(int x, int y, int k) {
    return (uint8_t)(x % 59 == 0 || y % 59 < 2 ? 160 + 20 * k : x % 12 == 3 ? 230 + k : 255);
}

/* Counts of the bytes that grow like Fibonacci's numbers make a code that must be cut at 15 bits.
 */
static uint8_t steep(int x, int y, int k) {
    uint32_t v = (uint32_t)(3 * x + k + 1500 * y) * 2654435761u >> 8;
    int n = 0;
    while (n < 30 && v % 1000003u < 618034u) v = v * 1664525u + 1013904223u, n++;
    return (uint8_t)(n * 8 + k);
}

static void png_is_lossless(void **state) {
    (void)state;
    static const int SIZES[][2] = {{1, 1}, {2, 1}, {1, 3}, {5, 4}, {500, 300}, {12000, 30}};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        check_lossless(SIZES[i][0], SIZES[i][1], "flat", flat);
        check_lossless(SIZES[i][0], SIZES[i][1], "noise", noise);
        check_lossless(SIZES[i][0], SIZES[i][1], "grid", grid);
        check_lossless(SIZES[i][0], SIZES[i][1], "steep", steep);
    }
}

/* Pixels in which a channel differs by more than 24 of 255. */
static int count_different(const xp_image *im, const uint8_t *rgb) {
    int n = 0;
    for (size_t i = 0; i < (size_t)im->width * (size_t)im->height; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++)
            same &= abs(im->rgb[3 * i + (size_t)k] - rgb[3 * i + (size_t)k]) <= 24;
        n += !same;
    }
    return n;
}

static void compare_golden(const char *path, const xp_image *im) {
    int w, h, channels;
    xp_bytes file = read_file(path);
    uint8_t *rgb = stbi_load_from_memory(file.data, (int)file.size, &w, &h, &channels, 3);
    assert_non_null(rgb);
    assert_int_equal(w, im->width);
    assert_int_equal(h, im->height);
    int different = count_different(im, rgb);
    if (different > w * h / 1000) fail_msg("%s: %d of %d pixels differ", path, different, w * h);
    stbi_image_free(rgb);
    free((void *)(uintptr_t)file.data);
}

/* XP_PLOT_GOLDEN=write test_plot makes the pictures anew: look at them before you commit them. */
static void layouts_look_as_before(void **state) {
    (void)state;
    sample *s = sample_new();
    const char *mode = getenv("XP_PLOT_GOLDEN");
    for (size_t i = 0; i < sizeof GOLDEN / sizeof *GOLDEN; i++) {
        xp_plot_options o = GOLDEN[i].o;
        o.pixel = 25.4 / GOLDEN_DPI;
        xp_display d = drawn(&s->rec, GOLDEN[i].map ? &s->of : NULL, &o);
        xp_image im = raster(&d, GOLDEN_DPI);
        const char *path = data_path("plot/%s.png", GOLDEN[i].name);
        uint8_t *png;
        size_t size;
        xp_error err;
        assert_int_equal(xp_png(&png, &size, &im, GOLDEN_DPI, &err), XP_OK);
        assert_memory_equal(png + 37, "pHYs", 4);
        assert_int_equal(png[43] << 8 | png[44], 2362); /* 60 / 0.0254 */
        if (mode && !strcmp(mode, "write"))
            write_golden(path, png, size);
        else
            compare_golden(path, &im);
        free(png);
        xp_image_free(&im);
        xp_display_free(&d);
    }
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pulse_measures),
                                       cmocka_unit_test(pulse_measures_in_svg),
                                       cmocka_unit_test(decimation_keeps_peaks),
                                       cmocka_unit_test(gaps_stay_gaps),
                                       cmocka_unit_test(colored_traces_join),
                                       cmocka_unit_test(no_peak_is_cut_flat),
                                       cmocka_unit_test(margins_come_from_the_data),
                                       cmocka_unit_test(a_moment_looks_the_same_in_all_rows),
                                       cmocka_unit_test(below_its_threshold_it_is_fainter),
                                       cmocka_unit_test(the_analysed_window_is_marked),
                                       cmocka_unit_test(seconds_are_those_of_the_record),
                                       cmocka_unit_test(few_leads_get_a_row_each),
                                       cmocka_unit_test(rhythm_rows_are_leads_that_are_there),
                                       cmocka_unit_test(the_grid_stands_out),
                                       cmocka_unit_test(page_says_what_it_shows),
                                       cmocka_unit_test(mistakes_are_refused),
                                       cmocka_unit_test(hostile_names_are_escaped),
                                       cmocka_unit_test(colormaps_end_where_they_should),
                                       cmocka_unit_test(bare_drawings_tell_their_strips),
                                       cmocka_unit_test(dark_paper_is_dark),
                                       cmocka_unit_test(png_is_lossless),
                                       cmocka_unit_test(layouts_look_as_before)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
