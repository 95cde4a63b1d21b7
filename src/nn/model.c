#include "nn/model.h"

#include "base/arena.h"
#include "nn/model_keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void xp_model_free(xp_model *m) {
    xp_graph_free(&m->graph);
    xp_aligned_free(m->weights);
    free(m->labels);
    for (int i = 0; i < m->n_meta; i++) {
        free(m->meta[i].key);
        free(m->meta[i].value);
    }
    free(m->meta);
    *m = (xp_model){0};
}

int xp_model_find_label(const xp_model *m, const char *name) {
    for (int i = 0; i < m->n_labels; i++)
        if (!strcasecmp(m->labels[i].name, name)) return i;
    return -1;
}

/* ==== metadata strings ==== */

const char *const xp_model_keys[XP_N_KEYS] = {
    [XP_KEY_FORMAT] = "format_version",
    [XP_KEY_NAME] = "name",
    [XP_KEY_ARCHITECTURE] = "architecture",
    [XP_KEY_UNITS] = "units",
    [XP_KEY_RATE] = "rate",
    [XP_KEY_LENGTH] = "length",
    [XP_KEY_LEADS] = "lead_order",
    [XP_KEY_LABELS] = "labels",
    [XP_KEY_TRAINED] = "trained",
    [XP_KEY_GRAPH] = "graph",
};

bool xp_model_is_field(const char *key) {
    for (int i = 0; i < XP_N_KEYS; i++)
        if (!strcmp(xp_model_keys[i], key)) return true;
    return false;
}

static int find_meta(const xp_model *m, const char *key) {
    for (int i = 0; i < m->n_meta; i++)
        if (!strcmp(m->meta[i].key, key)) return i;
    return -1;
}

const char *xp_model_meta(const xp_model *m, const char *key) {
    int i = find_meta(m, key);
    return i < 0 ? NULL : m->meta[i].value;
}

static void remove_meta(xp_model *m, int i) {
    free(m->meta[i].key);
    free(m->meta[i].value);
    m->n_meta--;
    memmove(&m->meta[i], &m->meta[i + 1], (size_t)(m->n_meta - i) * sizeof *m->meta);
}

static xp_status append_meta(xp_model *m, const char *key, char *value) {
    xp_meta_item *grown = realloc(m->meta, (size_t)(m->n_meta + 1) * sizeof *grown);
    if (!grown) return XP_ERR_MEMORY;
    m->meta = grown;
    char *name = strdup(key);
    if (!name) return XP_ERR_MEMORY;
    m->meta[m->n_meta++] = (xp_meta_item){name, value};
    return XP_OK;
}

xp_status xp_model_set_meta(xp_model *m, const char *key, const char *value) {
    if (xp_model_is_field(key)) return XP_ERR_USAGE;
    int i = find_meta(m, key);
    if (!value) {
        if (i >= 0) remove_meta(m, i);
        return XP_OK;
    }
    char *copy = strdup(value);
    if (!copy) return XP_ERR_MEMORY;
    if (i >= 0) {
        free(m->meta[i].value);
        m->meta[i].value = copy;
        return XP_OK;
    }
    xp_status s = append_meta(m, key, copy);
    if (s != XP_OK) free(copy);
    return s;
}
