// What the server answers by itself: bad, too large or too slow requests. The connection ends with it.
#include "http/internal.h"

#include <stdio.h>

static const struct {
    int status;
    const char *reason;
} REASONS[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {424, "Failed Dependency"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *status_reason(int status) {
    if (status == 200) return "OK";
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].status == status) return REASONS[i].reason;
    return "Status";
}

static void send_refusal(Connection *connection, int status, const char *why) {
    char text[1024];
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                       status, status_reason(status), strlen(why) + 1, why);
    outgoing_send(connection, &(uv_buf_t){text, (size_t)len}, 1, false);
}

// When the head of a reply has left already, nothing can be said any more.
void refuse(Connection *connection, int status, const char *why) {
    connection->server->counts.refused++;
    Exchange *exchange = connection->exchange;
    bool begun = exchange && exchange->reply_begun;
    connection->keep_alive = false;
    if (!begun) send_refusal(connection, status, why);
    if (exchange) exchange_client_gone(exchange);
    if (connection->state == CONN_CLOSED) return;
    if (begun)
        connection_close(connection);
    else
        connection_linger(connection);
}

static bool is_token_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

// "BREW / HTTP/1.1" is a request with a method that nobody knows; "\x80\x01" is no request.
static bool looks_like_method(Str line) {
    size_t i = 0;
    while (i < line.len && is_token_char(line.at[i])) i++;
    return i > 0 && i < line.len && line.at[i] == ' ';
}

void refuse_parse_error(Connection *connection, llhttp_errno_t error, Str message) {
    const Exchange *exchange = connection->exchange;
    const char *reason = llhttp_get_error_reason(&connection->parser);
    switch (error) {
    case HPE_INVALID_METHOD: refuse(connection, looks_like_method(message) ? 501 : 400, "unknown method"); return;
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE: refuse(connection, 505, "HTTP/1.0 and HTTP/1.1 are spoken here"); return;
    case HPE_USER:
        if (connection->state == CONN_BODY)
            refuse(connection, 413, "the body is larger than this operation allows");
        else if (exchange && exchange->public.request.header_count >= LIMIT_HTTP_HEADERS)
            refuse(connection, 431, "too many header fields");
        else
            refuse(connection, 414, "the request target is too long");
        return;
    default: refuse(connection, 400, reason && *reason ? reason : "malformed request"); return;
    }
}
