// The skeleton layers of a user, which all planes of that user share: who has one made, who stands on it, when it goes.
//
//   PLACE/                            whoever makes or sweeps layers holds a lock on it
//         skeleton-RUNG-STATE/        a layer; whoever stands on it holds a shared lock on it. STATE: that of the host (host_state.h), 16 digits
//         skeleton-RUNG-STATE.new/    being made, or what a killed making left
//         skeleton-RUNG-STATE.gone-N/ being removed, or what a killed removal left
//
// A layer appears whole and goes whole, by rename. One that fits no longer is only set aside when nobody holds it; a holder therefore looks whether its lock is
// on what bears the name. Locks are the kernel's (flock): a killed holder holds nothing. Its user may remove a layer at any time, and in rung B not all of it
// (files belong to subordinate ids): one whose file SKELETON_WHOLE is gone is set aside by whoever needs one.
#include "host_state.h"
#include "sandbox_keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define GONE ".gone-"
enum { NAME_BYTES = 27, STATE_AT = 11 }; // "skeleton-X-" and the digits

// ---- Names ----

static bool is_layer(const char *name) { // or what comes before or after one
    return strncmp(name, "skeleton-", 9) == 0 && strspn(name + 9, "BC") == 1 && name[10] == '-' &&
           strspn(name + STATE_AT, "0123456789abcdef") == 16 &&
           (!name[NAME_BYTES] || strcmp(name + NAME_BYTES, SKELETON_FRESH) == 0 || strncmp(name + NAME_BYTES, GONE, strlen(GONE)) == 0);
}

static const char *name_of(const char *layer) {
    const char *slash = strrchr(layer, '/');
    return slash ? slash + 1 : layer;
}

void skeleton_place(const char *layer, char out[PATH_BYTES]) {
    const char *slash = strrchr(layer, '/');
    snprintf(out, PATH_BYTES, "%.*s", slash ? (int)(slash - layer) : 0, layer);
}

static void state_text(char out[17]) { snprintf(out, 17, "%016" PRIx64, host_state()); }

// The layer beside it that fits the host as it is now.
static void rename_to_state(char *layer) {
    char state[17], *name = layer + (name_of(layer) - layer);
    if (!is_layer(name)) return; // the probe's
    state_text(state);
    memcpy(name + STATE_AT, state, 16);
}

// ---- Locks ----

static int open_folder(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

int skeleton_lock_place(const char *layer) {
    char place[PATH_BYTES];
    skeleton_place(layer, place);
    make_folders(place, 0700);
    int fd = open_folder(place);
    if (fd >= 0 && lock_wait(fd, LOCK_EX)) return fd;
    step_failed("skeleton", "%s", place);
    if (fd >= 0) close(fd);
    return -1;
}

static bool bears_name(int fd, const char *path) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static bool is_whole(const char *layer) {
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/" SKELETON_WHOLE, layer);
    return access(path, F_OK) == 0;
}

// -1: errno is ENOENT when there is none that is whole.
static int open_layer(const char *layer) {
    for (;;) {
        int fd = open_folder(layer);
        if (fd < 0) return -1;
        bool locked = lock_wait(fd, LOCK_SH), named = locked && bears_name(fd, layer);
        if (named && is_whole(layer)) return fd;
        int error = named ? ENOENT : errno;
        close(fd);
        if (!locked || named) return errno = error, -1;
    }
}

static bool set_aside(const char *path) {
    char gone[PATH_BYTES + 32];
    snprintf(gone, sizeof gone, "%s" GONE "%d", path, (int)getpid());
    return rename(path, gone) == 0;
}

static bool make_missing(const char *layer, const char *data) {
    char place[PATH_BYTES];
    int fd = skeleton_lock_place(layer);
    if (fd < 0) return false;
    skeleton_place(layer, place);
    bool good =
        is_whole(layer) || ((set_aside(layer) || errno == ENOENT || step_failed("skeleton", "%s", layer)) && skeleton_make(layer, place, data));
    close(fd);
    return good;
}

int skeleton_hold(const char *wanted, const char *data, char used[PATH_BYTES]) {
    snprintf(used, PATH_BYTES, "%s", wanted);
    int fd = open_layer(used);
    if (fd < 0 && errno == ENOENT) rename_to_state(used);
    while (fd < 0 && (fd = open_layer(used)) < 0) {
        if (errno != ENOENT) return step_failed("skeleton", "%s", used), -1;
        if (!make_missing(used, data)) return -1;
    }
    return fd;
}

// ---- Sweeping ----

static bool is_gone(const char *name) { return is_layer(name) && strncmp(name + NAME_BYTES, GONE, strlen(GONE)) == 0; }

typedef bool Visit(const char *name, const char *path, const char *text);

static bool is_another(const char *name, const char *path, const char *own) { return strcmp(name, own) != 0; }

// What a making left was left by a killed one: the place's lock is ours.
static bool set_aside_old(const char *name, const char *path, const char *state) {
    bool made = !name[NAME_BYTES], fits = strncmp(name + STATE_AT, state, 16) == 0;
    if (is_gone(name) || (made && fits)) return false;
    int fd = open_folder(path);
    bool done = fd >= 0 && (!made || flock(fd, LOCK_EX | LOCK_NB) == 0) && set_aside(path);
    if (fd >= 0) close(fd);
    return done;
}

static bool remove_gone(const char *name, const char *path, const char *text) {
    if (!is_gone(name)) return false;
    if (geteuid() != 0) range_enter(); // where there are subordinate ids, files may belong to them
    return remove_folder(path);
}

// How many of them `visit` said yes to.
static size_t each_layer(const char *place, const char *text, Visit *visit) {
    size_t count = 0;
    DIR *folder = opendir(place);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[PATH_BYTES];
        if (!is_layer(entry->d_name) || (size_t)snprintf(path, sizeof path, "%s/%s", place, entry->d_name) >= sizeof path) continue;
        count += visit(entry->d_name, path, text);
    }
    if (folder) closedir(folder);
    return count;
}

void skeleton_sweep(const char *layer) {
    char place[PATH_BYTES], state[17];
    skeleton_place(layer, place);
    int fd = each_layer(place, name_of(layer), is_another) ? skeleton_lock_place(layer) : -1;
    if (fd < 0) return;
    state_text(state);
    each_layer(place, state, set_aside_old);
    close(fd); // to remove them takes longer than whoever needs a layer should wait
    each_layer(place, NULL, remove_gone);
}

int skeleton_main(const char *layer, const char *data) {
    char used[PATH_BYTES];
    daemon_ready(daemonize("/dev/null"), 0);
    int held = skeleton_hold(layer, data, used);
    if (held >= 0) close(held);
    skeleton_sweep(layer);
    return held < 0;
}
