// Unpacking: into FOLDER.unpacking beside the folder, which takes the folder's place by one rename when all entries are there.
//
// Entries are made relative to that folder as working folder; each parent on the way is opened without following links (O_NOFOLLOW part by
// part), so that no link that an earlier entry made can lead a later one out. Links themselves were checked by bundle_next.
#include "formats/bundles/internal.h"

#include "formats/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WALK_DESCRIPTORS = 16 };

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where) {
    if (type == FTW_DNR && chmod(path, 0700) != 0) return errno;
    return remove(path) == 0 ? 0 : errno;
}

bool bundle_tree_remove(const char *path, Error *e) {
    struct stat about;
    if (lstat(path, &about) != 0) return errno == ENOENT || fail_errno(e, errno, "%s", path);
    int problem = nftw(path, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    return problem == 0 || fail_errno(e, problem > 0 ? problem : errno, "removing %s", path);
}

static bool entry_failed(const Entry *entry, Error *e) { return fail_errno(e, errno, "entry \"%.*s\"", STR_ARG(entry->path)); }

// From the open folder `at`, which it closes, into its folder `name`, made when missing. -1 on failure.
static int enter_folder(int at, const char *name, const Entry *entry, Error *e) {
    bool made = mkdirat(at, name, 0755) == 0 || errno == EEXIST;
    int next = made ? openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    int problem = errno;
    close(at);
    if (next >= 0) return next;
    bool misled = made && (problem == ELOOP || problem == ENOTDIR);
    errno = problem;
    if (!misled) {
        entry_failed(entry, e);
    } else {
        fail(e, "unsafe-bundle", "entry \"%.*s\": its folder \"%s\" is no folder but a link or a file", STR_ARG(entry->path), name);
    }
    return -1;
}

// Opens the folder that shall hold the entry; `*name` is the entry's last part.
static bool open_parent(Arena *arena, const Entry *entry, int *fd, const char **name, Error *e) {
    int at = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) return entry_failed(entry, e);
    Str rest = entry->path;
    const char *part = str_c(arena, str_cut(&rest, '/'));
    for (; !str_is_none(rest); part = str_c(arena, str_cut(&rest, '/'))) {
        at = enter_folder(at, part, entry, e);
        if (at < 0) return false;
    }
    *fd = at;
    *name = part;
    return true;
}

static bool write_all(int fd, const char *at, size_t len, int64_t offset) {
    while (len) {
        ssize_t done = pwrite(fd, at, len, offset);
        if (done < 0 && errno != EINTR) return false;
        if (done < 0) continue;
        at += done;
        offset += done;
        len -= (size_t)done;
    }
    return true;
}

static bool copy_bytes(Opened *o, const Entry *entry, int fd, Error *e) {
    const void *at;
    size_t len;
    int64_t offset = 0, end = 0;
    for (;;) {
        TRY(bundle_bytes(o, entry, &at, &len, &offset, e));
        if (len == 0) break;
        if (!write_all(fd, at, len, offset)) return entry_failed(entry, e);
        end = offset + (int64_t)len;
    }
    if (end < entry->size && ftruncate(fd, entry->size) != 0) return entry_failed(entry, e); // a sparse file's last hole
    return true;
}

static bool make_file(Opened *o, const Entry *entry, int parent, const char *name, Error *e) {
    unlinkat(parent, name, 0); // a later entry of the same name replaces an earlier one
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return entry_failed(entry, e);
    bool ok = copy_bytes(o, entry, fd, e);
    if (ok && fchmod(fd, entry->mode) != 0) ok = entry_failed(entry, e);
    if (close(fd) != 0 && ok) ok = entry_failed(entry, e);
    return ok;
}

// Folders stay writable for the owner while entries may still come; nothing narrower is of use in a bundle.
static bool make_folder(const Entry *entry, int parent, const char *name, Error *e) {
    bool made = mkdirat(parent, name, 0755) == 0 || errno == EEXIST;
    return (made && fchmodat(parent, name, entry->mode | 0700, 0) == 0) || entry_failed(entry, e);
}

static bool make_link(Arena *arena, const Entry *entry, int parent, const char *name, Error *e) {
    unlinkat(parent, name, 0);
    return symlinkat(str_c(arena, entry->target), parent, name) == 0 || entry_failed(entry, e);
}

// The target is an earlier entry, opened part by part like a parent, so that it cannot lead through a link.
static bool make_hard_link(Arena *arena, const Entry *entry, int parent, const char *name, Error *e) {
    Entry target = {.path = path_normalise(arena, entry->target)};
    int target_parent;
    const char *target_name;
    TRY(open_parent(arena, &target, &target_parent, &target_name, e));
    unlinkat(parent, name, 0);
    bool ok = linkat(target_parent, target_name, parent, name, 0) == 0 || entry_failed(entry, e);
    close(target_parent);
    return ok;
}

static bool make_entry(Arena *arena, Opened *o, const Entry *entry, Error *e) {
    int parent;
    const char *name;
    bool ok = false;
    TRY(open_parent(arena, entry, &parent, &name, e));
    switch (entry->kind) {
    case ENTRY_FILE: ok = make_file(o, entry, parent, name, e); break;
    case ENTRY_FOLDER: ok = make_folder(entry, parent, name, e); break;
    case ENTRY_LINK: ok = make_link(arena, entry, parent, name, e); break;
    case ENTRY_HARD_LINK: ok = make_hard_link(arena, entry, parent, name, e); break;
    }
    close(parent);
    return ok;
}

static bool make_entries(Arena *arena, Opened *o, Error *e) {
    Entry entry;
    bool more;
    for (;;) {
        TRY(bundle_next(arena, o, &entry, &more, e));
        if (!more) return true;
        TRY(make_entry(arena, o, &entry, e));
    }
}

static bool unpack_within(Arena *arena, Opened *o, const char *folder, Error *e) {
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = before >= 0 && chdir(folder) == 0;
    if (!ok) {
        fail_errno(e, errno, "%s", folder);
    } else {
        ok = make_entries(arena, o, e);
        if (fchdir(before) != 0) ok = fail_errno(e, errno, "returning to the working folder");
    }
    if (before >= 0) close(before);
    return ok;
}

static bool unpack_beside(Arena *arena, Opened *o, const char *beside, const char *folder, Error *e) {
    TRY(bundle_tree_remove(beside, e));
    if (mkdir(beside, 0755) != 0) return fail_errno(e, errno, "%s", beside);
    bool ok = unpack_within(arena, o, beside, e);
    if (ok && rename(beside, folder) != 0) ok = fail_errno(e, errno, "%s", folder); // an empty folder is replaced, a full one is not
    if (!ok) bundle_tree_remove(beside, NULL);
    return ok;
}

bool bundle_unpack(Arena *arena, Str bundle, Str folder, const BundleLimits *limits, BundleTotals *out, Error *e) {
    Opened o;
    TRY(bundle_open(arena, bundle, limits, &o, e));
    Str plain = path_normalise(arena, folder);
    Str beside = str_cat(arena, plain, STR(".unpacking"));
    bool ok = unpack_beside(arena, &o, str_c(arena, beside), str_c(arena, plain), e);
    if (ok) *out = o.totals;
    bundle_close(&o);
    return ok;
}
