// Conditions and projections, by recursive descent. OR binds least, then AND, NOT, comparisons.
//
// A parenthesis may open a condition or an operand: which of them shows only behind it. So what stands in it is parsed as a condition that may turn out to be
// an operand (`is_operand`), and where a condition must stand it is asked for (`want_condition`).
#include "services/dynamodb/expressions_lexer.h"

enum { IN_OPERANDS = 100 };

static bool parse_or(Parser *parser, Node **out);

bool parser_descend(Parser *parser) {
    if (++parser->depth <= EXPRESSION_DEPTH) return true;
    return fail_expression(parser, "The expression has too deep nesting; nesting levels: %d", parser->depth);
}

bool parser_count_operator(Parser *parser) {
    if (++parser->operators <= EXPRESSION_OPERATORS) return true;
    return fail_expression(parser, "The expression contains too many operators; operator count: %d", parser->operators);
}

void parser_close_group(Parser *parser, Node *node) {
    if (node->grouped) note_fault(parser, FAULT_PARENTHESES, "The expression has redundant parentheses;");
    node->grouped = true;
}

// ---- Comparisons ----

typedef struct Comparator {
    const char *sign;
    NodeKind kind;
} Comparator;

static const Comparator COMPARATORS[] = {{"=", NODE_EQ}, {"<>", NODE_NE}, {"<=", NODE_LE}, {"<", NODE_LT}, {">=", NODE_GE}, {">", NODE_GT}};

static const Comparator *take_comparator(Parser *parser) {
    for (size_t i = 0; i < sizeof COMPARATORS / sizeof *COMPARATORS; i++)
        if (parser->token.kind == TOKEN_SIGN && parser_take(parser, COMPARATORS[i].sign)) return &COMPARATORS[i];
    return NULL;
}

const char *condition_name(NodeKind kind) {
    static const char *const words[] = {[NODE_BETWEEN] = "BETWEEN", [NODE_IN] = "IN", [NODE_AND] = "AND", [NODE_OR] = "OR", [NODE_NOT] = "NOT"};
    for (size_t i = 0; i < sizeof COMPARATORS / sizeof *COMPARATORS; i++)
        if (COMPARATORS[i].kind == kind) return COMPARATORS[i].sign;
    if (kind < sizeof words / sizeof *words && words[kind]) return words[kind];
    return function_name(kind);
}

static void check_ordered(Parser *parser, const char *sign, const Node *operands) {
    for (const Node *one = operands; one; one = one->next) {
        ValueType type = operand_type(one);
        if (type != VALUE_TYPES && type != VALUE_S && type != VALUE_N && type != VALUE_B) note_operand_type(parser, sign, type);
    }
}

static Str bound_text(Arena *arena, const Doc *value) {
    ValueType type = value_type(value);
    Str text = type == VALUE_B ? str_base64(arena, value_text(value)) : value_text(value);
    return str_format(arena, "AttributeValue: {%s:%.*s}", value_type_name(type), STR_ARG(text));
}

static void check_bounds(Parser *parser, const Node *low, const Node *high) {
    int order = 0;
    if (low->kind != NODE_VALUE || high->kind != NODE_VALUE || !low->value || !high->value) return;
    bool same = value_type(low->value) == value_type(high->value);
    if (same && !(value_compare(low->value, high->value, &order) && order > 0)) return;
    Str lower = bound_text(parser->scope->arena, low->value), upper = bound_text(parser->scope->arena, high->value);
    note_fault(parser, FAULT_TYPE, "The BETWEEN operator requires %s; lower bound operand: %.*s, upper bound operand: %.*s",
               same ? "upper bound to be greater than or equal to lower bound" : "same data type for lower and upper bounds", STR_ARG(lower),
               STR_ARG(upper));
}

static bool parse_between(Parser *parser, Node *left, Node **out) {
    Node *node = new_node(parser, NODE_BETWEEN), *low = NULL, *high = NULL;
    TRY(parse_operand(parser, &low));
    TRY(parser_want(parser, "and"));
    TRY(parse_operand(parser, &high));
    add_argument(node, left);
    add_argument(node, low);
    add_argument(node, high);
    check_ordered(parser, "BETWEEN", node->first);
    check_bounds(parser, low, high);
    *out = node;
    return true;
}

static bool parse_in(Parser *parser, Node *left, Node **out) {
    Node *node = new_node(parser, NODE_IN);
    size_t count;
    add_argument(node, left);
    TRY(parse_arguments(parser, node, parse_operand, &count));
    if (count > IN_OPERANDS) note_fault(parser, FAULT_COUNT, "The IN operator is provided with too many operands; number of operands: %zu", count);
    for (const Node *one = left->next; one; one = one->next) check_distinct(parser, "IN", left, one);
    *out = node;
    return true;
}

static bool parse_compared(Parser *parser, const Comparator *comparator, Node *left, Node **out) {
    Node *right = NULL, *node = new_node(parser, comparator->kind);
    TRY(parse_operand(parser, &right));
    add_argument(node, left);
    add_argument(node, right);
    check_distinct(parser, comparator->sign, left, right);
    if (comparator->kind != NODE_EQ && comparator->kind != NODE_NE) check_ordered(parser, comparator->sign, node->first);
    *out = node;
    return true;
}

static bool is_operand(const Node *node) { return node->kind == NODE_PATH || node->kind == NODE_VALUE || node->kind == NODE_SIZE; }

static bool may_be_compared(const Node *node) { return is_operand(node) || node->kind == NODE_UNKNOWN || function_name(node->kind); }

// ---- Logic ----

// An operand or a condition in parentheses, or a first operand.
static bool parse_primary(Parser *parser, Node **out) {
    if (!parser_take(parser, "(")) return parser_at_call(parser) ? parse_call(parser, out) : parse_atom(parser, out);
    TRY(parser_descend(parser));
    TRY(parse_or(parser, out));
    parser->depth--;
    parser_close_group(parser, *out);
    return parser_want(parser, ")");
}

static bool parse_comparison(Parser *parser, Node **out) {
    Node *left = NULL;
    TRY(parse_primary(parser, &left));
    *out = left;
    if (!may_be_compared(left)) return true;
    bool between = parser_is(parser, "between"), in = parser_is(parser, "in");
    const Comparator *comparator = between || in ? NULL : take_comparator(parser);
    if (!between && !in && !comparator) return true;
    TRY(parser_count_operator(parser));
    if (!comparator) parser_next(parser);
    TRY(between ? parse_between(parser, left, out) : in ? parse_in(parser, left, out) : parse_compared(parser, comparator, left, out));
    check_not_misused(parser, (*out)->first);
    parser->clause++;
    return true;
}

// Where a condition stands: an operand alone is a mistake, and so is a size that nothing is compared with.
static bool want_condition(Parser *parser, const Node *node) {
    if (node->kind == NODE_SIZE)
        note_fault(parser, FAULT_MISUSED, "The function is not allowed to be used this way in an expression; function: size");
    else if (is_operand(node))
        return fail_syntax(parser);
    return true;
}

static bool parse_not(Parser *parser, Node **out) {
    if (!parser_take(parser, "not")) return parse_comparison(parser, out);
    Node *node = new_node(parser, NODE_NOT), *argument = NULL;
    TRY(parser_descend(parser));
    TRY(parser_count_operator(parser));
    TRY(parse_not(parser, &argument));
    TRY(want_condition(parser, argument));
    parser->depth--;
    add_argument(node, argument);
    *out = node;
    return true;
}

// Operands that `word` joins, from the left.
static bool parse_joined(Parser *parser, const char *word, NodeKind kind, bool parse_one(Parser *parser, Node **out), Node **out) {
    Node *left = NULL;
    TRY(parse_one(parser, &left));
    while (parser_is(parser, word)) {
        Node *node = new_node(parser, kind), *right = NULL;
        TRY(want_condition(parser, left));
        parser_next(parser);
        TRY(parser_count_operator(parser));
        TRY(parse_one(parser, &right));
        TRY(want_condition(parser, right));
        add_argument(node, left);
        add_argument(node, right);
        left = node;
    }
    *out = left;
    return true;
}

static bool parse_and(Parser *parser, Node **out) { return parse_joined(parser, "and", NODE_AND, parse_not, out); }

static bool parse_or(Parser *parser, Node **out) { return parse_joined(parser, "or", NODE_OR, parse_and, out); }

bool parse_condition(Scope *scope, const char *label, Str text, Node **out, Error *e) {
    Parser parser;
    Node *node = NULL;
    TRY(parser_begin(&parser, scope, label, text, e));
    TRY(parse_or(&parser, &node));
    TRY(want_condition(&parser, node));
    TRY(parser_end(&parser));
    *out = node;
    return true;
}

// ---- Projections ----

bool parse_projection(Scope *scope, Str text, Vec *paths, Error *e) {
    Parser parser;
    TRY(parser_begin(&parser, scope, "ProjectionExpression", text, e));
    do {
        Path path = {0};
        TRY(parse_path(&parser, &path));
        for (size_t i = 0; i < paths->len; i++) check_overlap(&parser, vec_at(paths, i), &path);
        vec_add(paths, Path, path);
    } while (parser_take(&parser, ","));
    return parser_end(&parser);
}
