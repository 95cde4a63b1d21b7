/* What is left of the colours for the three dichromacies, simulated as Machado, Oliveira and
 * Fernandes (2009) with severity 1, measured in CIE L*a*b* (D65). */
#include "support.h"

#include "plot/chart.h"

#include <math.h>

enum { NORMAL, PROTANOPE, DEUTERANOPE, TRITANOPE, EYES, STEPS = 64 };

static const double SEEN[EYES][3][3] = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                        {{0.152286, 1.052583, -0.204868},
                                         {0.114503, 0.786281, 0.099216},
                                         {-0.003882, -0.048116, 1.051998}},
                                        {{0.367322, 0.860646, -0.227968},
                                         {0.280085, 0.672501, 0.047413},
                                         {-0.011820, 0.042940, 0.968881}},
                                        {{1.255528, -0.076749, -0.178779},
                                         {-0.078411, 0.930809, 0.147602},
                                         {0.004733, 0.691367, 0.303900}}};

typedef struct lab {
    double l, a, b;
} lab;

static double linear(uint32_t channel) {
    double v = channel / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double lab_root(double t) {
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static lab to_lab(const double rgb[3]) {
    double x = 0.4124564 * rgb[0] + 0.3575761 * rgb[1] + 0.1804375 * rgb[2];
    double y = 0.2126729 * rgb[0] + 0.7151522 * rgb[1] + 0.0721750 * rgb[2];
    double z = 0.0193339 * rgb[0] + 0.1191920 * rgb[1] + 0.9503041 * rgb[2];
    double fx = lab_root(x / 0.95047), fy = lab_root(y), fz = lab_root(z / 1.08883);
    return (lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

static lab seen(uint32_t rgba, int eye) {
    double rgb[3], out[3];
    for (int k = 0; k < 3; k++) rgb[k] = linear(rgba >> (8 * k) & 255);
    for (int k = 0; k < 3; k++) {
        const double *m = SEEN[eye][k];
        out[k] = fmin(1, fmax(0, m[0] * rgb[0] + m[1] * rgb[1] + m[2] * rgb[2]));
    }
    return to_lab(out);
}

static double distance(lab p, lab q) {
    return sqrt((p.l - q.l) * (p.l - q.l) + (p.a - q.a) * (p.a - q.a) + (p.b - q.b) * (p.b - q.b));
}

static lab map_seen(xp_colormap map, double value, int eye) {
    return seen(xp_colormap_rgba(map, (float)value, 255), eye);
}

/* White and the primaries, against published values; a neutral stays neutral to every eye. */
static void the_simulation_is_right(void **state) {
    (void)state;
    lab red = seen(XP_RGB(255, 0, 0), NORMAL);
    assert_true(fabs(red.l - 53.24) < 0.01 && fabs(red.a - 80.09) < 0.01 &&
                fabs(red.b - 67.20) < 0.01);
    for (int eye = 0; eye < EYES; eye++) {
        lab grey = seen(XP_RGB(128, 128, 128), eye);
        assert_true(fabs(grey.l - 53.585) < 0.01 && hypot(grey.a, grey.b) < 0.02);
    }
    double apart = distance(seen(XP_RGB(160, 80, 0), NORMAL), seen(XP_RGB(90, 115, 0), NORMAL));
    double to_deuteranope =
        distance(seen(XP_RGB(160, 80, 0), DEUTERANOPE), seen(XP_RGB(90, 115, 0), DEUTERANOPE));
    assert_true(apart > 40 && to_deuteranope < apart / 2.5);
}

/* More evidence is lighter (viridis, cividis) or darker (reds, blues) at every step, to every eye.
 */
static void lightness_is_monotone(void **state) {
    (void)state;
    for (int map = 0; map < XP_COLORMAP_COUNT; map++)
        for (int eye = 0; eye < EYES; eye++) {
            double sign = map == XP_REDS || map == XP_BLUES ? -1 : 1;
            for (int i = 0; i < STEPS; i++) {
                double rise = map_seen((xp_colormap)map, (i + 1.0) / STEPS, eye).l -
                              map_seen((xp_colormap)map, (double)i / STEPS, eye).l;
                if (!(sign * rise > 0))
                    fail_msg("%s, eye %d, step %d: lightness changes by %g",
                             xp_colormap_name((xp_colormap)map), eye, i, rise);
            }
        }
}

/* Any two of nine steps are told apart; the ends are far apart. */
static void steps_are_told_apart(void **state) {
    (void)state;
    for (int map = 0; map < XP_COLORMAP_COUNT; map++)
        for (int eye = 0; eye < EYES; eye++)
            for (int i = 0; i < 9; i++)
                for (int k = 0; k < i; k++) {
                    double d = distance(map_seen((xp_colormap)map, i / 8.0, eye),
                                        map_seen((xp_colormap)map, k / 8.0, eye));
                    double wanted = i - k == 8 ? 60 : 5;
                    if (d < wanted)
                        fail_msg("%s, eye %d: steps %d and %d are %.1f apart",
                                 xp_colormap_name((xp_colormap)map), eye, k, i, d);
                }
}

/* cividis is the one that looks alike: its steps are as even to a red-green dichromat as to anyone,
 * and nearly the same colours. */
static void cividis_looks_alike(void **state) {
    (void)state;
    for (int eye = PROTANOPE; eye <= DEUTERANOPE; eye++)
        for (int i = 0; i <= STEPS; i++) {
            double at = (double)i / STEPS;
            double changed =
                distance(map_seen(XP_CIVIDIS, at, eye), map_seen(XP_CIVIDIS, at, NORMAL));
            if (changed > 12) fail_msg("eye %d at %.2f: changed by %.1f", eye, at, changed);
        }
}

static void figures_colours_are_told_apart(void **state) {
    (void)state;
    static const uint32_t PAIRS[][2] = {{XP_BLUE, XP_ORANGE},
                                        {XP_BLUE, XP_ORANGE_TINT},
                                        {XP_BLUE, XP_BLUE_TINT},
                                        {XP_BLUE, XP_INK},
                                        {XP_ORANGE, XP_INK}};
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
        for (int eye = 0; eye < EYES; eye++) {
            double d = distance(seen(PAIRS[i][0], eye), seen(PAIRS[i][1], eye));
            if (d < 25) fail_msg("pair %zu, eye %d: %.1f apart", i, eye, d);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simulation_is_right), cmocka_unit_test(lightness_is_monotone),
        cmocka_unit_test(steps_are_told_apart), cmocka_unit_test(cividis_looks_alike),
        cmocka_unit_test(figures_colours_are_told_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
