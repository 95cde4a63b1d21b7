#include "command.h"
#include "base/file.h"
#include "inputs.h"
#include "report_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void command_help(const command *c) {
    printf("xplaim %s: %s\n\nusage: xplaim %s %s\n\n", c->name, c->summary, c->name, c->arguments);
    options_print(stdout, c->options);
    printf("\n%s\n\n%s\n", c->details, XP_DISCLAIMER);
}

static const option_spec *find_option(const command *c, const char *name) {
    for (const option_spec *s = c->options; s->name; s++)
        if (!strcmp(s->name, name)) return s;
    return NULL;
}

static bool wants_json(const command *c, const void *opt) {
    const option_spec *json = find_option(c, "json");
    return opt && json && *(const bool *)((const char *)opt + json->offset);
}

exit_code command_failed(const command *c, const void *opt, const xp_error *err) {
    return report_failure(NULL, err, wants_json(c, opt));
}

exit_code usage_error(const command *c, const void *opt, const char *fmt, ...) {
    xp_error err = {.code = XP_ERR_USAGE};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err.text, sizeof err.text, fmt, ap);
    va_end(ap);
    if (wants_json(c, opt)) return command_failed(c, opt, &err);
    fprintf(stderr, "xplaim %s: %s\nusage: xplaim %s %s   (more: xplaim %s --help)\n", c->name,
            err.text, c->name, c->arguments, c->name);
    return EXIT_CODE_BAD_USAGE;
}

/* names: "OUT.npy|OUT.npz", as the help has it; where one has no ending, any will do. A device or a
 * pipe has none. */
static xp_status check_ending(const char *output, const char *names, xp_error *err) {
    struct stat st;
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode)) return XP_OK;
    for (const char *name = names, *next; name; name = next) {
        char ending[32] = "";
        next = strchr(name, '|');
        size_t n = next ? (size_t)(next++ - name) : strlen(name);
        const char *dot = memchr(name, '.', n);
        if (dot) snprintf(ending, sizeof ending, "%.*s", (int)(n - (size_t)(dot - name)), dot);
        if (!dot || xp_name_ends_with(output, ending)) return XP_OK;
    }
    return xp_fail(err, XP_ERR_USAGE,
                   "-o %s: its ending does not say what is written; expected a name like %s",
                   output, names);
}

/* The file that the options say to write to may be written, and is none that the command reads. */
static xp_status check_output(const command *c, void *opt, const arguments *args, xp_error *err) {
    const option_spec *o = find_option(c, "output");
    const char *output = o ? *(const char **)((char *)opt + o->offset) : NULL;
    if (!output) return XP_OK;
    XP_TRY(inputs_check_output(args->items, args->n, output, err));
    for (const option_spec *s = c->options; s->name; s++) {
        char *text = s->kind == OPTION_TEXT ? *(char **)((char *)opt + s->offset) : NULL;
        if (text && text != output) XP_TRY(inputs_check_output(&text, 1, output, err));
    }
    XP_TRY(check_ending(output, o->value, err));
    return xp_file_check_writable(output, strstr(o->value, "DIR") != NULL, err);
}

/* Words that were not looked at, since one before them was wrong, may ask for JSON too. */
static void note_json(const command *c, void *opt, int argc, char **argv) {
    const option_spec *json = find_option(c, "json");
    for (int i = 0; json && i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--json")) *(bool *)((char *)opt + json->offset) = true;
}

static bool fits(const command *c, void *opt, const arguments *args, exit_code *code) {
    xp_error err;
    if (check_output(c, opt, args, &err) == XP_OK) return true;
    *code = command_failed(c, opt, &err);
    return false;
}

bool command_parse(const command *c, void *opt, int argc, char **argv, int min, int max,
                   arguments *args, exit_code *code) {
    char message[512];
    *code = EXIT_CODE_OK;
    switch (options_parse(c->options, opt, argc, argv, args, message, sizeof message)) {
    case OPTIONS_HELP:
        command_help(c);
        return false;
    case OPTIONS_BAD:
        note_json(c, opt, argc, argv);
        *code = usage_error(c, opt, "%s", message);
        return false;
    case OPTIONS_OK:
        break;
    }
    if (args->n >= min && (max < 0 || args->n <= max)) return fits(c, opt, args, code);
    *code = args->n < min
                ? usage_error(c, opt, "%s", args->n ? "too few arguments" : "nothing to work on")
                : usage_error(c, opt, "one argument too many: \"%s\"", args->items[max]);
    return false;
}
