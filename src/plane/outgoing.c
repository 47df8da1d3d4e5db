// The outbox on its way out: takes entries in order and carries each out inside the turn's transaction, so that what it does, what its origin hears of
// it, and its deletion are one commit. Only effects leave the database: they are engaged here and handed to the loop after the commit.
#include "plane/internal.h"

#include "base/limits.h"
#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/poison.h"

enum { ENTRIES_A_ROUND = 64, MOST_ATTEMPTS = 4, FIRST_BACKOFF_MS = 200 };

static const char *const TRANSIENT_CODES[] = {"InternalFailure", "ServiceUnavailable", "ThrottlingException", "Throttling"};

static bool is_transient(const Error *e) {
    for (size_t i = 0; i < sizeof TRANSIENT_CODES / sizeof *TRANSIENT_CODES; i++) {
        if (error_is(e, TRANSIENT_CODES[i])) return true;
    }
    return false;
}

static Doc *body_doc(Arena *arena, const Body *body) {
    if (body->size == 0 && str_is_none(body->bytes)) return NULL;
    Doc *doc = doc_map(arena);
    if (body->path.at) {
        doc_set_str(arena, doc, "path", body->path);
        doc_set_int(arena, doc, "offset", body->offset);
    } else {
        doc_set(doc, "bytes", doc_of_blob(arena, body->bytes));
    }
    doc_set_int(arena, doc, "size", body->size);
    return doc;
}

static void reply_event(Turns *turns, const OutboxEntry *entry, Doc *data) {
    if (!entry->from_machine) return;
    doc_set_str(turns->arena, data, "tag", entry->command.tag);
    int hops = turns->step.hops;
    turns->step.hops = entry->hops; // an answer is no further hop: a machine may make many calls one after the other
    engine_step(&turns->step, entry->machine, &(Event){STR("reply"), data});
    turns->step.hops = hops;
}

static void succeed(Turns *turns, const OutboxEntry *entry, Doc *output, const Body *body) {
    Doc *data = doc_map(turns->arena);
    doc_set_bool(turns->arena, data, "ok", true);
    doc_set(data, "output", output ? doc_copy(turns->arena, output) : doc_map(turns->arena));
    Doc *attached = body_doc(turns->arena, body);
    if (attached) doc_set(data, "body", attached);
    outbox_done(turns->store, entry);
    reply_event(turns, entry, data);
}

static void give_up(Turns *turns, const OutboxEntry *entry, const Error *e) {
    Arena *arena = turns->arena;
    Doc *data = doc_map(arena), *error = doc_map(arena);
    const WireService *service = wire_service(entry->command.service);
    doc_set_str(arena, error, "code", str_copy(arena, str_of(e->code)));
    doc_set_str(arena, error, "message", str_copy(arena, str_of(e->message)));
    if (service) doc_set_int(arena, error, "status", wire_error_status(service, e));
    doc_set_str(arena, error, "requestId", str_copy(arena, entry->id));
    doc_set_bool(arena, data, "ok", false);
    doc_set(data, "error", error);
    outbox_done(turns->store, entry);
    if (!entry->from_machine) log_warn("%.*s:%.*s: %s: %s", STR_ARG(entry->command.service), STR_ARG(entry->command.operation), e->code, e->message);
    reply_event(turns, entry, data);
}

static void fail_entry(Turns *turns, const OutboxEntry *entry, const Error *e) {
    if (!is_transient(e) || entry->attempts + 1 >= MOST_ATTEMPTS) {
        give_up(turns, entry, e);
    } else {
        outbox_retry(turns->store, turns->arena, entry, turns->step.now_ms + (FIRST_BACKOFF_MS << entry->attempts));
    }
}

static bool find_operation(const OutboxEntry *entry, const WireOperation **wire, const Operation **operation, Error *e) {
    const WireService *service = wire_service(entry->command.service);
    *wire = service ? wire_operation(service, entry->command.operation) : NULL;
    *operation = *wire ? registry_operation(*wire) : NULL;
    if (*operation) return true;
    return fail(e, "NotImplemented", "%.*s:%.*s is not built.", STR_ARG(entry->command.service), STR_ARG(entry->command.operation));
}

static Call call_of(Turns *turns, const OutboxEntry *entry, const WireOperation *wire) {
    const Principal *principal = &entry->command.principal;
    return (Call){
        .arena = turns->arena,
        .operation = wire,
        .principal = *principal,
        .where = {principal->account.len ? principal->account : entry->where.account, entry->where.region},
        .input = entry->command.input ? entry->command.input : doc_map(turns->arena),
        .body = entry->command.body,
        .now_ms = turns->step.now_ms,
        .request_id = entry->id,
        .internal = true,
        .hops = entry->hops,
    };
}

static void run_internal_call(Turns *turns, OutboxEntry *entry, bool engaged, bool woken, bool timed_out) {
    const WireOperation *wire;
    const Operation *operation;
    Error e = {0};
    if (entry->hops > LIMIT_HOPS) fail(&e, "LoopDetected", "The call was set off by its own consequences %d times.", entry->hops);
    if (poison_is(turns->store, entry->id))
        fail(&e, "InternalFailure", "The call crashed the server %d times and was set aside.", LIMIT_CRASHES_OF_AN_EVENT);
    if (e.code[0] || !find_operation(entry, &wire, &operation, &e)) {
        give_up(turns, entry, &e);
        return;
    }
    Call call = call_of(turns, entry, wire);
    call.woken = woken;
    call.timed_out = timed_out;
    Turn turn;
    turn_begin(&turn, turns, turns->arena, call.where, str_cat(turns->arena, STR("call/"), entry->id));
    Doc *output = NULL;
    bool entered = poison_enter(entry->id);
    Outcome outcome = wire_validate(turns->arena, wire, call.input, &e) ? run_call(&turn, operation, &call, &output, &e) : OUTCOME_ERROR;
    poison_leave(entered);
    audit_call(turns, &call, outcome, &e);
    if (outcome == OUTCOME_DONE) succeed(turns, entry, output, &turn.reply_body);
    if (outcome == OUTCOME_ERROR) fail_entry(turns, entry, &e);
    if (outcome != OUTCOME_PARK) return;
    if (!engaged) outbox_engage(turns->store, turns->arena, entry);
    parking_add(turns, NULL, entry, &turn);
}

void outgoing_run_engaged(Turns *turns, Str entry_id, bool woken, bool timed_out) {
    OutboxEntry entry;
    if (outbox_find_engaged(turns->store, turns->arena, entry_id, &entry)) run_internal_call(turns, &entry, true, woken, timed_out);
}

static void engage_effect(Turns *turns, OutboxEntry *entry) {
    outbox_engage(turns->store, turns->arena, entry);
    effects_add(turns, entry);
}

static void send_event(Turns *turns, const OutboxEntry *entry) {
    outbox_done(turns->store, entry);
    MachineAddress to = {entry->where, entry->command.type, entry->command.id};
    engine_step(&turns->step, to, &(Event){entry->command.operation, entry->command.input});
}

static void carry_out(Turns *turns, OutboxEntry *entry) {
    failpoint("command");
    turns->changed = true;
    turns->step.hops = entry->hops + 1;
    switch (entry->command.kind) {
    case COMMAND_CALL: run_internal_call(turns, entry, false, false, false); break;
    case COMMAND_EFFECT: engage_effect(turns, entry); break;
    case COMMAND_PUBLISH:
        outbox_done(turns->store, entry);
        bus_publish(turns, entry);
        break;
    case COMMAND_SEND: send_event(turns, entry); break;
    default: outbox_done(turns->store, entry); // the engine carries the others out itself
    }
    turns->step.hops = 0;
}

bool outgoing_run(Turns *turns) {
    if (agenda_outbox_ms(turns) > turns->step.now_ms) return false;
    OutboxEntry entries[ENTRIES_A_ROUND];
    size_t count = outbox_next(turns->store, turns->arena, turns->step.now_ms, entries, ENTRIES_A_ROUND);
    for (size_t i = 0; i < count; i++) carry_out(turns, &entries[i]);
    return count > 0;
}

static bool resume(void *context, const OutboxEntry *entry) {
    Turns *turns = context;
    OutboxEntry copy = *entry;
    if (entry->command.kind == COMMAND_EFFECT) {
        effects_add(turns, &copy);
    } else {
        run_internal_call(turns, &copy, true, false, false);
    }
    return true;
}

void outgoing_resume(Turns *turns) { outbox_engaged(turns->store, turns->arena, resume, turns); }
