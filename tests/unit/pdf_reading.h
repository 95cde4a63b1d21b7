/* Reading a page of pdf_pages.h, and what was said of it. */
#ifndef PDF_READING_H
#define PDF_READING_H

#include "unit/open_bytes.h"
#include "unit/pdf_pages.h"

static xp_status open_pdf(xp_stored *w, const void *data, size_t size, const xp_read_options *opt,
                          xp_error *err) {
    return open_bytes(w, "x.pdf", data, size, opt, err);
}

static bool is_exact(const xp_stored *w, const char *lead) {
    for (int i = 0; i < w->notices.n; i++)
        if (w->notices.items[i].sentence == XP_SAY_DRAWN_EXACT &&
            !strcmp(w->notices.items[i].lead, lead))
            return true;
    return false;
}

static int count_sentence(const xp_stored *w, xp_sentence sentence) {
    int n = 0;
    for (int i = 0; i < w->notices.n; i++) n += w->notices.items[i].sentence == sentence;
    return n;
}

static int lead_number(const char *name) {
    for (int i = 0; i < 12; i++)
        if (!strcmp(PAGE_NAMES[i], name)) return i;
    return -1;
}

#endif
