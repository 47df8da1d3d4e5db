// Actions: how one begins, what its provider may do, and how it ends.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"
#include "services/codepipeline/run.h"
#include "services/codepipeline/variables.h"

#include <stdio.h>

enum { BAD_REQUEST = 400, FORBIDDEN = 403 };
enum { MINUTE_MS = 60000, KEY_PIPELINE_CHARS = 20, KEY_ARTIFACT_CHARS = 10, KEY_RANDOM_CHARS = 7 };

#define KEY_ALPHABET STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

// ---- Beginning ----

Doc *action_record(Arena *arena, const Doc *declaration) {
    Doc *record = doc_map(arena);
    doc_set_str(arena, record, "actionName", doc_text(declaration, "name"));
    doc_set_int(arena, record, "order", doc_number(declaration, "runOrder", 1));
    return record;
}

static void note_inputs(Action *action) {
    Doc *inputs = doc_list(action->step->arena);
    const Doc *artifacts = doc_get(action->execution, "artifacts");
    for (const Doc *one = doc_first(doc_get(action->declaration, "inputArtifacts")); one; one = one->next) {
        const Doc *artifact = doc_get_str_key(artifacts, doc_text(one, "name"));
        if (artifact) doc_push(inputs, doc_copy(action->step->arena, artifact));
    }
    doc_set(action->record, "inputs", inputs);
}

static bool resolve(Action *action) {
    Arena *arena = action->step->arena;
    Doc *resolved = doc_map(arena);
    for (const Doc *one = doc_first(doc_get(action->declaration, "configuration")); one; one = one->next) {
        Str value, missing;
        if (!variables_resolve(arena, doc_str(one, STR("")), doc_get(action->execution, "namespaces"), &value, &missing)) {
            action_fail(action, "InvalidVariableReference",
                        "The following variable reference in the configuration of action %.*s could not be resolved: %.*s",
                        STR_ARG(action_name(action)), STR_ARG(missing));
            return false;
        }
        doc_add(resolved, one->key, doc_of_str(arena, value));
    }
    doc_set(action->record, "resolved", resolved);
    return true;
}

static bool has_inputs(Action *action) {
    const Doc *inputs = doc_get(action->record, "inputs");
    if (doc_count(inputs) == doc_count(doc_get(action->declaration, "inputArtifacts"))) return true;
    action_fail(action, "RevisionUnavailable", "An input artifact of action %.*s was not made by this execution.", STR_ARG(action_name(action)));
    return false;
}

static void set_time_out(Action *action) {
    int64_t minutes = doc_number(action->declaration, "timeoutInMinutes", action->provider->timeout_minutes);
    action_timer(action, "time-out", action->provider->timeout_kind, action->step->now_ms + minutes * MINUTE_MS);
}

void action_begin(Step *step, Doc *execution, Doc *record) {
    Action action = run_action(step, execution, record);
    int64_t number = doc_number(execution, "actionCount", 0) + 1;
    doc_set_int(step->arena, execution, "actionCount", number);
    doc_set_int(step->arena, record, "number", number);
    doc_set_str(step->arena, record, "actionExecutionId", id_uuid(&step->ids, step->arena));
    doc_set_str(step->arena, record, "status", STR("InProgress"));
    doc_set_int(step->arena, record, "startTime", step->now_ms);
    note_inputs(&action);
    run_publish_action(&action, "STARTED");
    if (!resolve(&action) || !has_inputs(&action)) return;
    set_time_out(&action);
    run_touch_action(&action);
    action.provider->start(&action);
}

// ---- What it was told ----

Str action_name(const Action *action) { return doc_text(action->declaration, "name"); }
Str action_id_of(const Action *action) { return doc_text(action->record, "actionExecutionId"); }
Str action_pipeline(const Action *action) { return action->step->id; }
Str action_setting(const Action *action, const char *key) { return doc_text(doc_get(action->record, "resolved"), key); }

bool action_setting_is(const Action *action, const char *key, const char *value) { return str_eq_nocase(action_setting(action, key), str_of(value)); }

static Str url_part(const Action *action, Str name, Str revision) {
    if (str_is(name, "region")) return action->step->where.region;
    if (str_is(name, "revision")) return revision;
    return doc_str(doc_get_str_key(doc_get(action->record, "resolved"), name), STR(""));
}

Str action_url(const Action *action, const char *template, Str revision) {
    Arena *arena = action->step->arena;
    Str rest = str_of(template), url = STR("");
    while (rest.len) {
        url = str_cat(arena, url, str_cut(&rest, '{'));
        if (rest.at) url = str_cat(arena, url, url_part(action, str_cut(&rest, '}'), revision));
    }
    return url;
}

const Doc *action_override(const Action *action) {
    const Doc *one = doc_first(doc_get(action->execution, "overrides"));
    while (one && !str_eq(doc_text(one, "actionName"), action_name(action))) one = one->next;
    return one;
}

Principal action_principal(const Action *action) {
    Arena *arena = action->step->arena;
    Str own = doc_text(action->declaration, "roleArn");
    Str session = str_format(arena, "%lld", (long long)doc_number(action->execution, "startTime", 0));
    if (own.len) return principal_role(arena, own, session);
    Str pipeline = pipeline_arn(arena, action->step->where, doc_text(action->structure, "name"));
    return principal_role_for(arena, doc_text(action->structure, "roleArn"), session, "codepipeline.amazonaws.com", pipeline);
}

// ---- Artifacts ----

size_t action_input_count(const Action *action) { return doc_count(doc_get(action->record, "inputs")); }
const Doc *action_input(const Action *action, size_t index) { return doc_at(doc_get(action->record, "inputs"), index); }

const Doc *action_input_named(const Action *action, Str name) {
    const Doc *one = doc_first(doc_get(action->record, "inputs"));
    while (one && !str_eq(doc_text(one, "name"), name)) one = one->next;
    return one;
}

Str action_output_name(const Action *action, size_t index) {
    return doc_text(doc_at(doc_get(action->declaration, "outputArtifacts"), index), "name");
}

static Str store_bucket(const Action *action) {
    const Doc *store = doc_get(action->structure, "artifactStore");
    if (!store) store = doc_get_str_key(doc_get(action->structure, "artifactStores"), action->step->where.region);
    return doc_text(store, "location");
}

Doc *action_output(Action *action, Str name) {
    Step *step = action->step;
    Doc *outputs = doc_get(action->record, "outputs");
    for (Doc *one = doc_first(outputs); one; one = one->next) {
        if (str_eq(doc_text(one, "name"), name)) return one;
    }
    if (!outputs) doc_set(action->record, "outputs", outputs = doc_list(step->arena));
    Doc *output = doc_map(step->arena);
    Str random = id_chars(&step->ids, step->arena, KEY_ALPHABET, KEY_RANDOM_CHARS);
    doc_set_str(step->arena, output, "name", name);
    doc_set_str(step->arena, output, "bucket", store_bucket(action));
    doc_set_str(step->arena, output, "key",
                str_format(step->arena, "%.*s/%.*s/%.*s", STR_ARG(str_sub(step->id, 0, KEY_PIPELINE_CHARS)),
                           STR_ARG(str_sub(name, 0, KEY_ARTIFACT_CHARS)), STR_ARG(random)));
    doc_push(outputs, output);
    return output;
}

void action_variable(Action *action, const char *name, Str value) {
    Arena *arena = action->step->arena;
    Doc *variables = doc_get(action->record, "outputVariables");
    if (!variables) doc_set(action->record, "outputVariables", variables = doc_map(arena));
    doc_put(variables, str_copy(arena, str_of(name)), doc_of_str(arena, str_is_none(value) ? STR("") : str_copy(arena, value)));
}

static bool is_of_action(const Doc *revision, Str action) { return str_eq(doc_text(revision, "actionName"), action); }

void action_source_revision(Action *action, Str revision, Str summary) {
    Arena *arena = action->step->arena;
    if (run_is(action->execution, "executionType", "ROLLBACK")) return;
    Doc *revisions = doc_get(action->execution, "artifactRevisions"), *one = doc_map(arena), *kept = doc_list(arena), *next;
    for (Doc *old = doc_first(revisions); old; old = next) {
        next = old->next;
        old->next = NULL;
        if (!is_of_action(old, action_name(action))) doc_push(kept, old);
    }
    doc_set_str(arena, one, "actionName", action_name(action));
    doc_set_str(arena, one, "name", action_output_name(action, 0));
    doc_set_str(arena, one, "revisionId", str_copy(arena, revision));
    doc_set_str(arena, one, "revisionSummary", str_copy(arena, summary));
    if (action->provider->revision_url) doc_set_str(arena, one, "revisionUrl", action_url(action, action->provider->revision_url, revision));
    doc_push(kept, one);
    doc_set(action->execution, "artifactRevisions", kept);
}

// ---- What it does ----

static Str tag_of(const Action *action, const char *what) { return str_format(action->step->arena, "%.*s/%s", STR_ARG(action_id_of(action)), what); }

void action_call(Action *action, const char *service, const char *operation, Doc *input, const Body *body, const char *what) {
    step_call(action->step, action_principal(action), service, operation, input, body, tag_of(action, what));
}

void action_effect(Action *action, const char *effect, Doc *arguments, const char *what) {
    step_effect(action->step, effect, arguments, tag_of(action, what));
}

void action_timer(Action *action, const char *what, TimerKind kind, int64_t due_ms) { step_timer(action->step, tag_of(action, what), kind, due_ms); }

void action_check(Action *action, const char *permission, Str resource, const char *what) {
    Arena *arena = action->step->arena;
    Principal principal = action_principal(action);
    Doc *detail = doc_map(arena);
    doc_set_str(arena, detail, "pipeline", action->step->id);
    doc_set_str(arena, detail, "tag", tag_of(action, what));
    doc_set_str(arena, detail, "action", str_of(permission));
    doc_set_str(arena, detail, "resource", resource);
    doc_set(detail, "principal", principal_to_doc(arena, &principal));
    step_publish(action->step, "rehearse.codepipeline", "Permission Check", detail, NULL);
}

Doc *action_memory(Action *action) {
    Doc *memory = doc_get(action->record, "memory");
    if (!memory) doc_set(action->record, "memory", memory = doc_map(action->step->arena));
    return memory;
}

void action_external(Action *action, const char *kind, Str id, Str url) {
    Arena *arena = action->step->arena;
    doc_set_str(arena, action->record, "external", str_format(arena, "%s/%.*s", kind, STR_ARG(id)));
    doc_set_str(arena, action->record, "externalExecutionId", str_copy(arena, id));
    doc_set_str(arena, action->record, "externalExecutionUrl", url);
    run_touch_action(action);
}

// ---- The end ----

void action_end(Action *action, const char *status) {
    doc_set_str(action->step->arena, action->record, "status", str_of(status));
    doc_set(action->record, "memory", NULL);
    doc_set(action->record, "token", NULL);
    step_cancel_timer(action->step, tag_of(action, "time-out"));
    run_touch_action(action);
    bool cancelled = str_is(str_of(status), "Cancelled");
    run_publish_action(action, cancelled ? "CANCELED" : str_c(action->step->arena, str_upper(action->step->arena, str_of(status))));
}

void action_succeed(Action *action, Str summary) {
    Arena *arena = action->step->arena;
    Doc *artifacts = doc_get(action->execution, "artifacts");
    for (const Doc *one = doc_first(doc_get(action->record, "outputs")); one; one = one->next) {
        doc_put(artifacts, doc_text(one, "name"), doc_copy(arena, one));
    }
    Str name_space = doc_text(action->declaration, "namespace");
    const Doc *variables = doc_get(action->record, "outputVariables");
    if (name_space.len && variables) doc_put(doc_get(action->execution, "namespaces"), name_space, doc_copy(arena, variables));
    doc_set_str(arena, action->record, "summary", str_copy(arena, summary));
    action_end(action, "Succeeded");
}

static void fail_with(Action *action, Str code, Str message) {
    Arena *arena = action->step->arena;
    Doc *details = doc_map(arena);
    doc_set_str(arena, details, "code", code);
    doc_set_str(arena, details, "message", message);
    doc_set(action->record, "errorDetails", details);
    if (!doc_get(action->record, "summary")) doc_set_str(arena, action->record, "summary", message);
    action_end(action, "Failed");
}

void action_reject(Action *action, Str summary) {
    doc_set_str(action->step->arena, action->record, "summary", str_copy(action->step->arena, summary));
    action_end(action, "Failed");
}

void action_fail(Action *action, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Str message = str_vformat(action->step->arena, format, args);
    va_end(args);
    fail_with(action, str_of(code), message);
}

static const char *const DENIALS[] = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"};

bool action_was_denied(const Doc *reply) {
    Str code = doc_text(doc_get(reply, "error"), "code");
    for (size_t i = 0; i < sizeof DENIALS / sizeof *DENIALS; i++) {
        if (str_is(code, DENIALS[i])) return true;
    }
    return false;
}

void action_fail_reply(Action *action, const Doc *reply, const char *doing) {
    const Doc *error = doc_get(reply, "error");
    Str code = doc_text(error, "code"), message = doc_text(error, "message");
    const char *kind = action_was_denied(reply) ? "PermissionError" : "ConfigurationError";
    action_fail(action, kind, "Error %s: %.*s (Error Code: %.*s)", doing, STR_ARG(message), STR_ARG(code));
}

enum { EXTENDED_ID_CHARS = 75 };

// "Project cannot be found: … (Service: AWSCodeBuild; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: …; Proxy: null)"
static Str told_by_sdk(const Action *action, const Doc *reply, const char *service, int status) {
    Step *step = action->step;
    const Doc *error = doc_get(reply, "error");
    Str code = doc_text(error, "code"), message = doc_text(error, "message"), request = id_uuid(&step->ids, step->arena), extended = STR("");
    if (status == FORBIDDEN)
        extended =
            str_format(step->arena, " S3 Extended Request ID: %.*s=;", STR_ARG(id_chars(&step->ids, step->arena, KEY_ALPHABET, EXTENDED_ID_CHARS)));
    return str_format(step->arena, "%.*s (Service: %s; Status Code: %d; Error Code: %.*s; Request ID: %.*s;%.*s Proxy: null)", STR_ARG(message),
                      service, status, STR_ARG(code), STR_ARG(request), STR_ARG(extended));
}

void action_fail_call(Action *action, const Doc *reply, const char *service, const char *operation, const char *code) {
    Str told = told_by_sdk(action, reply, service, BAD_REQUEST);
    action_fail(action, action_was_denied(reply) ? "PermissionError" : code, "Error calling %s: %.*s", operation, STR_ARG(told));
}

void action_fail_bucket(Action *action, Str bucket, const Doc *denial) {
    Str told = told_by_sdk(action, denial, "Amazon S3", FORBIDDEN);
    action_fail(
        action, "PermissionError",
        "The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named %.*s. Update the IAM role "
        "permissions, and then try again. Error: Amazon S3:AccessDenied:%.*s",
        STR_ARG(bucket), STR_ARG(told));
}

void action_time_out(Action *action) {
    int64_t minutes = doc_number(action->declaration, "timeoutInMinutes", action->provider->timeout_minutes);
    action_fail(action, "Timeout", "The action failed because it was not completed within its time-out of %lld minutes.", (long long)minutes);
}
