// What one policy says about one request.
#include "identity/policy_internal.h"

// user/x and role/x of a principal's ARN; a session also answers to its role's ARN.
static PrincipalMatch match_arn(Str wanted, const Principal *principal) {
    if (str_eq(wanted, principal->arn)) return MATCH_EXACT;
    if (principal->kind == PRINCIPAL_ROLE_SESSION && str_eq(wanted, principal->role_arn)) return MATCH_ROLE;
    return MATCH_NONE;
}

static PrincipalMatch match_account(bool same, const Principal *principal) {
    if (!same) return MATCH_NONE;
    return principal->kind == PRINCIPAL_ROOT ? MATCH_EXACT : MATCH_ACCOUNT;
}

static PrincipalMatch match_term(Arena *arena, const PrincipalTerm *term, const Principal *principal) {
    Str account = principal->account;
    switch (term->kind) {
    case TERM_EVERYONE: return MATCH_EVERYONE;
    case TERM_ACCOUNT: return match_account(account.len && str_eq(term->value, account), principal);
    case TERM_CANONICAL: return match_account(account.len && str_eq(term->value, principal_canonical_id(arena, account)), principal);
    case TERM_ARN: return match_arn(term->value, principal);
    case TERM_SERVICE: return principal->kind == PRINCIPAL_SERVICE && str_eq_nocase(term->value, principal->arn) ? MATCH_EXACT : MATCH_NONE;
    case TERM_OTHER: return principal->id.len && str_eq(term->value, principal->id) ? MATCH_EXACT : MATCH_NONE;
    }
    return MATCH_NONE;
}

static PrincipalMatch match_principals(Arena *arena, const Principals *principals, const Principal *principal) {
    if (!principals->present) return MATCH_EXACT;
    PrincipalMatch closest = MATCH_NONE;
    for (size_t i = 0; i < principals->count; i++) {
        PrincipalMatch match = match_term(arena, &principals->at[i], principal);
        if (match > closest) closest = match;
    }
    if (principals->negated) return closest == MATCH_NONE ? MATCH_EVERYONE : MATCH_NONE;
    return closest;
}

static bool conditions_hold(const Statement *statement, const PolicyQuestion *question) {
    for (size_t i = 0; i < statement->condition_count; i++) {
        if (!policy_condition_holds(&statement->conditions[i], question)) return false;
    }
    return true;
}

static bool resources_match(const Statement *statement, const PolicyQuestion *question) {
    return statement->resources.count == 0 || policy_patterns_match(statement->resources, question, question->resource);
}

void policy_ask(const Policy *policy, const PolicyQuestion *question, PolicyAnswer *answer) {
    char room[128];
    Str action = question->action;
    if (action.len > sizeof room) return; // no action is that long
    for (size_t i = 0; i < action.len; i++) room[i] = (char)(action.at[i] >= 'A' && action.at[i] <= 'Z' ? action.at[i] | 32 : action.at[i]);
    action.at = room;
    for (size_t i = 0; i < policy->count; i++) {
        const Statement *statement = &policy->statements[i];
        if (!policy_patterns_match(statement->actions, question, action) || !resources_match(statement, question)) continue;
        PrincipalMatch match = match_principals(question->arena, &statement->principals, question->principal);
        if (match == MATCH_NONE || !conditions_hold(statement, question)) continue;
        if (!statement->allow && !answer->denies) answer->denied_by = policy->arn;
        if (!statement->allow)
            answer->denies = true;
        else
            answer->allows = true;
        if (statement->allow && match > answer->allowed_as) answer->allowed_as = match;
    }
}
