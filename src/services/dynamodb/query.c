// Query: a key condition becomes a stretch of rows.
//
// The condition is parsed as any other, then taken apart: an equality on the hash key, and at most one of = < <= > >= BETWEEN begins_with on the range key.
#include "services/dynamodb/handlers.h"
#include "services/dynamodb/reading.h"

typedef struct KeyCondition {
    const Node *hash, *range;
} KeyCondition;

static bool fail_unsupported_key(Error *e) { return dynamodb_invalid(e, "Query key condition not supported"); }

static Str name_of(const Node *condition) {
    const Node *path = condition->first;
    return path && path->kind == NODE_PATH && path->path.count == 1 ? path->path.steps[0].name : STR_NONE;
}

static bool is_range_kind(NodeKind kind) {
    return kind == NODE_EQ || kind == NODE_LT || kind == NODE_LE || kind == NODE_GT || kind == NODE_GE || kind == NODE_BETWEEN ||
           kind == NODE_BEGINS_WITH;
}

static bool check_types(const KeyAttribute *attribute, const Node *condition, Error *e) {
    for (const Node *value = condition->first->next; value; value = value->next) {
        if (value->kind != NODE_VALUE)
            return dynamodb_invalid(e, "Invalid KeyConditionExpression: KeyConditionExpressions must compare keys with values");
        if (value_type(value->value) != attribute->type) return dynamodb_bad_parameters(e, "Condition parameter type does not match schema type");
        if (attribute->type != VALUE_N && condition->kind != NODE_BEGINS_WITH && value_bytes(value->value) == 0) {
            return dynamodb_invalid(
                e, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %.*s",
                attribute->type == VALUE_S ? "string" : "binary", STR_ARG(attribute->name));
        }
    }
    if (condition->kind != NODE_BEGINS_WITH || attribute->type != VALUE_N) return true;
    return dynamodb_invalid(
        e, "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N");
}

static bool take_leaf(const KeySchema *schema, const Node *node, KeyCondition *out, Error *e) {
    Str name = name_of(node);
    if (!name.at || !is_range_kind(node->kind))
        return dynamodb_invalid(e, "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression");
    bool hash = str_eq(name, schema->hash.name), range = schema->range.name.at && str_eq(name, schema->range.name);
    if (!hash && !range) {
        Str missed = out->hash ? schema->range.name : schema->hash.name;
        return missed.at ? dynamodb_invalid(e, "Query condition missed key schema element: %.*s", STR_ARG(missed)) : fail_unsupported_key(e);
    }
    if (hash && node->kind != NODE_EQ) return fail_unsupported_key(e);
    if ((hash && out->hash) || (range && out->range))
        return dynamodb_invalid(e, "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key");
    TRY(check_types(hash ? &schema->hash : &schema->range, node, e));
    if (hash)
        out->hash = node;
    else
        out->range = node;
    return true;
}

static bool take_apart(const KeySchema *schema, const Node *node, KeyCondition *out, Error *e) {
    if (node->kind != NODE_AND) return take_leaf(schema, node, out, e);
    TRY(take_apart(schema, node->first, out, e));
    return take_apart(schema, node->first->next, out, e);
}

static bool read_condition(Reading *reading, KeyCondition *out, Error *e) {
    const KeySchema *schema = reading_key(reading);
    Str text = doc_text(reading->call->input, "KeyConditionExpression");
    Node *node = NULL;
    if (!text.at) return dynamodb_invalid(e, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
    TRY(parse_condition(&reading->scope, "KeyConditionExpression", text, &node, e));
    TRY(take_apart(schema, node, out, e));
    return out->hash || dynamodb_invalid(e, "Query condition missed key schema element: %.*s", STR_ARG(schema->hash.name));
}

static Str key_at(Arena *arena, uint64_t number, const Doc *hash, const Doc *range) {
    return KEY(arena, key_number(number), key_text(key_bytes(arena, hash)), key_text(key_bytes(arena, range)));
}

static StoreRange stretch(Arena *arena, uint64_t number, const KeyCondition *condition) {
    const Doc *hash = condition->hash->first->next->value;
    Str all = KEY(arena, key_number(number), key_text(key_bytes(arena, hash)));
    StoreRange range = {.from = all, .before = key_after_prefix(arena, all)};
    if (!condition->range) return range;
    const Node *low = condition->range->first->next;
    Str at = key_at(arena, number, hash, low->value), behind = key_after_prefix(arena, at);
    switch (condition->range->kind) {
    case NODE_EQ: return (StoreRange){.from = at, .before = behind};
    case NODE_LT: range.before = at; break;
    case NODE_LE: range.before = behind; break;
    case NODE_GT: range.from = behind; break;
    case NODE_GE: range.from = at; break;
    case NODE_BETWEEN: return (StoreRange){.from = at, .before = key_after_prefix(arena, key_at(arena, number, hash, low->next->value))};
    default: { // begins_with
        Str open = KEY_OPEN(arena, key_number(number), key_text(key_bytes(arena, hash)), key_text(key_bytes(arena, low->value)));
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
    return dynamodb_invalid(e, "Filter Expression can only contain non-primary key attributes: Primary key attribute: %.*s", STR_ARG(name));
}

Outcome dynamodb_query(Turn *turn, const Call *call, Doc **out, Error *e) {
    Reading reading;
    KeyCondition condition = {0};
    CALL_TRY(reading_begin(turn, call, &reading, e));
    CALL_TRY(read_condition(&reading, &condition, e));
    CALL_TRY(scope_end(&reading.scope, e));
    CALL_TRY(check_filter(&reading, e));
    reading.range = stretch(call->arena, reading_number(&reading), &condition);
    reading.range.reverse = !doc_flag(call->input, "ScanIndexForward", true);
    CALL_TRY(reading_start(&reading, e));
    reading_run(&reading);
    *out = reading_reply(&reading);
    return OUTCOME_DONE;
}
