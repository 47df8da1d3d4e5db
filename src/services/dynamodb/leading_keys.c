// dynamodb:LeadingKeys, the condition key of fine-grained access: the values of the partition keys that a call reads or writes. Which attribute that is, the table
// says, or the index. What the handler will refuse anyway (no such table, a malformed condition) has none.
#include "services/dynamodb/key_condition.h"
#include "services/dynamodb/legacy.h"
#include "services/dynamodb/requirements.h"

static bool told(Arena *arena, const Doc *value, Str *out) {
    ValueType type = value ? value_type(value) : VALUE_TYPES;
    if (type != VALUE_S && type != VALUE_N && type != VALUE_B) return false;
    *out = type == VALUE_B ? str_base64(arena, value_text(value)) : value_text(value);
    return true;
}

bool leading_key_of_item(Turn *turn, Str table_name, const Doc *item, Str *out) {
    Table table;
    return table_need(turn, table_name, &table, NULL) && told(turn_arena(turn), doc_get_str_key(item, table.key.hash.name), out);
}

static bool read_conditions(const Call *call, KeyConditions *out) {
    Scope scope;
    Node *node = NULL;
    Error ignored = {0};
    Str text = doc_text(call->input, "KeyConditionExpression");
    if (!text.at) return doc_get(call->input, "KeyConditions") && legacy_key_conditions(call->arena, call->input, out, &ignored);
    return scope_begin(&scope, call->arena, call->input, &ignored) && parse_condition(&scope, "KeyConditionExpression", text, &node, &ignored) &&
           key_conditions_read(node, out, &ignored);
}

bool leading_key_of_query(Turn *turn, const Call *call, Str *out) {
    Table table;
    Index index;
    KeyConditions conditions;
    Str index_name = doc_text(call->input, "IndexName");
    if (!table_need(turn, doc_text(call->input, "TableName"), &table, NULL)) return false;
    if (index_name.at && !table_index_named(&table, index_name, &index)) return false;
    Str hash = index_name.at ? index.key.hash.name : table.key.hash.name;
    if (!read_conditions(call, &conditions)) return false;
    for (size_t i = 0; i < conditions.count && i < KEY_CLAUSES; i++) {
        const KeyClause *clause = &conditions.at[i];
        if (clause->kind == NODE_EQ && str_eq(clause->name, hash)) return told(call->arena, clause->values[0], out);
    }
    return false;
}
