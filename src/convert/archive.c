#include "convert/archive.h"

#include <stdlib.h>
#include <zip.h>

struct xp_archive {
    zip_t *zip;
    size_t file_size;
};

static xp_status fail_zip(xp_error *err, xp_status code, const char *doing, zip_error_t *e) {
    return xp_fail(err, code, "zip: %s: %s", doing, zip_error_strerror(e));
}

/* ==== Reading ================================================================================ */

/* Entries whose packed bytes together are more than the file has lie on top of each other: a small
 * file that would unpack to a huge one. */
static bool entries_overlap(zip_t *zip, size_t file_size) {
    zip_stat_t st;
    zip_uint64_t packed = 0;
    zip_int64_t n = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; i < n && packed <= file_size; i++)
        if (zip_stat_index(zip, (zip_uint64_t)i, 0, &st) == 0 && st.valid & ZIP_STAT_COMP_SIZE)
            packed += st.comp_size < file_size ? st.comp_size : file_size + (zip_uint64_t)1;
    return packed > file_size;
}

xp_status xp_archive_open(xp_archive **out, xp_bytes file, xp_error *err) {
    if (file.size < 22) /* the smallest archive, and libzip wants a buffer that is not empty */
        return xp_fail(err, XP_ERR_TRUNCATED, "zip: %zu bytes are no zip archive", file.size);
    xp_archive *a = malloc(sizeof *a);
    zip_error_t e;
    zip_error_init(&e);
    zip_source_t *source = a ? zip_source_buffer_create(file.data, file.size, 0, &e) : NULL;
    if (!source) {
        free(a);
        return xp_fail(err, XP_ERR_MEMORY, "zip: not enough memory");
    }
    a->zip = zip_open_from_source(source, ZIP_RDONLY, &e);
    a->file_size = file.size;
    xp_status s = XP_OK;
    if (!a->zip) {
        s = fail_zip(err, XP_ERR_FORMAT, "not a zip archive that can be read", &e);
        zip_source_free(source);
        free(a);
    } else if (entries_overlap(a->zip, file.size)) {
        s = xp_fail(err, XP_ERR_FORMAT, "zip: its entries take more room than the file has");
        xp_archive_close(a);
    } else {
        *out = a;
    }
    zip_error_fini(&e);
    return s;
}

void xp_archive_close(xp_archive *a) {
    if (!a) return;
    zip_discard(a->zip);
    free(a);
}

int xp_archive_count(const xp_archive *a) {
    zip_int64_t n = zip_get_num_entries(a->zip, 0);
    return n > 1 << 20 ? 1 << 20 : (int)n;
}

const char *xp_archive_name(const xp_archive *a, int i) {
    return zip_get_name(a->zip, (zip_uint64_t)i, 0);
}

int xp_archive_find(const xp_archive *a, const char *name) {
    zip_int64_t i = zip_name_locate(a->zip, name, 0);
    return i < 0 || i > 1 << 20 ? -1 : (int)i;
}

/* What the directory says of the entry; the sizes there may lie and are limited here. */
static xp_status entry_size(const xp_archive *a, int i, size_t limit, size_t *size, xp_error *err) {
    zip_stat_t st;
    const zip_uint64_t need =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(a->zip, (zip_uint64_t)i, 0, &st) != 0 || (st.valid & need) != need)
        return xp_fail(err, XP_ERR_FORMAT, "zip: entry %d has no sizes", i);
    const char *name = xp_archive_name(a, i);
    if (st.encryption_method != ZIP_EM_NONE)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "zip: %.100s is encrypted", name ? name : "?");
    if (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "zip: %.100s is packed by method %d, not deflate",
                       name ? name : "?", st.comp_method);
    /* Deflate packs at most 1032 : 1 (zlib's technical notes). */
    bool impossible = st.comp_size > a->file_size || st.size / 1032 > st.comp_size;
    if (impossible || st.size > limit)
        return xp_fail(err, XP_ERR_LIMIT,
                       "zip: %.100s would unpack from %llu to %llu bytes, the limit is %zu",
                       name ? name : "?", (unsigned long long)st.comp_size,
                       (unsigned long long)st.size, limit);
    *size = (size_t)st.size;
    return XP_OK;
}

xp_status xp_archive_read(const xp_archive *a, int i, size_t limit, uint8_t **bytes, size_t *size,
                          xp_error *err) {
    size_t n = 0;
    XP_TRY(entry_size(a, i, limit, &n, err));
    zip_file_t *f = zip_fopen_index(a->zip, (zip_uint64_t)i, 0);
    if (!f) return fail_zip(err, XP_ERR_FORMAT, "an entry cannot be opened", zip_get_error(a->zip));
    uint8_t *out = malloc(n + 1);
    if (!out) {
        zip_fclose(f);
        return xp_fail(err, XP_ERR_MEMORY, "zip: not enough memory for %zu bytes", n);
    }
    uint8_t beyond; /* reading to the end is what makes libzip verify the checksum */
    bool whole = zip_fread(f, out, n) == (zip_int64_t)n && zip_fread(f, &beyond, 1) == 0;
    zip_fclose(f);
    if (!whole) {
        free(out);
        const char *name = xp_archive_name(a, i);
        return xp_fail(err, XP_ERR_FORMAT, "zip: %.100s is damaged (size or checksum)",
                       name ? name : "?");
    }
    out[n] = 0;
    *bytes = out;
    *size = n;
    return XP_OK;
}

/* ==== Writing ================================================================================ */

static bool add_entry(zip_t *zip, const xp_archive_source *e, bool compress) {
    zip_source_t *s = zip_source_buffer(zip, e->content.data, e->content.size, 0);
    if (!s) return false;
    zip_int64_t i = zip_file_add(zip, e->name, s, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(s);
        return false;
    }
    zip_int32_t method = compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE;
    const zip_uint16_t first_day = 1 << 5 | 1; /* DOS date: 1980-01-01 */
    return zip_set_file_compression(zip, (zip_uint64_t)i, method, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)i, 0, first_day, 0) == 0;
}

/* The whole content of a source that a closed archive was written to. */
static xp_status source_bytes(zip_source_t *s, uint8_t **bytes, size_t *size, xp_error *err) {
    zip_stat_t st;
    if (zip_source_stat(s, &st) != 0 || !(st.valid & ZIP_STAT_SIZE) || zip_source_open(s) != 0)
        return xp_fail(err, XP_ERR_INTERNAL, "zip: the archive was not written");
    uint8_t *out = malloc((size_t)st.size + 1);
    bool whole = out && zip_source_read(s, out, st.size) == (zip_int64_t)st.size;
    zip_source_close(s);
    if (!whole) {
        free(out);
        return xp_fail(err, XP_ERR_MEMORY, "zip: not enough memory for the archive");
    }
    *bytes = out;
    *size = (size_t)st.size;
    return XP_OK;
}

xp_status xp_archive_write(const xp_archive_source *entries, int n, bool compress, uint8_t **bytes,
                           size_t *size, xp_error *err) {
    zip_error_t e;
    zip_error_init(&e);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &e);
    zip_t *zip = target ? zip_open_from_source(target, ZIP_TRUNCATE, &e) : NULL;
    if (!zip) {
        xp_status s = fail_zip(err, XP_ERR_MEMORY, "an archive cannot be begun", &e);
        zip_source_free(target);
        zip_error_fini(&e);
        return s;
    }
    zip_error_fini(&e);
    zip_source_keep(target); /* outlives zip_close: its content is what we came for */
    xp_status s = XP_OK;
    for (int i = 0; i < n && s == XP_OK; i++)
        if (!add_entry(zip, &entries[i], compress))
            s = fail_zip(err, XP_ERR_USAGE, entries[i].name, zip_get_error(zip));
    if (s == XP_OK && zip_close(zip) != 0)
        s = fail_zip(err, XP_ERR_MEMORY, "the archive cannot be written", zip_get_error(zip));
    if (s != XP_OK)
        zip_discard(zip);
    else
        s = source_bytes(target, bytes, size, err);
    zip_source_free(target);
    return s;
}
