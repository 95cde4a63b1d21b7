#include "nn/safetensors.h"

#include "base/arena.h"
#include "nn/float16.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
#define X(type, name, size) {name, size},
    XP_DTYPE_LIST(X)
#undef X
};
#define N_DTYPES (int)(sizeof dtypes / sizeof *dtypes)

const char *xp_dtype_name(xp_dtype d) {
    return (int)d < N_DTYPES ? dtypes[d].name : "?";
}

/* ==== Reading ================================================================================ */

/* Bytes of the UTF-8 sequence at p (1 to 4), or 0 when it is not one (overlong, surrogate, cut). */
static size_t utf8_length(const uint8_t *p, size_t left) {
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return n;
}

/* cJSON's strings end at the first NUL, so a NUL, raw or escaped, would let two different names
 * look alike: refused here, as is text that is not UTF-8. */
static xp_status check_text(const uint8_t *p, size_t n, xp_error *err) {
    for (size_t i = 0, step; i < n; i += step) {
        step = utf8_length(p + i, n - i);
        if (step == 0 || p[i] == 0)
            return xp_fail(err, XP_ERR_FORMAT, "safetensors: header byte %zu is not UTF-8 text", i);
        if (p[i] != '\\') continue;
        if (n - i >= 6 && !memcmp(p + i, "\\u0000", 6))
            return xp_fail(err, XP_ERR_FORMAT, "safetensors: a NUL in the header at byte %zu", i);
        if (n - i >= 2 && p[i + 1] < 0x80) step = 2;
    }
    return XP_OK;
}

static xp_status parse_header(cJSON **json, const uint8_t *p, size_t n, xp_error *err) {
    if (n == 0 || p[0] != '{')
        return xp_fail(err, XP_ERR_FORMAT, "safetensors: the header does not begin with '{'");
    XP_TRY(check_text(p, n, err));
    const char *end = NULL;
    cJSON *j = cJSON_ParseWithLengthOpts((const char *)p, n, &end, 0);
    if (!j) {
        size_t at = end ? (size_t)(end - (const char *)p) : 0;
        return xp_fail(err, XP_ERR_FORMAT, "safetensors: the header is not JSON (near byte %zu)",
                       at);
    }
    for (size_t i = (size_t)(end - (const char *)p); i < n; i++) {
        if (p[i] == ' ') continue;
        cJSON_Delete(j);
        return xp_fail(err, XP_ERR_FORMAT, "safetensors: text after the header's JSON at byte %zu",
                       i);
    }
    *json = j;
    return XP_OK;
}

/* A JSON number that is a size: an integer that a double holds exactly. */
static bool json_size(const cJSON *j, size_t *out) {
    if (!cJSON_IsNumber(j) || !(j->valuedouble >= 0) || j->valuedouble > 0x1p53) return false;
    double v = j->valuedouble;
    if (v != floor(v) || v > (double)(SIZE_MAX / 2)) return false;
    *out = (size_t)v;
    return true;
}

static xp_status read_shape(xp_st_tensor *t, const cJSON *shape, xp_error *err) {
    if (!cJSON_IsArray(shape))
        return xp_fail(err, XP_ERR_FORMAT, "tensor %s: \"shape\" must be an array", t->name);
    t->count = 1;
    const cJSON *e;
    cJSON_ArrayForEach(e, shape) {
        if (t->ndim == XP_ST_MAX_DIMS)
            return xp_fail(err, XP_ERR_LIMIT, "tensor %s: more than %d dimensions", t->name,
                           XP_ST_MAX_DIMS);
        size_t d;
        if (!json_size(e, &d) || !xp_mul_size(t->count, d, &t->count))
            return xp_fail(err, XP_ERR_FORMAT, "tensor %s: dimension %d is not a size", t->name,
                           t->ndim);
        t->shape[t->ndim++] = d;
    }
    return XP_OK;
}

/* Offsets inside the data, and as many bytes as the shape and type need. */
static xp_status read_offsets(xp_st_tensor *t, const cJSON *offsets, xp_bytes data, xp_error *err) {
    size_t begin, end, need;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !json_size(cJSON_GetArrayItem(offsets, 0), &begin) ||
        !json_size(cJSON_GetArrayItem(offsets, 1), &end))
        return xp_fail(err, XP_ERR_FORMAT, "tensor %s: \"data_offsets\" must be two sizes",
                       t->name);
    if (begin > end || end > data.size)
        return xp_fail(
            err, end > data.size ? XP_ERR_TRUNCATED : XP_ERR_FORMAT,
            "tensor %s: data_offsets %zu..%zu do not lie in the file's %zu bytes of data", t->name,
            begin, end, data.size);
    if (!xp_mul_size(t->count, dtypes[t->dtype].size, &need) || need != end - begin)
        return xp_fail(err, XP_ERR_SHAPE,
                       "tensor %s: %zu values of %s do not fill its %zu bytes exactly", t->name,
                       t->count, dtypes[t->dtype].name, end - begin);
    t->data = data.data + begin;
    return XP_OK;
}

static xp_status read_tensor(xp_st_tensor *t, const cJSON *j, xp_bytes data, xp_error *err) {
    *t = (xp_st_tensor){.name = strdup(j->string)};
    if (!t->name) return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory");
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(j, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(j, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(j, "data_offsets");
    /* Exactly three: a second "shape" would be one that another reader prefers. */
    if (!cJSON_IsObject(j) || cJSON_GetArraySize(j) != 3 || !cJSON_IsString(dtype) || !shape ||
        !offsets)
        return xp_fail(err, XP_ERR_FORMAT,
                       "tensor %s: expected \"dtype\", \"shape\" and \"data_offsets\", each once",
                       t->name);
    int d = 0;
    while (d < N_DTYPES && strcmp(dtypes[d].name, dtype->valuestring)) d++;
    if (d == N_DTYPES)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "tensor %s: type %.16s is not supported", t->name,
                       dtype->valuestring);
    t->dtype = (xp_dtype)d;
    XP_TRY(read_shape(t, shape, err));
    return read_offsets(t, offsets, data, err);
}

static xp_status read_meta(xp_safetensors *st, const cJSON *j, xp_error *err) {
    if (!cJSON_IsObject(j) || st->meta)
        return xp_fail(err, XP_ERR_FORMAT, "safetensors: __metadata__ must be one object");
    st->meta = calloc((size_t)cJSON_GetArraySize(j) + 1, sizeof *st->meta);
    if (!st->meta) return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory");
    const cJSON *e;
    cJSON_ArrayForEach(e, j) {
        if (!cJSON_IsString(e))
            return xp_fail(err, XP_ERR_FORMAT,
                           "safetensors: metadata \"%.64s\" must be a string of text", e->string);
        xp_st_meta *m = &st->meta[st->n_meta++];
        m->key = strdup(e->string);
        m->value = strdup(e->valuestring);
        if (!m->key || !m->value)
            return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory");
    }
    return XP_OK;
}

static int by_data(const void *a, const void *b) {
    const xp_st_tensor *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    size_t nx = x->count * dtypes[x->dtype].size, ny = y->count * dtypes[y->dtype].size;
    return nx < ny ? -1 : nx > ny;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts tensors by their data; every byte must belong to exactly one of them. */
static xp_status check_cover(xp_safetensors *st, xp_bytes data, xp_error *err) {
    qsort(st->tensors, (size_t)st->n_tensors, sizeof *st->tensors, by_data);
    const uint8_t *at = data.data;
    for (int i = 0; i < st->n_tensors; i++) {
        const xp_st_tensor *t = &st->tensors[i];
        if (t->data != at)
            return xp_fail(err, XP_ERR_FORMAT,
                           "tensor %s: its data %s those of the tensor before it", t->name,
                           t->data < at ? "overlap" : "leave a gap after");
        at += t->count * dtypes[t->dtype].size;
    }
    if (at != data.data + data.size)
        return xp_fail(err, XP_ERR_FORMAT, "safetensors: %zu bytes at the end belong to no tensor",
                       (size_t)(data.data + data.size - at));
    return XP_OK;
}

/* names: room for n. */
static xp_status check_unique(char **names, int n, const char *what, xp_error *err) {
    qsort(names, (size_t)n, sizeof *names, by_text);
    for (int i = 1; i < n; i++)
        if (!strcmp(names[i - 1], names[i]))
            return xp_fail(err, XP_ERR_FORMAT, "safetensors: %s \"%.64s\" appears twice", what,
                           names[i]);
    return XP_OK;
}

static xp_status check_names(const xp_safetensors *st, xp_error *err) {
    int n = st->n_tensors > st->n_meta ? st->n_tensors : st->n_meta;
    char **names = malloc(((size_t)n + 1) * sizeof *names);
    if (!names) return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory");
    for (int i = 0; i < st->n_tensors; i++) names[i] = st->tensors[i].name;
    xp_status s = check_unique(names, st->n_tensors, "tensor", err);
    for (int i = 0; i < st->n_meta; i++) names[i] = st->meta[i].key;
    if (s == XP_OK) s = check_unique(names, st->n_meta, "metadata key", err);
    free(names);
    return s;
}

static xp_status read_entries(xp_safetensors *st, const cJSON *json, xp_bytes data, xp_error *err) {
    st->tensors = calloc((size_t)cJSON_GetArraySize(json) + 1, sizeof *st->tensors);
    if (!st->tensors) return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory");
    const cJSON *e;
    cJSON_ArrayForEach(e, json) {
        if (!strcmp(e->string, "__metadata__"))
            XP_TRY(read_meta(st, e, err));
        else
            XP_TRY(read_tensor(&st->tensors[st->n_tensors++], e, data, err));
    }
    XP_TRY(check_names(st, err));
    return check_cover(st, data, err);
}

xp_status xp_safetensors_read(xp_safetensors *out, xp_bytes file, xp_error *err) {
    xp_cursor c = xp_cursor_make(file);
    uint64_t n = xp_cursor_u64(&c);
    if (c.overrun)
        return xp_fail(err, XP_ERR_TRUNCATED, "safetensors: %zu bytes, a file begins with 8",
                       file.size);
    if (n > XP_ST_MAX_HEADER)
        return xp_fail(err, XP_ERR_LIMIT,
                       "safetensors: header of %llu bytes, the limit is %zu; is it such a file?",
                       (unsigned long long)n, XP_ST_MAX_HEADER);
    const uint8_t *header = xp_cursor_take(&c, (size_t)n);
    if (!header)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "safetensors: header of %llu bytes in a file of %zu bytes",
                       (unsigned long long)n, file.size);
    cJSON *json = NULL;
    XP_TRY(parse_header(&json, header, (size_t)n, err));
    xp_safetensors st = {0};
    xp_bytes data = {c.data + c.at, xp_cursor_left(&c)};
    xp_status s = read_entries(&st, json, data, err);
    cJSON_Delete(json);
    if (s != XP_OK)
        xp_safetensors_free(&st);
    else
        *out = st;
    return s;
}

void xp_safetensors_free(xp_safetensors *st) {
    for (int i = 0; i < st->n_tensors; i++) free(st->tensors[i].name);
    for (int i = 0; i < st->n_meta; i++) {
        free(st->meta[i].key);
        free(st->meta[i].value);
    }
    free(st->tensors);
    free(st->meta);
    *st = (xp_safetensors){0};
}

const xp_st_tensor *xp_safetensors_find(const xp_safetensors *st, const char *name) {
    for (int i = 0; i < st->n_tensors; i++)
        if (!strcmp(st->tensors[i].name, name)) return &st->tensors[i];
    return NULL;
}

const char *xp_safetensors_meta(const xp_safetensors *st, const char *key) {
    for (int i = 0; i < st->n_meta; i++)
        if (!strcmp(st->meta[i].key, key)) return st->meta[i].value;
    return NULL;
}

static float load_f32(const uint8_t *p) {
    uint32_t u = (uint32_t)xp_load_le(p, 4);
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static float load_f64(const uint8_t *p) {
    uint64_t u = xp_load_le(p, 8);
    double x;
    memcpy(&x, &u, sizeof x);
    return fabs(x) > 0x1.ffffffp127 ? (float)copysign(INFINITY, x) : (float)x;
}

xp_status xp_safetensors_floats(const xp_st_tensor *t, float *out, xp_error *err) {
    const uint8_t *p = t->data;
    size_t n = t->count;
    switch (t->dtype) {
    case XP_F32:
        for (size_t i = 0; i < n; i++) out[i] = load_f32(p + 4 * i);
        return XP_OK;
    case XP_F64:
        for (size_t i = 0; i < n; i++) out[i] = load_f64(p + 8 * i);
        return XP_OK;
    case XP_F16:
        for (size_t i = 0; i < n; i++)
            out[i] = xp_float16_to_float((uint16_t)xp_load_le(p + 2 * i, 2));
        return XP_OK;
    case XP_BF16:
        for (size_t i = 0; i < n; i++)
            out[i] = xp_bfloat_to_float((uint16_t)xp_load_le(p + 2 * i, 2));
        return XP_OK;
    default:
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "tensor %s: weights of type %s, expected F32, F16, BF16 or F64", t->name,
                       xp_dtype_name(t->dtype));
    }
}

/* ==== Writing ================================================================================ */

static xp_status source_count(const xp_st_source *t, size_t *count, xp_error *err) {
    *count = 1;
    for (int d = 0; d < t->ndim; d++)
        if (t->shape[d] < 0 || !xp_mul_size(*count, (size_t)t->shape[d], count))
            return xp_fail(err, XP_ERR_SHAPE, "tensor %s: dimension %d is not a size", t->name, d);
    return XP_OK;
}

static bool add_tensor(cJSON *json, const xp_st_source *t, xp_dtype dtype, size_t begin,
                       size_t end) {
    cJSON *j = cJSON_AddObjectToObject(json, t->name);
    if (!j || !cJSON_AddStringToObject(j, "dtype", dtypes[dtype].name)) return false;
    cJSON *shape = cJSON_AddArrayToObject(j, "shape");
    cJSON *offsets = shape ? cJSON_AddArrayToObject(j, "data_offsets") : NULL;
    if (!offsets) return false;
    for (int d = 0; d < t->ndim; d++)
        if (!cJSON_AddItemToArray(shape, cJSON_CreateNumber(t->shape[d]))) return false;
    return cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)begin)) &&
           cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)end));
}

static bool add_meta(cJSON *json, const xp_st_meta *meta, int n) {
    if (n == 0) return true;
    cJSON *j = cJSON_AddObjectToObject(json, "__metadata__");
    if (!j) return false;
    for (int i = 0; i < n; i++)
        if (!cJSON_AddStringToObject(j, meta[i].key, meta[i].value)) return false;
    return true;
}

/* One tensor's data at p, which has room for them. */
static xp_status put_data(uint8_t *p, const xp_st_source *t, size_t count, xp_dtype dtype,
                          xp_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (dtype == XP_F32) {
            uint32_t u;
            memcpy(&u, &t->data[i], sizeof u);
            xp_store_le(p + 4 * i, u, 4);
            continue;
        }
        uint16_t h = xp_float16_from_float(t->data[i]);
        if ((h & 0x7fff) == 0x7c00 && isfinite(t->data[i]))
            return xp_fail(err, XP_ERR_LIMIT,
                           "tensor %s: value %g at %zu is too large for float16; write float32",
                           t->name, (double)t->data[i], i);
        xp_store_le(p + 2 * i, h, 2);
    }
    return XP_OK;
}

/* Header text, malloc'ed by cJSON, and the bytes of data that it announces. */
static xp_status make_header(char **text, size_t *data_size, const xp_st_source *tensors, int n,
                             const xp_st_meta *meta, int n_meta, xp_dtype dtype, xp_error *err) {
    cJSON *json = cJSON_CreateObject();
    bool ok = json && add_meta(json, meta, n_meta);
    xp_status s = XP_OK;
    size_t at = 0;
    for (int i = 0; ok && s == XP_OK && i < n; i++) {
        size_t begin = at, bytes;
        s = source_count(&tensors[i], &bytes, err);
        if (s != XP_OK) break;
        if (!xp_mul_size(bytes, dtypes[dtype].size, &bytes) || !xp_add_size(at, bytes, &at))
            s = xp_fail(err, XP_ERR_LIMIT, "tensor %s: the file would be too large",
                        tensors[i].name);
        else
            ok = add_tensor(json, &tensors[i], dtype, begin, at);
    }
    *text = ok && s == XP_OK ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    *data_size = at;
    if (s == XP_OK && !*text)
        return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory for the header");
    return s;
}

xp_status xp_safetensors_write(const xp_st_source *tensors, int n, const xp_st_meta *meta,
                               int n_meta, xp_dtype dtype, uint8_t **bytes, size_t *size,
                               xp_error *err) {
    if (dtype != XP_F32 && dtype != XP_F16)
        return xp_fail(err, XP_ERR_USAGE, "safetensors: can write F32 and F16, not %s",
                       xp_dtype_name(dtype));
    char *text;
    size_t data_size, total;
    XP_TRY(make_header(&text, &data_size, tensors, n, meta, n_meta, dtype, err));
    size_t length = strlen(text), padded = (length + 7) & ~(size_t)7;
    xp_status s = check_text((const uint8_t *)text, length, err); /* names are the caller's */
    if (s != XP_OK) {
        cJSON_free(text);
        return s;
    }
    if (padded > XP_ST_MAX_HEADER || !xp_add_size(8 + padded, data_size, &total)) {
        cJSON_free(text);
        return xp_fail(err, XP_ERR_LIMIT, "safetensors: header of %zu bytes, the limit is %zu",
                       length, XP_ST_MAX_HEADER);
    }
    uint8_t *out = malloc(total);
    if (!out) {
        cJSON_free(text);
        return xp_fail(err, XP_ERR_MEMORY, "safetensors: not enough memory for %zu bytes", total);
    }
    xp_store_le(out, padded, 8);
    memcpy(out + 8, text, length);
    memset(out + 8 + length, ' ', padded - length);
    cJSON_free(text);
    uint8_t *p = out + 8 + padded;
    for (int i = 0; i < n && s == XP_OK; i++) {
        size_t count;
        s = source_count(&tensors[i], &count, err);
        if (s == XP_OK) s = put_data(p, &tensors[i], count, dtype, err);
        p += count * dtypes[dtype].size;
    }
    if (s != XP_OK) {
        free(out);
        return s;
    }
    *bytes = out;
    *size = total;
    return XP_OK;
}
