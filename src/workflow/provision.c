#include "workflow/provision.h"

#include "workflow/look.h"

#include <unistd.h>

enum { START_LOOKS = 20, START_LOOK_US = 50000 }; // a second: a sandbox starts within milliseconds, on the first day within some seconds

bool provision_place(const Client *client, Arena *arena, Place *out, Error *e) {
    Doc *identity = NULL;
    TRY(client_call(client, arena, "sts", "GetCallerIdentity", NULL, &identity, e));
    *out = (Place){doc_text(identity, "Account"), client->region};
    return true;
}

static bool fail_step(const Step *step, Error *e) { return fail_within(e, "%s:%s", step->service, step->operation); }

static bool perform(const Client *client, Arena *arena, const Step *step, Error *e) {
    Error why = {0};
    if (client_call(client, arena, step->service, step->operation, step->input, NULL, &why)) return true;
    if (!step->exists || !error_is(&why, step->exists)) {
        if (e) *e = why;
        return fail_step(step, e);
    }
    return !step->update || client_call(client, arena, step->service, step->update, step->update_input, NULL, e) || fail_step(step, e);
}

// ---- Instances ----

static Doc *filter(Arena *arena, const char *name, Str value) {
    Doc *one = doc_map(arena), *values = doc_list(arena);
    doc_set_str(arena, one, "Name", str_of(name));
    doc_push_str(arena, values, value);
    doc_set(one, "Values", values);
    return one;
}

static Doc *filters(Arena *arena, Doc *first) {
    Doc *input = doc_map(arena), *list = doc_list(arena);
    doc_push(list, first);
    doc_set(input, "Filters", list);
    return input;
}

static bool find_group(const Client *client, Arena *arena, Str name, const Doc **group, Error *e) {
    Doc *out = NULL;
    TRY(client_call(client, arena, "ec2", "DescribeSecurityGroups", filters(arena, filter(arena, "group-name", name)), &out, e));
    *group = doc_first(doc_get(out, "SecurityGroups"));
    return true;
}

static bool make_group(const Client *client, Arena *arena, Str name, Str *id, Error *e) {
    Doc *input = doc_map(arena), *out = NULL;
    doc_set_str(arena, input, "GroupName", name);
    doc_set_str(arena, input, "Description", STR("What the rehearsal admits"));
    TRY(client_call(client, arena, "ec2", "CreateSecurityGroup", input, &out, e));
    *id = doc_text(out, "GroupId");
    return true;
}

static Doc *ingress(Arena *arena, Str group_id, Doc *permission) {
    Doc *input = doc_map(arena), *one = doc_list(arena);
    doc_push(one, permission);
    doc_set_str(arena, input, "GroupId", group_id);
    doc_set(input, "IpPermissions", one);
    return input;
}

// One call a port: a port that is admitted already must not keep the others out.
static bool admit_ports(const Client *client, Arena *arena, const Instance *instance, Str group_id, Error *e) {
    for (const Doc *port = doc_first(plan_ports(arena, &instance->ports)); port; port = port->next) {
        Doc *input = ingress(arena, group_id, doc_copy(arena, port));
        Error why = {0};
        if (client_call(client, arena, "ec2", "AuthorizeSecurityGroupIngress", input, NULL, &why)) continue;
        if (error_is(&why, "InvalidPermission.Duplicate")) continue;
        if (e) *e = why;
        return fail_within(e, "ec2:AuthorizeSecurityGroupIngress");
    }
    return true;
}

static bool is_wanted(const Instance *instance, int64_t port) {
    for (size_t i = 0; i < instance->ports.len; i++) {
        if (vec_get(&instance->ports, int64_t, i) == port) return true;
    }
    return false;
}

// A rule as admit_ports makes it: one TCP port, from everywhere.
static bool is_open_port(const Doc *rule) {
    if (!str_is(doc_text(rule, "IpProtocol"), "tcp") || doc_number(rule, "FromPort", -1) != doc_number(rule, "ToPort", -2)) return false;
    for (const Doc *range = doc_first(doc_get(rule, "IpRanges")); range; range = range->next) {
        if (str_is(doc_text(range, "CidrIp"), "0.0.0.0/0")) return true;
    }
    return false;
}

static bool close_ports(const Client *client, Arena *arena, const Instance *instance, const Doc *group, Vec *notes, Error *e) {
    for (const Doc *rule = doc_first(doc_get(group, "IpPermissions")); rule; rule = rule->next) {
        int64_t port = doc_number(rule, "FromPort", -1);
        if (!is_open_port(rule) || is_wanted(instance, port)) continue;
        Vec one = vec_of(arena, int64_t);
        vec_add(&one, int64_t, port);
        Doc *input = ingress(arena, doc_text(group, "GroupId"), doc_copy(arena, doc_first(plan_ports(arena, &one))));
        if (!client_call(client, arena, "ec2", "RevokeSecurityGroupIngress", input, NULL, e)) return fail_within(e, "ec2:RevokeSecurityGroupIngress");
        vec_add(notes, Str,
                str_format(arena, "%.*s no longer admits port %lld: rehearse.yaml does not say it", STR_ARG(instance->name), (long long)port));
    }
    return true;
}

// Those of this application: another one on the plane may have instances of the same name.
static bool find_living(const Client *client, Arena *arena, const Application *application, Str name, Vec *living, Error *e) {
    Doc *input = filters(arena, filter(arena, "tag:Name", name)), *list = doc_get(input, "Filters"), *out = NULL;
    Doc *state = filter(arena, "instance-state-name", STR("running"));
    doc_push_str(arena, doc_get(state, "Values"), STR("pending"));
    doc_push(list, state);
    doc_push(list, filter(arena, "tag:" PLAN_APPLICATION_TAG, application->name));
    TRY(client_call(client, arena, "ec2", "DescribeInstances", input, &out, e));
    for (const Doc *some = doc_first(doc_get(out, "Reservations")); some; some = some->next) {
        for (const Doc *one = doc_first(doc_get(some, "Instances")); one; one = one->next) vec_add(living, const Doc *, one);
    }
    return true;
}

static bool find_image(const Client *client, Arena *arena, Str *id, Error *e) {
    Doc *out = NULL;
    TRY(client_call(client, arena, "ec2", "DescribeImages", filters(arena, filter(arena, "name", STR("al2023-ami-*"))), &out, e));
    *id = doc_text(doc_first(doc_get(out, "Images")), "ImageId");
    return true;
}

// What the plane says of an instance that it could not start; none while it is starting, or when it runs.
static bool reason_of(const Doc *instance, bool *starting, Str *reason) {
    const Doc *why = doc_get(instance, "StateReason");
    if (str_is(doc_text(doc_get(instance, "State"), "Name"), "pending")) *starting = true;
    if (!str_starts(doc_text(why, "Code"), STR("Server."))) return false;
    *reason = doc_text(why, "Message");
    return true;
}

// A machine that cannot have instances says so at once: better now than as a deployment that finds none.
static bool check_start(const Client *client, Arena *arena, const Doc *made, Str name, Error *e) {
    Doc *input = doc_map(arena), *ids = doc_list(arena), *out = NULL;
    for (const Doc *one = doc_first(doc_get(made, "Instances")); one; one = one->next) doc_push_str(arena, ids, doc_text(one, "InstanceId"));
    doc_set(input, "InstanceIds", ids);
    bool starting = true;
    for (int i = 0; i < START_LOOKS && starting; i++) {
        Str reason;
        starting = false;
        if (i) usleep(START_LOOK_US);
        TRY(client_call(client, arena, "ec2", "DescribeInstances", input, &out, e));
        for (const Doc *some = doc_first(doc_get(out, "Reservations")); some; some = some->next) {
            for (const Doc *one = doc_first(doc_get(some, "Instances")); one; one = one->next) {
                if (reason_of(one, &starting, &reason)) return fail(e, "instance", "%.*s: %.*s", STR_ARG(name), STR_ARG(reason));
            }
        }
    }
    return true;
}

static bool is_newer(const Doc *a, const Doc *b) {
    int64_t of_a = doc_number(a, "LaunchTime", 0), of_b = doc_number(b, "LaunchTime", 0);
    return of_a != of_b ? of_a > of_b : doc_number(a, "AmiLaunchIndex", 0) > doc_number(b, "AmiLaunchIndex", 0);
}

static size_t newest_of(const Vec *found) {
    size_t newest = 0;
    for (size_t i = 1; i < found->len; i++) {
        if (is_newer(vec_get(found, const Doc *, i), vec_get(found, const Doc *, newest))) newest = i;
    }
    return newest;
}

static bool end_surplus(const Client *client, Arena *arena, const Instance *instance, Vec found, Vec *notes, Error *e) {
    Doc *input = doc_map(arena), *ids = doc_list(arena);
    Str names = STR("");
    while ((int64_t)found.len > instance->count) {
        size_t newest = newest_of(&found);
        Str id = doc_text(vec_get(&found, const Doc *, newest), "InstanceId");
        doc_push_str(arena, ids, id);
        names = str_format(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "", STR_ARG(id));
        vec_get(&found, const Doc *, newest) = vec_get(&found, const Doc *, found.len - 1);
        found.len--;
    }
    doc_set(input, "InstanceIds", ids);
    if (!client_call(client, arena, "ec2", "TerminateInstances", input, NULL, e)) return fail_within(e, "ec2:TerminateInstances");
    Str count = human_count(arena, instance->count, "instance", "instances");
    vec_add(notes, Str,
            str_format(arena, "%.*s has %.*s now, as rehearse.yaml says: terminated %.*s", STR_ARG(instance->name), STR_ARG(count), STR_ARG(names)));
    return true;
}

static bool make_missing(const Client *client, Arena *arena, const Application *application, const Instance *instance, Str group_id, int64_t missing,
                         Error *e) {
    Str image_id = STR_NONE;
    Doc *made = NULL;
    TRY(find_image(client, arena, &image_id, e));
    Doc *input = plan_instances(arena, application, instance, image_id, group_id, missing);
    if (!client_call(client, arena, "ec2", "RunInstances", input, &made, e)) return fail_within(e, "ec2:RunInstances");
    return check_start(client, arena, made, instance->name, e);
}

static bool make_instances(const Client *client, Arena *arena, const Application *application, const Instance *instance, Vec *notes, Error *e) {
    Str name = plan_group_name(arena, application, instance), group_id = STR_NONE;
    const Doc *group = NULL;
    Vec found = vec_of(arena, const Doc *);
    TRY(find_group(client, arena, name, &group, e));
    if (group) group_id = doc_text(group, "GroupId");
    if (!group) TRY(make_group(client, arena, name, &group_id, e));
    TRY(admit_ports(client, arena, instance, group_id, e));
    TRY(close_ports(client, arena, instance, group, notes, e));
    TRY(find_living(client, arena, application, instance->name, &found, e));
    int64_t living = (int64_t)found.len;
    if (living > instance->count) return end_surplus(client, arena, instance, found, notes, e);
    return living == instance->count || make_missing(client, arena, application, instance, group_id, instance->count - living, e);
}

bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Vec *notes, Error *e) {
    TRY(provision_check_tables(client, arena, application, e));
    Vec steps = plan_steps(arena, application, place);
    for (size_t i = 0; i < steps.len; i++) TRY(perform(client, arena, vec_at(&steps, i), e));
    for (size_t i = 0; i < application->instances.len; i++)
        TRY(make_instances(client, arena, application, vec_at(&application->instances, i), notes, e));
    return true;
}

// ---- The pipeline ----

bool provision_has_pipeline(const Client *client, Arena *arena, Str name) {
    Doc *input = doc_map(arena);
    doc_set_str(arena, input, "name", name);
    return client_call(client, arena, "codepipeline", "GetPipeline", input, NULL, NULL);
}

bool provision_pipeline(const Client *client, Arena *arena, const Application *application, Place place, bool *created, Error *e) {
    Doc *input = doc_map(arena);
    doc_set(input, "pipeline", plan_pipeline(arena, application, place));
    bool there = provision_has_pipeline(client, arena, application->name);
    const char *operation = there ? "UpdatePipeline" : "CreatePipeline";
    if (!client_call(client, arena, "codepipeline", operation, input, NULL, e)) return fail_within(e, "codepipeline:%s", operation);
    *created = !there;
    return true;
}
