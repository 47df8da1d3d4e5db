// Pushes that outlive the server. Whoever receives a push holds a shared lock on DATA/git/pushes until the last of its processes has ended. A server that finds the
// lock held when it starts compares the refs again once it is free: what those pushes moved in the meantime is published then.
#include "services/codecommit/codecommit.h"

#include "base/log.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

enum { LOOK_AGAIN_MS = 50 };

static bool open_lock(Arena *arena, Str data, int *fd, Error *e) {
    return file_open(path_join(arena, data, STR("git/pushes")), O_RDWR | O_CREAT, 0600, fd, e); // the folder is there with the first repository
}

bool push_begin(Arena *arena, Str data, int *held, Error *e) {
    AUTO_FD fd = -1;
    TRY(open_lock(arena, data, &fd, e));
    if (flock(fd, LOCK_SH) < 0) return fail_errno(e, errno, "the lock of pushes");
    *held = fd;
    fd = -1;
    return true;
}

static bool any_under_way(Arena *arena, Str data) {
    AUTO_FD fd = -1;
    if (!file_exists(path_join(arena, data, STR("git/pushes")))) return false;
    return open_lock(arena, data, &fd, NULL) && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

void pushes_follow(Turn *turn) {
    if (any_under_way(turn_arena(turn), turn_data_folder(turn))) turn_effect(turn, "git.await", doc_map(turn_arena(turn)));
}

// ---- The effect git.await {}: when no push of an earlier server is under way any more, the refs are followed ----

typedef struct Await {
    Plane *plane;
    Arena *arena;
    Partition where;
    Str effect_id;
} Await;

static void followed(Plane *plane, void *context, const Error *failed);

static bool follow(Turn *turn, void *context) {
    (void)context;
    refs_follow_all(turn);
    return true;
}

static void look(void *context) {
    Await *await = context;
    AUTO_ARENA arena = arena_new();
    if (any_under_way(arena, plane_options(await->plane)->data)) {
        plane_later(await->plane, LOOK_AGAIN_MS, look, await, await->arena);
    } else {
        plane_in_turn(await->plane, await->where, follow, followed, await);
    }
}

static void followed(Plane *plane, void *context, const Error *failed) {
    Await *await = context;
    if (failed) {
        plane_later(plane, LOOK_AGAIN_MS, look, await, await->arena);
        return;
    }
    effect_event(plane, await->effect_id, NULL, true);
    arena_free(await->arena);
}

static void start(Plane *plane, const Effect *effect) {
    Arena *arena = arena_new();
    Await *await = arena_new_of(arena, Await);
    *await = (Await){.plane = plane, .arena = arena, .effect_id = str_copy(arena, effect->id)};
    await->where = (Partition){str_copy(arena, effect->where.account), str_copy(arena, effect->where.region)};
    log_info("a push that an earlier server began is still under way");
    look(await);
}

const EffectType GIT_AWAIT = {"git.await", start, .holds_clock = false};
