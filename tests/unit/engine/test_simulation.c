// The simulation itself, on a small delivery: three deposits by call, then a job with a time-out, then an order to a second machine, which counts.
#include "engine/simulation.h"
#include "unit.h"

#undef fail // here it is base/error.h's, not cmocka's

enum { SEEDS = 60, DEPOSITS = 3, MOST = 2000, TIMEOUT_MS = 60000 };

static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("eu-west-1")};
static const DocumentType DELIVERY, COUNTER;

static void ask_for_deposit(Step *step) {
    step_call(step, principal_service(STR("test.amazonaws.com")), "bank", "Deposit", doc_map(step->arena), NULL, STR("deposit"));
}

static void start_job(Step *step) {
    doc_set_str(step->arena, step->state, "status", STR("working"));
    step_effect(step, "job.run", doc_map(step->arena), STR("job"));
    step_timer(step, STR("time-out"), TIMER_WAIT, step->now_ms + TIMEOUT_MS);
}

static void end(Step *step, Str status) {
    doc_set_str(step->arena, step->state, "status", status);
    step_cancel_timer(step, STR("time-out"));
    step_send(step, &COUNTER, STR("counter"), STR("count"), NULL);
}

static void on_deposit(Step *step) {
    int64_t deposits = doc_number(step->state, "deposits", 0);
    if (!str_is(doc_text(step->state, "status"), "depositing")) return;
    if (doc_flag(step->event->data, "ok", false)) deposits++;
    doc_set_int(step->arena, step->state, "deposits", deposits);
    if (deposits < DEPOSITS) {
        ask_for_deposit(step);
    } else {
        start_job(step);
    }
}

static void deliver(Step *step) {
    const Event *event = step->event;
    if (str_is(event->kind, "start") && !step->state) {
        step->state = doc_map(step->arena);
        doc_set_str(step->arena, step->state, "status", STR("depositing"));
        ask_for_deposit(step);
    } else if (str_is(event->kind, "reply") && str_is(doc_text(event->data, "tag"), "deposit")) {
        on_deposit(step);
    } else if (str_is(doc_text(step->state, "status"), "working")) {
        if (str_is(event->kind, "effect") && str_is(doc_text(event->data, "tag"), "job") && doc_flag(event->data, "final", false))
            end(step, STR("done"));
        if (str_is(event->kind, "timer") && str_is(doc_text(event->data, "name"), "time-out")) end(step, STR("timed out"));
    }
}

static void count(Step *step) {
    if (str_is(step->event->kind, "start") && !step->state) step->state = doc_map(step->arena);
    if (str_is(step->event->kind, "count")) doc_set_int(step->arena, step->state, "count", doc_number(step->state, "count", 0) + 1);
}

static const DocumentType DELIVERY = {.name = "test.delivery", .machine = &(const MachineType){.version = 1, .step = deliver}};
static const DocumentType COUNTER = {.name = "test.counter", .machine = &(const MachineType){.version = 1, .step = count}};
static const DocumentType *const TYPES[] = {&DELIVERY, &COUNTER, NULL};

// Every third call fails, by its id.
static bool answer(void *context, const OutboxEntry *call, Arena *arena, Doc **output, Error *e) {
    if (str_hash(call->id) % 3 == 0) return fail(e, "Throttling", "slowly");
    *output = doc_map(arena);
    return true;
}

static Doc *effect(void *context, const OutboxEntry *entry, size_t number, Arena *arena, bool *final) {
    *final = number == 2;
    return doc_map(arena);
}

static void check(void *context, Simulation *simulation) {
    ++*(size_t *)context;
    const Doc *delivery = simulation_document(simulation, HOME, &DELIVERY, STR("d"));
    assert_in_range(doc_number(delivery, "deposits", 0), 0, DEPOSITS);
}

static Str run(uint64_t seed, size_t *commits) {
    SimulatedWorld world = {.types = TYPES, .answer = answer, .effect = effect, .check = check, .context = commits};
    Simulation *simulation = simulation_new(&world, seed);
    simulation_send(simulation, HOME, &COUNTER, STR("counter"), "start", NULL);
    simulation_send(simulation, HOME, &DELIVERY, STR("d"), "start", NULL);
    assert_true(simulation_run(simulation, MOST));
    const Doc *delivery = simulation_document(simulation, HOME, &DELIVERY, STR("d"));
    const Doc *counter = simulation_document(simulation, HOME, &COUNTER, STR("counter"));
    assert_int_equal(doc_number(delivery, "deposits", 0), DEPOSITS);
    assert_int_equal(doc_number(counter, "count", 0), 1);
    bool done = str_is(doc_text(delivery, "status"), "done"), late = str_is(doc_text(delivery, "status"), "timed out");
    assert_true(done != late);
    simulation_free(simulation);
    return done ? STR("done") : STR("timed out");
}

static void every_interleaving_deposits_three_times_and_counts_once(void **state) {
    size_t done = 0, commits = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) done += str_is(run(seed, &commits), "done");
    assert_true(done > 0 && done < SEEDS); // both outcomes of the race were seen
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_interleaving_deposits_three_times_and_counts_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
