// The policy simulator: what the policies of a user or role, or policies given in the request, say about actions. Resource policies do not take part.
#include "services/iam/simulation.h"

#include "base/vec.h"

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
    ConditionKeys *keys;
    const Principal *principal; // NULL: only the policies of the request
    const Doc *tags; // of the principal, a map, or NULL
    Vec sources; // SourcePolicy: all that take part
    Doc *results;
} Simulation;

static void add_source(Simulation *simulation, Str id, Str text) {
    if (text.at) vec_add(&simulation->sources, SourcePolicy, ((SourcePolicy){id, text}));
}

static void add_sources_of(Simulation *simulation, const Kind *kind, const Doc *doc) {
    Arena *arena = turn_arena(simulation->turn);
    Str name = doc_text(doc, kind->name);
    for (const Doc *at = doc_first(doc_get(doc, "inline")); at; at = at->next)
        add_source(simulation, str_format(arena, "%s_%.*s_%.*s", kind->segment, STR_ARG(name), STR_ARG(at->key)), doc_str(at, STR_NONE));
    for (const Doc *at = doc_first(doc_get(doc, "attached")); at; at = at->next) {
        Str arn = doc_str(at, STR(""));
        add_source(simulation, str_from(arn, (size_t)(str_rfind_char(arn, '/') + 1)), iam_policy_text(simulation->turn, arn));
    }
    for (const Doc *at = doc_first(doc_get(doc, "groups")); at; at = at->next) {
        Doc *group;
        if (iam_find(simulation->turn, &IAM_KIND_GROUP, doc_str(at, STR("")), &group, NULL)) add_sources_of(simulation, &IAM_KIND_GROUP, group);
    }
}

static void add_sources_given(Simulation *simulation) {
    size_t count = 0;
    for (const Doc *at = doc_first(doc_get(simulation->call->input, "PolicyInputList")); at; at = at->next)
        add_source(simulation, str_format(turn_arena(simulation->turn), "PolicyInputList.%zu", ++count), doc_str(at, STR("")));
}

static PolicyQuestion question_of(const Simulation *simulation, Str action, Str resource) {
    Arena *arena = turn_arena(simulation->turn);
    Principal *nobody = arena_new_of(arena, Principal);
    *nobody = principal_root(arena, turn_where(simulation->turn).account);
    return (PolicyQuestion){.arena = arena,
                            .action = action,
                            .resource = resource,
                            .resource_account = turn_where(simulation->turn).account,
                            .keys = simulation->keys,
                            .principal = simulation->principal ? simulation->principal : nobody,
                            .tags = simulation->tags,
                            .now_ms = turn_now(simulation->turn)};
}

static Decision decide_custom(const Simulation *simulation, Str action, Str resource) {
    PolicyQuestion question = question_of(simulation, action, resource);
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
                                    .keys = simulation->keys,
                                    .now_ms = turn_now(simulation->turn)};
    Decision own = identity_decide((IdentityView){.directory = turn_directory(simulation->turn)}, &request);
    return own == DECISION_IMPLICIT_DENY ? custom : own;
}

static void simulate_one(const Simulation *simulation, Str action, Str resource) {
    Arena *arena = turn_arena(simulation->turn);
    Doc *result = doc_map(arena), *matches = doc_list(arena), *missing = doc_list(arena);
    Decision decision = decide(simulation, action, resource);
    PolicyQuestion question = question_of(simulation, action, resource);
    for (size_t i = 0; i < simulation->sources.len; i++) simulation_explain(vec_at(&simulation->sources, i), &question, decision, matches, missing);
    doc_set_str(arena, result, "EvalActionName", action);
    doc_set_str(arena, result, "EvalResourceName", resource);
    doc_set_str(arena, result, "EvalDecision", str_of(decision_name(decision)));
    doc_set(result, "MatchedStatements", matches);
    doc_set(result, "MissingContextValues", missing);
    doc_set_str(arena, result, "$place", str_format(arena, "%zu", doc_count(simulation->results)));
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
    simulation->keys = &(ConditionKeys){.map = context_of(simulation->turn, simulation->call)};
    add_sources_given(simulation);
    simulation->results = doc_list(turn_arena(simulation->turn));
    for (const Doc *action = doc_first(doc_get(input, "ActionNames")); action; action = action->next) {
        if (!doc_count(resources)) simulate_one(simulation, doc_str(action, STR("")), STR("*"));
        for (const Doc *at = doc_first(resources); at; at = at->next) simulate_one(simulation, doc_str(action, STR("")), doc_str(at, STR("*")));
    }
    CALL_TRY(iam_page(simulation->call, simulation->results, "$place", "EvaluationResults", out, e));
    return OUTCOME_DONE;
}

static const Doc *tags_of(Arena *arena, const Doc *doc) {
    Doc *map = doc_map(arena);
    for (const Doc *tag = doc_first(doc_get(doc, "Tags")); tag; tag = tag->next)
        doc_put(map, doc_text(tag, "Key"), doc_of_str(arena, doc_text(tag, "Value")));
    return map;
}

static bool take_principal(Simulation *simulation, Str arn, Principal *out, Error *e) {
    Turn *turn = simulation->turn;
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
    simulation->principal = out;
    simulation->tags = tags_of(arena, doc);
    add_sources_of(simulation, kind, doc);
    return true;
}

Outcome iam_simulate_principal(Turn *turn, const Call *call, Doc **out, Error *e) {
    Principal principal;
    Simulation simulation = {.turn = turn, .call = call, .sources = vec_of(turn_arena(turn), SourcePolicy)};
    CALL_TRY(take_principal(&simulation, doc_text(call->input, "PolicySourceArn"), &principal, e));
    return simulate(&simulation, out, e);
}

Outcome iam_simulate_custom(Turn *turn, const Call *call, Doc **out, Error *e) {
    Simulation simulation = {.turn = turn, .call = call, .sources = vec_of(turn_arena(turn), SourcePolicy)};
    return simulate(&simulation, out, e);
}
