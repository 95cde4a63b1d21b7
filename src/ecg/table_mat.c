/* MATLAB's .mat of version 5 to 7 as a recording: its largest array of numbers, samples x leads or
 * leads x samples; a single number named fs (or the like) is the rate.
 *
 *   128 bytes: text, version, "IM" (little-endian) or "MI"
 *   elements: type and size (4 bytes each, or both in 4), data, filled up to 8 bytes
 *     14 matrix: flags, dimensions, name, real part, each an element
 *     15 the same, deflated */
#include "base/inflate.h"
#include "base/inflate_pipe.h"
#include "ecg/scratch.h"
#include "ecg/table_array.h"

#include <stdio.h>
#include <stdlib.h>

enum { MI_MATRIX = 14, MI_COMPRESSED = 15 };

typedef struct mat {
    xp_array best; /* the largest array so far */
    uint8_t *kept; /* owned: what best lies in, where it was deflated */
    double rate;   /* 0: not stated */
    bool big, no_samples;
    xp_scratch *unpacked; /* owned: the same of a large one, where no samples are wanted; or NULL */
} mat;

typedef struct element {
    uint32_t type;
    xp_bytes data;
} element;

static uint32_t load4(const uint8_t *p, bool big) {
    return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
               : (uint32_t)xp_load_le(p, 4);
}

/* The next element of b, which moves behind it; false where there is none, or it does not end in
 * b. */
static bool next_element(element *e, xp_bytes *b, bool big) {
    if (b->size < 8) return false;
    uint32_t type = load4(b->data, big), size;
    size_t head = 8, whole;
    if (type >> 16) { /* small: both in the first four bytes */
        size = type >> 16;
        type &= 0xffff;
        head = 4;
        whole = 8;
        if (size > 4) return false;
    } else {
        size = load4(b->data + 4, big);
        if (size > b->size - 8) return false;
        whole = 8 + (size_t)size;
        if (type != MI_COMPRESSED && whole % 8) whole += 8 - whole % 8;
        if (whole > b->size) whole = b->size;
    }
    *e = (element){type, {b->data + head, size}};
    b->data += whole;
    b->size -= whole;
    return true;
}

/* How the elements of a part are stored. */
static bool element_type(xp_array *a, uint32_t type) {
    static const struct {
        char kind;
        int size;
    } types[] = {{0, 0},   {'i', 1}, {'u', 1}, {'i', 2}, {'u', 2}, {'i', 4}, {'u', 4},
                 {'f', 4}, {0, 0},   {'f', 8}, {0, 0},   {0, 0},   {'i', 8}, {'u', 8}};
    if (type >= sizeof types / sizeof *types || !types[type].size) return false;
    a->kind = types[type].kind;
    a->size = types[type].size;
    return true;
}

static bool is_rate_name(xp_bytes name) {
    static const char *const names[] = {"fs",   "rate",        "sampling_rate", "samplingrate",
                                        "freq", "sample_rate", "samplefreq",    "sfreq"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name.size == strlen(names[i]) &&
            !strncasecmp((const char *)name.data, names[i], name.size))
            return true;
    return false;
}

/* True where the matrix is the best so far. */
static bool take_matrix(mat *m, xp_bytes b) {
    element flags, dims, name, real;
    xp_array a = {.big_endian = m->big, .columns = true};
    if (!next_element(&flags, &b, m->big) || flags.data.size < 8) return false;
    uint32_t bits = load4(flags.data.data, m->big);
    int class = (int)(bits & 0xff);
    bool is_complex = bits & 0x800;
    if (class < 6 || class > 15 || is_complex) return false; /* no array of real numbers */
    if (!next_element(&dims, &b, m->big) || dims.data.size != 8) return false;
    a.rows = load4(dims.data.data, m->big);
    a.cols = load4(dims.data.data + 4, m->big);
    if (!next_element(&name, &b, m->big) || !next_element(&real, &b, m->big)) return false;
    if (!element_type(&a, real.type)) return false;
    uint64_t held = real.data.size / (size_t)a.size;
    if (!a.rows || !a.cols || (uint64_t)a.rows > held / (uint64_t)a.cols) return false;
    a.data = real.data.data;
    if (a.rows * a.cols == 1) {
        if (is_rate_name(name.data)) m->rate = xp_array_value(&a, 0);
        return false;
    }
    if (a.rows * a.cols <= m->best.rows * m->best.cols) return false;
    m->best = a;
    return true;
}

/* The bytes that a file may be inflated to: no more than samples that compress well, so that a bomb
 * of kilobytes stays small once its elements have become numbers of 8 bytes. */
static size_t most_inflated(size_t deflated) {
    size_t least = (size_t)12 << 20;
    return deflated > least / 64 ? deflated * 64 : least;
}

/* ---- a large element, of which no samples are wanted ---- */

enum { LARGE = 1 << 20, ENVELOPE = 2 }; /* ENVELOPE: bytes of zlib's before what is deflated */

typedef struct unpacking {
    xp_cursor in;
    xp_scratch *out;
    size_t most;
} unpacking;

static size_t more(void *ctx, uint8_t *out, size_t size) {
    unpacking *u = ctx;
    const size_t left = xp_cursor_left(&u->in), n = left < size ? left : size;
    if (n) memcpy(out, xp_cursor_take(&u->in, n), n);
    return n;
}

static bool take(void *ctx, const uint8_t *data, size_t size) {
    const unpacking *u = ctx;
    return u->out->size + size <= u->most && xp_scratch_put(u->out, data, size);
}

static bool unpack(xp_scratch *out, xp_bytes b, xp_bytes *inside) {
    unpacking u = {.in = xp_cursor_make(b), .out = out, .most = most_inflated(b.size)};
    const xp_inflate_pipe pipe = {.ctx = &u, .more = more, .take = take};
    xp_cursor_take(&u.in, ENVELOPE);
    return xp_inflate_through(&pipe) == XP_INFLATE_DONE && xp_scratch_map(out, inside);
}

static void drop_unpacked(mat *m) {
    if (!XP_HAS_WINDOWS || !m->unpacked) return;
    xp_scratch_close(m->unpacked);
    free(m->unpacked);
    m->unpacked = NULL;
}

static void take_aside(mat *m, xp_bytes b) {
    xp_scratch *out = malloc(sizeof *out);
    xp_bytes inside;
    element e;
    const bool open = out && xp_scratch_open(out);
    if (open && unpack(out, b, &inside) && next_element(&e, &inside, m->big) &&
        e.type == MI_MATRIX && take_matrix(m, e.data)) {
        drop_unpacked(m);
        m->unpacked = out;
        return;
    }
    if (open) xp_scratch_close(out);
    free(out);
}

/* ---- any other ---- */

static void take_compressed(mat *m, xp_bytes b) {
    uint8_t *out;
    size_t size;
    if (XP_HAS_WINDOWS && m->no_samples && b.size > LARGE) {
        take_aside(m, b);
        return;
    }
    if (xp_inflate(&out, &size, XP_INFLATE_ZLIB, b, most_inflated(b.size), NULL) != XP_OK) return;
    element e;
    xp_bytes inside = {out, size};
    const bool kept =
        next_element(&e, &inside, m->big) && e.type == MI_MATRIX && take_matrix(m, e.data);
    if (!kept) {
        free(out);
        return;
    }
    drop_unpacked(m);
    free(m->kept);
    m->kept = out;
}

static bool is_mat(xp_bytes b) {
    return b.size >= 128 && !memcmp(b.data, "MATLAB 5.0 MAT-file", 19) &&
           (!memcmp(b.data + 126, "IM", 2) || !memcmp(b.data + 126, "MI", 2));
}

static xp_likeness sniff(const char *name, xp_bytes start) {
    (void)name;
    return is_mat(start) ? XP_LIKE_BY_CONTENT : XP_UNLIKE;
}

static void take_elements(mat *m, xp_bytes b) {
    enum { MOST = 1000 };
    element e;
    for (int i = 0; i < MOST && next_element(&e, &b, m->big); i++) {
        if (e.type == MI_MATRIX) take_matrix(m, e.data);
        if (e.type == MI_COMPRESSED) take_compressed(m, e.data);
    }
}

static bool lies_in(xp_bytes b, const uint8_t *p) {
    return p >= b.data && p < b.data + b.size;
}

static xp_status store(xp_stored *w, mat *m, const xp_file_source *src, xp_bytes file,
                       const char *name, const xp_read_options *opt, xp_error *err) {
    xp_read_options known = opt ? *opt : (xp_read_options){0};
    xp_file_window window;
    bool look = false;
    if (!(known.rate > 0) && m->rate > 0 && m->rate <= 1e6) known.rate = m->rate;
    if (m->unpacked && lies_in(m->unpacked->mapped, m->best.data))
        look = xp_array_look(&m->best, opt, &window, &m->unpacked->source, name,
                             m->unpacked->mapped.data);
    else if (lies_in(file, m->best.data))
        look = xp_array_look(&m->best, opt, &window, src, name, file.data);
    const xp_status s = xp_array_to_stored(w, &m->best, name, &known, err);
    if (look) xp_file_window_close(&window);
    return s;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_bytes file;
    XP_TRY(src->get(src->ctx, name, &file, err));
    if (!is_mat(file))
        return xp_fail(err, XP_ERR_FORMAT, "%s: no MATLAB file of version 5 to 7", name);
    mat m = {.big = file.data[126] == 'M', .no_samples = XP_HAS_WINDOWS && opt && opt->no_samples};
    take_elements(&m, (xp_bytes){file.data + 128, file.size - 128});
    xp_status s = m.best.data
                      ? store(w, &m, src, file, name, opt, err)
                      : xp_fail(err, XP_ERR_UNSUPPORTED,
                                "%s: no plain array of numbers in it, whole (structures are "
                                "not looked into): save the samples as one array",
                                name);
    drop_unpacked(&m);
    free(m.kept);
    return s;
}

const xp_format xp_format_mat = {
    .name = "MATLAB",
    .help = "A MATLAB file (.mat) without a header beside it holds an array of samples and leads.",
    .sniff = sniff,
    .read = read,
};
