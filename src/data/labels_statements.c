#include "data/labels_internal.h"

#include <ctype.h>
#include <string.h>

/* What the statements of a report say of the labels. */

enum { STATEMENT_LIMIT = 2048 };

/* First place at or after from where r's phrase stands as whole words; NULL when there is none. */
static const char *find_phrase(const char *text, const char *from, const label_rule *r) {
    size_t n = strlen(r->text);
    for (const char *p = from; (p = strstr(p, r->text)); p++) {
        bool left = r->open_left || p == text || !isalnum((unsigned char)p[-1]);
        bool right = r->open_right || !isalnum((unsigned char)p[n]);
        if (left && right) return p;
    }
    return NULL;
}

/* Whether the parts of r's phrase, with " .. " between them, stand in text in their order. */
static bool has_parts(const char *text, const label_rule *r) {
    static const char between[] = " .. ";
    char words[STATEMENT_LIMIT];
    const char *at = text;
    for (const char *part = r->text, *next; part; part = next) {
        const char *end = strstr(part, between);
        size_t n = end ? (size_t)(end - part) : strlen(part);
        next = end ? end + sizeof between - 1 : NULL;
        if (n >= sizeof words) return false;
        memcpy(words, part, n);
        words[n] = 0;
        const label_rule one = {.text = words,
                                .open_left = r->open_left && part == r->text,
                                .open_right = r->open_right && !next};
        if (!(at = find_phrase(text, at, &one))) return false;
        at += n;
    }
    return true;
}

/* "infarct?" asks for what it follows, and ends a clause; "? infarct" does neither. */
static bool ends_question(const char *text, const char *at) {
    return *at == '?' && at > text && (isalnum((unsigned char)at[-1]) || at[-1] == ')');
}

/* Where the clause that holds at begins: behind the last , ; : . or " - " or question before it. */
static const char *clause_start(const char *text, const char *at) {
    const char *p = at;
    while (p > text) {
        if (strchr(",;:.", p[-1]) || ends_question(text, p - 1)) break;
        if (p - text >= 3 && !memcmp(p - 3, " - ", 3)) break;
        p--;
    }
    return p;
}

/* Whether the word at `at` is a part of a hedge, as "not" is of "does not exclude": doubt then, and
 * no denial. */
static bool is_of_hedge(const xp_label_table *t, uint32_t set, const char *text, const char *from,
                        const char *at) {
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (r->use != RULE_HEDGE || !(r->labels & set)) continue;
        for (const char *p = from; (p = find_phrase(text, p, r)) && p <= at; p++)
            if (at < p + strlen(r->text)) return true;
    }
    return false;
}

/* Does a rule of this use, for one of these labels, stand before the finding at `at`, in its
 * clause? */
static bool word_before(const xp_label_table *t, int use, uint32_t set, const char *text,
                        const char *at) {
    const char *from = clause_start(text, at);
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (r->use != use || !(r->labels & set)) continue;
        for (const char *p = from; (p = find_phrase(text, p, r)) && p < at; p++)
            if (use != RULE_NEGATION || !is_of_hedge(t, set, text, from, p)) return true;
    }
    return false;
}

/* A question mark is a part of the clause that it ends. */
static const char *clause_end(const char *text, const char *at) {
    const char *end = at + strcspn(at, ",;:."), *dash = strstr(at, " - ");
    if (dash && dash < end) end = dash;
    for (const char *p = at; p < end; p++)
        if (ends_question(text, p)) return p + 1;
    return end;
}

/* Does one stand behind it, before end? */
static bool word_after(const xp_label_table *t, int use, uint32_t set, const char *at,
                       const char *end) {
    for (int i = 0; i < t->n; i++) {
        if (t->rules[i].use != use || !(t->rules[i].labels & set)) continue;
        const char *p = find_phrase(at, at, &t->rules[i]);
        if (p && p < end) return true;
    }
    return false;
}

/* ==== doubt ================================================================================== */

static bool begins_with_word(const char *text, const char *const *words) {
    for (; *words; words++) {
        const size_t n = strlen(*words);
        if (!strncmp(text, *words, n) && !isalnum((unsigned char)text[n])) return true;
    }
    return false;
}

/* Words that say which of its kind a finding is. */
static const char *const finding_kinds[] = {"acute", "recent", "old",      "new",        "early",
                                            "late",  "large",  "subacute", "chronic",    "evolving",
                                            "prior", "more",   "frequent", "marked",     "multiple",
                                            "age",   "rare",   "moderate", "multifocal", NULL};

/* Whether a clause, or what stands in brackets, ends at `at`, or goes on with what is no finding:
 * "possible with" is, "possible infarct" is not. */
static bool is_last(const char *at, const char *end) {
    static const char *const more[] = {"with", "in",    "on",    "due",     "given",
                                       "but",  "based", "since", "because", NULL};
    while (at < end && strchr(" *!\"", *at)) at++;
    return at >= end || *at == ')' || *at == ']' || begins_with_word(at, more);
}

/* Does doubt end the text from `from` to end? alone: nothing else may stand there. */
static bool ends_in_doubt(const xp_label_table *t, uint32_t set, const char *from, const char *end,
                          bool alone) {
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (r->use != RULE_HEDGE_END || !(r->labels & set)) continue;
        for (const char *p = from; (p = find_phrase(from, p, r)) && p < end; p++)
            if (is_last(p + strlen(r->text), end) && (!alone || from + strspn(from, " *([") >= p))
                return true;
    }
    return false;
}

/* "infarct possible", "infarct, possible", "infarct, age undetermined, possible": of the finding at
 * `at`, and not "block, possible infarct". */
static bool doubt_follows(const xp_label_table *t, uint32_t set, const char *text, const char *at) {
    const char *end = clause_end(text, at);
    if (ends_in_doubt(t, set, at, end, false)) return true;
    while (*end) {
        const char *from = end + strspn(end, " ,;:.-");
        end = clause_end(text, from);
        if (ends_in_doubt(t, set, from, end, true)) return true;
        if (!begins_with_word(from, finding_kinds)) return false;
    }
    return false;
}

static bool names_label(const xp_label_table *t, uint32_t label, const char *from,
                        const char *end) {
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        const char *p =
            r->use & RULE_DEFAULT && r->labels == label ? find_phrase(from, from, r) : NULL;
        if (p && p < end) return true;
    }
    return false;
}

/* "acute or recent infarct", "infarct old or recent": both are the same finding. */
static bool same_finding(const char *from, const char *word, const char *behind) {
    const char *last = word;
    while (last > from && last[-1] == ' ') last--;
    while (last > from && isalnum((unsigned char)last[-1])) last--;
    return begins_with_word(last, finding_kinds) ||
           begins_with_word(behind + strspn(behind, " "), finding_kinds);
}

/* "fibrillation with ectopy or aberrancy": what stands before "with" is no part of the choice. */
static bool is_of_another(const char *from, const char *end) {
    const char *with = strstr(from, " with "), *and = strstr(from, " and ");
    return (with && with < end) || (and&&and < end);
}

/* One of two, as in "flutter vs tachycardia": either is uncertain, but not what both of them are,
 * as fibrillation and flutter are "fibrillation or flutter". */
static bool is_one_of_two(const xp_label_table *t, uint32_t label, const char *text,
                          const char *at) {
    const char *from = clause_start(text, at), *end = clause_end(text, at);
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (r->use != RULE_EITHER || !(r->labels & label)) continue;
        const char *word = find_phrase(text, from, r);
        if (!word || word >= end) continue;
        const char *behind = word + strlen(r->text);
        if (same_finding(from, word, behind) ||
            is_of_another(word < at ? behind : at, word < at ? at : word))
            continue;
        return !names_label(t, label, from, word) || !names_label(t, label, behind, end);
    }
    return false;
}

static bool is_uncertain(const xp_label_table *t, uint32_t label, const char *text,
                         const char *at) {
    return word_before(t, RULE_HEDGE, label, text, at) ||
           word_after(t, RULE_HEDGE_AFTER, label, at, at + strlen(at)) ||
           doubt_follows(t, label, text, at) || is_one_of_two(t, label, text, at);
}

/* ==== what was not judged ==================================================================== */

/* What lies on the leads that a sentence names; behind "only" are those that were looked at. */
static uint32_t labels_of_leads(const xp_label_table *t, char *sentence) {
    uint32_t set = 0;
    char *only = strstr(sentence, "only ");
    if (only) *only = 0;
    for (int i = 0; i < t->n; i++)
        if (t->rules[i].use == RULE_LEAD && find_phrase(sentence, sentence, &t->rules[i]))
            set |= t->rules[i].labels;
    return set;
}

/* Labels that a sentence leaves open by saying that leads were not looked at; where it names none,
 * all of the tracing was not. */
static uint32_t leads_not_judged(const xp_label_table *t, char *sentence) {
    for (int i = 0; i < t->n; i++) {
        if (t->rules[i].use != RULE_LEADS_NOT_JUDGED || !has_parts(sentence, &t->rules[i]))
            continue;
        const uint32_t set = labels_of_leads(t, sentence);
        return set ? set : t->rules[i].labels;
    }
    return 0;
}

/* Labels of which this statement says that the machine did not look at them. */
static uint32_t not_judged(const xp_label_table *t, const char *text) {
    uint32_t set = 0;
    for (int i = 0; i < t->n; i++)
        if (t->rules[i].use == RULE_NOT_JUDGED && has_parts(text, &t->rules[i]))
            set |= t->rules[i].labels;
    for (const char *p = text; *p; p += *p != 0) {
        char sentence[STATEMENT_LIMIT];
        const size_t n = strcspn(p, ".;");
        memcpy(sentence, p, n); /* bounded: lower() made it */
        sentence[n] = 0;
        set |= leads_not_judged(t, sentence);
        p += n;
    }
    return set;
}

/* ==== a report =============================================================================== */

/* Overwrite what must not count for this label. */
static void blank_ignored(const xp_label_table *t, uint32_t label, char *text) {
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (r->use != RULE_IGNORE || !(r->labels & label)) continue;
        for (const char *p = text; (p = find_phrase(text, p, r));)
            memset(text + (p - text), '#', strlen(r->text));
    }
}

static void match_statement(const xp_label_table *t, const char *statement, uint32_t *yes,
                            uint32_t *uncertain) {
    char text[STATEMENT_LIMIT];
    uint32_t blanked = 0;
    for (int i = 0; i < t->n; i++) {
        const label_rule *r = &t->rules[i];
        if (!(r->use & RULE_DEFAULT) || !strstr(statement, r->text)) continue;
        if (blanked != r->labels) {
            strcpy(text, statement); /* bounded: lower() made it */
            blank_ignored(t, r->labels, text);
            blanked = r->labels;
        }
        for (const char *p = text; (p = find_phrase(text, p, r)); p++) {
            if (word_before(t, RULE_NEGATION, r->labels, text, p) ||
                word_after(t, RULE_NEGATION_AFTER, r->labels, p, clause_end(text, p)))
                continue;
            *(is_uncertain(t, r->labels, text, p) ? uncertain : yes) |= r->labels;
        }
    }
}

static void match_substrings(const xp_label_table *t, const char *statement, uint32_t *yes) {
    for (int i = 0; i < t->n; i++)
        if (t->rules[i].use & RULE_COMPAT && strstr(statement, t->rules[i].text))
            *yes |= t->rules[i].labels;
}

/* In lower case. But for the published rule, blanks that follow each other are one, and the full
 * stop of "vs." ends no clause. */
static bool lower(const char *in, bool as_it_is, char *out) {
    if (strlen(in) >= STATEMENT_LIMIT) return false;
    char *to = out;
    for (; *in; in++) {
        const bool blank = !as_it_is && isspace((unsigned char)*in);
        if (blank && to > out && to[-1] == ' ') continue;
        const bool stop = !as_it_is && *in == '.' && to - out >= 3 && !memcmp(to - 3, " vs", 3);
        *to++ = blank || stop ? ' ' : (char)tolower((unsigned char)*in);
    }
    *to = 0;
    return true;
}

xp_status xp_labels_from_statements(const xp_label_table *t, xp_label_options o,
                                    const char *const *statements, int n, xp_label_state *out,
                                    xp_error *err) {
    uint32_t yes = 0, uncertain = 0, left = 0;
    bool any = false;
    for (int i = 0; i < n; i++) {
        char text[STATEMENT_LIMIT];
        if (!*statements[i]) continue;
        any = true;
        if (!lower(statements[i], o.compat, text))
            return xp_fail(err, XP_ERR_LIMIT,
                           "the statement '%.60s...' has more than %d characters; look for a quote "
                           "that is not closed",
                           statements[i], STATEMENT_LIMIT - 1);
        if (o.compat) {
            match_substrings(t, text, &yes);
        } else {
            match_statement(t, text, &yes, &uncertain);
            left |= not_judged(t, text);
        }
    }
    if (o.compat)
        *out = (xp_label_state){yes, 0};
    else
        *out =
            labels_settle(yes, uncertain, any ? left | (LABELS_ALL & ~t->covered) : LABELS_ALL, o);
    return XP_OK;
}
