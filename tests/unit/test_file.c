#include "base/file.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test has a folder of its own, which must hold nothing but what it names at the end. */
static char folder[] = "/tmp/xplaim-file-XXXXXX";

static const char *in(const char *name) {
    static char path[4][300];
    static int at;
    char *p = path[at++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static int make_scratch(void **state) {
    (void)state;
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_scratch(void **state) {
    (void)state;
    return rmdir(folder); /* fails where a file was left */
}

static void assert_holds(const char *path, const char *text) {
    xp_bytes b = read_file(path);
    assert_int_equal(b.size, strlen(text));
    assert_memory_equal(b.data, text, b.size);
    free((void *)b.data);
}

static void assert_written(const char *path, const char *text) {
    xp_error e;
    if (xp_file_write(path, text, strlen(text), &e) != XP_OK) fail_msg("%s", e.text);
    assert_holds(path, text);
}

static void writes_and_replaces(void **state) {
    (void)state;
    assert_written(in("a"), "first");
    assert_written(in("a"), "second, longer");
    assert_written(in("a"), "");
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat(in("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask); /* as of any new file */
    unlink(in("a"));
}

static void large_files_come_back_whole(void **state) {
    (void)state;
    enum { SIZE = 300007 };
    uint8_t *v = malloc(SIZE), *back;
    size_t size;
    xp_file_writer *w;
    xp_error e;
    assert_non_null(v);
    for (size_t i = 0; i < SIZE; i++) v[i] = (uint8_t)(i * 2654435761u >> 13);
    /* Pieces that fill the buffer, do not fit into what is left of it, and are larger than it. */
    const size_t pieces[] = {1, 65535, 1, 65536, 7, 65530, 100000};
    size_t at = 0;
    assert_int_equal(xp_file_create(&w, in("big"), &e), XP_OK);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; at += pieces[i++])
        xp_file_put(w, v + at, pieces[i]);
    xp_file_put(w, v + at, SIZE - at);
    assert_false(exists(in("big"))); /* nothing is there before the end */
    assert_int_equal(xp_file_commit(w, &e), XP_OK);
    assert_int_equal(xp_file_read(in("big"), &back, &size, &e), XP_OK);
    assert_int_equal(size, SIZE);
    assert_memory_equal(back, v, SIZE);
    free(back);
    free(v);
    unlink(in("big"));
}

static void an_abandoned_file_leaves_the_old_one(void **state) {
    (void)state;
    xp_file_writer *w;
    xp_error e;
    assert_written(in("a"), "old");
    assert_int_equal(xp_file_create(&w, in("a"), &e), XP_OK);
    xp_file_put(w, "new", 3);
    xp_file_abandon(w);
    assert_holds(in("a"), "old");
    unlink(in("a"));
}

/* Two writers of one name at once: each is whole, the later one stays. */
static void writers_do_not_meet(void **state) {
    (void)state;
    xp_file_writer *a, *b;
    xp_error e;
    assert_int_equal(xp_file_create(&a, in("a"), &e), XP_OK);
    assert_int_equal(xp_file_create(&b, in("a"), &e), XP_OK);
    xp_file_put(a, "first", 5);
    xp_file_put(b, "second", 6);
    assert_int_equal(xp_file_commit(b, &e), XP_OK);
    assert_holds(in("a"), "second");
    assert_int_equal(xp_file_commit(a, &e), XP_OK);
    assert_holds(in("a"), "first");
    unlink(in("a"));
}

static void links_stay_links(void **state) {
    (void)state;
    struct stat st;
    xp_error e;
    assert_int_equal(mkdir(in("sub"), 0777), 0);
    assert_int_equal(symlink("sub/far", in("near")), 0); /* leads to nothing yet */
    assert_int_equal(symlink("near", in("nearest")), 0);
    assert_written(in("nearest"), "through two links");
    assert_holds(in("sub/far"), "through two links");
    assert_int_equal(lstat(in("near"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(symlink("round", in("round")), 0);
    assert_int_equal(xp_file_write(in("round"), "x", 1, &e), XP_ERR_IO);
    unlink(in("round")), unlink(in("near")), unlink(in("nearest")), unlink(in("sub/far"));
    rmdir(in("sub"));
}

static void no_folder_no_file(void **state) {
    (void)state;
    uint8_t *data;
    size_t size;
    xp_error e;
    assert_int_equal(xp_file_write(in("none/a"), "x", 1, &e), XP_ERR_IO);
    assert_non_null(strstr(e.text, "none/a"));
    assert_int_equal(xp_file_check_writable(in("none/a"), false, &e), XP_ERR_IO);
    assert_int_equal(xp_file_read(in("none/a"), &data, &size, &e), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "none/a"));
    assert_int_equal(xp_file_read(folder, &data, &size, &e), XP_ERR_IO);
    assert_int_equal(xp_file_write(folder, "x", 1, &e), XP_ERR_IO);
    assert_non_null(strstr(e.text, "is a folder"));
}

static void writable_is_known_before(void **state) {
    (void)state;
    xp_error e;
    assert_int_equal(xp_file_check_writable(in("a"), false, &e), XP_OK);
    assert_false(exists(in("a")));
    assert_written(in("a"), "old");
    assert_int_equal(xp_file_check_writable(in("a"), false, &e), XP_OK);
    assert_holds(in("a"), "old");
    assert_int_equal(xp_file_check_writable(folder, true, &e), XP_OK);
    assert_int_equal(xp_file_check_writable(folder, false, &e), XP_ERR_IO);
    unlink(in("a"));
}

static void a_device_is_written_directly(void **state) {
    (void)state;
    xp_error e;
    if (!exists("/dev/full")) skip();
    assert_int_equal(xp_file_write("/dev/null", "x", 1, &e), XP_OK);
    assert_int_equal(xp_file_write("/dev/full", "x", 1, &e), XP_ERR_IO);
    assert_non_null(strstr(e.text, "No space left"));
    assert_true(exists("/dev/full"));
    assert_int_equal(symlink("/dev/full", in("full")), 0);
    assert_int_equal(xp_file_write(in("full"), "x", 1, &e), XP_ERR_IO);
    unlink(in("full"));
}

/* A file may not grow beyond 100 bytes: as on a disk that is full, the write fails in the middle,
 * and the old file stays. */
static void a_full_disk_keeps_the_old_file(void **state) {
    (void)state;
    static const char many[200000] = {0};
    struct rlimit before, small;
    xp_error e;
    assert_written(in("a"), "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){100, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &small) == 0) {
        xp_status large = xp_file_write(in("a"), many, sizeof many, &e);
        xp_status buffered = xp_file_write(in("a"), many, 101, &e);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(large, XP_ERR_IO);
        assert_int_equal(buffered, XP_ERR_IO);
        assert_non_null(strstr(e.text, "cannot be written"));
        assert_holds(in("a"), "old");
    }
    signal(SIGXFSZ, SIG_DFL);
    unlink(in("a"));
}

static void folders_are_made(void **state) {
    (void)state;
    xp_error e;
    char path[XP_PATH_MAX + 10];
    assert_int_equal(xp_make_folder(in("a/b"), &e), XP_ERR_IO);
    assert_int_equal(xp_make_folders(in("a/b/c"), &e), XP_OK);
    assert_int_equal(xp_make_folders(in("a/b/c/"), &e), XP_OK);
    assert_int_equal(xp_make_folder(in("a/b"), &e), XP_OK);
    assert_true(xp_is_folder(in("a/b/c")));
    assert_false(xp_is_file(in("a/b/c")));
    assert_written(in("file"), "x");
    assert_true(xp_is_file(in("file")));
    assert_int_equal(xp_make_folder(in("file"), &e), XP_ERR_IO);
    assert_int_equal(xp_make_folders(in("file/b"), &e), XP_ERR_IO);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    assert_int_equal(xp_make_folders(path, &e), XP_ERR_LIMIT);
    unlink(in("file"));
    rmdir(in("a/b/c")), rmdir(in("a/b")), rmdir(in("a"));
}

static void paths_are_joined_or_refused(void **state) {
    (void)state;
    char path[16];
    xp_error e;
    assert_int_equal(xp_path_join(path, sizeof path, &e, "dir", "%s_%d", "name", 12), XP_OK);
    assert_string_equal(path, "dir/name_12");
    assert_int_equal(xp_path_join(path, sizeof path, &e, "dir", "%s", "12345678901"), XP_OK);
    assert_int_equal(xp_path_join(path, sizeof path, &e, "dir", "%s", "123456789012"),
                     XP_ERR_LIMIT);
    assert_int_equal(xp_path_join(path, sizeof path, &e, "a folder of 16 b", "x"), XP_ERR_LIMIT);
    assert_non_null(strstr(e.text, "a folder of 16 b"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_scratch, drop_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(writes_and_replaces),
        IN_FOLDER(large_files_come_back_whole),
        IN_FOLDER(an_abandoned_file_leaves_the_old_one),
        IN_FOLDER(writers_do_not_meet),
        IN_FOLDER(links_stay_links),
        IN_FOLDER(no_folder_no_file),
        IN_FOLDER(writable_is_known_before),
        IN_FOLDER(a_device_is_written_directly),
        IN_FOLDER(a_full_disk_keeps_the_old_file),
        IN_FOLDER(folders_are_made),
        cmocka_unit_test(paths_are_joined_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
