// What a condition says of an item; what a path leads to.
#include "services/dynamodb/expressions.h"

#include <assert.h>

const Doc *path_find(const Path *path, const Doc *item) {
    const Doc *value = doc_get_str_key(item, path->steps[0].name);
    for (size_t i = 1; i < path->count && value; i++) {
        const PathStep *step = &path->steps[i];
        ValueType type = value_type(value);
        if (step->name.at)
            value = type == VALUE_M ? doc_get_str_key(value_data(value), step->name) : NULL;
        else
            value = type == VALUE_L ? doc_at(value_data(value), step->index) : NULL;
    }
    return value;
}

static bool same_step(const PathStep *a, const PathStep *b) {
    if (a->name.at && b->name.at) return str_eq(a->name, b->name);
    return !a->name.at && !b->name.at && a->index == b->index;
}

bool paths_overlap(const Path *a, const Path *b) {
    size_t common = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < common; i++)
        if (!same_step(&a->steps[i], &b->steps[i])) return false;
    return true;
}

bool paths_conflict(const Path *a, const Path *b) {
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!a->steps[i].name.at != !b->steps[i].name.at) return true;
        if (!same_step(&a->steps[i], &b->steps[i])) return false;
    }
    return false;
}

Str path_text(Arena *arena, const Path *path) { // [a, b, [2]]
    AUTO_BUF buf;
    buf_init(&buf, 1024);
    buf_add_char(&buf, '[');
    for (size_t i = 0; i < path->count; i++) {
        if (i) buf_add(&buf, STR(", "));
        if (path->steps[i].name.at)
            buf_add(&buf, path->steps[i].name);
        else
            buf_addf(&buf, "[%zu]", path->steps[i].index);
    }
    buf_add_char(&buf, ']');
    return str_copy(arena, buf_str(&buf));
}

// ---- Operands ----

static bool size_of(const Doc *value, int64_t *out) {
    switch (value_type(value)) {
    case VALUE_S: {
        Str text = value_text(value);
        size_t characters = 0;
        for (size_t i = 0; i < text.len; i++) characters += ((unsigned char)text.at[i] & 0xC0) != 0x80;
        *out = (int64_t)characters;
        return true;
    }
    case VALUE_B: *out = (int64_t)value_text(value).len; return true;
    case VALUE_N:
    case VALUE_BOOL:
    case VALUE_NULL:
    case VALUE_TYPES: return false;
    default: *out = (int64_t)doc_count(value_data(value)); return true;
    }
}

static const Doc *operand(Arena *arena, const Node *node, const Doc *item) {
    int64_t size;
    assert(node); // the parser gives every node its arguments
    if (node->kind == NODE_VALUE) return node->value;
    if (node->kind == NODE_PATH) return path_find(&node->path, item);
    const Doc *value = operand(arena, node->first, item); // of size
    if (!value || !size_of(value, &size)) return NULL;
    return value_new(arena, VALUE_N, doc_of_str(arena, str_format(arena, "%lld", (long long)size)));
}

// ---- Conditions ----

static bool compare(NodeKind kind, const Doc *left, const Doc *right) {
    int order;
    if (!left || !right) return kind == NODE_NE && (left || right);
    if (kind == NODE_EQ) return value_equal(left, right);
    if (kind == NODE_NE) return !value_equal(left, right);
    if (!value_compare(left, right, &order)) return false;
    if (kind == NODE_LT) return order < 0;
    if (kind == NODE_LE) return order <= 0;
    if (kind == NODE_GT) return order > 0;
    return order >= 0;
}

static bool begins_with(const Doc *value, const Doc *prefix) {
    ValueType type = value_type(value);
    return (type == VALUE_S || type == VALUE_B) && type == value_type(prefix) && str_starts(value_text(value), value_text(prefix));
}

static bool list_has(const Doc *list, const Doc *value) {
    for (const Doc *one = doc_first(list); one; one = one->next)
        if (value_equal(one, value)) return true;
    return false;
}

static bool set_has(const Doc *set, Str text) {
    for (const Doc *one = doc_first(set); one; one = one->next)
        if (str_eq(doc_str(one, STR("")), text)) return true;
    return false;
}

static bool contains(const Doc *value, const Doc *part) {
    ValueType type = value_type(value), of = value_type(part);
    if ((type == VALUE_S || type == VALUE_B) && type == of) return str_contains(value_text(value), value_text(part));
    if (type == VALUE_L) return list_has(value_data(value), part);
    bool fits = (type == VALUE_SS && of == VALUE_S) || (type == VALUE_NS && of == VALUE_N) || (type == VALUE_BS && of == VALUE_B);
    return fits && set_has(value_data(value), value_text(part));
}

static bool is_in(Arena *arena, const Node *node, const Doc *item) {
    assert(node->first);
    const Doc *value = operand(arena, node->first, item);
    for (const Node *one = node->first->next; one; one = one->next)
        if (compare(NODE_EQ, value, operand(arena, one, item))) return true;
    return false;
}

static bool has_type(Arena *arena, const Node *node, const Doc *item) {
    ValueType type;
    assert(node->first);
    const Doc *name = operand(arena, node->first->next, item), *value = operand(arena, node->first, item);
    return value && value_type(name) == VALUE_S && value_type_named(value_text(name), &type) && type == value_type(value);
}

static bool function_holds(Arena *arena, const Node *node, const Doc *item) {
    assert(node->first);
    const Doc *first = operand(arena, node->first, item);
    if (node->kind == NODE_EXISTS) return first != NULL;
    if (node->kind == NODE_NOT_EXISTS) return first == NULL;
    if (node->kind == NODE_TYPE) return has_type(arena, node, item);
    const Doc *second = operand(arena, node->first->next, item);
    if (!first || !second) return false;
    return node->kind == NODE_BEGINS_WITH ? begins_with(first, second) : contains(first, second);
}

bool condition_holds(Arena *arena, const Node *node, const Doc *item) {
    if (!node) return true;
    const Node *first = node->first, *second = first ? first->next : NULL;
    switch (node->kind) {
    case NODE_AND: return condition_holds(arena, first, item) && condition_holds(arena, second, item);
    case NODE_OR: return condition_holds(arena, first, item) || condition_holds(arena, second, item);
    case NODE_NOT: return !condition_holds(arena, first, item);
    case NODE_IN: return is_in(arena, node, item);
    case NODE_BETWEEN: {
        assert(second);
        const Doc *value = operand(arena, first, item);
        return compare(NODE_GE, value, operand(arena, second, item)) && compare(NODE_LE, value, operand(arena, second->next, item));
    }
    case NODE_EQ:
    case NODE_NE:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE: return compare(node->kind, operand(arena, first, item), operand(arena, second, item));
    default: return function_holds(arena, node, item);
    }
}

// ---- Projections ----

// Which of the paths lead into the child that `step` names: `depth` is how far they have been followed. `whole`: one of them ends there.
static Vec paths_into(Arena *arena, const Vec *paths, size_t depth, const PathStep *step, bool *whole) {
    Vec into = vec_of(arena, Path);
    *whole = false;
    for (size_t i = 0; i < paths->len; i++) {
        const Path *path = vec_at(paths, i);
        if (!same_step(&path->steps[depth], step)) continue;
        *whole = *whole || path->count == depth + 1;
        vec_add(&into, Path, *path);
    }
    return into;
}

static Doc *project_value(Arena *arena, const Vec *paths, size_t depth, const Doc *value);

// The children of a map or list that paths lead into; NULL when there are none.
static Doc *project_children(Arena *arena, const Vec *paths, size_t depth, const Doc *parent) {
    Doc *out = doc_is(parent, DOC_MAP) ? doc_map(arena) : doc_list(arena);
    size_t index = 0;
    for (const Doc *child = doc_first(parent); child; child = child->next, index++) {
        bool whole, named = doc_is(parent, DOC_MAP);
        PathStep step = {.name = named ? child->key : STR_NONE, .index = index};
        Vec into = paths_into(arena, paths, depth, &step, &whole);
        if (!into.len) continue;
        Doc *part = whole ? doc_copy(arena, child) : project_value(arena, &into, depth + 1, child);
        if (part && named) doc_add(out, child->key, part);
        if (part && !named) doc_push(out, part);
    }
    return doc_count(out) ? out : NULL;
}

static Doc *project_value(Arena *arena, const Vec *paths, size_t depth, const Doc *value) {
    ValueType type = value_type(value);
    if (type != VALUE_M && type != VALUE_L) return NULL;
    Doc *children = project_children(arena, paths, depth, value_data(value));
    return children ? value_new(arena, type, children) : NULL;
}

Doc *path_project(Arena *arena, const Vec *paths, const Doc *item) {
    Doc *part = project_children(arena, paths, 0, item);
    return part ? part : doc_map(arena);
}
