// Effects on their way to the loop, and their events on the way back (plane/effects.h).
#include "plane/internal.h"

#include "formats/json.h"
#include "plane/sandboxes.h"
#include "store/key.h"

#include <assert.h>
#include <stdlib.h>

const EffectType *const EFFECT_TYPES[] = {&SANDBOX_CREATE, &SANDBOX_START, &SANDBOX_STOP, &SANDBOX_DESTROY,
                                          &SANDBOX_PORTS,  &SANDBOX_WATCH, &JOB_RUN,      &JOB_SIGNAL,
                                          &HELPER_RUN,     &FILE_READ,     NULL};

// Of an effect that an older or newer program asked for.
static void start_unknown(Plane *plane, const Effect *effect) {
    AUTO_ARENA arena = arena_new();
    Doc *data = doc_map(arena);
    doc_set_bool(arena, data, "ok", false);
    doc_set_str(arena, data, "reason", str_format(arena, "the effect %.*s is not built", STR_ARG(effect->name)));
    effect_event(plane, effect->id, data, true);
}

static const EffectType UNKNOWN = {"", start_unknown, .holds_clock = false};

static const EffectType *effect_among(const EffectType *const *types, Str name) {
    for (; types && *types; types++) {
        if (str_is(name, (*types)->name)) return *types;
    }
    return NULL;
}

static const EffectType *effect_type(Str name) {
    const EffectType *found = effect_among(EFFECT_TYPES, name);
    for (const Service *const *service = SERVICES; *service && !found; service++) found = effect_among((*service)->effects, name);
    return found ? found : &UNKNOWN;
}

static Str progress_key(Arena *arena, Str effect_id) { return KEY(arena, key_text(STR("progress")), key_text(effect_id)); }

static Doc *progress_of(Turns *turns, Str effect_id) {
    Str text;
    Doc *progress = NULL;
    if (store_get(turns->store, &ENGINE_TABLE, progress_key(turns->arena, effect_id), turns->arena, &text)) {
        json_parse(turns->arena, text, &progress, NULL);
    }
    return progress;
}

static void keep_progress(Turns *turns, Str effect_id, const Doc *data, bool final) {
    const Doc *progress = doc_get(data, "progress");
    Str key = progress_key(turns->arena, effect_id);
    if (final) {
        store_delete(turns->store, &ENGINE_TABLE, key);
    } else if (progress) {
        store_put(turns->store, &ENGINE_TABLE, key, json_write(turns->arena, progress));
    }
}

void effects_add(Turns *turns, const OutboxEntry *entry) {
    const EffectType *type = effect_type(entry->command.operation);
    Arena *arena = turns->arena;
    *(EffectStart *)vec_push(&turns->effects) = (EffectStart){
        .type = type,
        .effect =
            {
                .id = str_copy(arena, entry->id),
                .name = str_copy(arena, entry->command.operation),
                .tag = str_copy(arena, entry->command.tag),
                .where = {str_copy(arena, entry->where.account), str_copy(arena, entry->where.region)},
                .arguments = doc_copy(arena, entry->command.input),
                .progress = progress_of(turns, entry->id),
            },
    };
}

static bool look_for_holder(void *context, const OutboxEntry *entry) {
    const EffectType *type = entry->command.kind == COMMAND_EFFECT ? effect_type(entry->command.operation) : NULL;
    bool *held = context;
    *held = type && type->holds_clock;
    return !*held;
}

bool effects_hold_clock(Turns *turns) {
    bool held = false;
    outbox_engaged(turns->store, turns->arena, look_for_holder, &held);
    return held;
}

void effects_start(Plane *plane, const EffectStart *start) { start->type->start(plane, &start->effect); }

// An event on its way to the turn thread.
typedef struct EventWork {
    Work work;
    Arena *arena;
    Str effect_id;
    Doc *data;
    bool final;
    void (*committed)(const void *context);
    const void *context;
} EventWork;

static bool perform_event(Turns *turns, Work *work) {
    EventWork *event = (EventWork *)work;
    OutboxEntry entry;
    if (!outbox_find_engaged(turns->store, turns->arena, event->effect_id, &entry)) return true; // ended before: a late repetition
    turns->changed = true;
    keep_progress(turns, event->effect_id, event->data, event->final);
    if (event->final) outbox_done(turns->store, &entry);
    if (!entry.from_machine) return true;
    doc_set_str(event->arena, event->data, "tag", entry.command.tag);
    doc_set_str(event->arena, event->data, "effect", entry.command.operation);
    doc_set_str(event->arena, event->data, "id", event->effect_id);
    turns->step.hops = entry.hops;
    engine_step(&turns->step, entry.machine, &(Event){STR("effect"), event->data});
    turns->step.hops = 0;
    return true;
}

static void finish_event(Plane *plane, Work *work, const Error *failed) {
    EventWork *event = (EventWork *)work;
    if (failed && !plane->closing) { // nothing of it happened: once more, in a later turn
        plane_push(plane, work);
        return;
    }
    if (!failed && event->committed) event->committed(event->context);
    arena_free(event->arena);
}

static EventWork *event_new(Str effect_id, const Doc *data, bool final) {
    Arena *arena = arena_new();
    EventWork *event = arena_new_of(arena, EventWork);
    *event = (EventWork){
        .work = {.perform = perform_event, .finished = finish_event},
        .arena = arena,
        .effect_id = str_copy(arena, effect_id),
        .data = data ? doc_copy(arena, data) : doc_map(arena),
        .final = final,
    };
    doc_set_bool(arena, event->data, "final", final);
    return event;
}

void effect_event(Plane *plane, Str effect_id, const Doc *data, bool final) {
    if (!plane->closing) plane_push(plane, &event_new(effect_id, data, final)->work);
}

void effect_event_then(Plane *plane, Str effect_id, const Doc *data, void (*committed)(const void *context), const void *context,
                       size_t context_bytes) {
    if (plane->closing) return;
    EventWork *event = event_new(effect_id, data, false);
    event->committed = committed;
    event->context = arena_copy(event->arena, context, context_bytes);
    plane_push(plane, &event->work);
}

// ---- What holds the clock ----

typedef struct Listing {
    Arena *arena;
    Doc *list;
} Listing;

// "codebuild.build my-project:3f1c…": the machine that waits, by its document.
static Str for_whom(Arena *arena, const OutboxEntry *entry) {
    if (!entry->from_machine || !entry->machine.type) return entry->origin;
    return str_cat(arena, str_of(entry->machine.type->name), str_cat(arena, STR(" "), entry->machine.id));
}

static bool list_holder(void *context, const OutboxEntry *entry) {
    Listing *listing = context;
    const EffectType *type = entry->command.kind == COMMAND_EFFECT ? effect_type(entry->command.operation) : NULL;
    if (!type || !type->holds_clock) return true;
    Doc *one = doc_map(listing->arena);
    doc_set_str(listing->arena, one, "what", entry->command.operation);
    doc_set_str(listing->arena, one, "for", for_whom(listing->arena, entry));
    doc_set_str(listing->arena, one, "id", entry->id);
    doc_push(listing->list, one);
    return true;
}

Doc *effects_under_way(Turns *turns, Arena *arena) {
    Listing listing = {arena, doc_list(arena)};
    outbox_engaged(turns->store, arena, list_holder, &listing);
    return listing.list;
}
