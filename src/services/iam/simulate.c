// The policy simulator: what the policies of a user or role, or policies given in the request, say about actions. Resource policies do not take part.
#include "services/iam/iam.h"

#include "identity/policy.h"

static Doc *context_of(Turn *turn, const Call *call) {
    Doc *context = doc_map(turn_arena(turn));
    for (const Doc *at = doc_first(doc_get(call->input, "ContextEntries")); at; at = at->next) {
        const Doc *values = doc_get(at, "ContextKeyValues");
        bool list = str_ends(doc_text(at, "ContextKeyType"), STR("List"));
        doc_put(context, doc_text(at, "ContextKeyName"), doc_copy(turn_arena(turn), list ? values : doc_first(values)));
    }
    return context;
}

static const char *decision_name(Decision decision) {
    static const char *const names[] = {
        [DECISION_ALLOW] = "allowed", [DECISION_IMPLICIT_DENY] = "implicitDeny", [DECISION_EXPLICIT_DENY] = "explicitDeny"};
    return names[decision];
}

typedef struct Simulation {
    Turn *turn;
    const Call *call;
    const Doc *context;
    const Principal *principal; // NULL: only the policies of the request
    Doc *results;
} Simulation;

static Decision decide_custom(const Simulation *simulation, Str action, Str resource) {
    Principal nobody = principal_root(turn_arena(simulation->turn), turn_where(simulation->turn).account);
    PolicyQuestion question = {.arena = turn_arena(simulation->turn),
                               .action = action,
                               .resource = resource,
                               .context = simulation->context,
                               .principal = simulation->principal ? simulation->principal : &nobody,
                               .now_ms = turn_now(simulation->turn)};
    PolicyAnswer answer = {0};
    for (const Doc *at = doc_first(doc_get(simulation->call->input, "PolicyInputList")); at; at = at->next) {
        const Policy *policy;
        if (policy_parse(question.arena, doc_str(at, STR("")), POLICY_IDENTITY, &policy, NULL)) policy_ask(policy, &question, &answer);
    }
    return answer.denies ? DECISION_EXPLICIT_DENY : answer.allows ? DECISION_ALLOW : DECISION_IMPLICIT_DENY;
}

// What the principal's own policies and those of the request say together.
static Decision decide(const Simulation *simulation, Str action, Str resource) {
    Decision custom = decide_custom(simulation, action, resource);
    if (!simulation->principal || custom == DECISION_EXPLICIT_DENY) return custom;
    AuthorizationRequest request = {.arena = turn_arena(simulation->turn),
                                    .principal = simulation->principal,
                                    .action = action,
                                    .resource = resource,
                                    .resource_account = turn_where(simulation->turn).account,
                                    .context = simulation->context,
                                    .now_ms = turn_now(simulation->turn)};
    Decision own = identity_decide((IdentityView){.directory = turn_directory(simulation->turn)}, &request);
    return own == DECISION_IMPLICIT_DENY ? custom : own;
}

static void simulate_one(const Simulation *simulation, Str action, Str resource) {
    Arena *arena = turn_arena(simulation->turn);
    Doc *result = doc_map(arena);
    doc_set_str(arena, result, "EvalActionName", action);
    doc_set_str(arena, result, "EvalResourceName", resource);
    doc_set_str(arena, result, "EvalDecision", str_of(decision_name(decide(simulation, action, resource))));
    doc_set(result, "MatchedStatements", doc_list(arena));
    doc_set(result, "MissingContextValues", doc_list(arena));
    doc_push(simulation->results, result);
}

static Outcome simulate(Simulation *simulation, Doc **out, Error *e) {
    const Doc *input = simulation->call->input, *resources = doc_get(input, "ResourceArns");
    static const char *const refused[] = {"ResourcePolicy",     "PermissionsBoundaryPolicyInputList", "ResourceHandlingOption",
                                          "CallerArn",          "OrderedOrganizationPolicyInputList", "ResourceOwner",
                                          "PolicyExclusionList"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (doc_get(input, refused[i])) return call_fail(e, "InvalidInput", "%s is not supported in simulations.", refused[i]);
    }
    for (const Doc *at = doc_first(doc_get(input, "PolicyInputList")); at; at = at->next) {
        CALL_TRY(iam_check_document(simulation->turn, doc_str(at, STR("")), SIZE_MAX, NULL, e));
    }
    simulation->context = context_of(simulation->turn, simulation->call);
    simulation->results = doc_list(turn_arena(simulation->turn));
    for (const Doc *action = doc_first(doc_get(input, "ActionNames")); action; action = action->next) {
        if (!doc_count(resources)) simulate_one(simulation, doc_str(action, STR("")), STR("*"));
        for (const Doc *at = doc_first(resources); at; at = at->next) simulate_one(simulation, doc_str(action, STR("")), doc_str(at, STR("*")));
    }
    *out = doc_map(turn_arena(simulation->turn));
    doc_set(*out, "EvaluationResults", simulation->results);
    doc_set_bool(turn_arena(simulation->turn), *out, "IsTruncated", false);
    return OUTCOME_DONE;
}

static bool principal_of(Turn *turn, Str arn, Principal *out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str rest = arn;
    for (int i = 0; i < 5; i++) str_cut(&rest, ':');
    Str name = str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1));
    bool is_role = str_starts(rest, STR("role/"));
    const Kind *kind = is_role ? &IAM_KIND_ROLE : &IAM_KIND_USER;
    Doc *doc;
    if (!is_role && !str_starts(rest, STR("user/")))
        return fail(e, "InvalidInput", "Invalid Entity Arn: %.*s does not clearly define entity type and name.", STR_ARG(arn));
    TRY(iam_find(turn, kind, name, &doc, e));
    *out = is_role ? principal_role(arena, arn, STR("simulation"))
                   : (Principal){.kind = PRINCIPAL_USER,
                                 .account = turn_where(turn).account,
                                 .arn = arn,
                                 .id = doc_text(doc, "UserId"),
                                 .name = doc_text(doc, "UserName")};
    return true;
}

Outcome iam_simulate_principal(Turn *turn, const Call *call, Doc **out, Error *e) {
    Principal principal;
    CALL_TRY(principal_of(turn, doc_text(call->input, "PolicySourceArn"), &principal, e));
    Simulation simulation = {.turn = turn, .call = call, .principal = &principal};
    return simulate(&simulation, out, e);
}

Outcome iam_simulate_custom(Turn *turn, const Call *call, Doc **out, Error *e) {
    Simulation simulation = {.turn = turn, .call = call};
    return simulate(&simulation, out, e);
}
