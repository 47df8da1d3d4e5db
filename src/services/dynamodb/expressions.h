// Expressions: DynamoDB's small languages: conditions (also filters and keys), updates, projections.
//
//     condition   a = :v AND (size(b.c[2]) > :n OR NOT begins_with(#d, :p))
//     update      SET a = if_not_exists(a, :zero) + :one, l[3] = :x REMOVE b ADD n :one DELETE s :set
//     projection  a, b.c[1], #d
//
// A parse gives a tree in the scope's arena; stand-ins (#name, :value) are resolved while parsing, so an unknown one is an error at once, and one that nothing used is an
// error at the end (scope_end). Evaluation cannot fail for conditions (what has no meaning is false) and can for updates.
// Source: developer guide, "Using expressions in DynamoDB".
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "plane/call.h"
#include "services/dynamodb/values.h"

enum { EXPRESSION_BYTES = 4096, EXPRESSION_DEPTH = 64, EXPRESSION_OPERATORS = 300, PATH_STEPS = 33 };

typedef struct PathStep {
    Str name; // STR_NONE: by index
    size_t index;
} PathStep;

typedef struct Path {
    PathStep *steps;
    size_t count;
} Path;

typedef enum NodeKind {
    // operands
    NODE_PATH,
    NODE_VALUE,
    NODE_SIZE,
    NODE_IF_NOT_EXISTS,
    NODE_LIST_APPEND,
    NODE_ADD,
    NODE_SUBTRACT,
    // conditions
    NODE_EQ,
    NODE_NE,
    NODE_LT,
    NODE_LE,
    NODE_GT,
    NODE_GE,
    NODE_BETWEEN,
    NODE_IN,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_EXISTS,
    NODE_NOT_EXISTS,
    NODE_TYPE,
    NODE_BEGINS_WITH,
    NODE_CONTAINS,
    NODE_UNKNOWN // a function that there is not: a fault, never evaluated
} NodeKind;

typedef struct Node Node;
struct Node {
    Node *next; // argument of the same parent
    NodeKind kind;
    Path path; // NODE_PATH
    const Doc *value; // NODE_VALUE
    Node *first; // arguments
    bool grouped; // it stood in parentheses
};

typedef enum ActionKind { ACTION_SET, ACTION_REMOVE, ACTION_ADD, ACTION_DELETE, ACTION_KINDS } ActionKind;

typedef struct Action {
    ActionKind kind;
    Path path;
    Node *operand; // NULL: REMOVE
} Action;

// The stand-ins of a call (#name, :value), and which of them its expressions have used.
typedef struct Scope {
    Arena *arena;
    const Doc *names, *values; // may be NULL
    Doc *used; // the stand-ins (#name, :value) that were met → true
    bool any; // there was an expression
} Scope;

bool scope_begin(Scope *scope, Arena *arena, const Doc *input, Error *e); // of the input's ExpressionAttributeNames and …Values
bool scope_end(const Scope *scope, Error *e); // fails when one was not used

// `label`: the member of the input that the expression is ("ConditionExpression"), for messages.
bool parse_condition(Scope *scope, const char *label, Str text, Node **out, Error *e);
const char *condition_name(NodeKind kind); // of a condition, as messages call it: "=", "OR", "begins_with"
bool parse_update(Scope *scope, Str text, Vec *actions, Error *e); // of Action
bool parse_projection(Scope *scope, Str text, Vec *paths, Error *e); // of Path

bool condition_holds(Arena *arena, const Node *condition, const Doc *item); // condition NULL: true
const Doc *path_find(const Path *path, const Doc *item); // the value there, or NULL
Doc *path_project(Arena *arena, const Vec *paths, const Doc *item); // a new item with these parts only
Str path_text(Arena *arena, const Path *path);
bool paths_overlap(const Path *a, const Path *b); // one is the other or lies within it
bool paths_conflict(const Path *a, const Path *b); // where they part, one goes by name and the other by index

// Changes the item; all operands are worked out on what it was before.
bool update_apply(Arena *arena, const Vec *actions, Doc *item, Error *e);

bool is_reserved_word(Arena *arena, Str name); // reserved_words.c
