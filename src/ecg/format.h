/* File formats: the rows behind reader.h (which opens records) and listing.h (which finds out what
 * records there are among files). A format that is read is one xp_format, defined in its own file
 * and named in formats.c; files of which only the kind is known are rows of a table there. */
#ifndef XP_ECG_FORMAT_H
#define XP_ECG_FORMAT_H

#include "ecg/source.h"
#include "ecg/stored.h"

#include <string.h>
#include <strings.h>

/* The part of a file that it is recognised by. */
enum { XP_SNIFF_BYTES = 8192 };

/* Content counts for more than a name. */
typedef enum xp_likeness { XP_UNLIKE, XP_LIKE_BY_NAME, XP_LIKE_BY_CONTENT } xp_likeness;

/* Where a format's list tells what a header says; all but ctx are called with it. */
typedef struct xp_header_names {
    void *ctx;
    /* The record needs the file `name` of its folder. */
    void (*needs)(void *ctx, const char *name);
    /* The header `name` is a part of the record, and no record of its own; what it needs the
     * record needs too. False when it is the part named before. */
    bool (*part)(void *ctx, const char *name);
    /* What the record's type says in place of the endings of its files: "2 segments". */
    void (*detail)(void *ctx, const char *text);
} xp_header_names;

/* What the user knows of a file that does not say it itself: tables of numbers. */
typedef struct xp_read_options {
    double rate;                /* Hz; NaN or 0: not given */
    const char *unit;           /* of the numbers: "uV", "mV"; of a drawing its scale: "25 mm/s
                                   10 mm/mV"; NULL: not given */
    const char *columns;        /* the columns' names in their order, with commas between; NULL */
    struct xp_table_view *view; /* filled in where the file is a table, also on error; or NULL */
    uint64_t max_memory;        /* bytes that reading may take; 0: xp_memory_limit() */
    bool no_samples; /* what is said of the signals, whose digital and physical may be NULL: then
                        nothing is held that grows with the recording */
} xp_read_options;

struct xp_frame_plan;

typedef struct xp_format {
    const char *name; /* as tables and messages write it: "WFDB" */
    const char *help; /* a sentence: which files make a record */
    /* NULL: every file of the format is a record, and its name is the record's. Otherwise the
     * endings of files that lie under a record's name, NULL at the end; the first is that of its
     * header, which names the other files (".hea": the record of 100.hea is 100). */
    const char *const *endings;
    /* Whether a file is of the format; start holds its first bytes (XP_SNIFF_BYTES, or the whole
     * file where it has fewer), or none where only the name is to be judged. */
    xp_likeness (*sniff)(const char *name, xp_bytes start);
    /* With a header only: what its text names. Lenient: what is wrong is for open to say.
     * False when there is no memory. */
    bool (*list)(const xp_header_names *out, xp_bytes header);
    /* Read a recording; opt may be NULL. On error w is untouched and err says what to do. */
    xp_status (*read)(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err);
    /* How a recording is read in parts (frames.h); NULL: it is read as a whole. */
    bool (*frames)(struct xp_frame_plan *plan, const xp_file_source *src, const char *name);
    /* Megabytes of the largest file that is read, where every recording of the kind is far smaller:
     * a larger one is refused before it is looked at. 0: of any size. */
    int most_mb;
} xp_format;

/* Files that hold no record which is read here, and what to do about them. */
typedef struct xp_kind {
    const char *name;    /* in a table: "DICOM" */
    const char *what;    /* in a sentence: "a DICOM file" */
    const char *advice;  /* in a sentence, behind a colon */
    const char *endings; /* of names, in lower case, with a blank around each */
    bool quiet;          /* such files come with records: nobody needs to be informed of them */
    bool part;           /* of a record, whose header is missing */
    bool shared;         /* files of other kinds begin so too (.docx as .zip): a name decides */
    bool belied;         /* only the name says it, and the bytes do not: whatever they say counts */
    struct {
        int offset;        /* -1: anywhere in the first XP_SNIFF_BYTES */
        const char *bytes; /* NULL: no more */
    } starts[3];
} xp_kind;

/* The kinds that are known; the one behind the last has no name. */
extern const xp_kind xp_kinds[];

/* The formats that are read; NULL at the end. */
extern const xp_format *const xp_formats[];

/* What a file is; one of format and kind is set, or neither where it is not known. */
typedef struct xp_sniffed {
    const xp_format *format;
    const xp_kind *kind;
    xp_likeness likeness;
} xp_sniffed;

xp_sniffed xp_sniff(const char *name, xp_bytes start);

/* Whether name is more than, and ends in, ending (".hea"); letters in any case. */
static inline bool xp_name_ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), k = strlen(ending);
    return n > k && !strcasecmp(name + n - k, ending);
}

/* Length of a path without a header's ending ("d/100.hea": 5), or without that of any file that
 * lies under a record's name ("d/100.dat"). */
size_t xp_header_stem(const char *path);
size_t xp_record_stem(const char *path);

#endif
