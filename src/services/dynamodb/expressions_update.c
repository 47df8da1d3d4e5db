// The grammar of updates: each of SET, REMOVE, ADD, DELETE at most once, in any order.
#include "services/dynamodb/expressions_lexer.h"

static const char *const SECTIONS[ACTION_KINDS] = {
    [ACTION_SET] = "SET", [ACTION_REMOVE] = "REMOVE", [ACTION_ADD] = "ADD", [ACTION_DELETE] = "DELETE"};

static bool parse_set_operand(Parser *parser, Node **out);

// What a value of the call must be: of lists and numbers found in the item this shows only there.
static void check_values(Parser *parser, const char *sign, const Node *operands, ValueType wanted) {
    for (const Node *one = operands; one; one = one->next) {
        ValueType type = one->kind == NODE_VALUE ? value_type(one->value) : VALUE_TYPES;
        if (type != VALUE_TYPES && type != wanted) note_operand_type(parser, sign, type);
    }
}

static bool parse_set_call(Parser *parser, Node **out) {
    Str name = parser->token.text;
    bool append = str_is(name, "list_append"), exists = str_is(name, "if_not_exists");
    Node *node = new_node(parser, append ? NODE_LIST_APPEND : exists ? NODE_IF_NOT_EXISTS : NODE_UNKNOWN);
    size_t count;
    TRY(parser_descend(parser));
    parser_next(parser);
    TRY(parse_arguments(parser, node, parse_set_operand, &count));
    parser->depth--;
    if (function_of_conditions(name))
        note_fault(parser, FAULT_FUNCTION, "The function is not allowed in an update expression; function: %.*s", STR_ARG(name));
    else if (!function_of_updates(name))
        note_fault(parser, FAULT_FUNCTION, "Invalid function name; function: %.*s", STR_ARG(name));
    else
        check_operand_count(parser, append ? "list_append" : "if_not_exists", 2, count);
    if (append) check_values(parser, "list_append", node->first, VALUE_L);
    if (exists && node->first->kind != NODE_PATH)
        note_fault(parser, FAULT_TYPE, "Operator or function requires a document path; operator or function: if_not_exists");
    *out = node;
    return true;
}

static bool parse_set_value(Parser *parser, Node **out);

// A path, :value, function, or one of these in parentheses.
static bool parse_set_operand(Parser *parser, Node **out) {
    if (parser_at_call(parser)) return parse_set_call(parser, out);
    if (!parser_take(parser, "(")) return parse_atom(parser, out);
    TRY(parser_descend(parser));
    TRY(parse_set_value(parser, out));
    parser->depth--;
    return parser_want(parser, ")");
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
    Node *node = new_node(parser, plus ? NODE_ADD : NODE_SUBTRACT);
    add_argument(node, left);
    add_argument(node, right);
    check_values(parser, plus ? "+" : "-", node->first, VALUE_N);
    *out = node;
    return true;
}

// ADD takes numbers and sets, DELETE sets.
static void check_section_operand(Parser *parser, ActionKind kind, const Doc *value) {
    ValueType type = value_type(value);
    bool set = type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
    if (set || type == VALUE_TYPES || (kind == ACTION_ADD && type == VALUE_N)) return;
    note_fault(parser, FAULT_OPERAND,
               "Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", SECTIONS[kind],
               value_type_word(type), SECTIONS[kind]);
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
        check_section_operand(parser, kind, action.operand->value);
    }
    for (size_t i = 0; i < actions->len; i++) check_overlap(parser, &((const Action *)vec_at(actions, i))->path, &action.path);
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
        if (seen[kind]) note_fault(&parser, FAULT_SECTION, "The \"%s\" section can only be used once in an update expression;", SECTIONS[kind]);
        seen[kind] = true;
        do { TRY(parse_action(&parser, kind, actions)); } while (parser_take(&parser, ","));
    }
    return parser_end(&parser);
}
