/* Parts of the DICOM waveform reader: data sets, the codes of leads, waveforms, and what the file
 * says beside them. */
#ifndef XP_ECG_DICOM_INTERNAL_H
#define XP_ECG_DICOM_INTERNAL_H

#include "base/bytes.h"
#include "ecg/stored.h"

/* ==== data sets (dicom_data.c) =============================================================== */

/* How texts are written, told by Specific Character Set (0008,0005). */
typedef enum xp_dicom_letters { XP_DICOM_LATIN1, XP_DICOM_UTF8, XP_DICOM_OTHER } xp_dicom_letters;

/* Elements from at to end, or the items of a sequence. Offsets count from the start of all: of the
 * file, or of its data set where that is deflated. */
typedef struct xp_dicom_set {
    xp_bytes all;
    size_t at, end;
    bool is_explicit, big, deflated;
    xp_dicom_letters letters;
} xp_dicom_set;

typedef struct xp_dicom_element {
    uint32_t tag; /* group << 16 | element */
    char vr[3];   /* "" where the encoding leaves it out */
    size_t at;
    xp_bytes value;
    xp_dicom_set set; /* what the value holds when it is a sequence: its items */
} xp_dicom_element;

/* The next element (or item) of a set, which moves behind it; *there is false at the end. */
xp_status xp_dicom_next(xp_dicom_set *set, xp_dicom_element *e, bool *there, xp_error *err);
xp_status xp_dicom_next_item(xp_dicom_set *items, xp_dicom_set *item, bool *there, xp_error *err);

/* How many items a sequence has. */
xp_status xp_dicom_count_items(xp_dicom_set items, int *n, xp_error *err);

/* Whether the set begins as one of its encoding does. */
bool xp_dicom_begins(const xp_dicom_set *set);

/* An error at the byte `at` of the set's file. */
xp_status xp_dicom_fail(const xp_dicom_set *set, size_t at, xp_error *err, xp_status code,
                        const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Values. Text: UTF-8 on one line, without the blanks around it. Number: decimals as text, or the
 * whole number that the length allows; NaN where there is none. */
void xp_dicom_text(const xp_dicom_element *e, char *out, size_t size);
double xp_dicom_number(const xp_dicom_element *e);

/* The first item of a code sequence. */
typedef struct xp_dicom_code {
    char value[20], scheme[20], meaning[64];
} xp_dicom_code;
xp_status xp_dicom_read_code(const xp_dicom_element *sequence, xp_dicom_code *code, xp_error *err);

/* ==== codes (dicom_codes.c) ================================================================== */

/* The lead of a channel's source code, or NULL. */
const char *xp_dicom_lead_of_code(const xp_dicom_code *code);

/* The number of a lead in SCP-ECG's and MDC's list (5.6.3-9-N, 2:N); 0: it has none. */
int xp_dicom_number_of_lead(const char *lead);

/* A measured value's name and unit as `xplaim measure` has them, of its code or its words; false:
 * it is none of those. */
bool xp_dicom_measurement(const xp_dicom_code *code, const char **name, const char **unit);

/* The MDC code of a value that `xplaim measure` has under that name, and its words; false: none. */
bool xp_dicom_code_of(const char *name, xp_dicom_code *code);

/* ==== waveforms (dicom_waveform.c, dicom_groups.c) =========================================== */

typedef struct xp_dicom_channel {
    char name[64], units[32];
    double sensitivity, correction, baseline; /* NaN: not given */
    double high_pass, low_pass, notch;        /* Hz; NaN */
} xp_dicom_channel;

/* A multiplex group: channels of one rate. */
typedef struct xp_dicom_group {
    size_t at;
    char label[32], interpretation[8];
    bool derived, has_padding;
    int n_channels, bits;
    int64_t n; /* samples of each channel */
    double rate, offset_ms;
    int32_t padding;
    xp_dicom_channel *channels; /* owned */
    xp_dicom_element data;      /* interleaved samples */
} xp_dicom_group;

typedef struct xp_dicom_waveform {
    int n;
    xp_dicom_group *groups; /* owned */
    xp_notices notices;
    /* Where no samples are wanted: the file, and where in memory it is as far as it has been read,
     * with a hole in place of them. NULL: all of it is in memory. */
    struct xp_file_window *file;
    const uint8_t *start;
} xp_dicom_waveform;

/* The groups of a Waveform Sequence. On error nothing is kept. */
xp_status xp_dicom_read_waveform(xp_dicom_waveform *wave, const xp_dicom_element *sequence,
                                 xp_error *err);
void xp_dicom_waveform_free(xp_dicom_waveform *wave);

/* The recording: the rhythm, not the median beat. */
xp_status xp_dicom_store(xp_stored *w, const char *name, const xp_dicom_waveform *wave,
                         xp_error *err);

/* ==== what a file says beside them (dicom_facts.c) =========================================== */

/* Take in one element of the data set. False: no memory. */
typedef struct xp_dicom_header {
    xp_facts facts; /* owned */
    char maker[64], model[64], acquired[32], birth[16];
    char date[3][16], time[3][24]; /* content, study, series */
} xp_dicom_header;

xp_status xp_dicom_read_fact(xp_dicom_header *h, const xp_dicom_element *e, xp_error *err);
/* What follows of them together; filters are the chosen channels'. */
void xp_dicom_finish_facts(xp_dicom_header *h);

#endif
