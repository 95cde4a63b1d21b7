/* Any bytes as a DICOM file. */
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_record("x.dcm", data, size);
}
