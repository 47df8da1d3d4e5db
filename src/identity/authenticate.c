// Who makes a request: by the key's origin, then by its signature.
#include "formats/digest.h"
#include "identity/git_credentials.h"
#include "identity/sigv2.h"
#include "identity/snapshot.h"

static AuthDialect dialect_of(const WireRoute *route) {
    if (!route->service || str_is(wire_str(route->service->name), "s3")) return AUTH_DIALECT_S3;
    switch (route->protocol) {
    case WIRE_QUERY: return AUTH_DIALECT_QUERY;
    case WIRE_EC2: return AUTH_DIALECT_EC2;
    case WIRE_REST_JSON: return AUTH_DIALECT_REST_JSON;
    case WIRE_REST_XML: return AUTH_DIALECT_S3;
    default: return AUTH_DIALECT_JSON;
    }
}

static AuthClocks clocks_of(const AuthenticationRules *rules) { return (AuthClocks){rules->wall_ms, rules->plane_ms}; }

// A key that signs: its secret and who it is. The secret is STR_NONE for foreign keys.
typedef struct Signer {
    Principal principal;
    Str secret;
} Signer;

static AuthFault user_signer(const IdentitySnapshot *snapshot, Arena *arena, const AccessKey *key, Signer *out) {
    const Entity *user = snapshot_user(snapshot, key->account, key->user);
    if (!key->active || !user) return AUTH_UNKNOWN_KEY;
    out->secret = str_copy(arena, key->secret);
    out->principal = (Principal){.kind = PRINCIPAL_USER,
                                 .account = str_copy(arena, user->account),
                                 .arn = str_copy(arena, user->arn),
                                 .id = str_copy(arena, user->id),
                                 .name = str_copy(arena, user->name)};
    return AUTH_OK;
}

static AuthFault session_signer(const IdentitySnapshot *snapshot, Arena *arena, const Signature *signature, int64_t wall_ms, Signer *out) {
    Session session;
    if (!signature->token.at) return AUTH_UNKNOWN_KEY;
    AuthFault fault = session_read(snapshot, arena, signature->access_key, signature->token, wall_ms, &session, &out->secret);
    if (fault) return fault;
    out->principal = (Principal){.kind = session.kind,
                                 .account = session.account,
                                 .arn = session.arn,
                                 .id = session.id,
                                 .name = session.name,
                                 .role_arn = session.role_arn,
                                 .session_policy = session.policy,
                                 .session_since_ms = session.since_ms,
                                 .source_identity = session.source_identity,
                                 .session_tags = session.tags,
                                 .transitive_tags = session.transitive};
    return AUTH_OK;
}

// Of a key whose secret nobody knows: the time, and what S3's clients say of their body.
static AuthFault verify_foreign(const Signature *signature, const HttpRequest *request, const AuthenticationRules *rules) {
    Str body = request->body.bytes;
    AuthFault fault = signature_check_time(signature, clocks_of(rules));
    if (fault || rules->head_only || !body.len || !str_is(signature->service, "s3")) return fault;
    return signature_body_matches(signature, digest_hex(request->arena, DIGEST_SHA256, body)) ? AUTH_OK : AUTH_BODY_MISMATCH;
}

static AuthFault verify(const Signature *signature, const HttpRequest *request, Str bucket, Str secret, const AuthenticationRules *rules) {
    if (signature->scheme == SIGNATURE_QUERY_V2) {
        AuthClocks clocks = clocks_of(rules);
        return secret.at ? sigv2_verify(signature, request, bucket, secret, clocks) : sigv2_check_time(signature, clocks);
    }
    if (!secret.at) return verify_foreign(signature, request, rules);
    if (rules->head_only) return signature_verify_head(signature, request, secret, clocks_of(rules));
    return signature_verify(signature, request, secret, clocks_of(rules));
}

static AuthFault find_signer(const IdentitySnapshot *snapshot, const AuthenticationRules *rules, Arena *arena, const Signature *signature,
                             Signer *out) {
    Str key = signature->access_key;
    const AccessKey *known = snapshot_key(snapshot, key);
    if (known) return user_signer(snapshot, arena, known, out);
    switch (access_key_origin(snapshot, key)) {
    case KEY_OF_SESSION: return session_signer(snapshot, arena, signature, rules->wall_ms, out);
    case KEY_OF_USER: return AUTH_UNKNOWN_KEY; // it was ours and is gone
    case KEY_FOREIGN: break;
    }
    if (rules->strict) return AUTH_UNKNOWN_KEY;
    out->secret = STR_NONE;
    out->principal = principal_root(arena, is_account_number(key) ? key : rules->default_account);
    return AUTH_OK;
}

static const SigningKey *chunk_key(Arena *arena, const Signature *signature, Str secret) {
    if (!secret.at || signature->payload < PAYLOAD_CHUNKS_SIGNED) return NULL;
    SigningKey key = signing_key(secret, signature->date, signature->region, signature->service);
    return arena_copy(arena, &key, sizeof key);
}

bool identity_authenticate(const IdentitySnapshot *snapshot, const AuthenticationRules *rules, const WireRoute *route, const HttpRequest *request,
                           Authentication *out, Error *e) {
    Signature signature;
    Signer signer = {0};
    AuthDialect dialect = dialect_of(route);
    AuthFault fault = signature_read(request, &signature);
    if (fault == AUTH_VERSION_2 && signature.scheme == SIGNATURE_QUERY_V2 && dialect == AUTH_DIALECT_S3) fault = sigv2_read(request, &signature);
    if (fault == AUTH_MISSING) {
        *out = (Authentication){.principal = principal_anonymous(), .region = route->region};
        return true;
    }
    if (!fault) fault = find_signer(snapshot, rules, request->arena, &signature, &signer);
    if (!fault) fault = verify(&signature, request, route->bucket, signer.secret, rules);
    if (fault && dialect == AUTH_DIALECT_S3 && signature.scheme == SIGNATURE_QUERY && fault == AUTH_INCOMPLETE) fault = AUTH_INCOMPLETE_QUERY;
    if (!auth_fail(fault, dialect, &signature, clocks_of(rules), e)) {
        if (dialect == AUTH_DIALECT_S3) auth_tell(fault, &signature, request, route->bucket, clocks_of(rules), e);
        return false;
    }
    *out = (Authentication){.principal = signer.principal,
                            .region = signature.region,
                            .is_signed = signer.secret.at != NULL,
                            .chunk_key = chunk_key(request->arena, &signature, signer.secret),
                            .seed_signature = signature.signature,
                            .signature = signature};
    out->principal.access_key_id = signature.access_key;
    return true;
}

static bool refuse(AuthFault fault, const WireRoute *route, Error *e) { return auth_fail(fault, dialect_of(route), NULL, (AuthClocks){0}, e); }
bool identity_refuse_anonymous(const WireRoute *route, Error *e) { return refuse(AUTH_MISSING, route, e); }
bool identity_refuse_body(const WireRoute *route, Error *e) { return refuse(AUTH_BODY_MISMATCH, route, e); }
bool identity_refuse_chunk(const WireRoute *route, Error *e) { return refuse(AUTH_CHUNK_MISMATCH, route, e); }

// The region is part of what git's password signs, and stands nowhere else: it is found by trying.
static const char *const regions[] = {"us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "af-south-1",     "ap-east-1",
                                      "ap-east-2",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",     "ap-south-2",
                                      "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
                                      "ca-central-1",   "ca-west-1",      "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",
                                      "eu-south-2",     "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",
                                      "me-south-1",     "mx-central-1",   "sa-east-1"};

static AuthFault verify_git(Arena *arena, const Signature *signature, Str secret, Str host, Str path, AuthClocks clocks, Str *region) {
    AuthFault fault = AUTH_MISMATCH;
    for (size_t i = 0; i < sizeof regions / sizeof *regions && fault == AUTH_MISMATCH; i++) {
        *region = str_of(regions[i]);
        fault = git_credentials_verify(arena, signature, secret, *region, host, path, clocks);
    }
    return fault;
}

bool identity_authenticate_git(const IdentitySnapshot *snapshot, const AuthenticationRules *rules, const HttpRequest *request, Str repository_path,
                               Authentication *out, Error *e) {
    Str user_name, password, region = STR_NONE;
    Signature signature;
    Signer signer = {0};
    Arena *arena = request->arena;
    if (!git_credentials_from_header(arena, http_header(request, "authorization"), &user_name, &password)) {
        return auth_fail(AUTH_MISSING, AUTH_DIALECT_REST_JSON, NULL, clocks_of(rules), e);
    }
    AuthFault fault = git_credentials_read(user_name, password, &signature);
    bool foreign =
        fault && !rules->strict && access_key_origin(snapshot, signature.access_key) == KEY_FOREIGN && !snapshot_key(snapshot, signature.access_key);
    if (foreign) fault = AUTH_OK; // a key whose secret nobody knows may come with any password
    if (!fault) fault = find_signer(snapshot, rules, arena, &signature, &signer);
    if (!fault && signer.secret.at)
        fault = verify_git(arena, &signature, signer.secret, http_header(request, "host"), repository_path, clocks_of(rules), &region);
    TRY(auth_fail(fault, AUTH_DIALECT_REST_JSON, &signature, clocks_of(rules), e));
    *out = (Authentication){.principal = signer.principal, .region = region, .is_signed = signer.secret.at != NULL, .signature = signature};
    out->principal.access_key_id = signature.access_key;
    return true;
}
