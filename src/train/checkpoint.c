#include "base/file.h"
#include "nn/safetensors.h"
#include "train/trainer.h"
#include "train/trainer_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_FORMAT "xplaim training state 1"

/* ==== texts ==== */

static char *to_hex(xp_bytes b) {
    static const char digit[] = "0123456789abcdef";
    char *text = malloc(2 * b.size + 1);
    if (!text) return NULL;
    for (size_t i = 0; i < b.size; i++) {
        text[2 * i] = digit[b.data[i] >> 4];
        text[2 * i + 1] = digit[b.data[i] & 15];
    }
    text[2 * b.size] = '\0';
    return text;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* *bytes is the caller's (free); untouched on error. */
static xp_status from_hex(const char *text, uint8_t **bytes, size_t *size, xp_error *err) {
    const size_t n = strlen(text) / 2;
    uint8_t *made = malloc(n + 1);
    if (!made) return xp_fail(err, XP_ERR_MEMORY, "no memory for the loop's part of the state");
    bool good = strlen(text) % 2 == 0;
    for (size_t i = 0; good && i < n; i++) {
        const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        if (good) made[i] = (uint8_t)(high << 4 | low);
    }
    if (!good) {
        free(made);
        return xp_fail(err, XP_ERR_FORMAT, "the loop's part of the training state is damaged");
    }
    *bytes = made;
    *size = n;
    return XP_OK;
}

static uint64_t bits_of(double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ==== saving ==== */

static xp_status write_state(const xp_trainer *t, const char *path, const char *graph,
                             const char *loop, xp_error *err) {
    const int shape = (int)t->m->graph.n_weights;
    const xp_st_source tensors[] = {{"weights", 1, &shape, t->m->weights},
                                    {"adam.m", 1, &shape, t->moment1},
                                    {"adam.v", 1, &shape, t->moment2},
                                    {"average", 1, &shape, t->average}};
    char steps[24], seed[24], scale[24];
    snprintf(steps, sizeof steps, "%" PRIu64, t->steps);
    snprintf(seed, sizeof seed, "%" PRIu64, t->step.seed);
    snprintf(scale, sizeof scale, "%016" PRIx64, bits_of(t->rate_scale));
    const xp_st_meta meta[] = {{(char *)"format", (char *)STATE_FORMAT},
                               {(char *)"steps", steps},
                               {(char *)"seed", seed},
                               {(char *)"rate_scale", scale},
                               {(char *)"loop", (char *)loop},
                               {(char *)"graph", (char *)graph}};
    uint8_t *bytes = NULL;
    size_t size = 0;
    XP_TRY(xp_safetensors_write(tensors, t->average ? 4 : 3, meta, 6, XP_F32, &bytes, &size, err));
    const xp_status s = xp_file_write(path, bytes, size, err);
    free(bytes);
    return s;
}

xp_status xp_trainer_save(const xp_trainer *t, const char *path, xp_bytes loop, xp_error *err) {
    char *graph = NULL, *hex = to_hex(loop);
    if (t->swapped) {
        free(hex);
        return xp_fail(err, XP_ERR_USAGE, "the averaged weights are in the model: swap them back");
    }
    if (!hex) return xp_fail(err, XP_ERR_MEMORY, "no memory for a training state");
    xp_status s = xp_graph_to_json(&t->m->graph, &graph, err);
    if (s == XP_OK) s = write_state(t, path, graph, hex, err);
    free(graph);
    free(hex);
    return s;
}

/* ==== loading ==== */

typedef struct state {
    const xp_st_tensor *weights, *moment1, *moment2, *average;
    uint64_t steps, seed, rate_scale;
    const char *loop;
} state;

static xp_status find_tensor(const xp_safetensors *st, const char *name, size_t count,
                             const xp_st_tensor **out, xp_error *err) {
    *out = xp_safetensors_find(st, name);
    if (*out && (*out)->dtype == XP_F32 && (*out)->count == count) return XP_OK;
    return xp_fail(err, XP_ERR_SHAPE, "tensor \"%s\" is not there with %zu F32 values", name,
                   count);
}

static bool read_number(const xp_safetensors *st, const char *key, int base, uint64_t *out) {
    const char *text = xp_safetensors_meta(st, key);
    char *end;
    if (!text || !*text) return false;
    errno = 0;
    *out = strtoull(text, &end, base);
    return errno == 0 && *end == '\0';
}

static xp_status check_graph(const xp_trainer *t, const xp_safetensors *st, xp_error *err) {
    char *graph = NULL;
    const char *stored = xp_safetensors_meta(st, "graph");
    XP_TRY(xp_graph_to_json(&t->m->graph, &graph, err));
    const bool same = stored && strcmp(stored, graph) == 0;
    free(graph);
    if (same) return XP_OK;
    return xp_fail(
        err, XP_ERR_SHAPE,
        "the state belongs to another network; resume with the options it was made with");
}

static xp_status find_state(const xp_trainer *t, const xp_safetensors *st, state *s,
                            xp_error *err) {
    const char *format = xp_safetensors_meta(st, "format");
    const size_t n = t->m->graph.n_weights;
    if (!format || strcmp(format, STATE_FORMAT) != 0)
        return xp_fail(err, XP_ERR_FORMAT, "not a training state (\"format\" is %s, expected %s)",
                       format ? format : "absent", STATE_FORMAT);
    XP_TRY(check_graph(t, st, err));
    XP_TRY(find_tensor(st, "weights", n, &s->weights, err));
    XP_TRY(find_tensor(st, "adam.m", n, &s->moment1, err));
    XP_TRY(find_tensor(st, "adam.v", n, &s->moment2, err));
    if (t->average) XP_TRY(find_tensor(st, "average", n, &s->average, err));
    s->loop = xp_safetensors_meta(st, "loop");
    if (s->loop && read_number(st, "steps", 10, &s->steps) &&
        read_number(st, "seed", 10, &s->seed) && read_number(st, "rate_scale", 16, &s->rate_scale))
        return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT, "the counters of the training state are damaged");
}

/* Nothing can fail any more. */
static void take_state(xp_trainer *t, const state *s) {
    const size_t bytes = t->m->graph.n_weights * sizeof(float);
    memcpy(t->m->weights, s->weights->data, bytes);
    memcpy(t->moment1, s->moment1->data, bytes);
    memcpy(t->moment2, s->moment2->data, bytes);
    if (t->average) memcpy(t->average, s->average->data, bytes);
    t->steps = s->steps;
    t->step.seed = s->seed;
    t->rate_scale = from_bits(s->rate_scale);
    t->swapped = false;
}

static xp_status load(xp_trainer *t, xp_bytes file, uint8_t **loop, size_t *loop_size,
                      xp_error *err) {
    xp_safetensors st;
    state found = {0};
    size_t size = 0;
    XP_TRY(xp_safetensors_read(&st, file, err));
    xp_status s = find_state(t, &st, &found, err);
    uint8_t *bytes = NULL;
    if (s == XP_OK) s = from_hex(found.loop, &bytes, &size, err);
    if (s == XP_OK) take_state(t, &found);
    xp_safetensors_free(&st);
    if (s == XP_OK && loop) {
        *loop = bytes;
        *loop_size = size;
    } else {
        free(bytes);
    }
    return s;
}

xp_status xp_trainer_load(xp_trainer *t, const char *path, uint8_t **loop, size_t *loop_size,
                          xp_error *err) {
    uint8_t *data = NULL;
    size_t size = 0;
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_status s = load(t, (xp_bytes){data, size}, loop, loop_size, err);
    if (s != XP_OK) xp_fail_prefix(err, s, "%s", path);
    free(data);
    return s;
}
