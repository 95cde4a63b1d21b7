/* xplaim: one program, one subcommand each for what a researcher does with a recording or a model.
 */
#include "base/arena.h"
#include "command.h"
#include "kernels/kernels.h"
#include "man.h"
#include "output.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const command *const COMMANDS[] = {
    &command_info,    &command_decode,  &command_convert,   &command_measure,  &command_prepare,
    &command_predict, &command_explain, &command_import,    &command_export,   &command_bench,
    &command_setup,   &command_train,   &command_calibrate, &command_ensemble, &command_evaluate,
    &command_compare, &command_plot,    &command_xai_check, &command_cases};
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

static void print_overview(FILE *f) {
    fprintf(f,
            "xplaim %s: 12-lead ECG recordings, the ECG-XPLAIM network, and where in time its "
            "evidence lies.\n%s\n\nusage: xplaim COMMAND [OPTIONS] ...\n\n",
            XP_VERSION, XP_DISCLAIMER);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-9s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    fprintf(f, "\nxplaim COMMAND --help tells more; xplaim --version prints the version.\n"
               "Exit codes: 0 ok, 1 bad input, 2 bad usage.\n");
}

static exit_code run_command(int argc, char **argv) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[1], COMMANDS[i]->name))
            return COMMANDS[i]->run(COMMANDS[i], argc - 2, argv + 2);
    fprintf(stderr, "xplaim: there is no command \"%s\"\n\n", argv[1]);
    print_overview(stderr);
    return EXIT_CODE_BAD_USAGE;
}

/* With the inner loops that this machine can run, best first. */
static void print_version(void) {
    printf("xplaim %s\nkernels:", XP_VERSION);
    for (int i = 0; xp_kernels_at(i); i++) printf(" %s", xp_kernels_at(i)->name);
    printf("\n");
}

/* A cap that names nothing would be ignored without a word. */
static bool kernels_are_known(void) {
    const char *cap = getenv(XP_KERNELS_VARIABLE);
    if (!cap || !*cap || xp_kernels_known(cap)) return true;
    fprintf(stderr,
            "xplaim: " XP_KERNELS_VARIABLE "=%s: there are no such kernels; `xplaim --version` "
            "lists what this machine can run\n",
            cap);
    return false;
}

static exit_code dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_CODE_BAD_USAGE;
    }
    if (!strcmp(argv[1], "--version")) {
        print_version();
        return EXIT_CODE_OK;
    }
    if (!strcmp(argv[1], "--man")) { /* for the build: help does not name it */
        man_print(stdout, COMMANDS, N_COMMANDS);
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
    exit_code code = kernels_are_known() ? dispatch(argc, argv) : EXIT_CODE_BAD_USAGE;
    xp_error err;
    if (output_close_stdout(&err) != XP_OK) {
        fprintf(stderr, "xplaim: %s\n", err.text);
        return EXIT_CODE_BAD_INPUT;
    }
    return code;
}
