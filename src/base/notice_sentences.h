/* Every sentence that a notice can be: its code, the sentence about one lead or none, and the one
 * about several leads; NULL where it is never said of several.
 *
 * {name} is an argument, {name:%.2f} one with its format; {lead} and {leads} are the leads' names.
 * What stands in [brackets] is left out where an argument in it is not given. Notices are reported
 * together when all arguments that the sentence about several leads has are the same. */
#ifndef XP_BASE_NOTICE_SENTENCES_H
#define XP_BASE_NOTICE_SENTENCES_H

#include "base/statements.h"

/* clang-format off */
#define XP_SENTENCE_LIST(X)                                                                        \
    /* reading a WFDB record */                                                                    \
    X(XP_SAY_WORD_NOT_UNDERSTOOD, XP_NOTE_HEADER,                                                  \
      "{file} line {line}: \"{word}\" on the record line was not understood", NULL)                \
    X(XP_SAY_DATE_STYLE, XP_NOTE_HEADER,                                                           \
      "{file} line {line}: the date {date} is not written as the specification says (time, then "  \
      "DD/MM/YYYY)", NULL)                                                                         \
    X(XP_SAY_NAMES_DIFFER, XP_NOTE_HEADER,                                                         \
      "{file} line {line}: the header calls the record \"{name}\", its file is named {file}",      \
      NULL)                                                                                        \
    X(XP_SAY_FILE_BESIDE, XP_NOTE_HEADER,                                                          \
      "{file} line {line}: {name} is not at its path, {path}: the one beside the header was read", \
      NULL)                                                                                        \
    X(XP_SAY_SEGMENTS_LENGTH, XP_NOTE_HEADER,                                                      \
      "{file} line 1: the length is {length}, but the segments have {samples} samples", NULL)      \
    X(XP_SAY_BASELINE_BEHIND, XP_NOTE_HEADER,                                                      \
      "{file} line {line}: the baseline stands behind the units",                                  \
      "leads {leads}: {file}: the baseline stands behind the units")                               \
    X(XP_SAY_FIELDS_MISSING, XP_NOTE_HEADER,                                                       \
      "{file} line {line}: the {field} and what follows it are missing",                           \
      "leads {leads}: {file}: the {field} and what follows it are missing")                        \
    X(XP_SAY_RATE_ASSUMED, XP_NOTE_RATE_ASSUMED,                                                   \
      "{file} line {line}: no sampling frequency: {rate:%g} Hz assumed", NULL)                     \
    X(XP_SAY_UNCALIBRATED, XP_NOTE_UNCALIBRATED,                                                   \
      "{file} line {line}: uncalibrated: {gain:%g} adu/{units} assumed, because the header gives " \
      "no {absent} for this signal",                                                               \
      "leads {leads}: {file}: uncalibrated: {gain:%g} adu/{units} assumed, because the header "    \
      "gives no {absent} for these signals")                                                       \
    X(XP_SAY_SEGMENT_UNCALIBRATED, XP_NOTE_UNCALIBRATED,                                           \
      "{file}: uncalibrated: {gain:%g} adu/{units} assumed, because a segment's header gives no "  \
      "gain or no units for this signal",                                                          \
      "leads {leads}: {file}: uncalibrated: {gain:%g} adu/{units} assumed, because a segment's "   \
      "header gives no gain or no units for these signals")                                        \
    X(XP_SAY_CHECKSUM, XP_NOTE_CHECKSUM,                                                           \
      "{file} line {line}: the checksum of \"{signal}\" is {sum}, the header says {stated}: the "  \
      "samples may be damaged",                                                                    \
      "{file}: the checksums of leads {leads} are not the header's: the samples may be damaged")   \
    X(XP_SAY_FIRST_SAMPLE, XP_NOTE_CHECKSUM,                                                       \
      "{file} line {line}: the first sample of \"{signal}\" is {first}, the header says {stated}", \
      "{file}: the first samples of leads {leads} are not the header's")                           \
    X(XP_SAY_FILES_DIFFER, XP_NOTE_TRUNCATED,                                                      \
      "{file} gives no length and its files differ: {used} of up to {most} samples used", NULL)    \
    X(XP_SAY_NOT_IN_LAYOUT, XP_NOTE_IGNORED,                                                       \
      "{file} line {line}: \"{signal}\" of segment {segment} is not in the layout",                \
      "{file}: leads {leads} of segment {segment} are not in the layout")                          \
    /* reading DICOM */                                                                            \
    X(XP_SAY_GROUP_SHORT, XP_NOTE_TRUNCATED,                                                       \
      "the file holds {held:%.0f} samples of each lead and says that it has {stated:%.0f}", NULL)  \
    X(XP_SAY_CHANNEL_UNCALIBRATED, XP_NOTE_UNCALIBRATED,                                           \
      "uncalibrated: {gain:%g} steps/mV assumed, because the file gives no sensitivity or no "     \
      "unit for \"{signal}\"",                                                                     \
      "leads {leads}: uncalibrated: {gain:%g} steps/mV assumed, because the file gives no "        \
      "sensitivity or no unit for them")                                                           \
    /* reading any */                                                                              \
    X(XP_SAY_LEFT_OUT, XP_NOTE_IGNORED,                                                            \
      "signal \"{signal}\" was left out: {why}",                                                   \
      "signals {leads} were left out, each because {why}")                                         \
    X(XP_SAY_MARKED_READ, XP_NOTE_MARKED,                                                          \
      "lead {lead}: samples that the file marks as missing ({samples:%.0f}) fit their neighbours, "\
      "since its mark is an ordinary value: they are read as samples",                             \
      "leads {leads}: samples that the file marks as missing ({total:%.0f} in all) fit their "     \
      "neighbours, since its mark is an ordinary value: they are read as samples")                 \
    /* reading other formats */                                                                    \
    X(XP_SAY_FILE_CHECKSUM, XP_NOTE_CHECKSUM,                                                      \
      "{file}: its checksum is not that of its bytes: the samples may be damaged", NULL)           \
    X(XP_SAY_COUNT_DIFFERS, XP_NOTE_HEADER,                                                        \
      "{file}: the header says {stated:%.0f} samples, the file holds {samples:%.0f} of each lead", \
      NULL)                                                                                        \
    X(XP_SAY_BYTES_BEHIND, XP_NOTE_HEADER,                                                         \
      "{file}: the {bytes:%.0f} bytes behind its last samples were not read", NULL)                \
    X(XP_SAY_LEADS_ASSUMED, XP_NOTE_HEADER,                                                        \
      "{file}: its 12 columns have no names and are taken as I, II, III, aVR, aVL, aVF, V1 to "    \
      "V6: name them where that is wrong (--columns)", NULL)                                       \
    /* writing a recording */                                                                      \
    X(XP_SAY_ROUNDED, XP_NOTE_ROUNDED,                                                             \
      "signal \"{signal}\": its values are rounded to steps of {step:%.3g} {unit}, since {format} " \
      "holds no finer ones",                                                                       \
      "signals {leads}: their values are rounded to steps of {step:%.3g} {unit}, since {format} "  \
      "holds no finer ones")                                                                       \
    X(XP_SAY_MISSING_MARKED, XP_NOTE_GAP,                                                          \
      "signal \"{signal}\": its missing samples are written as {value:%.0f}, outside of its "      \
      "limits, since EDF+ has no others",                                                          \
      "signals {leads}: their missing samples are written as {value:%.0f}, outside of their "      \
      "limits, since EDF+ has no others")                                                          \
    X(XP_SAY_LIMITS_ROUNDED, XP_NOTE_ROUNDED,                                                      \
      "signal \"{signal}\": its limits are rounded to the eight characters of EDF+, so that its "  \
      "values differ by up to {error:%.2g} {unit}",                                                \
      NULL)                                                                                        \
    X(XP_SAY_FILLED_UP, XP_NOTE_HEADER,                                                            \
      "the last data record is filled up with {frames:%.0f} samples more, since its duration has " \
      "no exact number otherwise", NULL)                                                           \
    X(XP_SAY_NOT_WRITTEN, XP_NOTE_IGNORED, "{format} cannot hold {what}: left out", NULL)          \
    /* reading other formats */                                                                    \
    X(XP_SAY_OTHER_BLOCKS, XP_NOTE_IGNORED,                                                        \
      "the file holds {blocks} recordings of the rhythm: the longest is used, {seconds:%g} s at "   \
      "{rate:%g} Hz", NULL)                                                                        \
    /* reading curves of a PDF */                                                                  \
    X(XP_SAY_DRAWN_SCALE, XP_NOTE_DRAWN,                                                           \
      "read from the curves of a PDF at {speed:%g} mm/s and {gain:%g} mm/mV, by its {by}", NULL)   \
    X(XP_SAY_DRAWN_EXACT, XP_NOTE_DRAWN,                                                           \
      "lead {lead}: exact ({step:%g} uV steps, {rate:%.7g} Hz): every sample lies on the maker's " \
      "own grid",                                                                                  \
      "leads {leads}: exact ({step:%g} uV steps, {rate:%.7g} Hz): every sample lies on the "       \
      "maker's own grid")                                                                          \
    X(XP_SAY_DRAWN_HELD, XP_NOTE_DRAWN,                                                            \
      "lead {lead}: on the maker's own grid ({step:%g} uV steps, {rate:%.7g} Hz), but it stands "  \
      "level at its highest or lowest point, as a curve does that was cut off along a line: it "   \
      "may be exact, and is not certified to be",                                                  \
      "leads {leads}: on the maker's own grid ({step:%g} uV steps, {rate:%.7g} Hz), but they "     \
      "stand level at their highest or lowest points, as curves do that were cut off along a "     \
      "line: they may be exact, and are not certified to be")                                      \
    X(XP_SAY_DRAWN_STEP, XP_NOTE_DRAWN,                                                            \
      "lead {lead}: drawn at {rate:%.4g} points a second, to {step:%.2g} uV",                      \
      "leads {leads}: drawn at {rate:%.4g} points a second, to {step:%.2g} uV")                    \
    X(XP_SAY_DRAWN_RATE, XP_NOTE_DRAWN,                                                            \
      "lead {lead}: drawn at {rate:%.4g} points a second: finer detail is not in this file",       \
      "leads {leads}: drawn at {rate:%.4g} points a second: finer detail is not in this file")     \
    X(XP_SAY_DRAWN_PART, XP_NOTE_DRAWN,                                                            \
      "lead {lead}: drawn for {seconds:%.4g} of {all:%.4g} s, at its place in time; the rest is "  \
      "not in this file",                                                                          \
      "leads {leads}: drawn for {seconds:%.4g} of {all:%.4g} s, each at its place in time; the "   \
      "rest is not in this file")                                                                  \
    X(XP_SAY_DRAWN_CUT_OFF, XP_NOTE_DRAWN,                                                         \
      "lead {lead}: the drawing cuts it off at a limit: its peaks are larger than they look",      \
      "leads {leads}: the drawing cuts them off at a limit: their peaks are larger than they "     \
      "look")                                                                                      \
    X(XP_SAY_DRAWN_NO_ZERO, XP_NOTE_DRAWN,                                                         \
      "lead {lead}: the drawing has no line of 0 mV: its median is taken for it",                  \
      "leads {leads}: the drawing has no line of 0 mV: their medians are taken for it")            \
    X(XP_SAY_DRAWN_BY_SAMPLES, XP_NOTE_DRAWN,                                                      \
      "lead {lead}: its longer curve has no name in the drawing; its samples are the lead's",      \
      "leads {leads}: their longer curves have no name in the drawing; their samples are the "     \
      "leads'")                                                                                    \
    X(XP_SAY_DRAWN_DIFFERS, XP_NOTE_DRAWN,                                                         \
      "lead {lead}: two curves of it differ at the same time: the longer one is used",             \
      "leads {leads}: two curves of each differ at the same time: the longer ones are used")       \
    X(XP_SAY_DRAWN_UNNAMED, XP_NOTE_IGNORED,                                                       \
      "{curves:%g} of the drawing's curves have no name of a lead, and were left out", NULL)       \
    X(XP_SAY_DRAWN_AGAIN, XP_NOTE_IGNORED,                                                         \
      "page {page:%g} shows leads again that an earlier page has, perhaps of another recording: "  \
      "it was left out; print it to a PDF of its own", NULL)                                       \
    X(XP_SAY_CALIBRATION_LEFT_OUT, XP_NOTE_IGNORED,                                                \
      "the last second is a calibration pulse of 1 mV and was left out", NULL)                     \
    X(XP_SAY_STRIP_USED, XP_NOTE_IGNORED,                                                          \
      "the file also holds {seconds:%g} s of full disclosure: its strip is used", NULL)            \
    /* from the record to the model's input */                                                     \
    X(XP_SAY_DERIVED, XP_NOTE_DERIVED,                                                             \
      "lead {lead} is not in the recording: computed from {first} and {second}",                   \
      "leads {leads} are not in the recording: computed from {first} and {second}")                \
    X(XP_SAY_DERIVED_THIN, XP_NOTE_DERIVED,                                                        \
      "{percent:%.0f} % of the samples of lead {lead} are missing: computed from {first} and "     \
      "{second}",                                                                                  \
      "{percent:%.0f} % of the samples of leads {leads} are missing: computed from {first} and "   \
      "{second}")                                                                                  \
    X(XP_SAY_REPEATED, XP_NOTE_IGNORED,                                                            \
      "the recording has lead {lead} {times} times: the first is used",                            \
      "the recording has leads {leads} {times} times: the first is used")                          \
    X(XP_SAY_NO_INPUT, XP_NOTE_IGNORED, "not an input of this model: {signals}", NULL)             \
    X(XP_SAY_ABSENT, XP_NOTE_GAP,                                                                  \
      "not in the recording, and taken as 0 mV as was accepted: lead {lead}; what shows in them "  \
      "cannot be found",                                                                           \
      "not in the recording, and taken as 0 mV as was accepted: leads {leads}; what shows in "     \
      "them cannot be found")                                                                      \
    X(XP_SAY_MISSING, XP_NOTE_GAP,                                                                 \
      "lead {lead}: {missing} of {samples} samples are missing and taken as 0[; longer than 40 "   \
      "ms: {gaps}]",                                                                               \
      "leads {leads}: {missing} of {samples} samples are missing and taken as 0[; longer than "    \
      "40 ms: {gaps}]")                                                                            \
    X(XP_SAY_MISSING_IN_ARRAY, XP_NOTE_GAP,                                                        \
      "{missing} missing {samples} in this file became 0", NULL)                                   \
    X(XP_SAY_FLAT, XP_NOTE_AMPLITUDE,                                                              \
      "lead {lead} is flat: all its samples are equal",                                            \
      "leads {leads} are flat: all their samples are equal")                                       \
    X(XP_SAY_LEAD_AMPLITUDE, XP_NOTE_AMPLITUDE,                                                    \
      "lead {lead}: its amplitude is not credible, typically {amplitude:%.3g} mV peak to peak; "   \
      "check its gain and units in the header, and its electrode",                                 \
      "leads {leads}: their amplitude is not credible, typically {amplitude:%.3g} mV peak to "     \
      "peak; check their gain and units in the header, and their electrode")                       \
    X(XP_SAY_AMPLITUDE, XP_NOTE_AMPLITUDE,                                                         \
      "the amplitude is {how}: typically {amplitude:%.3g} mV peak to peak, where most ECGs have "  \
      "{low} to {high} mV; check the gain and the units in the header", NULL)                      \
    X(XP_SAY_RESAMPLED, XP_NOTE_RESAMPLED,                                                         \
      "resampled from {from:%.7g} to {to:%.7g} Hz ({up}/{down}[, {error:%.2g} too fast])", NULL)   \
    X(XP_SAY_BANDPASS, XP_NOTE_FILTERED,                                                           \
      "band-pass {low:%g} to {high:%g} Hz (Butterworth, forward and backward)", NULL)              \
    X(XP_SAY_NOTCH, XP_NOTE_FILTERED, "notch at {frequency:%g} Hz (forward and backward)", NULL)   \
    X(XP_SAY_SHORT, XP_NOTE_SHORT,                                                                 \
      "the recording lasts {seconds:%.2f} s, shorter than the {window:%.2f} s the model was "      \
      "trained on: the rest is filled with zeros and the result is less reliable", NULL)           \
    X(XP_SAY_WINDOWS, XP_NOTE_WINDOWS,                                                             \
      "the recording lasts {seconds:%.2f} s: analysed in {windows} windows of {window:%.2f} s[; "  \
      "the last one {last}]", NULL)                                                                \
    /* what the network was shown, and should not have believed */                                 \
    X(XP_SAY_REFUSED, XP_NOTE_QUALITY,                                                             \
      "lead {lead} gives no measurement ({why}); the network saw it like any other, and its "      \
      "answer should not be believed where it rests on it",                                        \
      "leads {leads} give no measurement ({why}); the network saw them like any others, and its "  \
      "answer should not be believed where it rests on them")                                      \
    X(XP_SAY_NOTHING_THERE, XP_NOTE_QUALITY,                                                       \
      "lead {lead} is {why} from {start_s:%.1f} to {end_s:%.1f} s; the network saw that like "     \
      "anything else, and its answer should not be believed where it rests on it",                 \
      "leads {leads} are {why} from {start_s:%.1f} to {end_s:%.1f} s; the network saw that like "  \
      "anything else, and its answer should not be believed where it rests on it")                 \
    X(XP_SAY_DERIVED_REFUSED, XP_NOTE_QUALITY,                                                     \
      "lead {lead} was computed from {from}, which is not to be believed ({why}): nor is what "    \
      "the network made of it",                                                                    \
      "leads {leads} were computed from {from}, which is not to be believed ({why}): nor is what " \
      "the network made of them")                                                                  \
    X(XP_SAY_UNTRAINED, XP_NOTE_MODEL, XP_UNTRAINED, NULL)                                         \
    X(XP_SAY_SCORES, XP_NOTE_MODEL, XP_SCORES, NULL)                                               \
    X(XP_SAY_INPUT_ASSUMED, XP_NOTE_MODEL, XP_INPUT_ASSUMED("{assumed}"), NULL)
/* clang-format on */

#endif
