// From a document to statements. What is checked is what AWS checks when a policy is put, in AWS's order as far as it shows.
#include "identity/policy_internal.h"

#include "base/vec.h"
#include "formats/json.h"

typedef struct Compiler {
    Arena *arena;
    PolicyKind kind;
    bool variables; // version 2012-10-17
    Error *e;
} Compiler;

#define SYNTAX(compiler) \
    policy_fail((compiler)->e, (compiler)->kind, (compiler)->kind == POLICY_RESOURCE ? "Invalid policy syntax." : "Syntax errors in policy.")

static bool is_known(Str key, const char *const *names) {
    for (; *names; names++) {
        if (str_is(key, *names)) return true;
    }
    return false;
}

// Policies of identities are told of their syntax in one sentence; those that name principals are read by a parser that says more.
static bool says_more(const Compiler *compiler) { return compiler->kind != POLICY_IDENTITY; }

static bool only_knows(const Compiler *compiler, const Doc *map, const char *const *names) {
    if (!doc_is(map, DOC_MAP)) return SYNTAX(compiler);
    for (const Doc *member = doc_first(map); member; member = member->next) {
        if (is_known(member->key, names)) continue;
        if (!says_more(compiler)) return SYNTAX(compiler);
        return policy_fail(compiler->e, compiler->kind, "Unknown field %.*s", STR_ARG(member->key));
    }
    return true;
}

// A text or a list of texts, one after the other: *at NULL at the end. Starts with the member itself.
static const Doc *first_text(const Doc *member) { return doc_is(member, DOC_LIST) ? doc_first(member) : member; }
static const Doc *next_text(const Doc *member, const Doc *at) { return doc_is(member, DOC_LIST) ? at->next : NULL; }

static bool is_text_or_texts(const Doc *member) {
    if (doc_is(member, DOC_LIST) && doc_count(member) == 0) return false;
    for (const Doc *at = first_text(member); at; at = next_text(member, at)) {
        if (!doc_is(at, DOC_STR)) return false;
    }
    return member != NULL;
}

static size_t text_count(const Doc *member) { return doc_is(member, DOC_LIST) ? doc_count(member) : 1; }

// Of two members that exclude each other, the one that is there. False: both.
static bool either(const Doc *statement, const char *plain, const char *negated, const Doc **out, bool *is_negated) {
    const Doc *positive = doc_get(statement, plain), *negative = doc_get(statement, negated);
    *out = positive ? positive : negative;
    *is_negated = negative != NULL;
    return !(positive && negative);
}

static bool compile_actions(const Compiler *compiler, const Doc *statement, Patterns *out) {
    const Doc *member;
    bool negated;
    if (!either(statement, "Action", "NotAction", &member, &negated)) return SYNTAX(compiler);
    if (!member) {
        return policy_fail(compiler->e, compiler->kind,
                           compiler->kind == POLICY_IDENTITY ? "Policy statement must contain actions." : "Missing required field Action");
    }
    if (!is_text_or_texts(member)) return SYNTAX(compiler);
    Pattern *patterns = arena_array(compiler->arena, Pattern, text_count(member));
    *out = (Patterns){.at = patterns, .negated = negated};
    for (const Doc *at = first_text(member); at; at = next_text(member, at)) {
        TRY(policy_check_action(at->as.text, compiler->kind, compiler->e));
        patterns[out->count++] = policy_pattern_prepare(compiler->arena, str_lower(compiler->arena, at->as.text), true, false);
    }
    return true;
}

static bool compile_resources(const Compiler *compiler, const Doc *statement, Patterns *out) {
    const Doc *member;
    bool negated;
    if (!either(statement, "Resource", "NotResource", &member, &negated)) return SYNTAX(compiler);
    if (compiler->kind == POLICY_TRUST) { return member ? policy_fail(compiler->e, compiler->kind, "Has prohibited field Resource") : true; }
    if (!member) {
        return policy_fail(compiler->e, compiler->kind,
                           compiler->kind == POLICY_IDENTITY ? "Policy statement must contain resources." : "Missing required field Resource");
    }
    if (!is_text_or_texts(member)) return SYNTAX(compiler);
    Pattern *patterns = arena_array(compiler->arena, Pattern, text_count(member));
    *out = (Patterns){.at = patterns, .negated = negated};
    for (const Doc *at = first_text(member); at; at = next_text(member, at)) {
        TRY(policy_check_resource(at->as.text, compiler->kind, compiler->e));
        patterns[out->count++] = policy_pattern_prepare(compiler->arena, at->as.text, true, compiler->variables);
    }
    return true;
}

// arn:aws:iam::123456789012:root → the account
static bool is_root_arn(Str arn, Str *account) {
    if (!str_starts(arn, STR("arn:")) || !str_ends(arn, STR(":root"))) return false;
    Str rest = arn;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    *account = str_cut(&rest, ':');
    return is_account_number(*account);
}

// Of a resource's policy the principal itself is told by the service whose resource it is.
static bool invalid_principal(const Compiler *compiler, Str type, Str value) {
    if (compiler->kind == POLICY_RESOURCE) return policy_fail(compiler->e, compiler->kind, "Invalid principal in policy");
    return policy_fail(compiler->e, compiler->kind, "Invalid principal in policy: \"%.*s\":\"%.*s\"", STR_ARG(type), STR_ARG(value));
}

static bool aws_term(const Compiler *compiler, Str value, PrincipalTerm *out) {
    Str account;
    if (str_is(value, "*"))
        *out = (PrincipalTerm){TERM_EVERYONE, value};
    else if (is_account_number(value))
        *out = (PrincipalTerm){TERM_ACCOUNT, value};
    else if (is_root_arn(value, &account))
        *out = (PrincipalTerm){TERM_ACCOUNT, account};
    else if (str_starts(value, STR("arn:aws")))
        *out = (PrincipalTerm){TERM_ARN, value};
    else if (str_starts(value, STR("AIDA")) || str_starts(value, STR("AROA")))
        *out = (PrincipalTerm){TERM_OTHER, value};
    else
        return invalid_principal(compiler, STR("AWS"), value);
    return true;
}

static bool compile_term(const Compiler *compiler, Str type, Str value, PrincipalTerm *out) {
    if (str_is(type, "AWS")) return aws_term(compiler, value, out);
    if (str_is(type, "Service")) {
        *out = (PrincipalTerm){TERM_SERVICE, value};
        return str_contains(value, STR(".")) || invalid_principal(compiler, STR("SERVICE"), value);
    }
    bool canonical = str_is(type, "CanonicalUser");
    *out = (PrincipalTerm){canonical ? TERM_CANONICAL : TERM_OTHER, value};
    if (canonical || str_is(type, "Federated")) return true;
    return invalid_principal(compiler, type, value);
}

static bool compile_principal_map(const Compiler *compiler, const Doc *map, Vec *terms) {
    for (const Doc *type = doc_first(map); type; type = type->next) {
        if (!is_text_or_texts(type)) return SYNTAX(compiler);
        for (const Doc *at = first_text(type); at; at = next_text(type, at)) { TRY(compile_term(compiler, type->key, at->as.text, vec_push(terms))); }
    }
    return true;
}

static bool compile_principals(const Compiler *compiler, const Doc *statement, Principals *out) {
    const Doc *member;
    bool negated;
    if (!either(statement, "Principal", "NotPrincipal", &member, &negated)) return SYNTAX(compiler);
    if (compiler->kind == POLICY_IDENTITY) {
        return member ? policy_fail(compiler->e, compiler->kind, "Policy document should not specify a principal.") : true;
    }
    if (!member) return policy_fail(compiler->e, compiler->kind, "Missing required field Principal");
    Vec terms = vec_of(compiler->arena, PrincipalTerm);
    if (doc_is(member, DOC_MAP)) {
        TRY(compile_principal_map(compiler, member, &terms));
    } else {
        bool everybody = doc_is(member, DOC_STR) && str_is(member->as.text, "*");
        if (!everybody && compiler->kind == POLICY_RESOURCE) return SYNTAX(compiler);
        if (!everybody) return policy_fail(compiler->e, compiler->kind, "Invalid principal in policy");
        if (compiler->kind == POLICY_TRUST)
            return policy_fail(compiler->e, compiler->kind, "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".");
        vec_add(&terms, PrincipalTerm, ((PrincipalTerm){TERM_EVERYONE, STR("*")}));
    }
    *out = (Principals){.at = terms.at, .count = terms.len, .present = true, .negated = negated};
    return true;
}

// A value of a condition: JSON lets it be a number or boolean as well as text.
static bool value_text(Arena *arena, const Doc *value, Str *out) {
    switch (value->kind) {
    case DOC_STR: *out = value->as.text; return true;
    case DOC_BOOL: *out = value->as.boolean ? STR("true") : STR("false"); return true;
    case DOC_INT: *out = str_format(arena, "%lld", (long long)value->as.integer); return true;
    case DOC_REAL: *out = str_format(arena, "%g", value->as.real); return true;
    default: return false;
    }
}

static bool compile_test(const Compiler *compiler, Str operator_name, const Doc *key, ConditionTest *out) {
    out->op = policy_operator_find(operator_name, &out->set, &out->if_exists);
    if (!out->op) return policy_fail(compiler->e, compiler->kind, "Invalid Condition type : %.*s", STR_ARG(operator_name));
    if (!str_contains(key->key, STR(":"))) {
        return policy_fail(compiler->e, compiler->kind, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    out->key = key->key;
    Pattern *values = arena_array(compiler->arena, Pattern, text_count(key));
    out->values.at = values;
    for (const Doc *at = first_text(key); at; at = next_text(key, at)) {
        Str text;
        if (!value_text(compiler->arena, at, &text)) return SYNTAX(compiler);
        values[out->values.count++] = policy_pattern_prepare(compiler->arena, text, policy_operator_has_wildcards(out->op), compiler->variables);
    }
    return true;
}

static bool compile_conditions(const Compiler *compiler, const Doc *condition, Statement *out) {
    if (!condition) return true;
    if (!doc_is(condition, DOC_MAP)) return SYNTAX(compiler);
    Vec tests = vec_of(compiler->arena, ConditionTest);
    for (const Doc *op = doc_first(condition); op; op = op->next) {
        if (!doc_is(op, DOC_MAP)) return SYNTAX(compiler);
        for (const Doc *key = doc_first(op); key; key = key->next) TRY(compile_test(compiler, op->key, key, vec_push(&tests)));
    }
    out->conditions = tests.at;
    out->condition_count = tests.len;
    return true;
}

static bool compile_effect(const Compiler *compiler, const Doc *statement, bool *allow) {
    const Doc *effect = doc_get(statement, "Effect");
    if (!effect && says_more(compiler)) return policy_fail(compiler->e, compiler->kind, "Missing required field Effect");
    if (!effect || !doc_is(effect, DOC_STR)) return SYNTAX(compiler);
    Str text = effect->as.text;
    *allow = str_is(text, "Allow");
    if (*allow || str_is(text, "Deny")) return true;
    return says_more(compiler) ? policy_fail(compiler->e, compiler->kind, "Invalid effect: %.*s", STR_ARG(text)) : SYNTAX(compiler);
}

static bool compile_statement(const Compiler *compiler, const Doc *statement, Statement *out) {
    static const char *const elements[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                           "NotAction", "Resource", "NotResource", "Condition",    NULL};
    TRY(only_knows(compiler, statement, elements));
    TRY(compile_effect(compiler, statement, &out->allow));
    bool trust = compiler->kind == POLICY_TRUST; // told of its resource before of a missing principal
    if (trust) TRY(compile_resources(compiler, statement, &out->resources));
    TRY(compile_principals(compiler, statement, &out->principals));
    TRY(compile_actions(compiler, statement, &out->actions));
    if (!trust) TRY(compile_resources(compiler, statement, &out->resources));
    return compile_conditions(compiler, doc_get(statement, "Condition"), out);
}

static bool is_sid(Str sid, PolicyKind kind) {
    for (size_t i = 0; i < sid.len && kind == POLICY_IDENTITY; i++) {
        char c = sid.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) return false;
    }
    return true;
}

static bool check_sids(const Compiler *compiler, const Doc *statements) {
    if (!doc_is(statements, DOC_LIST)) return true;
    for (const Doc *at = doc_first(statements); at; at = at->next) {
        Str sid = doc_text(at, "Sid");
        if (!sid.len) continue;
        if (!is_sid(sid, compiler->kind)) {
            return policy_fail(compiler->e, compiler->kind,
                               "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*");
        }
        for (const Doc *other = at->next; other; other = other->next) {
            if (str_eq(sid, doc_text(other, "Sid")))
                return policy_fail(compiler->e, compiler->kind, "Statement IDs (SID) in a single policy must be unique.");
        }
    }
    return true;
}

static bool check_version(Compiler *compiler, const Doc *document) {
    Str version = doc_text(document, "Version");
    compiler->variables = str_is(version, "2012-10-17");
    if (compiler->variables) return true;
    if (version.at && !str_is(version, "2008-10-17")) {
        return compiler->kind == POLICY_RESOURCE ? policy_fail(compiler->e, compiler->kind, "The policy must contain a valid version string")
                                                 : SYNTAX(compiler);
    }
    if (compiler->kind != POLICY_IDENTITY) return true;
    return policy_fail(compiler->e, compiler->kind, "Policy document must be version 2012-10-17 or greater.");
}

static bool has_statements(const Compiler *compiler, const Doc *statements) {
    if (statements && !(doc_is(statements, DOC_LIST) && !doc_count(statements))) return true;
    if (!says_more(compiler)) return SYNTAX(compiler);
    return policy_fail(compiler->e, compiler->kind, "%s",
                       statements ? "Could not parse the policy: Statement is empty!" : "Missing required field Statement");
}

#define NOT_A_DOCUMENT "Policies must be valid JSON and the first byte must be '{'"

bool policy_compile(Arena *arena, const Doc *document, PolicyKind kind, const Policy **out, Error *e) {
    static const char *const elements[] = {"Version", "Id", "Statement", NULL};
    Compiler compiler = {.arena = arena, .kind = kind, .e = e};
    if (kind == POLICY_RESOURCE && !doc_is(document, DOC_MAP)) return policy_fail(e, kind, NOT_A_DOCUMENT);
    TRY(only_knows(&compiler, document, elements));
    TRY(check_version(&compiler, document));
    const Doc *statements = doc_get(document, "Statement");
    TRY(has_statements(&compiler, statements));
    Statement *compiled = arena_array(arena, Statement, text_count(statements));
    size_t count = 0;
    for (const Doc *at = first_text(statements); at; at = next_text(statements, at)) TRY(compile_statement(&compiler, at, &compiled[count++]));
    TRY(check_sids(&compiler, statements));
    Policy *policy = arena_new_of(arena, Policy);
    *policy = (Policy){.statements = compiled, .count = count};
    *out = policy;
    return true;
}

const Policy *policy_named(Arena *arena, const Policy *policy, Str arn) {
    Policy *named = arena_new_of(arena, Policy);
    *named = *policy;
    named->arn = arn;
    return named;
}

bool policy_parse(Arena *arena, Str text, PolicyKind kind, const Policy **out, Error *e) {
    Doc *document;
    if (!json_parse(arena, text, &document, NULL)) {
        return policy_fail(e, kind, "%s",
                           kind == POLICY_RESOURCE ? NOT_A_DOCUMENT
                           : kind == POLICY_TRUST  ? "This policy contains invalid Json"
                                                   : "Syntax errors in policy.");
    }
    return policy_compile(arena, document, kind, out, e);
}
