#include "ecg/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name, const char *suffix) {
    size_t n = strlen(dir) + strlen(name) + strlen(suffix) + 2;
    char *p = malloc(n);
    if (p) snprintf(p, n, "%s%s%s%s", dir, *dir ? "/" : "", name, suffix);
    return p;
}

/* Read until the end: a file may be larger or smaller than stat said when it was opened. */
static xp_status read_all(int fd, size_t size, uint8_t **data, size_t *got) {
    uint8_t *p = malloc(size + 1);
    if (!p) return XP_ERR_MEMORY;
    size_t n = 0;
    while (n < size) {
        ssize_t k = read(fd, p + n, size - n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) {
            free(p);
            return XP_ERR_IO;
        }
        if (k == 0) break;
        n += (size_t)k;
    }
    *data = p;
    *got = n;
    return XP_OK;
}

xp_status xp_file_read(const char *path, uint8_t **data, size_t *size, xp_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return xp_fail(err, errno == ENOENT || errno == ENOTDIR ? XP_ERR_NOT_FOUND : XP_ERR_IO,
                       "%s cannot be opened: %s", path, strerror(errno));
    struct stat st;
    xp_status s = XP_ERR_IO;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        s = read_all(fd, (size_t)st.st_size, data, size);
    close(fd);
    if (s == XP_ERR_MEMORY) return xp_fail(err, s, "%s does not fit into memory", path);
    if (s != XP_OK) return xp_fail(err, s, "%s cannot be read: is it a file?", path);
    return XP_OK;
}

/* The entry of dir whose name is name but for upper and lower case, into found; false if none. */
static bool find_other_case(const char *dir, const char *name, char found[256]) {
    DIR *d = opendir(dir);
    if (!d) return false;
    bool hit = false;
    for (struct dirent *e; !hit && (e = readdir(d));)
        if (!strcasecmp(e->d_name, name) && strlen(e->d_name) < 256) {
            strcpy(found, e->d_name);
            hit = true;
        }
    closedir(d);
    return hit;
}

static bool is_kind(const char *dir, const char *name, const char *suffix, mode_t kind) {
    char *path = join(dir, name, suffix);
    struct stat st;
    bool yes = path && stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
    free(path);
    return yes;
}

static bool is_file(const char *dir, const char *name, const char *suffix) {
    return is_kind(dir, name, suffix, S_IFREG);
}

static xp_status missing(const char *dir, const char *name, xp_error *err) {
    char found[256];
    if (is_kind(dir, name, "", S_IFDIR))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s in %s is a folder, and should be a file of the record", name, dir);
    if (find_other_case(dir, name, found))
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s is missing in %s, but there is %s: upper and lower case must agree; "
                       "rename the file",
                       name, dir, found);
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s is missing in %s: copy it there with the record's other files", name, dir);
}

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    xp_dir_source *d = ctx;
    for (int i = 0; i < d->n_files; i++)
        if (!strcmp(d->files[i].name, name)) {
            *out = (xp_bytes){d->files[i].data, d->files[i].size};
            return XP_OK;
        }
    xp_dir_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    if (!files) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    d->files = files;
    xp_dir_file f = {strdup(name), NULL, 0};
    char *path = join(d->dir, name, "");
    xp_status s = f.name && path ? xp_file_read(path, &f.data, &f.size, err)
                                 : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    free(path);
    if (s != XP_OK) {
        free(f.name);
        return s == XP_ERR_NOT_FOUND ? missing(d->dir, name, err) : s;
    }
    d->files[d->n_files++] = f;
    *out = (xp_bytes){f.data, f.size};
    return XP_OK;
}

/* ==== files that are no record's ============================================================= */

static const char to_wfdb[] = "convert it to WFDB (a .hea header and a signal file) first";
static const char edf[] = "convert it to WFDB first (edf2mit -i FILE)";
static const char picture[] = "a picture cannot be analysed; use the recording that it shows";
static const char unpack[] = "unpack it and name the record in it";

/* How other formats begin: at `offset`, or, at -1, anywhere in the part that is looked at. The
 * first that fits counts. */
static const struct {
    int offset;
    const char *magic, *what, *advice;
} beginnings[] = {
    {128, "DICM", "a DICOM file", to_wfdb},
    {0, "0       ", "an EDF file", edf},
    {0,
     "\xff"
     "BIOSEMI",
     "a BDF file", edf},
    {16, "SCPECG", "an SCP-ECG file", to_wfdb},
    {-1, "<AnnotatedECG", "an XML file (HL7 aECG)", to_wfdb},
    {-1, "<RestingECG", "an XML file (GE MUSE)", to_wfdb},
    {-1, "<restingecgdata", "an XML file (Philips)", to_wfdb},
    {-1, "<?xml", "an XML file", to_wfdb},
    {0, "%PDF", "a PDF document", picture},
    {0, "\x89PNG", "a PNG picture", picture},
    {0, "\xff\xd8\xff", "a JPEG picture", picture},
    {0, "PK\3\4", "a zip archive", unpack},
    {0, "\x1f\x8b", "a gzip archive", unpack},
    {0, "\x93NUMPY", "a NumPy array", "rename it to end in .npy, where it holds prepared windows"},
};

/* Formats that do not tell themselves. */
static const struct {
    const char *ending, *what, *advice;
} endings[] = {
    {".edf", "an EDF file", edf},
    {".bdf", "a BDF file", edf},
    {".csv", "a table of text", to_wfdb},
    {".txt", "a text", to_wfdb},
    {".json", "a JSON text", to_wfdb},
    {".safetensors", "a model", "give it with -m"},
    {".onnx", "a model", "import it, and give it with -m"},
    {".keras", "a model", "import it, and give it with -m"},
    {".npz", "a NumPy archive", "give an .npy of prepared windows"},
};

static bool begins_as(const uint8_t *p, size_t n, int offset, const char *magic) {
    size_t size = strlen(magic);
    if (offset >= 0) return n >= size + (size_t)offset && !memcmp(p + offset, magic, size);
    for (size_t i = 0; i + size <= n; i++)
        if (!memcmp(p + i, magic, size)) return true;
    return false;
}

/* The start of a file, 0 bytes where it cannot be read. */
static size_t read_start(const char *dir, const char *name, uint8_t *p, size_t size) {
    char *path = join(dir, name, "");
    FILE *f = path ? fopen(path, "rb") : NULL;
    size_t n = f ? fread(p, 1, size, f) : 0;
    if (f) fclose(f);
    free(path);
    return n;
}

/* XP_OK where the file may be a record's signals, whose header is then what is missing. */
static xp_status explain_file(const char *dir, const char *name, xp_error *err) {
    uint8_t start[1024];
    size_t n = read_start(dir, name, start, sizeof start);
    const char *dot = strrchr(name, '.'), *what = NULL, *advice = NULL;
    for (size_t i = 0; !what && i < sizeof beginnings / sizeof *beginnings; i++)
        if (begins_as(start, n, beginnings[i].offset, beginnings[i].magic))
            what = beginnings[i].what, advice = beginnings[i].advice;
    for (size_t i = 0; !what && dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot, endings[i].ending)) what = endings[i].what, advice = endings[i].advice;
    if (!what) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED, "%s is %s, not a WFDB record: %s", name, what, advice);
}

/* ==== the record ============================================================================= */

/* Turn a file's name into its record's: cut the extension when a header lies beside it. */
static xp_status find_record(const char *dir, char *record, xp_error *err) {
    char given[128];
    strcpy(given, record);
    char *dot = strrchr(record, '.');
    if (dot && !strcasecmp(dot, ".hea")) {
        *dot = 0;
        return is_file(dir, given, "") ? XP_OK : missing(dir, given, err);
    }
    if (is_file(dir, record, ".hea")) return XP_OK;
    if (dot) {
        *dot = 0;
        if (is_file(dir, record, ".hea")) return XP_OK;
    }
    if (is_kind(dir, given, "", S_IFDIR))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s is a folder: name one record in it, as %s/NAME (`xplaim info` lists "
                       "them)",
                       given, given);
    if (is_file(dir, given, ""))
        XP_TRY(explain_file(dir, given, err));
    else if (dot)
        *dot = '.';
    char header[140];
    snprintf(header, sizeof header, "%s.hea", record);
    return missing(dir, header, err);
}

xp_status xp_dir_source_open(xp_dir_source *d, const char *record_path, xp_error *err) {
    *d = (xp_dir_source){0};
    const char *slash = strrchr(record_path, '/');
    const char *name = slash ? slash + 1 : record_path;
    if (!*name || strlen(name) >= sizeof d->record)
        return xp_fail(err, XP_ERR_USAGE, "\"%s\" names no record: give folder/record",
                       record_path);
    size_t n = slash ? (size_t)(slash - record_path) : 0;
    char *dir = !slash ? strdup(".") : n ? strndup(record_path, n) : strdup("/");
    if (!dir) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", record_path);
    strcpy(d->record, name);
    xp_status s = find_record(dir, d->record, err);
    if (s != XP_OK) {
        free(dir);
        return s;
    }
    d->dir = dir;
    d->source = (xp_file_source){get, d};
    return XP_OK;
}

void xp_dir_source_close(xp_dir_source *d) {
    for (int i = 0; i < d->n_files; i++) {
        free(d->files[i].name);
        free(d->files[i].data);
    }
    free(d->files);
    free(d->dir);
    *d = (xp_dir_source){0};
}
