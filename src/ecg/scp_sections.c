/* The pointers of an SCP-ECG file (section 0) and the headers of its sections. */
#include "ecg/scp_internal.h"

#include <stdio.h>

enum { FIRST = 6, POINTER = 10 }; /* section 0 stands behind checksum and length */

static bool crc_fits(xp_bytes b) {
    return xp_crc_ccitt(xp_field(b, 2, b.size)) == xp_load_le(b.data, 2);
}

/* The length of section 0, or 0 where it cannot be one: it holds pointers alone, and the first of
 * them points to itself. */
static size_t pointers_length(xp_bytes start) {
    if (start.size < FIRST + XP_SCP_HEADER + POINTER) return 0;
    const uint8_t *h = start.data + FIRST, *p = h + XP_SCP_HEADER;
    uint64_t length = xp_load_le(h + 4, 4);
    bool fits = xp_load_le(h + 2, 2) == 0 && length > XP_SCP_HEADER && length <= 10000 &&
                (length - XP_SCP_HEADER) % POINTER == 0;
    bool itself = xp_load_le(p, 2) == 0 && xp_load_le(p + 2, 4) == length &&
                  xp_load_le(p + 6, 4) == FIRST + 1;
    return fits && itself ? (size_t)length : 0;
}

bool xp_scp_has_pointers(xp_bytes start) {
    return pointers_length(start) > 0;
}

/* Without these there are no samples; of others, damaged ones are passed over. */
static bool is_needed(uint64_t id) {
    return id >= 2 && id <= 6;
}

static xp_status find_section(xp_scp *f, size_t pointer, xp_error *err) {
    const uint8_t *p = f->data.data + pointer;
    uint64_t id = xp_load_le(p, 2), length = xp_load_le(p + 2, 4), index = xp_load_le(p + 6, 4);
    if (id == 0 || id >= XP_SCP_SECTIONS || length <= XP_SCP_HEADER) return XP_OK;
    bool inside = index >= FIRST + 1 && index - 1 + length <= f->data.size;
    if (!inside && !is_needed(id)) {
        f->crc_differs = true;
        return XP_OK;
    }
    if (!inside)
        return XP_SCP_FAIL(f, pointer, XP_ERR_TRUNCATED,
                           "section %llu should have %llu bytes from byte %llu on, but the file "
                           "has %zu: copy it again",
                           (unsigned long long)id, (unsigned long long)length,
                           (unsigned long long)index, f->data.size);
    xp_bytes all = xp_field(f->data, (size_t)index - 1, (size_t)length);
    uint64_t named = xp_load_le(all.data + 2, 2), stated = xp_load_le(all.data + 4, 4);
    bool fits = named == id && stated == length;
    f->crc_differs = f->crc_differs || !fits || !crc_fits(all);
    if (!fits && !is_needed(id) && !is_needed(named)) return XP_OK;
    if (!fits)
        return XP_SCP_FAIL(f, index - 1, XP_ERR_FORMAT,
                           "section %llu of %llu bytes was expected, but section %llu of %llu "
                           "bytes is there: the file is damaged, copy it again",
                           (unsigned long long)id, (unsigned long long)length,
                           (unsigned long long)named, (unsigned long long)stated);
    f->section[id] = xp_field(all, XP_SCP_HEADER, all.size);
    f->at[id] = (size_t)index - 1 + XP_SCP_HEADER;
    return XP_OK;
}

xp_status xp_scp_find_sections(xp_scp *f, const char *file, xp_bytes data, xp_error *err) {
    *f = (xp_scp){.file = file, .data = data};
    if (data.size < FIRST + XP_SCP_HEADER + POINTER)
        return XP_SCP_FAIL(f, data.size, XP_ERR_TRUNCATED, "%s",
                           "the file ends inside its pointers (section 0): copy it again");
    for (int i = 0; i < XP_SCP_SECTIONS; i++) f->section[i] = xp_field(data, 0, 0);
    size_t length = pointers_length(data);
    if (!length)
        return XP_SCP_FAIL(f, FIRST, XP_ERR_FORMAT, "%s",
                           "there are no pointers to sections as SCP-ECG has them. Some devices "
                           "(Healforce) write files of their own under this name: export the "
                           "recording in another format with the device's program");
    f->length = (size_t)xp_load_le(data.data + 2, 4);
    if (f->length > data.size || FIRST + length > data.size)
        return XP_SCP_FAIL(f, data.size, XP_ERR_TRUNCATED,
                           "the file ends here, but says that it has %zu bytes: copy it again",
                           f->length);
    if (f->length < FIRST + length)
        return XP_SCP_FAIL(f, 2, XP_ERR_FORMAT,
                           "the file says that it has %zu bytes, fewer than its pointers: it is "
                           "damaged, copy it again",
                           f->length);
    f->data.size = f->length;
    f->crc_differs = !crc_fits(f->data);
    for (size_t at = FIRST + XP_SCP_HEADER; at < FIRST + length; at += POINTER)
        XP_TRY(find_section(f, at, err));
    return XP_OK;
}
