#include "convert/onnx/message.h"
#include "base/arena.h"
#include "convert/onnx.h"
#include "nn/float16.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool xp_onnx_is(xp_bytes file) {
    /* Field 1, ir_version, comes first: tag 0x08, then a small number; the next field's tag. */
    return file.size >= 4 && file.data[0] == 0x08 && file.data[1] > 0 && file.data[1] < 64 &&
           file.data[2] != 0;
}

bool xp_onnx_is_ours(xp_bytes file) {
    /* Field 2, producer_name, is next. */
    static const uint8_t producer[] = {0x12, 6, 'x', 'p', 'l', 'a', 'i', 'm'};
    return xp_onnx_is(file) && file.size >= 2 + sizeof producer &&
           !memcmp(file.data + 2, producer, sizeof producer);
}

/* ==== limits =================================================================================
 *
 * A walk over the wire format with the messages' descriptors, before protobuf-c sees it:
 * submessages nest at most MAX_DEPTH deep, a field that is not repeated comes once (protobuf-c
 * would merge, each time copying what it has), and the memory for all messages is counted. */

enum { MAX_DEPTH = 32, MAX_FIELDS = 64 };
static const size_t max_overhead = (size_t)48 << 20; /* bytes of messages, beyond the file */

typedef struct walk {
    size_t need; /* bytes that protobuf-c will allocate, at most */
    const char *problem;
} walk;

static bool read_varint(xp_cursor *c, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t b = xp_cursor_u8(c);
        *out |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) return !c->overrun;
    }
    return false;
}

/* The content of a field; empty for numbers. */
static bool read_content(xp_cursor *c, int wire, xp_bytes *content) {
    uint64_t v;
    *content = (xp_bytes){0};
    switch (wire) {
    case 0:
        return read_varint(c, &v);
    case 1:
        return xp_cursor_take(c, 8) != NULL;
    case 2:
        if (!read_varint(c, &v) || v > xp_cursor_left(c)) return false;
        content->size = (size_t)v;
        content->data = xp_cursor_take(c, content->size);
        return true;
    case 5:
        return xp_cursor_take(c, 4) != NULL;
    default:
        return false;
    }
}

static bool walk_message(walk *w, const ProtobufCMessageDescriptor *d, xp_bytes bytes, int depth);

static bool walk_field(walk *w, const ProtobufCMessageDescriptor *d, xp_cursor *c, bool *seen,
                       int depth) {
    uint64_t tag;
    xp_bytes content;
    if (!read_varint(c, &tag) || tag >> 3 == 0 || tag >> 3 > INT32_MAX ||
        !read_content(c, (int)(tag & 7), &content)) {
        w->problem = "it is no protobuf message, or ends too early";
        return false;
    }
    /* Its place in a list, the note that protobuf-c keeps of it, its bytes: packed numbers grow up
     * to eight times. */
    w->need += 128;
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
    if (!f) return true;
    size_t index = (size_t)(f - d->fields);
    if (f->label != PROTOBUF_C_LABEL_REPEATED && index < MAX_FIELDS) {
        if (seen[index]) w->problem = "a field that may come once comes twice";
        seen[index] = true;
    }
    if (w->problem || f->type != PROTOBUF_C_TYPE_MESSAGE) {
        bool grows = f->type != PROTOBUF_C_TYPE_BYTES && f->type != PROTOBUF_C_TYPE_STRING &&
                     f->type != PROTOBUF_C_TYPE_FLOAT && f->type != PROTOBUF_C_TYPE_DOUBLE;
        w->need += content.size * (grows ? 8 : 1);
        return !w->problem;
    }
    return walk_message(w, f->descriptor, content, depth + 1);
}

static bool walk_message(walk *w, const ProtobufCMessageDescriptor *d, xp_bytes bytes, int depth) {
    bool seen[MAX_FIELDS] = {0};
    xp_cursor c = xp_cursor_make(bytes);
    if (depth > MAX_DEPTH) w->problem = "its messages are nested too deep";
    w->need += d->sizeof_message;
    while (!w->problem && xp_cursor_left(&c) > 0)
        if (!walk_field(w, d, &c, seen, depth)) return false;
    return !w->problem;
}

xp_status onnx_message_read(Onnx__ModelProto **out, xp_bytes file, xp_error *err) {
    walk w = {0};
    if (file.size > INT32_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "%zu bytes: an ONNX file has at most 2 GB", file.size);
    if (!walk_message(&w, &onnx__model_proto__descriptor, file, 0))
        return xp_fail(err, XP_ERR_FORMAT, "not an ONNX model: %s",
                       w.problem ? w.problem : "it ends too early");
    if (w.need > max_overhead + 4 * file.size)
        return xp_fail(err, XP_ERR_LIMIT,
                       "the ONNX model would take %zu bytes of memory to read, its file has %zu",
                       w.need, file.size);
    *out = onnx__model_proto__unpack(NULL, file.size, file.data);
    if (*out) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "not an ONNX model: its messages are damaged, or memory ran out");
}

void onnx_message_free(Onnx__ModelProto *message) {
    if (message) onnx__model_proto__free_unpacked(message, NULL);
}

/* ==== errors and attributes ================================================================== */

xp_status onnx_fail(xp_error *err, xp_status code, const onnx_node *n, const char *fmt, ...) {
    char what[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    const char *name = n->name && n->name[0] ? n->name : n->n_output ? n->output[0] : "";
    return xp_fail(err, code, "node \"%.80s\" (%.40s): %s", name, n->op_type, what);
}

const Onnx__AttributeProto *onnx_attribute(const onnx_node *n, const char *name) {
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && !strcmp(n->attribute[i]->name, name)) return n->attribute[i];
    return NULL;
}

static xp_status wrong_type(const onnx_node *n, const char *name, const char *expected,
                            xp_error *err) {
    return onnx_fail(err, XP_ERR_FORMAT, n, "attribute %s is not %s", name, expected);
}

xp_status onnx_get_int(const onnx_node *n, const char *name, int64_t otherwise, int64_t *out,
                       xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, name);
    *out = a && a->has_i ? a->i : otherwise;
    /* Protobuf 3 writers leave out a zero. */
    if (!a || a->has_i || (a->has_type && a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)) {
        if (a && !a->has_i) *out = 0;
        return XP_OK;
    }
    return wrong_type(n, name, "an integer", err);
}

xp_status onnx_get_float(const onnx_node *n, const char *name, float otherwise, float *out,
                         xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, name);
    *out = a && a->has_f ? a->f : otherwise;
    if (!a || a->has_f ||
        (a->has_type && a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT)) {
        if (a && !a->has_f) *out = 0;
        return XP_OK;
    }
    return wrong_type(n, name, "a number", err);
}

xp_status onnx_get_text(const onnx_node *n, const char *name, const char *otherwise, char *out,
                        size_t size, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, name);
    if (a && (!a->has_s || a->s.len >= size)) return wrong_type(n, name, "a short text", err);
    if (a)
        snprintf(out, size, "%.*s", (int)a->s.len, (const char *)a->s.data);
    else
        snprintf(out, size, "%s", otherwise);
    return XP_OK;
}

xp_status onnx_get_ints(const onnx_node *n, const char *name, int count, int64_t *out,
                        xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, name);
    if (!a) return XP_OK;
    if (a->n_ints != (size_t)count)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute %s has %zu integers, expected %d",
                         name, a->n_ints, count);
    memcpy(out, a->ints, (size_t)count * sizeof *out);
    return XP_OK;
}

/* ==== tensors ================================================================================ */

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
    HALF = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16,
    BFLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16,
    INT32 = ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
    INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
    BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL
};

static size_t element_size(int type) {
    switch (type) {
    case DOUBLE:
    case INT64:
        return 8;
    case FLOAT:
    case INT32:
        return 4;
    case HALF:
    case BFLOAT:
        return 2;
    case BOOL:
        return 1;
    default:
        return 0;
    }
}

static size_t typed_count(const onnx_tensor *t) {
    switch (t->data_type) {
    case FLOAT:
        return t->n_float_data;
    case DOUBLE:
        return t->n_double_data;
    case INT64:
        return t->n_int64_data;
    default:
        return t->n_int32_data;
    }
}

bool onnx_tensor_is_float(const onnx_tensor *t) {
    return t->data_type == FLOAT || t->data_type == DOUBLE || t->data_type == HALF ||
           t->data_type == BFLOAT;
}

xp_status onnx_tensor_count(const onnx_tensor *t, size_t *count, xp_error *err) {
    const char *name = t->name ? t->name : "";
    size_t n = 1, size = element_size(t->data_type), bytes;
    if (t->n_external_data || (t->has_data_location && t->data_location))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "tensor \"%.80s\" lies in a file of its own: export the model as one file",
                       name);
    if (size == 0 || t->segment)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "tensor \"%.80s\" is of type %d, expected float32, float16, bfloat16 or "
                       "float64 (integers for shapes)",
                       name, t->data_type);
    for (size_t i = 0; i < t->n_dims; i++)
        if (t->dims[i] < 0 || !xp_mul_size(n, (size_t)t->dims[i], &n))
            return xp_fail(err, XP_ERR_FORMAT, "tensor \"%.80s\" has an impossible shape", name);
    bool fits = xp_mul_size(n, size, &bytes);
    if (!fits || (t->has_raw_data ? t->raw_data.len != bytes : typed_count(t) != n))
        return xp_fail(err, XP_ERR_FORMAT,
                       "tensor \"%.80s\" has %zu %s of data, its shape asks for %zu", name,
                       t->has_raw_data ? t->raw_data.len : typed_count(t),
                       t->has_raw_data ? "bytes" : "elements", t->has_raw_data ? bytes : n);
    *count = n;
    return XP_OK;
}

static float raw_float(const onnx_tensor *t, size_t i) {
    const uint8_t *p = t->raw_data.data + i * element_size(t->data_type);
    uint64_t bits = xp_load_le(p, (int)element_size(t->data_type));
    if (t->data_type == HALF) return xp_float16_to_float((uint16_t)bits);
    if (t->data_type == BFLOAT) return xp_bfloat_to_float((uint16_t)bits);
    if (t->data_type == DOUBLE) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return (float)v;
    }
    uint32_t bits32 = (uint32_t)bits;
    float v;
    memcpy(&v, &bits32, sizeof v);
    return v;
}

static float typed_float(const onnx_tensor *t, size_t i) {
    if (t->data_type == FLOAT) return t->float_data[i];
    if (t->data_type == DOUBLE) return (float)t->double_data[i];
    uint16_t bits = (uint16_t)t->int32_data[i];
    return t->data_type == HALF ? xp_float16_to_float(bits) : xp_bfloat_to_float(bits);
}

void onnx_tensor_floats(const onnx_tensor *t, size_t count, float *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = t->has_raw_data ? raw_float(t, i) : typed_float(t, i);
}

bool onnx_tensor_is_all(const onnx_tensor *t, size_t count, float v) {
    for (size_t i = 0; i < count; i++)
        if ((t->has_raw_data ? raw_float(t, i) : typed_float(t, i)) != v) return false;
    return true;
}

static int64_t tensor_int(const onnx_tensor *t, size_t i) {
    if (!t->has_raw_data)
        return t->data_type == INT64 ? t->int64_data[i] : (int64_t)t->int32_data[i];
    if (t->data_type == INT64) return (int64_t)xp_load_le(t->raw_data.data + 8 * i, 8);
    if (t->data_type == BOOL) return t->raw_data.data[i] != 0;
    return (int32_t)xp_load_le(t->raw_data.data + 4 * i, 4);
}

xp_status onnx_tensor_ints(const onnx_tensor *t, int max, int64_t *out, int *n, xp_error *err) {
    size_t count = 0;
    XP_TRY(onnx_tensor_count(t, &count, err));
    if (onnx_tensor_is_float(t) || t->n_dims > 1 || count > (size_t)max)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "tensor \"%.80s\" is no list of at most %d integers", t->name ? t->name : "",
                       max);
    for (size_t i = 0; i < count; i++) out[i] = tensor_int(t, i);
    *n = (int)count;
    return XP_OK;
}
