/* A case set and answers to it: cases.json up to the first NUL, facts up to the second, answers
 * behind it. Whatever is read fits, is scored within its limits, and is the same when it is read
 * again as it was filled in. */
#include "teach/bundle.h"
#include "teach/manifest.h"
#include "teach/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger inputs only take longer. */
enum { MOST = 1 << 16 };

static void check(bool good) {
    if (!good) abort();
}

/* The part of the input up to a NUL, which is taken off it. */
static xp_bytes next_part(xp_bytes *input) {
    const uint8_t *nul = input->size ? memchr(input->data, 0, input->size) : NULL;
    const size_t n = nul ? (size_t)(nul - input->data) : input->size;
    const xp_bytes part = {input->data, n};
    *input = (xp_bytes){input->data + n + !!nul, input->size - n - !!nul};
    return part;
}

static void check_fault(const xp_teach_fault *fault, xp_status s) {
    check(fault->code == s && fault->text[0] && fault->line >= 0);
    char *text = xp_json_print(xp_teach_fault_json(fault));
    check(text != NULL);
    cJSON_free(text);
}

static void check_set(const xp_teach_set *set) {
    check(set->n_cases > 0 && set->n_cases <= XP_TEACH_MOST_CASES && set->most >= 0);
    for (int i = 0; i < set->n_cases; i++) {
        const xp_teach_case *c = &set->cases[i];
        check(xp_teach_find_case(set, c->id) == i && c->n_tasks <= XP_TEACH_MOST_TASKS);
        for (int k = 0; k < c->n_tasks; k++)
            check(isfinite(c->tasks[k].most) && c->tasks[k].most >= 0);
    }
    for (int i = 0; i < set->n_lists; i++)
        for (int k = 0; k < set->lists[i].n; k++)
            check(xp_teach_find_statement(&set->lists[i], set->lists[i].items[k].id) == k);
}

/* What was filled in is a set too, and nothing is left to fill in. */
static void check_again(const xp_teach_set *set, const cJSON *facts) {
    char *text = cJSON_PrintUnformatted(set->document);
    xp_teach_set again;
    xp_teach_fault fault;
    check(text != NULL);
    check(xp_teach_set_read(&again, (xp_bytes){(uint8_t *)text, strlen(text)}, facts, NULL,
                            &fault) == XP_OK);
    char *second = cJSON_PrintUnformatted(again.document);
    check(second && !strcmp(text, second));
    cJSON_free(second);
    cJSON_free(text);
    xp_teach_set_free(&again);
}

static void check_results(const xp_teach_set *set, xp_bytes answers) {
    cJSON *results = NULL;
    xp_teach_fault fault;
    xp_status s = xp_teach_score(&results, set, answers, &fault);
    if (s != XP_OK) {
        check_fault(&fault, s);
        return;
    }
    char *text = xp_json_print(results);
    cJSON *numbers = text ? cJSON_Parse(text) : NULL;
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(numbers, "score");
    check(cJSON_IsNull(score) || (score->valuedouble >= 0 && score->valuedouble <= 100));
    cJSON_Delete(numbers);
    cJSON_free(text);
}

static void check_package(const xp_teach_set *set, xp_bytes document) {
    static const char page[] = "<title>x</title><ecg-xplaim>"
                               "<script type=\"text/plain\" data-inside=\"a\" data-bytes=\"0\">"
                               "</script>\n<script></script>";
    xp_buffer out = {0};
    xp_teach_fault fault;
    xp_teach_packed file = {"a", document};
    xp_teach_manifest(&out, set);
    check(!out.failed && !memchr(out.data, 0, out.size));
    check(xp_teach_bundle(&out, (xp_bytes){(const uint8_t *)page, sizeof page - 1}, set, document,
                          &file, 1, false, &fault) == XP_OK);
    xp_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_bytes input = {data, size < MOST ? size : MOST};
    const xp_bytes document = next_part(&input), facts_text = next_part(&input);
    cJSON *facts = facts_text.size
                       ? cJSON_ParseWithLength((const char *)facts_text.data, facts_text.size)
                       : NULL;
    xp_teach_warnings warnings = {0};
    xp_teach_set set;
    xp_teach_fault fault;
    xp_status s = xp_teach_set_read(&set, document, facts, &warnings, &fault);
    check(warnings.n <= XP_TEACH_MOST_WARNINGS);
    if (s == XP_OK) {
        check_set(&set);
        check_again(&set, facts);
        check_results(&set, input);
        check_package(&set, document);
        xp_teach_set_free(&set);
    } else {
        check(!set.document && !set.blocks);
        check_fault(&fault, s);
    }
    xp_teach_warnings_free(&warnings);
    cJSON_Delete(facts);
    return 0;
}
