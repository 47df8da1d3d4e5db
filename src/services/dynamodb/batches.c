// BatchGetItem and BatchWriteItem.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

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
    double consumed = 0;
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
        consumed += read_units(bytes, doc_flag(request, "ConsistentRead", false));
        if (found) doc_push(items, paths->len ? path_project(arena, paths, item) : item);
    }
    map_free(seen);
    doc_put(batch->responses, table->name, items);
    doc_push(batch->capacity, capacity_doc(arena, table->name, consumed));
    return ok;
}

static bool get_table(Turn *turn, BatchGet *batch, const Doc *request, Error *e) {
    static const char *const legacy[] = {"AttributesToGet", NULL};
    Arena *arena = batch->call->arena;
    Vec paths = vec_of(arena, Path);
    Scope scope;
    Table table;
    Str projection = doc_text(request, "ProjectionExpression");
    TRY(dynamodb_refuse(batch->call, request, legacy, e));
    TRY(table_need(turn, request->key, &table, e));
    TRY(scope_begin(&scope, arena, request, e));
    if (projection.at) TRY(parse_projection(&scope, projection, &paths, e));
    TRY(scope_end(&scope, e));
    return get_keys(turn, batch, &table, request, &paths, e);
}

static void show_capacity(const Call *call, Doc *capacity, Doc *reply) {
    Str wanted = doc_text(call->input, "ReturnConsumedCapacity");
    if (str_is(wanted, "TOTAL") || str_is(wanted, "INDEXES")) doc_set(reply, "ConsumedCapacity", capacity);
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
    show_capacity(call, batch.capacity, *out);
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

static bool write_one(Turn *turn, const Call *call, Str table, const Doc *request, Map *seen, double *consumed, Error *e) {
    const Doc *put = doc_get(request, "PutRequest"), *remove = doc_get(request, "DeleteRequest");
    if (!put == !remove)
        return dynamodb_invalid(e, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
    Write write = {.call = call, .input = single_input(call->arena, table, put ? put : remove, put ? "Item" : "Key")};
    TRY(put ? write_put(turn, &write, e) : write_delete(turn, &write, e));
    *consumed += write_units(write.old, write.item);
    if (map_put(seen, write.key, &write.key)) return dynamodb_invalid(e, "Provided list of item keys contains duplicates");
    return true;
}

static bool write_table(Turn *turn, const Call *call, const Doc *requests, Map *seen, Doc *capacity, Error *e) {
    double consumed = 0;
    for (const Doc *request = doc_first(requests); request; request = request->next)
        TRY(write_one(turn, call, requests->key, request, seen, &consumed, e));
    doc_push(capacity, capacity_doc(call->arena, table_name_of(requests->key), consumed));
    return true;
}

Outcome batch_write_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *tables = doc_get(call->input, "RequestItems");
    Doc *capacity = doc_list(call->arena);
    CALL_TRY(count_requests(tables, NULL, WRITES_MOST, "BatchWriteItem", e));
    Map *seen = map_new();
    bool ok = true;
    for (const Doc *requests = doc_first(tables); requests && ok; requests = requests->next)
        ok = write_table(turn, call, requests, seen, capacity, e);
    map_free(seen);
    if (!ok) return OUTCOME_ERROR;
    *out = doc_map(call->arena);
    doc_set(*out, "UnprocessedItems", doc_map(call->arena));
    show_capacity(call, capacity, *out);
    return OUTCOME_DONE;
}
