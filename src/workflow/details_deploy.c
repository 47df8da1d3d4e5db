// A deployment: its lifecycle events while it runs; at its end where it stands, or which script failed and what it said, and how its rollback went.
#include "workflow/look.h"
#include "workflow/watch.h"

// "arn:…:instance/i-0ab" and "i-0ab" mean the same.
static Str bare_id(Str id) {
    ptrdiff_t slash = str_rfind_char(id, '/');
    return slash < 0 ? id : str_from(id, (size_t)slash + 1);
}

static Doc *deployment_input(Arena *arena, Str deployment) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "deploymentId", deployment);
    return input;
}

static const Doc *deployment_of(Watch *watch, Arena *arena, Str deployment) {
    Doc *reply = NULL;
    client_call(watch->client, arena, "codedeploy", "GetDeployment", deployment_input(arena, deployment), &reply, NULL);
    return doc_get(reply, "deploymentInfo");
}

static Doc *targets_of(Watch *watch, Arena *arena, Str deployment) {
    Doc *list = NULL, *reply = NULL;
    client_call(watch->client, arena, "codedeploy", "ListDeploymentTargets", deployment_input(arena, deployment), &list, NULL);
    Doc *ids = doc_get(list, "targetIds"), *input = deployment_input(arena, deployment);
    if (!doc_count(ids)) return NULL;
    doc_set(input, "targetIds", doc_copy(arena, ids));
    client_call(watch->client, arena, "codedeploy", "BatchGetDeploymentTargets", input, &reply, NULL);
    return doc_get(reply, "deploymentTargets");
}

static const Doc *event_with(const Doc *target, const char *status) {
    for (const Doc *event = doc_first(doc_get(target, "lifecycleEvents")); event; event = event->next) {
        if (str_is(doc_text(event, "status"), status)) return event;
    }
    return NULL;
}

// The deployment's log is what its events are.
static void say_event(Activity *activity, Arena *arena, const Doc *event, Str instance) {
    Str name = doc_text(event, "lifecycleEventName");
    Str line = str_format(arena, "%.*s on %.*s", STR_ARG(name), STR_ARG(instance));
    int64_t from = activity->said > TAIL_KEPT ? activity->said - TAIL_KEPT : 0;
    for (int64_t i = from; i < activity->said; i++) {
        if (str_eq(line, activity_line(activity, i))) return;
    }
    activity_say(activity, arena, line);
}

void deploy_follow(Watch *watch, Arena *arena, Activity *activity) {
    if (state_is_over(activity->state)) return;
    int64_t done = 0, all = 0;
    for (const Doc *each = doc_first(targets_of(watch, arena, activity->external_id)); each; each = each->next, all++) {
        const Doc *target = doc_get(each, "instanceTarget"), *event = event_with(target, "InProgress");
        done += str_is(doc_text(target, "status"), "Succeeded");
        if (event) say_event(activity, arena, event, bare_id(doc_text(target, "targetId")));
    }
    if (all)
        view_keep(watch->arena, &activity->detail,
                  str_format(arena, "%lld of %s", (long long)done, str_c(arena, human_count(arena, all, "instance", "instances"))));
}

// ---- The end ----

enum { HTTP_PORT = 80 };

// The port to ask of an instance: 80 when its security groups admit that (or nothing else), else the first that they admit.
static int64_t port_of(Watch *watch, Arena *arena, const Doc *instance) {
    Doc *input = doc_map(arena), *ids = doc_list(arena), *reply = NULL;
    int64_t first = HTTP_PORT;
    for (const Doc *group = doc_first(doc_get(instance, "SecurityGroups")); group; group = group->next)
        doc_push_str(arena, ids, doc_text(group, "GroupId"));
    if (!doc_count(ids)) return HTTP_PORT;
    doc_set(input, "GroupIds", ids);
    client_call(watch->client, arena, "ec2", "DescribeSecurityGroups", input, &reply, NULL);
    for (const Doc *group = doc_first(doc_get(reply, "SecurityGroups")); group; group = group->next) {
        for (const Doc *rule = doc_first(doc_get(group, "IpPermissions")); rule; rule = rule->next) {
            int64_t from = doc_number(rule, "FromPort", 0), to = doc_number(rule, "ToPort", 0);
            if (from <= HTTP_PORT && HTTP_PORT <= to) return HTTP_PORT;
            if (from > 0 && first == HTTP_PORT) first = from;
        }
    }
    return first;
}

static Str address_of(Watch *watch, Arena *arena, Str instance) {
    Doc *input = doc_map(arena), *ids = doc_list(arena), *reply = NULL;
    doc_push_str(arena, ids, bare_id(instance));
    doc_set(input, "InstanceIds", ids);
    client_call(watch->client, arena, "ec2", "DescribeInstances", input, &reply, NULL);
    const Doc *found = doc_first(doc_get(doc_first(doc_get(reply, "Reservations")), "Instances"));
    Str name = doc_text(found, "PublicDnsName");
    Str host = name.len ? name : doc_text(found, "PublicIpAddress");
    if (!host.len || str_find_char(host, ':') >= 0) return host;
    int64_t port = port_of(watch, arena, found);
    return port == HTTP_PORT ? host : str_format(arena, "%.*s:%lld", STR_ARG(host), (long long)port);
}

enum { SCRIPT_LINES = 3 };

// The last lines that the script itself said; the agent's headings only repeat what is known.
static Str script_tail(Arena *arena, Str log) {
    Str lines[SCRIPT_LINES] = {0}, text = STR("");
    size_t count = 0;
    for (Str line; !str_is_none(line = str_next_line(&log));) {
        bool heading = str_starts(line, STR("LifecycleEvent - ")) || str_starts(line, STR("Script - ")) || !str_trim(line).len;
        if (!heading) lines[count++ % SCRIPT_LINES] = line;
    }
    for (size_t i = count > SCRIPT_LINES ? count - SCRIPT_LINES : 0; i < count; i++) {
        text = str_format(arena, "%.*s\n%.*s", STR_ARG(text), STR_ARG(lines[i % SCRIPT_LINES]));
    }
    return text;
}

static void take_script(Watch *watch, Arena *arena, Activity *activity, const Doc *target) {
    const Doc *event = event_with(target, "Failed"), *diagnostics = doc_get(event, "diagnostics");
    if (!event) return;
    Str name = doc_text(event, "lifecycleEventName"), script = doc_text(diagnostics, "scriptName"), message = doc_text(diagnostics, "message");
    Str log = doc_text(diagnostics, "logTail"), instance = bare_id(doc_text(target, "targetId"));
    Failure failure = {.name = str_format(watch->arena, "%.*s on %.*s", STR_ARG(name), STR_ARG(instance)), .place = str_copy(watch->arena, script)};
    Str tail = str_cat(arena, message, script_tail(arena, log));
    failure.message = str_copy(watch->arena, str_trim(tail));
    activity->failure_count++;
    if (activity->failures.len < FAILURES_MOST) vec_add(&activity->failures, Failure, failure);
}

static const char ROLLING_BACK[] = ", rolling back";

static void take_information(Watch *watch, Arena *arena, Activity *activity) {
    const Doc *info = deployment_of(watch, arena, activity->external_id);
    Str message = doc_text(doc_get(info, "errorInformation"), "message"), rollback = doc_text(doc_get(info, "rollbackInfo"), "rollbackDeploymentId");
    if (message.len) activity->problem = str_copy(watch->arena, message);
    if (!rollback.len) return;
    activity->rollback = str_copy(watch->arena, rollback);
    activity->rollback_state = STATE_RUNNING;
    activity->detail = str_cat(watch->arena, activity->detail, str_of(ROLLING_BACK));
}

void deploy_roll_back(Watch *watch, Arena *arena, Activity *activity) {
    Str status = doc_text(deployment_of(watch, arena, activity->rollback), "status");
    bool good = str_is(status, "Succeeded");
    if (!good && !str_is(status, "Failed") && !str_is(status, "Stopped")) return;
    activity->rollback_state = good ? STATE_SUCCEEDED : STATE_FAILED;
    Str before = str_strip_suffix(activity->detail, str_of(ROLLING_BACK));
    activity->detail = str_cat(watch->arena, before, good ? STR(", rolled back") : STR(", and the rollback failed"));
    for (const Doc *each = doc_first(targets_of(watch, arena, activity->rollback)); each; each = each->next) {
        const Doc *target = doc_get(each, "instanceTarget");
        if (!str_is(doc_text(target, "status"), "Succeeded")) continue;
        activity->rolled_back++;
        if (!activity->address.len) activity->address = str_copy(watch->arena, address_of(watch, arena, doc_text(target, "targetId")));
    }
}

void deploy_settle(Watch *watch, Arena *arena, Activity *activity) {
    int64_t all = 0;
    activity->instances = 0;
    for (const Doc *each = doc_first(targets_of(watch, arena, activity->external_id)); each; each = each->next, all++) {
        const Doc *target = doc_get(each, "instanceTarget");
        bool good = str_is(doc_text(target, "status"), "Succeeded");
        activity->instances += good;
        if (good && !activity->address.len) activity->address = str_copy(watch->arena, address_of(watch, arena, doc_text(target, "targetId")));
        if (!good) take_script(watch, arena, activity, target);
    }
    Str counted = human_count(arena, all, "instance", "instances");
    activity->detail = str_format(watch->arena, "%lld of %.*s%s%.*s", (long long)activity->instances, STR_ARG(counted),
                                  activity->address.len ? ", http://" : "", STR_ARG(activity->address));
    if (activity->state == STATE_FAILED) take_information(watch, arena, activity);
}
