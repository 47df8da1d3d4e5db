// Steps, timers and the outbox, with a machine that does what it is told.
#include "store/harness.h"

#include <stdio.h>

static const DocumentType PUPPET;
static const Partition HOME = {STR_INIT("000000000000"), STR_INIT("eu-west-1")};

// Event kinds of the puppet: "start", "timer-…", "call", "note", "die". It notes what it hears.
static void obey(Step *step) {
    Arena *arena = step->arena;
    const Event *event = step->event;
    if (str_is(event->kind, "die")) {
        step->state = NULL;
        return;
    }
    if (!step->state) step->state = doc_map(arena);
    Str heard = doc_str(doc_get(step->state, "heard"), STR(""));
    doc_set_str(arena, step->state, "heard", str_format(arena, "%.*s %.*s", STR_ARG(heard), STR_ARG(event->kind)));
    doc_set_str(arena, step->state, "uuid", id_uuid(&step->ids, arena));
    if (str_is(event->kind, "wait")) step_timer(step, doc_text(event->data, "name"), TIMER_WAIT, doc_number(event->data, "due", 0));
    if (str_is(event->kind, "approve")) step_timer(step, doc_text(event->data, "name"), TIMER_OUTER, doc_number(event->data, "due", 0));
    if (str_is(event->kind, "cancel")) step_cancel_timer(step, doc_text(event->data, "name"));
    if (str_is(event->kind, "call")) {
        step_call(step, principal_service(STR("test.amazonaws.com")), "s3", "PutObject", doc_copy(arena, event->data), NULL, STR("first"));
        step_effect(step, "job.run", doc_map(arena), STR("second"));
    }
}

static int64_t upgraded_from;

static bool upgrade(Arena *arena, int from_version, Doc **doc) {
    upgraded_from = from_version;
    return true;
}

static MachineType puppet = {.version = 1, .step = obey, .upgrade = upgrade};
static const DocumentType PUPPET = {.name = "test.puppet", .machine = &puppet};
static const DocumentType *const TYPES[] = {&PUPPET};

static StepContext context_of(const Stored *stored) { return (StepContext){.store = stored->store, .arena = stored->arena, .now_ms = 1000}; }
static MachineAddress address(const char *id) { return (MachineAddress){HOME, &PUPPET, str_of(id)}; }

static bool send(const Stored *stored, const char *id, const char *kind, const Doc *data) {
    StepContext context = context_of(stored);
    return engine_step(&context, address(id), &(Event){str_of(kind), data});
}

static bool send_timer(const Stored *stored, const char *id, const char *kind, const char *name, int64_t due) {
    Doc *data = doc_map(stored->arena);
    doc_set_str(stored->arena, data, "name", str_of(name));
    doc_set_int(stored->arena, data, "due", due);
    return send(stored, id, kind, data);
}

static Str heard(const Stored *stored, const char *id, const char *member) {
    Doc *doc = NULL;
    document_get(stored->store, HOME, &PUPPET, str_of(id), stored->arena, &doc);
    return doc_text(doc, member);
}

static Stored begin(void) {
    engine_register(TYPES, 1);
    return stored_new();
}

#define PUPPETS(name) __attribute__((cleanup(stored_free))) Stored name = begin()

static void an_event_for_a_machine_that_is_not_there_is_dropped(void **state) {
    PUPPETS(stored);
    assert_false(send(&stored, "m", "note", NULL));
    assert_true(send(&stored, "m", "start", NULL));
    assert_true(send(&stored, "m", "note", NULL));
    assert_true(str_is(heard(&stored, "m", "heard"), " start note"));
    assert_true(send(&stored, "m", "die", NULL));
    assert_false(send(&stored, "m", "note", NULL));
}

static void a_step_that_is_repeated_after_a_crash_makes_the_same_ids(void **state) {
    PUPPETS(stored);
    send(&stored, "m", "start", NULL);
    stored_commit(&stored);
    send(&stored, "m", "note", NULL);
    Str first = heard(&stored, "m", "uuid");
    stored_restart(&stored);
    send(&stored, "m", "note", NULL);
    assert_true(str_eq(first, heard(&stored, "m", "uuid")));
    send(&stored, "m", "note", NULL);
    assert_false(str_eq(first, heard(&stored, "m", "uuid")));
}

static void a_state_of_an_older_version_is_upgraded_once(void **state) {
    PUPPETS(stored);
    puppet.version = 1;
    upgraded_from = 0;
    send(&stored, "m", "start", NULL);
    assert_int_equal(upgraded_from, 0);
    puppet.version = 3;
    send(&stored, "m", "note", NULL);
    assert_int_equal(upgraded_from, 1);
    upgraded_from = 0;
    send(&stored, "m", "note", NULL);
    assert_int_equal(upgraded_from, 0);
    puppet.version = 1;
}

// ---- Timers ----

static void timers_fire_in_the_order_in_which_they_are_due(void **state) {
    PUPPETS(stored);
    Timer timer;
    StepContext context = context_of(&stored);
    send(&stored, "m", "start", NULL);
    send_timer(&stored, "m", "wait", "late", 300);
    send_timer(&stored, "m", "approve", "between", 200);
    send_timer(&stored, "m", "wait", "early", 100);
    static const char *const expected[] = {"early", "between", "late"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(timer_next_due(stored.store, stored.arena, 1000, &timer));
        assert_true(str_is(timer.name, expected[i]));
        timer_fire(&context, &timer);
    }
    assert_false(timer_next_due(stored.store, stored.arena, 1000, &timer));
    assert_true(str_ends(heard(&stored, "m", "heard"), STR(" timer timer timer")));
}

static void a_timer_of_the_same_name_is_replaced_and_can_be_cancelled(void **state) {
    PUPPETS(stored);
    Timer timer;
    send(&stored, "m", "start", NULL);
    send_timer(&stored, "m", "wait", "t", 100);
    send_timer(&stored, "m", "wait", "t", 5000);
    assert_false(timer_next_due(stored.store, stored.arena, 1000, &timer));
    assert_true(timer_next(stored.store, stored.arena, TIMER_WAIT, &timer));
    assert_int_equal(timer.due_ms, 5000);
    send_timer(&stored, "m", "cancel", "t", 0);
    assert_false(timer_next(stored.store, stored.arena, TIMER_WAIT, &timer));
}

static void the_timers_of_a_machine_go_with_it(void **state) {
    PUPPETS(stored);
    Timer timer;
    send(&stored, "m", "start", NULL);
    send(&stored, "other", "start", NULL);
    send_timer(&stored, "m", "wait", "t", 100);
    send_timer(&stored, "m", "approve", "u", 100);
    send_timer(&stored, "other", "wait", "kept", 200);
    send(&stored, "m", "die", NULL);
    assert_true(timer_next(stored.store, stored.arena, TIMER_WAIT, &timer));
    assert_true(str_is(timer.name, "kept"));
    assert_int_equal(doc_count(timer_list(stored.store, stored.arena)), 1);
}

static void a_jump_puts_outer_timers_off_and_no_others(void **state) {
    PUPPETS(stored);
    Timer timer;
    send(&stored, "m", "start", NULL);
    send_timer(&stored, "m", "wait", "w", 100);
    send_timer(&stored, "m", "approve", "o", 100);
    timers_jumped(stored.store, stored.arena, 7000);
    assert_true(timer_next(stored.store, stored.arena, TIMER_OUTER, &timer));
    assert_int_equal(timer.due_ms, 7100);
    assert_true(timer_next(stored.store, stored.arena, TIMER_WAIT, &timer));
    assert_int_equal(timer.due_ms, 100);
}

// ---- Outbox ----

enum { ROOM = 16 };

static Doc *object(const Stored *stored) {
    Doc *doc = doc_map(stored->arena);
    doc_set(doc, "Body", doc_of_blob(stored->arena, (Str){"\0\xff", 2}));
    doc_set_time(stored->arena, doc, "Expires", 1234567);
    return doc;
}

static void commands_come_out_as_they_went_in_and_in_order(void **state) {
    PUPPETS(stored);
    OutboxEntry entries[ROOM];
    send(&stored, "m", "start", NULL);
    send(&stored, "m", "call", object(&stored));
    stored_commit(&stored);
    stored_restart(&stored);
    assert_int_equal(outbox_next(stored.store, stored.arena, 1000, entries, ROOM), 2);
    assert_int_equal(entries[0].command.kind, COMMAND_CALL);
    assert_true(str_is(entries[0].command.service, "s3") && str_is(entries[0].command.operation, "PutObject"));
    assert_true(str_is(entries[0].command.principal.arn, "test.amazonaws.com"));
    assert_true(doc_equal(entries[0].command.input, object(&stored)));
    assert_ptr_equal(entries[0].machine.type, &PUPPET);
    assert_int_equal(entries[1].command.kind, COMMAND_EFFECT);
    assert_true(str_is(entries[1].command.tag, "second"));
    assert_false(str_eq(entries[0].id, entries[1].id));
}

static void an_id_is_the_same_when_the_step_is_repeated_after_a_crash(void **state) {
    PUPPETS(stored);
    OutboxEntry before[ROOM], after[ROOM];
    send(&stored, "m", "start", NULL);
    stored_commit(&stored);
    send(&stored, "m", "call", NULL);
    outbox_next(stored.store, stored.arena, 1000, before, ROOM);
    stored_restart(&stored);
    assert_int_equal(outbox_next_due(stored.store, stored.arena), INT64_MAX);
    send(&stored, "m", "call", NULL);
    assert_int_equal(outbox_next(stored.store, stored.arena, 1000, after, ROOM), 2);
    assert_true(str_eq(before[0].id, after[0].id) && str_eq(before[1].id, after[1].id));
}

static void a_retry_holds_up_its_own_origin_only(void **state) {
    PUPPETS(stored);
    OutboxEntry entries[ROOM];
    send(&stored, "a", "start", NULL);
    send(&stored, "b", "start", NULL);
    send(&stored, "a", "call", NULL);
    send(&stored, "b", "call", NULL);
    outbox_next(stored.store, stored.arena, 1000, entries, 1);
    outbox_retry(stored.store, stored.arena, &entries[0], 1500);
    assert_int_equal(outbox_next(stored.store, stored.arena, 1000, entries, ROOM), 2);
    assert_true(str_is(entries[0].machine.id, "b") && str_is(entries[1].machine.id, "b"));
    assert_int_equal(outbox_next_due(stored.store, stored.arena), 0); // b's
    outbox_done(stored.store, &entries[0]);
    outbox_done(stored.store, &entries[1]);
    assert_int_equal(outbox_next_due(stored.store, stored.arena), 1500); // what waits behind the retry is not due either
    assert_int_equal(outbox_next(stored.store, stored.arena, 1500, entries, ROOM), 2);
    assert_int_equal(entries[0].attempts, 1);
}

static bool count_entry(void *context, const OutboxEntry *entry) {
    ++*(size_t *)context;
    return true;
}

static void an_engaged_entry_leaves_its_queue_and_survives(void **state) {
    PUPPETS(stored);
    OutboxEntry entries[ROOM], found;
    size_t engaged = 0;
    send(&stored, "m", "start", NULL);
    send(&stored, "m", "call", NULL);
    outbox_next(stored.store, stored.arena, 1000, entries, ROOM);
    outbox_engage(stored.store, stored.arena, &entries[1]);
    outbox_done(stored.store, &entries[0]);
    assert_int_equal(outbox_next_due(stored.store, stored.arena), INT64_MAX);
    stored_commit(&stored);
    stored_restart(&stored);
    assert_true(outbox_find_engaged(stored.store, stored.arena, entries[1].id, &found));
    outbox_engaged(stored.store, stored.arena, count_entry, &engaged);
    assert_int_equal(engaged, 1);
    outbox_done(stored.store, &found);
    assert_false(outbox_find_engaged(stored.store, stored.arena, entries[1].id, &found));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_for_a_machine_that_is_not_there_is_dropped),
        cmocka_unit_test(a_step_that_is_repeated_after_a_crash_makes_the_same_ids),
        cmocka_unit_test(a_state_of_an_older_version_is_upgraded_once),
        cmocka_unit_test(timers_fire_in_the_order_in_which_they_are_due),
        cmocka_unit_test(a_timer_of_the_same_name_is_replaced_and_can_be_cancelled),
        cmocka_unit_test(the_timers_of_a_machine_go_with_it),
        cmocka_unit_test(a_jump_puts_outer_timers_off_and_no_others),
        cmocka_unit_test(commands_come_out_as_they_went_in_and_in_order),
        cmocka_unit_test(an_id_is_the_same_when_the_step_is_repeated_after_a_crash),
        cmocka_unit_test(a_retry_holds_up_its_own_origin_only),
        cmocka_unit_test(an_engaged_entry_leaves_its_queue_and_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
