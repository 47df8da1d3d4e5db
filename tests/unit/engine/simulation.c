#include "engine/simulation.h"

#include "base/vec.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHOICES = 64, CRASH_ONE_IN = 12, STRANGE_ONE_IN = 10, EARLY_TIMER_ONE_IN = 12, LATE_MS = 5 };

static const StoreTable *const TABLES[] = {&DOCUMENT_TABLE, &DOCUMENT_INDEX_TABLE, &OUTBOX_TABLE, &TIMER_TABLE, &TIMER_DUE_TABLE, &ENGINE_TABLE};

typedef struct EffectAt {
    Str id;
    size_t told; // events
} EffectAt;

struct Simulation {
    const SimulatedWorld *world;
    Arena *arena, *turn;
    Store *store;
    Str folder;
    IdSource chance;
    int64_t now_ms;
    Vec effects; // EffectAt
};

static void must(bool done, const Error *e) {
    if (done) return;
    fprintf(stderr, "simulation: %s\n", e->message);
    abort();
}

static void open_store(Simulation *simulation) {
    Error e = {0};
    must(store_open(simulation->folder, STORE_WRITER, TABLES, sizeof TABLES / sizeof *TABLES, &simulation->store, &e), &e);
    store_begin(simulation->store);
}

Simulation *simulation_new(const SimulatedWorld *world, uint64_t seed) {
    Arena *arena = arena_new();
    Simulation *simulation = arena_new_of(arena, Simulation);
    *simulation = (Simulation){.world = world, .arena = arena, .turn = arena_new(), .now_ms = 1700000000000, .effects = vec_of(arena, EffectAt)};
    id_source_seed(&simulation->chance, seed, 0);
    size_t types = 0;
    while (world->types[types]) types++;
    engine_register(world->types, types);
    char *name = str_c(arena, folder_exists(STR("/dev/shm")) ? STR("/dev/shm/rehearse-simulation-XXXXXX") : STR("/tmp/rehearse-simulation-XXXXXX"));
    if (!mkdtemp(name)) abort();
    simulation->folder = str_of(name);
    open_store(simulation);
    return simulation;
}

void simulation_free(Simulation *simulation) {
    store_close(simulation->store);
    tree_remove(simulation->folder, NULL);
    arena_free(simulation->turn);
    arena_free(simulation->arena);
}

Store *simulation_store(Simulation *simulation) { return simulation->store; }
Arena *simulation_arena(Simulation *simulation) { return simulation->arena; }
int64_t simulation_now(const Simulation *simulation) { return simulation->now_ms; }

static bool one_in(Simulation *simulation, uint64_t n) { return id_u64(&simulation->chance) % n == 0; }

static StepContext context_of(Simulation *simulation) {
    return (StepContext){.store = simulation->store, .arena = simulation->turn, .now_ms = simulation->now_ms};
}

static void commit(Simulation *simulation) {
    Error e = {0};
    must(store_commit(simulation->store, &e), &e);
    store_begin(simulation->store);
    if (simulation->world->check) simulation->world->check(simulation->world->context, simulation);
}

// ---- What can happen ----

static EffectAt *effect_at(Simulation *simulation, Str id) {
    for (size_t i = 0; i < simulation->effects.len; i++) {
        EffectAt *at = vec_at(&simulation->effects, i);
        if (str_eq(at->id, id)) return at;
    }
    EffectAt *at = vec_push(&simulation->effects);
    at->id = str_copy(simulation->arena, id);
    return at;
}

static void reply(Simulation *simulation, const OutboxEntry *entry) {
    StepContext context = context_of(simulation);
    Arena *arena = simulation->turn;
    Doc *data = doc_map(arena), *output = NULL, *error = doc_map(arena);
    Error e = {0};
    bool ok = simulation->world->answer(simulation->world->context, entry, arena, &output, &e);
    doc_set_bool(arena, data, "ok", ok);
    doc_set_str(arena, data, "tag", entry->command.tag);
    doc_set_str(arena, error, "code", str_copy(arena, str_of(e.code)));
    doc_set_str(arena, error, "message", str_copy(arena, str_of(e.message)));
    doc_set(data, ok ? "output" : "error", ok ? (output ? output : doc_map(arena)) : error);
    outbox_done(simulation->store, entry);
    if (entry->from_machine) engine_step(&context, entry->machine, &(Event){STR("reply"), data});
}

static void carry_out(Simulation *simulation, OutboxEntry *entry) {
    StepContext context = context_of(simulation);
    switch (entry->command.kind) {
    case COMMAND_CALL: reply(simulation, entry); break;
    case COMMAND_EFFECT: outbox_engage(simulation->store, simulation->turn, entry); break;
    case COMMAND_SEND:
        outbox_done(simulation->store, entry);
        engine_step(&context, (MachineAddress){entry->where, entry->command.type, entry->command.id},
                    &(Event){entry->command.operation, entry->command.input});
        break;
    default: outbox_done(simulation->store, entry);
    }
}

// Order is kept per origin, and free among origins.
static size_t firsts_of_origins(Simulation *simulation, OutboxEntry *entries) {
    size_t count = outbox_next(simulation->store, simulation->turn, simulation->now_ms, entries, CHOICES), kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool first = true;
        for (size_t j = 0; j < kept; j++) first = first && !str_eq(entries[j].origin, entries[i].origin);
        if (first) entries[kept++] = entries[i];
    }
    return kept;
}

typedef struct Engaged {
    OutboxEntry *entries;
    size_t count;
} Engaged;

static bool note_engaged(void *context, const OutboxEntry *entry) {
    Engaged *engaged = context;
    engaged->entries[engaged->count++] = *entry;
    return engaged->count < CHOICES;
}

static void tell_effect(Simulation *simulation, const OutboxEntry *entry) {
    StepContext context = context_of(simulation);
    EffectAt *at = effect_at(simulation, entry->id);
    bool final = true;
    Doc *data = simulation->world->effect(simulation->world->context, entry, at->told, simulation->turn, &final);
    doc_set_str(simulation->turn, data, "tag", entry->command.tag);
    doc_set_str(simulation->turn, data, "effect", entry->command.operation);
    doc_set_str(simulation->turn, data, "id", entry->id);
    doc_set_bool(simulation->turn, data, "final", final);
    if (final) outbox_done(simulation->store, entry);
    if (entry->from_machine) engine_step(&context, entry->machine, &(Event){STR("effect"), data});
}

// What comes due next by itself.
static bool next_timer(Simulation *simulation, Timer *out) {
    Timer outer;
    bool found = timer_next(simulation->store, simulation->turn, TIMER_WAIT, out);
    if (!simulation->world->outer_timers_come || !timer_next(simulation->store, simulation->turn, TIMER_OUTER, &outer)) return found;
    if (!found || outer.due_ms < out->due_ms) *out = outer;
    return true;
}

// Timers come a little late, as they do.
static bool fire_timer(Simulation *simulation) {
    Timer timer, due;
    if (!next_timer(simulation, &timer)) return false;
    if (timer.due_ms > simulation->now_ms) simulation->now_ms = timer.due_ms + (int64_t)(id_u64(&simulation->chance) % LATE_MS);
    StepContext context = context_of(simulation);
    if (timer_next_due(simulation->store, simulation->turn, simulation->now_ms, &due)) timer_fire(&context, &due);
    return true;
}

typedef struct Strange {
    Simulation *simulation;
    const DocumentType *type;
    size_t skip;
} Strange;

static bool send_strange(void *context, Partition where, Str id, const Doc *doc) {
    Strange *strange = context;
    if (strange->skip--) return true;
    Simulation *simulation = strange->simulation;
    StepContext step = context_of(simulation);
    Doc *data = doc_map(simulation->turn), *after;
    doc_set_str(simulation->turn, data, "tag", STR("a tag that nobody gave"));
    doc_set_str(simulation->turn, data, "name", STR("a timer that nobody set"));
    doc_set_bool(simulation->turn, data, "ok", true);
    static const char *const kinds[] = {"unheard-of", "reply", "effect", "timer"};
    engine_step(&step, (MachineAddress){where, strange->type, id}, &(Event){str_of(kinds[id_u64(&simulation->chance) % 4]), data});
    bool kept = document_get(simulation->store, where, strange->type, id, simulation->turn, &after) && doc_equal(doc, after);
    Error e;
    fail(&e, "changed", "%s %.*s was changed by an event that it cannot know", strange->type->name, STR_ARG(id));
    must(kept, &e);
    return false;
}

static void be_strange(Simulation *simulation) {
    for (const DocumentType *const *type = simulation->world->types; *type; type++) {
        if (!(*type)->machine) continue;
        Strange strange = {simulation, *type, id_u64(&simulation->chance) % 3};
        document_each(simulation->store, *type, simulation->turn, send_strange, &strange);
    }
}

// ---- Running ----

// One thing happens, unless nothing can.
static bool happen(Simulation *simulation, Str *told) {
    OutboxEntry entries[CHOICES], effects[CHOICES];
    Engaged engaged = {.entries = effects};
    size_t queued = firsts_of_origins(simulation, entries);
    if (simulation->world->effect) outbox_engaged(simulation->store, simulation->turn, note_engaged, &engaged);
    size_t choices = queued + engaged.count;
    if (choices == 0 || one_in(simulation, EARLY_TIMER_ONE_IN)) {
        bool fired = fire_timer(simulation);
        if (fired || choices == 0) return fired;
    }
    size_t chosen = id_u64(&simulation->chance) % choices;
    if (chosen < queued) {
        carry_out(simulation, &entries[chosen]);
    } else {
        tell_effect(simulation, &effects[chosen - queued]);
        *told = effects[chosen - queued].id;
    }
    return true;
}

static void crash(Simulation *simulation) {
    store_close(simulation->store);
    open_store(simulation);
}

bool simulation_run(Simulation *simulation, size_t most) {
    for (size_t i = 0; i < most; i++) {
        arena_reset(simulation->turn);
        Str told = STR_NONE;
        if (!happen(simulation, &told)) return true;
        if (one_in(simulation, STRANGE_ONE_IN)) be_strange(simulation);
        if (one_in(simulation, CRASH_ONE_IN)) {
            crash(simulation);
            continue;
        }
        if (told.at) effect_at(simulation, told)->told++;
        commit(simulation);
    }
    return false;
}

void simulation_send(Simulation *simulation, Partition where, const DocumentType *type, Str id, const char *kind, Doc *data) {
    arena_reset(simulation->turn);
    StepContext context = context_of(simulation);
    engine_step(&context, (MachineAddress){where, type, id}, &(Event){str_of(kind), data});
    commit(simulation);
}

Doc *simulation_document(Simulation *simulation, Partition where, const DocumentType *type, Str id) {
    Doc *doc = NULL;
    document_get(simulation->store, where, type, id, simulation->arena, &doc);
    return doc;
}
