#include "nn/label_json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== operating points ======================================================================= */

static const char *const points[XP_OPERATING_POINTS] = {"balanced", "high-specificity"};

const char *xp_operating_point_name(xp_operating_point p) {
    return points[p];
}

int xp_operating_point_find(const char *name) {
    for (int p = 0; p < XP_OPERATING_POINTS; p++)
        if (!strcmp(name, points[p])) return p;
    return -1;
}

static void exchange(void *a, void *b, size_t size) {
    char kept[sizeof((xp_label *)0)->threshold_source];
    memcpy(kept, a, size);
    memcpy(a, b, size);
    memcpy(b, kept, size);
}

void xp_model_operate_at(xp_model *m, xp_operating_point p) {
    if (m->point == p) return;
    m->point = p;
    for (int i = 0; i < m->n_labels; i++) {
        xp_label *l = &m->labels[i];
        exchange(&l->threshold, &l->specific_threshold, sizeof l->threshold);
        exchange(l->threshold_source, l->specific_source, sizeof l->threshold_source);
        exchange(&l->found, &l->specific_found, sizeof l->found);
        exchange(&l->false_alarms, &l->specific_false_alarms, sizeof l->false_alarms);
    }
}

bool xp_model_can_operate_at(const xp_model *m, xp_operating_point p) {
    for (int i = 0; i < m->n_labels; i++) {
        const xp_label *l = &m->labels[i];
        if (isfinite(m->point == p ? l->threshold : l->specific_threshold)) return true;
    }
    return false;
}

void xp_label_forget(xp_label *l) {
    l->threshold = l->specific_threshold = l->auroc = l->auroc_low = l->auroc_high = NAN;
    l->threshold_source[0] = l->specific_source[0] = 0;
    l->n_positive = l->n_negative = l->found = l->false_alarms = -1;
    l->specific_found = l->specific_false_alarms = -1;
}

/* ==== JSON =================================================================================== */

typedef enum kind { TEXT, NUMBER, COUNT } kind;

typedef struct label_field {
    const char *key;
    size_t offset, room; /* room: of a text */
    kind kind;
} label_field;

#define TEXT_FIELD(name)                                                                           \
    { #name, offsetof(xp_label, name), sizeof((xp_label *)0)->name, TEXT }
#define FIELD(name, kind)                                                                          \
    { #name, offsetof(xp_label, name), 0, kind }

static const label_field fields[] = {TEXT_FIELD(name),
                                     TEXT_FIELD(long_name),
                                     FIELD(threshold, NUMBER),
                                     TEXT_FIELD(threshold_source),
                                     FIELD(auroc, NUMBER),
                                     FIELD(auroc_low, NUMBER),
                                     FIELD(auroc_high, NUMBER),
                                     FIELD(n_positive, COUNT),
                                     FIELD(n_negative, COUNT),
                                     FIELD(found, COUNT),
                                     FIELD(false_alarms, COUNT),
                                     FIELD(specific_threshold, NUMBER),
                                     TEXT_FIELD(specific_source),
                                     FIELD(specific_found, COUNT),
                                     FIELD(specific_false_alarms, COUNT)};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static xp_status read_text(char *to, const cJSON *v, const label_field *f, xp_error *err) {
    const size_t n = strlen(v->valuestring);
    if (n >= f->room)
        return xp_fail(err, XP_ERR_LIMIT, "%s \"%.30s...\": %zu characters, expected at most %zu",
                       f->key, v->valuestring, n, f->room - 1);
    memcpy(to, v->valuestring, n + 1);
    return XP_OK;
}

static xp_status read_field(xp_label *l, const cJSON *o, const label_field *f, int index,
                            xp_error *err) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, f->key);
    char *field = (char *)l + f->offset;
    if (!v || cJSON_IsNull(v)) return XP_OK;
    if (f->kind == TEXT && cJSON_IsString(v)) return read_text(field, v, f, err);
    if (f->kind == NUMBER && cJSON_IsNumber(v)) {
        memcpy(field, &v->valuedouble, sizeof v->valuedouble);
        return XP_OK;
    }
    if (f->kind == COUNT) { /* of what was counted once: what makes no sense is not known */
        const double n = cJSON_IsNumber(v) ? v->valuedouble : -1;
        const int count = n >= 0 && n <= INT_MAX ? (int)n : -1;
        memcpy(field, &count, sizeof count);
        return XP_OK;
    }
    return xp_fail(err, XP_ERR_FORMAT, "labels: \"%s\" of number %d is not a %s", f->key, index + 1,
                   f->kind == TEXT ? "text" : "number");
}

xp_status label_read_json(xp_label *l, const cJSON *o, int index, xp_error *err) {
    memset(l, 0, sizeof *l);
    xp_label_forget(l);
    if (!cJSON_IsObject(o))
        return xp_fail(err, XP_ERR_FORMAT, "labels: number %d is not an object", index + 1);
    for (int i = 0; i < N_FIELDS; i++) XP_TRY(read_field(l, o, &fields[i], index, err));
    return XP_OK;
}

const char *label_number(char *text, size_t room, double v) {
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, room, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    return text;
}

static void add_field(cJSON *o, const xp_label *l, const label_field *f) {
    const char *field = (const char *)l + f->offset;
    char text[32];
    double number;
    int count;
    if (f->kind == TEXT) {
        if (*field) xp_json_add(o, f->key, cJSON_CreateString(field));
    } else if (f->kind == NUMBER) {
        memcpy(&number, field, sizeof number);
        if (isfinite(number))
            xp_json_add(o, f->key, cJSON_CreateRaw(label_number(text, sizeof text, number)));
    } else {
        memcpy(&count, field, sizeof count);
        if (count >= 0) xp_json_add(o, f->key, cJSON_CreateNumber(count));
    }
}

cJSON *label_to_json(const xp_label *l) {
    cJSON *o = cJSON_CreateObject();
    for (int i = 0; i < N_FIELDS; i++) add_field(o, l, &fields[i]);
    return o;
}
