// The evaluation of all policies that apply.
//
// Within one account ("Policy evaluation for requests within a single account"):
//     an explicit deny anywhere                                        denies
//     a resource policy that names the user, the session or everyone   allows
//     one that names the role of a session                             allows, if boundary and session policy do
//     identity policies                                                allow, if boundary and session policy do
// Between accounts both the resource policy and the identity side must allow. A role's trust policy must always allow.
#include "identity/refusals.h"

#include "formats/json.h"

typedef struct Evaluation {
    const AuthorizationRequest *request;
    PolicyQuestion question;
    PolicyAnswer identity, boundary, session, resource;
    bool has_boundary, has_session;
    bool same_account;
    bool trust; // the resource policy is a trust policy
} Evaluation;

static bool is_assume_role(Str action) {
    return str_eq_nocase(action, STR("sts:AssumeRole")) || str_eq_nocase(action, STR("sts:TagSession")) ||
           str_eq_nocase(action, STR("sts:SetSourceIdentity"));
}

// The account that the ARN names. Where it names none (buckets), the caller says whose it is.
static Str account_of(const AuthorizationRequest *request) {
    Str rest = request->resource;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    Str account = rest.at ? str_cut(&rest, ':') : STR_NONE;
    if (account.len == 12 && account.at[0] >= '0' && account.at[0] <= '9') return account;
    return request->resource_account.len ? request->resource_account : request->principal->account;
}

static void ask_session_policy(Evaluation *evaluation) {
    Str text = evaluation->request->principal->session_policy;
    Doc *document;
    const Policy *policy;
    evaluation->has_session = text.len > 0;
    if (!text.len || !json_parse(evaluation->question.arena, text, &document, NULL)) return;
    const Doc *at = doc_is(document, DOC_LIST) ? doc_first(document) : document;
    for (; at; at = doc_is(document, DOC_LIST) ? at->next : NULL) {
        if (policy_compile(evaluation->question.arena, at, POLICY_IDENTITY, &policy, NULL))
            policy_ask(policy, &evaluation->question, &evaluation->session);
    }
}

static void ask_entity(Evaluation *evaluation, const Entity *entity) {
    if (!entity) return;
    for (size_t i = 0; i < entity->policy_count; i++) policy_ask(entity->policies[i], &evaluation->question, &evaluation->identity);
    evaluation->has_boundary = entity->boundary || entity->boundary_missing;
    if (entity->boundary) policy_ask(entity->boundary, &evaluation->question, &evaluation->boundary);
}

// Where a trust policy was found, the role is there, so that it counts as the resource's policy even when it is unreadable.
static void ask_resource_policy(Evaluation *evaluation, const IdentitySnapshot *snapshot) {
    const AuthorizationRequest *request = evaluation->request;
    const Policy *policy = NULL;
    if (is_assume_role(request->action)) {
        const Entity *role = snapshot_role(snapshot, request->resource);
        evaluation->trust = true;
        policy = role ? role->trust : NULL;
    } else if (request->resource_policy) {
        policy_compile(request->arena, request->resource_policy, POLICY_RESOURCE, &policy, NULL);
    }
    if (policy) policy_ask(policy, &evaluation->question, &evaluation->resource);
}

static const Entity *entity_of(const IdentitySnapshot *snapshot, const Principal *principal) {
    if (principal->kind == PRINCIPAL_USER) return snapshot_user(snapshot, principal->account, principal->name);
    return principal->kind == PRINCIPAL_ROLE_SESSION ? snapshot_role(snapshot, principal->role_arn) : NULL;
}

// What the identity's own side says: NULL when it allows, else the kind of policy that does not.
static const char *identity_side(const Evaluation *evaluation) {
    if (evaluation->request->principal->kind == PRINCIPAL_ROOT)
        return evaluation->has_session && !evaluation->session.allows ? "session policy" : NULL;
    if (!evaluation->identity.allows) return "identity-based policy";
    if (evaluation->has_boundary && !evaluation->boundary.allows) return "permissions boundary";
    if (evaluation->has_session && !evaluation->session.allows) return "session policy";
    return NULL;
}

static const char *resource_kind(const Evaluation *evaluation) { return evaluation->trust ? "role trust policy" : "resource-based policy"; }

static bool explicit_deny(const Evaluation *evaluation, Refusal *out) {
    const struct {
        const PolicyAnswer *answer;
        const char *policy;
    } kinds[] = {{&evaluation->identity, "identity-based policy"},
                 {&evaluation->resource, resource_kind(evaluation)},
                 {&evaluation->boundary, "permissions boundary"},
                 {&evaluation->session, "session policy"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i].answer->denies) continue;
        *out = (Refusal){kinds[i].policy, true, kinds[i].answer->denied_by};
        return true;
    }
    return false;
}

// A resource policy that names the principal closely enough to be all that is needed within one account.
static bool resource_suffices(const Evaluation *evaluation) {
    if (!evaluation->resource.allows) return false;
    switch (evaluation->resource.allowed_as) {
    case MATCH_EXACT:
    case MATCH_EVERYONE: return true;
    case MATCH_ROLE: return (!evaluation->has_boundary || evaluation->boundary.allows) && (!evaluation->has_session || evaluation->session.allows);
    default: return false;
    }
}

static bool decide_stranger(const Evaluation *evaluation, Refusal *out) {
    *out = (Refusal){.policy = resource_kind(evaluation)};
    if (evaluation->resource.allows) return true;
    const Principal *principal = evaluation->request->principal;
    if (principal->kind != PRINCIPAL_SERVICE) return false;
    // A service is at home in itself: "codepipeline.amazonaws.com" may use codepipeline:….
    Str action = evaluation->request->action, host = principal->arn;
    return str_eq_nocase(str_cut(&action, ':'), str_cut(&host, '.'));
}

static bool decide(const Evaluation *evaluation, Refusal *out) {
    PrincipalKind kind = evaluation->request->principal->kind;
    if (explicit_deny(evaluation, out)) return false;
    if (kind == PRINCIPAL_SERVICE || kind == PRINCIPAL_ANONYMOUS) return decide_stranger(evaluation, out);
    const char *missing = identity_side(evaluation);
    bool resource_must = evaluation->trust || !evaluation->same_account;
    *out = (Refusal){.policy = resource_kind(evaluation)};
    if (resource_must && !evaluation->resource.allows) return false;
    if (evaluation->same_account && resource_suffices(evaluation)) return true;
    *out = (Refusal){.policy = missing};
    return missing == NULL;
}

// The user ID of an internal session is that of its role, as a session from STS has it.
static Principal completed(Arena *arena, const Principal *principal, const Entity *entity) {
    Principal whole = *principal;
    if (principal->kind == PRINCIPAL_ROLE_SESSION && entity && !principal->id.len) {
        whole.id = str_format(arena, "%.*s:%.*s", STR_ARG(entity->id), STR_ARG(principal->name));
    }
    return whole;
}

static bool refuse_missing_role(const Principal *principal, Error *e) {
    return fail(e, "AccessDenied", "%.*s is not authorized to perform: sts:AssumeRole on resource: %.*s because the role does not exist",
                STR_ARG(principal->assumed_by.at ? principal->assumed_by : principal->arn), STR_ARG(principal->role_arn));
}

// All policies that apply are asked; what the answer is, `decide` says.
static bool evaluate(const IdentitySnapshot *snapshot, const AuthorizationRequest *request, Refusal *refusal) {
    const Entity *entity = entity_of(snapshot, request->principal);
    Principal principal = completed(request->arena, request->principal, entity);
    Evaluation evaluation = {.request = request,
                             .question = {.arena = request->arena,
                                          .action = request->action,
                                          .resource = request->resource,
                                          .resource_account = account_of(request),
                                          .principal = &principal,
                                          .keys = request->keys,
                                          .tags = entity ? entity->tags : NULL,
                                          .now_ms = request->now_ms},
                             .same_account = str_eq(account_of(request), principal.account)};
    ask_entity(&evaluation, entity);
    ask_session_policy(&evaluation);
    ask_resource_policy(&evaluation, snapshot);
    return decide(&evaluation, refusal);
}

Decision identity_decide(IdentityView view, const AuthorizationRequest *request) {
    Refusal refusal;
    if (evaluate(view_snapshot(view), request, &refusal)) return DECISION_ALLOW;
    return refusal.explicitly ? DECISION_EXPLICIT_DENY : DECISION_IMPLICIT_DENY;
}

bool identity_authorize(IdentityView view, const AuthorizationRequest *request, Error *e) {
    const IdentitySnapshot *snapshot = view_snapshot(view);
    const Principal *principal = request->principal;
    if (principal->kind == PRINCIPAL_ROLE_SESSION && !snapshot_role(snapshot, principal->role_arn)) return refuse_missing_role(principal, e);
    if (principal->assumed_by.len)
        TRY(identity_role_trusts(view, request->arena, principal->role_arn, principal->assumed_by, principal->assumed_for, e));
    Refusal refusal;
    return evaluate(snapshot, request, &refusal) || refusal_tell(snapshot, request, refusal, e);
}

int64_t identity_role_max_session_s(IdentityView view, Str role_arn) {
    const Entity *role = snapshot_role(view_snapshot(view), role_arn);
    return role ? role->max_session_s : 0;
}

bool identity_role_trusts(IdentityView view, Arena *arena, Str role_arn, Str host, Str source_arn, Error *e) {
    const Entity *role = snapshot_role(view_snapshot(view), role_arn);
    Principal service = principal_service(host);
    Doc *context = doc_map(arena);
    if (role) doc_set_str(arena, context, "aws:SourceAccount", role->account);
    doc_set_str(arena, context, "aws:SourceArn", source_arn);
    ConditionKeys keys = {.map = context};
    PolicyQuestion question = {.arena = arena, .action = STR("sts:AssumeRole"), .resource = role_arn, .principal = &service, .keys = &keys};
    PolicyAnswer answer = {0};
    if (role && role->trust) policy_ask(role->trust, &question, &answer);
    if (answer.allows && !answer.denies) return true;
    return fail(e, "AccessDenied", "%.*s is not authorized to perform: sts:AssumeRole on resource: %.*s%s", STR_ARG(host), STR_ARG(role_arn),
                role ? "" : " because the role does not exist");
}
