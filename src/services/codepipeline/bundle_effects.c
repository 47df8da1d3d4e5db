// bundle.unpack: an artifact becomes a folder of files, and a manifest that lists them. Artifacts are files of users, so that rehearse-helper unpacks them.
//
//     place the body (pool) ──▶ rehearse-helper unpack ──▶ rehearse-helper list ──▶ write the manifest (pool) ──▶ the final event
// Started again after a restart, it begins from an empty folder: nobody has been told of it yet.
#include "services/codepipeline/bundle_effects.h"

#include "base/limits.h"
#include "formats/json.h"
#include "os/files.h"
#include "os/process.h"
#include "plane/endpoint.h"
#include "plane/sandboxes.h"

#include <fcntl.h>
#include <unistd.h>

enum { SAID_BYTES = 16 * 1024 * 1024, PIECE_BYTES = 64 * 1024 };

typedef struct Unpack {
    LoopWork work;
    Plane *plane;
    Arena *arena;
    Str effect_id, folder, bundle, files;
    const Doc *body;
    Doc *listed; // the files
    Process *process;
    Buf output, errors;
    bool listing;
    bool ok;
    Error error;
} Unpack;

// ---- The end ----

static void end(Unpack *unpack) {
    Arena *arena = unpack->arena;
    Doc *data = doc_map(arena);
    doc_set_bool(arena, data, "ok", unpack->ok);
    if (unpack->ok) {
        doc_set_str(arena, data, "folder", unpack->folder);
        doc_set_int(arena, data, "count", (int64_t)doc_count(unpack->listed));
    } else {
        doc_set_str(arena, data, "reason", str_of(unpack->error.message));
    }
    effect_event(unpack->plane, unpack->effect_id, data, true);
    process_free(unpack->process);
    buf_done(&unpack->output);
    buf_done(&unpack->errors);
    arena_free(arena);
}

// ---- The manifest ----

static Doc *files_of(Arena *arena, const Doc *entries) {
    Doc *files = doc_list(arena);
    for (const Doc *one = doc_first(entries); one; one = one->next) {
        if (!str_is(doc_text(one, "type"), "file")) continue;
        Doc *file = doc_map(arena);
        doc_set_str(arena, file, "path", doc_text(one, "path"));
        doc_set_int(arena, file, "size", doc_number(one, "size", 0));
        doc_push(files, file);
    }
    return files;
}

static void write_manifest(void *context) { // on the pool
    Unpack *unpack = context;
    Arena *arena = unpack->arena;
    Doc *said = NULL;
    unpack->ok = json_parse(arena, str_copy(arena, buf_str(&unpack->output)), &said, &unpack->error);
    if (!unpack->ok) return;
    unpack->listed = files_of(arena, doc_get(said, "entries"));
    unpack->ok = file_write(path_join(arena, unpack->folder, STR("manifest")), json_write(arena, unpack->listed), 0600, &unpack->error);
}

static void on_manifest(void *context) { end(context); }

static void list_files(Unpack *unpack) {
    unpack->work = (LoopWork){.run = write_manifest, .done = on_manifest, .context = unpack};
    loop_work(plane_loop(unpack->plane), &unpack->work);
}

// ---- The helper ----

static void on_output(void *context, int stream, Str bytes) {
    Unpack *unpack = context;
    buf_add(stream == 1 ? &unpack->output : &unpack->errors, bytes);
}

static void run_helper(Unpack *unpack);

static bool helper_failed(Unpack *unpack, int status, int signal) {
    Doc *result = NULL;
    unpack->ok = status == 0 && signal == 0;
    if (unpack->ok) return false;
    json_parse(unpack->arena, str_copy(unpack->arena, buf_str(&unpack->output)), &result, NULL);
    Str message = doc_text(doc_get(result, "error"), "message");
    if (message.len) {
        fail(&unpack->error, "bad-bundle", "%.*s", STR_ARG(message));
    } else {
        fail(&unpack->error, "helper", "rehearse-helper ended with status %d, signal %d", status, signal);
    }
    return true;
}

static void on_exit_of_helper(void *context, int status, int signal) {
    Unpack *unpack = context;
    if (helper_failed(unpack, status, signal)) {
        end(unpack);
    } else if (unpack->listing) {
        list_files(unpack);
    } else {
        process_free(unpack->process);
        unpack->process = NULL;
        buf_clear(&unpack->output);
        unpack->listing = true;
        run_helper(unpack);
    }
}

static void run_helper(Unpack *unpack) {
    Arena *arena = unpack->arena;
    const char *argv[] = {str_c(arena, program_beside(arena, "rehearse-helper")), unpack->listing ? "list" : "unpack", str_c(arena, unpack->bundle),
                          unpack->listing ? NULL : str_c(arena, unpack->files), NULL};
    ProcessSpec spec = {.argv = argv, .input = PROCESS_NULL, .output = PROCESS_PIPE, .errors = PROCESS_PIPE};
    ProcessOwner owner = {.on_output = on_output, .on_exit = on_exit_of_helper, .context = unpack};
    if (process_spawn(plane_loop(unpack->plane), &spec, &owner, &unpack->process, &unpack->error)) return;
    unpack->ok = false;
    end(unpack);
}

// ---- Placing the bundle ----

static bool copy_bytes(int from, int to, int64_t left, Error *e) {
    char piece[PIECE_BYTES];
    while (left > 0) {
        ssize_t got = read(from, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
        if (got < 0) return fail_errno(e, errno, "reading the artifact");
        if (got == 0) return fail(e, "system", "the artifact is shorter than it was");
        TRY(file_write_fd(to, (Str){piece, (size_t)got}, e));
        left -= got;
    }
    return true;
}

static bool copy_part(Str path, int64_t offset, int64_t size, Str to, Error *e) {
    AUTO_FD from = -1;
    AUTO_FD target = -1;
    TRY(file_open(path, O_RDONLY, 0, &from, e));
    TRY(file_open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600, &target, e));
    if (lseek(from, offset, SEEK_SET) < 0) return fail_errno(e, errno, "%.*s", STR_ARG(path));
    return copy_bytes(from, target, size, e);
}

static bool place(Unpack *unpack) {
    const Doc *body = unpack->body;
    Str path = doc_text(body, "path"), bytes = doc_text(body, "bytes");
    Error *e = &unpack->error;
    TRY(tree_remove(unpack->folder, e));
    TRY(folder_make(unpack->folder, 0700, e));
    if (!path.at) return file_write(unpack->bundle, bytes.at ? bytes : STR(""), 0600, e);
    return copy_part(path, doc_number(body, "offset", 0), doc_number(body, "size", 0), unpack->bundle, e);
}

static void on_pool(void *context) {
    Unpack *unpack = context;
    unpack->ok = place(unpack);
}

static void on_placed(void *context) {
    Unpack *unpack = context;
    if (unpack->ok) {
        run_helper(unpack);
    } else {
        end(unpack);
    }
}

// The body has come through JSON: its bytes are base64 text.
static const Doc *body_of_arguments(Arena *arena, const Doc *arguments) {
    Doc *body = doc_copy(arena, doc_get(arguments, "body"));
    const Doc *bytes = doc_get(body, "bytes");
    Str decoded;
    if (doc_is(bytes, DOC_STR) && str_unbase64(arena, doc_str(bytes, STR("")), &decoded)) doc_set(body, "bytes", doc_of_blob(arena, decoded));
    return body;
}

static void start_unpack(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Unpack *unpack = arena_new_of(arena, Unpack);
    Str folder = str_format(arena, "%.*s/effects/bundle-%.*s", STR_ARG(plane_options(plane)->data), STR_ARG(effect->id));
    *unpack = (Unpack){
        .work = {.run = on_pool, .done = on_placed, .context = unpack},
        .plane = plane,
        .arena = arena,
        .effect_id = str_copy(arena, effect->id),
        .folder = folder,
        .bundle = path_join(arena, folder, STR("bundle")),
        .files = path_join(arena, folder, STR("files")),
        .body = body_of_arguments(arena, effect->arguments),
    };
    buf_init(&unpack->output, SAID_BYTES);
    buf_init(&unpack->errors, PIECE_BYTES);
    loop_work(plane_loop(plane), &unpack->work);
}

const EffectType BUNDLE_UNPACK = {"bundle.unpack", start_unpack, .holds_clock = true};
