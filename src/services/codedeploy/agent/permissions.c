// The permissions section: of what this Install has made, and of nothing else.
#include "services/codedeploy/agent/agent.h"

#include "base/map.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool find_user(Arena *arena, Str name, uid_t *out, Error *e) {
    int64_t number;
    const struct passwd *user = getpwnam(str_c(arena, name));
    if (!user && !str_to_int(name, &number)) return fail(e, "UnknownError", "can't find user for %.*s", STR_ARG(name));
    *out = user ? user->pw_uid : (uid_t)number;
    return true;
}

static bool find_group(Arena *arena, Str name, gid_t *out, Error *e) {
    int64_t number;
    const struct group *group = getgrnam(str_c(arena, name));
    if (!group && !str_to_int(name, &number)) return fail(e, "UnknownError", "can't find group for %.*s", STR_ARG(name));
    *out = group ? group->gr_gid : (gid_t)number;
    return true;
}

// The owner first: chown takes away setuid.
static bool apply(Arena *arena, const AppSpecPermission *permission, Str path, Error *e) {
    uid_t user = (uid_t)-1;
    gid_t group = (gid_t)-1;
    if (permission->owner.len) TRY(find_user(arena, permission->owner, &user, e));
    if (permission->group.len) TRY(find_group(arena, permission->group, &group, e));
    if (lchown(path.at, user, group) != 0) return fail_errno(e, errno, "%.*s", STR_ARG(path));
    return permission->mode < 0 || chmod(path.at, (mode_t)permission->mode) == 0 || fail_errno(e, errno, "%.*s", STR_ARG(path));
}

// The object itself when it is a file, what lies below it when it is a folder.
static bool concerns(const AppSpecPermission *permission, const Installed *made) {
    Str object = str_strip_suffix(permission->object, STR("/"));
    if (made->is_folder ? !permission->for_folders : !permission->for_files) return false;
    if (str_eq(made->path, object)) return !made->is_folder;
    if (!str_starts(made->path, object)) return false;
    Str below = str_from(made->path, object.len);
    return str_starts(below, STR("/")) && appspec_permission_concerns(permission, str_from(below, 1));
}

// ["a", "b"]
static Str quoted(Arena *arena, StrList list) {
    Str text = STR("[");
    for (size_t i = 0; i < list.count; i++) text = str_format(arena, "%.*s%s\"%.*s\"", STR_ARG(text), i ? ", " : "", STR_ARG(list.at[i]));
    return str_cat(arena, text, STR("]"));
}

// A pattern says nothing of an object that is itself a file.
static bool check_file(Arena *arena, const AppSpecPermission *permission, Error *e) {
    if (!str_is(permission->pattern, "**")) {
        return fail(
            e, "UnknownError",
            "The deployment failed because the application specification file includes an object (%.*s) with an invalid pattern (%.*s), such as a "
            "pattern for a file applied to a directory. Correct the permissions section of the AppSpec file, and then try again.",
            STR_ARG(permission->object), STR_ARG(permission->pattern));
    }
    if (!permission->except.count) return true;
    return fail(
        e, "UnknownError",
        "The deployment failed because the except parameter for a pattern in the permissions section (%.*s) for the object named %.*s contains an "
        "invalid format. Update the AppSpec file, and then try again.",
        STR_ARG(quoted(arena, permission->except)), STR_ARG(permission->object));
}

static bool check_one(Agent *agent, const AppSpecPermission *permission, const Installed *made, Map *seen, Error *e) {
    if (str_eq(made->path, str_strip_suffix(permission->object, STR("/")))) TRY(check_file(agent->arena, permission, e));
    if (map_get(seen, made->path)) {
        return fail(
            e, "UnknownError",
            "The deployment failed because the permissions setting for (%.*s) is specified more than once in the application specification file. "
            "Update the files section of the AppSpec file, and then try again.",
            STR_ARG(made->path));
    }
    map_put(seen, made->path, (void *)(uintptr_t)permission);
    return true;
}

bool check_permissions(Agent *agent, const AppSpec *spec, const Vec *installed, Error *e) {
    Map *seen = map_new();
    bool ok = true;
    for (size_t i = 0; ok && i < spec->permission_count; i++) {
        for (size_t j = 0; ok && j < installed->len; j++) {
            const Installed *made = vec_at(installed, j);
            ok = !concerns(&spec->permissions[i], made) || check_one(agent, &spec->permissions[i], made, seen, e);
        }
    }
    map_free(seen);
    return ok;
}

bool set_permissions(Agent *agent, const AppSpec *spec, const Vec *installed, Error *e) {
    for (size_t i = 0; i < spec->permission_count; i++) {
        for (size_t j = 0; j < installed->len; j++) {
            const Installed *made = vec_at(installed, j);
            if (concerns(&spec->permissions[i], made)) TRY(apply(agent->arena, &spec->permissions[i], made->path, e));
        }
    }
    return true;
}
