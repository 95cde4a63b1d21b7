#include "measure_csv.h"

#include <math.h>

void xp_measure_csv_head(FILE *f) {
    fputs("record,error,duration_s,grade,beats,irregularity,p_waves,supraventricular_ectopic,"
          "ventricular_ectopic,fusion_beats",
          f);
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) {
        const char *name = xp_quantity_get((xp_quantity_id)i)->name;
        fprintf(f, ",%s,%s_reliability,%s_reason", name, name, name);
    }
    for (int l = 0; l < XP_LEAD_COUNT; l++)
        for (int i = 0; i < XP_AMPLITUDE_COUNT; i++)
            fprintf(f, ",%s_%s", xp_lead_name((xp_lead_id)l),
                    xp_amplitude_name((xp_amplitude_id)i));
    fputs("\n", f);
}

static void csv_text(FILE *f, const char *text) {
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"') fputc('"', f);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, f);
    }
    fputc('"', f);
}

static void csv_number(FILE *f, double v, const char *format) {
    fputc(',', f);
    if (!isnan(v)) fprintf(f, format, v);
}

static void csv_leads(FILE *f, const xp_record *rec, const xp_measures *m) {
    for (int id = 0; id < XP_LEAD_COUNT; id++) {
        int at = -1;
        for (int l = rec->n_leads - 1; l >= 0; l--)
            if (rec->leads[l].id == (xp_lead_id)id) at = l;
        for (int i = 0; i < XP_AMPLITUDE_COUNT; i++)
            csv_number(f, at < 0 ? NAN : (double)m->leads[at].mv[i], "%.3f");
    }
}

void xp_measure_csv_failure(FILE *f, const char *name, xp_status why) {
    csv_text(f, name);
    fprintf(f, ",%s\n", xp_status_name(why));
}

void xp_measure_csv_row(FILE *f, const char *name, const xp_record *rec, const xp_quality *quality,
                        const xp_measures *m) {
    csv_text(f, name);
    fprintf(f, ",,%g,%s,%d,%s,%s,%d,%d,%d", (double)rec->n / rec->rate,
            xp_quality_grade_name(quality->grade), m->n_beats,
            xp_irregularity_name(m->irregularity), xp_presence_name(m->p_waves),
            m->n_supraventricular, m->n_ventricular, m->n_fusion);
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) {
        const xp_quantity *q = &m->quantities[i];
        csv_number(f, q->value, "%g");
        fprintf(f, ",%s,%s", xp_reliability_name(q->reliability), xp_reason_name(q->reason));
    }
    csv_leads(f, rec, m);
    fputs("\n", f);
}
