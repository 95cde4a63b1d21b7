/* Any bytes as a header file. */
#include "ecg/wfdb_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_wfdb_header h;
    xp_error e;
    if (xp_wfdb_parse_header(&h, "r.hea", (xp_bytes){data, size}, &e) == XP_OK)
        xp_wfdb_header_free(&h);
    return 0;
}
