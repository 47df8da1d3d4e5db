// rehearse-helper: archives of users, handled in a confined process of their own.
//
// One verb a run; its result is one JSON value on standard output. Exit status 0: done. 1: it failed, the value is {"error": {"code", "message"}}, and
// the message stands on standard error too.
// 2: the arguments are wrong (told on standard error).
#include "base/limits.h"
#include "formats/bundles/bundles.h"
#include "formats/digest.h"
#include "formats/helper/confine.h"
#include "formats/json.h"
#include "formats/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: rehearse-helper VERB …\n"
    "  pack FOLDER ZIP [--links] [--list FILE|-]   a zip of the folder, or of the files listed (relative paths, each ended by NUL,\n"
    "                                              or PATH NUL NAME NUL with --rename); --links keeps symbolic links\n"
    "  unpack ARCHIVE FOLDER                       zip, tar or tgz into a folder that is absent or empty\n"
    "  list ARCHIVE                                its entries\n"
    "  cat ARCHIVE FILE                            one file of it\n"
    "limits, before the verb: --bytes N --entries N --ratio N --seconds N\n";

typedef struct Options {
    const char *words[3]; // verb and operands
    int count;
    const char *list;
    bool links, rename;
    BundleLimits limits;
} Options;

typedef bool Verb(Arena *arena, const Options *options, Doc *result, Error *e);

enum { LIST_MAX_BYTES = 64 * 1024 * 1024, PIECE_BYTES = 64 * 1024 };

static bool read_all(int fd, Buf *buf, Error *e) {
    for (;;) {
        char *to = buf_reserve(buf, PIECE_BYTES);
        if (!to) return fail(e, "too-large", "the list is larger than %d bytes", LIST_MAX_BYTES);
        ssize_t got = read(fd, to, PIECE_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "reading the list");
        if (got == 0) return true;
        buf->len += (size_t)got;
    }
}

static bool read_list(Arena *arena, const Options *options, Vec *items, Error *e) {
    bool standard = strcmp(options->list, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(options->list, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "%s", options->list);
    AUTO_BUF buf;
    buf_init(&buf, LIST_MAX_BYTES);
    bool ok = read_all(fd, &buf, e);
    if (!standard) close(fd);
    TRY(ok);
    for (Str rest = str_copy(arena, buf_str(&buf)); rest.len;) {
        BundleItem *item = vec_push(items);
        item->path = str_cut(&rest, '\0');
        item->name = options->rename ? str_cut(&rest, '\0') : STR_NONE;
    }
    return true;
}

static bool digest_file(Arena *arena, const char *path, Doc *result, Error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "%s", path);
    Digest digest;
    digest_init(&digest, DIGEST_SHA256);
    char piece[PIECE_BYTES];
    int64_t size = 0;
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0; size += got) digest_update(&digest, (Str){piece, (size_t)got});
    uint8_t sum[SHA256_BYTES];
    digest_final(&digest, sum);
    digest_done(&digest);
    close(fd);
    doc_set_int(arena, result, "size", size);
    doc_set_str(arena, result, "sha256", str_hex(arena, digest_str(sum, sizeof sum)));
    return true;
}

static void put_totals(Arena *arena, Doc *result, const BundleTotals *totals) {
    doc_set_int(arena, result, "entries", totals->entries);
    doc_set_int(arena, result, "bytes", totals->bytes);
}

static bool run_pack(Arena *arena, const Options *options, Doc *result, Error *e) {
    Vec items = vec_of(arena, BundleItem);
    Str folder = str_of(options->words[1]);
    TRY(options->list ? read_list(arena, options, &items, e) : bundle_scan(arena, folder, &items, e));
    BundlePack job = {.folder = folder, .items = &items, .keep_links = options->links, .to = str_of(options->words[2])};
    BundleTotals totals;
    TRY(bundle_pack(arena, &job, &totals, e));
    put_totals(arena, result, &totals);
    return digest_file(arena, options->words[2], result, e);
}

static bool run_unpack(Arena *arena, const Options *options, Doc *result, Error *e) {
    BundleTotals totals;
    TRY(bundle_unpack(arena, str_of(options->words[1]), str_of(options->words[2]), &options->limits, &totals, e));
    put_totals(arena, result, &totals);
    return true;
}

static bool run_list(Arena *arena, const Options *options, Doc *result, Error *e) {
    Doc *listed;
    TRY(bundle_list(arena, str_of(options->words[1]), &options->limits, &listed, e));
    doc_set(result, "format", doc_copy(arena, doc_get(listed, "format")));
    doc_set(result, "entries", doc_copy(arena, doc_get(listed, "entries")));
    return true;
}

static bool run_cat(Arena *arena, const Options *options, Doc *result, Error *e) {
    Str bytes;
    TRY(bundle_read(arena, str_of(options->words[1]), str_of(options->words[2]), &options->limits, &bytes, e));
    doc_set_int(arena, result, "size", (int64_t)bytes.len);
    doc_set(result, str_is_utf8(bytes) ? "text" : "base64", str_is_utf8(bytes) ? doc_of_str(arena, bytes) : doc_of_blob(arena, bytes));
    return true;
}

static const struct {
    const char *name;
    int words;
    bool writes; // below the folder that holds its last operand
    Verb *run;
} verbs[] = {{"pack", 3, true, run_pack}, {"unpack", 3, true, run_unpack}, {"list", 2, false, run_list}, {"cat", 3, false, run_cat}};

static bool take_number(const char *name, char **argv, int *i, int64_t *out) {
    int64_t value;
    if (strcmp(argv[*i], name) != 0 || !argv[*i + 1] || !str_to_int(str_of(argv[*i + 1]), &value) || value <= 0) return false;
    *out = value;
    ++*i;
    return true;
}

static bool take_option(char **argv, int *i, Options *o) {
    if (strcmp(argv[*i], "--links") == 0) return o->links = true;
    if (strcmp(argv[*i], "--rename") == 0) return o->rename = true;
    if (strcmp(argv[*i], "--list") == 0 && argv[*i + 1]) {
        o->list = argv[++*i];
        return true;
    }
    if (take_number("--seconds", argv, i, &o->limits.time_ms)) {
        o->limits.time_ms *= 1000;
        return true;
    }
    return take_number("--bytes", argv, i, &o->limits.bytes) || take_number("--entries", argv, i, &o->limits.entries) ||
           take_number("--ratio", argv, i, &o->limits.ratio);
}

static bool read_options(char **argv, Options *o) {
    o->limits = bundle_default_limits;
    for (int i = 1; argv[i]; i++) {
        if (argv[i][0] == '-' && argv[i][1] == '-') {
            if (!take_option(argv, &i, o)) return false;
        } else if (o->count < 3) {
            o->words[o->count++] = argv[i];
        } else {
            return false;
        }
    }
    return o->count > 0;
}

// Landlock wants the folder to be there: the one that holds the operand, since that is where the result is made.
static bool confine_verb(Arena *arena, const Options *o, bool writes, Error *e) {
    Confinement c = {.file_bytes = o->limits.bytes, .cpu_seconds = o->limits.time_ms / 1000 + 1};
    if (writes) c.writable[0] = str_c(arena, path_dir(path_normalise(arena, str_of(o->words[2]))));
    return confine(&c, e);
}

static int report(Arena *arena, Doc *result, bool ok, const Error *e) {
    if (!ok) {
        result = doc_map(arena);
        Doc *error = doc_map(arena);
        doc_set_str(arena, error, "code", str_of(e->code));
        doc_set_str(arena, error, "message", str_of(e->message));
        doc_set(result, "error", error);
        fprintf(stderr, "%s\n", e->message);
    }
    Str text = json_write(arena, result);
    bool written = fwrite(text.at, 1, text.len, stdout) == text.len && putchar('\n') != EOF && fflush(stdout) == 0;
    return ok && written ? 0 : 1;
}

int main(int argc, char **argv) {
    Options options = {0};
    AUTO_ARENA arena = arena_new();
    setlocale(LC_CTYPE, "C.UTF-8"); // libarchive converts names of zips by it
    signal(SIGXFSZ, SIG_IGN); // writing past the limit fails with EFBIG instead
    size_t verb = sizeof verbs / sizeof verbs[0];
    if (read_options(argv, &options)) {
        for (verb = 0; verb < sizeof verbs / sizeof verbs[0] && strcmp(verbs[verb].name, options.words[0]) != 0;) verb++;
    }
    if (verb == sizeof verbs / sizeof verbs[0] || options.count != verbs[verb].words) {
        fputs(usage, stderr);
        return 2;
    }
    Doc *result = doc_map(arena);
    Error e = {0};
    bool ok = confine_verb(arena, &options, verbs[verb].writes, &e) && verbs[verb].run(arena, &options, result, &e);
    return report(arena, result, ok, &e);
}
