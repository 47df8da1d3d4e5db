// A build's life.
//
//     start: SUBMITTED, QUEUED ──go──▶ PROVISIONING ──log, source, sandbox──▶ the agent's phases ──job ended──▶ uploads ──▶ FINALIZING, COMPLETED
//                                          └──any failure────▶ FINALIZING, COMPLETED
//     "stop", timer "timeout" or "queued", a failure of PROVISIONING ────▶ job killed, COMPLETED
//
// Events: "start" {build}, "go" (from the queue), "stop", "permission" {tag, ok, message}, timers, replies and effects by their tags. The agent's control records
// move the phases (agent/journal.h). What the build leaves is collected after its job has ended (collect.c); then the sandbox goes.
#include "services/codebuild/codebuild.h"

extern const MachineType BUILD_MACHINE;

enum { MINUTE_MS = 60 * 1000 };

Principal build_principal(const Step *step) {
    Str project = codebuild_arn(step->arena, step->where, "project", doc_text(step->state, "projectName"));
    return principal_role_for(step->arena, doc_text(step->state, "serviceRole"),
                              str_cat(step->arena, STR("AWSCodeBuild-"), doc_text(step->state, "$uuid")), CODEBUILD_HOST, project);
}

void ask_permission(Step *step, const char *const *actions, Str resource, Str tag) {
    Arena *arena = step->arena;
    Principal principal = build_principal(step);
    Doc *detail = doc_map(arena), *asked = doc_list(arena);
    for (; *actions; actions++) doc_push_str(arena, asked, str_of(*actions));
    doc_set_str(arena, detail, "build", step->id);
    doc_set(detail, "actions", asked);
    doc_set_str(arena, detail, "resource", resource);
    doc_set_str(arena, detail, "tag", tag);
    doc_set(detail, "principal", principal_to_doc(arena, &principal));
    step_publish(step, "rehearse.codebuild", "Permission Check", detail, NULL);
}

static void destroy_sandbox(Step *step) {
    if (!doc_flag(step->state, "$sandbox", false)) return;
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "name", doc_text(step->state, "$uuid"));
    step_effect(step, "sandbox.destroy", arguments, STR("destroy"));
    doc_set(step->state, "$sandbox", NULL);
}

// What git.clone left, once the job has it or will never have it.
static void discard_archive(Step *step) {
    Str path = doc_text(step->state, "$archive");
    if (!path.at) return;
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "path", path);
    step_effect(step, "file.discard", arguments, STR("discard"));
    doc_set(step->state, "$archive", NULL);
}

static void discard_clone(Step *step) {
    Str path = doc_text(step->event->data, "path");
    if (!path.at) return;
    doc_set_str(step->arena, step->state, "$archive", str_copy(step->arena, path));
    discard_archive(step);
}

static void clear_up(Step *step) {
    destroy_sandbox(step);
    discard_archive(step);
    doc_set_str(step->arena, step->state, "$stage", STR("over"));
}

static void finish(Step *step, const char *status) {
    if (!phase_is(step, "FINALIZING")) phase_begin(step, "FINALIZING");
    phase_end(step, "SUCCEEDED", "", STR_NONE);
    clear_up(step);
    build_complete(step, status);
}

// A build that was stopped, timed out or never provided for is not finalised.
static void break_off(Step *step, const char *status) {
    clear_up(step);
    build_complete(step, status);
}

void build_fail(Step *step, const char *status, const char *code, Str message) {
    bool begun = !phase_is(step, "PROVISIONING");
    log_line_of(step, message);
    phase_go_on(step);
    phase_end(step, status, code, message);
    if (begun)
        finish(step, status);
    else
        break_off(step, status);
}

static void kill_job(Step *step) {
    Doc *arguments = doc_map(step->arena);
    doc_set_str(step->arena, arguments, "sandbox", doc_text(step->state, "$uuid"));
    doc_set_str(step->arena, arguments, "job", STR("build"));
    doc_set_str(step->arena, arguments, "signal", STR("KILL"));
    step_effect(step, "job.signal", arguments, STR("kill"));
}

static bool is_stage(const Step *step, const char *stage) { return str_is(doc_text(step->state, "$stage"), stage); }

// Stopped or timed out: the phase under way ends so, and with it the build. Its sandbox goes when its job is dead.
static void interrupt(Step *step, const char *status, const char *code, const char *message) {
    if (is_stage(step, "over") || is_stage(step, "dying")) return;
    phase_end(step, status, code, code ? str_of(message) : STR_NONE);
    if (!is_stage(step, "running")) {
        break_off(step, status);
        return;
    }
    doc_set_str(step->arena, step->state, "$stage", STR("dying"));
    kill_job(step);
    build_complete(step, status);
}

// ---- Events ----

static void on_start(Step *step) {
    Arena *arena = step->arena;
    step->state = doc_copy(arena, doc_get(step->event->data, "build"));
    Str id = doc_text(step->state, "id");
    doc_set_str(arena, step->state, "$uuid", str_from(id, (size_t)str_rfind_char(id, ':') + 1));
    doc_set_str(arena, step->state, "$stage", STR("queued"));
    phase_begin(step, "SUBMITTED");
    event_of_state(step);
    phase_end(step, "SUCCEEDED", NULL, STR_NONE);
    phase_begin(step, "QUEUED");
    step_timer(step, STR("queued"), TIMER_WAIT, step->now_ms + doc_number(step->state, "queuedTimeoutInMinutes", 480) * MINUTE_MS);
}

static void on_go(Step *step) {
    if (!is_stage(step, "queued")) return;
    phase_end(step, "SUCCEEDED", NULL, STR_NONE);
    step_cancel_timer(step, STR("queued"));
    step_timer(step, STR("timeout"), TIMER_WAIT, step->now_ms + doc_number(step->state, "timeoutInMinutes", 60) * MINUTE_MS);
    doc_set_str(step->arena, step->state, "$stage", STR("provisioning"));
    phase_begin(step, "PROVISIONING");
    provision_begin(step);
}

static void on_timer(Step *step, Str name) {
    if (str_is(name, "queued")) interrupt(step, "TIMED_OUT", "BUILD_QUEUED_TIMED_OUT", "Build has been queued for too long.");
    if (str_is(name, "timeout")) interrupt(step, "TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. ");
}

// ---- The agent's records ----

// The agent runs in a sandbox: its times are plane time.
static void on_phase(Step *step, const Doc *record) {
    Str phase = doc_text(record, "phase");
    if (str_is(doc_text(record, "event"), "started")) {
        phase_begin(step, str_c(step->arena, phase));
        return;
    }
    // UPLOAD_ARTIFACTS goes on here, with the calls of AWS: when the agent's part went well.
    bool failed = str_is(doc_text(record, "status"), "FAILED");
    if (str_is(phase, "UPLOAD_ARTIFACTS") && !failed) return;
    phase_end_at(step, phase, doc_text(record, "status"), doc_number(record, "ms", step->now_ms), doc_get(record, "contexts"));
}

static void on_record(Step *step, const Doc *record) {
    Str type = doc_text(record, "type");
    if (str_is(type, "phase")) on_phase(step, record);
    if (str_is(type, "variables")) doc_set(step->state, "exportedEnvironmentVariables", doc_copy(step->arena, doc_get(record, "exported")));
    if (str_is(type, "artifact") || str_is(type, "report")) collect_record(step, record);
    if (str_is(type, "final")) doc_set_str(step->arena, step->state, "$verdict", str_copy(step->arena, doc_text(record, "status")));
}

// The job has ended. Without the agent's verdict, something ended it.
static void on_exit(Step *step) {
    const Doc *data = step->event->data;
    log_flush(step);
    if (is_stage(step, "dying")) clear_up(step);
    if (!is_stage(step, "running")) return;
    if (!doc_get(step->state, "$verdict")) {
        bool lost = !doc_flag(data, "ok", false);
        Str why = lost ? doc_text(data, "reason")
                       : str_format(step->arena, "The build process ended with status %lld, signal %lld.",
                                    (long long)doc_number(data, "exitCode", -1), (long long)doc_number(data, "signal", 0));
        build_fail(step, "FAULT", "INTERNAL_SERVICE_ERROR", why);
        return;
    }
    doc_set_str(step->arena, step->state, "$stage", STR("collecting"));
    collect_begin(step);
}

static void on_job(Step *step) {
    const Doc *data = step->event->data;
    Str what = doc_text(data, "what");
    if (doc_flag(data, "final", false)) {
        on_exit(step);
    } else if (str_is(what, "output")) {
        log_chunks(step, doc_get(data, "chunks"));
    } else if (str_is(what, "control") && is_stage(step, "running")) {
        for (const Doc *record = doc_first(doc_get(data, "records")); record; record = record->next) on_record(step, record);
    }
}

static bool is_from(const Step *step, const char *kind) { return str_is(step->event->kind, kind); }

static void step_build(Step *step) {
    Str tag = doc_text(step->event->data, "tag");
    if (is_from(step, "start")) {
        if (!step->state) on_start(step);
        return;
    }
    if (is_from(step, "go")) on_go(step);
    if (is_from(step, "stop")) interrupt(step, "STOPPED", NULL, NULL);
    if (is_from(step, "timer")) on_timer(step, doc_text(step->event->data, "name"));
    if (is_from(step, "effect") && str_is(tag, "job")) on_job(step);
    if (is_stage(step, "provisioning") && provision_event(step)) return;
    if (is_stage(step, "collecting") && collect_event(step)) finish(step, str_c(step->arena, doc_text(step->state, "$verdict")));
    // A clone that was being made when the build was interrupted goes as soon as it is there.
    if (is_stage(step, "over") && str_is(tag, "clone")) discard_clone(step);
}

const MachineType BUILD_MACHINE = {.version = 1, .step = step_build};
