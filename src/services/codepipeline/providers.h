// Providers: which actions exist, what their configuration may hold, how many artifacts go in and out, and what runs them.
//
// Adding an action is one row in providers.c and one file action_*.c. Follows the action structure reference of the CodePipeline user guide.
#pragma once

#include "services/codepipeline/action.h"

typedef struct ConfigurationKey {
    const char *name; // NULL ends a list
    bool required;
    const char *refused; // why it cannot be used at all; NULL: it can
    const char *only; // the one value that is built; NULL: any
    const char *description; // for ListActionTypes
} ConfigurationKey;

typedef struct ArtifactCount {
    uint8_t least, most;
} ArtifactCount;

typedef struct Provider {
    const char *category, *name;
    const ConfigurationKey *keys;
    int64_t timeout_minutes; // AWS's default
    void (*start)(Action *action);
    // An answer to what the action asked for: `what` as it was given to action_call or action_effect; or "ended": the external execution's end event.
    void (*heard)(Action *action, Str what, const Doc *data);
    const char *entity_url, *revision_url; // console pages: {region}, {Key} of the configuration, {revision}; NULL: none
    TimerKind timeout_kind;
    ArtifactCount inputs, outputs;
} Provider;

extern const Provider PROVIDERS[]; // ends with a NULL category

const Provider *provider_of(const Doc *action_type_id); // NULL when there is none (owner AWS, version 1 only)
const ConfigurationKey *provider_key(const Provider *provider, Str name);

// One a provider, in action_*.c.
void action_codecommit_start(Action *action);
void action_codecommit_heard(Action *action, Str what, const Doc *data);
void action_s3_source_start(Action *action);
void action_s3_source_heard(Action *action, Str what, const Doc *data);
void action_codebuild_start(Action *action);
void action_codebuild_heard(Action *action, Str what, const Doc *data);
void action_codedeploy_start(Action *action);
void action_codedeploy_heard(Action *action, Str what, const Doc *data);
void action_s3_deploy_start(Action *action);
void action_s3_deploy_heard(Action *action, Str what, const Doc *data);
void action_approval_start(Action *action);
void action_approval_heard(Action *action, Str what, const Doc *data);
