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

static bool take_name(Parser *parser, Str *out) {
    Str text = parser->token.text;
    if (parser->token.kind == TOKEN_NAME_HOLDER) {
        const Doc *name = doc_get_str_key(parser->scope->names, text);
        if (!name) {
            return fail_expression(parser, "An expression attribute name used in the document path is not defined; attribute name: %.*s",
                                   STR_ARG(text));
        }
        mark_used(parser->scope, text);
        *out = doc_str(name, STR(""));
    } else if (parser->token.kind == TOKEN_NAME) {
        if (is_reserved_word(parser->scope->arena, text))
            return fail_expression(parser, "Attribute name is a reserved keyword; reserved keyword: %.*s", STR_ARG(text));
        *out = text;
    } else {
        return fail_syntax(parser);
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
        return fail_expression(parser, "An expression attribute value used in expression is not defined; attribute value: %.*s", STR_ARG(holder));
    mark_used(parser->scope, holder);
    parser_next(parser);
    *out = value;
    return true;
}

static bool is_call(const Parser *parser) {
    size_t at = parser->at;
    while (at < parser->text.len && (parser->text.at[at] == ' ' || parser->text.at[at] == '\t')) at++;
    return parser->token.kind == TOKEN_NAME && at < parser->text.len && parser->text.at[at] == '(';
}

static bool parse_size(Parser *parser, Node **out) {
    if (!str_is(parser->token.text, "size")) {
        Str name = parser->token.text;
        return fail_expression(parser, "Invalid function name; function: %.*s", STR_ARG(name));
    }
    Node *size = new_node(parser, NODE_SIZE), *path = new_node(parser, NODE_PATH);
    parser_next(parser);
    TRY(parser_want(parser, "("));
    TRY(parse_path(parser, &path->path));
    TRY(parser_want(parser, ")"));
    add_argument(size, path);
    *out = size;
    return true;
}

bool parse_operand(Parser *parser, Node **out) {
    if (is_call(parser)) return parse_size(parser, out);
    bool value = parser->token.kind == TOKEN_VALUE_HOLDER;
    Node *node = new_node(parser, value ? NODE_VALUE : NODE_PATH);
    if (value)
        TRY(parse_value(parser, &node->value));
    else
        TRY(parse_path(parser, &node->path));
    *out = node;
    return true;
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
    for (Doc *value = doc_first(values); value; value = value->next)
        if (!value_check(arena, value, e)) return fail_within(e, "ExpressionAttributeValues contains invalid value: %.*s", STR_ARG(value->key));
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
