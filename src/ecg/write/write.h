/* Recordings written as files of other formats, in memory: the tool saves them to a folder, the
 * page as a download, with the same bytes. A format that is written is one xp_writer, defined in
 * its own file and named in writers.c.
 *
 * Nothing is rescaled: stored values, gain and baseline travel where the format can hold them.
 * Nothing says who it is unless that is asked for: writers are handed a recording without it. */
#ifndef XP_ECG_WRITE_H
#define XP_ECG_WRITE_H

#include "base/buffer.h"
#include "ecg/stored.h"

typedef struct xp_write_options {
    /* Keep names, numbers, dates, the device, statements and comments. Without it they are out,
     * with every text but the names and units of signals, and an age above 89 is written as 90. */
    bool keep_identity;
    /* Keep what the file states of the ECG (measured values and interpretations, whose words are
     * anyone's), without the rest. */
    bool keep_stated;
} xp_write_options;

enum { XP_WRITTEN_MOST = 8 };

typedef struct xp_written_file {
    char name[160]; /* without a folder */
    xp_buffer bytes;
} xp_written_file;

/* The files of one recording. */
typedef struct xp_written {
    xp_written_file files[XP_WRITTEN_MOST];
    int n;
    xp_notices notices; /* what the format could not hold */
} xp_written;

typedef struct xp_writer {
    const char *name;   /* what `convert --to` takes: "edf" */
    const char *title;  /* as tables and messages write it: "EDF+" */
    const char *ending; /* of the file that stands for the recording: ".edf", ".hea" */
    int32_t low, high;  /* the stored values that fit */
    /* Add the files of w, named `name` and an ending, to out, which is empty. Every signal of w has
     * digital samples, those that are not missing from low to high, gain and baseline to match; and
     * w says no more than may be written: the writer needs not look at opt, except to state in the
     * file that identity was removed. On error the caller frees out; err says what does not fit and
     * what to do. */
    xp_status (*write)(xp_written *out, const xp_stored *w, const char *name,
                       const xp_write_options *opt, xp_error *err);
} xp_writer;

/* NULL at the end. */
extern const xp_writer *const xp_writers[];

/* By its name ("edf"), or by the ending of a file's name; NULL: none. */
const xp_writer *xp_writer_named(const char *name);
const xp_writer *xp_writer_of_file(const char *file);

/* The files of w. name: of the recording, without a folder and an ending; a long one is an error.
 * opt may be NULL. Free with xp_written_free; on error out is untouched. */
xp_status xp_write(xp_written *out, const xp_writer *writer, const xp_stored *w, const char *name,
                   const xp_write_options *opt, xp_error *err);
void xp_written_free(xp_written *out);

/* For writers: a new file of out, name and ending together, to append to. */
xp_buffer *xp_written_add(xp_written *out, const char *name, const char *ending);

/* For writers: a text that fits out a field of a format of ASCII alone: other letters become '?'.
 */
void xp_ascii_text(char *dst, size_t size, const char *src);

#endif
