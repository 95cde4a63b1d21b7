/* What is reported of a finding: what is wrong, where and when, and what to do about it. */
#include "measure/quality_internal.h"

#include <math.h>
#include <stdio.h>

#define ELECTRODE "check this electrode and its cable and record again"

static void write_at(xp_quality_finding *f, const char *what, const char *advice) {
    snprintf(f->text, sizeof f->text, "%s %s from %.1f to %.1f s: %s",
             f->lead < 0 ? "The recording" : f->lead_name, what, f->start_s, f->end_s, advice);
}

static void write_mains(xp_quality_finding *f, int hz) {
    char what[64];
    snprintf(what, sizeof what, "has mains hum of %d Hz (%.0f uV)", hz, fabs(f->value));
    write_at(f, what, "keep cables away from mains leads, check skin contact and earth");
}

static void write_amount(xp_quality_finding *f, const char *format, const char *advice) {
    char what[64];
    snprintf(what, sizeof what, format, fabs(f->value));
    write_at(f, what, advice);
}

static void write_einthoven(xp_quality_finding *f) {
    const char *unit = "the limb leads do not add up (I + III = II)";
    if (f->lead < 0)
        snprintf(f->text, sizeof f->text,
                 "From %.1f to %.1f s %s: the leads were not recorded together or were changed; "
                 "do not trust axes, record again",
                 f->start_s, f->end_s, unit);
    else
        snprintf(
            f->text, sizeof f->text,
            "%s does not fit the other limb leads from %.1f to %.1f s (I + III = II fails): it "
            "was changed after recording or its channel is faulty; do not measure in it",
            f->lead_name, f->start_s, f->end_s);
}

void xp_quality_write_text(xp_quality_finding *f) {
    switch (f->code) {
    case XP_QUALITY_FLAT:
        f->unit = "s";
        write_at(f, "is flat", ELECTRODE);
        break;
    case XP_QUALITY_SATURATED:
        f->unit = "s";
        write_at(f, "is at the amplifier's limit", ELECTRODE);
        break;
    case XP_QUALITY_GAP:
        f->unit = "s";
        write_at(f, "has no samples", "check the connection to the recorder and record again");
        break;
    case XP_QUALITY_MAINS_50:
        f->unit = "uV";
        write_mains(f, 50);
        break;
    case XP_QUALITY_MAINS_60:
        f->unit = "uV";
        write_mains(f, 60);
        break;
    case XP_QUALITY_WANDER:
        f->unit = "mV";
        write_amount(f, "has a wandering baseline (%.1f mV)",
                     "let the patient lie still, clean the skin, fix the electrode");
        break;
    case XP_QUALITY_MUSCLE:
        f->unit = "uV";
        write_amount(f, "has muscle noise (%.0f uV)",
                     "let the patient relax and keep warm, support arms and legs");
        break;
    case XP_QUALITY_STEP:
        f->unit = "mV";
        write_amount(f, "jumps by %.1f mV", "fix the electrode, let the patient lie still");
        break;
    case XP_QUALITY_EINTHOVEN:
        f->unit = "mV";
        write_einthoven(f);
        break;
    case XP_QUALITY_REVERSAL:
        f->unit = "1"; /* reversal.c writes the sentence */
        break;
    }
}
