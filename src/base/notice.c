#include "base/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(code, name) name,
    XP_NOTICE_LIST(X)
#undef X
};

static const struct {
    xp_notice_code code;
    const char *one, *several;
} SENTENCES[] = {
#define X(id, code, one, several) {code, one, several},
    XP_SENTENCE_LIST(X)
#undef X
};

const char *xp_notice_name(xp_notice_code code) {
    return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}

/* ==== lists ================================================================================== */

static xp_notice *grow(xp_notices *list) {
    if (list->n == list->cap) {
        int cap = list->cap ? 2 * list->cap : 8;
        xp_notice *p = realloc(list->items, (size_t)cap * sizeof *p);
        if (!p) return NULL;
        list->items = p;
        list->cap = cap;
    }
    return &list->items[list->n++];
}

xp_status xp_notice_add(xp_notices *list, xp_sentence sentence, const char *lead, int n,
                        const xp_arg *args) {
    if (!list) return XP_OK;
    xp_notice *it = grow(list);
    if (!it) return XP_ERR_MEMORY;
    *it = (xp_notice){.sentence = sentence, .code = SENTENCES[sentence].code};
    snprintf(it->lead, sizeof it->lead, "%s", lead ? lead : "");
    for (int i = 0; i < n && i < XP_NOTICE_ARGS; i++) {
        xp_notice_arg *arg = &it->args[it->n_args++];
        *arg = (xp_notice_arg){.is_text = args[i].text != NULL, .number = args[i].number};
        snprintf(arg->name, sizeof arg->name, "%s", args[i].name);
        if (arg->is_text) snprintf(arg->text, sizeof arg->text, "%s", args[i].text);
    }
    return XP_OK;
}

xp_status xp_notice_copy(xp_notices *dst, const xp_notice *notice, const char *lead) {
    xp_notice *it = grow(dst);
    if (!it) return XP_ERR_MEMORY;
    *it = *notice;
    snprintf(it->lead, sizeof it->lead, "%s", lead);
    return XP_OK;
}

xp_status xp_notices_append(xp_notices *dst, const xp_notices *src) {
    if (!dst) return XP_OK;
    for (int i = 0; i < src->n; i++) {
        xp_notice *it = grow(dst);
        if (!it) return XP_ERR_MEMORY;
        *it = src->items[i];
    }
    return XP_OK;
}

void xp_notices_free(xp_notices *list) {
    free(list->items);
    *list = (xp_notices){0};
}

/* ==== what is reported together =============================================================== */

/* Where a template names the argument, behind its name; NULL: it does not. */
static const char *find_name(const char *template, const char *name) {
    const size_t n = strlen(name);
    for (const char *p = template; (p = strchr(p, '{')); p++)
        if (!strncmp(p + 1, name, n) && (p[n + 1] == '}' || p[n + 1] == ':')) return p + n + 1;
    return NULL;
}

/* behind: the argument's name in a template: "}" or ":%.2f}". */
static void print_arg(char *out, size_t size, const xp_notice_arg *arg, const char *behind) {
    char format[16] = "%.15g";
    if (arg->is_text) {
        snprintf(out, size, "%s", arg->text);
        return;
    }
    if (*behind == ':')
        snprintf(format, sizeof format, "%.*s", (int)strcspn(behind + 1, "}"), behind + 1);
    snprintf(out, size, format, arg->number);
}

static const xp_notice_arg *find_arg(const xp_notice *n, const char *name, size_t length) {
    for (int i = 0; i < n->n_args; i++)
        if (strlen(n->args[i].name) == length && !memcmp(n->args[i].name, name, length))
            return &n->args[i];
    return NULL;
}

/* Whether b has all arguments of a that the template names. */
static bool same_args(const xp_notice *a, const xp_notice *b, const char *template) {
    for (int i = 0; i < a->n_args; i++) {
        const xp_notice_arg *x = &a->args[i], *y = find_arg(b, x->name, strlen(x->name));
        const char *behind = find_name(template, x->name);
        char left[160], right[160];
        if (!behind) continue;
        if (!y || x->is_text != y->is_text) return false;
        if (!x->is_text && x->number == y->number) continue;
        print_arg(left, sizeof left, x, behind);
        print_arg(right, sizeof right, y, behind);
        if (strcmp(left, right)) return false;
    }
    return true;
}

static bool alike(const xp_notice *a, const xp_notice *b) {
    const char *several = SENTENCES[a->sentence].several;
    if (a->sentence != b->sentence || !a->lead[0] != !b->lead[0]) return false;
    const char *template = several && a->lead[0] ? several : SENTENCES[a->sentence].one;
    if (template != several && strcmp(a->lead, b->lead)) return false;
    return same_args(a, b, template) && same_args(b, a, template);
}

bool xp_notice_is_new(const xp_notices *list, int i) {
    for (int k = 0; k < i; k++)
        if (alike(&list->items[k], &list->items[i])) return false;
    return true;
}

static bool named_before(const xp_notices *list, int i, int at) {
    for (int k = i; k < at; k++)
        if (!strcmp(list->items[k].lead, list->items[at].lead) &&
            alike(&list->items[i], &list->items[k]))
            return true;
    return false;
}

int xp_notice_next(const xp_notices *list, int i, int at) {
    for (int k = at + 1; k < list->n; k++)
        if (alike(&list->items[i], &list->items[k]) && !named_before(list, i, k)) return k;
    return -1;
}

bool xp_notice_shares(const xp_notices *list, int i, const xp_notice_arg *arg) {
    return xp_notice_next(list, i, i) < 0 ||
           find_name(SENTENCES[list->items[i].sentence].several, arg->name);
}

/* ==== sentences ============================================================================== */

typedef struct writer {
    const xp_notices *list;
    int i;
    char *text;
    size_t used;
} writer;

static void put(writer *w, const char *s, size_t n) {
    for (size_t k = 0; k < n && w->used < XP_NOTICE_TEXT - 1; k++) w->text[w->used++] = s[k];
    w->text[w->used] = 0;
}

static void put_leads(writer *w) {
    for (int k = w->i; k >= 0; k = xp_notice_next(w->list, w->i, k)) {
        if (k != w->i) put(w, ", ", 2);
        put(w, w->list->items[k].lead, strlen(w->list->items[k].lead));
    }
}

/* The argument whose brace opens at p; false where it is not given. */
static bool put_arg(writer *w, const char *p) {
    const xp_notice *n = &w->list->items[w->i];
    const size_t length = strcspn(p + 1, ":}");
    const xp_notice_arg *arg = find_arg(n, p + 1, length);
    char text[160];
    if (!strncmp(p, "{lead}", 6)) {
        put(w, n->lead, strlen(n->lead));
    } else if (!strncmp(p, "{leads}", 7)) {
        put_leads(w);
    } else if (arg) {
        print_arg(text, sizeof text, arg, p + 1 + length);
        put(w, text, strlen(text));
    } else {
        return false;
    }
    return true;
}

const char *xp_notice_text(const xp_notices *list, int i, char text[XP_NOTICE_TEXT]) {
    const xp_notice *n = &list->items[i];
    const bool several = xp_notice_next(list, i, i) >= 0;
    writer w = {list, i, text, 0};
    size_t optional = 0; /* length of the text before the bracket that is open */
    bool given = true;
    text[0] = 0;
    for (const char *p = several ? SENTENCES[n->sentence].several : SENTENCES[n->sentence].one; *p;
         p++) {
        if (*p == '[') {
            optional = w.used;
            given = true;
        } else if (*p == ']') {
            if (!given) text[w.used = optional] = 0;
        } else if (*p == '{') {
            given = put_arg(&w, p) && given;
            p = strchr(p, '}');
        } else {
            put(&w, p, 1);
        }
    }
    return text;
}
