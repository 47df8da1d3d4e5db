// Paths, stand-ins and operands: what all three languages share.
#include "services/dynamodb/expressions_lexer.h"

Node *new_node(const Parser *parser, NodeKind kind) {
    Node *node = arena_new_of(parser->scope->arena, Node);
    node->kind = kind;
    return node;
}

void add_argument(Node *parent, Node *argument) {
    Node **end = &parent->first;
    while (*end) end = &(*end)->next;
    *end = argument;
}

static void mark_used(Scope *scope, Str holder) {
    if (!doc_get_str_key(scope->used, holder)) doc_add(scope->used, holder, doc_of_bool(scope->arena, true));
}

// Words of the grammar: as an attribute's name they are no fault but a mistake of syntax.
static bool is_keyword(const Parser *parser) {
    static const char *const of_condition[] = {"AND", "OR", "NOT", "IN", "BETWEEN", NULL}, *const of_update[] = {"SET", "REMOVE", "ADD", "DELETE",
                                                                                                                 NULL};
    for (const char *const *word = parser->condition ? of_condition : of_update; *word; word++)
        if (parser_is(parser, *word)) return true;
    return false;
}

static bool take_name(Parser *parser, Str *out) {
    Str text = parser->token.text;
    *out = text;
    if (parser->token.kind == TOKEN_NAME_HOLDER) {
        const Doc *name = doc_get_str_key(parser->scope->names, text);
        if (!name)
            note_fault(parser, FAULT_NAME, "An expression attribute name used in the document path is not defined; attribute name: %.*s",
                       STR_ARG(text));
        mark_used(parser->scope, text);
        *out = doc_str(name, text);
    } else if (parser->token.kind != TOKEN_NAME || is_keyword(parser)) {
        return fail_syntax(parser);
    } else if (is_reserved_word(parser->scope->arena, text)) {
        note_fault(parser, FAULT_RESERVED, "Attribute name is a reserved keyword; reserved keyword: %.*s", STR_ARG(text));
    }
    parser_next(parser);
    return true;
}

static bool take_index(Parser *parser, size_t *out) {
    int64_t index;
    if (parser->token.kind != TOKEN_NUMBER || !str_to_int(parser->token.text, &index)) return fail_syntax(parser);
    parser_next(parser);
    TRY(parser_want(parser, "]"));
    *out = (size_t)index;
    return true;
}

bool parse_path(Parser *parser, Path *out) {
    PathStep steps[PATH_STEPS] = {0};
    size_t count = 1;
    TRY(take_name(parser, &steps[0].name));
    for (;;) {
        bool by_name = parser_is(parser, "."), by_index = parser_is(parser, "[");
        if (!by_name && !by_index) break;
        if (count == PATH_STEPS) return fail_expression(parser, "The document path has too many nesting elements; nesting levels: %zu", count);
        parser_next(parser);
        if (by_name)
            TRY(take_name(parser, &steps[count].name));
        else
            TRY(take_index(parser, &steps[count].index));
        count++;
    }
    *out = (Path){arena_copy(parser->scope->arena, steps, count * sizeof *steps), count};
    return true;
}

bool parse_value(Parser *parser, const Doc **out) {
    Str holder = parser->token.text;
    if (parser->token.kind != TOKEN_VALUE_HOLDER) return fail_syntax(parser);
    const Doc *value = doc_get_str_key(parser->scope->values, holder);
    if (!value)
        note_fault(parser, FAULT_VALUE, "An expression attribute value used in expression is not defined; attribute value: %.*s", STR_ARG(holder));
    mark_used(parser->scope, holder);
    parser_next(parser);
    *out = value;
    return true;
}

bool parse_atom(Parser *parser, Node **out) {
    bool value = parser->token.kind == TOKEN_VALUE_HOLDER;
    Node *node = new_node(parser, value ? NODE_VALUE : NODE_PATH);
    TRY(value ? parse_value(parser, &node->value) : parse_path(parser, &node->path));
    *out = node;
    return true;
}

bool parser_at_call(const Parser *parser) {
    size_t at = parser->at;
    while (at < parser->text.len && (parser->text.at[at] == ' ' || parser->text.at[at] == '\t')) at++;
    return parser->token.kind == TOKEN_NAME && at < parser->text.len && parser->text.at[at] == '(';
}

// One path may not be another or lie within it, nor may they differ on whether something is a map or a list.
void check_overlap(Parser *parser, const Path *before, const Path *path) {
    bool conflict = paths_conflict(before, path);
    if (!conflict && !paths_overlap(before, path)) return;
    Str one = path_text(parser->scope->arena, before), two = path_text(parser->scope->arena, path);
    note_fault(parser, conflict ? FAULT_CONFLICT : FAULT_OVERLAP,
               "Two document paths %s with each other; must remove or rewrite one of these paths; path one: %.*s, path two: %.*s",
               conflict ? "conflict" : "overlap", STR_ARG(one), STR_ARG(two));
}

// ---- Scope ----

static bool check_holders(const Doc *map, const char *member, char mark, Error *e) {
    if (map && !doc_count(map)) return fail(e, "ValidationException", "%s must not be empty", member);
    for (const Doc *one = doc_first(map); one; one = one->next)
        if (one->key.len < 2 || one->key.at[0] != mark) {
            return fail(e, "ValidationException", "%s contains invalid key: Syntax error; key: \"%.*s\"", member, STR_ARG(one->key));
        }
    return true;
}

static bool check_values(Arena *arena, const Doc *values, Error *e) {
    for (Doc *value = doc_first(values); value; value = value->next) {
        Error why = {0};
        if (value_check(arena, value, &why)) continue;
        return fail(e, "ValidationException", "ExpressionAttributeValues contains invalid value: %s for key %.*s", why.message, STR_ARG(value->key));
    }
    return true;
}

bool scope_begin(Scope *scope, Arena *arena, const Doc *input, Error *e) {
    Scope begun = {
        .arena = arena,
        .names = doc_get(input, "ExpressionAttributeNames"),
        .values = doc_get(input, "ExpressionAttributeValues"),
        .used = doc_map(arena),
    };
    TRY(check_holders(begun.names, "ExpressionAttributeNames", '#', e));
    TRY(check_holders(begun.values, "ExpressionAttributeValues", ':', e));
    TRY(check_values(arena, begun.values, e));
    *scope = begun;
    return true;
}

static bool check_used(const Scope *scope, const Doc *map, const char *member, Error *e) {
    AUTO_BUF unused;
    buf_init(&unused, 1024);
    for (const Doc *one = doc_first(map); one; one = one->next) {
        if (doc_get_str_key(scope->used, one->key)) continue;
        if (unused.len) buf_add(&unused, STR(", "));
        buf_add(&unused, one->key);
    }
    if (!unused.len) return true;
    return fail(e, "ValidationException", "Value provided in %s unused in expressions: keys: {%.*s}", member, STR_ARG(buf_str(&unused)));
}

bool scope_end(const Scope *scope, Error *e) {
    const char *given = scope->names ? "ExpressionAttributeNames" : scope->values ? "ExpressionAttributeValues" : NULL;
    if (!scope->any && given) return fail(e, "ValidationException", "%s can only be specified when using expressions", given);
    TRY(check_used(scope, scope->names, "ExpressionAttributeNames", e));
    return check_used(scope, scope->values, "ExpressionAttributeValues", e);
}
