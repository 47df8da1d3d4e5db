// Requests as text, for the targets that want one and no server.
#include "targets.h"

enum { HEADERS_MAX = 40 };

HttpRequest fuzz_request(Arena *arena, Str text) {
    HttpHeader *headers = arena_array(arena, HttpHeader, HEADERS_MAX);
    Str line = str_next_line(&text);
    HttpRequest request = {.arena = arena, .method = str_cut(&line, ' '), .headers = headers, .listener = STR("api"), .peer = STR("127.0.0.1")};
    request.target = str_starts(line, STR("/")) ? line : str_cat(arena, STR("/"), line);
    Str query = request.target;
    request.path = str_cut(&query, '?');
    request.query = query;
    while ((line = str_next_line(&text)).len) {
        if (request.header_count == HEADERS_MAX) continue;
        Str name = str_cut(&line, ':');
        headers[request.header_count++] = (HttpHeader){name, line.at ? str_trim(line) : STR("")};
    }
    request.body = body_of(text.at ? text : STR(""));
    return request;
}
