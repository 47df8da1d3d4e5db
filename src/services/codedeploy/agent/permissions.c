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

static bool apply_to_all(Agent *agent, const AppSpecPermission *permission, const Vec *installed, Map *done, Error *e) {
    for (size_t i = 0; i < installed->len; i++) {
        const Installed *made = vec_at(installed, i);
        if (!concerns(permission, made)) continue;
        if (map_get(done, made->path)) {
            return fail(
                e, "UnknownError",
                "The deployment failed because the permissions setting for (%.*s) is specified more than once in the application specification file.",
                STR_ARG(made->path));
        }
        map_put(done, made->path, (void *)(uintptr_t)permission);
        TRY(apply(agent->arena, permission, made->path, e));
    }
    return true;
}

bool set_permissions(Agent *agent, const AppSpec *spec, const Vec *installed, Error *e) {
    Map *done = map_new();
    bool ok = true;
    for (size_t i = 0; ok && i < spec->permission_count; i++) ok = apply_to_all(agent, &spec->permissions[i], installed, done, e);
    map_free(done);
    return ok;
}
