/* What the page asks to be drawn: JSON up to the first NUL, then the map's values as they lie in
 * memory. What is drawn must name only points, colours and letters that are there. */
#include "draw_request.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* MOST: leads of a median beat, each of which has a value. */
enum { SAMPLES = 600, LEADS = 4, MAX_VALUES = 4000, MOST = MAX_VALUES };

/* Of the limb leads two, one of the chest's, and one of no standard name; with a gap. */
static void fill(xp_record *rec) {
    static const char *const names[LEADS] = {"II", "aVL", "V1", "other"};
    for (int i = 0; i < LEADS; i++) {
        xp_lead *lead = &rec->leads[i];
        snprintf(lead->name, sizeof lead->name, "%s", names[i]);
        lead->id = xp_lead_parse(names[i]);
        for (int t = 0; t < SAMPLES; t++)
            lead->mv[t] = t / 50 == 3 ? NAN : (float)sin(t * 0.1 * (i + 1)) * (float)(i + 1);
    }
}

static void check(bool good) {
    if (!good) abort();
}

static void check_op(const xp_display *d, const xp_draw_op *op) {
    const size_t first = op->first, count = op->count;
    const size_t at = op->extra & 0xffffff;
    if (op->kind == XP_DRAW_LINE)
        check(count > 0 && first + count <= d->n_points);
    else if (op->kind == XP_DRAW_RECTS)
        check(first + 2 * count <= d->n_points);
    else if (op->kind == XP_DRAW_CELLS)
        check(first + 2 <= d->n_points && op->extra + count <= d->n_colors);
    else
        check(op->kind == XP_DRAW_TEXT && first + count <= d->n_text && at < d->n_points);
}

static void check_display(const xp_display *d) {
    check(d->width > 0 && d->height > 0 && isfinite(d->width) && isfinite(d->height));
    for (size_t i = 0; i < d->n_ops; i++) check_op(d, &d->ops[i]);
    for (size_t i = 0; i < d->n_points; i++)
        check(isfinite(d->points[i].x) && isfinite(d->points[i].y));
    for (size_t i = 0; i < d->n_strips; i++)
        check(d->strips[i].lead >= 0 && d->strips[i].lead < MOST && d->strips[i].seconds > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static xp_record rec;
    xp_error e;
    if (!rec.leads) {
        check(xp_record_alloc(&rec, "fuzzed", 100, LEADS, SAMPLES, &e) == XP_OK);
        fill(&rec);
    }
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    const size_t n = nul ? (size_t)(nul - data) : size;
    char *request = malloc(n + 1);
    size_t n_values = nul ? (size - n - 1) / sizeof(float) : 0;
    if (n_values > MAX_VALUES) n_values = MAX_VALUES;
    float *values = malloc((n_values + 1) * sizeof *values);
    check(request && values);
    memcpy(request, data, n);
    request[n] = 0;
    if (n_values) memcpy(values, nul + 1, n_values * sizeof *values);
    xp_display d = {0};
    if (xp_draw_request(&d, &rec, NULL, request, values, n_values, &e) == XP_OK) {
        check_display(&d);
        xp_display_free(&d);
    } else
        check(!d.ops && !d.points && e.text[0]);
    free(values);
    free(request);
    return 0;
}
