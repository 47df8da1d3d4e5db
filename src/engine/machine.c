// The commands of a step, collected in order (engine/machine.h). Carrying them out is engine.c's.
#include "engine/machine.h"

static Command *add(Step *step, CommandKind kind) {
    Command *command = arena_new_of(step->arena, Command);
    command->kind = kind;
    if (step->last_command) {
        step->last_command->next = command;
    } else {
        step->first_command = command;
    }
    step->last_command = command;
    return command;
}

void step_timer(Step *step, Str name, TimerKind kind, int64_t due_ms) {
    Command *command = add(step, COMMAND_TIMER);
    command->tag = name;
    command->timer_kind = kind;
    command->due_ms = due_ms;
}

void step_cancel_timer(Step *step, Str name) { add(step, COMMAND_CANCEL_TIMER)->tag = name; }

void step_call(Step *step, Principal principal, const char *service, const char *operation, Doc *input, const Body *body, Str tag) {
    Command *command = add(step, COMMAND_CALL);
    command->principal = principal;
    command->service = str_of(service);
    command->operation = str_of(operation);
    command->input = input;
    if (body) command->body = *body;
    command->tag = tag;
}

void step_effect(Step *step, const char *effect, Doc *arguments, Str tag) {
    Command *command = add(step, COMMAND_EFFECT);
    command->operation = str_of(effect);
    command->input = arguments;
    command->tag = tag;
}

void step_publish(Step *step, const char *source, const char *detail_type, Doc *detail, Doc *resources) {
    Command *command = add(step, COMMAND_PUBLISH);
    command->service = str_of(source);
    command->operation = str_of(detail_type);
    command->input = detail;
    command->resources = resources;
}

void step_send(Step *step, const DocumentType *type, Str id, Str kind, Doc *data) {
    Command *command = add(step, COMMAND_SEND);
    command->type = type;
    command->id = id;
    command->operation = kind;
    command->input = data;
}

void step_wake(Step *step, Str key) { add(step, COMMAND_WAKE)->tag = key; }

void step_put(Step *step, const DocumentType *type, Str id, Doc *doc) {
    Command *command = add(step, COMMAND_PUT);
    command->type = type;
    command->id = id;
    command->input = doc;
}

void step_delete(Step *step, const DocumentType *type, Str id) {
    Command *command = add(step, COMMAND_DELETE);
    command->type = type;
    command->id = id;
}
