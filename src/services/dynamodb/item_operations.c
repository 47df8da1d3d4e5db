// GetItem, PutItem, UpdateItem, DeleteItem.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"
#include "services/dynamodb/legacy.h"

static bool read_projection(const Call *call, const Doc *input, Vec *paths, Error *e) {
    static const char *const legacy[] = {"AttributesToGet", NULL}, *const expression[] = {"ProjectionExpression", NULL};
    Scope scope;
    Str text = doc_text(input, "ProjectionExpression");
    TRY(legacy_alone(input, legacy, expression, e));
    TRY(legacy_paths(call->arena, input, paths, e));
    TRY(scope_begin(&scope, call->arena, input, e));
    if (text.at) TRY(parse_projection(&scope, text, paths, e));
    return scope_end(&scope, e);
}

Outcome get_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Vec paths = vec_of(arena, Path);
    Table table;
    Str key;
    Doc *item = NULL, *wanted = doc_get(call->input, "Key");
    CALL_TRY(item_check(arena, wanted, e));
    CALL_TRY(read_projection(call, call->input, &paths, e));
    CALL_TRY(table_need(turn, doc_text(call->input, "TableName"), &table, e));
    CALL_TRY(key_exactly(arena, &table, wanted, &key, e));
    *out = doc_map(arena);
    bool found = item_get(turn, key, &item);
    if (usage_wanted(call->input)) {
        Usage usage = usage_new(arena, &table);
        usage.of_table = read_units(item_bytes(item), doc_flag(call->input, "ConsistentRead", false));
        doc_set(*out, "ConsumedCapacity", usage_doc(arena, &usage, call->input, NULL));
    }
    if (found) doc_add(*out, STR("Item"), paths.len ? path_project(arena, &paths, item) : item);
    return OUTCOME_DONE;
}

static bool check_return_values(const Call *call, const char *const *allowed, Error *e) {
    Str wanted = doc_text(call->input, "ReturnValues");
    for (; *allowed; allowed++)
        if (!wanted.at || str_is(wanted, *allowed)) return true;
    return dynamodb_invalid(e, "ReturnValues can only be ALL_OLD or NONE");
}

static Doc *write_reply(const Write *write) {
    Arena *arena = write->call->arena;
    Doc *reply = doc_map(arena);
    if (usage_wanted(write->input)) {
        Usage usage = usage_new(arena, &write->table);
        usage_add_write(arena, &usage, write->old, write->item);
        doc_set(reply, "ConsumedCapacity", usage_doc(arena, &usage, write->input, NULL));
    }
    Doc *metrics = collection_metrics(write);
    if (metrics) doc_set(reply, "ItemCollectionMetrics", metrics);
    return reply;
}

static void show_old(const Call *call, const Write *write, Doc *reply) {
    if (str_is(doc_text(call->input, "ReturnValues"), "ALL_OLD") && write->old) doc_set(reply, "Attributes", doc_copy(call->arena, write->old));
}

static const char *const OLD_OR_NONE[] = {"NONE", "ALL_OLD", NULL};

Outcome put_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    Write write = {.call = call, .input = call->input};
    CALL_TRY(check_return_values(call, OLD_OR_NONE, e));
    CALL_TRY(write_put(turn, &write, e));
    *out = write_reply(&write);
    show_old(call, &write, *out);
    return OUTCOME_DONE;
}

Outcome delete_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    Write write = {.call = call, .input = call->input};
    CALL_TRY(check_return_values(call, OLD_OR_NONE, e));
    CALL_TRY(write_delete(turn, &write, e));
    *out = write_reply(&write);
    show_old(call, &write, *out);
    return OUTCOME_DONE;
}

// UPDATED_OLD and UPDATED_NEW show the parts that the update's paths lead to.
static Doc *updated_parts(Arena *arena, const Vec *actions, const Doc *item) {
    Vec paths = vec_of(arena, Path);
    for (size_t i = 0; i < actions->len; i++) vec_add(&paths, Path, ((const Action *)vec_at(actions, i))->path);
    return path_project(arena, &paths, item);
}

static Doc *update_shown(const Call *call, const Write *write) {
    Arena *arena = call->arena;
    Str wanted = doc_text(call->input, "ReturnValues");
    if (str_is(wanted, "ALL_NEW")) return doc_copy(arena, write->item);
    if (str_is(wanted, "UPDATED_NEW")) return updated_parts(arena, &write->actions, write->item);
    if (!write->old) return NULL;
    if (str_is(wanted, "ALL_OLD")) return doc_copy(arena, write->old);
    return str_is(wanted, "UPDATED_OLD") ? updated_parts(arena, &write->actions, write->old) : NULL;
}

Outcome update_item(Turn *turn, const Call *call, Doc **out, Error *e) {
    Write write = {.call = call, .input = call->input};
    CALL_TRY(write_update(turn, &write, e));
    *out = write_reply(&write);
    Doc *shown = update_shown(call, &write);
    if (doc_count(shown)) doc_set(*out, "Attributes", shown);
    return OUTCOME_DONE;
}
