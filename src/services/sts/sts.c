// Security Token Service: who am I, roles assumed, session tokens. Nothing is stored: a token carries its session (identity/sessions.h).
//
// Messages follow the "STS API reference". Federation (SAML, web identity, federation tokens) is not built and says so by name.
#include "formats/json.h"
#include "identity/managed_policies.h"
#include "identity/policy.h"
#include "identity/sessions.h"
#include "plane/turn.h"

enum {
    ROLE_PRESET_S = 3600,
    CHAINED_MOST_S = 3600, // a role that was assumed by a role
    TOKEN_PRESET_S = 12 * 3600,
    TOKEN_MOST_S = 36 * 3600,
    ROOT_TOKEN_MOST_S = 3600,
    SESSION_POLICY_MAX_BYTES = 2048
};

static IdentityView view_of(Turn *turn) { return (IdentityView){.directory = turn_directory(turn)}; }

static void needs_nothing(Turn *turn, const Call *call, Requirements *all) {}

static Outcome get_caller_identity(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    *out = doc_map(arena);
    doc_set_str(arena, *out, "UserId", call->principal.id);
    doc_set_str(arena, *out, "Account", call->principal.account);
    doc_set_str(arena, *out, "Arn", call->principal.arn);
    return OUTCOME_DONE;
}

static Outcome get_access_key_info(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str key = doc_text(call->input, "AccessKeyId"), account;
    if (!access_key_account(call->arena, key, &account)) { return call_fail(e, "ValidationError", "Invalid AccessKeyId: %.*s", STR_ARG(key)); }
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "Account", account);
    return OUTCOME_DONE;
}

static Doc *credentials_doc(Arena *arena, const Credentials *credentials) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "AccessKeyId", credentials->access_key);
    doc_set_str(arena, doc, "SecretAccessKey", credentials->secret);
    doc_set_str(arena, doc, "SessionToken", credentials->token);
    doc_set_time(arena, doc, "Expiration", credentials->until_ms / 1000 * 1000);
    return doc;
}

// ---- AssumeRole ----

// The document of what an ARN of IAM names.
static bool find_named(Turn *turn, const DocumentType *type, Str arn, Doc **out) {
    for (int i = 0; i < 4; i++) str_cut(&arn, ':');
    Str account = str_cut(&arn, ':'), id = str_lower(turn_arena(turn), str_from(arn, (size_t)(str_rfind_char(arn, '/') + 1)));
    return document_get(turn_store(turn), (Partition){account, GLOBAL_REGION}, type, id, turn_arena(turn), out);
}

static bool is_arn(Str text) { return str_starts(text, STR("arn:")); }

// Who the session is of, as the first of a chain of roles said it.
static Str source_identity(const Call *call) {
    Str own = call->principal.source_identity;
    return own.at ? own : doc_text(call->input, "SourceIdentity");
}

// What is no ARN at all is told by the handler.
static void assume_role_requirements(Turn *turn, const Call *call, Requirements *all) {
    Arena *arena = call->arena;
    Str role = doc_text(call->input, "RoleArn"), source = source_identity(call);
    if (!is_arn(role)) return;
    Doc *context = doc_map(arena), *tags = doc_get(call->input, "Tags"), *document;
    doc_set_str(arena, context, "sts:ExternalId", doc_text(call->input, "ExternalId"));
    doc_set_str(arena, context, "sts:RoleSessionName", doc_text(call->input, "RoleSessionName"));
    doc_set_str(arena, context, "sts:SourceIdentity", source);
    if (find_named(turn, &IAM_ROLE, role, &document)) context_add_resource_tags(arena, context, "iam", doc_get(document, "Tags"));
    context_add_request_tags(arena, context, tags);
    doc_set(context, "sts:TransitiveTagKeys", doc_copy(arena, doc_get(call->input, "TransitiveTagKeys")));
    require(all, STR("sts:AssumeRole"), role, context);
    if (source.at) require(all, STR("sts:SetSourceIdentity"), role, doc_copy(arena, context));
    if (doc_count(tags)) require(all, STR("sts:TagSession"), role, doc_copy(arena, context));
}

static bool refuse_unsupported(const Call *call, Error *e) {
    static const char *const members[] = {"SerialNumber", "TokenCode", "ProvidedContexts", "MinimumSessionTokenSize"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!doc_get(call->input, members[i])) continue;
        fail(e, "NotImplemented", "%s of sts:%.*s is not supported.", members[i], STR_ARG(wire_str(call->operation->name)));
        e->http_status = 501;
        return false;
    }
    return true;
}

static bool check_duration(Turn *turn, const Call *call, int64_t seconds, Error *e) {
    int64_t most = identity_role_max_session_s(view_of(turn), doc_text(call->input, "RoleArn"));
    bool chained = call->principal.kind == PRINCIPAL_ROLE_SESSION;
    if (chained && seconds > CHAINED_MOST_S) {
        return fail(e, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
    }
    if (most && seconds > most) return fail(e, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    return true;
}

// The text of a managed policy of AWS or of the account.
static bool managed_text(Turn *turn, Str arn, Str *text, Error *e) {
    const ManagedPolicy *managed = managed_policy_find(arn);
    Doc *policy = NULL;
    if (managed) return *text = str_of(managed->document), true;
    if (find_named(turn, &IAM_POLICY, arn, &policy)) {
        for (const Doc *at = doc_first(doc_get(policy, "versions")); at; at = at->next) {
            if (str_eq(doc_text(at, "VersionId"), doc_text(policy, "DefaultVersionId"))) return *text = doc_text(at, "Document"), true;
        }
    }
    return fail(e, "ValidationError", "Policy %.*s does not exist or is not attachable.", STR_ARG(arn));
}

static bool add_policy(Turn *turn, Doc *policies, Str text, Error *e) {
    const Policy *compiled;
    Doc *document;
    TRY(policy_parse(turn_arena(turn), text, POLICY_IDENTITY, &compiled, e));
    TRY(json_parse(turn_arena(turn), text, &document, e));
    doc_push(policies, document);
    return true;
}

// The inline and managed policies that narrow the session, as one JSON array; STR_NONE when there is none.
static bool session_policy(Turn *turn, const Call *call, Str *out, Error *e) {
    Doc *policies = doc_list(turn_arena(turn));
    Str text = doc_text(call->input, "Policy");
    if (text.len > SESSION_POLICY_MAX_BYTES) {
        return fail(e, "PackedPolicyTooLarge", "Session policy of %zu bytes exceeds the limit of %d bytes", text.len, SESSION_POLICY_MAX_BYTES);
    }
    if (text.at) TRY(add_policy(turn, policies, text, e));
    for (const Doc *at = doc_first(doc_get(call->input, "PolicyArns")); at; at = at->next) {
        TRY(managed_text(turn, doc_text(at, "arn"), &text, e));
        TRY(add_policy(turn, policies, text, e));
    }
    *out = doc_count(policies) ? json_write(turn_arena(turn), policies) : STR_NONE;
    return true;
}

// Those of the calling session that are transitive, and the request's own.
static const Doc *session_tags(const Call *call) {
    const Doc *tags = doc_get(call->input, "Tags"), *inherited = call->principal.transitive_tags;
    if (!doc_count(tags) && !doc_count(inherited)) return NULL;
    Doc *map = doc_map(call->arena);
    for (const Doc *tag = doc_first(call->principal.session_tags); tag; tag = tag->next)
        if (doc_has_text_nocase(inherited, tag->key)) doc_put(map, tag->key, doc_copy(call->arena, tag));
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) doc_put(map, doc_text(tag, "Key"), doc_of_str(call->arena, doc_text(tag, "Value")));
    return map;
}

static const Doc *transitive_tags(const Call *call) {
    Doc *keys = doc_list(call->arena);
    for (const Doc *key = doc_first(call->principal.transitive_tags); key; key = key->next) doc_push(keys, doc_copy(call->arena, key));
    for (const Doc *key = doc_first(doc_get(call->input, "TransitiveTagKeys")); key; key = key->next) doc_push(keys, doc_copy(call->arena, key));
    return doc_count(keys) ? keys : NULL;
}

// Of the session's policies and tags together.
static int64_t packed_percent(Arena *arena, const Session *session) {
    size_t bytes = session->policy.len + (session->tags ? json_write(arena, session->tags).len : 0);
    int64_t percent = (int64_t)bytes * 100 / SESSION_POLICY_MAX_BYTES;
    return percent > 100 ? 100 : percent > 0 ? percent : 1;
}

static bool check_session_tags(const Call *call, Error *e) {
    const Doc *tags = doc_get(call->input, "Tags");
    Doc *keys = doc_list(call->arena);
    for (const Doc *tag = doc_first(tags); tag; tag = tag->next) {
        Str key = doc_text(tag, "Key");
        if (doc_has_text_nocase(keys, key))
            return fail(e, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        if (doc_has_text_nocase(call->principal.transitive_tags, key))
            return fail(
                e, "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.");
        doc_push_str(call->arena, keys, key);
    }
    for (const Doc *key = doc_first(doc_get(call->input, "TransitiveTagKeys")); key; key = key->next)
        if (!doc_has_text_nocase(keys, doc_str(key, STR(""))))
            return fail(e, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.");
    return true;
}

static bool check_session(const Call *call, Error *e) {
    Str role = doc_text(call->input, "RoleArn"), own = call->principal.source_identity, asked = doc_text(call->input, "SourceIdentity");
    if (!is_arn(role)) return fail(e, "ValidationError", "%.*s is invalid", STR_ARG(role));
    if (own.at && asked.at && !str_eq(own, asked)) return fail(e, "ValidationError", "The SourceIdentity of a session cannot be changed.");
    return check_session_tags(call, e);
}

static Doc *assumed(Arena *arena, const Session *session, const Credentials *credentials) {
    Doc *reply = doc_map(arena), *user = doc_map(arena);
    doc_set_str(arena, user, "AssumedRoleId", session->id);
    doc_set_str(arena, user, "Arn", session->arn);
    doc_set(reply, "Credentials", credentials_doc(arena, credentials));
    doc_set(reply, "AssumedRoleUser", user);
    if (session->policy.at || session->tags) doc_set_int(arena, reply, "PackedPolicySize", packed_percent(arena, session));
    doc_set_str(arena, reply, "SourceIdentity", session->source_identity);
    return reply;
}

static Outcome assume_role(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    Str role_arn = doc_text(call->input, "RoleArn"), name = doc_text(call->input, "RoleSessionName");
    int64_t seconds = doc_number(call->input, "DurationSeconds", ROLE_PRESET_S);
    Session session;
    CALL_TRY(refuse_unsupported(call, e));
    CALL_TRY(check_session(call, e));
    CALL_TRY(check_duration(turn, call, seconds, e));
    if (!session_of_role(view_of(turn), arena, role_arn, name, turn_now(turn), turn_wall(turn), seconds, &session)) {
        return call_fail(e, "AccessDenied", "User: %.*s is not authorized to perform: sts:AssumeRole on resource: %.*s", STR_ARG(call->principal.arn),
                         STR_ARG(role_arn));
    }
    CALL_TRY(session_policy(turn, call, &session.policy, e));
    session.tags = session_tags(call);
    session.transitive = transitive_tags(call);
    session.source_identity = source_identity(call);
    Credentials credentials = session_issue(view_of(turn), arena, &session);
    *out = assumed(arena, &session, &credentials);
    return OUTCOME_DONE;
}

// ---- GetSessionToken ----

static Outcome get_session_token(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = turn_arena(turn);
    const Principal *principal = &call->principal;
    bool root = principal->kind == PRINCIPAL_ROOT;
    CALL_TRY(refuse_unsupported(call, e));
    if (principal->kind == PRINCIPAL_ROLE_SESSION || principal->session_since_ms) {
        return call_fail(e, "AccessDenied", "Cannot call GetSessionToken with session credentials");
    }
    int64_t most = root ? ROOT_TOKEN_MOST_S : TOKEN_MOST_S;
    int64_t seconds = doc_number(call->input, "DurationSeconds", root ? ROOT_TOKEN_MOST_S : TOKEN_PRESET_S);
    if (seconds > most) seconds = most;
    Session session = {.kind = principal->kind,
                       .account = principal->account,
                       .arn = principal->arn,
                       .id = principal->id,
                       .name = principal->name,
                       .since_ms = turn_now(turn),
                       .until_ms = turn_now(turn) + seconds * 1000,
                       .until_wall_ms = turn_wall(turn) + seconds * 1000};
    Credentials credentials = session_issue(view_of(turn), arena, &session);
    *out = doc_map(arena);
    doc_set(*out, "Credentials", credentials_doc(arena, &credentials));
    return OUTCOME_DONE;
}

static Outcome decode_authorization_message(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str details;
    if (!identity_decode_refusal(view_of(turn), call->arena, doc_text(call->input, "EncodedMessage"), &details))
        return call_fail(e, "InvalidAuthorizationMessageException", "Message is not valid");
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "DecodedMessage", details);
    return OUTCOME_DONE;
}

static const Operation operations[] = {
    {"AssumeRole", assume_role, NULL, OP_LOCAL, NULL, assume_role_requirements},
    {"DecodeAuthorizationMessage", decode_authorization_message, NULL, OP_LOCAL},
    {"GetAccessKeyInfo", get_access_key_info, NULL, OP_LOCAL},
    {"GetCallerIdentity", get_caller_identity, NULL, OP_LOCAL | OP_READ, NULL, needs_nothing},
    {"GetSessionToken", get_session_token, NULL, OP_LOCAL, NULL, needs_nothing},
    {NULL},
};

// The trust policy of the role that shall be assumed. The evaluation knows it already (identity/authorize.c); that there is one makes roots obey it, too.
static Doc *trust_policy(Turn *turn, const Call *call, Str *owner_account) {
    Str role = doc_text(call->input, "RoleArn"), rest = role;
    if (!role.at) return NULL;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    *owner_account = str_cut(&rest, ':');
    return doc_map(call->arena);
}

static const DocumentType *const documents[] = {NULL};

extern const Service STS_SERVICE; // services/services.c lists it
const Service STS_SERVICE = {.name = "sts", .prefix = "sts", .operations = operations, .documents = documents, .resource_policy = trust_policy};
