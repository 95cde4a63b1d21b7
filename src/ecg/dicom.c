/* DICOM as a row of the table of formats: waveforms of the 12-lead, General, Ambulatory and
 * Hemodynamic objects, and PDF documents in an envelope, which are handed on. What is no ECG is
 * told by name. */
#include "base/inflate.h"
#include "ecg/dicom_internal.h"
#include "ecg/format.h"
#include "ecg/source_memory.h"
#include "ecg/window.h"

#include <stdio.h>
#include <stdlib.h>

/* ==== where the data set begins ============================================================== */

enum { PREAMBLE = 128 };

/* Behind the preamble, where there is one. */
static size_t begin(xp_bytes file) {
    if (file.size >= PREAMBLE + 4 && !memcmp(file.data + PREAMBLE, "DICM", 4)) return PREAMBLE + 4;
    return file.size >= 4 && !memcmp(file.data, "DICM", 4) ? 4 : 0;
}

/* A file without a preamble begins with an element of group 2 or 8 in one of the encodings; two
 * that follow each other are no chance. */
static bool looks_like_elements(xp_bytes start, bool is_explicit, bool big) {
    xp_dicom_set set = {.all = start, .end = start.size, .is_explicit = is_explicit, .big = big};
    uint32_t last = 0;
    for (int i = 0; i < 3; i++) {
        xp_dicom_element e;
        bool there;
        if (xp_dicom_next(&set, &e, &there, NULL) != XP_OK || !there) return false;
        uint32_t group = e.tag >> 16;
        if ((group != 2 && group != 8) || e.tag <= last || e.value.size > 256) return false;
        last = e.tag;
    }
    return true;
}

static xp_likeness sniff(const char *name, xp_bytes start) {
    if (begin(start)) return XP_LIKE_BY_CONTENT;
    for (int i = 0; i < 3; i++) /* implicit, explicit little endian, explicit big endian */
        if (looks_like_elements(start, i > 0, i == 2)) return XP_LIKE_BY_CONTENT;
    bool named = xp_name_ends_with(name, ".dcm") || xp_name_ends_with(name, ".dicom");
    return named ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

/* ==== the encoding =========================================================================== */

/* The group that tells it, and what it says. */
typedef struct meta {
    char syntax[80], object[80]; /* UIDs of transfer syntax and SOP class */
} meta;

static void read_uid(const xp_dicom_element *e, char out[80]) {
    xp_dicom_text(e, out, 80);
    size_t n = strlen(out); /* old writers leave a dot at its end */
    while (n && (out[n - 1] == '.' || out[n - 1] == ' ')) out[--n] = 0;
}

/* Group 2 is explicit little endian in every file; the set moves behind it. */
static xp_status read_meta(xp_dicom_set *set, meta *m, xp_error *err) {
    xp_dicom_set ahead = *set;
    ahead.is_explicit = true;
    ahead.big = false;
    while (ahead.end - ahead.at >= 2 && ahead.all.data[ahead.at] == 2 &&
           !ahead.all.data[ahead.at + 1]) {
        xp_dicom_element e;
        bool there;
        XP_TRY(xp_dicom_next(&ahead, &e, &there, err));
        if (e.tag == 0x00020002) read_uid(&e, m->object);
        if (e.tag == 0x00020010) read_uid(&e, m->syntax);
    }
    set->at = ahead.at;
    return XP_OK;
}

#define IMPLICIT "1.2.840.10008.1.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"
#define BIG "1.2.840.10008.1.2.2"

/* What the first element looks like counts for more than what is said: there are files in which
 * they differ. */
static xp_status choose_encoding(xp_dicom_set *set, const char *syntax, xp_error *err) {
    bool implicit = !strcmp(syntax, IMPLICIT), big = !strcmp(syntax, BIG);
    const bool order[4][2] = {{!implicit, big}, {implicit, big}, {true, false}, {true, true}};
    if (set->at == set->end)
        return xp_dicom_fail(set, set->at, err, XP_ERR_TRUNCATED,
                             "the file ends where its data set begins: it was cut short, copy it "
                             "again");
    for (int i = 0; i < 4; i++) {
        set->is_explicit = order[i][0];
        set->big = order[i][1];
        if (xp_dicom_begins(set)) return XP_OK;
    }
    return xp_dicom_fail(set, set->at, err, XP_ERR_FORMAT,
                         "no DICOM data set begins here: the file is damaged or cut short, copy it "
                         "again");
}

/* A deflated data set may be this many times as long as its bytes: ECGs are two to six times. It is
 * read whole, of which only a part fits where no samples are wanted. */
enum { MOST_TIMES = 40, ALWAYS_FITS = 4 << 20, MOST_BYTES = 512 << 20, MOST_IN_PASSING = 12 << 20 };

static xp_status inflate(xp_dicom_set *set, uint8_t **owned, const xp_read_options *opt,
                         xp_error *err) {
    xp_bytes in = {set->all.data + set->at, set->end - set->at};
    const size_t bound = opt && opt->no_samples ? MOST_IN_PASSING : MOST_BYTES;
    size_t most = in.size > bound / MOST_TIMES ? bound : in.size * MOST_TIMES, size = 0;
    if (most < ALWAYS_FITS) most = ALWAYS_FITS;
    xp_status s = xp_inflate(owned, &size, XP_INFLATE_BARE, in, most, err);
    bool envelope =
        in.size > 2 && (in.data[0] & 15) == 8 && (in.data[0] << 8 | in.data[1]) % 31 == 0;
    if (s == XP_ERR_FORMAT && envelope)
        s = xp_inflate(owned, &size, XP_INFLATE_ZLIB, in, most, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "byte %zu", set->at);
    *set = (xp_dicom_set){.all = {*owned, size}, .end = size, .deflated = true};
    return XP_OK;
}

/* ==== what is in it ========================================================================== */

typedef struct contents {
    meta meta;
    xp_dicom_header header;
    xp_dicom_element waveform, document;
    bool picture;
    xp_file_window *file; /* see xp_dicom_waveform */
    const uint8_t *start;
} contents;

static xp_dicom_letters letters_of(const xp_dicom_element *e) {
    char name[64];
    xp_dicom_text(e, name, sizeof name);
    if (strstr(name, "ISO_IR 192")) return XP_DICOM_UTF8;
    return !*name || !strcmp(name, "ISO_IR 100") || !strcmp(name, "ISO_IR 6") ? XP_DICOM_LATIN1
                                                                              : XP_DICOM_OTHER;
}

/* Up to the waveforms: what stands behind them is of no use here, and may be broken. */
static xp_status read_data_set(contents *c, xp_dicom_set *set, xp_error *err) {
    xp_dicom_element e;
    bool there;
    while (!c->waveform.tag && !c->picture) {
        XP_TRY(xp_dicom_next(set, &e, &there, err));
        if (!there) return XP_OK;
        if (e.tag == 0x00080005) set->letters = letters_of(&e);
        if (e.tag == 0x00080016) read_uid(&e, c->meta.object);
        if (e.tag == 0x00420011) c->document = e;
        if (e.tag == 0x54000100) c->waveform = e;
        c->picture = e.tag == 0x00280010 || e.tag == 0x7fe00010; /* rows, pixels */
        XP_TRY(xp_dicom_read_fact(&c->header, &e, err));
    }
    return XP_OK;
}

#define OBJECT "1.2.840.10008.5.1.4.1.1."

static xp_status refuse_by_content(const contents *c, xp_error *err) {
    const char *uid = c->meta.object;
    if (c->picture)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "it is a DICOM image, a picture without samples: choose the ECG's own file "
                       "(modality ECG), which the archive keeps beside it");
    if (!strcmp(uid, "1.2.840.10008.1.3.10"))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "it is a DICOMDIR, a table of contents: choose the files that it lists");
    if (!strncmp(uid, OBJECT "88.", sizeof OBJECT + 2))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "it is a DICOM report, a text without samples: choose the ECG's own file "
                       "(modality ECG)");
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "it holds no waveforms (no Waveform Sequence (5400,0100); its SOP class is "
                   "\"%s\"): choose an ECG object, modality ECG",
                   uid);
}

extern const xp_format xp_format_dicom;

/* A document in an envelope is a file of its own, and read by whichever format it is of. */
static xp_status read_document(xp_stored *w, const contents *c, const char *name,
                               const xp_read_options *opt, xp_error *err) {
    xp_bytes b = c->document.value;
    xp_bytes start = {b.data, b.size < XP_SNIFF_BYTES ? b.size : XP_SNIFF_BYTES};
    xp_sniffed kind = xp_sniff("document", start);
    if (!kind.format || kind.format->endings || kind.format == &xp_format_dicom)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "it is %s in a DICOM envelope, which is not read: choose the ECG's own file "
                       "(modality ECG), which the archive keeps beside it",
                       kind.kind ? kind.kind->what : "a document of an unknown kind");
    xp_memory_file file = {"document", b.data, b.size};
    xp_memory_files files = {&file, 1};
    xp_file_source src = xp_memory_source(&files);
    XP_TRY(kind.format->read(w, &src, "document", opt, err));
    xp_copy_text(w->name, sizeof w->name, name);
    return XP_OK;
}

static xp_status read_waveform(xp_stored *w, const char *name, contents *c, xp_error *err) {
    xp_dicom_waveform wave;
    XP_TRY(xp_dicom_read_waveform(&wave, &c->waveform, err));
    wave.file = c->file;
    wave.start = c->start;
    xp_stored made;
    xp_status s = xp_dicom_store(&made, name, &wave, err);
    xp_dicom_waveform_free(&wave);
    XP_TRY(s);
    xp_dicom_finish_facts(&c->header);
    xp_facts of_signals = made.facts;
    made.facts = c->header.facts;
    c->header.facts = xp_facts_unknown();
    made.facts.high_pass = of_signals.high_pass;
    made.facts.low_pass = of_signals.low_pass;
    made.facts.notch = of_signals.notch;
    strcpy(made.facts.filter, of_signals.filter);
    *w = made;
    return XP_OK;
}

static xp_status read_contents(xp_stored *w, const char *name, contents *c, xp_dicom_set set,
                               const xp_read_options *opt, uint8_t **inflated, xp_error *err) {
    XP_TRY(read_meta(&set, &c->meta, err));
    if (!strcmp(c->meta.syntax, DEFLATED)) XP_TRY(inflate(&set, inflated, opt, err));
    XP_TRY(choose_encoding(&set, c->meta.syntax, err));
    XP_TRY(read_data_set(c, &set, err));
    if (c->waveform.tag) return read_waveform(w, name, c, err);
    if (c->document.tag) return read_document(w, c, name, opt, err);
    return refuse_by_content(c, err);
}

static xp_status read_bytes(xp_stored *w, xp_bytes file, xp_file_window *window, const char *name,
                            const xp_read_options *opt, xp_error *err) {
    uint8_t *inflated = NULL;
    contents c = {.header.facts = xp_facts_unknown(), .file = window, .start = file.data};
    xp_dicom_set set = {.all = file, .at = begin(file), .end = file.size};
    xp_status s = read_contents(w, name, &c, set, opt, &inflated, err);
    free(inflated);
    xp_facts_free(&c.header.facts);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", name);
}

static bool is_deflated(xp_bytes file) {
    enum { META = 1024 };
    const size_t n = file.size < META ? file.size : META;
    for (size_t i = 0; i + sizeof DEFLATED - 1 <= n; i++)
        if (!memcmp(file.data + i, DEFLATED, sizeof DEFLATED - 1)) return true;
    return false;
}

/* Of a long file whose samples are not wanted the source maps the bytes: what is not looked at
 * takes no memory, and the samples are counted through a window. */
static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    enum { LONG = 8 << 20 };
    xp_bytes file;
    xp_file_window window;
    XP_TRY(src->get(src->ctx, name, &file, err));
    bool is_long = opt && opt->no_samples && file.size > LONG && !is_deflated(file);
    if (!is_long || !xp_file_window_open(&window, src, name))
        return read_bytes(w, file, NULL, name, opt, err);
    xp_status s = read_bytes(w, file, &window, name, opt, err);
    xp_file_window_close(&window);
    return s;
}

const xp_format xp_format_dicom = {
    .name = "DICOM",
    .help = "A DICOM file (.dcm) with a waveform is a record.",
    .sniff = sniff,
    .read = read,
};
