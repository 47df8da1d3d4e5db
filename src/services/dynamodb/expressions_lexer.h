// Lexer: an expression cut into words, stand-ins (#name, :value) and signs. Private to the expressions_*.c files.
#pragma once

#include "services/dynamodb/expressions.h"

typedef enum TokenKind { TOKEN_END, TOKEN_NAME, TOKEN_NAME_HOLDER, TOKEN_VALUE_HOLDER, TOKEN_NUMBER, TOKEN_SIGN, TOKEN_BAD } TokenKind;

typedef struct Token {
    TokenKind kind;
    Str text;
} Token;

// What an expression of the right grammar can still have wrong.
typedef enum Fault {
    FAULT_PARENTHESES,
    FAULT_FUNCTION,
    FAULT_MISUSED,
    FAULT_RESERVED,
    FAULT_SECTION,
    FAULT_NAME,
    FAULT_VALUE,
    FAULT_OVERLAP,
    FAULT_CONFLICT,
    FAULT_OPERAND,
    FAULT_COUNT,
    FAULT_DISTINCT,
    FAULT_TYPE,
    FAULTS
} Fault;

typedef struct Parser {
    Scope *scope;
    const char *label;
    Str text;
    size_t at; // behind `token`
    Token before, token;
    int depth, operators;
    bool condition; // a condition; else an update or a projection
    int clause; // which comparison of a condition: 0, 1, …
    Str fault; // the one to be told
    int fault_rank;
    Error *e;
} Parser;

bool parser_begin(Parser *parser, Scope *scope, const char *label, Str text, Error *e);
void parser_next(Parser *parser);
bool parser_is(const Parser *parser, const char *word); // a sign, or a keyword in any case
bool parser_take(Parser *parser, const char *word); // and goes on
bool parser_want(Parser *parser, const char *word); // or a syntax error
bool parser_end(Parser *parser); // nothing may follow; tells the fault that was noted
// The grammar is judged before the meaning, and among faults DynamoDB has an order of its own: they are noted, and the first of that order is told at the end.
void note_fault(Parser *parser, Fault fault, const char *format, ...) __attribute__((format(printf, 3, 4)));
void note_operand_type(Parser *parser, const char *sign, ValueType type); // "Incorrect operand type for operator or function"
bool fail_syntax(Parser *parser);
bool fail_expression(const Parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
// As with fail(): that they return false is seen by the compiler and the analyser.
#define fail_syntax(...) fail_returned(fail_syntax(__VA_ARGS__))
#define fail_expression(...) fail_returned(fail_expression(__VA_ARGS__))

// expressions_operands.c
bool parse_path(Parser *parser, Path *out);
bool parse_value(Parser *parser, const Doc **out);
bool parse_atom(Parser *parser, Node **out); // a path or a :value
bool parser_at_call(const Parser *parser); // at the name of a function
void check_overlap(Parser *parser, const Path *before, const Path *path);
Node *new_node(const Parser *parser, NodeKind kind);
void add_argument(Node *parent, Node *argument);

// expressions_parser.c
bool parser_descend(Parser *parser); // one level more; the caller takes it back
bool parser_count_operator(Parser *parser);
void parser_close_group(Parser *parser, Node *node); // it stands in parentheses

// expressions_functions.c: what conditions may call
bool parse_call(Parser *parser, Node **out); // at its name
bool parse_arguments(Parser *parser, Node *node, bool parse_one(Parser *parser, Node **out), size_t *count); // ( … , … )
bool function_of_conditions(Str name); // which updates may not call
bool function_of_updates(Str name); // which conditions may not call
bool parse_operand(Parser *parser, Node **out); // of a condition: path, :value, function, or one of these in parentheses
void check_operand_count(Parser *parser, const char *function, size_t wanted, size_t given);
void check_distinct(Parser *parser, const char *sign, const Node *first, const Node *second);
void check_not_misused(Parser *parser, const Node *arguments); // only size may be an operand
const char *function_name(NodeKind kind); // NULL: none of conditions
ValueType operand_type(const Node *node); // VALUE_TYPES: known only with the item
