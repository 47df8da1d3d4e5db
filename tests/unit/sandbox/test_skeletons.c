// The skeleton layers of an ordinary user: one for all planes, whole or not there, gone with the last sandbox on it.
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 600, LAYER_BYTES = 900, WAIT_MS = 60000 };
static const SandboxLimits no_limits = {0};

// Writes where the host has folders of root's: works on a whole layer only.
static const char installs[] = "touch /usr/share/doc/x /usr/bin/x /var/lib/dpkg/lock /etc/passwd && grep -q ^root: /etc/passwd && echo installed";

// ---- What lies where ----

static const char *user_place(void) {
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/rehearse", cache_folder);
    return path;
}

static bool is_layer(const char *name) { return strncmp(name, "skeleton-", 9) == 0 && strlen(name) == 27; }
static bool is_begun(const char *name) { return strncmp(name, "skeleton-", 9) == 0 && strstr(name, ".new"); }
static bool is_any(const char *name) { return strncmp(name, "skeleton-", 9) == 0; }

// How many names in `place`; one of them as a path in `last` (may be NULL).
static int count(const char *place, bool (*counts)(const char *name), char last[LAYER_BYTES]) {
    int found = 0;
    DIR *folder = opendir(place);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!counts(entry->d_name)) continue;
        found++;
        if (last) snprintf(last, LAYER_BYTES, "%s/%s", place, entry->d_name);
    }
    if (folder) closedir(folder);
    return found;
}

static void wait_for(const char *place, bool (*counts)(const char *name), int wanted, char last[LAYER_BYTES]) {
    for (int64_t end = elapsed_ms() + WAIT_MS; count(place, counts, NULL) != wanted && elapsed_ms() < end;) usleep(2000);
    assert_int_equal(count(place, counts, last), wanted);
}

static void wait_until_gone(const char *path) {
    for (int64_t end = elapsed_ms() + WAIT_MS; access(path, F_OK) == 0 && elapsed_ms() < end;) usleep(5000);
    assert_int_not_equal(access(path, F_OK), 0);
}

static ino_t inode_of(const char *path) {
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

static int folders_seen;
static int see_folder(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)path, (void)info, (void)at;
    folders_seen += kind == FTW_D || kind == FTW_DNR;
    return 0;
}
static int folders_below(const char *path) {
    folders_seen = 0;
    assert_int_equal(nftw(path, see_folder, 64, FTW_PHYS | FTW_MOUNT), 0);
    return folders_seen;
}

static void assert_whole(const char *layer) {
    char path[LAYER_BYTES + 8];
    snprintf(path, sizeof path, "%s/usr", layer);
    assert_int_equal(folders_below(path), folders_below("/usr"));
}

static void remove_tree(const char *path) { run_program((const char *[]){"sh", "-c", "rm -rf \"$0\" 2>/dev/null", path, NULL}); }

// ---- Planes ----

static SandboxHost *open_plane(const Place *place, const char *name, char data[PATH_BYTES]) {
    Error e = {0};
    SandboxHost *host = NULL;
    snprintf(data, PATH_BYTES, "%s/%s", place->folder, name);
    if (!sandbox_host_open(str_of(data), str_of(keeper_program), &host, &e)) fail_msg("%s", e.message);
    return host;
}

static Sandbox *begin_build(SandboxHost *host, const char *name) {
    Error e = {0};
    Sandbox *build = NULL;
    if (!sandbox_create(host, &(SandboxSpec){.name = str_of(name), .kind = SANDBOX_BUILD}, &build, &e)) fail_msg("%s", e.message);
    wait_event(build, SANDBOX_READY, NULL);
    return build;
}

static void install(Sandbox *build) {
    assert_int_equal(run_job(build, "job", installs, "").exit_code, 0);
    wait_event(build, SANDBOX_STOPPED, NULL);
    sandbox_close(build);
}

static void end_plane(SandboxHost *host, const char *data) {
    sandbox_host_close(host);
    run_program((const char *[]){keeper_program, "remove", data, NULL});
    wait_until_gone(data);
}

static void all_planes_of_a_user_share_one_layer(void **state) {
    Place *place = *state;
    char data[2][PATH_BYTES], layer[LAYER_BYTES];
    SandboxHost *hosts[] = {open_plane(place, "one", data[0]), open_plane(place, "two", data[1])};
    for (size_t i = 0; i < 2; i++) install(begin_build(hosts[i], "b"));
    assert_int_equal(count(user_place(), is_any, layer), 1);
    assert_true(is_layer(strrchr(layer, '/') + 1));
    assert_whole(layer);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(count(data[i], is_any, NULL), 0);
        end_plane(hosts[i], data[i]);
    }
    assert_int_equal(count(user_place(), is_layer, NULL), 1);
}

static void planes_that_begin_at_once_make_it_once(void **state) {
    Place *place = *state;
    enum { PLANES = 4 };
    char data[PLANES][PATH_BYTES], layer[LAYER_BYTES];
    SandboxHost *hosts[PLANES];
    Sandbox *builds[PLANES];
    Error e = {0};
    remove_tree(user_place());
    for (size_t i = 0; i < PLANES; i++) hosts[i] = open_plane(place, (const char *[]){"one", "two", "three", "four"}[i], data[i]);
    for (size_t i = 0; i < PLANES; i++)
        assert_true(sandbox_create(hosts[i], &(SandboxSpec){.name = STR("b"), .kind = SANDBOX_BUILD}, &builds[i], &e));
    for (size_t i = 0; i < PLANES; i++) install(builds[i]);
    for (size_t i = 0; i < PLANES; i++) end_plane(hosts[i], data[i]);
    wait_for(user_place(), is_any, 1, layer);
    assert_whole(layer);
}

static pid_t maker_of(const char *layer) {
    char path[300], text[PATH_BYTES * 2];
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; !found && (entry = readdir(processes));) {
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = fopen(path, "re");
        size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
        if (file) fclose(file);
        text[got] = 0;
        for (size_t at = 0; at < got; at += strlen(text + at) + 1)
            if (strcmp(text + at, layer) == 0) found = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    closedir(processes);
    return found;
}

static void a_making_that_was_killed_is_begun_anew(void **state) {
    Place *place = *state;
    char data[PATH_BYTES], layer[LAYER_BYTES];
    remove_tree(user_place());
    SandboxHost *host = open_plane(place, "one", data);
    wait_for(user_place(), is_begun, 1, layer);
    *strrchr(layer, '.') = 0;
    assert_int_equal(kill(maker_of(layer), SIGKILL), 0);
    assert_int_equal(count(user_place(), is_layer, NULL), 0);
    assert_int_equal(count(user_place(), is_begun, NULL), 1);
    install(begin_build(host, "b"));
    assert_whole(layer);
    assert_int_equal(count(user_place(), is_any, NULL), 1);
    end_plane(host, data);
}

static void a_layer_that_fits_no_longer_stays_as_long_as_a_sandbox_of_any_plane_stands_on_it(void **state) {
    Place *place = *state;
    char data[PATH_BYTES], now[LAYER_BYTES], old[LAYER_BYTES];
    Sandbox *build = make_build(place, "b", no_limits);
    wait_event(build, SANDBOX_READY, NULL);
    assert_int_equal(count(user_place(), is_layer, now), 1);
    snprintf(old, sizeof old, "%.*s0000000000000001", (int)strlen(now) - 16, now);
    assert_int_equal(rename(now, old), 0); // as if the host were another now
    SandboxHost *other = open_plane(place, "one", data);
    install(begin_build(other, "b"));
    wait_for(user_place(), is_layer, 2, NULL);
    end_plane(other, data);
    assert_int_equal(access(old, F_OK), 0);
    install(build);
    wait_until_gone(old);
    wait_for(user_place(), is_any, 1, NULL);
    assert_int_equal(access(now, F_OK), 0);
}

static void what_nobody_stands_on_goes_at_the_next_start(void **state) {
    Place *place = *state;
    static const char *const left[] = {"0000000000000001", "0000000000000002.new", "0000000000000003.gone-1"};
    char data[PATH_BYTES], path[3][PATH_BYTES + 40], other[PATH_BYTES + 40];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s/skeleton-%c-%s", user_place(), (char)sandbox_host_rung(place->host), left[i]);
        assert_int_equal(mkdir(path[i], 0755), 0);
    }
    snprintf(other, sizeof other, "%s/skeleton-of-something-else", user_place());
    assert_int_equal(mkdir(other, 0755), 0);
    end_plane(open_plane(place, "one", data), data);
    for (size_t i = 0; i < 3; i++) wait_until_gone(path[i]);
    assert_int_equal(rmdir(other), 0);
}

static void a_layer_that_its_user_removes_is_made_anew_and_what_was_made_ahead_on_it_is_not_used(void **state) {
    Place *place = *state;
    char layer[LAYER_BYTES];
    for (int i = 0; i < 2; i++) {
        Sandbox *build = make_build(place, i ? "second" : "first", no_limits);
        install(build);
    }
    sandbox_host_prepare(place->host);
    assert_int_equal(count(user_place(), is_layer, layer), 1);
    ino_t before = inode_of(layer);
    int kept = open(layer, O_RDONLY | O_CLOEXEC); // its inode number is not given away
    remove_tree(user_place());
    install(make_build(place, "third", no_limits));
    assert_int_not_equal(inode_of(layer), before);
    assert_whole(layer);
    close(kept);
}

static void a_layer_that_could_not_be_made_whole_is_not_there(void **state) {
    Place *place = *state;
    Error e = {0};
    char data[PATH_BYTES];
    Sandbox *build = NULL;
    SandboxStatus status;
    remove_tree(user_place());
    struct rlimit all, little = {.rlim_cur = 16384};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    little.rlim_max = all.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0); // writes fail, as on a full disk
    SandboxHost *host = open_plane(place, "one", data);
    bool made = sandbox_create(host, &(SandboxSpec){.name = STR("b"), .kind = SANDBOX_BUILD}, &build, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_true(made);
    wait_event(build, SANDBOX_STOPPED, NULL);
    sandbox_status(build, &status);
    assert_int_equal(status.state, SANDBOX_BROKEN);
    assert_non_null(strstr(status.reason, "skeleton"));
    sandbox_close(build);
    wait_for(user_place(), is_any, 0, NULL);
    install(begin_build(host, "again"));
    end_plane(host, data);
}

// A plane that cannot use the user's place begins a layer in its data folder; to see that is enough, as to make it takes seconds.
static void assert_begun_in_data(Place *place) {
    char data[PATH_BYTES], layer[LAYER_BYTES];
    SandboxHost *host = open_plane(place, "one", data);
    wait_for(data, is_any, 1, layer);
    if (strchr(strrchr(layer, '/'), '.')) *strrchr(layer, '.') = 0;
    pid_t maker = maker_of(layer);
    if (maker) kill(maker, SIGKILL);
    end_plane(host, data);
}

static void a_place_that_others_may_write_is_not_used(void **state) {
    assert_int_equal(chmod(user_place(), 0777), 0);
    assert_begun_in_data(*state);
    assert_int_equal(chmod(user_place(), 0700), 0);
}

static void a_place_below_a_folder_that_others_may_write_is_not_used(void **state) {
    assert_int_equal(chmod(cache_folder, 0777), 0);
    assert_begun_in_data(*state);
    assert_int_equal(chmod(cache_folder, 0700), 0);
}

static void a_place_that_is_somebody_elses_is_not_used(void **state) {
    char link[PATH_BYTES];
    snprintf(link, sizeof link, "%s/rehearse", ((Place *)*state)->folder);
    assert_int_equal(symlink("/usr/share", link), 0); // root's
    setenv("XDG_CACHE_HOME", ((Place *)*state)->folder, 1);
    assert_begun_in_data(*state);
    setenv("XDG_CACHE_HOME", cache_folder, 1);
    assert_int_equal(unlink(link), 0);
}

static void a_user_without_a_home_has_layers_in_the_data_folder(void **state) {
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/nonexistent", 1);
    assert_begun_in_data(*state);
    setenv("XDG_CACHE_HOME", cache_folder, 1);
}

static void a_home_below_var_does_as_well_and_does_not_show_inside(void **state) {
    (void)state;
    char home[] = "/var/tmp/rehearse-home-XXXXXX", cache[PATH_BYTES], script[3 * PATH_BYTES];
    Place under = {.arena = arena_new()};
    assert_non_null(mkdtemp(home));
    snprintf(under.folder, sizeof under.folder, "%s", home);
    snprintf(cache, sizeof cache, "%s/.cache", home);
    setenv("XDG_CACHE_HOME", cache, 1);
    char data[PATH_BYTES];
    SandboxHost *host = open_plane(&under, "data", data);
    Sandbox *build = begin_build(host, "b");
    snprintf(script, sizeof script, "ls -A %s/rehearse %s | grep -v :; %s", cache, data, installs);
    assert_int_equal(run_job(build, "job", script, "").exit_code, 0);
    assert_null(strstr(output_of(&under, build, "job", SANDBOX_OUTPUT), "skeleton"));
    assert_null(strstr(output_of(&under, build, "job", SANDBOX_OUTPUT), "sandboxes"));
    assert_non_null(strstr(output_of(&under, build, "job", SANDBOX_OUTPUT), "installed"));
    sandbox_close(build);
    sandbox_host_close(host);
    run_program((const char *[]){keeper_program, "remove", home, NULL}); // goes on in the background
    setenv("XDG_CACHE_HOME", cache_folder, 1);
    arena_free(under.arena);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
static const struct CMUnitTest skeletons[] = {
    CASE(all_planes_of_a_user_share_one_layer),
    CASE(planes_that_begin_at_once_make_it_once),
    CASE(a_making_that_was_killed_is_begun_anew),
    CASE(a_layer_that_fits_no_longer_stays_as_long_as_a_sandbox_of_any_plane_stands_on_it),
    CASE(what_nobody_stands_on_goes_at_the_next_start),
    CASE(a_layer_that_its_user_removes_is_made_anew_and_what_was_made_ahead_on_it_is_not_used),
    CASE(a_layer_that_could_not_be_made_whole_is_not_there),
    CASE(a_place_that_others_may_write_is_not_used),
    CASE(a_place_below_a_folder_that_others_may_write_is_not_used),
    CASE(a_place_that_is_somebody_elses_is_not_used),
    CASE(a_user_without_a_home_has_layers_in_the_data_folder),
    CASE(a_home_below_var_does_as_well_and_does_not_show_inside),
};

int main(int argc, char **argv) { return RUN_ON_RUNG(argc > 1 ? argv[1] : NULL, skeletons); }
