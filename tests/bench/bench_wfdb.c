/* Milliseconds a record to read WFDB records from disk (files opened and read each time):
 *   bench_wfdb FOLDER [MAX]
 * Every .hea below FOLDER, MAX of them at most (1000), sorted; the best of five passes is printed
 * for header + signals, and for header + signals + leads in millivolt. bench_wfdb.py does the same
 * with wfdb-python. */
#define _GNU_SOURCE
#include "base/arena.h"
#include "ecg/reader_path.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_RECORDS = 100000, PASSES = 5 };

static char *records[MAX_RECORDS];
static int n_records;

static int visit(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)at;
    size_t n = strlen(path);
    if (type == FTW_F && n > 4 && !strcmp(path + n - 4, ".hea") && n_records < MAX_RECORDS)
        records[n_records++] = strdup(path);
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One record; the number of its samples, or -1 with a message. */
static double read_one(const char *path, int to_leads) {
    xp_stored w;
    xp_record r;
    xp_error e;
    double samples = -1;
    if (xp_stored_open_path(&w, path, NULL, &e) != XP_OK) {
        fprintf(stderr, "%s\n", e.text);
    } else {
        samples = 0;
        for (int i = 0; i < w.n_signals; i++) samples += (double)w.signals[i].n;
        if (to_leads && xp_stored_to_record(&r, &w, &e) == XP_OK) xp_record_free(&r);
        xp_stored_free(&w);
    }
    return samples;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench_wfdb FOLDER [MAX]\n");
        return 2;
    }
    xp_keep_freed_memory(); /* as xplaim does */
    nftw(argv[1], visit, 16, FTW_PHYS);
    qsort(records, (size_t)n_records, sizeof *records, by_name);
    int max = argc > 2 ? atoi(argv[2]) : 1000;
    if (n_records > max) n_records = max;
    if (n_records == 0) return 1;
    for (int to_leads = 0; to_leads < 2; to_leads++) {
        double best = 1e300, samples = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            double start = now_ms();
            samples = 0;
            for (int i = 0; i < n_records; i++) samples += read_one(records[i], to_leads);
            double ms = now_ms() - start;
            if (ms < best) best = ms;
        }
        printf("%d records, %.0f samples, %s: %.4f ms a record, %.0f million samples a second\n",
               n_records, samples, to_leads ? "read to leads in mV" : "read to integers",
               best / n_records, samples / best / 1e3);
    }
    for (int i = 0; i < n_records; i++) free(records[i]);
    return 0;
}
