// One call on its way through policy and handler. The same path for clients, machines and turn_call.
#include "plane/internal.h"

#include "base/limits.h"

void turn_begin(Turn *turn, Turns *turns, Arena *arena, Partition where, Str origin) {
    *turn = (Turn){
        .plane = turns->plane,
        .turns = turns,
        .store = turns->store,
        .arena = arena,
        .where = where,
        .now_ms = turns->step.now_ms,
        .origin = origin,
    };
    id_source_seed(&turn->ids, id_u64(&turns->ids), id_u64(&turns->ids));
}

// What it told others is not said either.
static void undo(Turns *turns, size_t finished) {
    store_undo(turns->store);
    directory_changed(turns->directory);
    turns->finished.len = finished;
}

// With DryRun a success is an error, as EC2 has it: so nothing of it stays.
static Outcome tried(const Call *call, Outcome outcome, Error *e) {
    const Service *service = registry_service(wire_service_of(call->operation));
    if (outcome != OUTCOME_DONE || !service->dry_runs || !doc_flag(call->input, "DryRun", false)) return outcome;
    fail(e, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    if (e) e->http_status = 412;
    return OUTCOME_ERROR;
}

static Outcome handle(Turn *turn, const Operation *operation, const Call *call, Doc **out, Error *e) {
    bool writes = turn->turns != NULL;
    size_t finished = writes ? turn->turns->finished.len : 0;
    if (writes) store_savepoint(turn->store);
    Doc *reply = NULL;
    Outcome outcome = tried(call, operation->handle(turn, call, &reply, e), e);
    if (writes && outcome == OUTCOME_ERROR) undo(turn->turns, finished);
    if (writes && outcome != OUTCOME_ERROR) store_release(turn->store);
    if (outcome == OUTCOME_DONE) *out = reply;
    return outcome;
}

Outcome run_call(Turn *turn, const Operation *operation, const Call *call, Doc **out, Error *e) {
    turn->call = call;
    turn->depth = call->depth;
    turn->hops = call->hops;
    if (!authorize_call(turn, operation, call, e)) return OUTCOME_ERROR;
    return handle(turn, operation, call, out, e);
}

bool turn_call(Turn *turn, Principal principal, const char *service, const char *operation, Doc *input, Doc **out, Error *e) {
    assert(turn->turns);
    const WireOperation *wire = wire_operation(wire_service(str_of(service)), str_of(operation));
    const Operation *callee = wire ? registry_operation(wire) : NULL;
    assert(callee && (callee->flags & OP_LOCAL));
    if (turn->depth >= LIMIT_CALL_DEPTH) return fail(e, "InternalFailure", "%s:%s: calls nest too deeply.", service, operation);
    Call call = {
        .arena = turn->arena,
        .operation = wire,
        .principal = principal,
        .where = {principal.account.len ? principal.account : turn->where.account, turn->where.region},
        .input = input,
        .now_ms = turn->now_ms,
        .request_id = id_uuid(&turn->ids, turn->arena),
        .host = turn->call ? turn->call->host : STR_NONE,
        .internal = true,
        .depth = turn->depth + 1,
        .hops = turn->hops,
    };
    TRY(wire_validate(turn->arena, wire, input, e));
    Turn nested;
    turn_begin(&nested, turn->turns, turn->arena, call.where, str_cat(turn->arena, STR("call/"), call.request_id));
    return run_call(&nested, callee, &call, out, e) == OUTCOME_DONE;
}
