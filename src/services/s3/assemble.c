// The effect "s3.assemble": copies pieces of files into a new one, on a thread of the pool, and sums them on the way. Started again after a crash it begins
// from the front: the file has the same name, and nobody refers to it before the end.
#include "services/s3/assembly.h"

#include "os/files.h"
#include "plane/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1024 * 1024 };

typedef struct Assembly {
    LoopWork work;
    Plane *plane;
    Arena *arena;
    Str id, data;
    Doc *arguments;
    Doc *result;
    char *block;
    int to;
    Digest md5;
    Checksum checksum;
} Assembly;

static bool put(Assembly *assembly, Str bytes, Error *e) {
    digest_update(&assembly->md5, bytes);
    checksum_update(&assembly->checksum, bytes);
    return file_write_fd(assembly->to, bytes, e);
}

static bool copy_file(Assembly *assembly, const Doc *piece, Error *e) {
    Str path = path_join(assembly->arena, assembly->data, doc_text(piece, "Path"));
    int64_t at = doc_number(piece, "Offset", 0), end = at + doc_number(piece, "Size", 0);
    AUTO_FD from = -1;
    TRY(file_open(path, O_RDONLY, 0, &from, e));
    while (at < end) {
        size_t want = end - at < BLOCK_BYTES ? (size_t)(end - at) : (size_t)BLOCK_BYTES;
        ssize_t got = pread(from, assembly->block, want, at);
        if (got < 0) return fail_errno(e, errno, "%.*s", STR_ARG(path));
        if (got == 0) return fail(e, "system", "%.*s is shorter than it should be", STR_ARG(path));
        TRY(put(assembly, (Str){assembly->block, (size_t)got}, e));
        at += got;
    }
    return true;
}

static bool copy_piece(Assembly *assembly, const Doc *piece, Error *e) {
    Str text = doc_text(piece, "Bytes"), bytes;
    if (!text.at) return copy_file(assembly, piece, e);
    if (!str_unbase64(assembly->arena, text, &bytes)) return fail(e, "system", "a piece is no base64");
    return put(assembly, bytes, e);
}

static bool copy_all(Assembly *assembly, Error *e) {
    Str path = path_join(assembly->arena, assembly->data, doc_text(assembly->arguments, "File")), folder = path_parent(path);
    AUTO_FD to = -1;
    TRY(folder_make(folder, 0700, e));
    TRY(file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &to, e));
    assembly->to = to;
    for (const Doc *piece = doc_first(doc_get(assembly->arguments, "Pieces")); piece; piece = piece->next) TRY(copy_piece(assembly, piece, e));
    if (fsync(to) != 0) return fail_errno(e, errno, "%.*s", STR_ARG(path));
    return folder_sync(folder, e);
}

static void run(void *context) {
    Assembly *assembly = context;
    Error e = {0};
    ChecksumKind kind = CHECKSUM_CRC64NVME;
    uint8_t md5[MD5_BYTES];
    checksum_by_name(doc_text(assembly->arguments, "Kind"), &kind);
    digest_init(&assembly->md5, DIGEST_MD5);
    checksum_init(&assembly->checksum, kind);
    assembly->block = malloc(BLOCK_BYTES);
    if (!assembly->block) abort();
    bool ok = copy_all(assembly, &e);
    digest_final(&assembly->md5, md5);
    assembly->result = doc_map(assembly->arena);
    doc_set_bool(assembly->arena, assembly->result, "ok", ok);
    doc_set_str(assembly->arena, assembly->result, "message", str_copy(assembly->arena, str_of(e.message)));
    doc_set_str(assembly->arena, assembly->result, "md5", str_hex(assembly->arena, digest_str(md5, sizeof md5)));
    doc_set_str(assembly->arena, assembly->result, "checksum", checksum_final_base64(&assembly->checksum, assembly->arena));
    digest_done(&assembly->md5);
    checksum_done(&assembly->checksum);
    free(assembly->block);
}

static void done(void *context) {
    Assembly *assembly = context;
    effect_event(assembly->plane, assembly->id, assembly->result, true);
    arena_free(assembly->arena);
}

static void start(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Assembly *assembly = arena_new_of(arena, Assembly);
    assembly->plane = plane;
    assembly->arena = arena;
    assembly->id = str_copy(arena, effect->id);
    assembly->data = str_copy(arena, plane_options(plane)->data);
    assembly->arguments = doc_copy(arena, effect->arguments);
    assembly->work = (LoopWork){.run = run, .done = done, .context = assembly};
    loop_work(plane_loop(plane), &assembly->work);
}

const EffectType S3_ASSEMBLE = {.name = "s3.assemble", .start = start, .holds_clock = true};
