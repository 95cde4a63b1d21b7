/* A record's block: what is taken is written again, and reads the same. */
#include "ecg/record_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_record rec;
    uint8_t *out;
    size_t n;
    if (xp_record_from_bytes(&rec, (xp_bytes){data, size}, NULL) != XP_OK) return 0;
    if (xp_record_to_bytes(&out, &n, &rec, NULL) == XP_OK) {
        xp_record again;
        if (xp_record_from_bytes(&again, (xp_bytes){out, n}, NULL) != XP_OK) abort();
        xp_record_free(&again);
        free(out);
    }
    xp_record_free(&rec);
    return 0;
}
