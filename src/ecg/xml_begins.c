/* Which XML file it is, by its first bytes. */
#include "ecg/xml_internal.h"

#include <strings.h>

/* The start of a file, letter by letter: what is not ASCII as '?', UTF-16 and UTF-32 by one byte of
 * each. */
typedef struct letters {
    const uint8_t *at, *end;
    size_t step;
} letters;

static letters letters_of(xp_bytes b) {
    if (!b.size) return (letters){NULL, NULL, 1}; /* nothing need not lie anywhere */
    letters l = {b.data, b.data + b.size, 1};
    const xp_wide_text wide = xml_wide(b);
    if (wide.width) {
        l.step = (size_t)wide.width;
        l.at += wide.mark + (wide.big ? l.step - 1 : 0);
    } else if (b.size >= 3 && !memcmp(b.data, "\xef\xbb\xbf", 3)) {
        l.at += 3;
    }
    return l;
}

/* The letter i places further on; 0: the start does not reach so far. */
static char letter(const letters *l, size_t i) {
    if (l->at >= l->end || i >= (size_t)(l->end - l->at + (ptrdiff_t)l->step - 1) / l->step)
        return 0;
    const uint8_t c = l->at[i * l->step];
    return c && c < 0x80 ? (char)c : '?';
}

static bool is_next(const letters *l, const char *text) {
    for (size_t i = 0; text[i]; i++)
        if (letter(l, i) != text[i]) return false;
    return true;
}

/* Behind the next `end`; false where there is none. */
static bool go_behind(letters *l, const char *end) {
    for (; letter(l, 0); l->at += l->step)
        if (is_next(l, end)) {
            l->at += strlen(end) * l->step;
            return true;
        }
    return false;
}

/* Past a declaration, comment or DOCTYPE that begins here; false: it does not end in the start. */
static bool skip_markup(letters *l) {
    if (is_next(l, "<!--")) return go_behind(l, "-->");
    if (letter(l, 1) == '?') return go_behind(l, "?>");
    for (; letter(l, 0) && letter(l, 0) != '>'; l->at += l->step)
        if (letter(l, 0) == '[') return go_behind(l, "]>");
    return go_behind(l, ">");
}

static bool is_named(letters l, const char *root) {
    char name[64];
    size_t n = 0;
    for (; n + 1 < sizeof name; l.at += l.step) {
        const char c = letter(&l, 0);
        if (!c || xml_is_blank(c) || c == '/' || c == '>' || c == '[') break;
        name[n++] = c;
    }
    name[n] = 0;
    return !strcasecmp(xml_local_name(name), root);
}

/* A DOCTYPE names the root. One that holds a whole DTD may end behind the start of a file. */
static bool declares(letters l, const char *root) {
    static const char word[] = "<!DOCTYPE";
    if (!is_next(&l, word)) return false;
    for (l.at += (sizeof word - 1) * l.step; xml_is_blank(letter(&l, 0));) l.at += l.step;
    if (!is_named(l, root)) return false;
    while (letter(&l, 0) && letter(&l, 0) != '[' && letter(&l, 0) != '>') l.at += l.step;
    return letter(&l, 0) == '[';
}

bool xp_xml_begins(xp_bytes start, const char *root) {
    letters l = letters_of(start);
    for (;;) {
        while (xml_is_blank(letter(&l, 0))) l.at += l.step;
        if (letter(&l, 0) != '<') return false;
        if (letter(&l, 1) != '!' && letter(&l, 1) != '?') break;
        const letters markup = l;
        if (!skip_markup(&l)) return declares(markup, root);
    }
    l.at += l.step;
    return is_named(l, root);
}
