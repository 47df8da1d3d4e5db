// The layer between socket and parser: OpenSSL with memory BIOs. Records come in by `in`, leave by `out`; nothing here blocks.
//
// Decryption goes only as far as the connection has room (back-pressure): what is left stays in `in`, at most one read from the socket.
#include "http/internal.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct Tls {
    SSL *ssl;
    BIO *in, *out; // the session's
    bool up; // the handshake is done
    bool draining;
};

static void flush(Connection *connection) {
    char *at = NULL;
    long len = BIO_get_mem_data(connection->tls->out, &at);
    if (len <= 0) return;
    outgoing_raw(connection, &(uv_buf_t){at, (size_t)len}, 1, false);
    (void)BIO_reset(connection->tls->out);
}

bool tls_begin(Connection *connection, Str first) {
    SSL *ssl = certificates_new_session(connection->server->options.certificates, NULL);
    if (!ssl) {
        connection_close(connection);
        return false;
    }
    Tls *tls = calloc(1, sizeof *tls);
    if (!tls) abort();
    *tls = (Tls){.ssl = ssl, .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
    if (!tls->in || !tls->out) abort();
    SSL_set_bio(ssl, tls->in, tls->out);
    SSL_set_accept_state(ssl);
    connection->tls = tls;
    tls_bytes(connection, first.at, first.len);
    return false; // the bytes are taken
}

void tls_bytes(Connection *connection, const char *at, size_t len) {
    if (BIO_write(connection->tls->in, at, (int)len) != (int)len) abort(); // memory
    tls_drain(connection);
}

static bool waits_for_more(const Tls *tls, int result) {
    int error = SSL_get_error(tls->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void shake_hands(Connection *connection) {
    Tls *tls = connection->tls;
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    bool waits = result != 1 && waits_for_more(tls, result);
    tls->up = result == 1;
    flush(connection);
    if (!tls->up && !waits) connection_linger(connection); // the alert is on its way
}

static bool takes_bytes(const Connection *connection) {
    if (connection->state == CONN_BODY) return !intake_is_paused(connection->exchange);
    return connection->state == CONN_HEAD || connection->state == CONN_OWNER;
}

// False when there is nothing to decrypt now.
static bool decrypt_some(Connection *connection) {
    Tls *tls = connection->tls;
    uv_buf_t room;
    if (!connection_room(connection, &room)) return false;
    ERR_clear_error();
    int len = SSL_read(tls->ssl, room.base, room.len < INT_MAX ? (int)room.len : INT_MAX);
    if (len > 0) {
        connection_plain_bytes(connection, (size_t)len);
        return true;
    }
    if (!waits_for_more(tls, len)) connection_client_gone(connection, SSL_get_error(tls->ssl, len) != SSL_ERROR_ZERO_RETURN);
    return false;
}

void tls_drain(Connection *connection) {
    Tls *tls = connection->tls;
    if (tls->draining || connection->state == CONN_CLOSED || connection->half_closed) return;
    tls->draining = true;
    connection_hold(connection);
    if (!tls->up && connection->state == CONN_HEAD) shake_hands(connection);
    while (tls->up && takes_bytes(connection) && decrypt_some(connection)) {}
    flush(connection); // alerts, answers to key updates
    tls->draining = false;
    connection_release(connection);
}

void tls_send(Connection *connection, const uv_buf_t *pieces, unsigned count) {
    Tls *tls = connection->tls;
    if (!tls->up) return;
    ERR_clear_error();
    for (unsigned i = 0; i < count; i++)
        if (pieces[i].len && SSL_write(tls->ssl, pieces[i].base, (int)pieces[i].len) <= 0) connection->broken = true;
    flush(connection);
}

void tls_say_goodbye(Connection *connection) {
    if (!connection->tls->up) return;
    ERR_clear_error();
    SSL_shutdown(connection->tls->ssl);
    flush(connection);
}

void tls_free(Tls *tls) {
    if (!tls) return;
    SSL_free(tls->ssl);
    free(tls);
}
