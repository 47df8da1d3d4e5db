// What handlers ask of the machine: begin, stop, retry and roll back executions, open and close transitions, take a new structure.
//
// Whether a request is allowed the handlers have checked, in the same transaction, on the state that is changed here.
#include "services/codepipeline/codepipeline.h"
#include "services/codepipeline/run.h"

// ---- Executions ----

static void keep_structure(Step *step, int64_t version, const Doc *structure) {
    Str key = str_format(step->arena, "%lld", (long long)version);
    doc_put(doc_get(step->state, "structures"), key, doc_copy(step->arena, structure));
}

static bool is_oldest(const Doc *token) { return doc_flag(token, "oldest", false); }

static void remember_token(Step *step, Str token, Str id) {
    Doc *tokens = doc_get(step->state, "tokens"), *one = doc_map(step->arena);
    if (str_is_none(token)) return;
    doc_set_str(step->arena, one, "token", token);
    doc_set_str(step->arena, one, "id", id);
    doc_push(tokens, one);
    if (doc_count(tokens) <= MOST_TOKENS) return;
    doc_set_bool(step->arena, doc_first(tokens), "oldest", true);
    run_drop(tokens, is_oldest);
}

static const Doc *named(const Doc *list, Str name) {
    const Doc *one = doc_first(list);
    while (one && !str_eq(doc_text(one, "name"), name)) one = one->next;
    return one;
}

// What the pipeline's variables are in this execution, given values before defaults; `missing` gets the names of those without, by commas. NULL: it declares none.
static Doc *resolved_variables(Arena *arena, const Doc *structure, const Doc *given, Str *missing) {
    Doc *variables = doc_list(arena);
    *missing = STR("");
    for (const Doc *one = doc_first(doc_get(structure, "variables")); one; one = one->next) {
        Str name = doc_text(one, "name"), value = doc_text(named(given, name), "value");
        if (!value.at) value = doc_text(one, "defaultValue");
        if (!value.at) *missing = str_format(arena, "%.*s%s%.*s", STR_ARG((*missing)), missing->len ? "," : "", STR_ARG(name));
        Doc *variable = doc_map(arena);
        doc_set_str(arena, variable, "name", name);
        doc_set_str(arena, variable, "resolvedValue", value);
        doc_push(variables, variable);
    }
    return doc_count(variables) ? variables : NULL;
}

static Doc *variables_namespace(Arena *arena, const Doc *variables) {
    Doc *values = doc_map(arena);
    for (const Doc *one = doc_first(variables); one; one = one->next) {
        doc_put(values, doc_text(one, "name"), doc_of_str(arena, doc_text(one, "resolvedValue")));
    }
    return values;
}

static Doc *own_namespace(Arena *arena, const Doc *data) {
    Doc *own = doc_map(arena);
    doc_set_str(arena, own, "PipelineExecutionId", doc_text(data, "id"));
    return own;
}

static Doc *first_namespaces(Arena *arena, const Doc *data, const Doc *variables) {
    Doc *namespaces = doc_map(arena);
    doc_set(namespaces, "codepipeline", own_namespace(arena, data));
    if (variables) doc_set(namespaces, "variables", variables_namespace(arena, variables));
    return namespaces;
}

static Doc *begin_execution(Step *step, const Doc *data) {
    Arena *arena = step->arena;
    Doc *execution = doc_map(arena);
    int64_t sequence = doc_number(step->state, "next", 1), version = doc_number(data, "version", doc_number(step->state, "version", 1));
    doc_set_int(arena, step->state, "next", sequence + 1);
    doc_set_str(arena, execution, "pipelineName", step->id);
    doc_set_str(arena, execution, "pipelineExecutionId", doc_text(data, "id"));
    doc_set_int(arena, execution, "sequence", sequence);
    doc_set_int(arena, execution, "pipelineVersion", version);
    doc_set_str(arena, execution, "executionMode", doc_str(doc_get(run_structure(step, execution), "executionMode"), STR("SUPERSEDED")));
    doc_set_str(arena, execution, "status", STR("InProgress"));
    doc_set(execution, "trigger", doc_copy(arena, doc_get(data, "trigger")));
    doc_set_int(arena, execution, "startTime", step->now_ms);
    doc_set_int(arena, execution, "attempt", 1);
    doc_set_int(arena, execution, "stage", doc_number(data, "stage", 0));
    doc_set_str(arena, execution, "phase", STR("waiting"));
    doc_set_int(arena, execution, "hops", step->hops);
    doc_set(execution, "actions", doc_list(arena));
    doc_set(execution, "stages", doc_map(arena));
    doc_push(doc_get(step->state, "executions"), execution);
    return execution;
}

static void announce(Step *step, Doc *execution) {
    run_touch(step, execution);
    run_publish_pipeline(step, execution, "STARTED");
}

static void begin_standard(Step *step, const Doc *data) {
    Arena *arena = step->arena;
    Str missing;
    Doc *execution = begin_execution(step, data),
        *variables = resolved_variables(arena, run_structure(step, execution), doc_get(data, "variables"), &missing);
    if (variables && !missing.len) doc_set(execution, "variables", variables);
    doc_set(execution, "namespaces", first_namespaces(arena, data, variables));
    doc_set(execution, "artifacts", doc_map(arena));
    doc_set(execution, "artifactRevisions", doc_list(arena));
    if (doc_get(data, "overrides")) doc_set(execution, "overrides", doc_copy(arena, doc_get(data, "overrides")));
    remember_token(step, doc_text(data, "token"), doc_text(data, "id"));
    announce(step, execution);
    if (!missing.len) return;
    run_finish(step, execution, "Failed", str_format(arena, "Values for required variables haven't been provided: %.*s", STR_ARG(missing)));
}

void run_on_execute(Step *step) {
    const Doc *data = step->event->data, *see = doc_get(data, "see");
    if (see) run_see(step, doc_text(see, "action"), doc_text(see, "version"));
    begin_standard(step, data);
}

void run_begin_polled(Step *step, Str source_action) {
    Arena *arena = step->arena;
    Doc *data = doc_map(arena), *trigger = doc_map(arena);
    doc_set_str(arena, trigger, "triggerType", STR("PollForSourceChanges"));
    doc_set_str(arena, trigger, "triggerDetail", str_copy(arena, source_action));
    doc_set(data, "trigger", trigger);
    doc_set_str(arena, data, "id", id_uuid(&step->ids, arena));
    begin_standard(step, data);
}

void run_on_rollback(Step *step) {
    static const char *const TAKEN[] = {"namespaces", "artifacts", "artifactRevisions", "variables"};
    Arena *arena = step->arena;
    const Doc *data = step->event->data, *target = doc_get(data, "target");
    keep_structure(step, doc_number(data, "version", 1), doc_get(data, "structure"));
    Doc *execution = begin_execution(step, data), *metadata = doc_map(arena);
    doc_set_str(arena, execution, "executionType", STR("ROLLBACK"));
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        if (doc_get(target, TAKEN[i])) doc_set(execution, TAKEN[i], doc_copy(arena, doc_get(target, TAKEN[i])));
    }
    doc_set(doc_get(execution, "namespaces"), "codepipeline", own_namespace(arena, data));
    doc_set_str(arena, metadata, "rollbackTargetPipelineExecutionId", doc_text(target, "pipelineExecutionId"));
    doc_set(execution, "rollbackMetadata", metadata);
    announce(step, execution);
}

// ---- Stopping ----

static void end_actions(Step *step, Doc *execution, const char *status) {
    for (Doc *record = doc_first(doc_get(execution, "actions")); record; record = record->next) {
        if (!run_is(record, "status", "InProgress")) continue;
        Action action = run_action(step, execution, record);
        action_end(&action, status);
    }
}

void run_on_stop(Step *step) {
    Arena *arena = step->arena;
    const Doc *data = step->event->data;
    Doc *execution = run_execution(step, doc_text(data, "id")), *stop = doc_map(arena), *trigger = doc_map(arena);
    if (!execution) return;
    doc_set_bool(arena, stop, "abandon", doc_flag(data, "abandon", false));
    doc_set(execution, "stop", stop);
    doc_set_str(arena, trigger, "reason", doc_text(data, "reason"));
    doc_set(execution, "stopTrigger", doc_count(trigger) ? trigger : NULL);
    if (run_is(execution, "phase", "waiting")) {
        run_finish(step, execution, "Stopped", doc_text(data, "reason"));
        return;
    }
    if (!run_is(execution, "status", "Stopping")) {
        doc_set_str(arena, execution, "status", STR("Stopping"));
        run_note_stage(step, execution, "Stopping");
        run_publish_pipeline(step, execution, "STOPPING");
        run_publish_stage(step, execution, "STOPPING");
    }
    run_touch(step, execution);
    if (doc_flag(data, "abandon", false)) end_actions(step, execution, "Abandoned");
}

// ---- Retrying ----

static Doc *reset_actions(Step *step, const Doc *execution, bool all) {
    Doc *actions = doc_list(step->arena);
    const Doc *declarations = doc_get(run_stage(step, execution), "actions");
    for (const Doc *one = doc_first(doc_get(execution, "actions")); one; one = one->next) {
        const Doc *declaration = doc_first(declarations);
        while (declaration && !str_eq(doc_text(declaration, "name"), doc_text(one, "actionName"))) declaration = declaration->next;
        bool keep = !all && run_is(one, "status", "Succeeded");
        if (declaration) doc_push(actions, keep ? doc_copy(step->arena, one) : action_record(step->arena, declaration));
    }
    return actions;
}

static void note_retry(Step *step, const Doc *execution) {
    Arena *arena = step->arena;
    Doc *stage = run_stage_state(step, run_stage_name(step, execution)), *retries = doc_map(arena);
    doc_set_int(arena, retries, "manualStageRetryAttempt", doc_number(doc_get(stage, "retries"), "manualStageRetryAttempt", 0) + 1);
    doc_set_str(arena, retries, "latestRetryTrigger", STR("ManualStageRetry"));
    doc_set(stage, "retries", retries);
}

void run_on_retry(Step *step) {
    Arena *arena = step->arena;
    const Doc *data = step->event->data;
    Doc *execution = doc_copy(arena, doc_get(data, "execution"));
    doc_set(execution, "stop", NULL);
    doc_set(execution, "stopTrigger", NULL);
    doc_set(execution, "statusSummary", NULL);
    doc_set_str(arena, execution, "status", STR("InProgress"));
    doc_set_str(arena, execution, "phase", STR("running"));
    doc_set_int(arena, execution, "attempt", doc_number(execution, "attempt", 1) + 1);
    keep_structure(step, doc_number(execution, "pipelineVersion", 1), doc_get(data, "structure"));
    doc_set(execution, "actions", reset_actions(step, execution, run_is(data, "mode", "ALL_ACTIONS")));
    doc_push(doc_get(step->state, "executions"), execution);
    run_note_stage(step, execution, "InProgress");
    note_retry(step, execution);
    run_touch(step, execution);
    run_publish_pipeline(step, execution, "RESUMED");
    run_publish_stage(step, execution, "RESUMED");
}

// ---- Transitions and structures ----

void run_on_transition(Step *step) {
    Arena *arena = step->arena;
    const Doc *data = step->event->data;
    Doc *transition = doc_map(arena);
    bool enabled = doc_flag(data, "enabled", true);
    doc_set_bool(arena, transition, "enabled", enabled);
    doc_set_str(arena, transition, "lastChangedBy", doc_text(data, "by"));
    doc_set_int(arena, transition, "lastChangedAt", step->now_ms);
    if (!enabled) doc_set_str(arena, transition, "disabledReason", doc_text(data, "reason"));
    doc_set(run_stage_state(step, doc_text(data, "stage")), run_is(data, "type", "Outbound") ? "outbound" : "inbound", transition);
}

// An execution goes on with the structure it started with, unless the stage it is in, or waits for, was edited or removed.
static bool is_cut(Step *step, const Doc *execution, const Doc *structure) {
    const Doc *before = run_stage(step, execution), *now = pipeline_stage(structure, doc_text(before, "name"));
    return !now || !doc_equal(before, now);
}

static void cancel(Step *step, Doc *execution) {
    if (run_is(execution, "phase", "running")) {
        end_actions(step, execution, "Abandoned");
        run_end_stage(step, execution, "Cancelled");
    } else {
        run_finish(step, execution, "Cancelled", STR_NONE);
    }
}

// Actions that the stage does not have any more are forgotten.
static void keep_actions(Step *step, Doc *stage, const Doc *declaration) {
    Doc *kept = doc_map(step->arena);
    for (const Doc *one = doc_first(doc_get(declaration, "actions")); one; one = one->next) {
        const Doc *latest = doc_get_str_key(doc_get(stage, "actions"), doc_text(one, "name"));
        if (latest) doc_put(kept, doc_text(one, "name"), doc_copy(step->arena, latest));
    }
    doc_set(stage, "actions", kept);
}

void run_on_update(Step *step) {
    const Doc *data = step->event->data, *structure = doc_get(data, "structure");
    for (Doc *one = doc_first(doc_get(step->state, "executions")); one; one = one->next) {
        if (is_cut(step, one, structure)) cancel(step, one);
    }
    int64_t version = doc_number(data, "version", 1);
    doc_set_int(step->arena, step->state, "version", version);
    keep_structure(step, version, structure);
    for (const Doc *stage = doc_first(doc_get(structure, "stages")); stage; stage = stage->next) {
        keep_actions(step, run_stage_state(step, doc_text(stage, "name")), stage);
    }
    run_schedule_polls(step);
}
