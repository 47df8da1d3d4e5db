// What CodeDeploy checks of its parameters; each kind has an error code of its own.
#include "services/codedeploy/codedeploy.h"

#include <ctype.h>

enum { MOST_NAME = 100 };

static bool is_name(Str name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.at[i]) && !strchr("._+=,@-", name.at[i])) return false;
    }
    return name.len > 0 && name.len <= MOST_NAME;
}

static bool check_name(Str name, const char *required, const char *invalid, const char *what, Error *e) {
    if (!name.len) return fail(e, required, "%s name is missing", what);
    return is_name(name) ||
           fail(e, invalid, "%s name '%.*s' is in an invalid format: 1 to 100 letters, digits and . _ + = , @ -", what, STR_ARG(name));
}

bool check_application_name(Str name, Error *e) {
    return check_name(name, "ApplicationNameRequiredException", "InvalidApplicationNameException", "Application", e);
}

bool check_group_name(Str name, Error *e) {
    return check_name(name, "DeploymentGroupNameRequiredException", "InvalidDeploymentGroupNameException", "Deployment Group", e);
}

bool check_config_name(Str name, Error *e) {
    return check_name(name, "DeploymentConfigNameRequiredException", "InvalidDeploymentConfigNameException", "Deployment configuration", e);
}

bool check_batch(const Doc *list, size_t most, const char *what, Error *e) {
    if (doc_count(list) <= most) return true;
    return fail(e, "BatchLimitExceededException", "The maximum number of %s that can be requested at once is %zu.", what, most);
}

// Empty lists and maps, false and "" say nothing.
static bool says_something(const Doc *member) {
    if (!member || member->kind == DOC_NULL) return false;
    if (member->kind == DOC_LIST || member->kind == DOC_MAP) return doc_count(member) > 0;
    return member->kind == DOC_BOOL ? doc_bool(member, false) : true;
}

bool refuse_unbuilt(const Doc *input, const char *const *members, Error *e) {
    for (; *members; members++) {
        if (says_something(doc_get(input, *members))) return fail(e, "NotImplemented", "CodeDeploy with %s is not built.", *members);
    }
    return true;
}

bool is_one_of(Str text, const char *const *list) {
    for (; *list; list++) {
        if (str_is(text, *list)) return true;
    }
    return false;
}

bool check_auto_rollback(const Doc *config, Error *e) {
    static const char *const KNOWN[] = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", NULL};
    bool enabled = doc_flag(config, "enabled", false);
    for (const Doc *event = doc_first(doc_get(config, "events")); event; event = event->next) {
        Str name = doc_str(event, STR(""));
        if (is_one_of(name, KNOWN)) continue;
        if (str_is(name, "DEPLOYMENT_STOP_ON_ALARM")) return fail(e, "NotImplemented", "Rollbacks on DEPLOYMENT_STOP_ON_ALARM are not built.");
        return fail(e, "InvalidAutoRollbackConfigException", "Unknown auto rollback event: %.*s", STR_ARG(name));
    }
    if (!enabled || doc_count(doc_get(config, "events"))) return true;
    return fail(e, "InvalidAutoRollbackConfigException", "Deployment Groups need to have at least one event specified when auto rollback is enabled");
}

// ---- Pages ----

enum { MOST_DIGITS = 9 };

bool page_of(const Call *call, const Doc *items, size_t size, const char *member, Doc **out, Error *e) {
    Str token = doc_text(call->input, "nextToken"), text;
    int64_t from = 0;
    if (token.len && (!str_unbase64(call->arena, token, &text) || text.len > MOST_DIGITS || !str_to_int(text, &from) || from < 0)) {
        return fail(e, "InvalidNextTokenException", "The next token is invalid.");
    }
    Doc *reply = doc_map(call->arena), *page = doc_list(call->arena);
    size_t at = 0;
    for (const Doc *item = doc_first(items); item; item = item->next, at++) {
        if (at >= (size_t)from && at < (size_t)from + size) doc_push(page, doc_copy(call->arena, item));
    }
    doc_set(reply, member, page);
    if (at > (size_t)from + size) {
        doc_set_str(call->arena, reply, "nextToken", str_base64(call->arena, str_format(call->arena, "%zu", (size_t)from + size)));
    }
    *out = reply;
    return true;
}
