#include "man.h"

#include "base/statements.h"

#include <string.h>

/* Text as man(7) shows it: hyphens that are to be typed, no backslash of its own. */
static void put_bytes(FILE *f, const char *text, size_t n) {
    bool begins = true; /* a line: there a dot or a quote would be a command */
    for (const char *p = text; p < text + n; p++) {
        if (begins && (*p == '.' || *p == '\'')) fputs("\\&", f);
        if (*p == '-' || *p == '\\')
            fprintf(f, "\\%c", *p == '-' ? '-' : 'e');
        else
            putc(*p, f);
        begins = *p == '\n';
    }
}

static void put_text(FILE *f, const char *text) {
    put_bytes(f, text, strlen(text));
}

/* Text that is filled; an empty line begins a paragraph. */
static void put_paragraphs(FILE *f, const char *text) {
    fputs(".PP\n", f);
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, "\n");
        put_bytes(f, p, n);
        fputs(n ? "\n" : ".PP\n", f);
        p += n + (p[n] == '\n');
    }
}

static void put_option(FILE *f, const option_spec *s) {
    fputs(".TP\n", f);
    if (s->letter) fprintf(f, "\\fB\\-%c\\fR, ", s->letter);
    fputs("\\fB", f);
    put_text(f, "--");
    put_text(f, s->name);
    fputs("\\fR", f);
    if (s->value) {
        fputs(" \\fI", f);
        put_text(f, s->value);
        fputs("\\fR", f);
    }
    fputs("\n", f);
    put_text(f, s->help);
    fputs("\n", f);
}

static void put_command(FILE *f, const command *c) {
    fputs(".SS ", f);
    put_text(f, c->name);
    fprintf(f, "\n.PP\n\\fBxplaim %s\\fR ", c->name);
    put_text(f, c->arguments);
    fputs("\n", f);
    put_paragraphs(f, c->summary);
    put_paragraphs(f, c->details);
    for (const option_spec *s = c->options; s->name; s++) put_option(f, s);
}

void man_print(FILE *f, const command *const *commands, int n) {
    fprintf(f, ".TH XPLAIM 1 \"\" \"xplaim %s\"\n.SH NAME\n", XP_VERSION);
    put_text(f, "xplaim - 12-lead ECG recordings, the ECG-XPLAIM network, and where in time its "
                "evidence lies");
    fputs("\n.SH SYNOPSIS\n\\fBxplaim\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] ...\n.SH DESCRIPTION\n",
          f);
    put_paragraphs(f, XP_DISCLAIMER);
    fputs(".SH COMMANDS\n", f);
    for (int i = 0; i < n; i++) put_command(f, commands[i]);
    fputs(".SH EXIT STATUS\n0: success. 1: bad input. 2: bad usage.\n", f);
}
