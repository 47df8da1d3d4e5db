// CodePipeline: pipelines and their executions. Nobody outside this folder includes this header.
//
// A pipeline is a summary (PIPELINE), its structure in every version (STRUCTURE), and one durable machine (PIPELINE_RUN: run.h) that moves its executions from
// stage to stage. What the machine has done is kept beside it for the list operations: a document an execution and a document an action execution.
//
//     PIPELINE    NAME                     {name, version, pipelineType, executionMode, created, updated, tags, watches}
//     STRUCTURE   NAME/VERSION             the pipeline declaration, defaults filled in
//     RUN         NAME                     the machine's state: executions in progress, states of the stages
//     EXECUTION   NAME/SEQUENCE            an execution's record (run.h)
//     ACTION      NAME/SEQUENCE/NUMBER     an action execution as ListActionExecutions shows it
// Numbers in ids have leading zeros, so that byte order is age. Times in documents are whole milliseconds; replies turn them into timestamps.
//
// Follows the CodePipeline API reference (2015-07-09) and user guide.
#pragma once

#include "plane/turn.h"

extern const DocumentType PIPELINE, PIPELINE_STRUCTURE, PIPELINE_RUN, PIPELINE_EXECUTION, PIPELINE_ACTION;

enum {
    MOST_STAGES = 50,
    MOST_ACTIONS_IN_STAGE = 50,
    MOST_ACTIONS = 500, // in a pipeline (AWS: V1 500, V2 1,000)
    MOST_PARALLEL = 50, // executions in progress of a QUEUED or PARALLEL pipeline
    MOST_TOKENS = 32 // client request tokens remembered by a pipeline
};

Str pipeline_arn(Arena *arena, Partition where, Str name);
Str pipeline_structure_id(Arena *arena, Str name, int64_t version);
Str pipeline_execution_id(Arena *arena, Str name, int64_t sequence);
Str pipeline_action_id(Arena *arena, Str name, int64_t sequence, int64_t number);

// Ready for replies: a copy of `from` with the named members as they are; members that stand in both lists are times.
Doc *pipeline_reply(Arena *arena, const Doc *from, const char *const *members, const char *const *times);

// What handlers need first. They fail with AWS's errors.
bool find_pipeline(Turn *turn, Str name, Doc **summary, Error *e);
bool find_pipeline_structure(Turn *turn, Str name, int64_t version, Doc **structure);
bool find_pipeline_run(Turn *turn, Str name, Doc **state); // the machine's state; false only when there is no such pipeline
bool find_pipeline_execution(Turn *turn, Str pipeline, Str execution, Doc **record, Error *e);
const Doc *pipeline_stage(const Doc *structure, Str name); // its declaration, NULL when there is none

// Handlers, by file.
CallHandler create_pipeline, update_pipeline, get_pipeline, delete_pipeline, list_pipelines; // pipelines.c
CallHandler start_pipeline_execution, stop_pipeline_execution, retry_stage_execution, rollback_stage; // executions.c
CallHandler get_pipeline_execution, list_pipeline_executions, list_action_executions; // history.c
CallHandler get_pipeline_state; // state.c
CallHandler enable_stage_transition, disable_stage_transition, put_approval_result; // gates.c
CallHandler list_action_types, get_action_type; // action_types.c
CallHandler list_pipeline_tags, tag_pipeline, untag_pipeline; // tags.c
bool pipeline_check_tags(const Doc *tags, Error *e); // as they are given or as they would be kept
void pipeline_requirements(Turn *turn, const Call *call, Requirements *all);

// Events of the bus (watch.c).
void pipeline_heard_codecommit(Turn *turn, const Doc *event);
void pipeline_heard_s3(Turn *turn, const Doc *event);
void pipeline_heard_codebuild(Turn *turn, const Doc *event);
void pipeline_heard_codedeploy(Turn *turn, const Doc *event);
void pipeline_heard_permission_check(Turn *turn, const Doc *event);
bool pipeline_source_polls(const Doc *action); // is it a source that looks for changes by itself?
Doc *pipeline_watches(Arena *arena, const Doc *structure); // what changes start the pipeline: "codecommit/REPOSITORY/BRANCH", "s3/BUCKET/KEY"
