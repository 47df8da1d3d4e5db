// Updates carried out. All operands are worked out first, on the item as it was; then the paths are changed, REMOVE of list elements from the end forward so
// that their indexes keep their meaning.
#include "services/dynamodb/expressions.h"

static bool fail_type(Error *e) { return fail(e, "ValidationException", "An operand in the update expression has an incorrect data type"); }

static bool fail_path(Error *e) {
    return fail(e, "ValidationException", "The document path provided in the update expression is invalid for update");
}

static bool evaluate(Arena *arena, const Node *node, const Doc *item, Doc **out, Error *e);

static bool evaluate_arithmetic(Arena *arena, const Node *node, const Doc *item, Doc **out, Error *e) {
    Doc *left = NULL, *right = NULL;
    Decimal sum;
    TRY(evaluate(arena, node->first, item, &left, e));
    TRY(evaluate(arena, node->first->next, item, &right, e));
    if (value_type(left) != VALUE_N || value_type(right) != VALUE_N) return fail_type(e);
    Decimal a = value_number(left), b = value_number(right);
    if (node->kind == NODE_SUBTRACT) b = decimal_negate(&b);
    TRY(decimal_add(&a, &b, &sum, e));
    *out = value_of_number(arena, &sum);
    return true;
}

static bool evaluate_append(Arena *arena, const Node *node, const Doc *item, Doc **out, Error *e) {
    Doc *left = NULL, *right = NULL;
    TRY(evaluate(arena, node->first, item, &left, e));
    TRY(evaluate(arena, node->first->next, item, &right, e));
    if (value_type(left) != VALUE_L || value_type(right) != VALUE_L) return fail_type(e);
    Doc *list = doc_copy(arena, value_data(left));
    for (const Doc *one = doc_first(value_data(right)); one; one = one->next) doc_push(list, doc_copy(arena, one));
    *out = value_new(arena, VALUE_L, list);
    return true;
}

// A fresh value, that may be put into the item.
static bool evaluate(Arena *arena, const Node *node, const Doc *item, Doc **out, Error *e) {
    const Doc *found = NULL;
    switch (node->kind) {
    case NODE_ADD:
    case NODE_SUBTRACT: return evaluate_arithmetic(arena, node, item, out, e);
    case NODE_LIST_APPEND: return evaluate_append(arena, node, item, out, e);
    case NODE_IF_NOT_EXISTS:
        found = path_find(&node->first->path, item);
        if (!found) return evaluate(arena, node->first->next, item, out, e);
        break;
    case NODE_VALUE: found = node->value; break;
    case NODE_PATH: found = path_find(&node->path, item); break;
    default: return fail_type(e);
    }
    if (!found) return fail(e, "ValidationException", "The provided expression refers to an attribute that does not exist in the item");
    *out = doc_copy(arena, found);
    return true;
}

// The map or list that holds the path's last step.
static Doc *parent_of(const Path *path, Doc *item) {
    if (path->count == 1) return item;
    Path up = {path->steps, path->count - 1};
    Doc *value = (Doc *)path_find(&up, item);
    ValueType type = value_type(value), wanted = path->steps[path->count - 1].name.at ? VALUE_M : VALUE_L;
    return value && type == wanted ? doc_first(value) : NULL;
}

static void replace_at(Doc *list, size_t index, Doc *value) {
    Doc *old = doc_at(list, index);
    if (!old) { // behind the end: appended
        doc_push(list, value);
        return;
    }
    old->kind = value->kind;
    old->count = value->count;
    old->as = value->as;
}

static bool set_at(const Path *path, Doc *item, Doc *value, Error *e) {
    Doc *parent = parent_of(path, item);
    const PathStep *last = &path->steps[path->count - 1];
    if (!parent) return fail_path(e);
    if (last->name.at)
        doc_put(parent, last->name, value);
    else
        replace_at(parent, last->index, value);
    return true;
}

static void remove_from_list(Doc *list, size_t index) {
    Doc *before = index ? doc_at(list, index - 1) : NULL, *gone = doc_at(list, index);
    if (!gone) return;
    if (before)
        before->next = gone->next;
    else
        list->as.children.first = gone->next;
    if (list->as.children.last == gone) list->as.children.last = before;
    list->count--;
}

static bool remove_at(const Path *path, Doc *item, Error *e) {
    Doc *parent = parent_of(path, item);
    const PathStep *last = &path->steps[path->count - 1];
    if (!parent) return fail_path(e);
    if (last->name.at)
        doc_put(parent, last->name, NULL);
    else
        remove_from_list(parent, last->index);
    return true;
}

static Doc *unite(Arena *arena, const Doc *old, const Doc *more) {
    Doc *set = doc_copy(arena, value_data(old));
    Map *index = set_index(value_data(old));
    for (const Doc *one = doc_first(value_data(more)); one; one = one->next)
        if (!map_get(index, doc_str(one, STR("")))) doc_push(set, doc_copy(arena, one));
    map_free(index);
    return value_new(arena, value_type(old), set);
}

static bool add_at(Arena *arena, const Path *path, Doc *item, const Doc *value, Error *e) {
    const Doc *old = path_find(path, item);
    if (!old) return set_at(path, item, doc_copy(arena, value), e);
    if (value_type(old) != value_type(value)) return fail_type(e);
    if (value_type(value) != VALUE_N) return set_at(path, item, unite(arena, old, value), e);
    Decimal a = value_number(old), b = value_number(value), sum;
    TRY(decimal_add(&a, &b, &sum, e));
    return set_at(path, item, value_of_number(arena, &sum), e);
}

static bool delete_at(Arena *arena, const Path *path, Doc *item, const Doc *value, Error *e) {
    const Doc *old = path_find(path, item);
    if (!old) return true;
    if (value_type(old) != value_type(value)) return fail_type(e);
    Doc *left = doc_copy(arena, value_data(old)), *set = doc_list(arena);
    Map *gone = set_index(value_data(value));
    for (const Doc *one = doc_first(left); one; one = one->next)
        if (!map_get(gone, doc_str(one, STR("")))) doc_push(set, doc_copy(arena, one));
    map_free(gone);
    if (!doc_count(set)) return remove_at(path, item, e); // there are no empty sets
    return set_at(path, item, value_new(arena, value_type(old), set), e);
}

static bool apply(Arena *arena, const Action *action, Doc *value, Doc *item, Error *e) {
    switch (action->kind) {
    case ACTION_SET: return set_at(&action->path, item, value, e);
    case ACTION_ADD: return add_at(arena, &action->path, item, value, e);
    case ACTION_DELETE: return delete_at(arena, &action->path, item, value, e);
    default: return true; // REMOVE comes last
    }
}

static size_t last_index(const Action *action) {
    const PathStep *last = &action->path.steps[action->path.count - 1];
    return last->name.at ? 0 : last->index;
}

// The removal with the highest last index that has not been done yet.
static const Action *next_removal(const Vec *actions, bool *done) {
    const Action *best = NULL;
    size_t at = 0;
    for (size_t i = 0; i < actions->len; i++) {
        const Action *action = vec_at(actions, i);
        if (action->kind != ACTION_REMOVE || done[i] || (best && last_index(action) <= last_index(best))) continue;
        best = action;
        at = i;
    }
    if (best) done[at] = true;
    return best;
}

bool update_apply(Arena *arena, const Vec *actions, Doc *item, Error *e) {
    Doc **values = arena_array(arena, Doc *, actions->len + 1);
    bool *done = arena_array(arena, bool, actions->len + 1);
    for (size_t i = 0; i < actions->len; i++) {
        const Action *action = vec_at(actions, i);
        if (action->operand) TRY(evaluate(arena, action->operand, item, &values[i], e));
    }
    for (size_t i = 0; i < actions->len; i++) TRY(apply(arena, vec_at(actions, i), values[i], item, e));
    for (const Action *action; (action = next_removal(actions, done));) TRY(remove_at(&action->path, item, e));
    return true;
}
