#include "identity/principal.h"

#include "formats/digest.h"

static Str member(Str text) { return text.len ? text : STR_NONE; }

Principal principal_root(Arena *arena, Str account) {
    return (Principal){.kind = PRINCIPAL_ROOT,
                       .account = str_copy(arena, account),
                       .arn = str_format(arena, "arn:aws:iam::%.*s:root", STR_ARG(account)),
                       .id = str_copy(arena, account),
                       .name = STR("")};
}

bool is_account_number(Str text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    return text.len == 12;
}

Str principal_canonical_id(Arena *arena, Str account) { return digest_hex(arena, DIGEST_SHA256, account); }

Principal principal_service(Str host) { return (Principal){.kind = PRINCIPAL_SERVICE, .account = STR(""), .arn = host, .id = host, .name = host}; }

Principal principal_anonymous(void) {
    return (Principal){.kind = PRINCIPAL_ANONYMOUS, .account = STR(""), .arn = STR("anonymous"), .id = STR("anonymous"), .name = STR("")};
}

// arn:aws:iam::123456789012:role/path/NAME and a session name to arn:aws:sts::123456789012:assumed-role/NAME/SESSION.
Principal principal_role(Arena *arena, Str role_arn, Str session_name) {
    Str rest = role_arn;
    for (int i = 0; i < 4; i++) str_cut(&rest, ':');
    Str account = str_cut(&rest, ':'), name = str_from(rest, (size_t)(str_rfind_char(rest, '/') + 1));
    return (Principal){.kind = PRINCIPAL_ROLE_SESSION,
                       .account = str_copy(arena, account),
                       .arn = str_format(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", STR_ARG(account), STR_ARG(name), STR_ARG(session_name)),
                       .id = STR(""),
                       .name = str_copy(arena, session_name),
                       .role_arn = str_copy(arena, role_arn)};
}

Principal principal_role_for(Arena *arena, Str role_arn, Str session_name, const char *service_host, Str source_arn) {
    Principal principal = principal_role(arena, role_arn, session_name);
    principal.assumed_by = str_copy(arena, str_of(service_host));
    principal.assumed_for = str_copy(arena, source_arn);
    return principal;
}

Principal principal_copy(Arena *arena, const Principal *principal) {
    Principal to = *principal;
    Str *const texts[] = {&to.account,         &to.arn,        &to.id, &to.name, &to.role_arn, &to.access_key_id, &to.session_policy, &to.assumed_by,
                          &to.source_identity, &to.assumed_for};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = str_copy(arena, *texts[i]);
    to.session_tags = doc_copy(arena, principal->session_tags);
    to.transitive_tags = doc_copy(arena, principal->transitive_tags);
    return to;
}

Doc *principal_to_doc(Arena *arena, const Principal *principal) {
    Doc *doc = doc_map(arena);
    doc_set_int(arena, doc, "kind", principal->kind);
    doc_set_str(arena, doc, "account", principal->account);
    doc_set_str(arena, doc, "arn", principal->arn);
    doc_set_str(arena, doc, "id", principal->id);
    doc_set_str(arena, doc, "name", principal->name);
    doc_set_str(arena, doc, "role", member(principal->role_arn));
    doc_set_str(arena, doc, "key", member(principal->access_key_id));
    doc_set_str(arena, doc, "policy", member(principal->session_policy));
    doc_set_str(arena, doc, "for", member(principal->assumed_by));
    doc_set_str(arena, doc, "forWhat", member(principal->assumed_for));
    doc_set_str(arena, doc, "source", member(principal->source_identity));
    if (principal->session_since_ms) doc_set_int(arena, doc, "since", principal->session_since_ms);
    if (principal->session_tags) doc_set(doc, "tags", doc_copy(arena, principal->session_tags));
    if (principal->transitive_tags) doc_set(doc, "transitive", doc_copy(arena, principal->transitive_tags));
    return doc;
}

bool principal_from_doc(const Doc *doc, Principal *out) {
    int64_t kind = doc_number(doc, "kind", -1);
    if (kind < PRINCIPAL_ANONYMOUS || kind > PRINCIPAL_SERVICE) return false;
    *out = (Principal){.kind = (PrincipalKind)kind,
                       .account = doc_text(doc, "account"),
                       .arn = doc_text(doc, "arn"),
                       .id = doc_text(doc, "id"),
                       .name = doc_text(doc, "name"),
                       .role_arn = doc_text(doc, "role"),
                       .access_key_id = doc_text(doc, "key"),
                       .session_policy = doc_text(doc, "policy"),
                       .assumed_by = doc_text(doc, "for"),
                       .assumed_for = doc_text(doc, "forWhat"),
                       .source_identity = doc_text(doc, "source"),
                       .session_since_ms = doc_number(doc, "since", 0),
                       .session_tags = doc_get(doc, "tags"),
                       .transitive_tags = doc_get(doc, "transitive")};
    return true;
}
