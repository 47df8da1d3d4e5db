// One item changed: the condition looked at, the item and its index entries written.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/legacy.h"

static const char *const LEGACY[] = {"AttributeUpdates", "Expected", "ConditionalOperator", NULL};
static const char *const EXPRESSIONS[] = {"UpdateExpression", "ConditionExpression", NULL};

bool check_item_size(const Doc *item, Error *e) {
    if (item_bytes(item) <= ITEM_BYTES) return true;
    return dynamodb_invalid(e, "Item size has exceeded the maximum allowed size");
}

// What is asked is judged before the table is looked for.
static bool begin(Turn *turn, Write *write, Error *e) {
    Arena *arena = write->call->arena;
    Str update = doc_text(write->input, "UpdateExpression"), condition = doc_text(write->input, "ConditionExpression");
    write->actions = vec_of(arena, Action);
    TRY(legacy_alone(write->input, LEGACY, EXPRESSIONS, e));
    TRY(scope_begin(&write->scope, arena, write->input, e));
    if (update.at) TRY(parse_update(&write->scope, update, &write->actions, e));
    if (condition.at) TRY(parse_condition(&write->scope, "ConditionExpression", condition, &write->condition, e));
    TRY(legacy_updates(arena, write->input, &write->actions, e));
    TRY(legacy_expected(arena, write->input, &write->condition, e));
    TRY(scope_end(&write->scope, e));
    return table_need(turn, doc_text(write->input, "TableName"), &write->table, e);
}

static bool fail_condition(const Write *write, Error *e) {
    fail(e, "ConditionalCheckFailedException", "The conditional request failed");
    bool shows = str_is(doc_text(write->input, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    if (!e || !shows || !write->old) return false;
    Doc *extra = doc_map(write->call->arena);
    doc_set(extra, "Item", doc_copy(write->call->arena, write->old));
    e->extra = extra;
    return false;
}

// Reads what is there and asks the condition.
static bool look(Turn *turn, Write *write, Error *e) {
    Doc *old = NULL;
    write->old = item_get(turn, write->key, &old) ? old : NULL;
    const Doc *seen = write->old ? write->old : doc_map(write->call->arena);
    return condition_holds(write->call->arena, write->condition, seen) || fail_condition(write, e);
}

// A plain put into a table without indexes asks nothing of what was there before.
static bool wants_old(const Write *write) {
    Index index;
    return write->condition || doc_get(write->input, "ReturnValues") || usage_wanted(write->call->input) || table_index(&write->table, 0, &index);
}

bool write_put(Turn *turn, Write *write, Error *e) {
    Arena *arena = write->call->arena;
    Doc *item = doc_get(write->input, "Item");
    TRY(item_check(arena, item, e));
    TRY(begin(turn, write, e));
    if (write->of_batch && !key_fits(&write->table, item)) return dynamodb_invalid(e, "The provided key element does not match the schema");
    TRY(key_of_item(arena, &write->table, item, &write->key, e));
    TRY(index_keys_check(&write->table, item, false, e));
    TRY(check_item_size(item, e));
    if (wants_old(write)) TRY(look(turn, write, e));
    write->item = item;
    item_put(turn, &write->table, write->key, write->old, item);
    return true;
}

static bool key_of_write(Write *write, Error *e) {
    Doc *key = doc_get(write->input, "Key");
    TRY(item_check(write->call->arena, key, e));
    return key_exactly(write->call->arena, &write->table, key, &write->key, e);
}

bool write_delete(Turn *turn, Write *write, Error *e) {
    TRY(begin(turn, write, e));
    TRY(key_of_write(write, e));
    TRY(look(turn, write, e));
    if (write->old) item_delete(turn, &write->table, write->key, write->old);
    return true;
}

bool write_check(Turn *turn, Write *write, Error *e) {
    TRY(begin(turn, write, e));
    TRY(key_of_write(write, e));
    return look(turn, write, e);
}

static bool keeps_key(const Write *write, Error *e) {
    for (size_t i = 0; i < write->actions.len; i++) {
        Str name = ((const Action *)vec_at(&write->actions, i))->path.steps[0].name;
        if (str_eq(name, write->table.key.hash.name) || (write->table.key.range.name.at && str_eq(name, write->table.key.range.name)))
            return dynamodb_bad_parameters(e, "Cannot update attribute %.*s. This attribute is part of the key", STR_ARG(name));
    }
    return true;
}

bool write_update(Turn *turn, Write *write, Error *e) {
    Arena *arena = write->call->arena;
    TRY(begin(turn, write, e));
    TRY(key_of_write(write, e));
    TRY(keeps_key(write, e));
    TRY(look(turn, write, e));
    Doc *item = doc_copy(arena, write->old ? write->old : doc_get(write->input, "Key"));
    TRY(update_apply(arena, &write->actions, item, e));
    TRY(index_keys_check(&write->table, item, true, e));
    if (item_bytes(item) > ITEM_BYTES) return dynamodb_invalid(e, "Item size to update has exceeded the maximum allowed size");
    write->item = item;
    item_put(turn, &write->table, write->key, write->old, item);
    return true;
}
