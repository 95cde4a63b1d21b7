/* Samples in XML files: texts of base64 or of decimal numbers, and signals made of them. */
#ifndef XP_ECG_XML_SIGNALS_H
#define XP_ECG_XML_SIGNALS_H

#include "ecg/source.h"
#include "ecg/stored.h"
#include "ecg/xml.h"

/* One lead as it is read. Either digital or physical is set, n values; both are owned. Neither is
 * where it is an outline: then n and n_missing tell all that is known. */
typedef struct xp_xml_signal {
    const xp_xml *e; /* where it stands, for messages */
    char name[64], units[32];
    double gain, baseline; /* as in xp_stored_signal */
    int32_t missing;       /* the value that means "no sample"; INT32_MIN: none */
    int32_t *digital;
    double *physical;
    int64_t n;
    bool outline;
    int64_t n_missing; /* of an outline */
    int64_t start;     /* samples of the recording before its first; see xp_xml_join */
} xp_xml_signal;

typedef struct xp_xml_signals {
    xp_xml_signal *items;
    int n, room;
} xp_xml_signals;

/* One more signal, with gain 1 and no missing value. XP_ERR_FORMAT for too many, XP_ERR_MEMORY. */
xp_status xp_xml_add_signal(xp_xml_signal **added, xp_xml_signals *list, const xp_xml_document *doc,
                            const xp_xml *e, const char *name, const char *units, xp_error *err);
void xp_xml_signals_free(xp_xml_signals *list);

/* The bytes of a text of base64 with blanks anywhere in it. *out is the caller's (free). */
xp_status xp_xml_base64(const xp_xml_document *doc, const xp_xml *e, uint8_t **out, size_t *n,
                        xp_error *err);

/* Steps per microvolt, of the text of a step's size and of its unit: a voltage in any spelling,
 * with "per bit" or the like behind it or not ("MICROVOLTS", "uVperLsb", "mV/bit"). 0: they are
 * none. */
double xp_xml_steps_per_uv(const char *step, const char *unit);

/* How many numbers the text of e holds, as xp_xml_take_numbers reads it; 0 of NULL. */
int64_t xp_xml_count_numbers(const xp_xml *e);

/* Samples from little-endian integers of 16 bits. */
xp_status xp_xml_take_int16(xp_xml_signal *s, const uint8_t *bytes, int64_t n, xp_error *err);

/* The same of a text of base64 of which there is a digest: an outline. */
xp_status xp_xml_take_digest(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                             xp_error *err);

/* Samples from the text of e: numbers between blanks or commas. Whole ones become digital, others
 * physical (divided by the signal's gain, then). */
xp_status xp_xml_take_numbers(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                              xp_error *err);

/* Put signals of one name that follow each other (by start) into one, the gaps between them
 * missing, and bring all to one length. Those that overlap stay apart. XP_ERR_LIMIT, and nothing is
 * done, where that would be far more samples than there are. */
xp_status xp_xml_join(xp_xml_signals *list, const xp_xml_document *doc, xp_error *err);

/* The recording of that name with these signals, whose values move to it. A signal that is shorter
 * than the longest, by no more than half, is missing at its end. On error w is untouched. */
xp_status xp_xml_to_stored(xp_stored *w, const char *name, double rate, xp_xml_signals *list,
                           const xp_xml_document *doc, xp_error *err);

/* Parse the file `name` of src and make a recording of it by `make`, whose w holds nothing at first
 * and is freed when it fails. outline: samples are not wanted, and make can do with digests where
 * the file is long. On error w is untouched. */
typedef xp_status (*xp_xml_maker)(xp_stored *w, const char *name, const xp_xml_document *doc,
                                  xp_error *err);
xp_status xp_xml_read(xp_stored *w, const xp_file_source *src, const char *name, xp_xml_maker make,
                      bool outline, xp_error *err);

/* XP_ERR_MEMORY, with the file's name. */
xp_status xp_xml_no_memory(const xp_xml_document *doc, xp_error *err);

#endif
