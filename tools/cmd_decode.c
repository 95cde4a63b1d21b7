/* xplaim decode: the samples of a WFDB record as NumPy reads them, so that anyone can compare them
 * with another reader's. */
#include "arrays.h"
#include "base/arena.h"
#include "command.h"
#include "convert/npy.h"
#include "ecg/files.h"
#include "inputs.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct decode_options {
    const char *output;
    bool digital, physical, json;
} decode_options;

static const option_spec OPTIONS[] = {
    {"physical", 0, OPTION_FLAG, NULL,
     "float64 in the header's units, NaN where missing (the default)",
     offsetof(decode_options, physical)},
    {"digital", 0, OPTION_FLAG, NULL, "int32 as stored, the format's missing-sample code kept",
     offsetof(decode_options, digital)},
    OPTION_OUTPUT(decode_options, "OUT.npy|OUT.npz", "where to write"),
    OPTION_JSON(decode_options),
    {0}};

/* ==== .npy: (samples, signals) =============================================================== */

static xp_status check_equal_lengths(const xp_wfdb *w, xp_error *err) {
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
static void interleave(uint8_t *out, const xp_wfdb *w, size_t n, size_t each, bool digital) {
    size_t columns = (size_t)w->n_signals;
    for (size_t c = 0; c < columns; c++) {
        const xp_wfdb_signal *s = &w->signals[c];
        const uint8_t *in = digital ? (const uint8_t *)s->digital : (const uint8_t *)s->physical;
        for (size_t i = 0; i < n; i++) memcpy(out + (i * columns + c) * each, in + i * each, each);
    }
}

static xp_status write_npy(const xp_wfdb *w, const decode_options *opt, xp_error *err) {
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

/* The signal's name, made safe for a file in a zip, behind its number if asked for. */
static void array_name(const xp_wfdb *w, int index, bool numbered, char name[96]) {
    if (numbered)
        snprintf(name, 96, "%d_%s", index, w->signals[index].name);
    else
        snprintf(name, 96, "%s", w->signals[index].name);
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || strchr("/\\:", *p)) *p = '_';
}

/* Whether the arrays' names do, as files in a zip: in any case, and once they are safe. */
static bool names_differ(const xp_wfdb *w) {
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

static xp_status signal_npy(const xp_wfdb_signal *s, bool digital, xp_npz_source *out,
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
    xp_status s = output_write_file(path, bytes, size, err);
    free(bytes);
    return s;
}

typedef struct signal_array {
    char name[96];
    uint8_t *bytes; /* owned */
} signal_array;

static xp_status write_npz(const xp_wfdb *w, const decode_options *opt, xp_error *err) {
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

static void say_written(const xp_wfdb *w, const decode_options *opt, const char *record) {
    if (opt->json) {
        cJSON *o = report_begin(record);
        cJSON_AddItemToObject(o, "output", json_text(opt->output));
        cJSON_AddItemToObject(o, "dtype", json_text(opt->digital ? "int32" : "float64"));
        cJSON_AddItemToObject(o, "notices", report_notices(&w->notices));
        json_print_line(o);
        return;
    }
    printf("%s: %d signals, %lld frames at %g Hz, %s\n", opt->output, w->n_signals,
           (long long)w->n_frames, w->rate, opt->digital ? "int32 as stored" : "float64");
    report_notices_text(&w->notices, "  ");
}

static xp_status decode(const char *path, const decode_options *opt, xp_error *err) {
    xp_wfdb w;
    XP_TRY(input_read_wfdb(&w, path, err));
    xp_status s = XP_OK;
    if (opt->digital && w.multi_segment)
        s = xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "a record of several segments has no single set of stored integers, since gains "
            "may differ from one segment to the next: use --physical, or decode a segment");
    if (s == XP_OK && !opt->digital) s = xp_wfdb_physical(&w, err);
    if (s == XP_OK)
        s = path_ends_with(opt->output, ".npz") ? write_npz(&w, opt, err) : write_npy(&w, opt, err);
    if (s == XP_OK)
        say_written(&w, opt, path);
    else
        xp_fail_prefix(err, s, "%s", path);
    xp_wfdb_free(&w);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    decode_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, 1, &args, &code)) return code;
    if (!opt.output) return usage_error(self, "nowhere to write: give a file with -o");
    if (opt.digital && opt.physical)
        return usage_error(self, "--digital and --physical exclude each other");
    xp_error err;
    if (decode(args.items[0], &opt, &err) == XP_OK) return EXIT_CODE_OK;
    return report_failure(args.items[0], &err, opt.json);
}

const command command_decode = {
    .name = "decode",
    .summary = "a record's samples as .npy or .npz",
    .arguments = "RECORD [--digital|--physical] -o OUT.npy|OUT.npz",
    .details =
        "OUT.npy holds (samples, signals); OUT.npz one array a signal, each at its own rate, under "
        "the\nsignal's name (NUMBER_NAME where names are not all different), and is needed where "
        "samples "
        "per\nframe differ. Skew is removed in both.",
    .options = OPTIONS,
    .run = run,
};
