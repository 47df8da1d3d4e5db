// The functions of conditions, and operands, which may be calls of them.
#include "services/dynamodb/expressions_lexer.h"

typedef struct Function {
    const char *name;
    NodeKind kind;
    size_t arguments;
} Function;

static const Function FUNCTIONS[] = {
    {"attribute_exists", NODE_EXISTS, 1}, {"attribute_not_exists", NODE_NOT_EXISTS, 1},
    {"attribute_type", NODE_TYPE, 2},     {"begins_with", NODE_BEGINS_WITH, 2},
    {"contains", NODE_CONTAINS, 2},       {"size", NODE_SIZE, 1},
};

static const Function *function_named(Str name) {
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (str_is(name, FUNCTIONS[i].name)) return &FUNCTIONS[i];
    return NULL;
}

bool function_of_conditions(Str name) { return function_named(name) != NULL; }

bool function_of_updates(Str name) { return str_is(name, "if_not_exists") || str_is(name, "list_append"); }

const char *function_name(NodeKind kind) {
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (FUNCTIONS[i].kind == kind) return FUNCTIONS[i].name;
    return NULL;
}

ValueType operand_type(const Node *node) {
    if (node->kind == NODE_VALUE) return value_type(node->value);
    if (node->kind == NODE_SIZE) return VALUE_N;
    return function_name(node->kind) ? VALUE_BOOL : VALUE_TYPES;
}

// ---- What can be said of arguments before there is an item ----

void check_operand_count(Parser *parser, const char *function, size_t wanted, size_t given) {
    if (given == wanted) return;
    note_fault(parser, FAULT_COUNT, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %zu",
               function, given);
}

void check_distinct(Parser *parser, const char *sign, const Node *first, const Node *second) {
    bool paths = first->kind == NODE_PATH && second->kind == NODE_PATH;
    if (!paths || first->path.count != second->path.count || !paths_overlap(&first->path, &second->path)) return;
    Str path = path_text(parser->scope->arena, &first->path);
    note_fault(parser, FAULT_DISTINCT,
               "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %.*s",
               sign, STR_ARG(path));
}

void check_not_misused(Parser *parser, const Node *arguments) {
    for (const Node *one = arguments; one; one = one->next) {
        const char *name = one->kind == NODE_SIZE ? NULL : function_name(one->kind);
        if (name) note_fault(parser, FAULT_MISUSED, "The function is not allowed to be used this way in an expression; function: %s", name);
    }
}

static void need_path(Parser *parser, const Function *function, const Node *argument) {
    if (argument->kind == NODE_PATH) return;
    note_fault(parser, FAULT_TYPE, "Operator or function requires a document path; operator or function: %s", function->name);
}

static void check_type_name(Parser *parser, const Function *function, const Node *argument) {
    ValueType type = operand_type(argument), named;
    if (type == VALUE_TYPES) {
        note_fault(parser, FAULT_TYPE,
                   "Incorrect operand type for operator or function; operator or function: %s, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
                   function->name);
    } else if (type != VALUE_S) {
        note_operand_type(parser, function->name, type);
    } else if (!value_type_named(value_text(argument->value), &named)) {
        Str name = value_text(argument->value);
        note_fault(parser, FAULT_TYPE, "Invalid attribute type name found; type: %.*s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", STR_ARG(name));
    }
}

static void check_prefix(Parser *parser, const Function *function, const Node *arguments) {
    for (const Node *one = arguments; one; one = one->next) {
        ValueType type = operand_type(one);
        if (type != VALUE_TYPES && type != VALUE_S && type != VALUE_B) note_operand_type(parser, function->name, type);
    }
}

static void check_arguments(Parser *parser, const Function *function, const Node *first) {
    ValueType type = operand_type(first);
    if (first->next) check_distinct(parser, function->name, first, first->next);
    switch (function->kind) {
    case NODE_EXISTS:
    case NODE_NOT_EXISTS: need_path(parser, function, first); break;
    case NODE_TYPE:
        need_path(parser, function, first);
        check_type_name(parser, function, first->next);
        break;
    case NODE_BEGINS_WITH: check_prefix(parser, function, first); break;
    case NODE_SIZE:
        if (type == VALUE_N || type == VALUE_BOOL || type == VALUE_NULL) note_operand_type(parser, function->name, type);
        break;
    default: break;
    }
}

// ---- The grammar ----

bool parse_arguments(Parser *parser, Node *node, bool parse_one(Parser *parser, Node **out), size_t *count) {
    *count = 0;
    TRY(parser_want(parser, "("));
    do {
        Node *argument = NULL;
        TRY(parse_one(parser, &argument));
        add_argument(node, argument);
        ++*count;
    } while (parser_take(parser, ","));
    return parser_want(parser, ")");
}

bool parse_call(Parser *parser, Node **out) {
    Str name = parser->token.text;
    const Function *function = function_named(name);
    Node *node = new_node(parser, function ? function->kind : NODE_UNKNOWN);
    size_t count;
    TRY(parser_descend(parser));
    TRY(parser_count_operator(parser));
    parser_next(parser);
    TRY(parse_arguments(parser, node, parse_operand, &count));
    parser->depth--;
    check_not_misused(parser, node->first);
    if (function_of_updates(name))
        note_fault(parser, FAULT_FUNCTION, "The function is not allowed in a condition expression; function: %.*s", STR_ARG(name));
    else if (!function)
        note_fault(parser, FAULT_FUNCTION, "Invalid function name; function: %.*s", STR_ARG(name));
    else if (count != function->arguments)
        check_operand_count(parser, function->name, function->arguments, count);
    else
        check_arguments(parser, function, node->first);
    *out = node;
    return true;
}

bool parse_operand(Parser *parser, Node **out) {
    if (parser_at_call(parser)) return parse_call(parser, out);
    if (!parser_take(parser, "(")) return parse_atom(parser, out);
    TRY(parser_descend(parser));
    TRY(parse_operand(parser, out));
    parser->depth--;
    parser_close_group(parser, *out);
    return parser_want(parser, ")");
}
