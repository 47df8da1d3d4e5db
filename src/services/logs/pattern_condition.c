// Conditions: what stands between the braces of a JSON pattern, and behind the names of fields.
//
//   any := all { "||" all }     all := one { "&&" one }     one := "(" any ")" | subject test
//   test := ("=" | "!=" | "<" | "<=" | ">" | ">=") value | "IS" ("NULL" | "TRUE" | "FALSE") | "NOT" "EXISTS"
#include "services/logs/pattern_internal.h"

#include <ctype.h>
#include <math.h>

enum { DEPTH_MOST = 64 };

// ---- Values ----

static bool ends_value(Str rest) {
    return isspace((unsigned char)rest.at[0]) || strchr(",)]}", rest.at[0]) || str_starts(rest, STR("&&")) || str_starts(rest, STR("||"));
}

static bool read_operand(PatternReader *reader, Operand *out) {
    *out = (Operand){.kind = OPERAND_TEXT};
    if (pattern_take(reader, "\"")) return pattern_read_quoted(reader, &out->text);
    if (pattern_take(reader, "%")) {
        out->kind = OPERAND_REGEX;
        return pattern_read_regex(reader, &out->text);
    }
    size_t len = 0;
    while (len < reader->rest.len && !ends_value(str_from(reader->rest, len))) len++;
    if (!len) return pattern_bad(reader, "a value is missing at \"%.*s\"", STR_ARG(reader->rest));
    out->text = str_sub(reader->rest, 0, len);
    if (strchr("=<>!\"'({[", reader->rest.at[0])) return pattern_bad(reader, "\"%.*s\" is no value", STR_ARG(out->text));
    reader->rest = str_from(reader->rest, len);
    if (str_to_double(out->text, &out->number)) out->kind = OPERAND_NUMBER;
    return true;
}

static bool read_operator(PatternReader *reader, CompareOp *out) {
    static const struct {
        const char *text;
        CompareOp op;
    } operators[] = {{"!=", COMPARE_NOT_EQUAL}, {"<=", COMPARE_LESS_EQUAL}, {">=", COMPARE_GREATER_EQUAL},
                     {"=", COMPARE_EQUAL},      {"<", COMPARE_LESS},        {">", COMPARE_GREATER}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!pattern_take(reader, operators[i].text)) continue;
        *out = operators[i].op;
        return true;
    }
    return pattern_bad(reader, "expected an operator at \"%.*s\"", STR_ARG(reader->rest));
}

// '*' is any number of characters.
static bool wild_match(Str pattern, Str text) {
    size_t at = 0, from = 0, star = SIZE_MAX, p = 0;
    while (at < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = p++;
            from = at;
        } else if (p < pattern.len && pattern.at[p] == text.at[at]) {
            p++;
            at++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            at = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*') p++;
    return p == pattern.len;
}

static bool number_holds(CompareOp op, double value, double with) {
    switch (op) {
    case COMPARE_EQUAL: return value == with;
    case COMPARE_NOT_EQUAL: return value != with;
    case COMPARE_LESS: return value < with;
    case COMPARE_LESS_EQUAL: return value <= with;
    case COMPARE_GREATER: return value > with;
    case COMPARE_GREATER_EQUAL: return value >= with;
    }
    return false;
}

bool operand_holds(CompareOp op, const Operand *operand, Str text, bool number_known, double number) {
    if (operand->kind == OPERAND_NUMBER && number_known) return number_holds(op, number, operand->number);
    if (op != COMPARE_EQUAL && op != COMPARE_NOT_EQUAL) return false;
    bool equal = operand->kind == OPERAND_REGEX ? pattern_regex_finds(operand->text, text) : wild_match(operand->text, text);
    return equal == (op == COMPARE_EQUAL);
}

// ---- Conditions ----

static bool read_any(PatternReader *reader, int depth, const Condition **out);

static bool is_name_byte(char c) { return isalnum((unsigned char)c) || c == '_' || c == '-'; }

static bool read_name(PatternReader *reader, Condition *to) {
    size_t len = 0;
    pattern_skip(reader);
    while (len < reader->rest.len && is_name_byte(reader->rest.at[len])) len++;
    if (!len) return pattern_bad(reader, "expected a field's name at \"%.*s\"", STR_ARG(reader->rest));
    to->subject = str_sub(reader->rest, 0, len);
    reader->rest = str_from(reader->rest, len);
    return true;
}

static bool read_is(PatternReader *reader, Condition *to) {
    static const struct {
        const char *word;
        ConditionKind kind;
    } words[] = {{"NULL", CONDITION_IS_NULL}, {"TRUE", CONDITION_IS_TRUE}, {"FALSE", CONDITION_IS_FALSE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!pattern_take(reader, words[i].word)) continue;
        to->kind = words[i].kind;
        return true;
    }
    return pattern_bad(reader, "expected NULL, TRUE or FALSE behind IS");
}

static bool read_test(PatternReader *reader, Condition *to) {
    if (reader->json && pattern_take(reader, "IS ")) return read_is(reader, to);
    if (reader->json && pattern_take(reader, "NOT ")) {
        to->kind = CONDITION_NOT_EXISTS;
        return pattern_take(reader, "EXISTS") || pattern_bad(reader, "expected EXISTS behind NOT");
    }
    TRY(read_operator(reader, &to->op));
    TRY(read_operand(reader, &to->operand));
    bool ordered = to->op != COMPARE_EQUAL && to->op != COMPARE_NOT_EQUAL;
    if (ordered && to->operand.kind != OPERAND_NUMBER) return pattern_bad(reader, "\"%.*s\" is no number", STR_ARG(to->operand.text));
    return true;
}

static bool read_one(PatternReader *reader, int depth, const Condition **out) {
    if (pattern_take(reader, "(")) {
        if (depth == DEPTH_MOST) return pattern_bad(reader, "it is nested too deep");
        TRY(read_any(reader, depth + 1, out));
        return pattern_take(reader, ")") || pattern_bad(reader, "expected ) at \"%.*s\"", STR_ARG(reader->rest));
    }
    Condition *condition = arena_new_of(reader->arena, Condition);
    condition->kind = CONDITION_COMPARE;
    if (reader->json)
        TRY(pattern_read_selector(reader, condition));
    else
        TRY(read_name(reader, condition));
    TRY(read_test(reader, condition));
    *out = condition;
    return true;
}

static const Condition *join(PatternReader *reader, ConditionKind kind, const Condition *left, const Condition *right) {
    Condition *both = arena_new_of(reader->arena, Condition);
    *both = (Condition){.kind = kind, .left = left, .right = right};
    return both;
}

static bool read_all(PatternReader *reader, int depth, const Condition **out) {
    const Condition *left, *right;
    TRY(read_one(reader, depth, &left));
    while (pattern_take(reader, "&&")) {
        TRY(read_one(reader, depth, &right));
        left = join(reader, CONDITION_AND, left, right);
    }
    *out = left;
    return true;
}

static bool read_any(PatternReader *reader, int depth, const Condition **out) {
    const Condition *left, *right;
    TRY(read_all(reader, depth, &left));
    while (pattern_take(reader, "||")) {
        TRY(read_all(reader, depth, &right));
        left = join(reader, CONDITION_OR, left, right);
    }
    *out = left;
    return true;
}

bool pattern_read_condition(PatternReader *reader, const Condition **out) { return read_any(reader, 0, out); }
