#include "identity/canonical.h"

#include "base/vec.h"

#include <stdlib.h>

static bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

static void add_encoded(Buf *buf, Str text, bool keep_slash) {
    static const char digits[] = "0123456789ABCDEF";
    char *to = buf_reserve(buf, 3 * text.len);
    if (!to) return;
    char *start = to;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[(unsigned char)c >> 4];
        *to++ = digits[(unsigned char)c & 15];
    }
    buf->len += (size_t)(to - start);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// Decodes and encodes again, so that every spelling of a text becomes the canonical one. A stray '%' counts as itself.
static void add_recoded(Buf *buf, Str text, bool keep_slash, bool plus_is_space) {
    size_t plain = 0;
    while (plain < text.len && (is_unreserved(text.at[plain]) || (keep_slash && text.at[plain] == '/'))) plain++;
    buf_add(buf, str_sub(text, 0, plain));
    for (size_t i = plain; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%' && i + 2 < text.len && hex_value(text.at[i + 1]) >= 0 && hex_value(text.at[i + 2]) >= 0) {
            c = (char)(hex_value(text.at[i + 1]) << 4 | hex_value(text.at[i + 2]));
            i += 2;
            add_encoded(buf, (Str){&c, 1}, false); // an encoded slash stays encoded
            continue;
        }
        if (c == '+' && plus_is_space) c = ' ';
        add_encoded(buf, (Str){&c, 1}, keep_slash);
    }
}

// Removes "." and ".." and doubled slashes, as RFC 3986 says.
static void add_normalised(Buf *buf, Str path) {
    size_t start = buf->len;
    Str rest = path;
    bool slash_at_end = path.len && path.at[path.len - 1] == '/';
    while (rest.at) {
        Str part = str_cut(&rest, '/');
        if (!part.len || str_is(part, ".")) continue;
        if (str_is(part, "..")) {
            ptrdiff_t last = str_rfind_char(str_from(buf_str(buf), start), '/');
            if (last >= 0) buf->len = start + (size_t)last;
            continue;
        }
        buf_add_char(buf, '/');
        add_encoded(buf, part, false);
    }
    if (buf->len == start || slash_at_end) buf_add_char(buf, '/');
}

void canonical_path(Str path, bool s3, Buf *buf) {
    if (!path.len)
        buf_add_char(buf, '/');
    else if (s3)
        add_recoded(buf, path, true, false);
    else
        add_normalised(buf, path);
}

typedef struct Parameter {
    Str name, value; // encoded
} Parameter;

static int by_name_then_value(const void *a, const void *b) {
    const Parameter *left = a, *right = b;
    int order = str_cmp(left->name, right->name);
    return order ? order : str_cmp(left->value, right->value);
}

static Str recoded(Arena *arena, Str text) {
    bool plain = true;
    for (size_t i = 0; plain && i < text.len; i++) plain = is_unreserved(text.at[i]);
    if (plain) return text.at ? text : STR("");
    AUTO_BUF buf;
    buf_init(&buf, 3 * text.len + 1);
    add_recoded(&buf, text, false, true);
    return str_copy(arena, buf_str(&buf));
}

void canonical_query(Arena *arena, Str query, bool without_signature, Buf *buf) {
    if (!query.len) return;
    Vec parameters = vec_of(arena, Parameter);
    Str rest = query;
    while (rest.at) {
        Str value = str_cut(&rest, '&');
        if (!value.len) continue;
        Str name = str_cut(&value, '=');
        if (without_signature && str_is(name, "X-Amz-Signature")) continue;
        vec_add(&parameters, Parameter, ((Parameter){recoded(arena, name), recoded(arena, value)}));
    }
    if (parameters.len > 1) qsort(parameters.at, parameters.len, sizeof(Parameter), by_name_then_value);
    for (size_t i = 0; i < parameters.len; i++) {
        const Parameter *parameter = vec_at(&parameters, i);
        if (i) buf_add_char(buf, '&');
        buf_add(buf, parameter->name);
        buf_add_char(buf, '=');
        buf_add(buf, parameter->value);
    }
}

// Trimmed, and inner runs of blanks become one.
static void add_header_value(Buf *buf, Str value) {
    value = str_trim(value);
    if (!value.at || !memmem(value.at, value.len, "  ", 2)) {
        buf_add(buf, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == ' ' && i && value.at[i - 1] == ' ') continue;
        buf_add_char(buf, value.at[i]);
    }
}

// Lower case is what signed names have, so only the request's side needs folding.
static bool is_named(Str header, Str lower) {
    if (header.len != lower.len) return false;
    for (size_t i = 0; i < lower.len; i++) {
        char c = header.at[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c | 32);
        if (c != lower.at[i]) return false;
    }
    return true;
}

static bool add_header(Buf *buf, const HttpRequest *request, Str name) {
    bool found = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_named(request->headers[i].name, name)) continue;
        if (!found) buf_add(buf, name);
        buf_add_char(buf, found ? ',' : ':');
        add_header_value(buf, request->headers[i].value);
        found = true;
    }
    if (found) buf_add_char(buf, '\n');
    return found;
}

bool canonical_request(const HttpRequest *request, CanonicalParts parts, Buf *buf) {
    buf_add(buf, request->method);
    buf_add_char(buf, '\n');
    canonical_path(request->path, parts.s3, buf);
    buf_add_char(buf, '\n');
    canonical_query(request->arena, request->query, parts.without_signature, buf);
    buf_add_char(buf, '\n');
    Str rest = parts.signed_headers;
    while (rest.at) {
        if (!add_header(buf, request, str_cut(&rest, ';'))) return false;
    }
    buf_add_char(buf, '\n');
    buf_add(buf, parts.signed_headers);
    buf_add_char(buf, '\n');
    buf_add(buf, parts.payload_hash);
    return !buf->overflow;
}
