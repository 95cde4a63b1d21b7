#define _GNU_SOURCE /* memmem */
#include "site.h"

#include "base/file.h"
#include "base/sha256.h"
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = XP_PATH_MAX, MAX_DEPTH = 4, VERSION_DIGITS = 16 };
static const char model_name[] = "model.safetensors";

/* A text in a file's bytes, or NULL. */
static const char *find_text(xp_bytes in, const char *text) {
    return in.data ? memmem(in.data, in.size, text, strlen(text)) : NULL;
}

/* ==== folders ================================================================================ */

static bool has_file(const char *dir, const char *name) {
    char path[PATH_ROOM];
    return xp_path_join(path, PATH_ROOM, NULL, dir, "%s", name) == XP_OK && xp_is_file(path);
}

static bool is_page(const char *dir) {
    return has_file(dir, "index.html") && has_file(dir, model_name);
}

/* web/dist of the tree that the program was built in: build/FOLDER/tools/xplaim. */
static bool find_beside_program(char *dir) {
    ssize_t n = readlink("/proc/self/exe", dir, PATH_ROOM - 1);
    if (n <= 0) return false;
    dir[n] = 0;
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(dir, '/');
        if (!slash) return false;
        *slash = 0;
        size_t length = strlen(dir);
        if (length + sizeof "/web/dist" > PATH_ROOM) return false;
        strcpy(dir + length, "/web/dist");
        if (is_page(dir)) return true;
        dir[length] = 0;
    }
    return false;
}

static xp_status find_page(const char *given, char *dir, xp_error *err) {
    snprintf(dir, PATH_ROOM, "%s", given ? given : "web/dist");
    if (is_page(dir) || (!given && find_beside_program(dir))) return XP_OK;
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s: no built page (index.html, %s) is there: build it with `scripts/demo "
                   "--no-serve`, or name its folder with --page",
                   given ? given : "web/dist", model_name);
}

/* A folder that is new or empty: nothing of anyone's is written over. */
static xp_status make_empty_folder(const char *path, xp_error *err) {
    XP_TRY(xp_make_folder(path, err));
    DIR *d = opendir(path);
    if (!d) return xp_fail(err, XP_ERR_IO, "%s: %s", path, strerror(errno));
    int entries = 0;
    while (readdir(d)) entries++;
    closedir(d);
    if (entries <= 2) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "%s is not empty: name a new folder with -o", path);
}

/* ==== copying ================================================================================ */

/* The page's own model and checksums, and archives of the model, stay behind. */
static bool is_left_behind(const char *name) {
    return name[0] == '.' || !strncmp(name, model_name, strlen(model_name)) ||
           !strcmp(name, "SHA256SUMS");
}

/* The page as one file has everything inside (scripts/bundle-page.mjs). */
static bool holds_model(const char *name, xp_bytes bytes) {
    const char *dot = strrchr(name, '.');
    return dot && !strcmp(dot, ".html") && find_text(bytes, "data-inside=\"model.safetensors\"");
}

/* The help must not point to the page as one file, which is not there. */
static void drop_single(uint8_t *html, size_t *size) {
    static const char begin[] = "<ecg-xplaim single=\"";
    const char *at = find_text((xp_bytes){html, *size}, begin);
    if (!at) return;
    uint8_t *from = html + (at - (const char *)html) + strlen("<ecg-xplaim");
    size_t left = *size - (size_t)(from - html), opening = strlen(" single=\"");
    const uint8_t *quote = memchr(from + opening, '"', left - opening);
    if (!quote) return;
    memmove(from, quote + 1, *size - (size_t)(quote + 1 - html));
    *size -= (size_t)(quote + 1 - from);
}

static xp_status copy_file(const char *from, const char *to, const char *name, written *w,
                           xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_file_read(from, &bytes, &size, err));
    xp_status s = XP_OK;
    if (!holds_model(name, (xp_bytes){bytes, size})) {
        if (!strcmp(name, "index.html")) drop_single(bytes, &size);
        s = xp_file_write(to, bytes, size, err);
        w->bytes += size;
        w->files++;
    }
    free(bytes);
    return s;
}

static xp_status copy_folder(const char *from, const char *to, int depth, written *w,
                             xp_error *err);

static xp_status copy_entry(const char *from, const char *to, const char *name, int depth,
                            written *w, xp_error *err) {
    char source[PATH_ROOM], target[PATH_ROOM];
    struct stat st;
    if (is_left_behind(name)) return XP_OK;
    XP_TRY(xp_path_join(source, PATH_ROOM, err, from, "%s", name));
    XP_TRY(xp_path_join(target, PATH_ROOM, err, to, "%s", name));
    if (stat(source, &st)) return xp_fail(err, XP_ERR_IO, "%s: %s", source, strerror(errno));
    if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
        return copy_folder(source, target, depth + 1, w, err);
    return S_ISREG(st.st_mode) ? copy_file(source, target, name, w, err) : XP_OK;
}

static xp_status copy_folder(const char *from, const char *to, int depth, written *w,
                             xp_error *err) {
    XP_TRY(make_empty_folder(to, err));
    DIR *d = opendir(from);
    if (!d) return xp_fail(err, XP_ERR_IO, "%s: %s", from, strerror(errno));
    xp_status s = XP_OK;
    for (struct dirent *e; s == XP_OK && (e = readdir(d));)
        s = copy_entry(from, to, e->d_name, depth, w, err);
    closedir(d);
    return s;
}

/* ==== the service worker's list ============================================================== */

/* sw.js begins with one line that scripts/build-worker.mjs writes,
 *     self.BUILD = {"version":"16 digits","files":[["path","SHA-256"],...]};
 * The version is the beginning of the SHA-256 of the files' JSON and the text after that line. */
static const char build_begin[] = "self.BUILD = ";

static xp_status hash_file(const char *dir, const char *name, char hex[65], xp_error *err) {
    char path[PATH_ROOM];
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_path_join(path, PATH_ROOM, err, dir, "%s", name));
    XP_TRY(xp_file_read(path, &bytes, &size, err));
    xp_sha256_hex((xp_bytes){bytes, size}, hex);
    free(bytes);
    return XP_OK;
}

/* What stayed behind leaves the list. */
static xp_status renew_hashes(cJSON *files, const char *dir, xp_bytes model, xp_error *err) {
    for (int i = cJSON_GetArraySize(files) - 1; i >= 0; i--) {
        char hex[65];
        cJSON *pair = cJSON_GetArrayItem(files, i);
        const char *path = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        if (!path || cJSON_GetArraySize(pair) != 2)
            return xp_fail(err, XP_ERR_FORMAT, "%s/sw.js: its list of files is damaged", dir);
        if (!strcmp(path, model_name)) {
            xp_sha256_hex(model, hex);
        } else if (has_file(dir, path)) {
            XP_TRY(hash_file(dir, path, hex, err));
        } else {
            cJSON_DeleteItemFromArray(files, i);
            continue;
        }
        cJSON_ReplaceItemInArray(pair, 1, cJSON_CreateString(hex));
    }
    return XP_OK;
}

static xp_status write_worker(const char *path, const char *list, const char *source, size_t size,
                              xp_error *err) {
    size_t room = strlen(list) + size + 128;
    char *text = malloc(room), hex[65];
    if (!text) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    int n = snprintf(text, room, "%s%.*s", list, (int)size, source);
    xp_sha256_hex((xp_bytes){(uint8_t *)text, (size_t)n}, hex);
    n = snprintf(text, room, "%s{\"version\":\"%.*s\",\"files\":%s};\n%.*s", build_begin,
                 VERSION_DIGITS, hex, list, (int)size, source);
    xp_status s = xp_file_write(path, text, (size_t)n, err);
    free(text);
    return s;
}

/* The list in sw.js, after its beginning; *source is the text after the list's line. */
static cJSON *read_list(const uint8_t *bytes, size_t size, const char **source) {
    const char *text = (const char *)bytes;
    size_t begin = strlen(build_begin);
    const char *end = memchr(text, '\n', size);
    if (!end || size < begin || memcmp(text, build_begin, begin) != 0) return NULL;
    *source = end + 1;
    return cJSON_ParseWithLength(text + begin, (size_t)(end - text) - begin);
}

/* A worker without files is the one that takes itself back: it stays as it is. */
static xp_status renew_list(cJSON *build, const char *dir, const char *path, xp_bytes model,
                            const char *source, size_t size, xp_error *err) {
    cJSON *files = cJSON_GetObjectItem(build, "files");
    if (!cJSON_IsArray(files))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s: its first line is no list of the page's files: build the page again "
                       "with `scripts/demo --no-serve`",
                       path);
    if (cJSON_GetArraySize(files) == 0) return XP_OK;
    XP_TRY(renew_hashes(files, dir, model, err));
    char *list = cJSON_PrintUnformatted(files);
    if (!list) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    xp_status s = write_worker(path, list, source, size, err);
    cJSON_free(list);
    return s;
}

static xp_status renew_worker(const char *dir, xp_bytes model, xp_error *err) {
    char path[PATH_ROOM];
    uint8_t *bytes;
    size_t size;
    if (!has_file(dir, "sw.js")) return XP_OK;
    XP_TRY(xp_path_join(path, PATH_ROOM, err, dir, "sw.js"));
    XP_TRY(xp_file_read(path, &bytes, &size, err));
    const char *source = NULL;
    cJSON *build = read_list(bytes, size, &source);
    size_t left = source ? size - (size_t)(source - (const char *)bytes) : 0;
    xp_status s = renew_list(build, dir, path, model, source, left, err);
    cJSON_Delete(build);
    free(bytes);
    return s;
}

/* ============================================================================================= */

xp_status site_write(const char *given, const char *to, xp_bytes model, written *w, xp_error *err) {
    char page[PATH_ROOM], target[PATH_ROOM];
    XP_TRY(find_page(given, page, err));
    XP_TRY(xp_path_join(target, PATH_ROOM, err, to, "%s", model_name));
    *w = (written){model.size, 1};
    XP_TRY(copy_folder(page, to, 0, w, err));
    XP_TRY(renew_worker(to, model, err));
    return xp_file_write(target, model.data, model.size, err);
}
