/* Words and numbers of a WFDB header's lines, and what tells one kind of line from another. */
#ifndef XP_ECG_WFDB_FIELDS_H
#define XP_ECG_WFDB_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Blanks, and the mark that ends old DOS texts, cut off both ends of s, in place. */
char *xp_wfdb_trim(char *s);

/* Cut the next blank-separated token off *s; NULL when there is none. */
char *xp_wfdb_token(char **s);

/* A whole decimal integer within [low, high]; false otherwise. *end stops the text when given. */
bool xp_wfdb_integer(const char *s, const char **end, int64_t low, int64_t high, int64_t *out);

/* A finite decimal number at the start of s; false for NaN, infinity, hexadecimal. */
bool xp_wfdb_number(const char *s, const char **end, double *out);

/* Dates as headers have them: two numbers and a number or a month's name, with '/', '-' or '.'
 * between, the same twice. DD/MM/YYYY alone is the standard's. */
bool xp_wfdb_is_date(const char *t);
bool xp_wfdb_is_standard_date(const char *t);

/* HH:MM:SS, or fewer of them, with a fraction or none; a plain number is a time in seconds. */
bool xp_wfdb_is_time(const char *t);

/* Where in a text a signal line begins: the word before a sample format and a gain with its unit or
 * baseline. NULL where there is none. The word may have other text glued to its front. *n: its
 * length. */
const char *xp_wfdb_find_signal(const char *text, size_t *n);

/* What the record line's first word says. */
typedef struct xp_wfdb_record_name {
    size_t name, name_size; /* the record's own name: where it is in the word */
    size_t folder;          /* length of a folder before it, with its slash; 0: none */
    int64_t segments;       /* 0: none are counted */
    bool valid;             /* false: neither a name nor a name and a number of segments */
} xp_wfdb_record_name;

/* text: that word. "name", "name/3" (three segments) and "folder/name" look alike: the first line
 * that follows, a signal's or a segment's, decides. rest: the text behind the record line. */
xp_wfdb_record_name xp_wfdb_read_name(const char *text, const char *rest);

#endif
