#include "services/dynamodb/legacy.h"

// ---- Beside expressions ----

static Str given(Arena *arena, const Doc *input, const char *const *members) {
    Str list = STR("");
    for (; *members; members++)
        if (doc_get(input, *members)) list = str_format(arena, "%.*s%s%s", STR_ARG(list), list.len ? ", " : "", *members);
    return list;
}

static bool any_given(const Doc *input, const char *const *members) {
    for (; *members; members++)
        if (doc_get(input, *members)) return true;
    return false;
}

bool legacy_alone(const Doc *input, const char *const *legacy, const char *const *expressions, Error *e) {
    if (!any_given(input, legacy) || !any_given(input, expressions)) return true;
    AUTO_ARENA arena = arena_new();
    Str old = given(arena, input, legacy), new = given(arena, input, expressions);
    return dynamodb_invalid(e,
                            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%.*s} "
                            "Expression parameters: {%.*s}",
                            STR_ARG(old), STR_ARG(new));
}

// ---- Nodes ----

static Node *node_of(Arena *arena, NodeKind kind) {
    Node *node = arena_new_of(arena, Node);
    node->kind = kind;
    return node;
}

static Path path_of(Arena *arena, Str name) {
    PathStep step = {.name = name};
    return (Path){arena_copy(arena, &step, sizeof step), 1};
}

static void append(Node *parent, Node *argument) {
    Node **end = &parent->first;
    while (*end) end = &(*end)->next;
    *end = argument;
}

static Node *about(Arena *arena, NodeKind kind, Str attribute) {
    Node *node = node_of(arena, kind), *path = node_of(arena, NODE_PATH);
    path->path = path_of(arena, attribute);
    append(node, path);
    return node;
}

static void add_value(Arena *arena, Node *node, const Doc *value) {
    Node *argument = node_of(arena, NODE_VALUE);
    argument->value = value;
    append(node, argument);
}

// ---- Comparison operators ----

typedef struct Operator {
    const char *name, *types; // types of the values; NULL: any
    size_t least, most; // how many values
    NodeKind kind;
    bool negated;
} Operator;

static const Operator OPERATORS[] = {
    {"EQ", NULL, 1, 1, NODE_EQ, false},
    {"NE", NULL, 1, 1, NODE_NE, false},
    {"LE", "S N B", 1, 1, NODE_LE, false},
    {"LT", "S N B", 1, 1, NODE_LT, false},
    {"GE", "S N B", 1, 1, NODE_GE, false},
    {"GT", "S N B", 1, 1, NODE_GT, false},
    {"NOT_NULL", NULL, 0, 0, NODE_EXISTS, false},
    {"NULL", NULL, 0, 0, NODE_NOT_EXISTS, false},
    {"CONTAINS", "S N B", 1, 1, NODE_CONTAINS, false},
    {"NOT_CONTAINS", "S N B", 1, 1, NODE_CONTAINS, true},
    {"BEGINS_WITH", "S B", 1, 1, NODE_BEGINS_WITH, false},
    {"IN", "S N B", 1, SIZE_MAX, NODE_IN, false},
    {"BETWEEN", "S N B", 2, 2, NODE_BETWEEN, false},
};

static const Operator *operator_named(Str name) {
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (str_is(name, OPERATORS[i].name)) return &OPERATORS[i];
    return NULL;
}

static bool takes_type(const Operator *operation, ValueType type) {
    Str rest = str_of(operation->types), name = str_of(value_type_name(type));
    while (rest.len)
        if (str_eq(str_cut(&rest, ' '), name)) return true;
    return false;
}

static bool check_values(Arena *arena, const Operator *operation, Doc *first, size_t count, Error *e) {
    int order;
    for (Doc *value = first; value; value = value->next) TRY(value_check(arena, value, e));
    if (count < operation->least || count > operation->most)
        return dynamodb_bad_parameters(e, "Invalid number of argument(s) for the %s ComparisonOperator", operation->name);
    for (const Doc *value = first; value; value = value->next) {
        ValueType type = value_type(value);
        if (type != value_type(first)) return dynamodb_bad_parameters(e, "AttributeValues inside AttributeValueList must be of same type");
        if (!operation->types || takes_type(operation, type)) continue;
        return dynamodb_bad_parameters(e, "ComparisonOperator %s is not valid for %s AttributeValue type", operation->name, value_type_name(type));
    }
    const Doc *second = first ? first->next : NULL;
    if (operation->kind == NODE_BETWEEN && second && value_compare(first, second, &order) && order > 0)
        return dynamodb_invalid(e, "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
    return true;
}

// `value` alone, or the list of the condition.
static bool compare(Arena *arena, const Doc *condition, Doc *value, Node **out, Error *e) {
    const Operator *operation = operator_named(doc_text(condition, "ComparisonOperator"));
    Doc *list = doc_get(condition, "AttributeValueList"), *first = value ? value : doc_first(list);
    if (!operation) return dynamodb_bad_parameters(e, "ComparisonOperator is missing for Attribute: %.*s", STR_ARG(condition->key));
    if (value) value->next = NULL;
    TRY(check_values(arena, operation, first, value ? 1 : doc_count(list), e));
    Node *node = about(arena, operation->kind, condition->key);
    for (const Doc *one = first; one; one = one->next) add_value(arena, node, one);
    *out = node;
    if (!operation->negated) return true;
    *out = node_of(arena, NODE_NOT);
    append(*out, node);
    return true;
}

// ---- Several conditions ----

static bool check_joint(const Doc *input, const Doc *conditions, Error *e) {
    if (!doc_get(input, "ConditionalOperator")) return true;
    if (!conditions) return dynamodb_invalid(e, "ConditionalOperator cannot be used without Filter or Expected");
    return doc_count(conditions) > 1 || dynamodb_invalid(e, "ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

static Node *join(Arena *arena, const Doc *input, Node *left, Node *right) {
    if (!left) return right;
    Node *node = node_of(arena, str_is(doc_text(input, "ConditionalOperator"), "OR") ? NODE_OR : NODE_AND);
    append(node, left);
    append(node, right);
    return node;
}

bool legacy_filter(Arena *arena, const Doc *input, const char *member, Node **out, Error *e) {
    Doc *conditions = doc_get(input, member);
    Node *all = NULL, *one = NULL;
    TRY(check_joint(input, conditions, e));
    for (Doc *condition = doc_first(conditions); condition; condition = condition->next) {
        TRY(compare(arena, condition, NULL, &one, e));
        all = join(arena, input, all, one);
    }
    if (all) *out = all;
    return true;
}

// Without an operator: that the attribute has this value, or that it is not there.
static bool expect_plainly(Arena *arena, const Doc *expected, Doc *value, Node **out, Error *e) {
    const Doc *exists = doc_get(expected, "Exists");
    bool wanted = doc_bool(exists, true);
    Str name = expected->key;
    if (doc_get(expected, "AttributeValueList"))
        return dynamodb_bad_parameters(e, "AttributeValueList can only be used with a ComparisonOperator for Attribute: %.*s", STR_ARG(name));
    if (wanted && !value)
        return dynamodb_bad_parameters(e, "Value must be provided when Exists is %s for Attribute: %.*s", exists ? "true" : "null", STR_ARG(name));
    if (!wanted && value) return dynamodb_bad_parameters(e, "Value cannot be used when Exists is false for Attribute: %.*s", STR_ARG(name));
    if (value) TRY(value_check(arena, value, e));
    *out = about(arena, wanted ? NODE_EQ : NODE_NOT_EXISTS, name);
    if (value) add_value(arena, *out, value);
    return true;
}

static bool expect(Arena *arena, const Doc *expected, Node **out, Error *e) {
    Doc *value = doc_get(expected, "Value"), *list = doc_get(expected, "AttributeValueList");
    Str operation = doc_text(expected, "ComparisonOperator"), name = expected->key;
    bool values = !str_is(operation, "NULL") && !str_is(operation, "NOT_NULL");
    if (value) value = doc_copy(arena, value);
    if (value && list) return dynamodb_bad_parameters(e, "Value and AttributeValueList cannot be used together for Attribute: %.*s", STR_ARG(name));
    if (!operation.at) return expect_plainly(arena, expected, value, out, e);
    if (doc_get(expected, "Exists"))
        return dynamodb_bad_parameters(e, "Exists and ComparisonOperator cannot be used together for Attribute: %.*s", STR_ARG(name));
    if (values && !value && !list) {
        return dynamodb_bad_parameters(e, "Value or AttributeValueList must be used with ComparisonOperator: %.*s for Attribute: %.*s",
                                       STR_ARG(operation), STR_ARG(name));
    }
    return compare(arena, expected, value, out, e);
}

bool legacy_expected(Arena *arena, const Doc *input, Node **out, Error *e) {
    const Doc *expected = doc_get(input, "Expected");
    Node *all = NULL, *one = NULL;
    TRY(check_joint(input, expected, e));
    for (const Doc *at = doc_first(expected); at; at = at->next) {
        TRY(expect(arena, at, &one, e));
        all = join(arena, input, all, one);
    }
    if (all) *out = all;
    return true;
}

// ---- Updates ----

static bool is_set(ValueType type) { return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS; }

static bool update_kind(const Doc *update, ActionKind *out, Error *e) {
    Str action = doc_text(update, "Action");
    const Doc *value = doc_get(update, "Value");
    ValueType type = value ? value_type(value) : VALUE_TYPES;
    bool remove = str_is(action, "DELETE"), add = str_is(action, "ADD");
    if (!value && !remove) return dynamodb_bad_parameters(e, "Only DELETE action is allowed when no attribute value is specified");
    if (value && remove && !is_set(type))
        return dynamodb_bad_parameters(e, "DELETE action with value is not supported for the type %s", value_type_name(type));
    if (add && type != VALUE_N && !is_set(type))
        return dynamodb_bad_parameters(e, "ADD action is not supported for the type %s", value_type_name(type));
    *out = add ? ACTION_ADD : !remove ? ACTION_SET : value ? ACTION_DELETE : ACTION_REMOVE;
    return true;
}

bool legacy_updates(Arena *arena, const Doc *input, Vec *actions, Error *e) {
    for (const Doc *update = doc_first(doc_get(input, "AttributeUpdates")); update; update = update->next) {
        Action action = {.path = path_of(arena, update->key)};
        Doc *value = doc_get(update, "Value");
        if (value) TRY(value_check(arena, value, e));
        TRY(update_kind(update, &action.kind, e));
        if (value) {
            action.operand = node_of(arena, NODE_VALUE);
            action.operand->value = value;
        }
        vec_add(actions, Action, action);
    }
    return true;
}

// ---- Projections and keys ----

bool legacy_paths(Arena *arena, const Doc *input, Vec *paths, Error *e) {
    for (const Doc *name = doc_first(doc_get(input, "AttributesToGet")); name; name = name->next) {
        Path path = path_of(arena, doc_str(name, STR("")));
        for (size_t i = 0; i < paths->len; i++)
            if (paths_overlap(vec_at(paths, i), &path))
                return dynamodb_bad_parameters(e, "Duplicate value in attribute name: %.*s", STR_ARG(path.steps[0].name));
        vec_add(paths, Path, path);
    }
    return true;
}

static bool is_indexable(NodeKind kind) {
    return kind == NODE_EQ || kind == NODE_LT || kind == NODE_LE || kind == NODE_GT || kind == NODE_GE || kind == NODE_BETWEEN ||
           kind == NODE_BEGINS_WITH;
}

bool legacy_key_conditions(Arena *arena, const Doc *input, KeyConditions *out, Error *e) {
    const Doc *given_conditions = doc_get(input, "KeyConditions");
    KeyConditions conditions = {0};
    if (!doc_count(given_conditions) || doc_count(given_conditions) > KEY_CLAUSES)
        return dynamodb_invalid(e, "Conditions can be of length 1 or 2 only");
    for (const Doc *condition = doc_first(given_conditions); condition; condition = condition->next) {
        Node *node = NULL;
        TRY(compare(arena, condition, NULL, &node, e));
        if (!is_indexable(node->kind)) return dynamodb_invalid(e, "Attempted conditional constraint is not an indexable operation");
        KeyClause *clause = &conditions.at[conditions.count++];
        *clause = (KeyClause){.name = condition->key, .kind = node->kind};
        for (const Node *value = node->first->next; value; value = value->next) clause->values[clause->count++] = value->value;
    }
    *out = conditions;
    return true;
}
