/* Tables of text as programs of other places write them: the lines before the rows, and their
 * signs. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "support.h"
#include "unit/open_bytes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* 0: the line says no rate, or a doubtful one, which is asked. */
static void lines_before_the_table_give_the_rate(void **state) {
    (void)state;
    static const struct {
        const char *line;
        double rate;
    } lines[] = {
        {"Sample Rate,512 hertz", 512},
        {"Sample Rate,512,Hz,,", 512},
        {"sample_rate_hz=512", 512},
        {"Sampling rate [kHz]: 0.512", 512},
        {"Samples per second;512", 512},
        {"srate=512", 512},
        {"fs (Hz);512,0", 512},
        {"Abtastrate;512", 512},
        {"Abtastfrequenz: 512,0 Hz", 512},
        {"Abtastintervall;2 ms", 500},
        {"Sample Interval,0.004,s", 250},
        {"Sampling period (ms): 4", 250},
        {"Fr\xc3\xa9quence d\xe2\x80\x99\xc3\xa9"
         "chantillonnage : 512",
         512},
        {"Fr\xe9quence d'\xe9"
         "chantillonnage;512 Hz",
         512}, /* Latin-1 */
        {"Taux d'\xc3\xa9"
         "chantillonnage;512",
         512},
        {"Frecuencia de muestreo;512", 512},
        {"Frequenza di campionamento;512", 512},
        {"Original sampling rate: 1000 Hz\nSampling rate: 512 Hz", 512},
        {"Sampling rate: 512 Hz\nSampling rate (Hz): 512", 512},
        {"ECG sampling rate: 512 Hz\nACC sampling rate: 64 Hz", 0},
        {"Sampling rate: 512 Hz\nSampling interval: 1 ms\nSampling rate: 1000", 0},
        {"Number of samples,1000", 0},
        {"Samples: 1000", 0},
        {"Sample count;1000", 0},
        {"Anzahl der Abtastwerte;1000", 0},
        {"Sampling interval: 0.002", 0},
        {"Sampling interval: 2 mm", 0},
        {"Downsampled from: 1000 Hz", 0},
        {"Sampling rate;1.000 Hz", 0}, /* or 1000? */
        {"Sampling rate: 512 per lead", 0},
        {"Sampling rate: fast", 0},
        {"Sampling rate: -512", 0},
        {"Sampling rate: 1e9 Hz", 0},
        {"Sampling rate: 1000000000 Hz", 0},
        {"Sampling duration: 10 s", 0},
        {"Frequency response: 150 Hz", 0},
        {"Heart rate: 72", 0},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[300];
        xp_stored w;
        xp_error e;
        snprintf(text, sizeof text, "%s\nI (mV)\n0.5\n-1\n0.25\n", lines[i].line);
        xp_status s = open_bytes(&w, "t.csv", text, strlen(text), NULL, &e);
        if (s != (lines[i].rate > 0 ? XP_OK : XP_ERR_USAGE)) fail_msg("%s: %d", text, s);
        if (s != XP_OK) continue;
        if (fabs(w.rate - lines[i].rate) > 0) fail_msg("%s: %g", text, w.rate);
        xp_stored_free(&w);
    }
}

/* The second of the samples is -5. */
static void check_minus(const void *data, size_t n) {
    const xp_read_options opt = {.rate = 500, .unit = "mV", .columns = "I"};
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "t.csv", data, n, &opt, &e)) fail_msg("%s", e.text);
    assert_non_null(w.signals[0].digital);
    assert_int_equal(w.signals[0].digital[1], -5);
    xp_stored_free(&w);
}

/* ~ stands for the byte order mark, # for U+2212. */
static void minus_signs_of_typography(void **state) {
    (void)state;
    static const char text[] = "~I (mV)\n12\n#5\n7\n";
    for (int big = 0; big < 2; big++) {
        uint8_t wide[2 * sizeof text];
        size_t n = 0;
        for (const char *c = text; *c; c++) {
            const unsigned v = *c == '~' ? 0xfeff : *c == '#' ? 0x2212 : (unsigned)*c;
            wide[n++] = (uint8_t)(big ? v >> 8 : v & 255);
            wide[n++] = (uint8_t)(big ? v & 255 : v >> 8);
        }
        check_minus(wide, n);
    }
    static const char plain[] = "12\n\xe2\x88\x92"
                                "5\n7\n8\n";
    check_minus(plain, strlen(plain));
    static const char inside[] = "I (mV)\n12\n13\n5\xe2\x88\x92"
                                 "5\n7\n";
    xp_stored w;
    xp_error e = {0};
    assert_int_equal(open_bytes(&w, "t.csv", inside, strlen(inside), NULL, &e), XP_ERR_FORMAT);
    assert_non_null(strstr(e.text, "line 4"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_before_the_table_give_the_rate),
        cmocka_unit_test(minus_signs_of_typography),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
