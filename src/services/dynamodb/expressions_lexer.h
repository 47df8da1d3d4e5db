// Lexer: an expression cut into words, stand-ins (#name, :value) and signs. Private to the expressions_*.c files.
#pragma once

#include "services/dynamodb/expressions.h"

typedef enum TokenKind { TOKEN_END, TOKEN_NAME, TOKEN_NAME_HOLDER, TOKEN_VALUE_HOLDER, TOKEN_NUMBER, TOKEN_SIGN, TOKEN_BAD } TokenKind;

typedef struct Token {
    TokenKind kind;
    Str text;
} Token;

typedef struct Parser {
    Scope *scope;
    const char *label;
    Str text;
    size_t at; // behind `token`
    Token before, token;
    int depth, operators;
    Error *e;
} Parser;

bool parser_begin(Parser *parser, Scope *scope, const char *label, Str text, Error *e);
void parser_next(Parser *parser);
bool parser_is(const Parser *parser, const char *word); // a sign, or a keyword in any case
bool parser_take(Parser *parser, const char *word); // and goes on
bool parser_want(Parser *parser, const char *word); // or a syntax error
bool fail_syntax(Parser *parser);
bool fail_expression(const Parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
// As with fail(): that they return false is seen by the compiler and the analyser.
#define fail_syntax(...) fail_returned(fail_syntax(__VA_ARGS__))
#define fail_expression(...) fail_returned(fail_expression(__VA_ARGS__))

// expressions_operands.c
bool parse_path(Parser *parser, Path *out);
bool parse_value(Parser *parser, const Doc **out);
bool parse_operand(Parser *parser, Node **out); // path, :value, size(path)
Node *new_node(const Parser *parser, NodeKind kind);
void add_argument(Node *parent, Node *argument);
