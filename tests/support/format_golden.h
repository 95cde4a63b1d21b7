/* Reference decodings of files of other formats (shared fixtures, formats/golden), and files in
 * memory: what the tests of these formats share. */
#ifndef XP_TEST_FORMAT_GOLDEN_H
#define XP_TEST_FORMAT_GOLDEN_H

#include "ecg/reader_path.h"
#include "ecg/source_memory.h"
#include "support.h"

/* File and reference below fixtures/formats (or fixtures, where they are not there). */
typedef struct golden_case {
    const char *file, *golden;
    const char *block; /* the name of the block that is read */
    double rate;       /* which of several blocks of that name; 0: any */
    int64_t n;         /* samples that are read; 0: all of the block */
} golden_case;

/* Compares what is stored, and the leads in millivolt, with the reference. False, and nothing is
 * compared, where the fixtures are not there. */
int check_golden(const golden_case *c);

/* Open bytes as the file of that name. */
xp_status open_bytes(xp_stored *w, const char *name, const void *data, size_t n, xp_error *err);

/* As many bytes opened must give one error, which names the file and holds each of the words
 * (separated by |). */
void check_broken(const char *what, const char *name, const void *data, size_t n,
                  const char *words);

/* A change of a whole file's text, and what its one error must hold; words NULL: it may be read,
 * and only must not do harm. */
typedef struct broken {
    const char *what, *find, *put, *words;
} broken;
void check_change(const char *whole, const broken *b);

/* Every beginning of data (n), `step` apart, is refused with a message. */
void check_cuts(const char *name, const void *data, size_t n, size_t step);

/* Base64 of bytes, in lines of 76; free(). */
char *base64_of(const void *bytes, size_t n);

/* Replace the first `what` in text by `with`; a new text, free(). Fails where it is not there. */
char *replaced(const char *text, const char *what, const char *with);

/* Text in UTF-16 with a byte order mark; free(). The text is ASCII. */
uint8_t *utf16_of(const char *text, int big_endian, size_t *n);

#endif
