/* Rules for the texts, names and raw bytes of a case set; each tells what is wrong in words that
 * fit behind "FIELD: ". */
#ifndef XP_TEACH_RULES_H
#define XP_TEACH_RULES_H

#include "base/bytes.h"

#include <cjson/cJSON.h>

/* What is wrong with a text that is shown: a tag, a comment, a control character. NULL: nothing. */
const char *teach_text_fault(const char *text);

/* Characters (code points) of UTF-8. */
size_t teach_text_length(const char *text);

/* [A-Za-z0-9_.-], 1 to 64 of them. */
bool teach_is_id(const char *text);

/* What is wrong with the path of a file inside a set. NULL: nothing. */
const char *teach_path_fault(const char *path);

/* A language: "en", "pt-BR". */
bool teach_is_language(const char *text);

/* 64 hexadecimal digits, lower case. */
bool teach_is_sha256(const char *text);

/* The lead's one spelling: of the twelve, V3R to V6R, V7 to V9. NULL: there is no such lead. */
const char *teach_lead(const char *text);
extern const char TEACH_LEADS[]; /* in words, for a message */

/* ==== raw JSON =============================================================================== */

/* What is wrong with bytes that are to become a document, and at which byte: too many, no UTF-8, a
 * "\u0000" in a string, too deep. NULL: nothing. */
const char *teach_bytes_fault(xp_bytes text, size_t *at);

/* A key that stands twice in one object of the tree, or NULL; *memory is false where none was left.
 */
const char *teach_twin_key(const cJSON *tree, bool *memory);

/* Line of byte `at`, from 1. */
int teach_line_of(xp_bytes text, size_t at);

/* Line of the value that path leads to ("cases[3].tasks[0].answer") or, where the document ends
 * sooner, of the last part that is there. The text was parsed before. */
int teach_line_of_path(xp_bytes text, const char *path);

#endif
