#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct parse {
    const option_spec *table;
    void *opt;
    char **argv;
    int argc, at;
    char *message;
    size_t size;
} parse;

static const option_spec *find_long(const option_spec *table, const char *name, size_t n) {
    for (const option_spec *s = table; s->name; s++)
        if (strlen(s->name) == n && !memcmp(s->name, name, n)) return s;
    return NULL;
}

static const option_spec *find_letter(const option_spec *table, char letter) {
    for (const option_spec *s = table; s->name; s++)
        if (s->letter == letter) return s;
    return NULL;
}

/* A finite number at text that ends at one of `ends`; *rest points behind it. */
static bool read_number(const char *text, const char *ends, double *v, const char **rest) {
    char *end;
    errno = 0;
    *v = strtod(text, &end);
    *rest = end;
    return end != text && errno == 0 && isfinite(*v) && (!*end || strchr(ends, *end));
}

static bool read_bytes(const char *text, uint64_t *bytes) {
    static const char units[] = "kmgt";
    const char *rest;
    double v;
    if (!read_number(text, "kmgtKMGT", &v, &rest)) return false;
    const char *unit = *rest ? strchr(units, tolower((unsigned char)*rest)) : NULL;
    if (*rest && rest[1] && strcasecmp(rest + 1, "B") && strcasecmp(rest + 1, "iB")) return false;
    for (int i = 0; unit && i <= unit - units; i++) v *= 1024;
    if (v < 1 || v > 1e18) return false;
    *bytes = (uint64_t)v;
    return true;
}

static bool append_text(text_list *list, const char *text) {
    if (!*text || list->n == OPTION_LIST_MAX) return false;
    list->items[list->n++] = text;
    return true;
}

static bool set_value(const option_spec *s, void *field, const char *text) {
    const char *rest;
    double v, high;
    switch (s->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_TEXT:
        *(const char **)field = text;
        return *text != 0;
    case OPTION_COUNT:
        if (!read_number(text, "", &v, &rest) || v < 0 || v > INT_MAX || v != floor(v))
            return false;
        *(int *)field = (int)v;
        return true;
    case OPTION_NUMBER:
        if (!read_number(text, "", &v, &rest) || v <= 0) return false;
        *(double *)field = v;
        return true;
    case OPTION_BYTES:
        return read_bytes(text, field);
    case OPTION_RANGE:
        if (!read_number(text, ",", &v, &rest) || *rest != ',' || v <= 0) return false;
        if (!read_number(rest + 1, "", &high, &rest) || high <= v) return false;
        ((double *)field)[0] = v;
        ((double *)field)[1] = high;
        return true;
    case OPTION_TEXTS:
    case OPTION_WORDS:
        return append_text(field, text);
    }
    return false;
}

static const char *expected(option_kind kind) {
    static const char *const text[] = {[OPTION_FLAG] = "nothing",
                                       [OPTION_TEXT] = "a text that is not empty",
                                       [OPTION_COUNT] = "a whole number, 0 or more",
                                       [OPTION_NUMBER] = "a number above 0",
                                       [OPTION_BYTES] = "bytes, as 800M or 2G",
                                       [OPTION_RANGE] = "two numbers LOW,HIGH with 0 < LOW < HIGH",
                                       [OPTION_TEXTS] =
                                           "a text that is not empty, at most 520 times",
                                       [OPTION_WORDS] = "at most 520 words that are not empty"};
    return text[kind];
}

/* The further words of an OPTION_WORDS; *value is the last one looked at. */
static bool take_words(parse *p, const option_spec *s, void *field, const char **value) {
    while (p->at + 1 < p->argc && p->argv[p->at + 1][0] != '-') {
        *value = p->argv[++p->at];
        if (!set_value(s, field, *value)) return false;
    }
    return true;
}

/* One option whose value is in the same word (inline_value) or is the next word. */
static bool take_option(parse *p, const option_spec *s, const char *inline_value) {
    const char *value = inline_value;
    if (s->kind == OPTION_FLAG && inline_value) {
        snprintf(p->message, p->size, "--%s takes no value", s->name);
        return false;
    }
    if (s->kind != OPTION_FLAG && !value) {
        if (p->at + 1 >= p->argc) {
            snprintf(p->message, p->size, "--%s needs a value: %s", s->name, s->value);
            return false;
        }
        value = p->argv[++p->at];
    }
    void *field = (char *)p->opt + s->offset;
    bool ok = set_value(s, field, value);
    if (ok && s->kind == OPTION_WORDS && !inline_value) ok = take_words(p, s, field, &value);
    if (ok) return true;
    snprintf(p->message, p->size, "--%s got \"%s\"; expected %s", s->name, value ? value : "",
             expected(s->kind));
    return false;
}

static bool take_word(parse *p, const char *word) {
    const option_spec *s;
    const char *value = NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        s = find_long(p->table, word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word + 2));
        if (equals) value = equals + 1;
    } else {
        s = find_letter(p->table, word[1]);
        if (word[2]) value = word + 2;
    }
    if (!s) {
        snprintf(p->message, p->size, "there is no option %s", word);
        return false;
    }
    return take_option(p, s, value);
}

options_result options_parse(const option_spec *table, void *opt, int argc, char **argv,
                             arguments *args, char *message, size_t size) {
    parse p = {table, opt, argv, argc, 0, message, size};
    bool ended = false;
    *args = (arguments){argv, 0};
    for (; p.at < argc; p.at++) {
        char *word = argv[p.at];
        if (ended || word[0] != '-' || !word[1]) {
            args->items[args->n++] = word;
        } else if (!strcmp(word, "--")) {
            ended = true;
        } else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
            return OPTIONS_HELP;
        } else if (!take_word(&p, word)) {
            return OPTIONS_BAD;
        }
    }
    return OPTIONS_OK;
}

void options_print(FILE *f, const option_spec *table) {
    for (const option_spec *s = table; s->name; s++) {
        char left[64];
        char letter[8] = "    ";
        if (s->letter) snprintf(letter, sizeof letter, "-%c, ", s->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, s->name, s->value ? " " : "",
                 s->value ? s->value : "");
        fprintf(f, "  %-28s %s\n", left, s->help);
    }
    fprintf(f, "  %-28s %s\n", "-h, --help", "this text");
}
