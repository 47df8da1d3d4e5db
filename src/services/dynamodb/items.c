// Items in the store, and the index entries that go with them.
#include "services/dynamodb/dynamodb.h"

const StoreTable DYNAMODB_ITEMS = {.name = "dynamodb_items", .large_rows = true};
const StoreTable DYNAMODB_INDEXES = {.name = "dynamodb_indexes"};

bool item_get(Turn *turn, Str key, Doc **out) {
    Str text;
    if (!store_get(turn_store(turn), &DYNAMODB_ITEMS, key, turn_arena(turn), &text)) return false;
    *out = item_read(turn_arena(turn), text);
    return true;
}

// `old` and `item` may be NULL: there was none, there is none now.
static void change_entries(Turn *turn, const Table *table, Str key, const Doc *old, const Doc *item) {
    Arena *arena = turn_arena(turn);
    Index index;
    for (size_t i = 0; table_index(table, i, &index); i++) {
        Str before = STR_NONE, after = STR_NONE;
        bool was = old && index_key(arena, table, &index, old, &before), is = item && index_key(arena, table, &index, item, &after);
        if (was && is && str_eq(before, after)) continue;
        if (was) store_delete(turn_store(turn), &DYNAMODB_INDEXES, before);
        if (is) store_put(turn_store(turn), &DYNAMODB_INDEXES, after, key);
    }
}

void item_put(Turn *turn, const Table *table, Str key, const Doc *old, const Doc *item) {
    store_put(turn_store(turn), &DYNAMODB_ITEMS, key, item_write(turn_arena(turn), item));
    change_entries(turn, table, key, old, item);
}

void item_delete(Turn *turn, const Table *table, Str key, const Doc *old) {
    store_delete(turn_store(turn), &DYNAMODB_ITEMS, key);
    change_entries(turn, table, key, old, NULL);
}

static StoreRange whole(Turn *turn, uint64_t number) {
    Arena *arena = turn_arena(turn);
    Str prefix = KEY(arena, key_number(number));
    return (StoreRange){.from = prefix, .before = key_after_prefix(arena, prefix)};
}

void index_empty(Turn *turn, const Index *index) { store_delete_range(turn_store(turn), &DYNAMODB_INDEXES, whole(turn, index->number)); }

void items_delete_all(Turn *turn, const Table *table) {
    Index index;
    store_delete_range(turn_store(turn), &DYNAMODB_ITEMS, whole(turn, table->number));
    for (size_t i = 0; table_index(table, i, &index); i++) index_empty(turn, &index);
}

typedef struct Fill {
    Turn *turn;
    const Table *table;
    const Index *index;
    Arena *arena; // of one item
} Fill;

static bool add_entry(void *context, Str key, Str value) {
    Fill *fill = context;
    Str entry;
    arena_reset(fill->arena);
    if (index_key(fill->arena, fill->table, fill->index, item_read(fill->arena, value), &entry))
        store_put(turn_store(fill->turn), &DYNAMODB_INDEXES, entry, key);
    return true;
}

void index_fill(Turn *turn, const Table *table, const Index *index) {
    AUTO_ARENA arena = arena_new();
    Fill fill = {turn, table, index, arena};
    store_scan(turn_store(turn), &DYNAMODB_ITEMS, whole(turn, table->number), add_entry, &fill);
}
