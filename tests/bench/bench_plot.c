/* Time of a picture, stage by stage: bench_plot OUT.png [DPI [REPEATS [map]]]. One thread. Lines
 * "layout", "raster" and "png" give the least of the repeats in ms, of wall-clock time and of the
 * processor's. The recording is 10 s of twelve leads, the page A4 with twelve rows and the clinical
 * grid, with `map` a heat map behind all leads; bench_plot.py draws and saves the same without a
 * map with matplotlib. */
#include "base/arena.h"
#include "plot/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEADS = 12, N = 5000, STEPS = 312 };

typedef struct stamp {
    double wall, cpu;
} stamp;

static double ms(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static stamp now(void) {
    return (stamp){ms(CLOCK_MONOTONIC), ms(CLOCK_PROCESS_CPUTIME_ID)};
}

static void keep_least(stamp *least, stamp from, stamp to) {
    least->wall = fmin(least->wall, to.wall - from.wall);
    least->cpu = fmin(least->cpu, to.cpu - from.cpu);
}

static void make_signal(float mv[N], int lead) {
    for (int i = 0; i < N; i++) {
        double t = fmod(i / 500.0, 0.8) - 0.4;
        mv[i] = (float)(exp(-t * t * 6400) * (1.2 - 0.2 * lead) +
                        0.2 * exp(-pow(t - 0.25, 2) * 200) + 0.02 * sin(i * 1.7 + lead));
    }
}

static int save(const char *path, const uint8_t *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    if (!f) return 1;
    size_t written = fwrite(bytes, 1, size, f);
    return fclose(f) || written != size;
}

/* One picture, its times taken into least. */
static xp_status draw(const xp_plot_record *rec, const xp_plot_map *map, const char *path,
                      double dpi, stamp least[3], xp_error *err) {
    xp_plot_options o = {.pixel = 25.4 / dpi};
    xp_display d = {0};
    xp_image im = {0};
    uint8_t *png = NULL;
    size_t size = 0;
    stamp t[4] = {now()};
    xp_status s = xp_plot_ecg(&d, rec, map, &o, err);
    t[1] = now();
    if (s == XP_OK) s = xp_raster(&im, &d, dpi, err);
    t[2] = now();
    if (s == XP_OK) s = xp_png(&png, &size, &im, dpi, err);
    if (s == XP_OK && save(path, png, size)) s = xp_fail(err, XP_ERR_IO, "cannot write %s", path);
    t[3] = now();
    for (int i = 0; i < 3; i++) keep_least(&least[i], t[i], t[i + 1]);
    free(png);
    xp_image_free(&im);
    xp_display_free(&d);
    return s;
}

int main(int argc, char **argv) {
    static const char *const NAMES[LEADS] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                             "V1", "V2", "V3",  "V4",  "V5",  "V6"};
    static const char *const STAGES[] = {"layout", "raster", "png"};
    static float mv[LEADS][N];
    xp_plot_lead leads[LEADS];
    for (int i = 0; i < LEADS; i++) {
        make_signal(mv[i], i);
        leads[i] = (xp_plot_lead){NAMES[i], mv[i], false};
    }
    xp_plot_record rec = {"bench", 500, N, LEADS, leads, NULL};
    static float values[STEPS];
    for (int i = 0; i < STEPS; i++) values[i] = (float)fabs(sin(i * 0.05));
    xp_plot_map map = {.values = values, .n = STEPS, .seconds = 10, .probability = 0.5};
    double dpi = argc > 2 ? atof(argv[2]) : 300;
    int repeats = argc > 3 ? atoi(argv[3]) : 5;
    stamp least[3] = {{1e9, 1e9}, {1e9, 1e9}, {1e9, 1e9}};
    xp_error err = {0};
    xp_keep_freed_memory(); /* as xplaim does; else every picture's pages are asked for anew */
    if (argc < 2) return fprintf(stderr, "usage: bench_plot OUT.png [DPI [REPEATS [map]]]\n"), 2;
    for (int i = 0; i < repeats; i++)
        if (draw(&rec, argc > 4 ? &map : NULL, argv[1], dpi, least, &err) != XP_OK)
            return fprintf(stderr, "%s\n", err.text), 1;
    for (int i = 0; i < 3; i++)
        printf("%-6s %7.1f ms (processor %.1f ms)\n", STAGES[i], least[i].wall, least[i].cpu);
    return 0;
}
