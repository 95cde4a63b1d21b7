/* Any bytes as a file that the name of an XML format stands for: whichever of them it begins as,
 * else parsed alone; and through the window that long files are looked at through. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "ecg/window.h"
#include "ecg/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void outline(const xp_file_source *src) {
    xp_file_window window;
    xp_error err;
    xp_xml_document doc;
    if (!xp_file_window_open(&window, src, "a.xml")) return;
    if (xp_xml_outline(&doc, "a.xml", &window, &err) == XP_OK) xp_xml_free(&doc);
    xp_file_window_close(&window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_memory_file file = {"a.xml", data, size};
    xp_memory_files files = {&file, 1};
    xp_file_source src = xp_memory_source(&files);
    xp_record rec;
    xp_error err;
    xp_xml_document doc;
    if (xp_record_open(&rec, &src, "a.xml", NULL, &err) == XP_OK)
        xp_record_free(&rec);
    else if (xp_xml_parse(&doc, "a.xml", (xp_bytes){data, size}, &err) == XP_OK)
        xp_xml_free(&doc);
    outline(&src);
    return 0;
}
