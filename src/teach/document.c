/* From the bytes of a document to cJSON's tree, and back to the line of a field. */
#include "teach/reader.h"
#include "teach/rules.h"

#include <stdio.h>
#include <string.h>

/* The place of a fault that cJSON or the bytes tell, as a line and a column. */
static xp_status bad_bytes(teach_reader *r, xp_status code, xp_bytes text, size_t at,
                           const char *what) {
    size_t begin = at < text.size ? at : text.size;
    const int line = teach_line_of(text, begin);
    while (begin > 0 && text.data[begin - 1] != '\n') begin--;
    teach_fail(r, code, NULL, "line %d, column %zu: %s", line, at - begin + 1, what);
    r->fault->line = line;
    return code;
}

xp_status teach_parse(teach_reader *r, xp_bytes text, cJSON **out) {
    size_t at;
    const char *fault = teach_bytes_fault(text, &at), *end = NULL;
    if (fault) return bad_bytes(r, XP_ERR_FORMAT, text, at, fault);
    const char *start = (const char *)text.data;
    size_t mark = text.size >= 3 && !memcmp(start, "\xef\xbb\xbf", 3) ? 3 : 0;
    *out = text.size > mark ? cJSON_ParseWithLengthOpts(start + mark, text.size - mark, &end, false)
                            : NULL;
    if (!*out)
        return bad_bytes(r, XP_ERR_FORMAT, text, end ? (size_t)(end - start) : 0,
                         "this is no JSON: a comma, quote or bracket is missing or too much before "
                         "here");
    for (; end < start + text.size; end++)
        if (!strchr(" \t\r\n", *end))
            return bad_bytes(r, XP_ERR_FORMAT, text, (size_t)(end - start),
                             "something follows the document's last bracket: take it out");
    bool memory = true;
    const char *twin = teach_twin_key(*out, &memory);
    if (!memory) return teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
    if (twin)
        return teach_fail(r, XP_ERR_FORMAT, NULL,
                          "the key \"%.80s\" stands twice in one object: keep one of the two",
                          twin);
    return XP_OK;
}

/* The line of a fault's field, where it has one and no line yet. */
void teach_find_line(const teach_reader *r, xp_bytes text, const cJSON *document) {
    char path[XP_TEACH_FIELD + 24];
    xp_teach_fault *f = r->fault;
    if (f->line || !document) return;
    if (r->case_index < 0 && !f->field[0]) return;
    if (r->case_index >= 0)
        snprintf(path, sizeof path, "cases[%d].%s", r->case_index, f->field);
    else
        snprintf(path, sizeof path, "%s", f->field);
    f->line = teach_line_of_path(text, path);
}
