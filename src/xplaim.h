/* ECG-XPLAIM as a library: 12-lead ECG recordings, the network's probabilities, and where in time
 * its evidence lies. Research and education only: not a medical device, not for diagnosis,
 * treatment, monitoring or clinical decisions.
 *
 *     if (!xplaim_recording_read(&recording, "records/100", &error) &&
 *         !xplaim_model_read(&model, "network.safetensors", NULL, &error) &&
 *         !xplaim_analyse(&analysis, recording, model, NULL, &error))
 *         p = xplaim_analysis_probability(analysis, 0, NULL);
 *
 * Errors. A function that can fail returns a status, and XPLAIM_OK is 0. On failure it leaves its
 * outputs alone and fills the error (which may be NULL) with a sentence for a person: what is
 * wrong, where, and what to do.
 *
 * Ownership. What a function makes belongs to the caller, who releases it with the function named
 * beside it; each of those accepts NULL. A pointer into a handle is valid as long as the handle.
 *
 * Arguments. Texts are UTF-8. Options may be NULL, and a field that is 0 takes its default, so that
 * `xplaim_options o = {.bandpass = {0.5, 40}}` is complete. A getter returns NULL, NaN or false for
 * an index that is out of range.
 *
 * Threads. The library prints nothing, handles no signal and has no global state: any number of
 * handles may be used at once. A model is for one thread at a time; a recording or an analysis may
 * be read by several. */
#ifndef XPLAIM_H
#define XPLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define XPLAIM_API __attribute__((visibility("default")))
#else
#define XPLAIM_API
#endif

/* "0.1.0" */
XPLAIM_API const char *xplaim_version(void);

typedef enum xplaim_status {
    XPLAIM_OK,
    XPLAIM_ERR_USAGE,        /* an argument or option is not valid */
    XPLAIM_ERR_MEMORY,       /* not enough memory */
    XPLAIM_ERR_IO,           /* a file cannot be read */
    XPLAIM_ERR_NOT_FOUND,    /* a file or a name is missing */
    XPLAIM_ERR_TRUNCATED,    /* the data end before they should */
    XPLAIM_ERR_FORMAT,       /* the data are not in the format they claim */
    XPLAIM_ERR_UNSUPPORTED,  /* valid, but not supported */
    XPLAIM_ERR_LIMIT,        /* larger than this library accepts */
    XPLAIM_ERR_SHAPE,        /* a tensor has not the expected shape */
    XPLAIM_ERR_LEAD_UNKNOWN, /* a lead is missing or its name is not known */
    XPLAIM_ERR_UNITS,        /* the units or the amplitude are not credible */
    XPLAIM_ERR_INTERNAL,     /* a bug: please report it */
    XPLAIM_ERR_CANCELLED     /* stopped because the caller asked for it */
} xplaim_status;

typedef struct xplaim_error {
    xplaim_status code;
    char text[512]; /* NUL-terminated, no newline */
} xplaim_error;

/* "LEAD_UNKNOWN": stable, as in the tool's JSON. Never NULL. */
XPLAIM_API const char *xplaim_status_name(xplaim_status status);

/* What a reader must know but does not stop the work: leads that were derived, samples that were
 * missing, a recording shorter than the model's window ... */
enum { XPLAIM_NOTICE_TEXT = 720 };

typedef struct xplaim_notice {
    const char *code;              /* stable lower-case name, such as "derived" */
    const char *lead;              /* the first lead that it is about, or "" */
    char text[XPLAIM_NOTICE_TEXT]; /* one sentence for a person, about all leads that it is true of
                                    */
} xplaim_notice;

/* What the library has allocated for the caller without a handle: pictures, documents. */
XPLAIM_API void xplaim_free(void *bytes);

/* ==== recordings ============================================================================== */

typedef struct xplaim_recording xplaim_recording;

/* A file in memory, by the name that other files of the recording call it. */
typedef struct xplaim_file {
    const char *name;
    const void *bytes;
    size_t size;
} xplaim_file;

/* path: a record ("folder/100") or one of its files; what is read: the README's "What is read".
 * Limb leads that are not there and follow from two others are added, marked as derived. */
XPLAIM_API xplaim_status xplaim_recording_read(xplaim_recording **out, const char *path,
                                               xplaim_error *error);
/* The same of n files that are in memory; name: the record's ("100"), or one of the files'. Nothing
 * of them is kept. */
XPLAIM_API xplaim_status xplaim_recording_read_memory(xplaim_recording **out, const char *name,
                                                      const xplaim_file *files, size_t n,
                                                      xplaim_error *error);
XPLAIM_API void xplaim_recording_free(xplaim_recording *recording);

XPLAIM_API const char *xplaim_recording_name(const xplaim_recording *recording);
XPLAIM_API double xplaim_recording_rate(const xplaim_recording *recording);     /* Hz */
XPLAIM_API int64_t xplaim_recording_samples(const xplaim_recording *recording); /* in each lead */
XPLAIM_API int xplaim_recording_leads(const xplaim_recording *recording);
/* "aVR"; a lead that is none of the twelve has the file's name for it. */
XPLAIM_API const char *xplaim_recording_lead_name(const xplaim_recording *recording, int lead);
/* (samples) millivolt, NaN where a sample is missing. */
XPLAIM_API const float *xplaim_recording_lead(const xplaim_recording *recording, int lead);
/* Computed from two other leads. */
XPLAIM_API bool xplaim_recording_lead_is_derived(const xplaim_recording *recording, int lead);
/* Notice i of this reading; false past the last. */
XPLAIM_API bool xplaim_recording_notice(const xplaim_recording *recording, int i,
                                        xplaim_notice *notice);

/* ==== models ================================================================================== */

/* A network that is ready to run; it holds the memory of a pass (xplaim_model_bytes). */
typedef struct xplaim_model xplaim_model;

typedef struct xplaim_model_options {
    int threads;       /* 0: one; -1: as many as there are processors */
    const char *layer; /* whose Grad-CAM maps are made; NULL: the last that fits */
    bool no_maps;      /* probabilities alone: faster, and less memory */
} xplaim_model_options;

/* A .safetensors model file (`xplaim import` makes one of a Keras or an ONNX model). */
XPLAIM_API xplaim_status xplaim_model_read(xplaim_model **out, const char *path,
                                           const xplaim_model_options *options,
                                           xplaim_error *error);
/* The same in memory; nothing of it is kept. */
XPLAIM_API xplaim_status xplaim_model_read_memory(xplaim_model **out, const void *bytes,
                                                  size_t size, const xplaim_model_options *options,
                                                  xplaim_error *error);
XPLAIM_API void xplaim_model_free(xplaim_model *model);

XPLAIM_API const char *xplaim_model_name(const xplaim_model *model);
/* False: its weights were never fitted to real labels, and its results mean nothing. */
XPLAIM_API bool xplaim_model_is_trained(const xplaim_model *model);
XPLAIM_API double xplaim_model_rate(const xplaim_model *model); /* Hz of its input */
XPLAIM_API int xplaim_model_length(const xplaim_model *model);  /* samples of its input */
XPLAIM_API size_t xplaim_model_bytes(const xplaim_model *model);
XPLAIM_API int xplaim_model_labels(const xplaim_model *model);

typedef struct xplaim_label {
    const char *name;      /* "afib" */
    const char *long_name; /* "Atrial fibrillation", or "" */
    double threshold;      /* on the probability; NaN: there is none */
} xplaim_label;

/* False when there is no such label. */
XPLAIM_API bool xplaim_model_label(const xplaim_model *model, int label, xplaim_label *out);
/* Index of a label by its name, in any case; -1: there is none. */
XPLAIM_API int xplaim_model_find_label(const xplaim_model *model, const char *name);

/* ==== analysis ================================================================================ */

typedef struct xplaim_analysis xplaim_analysis;

typedef struct xplaim_options {
    double bandpass[2];        /* Hz, of a zero-phase Butterworth filter; both 0: none */
    double notch;              /* Hz; 0: none */
    bool accept_amplitude;     /* analyse although the amplitude is not credible */
    bool accept_missing_leads; /* leads that are neither there nor derivable count as 0 mV */
    bool accept_checksums;     /* analyse although not one checksum is that of its samples */
} xplaim_options;

/* Runs the model over the recording, window by window. Recording and model must outlive the
 * analysis; the model may be used again at once. */
XPLAIM_API xplaim_status xplaim_analyse(xplaim_analysis **out, const xplaim_recording *recording,
                                        xplaim_model *model, const xplaim_options *options,
                                        xplaim_error *error);
XPLAIM_API void xplaim_analysis_free(xplaim_analysis *analysis);

XPLAIM_API int xplaim_analysis_windows(const xplaim_analysis *analysis);
/* Where a window begins in the recording, and how much of the recording is in it: seconds. */
XPLAIM_API double xplaim_analysis_window_start(const xplaim_analysis *analysis, int window);
XPLAIM_API double xplaim_analysis_window_seconds(const xplaim_analysis *analysis, int window);
/* (labels) of one window. */
XPLAIM_API const float *xplaim_analysis_probabilities(const xplaim_analysis *analysis, int window);
/* Of the whole recording: its odds are the mean of its windows'. *window (may be NULL): the first
 * window in which it is largest. */
XPLAIM_API float xplaim_analysis_probability(const xplaim_analysis *analysis, int label,
                                             int *window);
/* Grad-CAM of a label in a window: n values from 0 to 1 that cover the model's input evenly in
 * time; all 0 where nothing speaks for the label. NULL without maps (no_maps, or a model that has
 * no layer over time). */
XPLAIM_API const float *xplaim_analysis_map(const xplaim_analysis *analysis, int window, int label,
                                            int *n);
/* Notice i of the model, the recording and what was done to it; false past the last. Whoever
 * shows a result shows these, and whether the model is trained. */
XPLAIM_API bool xplaim_analysis_notice(const xplaim_analysis *analysis, int i,
                                       xplaim_notice *notice);

/* The document that `xplaim explain --json` prints (without maps: `predict --json`), name standing
 * in it as the record's and no digest of the model. *text is the caller's (xplaim_free); on an
 * error, which only memory can be, it is untouched. */
XPLAIM_API xplaim_status xplaim_analysis_json(char **text, const xplaim_analysis *analysis,
                                              const char *name, xplaim_error *error);

/* ==== pictures ================================================================================ */

typedef struct xplaim_picture {
    const char *layout;    /* "12x1" (default), "6x2", "3x4", "3x4+1", "3x4+3", "single" */
    const char *rhythm[3]; /* leads of the rhythm rows, or (first) the lead of "single" */
    const char *style;     /* of the map: "behind" the trace (default), "strip", "trace" */
    const char *colormap;  /* "viridis" (default), "reds", "cividis", "blues" */
    double speed;          /* mm/s: 12.5, 25 (default), 50 */
    double gain;           /* mm/mV: 5, 10 (default), 20 */
    double start, seconds; /* of the recording; seconds 0: 10 */
    double dpi;            /* of a PNG: 10 to 2400; 0: 300 */
    bool cabrera;          /* limb leads as aVL I -aVR II aVF III */
    bool no_grid;
} xplaim_picture;

/* The recording on clinical paper and, where analysis is given (of this recording, with maps), the
 * map of the label, from the window in which it is most probable unless start says otherwise.
 * *bytes: xplaim_free. PNG: 8-bit RGB with its density. SVG: in millimetres, text of *size bytes
 * with a NUL behind. */
XPLAIM_API xplaim_status xplaim_draw_png(uint8_t **bytes, size_t *size,
                                         const xplaim_recording *recording,
                                         const xplaim_analysis *analysis, int label,
                                         const xplaim_picture *picture, xplaim_error *error);
XPLAIM_API xplaim_status xplaim_draw_svg(char **text, size_t *size,
                                         const xplaim_recording *recording,
                                         const xplaim_analysis *analysis, int label,
                                         const xplaim_picture *picture, xplaim_error *error);

#ifdef __cplusplus
}
#endif

#endif
