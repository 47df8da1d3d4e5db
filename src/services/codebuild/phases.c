// The phases of a build, as BatchGetBuilds shows them: each begins when the one before it ended.
#include "services/codebuild/codebuild.h"

static Doc *last_phase(const Step *step) {
    const Doc *phases = doc_get(step->state, "phases");
    return phases ? phases->as.children.last : NULL;
}

bool phase_is(const Step *step, const char *phase) { return str_is(doc_text(step->state, "currentPhase"), phase); }

void phase_begin(Step *step, const char *phase) {
    Doc *doc = doc_map(step->arena);
    int64_t first_ms = doc_number(step->state, "startTime", step->now_ms);
    doc_set_str(step->arena, doc, "phaseType", str_of(phase));
    doc_set_time(step->arena, doc, "startTime", doc_number(last_phase(step), "endTime", first_ms));
    doc_push(doc_get(step->state, "phases"), doc);
    doc_set_str(step->arena, step->state, "currentPhase", str_of(phase));
}

void phase_go_on(Step *step) {
    static const char *const ORDER[] = {"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE",  "INSTALL",
                                        "PRE_BUILD", "BUILD",  "POST_BUILD",   "UPLOAD_ARTIFACTS", "FINALIZING"};
    const Doc *phase = last_phase(step);
    if (!phase || !doc_get(phase, "endTime")) return;
    for (size_t i = 0; i + 1 < sizeof ORDER / sizeof *ORDER; i++) {
        if (str_is(doc_text(phase, "phaseType"), ORDER[i])) phase_begin(step, ORDER[i + 1]);
    }
}

static Doc *context_list(Arena *arena, const char *code, Str message) {
    Doc *list = doc_list(arena), *context = doc_map(arena);
    doc_set_str(arena, context, "statusCode", str_of(code));
    doc_set_str(arena, context, "message", str_copy(arena, message.at ? message : STR("")));
    doc_push(list, context);
    return list;
}

// Phases end in order, and none after now.
static int64_t settled_end(const Step *step, const Doc *phase, int64_t end_ms) {
    int64_t start_ms = doc_number(phase, "startTime", 0);
    if (end_ms > step->now_ms) end_ms = step->now_ms;
    return end_ms > start_ms ? end_ms : start_ms;
}

static void close_phase(Step *step, Doc *phase, Str status, int64_t end_ms, Doc *contexts) {
    end_ms = settled_end(step, phase, end_ms);
    doc_set_str(step->arena, phase, "phaseStatus", str_copy(step->arena, status));
    doc_set_time(step->arena, phase, "endTime", end_ms);
    doc_set_int(step->arena, phase, "durationInSeconds", (end_ms - doc_number(phase, "startTime", end_ms)) / 1000);
    doc_set(phase, "contexts", contexts);
    event_of_phase(step, phase);
}

void phase_end(Step *step, const char *status, const char *code, Str message) {
    Doc *phase = last_phase(step);
    if (!phase || doc_get(phase, "endTime")) return;
    close_phase(step, phase, str_of(status), step->now_ms, code ? context_list(step->arena, code, message) : NULL);
}

void phase_end_at(Step *step, Str name, Str status, int64_t end_ms, const Doc *contexts) {
    Doc *phase = last_phase(step);
    if (!phase || !str_eq(doc_text(phase, "phaseType"), name) || doc_get(phase, "endTime")) return;
    close_phase(step, phase, status, end_ms, doc_copy(step->arena, contexts));
}

void build_complete(Step *step, const char *status) {
    Arena *arena = step->arena;
    doc_set_str(arena, step->state, "buildStatus", str_of(status));
    doc_set_time(arena, step->state, "endTime", doc_number(last_phase(step), "endTime", step->now_ms));
    phase_begin(step, "COMPLETED");
    doc_set_bool(arena, step->state, "buildComplete", true);
    step_cancel_timer(step, STR("timeout"));
    step_cancel_timer(step, STR("queued"));
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "build", step->id);
    step_send(step, &CODEBUILD_QUEUE, STR("queue"), STR("done"), data);
    event_of_state(step);
    step_wake(step, str_cat(arena, STR("codebuild/"), step->id));
}
