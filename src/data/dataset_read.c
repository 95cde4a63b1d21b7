#include "data/dataset_read.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "ecg/reader_path.h"

enum { PATH_SIZE = 4096, FILE_HEAD = 4096, ROW_HEAD = 64 };

struct xp_reader {
    const xp_dataset *data;
    xp_input_spec spec;
    xp_prepare_options prepare;
    int cache[XP_DATASET_MAX_SOURCES]; /* file descriptors; -1: no cache */
    size_t values, row_size;
    uint64_t settings; /* hash of everything that decides what prepare gives */
};

/* A window of a record as the cache holds it. */
typedef struct row {
    uint64_t identity; /* of the record */
    int w;             /* which window */
    double per_mv;
    xp_record_window about;
    int16_t *v;        /* (length, n_leads); owned */
    bool cache_failed; /* the record is good */
} row;

/* A file's size, windows included, above which nothing more goes to the cache: within what file
 * systems can address. */
static const uint64_t LARGEST_CACHE = (uint64_t)1 << 43;

static const double STEPS_PER_MV = 1000;

/* ==== the cache's files =================================================================== */

static uint64_t settings_of(const xp_input_spec *spec, const xp_prepare_options *p) {
    double v[] = {spec->rate,
                  (double)spec->length,
                  p->bandpass_low,
                  p->bandpass_high,
                  p->notch,
                  (double)p->accept_amplitude + 2 * (double)p->accept_missing_leads +
                      4 * (double)p->accept_checksums};
    uint64_t h = xp_hash(1, v, sizeof v);
    for (int i = 0; i < spec->n_leads; i++)
        h = xp_hash(h, spec->leads[i], strlen(spec->leads[i]) + 1);
    return h;
}

static xp_status cache_error(xp_error *err, const char *path, const char *what) {
    return xp_fail(err, XP_ERR_IO, "%s (the cache of prepared records) cannot be %s: %s", path,
                   what, strerror(errno));
}

static xp_status check_head(const xp_reader *r, int fd, const char *path, xp_error *err) {
    uint8_t want[FILE_HEAD] = "XPCACHE1", got[FILE_HEAD];
    xp_store_le(want + 8, (uint64_t)r->spec.n_leads, 8);
    xp_store_le(want + 16, (uint64_t)r->spec.length, 8);
    ssize_t n = pread(fd, got, sizeof got, 0);
    if (n == (ssize_t)sizeof got && !memcmp(got, want, sizeof got)) return XP_OK;
    if (n > 0)
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s is not a cache of this program, or is damaged: remove it", path);
    if (pwrite(fd, want, sizeof want, 0) != (ssize_t)sizeof want)
        return cache_error(err, path, "written");
    return XP_OK;
}

static xp_status open_cache(xp_reader *r, int source, const char *dir, xp_error *err) {
    const xp_dataset_source *s = &r->data->sources[source];
    char path[PATH_SIZE], *table = realpath(s->table, NULL), *folder = realpath(s->dir, NULL);
    uint64_t key = xp_hash(r->settings, table ? table : s->table, strlen(table ? table : s->table));
    key = xp_hash(key, folder ? folder : s->dir, strlen(folder ? folder : s->dir));
    free(table);
    free(folder);
    int n = snprintf(path, sizeof path, "%s/%016llx.cache", dir, (unsigned long long)key);
    if (n < 0 || (size_t)n >= sizeof path)
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", dir);
    r->cache[source] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->cache[source] < 0) return cache_error(err, path, "opened");
    return check_head(r, r->cache[source], path, err);
}

static xp_status check_spec(const xp_input_spec *s, xp_error *err) {
    if (s->n_leads < 1 || s->length < 1 || s->n_leads > 64 || s->length > 1 << 24)
        return xp_fail(err, XP_ERR_USAGE, "%d leads of %d samples: not an input", s->n_leads,
                       s->length);
    return XP_OK;
}

xp_status xp_reader_create(xp_reader **out, const xp_dataset *d, const xp_input_spec *spec,
                           const xp_prepare_options *prepare, const char *cache_dir,
                           xp_error *err) {
    XP_TRY(check_spec(spec, err));
    if (cache_dir) XP_TRY(xp_make_folder(cache_dir, err));
    xp_reader *r = calloc(1, sizeof *r);
    if (!r) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    r->data = d;
    r->spec = *spec;
    if (prepare) r->prepare = *prepare;
    r->values = (size_t)spec->length * (size_t)spec->n_leads;
    r->row_size = ROW_HEAD + (r->values * sizeof(int16_t) + 63) / 64 * 64;
    r->settings = settings_of(spec, &r->prepare);
    for (int i = 0; i < XP_DATASET_MAX_SOURCES; i++) r->cache[i] = -1;
    xp_status s = XP_OK;
    for (int i = 0; cache_dir && s == XP_OK && i < d->n_sources; i++)
        s = open_cache(r, i, cache_dir, err);
    if (s == XP_OK)
        *out = r;
    else
        xp_reader_free(r);
    return s;
}

void xp_reader_free(xp_reader *r) {
    if (!r) return;
    for (int i = 0; i < XP_DATASET_MAX_SOURCES; i++)
        if (r->cache[i] >= 0) close(r->cache[i]);
    free(r);
}

/* ==== a record's files ==================================================================== */

static uint64_t identity_of_file(uint64_t h, const char *path, const char *ending, bool *found) {
    char full[PATH_SIZE + 8];
    struct stat st;
    snprintf(full, sizeof full, "%s%s", path, ending);
    if (stat(full, &st) != 0 || !S_ISREG(st.st_mode)) return h;
    uint64_t v[3] = {(uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                     (uint64_t)st.st_mtim.tv_nsec};
    *found = true;
    return xp_hash(h, v, sizeof v);
}

/* Never 0 where a file is there. path is a file that is a record, or a record's name; a record
 * whose signal files have other names is known by its header alone. */
static uint64_t identity_of(const char *path) {
    uint64_t h = xp_hash(7, path, strlen(path));
    bool found = false;
    h = identity_of_file(h, path, "", &found);
    for (int i = 0; xp_formats[i]; i++)
        for (const char *const *e = xp_formats[i]->endings; e && *e; e++)
            h = identity_of_file(h, path, *e, &found);
    return found ? h | 1 : 0;
}

/* Steps of 1 uV; coarser ones where a value would not fit. */
static void quantise(row *out, const float *x, size_t n) {
    float top = 0;
    for (size_t i = 0; i < n; i++) top = fmaxf(top, fabsf(x[i]));
    out->per_mv = STEPS_PER_MV;
    if ((double)top * out->per_mv > INT16_MAX) out->per_mv = INT16_MAX / (double)top;
    for (size_t i = 0; i < n; i++) out->v[i] = (int16_t)lrint((double)x[i] * out->per_mv);
}

static xp_status prepare_record(const xp_reader *r, const char *path, xp_input *in, xp_error *err) {
    xp_record rec;
    XP_TRY(xp_record_open_path(&rec, path, NULL, err));
    xp_status s = xp_prepare(in, &rec, &r->spec, &r->prepare, err);
    xp_record_free(&rec);
    return s;
}

static void take_window(const xp_reader *r, const xp_input *in, int w, row *out) {
    quantise(out, in->x + (size_t)w * r->values, r->values);
    out->w = w;
    out->about = (xp_record_window){(int)in->valid[w], in->n_windows};
}

/* ==== a row of the cache ================================================================== */

/* Where window w of case i is in its cache, of which *file is the descriptor; false: nowhere. */
static bool find_row(const xp_reader *r, size_t i, int w, int *file, off_t *offset) {
    int source = xp_dataset_source_of(r->data, i);
    const xp_dataset_source *s = &r->data->sources[source];
    uint64_t at = (uint64_t)w * s->n + (i - s->first);
    *file = r->cache[source];
    *offset = (off_t)(FILE_HEAD + at * r->row_size);
    return *file >= 0 && at < LARGEST_CACHE / r->row_size;
}

/* Another number of rows must not make another window of a record out of what is there. */
static uint64_t identity_of_window(uint64_t record, int w) {
    uint64_t v[2] = {record, (uint64_t)w};
    return w == 0 || record == 0 ? record : xp_hash(8, v, sizeof v) | 1;
}

static uint64_t hash_samples(const int16_t *v, size_t n) {
    uint64_t h = n;
    for (size_t i = 0; i + 4 <= n; i += 4) {
        uint64_t word;
        memcpy(&word, v + i, sizeof word);
        h = (h ^ word) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    for (size_t i = n & ~(size_t)3; i < n; i++) h = (h ^ (uint16_t)v[i]) * 0x9fb21c651e98df25u;
    return h;
}

static bool read_head(const xp_reader *r, size_t i, const row *want, uint8_t head[ROW_HEAD]) {
    int file;
    off_t at;
    return want->identity != 0 && find_row(r, i, want->w, &file, &at) &&
           pread(file, head, ROW_HEAD, at) == (ssize_t)ROW_HEAD &&
           xp_load_le(head, 8) == identity_of_window(want->identity, want->w) &&
           xp_load_le(head + 28, 4) > 0;
}

static bool cache_read(const xp_reader *r, size_t i, row *out) {
    uint8_t head[ROW_HEAD];
    int file;
    off_t at;
    size_t size = r->values * sizeof *out->v;
    if (!read_head(r, i, out, head) || !find_row(r, i, out->w, &file, &at)) return false;
    if (pread(file, out->v, size, at + ROW_HEAD) != (ssize_t)size) return false;
    if (hash_samples(out->v, r->values) != xp_load_le(head + 8, 8)) return false;
    uint64_t bits = xp_load_le(head + 16, 8);
    memcpy(&out->per_mv, &bits, sizeof bits);
    out->about = (xp_record_window){(int)xp_load_le(head + 24, 4), (int)xp_load_le(head + 28, 4)};
    return out->per_mv > 0 && out->about.valid > 0 && out->about.valid <= r->spec.length &&
           out->about.windows > out->w;
}

/* The samples first, then the head that vouches for them. */
static xp_status cache_write(const xp_reader *r, size_t i, const row *in, xp_error *err) {
    uint8_t head[ROW_HEAD] = {0};
    int file;
    off_t at;
    size_t size = r->values * sizeof *in->v;
    uint64_t bits;
    if (in->identity == 0 || !find_row(r, i, in->w, &file, &at)) return XP_OK;
    memcpy(&bits, &in->per_mv, sizeof bits);
    xp_store_le(head, identity_of_window(in->identity, in->w), 8);
    xp_store_le(head + 8, hash_samples(in->v, r->values), 8);
    xp_store_le(head + 16, bits, 8);
    xp_store_le(head + 24, (uint64_t)in->about.valid, 4);
    xp_store_le(head + 28, (uint64_t)in->about.windows, 4);
    errno = ENOSPC; /* what a short write means */
    if (pwrite(file, in->v, size, at + ROW_HEAD) == (ssize_t)size &&
        pwrite(file, head, sizeof head, at) == (ssize_t)sizeof head)
        return XP_OK;
    return xp_fail(err, XP_ERR_IO,
                   "the cache of prepared records cannot be written: %s; give --cache-dir a folder "
                   "with %.1f GB of room, or --no-cache",
                   strerror(errno), 1e-9 * (double)r->row_size * (double)r->data->n);
}

/* The first window is written last: with it in the cache the others are there too. */
static xp_status fill_rows(const xp_reader *r, size_t i, const xp_input *in, row *one,
                           xp_error *err) {
    if (r->cache[xp_dataset_source_of(r->data, i)] < 0) return XP_OK;
    for (int w = in->n_windows - 1; w >= 0; w--) {
        take_window(r, in, w, one);
        xp_status s = cache_write(r, i, one, err);
        one->cache_failed = s != XP_OK;
        if (s != XP_OK) return s;
    }
    return XP_OK;
}

static xp_status read_rows(const xp_reader *r, size_t i, const char *path, row *out,
                           xp_error *err) {
    xp_input in;
    int w = out->w;
    xp_status s = prepare_record(r, path, &in, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "record %s", path);
    if (w >= in.n_windows)
        s = xp_fail(err, XP_ERR_USAGE, "record %s: no window %d in it, only %d", path, w + 1,
                    in.n_windows);
    if (s == XP_OK) s = fill_rows(r, i, &in, out, err);
    if (s == XP_OK) take_window(r, &in, w, out);
    xp_input_free(&in);
    return s;
}

static xp_status get_row(const xp_reader *r, size_t i, row *out, xp_error *err) {
    char path[PATH_SIZE];
    XP_TRY(xp_dataset_path(r->data, i, path, sizeof path, err));
    out->identity = identity_of(path);
    return cache_read(r, i, out) ? XP_OK : read_rows(r, i, path, out, err);
}

/* ========================================================================================== */

xp_status xp_reader_get(xp_reader *r, size_t i, int w, float *x, xp_record_window *about,
                        xp_error *err) {
    row got = {.w = w, .v = malloc(r->values * sizeof *got.v)};
    if (!got.v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    xp_status s = get_row(r, i, &got, err);
    for (size_t k = 0; s == XP_OK && k < r->values; k++) x[k] = (float)(got.v[k] / got.per_mv);
    if (s == XP_OK && about) *about = got.about;
    free(got.v);
    return s;
}

xp_status xp_reader_fill(xp_reader *r, size_t i, bool *bad_record, xp_error *err) {
    uint8_t head[ROW_HEAD];
    char path[PATH_SIZE];
    *bad_record = false;
    XP_TRY(xp_dataset_path(r->data, i, path, sizeof path, err));
    row got = {.identity = identity_of(path)};
    if (read_head(r, i, &got, head)) return XP_OK;
    got.v = malloc(r->values * sizeof *got.v);
    if (!got.v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    xp_status s = read_rows(r, i, path, &got, err);
    *bad_record = s != XP_OK && !got.cache_failed;
    free(got.v);
    return s;
}
