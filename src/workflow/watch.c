#include "workflow/watch.h"

#include <time.h>

enum { ABBREVIATED = 7 };

int64_t watch_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- The stages ----

static int64_t run_order(const Doc *action) { return doc_number(action, "runOrder", 1); }

// Actions by run order; equals in the order of the declaration.
static void add_activities(Arena *arena, StageView *stage, const Doc *actions) {
    int64_t done = 0;
    for (size_t left = doc_count(actions); left > 0;) {
        int64_t next = INT64_MAX;
        for (const Doc *action = doc_first(actions); action; action = action->next) {
            if (run_order(action) > done && run_order(action) < next) next = run_order(action);
        }
        if (next == INT64_MAX) break;
        for (const Doc *action = doc_first(actions); action; action = action->next) {
            if (run_order(action) != next) continue;
            Activity *activity = vec_push(&stage->activities);
            activity->name = str_copy(arena, doc_text(action, "name"));
            activity->category = str_copy(arena, doc_text(doc_get(action, "actionTypeId"), "category"));
            activity->provider = str_copy(arena, doc_text(doc_get(action, "actionTypeId"), "provider"));
            activity->question = str_copy(arena, doc_text(doc_get(action, "configuration"), "CustomData"));
            activity->notes = vec_of(arena, Str);
            activity->failures = vec_of(arena, Failure);
            activity->tail = arena_zalloc(arena, sizeof *activity->tail * TAIL_KEPT);
            left--;
        }
        done = next;
    }
}

static Doc *input_of(Arena *arena, const char *key, Str value) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, key, value);
    return input;
}

// How long each action took when it last succeeded: the newest come first. Nobody is stopped by not knowing it.
static void learn_usual_times(Watch *watch, Arena *arena) {
    Doc *input = input_of(arena, "pipelineName", watch->view.pipeline), *reply = NULL;
    doc_set_int(arena, input, "maxResults", 100);
    client_call(watch->client, arena, "codepipeline", "ListActionExecutions", input, &reply, NULL);
    for (const Doc *detail = doc_first(doc_get(reply, "actionExecutionDetails")); detail; detail = detail->next) {
        Activity *activity = view_find(&watch->view, doc_text(detail, "stageName"), doc_text(detail, "actionName"));
        bool earlier = !str_eq(doc_text(detail, "pipelineExecutionId"), watch->view.execution);
        if (!activity || activity->usual_ms || !earlier || !str_is(doc_text(detail, "status"), "Succeeded")) continue;
        activity->usual_ms = doc_number(detail, "lastUpdateTime", 0) - doc_number(detail, "startTime", 0);
    }
}

bool watch_open(const Client *client, Arena *arena, Str pipeline, Str execution, Watch *out, Error *e) {
    Doc *reply = NULL;
    TRY(client_call(client, arena, "codepipeline", "GetPipeline", input_of(arena, "name", pipeline), &reply, e));
    Watch watch = {.client = client, .arena = arena, .started_ms = watch_now_ms()};
    watch.view =
        (View){.arena = arena, .pipeline = str_copy(arena, pipeline), .execution = str_copy(arena, execution), .stages = vec_of(arena, StageView)};
    for (const Doc *each = doc_first(doc_get(doc_get(reply, "pipeline"), "stages")); each; each = each->next) {
        StageView *stage = vec_push(&watch.view.stages);
        stage->name = str_copy(arena, doc_text(each, "name"));
        stage->activities = vec_of(arena, Activity);
        add_activities(arena, stage, doc_get(each, "actions"));
    }
    watch.view.option = client->option;
    watch.view.state = STATE_RUNNING;
    learn_usual_times(&watch, arena);
    *out = watch;
    return true;
}

// ---- A look ----

static State state_of(Str status, bool approval) {
    if (str_is(status, "InProgress")) return approval ? STATE_APPROVAL : STATE_RUNNING;
    if (str_is(status, "Succeeded")) return STATE_SUCCEEDED;
    return str_is(status, "Failed") ? STATE_FAILED : STATE_STOPPED;
}

static void forget(Activity *activity, Arena *arena) {
    *activity = (Activity){.name = activity->name,
                           .category = activity->category,
                           .provider = activity->provider,
                           .question = activity->question,
                           .tail = activity->tail,
                           .usual_ms = activity->usual_ms,
                           .notes = vec_of(arena, Str),
                           .failures = vec_of(arena, Failure)};
}

// Plane time, unless the clock has jumped on the way: then what the person at the screen has waited.
static void measure(Activity *activity, int64_t now_ms) {
    if (!activity->seen_ms) activity->seen_ms = now_ms;
    int64_t seen = now_ms - activity->seen_ms, plane = activity->ended_ms - activity->started_ms;
    bool jumped = plane > seen + 2 * WATCH_EACH_MS + seen / 4;
    activity->elapsed_ms = state_is_over(activity->state) && !jumped ? plane : seen;
}

static void take_source(Activity *activity, Arena *arena, const Doc *detail) {
    Str branch = doc_text(doc_get(doc_get(detail, "input"), "configuration"), "BranchName");
    if (!activity->external_id.len || !branch.len) return;
    Str commit = str_sub(activity->external_id, 0, ABBREVIATED);
    activity->detail = str_format(arena, "%.*s@%.*s", STR_ARG(branch), STR_ARG(commit));
}

static void take_action(Watch *watch, const Doc *detail, int64_t now_ms) {
    Activity *activity = view_find(&watch->view, doc_text(detail, "stageName"), doc_text(detail, "actionName"));
    if (!activity) return;
    Str id = doc_text(detail, "actionExecutionId");
    if (activity->action_execution.len && !str_eq(activity->action_execution, id)) forget(activity, watch->arena); // tried again
    const Doc *result = doc_get(doc_get(detail, "output"), "executionResult");
    view_keep(watch->arena, &activity->action_execution, id);
    view_keep(watch->arena, &activity->external_id, doc_text(result, "externalExecutionId"));
    activity->state = state_of(doc_text(detail, "status"), str_is(activity->category, "Approval"));
    activity->started_ms = doc_number(detail, "startTime", 0);
    activity->ended_ms = doc_number(detail, "lastUpdateTime", 0);
    measure(activity, now_ms);
    Str problem = doc_text(doc_get(result, "errorDetails"), "message");
    if (!problem.len && activity->state == STATE_FAILED) problem = doc_text(result, "externalExecutionSummary");
    if (problem.len) view_keep(watch->arena, &activity->problem, problem);
    if (str_is(activity->category, "Source") && !activity->detail.len) take_source(activity, watch->arena, detail);
}

// The newest come first; of an action that was tried again only the first counts.
static bool look_at_actions(Watch *watch, Arena *arena, int64_t now_ms, Error *e) {
    Doc *input = input_of(arena, "pipelineName", watch->view.pipeline), *reply = NULL;
    doc_set(input, "filter", input_of(arena, "pipelineExecutionId", watch->view.execution));
    doc_set_int(arena, input, "maxResults", 100);
    TRY(client_call(watch->client, arena, "codepipeline", "ListActionExecutions", input, &reply, e));
    Doc *list = doc_get(reply, "actionExecutionDetails");
    for (const Doc *detail = doc_first(list); detail; detail = detail->next) {
        bool newest = true;
        for (const Doc *before = doc_first(list); before != detail && newest; before = before->next) {
            newest = !str_eq(doc_text(before, "stageName"), doc_text(detail, "stageName")) ||
                     !str_eq(doc_text(before, "actionName"), doc_text(detail, "actionName"));
        }
        if (newest) take_action(watch, detail, now_ms);
    }
    return true;
}

static bool look_at_execution(Watch *watch, Arena *arena, Error *e) {
    Doc *input = input_of(arena, "pipelineName", watch->view.pipeline), *reply = NULL;
    doc_set_str(arena, input, "pipelineExecutionId", watch->view.execution);
    TRY(client_call(watch->client, arena, "codepipeline", "GetPipelineExecution", input, &reply, e));
    const Doc *execution = doc_get(reply, "pipelineExecution");
    Str status = doc_text(execution, "status");
    if (str_is(status, "Stopping")) status = STR("InProgress");
    watch->view.state = state_of(status, false);
    Str summary = doc_text(execution, "statusSummary");
    if (!summary.len && str_is(status, "Superseded")) summary = STR("a newer execution took its place");
    view_keep(watch->arena, &watch->view.problem, summary.len || watch->view.state != STATE_STOPPED ? summary : status);
    return true;
}

static bool is_at_work(const View *view) {
    for (size_t i = 0; i < view->stages.len; i++) {
        State state = stage_state(vec_at(&view->stages, i));
        const StageView *stage = vec_at(&view->stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            const Activity *activity = vec_at(&stage->activities, j);
            if (activity->state == STATE_RUNNING || activity->state == STATE_APPROVAL || state == STATE_FAILED) return true;
        }
    }
    return state_is_over(view->state);
}

static const char *reason_to_wait(const Doc *state, Str execution) {
    for (const Doc *inbound = doc_first(doc_get(state, "inboundExecutions")); inbound; inbound = inbound->next) {
        if (!str_eq(doc_text(inbound, "pipelineExecutionId"), execution)) continue;
        bool enabled = doc_flag(doc_get(state, "inboundTransitionState"), "enabled", true);
        return enabled ? "waits until an earlier execution has left this stage" : "waits: the transition to this stage is disabled";
    }
    return NULL;
}

// Where nothing is at work something may be in the way: an execution before it, or a person who has closed the way.
static void look_at_waiting(Watch *watch, Arena *arena) {
    Doc *reply = NULL;
    bool asks = !is_at_work(&watch->view);
    if (asks) client_call(watch->client, arena, "codepipeline", "GetPipelineState", input_of(arena, "name", watch->view.pipeline), &reply, NULL);
    const Doc *state = doc_first(doc_get(reply, "stageStates"));
    for (size_t i = 0; i < watch->view.stages.len; i++, state = state ? state->next : NULL) {
        const char *reason = reason_to_wait(state, watch->view.execution);
        ((StageView *)vec_at(&watch->view.stages, i))->waits = reason ? str_of(reason) : STR_NONE;
    }
}

static bool is_rolling_back(const Activity *activity) { return activity->rollback.len && !state_is_over(activity->rollback_state); }

bool watch_is_over(const Watch *watch) {
    for (size_t i = 0; i < watch->view.stages.len; i++) {
        const StageView *stage = vec_at(&watch->view.stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) {
            if (is_rolling_back(vec_at(&stage->activities, j))) return false;
        }
    }
    return state_is_over(watch->view.state);
}

static void look_closer(Watch *watch, Arena *arena, Activity *activity) {
    bool builds = str_is(activity->provider, "CodeBuild"), deploys = str_is(activity->provider, "CodeDeploy");
    if (is_rolling_back(activity)) deploy_roll_back(watch, arena, activity);
    if (activity->state == STATE_WAITING || activity->settled || !activity->external_id.len) return;
    if (builds) build_follow(watch, arena, activity);
    if (deploys) deploy_follow(watch, arena, activity);
    if (!state_is_over(activity->state)) return;
    activity->settled = true;
    if (builds) build_settle(watch, arena, activity);
    if (deploys) deploy_settle(watch, arena, activity);
}

bool watch_look(Watch *watch, Error *e) {
    AUTO_ARENA arena = arena_new();
    int64_t now_ms = watch_now_ms();
    TRY(look_at_execution(watch, arena, e)); // before the actions: when it is over, so are they
    TRY(look_at_actions(watch, arena, now_ms, e));
    for (size_t i = 0; i < watch->view.stages.len; i++) {
        StageView *stage = vec_at(&watch->view.stages, i);
        for (size_t j = 0; j < stage->activities.len; j++) look_closer(watch, arena, vec_at(&stage->activities, j));
    }
    look_at_waiting(watch, arena);
    watch->view.elapsed_ms = watch_now_ms() - watch->started_ms;
    return true;
}
