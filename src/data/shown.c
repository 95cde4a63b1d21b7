#include "data/shown.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ecg/record.h"

static const char *const names[XP_SHOWN_KINDS] = {
#define X(id, name) name,
    XP_SHOWN_LIST(X)
#undef X
};

const char *xp_shown_name(xp_shown l) {
    return names[l];
}

xp_status xp_shown_parse(xp_shown *out, const char *name, xp_error *err) {
    char list[128] = "";
    for (int l = 0; l < XP_SHOWN_KINDS; l++) {
        size_t n = strlen(list);
        if (!strcmp(name, names[l])) {
            *out = (xp_shown)l;
            return XP_OK;
        }
        snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", names[l]);
    }
    return xp_fail(err, XP_ERR_USAGE, "layout \"%.40s\": expected one of %s", name, list);
}

/* Column of a page on which the lead stands, of `columns`: I II III, aVR aVL aVF, V1-V3, V4-V6. */
static int column_of(xp_lead_id id, int columns) {
    static const xp_lead_id order[XP_LEAD_COUNT] = {
        XP_LEAD_I,  XP_LEAD_II, XP_LEAD_III, XP_LEAD_AVR, XP_LEAD_AVL, XP_LEAD_AVF,
        XP_LEAD_V1, XP_LEAD_V2, XP_LEAD_V3,  XP_LEAD_V4,  XP_LEAD_V5,  XP_LEAD_V6};
    for (int i = 0; i < XP_LEAD_COUNT; i++)
        if (order[i] == id) return i * columns / XP_LEAD_COUNT;
    return -1;
}

static void clear(float *x, int n_leads, int lead, int begin, int end) {
    for (int t = begin; t < end; t++) x[(size_t)t * (size_t)n_leads + (size_t)lead] = 0;
}

void xp_shown_cut(float *x, int length, int n_leads, int from, int n) {
    const size_t row = (size_t)n_leads;
    memmove(x, x + (size_t)from * row, (size_t)n * row * sizeof *x);
    memset(x + (size_t)n * row, 0, (size_t)(length - n) * row * sizeof *x);
}

/* The samples [begin, end) that the layout has of a lead. */
typedef struct range {
    int begin, end;
} range;

static range shown(xp_shown l, xp_lead_id id, double rate, int valid, xp_lead_id strip) {
    const range all = {0, valid};
    const int columns = l == XP_SHOWN_6X2 ? 2 : 4;
    int column = column_of(id, columns);
    double seconds = 10.0 / columns;
    if (l == XP_SHOWN_SHORT) return (range){0, (int)lrint(5 * rate)};
    if (l == XP_SHOWN_LIMB) return xp_lead_is_chest(id) ? (range){0, 0} : all;
    if (l == XP_SHOWN_WHOLE || column < 0 || (l == XP_SHOWN_3X4_1 && id == strip)) return all;
    return (range){(int)lrint(column * seconds * rate), (int)lrint((column + 1) * seconds * rate)};
}

void xp_shown_apply(xp_shown l, float *x, int length, int n_leads, const char (*leads)[16],
                    double rate, int valid, const char *strip) {
    xp_lead_id whole = strip ? xp_lead_parse(strip) : XP_LEAD_II;
    if (l == XP_SHOWN_WHOLE) return;
    for (int lead = 0; lead < n_leads; lead++) {
        range r = shown(l, xp_lead_parse(leads[lead]), rate, valid, whole);
        clear(x, n_leads, lead, 0, r.begin < length ? r.begin : length);
        clear(x, n_leads, lead, r.end, length);
    }
}
