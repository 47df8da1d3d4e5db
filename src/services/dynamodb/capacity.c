// Consumed capacity: developer guide, "Read/write capacity": reads in units of 4 KB (half when eventually consistent), writes in units of 1 KB, and for each index
// what a write changes in it: an entry that moves to another key is a deletion and a new one.
#include "services/dynamodb/dynamodb.h"

enum { READ_UNIT_BYTES = 4096, WRITE_UNIT_BYTES = 1024 };

static double units(size_t bytes, size_t unit) {
    size_t whole = (bytes + unit - 1) / unit;
    return whole ? (double)whole : 1.0;
}

double read_units(size_t bytes, bool consistent) { return units(bytes, READ_UNIT_BYTES) * (consistent ? 1.0 : 0.5); }

static double write_units(const Doc *old, const Doc *item) {
    size_t before = item_bytes(old), after = item_bytes(item);
    return units(before > after ? before : after, WRITE_UNIT_BYTES);
}

static bool items_equal(const Doc *a, const Doc *b) {
    if (doc_count(a) != doc_count(b)) return false;
    for (const Doc *value = doc_first(a); value; value = value->next) {
        const Doc *other = doc_get_str_key(b, value->key);
        if (!other || !value_equal(value, other)) return false;
    }
    return true;
}

// `old` and `item` as the index keeps them; NULL: they are not in it.
static double index_units(Arena *arena, const Table *table, const Index *index, const Doc *old, const Doc *item) {
    Str before = STR_NONE, after = STR_NONE;
    if (!old && !item) return 0;
    if (!old || !item) return write_units(old, item);
    index_key(arena, table, index, old, &before);
    index_key(arena, table, index, item, &after);
    if (!str_eq(before, after)) return write_units(old, NULL) + write_units(NULL, item);
    return items_equal(old, item) ? 0 : write_units(old, item);
}

size_t table_indexes(const Table *table) {
    Index index;
    size_t count = 0;
    while (table_index(table, count, &index)) count++;
    return count;
}

Usage usage_new(Arena *arena, const Table *table) {
    return (Usage){.table = table, .of_index = arena_array(arena, double, table_indexes(table) + 1)};
}

void usage_add_write(Arena *arena, Usage *usage, const Doc *old, const Doc *item) {
    Index index;
    usage->of_table += write_units(old, item);
    for (size_t i = 0; table_index(usage->table, i, &index); i++) {
        const Doc *before = old ? index_view(arena, usage->table, &index, old) : NULL;
        const Doc *after = item ? index_view(arena, usage->table, &index, item) : NULL;
        usage->of_index[i] += index_units(arena, usage->table, &index, before, after);
    }
}

void usage_add_index_read(Usage *usage, Str name, double read) {
    Index index;
    for (size_t i = 0; table_index(usage->table, i, &index); i++)
        if (str_eq(index.name, name)) usage->of_index[i] += read;
}

static Doc *share(Arena *arena, double used, const char *split) {
    Doc *doc = doc_map(arena);
    doc_set(doc, "CapacityUnits", doc_of_real(arena, used));
    if (split) doc_set(doc, split, doc_of_real(arena, used));
    return doc;
}

static void show_indexes(Arena *arena, const Usage *usage, const char *split, Doc *to) {
    Index index;
    for (size_t i = 0; table_index(usage->table, i, &index); i++) {
        const char *member = index.global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes";
        if (usage->of_index[i] == 0) continue;
        if (!doc_get(to, member)) doc_set(to, member, doc_map(arena));
        doc_put(doc_get(to, member), index.name, share(arena, usage->of_index[i], split));
    }
}

bool usage_wanted(const Doc *input) {
    Str wanted = doc_text(input, "ReturnConsumedCapacity");
    return str_is(wanted, "TOTAL") || str_is(wanted, "INDEXES");
}

Doc *usage_doc(Arena *arena, const Usage *usage, const Doc *input, const char *split) {
    double total = usage->of_table;
    for (size_t i = 0; i < table_indexes(usage->table); i++) total += usage->of_index[i];
    Doc *doc = share(arena, total, split);
    doc_set_str(arena, doc, "TableName", usage->table->name);
    if (!str_is(doc_text(input, "ReturnConsumedCapacity"), "INDEXES")) return doc;
    doc_set(doc, "Table", share(arena, usage->of_table, split));
    show_indexes(arena, usage, split, doc);
    return doc;
}

void usage_double(Usage *usage) {
    usage->of_table *= 2;
    for (size_t i = 0; i < table_indexes(usage->table); i++) usage->of_index[i] *= 2;
}

// ---- Item collections: what tables with a local index tell of all items under one partition key ----

static bool has_collection(const Doc *list, const Doc *key) {
    for (const Doc *one = doc_first(list); one; one = one->next)
        if (doc_equal(doc_get(one, "ItemCollectionKey"), key)) return true;
    return false;
}

Doc *collection_metrics(const Write *write) {
    Arena *arena = write->call->arena;
    const Doc *key = doc_get(write->input, "Key"), *item = key ? key : write->item;
    bool wanted = str_is(doc_text(write->call->input, "ReturnItemCollectionMetrics"), "SIZE");
    if (!wanted || !doc_count(doc_get(write->table.doc, "LocalSecondaryIndexes"))) return NULL;
    Doc *metrics = doc_map(arena), *range = doc_list(arena);
    KeySchema hash = {.hash = write->table.key.hash};
    doc_push(range, doc_of_real(arena, 0));
    doc_push(range, doc_of_real(arena, 1));
    doc_set(metrics, "ItemCollectionKey", item_key_of(arena, &hash, item));
    doc_set(metrics, "SizeEstimateRangeGB", range);
    return metrics;
}

void collections_note(const Write *write, Doc *collections) {
    Doc *one = collection_metrics(write), *list = doc_get_str_key(collections, write->table.name);
    if (!one || has_collection(list, doc_get(one, "ItemCollectionKey"))) return;
    if (!list) {
        list = doc_list(write->call->arena);
        doc_put(collections, write->table.name, list);
    }
    doc_push(list, one);
}
