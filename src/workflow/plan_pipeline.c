// The pipeline: a stage of the application becomes a stage with one action. Deployments take what was built last, builds and tests take the source.
#include "workflow/plan.h"

static const char SOURCE_ARTIFACT[] = "SourceArtifact";

typedef struct ActionKind {
    const char *category, *provider;
} ActionKind;

static const ActionKind KINDS[STAGE_KINDS] = {
    {"Source", "CodeCommit"}, {"Build", "CodeBuild"}, {"Deploy", "CodeDeploy"}, {"Test", "CodeBuild"}, {"Approval", "Manual"},
};

static Doc *artifacts(Arena *arena, Str name) {
    Doc *list = doc_list(arena);
    if (name.len) {
        Doc *artifact = doc_map(arena);
        doc_set_str(arena, artifact, "name", name);
        doc_push(list, artifact);
    }
    return list;
}

static Str output_of(Arena *arena, const Stage *stage) {
    if (stage->kind == STAGE_SOURCE) return str_of(SOURCE_ARTIFACT);
    bool builds = stage->kind == STAGE_BUILD || stage->kind == STAGE_TEST;
    return builds && stage->has_artifacts ? str_cat(arena, stage->name, STR("Output")) : STR_NONE;
}

static Doc *configuration_of(Arena *arena, const Application *application, const Stage *stage) {
    Doc *configuration = doc_map(arena);
    switch (stage->kind) {
    case STAGE_SOURCE:
        doc_set_str(arena, configuration, "RepositoryName", application->name);
        doc_set_str(arena, configuration, "BranchName", stage->branch);
        break;
    case STAGE_BUILD:
    case STAGE_TEST: doc_set_str(arena, configuration, "ProjectName", plan_stage_name(arena, application, stage)); break;
    case STAGE_DEPLOY:
        doc_set_str(arena, configuration, "ApplicationName", application->name);
        doc_set_str(arena, configuration, "DeploymentGroupName", plan_stage_name(arena, application, stage));
        break;
    case STAGE_APPROVE: doc_set_str(arena, configuration, "CustomData", stage->comment); break;
    case STAGE_KINDS: break;
    }
    return configuration;
}

static Doc *action_type(Arena *arena, StageKind kind) {
    Doc *type = doc_map(arena);
    doc_set_str(arena, type, "category", str_of(KINDS[kind].category));
    doc_set_str(arena, type, "owner", STR("AWS"));
    doc_set_str(arena, type, "provider", str_of(KINDS[kind].provider));
    doc_set_str(arena, type, "version", STR("1"));
    return type;
}

static Doc *stage_doc(Arena *arena, const Application *application, const Stage *stage, Str input) {
    Doc *doc = doc_map(arena), *actions = doc_list(arena), *action = doc_map(arena);
    doc_set_str(arena, action, "name", stage->name);
    doc_set(action, "actionTypeId", action_type(arena, stage->kind));
    doc_set_int(arena, action, "runOrder", 1);
    doc_set(action, "configuration", configuration_of(arena, application, stage));
    doc_set(action, "inputArtifacts", artifacts(arena, input));
    doc_set(action, "outputArtifacts", artifacts(arena, output_of(arena, stage)));
    doc_push(actions, action);
    doc_set_str(arena, doc, "name", stage->name);
    doc_set(doc, "actions", actions);
    return doc;
}

static Doc *stages_of(Arena *arena, const Application *application) {
    Doc *stages = doc_list(arena);
    Str built = str_of(SOURCE_ARTIFACT);
    for (size_t i = 0; i < application->stages.len; i++) {
        const Stage *stage = vec_at(&application->stages, i);
        Str input = STR_NONE;
        if (stage->kind == STAGE_BUILD || stage->kind == STAGE_TEST) input = str_of(SOURCE_ARTIFACT);
        if (stage->kind == STAGE_DEPLOY) input = built;
        doc_push(stages, stage_doc(arena, application, stage, input));
        if (stage->kind == STAGE_BUILD && stage->has_artifacts) built = output_of(arena, stage);
    }
    return stages;
}

Doc *plan_pipeline(Arena *arena, const Application *application, Place place) {
    Doc *pipeline = doc_map(arena), *store = doc_map(arena);
    doc_set_str(arena, pipeline, "name", application->name);
    doc_set_str(arena, pipeline, "roleArn", plan_role_arn(arena, application, place, ROLE_PIPELINE));
    doc_set_str(arena, store, "type", STR("S3"));
    doc_set_str(arena, store, "location", plan_bucket(arena, application, place));
    doc_set(pipeline, "artifactStore", store);
    doc_set(pipeline, "stages", stages_of(arena, application));
    doc_set_str(arena, pipeline, "pipelineType", STR("V2"));
    doc_set_str(arena, pipeline, "executionMode", STR("SUPERSEDED"));
    return pipeline;
}
