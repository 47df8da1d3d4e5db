// What the files policy_*.c share; nobody else includes it.
#pragma once

#include "identity/policy.h"

// A text with wildcards, prepared: '*' became WILD_MANY and '?' WILD_ONE, so that the values of variables, put in at evaluation, are taken literally.
enum { WILD_MANY = 1, WILD_ONE = 2 };

typedef struct Pattern {
    Str text;
    bool literal; // no wildcards
    bool variable; // holds ${…}
} Pattern;

typedef struct Patterns {
    const Pattern *at;
    size_t count;
    bool negated; // NotAction, NotResource
} Patterns;

typedef enum PrincipalTermKind { TERM_EVERYONE, TERM_ACCOUNT, TERM_ARN, TERM_SERVICE, TERM_CANONICAL, TERM_OTHER } PrincipalTermKind;

typedef struct PrincipalTerm {
    PrincipalTermKind kind;
    Str value; // account number, ARN, host of a service, canonical id of an account
} PrincipalTerm;

typedef struct Principals {
    const PrincipalTerm *at;
    size_t count;
    bool present, negated;
} Principals;

typedef struct Operator Operator;

typedef enum SetQualifier { SET_NONE, SET_ALL_VALUES, SET_ANY_VALUE } SetQualifier;

typedef struct ConditionTest {
    const Operator *op;
    SetQualifier set;
    bool if_exists;
    Str key;
    Patterns values;
} ConditionTest;

typedef struct Statement {
    bool allow;
    Principals principals;
    Patterns actions, resources; // actions in lower case; resources.count 0: any (trust policies)
    const ConditionTest *conditions;
    size_t condition_count;
} Statement;

struct Policy {
    const Statement *statements;
    size_t count;
    Str arn; // of a managed policy; STR_NONE
};

// policy_patterns.c
Pattern policy_pattern_prepare(Arena *arena, Str text, bool wildcards, bool variables);
bool policy_wild_match(Str pattern, Str text); // WILD_MANY, WILD_ONE
bool policy_pattern_matches(const Pattern *pattern, const PolicyQuestion *question, Str text);
// The pattern with its variables replaced; STR_NONE when one has no value.
Str policy_pattern_expand(const Pattern *pattern, const PolicyQuestion *question);
bool policy_patterns_match(Patterns patterns, const PolicyQuestion *question, Str text); // with regard to `negated`

// policy_conditions.c
const Operator *policy_operator_find(Str name, SetQualifier *set, bool *if_exists);
bool policy_operator_has_wildcards(const Operator *op);
bool policy_condition_holds(const ConditionTest *test, const PolicyQuestion *question);

// policy_validate.c: sentences about parts of statements, in AWS's words
bool policy_check_action(Str action, PolicyKind kind, Error *e);
bool policy_check_resource(Str resource, PolicyKind kind, Error *e);
bool policy_fail(Error *e, PolicyKind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
