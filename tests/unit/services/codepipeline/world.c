#include "services/codepipeline/world.h"

#include "formats/json.h"

#include <stdio.h>

Doc *world_json(Arena *arena, const char *text) {
    char *copy = str_c(arena, str_of(text));
    for (char *at = copy; *at; at++) {
        if (*at == '\'') *at = '"';
    }
    Doc *doc = NULL;
    Error e = {0};
    if (!json_parse(arena, str_of(copy), &doc, &e)) fail_msg("%s in %s", e.message, copy);
    return doc;
}

static Doc *through_json(Arena *arena, const Doc *doc) {
    Doc *copy = NULL;
    if (doc && !json_parse(arena, str_copy(arena, json_write(arena, doc)), &copy, NULL)) fail_msg("the state is no JSON");
    return copy;
}

static void write_down(World *world, const Command *command) {
    const Doc *detail = command->input;
    Str stage = doc_text(detail, "stage"), action = doc_text(detail, "action"), state = doc_text(detail, "state"),
        id = doc_text(detail, "execution-id");
    size_t len = strlen(world->history), room = sizeof world->history - len;
    if (action.len) {
        snprintf(world->history + len, room, "action %.*s/%.*s %.*s\n", STR_ARG(stage), STR_ARG(action), STR_ARG(state));
    } else if (stage.len) {
        snprintf(world->history + len, room, "stage %.*s %.*s\n", STR_ARG(stage), STR_ARG(state));
    } else {
        snprintf(world->history + len, room, "pipeline %.*s %.*s\n", STR_ARG(id), STR_ARG(state));
    }
}

static void keep_pending(World *world, const Command *command) {
    assert_true(world->pending_count < MOST_PENDING);
    Command *kept = &world->pending[world->pending_count++];
    *kept = *command;
    if (command->kind == COMMAND_PUBLISH) {
        kept->tag = doc_text(command->input, "tag");
        kept->operation = doc_text(command->input, "action");
    }
}

static void carry_out(World *world, const Command *command) {
    switch (command->kind) {
    case COMMAND_TIMER: doc_put(world->timers, command->tag, doc_of_int(world->arena, command->due_ms)); break;
    case COMMAND_CANCEL_TIMER: doc_put(world->timers, command->tag, NULL); break;
    case COMMAND_PUT:
        doc_put(command->type == &PIPELINE_EXECUTION ? world->executions : world->actions, command->id, through_json(world->arena, command->input));
        break;
    case COMMAND_PUBLISH:
        if (str_is(command->service, "aws.codepipeline")) {
            write_down(world, command);
            break;
        }
        keep_pending(world, command);
        break;
    default:
        if (!str_is(command->operation, "file.discard")) keep_pending(world, command); // nobody waits for it
    }
}

void world_send(World *world, Str kind, Doc *data) {
    Event event = {.kind = kind, .data = data};
    Step step = {
        .arena = world->arena,
        .where = {STR("111122223333"), STR("us-east-1")},
        .id = STR("app"),
        .state = through_json(world->arena, world->state),
        .event = &event,
        .now_ms = world->now_ms,
    };
    id_source_seed(&step.ids, 7, world->steps++);
    PIPELINE_MACHINE.step(&step);
    world->state = step.state;
    for (const Command *command = step.first_command; command; command = command->next) carry_out(world, command);
}

void world_send_json(World *world, const char *kind, const char *data) { world_send(world, str_of(kind), world_json(world->arena, data)); }

void world_update(World *world, const char *event, const char *declaration, int64_t version) {
    Doc *data = doc_map(world->arena), *pipeline = world_json(world->arena, declaration);
    Error e = {0};
    if (!structure_check(world->arena, (Partition){STR("111122223333"), STR("us-east-1")}, pipeline, &e)) fail_msg("%s: %s", e.code, e.message);
    doc_set(data, "structure", structure_fill(world->arena, pipeline, version));
    doc_set_int(world->arena, data, "version", version);
    world_send(world, str_of(event), data);
}

World *world_of(Arena *arena, const char *declaration) {
    World *world = arena_new_of(arena, World);
    *world = (World){.arena = arena, .now_ms = START_MS, .executions = doc_map(arena), .actions = doc_map(arena), .timers = doc_map(arena)};
    world_update(world, "start", declaration, 1);
    return world;
}

void world_execute(World *world, const char *id) {
    Doc *data = doc_map(world->arena), *trigger = doc_map(world->arena);
    doc_set_str(world->arena, data, "id", str_of(id));
    doc_set_str(world->arena, trigger, "triggerType", STR("StartPipelineExecution"));
    doc_set(data, "trigger", trigger);
    world_send(world, STR("execute"), data);
}

// ---- What it asks for ----

Command *world_asked(World *world, const char *operation) {
    for (size_t i = 0; i < world->pending_count; i++) {
        if (str_is(world->pending[i].operation, operation)) return &world->pending[i];
    }
    return NULL;
}

static Command take(World *world, const char *operation) {
    Command *command = world_asked(world, operation);
    if (!command) fail_msg("%s was not asked for; history:\n%s", operation, world->history);
    Command taken = *command;
    size_t behind = world->pending_count - (size_t)(command - world->pending) - 1;
    memmove(command, command + 1, behind * sizeof *command);
    world->pending_count--;
    return taken;
}

static const char *event_of(const Command *command) {
    return command->kind == COMMAND_PUBLISH ? "checked" : command->kind == COMMAND_EFFECT ? "effect" : "reply";
}

// Answers the first that asked for the operation. `output` of a call; the members of an effect's last event.
void world_answer(World *world, const char *operation, const char *output) {
    Command command = take(world, operation);
    Doc *data = command.kind == COMMAND_EFFECT ? world_json(world->arena, output) : doc_map(world->arena);
    if (command.kind == COMMAND_CALL) doc_set(data, "output", world_json(world->arena, output));
    if (command.kind == COMMAND_EFFECT) doc_set_bool(world->arena, data, "final", true);
    doc_set_bool(world->arena, data, "ok", true);
    doc_set_str(world->arena, data, "tag", command.tag);
    world_send(world, str_of(event_of(&command)), data);
}

void world_refuse(World *world, const char *operation, const char *code, const char *message) {
    Command command = take(world, operation);
    Doc *data = doc_map(world->arena), *error = doc_map(world->arena);
    doc_set_str(world->arena, error, "code", str_of(code));
    doc_set_str(world->arena, error, "message", str_of(message));
    doc_set(data, "error", error);
    doc_set_str(world->arena, data, "reason", str_of(message));
    doc_set_bool(world->arena, data, "ok", false);
    doc_set_str(world->arena, data, "tag", command.tag);
    world_send(world, str_of(event_of(&command)), data);
}

// Source/CodeCommit from branch to artifact.
void deliver_source(World *world, const char *commit) {
    char output[512];
    snprintf(output, sizeof output, "{'branch': {'branchName': 'main', 'commitId': '%s'}}", commit);
    world_answer(world, "GetBranch", output);
    snprintf(output, sizeof output,
             "{'commit': {'commitId': '%s', 'message': 'Change', 'author': {'date': '1700000000 +0100'}, 'committer': {'date': '1700000001 +0100'}}}",
             commit);
    world_answer(world, "GetCommit", output);
    world_answer(world, "codecommit:UploadArchive", "{}");
    world_answer(world, "git.archive", "{'path': '/data/effects/archive.zip', 'size': 900}");
    world_answer(world, "PutObject", "{'ETag': '\\'e\\'', 'VersionId': 'v1'}");
}

// CodeBuild from start to end.
void world_start_build(World *world, const char *id) {
    char output[128];
    snprintf(output, sizeof output, "{'build': {'id': '%s'}}", id);
    world_answer(world, "StartBuild", output);
}

void end_build(World *world, const char *id, const char *build) {
    char data[128];
    snprintf(data, sizeof data, "{'external': 'codebuild/%s'}", id);
    world_send_json(world, "ended", data);
    world_answer(world, "BatchGetBuilds", build);
}

// ---- What came of it ----

const Doc *execution_doc(World *world, int64_t sequence) {
    return doc_get_str_key(world->executions, pipeline_execution_id(world->arena, STR("app"), sequence));
}

void assert_status(World *world, int64_t sequence, const char *status) {
    Str is = doc_text(execution_doc(world, sequence), "status");
    if (!str_is(is, status)) fail_msg("execution %d is %.*s instead of %s; history:\n%s", (int)sequence, STR_ARG(is), status, world->history);
}

const Doc *action_doc_of(World *world, int64_t sequence, int64_t number) {
    return doc_get_str_key(world->actions, pipeline_action_id(world->arena, STR("app"), sequence, number));
}

void assert_history(World *world, const char *expected) {
    if (strcmp(world->history, expected) != 0) fail_msg("history is\n%s", world->history);
    world->history[0] = 0;
}

const Doc *latest_of_stage(World *world, const char *stage) { return doc_get(doc_get(doc_get(world->state, "stages"), stage), "latest"); }
