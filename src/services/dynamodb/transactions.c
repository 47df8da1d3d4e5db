// TransactWriteItems and TransactGetItems. The call's savepoint is the transaction: one action that fails undoes all.
//
// A ClientRequestToken is remembered for ten minutes with a hash of what was asked: the same again is answered without doing it again, something else under
// it is refused. Each token is a small machine that a timer ends.
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/handlers.h"

#include "formats/digest.h"
#include "formats/json.h"

enum { ACTIONS_MOST = 100, TOKEN_MS = 10 * 60 * 1000 };

static void token_step(Step *step) {
    if (!step->state && str_is(step->event->kind, "start")) {
        step->state = doc_copy(step->arena, step->event->data);
        step_timer(step, STR("forget"), TIMER_BACKGROUND, step->now_ms + TOKEN_MS);
    } else if (str_is(step->event->kind, "timer")) {
        step->state = NULL;
    }
}

static const MachineType TOKEN_MACHINE = {.version = 1, .step = token_step};
const DocumentType DYNAMODB_TOKEN = {.name = "dynamodb.token", .machine = &TOKEN_MACHINE};

typedef bool WriteFunction(Turn *turn, Write *write, Error *e);

static const struct {
    const char *member;
    WriteFunction *run;
} ACTIONS[] = {{"Put", write_put}, {"Update", write_update}, {"Delete", write_delete}, {"ConditionCheck", write_check}};

static Doc *no_reason(Arena *arena) {
    Doc *reason = doc_map(arena);
    doc_set_str(arena, reason, "Code", STR("None"));
    return reason;
}

static Doc *reason_of(Arena *arena, const Error *why) {
    Doc *reason = doc_map(arena);
    bool condition = error_is(why, "ConditionalCheckFailedException");
    doc_set_str(arena, reason, "Code", condition ? STR("ConditionalCheckFailed") : STR("ValidationError"));
    doc_set_str(arena, reason, "Message", str_copy(arena, str_of(why->message)));
    const Doc *item = doc_get(why->extra, "Item");
    if (item) doc_set(reason, "Item", doc_copy(arena, item));
    return reason;
}

// Only what a condition or an item's own state says is a reason to cancel; a malformed action fails the call as such.
static bool cancels(const Error *why) {
    static const char *const state[] = {
        "An operand in the update expression has an incorrect data type",
        "The provided expression refers to an attribute that does not exist in the item",
        "The document path provided in the update expression is invalid for update",
        "Item size to update has exceeded the maximum allowed size",
        NULL,
    };
    if (error_is(why, "ConditionalCheckFailedException")) return true;
    for (const char *const *message = state; *message; message++)
        if (strcmp(why->message, *message) == 0) return true;
    return false;
}

static bool run_action(Turn *turn, const Call *call, const Doc *item, Map *seen, Error *e) {
    const Doc *action = doc_first(item);
    if (doc_count(item) != 1) return dynamodb_invalid(e, "TransactItems can only contain one of Check, Put, Update or Delete");
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (!str_is(action->key, ACTIONS[i].member)) continue;
        Write write = {.call = call, .input = action};
        bool done = ACTIONS[i].run(turn, &write, e);
        if (write.key.at && map_put(seen, write.key, (void *)item))
            return dynamodb_invalid(e, "Transaction request cannot include multiple operations on one item");
        return done;
    }
    return dynamodb_invalid(e, "Invalid request");
}

static bool fail_cancelled(const Call *call, Doc *reasons, Error *e) {
    AUTO_BUF codes;
    buf_init(&codes, 4096);
    for (const Doc *reason = doc_first(reasons); reason; reason = reason->next) {
        if (codes.len) buf_add(&codes, STR(", "));
        buf_add(&codes, doc_text(reason, "Code"));
    }
    fail(e, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%.*s]",
         STR_ARG(buf_str(&codes)));
    if (!e) return false;
    Doc *extra = doc_map(call->arena);
    doc_set(extra, "CancellationReasons", reasons);
    e->extra = extra;
    return false;
}

static bool run_actions(Turn *turn, const Call *call, const Doc *items, Map *seen, Error *e) {
    Doc *reasons = doc_list(call->arena);
    bool cancelled = false;
    for (const Doc *item = doc_first(items); item; item = item->next) {
        Error why = {0};
        bool done = run_action(turn, call, item, seen, &why);
        if (!done && !cancels(&why)) {
            if (e) *e = why;
            return false;
        }
        cancelled = cancelled || !done;
        doc_push(reasons, done ? no_reason(call->arena) : reason_of(call->arena, &why));
    }
    return !cancelled || fail_cancelled(call, reasons, e);
}

// True with *known set: it has been done before.
static bool remember(Turn *turn, const Call *call, bool *known, Error *e) {
    Arena *arena = call->arena;
    Str token = doc_text(call->input, "ClientRequestToken");
    *known = false;
    if (!token.at) return true;
    Str hash = digest_hex(arena, DIGEST_SHA256, json_write(arena, doc_get(call->input, "TransactItems")));
    Doc *before = NULL;
    if (turn_get(turn, &DYNAMODB_TOKEN, token, &before)) {
        *known = true;
        if (str_eq(doc_text(before, "Hash"), hash)) return true;
        return fail(e, "IdempotentParameterMismatchException", "The provided idempotency token was used with different parameters");
    }
    Doc *data = doc_map(arena);
    doc_set_str(arena, data, "Hash", hash);
    turn_send(turn, &DYNAMODB_TOKEN, token, STR("start"), data);
    return true;
}

static bool check_count(const Doc *items, Error *e) {
    if (doc_count(items) <= ACTIONS_MOST) return true;
    return dynamodb_invalid(
        e, "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100");
}

Outcome transact_write_items(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *items = doc_get(call->input, "TransactItems");
    static const char *const refused[] = {"ReturnItemCollectionMetrics", NULL};
    bool known, ok = true;
    CALL_TRY(dynamodb_refuse(call, call->input, refused, e));
    CALL_TRY(check_count(items, e));
    CALL_TRY(remember(turn, call, &known, e));
    Map *seen = map_new();
    if (!known) ok = run_actions(turn, call, items, seen, e);
    map_free(seen);
    if (!ok) return OUTCOME_ERROR;
    *out = doc_map(call->arena);
    return OUTCOME_DONE;
}

static bool get_one(Turn *turn, const Call *call, const Doc *request, Doc *responses, Error *e) {
    Arena *arena = call->arena;
    Doc *get = doc_get(request, "Get"), *item = NULL, *response = doc_map(arena);
    Str projection = doc_text(get, "ProjectionExpression"), key;
    Vec paths = vec_of(arena, Path);
    Scope scope;
    Table table;
    TRY(table_need(turn, doc_text(get, "TableName"), &table, e));
    TRY(item_check(arena, doc_get(get, "Key"), e));
    TRY(scope_begin(&scope, arena, get, e));
    if (projection.at) TRY(parse_projection(&scope, projection, &paths, e));
    TRY(scope_end(&scope, e));
    TRY(key_exactly(arena, &table, doc_get(get, "Key"), &key, e));
    if (item_get(turn, key, &item)) doc_set(response, "Item", paths.len ? path_project(arena, &paths, item) : item);
    doc_push(responses, response);
    return true;
}

Outcome transact_get_items(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *items = doc_get(call->input, "TransactItems");
    Doc *responses = doc_list(call->arena);
    CALL_TRY(check_count(items, e));
    for (const Doc *request = doc_first(items); request; request = request->next) CALL_TRY(get_one(turn, call, request, responses, e));
    *out = doc_map(call->arena);
    doc_set(*out, "Responses", responses);
    return OUTCOME_DONE;
}
