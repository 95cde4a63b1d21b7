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

/* A deflated data set may be this many times as long as its bytes: ECGs are two to six times. */
enum { MOST_TIMES = 40, ALWAYS_FITS = 4 << 20, MOST_BYTES = 512 << 20 };

static xp_status inflate(xp_dicom_set *set, uint8_t **owned, xp_error *err) {
    xp_bytes in = {set->all.data + set->at, set->end - set->at};
    size_t most = in.size > MOST_BYTES / MOST_TIMES ? MOST_BYTES : in.size * MOST_TIMES, size = 0;
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
    if (!strcmp(c->meta.syntax, DEFLATED)) XP_TRY(inflate(&set, inflated, err));
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

/* ==== long files, of which no samples are wanted ============================================= */

enum { LONG = 8 << 20, LONG_VALUE = 1 << 20 };

/* Where the samples of a group begin and end that the bytes at p (n of them) are the beginning of,
 * counted from p: little endian, with or without a value representation. False where they are not,
 * or are few. */
static bool begins_samples(const uint8_t *p, size_t n, size_t *head, uint64_t *size) {
    static const uint8_t tag[4] = {0x00, 0x54, 0x10, 0x10};
    if (n < 12 || memcmp(p, tag, sizeof tag)) return false;
    bool vr = p[4] == 'O' && (p[5] == 'W' || p[5] == 'B') && !p[6] && !p[7];
    *head = vr ? 12 : 8;
    *size = xp_load_le(p + *head - 4, 4);
    return *size > LONG_VALUE && *size < UINT32_MAX;
}

/* The first samples that begin in a piece of the file that begins at `at`, as far as the file has
 * them; false: none do. */
static bool find_samples(const xp_file_window *f, uint64_t at, xp_bytes piece, size_t *behind,
                         uint64_t *size) {
    size_t head;
    for (size_t i = 1; i < piece.size; i++) {
        const uint8_t *hit = memchr(piece.data + i, 0x54, piece.size - i);
        if (!hit) return false;
        i = (size_t)(hit - piece.data);
        if (!begins_samples(hit - 1, piece.size - (i - 1), &head, size)) continue;
        *behind = i - 1 + head;
        const uint64_t left = f->size - at - *behind;
        if (*size > left) *size = left;
        return true;
    }
    return false;
}

/* The file but for its samples, in whose place nothing was ever touched: the system gives no memory
 * for that. To be freed; NULL where it cannot be read. */
static uint8_t *read_around_samples(xp_file_window *f) {
    enum { PIECE = 1 << 20, OVERLAP = 12 };
    uint8_t *out = f->size < SIZE_MAX ? calloc((size_t)f->size, 1) : NULL;
    for (uint64_t at = 0; out && at < f->size;) {
        uint64_t left = f->size - at, hole;
        size_t behind;
        xp_bytes piece = xp_file_window_at(f, at, left < PIECE ? (size_t)left : PIECE);
        if (!piece.size) {
            free(out);
            return NULL;
        }
        if (find_samples(f, at, piece, &behind, &hole)) {
            memcpy(out + at, piece.data, behind);
            at += behind + hole;
        } else {
            memcpy(out + at, piece.data, piece.size);
            at += piece.size < left ? piece.size - OVERLAP : piece.size;
        }
    }
    return out;
}

static bool is_deflated(xp_file_window *f) {
    xp_bytes start = xp_file_window_at(f, 0, 1024);
    for (size_t i = 0; i + sizeof DEFLATED - 1 <= start.size; i++)
        if (!memcmp(start.data + i, DEFLATED, sizeof DEFLATED - 1)) return true;
    return false;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_bytes file;
    xp_file_window window;
    if (opt && opt->no_samples && xp_file_window_open(&window, src, name)) {
        bool is_long = window.size > LONG && !is_deflated(&window);
        uint8_t *around = is_long ? read_around_samples(&window) : NULL;
        xp_status s = XP_OK;
        if (around)
            s = read_bytes(w, (xp_bytes){around, (size_t)window.size}, &window, name, opt, err);
        free(around);
        xp_file_window_close(&window);
        if (around) return s;
    }
    XP_TRY(src->get(src->ctx, name, &file, err));
    return read_bytes(w, file, NULL, name, opt, err);
}

const xp_format xp_format_dicom = {
    .name = "DICOM",
    .help = "A DICOM file (.dcm) with a waveform is a record.",
    .sniff = sniff,
    .read = read,
};
