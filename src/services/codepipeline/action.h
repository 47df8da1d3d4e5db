// Action: one action execution as its provider sees it, within a step of the pipeline's machine.
//
// A provider asks (action_call, action_effect, action_check), hears the answers, and ends with action_succeed or action_fail, once. What it must remember between
// is in action_memory. All of it belongs to the machine's state; a late answer to an ended action never reaches the provider.
#pragma once

#include "engine/machine.h"

typedef struct Provider Provider; // providers.h

typedef struct Action {
    Step *step;
    Doc *execution; // the pipeline execution's record (run.h)
    Doc *record; // of the action execution
    const Doc *structure; // of the pipeline, in the execution's version
    const Doc *declaration;
    const Provider *provider;
} Action;

// What it was told.
Str action_setting(const Action *action, const char *key); // of the configuration, variables resolved; STR_NONE when absent
bool action_setting_is(const Action *action, const char *key, const char *value); // without case
Str action_name(const Action *action);
Str action_id_of(const Action *action); // the action execution's id
Str action_pipeline(const Action *action);
Str action_url(const Action *action, const char *template, Str revision); // fills a provider's URL
const Doc *action_override(const Action *action); // the source revision that StartPipelineExecution asked for; NULL: none
Principal action_principal(const Action *action); // the action's role, else the pipeline's

// Artifacts: {name, bucket, key, revision, eTag, versionId}
size_t action_input_count(const Action *action);
const Doc *action_input(const Action *action, size_t index);
const Doc *action_input_named(const Action *action, Str name);
Doc *action_output(Action *action, Str name); // a place for it in the artifact store, the same at every call
Str action_output_name(const Action *action, size_t index); // as declared; STR_NONE past the end

// What it does. `what` comes back with the answer: a reply {"ok", "output" | "error", "body"}, an effect's event, or {"ok", "error"} of a check.
void action_call(Action *action, const char *service, const char *operation, Doc *input, const Body *body, const char *what);
void action_effect(Action *action, const char *effect, Doc *arguments, const char *what);
void action_check(Action *action, const char *permission, Str resource, const char *what); // may the action's role do that?
void action_timer(Action *action, const char *what, TimerKind kind, int64_t due_ms); // heard as `what`
Doc *action_memory(Action *action);
// The work goes on elsewhere: `kind` and `id` name it ("codebuild", "project:uuid"); the event that ends it is heard as "ended".
void action_external(Action *action, const char *kind, Str id, Str url);
void action_variable(Action *action, const char *name, Str value);
void action_source_revision(Action *action, Str revision, Str summary); // of a rollback nothing changes: it has its target's

// The end. `summary` may be STR_NONE. A rejection is a failure that is no error.
void action_succeed(Action *action, Str summary);
void action_reject(Action *action, Str summary);
void action_fail(Action *action, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool action_was_denied(const Doc *reply); // a reply with "ok": false: by policy?
// After a reply with "ok": false: `doing` says what was tried ("calling startBuild").
void action_fail_reply(Action *action, const Doc *reply, const char *doing);
// The same of one call of another service, in the words of the SDK that CodePipeline is written with: "Error calling startBuild: … (Service: AWSCodeBuild; …)".
void action_fail_call(Action *action, const Doc *reply, const char *service, const char *operation, const char *code);
void action_fail_bucket(Action *action, Str bucket, const Doc *denial); // may not access the bucket
