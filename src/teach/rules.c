#include "teach/rules.h"

#include "base/text.h"
#include "ecg/record.h"

#include <stdio.h>
#include <string.h>

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether HTML begins at "<": a tag's name that ends as one does, or a declaration. A space behind
 * "<", as in "PR < 120 ms", makes it none, and so does a number. */
static bool is_tag(const char *p) {
    p++;
    if (*p == '!' || *p == '?') return true;
    if (*p == '/') p++;
    if (!is_letter(*p)) return false;
    while (is_letter(*p) || is_digit(*p) || *p == '-' || *p == ':') p++;
    return !*p || strchr(" \t\n\r/>", *p);
}

const char *teach_text_fault(const char *text) {
    for (const char *p = text; *p; p++) {
        if (*p == '<' && is_tag(p))
            return "has markup (a tag): write plain text or Markdown, and a space behind a \"<\" "
                   "that is none";
        if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t' && *p != '\r') || *p == 0x7f)
            return "has a control character: take it out";
        if (!strncmp(p, "\xef\xbf\xbe", 3) || !strncmp(p, "\xef\xbf\xbf", 3))
            return "has a character that no text has (U+FFFE or U+FFFF): take it out";
    }
    return NULL;
}

size_t teach_text_length(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

bool teach_is_id(const char *text) {
    size_t n = 0;
    for (; text[n]; n++)
        if (n == 64 || !(is_letter(text[n]) || is_digit(text[n]) || strchr("_.-", text[n])))
            return false;
    return n > 0;
}

/* A part of a path, n bytes: none that stands for a folder above or for nothing, and none that
 * Windows would shorten. */
static const char *part_fault(const char *part, size_t n) {
    if (n == 2 && part[0] == '.' && part[1] == '.')
        return "leads out of the set: name a file inside it";
    if (n == 0 || (n == 1 && part[0] == '.'))
        return "is no path inside the set: write FOLDER/FILE, without \"./\" and without \"/\" at "
               "an end";
    if (part[n - 1] == '.' || part[n - 1] == ' ' || part[0] == ' ')
        return "has a name that begins with a blank or ends with a blank or a full stop: rename "
               "the file";
    return NULL;
}

const char *teach_path_fault(const char *path) {
    if (path[0] == '/' || path[0] == '\\' || (is_letter(path[0]) && path[1] == ':'))
        return "leads out of the set: give a path inside it, relative to cases.json";
    if (strlen(path) > 255) return "is longer than 255 bytes: rename the file";
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("\\:*?\"<>|%#&'`", *p))
            return "has a character that not every system and address allows in a name: rename "
                   "the file";
    for (const char *part = path;;) {
        size_t n = strcspn(part, "/");
        const char *fault = part_fault(part, n);
        if (fault || !part[n]) return fault;
        part += n + 1;
    }
}

bool teach_is_language(const char *text) {
    size_t n = 0;
    while (is_letter(text[n])) n++;
    if (n < 2 || n > 8) return false;
    while (text[n] == '-') {
        size_t from = ++n;
        while (is_letter(text[n]) || is_digit(text[n])) n++;
        if (n == from || n - from > 8) return false;
    }
    return !text[n] && n <= 35;
}

bool teach_is_sha256(const char *text) {
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

const char TEACH_LEADS[] = "I, II, III, aVR, aVL, aVF, V1 to V9 or V3R to V6R";

const char *teach_lead(const char *text) {
    static const char *const more[] = {"V7", "V8", "V9", "V3R", "V4R", "V5R", "V6R"};
    xp_lead_id id = xp_lead_parse(text);
    if (id != XP_LEAD_NONE) return xp_lead_name(id);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (!strcmp(text, more[i])) return more[i];
    return NULL;
}
