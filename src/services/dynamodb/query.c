// Query: a key condition becomes a stretch of rows.
#include "services/dynamodb/handlers.h"
#include "services/dynamodb/legacy.h"
#include "services/dynamodb/reading.h"

static Str key_at(Arena *arena, uint64_t number, const Doc *hash, const Doc *range) {
    return KEY(arena, key_number(number), key_text(key_bytes(arena, hash)), key_text(key_bytes(arena, range)));
}

static StoreRange stretch(Arena *arena, uint64_t number, const KeyCondition *condition) {
    const Doc *hash = condition->hash->values[0];
    Str all = KEY(arena, key_number(number), key_text(key_bytes(arena, hash)));
    StoreRange range = {.from = all, .before = key_after_prefix(arena, all)};
    if (!condition->range) return range;
    const Doc *const *values = condition->range->values;
    Str at = key_at(arena, number, hash, values[0]), behind = key_after_prefix(arena, at);
    switch (condition->range->kind) {
    case NODE_EQ: return (StoreRange){.from = at, .before = behind};
    case NODE_LT: range.before = at; break;
    case NODE_LE: range.before = behind; break;
    case NODE_GT: range.from = behind; break;
    case NODE_GE: range.from = at; break;
    case NODE_BETWEEN: return (StoreRange){.from = at, .before = key_after_prefix(arena, key_at(arena, number, hash, values[1]))};
    default: { // begins_with
        Str open = KEY_OPEN(arena, key_number(number), key_text(key_bytes(arena, hash)), key_text(key_bytes(arena, values[0])));
        return (StoreRange){.from = open, .before = key_after_prefix(arena, open)};
    }
    }
    return range;
}

static bool filters_key(const Node *node, const KeySchema *schema, Str *out) {
    for (; node; node = node->next) {
        Str name = node->kind == NODE_PATH ? node->path.steps[0].name : STR_NONE;
        if (name.at && (str_eq(name, schema->hash.name) || (schema->range.name.at && str_eq(name, schema->range.name)))) {
            *out = name;
            return true;
        }
        if (filters_key(node->first, schema, out)) return true;
    }
    return false;
}

static bool check_filter(const Reading *reading, Error *e) {
    Str name;
    if (!reading->filter || !filters_key(reading->filter, reading_key(reading), &name)) return true;
    return dynamodb_invalid(e, "%s can only contain non-primary key attributes: Primary key attribute: %.*s",
                            doc_get(reading->call->input, "QueryFilter") ? "QueryFilter" : "Filter Expression", STR_ARG(name));
}

static bool parse(Reading *reading, KeyConditions *out, Error *e) {
    static const char *const legacy[] = {"KeyConditions", NULL}, *const expression[] = {"KeyConditionExpression", NULL};
    TRY(legacy_alone(reading->call->input, legacy, expression, e));
    Str text = doc_text(reading->call->input, "KeyConditionExpression");
    Node *node = NULL;
    if (doc_get(reading->call->input, "KeyConditions")) {
        TRY(reading_parse(reading, e));
        return legacy_key_conditions(reading->call->arena, reading->call->input, out, e);
    }
    if (!text.at) return dynamodb_invalid(e, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
    TRY(parse_condition(&reading->scope, "KeyConditionExpression", text, &node, e));
    TRY(reading_parse(reading, e));
    return key_conditions_read(node, out, e);
}

Outcome dynamodb_query(Turn *turn, const Call *call, Doc **out, Error *e) {
    Reading reading;
    KeyConditions conditions;
    KeyCondition condition;
    CALL_TRY(reading_begin(turn, call, &reading, e));
    CALL_TRY(parse(&reading, &conditions, e));
    CALL_TRY(reading_open(&reading, e));
    CALL_TRY(reading_check_start(&reading, e));
    CALL_TRY(key_conditions_match(&conditions, reading_key(&reading), &condition, e));
    CALL_TRY(check_filter(&reading, e));
    reading.range = stretch(call->arena, reading_number(&reading), &condition);
    reading.range.reverse = !doc_flag(call->input, "ScanIndexForward", true);
    CALL_TRY(reading_start(&reading, e));
    reading_run(&reading);
    *out = reading_reply(&reading);
    return OUTCOME_DONE;
}
