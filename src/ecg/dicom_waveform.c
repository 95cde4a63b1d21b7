/* A Waveform Sequence: its multiplex groups and their channels, checked against each other. */
#include "ecg/dicom_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_CHANNELS = 1024, MOST_GROUPS = 64 };

/* ==== channels =============================================================================== */

static double number_or(const xp_dicom_element *e, double otherwise) {
    double v = xp_dicom_number(e);
    return isnan(v) ? otherwise : v;
}

/* A count; -1 where there is none. */
static int64_t count_of(const xp_dicom_element *e) {
    double v = number_or(e, -1);
    return v < 0 ? -1 : v > 1e15 ? (int64_t)1e15 : (int64_t)v;
}

static int small_count_of(const xp_dicom_element *e) {
    int64_t n = count_of(e);
    return n > 1000000 ? 1000000 : (int)n;
}

/* Codes before texts: texts come in every language, and with the maker's own words. */
static xp_status read_channel(xp_dicom_channel *c, xp_dicom_set item, xp_error *err) {
    char label[64] = "";
    xp_dicom_code source = {0}, unit = {0};
    xp_dicom_element e;
    bool there;
    *c = (xp_dicom_channel){
        .sensitivity = NAN, .correction = 1, .high_pass = NAN, .low_pass = NAN, .notch = NAN};
    for (;;) {
        XP_TRY(xp_dicom_next(&item, &e, &there, err));
        if (!there) break;
        switch (e.tag) {
        case 0x003a0203:
            xp_dicom_text(&e, label, sizeof label);
            break;
        case 0x003a0208:
            XP_TRY(xp_dicom_read_code(&e, &source, err));
            break;
        case 0x003a0210:
            c->sensitivity = xp_dicom_number(&e);
            break;
        case 0x003a0211:
            XP_TRY(xp_dicom_read_code(&e, &unit, err));
            break;
        case 0x003a0212:
            c->correction = number_or(&e, 1);
            break;
        case 0x003a0213:
            c->baseline = number_or(&e, 0);
            break;
        case 0x003a0220:
            c->high_pass = xp_dicom_number(&e);
            break;
        case 0x003a0221:
            c->low_pass = xp_dicom_number(&e);
            break;
        case 0x003a0222:
            c->notch = xp_dicom_number(&e);
            break;
        default:
            break;
        }
    }
    bool unspecified = !strcmp(source.value, "5.6.3-9-0") || !strcmp(source.value, "2:0");
    const char *name = xp_dicom_lead_of_code(&source);
    if (!name && (xp_lead_parse(label) != XP_LEAD_NONE || (unspecified && *label))) name = label;
    if (!name) name = *source.meaning ? source.meaning : *label ? label : source.value;
    xp_copy_text(c->name, sizeof c->name, name);
    /* Codes of other schemes for a voltage have its name as their meaning. */
    bool by_meaning = !*unit.value || (!xp_volt_symbol(unit.value) && xp_volt_symbol(unit.meaning));
    xp_copy_text(c->units, sizeof c->units, by_meaning ? unit.meaning : unit.value);
    return XP_OK;
}

static xp_status read_channels(xp_dicom_group *g, const xp_dicom_element *sequence, xp_error *err) {
    xp_dicom_set items = sequence->set, item;
    bool there;
    int n = 0;
    XP_TRY(xp_dicom_count_items(items, &n, err));
    if (n > MOST_CHANNELS)
        return xp_dicom_fail(&items, sequence->at, err, XP_ERR_LIMIT,
                             "a group of %d channels: at most %d are read", n, MOST_CHANNELS);
    free(g->channels);
    g->channels = calloc((size_t)n + 1, sizeof *g->channels);
    if (!g->channels) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d channels", n);
    for (int i = 0; i < n; i++) {
        XP_TRY(xp_dicom_next_item(&items, &item, &there, err));
        XP_TRY(read_channel(&g->channels[i], item, err));
    }
    if (g->n_channels >= 0 && g->n_channels != n)
        return xp_dicom_fail(&items, sequence->at, err, XP_ERR_FORMAT,
                             "Channel Definition Sequence (003A,0200) describes %d channels, "
                             "Number of Waveform Channels (003A,0005) is %d: export the recording "
                             "again",
                             n, g->n_channels);
    g->n_channels = n;
    return XP_OK;
}

/* ==== groups ================================================================================= */

static xp_status read_group_element(xp_dicom_group *g, const xp_dicom_element *e,
                                    xp_dicom_element *padding, xp_error *err) {
    char word[16];
    switch (e->tag) {
    case 0x00181068:
        g->offset_ms = number_or(e, 0);
        break;
    case 0x003a0004:
        xp_dicom_text(e, word, sizeof word);
        g->derived = !strcasecmp(word, "DERIVED");
        break;
    case 0x003a0005:
        g->n_channels = small_count_of(e);
        break;
    case 0x003a0010:
        g->n = count_of(e);
        break;
    case 0x003a001a:
        g->rate = xp_dicom_number(e);
        break;
    case 0x003a0020:
        xp_dicom_text(e, g->label, sizeof g->label);
        break;
    case 0x003a0200:
        return read_channels(g, e, err);
    case 0x54001004:
        g->bits = small_count_of(e);
        break;
    case 0x54001006:
        xp_dicom_text(e, g->interpretation, sizeof g->interpretation);
        break;
    case 0x5400100a:
        *padding = *e;
        break;
    case 0x54001010:
        g->data = *e;
        break;
    default:
        break;
    }
    return XP_OK;
}

/* What the groups of a file of one kind must have; where says which group. */
static xp_status check_kind(xp_dicom_group *g, const xp_dicom_set *set, xp_error *err) {
    static const char known[] = " SB UB SS US SL ";
    if (g->bits != 8 && g->bits != 16 && g->bits != 32)
        return xp_dicom_fail(set, g->at, err, XP_ERR_UNSUPPORTED,
                             "Waveform Bits Allocated (5400,1004) is %d: 8, 16 and 32 are read",
                             g->bits);
    if (!*g->interpretation) /* what the ECG objects ask for */
        strcpy(g->interpretation, g->bits == 8 ? "SB" : g->bits == 16 ? "SS" : "SL");
    const char *hit = strlen(g->interpretation) == 2 ? strstr(known, g->interpretation) : NULL;
    int bits = hit ? 8 << (hit - known) / 6 : 0;
    if (bits != g->bits)
        return xp_dicom_fail(set, g->at, err, XP_ERR_UNSUPPORTED,
                             "Waveform Sample Interpretation (5400,1006) is \"%s\" with %d bits: "
                             "SB and UB are read with 8, SS and US with 16, SL with 32",
                             g->interpretation, g->bits);
    return XP_OK;
}

static xp_status check_shape(const xp_dicom_group *g, const xp_dicom_set *set, xp_error *err) {
    if (!g->channels || g->n_channels < 1)
        return xp_dicom_fail(set, g->at, err, XP_ERR_FORMAT,
                             "the group of waveforms has no Channel Definition Sequence "
                             "(003A,0200): nothing says which leads they are; export the recording "
                             "again");
    if (!(g->rate > 0 && g->rate <= 1e6))
        return xp_dicom_fail(set, g->at, err, XP_ERR_FORMAT,
                             "Sampling Frequency (003A,001A) is %g: expected a number of Hz above "
                             "0 and at most 1e6",
                             g->rate);
    if (!g->data.tag)
        return xp_dicom_fail(set, g->at, err, XP_ERR_FORMAT,
                             "the group of waveforms has no Waveform Data (5400,1010): export the "
                             "recording again");
    return XP_OK;
}

/* The number of samples is written, and follows from the data; a copy that lost its last few is
 * used with a notice. */
static xp_status check_samples(xp_dicom_group *g, const xp_dicom_set *set, xp_notices *notes,
                               xp_error *err) {
    int64_t each = (int64_t)g->n_channels * (g->bits / 8);
    int64_t held = (int64_t)g->data.value.size / each;
    if (g->n <= 0) g->n = held;
    if (held < g->n - g->n / 100 || held < 1)
        return xp_dicom_fail(set, g->data.at, err, XP_ERR_TRUNCATED,
                             "Waveform Data (5400,1010) has %zu bytes, %d channels of %lld samples "
                             "need %.0f: the file is damaged or was cut short, copy it again",
                             g->data.value.size, g->n_channels, (long long)g->n,
                             (double)g->n * (double)each);
    if (held < g->n) {
        xp_notice_add(
            notes, XP_SAY_GROUP_SHORT, NULL,
            XP_ARGS(xp_arg_number("held", (double)held), xp_arg_number("stated", (double)g->n)));
        g->n = held;
    }
    return XP_OK;
}

/* The padding value is a sample: written in as many bytes, or in the two of a word. */
static void read_padding(xp_dicom_group *g, const xp_dicom_element *e) {
    size_t n = e->value.size, need = (size_t)g->bits / 8;
    uint32_t v = 0;
    bool last_first = e->set.big && strcmp(e->vr, "OB");
    if (!e->tag || n < need) return;
    for (size_t i = 0; i < need; i++)
        v |= (uint32_t)e->value.data[last_first ? n - 1 - i : i] << (8 * i);
    bool is_signed = g->interpretation[0] == 'S';
    g->has_padding = true;
    g->padding = g->bits == 32 ? (int32_t)v
                 : is_signed   ? (int32_t)(v << (32 - g->bits)) >> (32 - g->bits)
                               : (int32_t)v;
}

static xp_status read_group(xp_dicom_group *g, xp_dicom_set item, xp_notices *notes,
                            xp_error *err) {
    const xp_dicom_set set = item;
    xp_dicom_element e, padding = {0};
    bool there;
    *g = (xp_dicom_group){.at = set.at, .n_channels = -1, .rate = NAN};
    for (;;) {
        XP_TRY(xp_dicom_next(&item, &e, &there, err));
        if (!there) break;
        XP_TRY(read_group_element(g, &e, &padding, err));
    }
    XP_TRY(check_shape(g, &set, err));
    XP_TRY(check_kind(g, &set, err));
    XP_TRY(check_samples(g, &set, notes, err));
    read_padding(g, &padding);
    return XP_OK;
}

static xp_status read_groups(xp_dicom_waveform *wave, const xp_dicom_element *sequence,
                             xp_error *err) {
    xp_dicom_set items = sequence->set, item;
    bool there;
    int n = 0;
    XP_TRY(xp_dicom_count_items(items, &n, err));
    if (n < 1 || n > MOST_GROUPS)
        return xp_dicom_fail(&items, sequence->at, err, n ? XP_ERR_LIMIT : XP_ERR_FORMAT,
                             "Waveform Sequence (5400,0100) has %d groups of waveforms: expected "
                             "1 to %d",
                             n, MOST_GROUPS);
    wave->groups = calloc((size_t)n, sizeof *wave->groups);
    if (!wave->groups) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d groups", n);
    for (; wave->n < n; wave->n++) {
        XP_TRY(xp_dicom_next_item(&items, &item, &there, err));
        xp_status s = read_group(&wave->groups[wave->n], item, &wave->notices, err);
        if (s != XP_OK) free(wave->groups[wave->n].channels);
        XP_TRY(s);
    }
    return XP_OK;
}

xp_status xp_dicom_read_waveform(xp_dicom_waveform *wave, const xp_dicom_element *sequence,
                                 xp_error *err) {
    *wave = (xp_dicom_waveform){0};
    xp_status s = read_groups(wave, sequence, err);
    if (s != XP_OK) xp_dicom_waveform_free(wave);
    return s;
}

void xp_dicom_waveform_free(xp_dicom_waveform *wave) {
    for (int i = 0; i < wave->n; i++) free(wave->groups[i].channels);
    free(wave->groups);
    xp_notices_free(&wave->notices);
    *wave = (xp_dicom_waveform){0};
}
