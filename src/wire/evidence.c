// Credential scopes and hosts. A scope is KEY/DATE/REGION/SERVICE/aws4_request, for SigV4A without the region. Hosts are
// SERVICE.REGION.amazonaws.com, BUCKET.s3.REGION.amazonaws.com, and the same in front of any other domain ("bucket.s3.localhost").
#include "wire/evidence.h"

static Str last_part(Str *rest, char separator) {
    ptrdiff_t at = str_rfind_char(*rest, separator);
    Str part = str_from(*rest, (size_t)(at + 1));
    *rest = str_sub(*rest, 0, at < 0 ? 0 : (size_t)at);
    return part;
}

static bool looks_like_region(Str text) {
    bool has_digit_last = text.len > 4 && text.at[text.len - 1] >= '0' && text.at[text.len - 1] <= '9';
    return has_digit_last && str_find_char(text, '-') == 2;
}

static void read_scope(Str scope, Evidence *out) {
    if (!str_ends(scope, STR("/aws4_request"))) return;
    last_part(&scope, '/');
    out->signing_name = last_part(&scope, '/');
    Str region = last_part(&scope, '/');
    if (str_find_char(scope, '/') >= 0) out->region = region; // else that was the date: SigV4A
}

static void read_authorization(Str header, Evidence *out) {
    ptrdiff_t at = str_find(header, STR("Credential="));
    if (at >= 0) {
        Str rest = str_from(header, (size_t)at + strlen("Credential="));
        read_scope(str_trim(str_cut(&rest, ',')), out);
    } else if (str_starts(header, STR("AWS "))) {
        out->signing_name = STR("s3"); // signature version 2
    }
}

static void read_presigned(const HttpRequest *request, Evidence *out) {
    Str scope = query_parameter(request->query, STR("X-Amz-Credential"));
    if (str_is_none(scope)) return;
    if (str_find_char(scope, '%') < 0 || str_uri_decode(request->arena, scope, false, &scope)) read_scope(scope, out);
}

static Str without_port(Str host) {
    if (host.len && host.at[0] == '[') return host;
    ptrdiff_t at = str_find_char(host, ':');
    return at < 0 ? host : str_sub(host, 0, (size_t)at);
}

// The position of a label "s3", "s3-REGION" or "s3-accelerate", or -1.
static ptrdiff_t find_s3_label(Str host) {
    for (size_t at = 0; at < host.len; at++) {
        bool begins = at == 0 || host.at[at - 1] == '.';
        Str rest = str_from(host, at);
        if (!begins || !str_starts(rest, STR("s3")) || str_starts(rest, STR("s3-control"))) continue;
        if (rest.len == 2 || rest.at[2] == '.' || rest.at[2] == '-') return (ptrdiff_t)at;
    }
    return -1;
}

static void read_s3_host(Evidence *out, size_t at) {
    out->host_prefix = STR("s3");
    if (at > 0) out->bucket = str_sub(out->host, 0, at - 1);
    Str rest = str_from(out->host, at + 2);
    while (rest.len && str_is_none(out->region)) {
        rest = str_from(rest, 1);
        ptrdiff_t end = str_find_char(rest, '.');
        Str label = str_sub(rest, 0, end < 0 ? rest.len : (size_t)end);
        if (looks_like_region(label)) out->region = label;
        rest = str_from(rest, label.len);
    }
}

static void read_service_host(Evidence *out) {
    for (size_t i = 0; i < wire_service_count(); i++) {
        Str prefix = wire_str(wire_service_at(i)->endpoint_prefix);
        bool longer = out->host.len > prefix.len && prefix.len > out->host_prefix.len;
        if (longer && str_starts(out->host, prefix) && out->host.at[prefix.len] == '.') out->host_prefix = prefix;
    }
    if (out->host_prefix.len == 0 || !str_is_none(out->region)) return;
    Str rest = str_from(out->host, out->host_prefix.len + 1);
    Str label = str_cut(&rest, '.');
    if (looks_like_region(label)) out->region = label;
}

static bool is_address(Str host) {
    for (size_t i = 0; i < host.len; i++) {
        if (host.at[i] != '.' && !(host.at[i] >= '0' && host.at[i] <= '9')) return host.at[0] == '[';
    }
    return true;
}

static void read_host(const HttpRequest *request, Evidence *out) {
    out->host = without_port(http_header(request, "host"));
    if (is_address(out->host) || str_find_char(out->host, '.') < 0) return;
    ptrdiff_t at = find_s3_label(out->host);
    if (at >= 0) {
        read_s3_host(out, (size_t)at);
        return;
    }
    read_service_host(out);
    // bucket.localhost: the name of no service in front of a plain endpoint
    if (out->host_prefix.len == 0 && str_ends(out->host, STR(".localhost"))) out->bucket = str_strip_suffix(out->host, STR(".localhost"));
}

Evidence evidence_of(const HttpRequest *request) {
    Evidence evidence = {.target = http_header(request, "x-amz-target")};
    Str authorization = http_header(request, "authorization");
    if (!str_is_none(authorization)) {
        read_authorization(authorization, &evidence);
    } else if (request->query.len) {
        read_presigned(request, &evidence);
    }
    read_host(request, &evidence);
    return evidence;
}

Str query_parameter(Str query, Str name) {
    while (query.len) {
        Str pair = str_cut(&query, '&');
        if (!str_starts(pair, name)) continue;
        if (pair.len == name.len) return str_from(pair, pair.len);
        if (pair.at[name.len] == '=') return str_from(pair, name.len + 1);
    }
    return STR_NONE;
}

bool request_is_form(const HttpRequest *request) {
    return str_starts(http_header(request, "content-type"), STR("application/x-www-form-urlencoded"));
}
