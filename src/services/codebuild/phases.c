// The phases of a build, as BatchGetBuilds shows them, and the events that tell of them.
#include "services/codebuild/codebuild.h"

static Doc *last_phase(const Step *step) {
    const Doc *phases = doc_get(step->state, "phases");
    return phases ? phases->as.children.last : NULL;
}

bool phase_is(const Step *step, const char *phase) { return str_is(doc_text(step->state, "currentPhase"), phase); }

void build_publish(Step *step, const char *detail_type) {
    Arena *arena = step->arena;
    Doc *detail = doc_map(arena), *information = doc_map(arena), *resources = doc_list(arena);
    static const char *const SHOWN[] = {"artifacts",
                                        "environment",
                                        "timeoutInMinutes",
                                        "buildComplete",
                                        "initiator",
                                        "source",
                                        "sourceVersion",
                                        "logs",
                                        "phases",
                                        "queuedTimeoutInMinutes",
                                        "exportedEnvironmentVariables"};
    static const char *const NAMES[] = {"artifact",
                                        "environment",
                                        "timeout-in-minutes",
                                        "build-complete",
                                        "initiator",
                                        "source",
                                        "source-version",
                                        "logs",
                                        "phases",
                                        "queued-timeout-in-minutes",
                                        "exported-environment-variables"};
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        const Doc *member = doc_get(step->state, SHOWN[i]);
        if (member) doc_set(information, NAMES[i], doc_copy(arena, member));
    }
    doc_set_str(arena, detail, "build-status", doc_text(step->state, "buildStatus"));
    doc_set_str(arena, detail, "project-name", doc_text(step->state, "projectName"));
    doc_set_str(arena, detail, "build-id", doc_text(step->state, "arn"));
    doc_set_str(arena, detail, "current-phase", doc_text(step->state, "currentPhase"));
    doc_set_str(arena, detail, "version", STR("1"));
    doc_set(detail, "additional-information", information);
    doc_push_str(arena, resources, doc_text(step->state, "arn"));
    step_publish(step, "aws.codebuild", detail_type, detail, resources);
}

static void publish_phase(Step *step, const Doc *phase) {
    Arena *arena = step->arena;
    Doc *detail = doc_map(arena), *resources = doc_list(arena);
    doc_set_str(arena, detail, "completed-phase", doc_text(phase, "phaseType"));
    doc_set_str(arena, detail, "completed-phase-status", doc_text(phase, "phaseStatus"));
    doc_set_int(arena, detail, "completed-phase-duration-seconds", doc_number(phase, "durationInSeconds", 0));
    doc_set_str(arena, detail, "project-name", doc_text(step->state, "projectName"));
    doc_set_str(arena, detail, "build-id", doc_text(step->state, "arn"));
    doc_set_str(arena, detail, "version", STR("1"));
    doc_push_str(arena, resources, doc_text(step->state, "arn"));
    step_publish(step, "aws.codebuild", "CodeBuild Build Phase Change", detail, resources);
}

void phase_begin(Step *step, const char *phase) {
    Doc *doc = doc_map(step->arena);
    doc_set_str(step->arena, doc, "phaseType", str_of(phase));
    doc_set_time(step->arena, doc, "startTime", step->now_ms);
    doc_push(doc_get(step->state, "phases"), doc);
    doc_set_str(step->arena, step->state, "currentPhase", str_of(phase));
}

static Doc *context_list(Arena *arena, const char *code, Str message) {
    Doc *list = doc_list(arena), *context = doc_map(arena);
    doc_set_str(arena, context, "statusCode", str_of(code ? code : ""));
    doc_set_str(arena, context, "message", str_copy(arena, message));
    if (code) doc_push(list, context);
    return list;
}

static void close_phase(Step *step, Doc *phase, Str status, int64_t end_ms, Doc *contexts) {
    int64_t start_ms = doc_number(phase, "startTime", end_ms);
    doc_set_str(step->arena, phase, "phaseStatus", str_copy(step->arena, status));
    doc_set_time(step->arena, phase, "endTime", end_ms);
    doc_set_int(step->arena, phase, "durationInSeconds", (end_ms - start_ms) / 1000);
    doc_set(phase, "contexts", contexts);
    publish_phase(step, phase);
}

void phase_end(Step *step, const char *status, const char *code, Str message) {
    Doc *phase = last_phase(step);
    if (!phase || doc_get(phase, "endTime")) return;
    close_phase(step, phase, str_of(status), step->now_ms, context_list(step->arena, code, message));
}

// Of the phases that the agent tells about. Its times are wall time: only their lengths are taken over.
void phase_end_at(Step *step, Str name, Str status, int64_t start_ms, int64_t end_ms, const Doc *contexts) {
    Doc *phase = last_phase(step);
    if (!phase || !str_eq(doc_text(phase, "phaseType"), name) || doc_get(phase, "endTime")) return;
    int64_t length_ms = end_ms > start_ms ? end_ms - start_ms : 0, began_ms = doc_number(phase, "startTime", step->now_ms);
    int64_t end = began_ms + length_ms > step->now_ms ? began_ms + length_ms : step->now_ms;
    close_phase(step, phase, status, end, contexts ? doc_copy(step->arena, contexts) : doc_list(step->arena));
}

void build_complete(Step *step, const char *status) {
    Arena *arena = step->arena;
    doc_set_str(arena, step->state, "buildStatus", str_of(status));
    phase_begin(step, "COMPLETED");
    doc_set_bool(arena, step->state, "buildComplete", true);
    doc_set_time(arena, step->state, "endTime", step->now_ms);
    step_cancel_timer(step, STR("timeout"));
    step_cancel_timer(step, STR("queued"));
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "build", step->id);
    step_send(step, &CODEBUILD_QUEUE, STR("queue"), STR("done"), data);
    build_publish(step, "CodeBuild Build State Change");
    step_wake(step, str_cat(arena, STR("codebuild/"), step->id));
}
