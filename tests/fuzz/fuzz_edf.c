/* Any bytes as a file of EDF, EDF+ or BDF. */
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_record("x.edf", data, size);
}
