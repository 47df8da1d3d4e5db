// Stages: who may enter which, when a stage ends, and where an execution goes from there.
//
// A stage is locked while an execution runs in it, unless that runs in PARALLEL mode. Before a locked or closed stage executions wait: of a SUPERSEDED pipeline
// only the newest (the others are over), of a QUEUED one all, in their order. A failure gives the lock back.
#include "services/codepipeline/run.h"

static bool is_parallel(const Doc *execution) { return run_is(execution, "executionMode", "PARALLEL"); }
static bool is_waiting(const Doc *execution) { return run_is(execution, "phase", "waiting"); }
static bool is_done(const Doc *execution) { return run_is(execution, "phase", "done"); }

// ---- Ends ----

void run_note_stage(Step *step, const Doc *execution, const char *status) {
    Doc *latest = doc_map(step->arena);
    doc_set_str(step->arena, latest, "pipelineExecutionId", doc_text(execution, "pipelineExecutionId"));
    doc_set_str(step->arena, latest, "status", str_of(status));
    doc_set_str(step->arena, latest, "type", doc_text(execution, "executionType"));
    doc_set(run_stage_state(step, run_stage_name(step, execution)), "latest", latest);
}

void run_finish(Step *step, Doc *execution, const char *status, Str summary) {
    doc_set_str(step->arena, execution, "status", str_of(status));
    doc_set_str(step->arena, execution, "phase", STR("done"));
    doc_set_str(step->arena, execution, "statusSummary", summary);
    run_touch(step, execution);
    run_publish_pipeline(step, execution,
                         str_is(str_of(status), "Cancelled") ? "CANCELED" : str_c(step->arena, str_upper(step->arena, str_of(status))));
}

static bool is_last_stage(Step *step, const Doc *execution) {
    if (run_is(execution, "executionType", "ROLLBACK")) return true;
    return (size_t)doc_number(execution, "stage", 0) + 1 == doc_count(doc_get(run_structure(step, execution), "stages"));
}

static void leave_stage(Step *step, Doc *execution) {
    if (is_last_stage(step, execution)) {
        run_finish(step, execution, "Succeeded", STR_NONE);
        return;
    }
    doc_set_int(step->arena, execution, "stage", doc_number(execution, "stage", 0) + 1);
    doc_set_str(step->arena, execution, "phase", STR("waiting"));
    run_touch(step, execution);
}

void run_end_stage(Step *step, Doc *execution, const char *status) {
    Str name = run_stage_name(step, execution);
    run_note_stage(step, execution, status);
    doc_put(doc_get(execution, "stages"), name, doc_of_str(step->arena, str_of(status)));
    run_publish_stage(step, execution, str_is(str_of(status), "Cancelled") ? "CANCELED" : str_c(step->arena, str_upper(step->arena, str_of(status))));
    if (str_is(str_of(status), "Succeeded")) {
        leave_stage(step, execution);
    } else {
        run_finish(step, execution, status, doc_text(doc_get(execution, "stopTrigger"), "reason"));
    }
}

// ---- Running ----

static size_t count_with(const Doc *actions, const char *status) {
    size_t count = 0;
    for (const Doc *one = doc_first(actions); one; one = one->next) count += run_is(one, "status", status);
    return count;
}

static int64_t next_order(const Doc *actions) {
    int64_t least = INT64_MAX;
    for (const Doc *one = doc_first(actions); one; one = one->next) {
        int64_t order = doc_number(one, "order", 1);
        if (!doc_get(one, "status") && order < least) least = order;
    }
    return least;
}

static void begin_group(Step *step, Doc *execution, int64_t order) {
    for (Doc *one = doc_first(doc_get(execution, "actions")); one; one = one->next) {
        if (!doc_get(one, "status") && doc_number(one, "order", 1) == order) action_begin(step, execution, one);
    }
}

// One move within the stage; false when something is still in progress.
static bool move_on(Step *step, Doc *execution) {
    const Doc *actions = doc_get(execution, "actions");
    if (count_with(actions, "InProgress")) return false;
    int64_t order = next_order(actions);
    if (doc_get(execution, "stop")) {
        run_end_stage(step, execution, "Stopped");
    } else if (count_with(actions, "Failed")) {
        run_end_stage(step, execution, "Failed");
    } else if (order < INT64_MAX) {
        begin_group(step, execution, order);
    } else {
        run_end_stage(step, execution, "Succeeded");
    }
    return true;
}

// ---- Entering ----

void run_enter_stage(Step *step, Doc *execution) {
    Doc *actions = doc_list(step->arena);
    for (const Doc *one = doc_first(doc_get(run_stage(step, execution), "actions")); one; one = one->next) {
        doc_push(actions, action_record(step->arena, one));
    }
    doc_set(execution, "actions", actions);
    doc_set_str(step->arena, execution, "phase", STR("running"));
    Doc *stage = run_stage_state(step, run_stage_name(step, execution));
    doc_set(stage, "retries", NULL);
    run_note_stage(step, execution, "InProgress");
    run_touch(step, execution);
    run_publish_stage(step, execution, "STARTED");
}

static bool is_closed(Step *step, Str stage, const char *side) { return !doc_flag(doc_get(run_stage_state(step, stage), side), "enabled", true); }

static bool transition_open(Step *step, const Doc *execution) {
    size_t index = (size_t)doc_number(execution, "stage", 0);
    if (is_closed(step, run_stage_name(step, execution), "inbound")) return false;
    const Doc *before = index ? doc_at(doc_get(run_structure(step, execution), "stages"), index - 1) : NULL;
    return !before || !is_closed(step, doc_text(before, "name"), "outbound");
}

static bool is_locked(Step *step, const Doc *execution) {
    Str name = run_stage_name(step, execution);
    for (const Doc *other = doc_first(doc_get(step->state, "executions")); other; other = other->next) {
        if (run_is(other, "phase", "running") && !is_parallel(other) && str_eq(run_stage_name(step, other), name)) return true;
    }
    return false;
}

// The next in a queue, or the newest: one that waits before the same stage, and is older or newer.
static bool is_behind(Step *step, const Doc *execution, bool a_newer_one) {
    int64_t sequence = doc_number(execution, "sequence", 0);
    Str name = run_stage_name(step, execution);
    for (const Doc *other = doc_first(doc_get(step->state, "executions")); other; other = other->next) {
        int64_t theirs = doc_number(other, "sequence", 0);
        if (!is_waiting(other) || is_parallel(other) || theirs == sequence || (theirs > sequence) != a_newer_one) continue;
        if (str_eq(run_stage_name(step, other), name)) return true;
    }
    return false;
}

static bool try_to_enter(Step *step, Doc *execution) {
    bool superseded_mode = run_is(execution, "executionMode", "SUPERSEDED") && !run_is(execution, "executionType", "ROLLBACK");
    if (superseded_mode && is_behind(step, execution, true)) {
        run_finish(step, execution, "Superseded", STR_NONE);
        return true;
    }
    if (!transition_open(step, execution)) return false;
    if (!is_parallel(execution) && (is_locked(step, execution) || is_behind(step, execution, false))) return false;
    run_enter_stage(step, execution);
    return true;
}

void run_settle(Step *step) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (Doc *execution = doc_first(doc_get(step->state, "executions")); execution; execution = execution->next) {
            if (is_done(execution)) continue;
            moved |= is_waiting(execution) ? try_to_enter(step, execution) : move_on(step, execution);
        }
    }
}
