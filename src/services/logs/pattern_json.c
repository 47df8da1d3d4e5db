// JSON patterns: property selectors, and whether a condition holds of a message.
//
// A selector that finds nothing, or an object, a list, a boolean or null, satisfies no comparison, not even !=.
#include "services/logs/pattern_internal.h"

#include <ctype.h>

// ---- Selectors ----

static bool is_selector_byte(char c) { return isalnum((unsigned char)c) || c == '_' || c == '-'; }

static bool read_member(PatternReader *reader, Selection *out) {
    size_t len = 0;
    while (len < reader->rest.len && is_selector_byte(reader->rest.at[len])) len++;
    if (!len) return pattern_bad(reader, "expected a property's name at \"%.*s\"", STR_ARG(reader->rest));
    *out = (Selection){.kind = SELECT_MEMBER, .name = str_sub(reader->rest, 0, len)};
    reader->rest = str_from(reader->rest, len);
    return true;
}

// Behind '[': *], 12] or 'a name'].
static bool read_bracket(PatternReader *reader, Selection *out) {
    ptrdiff_t end = str_find_char(reader->rest, ']');
    int64_t index;
    if (end < 0) return pattern_bad(reader, "a bracket is not closed");
    Str inside = str_sub(reader->rest, 0, (size_t)end);
    reader->rest = str_from(reader->rest, (size_t)end + 1);
    *out = (Selection){.kind = SELECT_ANY};
    if (str_is(inside, "*")) return true;
    bool quoted = inside.len > 2 && (inside.at[0] == '\'' || inside.at[0] == '"') && inside.at[inside.len - 1] == inside.at[0];
    *out = (Selection){.kind = SELECT_MEMBER, .name = str_sub(inside, 1, inside.len - 1)};
    if (quoted) return true;
    if (!str_to_int(inside, &index) || index < 0) return pattern_bad(reader, "\"[%.*s]\" selects no element", STR_ARG(inside));
    *out = (Selection){.kind = SELECT_ITEM, .index = (size_t)index};
    return true;
}

static bool read_selection(PatternReader *reader, bool *more, Selection *out) {
    bool dot = str_starts(reader->rest, STR(".")), bracket = str_starts(reader->rest, STR("["));
    *more = dot || bracket;
    if (!*more) return true;
    reader->rest = str_from(reader->rest, 1);
    if (bracket) return read_bracket(reader, out);
    if (pattern_take(reader, "[")) return read_bracket(reader, out);
    *out = (Selection){.kind = SELECT_ANY};
    return pattern_take(reader, "*") || read_member(reader, out);
}

bool pattern_read_selector(PatternReader *reader, Condition *to) {
    pattern_skip(reader);
    Str start = reader->rest;
    Selection selection = {0};
    size_t wildcards = 0;
    bool more = true;
    if (!pattern_take(reader, "$")) return pattern_bad(reader, "expected a property selector such as $.name at \"%.*s\"", STR_ARG(start));
    to->path = vec_of(reader->arena, Selection);
    while (more) {
        TRY(read_selection(reader, &more, &selection));
        if (!more) break;
        vec_add(&to->path, Selection, selection);
        wildcards += selection.kind == SELECT_ANY;
    }
    to->subject = str_sub(start, 0, start.len - reader->rest.len);
    if (!to->path.len) return pattern_bad(reader, "expected a property's name behind $");
    if (wildcards > 1) return pattern_bad(reader, "\"%.*s\" has more than one wildcard", STR_ARG(to->subject));
    if (wildcards) reader->wildcards++;
    return true;
}

typedef bool Found(void *context, const Doc *value); // true: enough

static bool select_from(const Vec *path, size_t step, const Doc *at, Found *found, void *context) {
    if (!at) return false;
    if (step == path->len) return found(context, at);
    const Selection *selection = vec_at(path, step);
    if (selection->kind == SELECT_MEMBER)
        return doc_is(at, DOC_MAP) && select_from(path, step + 1, doc_get_str_key(at, selection->name), found, context);
    if (selection->kind == SELECT_ITEM) return doc_is(at, DOC_LIST) && select_from(path, step + 1, doc_at(at, selection->index), found, context);
    if (!doc_is(at, DOC_LIST) && !doc_is(at, DOC_MAP)) return false;
    for (const Doc *child = doc_first(at); child; child = child->next)
        if (select_from(path, step + 1, child, found, context)) return true;
    return false;
}

// ---- Conditions ----

typedef struct Test {
    Arena *scratch;
    const Condition *condition;
} Test;

static bool is_number(const Doc *value) { return doc_is(value, DOC_INT) || doc_is(value, DOC_REAL); }

static Str text_of(Arena *arena, const Doc *value) {
    if (doc_is(value, DOC_INT)) return str_format(arena, "%lld", (long long)value->as.integer);
    if (doc_is(value, DOC_REAL)) return str_format(arena, "%.17g", value->as.real);
    return doc_str(value, STR_NONE);
}

static bool passes(void *context, const Doc *value) {
    const Test *test = context;
    const Condition *condition = test->condition;
    switch (condition->kind) {
    case CONDITION_IS_NULL: return doc_is(value, DOC_NULL);
    case CONDITION_IS_TRUE: return doc_is(value, DOC_BOOL) && doc_bool(value, false);
    case CONDITION_IS_FALSE: return doc_is(value, DOC_BOOL) && !doc_bool(value, true);
    case CONDITION_NOT_EXISTS: return true; // it does exist; see below
    default: break;
    }
    Str text = text_of(test->scratch, value);
    return text.at && operand_holds(condition->op, &condition->operand, text, is_number(value), doc_real(value, 0));
}

bool json_condition_holds(Arena *scratch, const Condition *condition, const Doc *message) {
    if (condition->kind == CONDITION_AND)
        return json_condition_holds(scratch, condition->left, message) && json_condition_holds(scratch, condition->right, message);
    if (condition->kind == CONDITION_OR)
        return json_condition_holds(scratch, condition->left, message) || json_condition_holds(scratch, condition->right, message);
    Test test = {scratch, condition};
    bool found = select_from(&condition->path, 0, message, passes, &test);
    return condition->kind == CONDITION_NOT_EXISTS ? !found : found;
}

typedef struct Extraction {
    Arena *arena;
    Str subject;
    Doc *to;
} Extraction;

static bool extract(void *context, const Doc *value) {
    Extraction *all = context;
    Str text = text_of(all->arena, value);
    if (doc_is(value, DOC_BOOL)) text = doc_bool(value, false) ? STR("true") : STR("false");
    if (text.at) doc_put(all->to, all->subject, doc_of_str(all->arena, text));
    return true;
}

void json_condition_extract(Arena *arena, const Condition *condition, const Doc *message, Doc *to) {
    if (condition->kind == CONDITION_AND || condition->kind == CONDITION_OR) {
        json_condition_extract(arena, condition->left, message, to);
        json_condition_extract(arena, condition->right, message, to);
        return;
    }
    Extraction all = {arena, condition->subject, to};
    select_from(&condition->path, 0, message, extract, &all);
}
