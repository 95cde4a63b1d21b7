#include "support.h"

#include "plot/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS_TENTH                                                                                \
    "\xe2\x88\x92"                                                                                 \
    "0.1"

static xp_chart chart(xp_display *d) {
    return (xp_chart){d, 10, 20, 50, 40, 0, 1, 0, 1, false};
}

/* The i-th text of the display, or "". */
static const char *text_at(const xp_display *d, int i, char out[256]) {
    out[0] = 0;
    for (size_t k = 0; k < d->n_ops; k++) {
        const xp_draw_op *op = &d->ops[k];
        if (op->kind != XP_DRAW_TEXT || i-- > 0) continue;
        snprintf(out, 256, "%.*s", (int)op->count, d->text + op->first);
        return out;
    }
    return out;
}

static void data_lie_where_they_should(void **state) {
    (void)state;
    xp_display d = {0};
    xp_chart c = chart(&d);
    xp_point p = xp_chart_at(&c, 0.5, 0.25);
    assert_true(fabsf(p.x - 35) < 1e-4f && fabsf(p.y - 50) < 1e-4f);
    c.log_y = true, c.y0 = 1, c.y1 = 10000;
    assert_true(fabsf(xp_chart_at(&c, 0, 100).y - 40) < 1e-4f);
    assert_true(fabs(xp_chart_step(1, 5) - 0.2) < 1e-12);
    assert_true(fabs(xp_chart_step(9, 6) - 2) < 1e-12);
    assert_true(fabs(xp_chart_step(0.0021, 5) - 0.0005) < 1e-12);
    assert_true(xp_chart_step(NAN, 5) == 1 && xp_chart_step(0, 5) == 1);
}

static void check_numbers(xp_chart c, double step, int n, const char *const *wanted) {
    char got[256];
    xp_chart_x_axis(&c, step, NULL);
    for (int i = 0; i < n; i++) assert_string_equal(text_at(c.d, i, got), wanted[i]);
    assert_string_equal(text_at(c.d, n, got), "");
    xp_display_free(c.d);
}

static void axes_say_their_numbers(void **state) {
    (void)state;
    static const char *const QUARTERS[] = {"0.00", "0.25", "0.50", "0.75", "1.00"};
    static const char *const FIFTHS[] = {"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"};
    static const char *const AROUND[] = {MINUS_TENTH, "0.0", "0.1"};
    static const char *const WHOLE[] = {"2", "4", "6", "8", "10"};
    xp_display d = {0};
    check_numbers(chart(&d), 0.25, 5, QUARTERS);
    check_numbers(chart(&d), 0.2, 6, FIFTHS);
    xp_chart c = chart(&d);
    c.x0 = -0.15, c.x1 = 0.15;
    check_numbers(c, 0.1, 3, AROUND);
    c.x0 = 0.6, c.x1 = 10.4;
    check_numbers(c, 2, 5, WHOLE);
}

static void logarithmic_axis_has_powers_of_ten(void **state) {
    (void)state;
    xp_display d = {0};
    char got[256];
    xp_chart c = chart(&d);
    c.log_y = true, c.y0 = 0.7, c.y1 = 1000;
    xp_chart_y_axis(&c, 0, "cases");
    assert_string_equal(text_at(&d, 0, got), "1");
    assert_string_equal(text_at(&d, 3, got), "1000");
    assert_string_equal(text_at(&d, 4, got), "cases");
    xp_display_free(&d);
}

static void lines_break_at_nan_and_keep_corners(void **state) {
    (void)state;
    static const double X[] = {0, 0, 0, 0.5, 0.5, 1}, Y[] = {0, 0.2, 0.4, 0.4, NAN, 1};
    xp_display d = {0};
    xp_chart c = chart(&d);
    xp_chart_line(&c, X, Y, 6, false, 0.3f, XP_BLUE);
    assert_int_equal(d.n_ops, 2);
    assert_int_equal(d.ops[0].count, 3); /* (0, 0.2) lies on the way */
    assert_int_equal(d.ops[1].count, 1); /* alone: a dot */
    assert_true(fabsf(d.points[1].y - xp_chart_at(&c, 0, 0.4).y) < 1e-5f);
    xp_display_free(&d);
}

static void steps_go_along_x_at_the_next_height(void **state) {
    (void)state;
    static const double X[] = {0, 0.5, 1}, Y[] = {1, 0.5, 0.25};
    xp_display d = {0};
    xp_chart c = chart(&d);
    xp_chart_line(&c, X, Y, 3, true, 0.3f, XP_BLUE);
    assert_int_equal(d.ops[0].count, 5);
    xp_point corner = xp_chart_at(&c, 0, 0.5);
    assert_true(fabsf(d.points[1].x - corner.x) < 1e-5f && fabsf(d.points[1].y - corner.y) < 1e-5f);
    xp_display_free(&d);
}

/* At any density, what lies within the band is its colour; a seam would be 14 of 255 lighter. */
static void bands_have_no_seams(void **state) {
    (void)state;
    enum { N = 101 };
    static const double DPI[] = {72, 96, 150, 300};
    double low[N], high[N];
    for (int i = 0; i < N; i++) low[i] = 0.2 + 0.002 * i, high[i] = 0.6 + 0.003 * i;
    xp_display d = {.width = 70, .height = 70};
    xp_chart c = chart(&d);
    xp_chart_band(&c, low, high, N, XP_BLUE_TINT);
    for (int k = 0; k < 4; k++) {
        xp_image im = {0};
        xp_error err;
        assert_int_equal(xp_raster(&im, &d, DPI[k], &err), XP_OK);
        double mm = DPI[k] / 25.4;
        for (int y = (int)(38.5 * mm); y < (int)(43.5 * mm); y++)
            for (int x = (int)(11 * mm); x < (int)(59 * mm); x++) {
                const uint8_t *p = im.rgb + 3 * ((size_t)y * (size_t)im.width + (size_t)x);
                assert_true(abs(p[0] - (int)(XP_BLUE_TINT & 255)) <= 4);
                assert_true(abs(p[2] - (int)(XP_BLUE_TINT >> 16 & 255)) <= 4);
            }
        xp_image_free(&im);
    }
    xp_display_free(&d);
}

static void what_is_undefined_is_not_drawn(void **state) {
    (void)state;
    double nothing[3] = {NAN, NAN, NAN};
    xp_display d = {0};
    xp_chart c = chart(&d);
    xp_chart_band(&c, nothing, nothing, 3, XP_BLUE_TINT);
    xp_chart_whisker_x(&c, NAN, NAN, 30, XP_INK);
    xp_chart_whisker_y(&c, 0.5, NAN, 0.3, XP_INK);
    xp_chart_line(&c, nothing, nothing, 3, true, 0.3f, XP_INK);
    assert_int_equal(d.n_ops, 0);
    xp_display_free(&d);
}

static void pages_wrap_their_notes_and_say_what_they_are_not_for(void **state) {
    (void)state;
    static const char NOTES[] = "Band: pointwise 95 % intervals, bootstrap over patients. Dot: at "
                                "the threshold. Averylongwordthatfitsintonolineofthispageatall.";
    xp_display d = {0};
    char got[256], all[1024] = "";
    xp_chart_close(&d, 60, 40, "Title", "a subtitle", NOTES);
    for (int i = 2; *text_at(&d, i, got); i++) {
        bool one_word = !strchr(got + 1, ' ');
        assert_true(one_word || xp_text_width(got, strlen(got), 2.1f) <= 48);
        strcat(strcat(all, got), " ");
    }
    assert_non_null(strstr(all, "Research and education only. Not a medical device."));
    assert_non_null(strstr(all, "Averylongword"));
    for (size_t i = 0; i < d.n_points; i++) assert_true(d.points[i].y < d.height);
    assert_true(d.width == 60);
    xp_display_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_lie_where_they_should),
        cmocka_unit_test(axes_say_their_numbers),
        cmocka_unit_test(logarithmic_axis_has_powers_of_ten),
        cmocka_unit_test(lines_break_at_nan_and_keep_corners),
        cmocka_unit_test(steps_go_along_x_at_the_next_height),
        cmocka_unit_test(bands_have_no_seams),
        cmocka_unit_test(what_is_undefined_is_not_drawn),
        cmocka_unit_test(pages_wrap_their_notes_and_say_what_they_are_not_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
