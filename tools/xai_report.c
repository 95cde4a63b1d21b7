#include "xai_report.h"

#include "data/csv.h"
#include "report_text.h"

#include <math.h>

static const char *row_name(const xai_report *r, int row) {
    return row < r->file->model.n_labels ? r->file->model.labels[row].name : "all";
}

static void print_row(const xai_report *r, int row) {
    static const xp_xai_measure shown[] = {
        XP_XAI_RANDOM_TOP, XP_XAI_RANDOM_ALL, XP_XAI_DELETION_GAIN, XP_XAI_INSERTION_GAIN,
        XP_XAI_SHIFT_RHO,  XP_XAI_SHIFT_PEAK, XP_XAI_NOISE_RHO,     XP_XAI_NOISE_PEAK};
    const xp_mean *mean = xp_xai_row(&r->result, row);
    printf("%-10s %9d", row_name(r, row), r->result.positives[row]);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const xp_mean *v = &mean[shown[i]];
        const bool gain = shown[i] == XP_XAI_DELETION_GAIN || shown[i] == XP_XAI_INSERTION_GAIN;
        if (gain && isnan(v->mean))
            printf("  %22s", "not defined");
        else if (gain)
            printf("  %+.3f [%+.3f, %+.3f]", v->mean, v->low, v->high);
        else if (isnan(v->mean))
            printf(" %8s", "-");
        else
            printf(" %8.2f", v->mean);
    }
    puts("");
}

static void print_game(const xp_planted_game *g) {
    if (g->tested == 0) {
        printf("\nPointing game: not defined, fewer than %d recordings to learn or to test on.\n",
               XP_PLANTED_LEAST);
        return;
    }
    printf("\nPointing game: a burst of %.1f mV planted in lead %s; a small network taught on %d "
           "recordings, tested on %d.\n"
           "  found %d; Grad-CAM points within %.1f s of it: %d (%.3f; by chance %.3f)\n"
           "  largest evidence in that lead: occlusion %d, integrated gradients %d\n"
           "  rank correlation of its |maps| with the untrained network's: %.2f\n",
           XP_PLANTED_MV, g->lead, g->trained, g->tested, g->found, XP_PLANTED_TOLERANCE, g->hits,
           (double)g->hits / g->tested, g->chance, g->first_occlusion, g->first_ig,
           g->rank_correlation);
}

void xai_report_text(const xai_report *r) {
    report_model_text(r->file);
    printf("\nGrad-CAM at %s on %zu recordings (%s part), at most %d positive ones of a label\n\n",
           r->file->model.graph.ops[r->options.layer].name, r->result.n_records,
           xp_part_name(r->options.part), r->options.max_records);
    printf("%-10s %9s %17s  %22s  %22s %17s %17s\n", "", "", "weights shuffled:", "deletion gain",
           "insertion gain", "10 ms later:", "noise of 20 uV:");
    printf("%-10s %9s %8s %8s  %22s  %22s %8s %8s %8s %8s\n", "label", "positives", "last", "all",
           "[95 % interval]", "[95 % interval]", "rank r", "kept", "rank r", "kept");
    for (int row = 0; row <= r->file->model.n_labels; row++) print_row(r, row);
    puts("");
    for (int m = 0; m < XP_XAI_MEASURES; m++)
        printf("%s: %s\n", xp_xai_measure_name((xp_xai_measure)m),
               xp_xai_measure_text((xp_xai_measure)m));
    printf("A figure of fewer than %d recordings is not defined.\n", XP_MEAN_MIN);
    if (r->has_game) print_game(&r->game);
}

static cJSON *row_json(const xai_report *r, int row) {
    cJSON *o = cJSON_CreateObject(), *measures = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(row_name(r, row)));
    xp_json_add(o, "positives", xp_json_integer(r->result.positives[row]));
    for (int m = 0; m < XP_XAI_MEASURES; m++) {
        const xp_mean *v = &xp_xai_row(&r->result, row)[m];
        cJSON *one = cJSON_CreateObject();
        xp_json_add(one, "n", xp_json_integer(v->n));
        xp_json_add(one, "mean", xp_json_number(v->mean));
        xp_json_add(one, "low", xp_json_number(v->low));
        xp_json_add(one, "high", xp_json_number(v->high));
        xp_json_add(measures, xp_xai_measure_name((xp_xai_measure)m), one);
    }
    xp_json_add(o, "measures", measures);
    return o;
}

static cJSON *share_json(int k, int n) {
    const xp_ci ci = xp_clopper_pearson((size_t)k, (size_t)n, 0.95);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "count", xp_json_integer(k));
    xp_json_add(o, "share", xp_json_number((double)k / n));
    xp_json_add(o, "low", xp_json_number(ci.low));
    xp_json_add(o, "high", xp_json_number(ci.high));
    return o;
}

static cJSON *game_json(const xp_planted_game *g) {
    if (g->tested == 0) return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "lead", xp_json_text(g->lead));
    xp_json_add(o, "amplitude_mv", xp_json_number(XP_PLANTED_MV));
    xp_json_add(o, "tolerance_s", xp_json_number(XP_PLANTED_TOLERANCE));
    xp_json_add(o, "taught", xp_json_integer(g->trained));
    xp_json_add(o, "tested", xp_json_integer(g->tested));
    xp_json_add(o, "found", share_json(g->found, g->tested));
    xp_json_add(o, "hits", share_json(g->hits, g->tested));
    xp_json_add(o, "chance", xp_json_number(g->chance));
    xp_json_add(o, "lead_first_by_occlusion", share_json(g->first_occlusion, g->tested));
    xp_json_add(o, "lead_first_by_ig", share_json(g->first_ig, g->tested));
    xp_json_add(o, "untrained_correlation", xp_json_number(g->rank_correlation));
    return o;
}

static cJSON *definitions_json(void) {
    cJSON *o = cJSON_CreateObject();
    for (int m = 0; m < XP_XAI_MEASURES; m++)
        xp_json_add(o, xp_xai_measure_name((xp_xai_measure)m),
                    xp_json_text(xp_xai_measure_text((xp_xai_measure)m)));
    xp_json_add(
        o, "pointing_game",
        xp_json_text(
            "a small network of the same kind learns to tell recordings with a 20 Hz burst "
            "planted in one lead; hits: the map's largest value lies within the tolerance of "
            "it; it tests the method, not the model"));
    return o;
}

void xai_report_json(const xai_report *r) {
    cJSON *o = xp_report_begin(NULL), *labels = cJSON_CreateArray();
    const int n = r->file->model.n_labels;
    xp_json_add(o, "model", xp_report_model(&r->file->model, r->file->sha256));
    xp_json_add(o, "layer", xp_json_text(r->file->model.graph.ops[r->options.layer].name));
    xp_json_add(o, "part", xp_json_text(xp_part_name(r->options.part)));
    xp_json_add(o, "records", xp_json_integer((int64_t)r->result.n_records));
    xp_json_add(o, "max_records", xp_json_integer(r->options.max_records));
    xp_json_add(o, "draws", xp_json_integer(r->options.draws));
    xp_json_add(o, "seed", xp_json_integer((int64_t)r->options.seed));
    xp_json_add(o, "least_records", xp_json_integer(XP_MEAN_MIN));
    xp_json_add(o, "definitions", definitions_json());
    for (int row = 0; row < n; row++) xp_json_append(labels, row_json(r, row));
    xp_json_add(o, "labels", labels);
    xp_json_add(o, "all", row_json(r, n));
    xp_json_add(o, "pointing_game", r->has_game ? game_json(&r->game) : cJSON_CreateNull());
    json_print_line(o);
}

static void put_number(xp_csv_writer *w, double v) {
    if (isnan(v))
        xp_csv_put(w, "");
    else
        xp_csv_putf(w, "%.6g", v);
}

xp_status xai_report_csv(const xai_report *r, const char *path, xp_error *err) {
    static const char *const columns[] = {"label", "positives", "measure", "n",
                                          "mean",  "low",       "high"};
    xp_csv_writer *w;
    XP_TRY(xp_csv_create(&w, path, err));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) xp_csv_put(w, columns[i]);
    xp_csv_end_row(w);
    for (int row = 0; row <= r->file->model.n_labels; row++)
        for (int m = 0; m < XP_XAI_MEASURES; m++) {
            const xp_mean *v = &xp_xai_row(&r->result, row)[m];
            xp_csv_put(w, row_name(r, row));
            xp_csv_putf(w, "%d", r->result.positives[row]);
            xp_csv_put(w, xp_xai_measure_name((xp_xai_measure)m));
            xp_csv_putf(w, "%d", v->n);
            put_number(w, v->mean);
            put_number(w, v->low);
            put_number(w, v->high);
            xp_csv_end_row(w);
        }
    return xp_csv_commit(w, err);
}
