// git over HTTP: /v1/repos/NAME/… served by the real `git http-backend`, streamed both ways with back-pressure.
//
// Who the client is and whether it may (GitPull, GitPush) is settled before the process starts. After a push the repository's refs are followed in a turn, and the last
// byte of the reply waits for its commit: when `git push` returns, what it sets off is durable.
#include "services/codecommit/codecommit.h"

#include "base/buf.h"
#include "base/log.h"
#include "os/files.h"
#include "os/process.h"

#include <signal.h>
#include <stdlib.h>

enum { HEAD_BYTES = 16 * 1024, MOST_FOLLOWS = 3 };

typedef struct Session {
    Plane *plane;
    HttpExchange *exchange; // NULL: the client has gone
    Arena *arena;
    Process *process;
    Partition where;
    Str name, rest; // repository, and the path behind it: "/info/refs"
    Doc *repository;
    Principal principal;
    bool region_known; // else any region's repository of that name is meant: only a password that can be verified tells the region
    bool pushes; // GitPush is wanted
    bool receives; // this very request may move refs
    Error refused; // also: why the refs could not be followed
    int follows; // how often that was tried
    Buf head; // of the CGI reply, until it is whole
    bool replied;
} Session;

static void session_free(Session *session) {
    process_free(session->process);
    buf_done(&session->head);
    arena_free(session->arena);
}

// ---- Who may what ----

static bool wants_push(const HttpRequest *request) {
    return str_ends(request->path, STR("/git-receive-pack")) || str_contains(request->query, STR("service=git-receive-pack"));
}

static bool find_region(void *context, Partition where, Str id, const Doc *repository) {
    Session *session = context;
    if (!str_eq(id, session->name) || !str_eq(where.account, session->where.account)) return true;
    session->where.region = str_copy(session->arena, where.region);
    return false;
}

static void authorize(Turn *turn, void *context) {
    Session *session = context;
    bool here = document_exists(turn_store(turn), session->where, &CODECOMMIT_REPOSITORY, session->name);
    if (!here && !session->region_known) document_each(turn_store(turn), &CODECOMMIT_REPOSITORY, session->arena, find_region, session);
    Requirement what = {
        .action = session->pushes ? STR("codecommit:GitPush") : STR("codecommit:GitPull"),
        .resource = repository_arn(session->arena, session->where, session->name),
    };
    if (!turn_allowed(turn, &session->principal, &what, &session->refused)) return;
    Doc *repository;
    if (document_get(turn_store(turn), session->where, &CODECOMMIT_REPOSITORY, session->name, session->arena, &repository)) {
        session->repository = repository;
    } else {
        fail(&session->refused, "RepositoryDoesNotExistException", "%.*s does not exist", STR_ARG(session->name));
    }
}

// "/v1/repos/NAME/info/refs" to its parts.
static void split_path(Session *session, const HttpRequest *request) {
    Str rest = str_strip_prefix(request->path, STR("/v1/repos/")), decoded;
    Str name = str_cut(&rest, '/');
    session->name = str_uri_decode(session->arena, name, false, &decoded) ? decoded : name;
    session->rest = rest.at ? str_cat(session->arena, STR("/"), rest) : STR("");
}

static bool admit(Session *session, Error *e) {
    const HttpRequest *request = &session->exchange->request;
    AuthenticationRules rules = plane_rules(session->plane);
    Authentication who = {0};
    Str path = str_cat(request->arena, STR("/v1/repos/"), session->name);
    TRY(identity_authenticate_git(plane_identity(session->plane), &rules, request, path, &who, e));
    session->principal = who.principal;
    const PlaneOptions *options = plane_options(session->plane);
    session->where.account = who.principal.account.len ? who.principal.account : options->account;
    session->region_known = who.region.len > 0;
    session->where.region = who.region.len ? who.region : options->region;
    TRY(plane_read(session->plane, session->where, session->arena, authorize, session, e));
    if (session->refused.code[0]) *e = session->refused;
    return !session->refused.code[0];
}

static int status_of(const Error *e) {
    if (strstr(e->code, "MissingAuthenticationToken")) return 401; // git asks its credential helper then
    if (error_is(e, "AccessDeniedException")) return 403; // in JSON's replies it is 400
    if (e->http_status) return e->http_status;
    return error_is(e, "RepositoryDoesNotExistException") ? 404 : 403;
}

static HttpReply refusal(HttpExchange *exchange, const Error *e) {
    Arena *arena = exchange->request.arena;
    HttpHeader *headers = arena_array(arena, HttpHeader, 2);
    headers[0] = (HttpHeader){STR("Content-Type"), STR("text/plain")};
    headers[1] = (HttpHeader){STR("WWW-Authenticate"), STR("Basic realm=\"AWS CodeCommit\"")};
    int status = status_of(e);
    Str text = str_format(arena, "%s\n", e->message);
    return (HttpReply){.status = status, .headers = headers, .header_count = status == 401 ? 2 : 1, .body = body_of(text)};
}

// ---- The process ----

static bool follow(Turn *turn, void *context);

// What could not be told now is tried again soon; when that fails too, a later push or start makes up for it.
static void finish(Plane *plane, void *context, const Error *failed) {
    Session *session = context;
    failed = failed ? failed : session->receives && session->refused.code[0] ? &session->refused : NULL;
    if (failed && session->follows++ < MOST_FOLLOWS) {
        plane_in_turn(plane, session->where, follow, finish, session);
        return;
    }
    if (failed) log_error("repository %.*s: a push is not published: %s", STR_ARG(session->name), failed->message);
    if (session->exchange && failed) http_abort(session->exchange); // git then says that the push was not confirmed
    if (session->exchange && !failed) http_reply_end(session->exchange);
    session_free(session);
}

static bool follow(Turn *turn, void *context) {
    Session *session = context;
    error_clear(&session->refused);
    return refs_follow(turn, session->name, session->principal.arn, &session->refused);
}

static void on_end(void *context, int status, int signal) {
    Session *session = context;
    if (session->exchange && !session->replied) {
        endpoint_reply(session->exchange, 500, "text/plain", STR("git http-backend gave no answer\n"));
        session->exchange = NULL;
    }
    if (session->receives) {
        plane_in_turn(session->plane, session->where, follow, finish, session);
    } else {
        finish(session->plane, session, NULL);
    }
}

// The head of a CGI reply: lines of headers, Status among them, up to an empty line.
static void begin_reply(Session *session, Str head) {
    Arena *arena = session->exchange->request.arena;
    HttpHeader *headers = arena_array(arena, HttpHeader, 32);
    HttpReply reply = {.status = 200, .headers = headers, .body = {.size = -1}};
    for (Str line; (line = str_next_line(&head)).at && line.len;) {
        Str value = line, name = str_cut(&value, ':');
        int64_t status;
        Str number = str_trim(value);
        if (str_eq_nocase(name, STR("status")) && str_to_int(str_cut(&number, ' '), &status)) {
            reply.status = (int)status;
        } else if (reply.header_count < 32) {
            headers[reply.header_count++] = (HttpHeader){str_copy(arena, name), str_copy(arena, str_trim(value))};
        }
    }
    session->replied = true;
    http_reply_begin(session->exchange, &reply);
}

static void send_piece(Session *session, Str bytes) {
    if (bytes.len && session->exchange && !http_reply_write(session->exchange, bytes)) process_pause_output(session->process, true);
}

static void on_output(void *context, int stream, Str bytes) {
    Session *session = context;
    if (stream != 1 || !session->exchange) return;
    if (session->replied) {
        send_piece(session, bytes);
        return;
    }
    buf_add(&session->head, bytes);
    Str all = buf_str(&session->head);
    ptrdiff_t end = str_find(all, STR("\r\n\r\n")), width = 4;
    if (end < 0) end = str_find(all, STR("\n\n")), width = 2;
    if (end < 0) return;
    begin_reply(session, str_sub(all, 0, (size_t)(end + width)));
    send_piece(session, str_from(all, (size_t)(end + width)));
}

static void on_drained(void *context) {
    Session *session = context;
    if (session->exchange) http_body_resume(session->exchange);
}

static const char *variable(Arena *arena, const char *name, Str value) { return str_c(arena, str_format(arena, "%s=%.*s", name, STR_ARG(value))); }

// Without CONTENT_LENGTH: git would wait for so many bytes for ever where they end early, as they do with the server.
static const char *const *environment(Session *session) {
    const HttpRequest *request = &session->exchange->request;
    Arena *arena = session->arena;
    const char **env = arena_array(arena, const char *, 24);
    size_t n = 0;
    Str id = doc_text(session->repository, "repositoryId");
    env[n++] = "PATH=/usr/local/bin:/usr/bin:/bin";
    env[n++] = "HOME=/nonexistent";
    env[n++] = "GIT_CONFIG_NOSYSTEM=1";
    env[n++] = "GIT_HTTP_EXPORT_ALL=1";
    env[n++] = "GIT_CONFIG_COUNT=4";
    env[n++] = "GIT_CONFIG_KEY_0=http.receivepack";
    env[n++] = "GIT_CONFIG_VALUE_0=true";
    env[n++] = "GIT_CONFIG_KEY_1=safe.directory";
    env[n++] = "GIT_CONFIG_VALUE_1=*";
    env[n++] = "GIT_CONFIG_KEY_2=core.fsync"; // what a push leaves is as durable as the document that tells of it
    env[n++] = "GIT_CONFIG_VALUE_2=committed,reference";
    env[n++] = "GIT_CONFIG_KEY_3=core.fsyncMethod";
    env[n++] = "GIT_CONFIG_VALUE_3=batch";
    env[n++] = variable(arena, "GIT_PROJECT_ROOT", str_cat(arena, plane_options(session->plane)->data, STR("/git")));
    env[n++] = variable(arena, "PATH_INFO", str_format(arena, "/%.*s.git%.*s", STR_ARG(id), STR_ARG(session->rest)));
    env[n++] = variable(arena, "REQUEST_METHOD", request->method);
    env[n++] = variable(arena, "QUERY_STRING", request->query.at ? request->query : STR(""));
    env[n++] = variable(arena, "REMOTE_ADDR", request->peer);
    env[n++] = variable(arena, "REMOTE_USER", session->principal.arn);
    env[n++] = variable(arena, "CONTENT_TYPE", http_header(request, "content-type"));
    if (http_header(request, "content-encoding").at) env[n++] = variable(arena, "HTTP_CONTENT_ENCODING", http_header(request, "content-encoding"));
    if (http_header(request, "git-protocol").at) env[n++] = variable(arena, "GIT_PROTOCOL", http_header(request, "git-protocol"));
    return env;
}

static bool refuse_as_ours(Error *e) {
    e->http_status = 500;
    return false;
}

static bool spawn(Session *session, bool has_body, Error *e) {
    static const char *const ARGV[] = {"git", "http-backend", NULL};
    AUTO_FD held = -1;
    if (session->receives && !push_begin(session->arena, plane_options(session->plane)->data, &held, e)) return refuse_as_ours(e);
    ProcessSpec spec = {
        .argv = ARGV,
        .env = environment(session),
        .held = held < 0 ? 0 : held,
        .input = has_body ? PROCESS_PIPE : PROCESS_NULL,
        .output = PROCESS_PIPE,
        .errors = PROCESS_NULL,
    };
    ProcessOwner owner = {.on_output = on_output, .on_drained = on_drained, .on_exit = on_end, .context = session};
    return process_spawn(plane_loop(session->plane), &spec, &owner, &session->process, e) || refuse_as_ours(e);
}

static Session *session_new(Plane *plane, HttpExchange *exchange) {
    Arena *arena = arena_new();
    Session *session = arena_new_of(arena, Session);
    *session = (Session){.plane = plane, .exchange = exchange, .arena = arena, .pushes = wants_push(&exchange->request)};
    session->receives = session->pushes && str_is(exchange->request.method, "POST");
    buf_init(&session->head, HEAD_BYTES + PROCESS_PIECE_BYTES); // what follows the head may come with it
    split_path(session, &exchange->request);
    return session;
}

// ---- Callbacks of the endpoint ----

static void serve_head(Plane *plane, HttpExchange *exchange, HttpIntake *intake) {
    Session *session = session_new(plane, exchange);
    Error e = {0};
    if (admit(session, &e) && spawn(session, true, &e)) {
        intake->kind = HTTP_INTO_STREAM;
        intake->max_bytes = INT64_MAX;
        exchange->data = session;
        return;
    }
    HttpReply *reply = arena_new_of(exchange->request.arena, HttpReply);
    *reply = refusal(exchange, &e);
    intake->kind = HTTP_REFUSE;
    intake->refusal = reply;
    session_free(session);
}

static void serve(Plane *plane, HttpExchange *exchange) {
    Session *session = session_new(plane, exchange);
    Error e = {0};
    if (admit(session, &e) && spawn(session, false, &e)) {
        exchange->data = session;
        return;
    }
    HttpReply reply = refusal(exchange, &e);
    session_free(session);
    http_reply(exchange, &reply);
}

static void serve_body(Plane *plane, HttpExchange *exchange, Str piece, bool last) {
    Session *session = exchange->data;
    if (piece.len && !process_write(session->process, piece)) http_body_pause(exchange);
    if (last) process_close_input(session->process);
}

static void serve_writable(Plane *plane, HttpExchange *exchange) {
    Session *session = exchange->data;
    if (session) process_pause_output(session->process, false);
}

// git is ended; what it had done by then is followed when it has exited.
static void serve_gone(Plane *plane, HttpExchange *exchange) {
    Session *session = exchange->data;
    if (!session) return;
    exchange->data = NULL;
    session->exchange = NULL;
    http_abort(exchange);
    process_signal(session->process, SIGTERM);
}

const EndpointType CODECOMMIT_GIT = {
    .on_head = serve_head,
    .on_request = serve,
    .on_body = serve_body,
    .on_writable = serve_writable,
    .on_gone = serve_gone,
};
