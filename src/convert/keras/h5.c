#include "convert/keras/h5.h"

#include "base/arena.h"
#include "convert/real.h"

/* Bounds that no file of a model comes near; they end walks in files that loop. */
enum { MAX_LINKS = 1 << 16, MAX_BLOCKS = 64, MAX_LEVEL = 8 };

static const uint8_t signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

static xp_status damaged(xp_error *err, const char *what, uint64_t address) {
    return xp_fail(err, XP_ERR_FORMAT, "HDF5: a damaged %s at byte %llu", what,
                   (unsigned long long)address);
}

static xp_status newer(xp_error *err, const char *what) {
    return xp_fail(
        err, XP_ERR_UNSUPPORTED,
        "HDF5: %s, expected a file as h5py writes it by default; save it again from Keras", what);
}

/* n bytes at an address of the file, or NULL. */
static const uint8_t *at(const xp_h5 *h, uint64_t address, uint64_t n) {
    if (address > h->file.size || n > h->file.size - address) return NULL;
    return h->file.data + address;
}

xp_status xp_h5_open(xp_h5 *out, xp_bytes file, xp_error *err) {
    xp_h5 h = {.file = file};
    const uint8_t *p = at(&h, 0, 100);
    if (!p) return xp_fail(err, XP_ERR_TRUNCATED, "HDF5: only %zu bytes", file.size);
    if (memcmp(p, signature, sizeof signature))
        return xp_fail(err, XP_ERR_FORMAT, "HDF5: the file does not begin as an HDF5 file does");
    if (p[8] > 1) return newer(err, "a newer superblock");
    if (p[13] != 8 || p[14] != 8) return newer(err, "addresses that are not of 8 bytes");
    const uint8_t *q = p + (p[8] == 0 ? 24 : 28);
    if (xp_load_le(q, 8) != 0) return newer(err, "a user block in front");
    if (xp_load_le(q + 16, 8) > file.size)
        return xp_fail(err, XP_ERR_TRUNCATED, "HDF5: %zu bytes of %llu", file.size,
                       (unsigned long long)xp_load_le(q + 16, 8));
    h.root = xp_load_le(q + 32 + 8, 8); /* behind four addresses and the name's offset */
    *out = h;
    return XP_OK;
}

/* ==== Object headers ========================================================================= */

enum { DATASPACE = 1, DATATYPE = 3, EXTERNAL = 7, LAYOUT = 8, CONTINUATION = 16, SYMBOLS = 17 };
enum { N_TYPES = 18 };

/* The first message of each type in an object's header; data NULL where there is none. */
typedef struct header {
    xp_bytes message[N_TYPES];
} header;

typedef struct blocks {
    uint64_t address[MAX_BLOCKS], size[MAX_BLOCKS];
    int n;
} blocks;

static xp_status add_block(blocks *b, xp_bytes continuation, uint64_t where, xp_error *err) {
    if (continuation.size < 16 || b->n == MAX_BLOCKS) return damaged(err, "object header", where);
    b->address[b->n] = xp_load_le(continuation.data, 8);
    b->size[b->n++] = xp_load_le(continuation.data + 8, 8);
    return XP_OK;
}

/* The messages of one block: type (2), size (2), flags (1), 3 unused, data. */
static xp_status read_block(const xp_h5 *h, header *out, blocks *b, int i, xp_error *err) {
    const uint8_t *p = at(h, b->address[i], b->size[i]);
    if (!p) return damaged(err, "object header", b->address[i]);
    for (uint64_t left = b->size[i]; left >= 8;) {
        size_t type = xp_load_le(p, 2), size = xp_load_le(p + 2, 2);
        bool shared = p[4] & 2;
        if (size > left - 8) return damaged(err, "object header", b->address[i]);
        xp_bytes data = {p + 8, size};
        if (type == CONTINUATION)
            XP_TRY(add_block(b, data, b->address[i], err));
        else if (type < N_TYPES && type != 0) {
            if (shared && (type == DATATYPE || type == DATASPACE || type == LAYOUT))
                return newer(err, "a description that is shared");
            if (!out->message[type].data) out->message[type] = data;
        }
        p += 8 + size;
        left -= 8 + size;
    }
    return XP_OK;
}

static xp_status read_header(const xp_h5 *h, xp_h5_object object, header *out, xp_error *err) {
    const uint8_t *p = at(h, object, 16);
    *out = (header){0};
    if (!p) return damaged(err, "address of an object header", object);
    if (!memcmp(p, "OHDR", 4)) return newer(err, "a newer object header");
    if (p[0] != 1) return damaged(err, "object header", object);
    blocks b = {.address = {object + 16}, .size = {xp_load_le(p + 8, 4)}, .n = 1};
    for (int i = 0; i < b.n; i++) XP_TRY(read_block(h, out, &b, i, err));
    return XP_OK;
}

/* ==== Groups ================================================================================= */

/* A walk over all links of a group, looking for one name. */
typedef struct search {
    const char *name; /* NULL: only count */
    size_t name_length;
    uint64_t names, names_size; /* the local heap's data */
    int links, nodes;           /* seen so far */
    uint64_t walked;            /* their bytes: never more than the file has */
    bool found;
    xp_h5_object object;
} search;

static xp_status open_heap(const xp_h5 *h, uint64_t address, search *s, xp_error *err) {
    const uint8_t *p = at(h, address, 32);
    if (!p || memcmp(p, "HEAP", 4) || p[4] != 0) return damaged(err, "local heap", address);
    s->names_size = xp_load_le(p + 8, 8);
    s->names = xp_load_le(p + 24, 8);
    return at(h, s->names, s->names_size) ? XP_OK : damaged(err, "local heap", address);
}

/* One symbol table entry: name's offset (8), object (8), kind (4), 4 unused, scratch (16). */
static xp_status visit_link(const xp_h5 *h, const uint8_t *entry, search *s, xp_error *err) {
    uint64_t offset = xp_load_le(entry, 8);
    if (++s->links > MAX_LINKS || offset >= s->names_size)
        return damaged(err, "group", (uint64_t)(entry - h->file.data));
    if (!s->name || s->found) return XP_OK;
    const char *name = (const char *)h->file.data + s->names + offset;
    if (s->names_size - offset <= s->name_length || memcmp(name, s->name, s->name_length) ||
        name[s->name_length] != 0)
        return XP_OK;
    if (xp_load_le(entry + 16, 4) == 2) return newer(err, "a symbolic link");
    s->object = xp_load_le(entry + 8, 8);
    s->found = true;
    return XP_OK;
}

/* One more node of `bytes`. A tree that names a node twice would otherwise be walked for as long as
 * it likes. */
static bool may_walk(const xp_h5 *h, search *s, uint64_t bytes) {
    s->walked += bytes;
    return ++s->nodes <= MAX_LINKS && s->walked <= h->file.size;
}

static xp_status visit_symbols(const xp_h5 *h, uint64_t address, search *s, xp_error *err) {
    const uint8_t *p = at(h, address, 8);
    if (!p || memcmp(p, "SNOD", 4) || p[4] != 1) return damaged(err, "group node", address);
    uint64_t n = xp_load_le(p + 6, 2);
    const uint8_t *entries = at(h, address + 8, 40 * n);
    if (!entries || !may_walk(h, s, 8 + 40 * n)) return damaged(err, "group node", address);
    for (uint64_t i = 0; i < n; i++) XP_TRY(visit_link(h, entries + 40 * i, s, err));
    return XP_OK;
}

/* "TREE", type 0, level, entries (2), two siblings (16), then key (8), child (8), ... */
static xp_status visit_tree(const xp_h5 *h, uint64_t address, int level, search *s, xp_error *err) {
    const uint8_t *p = at(h, address, 24);
    if (!p || memcmp(p, "TREE", 4) || p[4] != 0 || p[5] > MAX_LEVEL ||
        (level >= 0 && p[5] != level))
        return damaged(err, "group tree", address);
    level = p[5];
    uint64_t n = xp_load_le(p + 6, 2);
    const uint8_t *pairs = at(h, address + 24, 16 * n);
    if (!pairs || !may_walk(h, s, 24 + 16 * n)) return damaged(err, "group tree", address);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t child = xp_load_le(pairs + 16 * i + 8, 8);
        XP_TRY(level > 0 ? visit_tree(h, child, level - 1, s, err)
                         : visit_symbols(h, child, s, err));
    }
    return XP_OK;
}

static xp_status search_group(const xp_h5 *h, xp_h5_object group, search *s, xp_error *err) {
    header head;
    XP_TRY(read_header(h, group, &head, err));
    xp_bytes m = head.message[SYMBOLS];
    if (m.size < 16) return newer(err, "something that is not a group with a symbol table");
    XP_TRY(open_heap(h, xp_load_le(m.data + 8, 8), s, err));
    return visit_tree(h, xp_load_le(m.data, 8), -1, s, err);
}

xp_status xp_h5_find(const xp_h5 *h, const char *path, xp_h5_object *object, xp_error *err) {
    xp_h5_object here = h->root;
    for (const char *part = path;;) {
        size_t n = strcspn(part, "/");
        search s = {.name = part, .name_length = n};
        XP_TRY(search_group(h, here, &s, err));
        if (!s.found)
            return xp_fail(err, XP_ERR_NOT_FOUND, "HDF5: there is no %.*s", (int)(part + n - path),
                           path);
        here = s.object;
        if (part[n] == 0) break;
        part += n + 1;
    }
    *object = here;
    return XP_OK;
}

xp_status xp_h5_count(const xp_h5 *h, xp_h5_object group, int *n, xp_error *err) {
    search s = {.name = NULL};
    XP_TRY(search_group(h, group, &s, err));
    *n = s.links;
    return XP_OK;
}

/* ==== Datasets =============================================================================== */

/* version, dimensions, flags, then (version 1) 5 or (version 2) 1 more bytes, sizes (8 each). */
static xp_status read_shape(xp_bytes m, xp_h5_floats *d, uint64_t where, xp_error *err) {
    if (m.size < 4 || m.data[0] < 1 || m.data[0] > 2) return damaged(err, "dataspace", where);
    size_t start = m.data[0] == 1 ? 8 : 4;
    d->ndim = m.data[1];
    if (d->ndim > XP_H5_MAX_DIMS || m.size < start + 8 * (size_t)d->ndim ||
        (m.data[0] == 2 && m.data[3] > 1))
        return damaged(err, "dataspace", where);
    d->count = 1;
    for (int i = 0; i < d->ndim; i++) {
        uint64_t n = xp_load_le(m.data + start + 8 * (size_t)i, 8);
        if (n > SIZE_MAX || !xp_mul_size(d->count, (size_t)n, &d->count))
            return damaged(err, "dataspace", where);
        d->shape[i] = (size_t)n;
    }
    return XP_OK;
}

/* Class and version, byte order and padding and sign's place, size, and where the exponent and the
 * mantissa are: IEEE 754, little-endian. */
static xp_status read_type(xp_bytes m, xp_h5_floats *d, xp_error *err) {
    static const uint8_t types[3][20] = {
        {0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0},
        {0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0},
        {0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0},
    };
    for (int i = 0; i < 3; i++)
        if (m.size >= 20 && !memcmp(m.data, types[i], 20)) {
            d->size = types[i][4];
            return XP_OK;
        }
    return newer(err, "numbers that are not little-endian float16, float32 or float64");
}

/* Version 3: class 0, the data in the message; class 1, address and size. */
static xp_status read_layout(const xp_h5 *h, xp_bytes m, xp_h5_floats *d, uint64_t where,
                             xp_error *err) {
    size_t need;
    if (m.size < 4 || m.data[0] != 3 || m.data[1] > 1)
        return newer(err, "a dataset that is not stored in one piece");
    if (!xp_mul_size(d->count, (size_t)d->size, &need)) return damaged(err, "dataspace", where);
    uint64_t size;
    if (m.data[1] == 0) {
        size = xp_load_le(m.data + 2, 2);
        d->data = size <= m.size - 4 ? m.data + 4 : NULL;
    } else {
        if (m.size < 18) return damaged(err, "layout", where);
        size = xp_load_le(m.data + 10, 8);
        d->data = at(h, xp_load_le(m.data + 2, 8), size);
    }
    if (d->data && size == need) return XP_OK;
    return xp_fail(err, XP_ERR_TRUNCATED,
                   "HDF5: a dataset of %zu numbers of %d bytes does not lie in the file as it "
                   "should (at byte %llu)",
                   d->count, d->size, (unsigned long long)where);
}

xp_status xp_h5_dataset(const xp_h5 *h, xp_h5_object object, xp_h5_floats *out, xp_error *err) {
    header head;
    xp_h5_floats d = {0};
    XP_TRY(read_header(h, object, &head, err));
    if (head.message[EXTERNAL].data) return newer(err, "a dataset that is in another file");
    if (!head.message[LAYOUT].data) return newer(err, "something that is not a dataset");
    XP_TRY(read_shape(head.message[DATASPACE], &d, object, err));
    XP_TRY(read_type(head.message[DATATYPE], &d, err));
    XP_TRY(read_layout(h, head.message[LAYOUT], &d, object, err));
    *out = d;
    return XP_OK;
}

void xp_h5_read(const xp_h5_floats *d, float *out) {
    for (size_t i = 0; i < d->count; i++)
        out[i] = xp_real_to_float(
            xp_real_of_bits(xp_load_le(d->data + i * (size_t)d->size, d->size), d->size));
}
