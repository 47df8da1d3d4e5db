// Effect git.archive {account, region, repository, commit, to}: the tree of a commit as a zip file, for pipelines.
// Effect git.clone {account, region, repository, version, depth, url, to}: a clone with its files, as a tar file, for builds. `version` is a branch, a tag or a commit, empty for
// the default branch; `depth` 0: the whole history; `url` becomes the remote's.
//
// `to` is a path in the data folder; without a '/' it lies in the spool. → final {ok, path, size, commit (of a clone), reason}. The same commit gives the same archive.
#include "services/codecommit/codecommit.h"

#include "base/buf.h"
#include "os/files.h"
#include "os/process.h"

#include <stdlib.h>

enum { OUTPUT_BYTES = 4096, NO_SUCH_VERSION = 3 };

typedef struct Archive {
    Plane *plane;
    Arena *arena;
    Str effect_id, path, name, commit;
    const Doc *clone; // the arguments of git.clone; NULL: git.archive
    Doc *repository;
    Process *process;
    Buf output, complaint;
} Archive;

// repository, version, depth, url, to. A shallow clone is made of a branch, so the commit gets one for the moment. What an earlier server left half done goes.
static const char CLONE[] = "set -e\n"
                            "commit=$(git --git-dir \"$1\" rev-parse --verify --quiet --end-of-options \"${2:-HEAD}^{commit}\") || exit 3\n"
                            "rm -rf \"$5\".work.*\n"
                            "work=$(mktemp -d \"$5.work.XXXXXX\")\n"
                            "trap 'rm -rf \"$work\"' EXIT\n"
                            "tree=$work/all\n"
                            "git clone -q --template= --no-checkout \"file://$1\" \"$tree\"\n"
                            "if [ \"$3\" -gt 0 ]; then\n"
                            "    git -C \"$tree\" branch -f codebuild-source \"$commit\"\n"
                            "    git clone -q --template= --no-checkout --depth \"$3\" --branch codebuild-source \"file://$tree\" \"$work/shallow\"\n"
                            "    tree=$work/shallow\n"
                            "fi\n"
                            "git -C \"$tree\" checkout -q --detach \"$commit\"\n"
                            "git -C \"$tree\" branch -q -D codebuild-source 2>/dev/null || true\n"
                            "git -C \"$tree\" remote set-url origin \"$4\"\n"
                            "tar -C \"$tree\" -cf \"$work/tar\" .\n"
                            "mv \"$work/tar\" \"$5\"\n"
                            "echo \"$commit\"\n";

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
        if (archive->clone) doc_set_str(arena, data, "commit", str_trim(buf_str(&archive->output)));
    }
    effect_event(archive->plane, archive->effect_id, data, true);
    process_free(archive->process);
    buf_done(&archive->output);
    buf_done(&archive->complaint);
    arena_free(arena);
}

static void on_output(void *context, int stream, Str bytes) {
    Archive *archive = context;
    buf_add(stream == 2 ? &archive->complaint : &archive->output, bytes);
}

static void on_end(void *context, int status, int signal) {
    Archive *archive = context;
    Error e = {0};
    Str said = str_trim(buf_str(&archive->complaint));
    if (archive->clone && status == NO_SUCH_VERSION) {
        fail(&e, "git", "reference not found");
    } else if (status || signal) {
        fail(&e, "git", "git %s of %.*s failed: %.*s", archive->clone ? "clone" : "archive", STR_ARG(archive->commit), STR_ARG(said));
    }
    end(archive, status || signal ? &e : NULL);
}

static void find(Turn *turn, void *context) {
    Archive *archive = context;
    Doc *repository;
    if (turn_get(turn, &CODECOMMIT_REPOSITORY, archive->name, &repository)) archive->repository = doc_copy(archive->arena, repository);
}

static const char *const *archive_command(const Archive *archive, const char *folder) {
    Arena *arena = archive->arena;
    const char **argv = arena_array(arena, const char *, 9);
    const char *const words[] = {
        "git", "--git-dir", folder, "archive", "--format=zip", "-o", str_c(arena, archive->path), str_c(arena, archive->commit), NULL};
    memcpy(argv, words, sizeof words);
    return argv;
}

static const char *const *clone_command(const Archive *archive, const char *folder) {
    Arena *arena = archive->arena;
    const char **argv = arena_array(arena, const char *, 10);
    Str depth = str_format(arena, "%lld", (long long)doc_number(archive->clone, "depth", 0));
    const char *const words[] = {"sh",
                                 "-c",
                                 CLONE,
                                 "git-clone",
                                 folder,
                                 str_c(arena, archive->commit),
                                 str_c(arena, depth),
                                 str_c(arena, doc_text(archive->clone, "url")),
                                 str_c(arena, archive->path),
                                 NULL};
    memcpy(argv, words, sizeof words);
    return argv;
}

static bool spawn(Archive *archive, Error *e) {
    static const char *const ENV[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                      "HOME=/nonexistent",
                                      "GIT_CONFIG_NOSYSTEM=1",
                                      "TZ=UTC",
                                      "GIT_CONFIG_COUNT=1",
                                      "GIT_CONFIG_KEY_0=safe.directory",
                                      "GIT_CONFIG_VALUE_0=*",
                                      NULL};
    if (!archive->repository) {
        if (archive->clone) return fail(e, "git", "repository not found");
        return fail(e, "git", "the repository %.*s does not exist", STR_ARG(archive->name));
    }
    TRY(folder_make(path_parent(archive->path), 0700, e));
    const char *folder = str_c(archive->arena, repository_folder(archive->arena, plane_options(archive->plane)->data, archive->repository));
    ProcessSpec spec = {.argv = archive->clone ? clone_command(archive, folder) : archive_command(archive, folder),
                        .env = ENV,
                        .input = PROCESS_NULL,
                        .output = PROCESS_PIPE,
                        .errors = PROCESS_PIPE};
    ProcessOwner owner = {.on_output = on_output, .on_exit = on_end, .context = archive};
    return process_spawn(plane_loop(archive->plane), &spec, &owner, &archive->process, e);
}

static void begin(Plane *plane, const Effect *effect, const char *revision, bool is_clone) {
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
        .commit = str_copy(arena, doc_str(doc_get(effect->arguments, revision), STR(""))),
        .clone = is_clone ? doc_copy(arena, effect->arguments) : NULL,
    };
    buf_init(&archive->output, OUTPUT_BYTES);
    buf_init(&archive->complaint, OUTPUT_BYTES);
    Error e = {0};
    Partition where = {doc_text(effect->arguments, "account"), doc_text(effect->arguments, "region")};
    if (!plane_read(plane, where, arena, find, archive, &e) || !spawn(archive, &e)) end(archive, &e);
}

static void start_archive(Plane *plane, const Effect *effect) { begin(plane, effect, "commit", false); }
static void start_clone(Plane *plane, const Effect *effect) { begin(plane, effect, "version", true); }

const EffectType GIT_ARCHIVE = {"git.archive", start_archive, .holds_clock = true};
const EffectType GIT_CLONE = {"git.clone", start_clone, .holds_clock = true};
