// The machine's events, and the way around in its state.
#include "services/codepipeline/run.h"

#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/providers.h"

bool run_is(const Doc *record, const char *member, const char *value) { return str_is(doc_text(record, member), value); }

Doc *run_execution(const Step *step, Str id) {
    for (Doc *one = doc_first(doc_get(step->state, "executions")); one; one = one->next) {
        if (str_eq(doc_text(one, "pipelineExecutionId"), id)) return one;
    }
    return NULL;
}

const Doc *run_structure(const Step *step, const Doc *execution) {
    Str version = str_format(step->arena, "%lld", (long long)doc_number(execution, "pipelineVersion", 0));
    return doc_get_str_key(doc_get(step->state, "structures"), version);
}

const Doc *run_stage(const Step *step, const Doc *execution) {
    return doc_at(doc_get(run_structure(step, execution), "stages"), (size_t)doc_number(execution, "stage", 0));
}

Str run_stage_name(const Step *step, const Doc *execution) { return doc_text(run_stage(step, execution), "name"); }

Doc *run_stage_state(const Step *step, Str name) {
    Doc *stages = doc_get(step->state, "stages"), *stage = doc_get_str_key(stages, name);
    if (stage) return stage;
    stage = doc_map(step->arena);
    doc_put(stages, name, stage);
    return stage;
}

static const Doc *declaration_of(const Doc *stage, Str action) {
    const Doc *one = doc_first(doc_get(stage, "actions"));
    while (one && !str_eq(doc_text(one, "name"), action)) one = one->next;
    return one;
}

Action run_action(Step *step, Doc *execution, Doc *record) {
    const Doc *declaration = declaration_of(run_stage(step, execution), doc_text(record, "actionName"));
    return (Action){
        .step = step,
        .execution = execution,
        .record = record,
        .structure = run_structure(step, execution),
        .declaration = declaration,
        .provider = provider_of(doc_get(declaration, "actionTypeId")),
    };
}

static bool find_by(Step *step, const char *member, Str value, Action *out) {
    for (Doc *execution = doc_first(doc_get(step->state, "executions")); execution; execution = execution->next) {
        for (Doc *record = doc_first(doc_get(execution, "actions")); record; record = record->next) {
            if (!run_is(record, "status", "InProgress") || !str_eq(doc_text(record, member), value)) continue;
            *out = run_action(step, execution, record);
            return true;
        }
    }
    return false;
}

bool run_find_action(Step *step, Str action_execution_id, Action *out) { return find_by(step, "actionExecutionId", action_execution_id, out); }
bool run_find_external(Step *step, Str external, Action *out) { return find_by(step, "external", external, out); }

void run_drop(Doc *list, bool (*drops)(const Doc *item)) {
    Doc *item = doc_first(list), *next;
    list->as.children.first = list->as.children.last = NULL;
    list->count = 0;
    for (; item; item = next) {
        next = item->next;
        item->next = NULL;
        if (!drops(item)) doc_push(list, item);
    }
}

// ---- Events ----

static void on_start(Step *step) {
    Arena *arena = step->arena;
    if (step->state) return;
    step->state = doc_map(arena);
    doc_set(step->state, "structures", doc_map(arena));
    doc_set_int(arena, step->state, "next", 1);
    doc_set(step->state, "executions", doc_list(arena));
    doc_set(step->state, "stages", doc_map(arena));
    doc_set(step->state, "external", doc_list(arena));
    doc_set(step->state, "tokens", doc_list(arena));
    run_on_update(step);
    run_poll(step);
}

static void on_delete(Step *step) { step->state = NULL; }

static void on_ended(Step *step) {
    Action action;
    const Doc *data = step->event->data;
    if (!run_find_external(step, doc_text(data, "external"), &action)) return;
    step->hops = (int)doc_number(action.execution, "hops", step->hops); // the end of what the execution began
    action.provider->heard(&action, STR("ended"), data);
}

static void on_approve(Step *step) {
    Action action;
    const Doc *data = step->event->data;
    if (run_find_action(step, doc_text(data, "actionExecutionId"), &action)) action.provider->heard(&action, STR("answer"), data);
}

// Answers carry the tag ACTION-EXECUTION-ID/WHAT.
static void on_answer(Step *step) {
    Action action;
    Str what = doc_text(step->event->data, "tag"), id = str_cut(&what, '/');
    if (str_is(id, "poll")) run_polled(step, what);
    if (run_find_action(step, id, &action)) action.provider->heard(&action, what, step->event->data);
}

static void on_timer(Step *step) {
    Action action;
    Str what = doc_text(step->event->data, "name"), id = str_cut(&what, '/');
    if (str_is(id, "poll")) run_poll(step);
    if (!run_find_action(step, id, &action)) return;
    if (str_is(what, "time-out")) {
        action_time_out(&action);
    } else {
        action.provider->heard(&action, what, step->event->data);
    }
}

static const struct {
    const char *kind;
    void (*handle)(Step *step);
} EVENTS[] = {
    {"start", on_start},
    {"update", run_on_update},
    {"execute", run_on_execute},
    {"rollback", run_on_rollback},
    {"stop", run_on_stop},
    {"retry", run_on_retry},
    {"transition", run_on_transition},
    {"approve", on_approve},
    {"ended", on_ended},
    {"checked", on_answer},
    {"reply", on_answer},
    {"effect", on_answer},
    {"timer", on_timer},
    {"delete", on_delete},
};

static void run_step(Step *step) {
    if (!step->state && !str_is(step->event->kind, "start")) return;
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        if (str_is(step->event->kind, EVENTS[i].kind)) EVENTS[i].handle(step);
    }
    if (!step->state) return;
    run_settle(step);
    run_flush(step);
}

const MachineType PIPELINE_MACHINE = {.version = 1, .step = run_step};
