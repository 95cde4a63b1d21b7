/* How a recording of each format that can be cut is cut. What cannot be is read as a whole: gaps of
 * EDF+D, delays between signals, several files, compression, lengths that contradict each other. */
#include "ecg/frames_plans.h"

#include "ecg/edf_internal.h"
#include "ecg/wfdb_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEAD = 1 << 20 };

/* The first n bytes of a file, or NULL; *whole: how many it has. */
static uint8_t *read_start(const xp_file_source *src, const char *file, size_t n, uint64_t *whole) {
    uint8_t *start = n <= MOST_HEAD ? malloc(n + 1) : NULL;
    size_t got = n;
    if (start && xp_source_part(src, file, 0, start, &got, whole) && got == n) return start;
    free(start);
    return NULL;
}

static bool begin(xp_frame_plan *p, const char *file, uint8_t *head, size_t head_size) {
    *p = (xp_frame_plan){.head = head, .head_size = head_size, .at = head_size};
    xp_copy_text(p->file, sizeof p->file, file);
    return !strcmp(p->file, file);
}

/* ==== ISHNE ================================================================================== */

/* A count of 0 is none; the checksum covers it. */
static void forget_count(uint8_t *head, size_t n) {
    const xp_bytes covered = {head + 10, n - 10};
    const bool held = xp_crc_ccitt(covered) == xp_load_le(head + 8, 2);
    memset(head + 14, 0, 4);
    const uint16_t sum = xp_crc_ccitt(covered);
    if (!held) return;
    head[8] = (uint8_t)(sum & 255);
    head[9] = (uint8_t)(sum >> 8);
}

bool xp_ishne_frames(xp_frame_plan *p, const xp_file_source *src, const char *name) {
    enum { HEADER = 522 };
    uint64_t size = 0;
    uint8_t *head = read_start(src, name, HEADER, &size);
    if (!head) return false;
    const size_t at = (size_t)xp_load_le(head + 22, 4), leads = (size_t)xp_load_le(head + 156, 2);
    const int64_t stated = (int64_t)xp_load_le(head + 14, 4);
    free(head);
    if (at < HEADER || at > size || leads < 1 || leads > 12) return false;
    const int64_t frames = (int64_t)((size - at) / (2 * leads));
    if (stated != frames && stated != frames * (int64_t)leads) return false;
    head = read_start(src, name, at, &size);
    if (!head || !begin(p, name, head, at)) {
        free(head);
        return false;
    }
    forget_count(head, at);
    p->unit_bytes = 2 * (int64_t)leads;
    p->bytes = frames * p->unit_bytes;
    return true;
}

/* ==== EDF ==================================================================================== */

/* The header's numbers, once it says nothing of how many data records there are. */
static bool plan_edf(xp_frame_plan *p, uint64_t size) {
    xp_edf h = {.file = p->file, .data = {p->head, p->head_size}, .size = p->head_size};
    char stated[9] = "";
    memcpy(stated, p->head + 236, 8);
    memcpy(p->head + 236, "-1      ", 8);
    if (xp_edf_parse_header(&h, NULL) != XP_OK) return false;
    const bool continuous = !h.discontinuous;
    p->unit_bytes = h.record_bytes;
    xp_edf_free(&h);
    if (!continuous || p->unit_bytes < 1) return false;
    p->bytes = (int64_t)(size - p->head_size);
    const int64_t units = atoll(stated); /* -1: the recording was not closed */
    return p->bytes % p->unit_bytes == 0 && (units == -1 || units == p->bytes / p->unit_bytes);
}

bool xp_edf_frames(xp_frame_plan *p, const xp_file_source *src, const char *name) {
    enum { FIXED = 256 };
    uint64_t size = 0;
    double signals = 0;
    uint8_t *head = read_start(src, name, FIXED, &size);
    if (!head) return false;
    const bool counted = xp_field_number(&signals, (xp_bytes){head + 252, 4});
    free(head);
    if (!counted || signals < 1 || signals > 4096) return false;
    const size_t n = FIXED * (1 + (size_t)signals);
    head = read_start(src, name, n, &size);
    if (head && begin(p, name, head, n) && plan_edf(p, size)) return true;
    free(head);
    *p = (xp_frame_plan){0};
    return false;
}

/* ==== WFDB =================================================================================== */

/* The end of the word at or behind c, on its line. */
static const char *word_end(const char *c, const char *end) {
    while (c < end && (*c == ' ' || *c == '\t')) c++;
    while (c < end && !strchr(" \t\r\n", *c)) c++;
    return c;
}

/* The header without what its record line says behind the rate: the length comes first. */
static uint8_t *without_length(xp_bytes text, size_t *size) {
    const char *c = (const char *)text.data, *end = c + text.size;
    while (c < end && (*c == '#' || *c == '\n' || *c == '\r')) { /* to the record line */
        while (c < end && *c != '\n') c++;
        if (c < end) c++;
    }
    for (int word = 0; word < 3; word++) c = word_end(c, end);
    const size_t kept = (size_t)(c - (const char *)text.data);
    while (c < end && *c != '\n') c++;
    uint8_t *out = malloc(text.size + 1);
    if (!out) return NULL;
    memcpy(out, text.data, kept);
    memcpy(out + kept, c, (size_t)(end - c));
    *size = kept + (size_t)(end - c);
    return out;
}

/* A unit of six frames holds whole groups in every format. */
static bool plan_wfdb(xp_frame_plan *p, const xp_wfdb_header *h, const xp_file_source *src,
                      const char *folder) {
    const xp_stored_signal *first = h->w.signals;
    int64_t frame = 0;
    xp_wfdb_file found;
    if (h->segments || h->w.n_signals < 1) return false;
    for (int i = 0; i < h->w.n_signals; i++) {
        const xp_stored_signal *s = &first[i];
        const bool alike = s->format == first->format && s->byte_offset == first->byte_offset;
        if (!alike || s->skew || strcmp(s->file, first->file)) return false;
        frame += s->samples_per_frame;
    }
    const xp_wfdb_format *f = xp_wfdb_find_format(first->format);
    if (!f || !f->group_bytes || f->id == 8 || first->byte_offset > MOST_HEAD) return false;
    if (xp_wfdb_find(&found, src, folder, first->file, "", NULL) != XP_OK) return false;
    uint64_t size = 0;
    memcpy(p->file, found.path, sizeof found.path);
    p->head_size = (size_t)first->byte_offset;
    p->head = read_start(src, p->file, p->head_size, &size);
    p->at = p->head_size;
    p->unit_bytes = 6 * frame / f->group_samples * f->group_bytes;
    const int64_t samples = h->w.n_frames * frame;
    if (!p->head || size < p->at || xp_wfdb_capacity(f, (size_t)(size - p->at)) < samples)
        return false;
    p->bytes = (int64_t)(size - p->at);
    return true;
}

bool xp_wfdb_frames(xp_frame_plan *p, const xp_file_source *src, const char *name) {
    char folder[160];
    xp_bytes text;
    xp_wfdb_header h;
    *p = (xp_frame_plan){0};
    if (!xp_wfdb_safe_name(name)) return false;
    snprintf(p->header, sizeof p->header, "%s.hea", name);
    xp_wfdb_folder_of(folder, sizeof folder, name);
    if (src->get(src->ctx, p->header, &text, NULL) != XP_OK ||
        xp_wfdb_parse_header(&h, p->header, text, NULL) != XP_OK)
        return false;
    bool ok = plan_wfdb(p, &h, src, folder);
    xp_wfdb_header_free(&h);
    p->text = ok ? without_length(text, &p->text_size) : NULL;
    if (p->text) return true;
    free(p->head);
    *p = (xp_frame_plan){0};
    return false;
}
