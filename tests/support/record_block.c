/* record_block PATH... : for each record, a line with the SHA-256 of its block
 * (ecg/record_bytes.h), which the page's module must give too, or its error. */
#include "base/sha256.h"
#include "ecg/reader_path.h"
#include "ecg/record_bytes.h"

#include <stdio.h>
#include <stdlib.h>

static xp_status digest(const char *path, char sha256[65], xp_error *err) {
    xp_record rec;
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_record_open_path(&rec, path, NULL, err));
    xp_status s = xp_record_to_bytes(&bytes, &size, &rec, err);
    xp_record_free(&rec);
    if (s != XP_OK) return s;
    xp_sha256_hex((xp_bytes){bytes, size}, sha256);
    free(bytes);
    return XP_OK;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        char sha256[65];
        xp_error err;
        if (digest(argv[i], sha256, &err) == XP_OK)
            puts(sha256);
        else
            printf("%s %s\n", xp_status_name(err.code), err.text);
    }
    return 0;
}
