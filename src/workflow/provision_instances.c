// The instances that rehearse.yaml says, and no others of this application: what is missing is run, what is stopped is started, what is too much or no longer said is
// terminated. Stopped ones cannot be left: CodeDeploy deploys to them too, and they fail.
#include "workflow/provision.h"

#include "base/ids.h"
#include "workflow/look.h"

#include <time.h>
#include <unistd.h>

enum { START_LOOKS = 200, START_LOOK_US = 50000 }; // ten seconds: a sandbox starts within milliseconds, on the first day within some seconds

typedef struct World {
    const Client *client;
    Arena *arena;
    const Application *application;
    Vec *notes;
} World;

static bool ec2(const World *world, const char *operation, const Doc *input, Doc **out, Error *e) {
    return client_call(world->client, world->arena, "ec2", operation, input, out, e) || fail_within(e, "ec2:%s", operation);
}

void provision_filter(Arena *arena, Doc *list, const char *name, Str value) {
    Doc *one = doc_map(arena), *values = doc_list(arena);
    doc_set_str(arena, one, "Name", str_of(name));
    doc_push_str(arena, values, value);
    doc_set(one, "Values", values);
    doc_push(list, one);
}

static Str id_of(const Doc *instance) { return doc_text(instance, "InstanceId"); }
static Str state_of(const Doc *instance) { return doc_text(doc_get(instance, "State"), "Name"); }
static bool is_gone(const Doc *instance) { return str_is(state_of(instance), "terminated") || str_is(state_of(instance), "shutting-down"); }

static Str name_of(const Doc *instance) {
    for (const Doc *tag = doc_first(doc_get(instance, "Tags")); tag; tag = tag->next) {
        if (str_is(doc_text(tag, "Key"), "Name")) return doc_text(tag, "Value");
    }
    return STR("");
}

static Doc *input_of_ids(Arena *arena, const Vec *instances) {
    Doc *input = doc_map(arena), *ids = doc_list(arena);
    for (size_t i = 0; i < instances->len; i++) doc_push_str(arena, ids, id_of(vec_get(instances, const Doc *, i)));
    doc_set(input, "InstanceIds", ids);
    return input;
}

static Str ids_text(Arena *arena, const Vec *instances) {
    Str text = STR("");
    for (size_t i = 0; i < instances->len; i++) {
        Str id = id_of(vec_get(instances, const Doc *, i));
        text = str_format(arena, "%.*s%s%.*s", STR_ARG(text), i ? ", " : "", STR_ARG(id));
    }
    return text;
}

// ---- Finding them ----

static void take(const Doc *reply, bool gone_too, Vec *out) {
    for (const Doc *some = doc_first(doc_get(reply, "Reservations")); some; some = some->next) {
        for (const Doc *one = doc_first(doc_get(some, "Instances")); one; one = one->next) {
            if (gone_too || !is_gone(one)) vec_add(out, const Doc *, one);
        }
    }
}

// Those of this application: another one on the plane may have instances of the same name.
static bool find_living(const World *world, Vec *living, Error *e) {
    Doc *input = doc_map(world->arena), *list = doc_list(world->arena), *out = NULL;
    provision_filter(world->arena, list, "tag:" PLAN_APPLICATION_TAG, world->application->name);
    doc_set(input, "Filters", list);
    TRY(ec2(world, "DescribeInstances", input, &out, e));
    take(out, false, living);
    return true;
}

static bool is_said(const World *world, Str name) {
    for (size_t i = 0; i < world->application->instances.len; i++) {
        if (str_eq(vec_get(&world->application->instances, Instance, i).name, name)) return true;
    }
    return false;
}

// `name` STR_NONE: those that no name of rehearse.yaml is meant by.
static Vec pick(const World *world, const Vec *living, Str name) {
    Vec picked = vec_of(world->arena, const Doc *);
    for (size_t i = 0; i < living->len; i++) {
        const Doc *instance = vec_get(living, const Doc *, i);
        bool meant = name.at ? str_eq(name_of(instance), name) : !is_said(world, name_of(instance));
        if (meant) vec_add(&picked, const Doc *, instance);
    }
    return picked;
}

// ---- Ending them ----

static bool terminate(const World *world, const Vec *instances, Error *e) {
    return ec2(world, "TerminateInstances", input_of_ids(world->arena, instances), NULL, e);
}

static bool end_dropped(const World *world, const Vec *living, Error *e) {
    Vec dropped = pick(world, living, STR_NONE);
    if (!dropped.len) return true;
    TRY(terminate(world, &dropped, e));
    for (size_t i = 0; i < dropped.len; i++) {
        const Doc *instance = vec_get(&dropped, const Doc *, i);
        Str name = name_of(instance), id = id_of(instance);
        vec_add(world->notes, Str,
                str_format(world->arena, "%.*s is no longer an instance of %.*s: terminated %.*s", STR_ARG(name), STR_ARG(world->application->name),
                           STR_ARG(id)));
    }
    return true;
}

// Launch times are whole seconds: within one, launch tokens tell earlier runs from later ones.
static bool is_newer(const Doc *a, const Doc *b) {
    int64_t of_a = doc_number(a, "LaunchTime", 0), of_b = doc_number(b, "LaunchTime", 0);
    int order = of_a != of_b ? of_a > of_b ? 1 : -1 : str_cmp(doc_text(a, "ClientToken"), doc_text(b, "ClientToken"));
    return order ? order > 0 : doc_number(a, "AmiLaunchIndex", 0) > doc_number(b, "AmiLaunchIndex", 0);
}

static size_t newest_of(const Vec *found) {
    size_t newest = 0;
    for (size_t i = 1; i < found->len; i++) {
        if (is_newer(vec_get(found, const Doc *, i), vec_get(found, const Doc *, newest))) newest = i;
    }
    return newest;
}

// The newest beyond the count leave `found`.
static bool end_surplus(const World *world, const Instance *instance, Vec *found, Error *e) {
    Vec surplus = vec_of(world->arena, const Doc *);
    while ((int64_t)found->len > instance->count) {
        size_t newest = newest_of(found);
        vec_add(&surplus, const Doc *, vec_get(found, const Doc *, newest));
        vec_get(found, const Doc *, newest) = vec_get(found, const Doc *, found->len - 1);
        found->len--;
    }
    if (!surplus.len) return true;
    TRY(terminate(world, &surplus, e));
    Str count = human_count(world->arena, instance->count, "instance", "instances"), ids = ids_text(world->arena, &surplus);
    vec_add(
        world->notes, Str,
        str_format(world->arena, "%.*s has %.*s now, as rehearse.yaml says: terminated %.*s", STR_ARG(instance->name), STR_ARG(count), STR_ARG(ids)));
    return true;
}

// ---- Starting them ----

static bool find_image(const World *world, Str *id, Error *e) {
    Doc *input = doc_map(world->arena), *list = doc_list(world->arena), *out = NULL;
    provision_filter(world->arena, list, "name", STR("al2023-ami-*"));
    doc_set(input, "Filters", list);
    TRY(ec2(world, "DescribeImages", input, &out, e));
    *id = doc_text(doc_first(doc_get(out, "Images")), "ImageId");
    return true;
}

static bool look_at(const World *world, const Vec *instances, Vec *out, Error *e) {
    Doc *reply = NULL;
    TRY(ec2(world, "DescribeInstances", input_of_ids(world->arena, instances), &reply, e));
    take(reply, true, out); // one that could not be started is gone, and says why
    return true;
}

static bool any_is(const Vec *instances, const char *state) {
    for (size_t i = 0; i < instances->len; i++) {
        if (str_is(state_of(vec_get(instances, const Doc *, i)), state)) return true;
    }
    return false;
}

// What the plane says of an instance that it could not start.
static bool check_reasons(const Vec *instances, Str name, Error *e) {
    for (size_t i = 0; i < instances->len; i++) {
        const Doc *why = doc_get(vec_get(instances, const Doc *, i), "StateReason");
        Str reason = doc_text(why, "Message");
        if (str_starts(doc_text(why, "Code"), STR("Server."))) return fail(e, "instance", "%.*s: %.*s", STR_ARG(name), STR_ARG(reason));
    }
    return true;
}

// A machine that cannot have instances says so at once: better now than as a deployment that finds none.
static bool check_start(const World *world, const Vec *instances, Str name, Error *e) {
    for (int i = 0; i < START_LOOKS; i++) {
        Vec now = vec_of(world->arena, const Doc *);
        if (i) usleep(START_LOOK_US);
        TRY(look_at(world, instances, &now, e));
        TRY(check_reasons(&now, name, e));
        if (!any_is(&now, "pending")) return true;
    }
    return true;
}

// What is about to stop can be started only then.
static bool wait_until_stopped(const World *world, const Vec *instances, Error *e) {
    for (int i = 0; i < START_LOOKS; i++) {
        Vec now = vec_of(world->arena, const Doc *);
        TRY(look_at(world, instances, &now, e));
        if (!any_is(&now, "stopping")) return true;
        usleep(START_LOOK_US);
    }
    return true;
}

static bool start_stopped(const World *world, const Instance *instance, const Vec *found, Error *e) {
    Vec stopped = vec_of(world->arena, const Doc *);
    for (size_t i = 0; i < found->len; i++) {
        const Doc *one = vec_get(found, const Doc *, i);
        if (str_starts(state_of(one), STR("stop"))) vec_add(&stopped, const Doc *, one);
    }
    if (!stopped.len) return true;
    TRY(wait_until_stopped(world, &stopped, e));
    TRY(ec2(world, "StartInstances", input_of_ids(world->arena, &stopped), NULL, e));
    Str ids = ids_text(world->arena, &stopped);
    vec_add(world->notes, Str,
            str_format(world->arena, "%.*s was stopped: started %.*s, since CodeDeploy deploys to stopped instances too and fails there",
                       STR_ARG(instance->name), STR_ARG(ids)));
    return check_start(world, &stopped, instance->name, e);
}

// Tokens of later runs are greater.
static Str launch_token(Arena *arena) {
    struct timespec now;
    uint64_t random;
    clock_gettime(CLOCK_REALTIME, &now);
    random_bytes(&random, sizeof random);
    return str_format(arena, "%012lld-%09ld-%016llx", (long long)now.tv_sec, now.tv_nsec, (unsigned long long)random);
}

static bool run_missing(const World *world, const Instance *instance, Str group_id, int64_t missing, Error *e) {
    Str image_id = STR_NONE;
    Doc *reply = NULL;
    Vec made = vec_of(world->arena, const Doc *);
    TRY(find_image(world, &image_id, e));
    Doc *input = plan_instances(world->arena, world->application, instance, image_id, group_id, missing);
    doc_set_str(world->arena, input, "ClientToken", launch_token(world->arena));
    TRY(ec2(world, "RunInstances", input, &reply, e));
    for (const Doc *one = doc_first(doc_get(reply, "Instances")); one; one = one->next) vec_add(&made, const Doc *, one);
    return check_start(world, &made, instance->name, e);
}

static bool make_instances(const World *world, const Instance *instance, const Vec *living, Error *e) {
    Str group_id = STR_NONE;
    Vec found = pick(world, living, instance->name);
    TRY(provision_ports(world->client, world->arena, world->application, instance, world->notes, &group_id, e));
    TRY(end_surplus(world, instance, &found, e));
    TRY(start_stopped(world, instance, &found, e));
    int64_t missing = instance->count - (int64_t)found.len;
    return missing == 0 || run_missing(world, instance, group_id, missing, e);
}

bool provision_instances(const Client *client, Arena *arena, const Application *application, Vec *notes, Error *e) {
    World world = {client, arena, application, notes};
    Vec living = vec_of(arena, const Doc *);
    TRY(find_living(&world, &living, e));
    TRY(end_dropped(&world, &living, e));
    for (size_t i = 0; i < application->instances.len; i++) TRY(make_instances(&world, vec_at(&application->instances, i), &living, e));
    return true;
}
