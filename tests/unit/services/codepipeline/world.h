// World: a pipeline's machine without a server. Tests send events, look at what it asks for, and answer; between two steps the state goes through JSON, as in the
// store. Everything published is written down, a line each ("stage Build STARTED", "action Build/Unit FAILED"), so that a test can state a whole history.
// JSON in tests is written with ' for ".
#pragma once

#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/run.h"
#include "services/codepipeline/structure.h"

#include "unit.h"

enum { MOST_PENDING = 64, START_MS = 1700000000 };

typedef struct World {
    Arena *arena;
    Doc *state;
    int64_t now_ms;
    uint64_t steps;
    Command pending[MOST_PENDING]; // calls, effects and permission checks not yet answered, in order
    size_t pending_count;
    char history[16384];
    Doc *executions, *actions, *timers; // id → document; name → due
} World;

Doc *world_json(Arena *arena, const char *text);
World *world_of(Arena *arena, const char *declaration); // just made
void world_update(World *world, const char *event, const char *declaration, int64_t version); // "start" or "update"
void world_execute(World *world, const char *id);
void world_send(World *world, Str kind, Doc *data);
void world_send_json(World *world, const char *kind, const char *data);

// What it asks for, and the answer to the first that asked for the operation: `output` of a call, the members of an effect's last event.
Command *world_asked(World *world, const char *operation); // NULL: it did not
void world_answer(World *world, const char *operation, const char *output);
void world_refuse(World *world, const char *operation, const char *code, const char *message);
void deliver_source(World *world, const char *commit); // Source/CodeCommit from branch to artifact
void world_start_build(World *world, const char *id);
void end_build(World *world, const char *id, const char *build);

#define SUCCEEDED "{'builds': [{'buildStatus': 'SUCCEEDED', 'exportedEnvironmentVariables': [{'name': 'TAG', 'value': 'v7'}]}]}"
#define FAILED                                                                                                                                      \
    "{'builds': [{'buildStatus': 'FAILED', 'phases': [{'phaseType': 'INSTALL', 'phaseStatus': 'SUCCEEDED'}, {'phaseType': 'BUILD', 'phaseStatus': " \
    "'FAILED', 'contexts': [{'statusCode': 'COMMAND_EXECUTION_ERROR', 'message': 'Error while executing command: make. Reason: exit status "        \
    "2'}]}]}]}"

// What came of it.
const Doc *execution_doc(World *world, int64_t sequence);
void assert_status(World *world, int64_t sequence, const char *status);
const Doc *action_doc_of(World *world, int64_t sequence, int64_t number);
void assert_history(World *world, const char *expected); // and forgets it
const Doc *latest_of_stage(World *world, const char *stage);

// ---- Declarations ----

#define HEAD(more)                                                                                                                                   \
    "{'name': 'app', 'roleArn': 'arn:aws:iam::111122223333:role/pipeline', 'artifactStore': {'type': 'S3', 'location': 'store'}, " more " 'stages':" \
    " ["
#define SOURCE                                                                                                                                     \
    "{'name': 'Source', 'actions': [{'name': 'Code', 'actionTypeId': {'category': 'Source', 'owner': 'AWS', 'provider': 'CodeCommit', 'version': " \
    "'1'}, "                                                                                                                                       \
    "'configuration': {'RepositoryName': 'repo', 'BranchName': 'main'}, 'outputArtifacts': [{'name': 'SourceArtifact'}], 'namespace': 'Src'}]}"
#define BUILD_ACTION(name, order, more)                                                                                                            \
    "{'name': '" name "', 'runOrder': " order ", 'actionTypeId': {'category': 'Build', 'owner': 'AWS', 'provider': 'CodeBuild', 'version': '1'}, " \
    "'configuration': {'ProjectName': 'p-" name "'}, 'inputArtifacts': [{'name': 'SourceArtifact'}]" more "}"
#define STAGE(name, actions) "{'name': '" name "', 'actions': [" actions "]}"
#define APPROVAL                                                                                                                        \
    "{'name': 'Ask', 'actionTypeId': {'category': 'Approval', 'owner': 'AWS', 'provider': 'Manual', 'version': '1'}, 'configuration': " \
    "{'CustomData': 'look'}}"
#define DEPLOY                                                                                                                             \
    "{'name': 'Ship', 'actionTypeId': {'category': 'Deploy', 'owner': 'AWS', 'provider': 'CodeDeploy', 'version': '1'}, 'configuration': " \
    "{'ApplicationName': 'a', 'DeploymentGroupName': 'g'}, 'inputArtifacts': [{'name': 'Built'}]}"
#define V2(mode) "'pipelineType': 'V2', 'executionMode': '" mode "',"
#define TAIL "]}"
