/* WFDB as a row of the table of formats. */
#include "ecg/frames_plans.h"
#include "ecg/wfdb_internal.h"

#include <stdio.h>

static const char *const endings[] = {".hea", ".dat", ".mat", NULL};

/* A header is plain text that nothing in particular begins: its name tells it. */
static xp_likeness sniff(const char *name, xp_bytes start) {
    (void)start;
    return xp_name_ends_with(name, endings[0]) ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

typedef struct names {
    const xp_header_names *out;
    int segments;
} names;

static void take_name(void *ctx, const char *name, bool segment) {
    names *n = ctx;
    if (!segment) {
        n->out->needs(n->out->ctx, name);
        return;
    }
    char header[140];
    snprintf(header, sizeof header, "%s%s", name, endings[0]);
    n->segments += n->out->part(n->out->ctx, header);
}

static bool list(const xp_header_names *out, xp_bytes header) {
    names n = {out, 0};
    char text[32];
    if (!xp_wfdb_names(header, take_name, &n)) return false;
    snprintf(text, sizeof text, "%d segment%s", n.segments, n.segments == 1 ? "" : "s");
    if (n.segments) out->detail(out->ctx, text);
    return true;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    return xp_wfdb_read(w, name, src, opt, err);
}

const xp_format xp_format_wfdb = {
    .name = "WFDB",
    .help = "A WFDB record is a header (.hea) and its signal file (.dat or .mat), chosen together.",
    .endings = endings,
    .sniff = sniff,
    .list = list,
    .read = read,
    .frames = xp_wfdb_frames,
};
