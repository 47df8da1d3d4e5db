// Limits of a whole sandbox: memory and processes, by a control group of its own where the machine lets us make one.
//
// Version 2: below the root when we are root, else below our own group, which must have been delegated to us (systemd-run --user -p Delegate=yes). A group with
// processes cannot give controllers to those below it: what runs in a delegated one is moved into a child of it first. Version 1 (root): one group in the hierarchy
// of each controller. Made by the keeper, which stays outside; removed when the sandbox has ended, or by a later keeper when this one was killed.
#include "sandbox_keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "rehearse."
enum { LIST_BYTES = 65536, REMOVE_TRIES = 200 };

static struct Group {
    char name[ID_BYTES + 64];
    int parents[2], folders[2], events; // descriptors: version 1 has two, memory first
    size_t count;
    int version;
} group = {.events = -1};

// ---- Where groups may be made ----

static bool has_word(const char *list, const char *word, char separator) { // "cpu,memory"
    size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, separator) ? strchr(at, separator) + 1 : NULL)
        if (strncmp(at, word, length) == 0 && (at[length] == separator || at[length] == 0 || at[length] == '\n')) return true;
    return false;
}

// Mount point and root of the hierarchy of `controller` (version 2: NULL), from mountinfo: ID PARENT DEV ROOT POINT OPTIONS… - TYPE SOURCE SUPEROPTIONS
static bool find_mount(const char *controller, char point[PATH_BYTES], char root[PATH_BYTES]) {
    static char text[LIST_BYTES];
    if (read_text("/proc/self/mountinfo", text, sizeof text) <= 0) return false;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        char type[32], word[512], options[1024];
        const char *behind = strstr(line, " - "), *at = line;
        if (!behind) continue;
        behind += 3;
        if (!take_word(&behind, type, sizeof type) || !take_word(&behind, word, sizeof word)) continue;
        if (strcmp(type, controller ? "cgroup" : "cgroup2") != 0 || !take_word(&behind, options, sizeof options)) continue;
        if (controller && !has_word(options, controller, ',')) continue;
        for (int i = 0; i < 3; i++) take_word(&at, word, sizeof word);
        if (take_word(&at, root, PATH_BYTES) && take_word(&at, point, PATH_BYTES)) return true;
    }
    return false;
}

// The caller's own group in a hierarchy: lines "ID:CONTROLLERS:PATH", version 2 "0::PATH".
static bool find_own(const char *controller, char out[PATH_BYTES]) {
    static char text[LIST_BYTES];
    if (read_text("/proc/self/cgroup", text, sizeof text) <= 0) return false;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        char *path = line, *id = strsep(&path, ":"), *controllers = strsep(&path, ":");
        if (!path || (controller ? !has_word(controllers, controller, ',') : strcmp(id, "0") != 0)) continue;
        snprintf(out, PATH_BYTES, "%s", path);
        return true;
    }
    return false;
}

static int open_own(const char *controller, bool top) { // top: the root of the hierarchy
    char point[PATH_BYTES], root[PATH_BYTES], own[PATH_BYTES], path[2 * PATH_BYTES];
    if (!find_mount(controller, point, root) || !find_own(controller, own)) return errno = ENOENT, -1;
    size_t shown = strcmp(root, "/") == 0 ? 0 : strlen(root); // the mount may show a part of the hierarchy only
    if (strncmp(own, root, shown) != 0) shown = strlen(own);
    snprintf(path, sizeof path, "%s%s", point, top ? "" : own + shown);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// ---- Making one ----

static bool write_at(int folder, const char *name, const char *text) {
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write_all(fd, text, strlen(text));
    int error = errno;
    if (fd >= 0) close(fd);
    return errno = error, good;
}

static bool write_number(int folder, const char *name, int64_t number) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return number <= 0 || write_at(folder, name, text);
}

static bool read_at(int folder, const char *name, char *out, size_t room) {
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, room - 1);
    if (fd >= 0) close(fd);
    out[got > 0 ? got : 0] = 0;
    return got >= 0;
}

static bool is_alive(const char *pid) { // a dead one may stay in the list where nobody collects it
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)number_at(pid));
    if (read_text(path, text, sizeof text) <= 0) return false;
    const char *state = strrchr(text, ')');
    return !state || !state[1] || !strchr("ZX", state[2]);
}

// Groups of keepers that were killed: empty, and of nobody who lives.
static void sweep(int parent) {
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *pid = strrchr(entry->d_name, '.');
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 || !pid || number_at(pid + 1) <= 1) continue;
        if (!is_alive(pid + 1)) unlinkat(parent, entry->d_name, AT_REMOVEDIR);
    }
    if (dir) closedir(dir);
}

static int add_group(int parent) { // takes the descriptor
    if (parent < 0) return -1;
    sweep(parent);
    bool made = mkdirat(parent, group.name, 0755) == 0;
    int folder = made ? openat(parent, group.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, error = errno;
    if (folder >= 0) {
        group.parents[group.count] = parent;
        group.folders[group.count++] = folder;
        return folder;
    }
    close(parent);
    return errno = error, -1;
}

static bool move_into_child(int parent) {
    static char text[LIST_BYTES];
    if (mkdirat(parent, PREFIX "main", 0755) && errno != EEXIST) return false;
    int child = openat(parent, PREFIX "main", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = child >= 0 && read_at(parent, "cgroup.procs", text, sizeof text);
    for (char *rest = text, *line; good && (line = strsep(&rest, "\n"));)
        if (*line) good = write_at(child, "cgroup.procs", line) || errno == ESRCH;
    if (child >= 0) close(child);
    return good;
}

static bool give_controllers(int parent) {
    static const char wanted[] = "+memory +pids";
    char offered[1024];
    if (!read_at(parent, "cgroup.controllers", offered, sizeof offered)) return false;
    if (!has_word(offered, "memory", ' ') || !has_word(offered, "pids", ' ')) return errno = ENOTSUP, false;
    if (write_at(parent, "cgroup.subtree_control", wanted)) return true;
    return errno == EBUSY && move_into_child(parent) && write_at(parent, "cgroup.subtree_control", wanted);
}

static bool make_v2(int64_t memory, int64_t processes, bool top) {
    int parent = open_own(NULL, top);
    if (parent >= 0 && !give_controllers(parent)) {
        int error = errno;
        close(parent);
        return errno = error, false;
    }
    int folder = add_group(parent);
    if (folder < 0) return false;
    group.version = 2;
    group.events = openat(folder, "memory.events", O_RDONLY | O_CLOEXEC);
    write_at(folder, "memory.swap.max", "0"); // absent without swap
    return write_number(folder, "memory.max", memory) && write_number(folder, "pids.max", processes);
}

static bool make_v1(int64_t memory, int64_t processes) {
    int first = add_group(open_own("memory", false)), second = first < 0 ? -1 : add_group(open_own("pids", false));
    if (second < 0) return false;
    group.version = 1;
    group.events = openat(first, "memory.oom_control", O_RDONLY | O_CLOEXEC);
    return write_number(first, "memory.limit_in_bytes", memory) && write_number(second, "pids.max", processes);
}

bool cgroup_make(const char *name, int64_t memory, int64_t processes) {
    snprintf(group.name, sizeof group.name, PREFIX "%s.%d", name, (int)getpid());
    bool good = geteuid() == 0 && make_v2(memory, processes, true);
    if (!good) cgroup_remove();
    if (!good) good = make_v2(memory, processes, false);
    if (!good) cgroup_remove();
    if (!good && geteuid() == 0) good = make_v1(memory, processes);
    if (good) return true;
    step_failed("cgroup", "memory and pids");
    cgroup_remove();
    return false;
}

bool cgroup_add(pid_t pid) {
    char text[16];
    snprintf(text, sizeof text, "%d", (int)pid);
    for (size_t i = 0; i < group.count; i++)
        if (!write_at(group.folders[i], "cgroup.procs", text)) return step_failed("cgroup", "%s", group.name);
    return true;
}

int cgroup_version(void) { return group.count ? group.version : 0; }

int64_t cgroup_kills(void) {
    char text[512];
    ssize_t got = group.events < 0 ? -1 : pread(group.events, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = 0;
    const char *at = strstr(text, "oom_kill ");
    return at ? number_at(at + strlen("oom_kill ")) : 0;
}

void cgroup_remove(void) {
    for (size_t i = 0; i < group.count; i++) {
        for (int n = 0; n < REMOVE_TRIES && unlinkat(group.parents[i], group.name, AT_REMOVEDIR) && errno == EBUSY; n++) usleep(1000);
        close(group.parents[i]);
        close(group.folders[i]);
    }
    if (group.events >= 0) close(group.events);
    group.count = 0;
    group.events = -1;
}
