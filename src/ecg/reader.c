#include "ecg/reader.h"

#include <stdio.h>
#include <string.h>

static bool is_there(const xp_file_source *src, const char *name) {
    uint8_t none[1];
    size_t size = 0;
    return xp_source_part(src, name, 0, none, &size, NULL);
}

static xp_sniffed sniff(const xp_file_source *src, const char *name) {
    uint8_t start[XP_SNIFF_BYTES];
    size_t size = sizeof start;
    const bool there = xp_source_part(src, name, 0, start, &size, NULL);
    return there ? xp_sniff(name, (xp_bytes){start, size}) : (xp_sniffed){0};
}

/* ==== which record a name stands for ========================================================= */

/* The record of a header: name is the record's, the header's (is_file: one is there), or that of
 * another file under the record's name. */
static bool find_header(xp_found_record *found, const xp_format *f, const xp_file_source *src,
                        const char *name, bool is_file) {
    const char *ending = f->endings[0], *dot = strrchr(name, '.');
    size_t n = strlen(name), cut = dot ? (size_t)(dot - name) : n;
    char header[sizeof found->name + 16];
    found->format = f;
    memcpy(found->name, name, n + 1);
    if (xp_name_ends_with(name, ending)) {
        found->name[n - strlen(ending)] = 0;
        return is_file;
    }
    snprintf(header, sizeof header, "%s%s", name, ending);
    if (is_there(src, header)) return true;
    found->name[cut] = 0;
    snprintf(header, sizeof header, "%s%s", found->name, ending);
    return dot && is_there(src, header);
}

static bool has_ending_of(const xp_format *f, const char *name) {
    for (const char *const *e = f->endings; e && *e; e++)
        if (xp_name_ends_with(name, *e)) return true;
    return false;
}

/* The source's own words about the header that is not there. */
static xp_status missing_header(const xp_file_source *src, const char *name, bool is_file,
                                xp_error *err) {
    char header[sizeof((xp_found_record *)0)->name + 16];
    const char *ending = xp_formats[0]->endings[0];
    xp_bytes none;
    const char *dot = is_file ? strrchr(name, '.') : NULL;
    int n = (int)(dot ? (size_t)(dot - name) : xp_header_stem(name));
    snprintf(header, sizeof header, "%.*s%s", n, name, ending);
    xp_status s = src->get(src->ctx, xp_name_ends_with(name, ending) ? name : header, &none, err);
    return s != XP_OK ? s : xp_fail(err, XP_ERR_NOT_FOUND, "%s is missing", header);
}

xp_status xp_record_find(xp_found_record *found, const xp_file_source *src, const char *name,
                         xp_error *err) {
    xp_sniffed file = {0};
    xp_found_record made = {0};
    if (!*name || strlen(name) >= sizeof made.name)
        return xp_fail(err, XP_ERR_USAGE, "\"%.100s\" is not a record name", name);
    bool there = is_there(src, name), hit = false;
    /* A file that lies under a header is the header's, whatever else it might be. */
    for (int i = 0; there && !hit && xp_formats[i]; i++)
        hit = has_ending_of(xp_formats[i], name) &&
              find_header(&made, xp_formats[i], src, name, there);
    if (there && !hit) file = sniff(src, name);
    if (file.format && !file.format->endings) {
        hit = true;
        made.format = file.format;
        strcpy(made.name, name);
    }
    for (int i = 0; !hit && xp_formats[i]; i++)
        hit = xp_formats[i]->endings && find_header(&made, xp_formats[i], src, name, there);
    if (hit) {
        *found = made;
        return XP_OK;
    }
    if (!file.kind || file.kind->part) return missing_header(src, name, there, err);
    char text[400];
    xp_kind_sentence(file.kind, name, text, sizeof text);
    return xp_fail(err, XP_ERR_UNSUPPORTED, "%s", text);
}

/* ==== opening ================================================================================ */

static xp_status check_size(const xp_found_record *found, const xp_file_source *src,
                            xp_error *err) {
    enum { MB = 1000000 };
    const int most = found->format->most_mb;
    const uint64_t size = most ? xp_source_size(src, found->name) : 0;
    if (size <= (uint64_t)most * MB) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "%s has %llu MB, and a recording as %s is far smaller: files of up to %d MB are "
                   "read; is it the right file? Otherwise export a part of the recording, or the "
                   "whole of it as EDF+ or WFDB",
                   found->name, (unsigned long long)(size / MB), found->format->name, most);
}

xp_status xp_found_read(xp_stored *w, const xp_found_record *found, const xp_file_source *src,
                        const xp_read_options *opt, xp_error *err) {
    XP_TRY(check_size(found, src, err));
    XP_TRY(found->format->read(w, src, found->name, opt, err));
    w->format = found->format->name;
    return XP_OK;
}

xp_status xp_stored_open(xp_stored *w, const xp_file_source *src, const char *name,
                         const xp_read_options *opt, xp_error *err) {
    xp_found_record found;
    XP_TRY(xp_record_find(&found, src, name, err));
    return xp_found_read(w, &found, src, opt, err);
}

xp_status xp_record_open(xp_record *rec, const xp_file_source *src, const char *name,
                         const xp_read_options *opt, xp_error *err) {
    xp_stored w;
    XP_TRY(xp_stored_open(&w, src, name, opt, err));
    xp_status s = xp_stored_to_record(rec, &w, err);
    xp_stored_free(&w);
    return s;
}

void xp_kind_sentence(const xp_kind *kind, const char *file, char *out, size_t size) {
    if (kind)
        snprintf(out, size, "%s is %s: %s", file, kind->what, kind->advice);
    else
        snprintf(out, size, "%s is of a kind that is not known here", file);
}

void xp_formats_help(char *out, size_t size) {
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; xp_formats[i] && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? " " : "", xp_formats[i]->help);
}
