/* Codes of leads and of measured values: SCP-ECG's and MDC's, which number the leads alike (DICOM
 * PS3.16, CID 3001 and 3229). */
#include "ecg/dicom_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    int number;
    const char *lead;
} leads[] = {
    {1, "I"},    {2, "II"},   {3, "V1"},   {4, "V2"},    {5, "V3"},   {6, "V4"},   {7, "V5"},
    {8, "V6"},   {9, "V7"},   {10, "V2R"}, {11, "V3R"},  {12, "V4R"}, {13, "V5R"}, {14, "V6R"},
    {15, "V7R"}, {16, "X"},   {17, "Y"},   {18, "Z"},    {19, "CC5"}, {20, "CM5"}, {61, "III"},
    {62, "aVR"}, {63, "aVL"}, {64, "aVF"}, {65, "-aVR"}, {66, "V8"},  {67, "V9"},  {68, "V8R"},
    {69, "V9R"}, {70, "D"},   {71, "A"},   {72, "J"},
};

enum { N_LEADS = sizeof leads / sizeof *leads };

/* The number behind prefix, or 0. */
static long number_behind(const char *text, const char *prefix) {
    size_t n = strlen(prefix);
    if (strncasecmp(text, prefix, n) || !isdigit((unsigned char)text[n])) return 0;
    char *end;
    long v = strtol(text + n, &end, 10);
    return *end ? 0 : v;
}

/* The form of a code tells its scheme better than writers do. */
const char *xp_dicom_lead_of_code(const xp_dicom_code *code) {
    long number = number_behind(code->value, "5.6.3-9-");
    if (!number) number = number_behind(code->value, "2:");
    if (!number) number = number_behind(code->value, "") - 2 * 65536; /* 2:N as one number */
    for (int i = 0; number > 0 && i < N_LEADS; i++)
        if (leads[i].number == number) return leads[i].lead;
    xp_lead_id id =
        strncasecmp(code->value, "MDC_ECG_", 8) ? XP_LEAD_NONE : xp_lead_parse(code->value);
    return id == XP_LEAD_NONE ? NULL : xp_lead_name(id);
}

int xp_dicom_number_of_lead(const char *lead) {
    xp_lead_id id = xp_lead_parse(lead);
    const char *name = id == XP_LEAD_NONE ? lead : xp_lead_name(id);
    for (int i = 0; i < N_LEADS; i++)
        if (!strcasecmp(leads[i].lead, name)) return leads[i].number;
    return 0;
}

/* The QTc of which no file says by whose formula is `qtc`. */
static const struct {
    const char *name, *unit, *codes, *words; /* a blank around each code */
} measurements[] = {
    {"heart_rate", "/min", " 2:16770 2:16016 8867-4 5.10.2.5-1 ", "ventricular heart rate"},
    {"atrial_rate", "/min", " 2:16020 8895-5 5.10.2.5-3 ", "atrial heart rate"},
    {"rr_interval", "ms", " 2:16168 5.10.2.1-3 ", "rr interval"},
    {"pp_interval", "ms", " 2:16176 5.10.2.1-5 ", "pp interval"},
    {"p_duration", "ms", " 2:16184 5.13.5-1 ", "p duration"},
    {"pr_interval", "ms", " 2:15872 8625-6 5.13.5-7 ", "pr interval"},
    {"qrs_duration", "ms", " 2:16156 8633-0 5.13.5-9 ", "qrs duration"},
    {"qt_interval", "ms", " 2:16160 8634-8 5.13.5-11 ", "qt interval"},
    {"qtc_bazett", "ms", " 2:15880 122730 ", "qtcb"},
    {"qtc_fridericia", "ms", " 2:15892 122732 ", "qtcf"},
    {"qtc", "ms", " 2:15876 8636-3 5.10.2.5-5 ", "qtc interval"},
    {"p_axis", "deg", " 2:16128 5.10.3-11 8626-4 ", "p axis"},
    {"qrs_axis", "deg", " 2:16132 5.10.3-13 8632-2 ", "qrs axis"},
    {"t_axis", "deg", " 2:16136 5.10.3-15 8638-9 ", "t axis"},
};

bool xp_dicom_measurement(const xp_dicom_code *code, const char **name, const char **unit) {
    char value[sizeof code->value + 2]; /* a blank more on either side */
    size_t n = strlen(code->value);
    snprintf(value, sizeof value, " %s ", code->value);
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
        bool hit =
            n ? strstr(measurements[i].codes, value) != NULL
              : !strncasecmp(code->meaning, measurements[i].words, strlen(measurements[i].words));
        if (!hit) continue;
        *name = measurements[i].name;
        *unit = measurements[i].unit;
        return true;
    }
    return false;
}

bool xp_dicom_code_of(const char *name, xp_dicom_code *code) {
    *code = (xp_dicom_code){.scheme = "MDC"};
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
        const char *first = measurements[i].codes + 1;
        if (strcmp(measurements[i].name, name)) continue;
        snprintf(code->value, sizeof code->value, "%.*s", (int)strcspn(first, " "), first);
        snprintf(code->meaning, sizeof code->meaning, "%s", measurements[i].words);
        return true;
    }
    return false;
}
