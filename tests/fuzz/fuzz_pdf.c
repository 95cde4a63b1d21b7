/* Any bytes as a PDF: its objects, contents, curves and leads. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    extern const xp_format xp_format_pdf;
    xp_memory_file file = {"x.pdf", data, size};
    xp_memory_files files = {&file, 1};
    xp_file_source src = xp_memory_source(&files);
    xp_stored w;
    xp_error err;
    if (xp_format_pdf.read(&w, &src, "x.pdf", NULL, &err) == XP_OK) xp_stored_free(&w);
    return 0;
}
