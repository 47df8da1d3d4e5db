// Directory: who exists and what they may do, as the store tells it: users, access keys, roles, sessions and the policies on each.
//
// Two views of it exist. The turn thread has a Directory: it follows the writes of the transaction under way (a role made in this turn counts for the
// next call of this turn) and forgets what an undone savepoint or failed commit took back. The loop has an IdentitySnapshot: immutable, made after a commit
// that changed something, shared by reference. Both answer the same questions through IdentityView.
#pragma once

#include "http/message.h"
#include "identity/principal.h"
#include "store/documents.h"
#include "wire/route.h"

typedef struct Directory Directory;
typedef struct IdentitySnapshot IdentitySnapshot;

Directory *directory_new(Store *store); // the turn thread's writer connection; reads lazily, caches compiled policies
void directory_free(Directory *directory);
void directory_changed(Directory *directory); // a handler wrote, a savepoint was undone, a commit failed: cached things are looked at again
// After a commit: a reference to a snapshot of what is there now; the same one as before when nothing has changed.
IdentitySnapshot *directory_snapshot(Directory *directory);
void identity_snapshot_release(IdentitySnapshot *snapshot); // accepts NULL; thread-safe

// One of the two is set.
typedef struct IdentityView {
    Directory *directory;
    const IdentitySnapshot *snapshot;
} IdentityView;

// Who makes this request? On the loop, by the snapshot: verifies SigV4 (header, presigned) when the secret is known.
typedef struct AuthenticationRules {
    Str default_account;
    bool strict; // refuse unknown access keys
    int64_t wall_ms, plane_ms; // signatures are checked in wall time, sessions expire in plane time
} AuthenticationRules;

typedef struct Authentication {
    Principal principal;
    Str region; // of the credential scope; STR_NONE: unsigned
    bool is_signed; // a signature was verified
    struct SigningKey *chunk_key; // for chunk-signed bodies whose secret is known (identity/aws_chunked.h); NULL: chunks are taken as they are
    Str seed_signature;
} Authentication;

// Errors in the wording of the route's service family. The payload's hash is checked only when the body is in memory: `x-amz-content-sha256` of a spooled body is
// the owner's to compare (sigv4.h gives the expected value).
bool identity_authenticate(
    const IdentitySnapshot *snapshot, const AuthenticationRules *rules, const WireRoute *route, const HttpRequest *request, Authentication *out, Error *e);

// May this principal do that? AWS's evaluation: explicit deny; resource policy; identity policies; boundary; session policy; other accounts need both sides.
typedef struct AuthorizationRequest {
    Arena *arena;
    const Principal *principal;
    Str action, resource; // "s3:GetObject", an ARN or "*"
    Str resource_account; // whose it is; STR_NONE: the principal's
    const Doc *resource_policy; // NULL: none
    const Doc *context; // condition keys: name → text or list of texts; the aws: keys of the principal are added here
    int64_t now_ms;
} AuthorizationRequest;
bool identity_authorize(IdentityView view, const AuthorizationRequest *request, Error *e); // sets AccessDenied with AWS's text

// May the service `host` ("codebuild.amazonaws.com") assume the role? Trust policy and existence.
bool identity_role_trusts(IdentityView view, Arena *arena, Str role_arn, Str host, Error *e);
