#include "workflow/provision.h"

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

static bool find_group(const Client *client, Arena *arena, Str name, Str *id, Error *e) {
    Doc *out = NULL;
    TRY(client_call(client, arena, "ec2", "DescribeSecurityGroups", filters(arena, filter(arena, "group-name", name)), &out, e));
    *id = doc_text(doc_first(doc_get(out, "SecurityGroups")), "GroupId");
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

// One call a port: a port that is admitted already must not keep the others out.
static bool admit_ports(const Client *client, Arena *arena, const Instance *instance, Str group_id, Error *e) {
    for (const Doc *port = doc_first(plan_ports(arena, instance)); port; port = port->next) {
        Doc *input = doc_map(arena), *one = doc_list(arena);
        Error why = {0};
        doc_push(one, doc_copy(arena, port));
        doc_set_str(arena, input, "GroupId", group_id);
        doc_set(input, "IpPermissions", one);
        if (client_call(client, arena, "ec2", "AuthorizeSecurityGroupIngress", input, NULL, &why)) continue;
        if (error_is(&why, "InvalidPermission.Duplicate")) continue;
        if (e) *e = why;
        return fail_within(e, "ec2:AuthorizeSecurityGroupIngress");
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

static bool make_instances(const Client *client, Arena *arena, const Application *application, const Instance *instance, Error *e) {
    Str name = plan_group_name(arena, application, instance), group_id = STR_NONE, image_id = STR_NONE;
    Vec found = vec_of(arena, const Doc *);
    TRY(find_group(client, arena, name, &group_id, e));
    if (!group_id.len) TRY(make_group(client, arena, name, &group_id, e));
    TRY(admit_ports(client, arena, instance, group_id, e));
    TRY(find_living(client, arena, application, instance->name, &found, e));
    int64_t living = (int64_t)found.len;
    if (living >= instance->count) return true;
    TRY(find_image(client, arena, &image_id, e));
    Doc *input = plan_instances(arena, application, instance, image_id, group_id, instance->count - living);
    Doc *made = NULL;
    if (!client_call(client, arena, "ec2", "RunInstances", input, &made, e)) return fail_within(e, "ec2:RunInstances");
    return check_start(client, arena, made, instance->name, e);
}

bool provision_world(const Client *client, Arena *arena, const Application *application, Place place, Error *e) {
    Vec steps = plan_steps(arena, application, place);
    for (size_t i = 0; i < steps.len; i++) TRY(perform(client, arena, vec_at(&steps, i), e));
    for (size_t i = 0; i < application->instances.len; i++) TRY(make_instances(client, arena, application, vec_at(&application->instances, i), e));
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
