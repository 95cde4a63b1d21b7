/* Milliseconds to read a recording of any format, from disk to the values of each of its signals in
 * its own unit, as double precision and at its own rate, which is what the peers of
 * bench_formats.py give: bench_formats REPEATS FILE... prints a line "MS FILE" of each file, the
 * best of REPEATS, within one process as the peers are. */
#define _GNU_SOURCE
#include "base/arena.h"
#include "ecg/reader_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static xp_status read_one(const char *path, xp_error *err) {
    xp_stored w;
    XP_TRY(xp_stored_open_path(&w, path, NULL, err));
    xp_status s = xp_stored_physical(&w, err);
    xp_stored_free(&w);
    return s;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: bench_formats REPEATS FILE...\n");
        return 2;
    }
    int repeats = atoi(argv[1]);
    xp_keep_freed_memory(); /* as xplaim does */
    for (int i = 2; i < argc; i++) {
        double best = 1e300;
        for (int k = 0; k < repeats; k++) {
            xp_error err;
            double start = now_ms();
            if (read_one(argv[i], &err) != XP_OK) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
            }
            double ms = now_ms() - start;
            if (ms < best) best = ms;
        }
        printf("%.5f %s\n", best, argv[i]);
    }
    return 0;
}
