/* The bytes of a document, before and beside cJSON. */
#include "base/text.h"
#include "teach/rules.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 8 << 20, MOST_DEPTH = 32 };

/* The end of the string whose opening quote is at `at`: behind its closing one, or the text's end.
 * *nul: where a character 0 is written in it, if anywhere. */
static size_t string_end(xp_bytes t, size_t at, size_t *nul) {
    for (at++; at < t.size && t.data[at] != '"'; at++) {
        if (t.data[at] != '\\') continue;
        if (t.size - at >= 6 && !memcmp(t.data + at, "\\u0000", 6) && nul) *nul = at;
        at++;
    }
    return at < t.size ? at + 1 : t.size;
}

const char *teach_bytes_fault(xp_bytes text, size_t *at) {
    int depth = 0;
    size_t nul = SIZE_MAX;
    *at = 0;
    if (text.size > MOST_BYTES) return "the document is larger than 8 MiB: make several sets of it";
    for (size_t i = 0; i < text.size;) {
        size_t n = xp_utf8_length(text.data + i, text.size - i);
        *at = i;
        if (n == 0) return "the text is no UTF-8: save it as UTF-8";
        i += n;
    }
    for (size_t i = 0; i < text.size;) {
        *at = i;
        const uint8_t c = text.data[i];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > MOST_DEPTH) return "objects and arrays lie in each other more than 32 deep";
        if (c == 0) return "the document has a byte 0: no JSON has one";
        i = c == '"' ? string_end(text, i, &nul) : i + 1;
        if (nul != SIZE_MAX) {
            *at = nul;
            return "a text has the character 0 (\\u0000): take it out";
        }
    }
    return NULL;
}

/* ==== keys =================================================================================== */

static int compare_keys(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *twin_of(const cJSON *object, bool *memory) {
    size_t n = 0;
    for (const cJSON *c = object->child; c; c = c->next) n++;
    if (n < 2) return NULL;
    const char **keys = malloc(n * sizeof *keys), *twin = NULL;
    if (!keys) {
        *memory = false;
        return NULL;
    }
    n = 0;
    for (const cJSON *c = object->child; c; c = c->next) keys[n++] = c->string;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < n && !twin; i++)
        if (!strcmp(keys[i - 1], keys[i])) twin = keys[i];
    free(keys);
    return twin;
}

const char *teach_twin_key(const cJSON *tree, bool *memory) {
    const char *twin = cJSON_IsObject(tree) ? twin_of(tree, memory) : NULL;
    if (!cJSON_IsObject(tree) && !cJSON_IsArray(tree)) return NULL;
    for (const cJSON *c = tree->child; c && !twin && *memory; c = c->next)
        twin = teach_twin_key(c, memory);
    return twin;
}

/* ==== lines ================================================================================== */

int teach_line_of(xp_bytes text, size_t at) {
    int line = 1;
    for (size_t i = 0; i < at && i < text.size; i++) line += text.data[i] == '\n';
    return line;
}

static size_t skip_blanks(xp_bytes t, size_t at) {
    while (at < t.size && strchr(" \t\r\n,:", (char)t.data[at]) && t.data[at]) at++;
    return at;
}

/* Behind the value at `at`. */
static size_t value_end(xp_bytes t, size_t at) {
    int depth = 0;
    for (; at < t.size; at++) {
        const uint8_t c = t.data[at];
        if (c == '"') {
            at = string_end(t, at, NULL) - 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']' || c == ',') {
            depth -= c != ',';
            if (depth < 0 || (depth == 0 && c == ',')) return at;
        }
    }
    return t.size;
}

/* Element `index` of the array, or the value of the key of n bytes, at `at`; SIZE_MAX: it is not
 * there. */
static size_t element_at(xp_bytes t, size_t at, long index) {
    at = skip_blanks(t, at + 1);
    while (index-- > 0 && at < t.size && t.data[at] != ']') at = skip_blanks(t, value_end(t, at));
    return at < t.size && t.data[at] != ']' ? at : SIZE_MAX;
}

static size_t member_at(xp_bytes t, size_t at, const char *key, size_t n) {
    at = skip_blanks(t, at + 1);
    while (at < t.size && t.data[at] == '"') {
        size_t end = string_end(t, at, NULL), value = skip_blanks(t, end);
        if (end - at - 2 == n && !memcmp(t.data + at + 1, key, n)) return value;
        at = skip_blanks(t, value_end(t, value));
    }
    return SIZE_MAX;
}

int teach_line_of_path(xp_bytes text, const char *path) {
    size_t at = skip_blanks(text, 0);
    while (*path && at < text.size) {
        size_t next = SIZE_MAX, n = 0;
        if (*path == '[') {
            char *end;
            long index = strtol(path + 1, &end, 10);
            if (text.data[at] == '[') next = element_at(text, at, index);
            path = *end == ']' ? end + 1 : end;
        } else {
            path += *path == '.';
            n = strcspn(path, ".[");
            if (text.data[at] == '{') next = member_at(text, at, path, n);
            path += n;
        }
        if (next == SIZE_MAX || next >= text.size) break;
        at = next;
    }
    return teach_line_of(text, at);
}
