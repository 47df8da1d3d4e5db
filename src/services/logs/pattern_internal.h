// Between the files of the pattern matcher.
#pragma once

#include "services/logs/pattern.h"

#include "base/vec.h"

typedef enum CompareOp { COMPARE_EQUAL, COMPARE_NOT_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL } CompareOp;

// What a value is compared with.
typedef struct Operand {
    enum { OPERAND_TEXT, OPERAND_NUMBER, OPERAND_REGEX } kind;
    Str text; // '*' stands for any characters
    double number;
} Operand;

// A step of a property selector.
typedef struct Selection {
    enum { SELECT_MEMBER, SELECT_ITEM, SELECT_ANY } kind;
    Str name;
    size_t index;
} Selection;

typedef enum ConditionKind {
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_COMPARE,
    CONDITION_IS_NULL,
    CONDITION_IS_TRUE,
    CONDITION_IS_FALSE,
    CONDITION_NOT_EXISTS
} ConditionKind;

typedef struct Condition Condition;
struct Condition {
    ConditionKind kind;
    const Condition *left, *right; // of AND and OR
    Str subject; // the selector or the field's name, as it was written
    Vec path; // Selection
    CompareOp op;
    Operand operand;
};

typedef struct Field {
    Str name; // empty: it has none
    bool ellipsis; // stands for any number of words
    const Condition *condition; // NULL: any word
} Field;

typedef struct Term {
    enum { TERM_REQUIRED, TERM_EXCLUDED, TERM_OPTIONAL } kind;
    bool regex;
    Str text;
} Term;

struct LogPattern {
    enum { PATTERN_TERMS, PATTERN_JSON, PATTERN_FIELDS } kind;
    Vec terms; // Term
    const Condition *condition; // of JSON
    Vec fields; // Field
};

typedef struct PatternReader {
    Arena *arena;
    Str rest;
    bool json; // selectors instead of names
    int regexes, wildcards;
    Error *e;
} PatternReader;

bool pattern_bad(const PatternReader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define pattern_bad(...) fail_returned(pattern_bad(__VA_ARGS__))
void pattern_skip(PatternReader *reader); // white space
bool pattern_take(PatternReader *reader, const char *word); // skips white space, and the word when it comes next
bool pattern_read_quoted(PatternReader *reader, Str *out); // behind the opening quotation mark
bool pattern_read_regex(PatternReader *reader, Str *out); // behind the opening '%'
bool pattern_read_selector(PatternReader *reader, Condition *to);
bool pattern_read_condition(PatternReader *reader, const Condition **out);
bool pattern_read_fields(PatternReader *reader, LogPattern *to); // behind '['

bool pattern_regex_finds(Str regex, Str text);
bool operand_holds(CompareOp op, const Operand *operand, Str text, bool number_known, double number);
bool json_condition_holds(Arena *scratch, const Condition *condition, const Doc *message);
void json_condition_extract(Arena *arena, const Condition *condition, const Doc *message, Doc *to);
bool fields_hold(Arena *scratch, const Vec *fields, Str message);
void fields_extract(Arena *arena, const Vec *fields, Str message, Doc *to);
