/* Any bytes as a FLAC stream. */
#include "ecg/flac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_flac f;
    xp_error e;
    if (xp_flac_open(&f, (xp_bytes){data, size}, &e) != XP_OK) return 0;
    int n = 1;
    while (n && xp_flac_next(&f, &n, &e) == XP_OK) {
    }
    xp_flac_close(&f);
    return 0;
}
