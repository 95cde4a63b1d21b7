/* The formats that are read, and what is known of those that are not. */
#include "ecg/format.h"

/* A row for each; a table of numbers last, for any text may be one. The first has a header: that is
 * what is missing where a name stands for nothing at all. */
#define FORMATS(X)                                                                                 \
    X(wfdb)                                                                                        \
    X(dicom)                                                                                       \
    X(muse)                                                                                        \
    X(philips)                                                                                     \
    X(aecg)                                                                                        \
    X(cardiosoft)                                                                                  \
    X(scp)                                                                                         \
    X(edf)                                                                                         \
    X(bdf)                                                                                         \
    X(ishne)                                                                                       \
    X(pdf)                                                                                         \
    X(npy)                                                                                         \
    X(mat)                                                                                         \
    X(table)

#define X(name) extern const xp_format xp_format_##name;
FORMATS(X)
#undef X

const xp_format *const xp_formats[] = {
#define X(name) &xp_format_##name,
    FORMATS(X)
#undef X
        NULL};

/* ==== formats that are not read ============================================================== */

#define TO_WFDB "export or convert the recording to WFDB (a .hea header and a signal file) first"
#define ITSELF "use the recording itself as WFDB (a .hea header and a signal file)"
#define UNPACK "unpack it and use the files inside"
#define ARRAY                                                                                      \
    "an array has no units or lead names; " ITSELF                                                 \
    " (the command-line tool also takes prepared windows whose name ends in .npy)"

/* The first kind whose content fits counts, then the first whose ending does. */
const xp_kind xp_kinds[] = {
    {"WFDB signals", "a WFDB signal file",
     "choose its header (the .hea file of the same record) together with it", " dat mat ",
     .part = true},
    {"WFDB annotations", "a file of WFDB annotations",
     "annotations alone have no samples; choose the record's .hea and .dat or .mat",
     " atr qrs ann xws ", .quiet = true},
    {"ISHNE annotations", "a file of ISHNE annotations",
     "annotations alone have no samples; choose the recording (.ecg)", "", .quiet = true,
     .starts = {{0, "ANN  1.0"}}},
    {"MFER", "an MFER file", TO_WFDB, " mwf ", .quiet = false},
    {"GDF", "a GDF file", TO_WFDB, " gdf ", .starts = {{0, "GDF "}}},
    {"XML", "an XML file", TO_WFDB, " xml ", .shared = true, .starts = {{-1, "<?xml"}}},
    {"table", "a table, but not of samples",
     "a recording has a row for each sample and a column of numbers for each lead", " csv tsv ",
     .quiet = false},
    {"table", "a spreadsheet", "save its sheet as CSV, and give that", " xls xlsx ods ",
     .quiet = false},
    {"HDF5", "an HDF5 file", "HDF5 files hold recordings in no agreed way; " ITSELF, " h5 hdf5 ",
     .starts = {{0, "\x89HDF\r\n\x1a\n"}}},
    {"NumPy array", "a NumPy array", ARRAY, " npy ", .starts = {{0, "\x93NUMPY"}}},
    {"NumPy array", "a NumPy archive", ARRAY, " npz ", .quiet = false},
    {"network", "a trained network", "give it as the model (with -m, on the command line)",
     " safetensors ", .quiet = false},
    {"network", "a network", "make a .safetensors model of it with `xplaim import`, and give that",
     " keras onnx ", .quiet = false},
    {"network", "a part of a network: the tensors of an ONNX model",
     "`xplaim import` reads them where they lie beside the .onnx file", " data onnx_data ",
     .quiet = false},
    {"document", "a document", "a printed ECG has no samples; " ITSELF,
     " doc docx odt rtf html htm ", .quiet = false},
    {"picture", "a picture", "a picture has no samples; " ITSELF,
     " png jpg jpeg gif bmp tif tiff webp heic heif svg ",
     .starts = {{0, "\x89PNG"}, {0, "\xff\xd8\xff"}, {0, "GIF8"}}},
    {"video", "a video", "a video has no samples; " ITSELF, " mp4 mov avi mkv webm ",
     .shared = true, .starts = {{4, "ftyp"}}},
    {"no gzip file", "not the gzip file that its name says",
     "a gzip file begins with the bytes 1F 8B, and this one does not; download or copy it again, "
     "or give it the ending of what it is",
     " gz ", .belied = true},
    {"archive", "an archive", UNPACK, " zip 7z rar tar tgz bz2 xz zst ", .shared = true,
     .starts = {{0, "PK\3\4"}, {0, "\x1f\x8b"}, {0, "7z\xbc\xaf\x27\x1c"}}},
    {"text", "a JSON text", TO_WFDB, " json ", .quiet = false},
    {"text", "a text", ITSELF, " txt md ", .quiet = true},
    {.name = NULL},
};

enum { N_KINDS = sizeof xp_kinds / sizeof *xp_kinds - 1 };

static bool holds(xp_bytes start, int offset, const char *bytes) {
    size_t n = strlen(bytes);
    if (offset >= 0)
        return start.size >= n + (size_t)offset && !memcmp(start.data + offset, bytes, n);
    size_t end = start.size < XP_SNIFF_BYTES ? start.size : XP_SNIFF_BYTES;
    for (size_t i = 0; i + n <= end; i++)
        if (!memcmp(start.data + i, bytes, n)) return true;
    return false;
}

static const xp_kind *kind_by_content(xp_bytes start) {
    enum { STARTS = sizeof xp_kinds->starts / sizeof *xp_kinds->starts };
    for (int i = 0; i < N_KINDS; i++)
        for (int k = 0; k < STARTS && xp_kinds[i].starts[k].bytes; k++)
            if (holds(start, xp_kinds[i].starts[k].offset, xp_kinds[i].starts[k].bytes))
                return &xp_kinds[i];
    return NULL;
}

static const xp_kind *kind_by_name(const char *name) {
    const char *dot = strrchr(name, '.');
    if (!dot || strchr(dot, '/')) return NULL;
    size_t n = strlen(dot + 1);
    for (int i = 0; n && i < N_KINDS; i++)
        for (const char *e = xp_kinds[i].endings; *e; e += 1 + strcspn(e + 1, " "))
            if (strcspn(e + 1, " ") == n && !strncasecmp(e + 1, dot + 1, n)) return &xp_kinds[i];
    return NULL;
}

xp_sniffed xp_sniff(const char *name, xp_bytes start) {
    xp_sniffed by_name = {0};
    for (int i = 0; xp_formats[i]; i++) {
        xp_likeness like = xp_formats[i]->sniff(name, start);
        if (like == XP_LIKE_BY_CONTENT) return (xp_sniffed){xp_formats[i], NULL, like};
        if (like == XP_LIKE_BY_NAME && !by_name.format) by_name.format = xp_formats[i];
    }
    const xp_kind *kind = kind_by_content(start);
    if (!by_name.format) by_name.kind = kind_by_name(name);
    bool named = by_name.format || by_name.kind;
    bool counts = named && !(by_name.kind && by_name.kind->belied);
    if (kind && !(kind->shared && counts)) return (xp_sniffed){NULL, kind, XP_LIKE_BY_CONTENT};
    if (named) by_name.likeness = XP_LIKE_BY_NAME;
    return by_name;
}

/* ==== names ================================================================================== */

static size_t stem(const char *path, bool header_only) {
    for (int i = 0; xp_formats[i]; i++)
        for (const char *const *e = xp_formats[i]->endings; e && *e; e++) {
            if (xp_name_ends_with(path, *e)) return strlen(path) - strlen(*e);
            if (header_only) break;
        }
    return strlen(path);
}

size_t xp_header_stem(const char *path) {
    return stem(path, true);
}

size_t xp_record_stem(const char *path) {
    return stem(path, false);
}
