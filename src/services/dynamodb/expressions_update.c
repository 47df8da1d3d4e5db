// The grammar of updates: each of SET, REMOVE, ADD, DELETE at most once, in any order.
#include "services/dynamodb/expressions_lexer.h"

static bool parse_set_value(Parser *parser, Node **out);

static const char *const SECTIONS[ACTION_KINDS] = {
    [ACTION_SET] = "SET", [ACTION_REMOVE] = "REMOVE", [ACTION_ADD] = "ADD", [ACTION_DELETE] = "DELETE"};

static bool parse_two(Parser *parser, NodeKind kind, Node **out) {
    Node *node = new_node(parser, kind), *one = NULL, *two = NULL;
    const char *name = kind == NODE_LIST_APPEND ? "list_append" : "if_not_exists";
    parser_next(parser);
    TRY(parser_want(parser, "("));
    TRY(parse_set_value(parser, &one));
    TRY(parser_want(parser, ","));
    TRY(parse_set_value(parser, &two));
    TRY(parser_want(parser, ")"));
    if (kind == NODE_IF_NOT_EXISTS && one->kind != NODE_PATH)
        return fail_expression(parser, "Operator or function requires a document path; operator or function: %s", name);
    add_argument(node, one);
    add_argument(node, two);
    *out = node;
    return true;
}

static bool parse_set_operand(Parser *parser, Node **out) {
    bool name = parser->token.kind == TOKEN_NAME;
    if (name && str_is(parser->token.text, "if_not_exists")) return parse_two(parser, NODE_IF_NOT_EXISTS, out);
    if (name && str_is(parser->token.text, "list_append")) return parse_two(parser, NODE_LIST_APPEND, out);
    if (!parser_take(parser, "(")) return parse_operand(parser, out);
    if (++parser->depth > EXPRESSION_DEPTH) return fail_expression(parser, "The expression has too deep nesting; nesting levels: %d", parser->depth);
    TRY(parse_set_value(parser, out));
    parser->depth--;
    return parser_want(parser, ")");
}

static bool check_number_operand(const Parser *parser, const char *sign, const Node *operand) {
    if (operand->kind != NODE_VALUE || value_type(operand->value) == VALUE_N) return true;
    return fail_expression(parser, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", sign,
                           value_type_name(value_type(operand->value)));
}

static bool parse_set_value(Parser *parser, Node **out) {
    Node *left = NULL, *right = NULL;
    TRY(parse_set_operand(parser, &left));
    bool plus = parser_is(parser, "+"), minus = parser_is(parser, "-");
    if (!plus && !minus) {
        *out = left;
        return true;
    }
    parser_next(parser);
    TRY(parse_set_operand(parser, &right));
    TRY(check_number_operand(parser, plus ? "+" : "-", left));
    TRY(check_number_operand(parser, plus ? "+" : "-", right));
    Node *node = new_node(parser, plus ? NODE_ADD : NODE_SUBTRACT);
    add_argument(node, left);
    add_argument(node, right);
    *out = node;
    return true;
}

static bool check_overlap(const Parser *parser, const Vec *actions, const Path *path) {
    for (size_t i = 0; i < actions->len; i++) {
        const Action *other = vec_at(actions, i);
        if (!paths_overlap(&other->path, path)) continue;
        Str one = path_text(parser->scope->arena, &other->path), two = path_text(parser->scope->arena, path);
        return fail_expression(
            parser, "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %.*s, path two: %.*s",
            STR_ARG(one), STR_ARG(two));
    }
    return true;
}

// ADD takes numbers and sets, DELETE sets.
static bool check_section_operand(const Parser *parser, ActionKind kind, const Doc *value) {
    ValueType type = value_type(value);
    bool set = type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
    if (set || (kind == ACTION_ADD && type == VALUE_N)) return true;
    return fail_expression(parser, "Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND",
                           SECTIONS[kind], value_type_word(type), SECTIONS[kind]);
}

static bool parse_action(Parser *parser, ActionKind kind, Vec *actions) {
    Action action = {.kind = kind};
    TRY(parse_path(parser, &action.path));
    if (kind == ACTION_SET) {
        TRY(parser_want(parser, "="));
        TRY(parse_set_value(parser, &action.operand));
    } else if (kind != ACTION_REMOVE) {
        action.operand = new_node(parser, NODE_VALUE);
        TRY(parse_value(parser, &action.operand->value));
        TRY(check_section_operand(parser, kind, action.operand->value));
    }
    TRY(check_overlap(parser, actions, &action.path));
    vec_add(actions, Action, action);
    return true;
}

static bool take_section(Parser *parser, ActionKind *out) {
    for (int kind = 0; kind < ACTION_KINDS; kind++) {
        if (!parser_take(parser, SECTIONS[kind])) continue;
        *out = (ActionKind)kind;
        return true;
    }
    return fail_syntax(parser);
}

bool parse_update(Scope *scope, Str text, Vec *actions, Error *e) {
    Parser parser;
    bool seen[ACTION_KINDS] = {false};
    TRY(parser_begin(&parser, scope, "UpdateExpression", text, e));
    while (parser.token.kind != TOKEN_END) {
        ActionKind kind = ACTION_SET;
        TRY(take_section(&parser, &kind));
        if (seen[kind]) return fail_expression(&parser, "The \"%s\" section can only be used once in an update expression;", SECTIONS[kind]);
        seen[kind] = true;
        do { TRY(parse_action(&parser, kind, actions)); } while (parser_take(&parser, ","));
    }
    return true;
}
