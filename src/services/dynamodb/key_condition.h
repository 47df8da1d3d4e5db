// Key conditions: what a Query asks of the attributes of a key: equality of the first, at most one of = < <= > >= BETWEEN begins_with of the second.
#pragma once

#include "services/dynamodb/dynamodb.h"

enum { KEY_CLAUSES = 2 };

typedef struct KeyClause {
    Str name;
    NodeKind kind;
    const Doc *values[2]; // two: BETWEEN
    size_t count;
} KeyClause;

typedef struct KeyConditions {
    KeyClause at[KEY_CLAUSES];
    size_t count; // may be more than stand here: then they match no schema
} KeyConditions;

typedef struct KeyCondition {
    const KeyClause *hash, *range; // range NULL: any
} KeyCondition;

bool key_conditions_read(const Node *node, KeyConditions *out, Error *e); // the form
bool key_conditions_match(const KeyConditions *conditions, const KeySchema *schema, KeyCondition *out, Error *e); // names and types
