/* A subcommand of xplaim: its texts, its options as a table, and what it does. */
#ifndef XP_TOOLS_COMMAND_H
#define XP_TOOLS_COMMAND_H

#include "base/statements.h"
#include "base/status.h"
#include "options.h"

/* Exit statuses of the program. */
typedef enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_BAD_INPUT = 1,
    EXIT_CODE_BAD_USAGE = 2
} exit_code;

typedef struct command {
    const char *name, *summary;
    const char *arguments; /* "-m MODEL INPUT...": what follows the name in the usage line */
    const char *details;   /* paragraphs for --help */
    const option_spec *options;
    exit_code (*run)(const struct command *self, int argc, char **argv);
} command;

extern const command command_info, command_decode, command_convert, command_measure,
    command_prepare, command_predict, command_explain, command_import, command_export,
    command_bench, command_setup, command_train, command_calibrate, command_ensemble,
    command_evaluate, command_compare, command_plot, command_xai_check, command_cases;

/* Print the command's usage, options and details. */
void command_help(const command *c);

/* Parse argv[0..argc) (what follows the command's name) by c's table into opt, and check that there
 * are between min and max (-1: any number) arguments, and that the option "output", if any, names a
 * file that can be written and is no input. True: go on. False: *code is the exit code
 * (help was shown, or the mistake was). */
bool command_parse(const command *c, void *opt, int argc, char **argv, int min, int max,
                   arguments *args, exit_code *code);

/* The error that ends the command: on standard error or, where the command has the option "json"
 * and it was given, as an object with "error" on standard output. opt: the command's options; NULL
 * where there are none yet. Returns the exit code: bad usage where an argument was wrong, else bad
 * input. */
exit_code command_failed(const command *c, const void *opt, const xp_error *err);

/* The same for arguments that do not go together; the text names the command and its usage. Returns
 * EXIT_CODE_BAD_USAGE. */
exit_code usage_error(const command *c, const void *opt, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
