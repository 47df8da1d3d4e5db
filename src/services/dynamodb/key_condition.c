// Key conditions: a condition taken apart into what is asked of each attribute of a key.
//
// Its form is judged without the table (DynamoDB tells a wrong form before a missing table), its names and types with the table's or the index's key.
#include "services/dynamodb/key_condition.h"

static bool fail_clause(const char *what, Error *e) { return dynamodb_invalid(e, "Invalid condition in KeyConditionExpression: %s", what); }

static bool fail_operator(const Node *node, Error *e) {
    return dynamodb_invalid(e, "Invalid operator used in KeyConditionExpression: %s", condition_name(node->kind));
}

static NodeKind mirrored(NodeKind kind) {
    switch (kind) {
    case NODE_LT: return NODE_GT;
    case NODE_LE: return NODE_GE;
    case NODE_GT: return NODE_LT;
    case NODE_GE: return NODE_LE;
    default: return kind;
    }
}

static bool is_refused(NodeKind kind) {
    switch (kind) {
    case NODE_OR:
    case NODE_NOT:
    case NODE_IN:
    case NODE_NE:
    case NODE_EXISTS:
    case NODE_NOT_EXISTS:
    case NODE_TYPE:
    case NODE_CONTAINS: return true;
    default: return false;
    }
}

// The one attribute that a comparison names.
static bool find_path(const Node *node, const Node **out, Error *e) {
    const Node *found = NULL;
    for (const Node *one = node->first; one; one = one->next) {
        if (one->kind == NODE_SIZE) return dynamodb_invalid(e, "KeyConditionExpressions cannot contain nested operations");
        if (one->kind != NODE_PATH) continue;
        if (found) return fail_clause("Multiple attribute names used in one condition", e);
        if (one->path.count > 1) return dynamodb_invalid(e, "KeyConditionExpressions cannot have conditions on nested attributes");
        found = one;
    }
    if (!found) return fail_clause("No key attribute specified", e);
    *out = found;
    return true;
}

static bool check_first(const Node *node, Error *e) {
    if ((node->kind != NODE_BETWEEN && node->kind != NODE_BEGINS_WITH) || node->first->kind == NODE_PATH) return true;
    return dynamodb_invalid(e, "Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand",
                            condition_name(node->kind));
}

static bool take_comparison(KeyConditions *conditions, const Node *node, Error *e) {
    const Node *path = NULL;
    TRY(check_first(node, e));
    TRY(find_path(node, &path, e));
    KeyClause clause = {.name = path->path.steps[0].name, .kind = path == node->first ? node->kind : mirrored(node->kind)};
    for (const Node *one = node->first; one; one = one->next)
        if (one->kind == NODE_VALUE) clause.values[clause.count++] = one->value;
    for (size_t i = 0; i < conditions->count; i++)
        if (str_eq(conditions->at[i].name, clause.name))
            return dynamodb_invalid(e, "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key");
    if (conditions->count < KEY_CLAUSES) conditions->at[conditions->count] = clause;
    conditions->count++;
    return true;
}

static bool take_apart(KeyConditions *conditions, const Node *node, Error *e) {
    if (is_refused(node->kind)) return fail_operator(node, e);
    if (node->kind != NODE_AND) return take_comparison(conditions, node, e);
    TRY(take_apart(conditions, node->first, e));
    return take_apart(conditions, node->first->next, e);
}

bool key_conditions_read(const Node *node, KeyConditions *out, Error *e) {
    KeyConditions conditions = {0};
    TRY(take_apart(&conditions, node, e));
    *out = conditions;
    return true;
}

// ---- With a key schema ----

static const KeyClause *clause_of(const KeyConditions *conditions, const KeyAttribute *attribute) {
    for (size_t i = 0; i < conditions->count && attribute->name.at; i++)
        if (str_eq(conditions->at[i].name, attribute->name)) return &conditions->at[i];
    return NULL;
}

static bool check_values(const KeyAttribute *attribute, const KeyClause *clause, Error *e) {
    for (size_t i = 0; i < clause->count; i++) {
        const Doc *value = clause->values[i];
        if (value_type(value) != attribute->type) return dynamodb_bad_parameters(e, "Condition parameter type does not match schema type");
        if (attribute->type == VALUE_N || clause->kind == NODE_BEGINS_WITH || value_bytes(value) > 0) continue;
        return dynamodb_invalid(
            e, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %.*s",
            attribute->type == VALUE_S ? "string" : "binary", STR_ARG(attribute->name));
    }
    return true;
}

static bool fail_missed(const KeyAttribute *attribute, Error *e) {
    return dynamodb_invalid(e, "Query condition missed key schema element: %.*s", STR_ARG(attribute->name));
}

bool key_conditions_match(const KeyConditions *conditions, const KeySchema *schema, KeyCondition *out, Error *e) {
    KeyCondition found = {clause_of(conditions, &schema->hash), clause_of(conditions, &schema->range)};
    bool ranged = schema->range.name.at != NULL;
    if (!ranged && conditions->count > 1) return dynamodb_invalid(e, "Query key condition not supported");
    if (conditions->count > KEY_CLAUSES)
        return dynamodb_invalid(e, "The number of query conditions (%zu) exceeds the number of key attributes defined in the schema (%d)",
                                conditions->count, KEY_CLAUSES);
    if (!found.hash) return fail_missed(&schema->hash, e);
    TRY(check_values(&schema->hash, found.hash, e));
    if (found.hash->kind != NODE_EQ) return dynamodb_invalid(e, "Query key condition not supported");
    if (conditions->count > 1 && !found.range) return fail_missed(&schema->range, e);
    if (found.range) TRY(check_values(&schema->range, found.range, e));
    *out = found;
    return true;
}
