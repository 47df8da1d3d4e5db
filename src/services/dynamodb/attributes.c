// dynamodb:Attributes, the condition key of fine-grained access: the names of the top-level attributes that a request speaks of, wherever it does. What of the request
// is malformed, and will be refused by the handler, has none.
#include "services/dynamodb/expressions.h"
#include "services/dynamodb/requirements.h"

static void add_name(Arena *arena, Doc *names, Str name) {
    if (!doc_has_text(names, name)) doc_push_str(arena, names, name);
}

static void add_path(Arena *arena, Doc *names, const Path *path) {
    if (path->count) add_name(arena, names, path->steps[0].name);
}

static void add_node(Arena *arena, Doc *names, const Node *node) {
    for (; node; node = node->next) {
        if (node->kind == NODE_PATH) add_path(arena, names, &node->path);
        add_node(arena, names, node->first);
    }
}

static void add_conditions(Scope *scope, const Doc *input, Doc *names) {
    static const char *const members[] = {"ConditionExpression", "FilterExpression", "KeyConditionExpression", NULL};
    for (const char *const *member = members; *member; member++) {
        Error ignored = {0};
        Node *node = NULL;
        Str text = doc_text(input, *member);
        if (text.at && parse_condition(scope, *member, text, &node, &ignored)) add_node(scope->arena, names, node);
    }
}

static void add_update(Scope *scope, Str text, Doc *names) {
    Error ignored = {0};
    Vec actions = vec_of(scope->arena, Action);
    if (!text.at || !parse_update(scope, text, &actions, &ignored)) return;
    for (size_t i = 0; i < actions.len; i++) {
        const Action *action = vec_at(&actions, i);
        add_path(scope->arena, names, &action->path);
        add_node(scope->arena, names, action->operand);
    }
}

static void add_projection(Scope *scope, Str text, Doc *names) {
    Error ignored = {0};
    Vec paths = vec_of(scope->arena, Path);
    if (!text.at || !parse_projection(scope, text, &paths, &ignored)) return;
    for (size_t i = 0; i < paths.len; i++) add_path(scope->arena, names, vec_at(&paths, i));
}

static void add_members(Arena *arena, const Doc *map, Doc *names) {
    for (const Doc *member = doc_is(map, DOC_MAP) ? doc_first(map) : NULL; member; member = member->next) add_name(arena, names, member->key);
}

void attributes_asked(Arena *arena, const Doc *input, Doc *names) {
    static const char *const by_name[] = {"Key", "Item", "KeyConditions", "QueryFilter", "ScanFilter", "Expected", "AttributeUpdates", NULL};
    Error ignored = {0};
    Scope scope;
    for (const char *const *member = by_name; *member; member++) add_members(arena, doc_get(input, *member), names);
    for (const Doc *key = doc_first(doc_get(input, "Keys")); key; key = key->next) add_members(arena, key, names);
    for (const Doc *name = doc_first(doc_get(input, "AttributesToGet")); name; name = name->next) add_name(arena, names, doc_str(name, STR("")));
    if (!scope_begin(&scope, arena, input, &ignored)) return;
    add_conditions(&scope, input, names);
    add_update(&scope, doc_text(input, "UpdateExpression"), names);
    add_projection(&scope, doc_text(input, "ProjectionExpression"), names);
}
