// The client on the loop.
//
//     resolving ──► connecting (one address after the other) ──► [TLS handshake] ──► request written, reply read ──► over ──► handles closed ──► freed
//
// The one timer is the time-out, and also what brings an error of http_fetch itself to the loop.
#include "http/client.h"
#include "http/response.h"

#include "base/limits.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 * 1024, HEAD_ROOM_BYTES = 2 * LIMIT_HTTP_HEAD_BYTES };

struct HttpFetch {
    uv_tcp_t tcp;
    uv_getaddrinfo_t resolver;
    uv_connect_t connecting;
    Loop *loop;
    LoopTimer *timer;
    Arena *arena;
    HttpCall call;
    CallTarget target;
    HttpFetched *done;
    void *context;
    struct addrinfo *addresses, *next;
    Response response;
    Buf request; // what is said, until it is written
    char *block; // what is being read
    SSL_CTX *tls_context;
    SSL *tls;
    BIO *in, *out; // the session's
    Error error;
    unsigned holds; // the caller, the resolver, the open socket, each write
    bool socket_open, over, said;
};

typedef struct Write {
    uv_write_t request; // first
    HttpFetch *fetch;
    char copy[];
} Write;

// The end

__attribute__((unused)) static void free_fetch(HttpFetch *fetch) {
    if (fetch->addresses) uv_freeaddrinfo(fetch->addresses);
    SSL_free(fetch->tls);
    SSL_CTX_free(fetch->tls_context);
    buf_done(&fetch->request);
    response_done(&fetch->response);
    free(fetch->block);
    arena_free(fetch->arena);
    free(fetch);
}

static void release(HttpFetch *fetch) {
    if (--fetch->holds) return;
#ifndef __clang_analyzer__ // it does not follow counts, and would see a use of freed memory behind every release
    free_fetch(fetch);
#endif
}

static void on_closed(uv_handle_t *handle) { release(handle->data); }

static void close_all(HttpFetch *fetch) {
    fetch->over = true;
    loop_timer_free(fetch->timer);
    uv_cancel((uv_req_t *)&fetch->resolver);
    if (fetch->socket_open) uv_close((uv_handle_t *)&fetch->tcp, on_closed);
    fetch->socket_open = false;
    release(fetch);
}

static void finish(HttpFetch *fetch) {
    if (fetch->over) return;
    fetch->holds++;
    close_all(fetch);
    HttpResult result = response_result(&fetch->response);
    bool failed = fetch->error.code[0];
    fetch->done(fetch->context, failed ? NULL : &result, failed ? &fetch->error : NULL);
    release(fetch);
}

void http_fetch_cancel(HttpFetch *fetch) {
    if (!fetch->over) close_all(fetch);
}

static void time_is_over(void *context) {
    HttpFetch *fetch = context;
    if (!fetch->error.code[0]) fail(&fetch->error, "timeout", "%.*s did not answer in time", STR_ARG(fetch->target.authority));
    finish(fetch);
}

static void fail_unreachable(HttpFetch *fetch, int status) {
    fail(&fetch->error, "unreachable", "%.*s: %s", STR_ARG(fetch->target.authority), uv_strerror(status));
    finish(fetch);
}

// Writing

static void on_written(uv_write_t *request, int status) {
    HttpFetch *fetch = ((Write *)request)->fetch;
    (void)status; // a failure to write shows in reading, where a reply may still come first
    free(request);
    release(fetch);
}

static void write_raw(HttpFetch *fetch, Str bytes) {
    if (!bytes.len) return;
    Write *write = malloc(sizeof *write + bytes.len);
    if (!write) abort();
    write->fetch = fetch;
    memcpy(write->copy, bytes.at, bytes.len);
    uv_buf_t piece = uv_buf_init(write->copy, (unsigned)bytes.len);
    fetch->holds++;
    if (uv_write(&write->request, (uv_stream_t *)&fetch->tcp, &piece, 1, on_written) == 0) return;
    free(write);
    fetch->holds--;
}

static void flush_tls(HttpFetch *fetch) {
    char *at = NULL;
    long len = BIO_get_mem_data(fetch->out, &at);
    if (len > 0) write_raw(fetch, (Str){at, (size_t)len});
    (void)BIO_reset(fetch->out);
}

static void say_request(HttpFetch *fetch) {
    fetch->said = true;
    if (!fetch->tls) {
        write_raw(fetch, buf_str(&fetch->request));
    } else {
        SSL_write(fetch->tls, fetch->request.at, (int)fetch->request.len); // into memory
        flush_tls(fetch);
    }
    buf_done(&fetch->request);
}

// Reading

static void take_plain(HttpFetch *fetch, Str bytes) {
    if (!response_feed(&fetch->response, bytes, &fetch->error) || fetch->response.done) finish(fetch);
}

static void fail_tls(HttpFetch *fetch) {
    long verified = SSL_get_verify_result(fetch->tls);
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    fail(&fetch->error, "tls", "%.*s: %s", STR_ARG(fetch->target.authority),
         verified != X509_V_OK ? X509_verify_cert_error_string(verified) : reason);
    finish(fetch);
}

static bool waits(const HttpFetch *fetch, int result) { return SSL_get_error(fetch->tls, result) == SSL_ERROR_WANT_READ; }

static void shake_hands(HttpFetch *fetch) {
    ERR_clear_error();
    int result = SSL_do_handshake(fetch->tls);
    flush_tls(fetch);
    if (result == 1)
        say_request(fetch);
    else if (!waits(fetch, result))
        fail_tls(fetch);
}

static void take_cipher(HttpFetch *fetch, Str bytes) {
    if (BIO_write(fetch->in, bytes.at, (int)bytes.len) != (int)bytes.len) abort(); // memory
    if (!fetch->said) shake_hands(fetch);
    char plain[16 * 1024];
    while (fetch->said && !fetch->over) {
        ERR_clear_error();
        int len = SSL_read(fetch->tls, plain, sizeof plain);
        if (len > 0)
            take_plain(fetch, (Str){plain, (size_t)len});
        else if (waits(fetch, len))
            break;
        else if (SSL_get_error(fetch->tls, len) == SSL_ERROR_ZERO_RETURN) {
            response_end(&fetch->response, &fetch->error);
            finish(fetch);
        } else
            fail_tls(fetch);
    }
    if (!fetch->over) flush_tls(fetch);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    (void)suggested;
    HttpFetch *fetch = handle->data;
    if (!fetch->block) fetch->block = malloc(BLOCK_BYTES);
    *room = uv_buf_init(fetch->block, fetch->block ? BLOCK_BYTES : 0);
}

// Under TLS an end without its own goodbye is a cut, unless the reply says its length.
static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *room) {
    HttpFetch *fetch = stream->data;
    if (len == 0 || fetch->over) return;
    fetch->holds++;
    if (len > 0 && fetch->tls)
        take_cipher(fetch, (Str){room->base, (size_t)len});
    else if (len > 0)
        take_plain(fetch, (Str){room->base, (size_t)len});
    else if (len == UV_EOF && !fetch->tls) {
        response_end(&fetch->response, &fetch->error);
        finish(fetch);
    } else
        fail_unreachable(fetch, len == UV_EOF ? UV_ECONNRESET : (int)len);
    release(fetch);
}

// Connecting

static bool check_name(HttpFetch *fetch, const char *host) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(fetch->tls), host) == 1) return true;
    return SSL_set1_host(fetch->tls, host) == 1 && SSL_set_tlsext_host_name(fetch->tls, host) == 1;
}

static bool begin_tls(HttpFetch *fetch) {
    fetch->tls_context = SSL_CTX_new(TLS_client_method());
    if (!fetch->tls_context) return fail(&fetch->error, "tls", "no TLS");
    SSL_CTX_set_min_proto_version(fetch->tls_context, TLS1_2_VERSION);
    SSL_CTX_set_verify(fetch->tls_context, SSL_VERIFY_PEER, NULL);
    Str authority = fetch->call.authority;
    int trusted = str_is_none(authority) ? SSL_CTX_set_default_verify_paths(fetch->tls_context)
                                         : SSL_CTX_load_verify_file(fetch->tls_context, str_c(fetch->arena, authority));
    if (trusted != 1) return fail(&fetch->error, "tls", "no authorities to trust in %.*s", STR_ARG(authority));
    fetch->tls = SSL_new(fetch->tls_context);
    fetch->in = BIO_new(BIO_s_mem());
    fetch->out = BIO_new(BIO_s_mem());
    if (!fetch->tls || !fetch->in || !fetch->out) abort();
    SSL_set_bio(fetch->tls, fetch->in, fetch->out);
    SSL_set_connect_state(fetch->tls);
    return check_name(fetch, str_c(fetch->arena, fetch->target.host)) || fail(&fetch->error, "tls", "not a host name");
}

static void on_connected(uv_connect_t *request, int status);

static void on_closed_for_next(uv_handle_t *handle);

static void connect_next(HttpFetch *fetch, int status_before) {
    struct addrinfo *address = fetch->next;
    if (!address) {
        fail_unreachable(fetch, status_before);
        return;
    }
    fetch->next = address->ai_next;
    uv_tcp_init(loop_uv(fetch->loop), &fetch->tcp);
    fetch->tcp.data = fetch;
    fetch->socket_open = true;
    fetch->holds++;
    int status = uv_tcp_connect(&fetch->connecting, &fetch->tcp, address->ai_addr, on_connected);
    if (status == 0) return;
    fetch->socket_open = false;
    fetch->connecting.handle = NULL;
    uv_close((uv_handle_t *)&fetch->tcp, on_closed_for_next);
}

static void on_closed_for_next(uv_handle_t *handle) {
    HttpFetch *fetch = handle->data;
    if (!fetch->over) connect_next(fetch, UV_ECONNREFUSED);
    release(fetch);
}

static void on_connected(uv_connect_t *request, int status) {
    HttpFetch *fetch = request->handle->data;
    if (fetch->over) return; // closed meanwhile: that callback lets go
    if (status < 0) {
        fetch->socket_open = false;
        uv_close((uv_handle_t *)&fetch->tcp, fetch->next ? on_closed_for_next : on_closed);
        if (!fetch->next) fail_unreachable(fetch, status);
        return;
    }
    uv_tcp_nodelay(&fetch->tcp, 1);
    uv_read_start((uv_stream_t *)&fetch->tcp, on_room, on_read);
    if (!fetch->target.tls)
        say_request(fetch);
    else if (begin_tls(fetch))
        shake_hands(fetch);
    else
        finish(fetch);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
    HttpFetch *fetch = request->data;
    fetch->addresses = fetch->next = addresses;
    if (fetch->over) {
        // nobody waits for it any more
    } else if (status < 0) {
        fail_unreachable(fetch, status);
    } else {
        connect_next(fetch, UV_EADDRNOTAVAIL);
    }
    release(fetch);
}

// Beginning

static bool prepare(HttpFetch *fetch) {
    const HttpCall *call = &fetch->call;
    TRY(call_target(call->url, &fetch->target, &fetch->error));
    call_write_head(call, &fetch->target, &fetch->request);
    if (fetch->request.overflow) return fail(&fetch->error, "too-large", "the request's head is too large");
    fetch->request.max += call->body.len;
    buf_add(&fetch->request, call->body);
    return true;
}

static void resolve(HttpFetch *fetch) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)fetch->target.port);
    fetch->resolver.data = fetch;
    fetch->holds++;
    int status = uv_getaddrinfo(loop_uv(fetch->loop), &fetch->resolver, on_resolved, str_c(fetch->arena, fetch->target.host), service, &wanted);
    if (status == 0) return;
    fetch->holds--;
    fail(&fetch->error, "unreachable", "%.*s: %s", STR_ARG(fetch->target.host), uv_strerror(status));
}

HttpFetch *http_fetch(Loop *loop, const HttpCall *call, HttpFetched *done, void *context) {
    HttpFetch *fetch = calloc(1, sizeof *fetch);
    if (!fetch) abort();
    fetch->loop = loop;
    fetch->arena = arena_new();
    fetch->holds = 1;
    fetch->done = done;
    fetch->context = context;
    fetch->call = *call;
    fetch->call.url = str_copy(fetch->arena, call->url);
    fetch->call.authority = str_is_none(call->authority) ? STR_NONE : str_copy(fetch->arena, call->authority);
    fetch->timer = loop_timer_new(loop, time_is_over, fetch);
    buf_init(&fetch->request, HEAD_ROOM_BYTES);
    response_init(&fetch->response, fetch->arena, str_eq(call->method, STR("HEAD")), call_max_bytes(call));
    if (prepare(fetch)) resolve(fetch);
    fetch->call.headers = NULL; // they are written; the caller's may go
    fetch->call.header_count = 0;
    fetch->call.body = STR_NONE;
    loop_timer_start(fetch->timer, fetch->error.code[0] ? 0 : call_timeout_ms(call), 0);
    return fetch;
}
