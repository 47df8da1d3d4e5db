// The life of a request on the loop: which endpoint or which operation, who, what → to the turn thread, or, for bounded point reads, answered here.
#include "plane/internal.h"

#include "base/log.h"

#include <stdlib.h>

static ApiWork *api_of(Work *work) { return (ApiWork *)work; }

// ---- The reply ----

static void count_end(Plane *plane) { atomic_fetch_sub(&plane->open_requests, 1); }

static HttpReply failure_of(ApiWork *api, const Error *e) {
    HttpReply reply = {0};
    WireContext context = {.arena = api->call.arena, .request = &api->exchange->request, .route = &api->route, .request_id = api->call.request_id};
    wire_encode_error(&context, e, &reply);
    return reply;
}

static void send_failure(ApiWork *api, const Error *e) {
    HttpReply reply = failure_of(api, e);
    http_reply(api->exchange, &reply);
}

static void reply_failure(Plane *plane, ApiWork *api, const Error *e) {
    count_end(plane);
    body_filter_free(api->filter);
    send_failure(api, e);
}

static void reply_success(Plane *plane, ApiWork *api) {
    HttpReply reply = {0};
    WireContext context = {.arena = api->call.arena, .request = &api->exchange->request, .route = &api->route, .request_id = api->call.request_id};
    bool streams = api->call.operation->flags & WIRE_STREAM_OUT;
    wire_encode(&context, api->output, streams ? &api->reply_body : NULL, &reply);
    count_end(plane);
    body_filter_free(api->filter);
    if (http_reply(api->exchange, &reply)) return;
    Error e = {0};
    fail(&e, "InternalError", "The file of the body is not there or too short.");
    e.http_status = 500;
    send_failure(api, &e);
}

static void reply_broken(Plane *plane, ApiWork *api, const char *what, const Error *why) {
    Error e = {0};
    fail(&e, "InternalFailure", "%s: %s", what, why->message);
    e.http_status = 500;
    reply_failure(plane, api, &e);
}

static void finish_api(Plane *plane, Work *work, const Error *failed) {
    ApiWork *api = api_of(work);
    if (failed) {
        if (api->stream) stream_end(api);
        reply_broken(plane, api, "The request could not be made durable", failed);
    } else if (api->stream) {
        count_end(plane);
        stream_begin(plane, api);
    } else if (api->outcome == OUTCOME_DONE) {
        reply_success(plane, api);
    } else {
        reply_failure(plane, api, &api->error);
    }
}

// ---- In the turn ----

static bool perform_api(Turns *turns, Work *work) {
    ApiWork *api = api_of(work);
    Turn turn;
    api->call.now_ms = turns->step.now_ms;
    turn_begin(&turn, turns, api->call.arena, api->call.where, str_cat(api->call.arena, STR("call/"), api->call.request_id));
    api->outcome = run_call(&turn, registry_operation(api->call.operation), &api->call, &api->output, &api->error);
    api->reply_body = turn.reply_body;
    if (api->outcome == OUTCOME_DONE && turn.stream_type) stream_open(api, &turn);
    audit_call(turns, &api->call, api->outcome, &api->error);
    if (api->outcome != OUTCOME_PARK) return true;
    parking_add(turns, api, NULL, &turn);
    return false;
}

// ---- On the loop: reads ----

// A reply may bring the connection's next request, which then sees what this one saw: everything that was acknowledged before either began.
static void reader_begin(Plane *plane) {
    if (plane->reader_depth++ == 0) store_begin(plane->reader);
}

static void reader_end(Plane *plane) {
    if (--plane->reader_depth == 0) store_rollback(plane->reader);
}

static void read_now(Plane *plane, ApiWork *api) {
    Turn turn = {.plane = plane, .store = plane->reader, .arena = api->call.arena, .where = api->call.where, .now_ms = plane_now(plane)};
    api->call.now_ms = turn.now_ms;
    api->outcome = run_call(&turn, registry_operation(api->call.operation), &api->call, &api->output, &api->error);
    assert(api->outcome != OUTCOME_PARK);
    api->reply_body = turn.reply_body;
    const Error *failed = store_failure(plane->reader);
    if (!failed) return;
    log_error("a read failed: %s", failed->message);
    api->outcome = OUTCOME_ERROR;
    fail(&api->error, "InternalFailure", "The data could not be read: %s", failed->message);
    api->error.http_status = 500;
    store_rollback(plane->reader); // the others are read anew
    store_begin(plane->reader);
}

// First all reads, then all replies: a client that wakes at the first reply is still awake for the last (each waking costs more than a read).
void dispatch_reads(Plane *plane) {
    if (plane->reads.len == 0) return;
    Vec reads = plane->reads;
    plane->reads.len = 0;
    reader_begin(plane);
    for (size_t i = 0; i < reads.len; i++) read_now(plane, vec_get(&reads, ApiWork *, i));
    for (size_t i = 0; i < reads.len; i++) finish_api(plane, &vec_get(&reads, ApiWork *, i)->work, NULL);
    reader_end(plane);
}

bool plane_read(Plane *plane, Partition where, Arena *arena, void (*run)(Turn *turn, void *context), void *context, Error *e) {
    Turn turn = {.plane = plane, .store = plane->reader, .arena = arena, .where = where, .now_ms = plane_now(plane)};
    reader_begin(plane);
    run(&turn, context);
    const Error *failed = store_failure(plane->reader);
    if (failed) fail(e, "InternalFailure", "The data could not be read: %s", failed->message);
    if (failed && e) e->http_status = 500;
    reader_end(plane);
    return !failed;
}

// ---- The request ----

static ApiWork *api_new(Plane *plane, HttpExchange *exchange) {
    Arena *arena = exchange->request.arena;
    ApiWork *api = arena_new_of(arena, ApiWork);
    api->work = (Work){.perform = perform_api, .finished = finish_api};
    api->exchange = exchange;
    api->call.arena = arena;
    api->call.request_id = id_uuid(&plane->ids, arena);
    exchange->data = api;
    return api;
}

// Collects a body that is no streaming payload. One that is, but refused by its head, is not read when it is long, and else only to keep the connection.
static void serve_head(Plane *plane, ApiWork *api, HttpIntake *intake) {
    const HttpRequest *request = &api->exchange->request;
    if (!wire_body_streams(request, &api->route)) return;
    if (admit_head(plane, api, &api->error)) {
        api->filter = body_filter_begin(plane, api->exchange, &api->who, intake);
        return;
    }
    api->outcome = OUTCOME_ERROR;
    if (!admission_is_urgent(request)) return;
    HttpReply refusal = failure_of(api, &api->error);
    intake->kind = HTTP_REFUSE;
    intake->refusal = arena_copy(api->call.arena, &refusal, sizeof refusal);
}

static void serve_api(Plane *plane, HttpExchange *exchange) {
    ApiWork *api = exchange->data ? exchange->data : api_new(plane, exchange);
    api->arrived = true;
    if (api->outcome == OUTCOME_ERROR || !admit(plane, api, &api->error)) {
        reply_failure(plane, api, &api->error);
    } else if (registry_operation(api->call.operation)->flags & OP_READ) {
        vec_add(&plane->reads, ApiWork *, api);
    } else {
        plane_push(plane, &api->work);
    }
}

// ---- Callbacks of the server ----

static bool is_at(const Endpoint *endpoint, Str listener, Str path) {
    return str_is(listener, endpoint->listener) && str_starts(path, str_of(endpoint->path_prefix));
}

// Services first: a page of theirs may lie below the plane's own.
static const EndpointType *endpoint_at(Str listener, Str path) {
    static const Endpoint OWN = {"api", "/_rehearse/", &ADMIN_ENDPOINT};
    for (const Service *const *service = SERVICES; *service; service++) {
        for (const Endpoint *at = (*service)->endpoints; at && at->path_prefix; at++) {
            if (is_at(at, listener, path)) return at->type;
        }
    }
    return is_at(&OWN, listener, path) ? OWN.type : NULL;
}

static const EndpointType *endpoint_of(const HttpExchange *exchange) { return endpoint_at(exchange->request.listener, exchange->request.path); }

static void on_head(void *context, HttpExchange *exchange, HttpIntake *intake) {
    Plane *plane = context;
    const EndpointType *endpoint = endpoint_of(exchange);
    if (endpoint) {
        if (endpoint->on_head) endpoint->on_head(plane, exchange, intake);
    } else {
        serve_head(plane, api_new(plane, exchange), intake);
    }
}

static void on_request(void *context, HttpExchange *exchange) {
    Plane *plane = context;
    const EndpointType *endpoint = endpoint_of(exchange);
    atomic_store(&plane->last_request_ms, real_now_ms());
    plane->request_count++;
    if (endpoint) {
        endpoint->on_request(plane, exchange);
        return;
    }
    atomic_fetch_add(&plane->open_requests, 1);
    serve_api(plane, exchange);
}

static void on_body(void *context, HttpExchange *exchange, Str piece, bool last) {
    const EndpointType *endpoint = endpoint_of(exchange);
    if (endpoint && endpoint->on_body) endpoint->on_body(context, exchange, piece, last);
}

static void on_writable(void *context, HttpExchange *exchange) {
    const EndpointType *endpoint = endpoint_of(exchange);
    if (endpoint && endpoint->on_writable) endpoint->on_writable(context, exchange);
    if (!endpoint) stream_go_on(exchange->data); // no other reply of ours comes in pieces
}

// A client that left while its call was parked: the turn thread is asked to forget it.
typedef struct ForgetWork {
    Work work;
    ApiWork *api;
} ForgetWork;

static bool perform_forget(Turns *turns, Work *work) {
    ApiWork *api = ((ForgetWork *)work)->api;
    if (!parking_forget(turns, api)) return true;
    api->outcome = OUTCOME_ERROR;
    vec_add(&turns->finished, Work *, &api->work);
    return true;
}

static void finish_forget(Plane *plane, Work *work, const Error *failed) { free(work); }

static void forget(Plane *plane, ApiWork *api) {
    ForgetWork *forget = malloc(sizeof *forget);
    if (!forget) abort();
    *forget = (ForgetWork){.work = {.perform = perform_forget, .finished = finish_forget}, .api = api};
    plane_push(plane, &forget->work);
}

static void on_gone(void *context, HttpExchange *exchange) {
    Plane *plane = context;
    const EndpointType *endpoint = endpoint_of(exchange);
    if (endpoint) {
        if (endpoint->on_gone) endpoint->on_gone(plane, exchange);
        return;
    }
    ApiWork *api = exchange->data;
    if (api && api->speaks) {
        stream_end(api);
        http_reply_end(exchange);
        return;
    }
    if (api && api->arrived) forget(plane, api);
    if (api && !api->arrived) body_filter_free(api->filter); // it left before its body had come
}

HttpOwner dispatch_owner(Plane *plane) {
    return (HttpOwner){
        .on_head = on_head,
        .on_request = on_request,
        .on_body = on_body,
        .on_writable = on_writable,
        .on_gone = on_gone,
        .context = plane,
    };
}
