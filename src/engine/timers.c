#include "engine/timers.h"

#include "base/limits.h"
#include "base/vec.h"
#include "store/key.h"

const StoreTable TIMER_TABLE = {.name = "timers"};
const StoreTable TIMER_DUE_TABLE = {.name = "timers_due"};

static Str machine_key(Arena *arena, MachineAddress machine) {
    return KEY(arena, key_text(machine.where.account), key_text(machine.where.region), key_text(str_of(machine.type->name)), key_text(machine.id));
}

static Str timer_key(Arena *arena, MachineAddress machine, Str name) {
    return str_cat(arena, machine_key(arena, machine), KEY(arena, key_text(name)));
}

static Str due_key(Arena *arena, const Timer *timer) {
    Str head = KEY(arena, key_number((uint64_t)timer->kind), key_signed(timer->due_ms));
    return str_cat(arena, head, timer_key(arena, timer->machine, timer->name));
}

static void remove_due(Store *store, Arena *arena, MachineAddress machine, Str name, Str value) {
    Timer old = {.machine = machine, .name = name};
    uint64_t kind;
    if (!key_take_number(&value, &kind) || !key_take_signed(&value, &old.due_ms)) return;
    old.kind = (TimerKind)kind;
    store_delete(store, &TIMER_DUE_TABLE, due_key(arena, &old));
}

void timer_cancel(Store *store, Arena *arena, MachineAddress machine, Str name) {
    Str key = timer_key(arena, machine, name), value;
    if (!store_get(store, &TIMER_TABLE, key, arena, &value)) return;
    remove_due(store, arena, machine, name, value);
    store_delete(store, &TIMER_TABLE, key);
}

void timer_set(Store *store, Arena *arena, const Timer *timer) {
    timer_cancel(store, arena, timer->machine, timer->name);
    Str value = KEY(arena, key_number((uint64_t)timer->kind), key_signed(timer->due_ms));
    store_put(store, &TIMER_TABLE, timer_key(arena, timer->machine, timer->name), value);
    store_put(store, &TIMER_DUE_TABLE, due_key(arena, timer), STR(""));
}

typedef struct CancelAll {
    Store *store;
    Arena *arena;
    MachineAddress machine;
    size_t base_bytes;
} CancelAll;

static bool cancel_one(void *context, Str key, Str value) {
    CancelAll *all = context;
    Str rest = str_from(key, all->base_bytes), name;
    if (key_take_text(all->arena, &rest, &name)) remove_due(all->store, all->arena, all->machine, name, value);
    store_delete(all->store, &TIMER_TABLE, key);
    return true;
}

void timers_cancel_all(Store *store, Arena *arena, MachineAddress machine) {
    Str base = machine_key(arena, machine);
    CancelAll all = {store, arena, machine, base.len};
    store_scan(store, &TIMER_TABLE, (StoreRange){.from = base, .before = key_after_prefix(arena, base)}, cancel_one, &all);
}

// ---- Asking ----

static bool read_due(Arena *arena, Str key, Timer *out) {
    uint64_t kind;
    Str type;
    bool whole = key_take_number(&key, &kind) && key_take_signed(&key, &out->due_ms) && key_take_text(arena, &key, &out->machine.where.account) &&
                 key_take_text(arena, &key, &out->machine.where.region) && key_take_text(arena, &key, &type) &&
                 key_take_text(arena, &key, &out->machine.id) && key_take_text(arena, &key, &out->name);
    if (!whole) return false;
    out->kind = (TimerKind)kind;
    out->machine.type = engine_type(type);
    return out->machine.type != NULL;
}

typedef struct First {
    Arena *arena;
    Timer *out;
    bool found;
} First;

static bool take_first(void *context, Str key, Str value) {
    First *first = context;
    first->found = read_due(first->arena, key, first->out);
    return !first->found;
}

bool timer_next(Store *store, Arena *arena, TimerKind kind, Timer *out) {
    First first = {.arena = arena, .out = out};
    Str from = KEY(arena, key_number((uint64_t)kind));
    store_scan(store, &TIMER_DUE_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, take_first, &first);
    return first.found;
}

bool timer_next_due(Store *store, Arena *arena, int64_t now_ms, Timer *out) {
    bool found = false;
    for (TimerKind kind = TIMER_WAIT; kind <= TIMER_OUTER; kind++) {
        Timer timer;
        if (!timer_next(store, arena, kind, &timer) || timer.due_ms > now_ms) continue;
        if (!found || timer.due_ms < out->due_ms) *out = timer;
        found = true;
    }
    return found;
}

bool timer_fire(StepContext *context, const Timer *timer) {
    timer_cancel(context->store, context->arena, timer->machine, timer->name);
    Doc *data = doc_map(context->arena);
    doc_set_str(context->arena, data, "name", timer->name);
    doc_set_int(context->arena, data, "dueMs", timer->due_ms);
    return engine_step(context, timer->machine, &(Event){STR("timer"), data});
}

typedef struct Collect {
    Arena *arena;
    Vec timers; // Timer
} Collect;

static bool collect_one(void *context, Str key, Str value) {
    Collect *all = context;
    Timer timer;
    if (read_due(all->arena, key, &timer)) vec_add(&all->timers, Timer, timer);
    return true;
}

void timers_jumped(Store *store, Arena *arena, int64_t by_ms) {
    Collect all = {arena, vec_of(arena, Timer)};
    Str from = KEY(arena, key_number(TIMER_OUTER));
    store_scan(store, &TIMER_DUE_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, collect_one, &all);
    for (size_t i = 0; i < all.timers.len; i++) {
        Timer *timer = vec_at(&all.timers, i);
        timer->due_ms += by_ms;
        timer_set(store, arena, timer);
    }
}

static const char *const KINDS[] = {"wait", "background", "outer"};

typedef struct Listing {
    Arena *arena;
    Doc *list;
} Listing;

static bool list_one(void *context, Str key, Str value) {
    Listing *listing = context;
    Timer timer;
    if (!read_due(listing->arena, key, &timer)) return true;
    Doc *one = doc_map(listing->arena);
    doc_set_str(listing->arena, one, "kind", str_of(KINDS[timer.kind]));
    doc_set_int(listing->arena, one, "dueMs", timer.due_ms);
    doc_set_str(listing->arena, one, "machine", str_of(timer.machine.type->name));
    doc_set_str(listing->arena, one, "id", timer.machine.id);
    doc_set_str(listing->arena, one, "name", timer.name);
    doc_push(listing->list, one);
    return listing->list->count < LIMIT_LISTED_TIMERS;
}

Doc *timer_list(Store *store, Arena *arena) {
    Listing listing = {arena, doc_list(arena)};
    store_scan(store, &TIMER_DUE_TABLE, (StoreRange){.from = STR("")}, list_one, &listing);
    return listing.list;
}
