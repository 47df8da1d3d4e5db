// The queue: of an account and region, LIMIT_BUILDS_AT_ONCE builds run at the same time; further ones wait in order. Events: "start" and "ask" {build} make a build stand in line, "done"
// {build} takes it out; the build hears "go" when its turn has come.
#include "base/limits.h"
#include "services/codebuild/codebuild.h"

static void remove_from(Doc *state, Arena *arena, const char *member, Str build) {
    Doc *left = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(state, member)); one; one = one->next) {
        if (!str_eq(doc_str(one, STR_NONE), build)) doc_push_str(arena, left, doc_str(one, STR("")));
    }
    doc_set(state, member, left);
}

static void let_go(Step *step) {
    while (doc_count(doc_get(step->state, "running")) < LIMIT_BUILDS_AT_ONCE && doc_count(doc_get(step->state, "waiting"))) {
        Str build = str_copy(step->arena, doc_str(doc_first(doc_get(step->state, "waiting")), STR("")));
        remove_from(step->state, step->arena, "waiting", build);
        doc_push_str(step->arena, doc_get(step->state, "running"), build);
        step_send(step, &CODEBUILD_BUILD, build, STR("go"), NULL);
    }
}

static void step_queue(Step *step) {
    Str build = doc_text(step->event->data, "build");
    if (!step->state) {
        step->state = doc_map(step->arena);
        doc_set(step->state, "running", doc_list(step->arena));
        doc_set(step->state, "waiting", doc_list(step->arena));
    }
    if (str_is(step->event->kind, "start") || str_is(step->event->kind, "ask")) doc_push_str(step->arena, doc_get(step->state, "waiting"), build);
    if (str_is(step->event->kind, "done")) {
        remove_from(step->state, step->arena, "running", build);
        remove_from(step->state, step->arena, "waiting", build);
    }
    let_go(step);
}

static const MachineType MACHINE = {.version = 1, .step = step_queue};
const DocumentType CODEBUILD_QUEUE = {.name = "codebuild.queue", .machine = &MACHINE};
