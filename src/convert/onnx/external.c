#include "convert/onnx/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 4096 };

/* A file beside the model that was read. */
typedef struct side_file {
    const char *name; /* of the message */
    uint8_t *data;    /* owned */
    size_t size;
} side_file;

typedef struct fetch {
    const xp_onnx_files *beside;
    side_file *files; /* owned */
    int n;
    size_t held, taken; /* bytes in the files, and given to tensors */
} fetch;

static const char *entry(const onnx_tensor *t, const char *key) {
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = t->external_data[i];
        if (e->key && e->value && !strcmp(e->key, key)) return e->value;
    }
    return NULL;
}

static bool is_external(const onnx_tensor *t) {
    return t->n_external_data || (t->has_data_location && t->data_location);
}

/* A name that leads no further than the model's folder. */
static bool is_beside(const char *name) {
    if (!name[0] || name[0] == '/' || strchr(name, '\\') || strchr(name, ':')) return false;
    for (const char *part = name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (!strncmp(part, "..", 2) && (part[2] == '/' || part[2] == 0)) return false;
    return true;
}

static xp_status refuse(xp_error *err, const onnx_tensor *t, const char *name, const char *what) {
    return xp_fail(err, XP_ERR_FORMAT,
                   "tensor \"%.60s\" lies in the file \"%.80s\" beside the model: %s",
                   t->name ? t->name : "", name, what);
}

static xp_status find_file(fetch *f, const onnx_tensor *t, const char *name, const side_file **out,
                           xp_error *err) {
    for (int i = 0; i < f->n; i++)
        if (!strcmp(f->files[i].name, name)) {
            *out = &f->files[i];
            return XP_OK;
        }
    if (!is_beside(name))
        return refuse(err, t, name, "expected a name in the model's folder or below it");
    if (f->n == MAX_FILES) return refuse(err, t, name, "that is one of too many such files");
    side_file made = {.name = name};
    xp_status s = f->beside ? f->beside->read(f->beside->ctx, name, &made.data, &made.size, err)
                            : XP_ERR_NOT_FOUND;
    if (s == XP_ERR_NOT_FOUND)
        return xp_fail(
            err, s,
            "tensor \"%.60s\" lies in the file \"%.80s\", which is not beside the model: "
            "put it there, or export the model as one file (torch.onnx.export(..., "
            "external_data=False))",
            t->name ? t->name : "", name);
    if (s != XP_OK) return s;
    f->held += made.size;
    f->files[f->n] = made;
    *out = &f->files[f->n++];
    return XP_OK;
}

/* A number of the entry, or what it is without one. */
static bool read_size(const char *text, size_t otherwise, size_t *out) {
    char *end;
    *out = otherwise;
    if (!text) return true;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 18) return false;
    *out = (size_t)strtoull(text, &end, 10);
    return !*end;
}

static void forget_entries(onnx_tensor *t) {
    for (size_t i = 0; i < t->n_external_data; i++)
        onnx__string_string_entry_proto__free_unpacked(t->external_data[i], NULL);
    free(t->external_data);
    t->external_data = NULL;
    t->n_external_data = 0;
    t->has_data_location = false;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
}

/* The tensor's bytes into the message. Tensors that share bytes of a file would make much of
 * little: together they have no more than the files hold. */
static xp_status fetch_tensor(fetch *f, onnx_tensor *t, xp_error *err) {
    const char *name = entry(t, "location");
    const side_file *file = NULL;
    size_t offset, length;
    if (!is_external(t)) return XP_OK;
    if (!name)
        return xp_fail(err, XP_ERR_FORMAT, "tensor \"%.60s\" lies in a file that is not named",
                       t->name ? t->name : "");
    XP_TRY(find_file(f, t, name, &file, err));
    if (!read_size(entry(t, "offset"), 0, &offset) || offset > file->size ||
        !read_size(entry(t, "length"), file->size - offset, &length) ||
        length > file->size - offset)
        return refuse(err, t, name, "it ends before the tensor does; it is damaged or another one");
    f->taken += length;
    if (f->taken > f->held) return refuse(err, t, name, "other tensors have the same bytes");
    uint8_t *copy = malloc(length + 1);
    if (!copy) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    memcpy(copy, file->data + offset, length);
    if (t->has_raw_data) free(t->raw_data.data);
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){length, copy};
    forget_entries(t);
    return XP_OK;
}

static xp_status fetch_graph(fetch *f, Onnx__GraphProto *g, xp_error *err) {
    for (size_t i = 0; i < g->n_initializer; i++) XP_TRY(fetch_tensor(f, g->initializer[i], err));
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_attribute; k++)
            if (g->node[i]->attribute[k]->t)
                XP_TRY(fetch_tensor(f, g->node[i]->attribute[k]->t, err));
    return XP_OK;
}

xp_status onnx_fetch_external(Onnx__ModelProto *message, const xp_onnx_files *beside, size_t *bytes,
                              xp_error *err) {
    fetch f = {.beside = beside, .files = calloc(MAX_FILES, sizeof *f.files)};
    if (!f.files) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    xp_status s = message->graph ? fetch_graph(&f, message->graph, err) : XP_OK;
    for (int i = 0; i < f.n; i++) free(f.files[i].data);
    free(f.files);
    *bytes += f.held;
    return s;
}
