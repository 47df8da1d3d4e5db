// Instances under simulation: whatever is asked of one in whatever order, and wherever the server crashes, it ends terminated, by way of AWS's states.
#include "engine/simulation.h"
#include "services/ec2/ec2.h"
#include "unit.h"

enum { SEEDS = 80, REQUESTS = 6, MOST = 1000 };

static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("us-east-1")};
static const Str ID = STR_INIT("i-0123456789abcdef0");
static const DocumentType *const TYPES[] = {&EC2_INSTANCE, NULL};

// What the handlers let pass, by the state in which they find the instance.
static const struct {
    const char *state, *request;
} REQUESTS_ALLOWED[] = {{"running", "stop"}, {"running", "reboot"}, {"stopped", "start"}, {"running", "ports"}, {"pending", "ports"}};

// Every fifth sandbox cannot be made.
static Doc *effect(void *context, const OutboxEntry *entry, size_t number, Arena *arena, bool *final) {
    Doc *data = doc_map(arena);
    bool works = !str_is(entry->command.operation, "sandbox.create") || str_hash(entry->id) % 5;
    doc_set_bool(arena, data, "ok", works);
    if (!works) doc_set_str(arena, data, "reason", STR("no room"));
    return data;
}

static void check(void *context, Simulation *simulation) {
    static const char *const states[] = {"pending", "running", "shutting-down", "terminated", "stopping", "stopped"};
    const Doc *doc = simulation_document(simulation, HOME, &EC2_INSTANCE, ID);
    assert_non_null(doc);
    bool known = false;
    for (size_t i = 0; i < 6; i++) known = known || str_is(doc_text(doc_get(doc, "State"), "Name"), states[i]);
    assert_true(known);
}

static Str state_of(Simulation *simulation) { return doc_text(doc_get(simulation_document(simulation, HOME, &EC2_INSTANCE, ID), "State"), "Name"); }

static void request(Simulation *simulation, IdSource *chance) {
    size_t chosen = id_u64(chance) % (sizeof REQUESTS_ALLOWED / sizeof *REQUESTS_ALLOWED);
    if (!str_is(state_of(simulation), REQUESTS_ALLOWED[chosen].state)) return;
    simulation_send(simulation, HOME, &EC2_INSTANCE, ID, REQUESTS_ALLOWED[chosen].request, doc_map(simulation_arena(simulation)));
}

// Left alone, it comes to rest.
static void settle(Simulation *simulation) {
    assert_true(simulation_run(simulation, MOST));
    Str state = state_of(simulation);
    assert_true(str_is(state, "running") || str_is(state, "stopped") || str_is(state, "terminated"));
}

static void live(uint64_t seed) {
    IdSource chance;
    id_source_seed(&chance, seed, 1);
    SimulatedWorld world = {.types = TYPES, .effect = effect, .check = check};
    Simulation *simulation = simulation_new(&world, seed);
    Doc *data = doc_map(simulation_arena(simulation));
    doc_set(data, "instance", doc_map(simulation_arena(simulation)));
    simulation_send(simulation, HOME, &EC2_INSTANCE, ID, "start", data);
    for (int i = 0; i < REQUESTS; i++) {
        simulation_run(simulation, id_u64(&chance) % 8);
        request(simulation, &chance);
    }
    if (seed % 2) settle(simulation);
    if (!str_is(state_of(simulation), "terminated") && !str_is(state_of(simulation), "shutting-down")) {
        simulation_send(simulation, HOME, &EC2_INSTANCE, ID, "terminate", NULL);
    }
    assert_true(simulation_run(simulation, MOST));
    assert_true(str_is(state_of(simulation), "terminated"));
    simulation_free(simulation);
}

static void every_life_ends_terminated(void **state) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) live(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_life_ends_terminated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
