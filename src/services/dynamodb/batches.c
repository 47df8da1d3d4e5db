// BatchGetItem and BatchWriteItem.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"
#include "services/dynamodb/legacy.h"

enum { GETS_MOST = 100, WRITES_MOST = 25, REPLY_BYTES = 16 * 1024 * 1024 };

static bool count_requests(const Doc *request_items, const char *member, size_t most, const char *operation, Error *e) {
    size_t count = 0;
    for (const Doc *one = doc_first(request_items); one; one = one->next) count += doc_count(member ? doc_get(one, member) : one);
    if (count <= most) return true;
    return dynamodb_invalid(e, "Too many items requested for the %s call", operation);
}

// ---- Reading ----

typedef struct BatchGet {
    const Call *call;
    Doc *responses, *unprocessed, *capacity;
    size_t bytes;
} BatchGet;

static void leave(BatchGet *batch, const Doc *request, Str name, const Doc *key) {
    Arena *arena = batch->call->arena;
    Doc *left = doc_get_str_key(batch->unprocessed, name);
    if (!left) {
        left = doc_copy(arena, request);
        doc_set(left, "Keys", doc_list(arena));
        doc_put(batch->unprocessed, name, left);
    }
    doc_push(doc_get(left, "Keys"), doc_copy(arena, key));
}

static bool get_keys(Turn *turn, BatchGet *batch, const Table *table, const Doc *request, const Vec *paths, Error *e) {
    Arena *arena = batch->call->arena;
    Doc *items = doc_list(arena);
    Map *seen = map_new();
    Usage usage = usage_new(arena, table);
    bool ok = true;
    for (Doc *key = doc_first(doc_get(request, "Keys")); key && ok; key = key->next) {
        Str row;
        Doc *item = NULL;
        ok = item_check(arena, key, e) && key_exactly(arena, table, key, &row, e);
        if (ok && map_put(seen, row, key)) ok = dynamodb_invalid(e, "Provided list of item keys contains duplicates");
        if (!ok) break;
        if (batch->bytes > REPLY_BYTES) {
            leave(batch, request, request->key, key);
            continue;
        }
        bool found = item_get(turn, row, &item);
        size_t bytes = found ? item_bytes(item) : 0;
        batch->bytes += bytes;
        usage.of_table += read_units(bytes, doc_flag(request, "ConsistentRead", false));
        if (found) doc_push(items, paths->len ? path_project(arena, paths, item) : item);
    }
    map_free(seen);
    doc_put(batch->responses, table->name, items);
    doc_push(batch->capacity, usage_doc(arena, &usage, batch->call->input, NULL));
    return ok;
}

static bool get_table(Turn *turn, BatchGet *batch, const Doc *request, Error *e) {
    static const char *const legacy[] = {"AttributesToGet", NULL}, *const expression[] = {"ProjectionExpression", NULL};
    Arena *arena = batch->call->arena;
    Vec paths = vec_of(arena, Path);
    Scope scope;
    Table table;
    Str projection = doc_text(request, "ProjectionExpression");
    TRY(legacy_alone(request, legacy, expression, e));
    TRY(legacy_paths(arena, request, &paths, e));
    TRY(table_need(turn, request->key, &table, e));
    TRY(scope_begin(&scope, arena, request, e));
    if (projection.at) TRY(parse_projection(&scope, projection, &paths, e));
    TRY(scope_end(&scope, e));
    return get_keys(turn, batch, &table, request, &paths, e);
}

Outcome batch_get_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *requests = doc_get(call->input, "RequestItems");
    BatchGet batch = {.call = call, .responses = doc_map(arena), .unprocessed = doc_map(arena), .capacity = doc_list(arena)};
    CALL_TRY(count_requests(requests, "Keys", GETS_MOST, "BatchGetItem", e));
    for (const Doc *request = doc_first(requests); request; request = request->next) CALL_TRY(get_table(turn, &batch, request, e));
    *out = doc_map(arena);
    doc_set(*out, "Responses", batch.responses);
    doc_set(*out, "UnprocessedKeys", batch.unprocessed);
    if (usage_wanted(call->input)) doc_set(*out, "ConsumedCapacity", batch.capacity);
    return OUTCOME_DONE;
}

// ---- Writing ----

// The members of a PutItem or DeleteItem, out of a PutRequest or DeleteRequest.
static Doc *single_input(Arena *arena, Str table, const Doc *request, const char *member) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "TableName", table);
    doc_set(input, member, doc_copy(arena, doc_get(request, member)));
    return input;
}

// What one table's requests come to.
typedef struct BatchWrite {
    const Call *call;
    Map *seen;
    Doc *capacity, *metrics; // of all tables
    Table table;
    Usage usage;
} BatchWrite;

static bool write_one(Turn *turn, BatchWrite *batch, const Doc *request, Error *e) {
    Arena *arena = batch->call->arena;
    const Doc *put = doc_get(request, "PutRequest"), *remove = doc_get(request, "DeleteRequest");
    if (!put == !remove)
        return dynamodb_invalid(e, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
    Write write = {
        .call = batch->call,
        .input = single_input(arena, batch->table.name, put ? put : remove, put ? "Item" : "Key"),
        .of_batch = true,
    };
    TRY(put ? write_put(turn, &write, e) : write_delete(turn, &write, e));
    usage_add_write(arena, &batch->usage, write.old, write.item);
    collections_note(&write, batch->metrics);
    if (map_put(batch->seen, write.key, &write.key)) return dynamodb_invalid(e, "Provided list of item keys contains duplicates");
    return true;
}

static bool write_table(Turn *turn, BatchWrite *batch, const Doc *requests, Error *e) {
    Arena *arena = batch->call->arena;
    TRY(table_need(turn, requests->key, &batch->table, e));
    batch->usage = usage_new(arena, &batch->table);
    for (const Doc *request = doc_first(requests); request; request = request->next) TRY(write_one(turn, batch, request, e));
    doc_push(batch->capacity, usage_doc(arena, &batch->usage, batch->call->input, NULL));
    return true;
}

Outcome batch_write_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *tables = doc_get(call->input, "RequestItems");
    BatchWrite batch = {.call = call, .capacity = doc_list(call->arena), .metrics = doc_map(call->arena)};
    bool ok = true;
    CALL_TRY(count_requests(tables, NULL, WRITES_MOST, "BatchWriteItem", e));
    batch.seen = map_new();
    for (const Doc *requests = doc_first(tables); requests && ok; requests = requests->next) ok = write_table(turn, &batch, requests, e);
    map_free(batch.seen);
    if (!ok) return OUTCOME_ERROR;
    *out = doc_map(call->arena);
    doc_set(*out, "UnprocessedItems", doc_map(call->arena));
    if (usage_wanted(call->input)) doc_set(*out, "ConsumedCapacity", batch.capacity);
    if (doc_count(batch.metrics)) doc_set(*out, "ItemCollectionMetrics", batch.metrics);
    return OUTCOME_DONE;
}
