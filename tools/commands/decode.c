/* xplaim decode: the samples of a record as NumPy reads them, so that anyone can compare them
 * with another reader's. */
#include "arrays.h"
#include "base/arena.h"
#include "base/file.h"
#include "command.h"
#include "convert/npy.h"
#include "inputs.h"
#include "report_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct decode_options {
    const char *output, *unit;
    xp_read_options known;
    bool digital, physical, json;
} decode_options;

static const option_spec OPTIONS[] = {
    {"physical", 0, OPTION_FLAG, NULL,
     "float64 in the file's units, NaN where missing (the default)",
     offsetof(decode_options, physical)},
    {"digital", 0, OPTION_FLAG, NULL, "int32 as stored, the format's missing-sample code kept",
     offsetof(decode_options, digital)},
    {"unit", 0, OPTION_TEXT, "uV|mV", "signals that are voltages, and no others, in this unit",
     offsetof(decode_options, unit)},
    OPTIONS_KNOWN(decode_options, "unit-in-file"),
    OPTION_OUTPUT(decode_options, "OUT.npy|OUT.npz", "where to write"),
    OPTION_JSON(decode_options),
    {0}};

/* ==== .npy: (samples, signals) =============================================================== */

static xp_status check_equal_lengths(const xp_stored *w, xp_error *err) {
    for (int i = 1; i < w->n_signals; i++)
        if (w->signals[i].n != w->signals[0].n ||
            w->signals[i].samples_per_frame != w->signals[0].samples_per_frame)
            return xp_fail(err, XP_ERR_USAGE,
                           "signals 0 and %d have %d and %d samples per frame, which one .npy "
                           "cannot hold: write an .npz (one array a signal)",
                           i, w->signals[0].samples_per_frame, w->signals[i].samples_per_frame);
    return XP_OK;
}

/* Interleave one column a signal into (n, n_signals) elements of `each` bytes. */
static void interleave(uint8_t *out, const xp_stored *w, size_t n, size_t each, bool digital) {
    size_t columns = (size_t)w->n_signals;
    for (size_t c = 0; c < columns; c++) {
        const xp_stored_signal *s = &w->signals[c];
        const uint8_t *in = digital ? (const uint8_t *)s->digital : (const uint8_t *)s->physical;
        for (size_t i = 0; i < n; i++) memcpy(out + (i * columns + c) * each, in + i * each, each);
    }
}

static xp_status write_npy(const xp_stored *w, const decode_options *opt, xp_error *err) {
    XP_TRY(check_equal_lengths(w, err));
    size_t n = w->n_signals ? (size_t)w->signals[0].n : 0, columns = (size_t)w->n_signals;
    size_t each = opt->digital ? sizeof(int32_t) : sizeof(double), bytes;
    uint8_t *data = NULL;
    if (xp_mul_size(n, columns, &bytes) && xp_mul_size(bytes, each, &bytes))
        data = malloc(bytes ? bytes : 1);
    if (!data) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu samples", n);
    interleave(data, w, n, each, opt->digital);
    xp_status s = array_save(opt->output, opt->digital ? 'i' : 'f', (int)each, 2,
                             (size_t[]){n, columns}, data, err);
    free(data);
    return s;
}

/* ==== .npz: one array a signal =============================================================== */

/* The lead's canonical name ("aVR" for "Lead AVR"), or the signal's, made safe for a file in a zip,
 * behind its number if asked for. */
static void array_name(const xp_stored *w, int index, bool numbered, char name[96]) {
    const char *own = w->signals[index].name;
    xp_lead_id id = xp_lead_parse(own);
    if (id != XP_LEAD_NONE) own = xp_lead_name(id);
    if (numbered)
        snprintf(name, 96, "%d_%s", index, own);
    else
        snprintf(name, 96, "%s", own);
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || strchr("/\\:", *p)) *p = '_';
}

/* Whether the arrays' names do, as files in a zip: in any case, and once they are safe. */
static bool names_differ(const xp_stored *w) {
    char a[96], b[96];
    for (int i = 0; i < w->n_signals; i++) {
        array_name(w, i, false, a);
        if (!a[0]) return false;
        for (int j = 0; j < i; j++) {
            array_name(w, j, false, b);
            if (!strcasecmp(a, b)) return false;
        }
    }
    return true;
}

static xp_status signal_npy(const xp_stored_signal *s, bool digital, xp_npz_source *out,
                            uint8_t **bytes, xp_error *err) {
    size_t n = (size_t)s->n;
    xp_status status = digital
                           ? xp_npy_write('i', 4, 1, &n, s->digital, bytes, &out->n_bytes, err)
                           : xp_npy_write('f', 8, 1, &n, s->physical, bytes, &out->n_bytes, err);
    out->npy = *bytes;
    return status;
}

static xp_status save_npz(const xp_npz_source *arrays, int n, const char *path, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_npz_write(arrays, n, false, &bytes, &size, err));
    xp_status s = xp_file_write(path, bytes, size, err);
    free(bytes);
    return s;
}

typedef struct signal_array {
    char name[96];
    uint8_t *bytes; /* owned */
} signal_array;

static xp_status write_npz(const xp_stored *w, const decode_options *opt, xp_error *err) {
    size_t n = (size_t)w->n_signals;
    signal_array *made = calloc(n + 1, sizeof *made);
    xp_npz_source *arrays = calloc(n + 1, sizeof *arrays);
    bool numbered = !names_differ(w);
    xp_status s = made && arrays ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    for (int i = 0; s == XP_OK && i < w->n_signals; i++) {
        array_name(w, i, numbered, made[i].name);
        arrays[i].name = made[i].name;
        s = signal_npy(&w->signals[i], opt->digital, &arrays[i], &made[i].bytes, err);
    }
    if (s == XP_OK) s = save_npz(arrays, w->n_signals, opt->output, err);
    for (size_t i = 0; made && i < n; i++) free(made[i].bytes);
    free(made);
    free(arrays);
    return s;
}

/* ============================================================================================= */

static void report_written(const xp_stored *w, const decode_options *opt, const char *record) {
    if (opt->json) {
        cJSON *o = xp_report_begin(record);
        xp_json_add(o, "output", xp_json_text(opt->output));
        xp_json_add(o, "dtype", xp_json_text(opt->digital ? "int32" : "float64"));
        xp_json_add(o, "notices", xp_report_notices(&w->notices));
        json_print_line(o);
        return;
    }
    printf("%s: %d signals, %lld frames at %g Hz, %s\n", opt->output, w->n_signals,
           (long long)w->n_frames, w->rate, opt->digital ? "int32 as stored" : "float64");
    report_notices_text(&w->notices, "  ");
}

/* ==== units ================================================================================== */

static void free_signal(xp_stored *w, int index) {
    free(w->signals[index].physical);
    memmove(&w->signals[index], &w->signals[index + 1],
            (size_t)(w->n_signals - index - 1) * sizeof *w->signals);
    w->n_signals--;
}

static void leave_out(xp_stored *w, int index) {
    const xp_stored_signal *s = &w->signals[index];
    char why[80];
    snprintf(why, sizeof why, "its unit \"%s\" is not a voltage", s->units);
    xp_notice_add(&w->notices, XP_SAY_LEFT_OUT, s->name,
                  XP_ARGS(xp_arg_text("signal", s->name), xp_arg_text("why", why)));
    free_signal(w, index);
}

/* Physical values in unit; what is no voltage goes. */
static xp_status to_unit(xp_stored *w, const char *unit, xp_error *err) {
    double times, over, unit_times, unit_over;
    if (!xp_volt_unit(unit, &unit_times, &unit_over))
        return xp_fail(err, XP_ERR_USAGE, "--unit %s: expected uV or mV", unit);
    for (int i = 0; i < w->n_signals;) {
        xp_stored_signal *s = &w->signals[i];
        if (!xp_volt_unit(s->units, &times, &over)) {
            leave_out(w, i);
            continue;
        }
        for (int64_t k = 0; k < s->n; k++)
            s->physical[k] = s->physical[k] * (times * unit_over) / (over * unit_times);
        snprintf(s->units, sizeof s->units, "%s", unit);
        i++;
    }
    if (w->n_signals) return XP_OK;
    return xp_fail(err, XP_ERR_UNITS, "no signal is a voltage: decode it without --unit");
}

/* Stored whole numbers, where the record has them. */
static xp_status check_digital(const xp_stored *w, xp_error *err) {
    if (w->multi_segment)
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "a record of several segments has no single set of stored integers, since gains "
            "may differ from one segment to the next: use --physical, or decode a segment");
    for (int i = 0; i < w->n_signals; i++)
        if (!w->signals[i].digital)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "\"%s\" is stored as decimal numbers, not as whole ones: use --physical",
                           w->signals[i].name);
    return XP_OK;
}

/* ============================================================================================= */

static xp_status decode(const char *path, const decode_options *opt, xp_error *err) {
    xp_stored w;
    XP_TRY(input_read_stored(&w, path, &opt->known, err));
    xp_status s = opt->digital ? check_digital(&w, err) : xp_stored_physical(&w, err);
    if (s == XP_OK && opt->unit) s = to_unit(&w, opt->unit, err);
    if (s == XP_OK)
        s = xp_name_ends_with(opt->output, ".npz") ? write_npz(&w, opt, err)
                                                   : write_npy(&w, opt, err);
    if (s == XP_OK)
        report_written(&w, opt, path);
    else
        xp_fail_prefix(err, s, "%s", path);
    xp_stored_free(&w);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    decode_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, 1, &args, &code)) return code;
    if (!opt.output) return usage_error(self, &opt, "nowhere to write: give a file with -o");
    if (opt.digital && opt.physical)
        return usage_error(self, &opt, "--digital and --physical exclude each other");
    if (opt.digital && opt.unit)
        return usage_error(self, &opt, "--digital and --unit exclude each other");
    xp_error err;
    if (decode(args.items[0], &opt, &err) == XP_OK) return EXIT_CODE_OK;
    return report_failure(args.items[0], &err, opt.json);
}

const command command_decode = {
    .name = "decode",
    .summary = "a record's samples as .npy or .npz",
    .arguments = "RECORD [--digital|--physical [--unit uV|mV]] -o OUT.npy|OUT.npz",
    .details =
        "OUT.npy holds (samples, signals); OUT.npz one array a signal, each at its own rate, under "
        "the\nlead's name, or the signal's where it is none of the twelve (NUMBER_NAME where "
        "names are not all\ndifferent), and is needed where samples per frame differ. Skew is "
        "removed in both.",
    .options = OPTIONS,
    .run = run,
};
