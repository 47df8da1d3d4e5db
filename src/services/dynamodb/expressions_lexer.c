#include "services/dynamodb/expressions_lexer.h"

#include <stdio.h>

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static size_t word_end(Str text, size_t at) {
    while (at < text.len && (is_letter(text.at[at]) || is_digit(text.at[at]))) at++;
    return at;
}

static Token word(Str text, size_t at, size_t first, TokenKind kind) {
    size_t end = word_end(text, first);
    return (Token){end == first ? TOKEN_BAD : kind, str_sub(text, at, end > at ? end : at + 1)};
}

static Token number(Str text, size_t at) {
    size_t end = at;
    while (end < text.len && is_digit(text.at[end])) end++;
    return (Token){TOKEN_NUMBER, str_sub(text, at, end)};
}

static Token sign(Str text, size_t at) {
    static const char *const signs[] = {"<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-", NULL};
    for (const char *const *one = signs; *one; one++)
        if (str_starts(str_from(text, at), str_of(*one))) return (Token){TOKEN_SIGN, str_sub(text, at, at + strlen(*one))};
    return (Token){TOKEN_BAD, str_sub(text, at, at + 1)};
}

static Token token_at(Str text, size_t at) {
    if (at >= text.len) return (Token){TOKEN_END, STR("<EOF>")};
    char c = text.at[at];
    if (c == '#') return word(text, at, at + 1, TOKEN_NAME_HOLDER);
    if (c == ':') return word(text, at, at + 1, TOKEN_VALUE_HOLDER);
    if (is_letter(c)) return word(text, at, at, TOKEN_NAME);
    if (is_digit(c)) return number(text, at);
    return sign(text, at);
}

void parser_next(Parser *parser) {
    parser->before = parser->token;
    while (parser->at < parser->text.len && is_space(parser->text.at[parser->at])) parser->at++;
    parser->token = token_at(parser->text, parser->at);
    if (parser->token.kind != TOKEN_END) parser->at += parser->token.text.len;
}

bool parser_begin(Parser *parser, Scope *scope, const char *label, Str text, Error *e) {
    bool condition = !str_is(str_of(label), "UpdateExpression") && !str_is(str_of(label), "ProjectionExpression");
    *parser = (Parser){.scope = scope, .label = label, .text = text, .condition = condition, .e = e};
    scope->any = true;
    if (!text.len) return fail_expression(parser, "The expression can not be empty;");
    if (text.len > EXPRESSION_BYTES)
        return fail_expression(parser, "Expression size has exceeded the maximum allowed size; expression size: %zu", text.len);
    parser_next(parser);
    return true;
}

bool parser_is(const Parser *parser, const char *word) {
    if (parser->token.kind == TOKEN_SIGN) return str_is(parser->token.text, word);
    return parser->token.kind == TOKEN_NAME && str_eq_nocase(parser->token.text, str_of(word));
}

bool parser_take(Parser *parser, const char *word) {
    if (!parser_is(parser, word)) return false;
    parser_next(parser);
    return true;
}

bool parser_want(Parser *parser, const char *word) { return parser_take(parser, word) || fail_syntax(parser); }

// DynamoDB looks for faults of the whole expression first; in a condition then for those of each comparison in turn.
static int rank_of(const Parser *parser, Fault fault) {
    static const int of_condition[FAULTS] = {[FAULT_FUNCTION] = 1, [FAULT_MISUSED] = 2, [FAULT_RESERVED] = 3, [FAULT_NAME] = 4,
                                             [FAULT_VALUE] = 4,    [FAULT_COUNT] = 5,   [FAULT_DISTINCT] = 6, [FAULT_TYPE] = 7};
    static const int of_update[FAULTS] = {[FAULT_FUNCTION] = 1, [FAULT_SECTION] = 2, [FAULT_NAME] = 3,  [FAULT_VALUE] = 4, [FAULT_OVERLAP] = 5,
                                          [FAULT_CONFLICT] = 6, [FAULT_OPERAND] = 7, [FAULT_COUNT] = 8, [FAULT_TYPE] = 8};
    if (!parser->condition) return of_update[fault];
    int rank = of_condition[fault];
    return rank < of_condition[FAULT_NAME] ? rank : rank + FAULTS * parser->clause;
}

void note_fault(Parser *parser, Fault fault, const char *format, ...) {
    char message[ERROR_MESSAGE_BYTES];
    int rank = rank_of(parser, fault);
    if (parser->fault.at && rank >= parser->fault_rank) return;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    parser->fault = str_copy(parser->scope->arena, str_of(message));
    parser->fault_rank = rank;
}

void note_operand_type(Parser *parser, const char *sign, ValueType type) {
    note_fault(parser, FAULT_TYPE, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", sign,
               value_type_name(type));
}

bool parser_end(Parser *parser) {
    if (parser->token.kind != TOKEN_END) return fail_syntax(parser);
    return !parser->fault.at || fail_expression(parser, "%.*s", STR_ARG(parser->fault));
}

bool(fail_expression)(const Parser *parser, const char *format, ...) {
    char message[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail(parser->e, "ValidationException", "Invalid %s: %s", parser->label, message);
}

// DynamoDB shows the token and what stands around it.
bool(fail_syntax)(Parser *parser) {
    Str before = parser->before.text, token = parser->token.text;
    bool at_end = parser->token.kind == TOKEN_END;
    size_t start = parser->at - (at_end ? 0 : token.len);
    if (before.at) start = (size_t)(before.at - parser->text.at);
    size_t end = at_end && before.at ? start + before.len : parser->at;
    parser_next(parser);
    if (parser->token.kind != TOKEN_END) end = parser->at;
    Str near = str_sub(parser->text, start, end);
    return fail_expression(parser, "Syntax error; token: \"%.*s\", near: \"%.*s\"", STR_ARG(token), STR_ARG(near));
}
