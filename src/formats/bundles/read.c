// Opening a bundle and walking it. Every entry passes the same checks here, whoever asks.
#include "formats/bundles/internal.h"

#include "base/buf.h"
#include "base/limits.h"
#include "formats/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024, TAR_BLOCK_BYTES = 512 };

const BundleLimits bundle_default_limits = {
    .bytes = LIMIT_BUNDLE_BYTES, .entries = LIMIT_BUNDLE_ENTRIES, .ratio = LIMIT_BUNDLE_RATIO, .time_ms = LIMIT_BUNDLE_MS};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool sniff(const char *path, Opened *o, unsigned char head[4], Error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0) return fail_errno(e, errno, "%s", path);
    bool ok = fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || !(errno = EINVAL));
    ssize_t got = ok ? pread(fd, head, 4, 0) : -1;
    int problem = errno;
    close(fd);
    if (got < 0) return fail_errno(e, problem, "%s", path);
    o->packed_bytes = about.st_size;
    return got == 4 || fail(e, "bad-bundle", "%s is no zip, tar or tgz: it has %lld bytes", path, (long long)about.st_size);
}

// Only what the first bytes call for is enabled, so that a zip that lost its end is not read on as a stream.
static void enable_format(Opened *o, const unsigned char head[4]) {
    bool zip = head[0] == 'P' && head[1] == 'K', gzip = head[0] == 0x1f && head[1] == 0x8b;
    o->format = zip ? "zip" : gzip ? "tgz" : "tar";
    if (zip) {
        archive_read_support_format_zip_seekable(o->reader);
    } else {
        archive_read_support_format_tar(o->reader);
        if (gzip) archive_read_support_filter_gzip(o->reader);
    }
}

static const char *problem_of(struct archive *a) { return archive_error_string(a) ? archive_error_string(a) : "damaged"; }

// A plain tar ends with blocks of zeros; one that was cut between two entries would else look whole. (gzip has a length of its own.)
static bool has_end_mark(const char *path, const Opened *o) {
    char block[TAR_BLOCK_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got = pread(fd, block, sizeof block, o->packed_bytes - TAR_BLOCK_BYTES);
    close(fd);
    static const char zeros[TAR_BLOCK_BYTES];
    return got == TAR_BLOCK_BYTES && memcmp(block, zeros, sizeof zeros) == 0;
}

bool bundle_open(Arena *arena, Str bundle, const BundleLimits *limits, Opened *out, Error *e) {
    unsigned char head[4];
    const char *path = str_c(arena, bundle);
    Opened o = {.name = path_base(bundle), .limits = limits, .deadline_ms = now_ms() + limits->time_ms};
    TRY(sniff(path, &o, head, e));
    o.empty = memcmp(head, "PK\5\6", sizeof head) == 0;
    o.reader = archive_read_new();
    if (!o.reader) abort();
    enable_format(&o, head);
    if (!o.empty && archive_read_open_filename(o.reader, path, BLOCK_BYTES) != ARCHIVE_OK) {
        fail(e, "bad-bundle", "%s: %s", path, problem_of(o.reader));
        bundle_close(&o);
        return false;
    }
    o.cut = str_is(str_of(o.format), "tar") && !has_end_mark(path, &o);
    *out = o;
    return true;
}

void bundle_close(Opened *opened) {
    if (opened->reader) archive_read_free(opened->reader);
    opened->reader = NULL;
}

static bool within_time(const Opened *o, Error *e) {
    if (now_ms() <= o->deadline_ms) return true;
    return fail(e, "timeout", "%.*s: reading it takes longer than %lld s", STR_ARG(o->name), (long long)(o->limits->time_ms / 1000));
}

static bool within_ratio(const Opened *o, Str entry, Error *e) {
    bool bomb = o->totals.bytes > LIMIT_BUNDLE_RATIO_FLOOR_BYTES && o->totals.bytes / o->limits->ratio > o->packed_bytes;
    if (!bomb) return true;
    return fail(e, "bundle-too-large", "%.*s: at entry \"%.*s\" it has grown to more than %lld times its own size", STR_ARG(o->name), STR_ARG(entry),
                (long long)o->limits->ratio);
}

static bool count_bytes(Opened *o, Str entry, int64_t more, Error *e) {
    if (more < 0 || more > o->limits->bytes - o->totals.bytes) {
        return fail(e, "bundle-too-large", "%.*s: with entry \"%.*s\" it is larger than %lld bytes unpacked", STR_ARG(o->name), STR_ARG(entry),
                    (long long)o->limits->bytes);
    }
    o->totals.bytes += more;
    return within_ratio(o, entry, e);
}

static bool unsafe(const Opened *o, Str path, const char *why, Error *e) {
    return fail(e, "unsafe-bundle", "%.*s: entry \"%.*s\" %s", STR_ARG(o->name), STR_ARG(path), why);
}

static bool check_path(const Opened *o, Str path, Error *e) {
    if (path.len >= PATH_MAX / 2) return unsafe(o, str_sub(path, 0, 60), "has a path that is too long", e);
    if (path_is_absolute(path)) return unsafe(o, path, "has an absolute path", e);
    return path_is_contained(path) || unsafe(o, path, "has a path that leads out of the folder", e);
}

static bool kind_of(const Opened *o, struct archive_entry *raw, Str path, EntryKind *out, Error *e) {
    mode_t type = archive_entry_filetype(raw);
    if (archive_entry_hardlink(raw)) {
        *out = ENTRY_HARD_LINK;
    } else if (type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK) {
        *out = type == AE_IFREG ? ENTRY_FILE : type == AE_IFDIR ? ENTRY_FOLDER : ENTRY_LINK;
    } else {
        return unsafe(o, path, "is neither a file nor a folder nor a link", e);
    }
    return true;
}

// A symbolic link leads on from its own folder, a hard link from the root of the bundle.
static bool check_target(Arena *arena, const Opened *o, const Entry *entry, Error *e) {
    bool symbolic = entry->kind == ENTRY_LINK;
    if (entry->target.len == 0) return unsafe(o, entry->path, "is a link without a target", e);
    Str from = symbolic ? path_dir(entry->path) : STR(".");
    bool inside = !path_is_absolute(entry->target) && path_is_inside(arena, STR("."), path_resolve(arena, from, entry->target));
    if (inside) return true;
    Str why = str_format(arena, "is a link that leads out of the folder, to \"%.*s\"", STR_ARG(entry->target));
    return unsafe(o, entry->path, str_c(arena, why), e);
}

static bool read_entry(Arena *arena, Opened *o, struct archive_entry *raw, Entry *out, Error *e) {
    const char *name = archive_entry_pathname(raw);
    if (!name) return fail(e, "bad-bundle", "%.*s: an entry has a name that is no text", STR_ARG(o->name));
    Str path = str_copy(arena, str_of(name));
    TRY(check_path(o, path, e));
    Entry entry = {.raw = raw, .path = path_normalise(arena, path), .size = archive_entry_size(raw), .mode = archive_entry_perm(raw) & 0777};
    TRY(kind_of(o, raw, entry.path, &entry.kind, e));
    if (archive_entry_is_data_encrypted(raw)) return unsafe(o, entry.path, "is encrypted", e);
    if (entry.kind == ENTRY_LINK) entry.target = str_copy(arena, str_of(archive_entry_symlink(raw)));
    if (entry.kind == ENTRY_HARD_LINK) entry.target = str_copy(arena, str_of(archive_entry_hardlink(raw)));
    if (entry.kind == ENTRY_LINK || entry.kind == ENTRY_HARD_LINK) TRY(check_target(arena, o, &entry, e));
    *out = entry;
    return true;
}

static bool next_header(Opened *o, struct archive_entry **raw, bool *more, Error *e) {
    int result = o->empty ? ARCHIVE_EOF : archive_read_next_header(o->reader, raw);
    *more = result != ARCHIVE_EOF;
    if (result == ARCHIVE_EOF && o->cut) return fail(e, "bad-bundle", "%.*s: the tar's end mark is missing: the file is truncated", STR_ARG(o->name));
    if (result == ARCHIVE_OK || result == ARCHIVE_EOF) return true;
    if (str_is(str_of(o->format), "zip") && o->totals.entries == 0) {
        return fail(e, "bad-bundle", "%.*s: the zip's directory at its end is missing or damaged: the file is truncated", STR_ARG(o->name));
    }
    return fail(e, "bad-bundle", "%.*s: after %lld entries: %s", STR_ARG(o->name), (long long)o->totals.entries, problem_of(o->reader));
}

bool bundle_next(Arena *arena, Opened *o, Entry *out, bool *more, Error *e) {
    for (;;) {
        struct archive_entry *raw;
        TRY(next_header(o, &raw, more, e));
        if (!*more) return true;
        TRY(within_time(o, e));
        if (++o->totals.entries > o->limits->entries) {
            return fail(e, "bundle-too-large", "%.*s: it has more than %lld entries", STR_ARG(o->name), (long long)o->limits->entries);
        }
        TRY(read_entry(arena, o, raw, out, e));
        if (!str_is(out->path, ".")) return true;
        o->totals.entries--;
    }
}

bool bundle_bytes(Opened *o, const Entry *entry, const void **at, size_t *len, int64_t *offset, Error *e) {
    int64_t where;
    int result = archive_read_data_block(o->reader, at, len, &where);
    if (result == ARCHIVE_EOF) {
        *len = 0;
        return true;
    }
    if (result != ARCHIVE_OK) return fail(e, "bad-bundle", "%.*s: entry \"%.*s\": %s", STR_ARG(o->name), STR_ARG(entry->path), problem_of(o->reader));
    if (offset) *offset = where;
    TRY(within_time(o, e));
    return count_bytes(o, entry->path, (int64_t)*len, e);
}

static Doc *describe(Arena *arena, const Entry *entry) {
    static const char *const kinds[] = {[ENTRY_FILE] = "file", [ENTRY_FOLDER] = "folder", [ENTRY_LINK] = "link", [ENTRY_HARD_LINK] = "link"};
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "path", entry->path);
    doc_set_str(arena, doc, "type", str_of(kinds[entry->kind]));
    doc_set_int(arena, doc, "size", entry->kind == ENTRY_FILE ? entry->size : 0);
    doc_set_str(arena, doc, "mode", str_format(arena, "%04o", (unsigned)entry->mode));
    doc_set_str(arena, doc, "target", entry->target);
    return doc;
}

static bool list_entries(Arena *arena, Opened *o, Doc *entries, Error *e) {
    Entry entry;
    bool more;
    for (;;) {
        TRY(bundle_next(arena, o, &entry, &more, e));
        if (!more) return true;
        doc_push(entries, describe(arena, &entry));
    }
}

bool bundle_list(Arena *arena, Str bundle, const BundleLimits *limits, Doc **out, Error *e) {
    Opened o;
    TRY(bundle_open(arena, bundle, limits, &o, e));
    Doc *doc = doc_map(arena), *entries = doc_list(arena);
    doc_set_str(arena, doc, "format", str_of(o.format));
    doc_set(doc, "entries", entries);
    bool ok = list_entries(arena, &o, entries, e);
    bundle_close(&o);
    if (ok) *out = doc;
    return ok;
}

static bool read_whole(Arena *arena, Opened *o, const Entry *entry, Str *out, Error *e) {
    AUTO_BUF buf;
    buf_init(&buf, LIMIT_BUNDLE_READ_BYTES);
    const void *at;
    size_t len;
    do {
        TRY(bundle_bytes(o, entry, &at, &len, NULL, e));
        buf_add(&buf, (Str){at, len});
        if (buf.overflow) return fail(e, "bundle-too-large", "\"%.*s\" is larger than %d bytes", STR_ARG(entry->path), LIMIT_BUNDLE_READ_BYTES);
    } while (len);
    *out = str_copy(arena, buf_str(&buf));
    return true;
}

static bool find_and_read(Arena *arena, Opened *o, Str name, Str *out, Error *e) {
    Entry entry;
    bool more;
    for (;;) {
        TRY(bundle_next(arena, o, &entry, &more, e));
        if (!more) return fail(e, "no-entry", "%.*s holds no \"%.*s\"", STR_ARG(o->name), STR_ARG(name));
        if (entry.kind == ENTRY_FILE && str_eq(entry.path, name)) return read_whole(arena, o, &entry, out, e);
    }
}

bool bundle_read(Arena *arena, Str bundle, Str name, const BundleLimits *limits, Str *out, Error *e) {
    Opened o;
    TRY(bundle_open(arena, bundle, limits, &o, e));
    bool ok = find_and_read(arena, &o, path_normalise(arena, name), out, e);
    bundle_close(&o);
    return ok;
}
