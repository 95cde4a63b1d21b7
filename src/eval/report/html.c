#include "eval/report/html.h"

#include "plot/font.h"

#include <string.h>

/* Figures keep a white ground: they are pictures for print. */
static const char STYLE[] =
    ":root{color-scheme:light dark;--ink:#18181c;--soft:#5c5c66;--ground:#fff;--line:#d8d8de;"
    "--stripe:#f5f5f7;--note:#fff4e5;--edge:#d55e00}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#ececf0;--soft:#a9a9b4;--ground:#17171b;"
    "--line:#3b3b44;--stripe:#202026;--note:#33261a;--edge:#f0975a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.5rem 1.25rem 3rem;max-width:78rem;color:var(--ink);"
    "background:var(--ground);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"Helvetica Neue\",Arial,sans-serif}\n"
    "h1{font-size:1.7rem;margin:0 0 .75rem}h2{font-size:1.25rem;margin:2.25rem 0 .75rem}\n"
    ".research{margin:0;padding:.6rem .9rem;background:var(--note);"
    "border-left:4px solid var(--edge)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:0}\n"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    ".wide{overflow-x:auto;margin:1.25rem 0}.wide:focus-visible{outline:2px solid var(--edge)}\n"
    "table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:600;padding:0 0 .5rem;font-size:1rem}\n"
    "th,td{padding:.35rem .5rem;text-align:right;vertical-align:top;"
    "border-bottom:1px solid var(--line)}\n"
    "thead th{border-bottom:2px solid var(--soft);vertical-align:bottom;font-weight:600}\n"
    "th:first-child{text-align:left;font-weight:600;white-space:nowrap}\n"
    "tbody tr:nth-child(odd){background:var(--stripe)}.mean{font-style:italic}\n"
    "small{display:block;color:var(--soft);white-space:nowrap;font-size:.78rem}\n"
    ".none{color:var(--soft);font-style:italic}\n"
    "figure{margin:1.5rem 0}\n"
    "figure svg{display:block;width:100%;max-width:62rem;height:auto;background:#fff;"
    "border:1px solid var(--line);border-radius:4px}\n"
    "figcaption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\n"
    "@page{size:A4;margin:12mm}\n"
    "@media print{:root{--ink:#000;--soft:#444;--ground:#fff;--line:#bbb;--stripe:#f5f5f7;"
    "--note:#fff;--edge:#d55e00;color-scheme:light}\n"
    "body{padding:0;max-width:none;font-size:10pt}.wide{overflow:visible}\n"
    "table{font-size:6.8pt}small{font-size:5.8pt}th,td{padding:.15rem .2rem}"
    "th:first-child{white-space:normal}\n"
    "tr,figure{break-inside:avoid}thead{display:table-header-group}h2{break-after:avoid}\n"
    "figure svg{width:auto;max-width:100%;max-height:265mm;border:0}}\n";

xp_status html_open(html *h, xp_error *err) {
    *h = (html){0};
    h->to = open_memstream(&h->bytes, &h->size);
    return h->to ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the report");
}

xp_status html_close(html *h, xp_error *err) {
    xp_error ignored;
    int bad = ferror(h->to);
    bad |= fclose(h->to);
    h->to = NULL;
    if (!bad) return XP_OK;
    return xp_fail(err ? err : &ignored, XP_ERR_MEMORY, "not enough memory for the report");
}

void html_raw(html *h, const char *markup) {
    fputs(markup, h->to);
}

void html_text(html *h, const char *text) {
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        size_t from = at;
        uint32_t code = xp_utf8_next(text, n, &at);
        if (code == '&' || code == '<' || code == '>' || code == '"' || code == '\'')
            fprintf(h->to, "&#%u;", (unsigned)code);
        else if (code == 0xfffd)
            fputs("\xef\xbf\xbd", h->to);
        else
            fwrite(text + from, 1, at - from, h->to);
    }
}

static void element(html *h, const char *open, const char *text, const char *close) {
    html_raw(h, open);
    html_text(h, text);
    html_raw(h, close);
}

void html_begin(html *h, const char *title, const char *line) {
    html_raw(h, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">\n");
    element(h, "<title>", title, "</title>\n<style>\n");
    html_raw(h, STYLE);
    html_raw(h, "</style>\n</head>\n<body>\n<header>\n");
    element(h, "<h1>", title, "</h1>\n");
    element(h, "<p class=\"research\"><strong>", line, "</strong></p>\n</header>\n<main>\n");
}

void html_end(html *h, const char *line) {
    element(h, "</main>\n<footer>\n<p class=\"research\">", line,
            "</p>\n</footer>\n</body>\n</html>\n");
}

void html_fact(html *h, const char *term, const char *text) {
    element(h, "<dt>", term, "</dt>");
    element(h, "<dd>", text, "</dd>\n");
}

void html_table(html *h, const char *caption, const char *const *head) {
    element(h, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", caption,
            "\">\n");
    element(h, "<table>\n<caption>", caption, "</caption>\n<thead><tr>");
    for (; *head; head++) element(h, "<th scope=\"col\">", *head, "</th>");
    html_raw(h, "</tr></thead>\n<tbody>\n");
}

void html_table_end(html *h) {
    html_raw(h, "</tbody>\n</table>\n</div>\n");
}

void html_row(html *h, const char *heading, const char *class) {
    html_raw(h, "<tr");
    if (class) element(h, " class=\"", class, "\"");
    element(h, "><th scope=\"row\">", heading, "</th>");
}

void html_cell(html *h, const char *text) {
    element(h, "<td>", text, "</td>");
}
