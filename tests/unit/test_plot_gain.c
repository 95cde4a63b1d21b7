/* Two gains on one page. */
#include "plot_samples.h"

/* y of the highest point of the lines that lie between two x; mm above a base line. */
static float highest(const xp_display *d, float from, float to, float base) {
    float top = 0;
    for (size_t i = 0; i < d->n_ops; i++) {
        const xp_draw_op *op = &d->ops[i];
        if (op->kind != XP_DRAW_LINE || op->size < 0.25f) continue; /* of traces and pulses */
        for (size_t k = op->first; k < op->first + op->count; k++)
            if (d->points[k].x >= from && d->points[k].x <= to && fabsf(d->points[k].y - base) < 15)
                top = fmaxf(top, base - d->points[k].y);
    }
    return top;
}

/* The usual 10/5 mm/mV: chest leads are drawn, told and calibrated at half the gain, others as
 * ever. */
static void chest_leads_can_have_half_the_gain(void **state) {
    (void)state;
    sample *s = sample_new();
    xp_plot_options o = {.layout = XP_LAYOUT_3X4, .bare = true, .pitch = 30};
    for (int half = 0; half < 2; half++) {
        o.half_chest = half;
        xp_display d = drawn(&s->rec, NULL, &o);
        for (size_t i = 0; i < d.n_strips; i++) {
            const bool chest = *s->leads[d.strips[i].lead].name == 'V';
            assert_float_equal(d.strips[i].gain, half && chest ? 5 : 10, 0);
        }
        assert_true(has_text(&d, half ? "10/5 mm/mV" : "10 mm/mV"));
        const xp_strip *row =
            &d.strips[0]; /* I, and chest leads in its row: the pulse steps down */
        const float middle = row->x - 3 - 2.5f;
        assert_float_equal(highest(&d, row->x - 9, middle - 0.1f, row->y), 10, 1e-3);
        assert_float_equal(highest(&d, middle + 0.1f, row->x - 3, row->y), half ? 5 : 10, 1e-3);
        xp_display_free(&d);
    }
    o = (xp_plot_options){.layout = XP_LAYOUT_SINGLE, .rhythm = {"V2"}, .half_chest = true};
    xp_display d = drawn(&s->rec, NULL, &o);
    assert_float_equal(d.strips[0].gain, 5, 0);
    assert_true(has_text(&d, "25 mm/s   5 mm/mV"));
    const xp_strip *row = &d.strips[0];
    assert_float_equal(highest(&d, row->x - 9, row->x - 3, row->y), 5, 1e-3);
    xp_display_free(&d);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chest_leads_can_have_half_the_gain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
