/* Text, .npy and .mat as tables of samples. The first byte tells what is known of them. What is
 * read is written as WFDB too. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "ecg/write/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    static const char *const columns[] = {NULL, "I,II", "I", "time,I,-"};
    xp_read_options opt = {.rate = data[0] & 1 ? 500 : 0,
                           .unit = data[0] & 2 ? "mV" : NULL,
                           .columns = columns[data[0] >> 2 & 3]};
    const char *name = data[0] & 16 ? "t.dat" : "t.csv";
    xp_memory_file file = {name, data + 1, size - 1};
    xp_memory_files files = {&file, 1};
    xp_file_source src = xp_memory_source(&files);
    xp_stored w;
    xp_written out;
    xp_error err;
    if (xp_stored_open(&w, &src, name, &opt, &err) != XP_OK) return 0;
    if (xp_write(&out, xp_writer_named("wfdb"), &w, "t", NULL, &err) == XP_OK)
        xp_written_free(&out);
    xp_stored_free(&w);
    return 0;
}
