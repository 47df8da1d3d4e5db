#include "formats/bundles/internal.h"

#include "base/limits.h"
#include "formats/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// The time of every entry: 2 January 2000, UTC. (A zip cannot say a time before 1980, and readers apply their own time zone.)
enum { ENTRY_TIME = 946771200, PIECE_BYTES = 64 * 1024 };

typedef struct Packer {
    Arena *arena;
    const BundlePack *job;
    struct archive *writer;
    BundleTotals totals;
    Error *e;
} Packer;

// ---- scanning

typedef struct Scan {
    Arena *arena;
    Str root;
    Vec *items;
    Error *e;
} Scan;

static bool scan_folder(Scan *s, Str relative, int depth);

static bool scan_name(Scan *s, Str relative, int depth) {
    struct stat about;
    const char *path = str_c(s->arena, path_resolve(s->arena, s->root, relative));
    if (lstat(path, &about) != 0) return fail_errno(s->e, errno, "%s", path);
    if (S_ISDIR(about.st_mode)) return scan_folder(s, relative, depth + 1);
    if (s->items->len >= LIMIT_BUNDLE_ENTRIES)
        return fail(s->e, "bundle-too-large", "%.*s holds more than %d files", STR_ARG(s->root), LIMIT_BUNDLE_ENTRIES);
    ((BundleItem *)vec_push(s->items))->path = relative;
    return true;
}

static bool scan_names(Scan *s, DIR *stream, Str relative, int depth) {
    bool empty = true;
    for (struct dirent *found; (found = readdir(stream));) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
        empty = false;
        Str name = str_copy(s->arena, str_of(found->d_name));
        TRY(scan_name(s, path_resolve(s->arena, relative, name), depth));
    }
    if (empty && relative.len) ((BundleItem *)vec_push(s->items))->path = relative;
    return true;
}

static bool scan_folder(Scan *s, Str relative, int depth) {
    Str path = relative.len ? path_resolve(s->arena, s->root, relative) : s->root;
    if (depth > LIMIT_FOLDER_DEPTH)
        return fail(s->e, "bundle-too-large", "%.*s: folders are nested deeper than %d", STR_ARG(path), LIMIT_FOLDER_DEPTH);
    DIR *stream = opendir(str_c(s->arena, path));
    if (!stream) return fail_errno(s->e, errno, "%.*s", STR_ARG(path));
    bool ok = scan_names(s, stream, relative, depth);
    closedir(stream);
    return ok;
}

bool bundle_scan(Arena *arena, Str folder, Vec *items, Error *e) {
    Scan scan = {arena, folder, items, e};
    return scan_folder(&scan, STR(""), 0);
}

// ---- packing

static bool writer_failed(Packer *p, Str name) {
    const char *problem = archive_error_string(p->writer);
    return fail(p->e, "system", "\"%.*s\": %s", STR_ARG(name), problem ? problem : "it could not be written");
}

static bool write_header(Packer *p, Str name, mode_t type, const struct stat *about, const char *target) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, str_c(p->arena, name));
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, type == AE_IFLNK ? 0777 : about->st_mode & 0777);
    archive_entry_set_mtime(entry, ENTRY_TIME, 0);
    archive_entry_set_size(entry, type == AE_IFREG ? about->st_size : 0);
    if (target) archive_entry_set_symlink(entry, target);
    int result = archive_write_header(p->writer, entry);
    archive_entry_free(entry);
    p->totals.entries++;
    return result == ARCHIVE_OK || writer_failed(p, name);
}

static bool write_bytes(Packer *p, Str name, int fd, int64_t left) {
    char piece[PIECE_BYTES];
    while (left > 0) {
        ssize_t got = read(fd, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(p->e, errno, "\"%.*s\"", STR_ARG(name));
        if (got == 0) return fail(p->e, "system", "\"%.*s\" became shorter while it was packed", STR_ARG(name));
        if (archive_write_data(p->writer, piece, (size_t)got) != got) return writer_failed(p, name);
        left -= got;
        p->totals.bytes += got;
    }
    return true;
}

static bool pack_file(Packer *p, Str name, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0) return fail_errno(p->e, errno, "%s", path);
    bool ok = fstat(fd, &about) == 0 || fail_errno(p->e, errno, "%s", path);
    ok = ok && write_header(p, name, AE_IFREG, &about, NULL) && write_bytes(p, name, fd, about.st_size);
    close(fd);
    return ok;
}

static bool pack_link(Packer *p, Str name, const char *path, const struct stat *about) {
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len < 0) return fail_errno(p->e, errno, "%s", path);
    target[len] = '\0';
    Str leads_to = path_resolve(p->arena, path_dir(name), str_of(target));
    if (path_is_absolute(leads_to) || !path_is_inside(p->arena, STR("."), leads_to)) {
        return fail(p->e, "unsafe-bundle", "\"%.*s\" is a link that leads out of the folder, to \"%s\"", STR_ARG(name), target);
    }
    return write_header(p, name, AE_IFLNK, about, target);
}

static Str item_name(const BundleItem *item) { return str_is_none(item->name) ? item->path : item->name; }

static bool pack_item(Packer *p, const BundleItem *item) {
    Str name = item_name(item);
    if (!path_is_contained(name)) return fail(p->e, "unsafe-bundle", "\"%.*s\" would lead out of the bundle", STR_ARG(name));
    const char *path = str_c(p->arena, path_resolve(p->arena, p->job->folder, item->path));
    struct stat about, behind;
    if (lstat(path, &about) != 0) return fail_errno(p->e, errno, "%s", path);
    if (S_ISLNK(about.st_mode)) {
        if (stat(path, &behind) != 0 && !p->job->keep_links) return fail_errno(p->e, errno, "the link %s leads nowhere", path);
        if (p->job->keep_links || S_ISDIR(behind.st_mode)) return pack_link(p, name, path, &about);
        about = behind;
    }
    if (S_ISREG(about.st_mode)) return pack_file(p, name, path);
    if (S_ISDIR(about.st_mode)) return write_header(p, str_cat(p->arena, name, STR("/")), AE_IFDIR, &about, NULL);
    return fail(p->e, "unsafe-bundle", "%s is neither a file nor a folder nor a link", path);
}

static int by_name(const void *a, const void *b) { return str_cmp(item_name(a), item_name(b)); }

static bool pack_all(Packer *p, Vec *items) {
    if (items->len) qsort(items->at, items->len, items->item_bytes, by_name);
    for (size_t i = 0; i < items->len; i++) {
        const BundleItem *item = vec_at(items, i);
        bool twice = i > 0 && by_name(item, vec_at(items, i - 1)) == 0;
        if (twice && str_eq(item->path, ((const BundleItem *)vec_at(items, i - 1))->path)) continue;
        if (twice) return fail(p->e, "unsafe-bundle", "two files would have the name \"%.*s\" in the bundle", STR_ARG(item_name(item)));
        TRY(pack_item(p, item));
    }
    return true;
}

static bool open_writer(Packer *p, const char *path) {
    p->writer = archive_write_new();
    if (!p->writer) abort();
    archive_write_set_format_zip(p->writer);
    archive_write_set_options(p->writer, "zip:hdrcharset=UTF-8");
    return archive_write_open_filename(p->writer, path) == ARCHIVE_OK || fail(p->e, "system", "%s: %s", path, archive_error_string(p->writer));
}

bool bundle_pack(Arena *arena, const BundlePack *job, BundleTotals *out, Error *e) {
    Packer p = {.arena = arena, .job = job, .e = e};
    const char *to = str_c(arena, job->to), *partial = str_c(arena, str_cat(arena, job->to, STR(".partial")));
    bool ok = open_writer(&p, partial) && pack_all(&p, job->items);
    if (archive_write_close(p.writer) != ARCHIVE_OK && ok) ok = writer_failed(&p, job->to);
    archive_write_free(p.writer);
    if (ok && rename(partial, to) != 0) ok = fail_errno(e, errno, "%s", to);
    if (!ok) unlink(partial);
    if (ok) *out = p.totals;
    return ok;
}
