#include "train/events.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "events.pb-c.h" /* made from events.proto by protoc-c */

uint32_t xp_crc32c(uint32_t crc, const void *data, size_t n) {
    /* Four bits a step of the reflected polynomial 0x82f63b78. */
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                       0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                       0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    const uint8_t *p = data;
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

uint32_t xp_crc32c_mask(uint32_t crc) {
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

struct xp_events {
    FILE *file;
    char path[1024];
};

static xp_status write_record(xp_events *e, const uint8_t *data, size_t n, xp_error *err) {
    uint8_t head[12], tail[4];
    xp_store_le(head, n, 8);
    xp_store_le(head + 8, xp_crc32c_mask(xp_crc32c(0, head, 8)), 4);
    xp_store_le(tail, xp_crc32c_mask(xp_crc32c(0, data, n)), 4);
    fwrite(head, 1, sizeof head, e->file);
    fwrite(data, 1, n, e->file);
    fwrite(tail, 1, sizeof tail, e->file);
    if (fflush(e->file) || ferror(e->file))
        return xp_fail(err, XP_ERR_IO,
                       "%s cannot be written (%s): check the space left on the disk", e->path,
                       strerror(errno));
    return XP_OK;
}

static xp_status write_event(xp_events *e, const XpTb__Event *event, xp_error *err) {
    size_t n = xp_tb__event__get_packed_size(event);
    uint8_t *data = malloc(n + 1);
    if (!data) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for an event", e->path);
    xp_tb__event__pack(event, data);
    xp_status s = write_record(e, data, n, err);
    free(data);
    return s;
}

/* One summary event with one value. */
static xp_status write_value(xp_events *e, double wall_time, int64_t step, XpTb__Value *value,
                             xp_error *err) {
    XpTb__Summary summary = XP_TB__SUMMARY__INIT;
    XpTb__Event event = XP_TB__EVENT__INIT;
    summary.n_value = 1;
    summary.value = &value;
    event.wall_time = wall_time;
    event.step = step;
    event.what_case = XP_TB__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    return write_event(e, &event, err);
}

/* Open for writing a file that is not there yet. */
static xp_status create(xp_events *e, const char *folder, const char *suffix, double wall_time,
                        xp_error *err) {
    for (int i = 0; i < 1000; i++) {
        char again[16] = "";
        if (i) snprintf(again, sizeof again, ".%d", i);
        int n = snprintf(e->path, sizeof e->path, "%s/events.out.tfevents.%010.0f.xplaim%s%s",
                         folder, floor(wall_time), again, suffix);
        if (n < 0 || (size_t)n >= sizeof e->path)
            return xp_fail(err, XP_ERR_LIMIT, "%.200s...: the path is too long", folder);
        e->file = fopen(e->path, "wbx");
        if (e->file) return XP_OK;
        if (errno != EEXIST) break;
    }
    return xp_fail(err, XP_ERR_IO, "%s cannot be made (%s): check the folder and its permissions",
                   e->path, strerror(errno));
}

xp_status xp_events_open(xp_events **out, const char *folder, const char *suffix, double wall_time,
                         xp_error *err) {
    xp_events *e = calloc(1, sizeof *e);
    if (!e) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", folder);
    XpTb__Event event = XP_TB__EVENT__INIT;
    event.wall_time = wall_time;
    event.what_case = XP_TB__EVENT__WHAT_FILE_VERSION;
    event.file_version = (char *)"brain.Event:2";
    xp_status s = create(e, folder, suffix, wall_time, err);
    if (s == XP_OK) s = write_event(e, &event, err);
    if (s == XP_OK) {
        *out = e;
    } else {
        if (e->file) fclose(e->file);
        free(e);
    }
    return s;
}

xp_status xp_events_scalar(xp_events *e, double wall_time, int64_t step, const char *tag,
                           double value, xp_error *err) {
    XpTb__Value v = XP_TB__VALUE__INIT;
    v.tag = (char *)tag;
    v.value_case = XP_TB__VALUE__VALUE_SIMPLE_VALUE;
    v.simple_value = (float)value;
    return write_value(e, wall_time, step, &v, err);
}

enum { BINS = 30 };

typedef struct histogram {
    double limit[BINS], bucket[BINS];
    XpTb__Histogram message;
} histogram;

static void find_range(histogram *h, const float *values, size_t n) {
    XpTb__Histogram *m = &h->message;
    m->min = INFINITY;
    m->max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        m->min = fmin(m->min, values[i]);
        m->max = fmax(m->max, values[i]);
        m->num++;
        m->sum += values[i];
        m->sum_squares += (double)values[i] * values[i];
    }
    if (m->num == 0) m->min = m->max = 0;
}

static void fill(histogram *h, const float *values, size_t n) {
    *h = (histogram){.message = XP_TB__HISTOGRAM__INIT};
    XpTb__Histogram *m = &h->message;
    find_range(h, values, n);
    /* All values alike: one bin of width 1 around them. */
    double low = m->min, width = (m->max - m->min) / BINS;
    int bins = width > 0 ? BINS : 1;
    if (bins == 1) low -= 0.5, width = 1;
    for (int b = 0; b < bins; b++) h->limit[b] = b + 1 < bins ? low + (b + 1) * width : m->max;
    if (bins == 1) h->limit[0] = low + width;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        int b = (int)((values[i] - low) / width);
        h->bucket[b < bins ? b : bins - 1]++;
    }
    m->n_bucket_limit = m->n_bucket = (size_t)bins;
    m->bucket_limit = h->limit;
    m->bucket = h->bucket;
}

xp_status xp_events_histogram(xp_events *e, double wall_time, int64_t step, const char *tag,
                              const float *values, size_t n, xp_error *err) {
    histogram h;
    fill(&h, values, n);
    XpTb__Value v = XP_TB__VALUE__INIT;
    v.tag = (char *)tag;
    v.value_case = XP_TB__VALUE__VALUE_HISTO;
    v.histo = &h.message;
    return write_value(e, wall_time, step, &v, err);
}

const char *xp_events_path(const xp_events *e) {
    return e->path;
}

xp_status xp_events_close(xp_events *e, xp_error *err) {
    if (!e) return XP_OK;
    xp_status s = XP_OK;
    if (fclose(e->file))
        s = xp_fail(err, XP_ERR_IO, "%s cannot be written (%s): check the space left on the disk",
                    e->path, strerror(errno));
    free(e);
    return s;
}
