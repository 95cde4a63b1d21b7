#include "base/zip_entry.h"

#include "base/compose.h"
#include "base/inflate_pipe.h"
#include "base/text.h"

#include <libdeflate.h>

#include <stdlib.h>
#include <string.h>

enum {
    CENTRAL_BYTES = 46,
    LOCAL_BYTES = 30,
    ENCRYPTED = 0x2041, /* of the contents, of their strong form, and of the directory */
    DESCRIPTOR = 8,     /* sizes and CRC follow the data; the local header does not have them */
    UTF8 = 0x800,
    STORED = 0,
    DEFLATED = 8,
    EXTRA64 = 0x0001, /* extra fields of an entry: 64-bit sizes; its name in UTF-8 */
    EXTRA_PATH = 0x7075,
};

static uint16_t u16(const uint8_t *p) {
    return (uint16_t)xp_load_le(p, 2);
}
static uint32_t u32(const uint8_t *p) {
    return (uint32_t)xp_load_le(p, 4);
}

/* ==== bytes of the archive =================================================================== */

bool xp_zip_bytes(const xp_zip *z, uint64_t at, uint8_t *out, size_t size) {
    if (at > z->size || size > z->size - at) return false;
    if (z->file)
        return fseeko(z->file, (off_t)at, SEEK_SET) == 0 && fread(out, 1, size, z->file) == size;
    if (size) memcpy(out, z->bytes.data + at, size);
    return true;
}

/* ==== the directory ========================================================================== */

static xp_bytes extra_field(const uint8_t *p, size_t size, uint16_t id) {
    for (size_t at = 0; at + 4 <= size;) {
        size_t n = u16(p + at + 2);
        if (at + 4 + n > size) break; /* padding, and what other programs leave */
        if (u16(p + at) == id) return (xp_bytes){p + at + 4, n};
        at += 4 + n;
    }
    return (xp_bytes){0};
}

/* Numbers of 64 bits stand in the extra field, in this order, those alone that do not fit. */
static void widen(xp_zip_entry *e, xp_bytes extra) {
    uint64_t *const numbers[] = {&e->size, &e->packed, &e->offset};
    size_t at = 0;
    e->whole = true;
    for (int i = 0; i < 3 && e->whole; i++) {
        if (*numbers[i] != XP_ZIP_ELSEWHERE) continue;
        e->whole = at + 8 <= extra.size;
        if (e->whole) *numbers[i] = xp_load_le(extra.data + at, 8);
        at += 8;
    }
}

bool xp_zip_entry_at(const xp_zip *z, size_t *at, xp_zip_entry *e, xp_bytes *unicode_path) {
    const uint8_t *p = z->directory + *at;
    size_t left = z->directory_size - *at;
    if (left < CENTRAL_BYTES || u32(p) != XP_ZIP_CENTRAL) return false;
    size_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32);
    if (name + extra + comment > left - CENTRAL_BYTES) return false;
    *at += CENTRAL_BYTES + name + extra + comment;
    e->path[0] = 0;
    e->name = (xp_bytes){p + CENTRAL_BYTES, name};
    e->flags = u16(p + 8);
    e->method = u16(p + 10);
    e->crc = u32(p + 16);
    e->packed = u32(p + 20);
    e->size = u32(p + 24);
    e->offset = u32(p + 42);
    widen(e, extra_field(p + CENTRAL_BYTES + name, extra, EXTRA64));
    e->offset += z->moved;
    *unicode_path = extra_field(p + CENTRAL_BYTES + name, extra, EXTRA_PATH);
    return true;
}

/* ==== names ================================================================================== */

/* Code page 437, from 128 on. */
static const char *const IBM_PC[128] = {
    "Ç", "ü", "é", "â", "ä", "à", "å", "ç", "ê", "ë", "è", "ï", "î", "ì", "Ä", "Å", "É", "æ", "Æ",
    "ô", "ö", "ò", "û", "ù", "ÿ", "Ö", "Ü", "¢", "£", "¥", "₧", "ƒ", "á", "í", "ó", "ú", "ñ", "Ñ",
    "ª", "º", "¿", "⌐", "¬", "½", "¼", "¡", "«", "»", "░", "▒", "▓", "│", "┤", "╡", "╢", "╖", "╕",
    "╣", "║", "╗", "╝", "╜", "╛", "┐", "└", "┴", "┬", "├", "─", "┼", "╞", "╟", "╚", "╔", "╩", "╦",
    "╠", "═", "╬", "╧", "╨", "╤", "╥", "╙", "╘", "╒", "╓", "╫", "╪", "┘", "┌", "█", "▄", "▌", "▐",
    "▀", "α", "ß", "Γ", "π", "Σ", "σ", "µ", "τ", "Φ", "Θ", "Ω", "δ", "∞", "φ", "ε", "∩", "≡", "±",
    "≥", "≤", "⌠", "⌡", "÷", "≈", "°", "∙", "·", "√", "ⁿ", "²", "■", " "};

/* False where it does not fit. */
static bool from_ibm_pc(char *out, xp_bytes name) {
    size_t n = 0;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        const char plain[2] = {(char)c, 0}, *letter = c < 128 ? plain : IBM_PC[c - 128];
        size_t k = strlen(letter);
        if (!k || n + k >= XP_ZIP_PATH) return false;
        memcpy(out + n, letter, k);
        n += k;
    }
    out[n] = 0;
    return true;
}

/* What says that it is UTF-8 is believed; without a word it is UTF-8 where it can be, as macOS and
 * Linux write it, else of the IBM PC, as the standard has it. Composed, as headers are, where macOS
 * decomposes. */
void xp_zip_name(xp_zip_entry *e, xp_bytes unicode_path) {
    bool own = !(e->flags & UTF8) && unicode_path.size > 5 && unicode_path.data[0] == 1 &&
               u32(unicode_path.data + 1) == libdeflate_crc32(0, e->name.data, e->name.size);
    xp_bytes name = own ? (xp_bytes){unicode_path.data + 5, unicode_path.size - 5} : e->name;
    bool utf8 = xp_is_utf8(name.data, name.size);
    bool fits = utf8 ? name.size < XP_ZIP_PATH && !memchr(name.data, 0, name.size)
                     : from_ibm_pc(e->path, e->name);
    if (utf8 && fits) {
        memcpy(e->path, name.data, name.size);
        e->path[name.size] = 0;
        xp_compose(e->path);
    }
    if (!fits) e->path[0] = 0;
    for (char *c = e->path; *c; c++)
        if (*c == '\\') *c = '/';
}

/* ==== contents =============================================================================== */

#define BY_HAND "unpack the archive by hand and name the files"
#define AGAIN "copy the archive again, or zip the files again"

static xp_status refuse(const xp_zip *z, const xp_zip_entry *e, xp_status code, const char *why,
                        xp_error *err) {
    return xp_fail(err, code, "%.200s in %s cannot be unpacked: %s: %s", e->path, z->name, why,
                   code == XP_ERR_FORMAT ? AGAIN : BY_HAND);
}

/* What is whole, but not for this reader. */
static xp_status check_readable(const xp_zip *z, const xp_zip_entry *e, xp_error *err) {
    char why[80];
    if (e->flags & ENCRYPTED) return refuse(z, e, XP_ERR_UNSUPPORTED, "it is encrypted", err);
    if (!e->whole)
        return refuse(z, e, XP_ERR_UNSUPPORTED, "its size of 64 bits (ZIP64) is missing", err);
    if (e->method != STORED && e->method != DEFLATED) {
        snprintf(why, sizeof why, "compression method %d is not known here", e->method);
        return refuse(z, e, XP_ERR_UNSUPPORTED, why, err);
    }
    if (e->size > XP_ZIP_LARGEST)
        return refuse(z, e, XP_ERR_LIMIT, "it is larger than 256 MB", err);
    return XP_OK;
}

/* An entry is described twice, before its data and in the directory. */
static bool agrees(const uint8_t local[LOCAL_BYTES], const xp_zip_entry *e) {
    const uint64_t expected[] = {e->crc, e->packed, e->size};
    bool same = true;
    for (int i = 0; i < 3; i++) {
        uint32_t v = u32(local + 14 + 4 * i);
        same &= v == expected[i] || v == XP_ZIP_ELSEWHERE;
    }
    return (same || u16(local + 6) & DESCRIPTOR) && u16(local + 8) == e->method &&
           u16(local + 26) == e->name.size;
}

static xp_status find_data(const xp_zip *z, const xp_zip_entry *e, uint64_t *from, xp_error *err) {
    uint8_t local[LOCAL_BYTES], *name = malloc(e->name.size + 1);
    if (!name) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", z->name);
    bool there = xp_zip_bytes(z, e->offset, local, sizeof local);
    bool placed = there && u32(local) == XP_ZIP_LOCAL;
    bool same = placed && agrees(local, e) &&
                xp_zip_bytes(z, e->offset + LOCAL_BYTES, name, e->name.size) &&
                (!e->name.size || !memcmp(name, e->name.data, e->name.size));
    free(name);
    if (!there) return refuse(z, e, XP_ERR_FORMAT, "the archive ends too early", err);
    if (!placed) return refuse(z, e, XP_ERR_FORMAT, "its place is wrong", err);
    if (!same)
        return refuse(z, e, XP_ERR_FORMAT, "its two descriptions in the archive differ", err);
    *from = e->offset + LOCAL_BYTES + u16(local + 26) + u16(local + 28);
    if (e->packed > z->size || *from > z->size - e->packed)
        return refuse(z, e, XP_ERR_FORMAT, "the archive ends too early", err);
    return XP_OK;
}

static const char *inflate(const xp_zip_entry *e, const uint8_t *packed, uint8_t *out) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d) return "there is no memory for it";
    enum libdeflate_result r =
        libdeflate_deflate_decompress(d, packed, (size_t)e->packed, out, (size_t)e->size, NULL);
    libdeflate_free_decompressor(d);
    return r == LIBDEFLATE_SUCCESS              ? NULL
           : r == LIBDEFLATE_SHORT_OUTPUT       ? "it is shorter than it says"
           : r == LIBDEFLATE_INSUFFICIENT_SPACE ? "it is larger than it says"
                                                : "its compressed data are damaged";
}

static xp_status check_crc(const xp_zip *z, const xp_zip_entry *e, uint32_t crc, xp_error *err) {
    char text[80];
    if (crc == e->crc) return XP_OK;
    snprintf(text, sizeof text, "it is damaged (its CRC-32 is %08x and should be %08x)", crc,
             e->crc);
    return refuse(z, e, XP_ERR_FORMAT, text, err);
}

/* out: of e->size bytes. */
static xp_status unpack(const xp_zip *z, const xp_zip_entry *e, const uint8_t *packed, uint8_t *out,
                        xp_error *err) {
    char text[100];
    const char *why = NULL;
    if (e->method == STORED && e->packed != e->size) {
        snprintf(text, sizeof text, "it has %llu bytes and should have %llu",
                 (unsigned long long)e->packed, (unsigned long long)e->size);
        why = text;
    } else if (e->method == STORED) {
        memcpy(out, packed, (size_t)e->size);
    } else {
        why = inflate(e, packed, out);
    }
    if (why) return refuse(z, e, XP_ERR_FORMAT, why, err);
    return check_crc(z, e, libdeflate_crc32(0, out, (size_t)e->size), err);
}

/* ==== contents, piece by piece =============================================================== */

enum { PIECE = 1 << 16 };

typedef struct stream {
    const xp_zip *z;
    uint64_t at, left; /* of the packed bytes */
    bool (*take)(void *ctx, const uint8_t *data, size_t size);
    void *ctx;
    uint64_t given, most; /* bytes of the contents, and how many it says to have */
    uint32_t crc;
    bool enough, failed; /* take wanted no more; the archive could not be read */
} stream;

static size_t more_packed(void *ctx, uint8_t *out, size_t size) {
    stream *s = ctx;
    const size_t n = s->left < size ? (size_t)s->left : size;
    if (!n) return 0;
    if (!xp_zip_bytes(s->z, s->at, out, n)) {
        s->failed = true;
        return 0;
    }
    s->at += n;
    s->left -= n;
    return n;
}

static bool take_piece(void *ctx, const uint8_t *data, size_t size) {
    stream *s = ctx;
    s->given += size;
    if (s->given > s->most) return false;
    s->crc = libdeflate_crc32(s->crc, data, size);
    s->enough = !s->take(s->ctx, data, size);
    return !s->enough;
}

static xp_inflate_end copy_through(stream *s) {
    uint8_t *piece = malloc(PIECE);
    if (!piece) return XP_INFLATE_NO_MEMORY;
    bool on = true;
    for (size_t n; on && (n = more_packed(s, piece, PIECE)) > 0;) on = take_piece(s, piece, n);
    free(piece);
    return XP_INFLATE_DONE;
}

xp_status xp_zip_pour(const xp_zip *z, const xp_zip_entry *e,
                      bool (*take)(void *ctx, const uint8_t *data, size_t size), void *ctx,
                      xp_error *err) {
    stream s = {.z = z, .left = e->packed, .take = take, .ctx = ctx, .most = e->size};
    const xp_inflate_pipe pipe = {.ctx = &s, .more = more_packed, .take = take_piece};
    XP_TRY(check_readable(z, e, err));
    XP_TRY(find_data(z, e, &s.at, err));
    if (e->method == STORED && e->packed != e->size) return unpack(z, e, NULL, NULL, err);
    xp_inflate_end end = e->method == STORED ? copy_through(&s) : xp_inflate_through(&pipe);
    if (s.enough) return XP_OK;
    if (end == XP_INFLATE_NO_MEMORY)
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to unpack it", e->path);
    if (s.failed) return refuse(z, e, XP_ERR_FORMAT, "the archive ends too early", err);
    if (s.given > s.most) return refuse(z, e, XP_ERR_FORMAT, "it is larger than it says", err);
    if (end != XP_INFLATE_DONE)
        return refuse(z, e, XP_ERR_FORMAT, "its compressed data are damaged", err);
    if (s.given < s.most) return refuse(z, e, XP_ERR_FORMAT, "it is shorter than it says", err);
    return check_crc(z, e, s.crc, err);
}

xp_status xp_zip_read(const xp_zip *z, const xp_zip_entry *e, uint8_t **bytes, xp_error *err) {
    uint64_t from = 0;
    XP_TRY(check_readable(z, e, err));
    XP_TRY(find_data(z, e, &from, err));
    uint8_t *packed = malloc((size_t)e->packed + 1), *out = malloc((size_t)e->size + 1);
    xp_status s = !packed || !out
                      ? xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to unpack it", e->path)
                  : !xp_zip_bytes(z, from, packed, (size_t)e->packed)
                      ? refuse(z, e, XP_ERR_FORMAT, "the archive ends too early", err)
                      : unpack(z, e, packed, out, err);
    free(packed);
    if (s == XP_OK)
        *bytes = out;
    else
        free(out);
    return s;
}
