/* What a drawing holds: scale, traces, the map, words, marks. */
#include "base/statements.h"
#include "plot_samples.h"

#include <stdio.h>

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
                                        XP_DISCLAIMER,
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
                 {{.pitch = 12.5}, XP_ERR_USAGE},
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
        assert_float_equal(t->gain, !strcmp(s->leads[t->lead].name, "aVR") ? -10 : 10, 0);
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
/* Lines of this colour. */
static int count_lines(const xp_display *d, uint32_t rgba) {
    int n = 0;
    for (size_t i = 0; i < d->n_ops; i++)
        n += d->ops[i].kind == XP_DRAW_LINE && d->ops[i].rgba == rgba;
    return n;
}

enum { MARK_P = 0xffb4611f, MARK_QRS = 0xff3020b0 };

static void waves_are_marked(void **state) {
    (void)state;
    sample *s = sample_new();
    /* Two beats on the page, one beyond it; the second has no P wave. */
    const xp_plot_beat beats[] = {{1.2, 'N', true, {-0.2f, -0.1f}, {-0.05f, 0.05f}, {0.1f, 0.3f}},
                                  {2.0, 'V', false, {NAN, NAN}, {-0.05f, 0.05f}, {0.1f, 0.3f}},
                                  {9.0, 'N', true, {-0.2f, -0.1f}, {-0.05f, 0.05f}, {0.1f, 0.3f}}};
    xp_plot_options o = {.seconds = 5, .beats = beats, .n_beats = 3};
    xp_display d = drawn(&s->rec, NULL, &o);
    assert_int_equal(count_lines(&d, MARK_P), LEADS * 2);
    assert_int_equal(count_lines(&d, MARK_QRS), LEADS * 4);
    bool ectopic = false;
    for (size_t i = 0; i < d.n_ops; i++)
        ectopic |=
            d.ops[i].kind == XP_DRAW_TEXT && d.ops[i].count == 1 && d.text[d.ops[i].first] == 'V';
    assert_true(ectopic);
    xp_display_free(&d);
    free(s);
}

/* Within the lead's own band and the time concerned; no marks where nothing was measured. */
static void faults_are_hatched_where_they_are(void **state) {
    (void)state;
    enum { HATCH = (int)0xffc0b0b0 };
    sample *s = sample_new();
    const xp_plot_beat beat = {1.2, 'N', true, {-0.2f, -0.1f}, {-0.05f, 0.05f}, {0.1f, 0.3f}};
    const xp_plot_fault faults[] = {{1, 1, 2, "flat", true},
                                    {1, 1.5, 3, "muscle noise", false},
                                    {3, 40, 50, "step", true},
                                    {-1, 0, 9, "nowhere", true}};
    xp_plot_options o = {.seconds = 5, .beats = &beat, .n_beats = 1, .numbers = "rate 60/min"};
    xp_display plain = drawn(&s->rec, NULL, &o);
    o.faults = faults;
    o.n_faults = 4;
    xp_display d = drawn(&s->rec, NULL, &o);
    assert_int_equal(count_lines(&plain, (uint32_t)HATCH), 0);
    assert_true(count_lines(&d, (uint32_t)HATCH) > 10);
    assert_int_equal(count_lines(&d, MARK_P), count_lines(&plain, MARK_P) - 2);
    const xp_strip *strip = NULL;
    for (size_t i = 0; i < d.n_strips; i++)
        if (d.strips[i].lead == 1) strip = &d.strips[i];
    assert_non_null(strip);
    for (size_t i = 0; i < d.n_ops; i++) {
        if (d.ops[i].kind != XP_DRAW_LINE || d.ops[i].rgba != (uint32_t)HATCH) continue;
        for (size_t k = 0; k < d.ops[i].count; k++) {
            const xp_point *p = &d.points[d.ops[i].first + k];
            assert_true(p->x >= strip->x + 25 - 0.01f && p->x <= strip->x + 75 + 0.01f);
            assert_true(p->y >= strip->top - 0.01f && p->y <= strip->top + strip->height + 0.01f);
        }
    }
    assert_true(has_text(&d, "flat") && has_text(&d, "muscle noise") &&
                has_text(&d, "rate 60/min"));
    assert_false(has_text(&d, "step") || has_text(&d, "nowhere"));
    xp_display_free(&plain);
    xp_display_free(&d);
    free(s);
}

/* All columns begin at the same moment, and hold the whole beat. */
static void a_beat_is_drawn_whole_in_every_column(void **state) {
    (void)state;
    sample *s = sample_new();
    const xp_plot_beat mark = {0.37, 'N', true, {-0.2f, -0.1f}, {-0.05f, 0.05f}, {0.1f, 0.3f}};
    s->rec.n = 400;
    xp_plot_options o = {.layout = XP_LAYOUT_3X4,
                         .speed = 50,
                         .seconds = 0.8,
                         .beats = &mark,
                         .n_beats = 1,
                         .one_beat = true};
    xp_display d = drawn(&s->rec, NULL, &o);
    assert_int_equal(d.n_strips, LEADS);
    for (size_t i = 0; i < d.n_strips; i++) {
        assert_float_equal(d.strips[i].from, 0, 0);
        assert_float_equal(d.strips[i].width, 40, 1e-4);
        if (i >= 3) assert_true(d.strips[i].x > d.strips[i - 3].x + 40);
    }
    assert_int_equal(count_lines(&d, MARK_QRS), 2 * LEADS);
    xp_display_free(&d);
    free(s);
}

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pulse_measures),
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
        cmocka_unit_test(waves_are_marked),
        cmocka_unit_test(faults_are_hatched_where_they_are),
        cmocka_unit_test(a_beat_is_drawn_whole_in_every_column),
        cmocka_unit_test(page_says_what_it_shows),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(hostile_names_are_escaped),
        cmocka_unit_test(colormaps_end_where_they_should),
        cmocka_unit_test(bare_drawings_tell_their_strips),
        cmocka_unit_test(dark_paper_is_dark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
