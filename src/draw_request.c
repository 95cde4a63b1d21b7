#include "draw_request.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

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
                             .bare = truth(o, "bare"),
                             .dark = truth(o, "dark")};
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
                         .probability = number(o, "probability", NAN),
                         .below = truth(o, "below")};
    read_span(request, "map", &map->start, &map->seconds);
    return XP_OK;
}

static xp_status draw(xp_display *d, const xp_record *rec, float *const *filtered, const cJSON *o,
                      const float *values, size_t n, xp_error *err) {
    const char *title = word(o, "title"), *filter = word(o, "filter");
    xp_plot_options opt;
    xp_plot_map map;
    XP_TRY(read_options(&opt, o, err));
    if (n) XP_TRY(read_map(&map, o, values, n, rec->n_leads, err));
    xp_plot_lead *leads = malloc((size_t)rec->n_leads * sizeof *leads);
    if (!leads) return xp_fail(err, XP_ERR_MEMORY, "no memory for a drawing");
    for (int i = 0; i < rec->n_leads; i++) {
        const xp_lead *l = &rec->leads[i];
        bool other = filter && filtered && filtered[i];
        leads[i] = (xp_plot_lead){l->name, other ? filtered[i] : l->mv, l->derived};
    }
    xp_plot_record r = {title ? title : rec->name, rec->rate, rec->n, rec->n_leads, leads, filter};
    xp_status status = xp_plot_ecg(d, &r, n ? &map : NULL, &opt, err);
    free(leads);
    return status;
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
