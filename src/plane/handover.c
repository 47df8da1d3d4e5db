// From the turn thread back to the loop: after the commit, what the turn finished travels as one parcel. The loop then answers the clients, starts the
// effects, deletes files that nothing refers to any more, and takes the new snapshot.
#include "plane/internal.h"

#include "base/log.h"
#include "os/files.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Parcel {
    QueueItem item; // first
    Arena *arena; // of the turn
    Vec finished, effects, files;
    bool failed;
    Error error;
    Snapshot *snapshot; // NULL: nothing changed
} Parcel;

static Snapshot *snapshot_new(Turns *turns) {
    Snapshot *snapshot = malloc(sizeof *snapshot);
    if (!snapshot) abort();
    *snapshot = (Snapshot){.clock = turns->clock, .identity = directory_snapshot(turns->directory)};
    if (snapshot->identity) return snapshot;
    log_error("users and roles could not be read: the next turn tries again");
    turns->snapshot_due = true;
    free(snapshot);
    return NULL;
}

void handover_turn(Turns *turns, const Error *failed) {
    Parcel *parcel = arena_new_of(turns->arena, Parcel);
    *parcel = (Parcel){
        .arena = turns->arena,
        .finished = turns->finished,
        .effects = turns->effects,
        .files = turns->files,
        .failed = failed != NULL,
        .snapshot = !failed && turns->changed ? snapshot_new(turns) : NULL,
    };
    if (failed) parcel->error = *failed;
    bool empty = parcel->finished.len == 0 && parcel->effects.len == 0 && parcel->files.len == 0 && !parcel->snapshot;
    if (empty) {
        arena_free(parcel->arena);
    } else {
        plane_take_back(turns->plane, &parcel->item);
    }
}

// Removing a large file takes long: on the pool. The arena of the turn goes with it.
typedef struct Removal {
    LoopWork work;
    Arena *arena;
    Vec files;
} Removal;

static void remove_files(void *context) {
    Removal *removal = context;
    for (size_t i = 0; i < removal->files.len; i++) {
        Str path = vec_get(&removal->files, Str, i);
        if (unlink(str_c(removal->arena, path)) == 0 || (errno == EISDIR && tree_remove(path, NULL))) continue;
        log_debug("%.*s is gone already", STR_ARG(path));
    }
}

static void removed_files(void *context) { arena_free(((Removal *)context)->arena); }

static void remove_later(Plane *plane, Parcel *parcel) {
    Removal *removal = arena_new_of(parcel->arena, Removal);
    *removal = (Removal){.arena = parcel->arena, .files = parcel->files};
    removal->work = (LoopWork){.run = remove_files, .done = removed_files, .context = removal};
    loop_work(plane->loop, &removal->work);
}

static void unpack(Plane *plane, Parcel *parcel) {
    if (parcel->snapshot) plane_set_snapshot(plane, parcel->snapshot);
    for (size_t i = 0; i < parcel->finished.len; i++) {
        Work *work = vec_get(&parcel->finished, Work *, i);
        work->finished(plane, work, parcel->failed ? &parcel->error : NULL);
    }
    bool starts = !parcel->failed && !plane->closing; // else at the next start
    for (size_t i = 0; starts && i < parcel->effects.len; i++) effects_start(plane, vec_at(&parcel->effects, i));
    if (!parcel->failed && parcel->files.len) {
        remove_later(plane, parcel);
    } else {
        arena_free(parcel->arena);
    }
}

void handover_unpack(Plane *plane, QueueItem *parcels) {
    for (QueueItem *next; parcels; parcels = next) {
        next = parcels->next;
        unpack(plane, (Parcel *)parcels);
    }
}
