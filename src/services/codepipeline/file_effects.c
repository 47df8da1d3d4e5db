// What is done with the files that effects leave in DATA/effects: reading a manifest bit by bit, discarding.
#include "services/codepipeline/bundle_effects.h"

#include "formats/json.h"
#include "os/files.h"
#include "plane/endpoint.h"

enum { MANIFEST_BYTES = 64 * 1024 * 1024 };

typedef struct Task {
    LoopWork work;
    Plane *plane;
    Arena *arena;
    Str effect_id, path;
    int64_t from, most;
    Doc *files;
    bool ok;
    Error error;
} Task;

static Task *task_new(Plane *plane, const Effect *effect, const char *member) {
    Arena *arena = arena_new();
    Task *task = arena_new_of(arena, Task);
    *task = (Task){
        .work = {.context = task},
        .plane = plane,
        .arena = arena,
        .effect_id = str_copy(arena, effect->id),
        .path = str_copy(arena, doc_text(effect->arguments, member)),
        .from = doc_number(effect->arguments, "from", 0),
        .most = doc_number(effect->arguments, "most", 0),
    };
    return task;
}

static void run(Task *task, LoopFunction *work, LoopFunction *done) {
    task->work.run = work;
    task->work.done = done;
    loop_work(plane_loop(task->plane), &task->work);
}

// ---- bundle.files ----

static bool read_manifest(Task *task) {
    Str text;
    Doc *all;
    TRY(file_read(task->arena, path_join(task->arena, task->path, STR("manifest")), MANIFEST_BYTES, &text, &task->error));
    TRY(json_parse(task->arena, text, &all, &task->error));
    task->files = doc_list(task->arena);
    int64_t index = 0;
    for (const Doc *one = doc_first(all); one; one = one->next, index++) {
        if (index >= task->from && index < task->from + task->most) doc_push(task->files, doc_copy(task->arena, one));
    }
    return true;
}

static void read_part(void *context) {
    Task *task = context;
    task->ok = read_manifest(task);
}

static void tell_files(void *context) {
    Task *task = context;
    Doc *data = doc_map(task->arena);
    doc_set_bool(task->arena, data, "ok", task->ok);
    if (task->ok) doc_set(data, "files", task->files);
    if (!task->ok) doc_set_str(task->arena, data, "reason", str_of(task->error.message));
    effect_event(task->plane, task->effect_id, data, true);
    arena_free(task->arena);
}

static void start_files(Plane *plane, const Effect *effect) { run(task_new(plane, effect, "folder"), read_part, tell_files); }

const EffectType BUNDLE_FILES = {"bundle.files", start_files, .holds_clock = true};

// ---- file.discard ----

static void remove_tree(void *context) {
    const Task *task = context;
    tree_remove(task->path, NULL);
}

static void tell_removed(void *context) {
    Task *task = context;
    effect_event(task->plane, task->effect_id, NULL, true);
    arena_free(task->arena);
}

// Nothing but what effects made.
static void start_removal(Plane *plane, const Effect *effect) {
    Task *task = task_new(plane, effect, "path");
    Str effects = str_format(task->arena, "%.*s/effects/", STR_ARG(plane_options(plane)->data));
    if (str_starts(task->path, effects) && !str_contains(task->path, STR(".."))) {
        run(task, remove_tree, tell_removed);
    } else {
        tell_removed(task);
    }
}

const EffectType FILE_DISCARD = {"file.discard", start_removal, .holds_clock = false};
