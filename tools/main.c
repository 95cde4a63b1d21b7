/* xplaim: one program, one subcommand each for what a researcher does with a recording or a model.
 */
#include "base/arena.h"
#include "command.h"
#include "inputs.h"
#include "output.h"
#include "report.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

static const command *const COMMANDS[] = {
    &command_info,     &command_decode,  &command_prepare,   &command_predict,
    &command_explain,  &command_import,  &command_export,    &command_bench,
    &command_setup,    &command_train,   &command_calibrate, &command_ensemble,
    &command_evaluate, &command_compare, &command_plot,      &command_xai_check};
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

static void print_overview(FILE *f) {
    fprintf(f,
            "xplaim %s: 12-lead ECG recordings, the ECG-XPLAIM network, and where in time its "
            "evidence lies.\n%s\n\nusage: xplaim COMMAND [OPTIONS] ...\n\n",
            XP_VERSION, DISCLAIMER);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-9s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    fprintf(f, "\nxplaim COMMAND --help tells more; xplaim --version prints the version.\n"
               "Exit codes: 0 ok, 1 bad input, 2 bad usage.\n");
}

void command_help(const command *c) {
    printf("xplaim %s: %s\n\nusage: xplaim %s %s\n\n", c->name, c->summary, c->name, c->arguments);
    options_print(stdout, c->options);
    printf("\n%s\n\n%s\n", c->details, DISCLAIMER);
}

exit_code usage_error(const command *c, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "xplaim %s: ", c->name);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\nusage: xplaim %s %s   (more: xplaim %s --help)\n", c->name, c->arguments,
            c->name);
    va_end(ap);
    return EXIT_CODE_BAD_USAGE;
}

static const option_spec *find_option(const command *c, const char *name) {
    for (const option_spec *s = c->options; s->name; s++)
        if (!strcmp(s->name, name)) return s;
    return NULL;
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
        if (!dot || path_ends_with(output, ending)) return XP_OK;
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
    return output_check(output, strstr(o->value, "DIR") != NULL, err);
}

static bool fits(const command *c, void *opt, const arguments *args, exit_code *code) {
    xp_error err;
    if (check_output(c, opt, args, &err) == XP_OK) return true;
    const option_spec *json = find_option(c, "json");
    *code = report_fatal_as(&err, json && *(const bool *)((char *)opt + json->offset));
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
        *code = usage_error(c, "%s", message);
        return false;
    case OPTIONS_OK:
        break;
    }
    if (args->n >= min && (max < 0 || args->n <= max)) return fits(c, opt, args, code);
    *code = args->n < min
                ? usage_error(c, "%s", args->n ? "too few arguments" : "nothing to work on")
                : usage_error(c, "one argument too many: \"%s\"", args->items[max]);
    return false;
}

static exit_code run_command(int argc, char **argv) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[1], COMMANDS[i]->name))
            return COMMANDS[i]->run(COMMANDS[i], argc - 2, argv + 2);
    fprintf(stderr, "xplaim: there is no command \"%s\"\n\n", argv[1]);
    print_overview(stderr);
    return EXIT_CODE_BAD_USAGE;
}

static exit_code dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_CODE_BAD_USAGE;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("xplaim %s\n", XP_VERSION);
        return EXIT_CODE_OK;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_overview(stdout);
        return EXIT_CODE_OK;
    }
    return run_command(argc, argv);
}

int main(int argc, char **argv) {
    /* `xplaim ... | head` ends quietly even where the parent ignored the signal. */
    signal(SIGPIPE, SIG_DFL);
    xp_keep_freed_memory();
    exit_code code = dispatch(argc, argv);
    xp_error err;
    if (output_close_stdout(&err) != XP_OK) {
        fprintf(stderr, "xplaim: %s\n", err.text);
        return EXIT_CODE_BAD_INPUT;
    }
    return code;
}
