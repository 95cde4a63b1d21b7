/* The lines before a table of text: its rate, its unit, and whose it is. */
#include "ecg/table_layout.h"

#include <ctype.h>
#include <math.h>

static bool contains(const char *text, const char *word) {
    size_t n = strlen(word);
    for (; *text; text++)
        if (!strncasecmp(text, word, n)) return true;
    return false;
}

/* words: with a NUL behind each. */
static bool contains_any(const char *text, const char *words) {
    for (; *words; words += strlen(words) + 1)
        if (contains(text, words)) return true;
    return false;
}

/* Whether a key is one of words, perhaps with a unit in brackets. */
static bool is_any(const char *key, const char *words) {
    for (; *words; words += strlen(words) + 1) {
        const char *c = key + strlen(words);
        if (strncasecmp(key, words, strlen(words))) continue;
        c += *c == ' ';
        if (!*c || *c == '(' || *c == '[') return true;
    }
    return false;
}

/* ==== the rate =============================================================================== */

/* The unit that text begins with: hertz in it, or, with a minus, how many of it make a second; 0
 * where text is empty, NaN for another. */
static double find_unit(const char *text) {
    static const struct {
        char word[8];
        float times;
    } units[] = {{"hz", 1}, {"hertz", 1}, {"khz", 1000}, {"sps", 1},
                 {"s", -1}, {"sec", -1},  {"ms", -1000}, {"us", -1000000}};
    if (!*text) return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const size_t n = strlen(units[i].word);
        if (!strncasecmp(text, units[i].word, n) && !isalpha((unsigned char)text[n]) &&
            text[n] != '/')
            return units[i].times;
    }
    return NAN;
}

/* The unit that a key has in brackets, "Sampling rate [Hz]", or as its last word. */
static double unit_of_key(const char *key) {
    const char *open = strpbrk(key, "([");
    if (!open) open = strrchr(key, '_');
    const double unit = open ? find_unit(open + 1) : 0;
    return isnan(unit) ? 0 : unit;
}

/* The number that text begins with, which *rest lies behind; NaN where there is none, or where it
 * may be one of thousands: "1.000". comma: what decimals may stand behind, beside the point. */
static double leading_number(const char *text, char comma, const char **rest) {
    const size_t digits = strspn(text, "0123456789");
    size_t n = digits, behind = 0;
    double v;
    if (text[n] && (text[n] == '.' || text[n] == comma)) {
        behind = strspn(text + n + 1, "0123456789");
        n += 1 + behind;
    }
    *rest = text + n;
    if (!n || !xp_table_number(text, n, comma, &v)) return NAN;
    return behind == 3 && digits <= 3 && *text != '0' && v < 50 ? NAN : v;
}

/* The rate in Hz that a line says; NaN: it says none. What only counts samples, or tells of another
 * recording, is no rate, and what is in doubt is asked. */
static double stated_rate(const char *key, const char *given, char comma) {
    static const char sampling[] = "sampl\0"
                                   "abtast\0"
                                   "chantillon\0"
                                   "muestre\0"
                                   "campiona\0"
                                   "amostra\0"
                                   "bemonster\0",
                      rates[] = "rate\0"
                                "requen\0"
                                "recuen\0"
                                "r\xc3\xa9quen\0"
                                "per s\0"
                                "/s\0"
                                "taux\0"
                                "tasa\0"
                                "taxa\0",
                      others[] = "number\0"
                                 "original\0"
                                 "from\0",
                      whole[] = "fs\0"
                                "frequency\0"
                                "srate\0";
    const char *rest;
    const bool alone = is_any(key, whole);
    if (!alone && (!contains_any(key, sampling) || contains_any(key, others))) return NAN;
    double v = leading_number(given, comma, &rest);
    rest += strspn(rest, " \t,;:");
    double unit = find_unit(rest);
    if (unit == 0) unit = unit_of_key(key);
    if (contains(key, "interv") || contains(key, "period"))
        v = unit < 0 ? -unit / v : NAN;
    else if (unit > 0 || (unit == 0 && (alone || contains_any(key, rates))))
        v *= unit > 0 ? unit : 1;
    else
        v = NAN;
    return v > 0 && v <= 1e6 ? v : NAN;
}

/* ==== lines ================================================================================== */

/* What is stated so far; two lines that contradict each other state no rate. */
typedef struct stated {
    xp_table *t;
    bool contradicted;
} stated;

static void take_rate(stated *s, double v) {
    if (s->t->rate > 0 && fabs(v - s->t->rate) > 1e-6 * v) s->contradicted = true;
    s->t->rate = s->contradicted ? NAN : v;
}

/* What "Sample Rate,512 hertz" and the like say. */
static void take_fact(stated *s, const char *key, const char *given, char comma) {
    static const char units[] = "unit\0"
                                "units\0"
                                "einheit\0"
                                "unit\xc3\xa9\0"
                                "unidad\0";
    xp_table *t = s->t;
    const double rate = stated_rate(key, given, comma);
    if (rate > 0) {
        take_rate(s, rate);
    } else if (is_any(key, units)) {
        xp_copy_text(t->units, sizeof t->units, given);
    } else if (!strcasecmp(key, "name") || contains(key, "patient name")) {
        xp_copy_text(t->facts.patient_name, sizeof t->facts.patient_name, given);
    } else if (contains(key, "patient") && contains(key, "id")) {
        xp_copy_text(t->facts.patient_id, sizeof t->facts.patient_id, given);
    } else if (contains(key, "birth")) {
        xp_copy_text(t->facts.birth_date, sizeof t->facts.birth_date, given);
    } else if (!strcasecmp(key, "device")) {
        xp_copy_text(t->facts.device, sizeof t->facts.device, given);
    } else if (!strcasecmp(key, "classification") && *given) {
        xp_facts_state(&t->facts, "statement", NAN, NULL, given);
    } else if (!strcasecmp(key, "lead") && t->n_columns == 1 && *given) {
        xp_table_split_name(&t->columns[0], given);
        t->has_names = true;
    }
}

void xp_table_read_facts(xp_table *t, const xp_layout *l, xp_bytes text) {
    stated s = {t, false};
    xp_line_reader r = xp_lines(text);
    for (xp_line line; (line = xp_next_line(&r)).text && line.text < l->first.text;) {
        if (l->names.text && line.text + line.n >= l->names.text) break;
        char key[XP_TABLE_FIELD], given[XP_TABLE_FIELD];
        size_t k = 0;
        while (k < line.n && !strchr(",;:=\t", line.text[k])) k++;
        if (k == line.n) continue;
        const char comma = line.text[k] == ',' ? '.' : ',';
        size_t from = 0;
        while (from < k && strchr("#% \"", line.text[from])) from++;
        xp_table_copy_field(key, sizeof key, line.text + from, k - from);
        for (size_t n = strlen(key); n && strchr(" \"", key[n - 1]);) key[--n] = 0;
        k++;
        while (k < line.n && strchr(" \t\"", line.text[k])) k++;
        xp_table_copy_field(given, sizeof given, line.text + k, line.n - k);
        for (size_t n = strlen(given); n && strchr(" \";,", given[n - 1]);) given[--n] = 0;
        take_fact(&s, key, given, comma);
    }
}
