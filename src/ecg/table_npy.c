/* NumPy's .npy as a recording: an array of numbers, (samples, leads) or (leads, samples). */
#include "ecg/table_array.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct head {
    xp_array array;
    int dims;
    size_t at; /* of the elements */
} head;

/* The text behind "'key':" in the header, a Python literal. */
static const char *find_key(const char *text, const char *key) {
    const char *at = strstr(text, key);
    if (!at) return NULL;
    at += strlen(key);
    return at + strspn(at, "'\": ");
}

static bool read_type(xp_array *a, const char *text) {
    char order = text[0], kind = text[1];
    if (!strchr("<>|=", order) || !strchr("fiub", kind)) return false;
    int size = atoi(text + 2);
    bool fits = size == 2 || size == 4 || size == 8 || (size == 1 && kind != 'f');
    a->kind = kind == 'b' ? 'u' : kind;
    a->size = size;
    a->big_endian = order == '>';
    return fits;
}

/* "(5000, 12)": one or two numbers that a file of `bytes` bytes can hold. */
static bool read_shape(head *h, const char *text, size_t bytes) {
    int64_t dims[2] = {0, 1};
    if (*text++ != '(') return false;
    for (h->dims = 0; *text != ')'; h->dims++) {
        char *end;
        if (h->dims == 2) return false;
        long long v = strtoll(text, &end, 10);
        if (end == text || v < 0 || (uint64_t)v > bytes) return false;
        dims[h->dims] = v;
        text = end + strspn(end, ", ");
        if (!*text) return false;
    }
    h->array.rows = dims[0];
    h->array.cols = dims[1];
    return h->dims > 0;
}

static bool read_head(head *h, xp_bytes file, size_t bytes) {
    char text[512];
    if (file.size < 12 || memcmp(file.data, "\x93NUMPY", 6)) return false;
    bool longer = file.data[6] > 1;
    size_t from = longer ? 12 : 10, n = (size_t)xp_load_le(file.data + 8, longer ? 4 : 2);
    if (n > 1 << 16 || from + n > file.size || n >= sizeof text) return false;
    memcpy(text, file.data + from, n);
    text[n] = 0;
    const char *type = find_key(text, "descr"), *order = find_key(text, "fortran_order");
    const char *shape = find_key(text, "shape");
    *h = (head){.at = from + n};
    if (!type || strlen(type) < 3 || !order || !shape || !read_type(&h->array, type)) return false;
    h->array.columns = !strncmp(order, "True", 4);
    return read_shape(h, shape, bytes);
}

/* Only arrays that may be a recording: some signals of many samples. Prepared windows have three
 * dimensions. */
static xp_likeness sniff(const char *name, xp_bytes start) {
    head h;
    (void)name;
    if (!read_head(&h, start, SIZE_MAX)) return XP_UNLIKE;
    int64_t few = h.array.rows < h.array.cols ? h.array.rows : h.array.cols;
    int64_t many = h.array.rows < h.array.cols ? h.array.cols : h.array.rows;
    return few >= 1 && few <= 64 && many >= 100 ? XP_LIKE_BY_CONTENT : XP_UNLIKE;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_bytes file;
    head h;
    XP_TRY(src->get(src->ctx, name, &file, err));
    if (!read_head(&h, file, file.size))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "%s: expected an array of one or two dimensions of whole numbers, float16, "
                       "float32 or float64: save it as such",
                       name);
    uint64_t held = (file.size - h.at) / (size_t)h.array.size;
    if (h.array.cols && (uint64_t)h.array.rows > held / (uint64_t)h.array.cols)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "%s: its header says %lld x %lld elements, it holds %llu: is the file cut "
                       "off?",
                       name, (long long)h.array.rows, (long long)h.array.cols,
                       (unsigned long long)held);
    h.array.data = file.data + h.at;
    xp_file_window window;
    const bool look = xp_array_look(&h.array, opt, &window, src, name, file.data);
    const xp_status s = xp_array_to_stored(w, &h.array, name, opt, err);
    if (look) xp_file_window_close(&window);
    return s;
}

const xp_format xp_format_npy = {
    .name = "NumPy array",
    .help = "A NumPy array (.npy) has a row for each sample and a column for each lead.",
    .sniff = sniff,
    .read = read,
};
