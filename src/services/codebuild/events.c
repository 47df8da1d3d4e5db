// The events that tell of a build, in the shapes of "CodeBuild Build State Change" and "CodeBuild Build Phase Change" (user guide, "Build notifications input
// format reference").
#include "formats/timestamps.h"
#include "services/codebuild/codebuild.h"

// Sep 1, 2017 4:12:29 PM
static Str shown_time(Arena *arena, int64_t ms) {
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    TimeParts t = time_split(ms);
    int hour = t.hour % 12 ? t.hour % 12 : 12;
    return str_format(arena, "%s %d, %lld %d:%02d:%02d %s", MONTHS[t.month - 1], t.day, (long long)t.year, hour, t.minute, t.second,
                      t.hour < 12 ? "AM" : "PM");
}

typedef struct Renamed {
    const char *from, *to;
} Renamed;

static Doc *renamed(Arena *arena, const Doc *from, const Renamed *names) {
    Doc *out = doc_map(arena);
    for (; names->from; names++) {
        const Doc *member = doc_get(from, names->from);
        if (member) doc_set(out, names->to, doc_copy(arena, member));
    }
    return out;
}

static void set_time(Arena *arena, Doc *out, const char *as, const Doc *from, const char *member) {
    if (doc_get(from, member)) doc_set_str(arena, out, as, shown_time(arena, doc_number(from, member, 0)));
}

// "CODE: message", ": " when there was nothing to say.
static Str shown_context(Arena *arena, const Doc *context) {
    return str_format(arena, "%.*s: %.*s", STR_ARG(doc_text(context, "statusCode")), STR_ARG(doc_text(context, "message")));
}

static Doc *phase_of(Arena *arena, const Doc *phase) {
    static const Renamed NAMES[] = {
        {"durationInSeconds", "duration-in-seconds"}, {"phaseType", "phase-type"}, {"phaseStatus", "phase-status"}, {NULL, NULL}};
    Doc *out = renamed(arena, phase, NAMES), *contexts = doc_list(arena);
    for (const Doc *one = doc_first(doc_get(phase, "contexts")); one; one = one->next) doc_push_str(arena, contexts, shown_context(arena, one));
    if (doc_get(phase, "phaseStatus")) doc_set(out, "phase-context", contexts);
    set_time(arena, out, "start-time", phase, "startTime");
    set_time(arena, out, "end-time", phase, "endTime");
    return out;
}

static Doc *information(Arena *arena, const Doc *build) {
    static const Renamed NAMES[] = {{"timeoutInMinutes", "timeout-in-minutes"},
                                    {"queuedTimeoutInMinutes", "queued-timeout-in-minutes"},
                                    {"buildComplete", "build-complete"},
                                    {"buildNumber", "build-number"},
                                    {"initiator", "initiator"},
                                    {"source", "source"},
                                    {"sourceVersion", "source-version"},
                                    {"cache", "cache"},
                                    {"artifacts", "artifact"},
                                    {"exportedEnvironmentVariables", "exported-environment-variables"},
                                    {NULL, NULL}};
    static const Renamed ENVIRONMENT[] = {{"image", "image"},
                                          {"privilegedMode", "privileged-mode"},
                                          {"imagePullCredentialsType", "image-pull-credentials-type"},
                                          {"computeType", "compute-type"},
                                          {"type", "type"},
                                          {"environmentVariables", "environment-variables"},
                                          {NULL, NULL}};
    static const Renamed LOGS[] = {{"groupName", "group-name"}, {"streamName", "stream-name"}, {"deepLink", "deep-link"}, {NULL, NULL}};
    Doc *out = renamed(arena, build, NAMES), *phases = doc_list(arena);
    set_time(arena, out, "build-start-time", build, "startTime");
    doc_set(out, "environment", renamed(arena, doc_get(build, "environment"), ENVIRONMENT));
    doc_set(out, "logs", renamed(arena, doc_get(build, "logs"), LOGS));
    for (const Doc *phase = doc_first(doc_get(build, "phases")); phase; phase = phase->next) doc_push(phases, phase_of(arena, phase));
    doc_set(out, "phases", phases);
    return out;
}

static void publish(Step *step, const char *type, Doc *detail) {
    Arena *arena = step->arena;
    Doc *resources = doc_list(arena);
    doc_set_str(arena, detail, "project-name", doc_text(step->state, "projectName"));
    doc_set_str(arena, detail, "build-id", doc_text(step->state, "arn"));
    doc_set(detail, "additional-information", information(arena, step->state));
    doc_set_str(arena, detail, "version", STR("1"));
    doc_push_str(arena, resources, doc_text(step->state, "arn"));
    step_publish(step, "aws.codebuild", type, detail, resources);
}

void event_of_state(Step *step) {
    Doc *detail = doc_map(step->arena);
    doc_set_str(step->arena, detail, "build-status", doc_text(step->state, "buildStatus"));
    doc_set_str(step->arena, detail, "current-phase", doc_text(step->state, "currentPhase"));
    doc_set_str(step->arena, detail, "current-phase-context", STR("[]"));
    publish(step, "CodeBuild Build State Change", detail);
}

void event_of_phase(Step *step, const Doc *phase) {
    Arena *arena = step->arena;
    Doc *detail = doc_map(arena);
    const Doc *context = doc_first(doc_get(phase, "contexts"));
    Str shown = context ? shown_context(arena, context) : STR("");
    doc_set_str(arena, detail, "completed-phase", doc_text(phase, "phaseType"));
    doc_set_str(arena, detail, "completed-phase-status", doc_text(phase, "phaseStatus"));
    doc_set_str(arena, detail, "completed-phase-context", str_format(arena, "[%.*s]", STR_ARG(shown)));
    doc_set_int(arena, detail, "completed-phase-duration-seconds", doc_number(phase, "durationInSeconds", 0));
    set_time(arena, detail, "completed-phase-start", phase, "startTime");
    set_time(arena, detail, "completed-phase-end", phase, "endTime");
    publish(step, "CodeBuild Build Phase Change", detail);
}
