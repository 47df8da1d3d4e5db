// One instance's part in a deployment.
//
//     begin ──runs──▶ its role ──▶ job "stop" ──▶ the revision from S3, as its role ──▶ job "deploy" ──▶ Succeeded
//        └──not within 5 minutes──▶ Failed ◀──────────────── whatever fails ─────────────────┘
//
// Tags and timers: "look/ID" (does it run by now?), "role/ID", "bundle/ID", "job/ID", "kill/ID". An answer to a host that is over changes nothing.
#include "services/codedeploy/machine.h"

enum { AGENT_MS = 5 * 60 * 1000, LOOK_MS = 2000, GRACE_MS = 10000 };

#define AGENT_SILENT                                                                                                                                 \
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and make sure the agent is running " \
    "and "                                                                                                                                           \
    "can connect to the CodeDeploy server."

bool host_is(const Doc *target, const char *status) { return str_is(doc_text(target, "status"), status); }

static Str tag(Step *step, const char *what, const Doc *target) {
    return str_format(step->arena, "%s/%.*s", what, STR_ARG(doc_text(target, "targetId")));
}

static void note_instance(Step *step, Doc *target, const Doc *instance) {
    Str arn = doc_text(doc_get(instance, "IamInstanceProfile"), "Arn");
    doc_set_bool(step->arena, target, "$running", str_is(doc_text(doc_get(instance, "State"), "Name"), "running"));
    if (arn.len) doc_set_str(step->arena, target, "$profile", str_copy(step->arena, str_from(arn, (size_t)str_rfind_char(arn, '/') + 1)));
}

Doc *host_new(Step *step, const Doc *instance) {
    Arena *arena = step->arena;
    Doc *target = doc_map(arena);
    Str id = str_copy(arena, doc_text(instance, "InstanceId"));
    Str arn = str_format(arena, "arn:aws:ec2:%.*s:%.*s:instance/%.*s", STR_ARG(step->where.region), STR_ARG(step->where.account), STR_ARG(id));
    doc_set_str(arena, target, "deploymentId", step->id);
    doc_set_str(arena, target, "targetId", id);
    doc_set_str(arena, target, "targetArn", arn);
    doc_set_str(arena, target, "status", STR("Pending"));
    doc_set_time(arena, target, "lastUpdatedAt", step->now_ms);
    doc_set(target, "lifecycleEvents", events_new(arena));
    doc_set(target, "$launched", doc_copy(arena, doc_get(instance, "LaunchTime")));
    note_instance(step, target, instance);
    return target;
}

// ---- Ends ----

static void become(Step *step, Doc *target, const char *status, const char *published) {
    events_skip_rest(step, target);
    doc_set_str(step->arena, target, "status", str_of(status));
    step_cancel_timer(step, tag(step, "look", target));
    step_cancel_timer(step, tag(step, "kill", target));
    if (published) instance_publish(step, doc_text(target, "targetId"), published);
}

void host_skip(Step *step, Doc *target) { become(step, target, "Skipped", NULL); }

static void fail_event(Step *step, Doc *target, const char *event, Str message) {
    event_fail(step, target, str_of(event), message);
    become(step, target, "Failed", "FAILURE");
}

// ---- On its way ----

static bool is_stopping(const Step *step) { return doc_flag(step->state, "$stopping", false); }

static void ask_role(Step *step, Doc *target) {
    Doc *input = doc_map(step->arena);
    Str profile = doc_text(target, "$profile");
    if (!profile.len) {
        fail_event(step, target, "ApplicationStop",
                   STR(AGENT_SILENT " Missing credentials - please check if this instance was started with an IAM instance profile"));
        return;
    }
    doc_set_str(step->arena, input, "InstanceProfileName", profile);
    step_call(step, principal_root(step->arena, step->where.account), "iam", "GetInstanceProfile", input, NULL, tag(step, "role", target));
}

static void look_later(Step *step, Doc *target) { step_timer(step, tag(step, "look", target), TIMER_WAIT, step->now_ms + LOOK_MS); }

void host_begin(Step *step, Doc *target) {
    doc_set_str(step->arena, target, "status", STR("InProgress"));
    doc_set_int(step->arena, target, "$waitsUntil", step->now_ms + AGENT_MS);
    instance_publish(step, doc_text(target, "targetId"), "START");
    if (doc_flag(target, "$running", false)) {
        ask_role(step, target);
    } else {
        look_later(step, target);
    }
}

static void look(Step *step, Doc *target) {
    Doc *input = doc_map(step->arena), *ids = doc_list(step->arena);
    doc_push_str(step->arena, ids, doc_text(target, "targetId"));
    doc_set(input, "InstanceIds", ids);
    Principal role = deployment_role(step);
    step_call(step, role, "ec2", "DescribeInstances", input, NULL, tag(step, "look", target));
}

static void on_look(Step *step, Doc *target, const Doc *data) {
    const Doc *reservation = doc_first(doc_get(doc_get(data, "output"), "Reservations"));
    note_instance(step, target, doc_first(doc_get(reservation, "Instances")));
    if (doc_flag(target, "$running", false)) {
        ask_role(step, target);
    } else if (step->now_ms < doc_number(target, "$waitsUntil", 0)) {
        look_later(step, target);
    } else {
        fail_event(step, target, "ApplicationStop", STR(AGENT_SILENT));
    }
}

static void on_role(Step *step, Doc *target, const Doc *data) {
    const Doc *roles = doc_get(doc_get(doc_get(data, "output"), "InstanceProfile"), "Roles");
    Str role = doc_text(doc_first(roles), "Arn");
    if (!role.len) {
        fail_event(step, target, "ApplicationStop", STR(AGENT_SILENT " Missing credentials - the instance profile of this instance has no role"));
        return;
    }
    doc_set_str(step->arena, target, "$role", str_copy(step->arena, role));
    job_run(step, target, JOB_IS_STOP, NULL);
}

static void fetch(Step *step, Doc *target) {
    Arena *arena = step->arena;
    const Doc *location = doc_get(doc_get(step->state, "revision"), "s3Location");
    Doc *input = doc_map(arena);
    event_begin(step, target, STR("DownloadBundle"), step->now_ms);
    doc_set_str(arena, input, "Bucket", doc_text(location, "bucket"));
    doc_set_str(arena, input, "Key", doc_text(location, "key"));
    doc_set_str(arena, input, "VersionId", doc_text(location, "version"));
    Principal role = principal_role_for(arena, doc_text(target, "$role"), doc_text(target, "targetId"), "ec2.amazonaws.com", STR_NONE);
    step_call(step, role, "s3", "GetObject", input, NULL, tag(step, "bundle", target));
}

static Str bare(Arena *arena, Str etag) { return str_replace(arena, etag, STR("\""), STR("")); }

static void on_bundle(Step *step, Doc *target, const Doc *data) {
    Arena *arena = step->arena;
    Str wanted = doc_text(doc_get(doc_get(step->state, "revision"), "s3Location"), "eTag"), found = doc_text(doc_get(data, "output"), "ETag");
    if (!doc_flag(data, "ok", false)) {
        fail_event(step, target, "DownloadBundle", str_copy(arena, doc_text(doc_get(data, "error"), "message")));
    } else if (wanted.len && !str_eq(bare(arena, wanted), bare(arena, found))) {
        Str message = str_format(arena, "Expected deployment artifact bundle etag %.*s but was actually %.*s", STR_ARG(bare(arena, wanted)),
                                 STR_ARG(bare(arena, found)));
        fail_event(step, target, "DownloadBundle", message);
    } else {
        const Doc *body = doc_get(data, "body");
        job_run(step, target, JOB_IS_DEPLOY, body ? body : doc_map(arena));
    }
}

// ---- The jobs ----

// The agent sees plane time. What runs beside it on the instance could write anything: nothing happens later than now.
static void on_records(Step *step, Doc *target, const Doc *records) {
    for (const Doc *record = doc_first(records); record; record = record->next) {
        int64_t at = doc_number(record, "ms", step->now_ms);
        if (at > step->now_ms) at = step->now_ms;
        Str event = doc_text(record, "event");
        if (str_is(doc_text(record, "what"), "started")) event_begin(step, target, event, at);
        if (str_is(doc_text(record, "what"), "ended")) event_end(step, target, event, at, record, doc_flag(record, "ok", false));
    }
}

// What was under way when the job ended without a word.
static void end_unsaid(Step *step, Doc *target, const Doc *data) {
    Str event = event_under_way(target), reason = doc_text(data, "reason");
    const char *next = doc_number(target, "$job", 0) == JOB_IS_STOP ? "ApplicationStop" : "DownloadBundle";
    if (!event.len && event_is(target, next, "Pending")) event = str_of(next);
    if (!event.len) return;
    Str message = is_stopping(step)             ? STR("The deployment was stopped.")
                  : doc_flag(data, "ok", false) ? str_format(step->arena, "The agent ended with status %lld, signal %lld.",
                                                             (long long)doc_number(data, "exitCode", -1), (long long)doc_number(data, "signal", 0))
                                                : str_format(step->arena, AGENT_SILENT " %.*s", STR_ARG(reason));
    event_fail(step, target, event, message);
}

static bool has_failed(const Step *step, const Doc *target) {
    bool ignored = doc_flag(step->state, "ignoreApplicationStopFailures", false);
    for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        bool of_stop = str_is(doc_text(event, "lifecycleEventName"), "ApplicationStop");
        if (str_is(doc_text(event, "status"), "Failed") && !(of_stop && ignored)) return true;
    }
    return false;
}

static void on_exit(Step *step, Doc *target, const Doc *data) {
    bool was_stop = doc_number(target, "$job", JOB_IS_DEPLOY) == JOB_IS_STOP;
    end_unsaid(step, target, data);
    doc_set(target, "$job", NULL);
    if (has_failed(step, target)) {
        become(step, target, "Failed", "FAILURE");
    } else if (was_stop && is_stopping(step)) {
        host_skip(step, target);
    } else if (was_stop) {
        fetch(step, target);
    } else {
        become(step, target, "Succeeded", "SUCCESS");
    }
}

static void on_job(Step *step, Doc *target, const Doc *data) {
    if (str_is(doc_text(data, "what"), "control")) on_records(step, target, doc_get(data, "records"));
    if (doc_flag(data, "final", false)) on_exit(step, target, data);
}

// A script gets TERM, and KILL when it does not mind. Where no job is under way, what was asked for is not waited for.
void host_stop(Step *step, Doc *target) {
    if (doc_get(target, "$job")) {
        job_signal(step, target, "TERM");
        step_timer(step, tag(step, "kill", target), TIMER_WAIT, step->now_ms + GRACE_MS);
        return;
    }
    Str event = event_under_way(target);
    if (event.len) event_fail(step, target, event, STR("The deployment was stopped."));
    become(step, target, event.len ? "Failed" : "Skipped", event.len ? "FAILURE" : NULL);
}

// ---- Events ----

static Doc *find_target(const Step *step, Str id) {
    Doc *target = doc_first(doc_get(step->state, "$targets"));
    while (target && !str_eq(doc_text(target, "targetId"), id)) target = target->next;
    return target;
}

static void on_timer(Step *step, Doc *target, Str what) {
    if (str_is(what, "look")) look(step, target);
    if (str_is(what, "kill") && doc_get(target, "$job")) job_signal(step, target, "KILL");
}

static void on_reply(Step *step, Doc *target, Str what, const Doc *data) {
    if (str_is(what, "look")) on_look(step, target, data);
    if (str_is(what, "role")) on_role(step, target, data);
    if (str_is(what, "bundle")) on_bundle(step, target, data);
}

bool host_event(Step *step) {
    const Doc *data = step->event->data;
    bool is_timer = str_is(step->event->kind, "timer"), is_reply = str_is(step->event->kind, "reply");
    Str id = doc_text(data, is_timer ? "name" : "tag"), what = str_cut(&id, '/');
    Doc *target = find_target(step, id);
    if (!target || !host_is(target, "InProgress")) return false;
    if (is_timer) on_timer(step, target, what);
    if (is_reply) on_reply(step, target, what, data);
    if (str_is(step->event->kind, "effect") && str_is(what, "job")) on_job(step, target, data);
    return true;
}
