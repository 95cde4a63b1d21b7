/* The curves of a training run, from its log. */
#include "data/csv.h"
#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EPOCH, LOSS, VAL_LOSS, VAL_AUROC, RATE, COLUMNS, MAX_EPOCHS = 100000 };
static const char *const NAMES[COLUMNS] = {"epoch", "loss", "val_loss", "val_auroc",
                                           "learning_rate"};

/* The log's columns; NaN where a field is empty or a column is not there. */
typedef struct training_log {
    double *at[COLUMNS]; /* (n); one allocation at at[0] */
    size_t n, cap;
} training_log;

static double field(xp_csv *csv, int column) {
    xp_error ignored;
    double v;
    if (column < 0 || xp_csv_number(csv, column, &v, &ignored) != XP_OK || !isfinite(v)) return NAN;
    return v;
}

/* Room for one more epoch. */
static bool grow(training_log *log) {
    if (log->n < log->cap) return true;
    training_log more = {.n = log->n, .cap = log->cap ? 2 * log->cap : 64};
    more.at[0] = malloc(COLUMNS * more.cap * sizeof(double));
    if (!more.at[0]) return false;
    for (int k = 0; k < COLUMNS; k++) {
        more.at[k] = more.at[0] + (size_t)k * more.cap;
        for (size_t i = 0; i < log->n; i++) more.at[k][i] = log->at[k][i];
    }
    free(log->at[0]);
    *log = more;
    return true;
}

static xp_status read_rows(training_log *log, xp_csv *csv, const int column[COLUMNS],
                           xp_error *err) {
    for (;;) {
        XP_TRY(xp_csv_next(csv, err));
        if (!xp_csv_count(csv)) return XP_OK;
        if (log->n == MAX_EPOCHS)
            return xp_csv_fail(csv, 0, err, XP_ERR_LIMIT, "more than %d epochs", MAX_EPOCHS);
        if (!grow(log)) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the log");
        for (int k = 0; k < COLUMNS; k++) log->at[k][log->n] = field(csv, column[k]);
        if (isnan(log->at[EPOCH][log->n]))
            return xp_csv_fail(csv, column[EPOCH], err, XP_ERR_FORMAT,
                               "not the number of an epoch");
        log->n++;
    }
}

static xp_status read_log(training_log *log, const char *path, xp_error *err) {
    xp_csv *csv;
    int column[COLUMNS];
    XP_TRY(xp_csv_open(&csv, path, ',', err));
    xp_status s = xp_csv_header(csv, err);
    for (int k = 0; s == XP_OK && k < COLUMNS; k++)
        if (k < VAL_LOSS)
            s = xp_csv_column(csv, NAMES[k], &column[k], err);
        else
            column[k] = xp_csv_find(csv, NAMES[k]);
    if (s == XP_OK) s = read_rows(log, csv, column, err);
    xp_csv_close(csv);
    if (s != XP_OK || log->n > 0) return s;
    return xp_fail(err, XP_ERR_FORMAT, "%s: no epoch in it yet", path);
}

static bool any(const training_log *log, int column) {
    for (size_t i = 0; i < log->n; i++)
        if (!isnan(log->at[column][i])) return true;
    return false;
}

/* The epoch that is kept: of the lowest validation loss, the first such; -1: none. */
static int best_epoch(const training_log *log) {
    int best = -1;
    for (size_t i = 0; i < log->n; i++)
        if (log->at[VAL_LOSS][i] < (best < 0 ? INFINITY : log->at[VAL_LOSS][best])) best = (int)i;
    return best;
}

static void extend(const training_log *log, int column, double *low, double *high) {
    for (size_t i = 0; i < log->n; i++) {
        *low = fmin(*low, log->at[column][i]);
        *high = fmax(*high, log->at[column][i]);
    }
}

/* The axis from and to whole steps around the values; the step. */
static double round_axis(xp_chart *c, double low, double high) {
    if (!(high > low)) low -= fabs(low) / 2 + 1e-9, high += fabs(high) / 2 + 1e-9;
    double step = xp_chart_step(high - low, 5);
    c->y0 = floor(low / step + 1e-9) * step;
    c->y1 = ceil(high / step - 1e-9) * step;
    return step;
}

static void draw_column(const xp_chart *c, const training_log *log, int column, int best,
                        uint32_t rgba) {
    xp_chart_line(c, log->at[EPOCH], log->at[column], log->n, false, 0.4f, rgba);
    if (log->n <= 40)
        for (size_t i = 0; i < log->n; i++)
            if (!isnan(log->at[column][i]))
                xp_chart_dot(c, log->at[EPOCH][i], log->at[column][i], 0.8f, rgba);
    if (best >= 0 && !isnan(log->at[column][best]))
        xp_chart_dot(c, log->at[EPOCH][best], log->at[column][best], 1.8f, rgba);
}

static void panel(const xp_chart *place, const training_log *log, const char *title, int first,
                  int last, int best) {
    static const uint32_t COLOR[COLUMNS] = {
        [LOSS] = XP_BLUE, [VAL_LOSS] = XP_ORANGE, [VAL_AUROC] = XP_ORANGE, [RATE] = XP_GREY};
    xp_chart c = *place;
    double low = INFINITY, high = -INFINITY;
    for (int k = first; k <= last; k++) extend(log, k, &low, &high);
    if (first == LOSS) low = fmin(low, 0);
    if (first == RATE) low = 0;
    double step = round_axis(&c, low, high);
    double wide = xp_chart_step(c.x1 - c.x0, 6);
    xp_chart_x_axis(&c, fmax(wide, 1), "epoch");
    xp_chart_y_axis(&c, step, NULL);
    xp_draw_text(c.d, c.left, c.top - 2, 2.8f, XP_ANCHOR_START, XP_INK, title);
    if (best >= 0)
        xp_chart_dashes(&c, log->at[EPOCH][best], c.y0, log->at[EPOCH][best], c.y1, XP_GREY);
    for (int k = first; k <= last; k++) draw_column(&c, log, k, best, COLOR[k]);
}

static void key(xp_display *d, float x, float y, uint32_t rgba, const char *text) {
    xp_point line[] = {{x, y - 0.8f}, {x + 4, y - 0.8f}};
    xp_draw_line(d, line, 2, 0.6f, rgba);
    xp_draw_text(d, x + 5, y, 2.35f, XP_ANCHOR_START, XP_INK, text);
}

static void draw_log(xp_display *d, const training_log *log, const char *what) {
    static const float WIDTH = 183, SIDE = 42, TOP = XP_CHART_HEAD + 7;
    static const struct {
        const char *title;
        int first, last;
    } PANELS[] = {{"loss", LOSS, VAL_LOSS},
                  {"AUROC of the validation part", VAL_AUROC, VAL_AUROC},
                  {"learning rate", RATE, RATE}};
    char notes[256] = "No validation loss in the log.";
    int best = best_epoch(log);
    double first = log->at[EPOCH][0], last = log->at[EPOCH][log->n - 1];
    if (!(last > first)) last = first + 1;
    double beside = (last - first) * 0.04;
    for (int i = 0, at = 0; i < 3; i++) {
        if (!any(log, PANELS[i].first)) continue;
        float left = XP_CHART_MARGIN + 10 + 58 * (float)at++;
        xp_chart c = {d, left, TOP, SIDE + 4, SIDE, first - beside, last + beside, 0, 1, false};
        panel(&c, log, PANELS[i].title, PANELS[i].first,
              any(log, PANELS[i].last) ? PANELS[i].last : PANELS[i].first, best);
    }
    float x = XP_CHART_MARGIN + 22;
    key(d, x, TOP - 2, XP_BLUE, "training");
    if (best >= 0) key(d, x + 18, TOP - 2, XP_ORANGE, "validation");
    if (best >= 0)
        snprintf(notes, sizeof notes,
                 "Dashes and larger dots: epoch %g, whose validation loss is the lowest (%.4g).",
                 log->at[EPOCH][best], log->at[VAL_LOSS][best]);
    xp_chart_close(d, WIDTH, TOP + SIDE + 9, "Training", what, notes);
}

xp_status xp_figure_training(xp_figure_list *list, const char *csv, const char *what,
                             xp_error *err) {
    training_log log = {0};
    xp_display d = {0};
    xp_status s = read_log(&log, csv, err);
    if (s == XP_OK) draw_log(&d, &log, what);
    free(log.at[0]);
    if (s != XP_OK) return s;
    return figure_add(list, "training", "Training",
                      "Curves over the epochs: loss of the training and of the validation part, "
                      "AUROC of the validation part, and learning rate.",
                      &d, err);
}
