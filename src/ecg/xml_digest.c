/* What is in long texts of samples, piece by piece, without keeping them. */
#include "base/inflate.h"
#include "ecg/xml_internal.h"
#include "ecg/xml_text.h"

#include <limits.h>
#include <math.h>

void xml_digest_begin(xml_digester *d, xp_xml_digest *to) {
    *to = (xp_xml_digest){.whole = true};
    *d = (xml_digester){.to = to, .low = -1};
}

/* ---- decimal numbers ---- */

static void end_word(xml_digester *d) {
    xp_xml_digest *to = d->to;
    double v;
    if (!d->letters) return;
    const bool fits = d->letters < (int)sizeof d->word;
    d->word[fits ? d->letters : 0] = 0;
    const char *behind = fits ? xml_any_number(&v, d->word) : NULL;
    const bool number = behind && !*behind;
    if (number && to->fine == to->numbers) to->fine++;
    if (!number || v != floor(v) || fabs(v) > INT_MAX) to->whole = false;
    to->numbers++;
    d->letters = 0;
}

static void take_numbers(xml_digester *d, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (xml_is_separator(text[i])) {
            end_word(d);
        } else {
            if (d->letters < (int)sizeof d->word) d->word[d->letters] = text[i];
            d->letters += d->letters < (int)sizeof d->word;
        }
    }
}

/* ---- base64 ---- */

static void take_bytes(xml_digester *d, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (d->low < 0) {
            d->low = bytes[i];
        } else {
            d->to->lowest += d->low == 0 && bytes[i] == 0x80;
            d->low = -1;
        }
    }
    d->to->crc = xp_crc32_on(d->to->crc, (xp_bytes){bytes, n});
    d->to->bytes += (int64_t)n;
}

static void take_base64(xml_digester *d, const char *text, size_t n) {
    enum { PIECE = 4096 };
    uint8_t values[256], out[PIECE];
    size_t made = 0;
    xml_base64_values(values);
    for (size_t i = 0; i < n && !d->to->wrong; i++) {
        const int v = values[(uint8_t)text[i]];
        d->begun = d->begun || v != XML_BLANK;
        d->to->characters += d->begun;
        if (v == XML_BLANK) continue;
        if (v == XML_END && d->held != 6) {
            d->held = 0;
            continue;
        }
        if (v >= XML_END) {
            d->to->wrong = d->to->characters;
            break;
        }
        d->bits = d->bits << 6 | (uint32_t)v;
        d->held += 6;
        if (d->held < 8) continue;
        out[made++] = (uint8_t)(d->bits >> (d->held -= 8));
        if (made == PIECE) {
            take_bytes(d, out, made);
            made = 0;
        }
    }
    take_bytes(d, out, made);
}

/* ---------------------------------------------------------------------------------------------- */

void xml_digest_take(xml_digester *d, const char *text, size_t n) {
    take_numbers(d, text, n);
    take_base64(d, text, n);
}

void xml_digest_end(xml_digester *d) {
    end_word(d);
    if (d->held == 6 && !d->to->wrong) d->to->wrong = d->to->characters;
}
