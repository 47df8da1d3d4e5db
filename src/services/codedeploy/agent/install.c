// Install: removes what the last Install made, then copies the files that the AppSpec names. Nothing is copied when one of them may not be.
//
// What is made is written to the cleanup file before it is made: an Install that breaks off leaves nothing behind that the next one would not remove.
#include "services/codedeploy/agent/agent.h"

#include "base/map.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLEANUP_BYTES = 64 * 1024 * 1024 };

typedef struct Copy {
    Str from, to;
} Copy;

typedef struct Plan {
    Agent *agent;
    FileExists behavior;
    Vec installed; // Installed: folders to be made and files to be copied, in order
    Vec sources; // Str, of each of `installed`; STR_NONE for folders
    Map *seen; // destination → source
} Plan;

static Str cleanup_path(Agent *agent) {
    return path_join(agent->arena, agent->instructions, str_cat(agent->arena, agent->group_id, STR("-cleanup")));
}

// ---- What the last one made ----

static void remove_made(Str path) {
    struct stat about;
    if (str_is_none(path) || lstat(path.at, &about) != 0) return;
    if (S_ISDIR(about.st_mode)) {
        rmdir(path.at); // only when it is empty
    } else {
        unlink(path.at);
    }
}

static bool clean_up(Agent *agent, Error *e) {
    Str text, file = cleanup_path(agent);
    if (!file_exists(file)) return true;
    TRY(file_read(agent->arena, file, CLEANUP_BYTES, &text, e));
    Vec paths = vec_of(agent->arena, Str);
    while (text.len) vec_add(&paths, Str, str_cut(&text, '\0'));
    for (size_t i = paths.len; i > 0; i--) remove_made(vec_get(&paths, Str, i - 1));
    return file_remove(file, e);
}

// ---- The plan ----

static void add(Plan *plan, Str path, Str source) {
    vec_add(&plan->installed, Installed, ((Installed){path, str_is_none(source)}));
    vec_add(&plan->sources, Str, source);
}

static bool is_folder(Str path) {
    struct stat about;
    return !str_is_none(path) && lstat(path.at, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool add_folder(Plan *plan, Str path, Error *e) {
    const char *other = map_get(plan->seen, path);
    if (folder_exists(path) || (other && !*other)) return true;
    if (other) {
        return fail(
            e, "UnknownError",
            "The deployment failed because the application specification file includes an mkdir command more than once for the same destination "
            "path (%.*s) from (%s). Update the files section of the AppSpec file, and then try again.",
            STR_ARG(path), other);
    }
    if (file_exists(path)) {
        return fail(e, "UnknownError", "The deployment failed because a specified file already exists at this location: %.*s.", STR_ARG(path));
    }
    TRY(add_folder(plan, path_parent(path), e));
    map_put(plan->seen, path, (void *)(uintptr_t) "");
    add(plan, str_of(str_c(plan->agent->arena, path)), STR_NONE);
    return true;
}

static bool is_free(const Plan *plan, Str from, Str to, Error *e) {
    const char *other = map_get(plan->seen, to);
    if (!other) return true;
    if (*other) {
        return fail(e, "UnknownError",
                    "The deployment failed because the application specification file specifies two source files named %.*s and %s for the same "
                    "destination (%.*s). Remove one of the source file paths from the AppSpec file, and then try again.",
                    STR_ARG(from), other, STR_ARG(to));
    }
    return fail(
        e, "UnknownError",
        "The deployment failed because the application specification file calls for installing the file %.*s, but a file with that name already "
        "exists at the location (%.*s). Update your AppSpec file or directory structure, and then try again.",
        STR_ARG(from), STR_ARG(to));
}

static bool add_file(Plan *plan, Str from, Str to, Error *e) {
    TRY(is_free(plan, from, to, e));
    bool exists = file_exists(to);
    if (exists && plan->behavior == FILE_EXISTS_RETAIN) return true;
    if (exists && plan->behavior != FILE_EXISTS_OVERWRITE) {
        return fail(e, "UnknownError", "The deployment failed because a specified file already exists at this location: %.*s", STR_ARG(to));
    }
    map_put(plan->seen, to, str_c(plan->agent->arena, from));
    add(plan, to, from);
    return true;
}

static bool add_tree(Plan *plan, Str from, Str to, Error *e) {
    Arena *arena = plan->agent->arena;
    Str *names;
    size_t count;
    TRY(add_folder(plan, to, e));
    TRY(folder_list(arena, from, &names, &count, e));
    for (size_t i = 0; i < count; i++) {
        Str source = path_join(arena, from, names[i]), target = path_join(arena, to, names[i]);
        TRY(is_folder(source) ? add_tree(plan, source, target, e) : add_file(plan, source, target, e));
    }
    return true;
}

static bool add_entry(Plan *plan, const AppSpecFile *file, Error *e) {
    Arena *arena = plan->agent->arena;
    Str relative = file->source;
    while (str_starts(relative, STR("/"))) relative = str_from(relative, 1);
    Str source = relative.len ? path_join(arena, plan->agent->archive, relative) : plan->agent->archive;
    source = str_strip_suffix(source, STR("/"));
    source = str_of(str_c(arena, source));
    if (!file_exists(source)) return fail(e, "UnknownError", "No such file or directory @ rb_sysopen - %.*s", STR_ARG(source));
    if (is_folder(source)) return add_tree(plan, source, file->destination, e);
    TRY(add_folder(plan, file->destination, e));
    return add_file(plan, source, path_join(arena, file->destination, path_name(source)), e);
}

// ---- Doing it ----

static bool copy_link(Arena *arena, Str from, Str to, Error *e) {
    char target[4096];
    ssize_t len = readlink(from.at, target, sizeof target - 1);
    if (len < 0) return fail_errno(e, errno, "%.*s", STR_ARG(from));
    target[len] = 0;
    TRY(file_remove(to, e));
    return symlink(target, to.at) == 0 || fail_errno(e, errno, "%.*s", STR_ARG(to));
}

static bool copy_file(Arena *arena, Str from, Str to, Error *e) {
    struct stat about;
    if (lstat(from.at, &about) != 0) return fail_errno(e, errno, "%.*s", STR_ARG(from));
    if (S_ISLNK(about.st_mode)) return copy_link(arena, from, to, e);
    TRY(file_copy(from, to, e));
    const struct timespec times[] = {about.st_atim, about.st_mtim};
    return utimensat(AT_FDCWD, to.at, times, 0) == 0 || fail_errno(e, errno, "%.*s", STR_ARG(to));
}

static bool make(Plan *plan, size_t index, int cleanup, Error *e) {
    const Installed *made = vec_at(&plan->installed, index);
    TRY(file_write_fd(cleanup, (Str){made->path.at, made->path.len + 1}, e)); // with its NUL
    if (made->is_folder) return folder_make(made->path, 0755, e);
    return copy_file(plan->agent->arena, vec_get(&plan->sources, Str, index), made->path, e);
}

static bool carry_out(Plan *plan, Error *e) {
    AUTO_FD cleanup = -1;
    TRY(file_open(cleanup_path(plan->agent), O_WRONLY | O_CREAT | O_TRUNC, 0644, &cleanup, e));
    for (size_t i = 0; i < plan->installed.len; i++) TRY(make(plan, i, cleanup, e));
    return true;
}

// What the AppSpec says goes before what the deployment says.
static FileExists behavior_of(const Agent *agent, const AppSpec *spec) {
    Str said = doc_text(agent->job, "fileExists");
    if (spec->file_exists != FILE_EXISTS_UNSAID) return spec->file_exists;
    return str_is(said, "OVERWRITE") ? FILE_EXISTS_OVERWRITE : str_is(said, "RETAIN") ? FILE_EXISTS_RETAIN : FILE_EXISTS_DISALLOW;
}

bool install(Agent *agent, Error *e) {
    AppSpec spec;
    Plan plan = {.agent = agent, .installed = vec_of(agent->arena, Installed), .sources = vec_of(agent->arena, Str)};
    TRY(read_appspec(agent, agent->deployment_folder, &spec, e));
    if (spec.unknown_events.len) {
        return fail(e, "UnknownError", "appspec.yml file contains unknown lifecycle events: [%.*s]", STR_ARG(spec.unknown_events));
    }
    TRY(clean_up(agent, e));
    plan.behavior = behavior_of(agent, &spec);
    plan.seen = map_new();
    bool ok = true;
    for (size_t i = 0; ok && i < spec.file_count; i++) ok = add_entry(&plan, &spec.files[i], e);
    map_free(plan.seen);
    return ok && check_permissions(agent, &spec, &plan.installed, e) && carry_out(&plan, e) && set_permissions(agent, &spec, &plan.installed, e);
}
