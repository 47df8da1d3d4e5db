// Effects: what the plane does outside its database on behalf of machines: sandboxes, jobs in them, git repositories, HTTP to users' servers.
//
// An effect is started on the loop after the commit that asked for it, and again after each restart of the server until it has ended: starting must therefore
// find again what already runs, by the effect's id (unique for ever, made of [A-Za-z0-9._-] only, usable as a file name). Its progress and its end are
// events "effect" for the machine that asked: data {"tag", "effect", "id", …}. Only the last one has "final": true, and it deletes the command. An event may
// carry "progress" (offsets read so far): it is kept in the same transaction and given to `start` after a restart.
#pragma once

#include "plane/service.h"

typedef struct Plane Plane; // plane/plane.h: the loop side

typedef struct Effect {
    Str id, name, tag;
    Partition where;
    const Doc *arguments;
    const Doc *progress; // what the last delivered event carried as "progress", when it is started again; NULL: from the beginning
} Effect;

typedef struct EffectType {
    const char *name; // "job.run"
    void (*start)(Plane *plane, const Effect *effect); // on the loop; must not block; the slices live during the call only
    bool holds_clock; // a jumping clock stands still until it ends
} EffectType;

extern const EffectType *const EFFECT_TYPES[]; // the plane's own; services have theirs in their tables; ends with NULL

// From the loop: hands an event to the machine that asked for the effect. `data` is copied. Delivered in the order of these calls. Nothing is told when the plane
// closes: the effect is under way until its last event is committed, and starts again with the plane.
void effect_event(Plane *plane, Str effect_id, const Doc *data, bool final);
// One that is not the last: after the commit `committed` runs on the loop, with a copy of `context`, so that what the event tells may be forgotten outside.
void effect_event_then(Plane *plane, Str effect_id, const Doc *data, void (*committed)(const void *context), const void *context,
                       size_t context_bytes);
