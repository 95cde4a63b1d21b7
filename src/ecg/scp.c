/* SCP-ECG: from coded samples to leads (sections 3 to 6); the row of the table of formats. */
#include "ecg/format.h"
#include "ecg/scp_internal.h"

#include <math.h>
#include <stdlib.h>

/* Sections 5 (a reference beat) and 6 (the rhythm): samples of every lead. */
typedef struct coded {
    int number;        /* of the section */
    int avm, interval; /* nanovolt a step, microseconds a sample */
    int difference;
    bool bimodal;
    size_t lengths, at; /* bytes of the section: of the lengths of the leads, and of the first */
    size_t slack;       /* bytes behind all leads: lengths have 16 bits, and wrap */
} coded;

typedef struct range {
    int64_t first, last; /* samples, numbered as section 3 does */
} range;

typedef struct reader {
    xp_scp f;
    xp_scp_tables tables;
    int n_leads;
    bool subtracted; /* the reference beat was subtracted from the rhythm */
    int64_t origin;  /* the number of the first sample of all leads */
    coded rhythm, beat;
    int factor;       /* samples that became one outside of protected ranges; 1: all are stored */
    int64_t fiducial; /* the sample of the reference beat that beats are aligned at */
    int64_t beat_samples;
    int n_beats;
    int32_t *reference;  /* owned: the reference beat of a lead */
    int32_t *compressed; /* owned: the samples of a lead as they are stored */
} reader;

static void reader_free(reader *r) {
    xp_scp_tables_free(&r->tables);
    free(r->reference);
    free(r->compressed);
}

/* ==== leads: section 3 ======================================================================= */

static range lead_range(const reader *r, int i) {
    const uint8_t *p = r->f.section[3].data + 2 + 9 * i;
    return (range){(int64_t)xp_load_le(p, 4), (int64_t)xp_load_le(p + 4, 4)};
}

static xp_status read_leads(reader *r, xp_error *err) {
    xp_bytes s = r->f.section[3];
    if (s.size < 2)
        return XP_SCP_FAIL(&r->f, r->f.at[3], XP_ERR_FORMAT, "%s",
                           "section 3, which names the leads, is missing: the file holds no "
                           "recording that can be read");
    r->n_leads = s.data[0];
    r->subtracted = s.data[1] & 1;
    if (!r->n_leads || s.size - 2 < 9 * (size_t)r->n_leads)
        return XP_SCP_FAIL(&r->f, r->f.at[3], XP_ERR_FORMAT,
                           "section 3 says that there are %d leads and has %zu bytes: the file is "
                           "damaged, copy it again",
                           r->n_leads, s.size);
    r->origin = lead_range(r, 0).first;
    for (int i = 0; i < r->n_leads; i++) {
        range g = lead_range(r, i);
        if (g.last < g.first)
            return XP_SCP_FAIL(&r->f, r->f.at[3] + 2 + 9 * (size_t)i, XP_ERR_FORMAT,
                               "lead %d goes from sample %lld to sample %lld: the file is damaged",
                               i + 1, (long long)g.first, (long long)g.last);
        if (g.first < r->origin) r->origin = g.first;
    }
    return XP_OK;
}

/* ==== coded sections: 5 and 6 ================================================================ */

/* Whether another lead has room in section 3: a count that is too small would shift all leads. */
static bool names_more(const reader *r) {
    return r->f.section[3].size - 2 >= 9 * ((size_t)r->n_leads + 1);
}

static xp_status read_coded(coded *c, const reader *r, int number, xp_error *err) {
    const xp_scp *f = &r->f;
    xp_bytes s = f->section[number];
    size_t head = 6 + 2 * (size_t)r->n_leads, sum = 0;
    if (s.size < head)
        return XP_SCP_FAIL(f, f->at[number], XP_ERR_FORMAT,
                           "section %d has %zu bytes, too few for %d leads: the file is damaged",
                           number, s.size, r->n_leads);
    *c = (coded){.number = number,
                 .avm = (int)xp_load_le(s.data, 2),
                 .interval = (int)xp_load_le(s.data + 2, 2),
                 .difference = s.data[4],
                 .bimodal = number == 6 && s.data[5] == 1,
                 .lengths = 6,
                 .at = head};
    if (!c->avm || !c->interval || c->difference > 2)
        return XP_SCP_FAIL(f, f->at[number], XP_ERR_FORMAT,
                           "section %d says %d nV a step, %d us a sample and differences of order "
                           "%d: expected more than 0, more than 0, and 0 to 2; the file is damaged",
                           number, c->avm, c->interval, c->difference);
    for (int i = 0; i < r->n_leads; i++) sum += (size_t)xp_load_le(s.data + 6 + 2 * i, 2);
    if (sum > s.size - head)
        return XP_SCP_FAIL(f, f->at[number] + 6, XP_ERR_TRUNCATED,
                           "the leads of section %d should have %zu bytes, but there are %zu: copy "
                           "the file again",
                           number, sum, s.size - head);
    c->slack = s.size - head - sum;
    if (names_more(r) && (c->slack & 0xffff) > 1)
        return XP_SCP_FAIL(f, f->at[3], XP_ERR_FORMAT,
                           "section 3 says that there are %d leads, but names more, and section %d "
                           "has samples of more: the file is damaged, copy it again",
                           r->n_leads, number);
    return XP_OK;
}

/* Decode up to n samples of the next lead, i; *got: how many there are. */
static void decode_lead(int32_t *out, int64_t n, int64_t *got, const reader *r, coded *c, int i) {
    xp_bytes s = r->f.section[c->number];
    size_t length = (size_t)xp_load_le(s.data + c->lengths + 2 * (size_t)i, 2), used;
    size_t may = length + (c->slack & ~(size_t)0xffff);
    *got = xp_scp_decode(out, n, &r->tables, xp_field(s, c->at, may), c->difference, &used);
    while (length < used) {
        length += 0x10000;
        c->slack -= 0x10000;
    }
    c->at += length;
}

/* ==== compression ============================================================================ */

static int64_t greatest_divisor(int64_t a, int64_t b) {
    return b ? greatest_divisor(b, a % b) : a;
}

/* Nanovolt a step of the stored signals: both the rhythm's and the beat's are multiples of it. */
static int step_nv(const reader *r) {
    return r->subtracted ? (int)greatest_divisor(r->rhythm.avm, r->beat.avm) : r->rhythm.avm;
}

static xp_status plan_compression(reader *r, xp_error *err) {
    const xp_scp *f = &r->f;
    bool bimodal = r->rhythm.bimodal;
    r->factor = 1;
    if (!bimodal && !r->subtracted) return XP_OK;
    if (!f->section[4].size || !f->section[5].size || f->section[4].size < 6)
        return XP_SCP_FAIL(f, f->at[6], XP_ERR_FORMAT, "%s",
                           "the rhythm is stored as a difference from a reference beat, but "
                           "sections 4 and 5 with the beat are missing: the file is damaged");
    XP_TRY(read_coded(&r->beat, r, 5, err));
    double factor = (double)r->rhythm.interval / r->beat.interval;
    r->factor = (int)lround(factor);
    if (bimodal && r->factor == 1) r->factor = 4; /* EN 1064's own */
    if (r->factor < 1 || r->factor > 8 || fabs(factor - lround(factor)) > 0.01)
        return XP_SCP_FAIL(f, f->at[6] + 2, XP_ERR_FORMAT,
                           "the rhythm has a sample each %d us and the reference beat each %d us: "
                           "expected 1 to 8 times as many; the file is damaged",
                           r->rhythm.interval, r->beat.interval);
    if (r->subtracted && (r->rhythm.avm + r->beat.avm) / step_nv(r) > 32767)
        return XP_SCP_FAIL(f, f->at[6], XP_ERR_UNITS,
                           "the rhythm has %d nV a step and the reference beat %d nV: they cannot "
                           "be added, the file is damaged",
                           r->rhythm.avm, r->beat.avm);
    const uint8_t *p = f->section[4].data;
    r->beat_samples = (int64_t)xp_load_le(p, 2) * 1000 / r->beat.interval;
    r->fiducial = (int64_t)xp_load_le(p + 2, 2);
    r->n_beats = (int)xp_load_le(p + 4, 2);
    size_t each = 14 + (bimodal ? 8 : 0);
    if ((f->section[4].size - 6) / each < (size_t)r->n_beats)
        return XP_SCP_FAIL(f, f->at[4] + 4, XP_ERR_FORMAT,
                           "section 4 says that there are %d beats and has %zu bytes: the file is "
                           "damaged",
                           r->n_beats, f->section[4].size);
    return XP_OK;
}

/* The range of samples about beat k that is stored without compression; empty where there is none.
 * It begins behind `after` and ends within g. */
static range protected_range(const reader *r, int k, int64_t after, range g) {
    const uint8_t *p = r->f.section[4].data + 6 + 14 * (size_t)r->n_beats + 8 * (size_t)k;
    range z = {(int64_t)xp_load_le(p, 4), (int64_t)xp_load_le(p + 4, 4)};
    if (z.first <= after) z.first = after + 1;
    if (z.last > g.last) z.last = g.last;
    return z;
}

/* n samples from m of them, each of which stands for `factor`: straight lines between their
 * middles. */
static void stretch(int32_t *out, int64_t n, const int32_t *in, int64_t m, int factor) {
    for (int64_t i = 0; i < n; i++) {
        int64_t t = i - factor / 2, k = t < 0 ? 0 : t / factor;
        double part = t < 0 ? 0 : (double)(t % factor) / factor;
        if (k >= m - 1)
            out[i] = in[m - 1];
        else
            out[i] = in[k] + (int32_t)lround(part * (in[k + 1] - in[k]));
    }
}

/* Walk over the samples of range g, compressed and not; out NULL: only count the stored ones. */
static int64_t expand(int32_t *out, const int32_t *in, const reader *r, range g) {
    int64_t at = g.first, stored = 0, factor = r->factor;
    int zones = r->rhythm.bimodal ? r->n_beats : 0;
    for (int k = 0; k <= zones && at <= g.last; k++) {
        range z = {g.last + 1, g.last};
        if (k < zones) z = protected_range(r, k, at - 1, g);
        if (k < zones && z.last < z.first) continue;
        int64_t n = z.first - at, m = (n + factor - 1) / factor;
        if (out && n > 0) stretch(out + at - g.first, n, in + stored, m, (int)factor);
        stored += m;
        at = z.first;
        for (; at <= z.last; at++, stored++)
            if (out) out[at - g.first] = in[stored];
    }
    return stored;
}

/* ==== the reference beat ===================================================================== */

/* x (n) begins at sample g.first. Ranges that overlap are taken to begin behind each other. */
static void add_beats(int32_t *x, range g, const reader *r, int64_t beat_samples) {
    int64_t after = g.first - 1;
    int32_t scale = r->beat.avm / step_nv(r);
    for (int k = 0; k < r->n_beats; k++) {
        const uint8_t *p = r->f.section[4].data + 6 + 14 * (size_t)k;
        if (xp_load_le(p, 2)) continue; /* a beat of another kind: nothing was subtracted */
        int64_t first = (int64_t)xp_load_le(p + 2, 4), middle = (int64_t)xp_load_le(p + 6, 4);
        int64_t last = (int64_t)xp_load_le(p + 10, 4);
        int64_t shift = r->fiducial - middle - 1; /* from a sample's number to that in the beat */
        if (first <= after) first = after + 1;
        if (first + shift < 0) first = -shift;
        if (last > g.last) last = g.last;
        if (last + shift >= beat_samples) last = beat_samples - 1 - shift;
        for (int64_t i = first; i <= last; i++) x[i - g.first] += scale * r->reference[i + shift];
        if (last > after) after = last;
    }
}

/* ==== the recording ========================================================================== */

/* Counts that the bytes of the rhythm cannot hold are reported before memory is taken for them. */
static xp_status check_counts(const reader *r, int64_t *frames, xp_error *err) {
    int64_t sum = 0, most = 0, last = r->origin;
    int64_t bits = 8 * (int64_t)r->f.section[6].size;
    for (int i = 0; i < r->n_leads; i++) {
        range g = lead_range(r, i);
        sum += g.last - g.first + 1;
        if (g.last > last) last = g.last;
    }
    most = bits * r->factor;
    if (sum > most)
        return XP_SCP_FAIL(
            &r->f, r->f.at[3] + 2, XP_ERR_FORMAT,
            "the leads should have %lld samples in all, but section 6 has %zu bytes: "
            "the file is damaged, copy it again",
            (long long)sum, r->f.section[6].size);
    *frames = last - r->origin + 1;
    if (*frames > (16777216 + 64 * sum) / r->n_leads)
        return XP_SCP_FAIL(&r->f, r->f.at[3] + 2, XP_ERR_LIMIT,
                           "the leads lie among %lld samples, almost all of them missing: the file "
                           "is damaged",
                           (long long)*frames);
    return XP_OK;
}

static xp_status short_lead(const reader *r, int i, int64_t got, int64_t wanted, xp_error *err) {
    char name[32];
    xp_scp_lead_name(name, sizeof name, r->f.section[3].data[2 + 9 * i + 8]);
    return XP_SCP_FAIL(&r->f, r->f.at[6] + r->rhythm.at, XP_ERR_TRUNCATED,
                       "lead %s ends here, after %lld of %lld stored samples: the file is damaged, "
                       "copy it again",
                       name, (long long)got, (long long)wanted);
}

/* Lead i into its signal; *n: its samples. */
static xp_status fill_lead(xp_stored_signal *s, reader *r, int i, int64_t *n, xp_error *err) {
    range g = lead_range(r, i);
    int64_t wanted = expand(NULL, NULL, r, g), got, beat = 0;
    *n = g.last - g.first + 1;
    decode_lead(r->compressed, wanted, &got, r, &r->rhythm, i);
    /* Some files count from 0 and say one sample too many. */
    if (got + 1 == wanted && g.first == 0 && r->factor == 1) {
        g.last--;
        wanted--;
        --*n;
    }
    if (got < wanted) return short_lead(r, i, got, wanted, err);
    int32_t *x = s->digital + (g.first - r->origin);
    expand(x, r->compressed, r, g);
    int32_t scale = r->rhythm.avm / step_nv(r);
    if (scale != 1)
        for (int64_t k = 0; k < *n; k++) x[k] *= scale;
    if (r->subtracted) {
        decode_lead(r->reference, r->beat_samples, &beat, r, &r->beat, i);
        add_beats(x, g, r, beat);
    }
    return XP_OK;
}

static void describe(xp_stored_signal *s, const reader *r, int i) {
    xp_scp_lead_name(s->name, sizeof s->name, r->f.section[3].data[2 + 9 * i + 8]);
    xp_copy_text(s->units, sizeof s->units, "mV");
    s->gain = 1e6 / step_nv(r);
    s->adc_resolution = 16;
}

static xp_status fill(xp_stored *w, reader *r, xp_error *err) {
    int64_t end = 0, frames = w->signals[0].n;
    for (int i = 0; i < r->n_leads; i++) {
        xp_stored_signal *s = &w->signals[i];
        int64_t first = lead_range(r, i).first - r->origin, n;
        describe(s, r, i);
        for (int64_t k = 0; k < frames; k++) s->digital[k] = s->missing;
        XP_TRY(fill_lead(s, r, i, &n, err));
        s->n_missing = n;
        if (first + n > end) end = first + n;
    }
    w->n_frames = end;
    for (int i = 0; i < r->n_leads; i++) {
        w->signals[i].n = end;
        w->signals[i].n_missing = end - w->signals[i].n_missing;
    }
    return XP_OK;
}

static xp_status allocate(xp_stored *w, reader *r, const char *name, xp_error *err) {
    int64_t counts[256], frames = 0, longest = 0;
    XP_TRY(check_counts(r, &frames, err));
    for (int i = 0; i < r->n_leads; i++) {
        int64_t n = expand(NULL, NULL, r, lead_range(r, i));
        counts[i] = frames;
        if (n > longest) longest = n;
    }
    int64_t beat_bits = 8 * (int64_t)r->f.section[5].size;
    if (r->beat_samples > beat_bits) r->beat_samples = beat_bits;
    r->compressed = xp_alloc_array(longest, sizeof *r->compressed);
    r->reference = xp_alloc_array(r->beat_samples, sizeof *r->reference);
    if (!r->compressed || !r->reference)
        return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its samples", r->f.file);
    int interval = r->factor > 1 || r->subtracted ? r->beat.interval : r->rhythm.interval;
    xp_status s = xp_stored_alloc(w, name, 1e6 / interval, r->n_leads, counts, err);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", r->f.file);
}

static xp_status no_rhythm(const reader *r, xp_error *err) {
    const char *what = r->f.section[12].size  ? "a long recording as SCP-ECG 3 has it (section 12)"
                       : r->f.section[5].size ? "a reference beat alone"
                                              : "no samples";
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "%s holds %s, and no rhythm (section 6): export the recording with its rhythm",
                   r->f.file, what);
}

static xp_status read_samples(xp_stored *w, reader *r, const char *name, xp_error *err) {
    xp_stored made;
    if (!r->f.section[6].size) return no_rhythm(r, err);
    XP_TRY(read_leads(r, err));
    XP_TRY(read_coded(&r->rhythm, r, 6, err));
    XP_TRY(plan_compression(r, err));
    XP_TRY(xp_scp_read_tables(&r->tables, &r->f, err));
    XP_TRY(allocate(&made, r, name, err));
    xp_status s = fill(&made, r, err);
    if (s == XP_OK && !xp_scp_read_facts(&made.facts, &r->f))
        s = xp_fail(err, XP_ERR_MEMORY, "%s: no memory for what it states", r->f.file);
    if (s == XP_OK)
        *w = made;
    else
        xp_stored_free(&made);
    return s;
}

static void note_state(xp_stored *w, const xp_scp *f, size_t size) {
    if (f->crc_differs)
        xp_notice_add(&w->notices, XP_SAY_FILE_CHECKSUM, NULL,
                      XP_ARGS(xp_arg_text("file", f->file)));
    if (size > f->length)
        xp_notice_add(&w->notices, XP_SAY_BYTES_BEHIND, NULL,
                      XP_ARGS(xp_arg_text("file", f->file),
                              xp_arg_number("bytes", (double)(size - f->length))));
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    (void)opt; /* the file says it all */
    reader r = {0};
    xp_bytes data;
    XP_TRY(src->get(src->ctx, name, &data, err));
    XP_TRY(xp_scp_find_sections(&r.f, name, data, err));
    xp_status s = read_samples(w, &r, name, err);
    if (s == XP_OK) note_state(w, &r.f, data.size);
    reader_free(&r);
    return s;
}

static xp_likeness sniff(const char *name, xp_bytes start) {
    bool marked = start.size >= 22 && !memcmp(start.data + 16, "SCPECG", 6);
    if (marked || xp_scp_has_pointers(start)) return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".scp") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

const xp_format xp_format_scp = {
    .name = "SCP-ECG",
    .help = "An SCP-ECG file (.scp) is a record.",
    .sniff = sniff,
    .read = read,
    .most_mb = 16,
};
