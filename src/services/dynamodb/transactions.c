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

// What a condition, an item's own state or the table's schema says is a reason to cancel; a malformed action fails the call as such.
static bool cancels(const Error *why) {
    static const char *const state[] = {
        "An operand in the update expression has an incorrect data type",
        "The provided expression refers to an attribute that does not exist in the item",
        "The document path provided in the update expression is invalid for update",
        "The update expression attempted to update the secondary index key",
        "Item size to update has exceeded the maximum allowed size",
        "The provided key element does not match the schema",
        "One or more parameter values were invalid: Type mismatch for",
        "One or more parameter values were invalid: Missing the key",
        "One or more parameter values were invalid: Cannot update attribute",
        NULL,
    };
    if (error_is(why, "ConditionalCheckFailedException")) return true;
    for (const char *const *message = state; *message; message++)
        if (str_starts(str_of(why->message), str_of(*message))) return true;
    return false;
}

// What is under way: the items met, and what each table has come to.
typedef struct Transaction {
    const Call *call;
    Map *seen;
    Vec usages; // of Usage
    Doc *metrics;
    const char *split; // "ReadCapacityUnits" or "WriteCapacityUnits"
} Transaction;

static Transaction transaction_begin(const Call *call, const char *split) {
    return (Transaction){.call = call, .seen = map_new(), .usages = vec_of(call->arena, Usage), .metrics = doc_map(call->arena), .split = split};
}

static Usage *usage_of(Transaction *transaction, const Table *table) {
    Arena *arena = transaction->call->arena;
    for (size_t i = 0; i < transaction->usages.len; i++) {
        Usage *usage = (Usage *)vec_at(&transaction->usages, i);
        if (usage->table->number == table->number) return usage;
    }
    vec_add(&transaction->usages, Usage, usage_new(arena, arena_copy(arena, table, sizeof *table)));
    return (Usage *)vec_at(&transaction->usages, transaction->usages.len - 1);
}

static void show_usages(Transaction *transaction, Doc *reply) {
    Arena *arena = transaction->call->arena;
    Doc *list = doc_list(arena);
    if (doc_count(transaction->metrics)) doc_set(reply, "ItemCollectionMetrics", transaction->metrics);
    if (!usage_wanted(transaction->call->input)) return;
    for (size_t i = 0; i < transaction->usages.len; i++) {
        Usage *usage = (Usage *)vec_at(&transaction->usages, i);
        usage_double(usage);
        doc_push(list, usage_doc(arena, usage, transaction->call->input, transaction->split));
    }
    doc_set(reply, "ConsumedCapacity", list);
}

static bool meet(Transaction *transaction, Str key, Error *e) {
    if (!key.at || !map_put(transaction->seen, key, transaction)) return true;
    return dynamodb_invalid(e, "Transaction request cannot include multiple operations on one item");
}

static bool run_action(Turn *turn, Transaction *transaction, const Doc *item, Error *e) {
    const Doc *action = doc_first(item);
    if (doc_count(item) != 1) return dynamodb_invalid(e, "TransactItems can only contain one of Check, Put, Update or Delete");
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (!str_is(action->key, ACTIONS[i].member)) continue;
        Write write = {.call = transaction->call, .input = action};
        bool done = ACTIONS[i].run(turn, &write, e);
        TRY(meet(transaction, write.key, e));
        if (!done) return false;
        if (ACTIONS[i].run != write_check) collections_note(&write, transaction->metrics);
        usage_add_write(transaction->call->arena, usage_of(transaction, &write.table), write.old, write.item);
        return true;
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

static bool run_actions(Turn *turn, Transaction *transaction, const Doc *items, Error *e) {
    const Call *call = transaction->call;
    Doc *reasons = doc_list(call->arena);
    bool cancelled = false;
    for (const Doc *item = doc_first(items); item; item = item->next) {
        Error why = {0};
        bool done = run_action(turn, transaction, item, &why);
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

// What was done before is answered by reading what it wrote.
static bool replay(Turn *turn, Transaction *transaction, const Doc *items, Error *e) {
    Arena *arena = transaction->call->arena;
    transaction->split = "ReadCapacityUnits";
    for (const Doc *item = doc_first(items); item; item = item->next) {
        Doc *action = doc_first(item), *put = doc_get(action, "Item"), *found = NULL;
        Table table;
        Str key;
        TRY(table_need(turn, doc_text(action, "TableName"), &table, e));
        TRY(key_of_item(arena, &table, put ? put : doc_get(action, "Key"), &key, e));
        size_t bytes = item_get(turn, key, &found) ? item_bytes(found) : 0;
        usage_of(transaction, &table)->of_table += read_units(bytes, true);
    }
    return true;
}

static bool check_count(const Doc *items, Error *e) {
    if (doc_count(items) <= ACTIONS_MOST) return true;
    return dynamodb_invalid(
        e, "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100");
}

Outcome transact_write_items(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *items = doc_get(call->input, "TransactItems");
    bool known;
    CALL_TRY(check_count(items, e));
    CALL_TRY(remember(turn, call, &known, e));
    Transaction transaction = transaction_begin(call, "WriteCapacityUnits");
    bool ok = known ? replay(turn, &transaction, items, e) : run_actions(turn, &transaction, items, e);
    map_free(transaction.seen);
    if (!ok) return OUTCOME_ERROR;
    *out = doc_map(call->arena);
    show_usages(&transaction, *out);
    return OUTCOME_DONE;
}

static bool get_one(Turn *turn, Transaction *transaction, const Doc *request, Doc *responses, Error *e) {
    Arena *arena = transaction->call->arena;
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
    TRY(meet(transaction, key, e));
    bool found = item_get(turn, key, &item);
    usage_of(transaction, &table)->of_table += read_units(item_bytes(item), true);
    if (found && paths.len) item = path_project(arena, &paths, item);
    if (found && doc_count(item)) doc_set(response, "Item", item);
    doc_push(responses, response);
    return true;
}

Outcome transact_get_items(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *items = doc_get(call->input, "TransactItems");
    Doc *responses = doc_list(call->arena);
    CALL_TRY(check_count(items, e));
    Transaction transaction = transaction_begin(call, "ReadCapacityUnits");
    bool ok = true;
    for (const Doc *request = doc_first(items); request && ok; request = request->next) ok = get_one(turn, &transaction, request, responses, e);
    map_free(transaction.seen);
    if (!ok) return OUTCOME_ERROR;
    *out = doc_map(call->arena);
    doc_set(*out, "Responses", responses);
    show_usages(&transaction, *out);
    return OUTCOME_DONE;
}
