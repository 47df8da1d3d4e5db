// Effect git.archive {account, region, repository, commit, to}: the tree of a commit as a zip file, for pipelines and builds. `to` is a path in the data folder; without a
// '/' it lies in the spool. → final {ok, path, size, reason}. The same commit gives the same bytes.
#include "services/codecommit/codecommit.h"

#include "base/buf.h"
#include "os/files.h"
#include "os/process.h"

#include <stdlib.h>

enum { COMPLAINT_BYTES = 4096 };

typedef struct Archive {
    Plane *plane;
    Arena *arena;
    Str effect_id, path, name, commit;
    Doc *repository;
    Process *process;
    Buf complaint;
} Archive;

static void end(Archive *archive, const Error *failed) {
    Arena *arena = archive->arena;
    Doc *data = doc_map(arena);
    int64_t size = 0;
    doc_set_bool(arena, data, "ok", failed == NULL);
    if (failed) {
        doc_set_str(arena, data, "reason", str_of(failed->message));
    } else if (file_size(archive->path, &size, NULL)) {
        doc_set_str(arena, data, "path", archive->path);
        doc_set_int(arena, data, "size", size);
    }
    effect_event(archive->plane, archive->effect_id, data, true, NULL, NULL);
    process_free(archive->process);
    buf_done(&archive->complaint);
    arena_free(arena);
}

static void on_output(void *context, int stream, Str bytes) {
    Archive *archive = context;
    if (stream == 2) buf_add(&archive->complaint, bytes);
}

static void on_end(void *context, int status, int signal) {
    Archive *archive = context;
    Error e = {0};
    Str said = str_trim(buf_str(&archive->complaint));
    if (status || signal) fail(&e, "git", "git archive of %.*s failed: %.*s", STR_ARG(archive->commit), STR_ARG(said));
    end(archive, status || signal ? &e : NULL);
}

static void find(Turn *turn, void *context) {
    Archive *archive = context;
    Doc *repository;
    if (turn_get(turn, &CODECOMMIT_REPOSITORY, archive->name, &repository)) archive->repository = doc_copy(archive->arena, repository);
}

static bool spawn(Archive *archive, Error *e) {
    Arena *arena = archive->arena;
    if (!archive->repository) return fail(e, "git", "the repository %.*s does not exist", STR_ARG(archive->name));
    TRY(folder_make(path_parent(archive->path), 0700, e));
    const char *argv[] = {
        "git",
        "--git-dir",
        str_c(arena, repository_folder(arena, plane_options(archive->plane)->data, archive->repository)),
        "archive",
        "--format=zip",
        "-o",
        str_c(arena, archive->path),
        str_c(arena, archive->commit),
        NULL,
    };
    static const char *const ENV[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                      "HOME=/nonexistent",
                                      "GIT_CONFIG_NOSYSTEM=1",
                                      "TZ=UTC",
                                      "GIT_CONFIG_COUNT=1",
                                      "GIT_CONFIG_KEY_0=safe.directory",
                                      "GIT_CONFIG_VALUE_0=*",
                                      NULL};
    ProcessSpec spec = {.argv = argv, .env = ENV, .input = PROCESS_NULL, .output = PROCESS_NULL, .errors = PROCESS_PIPE};
    ProcessOwner owner = {.on_output = on_output, .on_exit = on_end, .context = archive};
    return process_spawn(plane_loop(archive->plane), &spec, &owner, &archive->process, e);
}

static void start(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Archive *archive = arena_new_of(arena, Archive);
    Str to = doc_text(effect->arguments, "to");
    if (str_find_char(to, '/') < 0) to = str_cat(arena, STR("spool/"), to);
    *archive = (Archive){
        .plane = plane,
        .arena = arena,
        .effect_id = str_copy(arena, effect->id),
        .path = path_join(arena, plane_options(plane)->data, to),
        .name = str_copy(arena, doc_text(effect->arguments, "repository")),
        .commit = str_copy(arena, doc_text(effect->arguments, "commit")),
    };
    buf_init(&archive->complaint, COMPLAINT_BYTES);
    Error e = {0};
    plane_read(plane, (Partition){doc_text(effect->arguments, "account"), doc_text(effect->arguments, "region")}, arena, find, archive);
    if (!spawn(archive, &e)) end(archive, &e);
}

const EffectType GIT_ARCHIVE = {"git.archive", start, .holds_clock = true};
