// Rows of OUTBOX_TABLE: ("e", id) → an engaged entry; ("n") → the next number; ("q", number) → a queued entry. Entries are packed.
// The queue is one line for all: an entry waits for those before it only when they are of its own origin and not due yet (a retry's backoff).
#include "engine/outbox_rows.h"

#include "base/vec.h"
#include "formats/digest.h"
#include "store/key.h"
#include "store/pack.h"

const StoreTable OUTBOX_TABLE = {.name = "outbox", .large_rows = true};

enum { ID_DIGITS = 32 };

static Str queue_key(Arena *arena, uint64_t number) { return KEY(arena, key_text(STR("q")), key_number(number)); }
static Str engaged_key(Arena *arena, Str id) { return KEY(arena, key_text(STR("e")), key_text(id)); }

static uint64_t next_number(Store *store, Arena *arena) {
    Str key = KEY(arena, key_text(STR("n"))), value;
    uint64_t number = 0;
    if (store_get(store, &OUTBOX_TABLE, key, arena, &value)) key_take_number(&value, &number);
    store_put(store, &OUTBOX_TABLE, key, KEY(arena, key_number(number + 1)));
    return number;
}

// Unique for ever, and fit for a file name.
static Str printable_id(Arena *arena, Str origin, uint64_t sequence, uint32_t index) {
    Str whole = str_format(arena, "%.*s#%llu.%u", STR_ARG(origin), (unsigned long long)sequence, index);
    return str_sub(digest_hex(arena, DIGEST_SHA256, whole), 0, ID_DIGITS);
}

static void add(StepContext *context, Str origin, uint64_t sequence, uint32_t index, const MachineAddress *machine, Partition where,
                const Command *command) {
    OutboxEntry entry = {
        .id = printable_id(context->arena, origin, sequence, index),
        .where = where,
        .origin = origin,
        .from_machine = machine != NULL,
        .command = *command,
        .hops = context->hops,
    };
    if (machine) entry.machine = *machine;
    Str key = queue_key(context->arena, next_number(context->store, context->arena));
    store_put(context->store, &OUTBOX_TABLE, key, pack_doc(context->arena, outbox_entry_to_doc(context->arena, &entry)));
}

void outbox_add(StepContext *context, Str origin, uint64_t sequence, uint32_t index, Partition where, const Command *command) {
    add(context, origin, sequence, index, NULL, where, command);
}

void outbox_add_of(StepContext *context, Str origin, uint64_t sequence, uint32_t index, const MachineAddress *machine, Partition where,
                   const Command *command) {
    add(context, origin, sequence, index, machine, where, command);
}

static bool read_entry(Arena *arena, Str key, Str value, OutboxEntry *out) {
    Doc *doc = NULL;
    if (!unpack_doc(arena, str_copy(arena, value), &doc) || !outbox_entry_from_doc(arena, doc, out)) return false;
    out->key = str_copy(arena, key);
    return true;
}

static bool contains(const Vec *origins, Str origin) {
    for (size_t i = 0; i < origins->len; i++) {
        if (str_eq(vec_get(origins, Str, i), origin)) return true;
    }
    return false;
}

typedef struct Next {
    Arena *arena;
    int64_t now_ms;
    OutboxEntry *out;
    size_t count, limit;
    Vec blocked; // Str: origins with an entry that is not due
} Next;

static bool take_next(void *context, Str key, Str value) {
    Next *next = context;
    OutboxEntry *entry = &next->out[next->count];
    if (!read_entry(next->arena, key, value, entry) || contains(&next->blocked, entry->origin)) return true;
    if (entry->not_before_ms > next->now_ms) {
        vec_add(&next->blocked, Str, entry->origin);
    } else {
        next->count++;
    }
    return next->count < next->limit;
}

size_t outbox_next(Store *store, Arena *arena, int64_t now_ms, OutboxEntry *out, size_t limit) {
    Next next = {.arena = arena, .now_ms = now_ms, .out = out, .limit = limit, .blocked = vec_of(arena, Str)};
    Str from = KEY(arena, key_text(STR("q")));
    store_scan(store, &OUTBOX_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, take_next, &next);
    return next.count;
}

typedef struct Earliest {
    Arena *arena;
    int64_t due_ms;
    Vec seen; // Str: origins
} Earliest;

static bool look_at_due(void *context, Str key, Str value) {
    Earliest *earliest = context;
    OutboxEntry entry;
    if (!read_entry(earliest->arena, key, value, &entry) || contains(&earliest->seen, entry.origin)) return true;
    vec_add(&earliest->seen, Str, entry.origin);
    if (entry.not_before_ms < earliest->due_ms) earliest->due_ms = entry.not_before_ms;
    return earliest->due_ms > 0;
}

int64_t outbox_next_due(Store *store, Arena *arena) {
    Earliest earliest = {.arena = arena, .due_ms = INT64_MAX, .seen = vec_of(arena, Str)};
    Str from = KEY(arena, key_text(STR("q")));
    store_scan(store, &OUTBOX_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, look_at_due, &earliest);
    return earliest.due_ms;
}

static void write_at(Store *store, Arena *arena, OutboxEntry *entry, Str key) {
    store_put(store, &OUTBOX_TABLE, key, pack_doc(arena, outbox_entry_to_doc(arena, entry)));
    entry->key = key;
}

void outbox_engage(Store *store, Arena *arena, OutboxEntry *entry) {
    store_delete(store, &OUTBOX_TABLE, entry->key);
    write_at(store, arena, entry, engaged_key(arena, entry->id));
}

typedef struct Engaged {
    Arena *arena;
    bool (*visit)(void *context, const OutboxEntry *entry);
    void *context;
} Engaged;

static bool visit_engaged(void *context, Str key, Str value) {
    Engaged *engaged = context;
    OutboxEntry entry;
    return !read_entry(engaged->arena, key, value, &entry) || engaged->visit(engaged->context, &entry);
}

void outbox_engaged(Store *store, Arena *arena, bool (*visit)(void *context, const OutboxEntry *entry), void *context) {
    Engaged engaged = {arena, visit, context};
    Str from = KEY(arena, key_text(STR("e")));
    store_scan(store, &OUTBOX_TABLE, (StoreRange){.from = from, .before = key_after_prefix(arena, from)}, visit_engaged, &engaged);
}

bool outbox_find_engaged(Store *store, Arena *arena, Str id, OutboxEntry *out) {
    Str key = engaged_key(arena, id), value;
    return store_get(store, &OUTBOX_TABLE, key, arena, &value) && read_entry(arena, key, value, out);
}

void outbox_done(Store *store, const OutboxEntry *entry) { store_delete(store, &OUTBOX_TABLE, entry->key); }

// In its old place: what follows it in its origin waits behind it.
void outbox_retry(Store *store, Arena *arena, const OutboxEntry *entry, int64_t not_before_ms) {
    OutboxEntry again = *entry;
    again.attempts++;
    again.not_before_ms = not_before_ms;
    write_at(store, arena, &again, entry->key);
}
