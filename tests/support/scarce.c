#include "scarce.h"

#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* Allocations until the one that is refused; counts on below zero. Loaders have threads. */
static atomic_long left = -1;
static atomic_long made;
static atomic_bool on, all_later, refused, refused_json;

static bool refuse(void) {
    if (!atomic_load(&on)) return false;
    atomic_fetch_add(&made, 1);
    const long n = atomic_fetch_sub(&left, 1);
    if (n != 0 && !(n < 0 && atomic_load(&all_later) && atomic_load(&refused))) return false;
    atomic_store(&refused, true);
    errno = ENOMEM;
    return true;
}

/* The names are the linker's: --wrap=malloc sends malloc to __wrap_malloc. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

void *__wrap_malloc(size_t n) {
    return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each) {
    return refuse() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *p, size_t n) {
    return refuse() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n) {
    return refuse() ? NULL : __real_aligned_alloc(alignment, n);
}

char *__wrap_strdup(const char *s) {
    return refuse() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n) {
    return refuse() ? NULL : __real_strndup(s, n);
}

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg) {
    return refuse() ? EAGAIN : __real_pthread_create(id, attr, fn, arg);
}

static void *malloc_of_json(size_t n) {
    if (!refuse()) return __real_malloc(n);
    atomic_store(&refused_json, true);
    return NULL;
}

void scarce_add(scarce_result *r, const void *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        r->hash = (r->hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
}

/* Of LeakSanitizer, where the program is built with it: reports what was lost so far. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

typedef struct outcome {
    xp_status status;
    scarce_result result;
    xp_error err;
    bool refused, json;
    long made;
} outcome;

static outcome run(scarce_work work, void *ctx, long n, bool later) {
    outcome o = {.result = {UINT64_C(0xcbf29ce484222325)}};
    atomic_store(&left, n);
    atomic_store(&made, 0);
    atomic_store(&all_later, later);
    atomic_store(&refused, false);
    atomic_store(&refused_json, false);
    atomic_store(&on, true);
    o.status = work(ctx, &o.result, &o.err);
    atomic_store(&on, false);
    o.refused = atomic_load(&refused);
    o.json = atomic_load(&refused_json);
    o.made = atomic_load(&made);
    return o;
}

static void judge(const char *name, const outcome *o, const outcome *whole, long n, bool later) {
    const char *what = later ? "and all later ones" : "alone";
    if (o->status == XP_OK && o->result.hash != whole->result.hash)
        fail_msg("%s: allocation %ld %s refused: it ends well, with another result", name, n, what);
    if (o->status == XP_OK) return;
    if (!o->refused)
        fail_msg("%s: allocation %ld was not reached, and yet: %s", name, n, o->err.text);
    if (o->status != XP_ERR_MEMORY && !o->json)
        fail_msg("%s: allocation %ld %s refused: status %s (%s), expected MEMORY", name, n, what,
                 xp_status_name(o->status), o->err.text);
    if (!o->err.text[0]) fail_msg("%s: allocation %ld %s refused: no text", name, n, what);
}

void scarce_check(const char *name, scarce_work work, void *ctx) {
    cJSON_InitHooks(&(cJSON_Hooks){malloc_of_json, free});
    const outcome whole = run(work, ctx, -1, false);
    if (whole.status != XP_OK) fail_msg("%s: %s", name, whole.err.text);
    assert_true(whole.made > 0);
    for (int later = 0; later < 2; later++)
        for (long n = 0; n < whole.made; n++) {
            const outcome o = run(work, ctx, n, later);
            judge(name, &o, &whole, n, later);
        }
    cJSON_InitHooks(NULL);
    if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
        fail_msg("%s: memory was lost after an allocation was refused", name);
    print_message("           %s: %ld allocations\n", name, whole.made);
}
