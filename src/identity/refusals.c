// Of what EC2 refuses on a resource it tells more in a message that only sts:DecodeAuthorizationMessage reads: base64 (with - and _) of sealed
// JSON.
#include "identity/refusals.h"

#include "formats/json.h"

#define ENCODED ". Encoded authorization failure message: "

// ---- The message that is encoded ----

// Between base64's alphabet and that of URLs, which has no padding.
static Str exchanged(Arena *arena, Str text, const char *from, const char *to) {
    char *copy = arena_copy(arena, text.at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        const char *at = copy[i] ? strchr(from, copy[i]) : NULL;
        if (at) copy[i] = to[at - from];
    }
    return (Str){copy, text.len};
}

static Doc *items_of(Arena *arena, Doc *list) {
    Doc *items = doc_map(arena);
    doc_set(items, "items", list);
    return items;
}

static void add_value(Arena *arena, Doc *values, const Doc *value) {
    Doc *one = doc_map(arena);
    bool flag = doc_is(value, DOC_BOOL);
    if (flag) doc_set_str(arena, one, "value", value->as.boolean ? STR("true") : STR("false"));
    if (!flag) doc_set_str(arena, one, "value", doc_str(value, STR("")));
    doc_push(values, one);
}

static Doc *conditions_of(Arena *arena, const Doc *context, size_t most) {
    Doc *list = doc_list(arena);
    for (const Doc *key = doc_first(context); key && doc_count(list) < most; key = key->next) {
        Doc *condition = doc_map(arena), *values = doc_list(arena);
        if (!doc_is(key, DOC_LIST)) add_value(arena, values, key);
        for (const Doc *value = doc_is(key, DOC_LIST) ? doc_first(key) : NULL; value; value = value->next) add_value(arena, values, value);
        doc_set_str(arena, condition, "key", key->key);
        doc_set(condition, "values", items_of(arena, values));
        doc_push(list, condition);
    }
    return items_of(arena, list);
}

static Str details_of(const AuthorizationRequest *request, Refusal refusal, size_t conditions) {
    Arena *arena = request->arena;
    Doc *details = doc_map(arena), *context = doc_map(arena), *principal = doc_map(arena);
    doc_set_bool(arena, details, "allowed", false);
    doc_set_bool(arena, details, "explicitDeny", refusal.explicitly);
    if (!refusal.explicitly) doc_set(details, "matchedStatements", items_of(arena, doc_list(arena)));
    doc_set(details, "failures", items_of(arena, doc_list(arena)));
    doc_set_str(arena, principal, "id", request->principal->id);
    if (request->principal->kind == PRINCIPAL_USER) doc_set_str(arena, principal, "name", request->principal->name);
    doc_set_str(arena, principal, "arn", request->principal->arn);
    doc_set(context, "principal", principal);
    doc_set_str(arena, context, "action", request->action);
    doc_set_str(arena, context, "resource", request->resource);
    doc_set(context, "conditions", conditions_of(arena, condition_keys(request->keys), conditions));
    doc_set(details, "context", context);
    return json_write(arena, details);
}

static Str encoded(const IdentitySnapshot *snapshot, Arena *arena, Str text) {
    Str base64 = str_base64(arena, sealed(snapshot, arena, "refusal", text));
    while (str_ends(base64, STR("="))) base64.len--;
    return exchanged(arena, base64, "+/", "-_");
}

// As many condition keys as the message has room for.
static Str encoded_message(const IdentitySnapshot *snapshot, const AuthorizationRequest *request, Refusal refusal, size_t room) {
    size_t count = doc_count(condition_keys(request->keys));
    for (;; count--) {
        Str text = encoded(snapshot, request->arena, details_of(request, refusal, count));
        if (text.len <= room) return text;
        if (!count) return STR("");
    }
}

bool identity_decode_refusal(IdentityView view, Arena *arena, Str message, Str *details) {
    Str bytes, base64 = exchanged(arena, message, "-_", "+/");
    while (base64.len % 4) base64 = str_cat(arena, base64, STR("="));
    return str_unbase64(arena, base64, &bytes) && sealed_open(view_snapshot(view), arena, "refusal", bytes, details);
}

// ---- Words ----

// S3, EC2 and STS leave "*" out; S3 puts the resource in quotes.
static Str resource_phrase(const AuthorizationRequest *request) {
    Arena *arena = request->arena;
    bool s3 = str_starts(request->action, STR("s3:")), ec2 = str_starts(request->action, STR("ec2:")), sts = str_starts(request->action, STR("sts:"));
    Str resource = request->told.at ? request->told : request->resource;
    if (str_is(resource, "*") && (s3 || ec2 || sts)) return STR("");
    const char *quote = s3 ? "\"" : "";
    return str_format(arena, " on resource: %s%.*s%s", quote, STR_ARG(resource), quote);
}

// That a trust policy does not allow is not told: whoever asks may not even learn that there is such a role.
static Str reason_phrase(const AuthorizationRequest *request, Refusal refusal) {
    bool trust = strcmp(refusal.policy, "role trust policy") == 0;
    const char *article = trust ? "the" : refusal.policy[0] == 'i' ? "an" : "a";
    if (refusal.explicitly) {
        Str arn = refusal.denied_by.at ? str_cat(request->arena, STR(": "), refusal.denied_by) : STR("");
        return str_format(request->arena, " with an explicit deny in %s %s%.*s", article, refusal.policy, STR_ARG(arn));
    }
    if (trust) return STR("");
    return str_format(request->arena, " because no %s allows the %.*s action", refusal.policy, STR_ARG(request->action));
}

// The service whose operation was called speaks, whatever action it asked about (iam:PassRole). The query protocol has the plain code.
static Str speaker(const AuthorizationRequest *request) {
    Str action = request->action;
    return request->asked.len ? request->asked : str_cut(&action, ':');
}

static const char *denied_code(Str service) {
    static const char *const plain[] = {"s3", "iam", "sts", "cloudformation", "cloudwatch", "elasticloadbalancing", "autoscaling", "rds"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (str_is(service, plain[i])) return "AccessDenied";
    }
    if (str_is(service, "ec2")) return "UnauthorizedOperation";
    return str_is(service, "sns") ? "AuthorizationError" : "AccessDeniedException";
}

bool refusal_tell(const IdentitySnapshot *snapshot, const AuthorizationRequest *request, Refusal refusal, Error *e) {
    Arena *arena = request->arena;
    const Principal *principal = request->principal;
    Str service = speaker(request);
    bool ec2 = str_is(service, "ec2");
    if (principal->kind == PRINCIPAL_ANONYMOUS && str_is(service, "s3")) {
        fail(e, "AccessDenied", "Access Denied");
    } else {
        Str resource = resource_phrase(request), reason = reason_phrase(request, refusal);
        Str text = str_format(arena, "%sUser: %.*s is not authorized to perform: %.*s%.*s%.*s",
                              ec2 ? "You are not authorized to perform this operation. " : "", STR_ARG(principal->arn), STR_ARG(request->action),
                              STR_ARG(resource), STR_ARG(reason));
        size_t taken = text.len + sizeof ENCODED;
        Str more =
            ec2 && resource.len && taken < ERROR_MESSAGE_BYTES ? encoded_message(snapshot, request, refusal, ERROR_MESSAGE_BYTES - taken) : STR("");
        fail(e, denied_code(service), "%.*s%s%.*s", STR_ARG(text), more.len ? ENCODED : "", STR_ARG(more));
    }
    if (e) e->http_status = str_ends(str_of(e->code), STR("Exception")) ? 400 : 403;
    return false;
}
