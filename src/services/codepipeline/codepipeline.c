#include "services/codepipeline/codepipeline.h"

#include "services/codepipeline/bundle_effects.h"
#include "services/codepipeline/run.h"

// ---- Documents ----

const DocumentType PIPELINE = {.name = "codepipeline.pipeline", .indexes = (const DocumentIndex[]){{"watch", "watches"}, {0}}};
const DocumentType PIPELINE_STRUCTURE = {.name = "codepipeline.structure"};
const DocumentType PIPELINE_RUN = {
    .name = "codepipeline.run", .indexes = (const DocumentIndex[]){{"external", "external"}, {0}}, .machine = &PIPELINE_MACHINE};
const DocumentType PIPELINE_EXECUTION = {.name = "codepipeline.execution", .indexes = (const DocumentIndex[]){{"id", "pipelineExecutionId"}, {0}}};
const DocumentType PIPELINE_ACTION = {.name = "codepipeline.action", .indexes = (const DocumentIndex[]){{"id", "actionExecutionId"}, {0}}};

Str pipeline_arn(Arena *arena, Partition where, Str name) {
    return str_format(arena, "arn:aws:codepipeline:%.*s:%.*s:%.*s", STR_ARG(where.region), STR_ARG(where.account), STR_ARG(name));
}

Str pipeline_structure_id(Arena *arena, Str name, int64_t version) { return str_format(arena, "%.*s/%09lld", STR_ARG(name), (long long)version); }
Str pipeline_execution_id(Arena *arena, Str name, int64_t sequence) { return str_format(arena, "%.*s/%012lld", STR_ARG(name), (long long)sequence); }

Str pipeline_action_id(Arena *arena, Str name, int64_t sequence, int64_t number) {
    return str_format(arena, "%.*s/%012lld/%06lld", STR_ARG(name), (long long)sequence, (long long)number);
}

static bool is_listed(const char *name, const char *const *list) {
    for (; list && *list; list++) {
        if (strcmp(*list, name) == 0) return true;
    }
    return false;
}

Doc *pipeline_reply(Arena *arena, const Doc *from, const char *const *members, const char *const *times) {
    Doc *reply = doc_map(arena);
    for (; *members; members++) {
        const Doc *value = doc_get(from, *members);
        if (!value) continue;
        bool is_time = is_listed(*members, times);
        doc_set(reply, *members, is_time ? doc_of_time(arena, doc_int(value, 0)) : doc_copy(arena, value));
    }
    return reply;
}

// ---- Finding ----

bool find_pipeline(Turn *turn, Str name, Doc **summary, Error *e) {
    if (turn_get(turn, &PIPELINE, name, summary)) return true;
    Partition where = turn_where(turn);
    return fail(e, "PipelineNotFoundException", "Account '%.*s' does not have a pipeline with name '%.*s'", STR_ARG(where.account), STR_ARG(name));
}

bool find_pipeline_structure(Turn *turn, Str name, int64_t version, Doc **structure) {
    return turn_get(turn, &PIPELINE_STRUCTURE, pipeline_structure_id(turn_arena(turn), name, version), structure);
}

bool find_pipeline_run(Turn *turn, Str name, Doc **state) { return turn_get(turn, &PIPELINE_RUN, name, state); }

bool find_pipeline_execution(Turn *turn, Str pipeline, Str execution, Doc **record, Error *e) {
    for (Doc *one = doc_first(turn_find(turn, &PIPELINE_EXECUTION, "id", execution)); one; one = one->next) {
        if (!str_eq(doc_text(one, "pipelineName"), pipeline)) continue;
        *record = one;
        return true;
    }
    return fail(e, "PipelineExecutionNotFoundException", "The pipeline execution with ID %.*s does not exist in pipeline %.*s.", STR_ARG(execution),
                STR_ARG(pipeline));
}

const Doc *pipeline_stage(const Doc *structure, Str name) {
    const Doc *stage = doc_first(doc_get(structure, "stages"));
    while (stage && !str_eq(doc_text(stage, "name"), name)) stage = stage->next;
    return stage;
}

// ---- The service ----

#define ARN "arn:aws:codepipeline:{region}:{account}:"
#define BY_NAME ARN "{name}"
#define BY_PIPELINE ARN "{pipelineName}"

static const Operation OPERATIONS[] = {
    {"CreatePipeline", create_pipeline, .flags = OP_LOCAL, .requirements = pipeline_requirements},
    {"UpdatePipeline", update_pipeline, .flags = OP_LOCAL, .requirements = pipeline_requirements},
    {"GetPipeline", get_pipeline, BY_NAME, OP_LOCAL},
    {"DeletePipeline", delete_pipeline, BY_NAME, OP_LOCAL},
    {"ListPipelines", list_pipelines, ARN "*", OP_LOCAL},
    {"GetPipelineState", get_pipeline_state, BY_NAME, OP_LOCAL},
    {"StartPipelineExecution", start_pipeline_execution, BY_NAME, OP_LOCAL},
    {"StopPipelineExecution", stop_pipeline_execution, BY_PIPELINE, OP_LOCAL},
    {"RetryStageExecution", retry_stage_execution, BY_PIPELINE "/{stageName}", OP_LOCAL},
    {"RollbackStage", rollback_stage, BY_PIPELINE "/{stageName}", OP_LOCAL},
    {"GetPipelineExecution", get_pipeline_execution, BY_PIPELINE, OP_LOCAL},
    {"ListPipelineExecutions", list_pipeline_executions, BY_PIPELINE, OP_LOCAL},
    {"ListActionExecutions", list_action_executions, BY_PIPELINE, OP_LOCAL},
    {"EnableStageTransition", enable_stage_transition, BY_PIPELINE "/{stageName}", OP_LOCAL},
    {"DisableStageTransition", disable_stage_transition, BY_PIPELINE "/{stageName}", OP_LOCAL},
    {"PutApprovalResult", put_approval_result, BY_PIPELINE "/{stageName}/{actionName}", OP_LOCAL},
    {"ListActionTypes", list_action_types, NULL, OP_LOCAL},
    {"GetActionType", get_action_type, ARN "actiontype:{owner}/{category}/{provider}/{version}", OP_LOCAL},
    {"ListTagsForResource", list_pipeline_tags, "{resourceArn}", OP_LOCAL},
    {"TagResource", tag_pipeline, "{resourceArn}", OP_LOCAL},
    {"UntagResource", untag_pipeline, "{resourceArn}", OP_LOCAL},
    {0},
};

static const DocumentType *const DOCUMENTS[] = {&PIPELINE, &PIPELINE_STRUCTURE, &PIPELINE_RUN, &PIPELINE_EXECUTION, &PIPELINE_ACTION, NULL};

static const Subscription SUBSCRIPTIONS[] = {
    {"aws.codecommit", "CodeCommit Repository State Change", pipeline_heard_codecommit},
    {"aws.s3", "Object Created", pipeline_heard_s3},
    {"aws.codebuild", "CodeBuild Build State Change", pipeline_heard_codebuild},
    {"aws.codedeploy", "CodeDeploy Deployment State-change Notification", pipeline_heard_codedeploy},
    {"rehearse.codepipeline", "Permission Check", pipeline_heard_permission_check},
    {0},
};

static const EffectType *const EFFECTS[] = {&BUNDLE_UNPACK, &BUNDLE_FILES, &FILE_DISCARD, NULL};

extern const Service CODEPIPELINE_SERVICE;
const Service CODEPIPELINE_SERVICE = {
    .name = "codepipeline",
    .prefix = "codepipeline",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .subscriptions = SUBSCRIPTIONS,
    .effects = EFFECTS,
};
