// Where the skeleton layers of rungs B and C are, and which one fits: one place for all planes of a user, as to make one takes seconds and many thousand folders.
// Who makes, holds and removes them: keeper/skeletons.c.
#include "sandbox/internal.h"

#include "os/files.h"
#include "sandbox/keeper/host_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STATE_FITS_MS = 1000 }; // to look at it takes some milliseconds, and several sandboxes may begin at once

static bool is_own(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & (S_IWGRP | S_IWOTH));
}

// Nobody else can put another folder in the place of one that is in it.
static bool is_safe_above(const char *path) {
    struct stat info;
    char above[SANDBOX_PATH_BYTES];
    Str parent = path_parent(str_of(path));
    snprintf(above, sizeof above, "%.*s", STR_ARG(parent));
    if (stat(above, &info) || (info.st_uid != geteuid() && info.st_uid != 0)) return false;
    return !(info.st_mode & (S_IWGRP | S_IWOTH)) || (info.st_mode & S_ISVTX);
}

// $XDG_CACHE_HOME/rehearse or ~/.cache/rehearse. False where that is nowhere, or others could change what is there.
static bool users_place(char out[SANDBOX_PATH_BYTES / 2]) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[SANDBOX_PATH_BYTES / 2];
    bool has_cache = cache && *cache == '/'; // a relative one is to be ignored, says the specification
    if (!has_cache && (!home || *home != '/')) return false;
    size_t length = (size_t)snprintf(path, sizeof path, "%s%s/rehearse", has_cache ? cache : home, has_cache ? "" : "/.cache");
    if (length >= sizeof path - 64 || !folder_make(str_of(path), 0700, NULL)) return false;
    char *real = realpath(path, NULL);
    bool good = real && strlen(real) < sizeof path - 64 && is_own(real) && is_safe_above(path) && is_safe_above(real);
    if (good) snprintf(out, sizeof path, "%s", real);
    free(real);
    return good;
}

void skeleton_find_place(SandboxHost *host) {
    if (geteuid() == 0 || !users_place(host->skeletons)) snprintf(host->skeletons, sizeof host->skeletons, "%s", host->data);
}

static uint64_t state_of_host(SandboxHost *host) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (!host->state_ms || now_ms - host->state_ms >= STATE_FITS_MS) {
        host->state = host_state();
        host->state_ms = now_ms;
    }
    return host->state;
}

static void layer_path(SandboxHost *host, char out[SANDBOX_PATH_BYTES]) {
    snprintf(out, SANDBOX_PATH_BYTES, "%s/skeleton-%c-%016llx", host->skeletons, host->rung, (unsigned long long)state_of_host(host));
}

static bool is_needed(const SandboxHost *host) { return host->rung == SANDBOX_RUNG_B || host->rung == SANDBOX_RUNG_C; }

bool skeleton_begin(SandboxHost *host, Error *e) {
    char path[SANDBOX_PATH_BYTES];
    if (!is_needed(host)) return true;
    layer_path(host, path);
    return program_run_well(host->program, (const char *[]){"skeleton", path, host->data, NULL}, e);
}

void skeleton_specify(SandboxHost *host, Buf *spec) {
    char path[SANDBOX_PATH_BYTES];
    if (!is_needed(host)) return;
    layer_path(host, path);
    record_add(spec, "skeleton", str_of(path));
}

bool skeleton_is_same(SandboxHost *host) {
    char path[SANDBOX_PATH_BYTES];
    struct stat info = {0};
    if (!is_needed(host)) return true;
    layer_path(host, path);
    if (stat(path, &info)) info = (struct stat){0};
    struct stat *last = &host->layer;
    bool same = info.st_ino == last->st_ino && info.st_ctim.tv_sec == last->st_ctim.tv_sec && info.st_ctim.tv_nsec == last->st_ctim.tv_nsec;
    *last = info;
    return same;
}
