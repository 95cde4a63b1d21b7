/* Leads of a PDF that were cut off along a line of the maker's own grid, where every sample that is
 * left still lies on it. */
#include "ecg/pdf/held.h"
#include "support.h"

#include "unit/pdf_pages.h"
#include "unit/pdf_reading.h"

static int steps[12][PAGE_SAMPLES];

/* 4.88 n is a multiple of 0.1 mV there, as rounded: every sample stays on the maker's grid. */
static const int GRID_LINES[] = {41, 82, 123, 164, 205, 246};

/* Steps that a limit takes from a lead at most, as far as it is drawn. */
static int cut_off_at(int lead, int limit, int sign) {
    bool strip = lead == 1 || lead == 6 || lead == 10;
    int from = strip ? 0 : 1250 * (lead / 3), most = 0;
    for (int i = 0; i < PAGE_SAMPLES; i++) {
        int over = sign * steps[lead][i] - limit;
        if (over <= 0) continue;
        steps[lead][i] = sign * limit;
        bool is_drawn = i >= from && i < from + (strip ? PAGE_SAMPLES : PAGE_SHORT);
        if (is_drawn && over > most) most = over;
    }
    return most;
}

typedef struct cut_count {
    int leads, doubtful, exact;
} cut_count;

/* Chest leads that lose 0.05 mV or more, each at the line that `line` chooses. */
static void cut_chest_leads(uint32_t seed, int (*line)(int lead, int round), int round,
                            cut_count *count) {
    page_style style = {.curve = -2};
    int lost[12] = {0};
    xp_stored w;
    xp_error err;
    page_ecg(steps, seed);
    for (int l = 6; l < 12; l++) lost[l] = cut_off_at(l, line(l, round), (l + round) % 2 ? -1 : 1);
    page_text f = page_muse(steps, &style);
    assert_int_equal(open_pdf(&w, f.s, f.n, NULL, &err), XP_OK);
    for (int i = 0; i < w.n_signals; i++) {
        const char *name = w.signals[i].name;
        if (lost[lead_number(name)] < 11) continue;
        count->leads++;
        count->exact += is_exact(&w, name);
    }
    count->doubtful += count_sentence(&w, XP_SAY_DRAWN_HELD);
    xp_stored_free(&w);
    free(f.s);
}

static int line_each(int lead, int round) {
    return GRID_LINES[(lead + round) % 6];
}

static int line_of_all(int lead, int round) {
    (void)lead;
    return 60 + 7 * round;
}

/* Three beats of a height, a width and a place between samples, cut off at a limit. */
static pdf_held held_of_beats(double height, double width, double shift, int limit) {
    static int32_t v[900];
    static pdf_point points[900];
    const pdf_trace t = {.p = points, .n = 900};
    for (int i = 0; i < 900; i++) {
        double x = fmod(i, 300) - 150 - shift, beat = 1 - i / 300 * 0.04;
        int step = (int)floor(height * beat * exp(-x * x / (2 * width * width)) + 0.5);
        v[i] = step > limit ? limit : step;
    }
    return pdf_held_at(v, &t, 1);
}

/* Two or three equal samples at the top of a wave are no reason for doubt; what lacks three tenths
 * is. */
static void round_tops_are_not_surprising(void **state) {
    (void)state;
    for (int height = 40; height <= 400; height += 40)
        for (int width = 4; width <= 32; width += 4)
            for (int k = 0; k < 10; k++) {
                pdf_held whole = held_of_beats(height, width, k / 10.0, 1000);
                pdf_held cut = held_of_beats(height, width, k / 10.0, height * 7 / 10);
                if (whole.surprise > 5 || cut.surprise <= 11 || cut.level != height * 7 / 10)
                    fail_msg("%d steps, %d samples, +%d: %.1f whole, %.1f cut off", height, width,
                             k, whole.surprise, cut.surprise);
            }
}

/* Every sample still lies on the maker's grid: the tops alone tell it. */
static void leads_cut_off_along_lines_are_not_called_exact(void **state) {
    (void)state;
    cut_count at_lines = {0}, at_one = {0};
    for (uint32_t seed = 0; seed < 6; seed++)
        for (int round = 0; round < 12; round++) {
            cut_chest_leads(3000 + seed, line_each, round, &at_lines);
            cut_chest_leads(3000 + seed, line_of_all, round, &at_one);
        }
    assert_true(at_lines.leads > 100 && at_one.leads > 100);
    assert_true(at_lines.doubtful > 0 && at_one.doubtful > 0); /* others are told to be cut off */
    assert_int_equal(at_lines.exact, 0);
    assert_int_equal(at_one.exact, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_tops_are_not_surprising),
        cmocka_unit_test(leads_cut_off_along_lines_are_not_called_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
