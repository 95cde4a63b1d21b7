/* Runs a fuzz target on files, and on every file of folders, given as arguments: seeds in any
 * build, and what a fuzzer found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1 when the file was run. */
static int run_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    uint8_t *data = n >= 0 ? malloc((size_t)n + !n) : NULL; /* exact: sanitizers see the end */
    int whole = data && fread(data, 1, (size_t)n, f) == (size_t)n;
    fclose(f);
    if (whole) LLVMFuzzerTestOneInput(data, (size_t)n);
    free(data);
    return whole;
}

static int run_folder(DIR *folder, const char *path) {
    int n = 0;
    for (struct dirent *e; (e = readdir(folder));) {
        char file[4096];
        if (e->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        n += run_file(file);
    }
    return n;
}

int main(int argc, char **argv) {
    int n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        n += folder ? run_folder(folder, argv[i]) : run_file(argv[i]);
        if (folder) closedir(folder);
    }
    printf("%d inputs\n", n);
    return n == 0; /* nothing to run is a failure */
}
