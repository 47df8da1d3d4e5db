// The instances of a deployment: which they are, how many at a time, and what their results mean for all (user guide, "Instance health" and "Deployment
// configurations").
//
// An instance may be begun as long as, without it, as many stay healthy as the configuration wants kept. When none may be begun and none is under way, it is
// over: successful when enough succeeded, and what was not begun is skipped. So CodeDeployDefault.OneAtATime stops at the first failure, unless that was the
// last instance: then one may be down, and the deployment has succeeded.
#include "services/codedeploy/machine.h"

#define TOO_MANY_FAILED                                                                                                                   \
    "The overall deployment failed because too many individual instances failed deployment, too few healthy instances are available for " \
    "deployment, "                                                                                                                        \
    "or some instances in your deployment group are experiencing problems."

// ---- Finding them ----

Principal deployment_role(const Step *step) {
    Str app = doc_text(step->state, "applicationName"), name = doc_text(step->state, "deploymentGroupName");
    Str group = codedeploy_arn(step->arena, step->where, "deploymentgroup", group_id_of(step->arena, app, name));
    return principal_role_for(step->arena, doc_text(step->state, "$serviceRole"), step->id, CODEDEPLOY_HOST, group);
}

void fleet_find(Step *step) {
    static const char *const STATES[] = {"pending", "running", "stopping", "stopped"};
    Arena *arena = step->arena;
    Doc *input = doc_map(arena), *filters = doc_list(arena), *filter = doc_map(arena), *values = doc_list(arena);
    for (size_t i = 0; i < 4; i++) doc_push_str(arena, values, str_of(STATES[i]));
    doc_set_str(arena, filter, "Name", STR("instance-state-name"));
    doc_set(filter, "Values", values);
    doc_push(filters, filter);
    doc_set(input, "Filters", filters);
    Principal role = deployment_role(step);
    step_call(step, role, "ec2", "DescribeInstances", input, NULL, STR("instances"));
}

static bool tag_matches(const Doc *instance, const Doc *filter) {
    Str key = doc_text(filter, "Key"), value = doc_str(doc_get(filter, "Value"), STR("")), type = doc_text(filter, "Type");
    bool any_key = str_is(type, "VALUE_ONLY"), any_value = str_is(type, "KEY_ONLY");
    for (const Doc *tag = doc_first(doc_get(instance, "Tags")); tag; tag = tag->next) {
        bool same_key = str_eq(doc_text(tag, "Key"), key), same_value = str_eq(doc_str(doc_get(tag, "Value"), STR("")), value);
        if ((any_key || same_key) && (any_value || same_value)) return true;
    }
    return false;
}

static bool any_matches(const Doc *instance, const Doc *filters) {
    for (const Doc *filter = doc_first(filters); filter; filter = filter->next) {
        if (tag_matches(instance, filter)) return true;
    }
    return false;
}

// Any of ec2TagFilters, or one of each list of ec2TagSet.
static bool is_member(const Step *step, const Doc *instance) {
    const Doc *sets = doc_first(doc_get(doc_get(step->state, "$tagSet"), "ec2TagSetList"));
    if (!sets) return any_matches(instance, doc_get(step->state, "$tagFilters"));
    for (const Doc *set = sets; set; set = set->next) {
        if (!any_matches(instance, set)) return false;
    }
    return true;
}

// ---- Order: those whose last deployment failed first, then the eldest ----

static bool is_unhealthy(const Step *step, const Doc *target) {
    for (const Doc *id = doc_first(doc_get(doc_get(step->state, "$groupState"), "$unhealthy")); id; id = id->next) {
        if (str_eq(doc_str(id, STR("")), doc_text(target, "targetId"))) return true;
    }
    return false;
}

static bool is_before(const Step *step, const Doc *a, const Doc *b) {
    bool sick_a = is_unhealthy(step, a), sick_b = is_unhealthy(step, b);
    int64_t launched_a = doc_number(a, "$launched", 0), launched_b = doc_number(b, "$launched", 0);
    if (sick_a != sick_b) return sick_a;
    if (launched_a != launched_b) return launched_a < launched_b;
    return str_cmp(doc_text(a, "targetId"), doc_text(b, "targetId")) < 0;
}

static void insert_in_order(const Step *step, Doc *list, Doc *target) {
    Doc *sorted = doc_list(step->arena), *next;
    bool placed = false;
    for (Doc *one = doc_first(list); one; one = next) {
        next = one->next;
        if (!placed && is_before(step, target, one)) doc_push(sorted, target);
        placed = placed || is_before(step, target, one);
        one->next = NULL;
        doc_push(sorted, one);
    }
    if (!placed) doc_push(sorted, target);
    list->as.children.first = sorted->as.children.first;
    list->as.children.last = sorted->as.children.last;
    list->count = sorted->count;
}

// ---- How many at a time ----

typedef struct Minimum {
    int64_t kept, required; // healthy while it runs; successful at its end
} Minimum;

static Minimum minimum_of(const Step *step, int64_t count) {
    const Doc *minimum = doc_get(step->state, "$minimum");
    Str type = doc_text(minimum, "type"), name = doc_text(step->state, "deploymentConfigName");
    int64_t value = doc_number(minimum, "value", 0), half = (count + 1) / 2;
    if (str_is(type, "MOST_CONCURRENCY")) return (Minimum){count - value, count > value ? count - value : 1};
    if (str_is(name, "CodeDeployDefault.HalfAtATime")) return (Minimum){count == 1 ? 0 : half, half};
    int64_t kept = str_is(type, "FLEET_PERCENT") ? (count * value + 99) / 100 : value;
    return (Minimum){kept, kept ? kept : 1};
}

static int64_t count_of(const Step *step, const char *status) {
    int64_t count = 0;
    for (const Doc *target = doc_first(doc_get(step->state, "$targets")); target; target = target->next) count += host_is(target, status);
    return count;
}

static Doc *next_pending(const Step *step) {
    Doc *target = doc_first(doc_get(step->state, "$targets"));
    while (target && !host_is(target, "Pending")) target = target->next;
    return target;
}

static void skip_pending(Step *step) {
    for (Doc *target; (target = next_pending(step));) host_skip(step, target);
}

static void end(Step *step, Minimum minimum) {
    skip_pending(step);
    if (doc_flag(step->state, "$stopping", false)) {
        deployment_finish(step, "Stopped");
    } else if (count_of(step, "Succeeded") >= minimum.required) {
        deployment_finish(step, "Succeeded");
    } else {
        deployment_fail(step, "HEALTH_CONSTRAINTS", STR(TOO_MANY_FAILED));
    }
}

void fleet_go_on(Step *step) {
    int64_t count = (int64_t)doc_count(doc_get(step->state, "$targets"));
    Minimum minimum = minimum_of(step, count);
    bool stopping = doc_flag(step->state, "$stopping", false);
    for (Doc *target; !stopping && (target = next_pending(step));) {
        int64_t down = count_of(step, "InProgress") + count_of(step, "Failed");
        if (count - down - 1 < minimum.kept) break;
        host_begin(step, target);
    }
    if (count_of(step, "InProgress") == 0) end(step, minimum);
}

// ---- Events ----

// updateOutdatedInstancesOnly leaves out who runs the revision already.
static bool is_left_out(const Step *step, const Doc *instance) {
    if (!doc_flag(step->state, "updateOutdatedInstancesOnly", false)) return false;
    Doc *runs = doc_get_str_key(doc_get(doc_get(step->state, "$groupState"), "$revisions"), doc_text(instance, "InstanceId"));
    Str wanted = revision_key(step->arena, STR(""), doc_get(step->state, "revision"));
    return runs && str_eq(doc_str(runs, STR("")), wanted);
}

static void collect(Step *step, const Doc *reservations) {
    Doc *targets = doc_get(step->state, "$targets");
    for (const Doc *reservation = doc_first(reservations); reservation; reservation = reservation->next) {
        for (const Doc *instance = doc_first(doc_get(reservation, "Instances")); instance; instance = instance->next) {
            if (is_member(step, instance) && !is_left_out(step, instance)) insert_in_order(step, targets, host_new(step, instance));
        }
    }
}

static void begin(Step *step) {
    int64_t count = (int64_t)doc_count(doc_get(step->state, "$targets"));
    if (count == 0) {
        deployment_fail(
            step, "NO_INSTANCES",
            STR("The deployment failed because no instances were found for your deployment group. Check your deployment group settings to make sure "
                "the tags for your Amazon EC2 instances or Auto Scaling groups correctly identify the instances you want to deploy to, and then "
                "try again."));
        return;
    }
    doc_set_str(step->arena, step->state, "status", STR("InProgress"));
    doc_set_time(step->arena, step->state, "startTime", step->now_ms);
    doc_set_str(step->arena, doc_get(doc_get(step->state, "$groupState"), "lastAttemptedDeployment"), "status", STR("InProgress"));
    deployment_put_group_state(step);
    deployment_publish(step, "START");
    if (minimum_of(step, count).kept >= count) {
        skip_pending(step);
        deployment_fail(
            step, "HEALTH_CONSTRAINTS_INVALID",
            STR("The deployment can't start because the minimum number of healthy instances, as defined by your deployment configuration, are not "
                "available. You can reduce the required number of healthy instances by updating your deployment configuration or increase the "
                "number of instances in this deployment group."));
        return;
    }
    fleet_go_on(step);
}

// AWS's words, and behind them what was refused.
static void fail_by_role(Step *step, Str why) {
    Arena *arena = step->arena;
    Str role = doc_text(step->state, "$serviceRole"), text;
    bool is_missing = str_ends(why, STR("because the role does not exist"));
    if (is_missing) {
        text =
            str_format(arena,
                       "The deployment failed because no service role exists with the service role name that is specified for the deployment group "
                       "(%.*s). Make sure you are using the correct service role name.",
                       STR_ARG(role));
    } else if (str_find(why, STR("sts:AssumeRole")) >= 0) {
        text = str_format(arena, "AWS CodeDeploy does not have the permissions required to assume the role %.*s.", STR_ARG(role));
    } else {
        text = str_format(
            arena,
            "The IAM role %.*s does not give you permission to perform operations in the following AWS service: AmazonEC2. Contact your AWS "
            "administrator if you need help. If you are an AWS administrator, you can grant permissions to your users or groups by "
            "creating IAM policies.",
            STR_ARG(role));
    }
    deployment_fail(step, is_missing ? "IAM_ROLE_MISSING" : "IAM_ROLE_PERMISSIONS", str_format(arena, "%.*s %.*s", STR_ARG(text), STR_ARG(why)));
}

static void on_instances(Step *step, const Doc *data) {
    if (doc_flag(step->state, "$stopping", false)) {
        deployment_finish(step, "Stopped");
        return;
    }
    if (doc_flag(data, "ok", false)) {
        collect(step, doc_get(doc_get(data, "output"), "Reservations"));
        begin(step);
        return;
    }
    fail_by_role(step, doc_text(doc_get(data, "error"), "message"));
}

bool fleet_event(Step *step) {
    if (!str_is(doc_text(step->event->data, "tag"), "instances") || !str_is(step->event->kind, "reply")) return false;
    on_instances(step, step->event->data);
    return true;
}

// Without an answer yet to which instances there are, the answer ends it.
void fleet_stop(Step *step) {
    if (!doc_get(step->state, "startTime")) return;
    skip_pending(step);
    for (Doc *target = doc_first(doc_get(step->state, "$targets")); target; target = target->next) {
        if (host_is(target, "InProgress")) host_stop(step, target);
    }
    fleet_go_on(step);
}
