#include "host_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *path;
    int depth; // of the folders that are looked into
    bool files; // which there are and when they were changed counts; else only which folders there are
} told_by[] = {
    {"/var/lib/dpkg/status", 0, true},
    {"/var/lib/rpm", 0, true},
    {"/etc", 16, true}, // packages, and what is copied
    {"/opt", 1, false},
    {"/usr/local", 1, false},
    {"/usr/local/lib", 3, false}, // what pip, npm and people install beside them
};

static const struct timespec no_time;

static uint64_t hash(const char *name, struct timespec changed) {
    const uint64_t prime = 1099511628211u; // FNV-1a
    uint64_t sum = 14695981039346656037u;
    for (; *name; name++) sum = (sum ^ (unsigned char)*name) * prime;
    sum = (sum ^ (uint64_t)changed.tv_sec) * prime;
    sum = (sum ^ (uint64_t)changed.tv_nsec) * prime;
    return sum ^ sum >> 29;
}

// Changed whenever a lease or the clock is renewed. Sandboxes have name servers of their own (provision.c).
static bool is_fickle(const char *name) { return strcmp(name, "resolv.conf") == 0 || strcmp(name, "adjtime") == 0; }

// A sum, as it does not depend on the order in which a folder tells its names.
static uint64_t state_below(int above, const char *name, int depth, bool files) {
    uint64_t sum = 0;
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat info = {.st_mode = S_IFDIR};
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_fickle(entry->d_name)) continue;
        if (entry->d_type != DT_DIR && (files || entry->d_type == DT_UNKNOWN) && fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW)) continue;
        bool is_folder = entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN && S_ISDIR(info.st_mode));
        if (is_folder || files) sum += hash(entry->d_name, is_folder ? no_time : info.st_mtim);
        if (is_folder && depth > 1) sum += state_below(fd, entry->d_name, depth - 1, files);
    }
    if (folder)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
    return sum;
}

uint64_t host_state(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof told_by / sizeof *told_by; i++) {
        struct stat info;
        if (stat(told_by[i].path, &info)) continue;
        sum += told_by[i].depth ? state_below(AT_FDCWD, told_by[i].path, told_by[i].depth, told_by[i].files) : hash(told_by[i].path, info.st_mtim);
    }
    return sum;
}
