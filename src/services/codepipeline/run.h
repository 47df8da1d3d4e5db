// Run: the durable machine of one pipeline (document PIPELINE_RUN, id: its name).
//
// State:
//     version, structures {"3": declaration}   the current version; every structure that is current or in use
//     next                                     sequence number of the next execution
//     executions [record]                      in progress, oldest first; ended ones live on as documents only
//     stages {NAME: {latest {pipelineExecutionId, status, type}, inbound, outbound {enabled, …}, actions {NAME: latest execution}, retries}}
//     external ["codebuild/PROJECT:ID"]        what goes on elsewhere (indexed)
//     seen {ACTION: version}, unseen {ACTION: {at, code, message}}   of S3 sources that are polled (polls.c)
//     tokens [{token, id}]                     client request tokens
//
// An execution's record (document PIPELINE_EXECUTION while and after it runs):
//     pipelineName, pipelineExecutionId, sequence, pipelineVersion, executionMode, executionType, status, statusSummary, trigger, stopTrigger, startTime,
//     lastUpdateTime, attempt, variables, artifactRevisions, sourceRevisions, rollbackMetadata     as the API has them
//     stage (index), phase "waiting" | "running" | "done"     where it is
//     actions [record]                         of the stage it is in; without "status": not yet begun
//     artifacts {NAME: {bucket, key, …}}, namespaces {NAME: {key: value}}, overrides, actionCount, hops, stages {NAME: status}, stop {abandon}
//
//                    locked, transition disabled                   last action ended
//     (start) ──▶ waiting before stage i ──▶ running in stage i ──▶ waiting before stage i+1 … ──▶ Succeeded
//                    │ newer one arrives        │ an action failed, time-out ──▶ Failed ──(retry)──▶ running in stage i
//                    ▼                          │ stop ──▶ Stopping ──▶ Stopped ──(retry)──▶ running in stage i
//                 Superseded                    └ its stage was edited ──▶ Cancelled
//
// An action's record: actionName, order, number, actionExecutionId, status, startTime, lastUpdateTime, summary, externalExecutionId, externalExecutionUrl,
// errorDetails, token, updatedBy, resolved {configuration}, outputs [artifact], inputs [artifact], outputVariables, external, memory.
//
// Events: start, update {structure, version}; execute; rollback; stop; retry; transition; approve; ended {external, …}; checked {tag, ok, error}; delete; and the
// engine's timer, reply, effect.
#pragma once

#include "services/codepipeline/action.h"

extern const MachineType PIPELINE_MACHINE;

// Finding the way in the state.
Doc *run_execution(const Step *step, Str id); // in progress; NULL when there is none
const Doc *run_structure(const Step *step, const Doc *execution);
const Doc *run_stage(const Step *step, const Doc *execution); // the declaration of the stage it is in or waits for
Str run_stage_name(const Step *step, const Doc *execution);
Doc *run_stage_state(const Step *step, Str name); // made when absent
bool run_find_action(Step *step, Str action_execution_id, Action *out); // in progress
bool run_find_external(Step *step, Str external, Action *out);
Action run_action(Step *step, Doc *execution, Doc *record);
bool run_is(const Doc *record, const char *member, const char *value);
void run_drop(Doc *list, bool (*drops)(const Doc *item));

// stages.c
void run_settle(Step *step); // moves everything as far as it goes
void run_enter_stage(Step *step, Doc *execution); // locks the stage; its actions have not begun
void run_note_stage(Step *step, const Doc *execution, const char *status); // "latest" of the stage it is in
void run_end_stage(Step *step, Doc *execution, const char *status);
void run_finish(Step *step, Doc *execution, const char *status, Str summary);

// actions.c
Doc *action_record(Arena *arena, const Doc *declaration); // not yet begun
void action_begin(Step *step, Doc *execution, Doc *record);
void action_end(Action *action, const char *status);
void action_time_out(Action *action);

// requests.c: what handlers send
void run_on_execute(Step *step), run_on_rollback(Step *step), run_on_stop(Step *step), run_on_retry(Step *step), run_on_transition(Step *step),
    run_on_update(Step *step);

void run_begin_polled(Step *step, Str source_action); // an execution that a poll sets off

// polls.c
void run_schedule_polls(Step *step);
void run_poll(Step *step); // its timer
void run_polled(Step *step, Str action); // the answer
void run_see(Step *step, Str action, Str version); // this version needs no execution any more

// record.c: what is kept and told
void run_touch(Step *step, Doc *execution); // its document is written when the step ends
void run_touch_action(const Action *action); // its document, and the stage's state
void run_flush(Step *step);
void run_publish_pipeline(Step *step, const Doc *execution, const char *state);
void run_publish_stage(Step *step, const Doc *execution, const char *state);
void run_publish_action(const Action *action, const char *state);
