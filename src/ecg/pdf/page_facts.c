#include "ecg/pdf/page_facts.h"

#include "ecg/pdf/scale.h"
#include "ecg/stored.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static void take_sex(xp_facts *f, const char *text) {
    static const struct {
        const char *word;
        char sex;
    } WORDS[] = {{"female", 'F'}, {"male", 'M'},  {"weiblich", 'F'}, {"m\xc3\xa4nnlich", 'M'},
                 {"femme", 'F'},  {"homme", 'M'}, {"sex: f", 'F'},   {"sex: m", 'M'}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS && !f->sex; i++)
        if (!strcasecmp(text, WORDS[i].word)) f->sex = WORDS[i].sex;
}

/* "75J.", "75 yr", "(75 years)" */
static void take_age(xp_facts *f, const char *text) {
    static const char *const UNITS[] = {"J.", "yr", "years", "Jahre", "y.o."};
    for (const char *c = text; *c && isnan(f->age); c++) {
        if (!isdigit((unsigned char)*c) ||
            (c > text && (isalnum((unsigned char)c[-1]) || c[-1] == '.')))
            continue;
        char *end;
        double age = strtod(c, &end);
        while (*end == ' ') end++;
        for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
            size_t n = strlen(UNITS[i]);
            if (!strncmp(end, UNITS[i], n) && !isalpha((unsigned char)end[n]) && age < 130)
                f->age = age;
        }
    }
}

/* "0.05-40Hz" is a band, a lone number above 45 that mains have a notch, another a low-pass. */
static void take_filters(xp_facts *f, const char *text) {
    for (const char *c = text; (c = strstr(c, "Hz")); c += 2) {
        const char *from = c;
        while (from > text && (isdigit((unsigned char)from[-1]) || strchr(".- ", from[-1]))) from--;
        while (*from == ' ') from++;
        char *end;
        double low = strtod(from, &end), high = *end == '-' ? strtod(end + 1, NULL) : NAN;
        if (end == from || low > 250) continue; /* a sampling rate */
        if (!isnan(high)) {
            f->high_pass = low;
            f->low_pass = high;
        } else if (low == 50 || low == 60) {
            f->notch = low;
        } else {
            f->low_pass = low;
        }
        size_t n = strlen(f->filter), k = (size_t)(c + 2 - from);
        if (n + k + 3 < sizeof f->filter) {
            memcpy(f->filter + n, n ? ", " : "", n ? 2 : 0);
            n += n ? 2 : 0;
            memcpy(f->filter + n, from, k);
            f->filter[n + k] = 0;
        }
    }
}

static void take_device(xp_facts *f, const char *text) {
    static const char *const MAKERS[] = {"MUSE",     "CardioSoft", "KardiaMobile",
                                         "SCHILLER", "Mortara",    "Philips"};
    for (size_t i = 0; i < sizeof MAKERS / sizeof *MAKERS && !*f->device; i++)
        if (strstr(text, MAKERS[i])) xp_copy_text(f->device, sizeof f->device, text);
}

/* Filters stand on the line of the scale. */
static const pdf_text *scale_text(const pdf_drawing *d) {
    for (size_t i = 0; i < d->n_texts; i++)
        if (pdf_stated_scale(d->chars + d->texts[i].first, 1) > 0) return &d->texts[i];
    return NULL;
}

void pdf_page_facts(xp_facts *f, const pdf_drawing *d) {
    const pdf_text *scale = scale_text(d);
    take_device(f, d->producer);
    for (size_t i = 0; i < d->n_texts; i++) {
        const pdf_text *t = &d->texts[i];
        const char *text = d->chars + t->first;
        take_sex(f, text);
        take_age(f, text);
        take_device(f, text);
        if (scale && t->page == scale->page && fabs(t->at.y - scale->at.y) < 1)
            take_filters(f, text);
    }
}
