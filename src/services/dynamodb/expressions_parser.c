// Conditions and projections, by recursive descent. OR binds least, then AND, NOT, comparisons.
#include "services/dynamodb/expressions_lexer.h"

static bool parse_or(Parser *parser, Node **out);

static bool descend(Parser *parser) {
    if (++parser->depth <= EXPRESSION_DEPTH) return true;
    return fail_expression(parser, "The expression has too deep nesting; nesting levels: %d", parser->depth);
}

static bool count_operator(Parser *parser) {
    if (++parser->operators <= EXPRESSION_OPERATORS) return true;
    return fail_expression(parser, "The expression contains too many operators; operator count: %d", parser->operators);
}

// ---- Functions ----

typedef struct Function {
    const char *name;
    NodeKind kind;
    size_t arguments;
} Function;

static const Function FUNCTIONS[] = {
    {"attribute_exists", NODE_EXISTS, 1}, {"attribute_not_exists", NODE_NOT_EXISTS, 1},
    {"attribute_type", NODE_TYPE, 2},     {"begins_with", NODE_BEGINS_WITH, 2},
    {"contains", NODE_CONTAINS, 2},
};

static const Function *function_named(Str name) {
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (str_is(name, FUNCTIONS[i].name)) return &FUNCTIONS[i];
    return NULL;
}

static bool fail_operand(const Parser *parser, const char *function, const Doc *value) {
    return fail_expression(parser, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", function,
                           value_type_name(value_type(value)));
}

// What can be said of the arguments before there is an item.
static bool check_function(const Parser *parser, const Function *function, const Node *node) {
    const Node *first = node->first, *second = first->next;
    ValueType type;
    if ((function->kind == NODE_EXISTS || function->kind == NODE_NOT_EXISTS || function->kind == NODE_TYPE) && first->kind != NODE_PATH)
        return fail_expression(parser, "Operator or function requires a document path; operator or function: %s", function->name);
    if (!second || second->kind != NODE_VALUE) return true;
    ValueType given = value_type(second->value);
    if (function->kind == NODE_TYPE && given != VALUE_S) return fail_operand(parser, function->name, second->value);
    if (function->kind == NODE_TYPE && !value_type_named(value_text(second->value), &type)) {
        Str name = value_text(second->value);
        return fail_expression(parser, "Invalid attribute type name found; type: %.*s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", STR_ARG(name));
    }
    if (function->kind == NODE_BEGINS_WITH && given != VALUE_S && given != VALUE_B) return fail_operand(parser, function->name, second->value);
    return true;
}

static bool parse_function(Parser *parser, const Function *function, Node **out) {
    Node *node = new_node(parser, function->kind);
    size_t count = 0;
    TRY(count_operator(parser));
    parser_next(parser);
    TRY(parser_want(parser, "("));
    do {
        Node *argument = NULL;
        TRY(parse_operand(parser, &argument));
        add_argument(node, argument);
        count++;
    } while (parser_take(parser, ","));
    TRY(parser_want(parser, ")"));
    if (count != function->arguments) {
        return fail_expression(parser, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %zu",
                               function->name, count);
    }
    TRY(check_function(parser, function, node));
    *out = node;
    return true;
}

// ---- Comparisons ----

static bool take_comparator(Parser *parser, NodeKind *out) {
    static const struct {
        const char *sign;
        NodeKind kind;
    } comparators[] = {{"=", NODE_EQ}, {"<>", NODE_NE}, {"<=", NODE_LE}, {"<", NODE_LT}, {">=", NODE_GE}, {">", NODE_GT}};
    for (size_t i = 0; i < sizeof comparators / sizeof *comparators; i++) {
        if (parser->token.kind != TOKEN_SIGN || !parser_take(parser, comparators[i].sign)) continue;
        *out = comparators[i].kind;
        return true;
    }
    return false;
}

static bool parse_between(Parser *parser, Node *left, Node **out) {
    Node *node = new_node(parser, NODE_BETWEEN), *low = NULL, *high = NULL;
    int order;
    TRY(parse_operand(parser, &low));
    TRY(parser_want(parser, "and"));
    TRY(parse_operand(parser, &high));
    if (low->kind == NODE_VALUE && high->kind == NODE_VALUE && value_compare(low->value, high->value, &order) && order > 0)
        return fail_expression(parser, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
    add_argument(node, left);
    add_argument(node, low);
    add_argument(node, high);
    *out = node;
    return true;
}

static bool parse_in(Parser *parser, Node *left, Node **out) {
    Node *node = new_node(parser, NODE_IN);
    add_argument(node, left);
    TRY(parser_want(parser, "("));
    do {
        Node *one = NULL;
        TRY(parse_operand(parser, &one));
        add_argument(node, one);
    } while (parser_take(parser, ","));
    TRY(parser_want(parser, ")"));
    *out = node;
    return true;
}

static bool same_path(const Node *a, const Node *b) {
    return a->kind == NODE_PATH && b->kind == NODE_PATH && a->path.count == b->path.count && paths_overlap(&a->path, &b->path);
}

static bool parse_comparison(Parser *parser, Node **out) {
    Node *left = NULL, *right = NULL;
    NodeKind kind;
    TRY(parse_operand(parser, &left));
    TRY(count_operator(parser));
    if (parser_take(parser, "between")) return parse_between(parser, left, out);
    if (parser_take(parser, "in")) return parse_in(parser, left, out);
    if (!take_comparator(parser, &kind)) return fail_syntax(parser);
    TRY(parse_operand(parser, &right));
    if (same_path(left, right)) {
        Str path = path_text(parser->scope->arena, &left->path);
        return fail_expression(
            parser, "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %.*s",
            "comparison", STR_ARG(path));
    }
    Node *node = new_node(parser, kind);
    add_argument(node, left);
    add_argument(node, right);
    *out = node;
    return true;
}

// ---- Logic ----

static bool parse_primary(Parser *parser, Node **out) {
    const Function *function = parser->token.kind == TOKEN_NAME ? function_named(parser->token.text) : NULL;
    if (function) return parse_function(parser, function, out);
    if (!parser_take(parser, "(")) return parse_comparison(parser, out);
    TRY(descend(parser));
    TRY(parse_or(parser, out));
    parser->depth--;
    return parser_want(parser, ")");
}

static bool parse_not(Parser *parser, Node **out) {
    if (!parser_take(parser, "not")) return parse_primary(parser, out);
    Node *node = new_node(parser, NODE_NOT), *argument = NULL;
    TRY(descend(parser));
    TRY(count_operator(parser));
    TRY(parse_not(parser, &argument));
    parser->depth--;
    add_argument(node, argument);
    *out = node;
    return true;
}

static bool parse_and(Parser *parser, Node **out) {
    Node *left = NULL;
    TRY(parse_not(parser, &left));
    while (parser_take(parser, "and")) {
        Node *node = new_node(parser, NODE_AND), *right = NULL;
        TRY(count_operator(parser));
        TRY(parse_not(parser, &right));
        add_argument(node, left);
        add_argument(node, right);
        left = node;
    }
    *out = left;
    return true;
}

static bool parse_or(Parser *parser, Node **out) {
    Node *left = NULL;
    TRY(parse_and(parser, &left));
    while (parser_take(parser, "or")) {
        Node *node = new_node(parser, NODE_OR), *right = NULL;
        TRY(count_operator(parser));
        TRY(parse_and(parser, &right));
        add_argument(node, left);
        add_argument(node, right);
        left = node;
    }
    *out = left;
    return true;
}

bool parse_condition(Scope *scope, const char *label, Str text, Node **out, Error *e) {
    Parser parser;
    Node *node = NULL;
    TRY(parser_begin(&parser, scope, label, text, e));
    TRY(parse_or(&parser, &node));
    if (parser.token.kind != TOKEN_END) return fail_syntax(&parser);
    *out = node;
    return true;
}

// ---- Projections ----

static bool check_overlap(const Parser *parser, const Vec *paths, const Path *path) {
    for (size_t i = 0; i < paths->len; i++) {
        const Path *other = vec_at(paths, i);
        if (!paths_overlap(other, path)) continue;
        Str one = path_text(parser->scope->arena, other), two = path_text(parser->scope->arena, path);
        return fail_expression(
            parser, "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %.*s, path two: %.*s",
            STR_ARG(one), STR_ARG(two));
    }
    return true;
}

bool parse_projection(Scope *scope, Str text, Vec *paths, Error *e) {
    Parser parser;
    TRY(parser_begin(&parser, scope, "ProjectionExpression", text, e));
    do {
        Path path = {0};
        TRY(parse_path(&parser, &path));
        TRY(check_overlap(&parser, paths, &path));
        vec_add(paths, Path, path);
    } while (parser_take(&parser, ","));
    return parser.token.kind == TOKEN_END || fail_syntax(&parser);
}
