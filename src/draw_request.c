#include "draw_request.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double number(const cJSON *o, const char *key, double otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

static bool truth(const cJSON *o, const char *key) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, key));
}

/* NULL for what is not given or empty. Points into o. */
static const char *word(const cJSON *o, const char *key) {
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
    return s && *s ? s : NULL;
}

/* {start, seconds} of an object in o. */
static void read_span(const cJSON *o, const char *key, double *start, double *seconds) {
    const cJSON *span = cJSON_GetObjectItemCaseSensitive(o, key);
    *start = number(span, "start", 0);
    *seconds = number(span, "seconds", 0);
}

static xp_status read_options(xp_plot_options *opt, const cJSON *o, xp_error *err) {
    const char *layout = word(o, "layout"), *colormap = word(o, "colormap");
    int which = layout ? xp_layout_find(layout) : XP_LAYOUT_12X1;
    int colors = colormap ? xp_colormap_find(colormap) : XP_VIRIDIS;
    double alpha = number(o, "alpha", 0);
    if (which < 0) return xp_fail(err, XP_ERR_USAGE, "there is no layout %.40s", layout);
    if (colors < 0) return xp_fail(err, XP_ERR_USAGE, "there is no colour map %.40s", colormap);
    if (!(alpha >= 0 && alpha <= 255))
        return xp_fail(err, XP_ERR_USAGE, "alpha %g: it is 0 to 255", alpha);
    *opt = (xp_plot_options){.layout = (xp_layout)which,
                             .speed = number(o, "speed", 0),
                             .gain = number(o, "gain", 0),
                             .start = number(o, "start", 0),
                             .seconds = number(o, "seconds", 0),
                             .rhythm = {word(o, "rhythm")},
                             .cabrera = truth(o, "cabrera"),
                             .colormap = (xp_colormap)colors,
                             .alpha = (int)alpha,
                             .pixel = number(o, "pixel", 0),
                             .pitch = number(o, "pitch", 0),
                             .numbers = word(o, "numbers"),
                             .bare = truth(o, "bare"),
                             .narrow = truth(o, "narrow"),
                             .dark = truth(o, "dark"),
                             .half_chest = truth(o, "halfChest")};
    const char *style = word(o, "style");
    int how = style ? xp_map_style_find(style) : XP_MAP_BEHIND;
    if (how < 0) return xp_fail(err, XP_ERR_USAGE, "there is no map style %.40s", style);
    opt->style = (xp_map_style)how;
    read_span(o, "window", &opt->window, &opt->window_seconds);
    return XP_OK;
}

static xp_status read_map(xp_plot_map *map, const cJSON *request, const float *values, size_t n,
                          int n_leads, xp_error *err) {
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(request, "map");
    bool per_lead = truth(o, "perLead");
    size_t rows = per_lead ? (size_t)n_leads : 1;
    if (n % rows || n / rows > INT_MAX)
        return xp_fail(err, XP_ERR_USAGE, "a map of %zu values for %zu leads", n, rows);
    *map = (xp_plot_map){.values = values,
                         .n = (int)(n / rows),
                         .per_lead = per_lead,
                         .label = word(o, "label"),
                         .layer = word(o, "layer"),
                         .probability = number(o, "probability", number(o, "score", NAN)),
                         .is_score = !isnan(number(o, "score", NAN)),
                         .below = truth(o, "below")};
    read_span(request, "map", &map->start, &map->seconds);
    return XP_OK;
}

/* ==== what was measured ====================================================================== */

/* Where a wave of o begins and ends; NaN: it was not found. */
static void read_ends(float ends[2], const cJSON *o, const char *key) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, key);
    for (int i = 0; i < 2; i++) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        ends[i] = cJSON_IsNumber(item) ? (float)item->valuedouble : NAN;
    }
}

static xp_plot_beat read_mark(const cJSON *o) {
    const char *symbol = word(o, "symbol");
    const bool known = symbol && *symbol > ' ' && *symbol < 0x7f; /* a letter of ASCII */
    xp_plot_beat b = {
        .time = number(o, "time", 0), .symbol = known ? *symbol : 'N', .used = truth(o, "used")};
    read_ends(b.p, o, "p");
    read_ends(b.qrs, o, "qrs");
    read_ends(b.t, o, "t");
    return b;
}

static int find_lead(const xp_record *rec, const char *name) {
    for (int i = 0; name && i < rec->n_leads; i++)
        if (!strcmp(rec->leads[i].name, name)) return i;
    return -1;
}

static xp_plot_fault read_fault(const cJSON *o, const xp_record *rec) {
    const char *says = word(o, "word");
    return (xp_plot_fault){find_lead(rec, word(o, "lead")), number(o, "start", 0),
                           number(o, "end", 0), says ? says : "", truth(o, "unread")};
}

/* The marks that are asked for; their arrays are the caller's (free). */
static xp_status read_marks(xp_plot_options *opt, xp_plot_beat **beats, xp_plot_fault **faults,
                            const cJSON *o, const xp_record *rec, xp_error *err) {
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(o, "beats");
    const cJSON *f = cJSON_GetObjectItemCaseSensitive(o, "faults"), *item;
    *beats = malloc(((size_t)cJSON_GetArraySize(b) + 1) * sizeof **beats);
    *faults = malloc(((size_t)cJSON_GetArraySize(f) + 1) * sizeof **faults);
    if (!*beats || !*faults) return xp_fail(err, XP_ERR_MEMORY, "no memory for marks");
    cJSON_ArrayForEach(item, b)(*beats)[opt->n_beats++] = read_mark(item);
    cJSON_ArrayForEach(item, f)(*faults)[opt->n_faults++] = read_fault(item, rec);
    opt->beats = *beats;
    opt->faults = *faults;
    return XP_OK;
}

/* ==== the median beat ======================================================================== */

static xp_status draw_beat(xp_display *d, const char *title, const cJSON *beat,
                           const xp_plot_options *opt, const float *values, size_t n,
                           xp_error *err) {
    const cJSON *leads = cJSON_GetObjectItemCaseSensitive(beat, "leads"), *item;
    const double samples = number(beat, "samples", 0), rate = number(beat, "rate", 0);
    const double fiducial = number(beat, "fiducial", 0);
    const int n_leads = cJSON_GetArraySize(leads);
    xp_plot_beat mark = read_mark(beat);
    if (!(samples >= 1 && samples <= 1e6) || !(rate > 0) || n_leads < 1 ||
        !(fiducial >= 0 && fiducial <= samples) || n != (size_t)n_leads * (size_t)samples)
        return xp_fail(err, XP_ERR_USAGE, "a median beat of %zu values for %d leads", n, n_leads);
    mark.time = fiducial / rate;
    xp_plot_lead *list = malloc((size_t)n_leads * sizeof *list);
    if (!list) return xp_fail(err, XP_ERR_MEMORY, "no memory for a drawing");
    int i = 0;
    cJSON_ArrayForEach(item, leads) {
        const char *name = word(item, "name");
        list[i] = (xp_plot_lead){name ? name : "", values + (size_t)i * (size_t)samples,
                                 truth(item, "derived")};
        i++;
    }
    const xp_plot_record r = {title, rate, (int64_t)samples, n_leads, list, NULL};
    const double beats = number(beat, "beats", 1);
    const xp_status s =
        xp_plot_one_beat(d, &r, beats >= 1 && beats < 1e9 ? (int)beats : 1, &mark, opt, err);
    free(list);
    return s;
}

/* ============================================================================================= */

static xp_status draw_record(xp_display *d, const xp_record *rec, float *const *filtered,
                             const cJSON *o, const xp_plot_options *opt, const xp_plot_map *map,
                             xp_error *err) {
    const char *title = word(o, "title"), *filter = word(o, "filter");
    xp_plot_lead *leads = malloc((size_t)rec->n_leads * sizeof *leads);
    if (!leads) return xp_fail(err, XP_ERR_MEMORY, "no memory for a drawing");
    for (int i = 0; i < rec->n_leads; i++) {
        const xp_lead *l = &rec->leads[i];
        bool other = filter && filtered && filtered[i];
        leads[i] = (xp_plot_lead){l->name, other ? filtered[i] : l->mv, l->derived};
    }
    xp_plot_record r = {title ? title : rec->name, rec->rate, rec->n, rec->n_leads, leads, filter};
    xp_status status = xp_plot_ecg(d, &r, map, opt, err);
    free(leads);
    return status;
}

static xp_status draw(xp_display *d, const xp_record *rec, float *const *filtered, const cJSON *o,
                      const float *values, size_t n, xp_error *err) {
    const cJSON *beat = cJSON_GetObjectItemCaseSensitive(o, "beat");
    const char *title = word(o, "title");
    xp_plot_options opt;
    xp_plot_map map;
    xp_plot_beat *beats = NULL;
    xp_plot_fault *faults = NULL;
    XP_TRY(read_options(&opt, o, err));
    if (cJSON_IsObject(beat))
        return draw_beat(d, title ? title : rec->name, beat, &opt, values, n, err);
    if (n) XP_TRY(read_map(&map, o, values, n, rec->n_leads, err));
    xp_status s = read_marks(&opt, &beats, &faults, o, rec, err);
    if (s == XP_OK) s = draw_record(d, rec, filtered, o, &opt, n ? &map : NULL, err);
    free(beats);
    free(faults);
    return s;
}

xp_status xp_draw_request(xp_display *d, const xp_record *rec, float *const *filtered,
                          const char *request, const float *values, size_t n, xp_error *err) {
    cJSON *o = cJSON_Parse(request);
    if (!cJSON_IsObject(o)) {
        cJSON_Delete(o);
        return xp_fail(err, XP_ERR_USAGE, "what is to be drawn is not a JSON object");
    }
    xp_status status = draw(d, rec, filtered, o, values, n, err);
    cJSON_Delete(o);
    return status;
}
