// Deployments under simulation: whatever fails, whenever they are stopped, and wherever the server crashes, they end, no job runs twice, as many instances stay
// healthy as the configuration wants, and a group has one deployment at a time.
#include "base/map.h"
#include "engine/simulation.h"
#include "services/codedeploy/codedeploy.h"
#include "unit.h"

enum { SEEDS = 120, MOST = 3000, MOST_INSTANCES = 5 };

static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("us-east-1")};
static const Str FIRST = STR_INIT("d-AAAAAAAAA"), GROUP = STR_INIT("group-id");
static const DocumentType *const TYPES[] = {&CODEDEPLOY_DEPLOYMENT, &CODEDEPLOY_GROUP_STATE, NULL};
static const char *const JOB_EVENTS[] = {"DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService"};

typedef struct World {
    int instances, current; // current: so many run the revision already, and only the others are to be deployed to
    int64_t kept; // healthy at least
    uint64_t trouble; // one in so many things fails; 0: none
    Map *jobs; // "INSTANCE/JOB" → the id of the command that started it
    Arena *arena;
} World;

static bool goes_wrong(const World *world, Str id, uint64_t salt) { return world->trouble && (str_hash(id) + salt * 7) % world->trouble == 0; }

// ---- The world outside ----

static Doc *described(const World *world, const OutboxEntry *call, Arena *arena) {
    Doc *output = doc_map(arena), *reservations = doc_list(arena), *reservation = doc_map(arena), *instances = doc_list(arena);
    for (int i = 0; i < world->instances; i++) {
        Doc *instance = doc_map(arena), *profile = doc_map(arena), *tags = doc_list(arena), *tag = doc_map(arena), *state = doc_map(arena);
        doc_set_str(arena, instance, "InstanceId", str_format(arena, "i-%d", i));
        doc_set_str(arena, state, "Name", goes_wrong(world, call->id, (uint64_t)i) ? STR("pending") : STR("running"));
        doc_set(instance, "State", state);
        doc_set_str(arena, profile, "Arn", STR("arn:aws:iam::000000000000:instance-profile/web"));
        doc_set(instance, "IamInstanceProfile", profile);
        doc_set_str(arena, tag, "Key", STR("Name"));
        doc_push(tags, tag);
        doc_set(instance, "Tags", tags);
        doc_push(instances, instance);
    }
    doc_set(reservation, "Instances", instances);
    doc_push(reservations, reservation);
    doc_set(output, "Reservations", reservations);
    return output;
}

static Doc *profile(Arena *arena) {
    Doc *output = doc_map(arena), *about = doc_map(arena), *roles = doc_list(arena), *role = doc_map(arena);
    doc_set_str(arena, role, "Arn", STR("arn:aws:iam::000000000000:role/web"));
    doc_push(roles, role);
    doc_set(about, "Roles", roles);
    doc_set(output, "InstanceProfile", about);
    return output;
}

static bool answer(void *context, const OutboxEntry *call, Arena *arena, Doc **output, Error *e) {
    const World *world = context;
    if (str_is(call->command.operation, "DescribeInstances")) {
        *output = described(world, call, arena);
        return true;
    }
    if (goes_wrong(world, call->id, 1)) {
        *e = (Error){.code = "AccessDenied", .message = "not allowed"};
        return false;
    }
    *output = str_is(call->command.operation, "GetInstanceProfile") ? profile(arena) : doc_map(arena);
    return true;
}

static void add_record(Arena *arena, Doc *records, Str event, const char *what, bool ok) {
    Doc *record = doc_map(arena);
    doc_set_str(arena, record, "type", STR("event"));
    doc_set_str(arena, record, "event", event);
    doc_set_str(arena, record, "what", str_of(what));
    doc_set_bool(arena, record, "ok", ok);
    doc_set_int(arena, record, "ms", 1000);
    doc_push(records, record);
}

// An event that went wrong is the last one that the job tells of; some jobs end without a word.
static Doc *told(const World *world, const OutboxEntry *job, Arena *arena) {
    Doc *records = doc_list(arena);
    bool is_stop = str_ends(doc_text(job->command.input, "job"), STR(".stop"));
    for (size_t i = 0; i < (is_stop ? 1 : 6); i++) {
        Str event = is_stop ? STR("ApplicationStop") : str_of(JOB_EVENTS[i]);
        bool ok = !goes_wrong(world, job->id, i + 2);
        add_record(arena, records, event, "started", true);
        if (!ok && goes_wrong(world, job->id, i)) break;
        add_record(arena, records, event, "ended", ok);
        if (!ok) break;
    }
    return records;
}

static void note_job(World *world, const OutboxEntry *job) {
    Str name = str_format(world->arena, "%.*s/%.*s", STR_ARG(doc_text(job->command.input, "sandbox")), STR_ARG(doc_text(job->command.input, "job")));
    const char *before = map_put(world->jobs, name, str_c(world->arena, job->id));
    assert_true(!before || str_is(job->id, before));
}

static Doc *effect(void *context, const OutboxEntry *entry, size_t number, Arena *arena, bool *final) {
    World *world = context;
    Doc *data = doc_map(arena);
    bool is_job = str_is(entry->command.operation, "job.run"), lost = is_job && goes_wrong(world, entry->id, 9);
    doc_set_bool(arena, data, "ok", !lost);
    if (is_job) note_job(world, entry);
    if (!is_job || lost || number == 2) return data;
    *final = false;
    doc_set_str(arena, data, "what", number == 0 ? STR("started") : STR("control"));
    if (number == 1) doc_set(data, "records", told(world, entry, arena));
    return data;
}

// ---- What always holds ----

static int count(const Doc *deployment, const char *status) {
    int found = 0;
    for (const Doc *target = doc_first(doc_get(deployment, "$targets")); target; target = target->next)
        found += str_is(doc_text(target, "status"), status);
    return found;
}

static bool is_over(const Doc *deployment) { return doc_get(deployment, "completeTime") != NULL; }

static Doc *rollback_of(Simulation *simulation, const Doc *deployment) {
    Str id = doc_text(doc_get(deployment, "rollbackInfo"), "rollbackDeploymentId");
    return id.len ? simulation_document(simulation, HOME, &CODEDEPLOY_DEPLOYMENT, id) : NULL;
}

static int left_out(const World *world, const Doc *deployment) {
    return doc_flag(deployment, "updateOutdatedInstancesOnly", false) ? world->current : 0;
}

static void check_deployment(const World *world, const Doc *deployment) {
    int begun = count(deployment, "InProgress"), failed = count(deployment, "Failed");
    if (!deployment || !doc_get(deployment, "startTime")) return;
    assert_true((int)doc_count(doc_get(deployment, "$targets")) == world->instances - left_out(world, deployment));
    // Healthy is whoever was not begun and whoever succeeded.
    assert_true(world->instances - begun - failed >= (int)world->kept);
    assert_false(is_over(deployment) && (begun || count(deployment, "Pending")));
    bool enough = count(deployment, "Succeeded") >= (world->kept > 1 ? (int)world->kept : 1);
    if (is_over(deployment) && str_is(doc_text(deployment, "status"), "Succeeded")) assert_true(enough);
}

static void check(void *context, Simulation *simulation) {
    const Doc *first = simulation_document(simulation, HOME, &CODEDEPLOY_DEPLOYMENT, FIRST), *rollback = rollback_of(simulation, first);
    check_deployment(context, first);
    check_deployment(context, rollback);
    assert_false(rollback && !is_over(first));
}

// ---- One life ----

static Doc *deployment(const World *world, Arena *arena, bool has_good) {
    Doc *doc = doc_map(arena), *minimum = doc_map(arena), *filters = doc_list(arena), *filter = doc_map(arena), *state = doc_map(arena);
    Doc *rollback = doc_map(arena), *events = doc_list(arena), *revision = doc_map(arena);
    doc_set_str(arena, doc, "deploymentId", FIRST);
    doc_set_str(arena, doc, "deploymentConfigName", STR("own"));
    doc_set_str(arena, minimum, "type", STR("HOST_COUNT"));
    doc_set_int(arena, minimum, "value", world->kept);
    doc_set(doc, "$minimum", minimum);
    doc_set_str(arena, filter, "Key", STR("Name"));
    doc_set_str(arena, filter, "Type", STR("KEY_ONLY"));
    doc_push(filters, filter);
    doc_set(doc, "$tagFilters", filters);
    doc_set_str(arena, doc, "$groupId", GROUP);
    doc_set_str(arena, doc, "$serviceRole", STR("arn:aws:iam::000000000000:role/deploy"));
    doc_set_str(arena, revision, "revisionType", STR("S3"));
    if (has_good) doc_set(state, "targetRevision", doc_copy(arena, revision));
    if (world->current) {
        Doc *revisions = doc_map(arena);
        for (int i = 0; i < world->current; i++) {
            doc_put(revisions, str_format(arena, "i-%d", i), doc_of_str(arena, revision_key(arena, STR(""), revision)));
        }
        doc_set(state, "$revisions", revisions);
        doc_set_bool(arena, doc, "updateOutdatedInstancesOnly", true);
    }
    doc_set(doc, "revision", revision);
    doc_set(doc, "$groupState", state);
    doc_set_bool(arena, rollback, "enabled", true);
    doc_push_str(arena, events, STR("DEPLOYMENT_FAILURE"));
    doc_set(rollback, "events", events);
    doc_set(doc, "autoRollbackConfiguration", rollback);
    doc_set_str(arena, doc, "creator", STR("user"));
    return doc;
}

static void check_end(const World *world, Simulation *simulation) {
    const Doc *first = simulation_document(simulation, HOME, &CODEDEPLOY_DEPLOYMENT, FIRST), *rollback = rollback_of(simulation, first);
    const Doc *state = simulation_document(simulation, HOME, &CODEDEPLOY_GROUP_STATE, GROUP);
    assert_true(is_over(first));
    assert_true(!rollback || is_over(rollback));
    assert_null(doc_get(state, "$active"));
    if (!world->trouble && world->kept < world->instances - world->current) assert_false(str_is(doc_text(first, "status"), "Failed"));
}

static void live(uint64_t seed) {
    IdSource chance;
    id_source_seed(&chance, seed, 3);
    World world = {.instances = (int)(id_u64(&chance) % (MOST_INSTANCES + 1)), .trouble = seed % 4 ? 5 + seed % 9 : 0, .jobs = map_new()};
    world.kept = world.instances ? (int64_t)(id_u64(&chance) % (uint64_t)world.instances) : 1;
    world.current = seed % 7 == 0 && world.instances > 1 ? 1 : 0;
    SimulatedWorld simulated = {.types = TYPES, .answer = answer, .effect = effect, .check = check, .context = &world};
    Simulation *simulation = simulation_new(&simulated, seed);
    Arena *arena = world.arena = simulation_arena(simulation);
    Doc *data = doc_map(arena), *stop = doc_map(arena);
    doc_set(data, "deployment", deployment(&world, arena, seed % 3 != 0));
    simulation_send(simulation, HOME, &CODEDEPLOY_DEPLOYMENT, FIRST, "start", data);
    simulation_run(simulation, id_u64(&chance) % 40);
    doc_set_bool(arena, stop, "rollback", seed % 2);
    if (seed % 5 == 0) simulation_send(simulation, HOME, &CODEDEPLOY_DEPLOYMENT, FIRST, "stop", stop);
    assert_true(simulation_run(simulation, MOST));
    if (world.instances) check_end(&world, simulation);
    simulation_free(simulation);
    map_free(world.jobs);
}

static void every_deployment_ends_and_runs_nothing_twice(void **state) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) live(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_deployment_ends_and_runs_nothing_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
