#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

xp_status output_close_stdout(xp_error *err) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return XP_OK;
    return xp_fail(err, XP_ERR_IO, "standard output cannot be written: %s",
                   errno ? strerror(errno) : "an earlier write failed");
}

void json_print_line(cJSON *o) {
    char *text = xp_json_print(o);
    if (text)
        puts(text);
    else
        fputs("xplaim: not enough memory to print JSON\n", stderr);
    cJSON_free(text);
    fflush(stdout);
}

void print_clean(FILE *f, const char *text) {
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, f);
    }
}

void print_path(const char *path) {
    print_clean(stdout, path);
    puts("");
}
