// The plane's own pages under /_rehearse/: health, status, services, unsupported calls, the clock, reset, events as they happen. What the command line shows comes from here
// and from the AWS API; nothing else.
#include "plane/internal.h"

#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/poison.h"
#include "formats/json.h"
#include "os/files.h"
#include "store/blobs.h"

#include <stdlib.h>

void endpoint_reply(HttpExchange *exchange, int status, const char *content_type, Str body) {
    HttpHeader *header = arena_new_of(exchange->request.arena, HttpHeader);
    *header = (HttpHeader){STR("Content-Type"), str_of(content_type)};
    http_reply(exchange, &(HttpReply){.status = status, .headers = header, .header_count = 1, .body = body_of(body)});
}

void endpoint_reply_json(HttpExchange *exchange, int status, const Doc *doc) {
    endpoint_reply(exchange, status, "application/json", json_write(exchange->request.arena, doc));
}

static void reply_error(HttpExchange *exchange, int status, const Error *e) {
    Arena *arena = exchange->request.arena;
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "code", str_of(e->code));
    doc_set_str(arena, doc, "message", str_of(e->message));
    endpoint_reply_json(exchange, status, doc);
}

// ---- A function in a turn ----

typedef struct FunctionWork {
    Work work;
    Partition where;
    TurnFunction *run;
    TurnDone *done;
    void *context;
    Arena *arena;
} FunctionWork;

static bool perform_function(Turns *turns, Work *work) {
    FunctionWork *function = (FunctionWork *)work;
    Turn turn;
    Str origin = str_cat(function->arena, STR("endpoint/"), id_uuid(&turns->ids, function->arena));
    turn_begin(&turn, turns, function->arena, function->where, origin);
    store_savepoint(turns->store);
    if (function->run(&turn, function->context)) {
        store_release(turns->store);
    } else {
        store_undo(turns->store);
        directory_changed(turns->directory);
    }
    return true;
}

static void finish_function(Plane *plane, Work *work, const Error *failed) {
    FunctionWork *function = (FunctionWork *)work;
    function->done(plane, function->context, failed);
    arena_free(function->arena);
}

void plane_in_turn(Plane *plane, Partition where, TurnFunction *run, TurnDone *done, void *context) {
    Arena *arena = arena_new();
    FunctionWork *function = arena_new_of(arena, FunctionWork);
    *function = (FunctionWork){
        .work = {.perform = perform_function, .finished = finish_function},
        .where = {str_copy(arena, where.account), str_copy(arena, where.region)},
        .run = run,
        .done = done,
        .context = context,
        .arena = arena,
    };
    plane_push(plane, &function->work);
}

// ---- Pages that the loop answers ----

static Doc *health_doc(const Plane *plane, Arena *arena) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "status", STR("running"));
    doc_set_str(arena, doc, "version", plane->options.version);
    doc_set_int(arena, doc, "port", plane->port);
    doc_set_str(arena, doc, "account", plane->options.account);
    doc_set_str(arena, doc, "region", plane->options.region);
    doc_set_str(arena, doc, "data", plane->options.data);
    doc_set_int(arena, doc, "startedMs", plane->started_ms);
    doc_set_int(arena, doc, "requests", (int64_t)plane->request_count);
    doc_set_int(arena, doc, "failPoints", failpoints_passed());
    return doc;
}

static Doc *services_doc(Arena *arena) {
    Doc *doc = doc_map(arena);
    for (const Service *const *service = SERVICES; *service; service++) {
        Doc *operations = doc_list(arena);
        for (const Operation *at = (*service)->operations; at->name; at++) doc_push_str(arena, operations, str_of(at->name));
        doc_add(doc, str_of((*service)->name), operations);
    }
    return doc;
}

static void serve_health(Plane *plane, HttpExchange *exchange) { endpoint_reply_json(exchange, 200, health_doc(plane, exchange->request.arena)); }
static void serve_services(Plane *plane, HttpExchange *exchange) { endpoint_reply_json(exchange, 200, services_doc(exchange->request.arena)); }

static void serve_sandboxes(Plane *plane, HttpExchange *exchange) {
    endpoint_reply_json(exchange, 200, sandboxes_doc(plane, exchange->request.arena));
}

static void serve_unsupported(Plane *plane, HttpExchange *exchange) {
    endpoint_reply_json(exchange, 200, unsupported_list(plane, exchange->request.arena));
}

// ---- Pages that need a turn ----

typedef struct AdminWork {
    Work work;
    HttpExchange *exchange;
    Doc *reply;
    Error error;
} AdminWork;

static void finish_admin(Plane *plane, Work *work, const Error *failed) {
    AdminWork *admin = (AdminWork *)work;
    if (failed || admin->error.code[0]) {
        reply_error(admin->exchange, failed ? 500 : 400, failed ? failed : &admin->error);
    } else {
        endpoint_reply_json(admin->exchange, 200, admin->reply);
    }
}

static AdminWork *admin_new(HttpExchange *exchange, bool (*perform)(Turns *turns, Work *work)) {
    AdminWork *admin = arena_new_of(exchange->request.arena, AdminWork);
    *admin = (AdminWork){.work = {.perform = perform, .finished = finish_admin}, .exchange = exchange};
    return admin;
}

static const char *const CLOCK_MODES[] = {"real", "jump", "scaled", "held"};

static Doc *clock_doc(Turns *turns, Arena *arena) {
    int64_t real_ms = real_now_ms(), now_ms = clock_now(&turns->clock, real_ms);
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "mode", str_of(CLOCK_MODES[turns->clock.mode]));
    doc_set(doc, "scale", doc_of_real(arena, turns->clock.scale));
    doc_set_int(arena, doc, "nowMs", now_ms);
    doc_set_int(arena, doc, "aheadMs", now_ms - real_ms);
    doc_set(doc, "timers", timer_list(turns->store, arena));
    doc_set(doc, "holds", effects_under_way(turns, arena));
    doc_set(doc, "setAside", poison_list(turns->store, arena));
    return doc;
}

static bool perform_show_clock(Turns *turns, Work *work) {
    AdminWork *admin = (AdminWork *)work;
    admin->reply = clock_doc(turns, admin->exchange->request.arena);
    return true;
}

static bool change_clock(Turns *turns, const Doc *body, Error *e) {
    int64_t by_ms, real_ms = real_now_ms();
    Str mode = doc_text(body, "mode"), advance = doc_text(body, "advance");
    for (size_t i = 0; mode.at && i < sizeof CLOCK_MODES / sizeof *CLOCK_MODES; i++) {
        if (!str_is(mode, CLOCK_MODES[i])) continue;
        clock_set_mode(&turns->clock, (ClockMode)i, doc_real(doc_get(body, "scale"), 1), real_ms);
        mode = STR_NONE;
    }
    if (mode.at) return fail(e, "bad-clock", "unknown clock mode \"%.*s\"; modes are real, jump, scaled, held", STR_ARG(mode));
    if (advance.at) {
        TRY(clock_parse_duration(advance, &by_ms, e));
        timing_advance(turns, clock_now(&turns->clock, real_ms) + by_ms);
    }
    timing_save(turns);
    return true;
}

static bool perform_change_clock(Turns *turns, Work *work) {
    AdminWork *admin = (AdminWork *)work;
    Arena *arena = admin->exchange->request.arena;
    Doc *body = NULL;
    if (!json_parse(arena, admin->exchange->request.body.bytes, &body, &admin->error)) return true;
    if (change_clock(turns, body, &admin->error)) admin->reply = clock_doc(turns, arena);
    return true;
}

static void serve_clock(Plane *plane, HttpExchange *exchange) {
    bool changes = str_is(exchange->request.method, "POST");
    plane_push(plane, &admin_new(exchange, changes ? perform_change_clock : perform_show_clock)->work);
}

static void delete_blob(void *context, Str path) {
    Turns *turns = context;
    vec_add(&turns->files, Str, path_join(turns->arena, plane_options(turns->plane)->data, path));
}

// What lies outside the database goes with the commit too: files are deleted after it (or at the next start), sandboxes by commands.
static void reset_files(Turns *turns) {
    const PlaneOptions *options = plane_options(turns->plane);
    Turn turn;
    Str origin = str_cat(turns->arena, STR("reset/"), id_uuid(&turns->ids, turns->arena));
    turn_begin(&turn, turns, turns->arena, (Partition){options->account, options->region}, origin);
    sandboxes_reset(&turn);
    leftovers_reset(&turn);
}

static bool perform_reset(Turns *turns, Work *work) {
    AdminWork *admin = (AdminWork *)work;
    blob_each(turns->store, turns->arena, delete_blob, turns);
    store_wipe(turns->store);
    directory_reset(turns->directory);
    timing_reset(turns);
    turns_start_services(turns);
    reset_files(turns);
    turns->changed = true;
    admin->reply = doc_map(admin->exchange->request.arena);
    return true;
}

static void finish_reset(Plane *plane, Work *work, const Error *failed) {
    if (!failed) unsupported_done(plane);
    finish_admin(plane, work, failed);
}

static void serve_reset(Plane *plane, HttpExchange *exchange) {
    AdminWork *admin = admin_new(exchange, perform_reset);
    admin->work.finished = finish_reset;
    admin->work.ends_batch = true;
    plane_push(plane, &admin->work);
}

typedef struct AdminPage {
    const char *method, *path;
    void (*serve)(Plane *plane, HttpExchange *exchange);
} AdminPage;

static const AdminPage PAGES[] = {
    {"GET", "/_rehearse/health", serve_health},
    {"GET", "/_rehearse/services", serve_services},
    {"GET", "/_rehearse/unsupported", serve_unsupported},
    {"GET", "/_rehearse/clock", serve_clock},
    {"POST", "/_rehearse/clock", serve_clock},
    {"POST", "/_rehearse/reset", serve_reset},
    {"GET", "/_rehearse/sandboxes", serve_sandboxes},
};

static void serve_admin(Plane *plane, HttpExchange *exchange) {
    for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
        if (!str_is(exchange->request.path, PAGES[i].path) || !str_is(exchange->request.method, PAGES[i].method)) continue;
        PAGES[i].serve(plane, exchange);
        return;
    }
    Error e = {0};
    fail(&e, "not-found", "there is no page %.*s %.*s", STR_ARG(exchange->request.method), STR_ARG(exchange->request.path));
    reply_error(exchange, 404, &e);
}

const EndpointType ADMIN_ENDPOINT = {.on_request = serve_admin};
