// Directory: who exists and what they may do, as the store tells it: users, access keys, roles, sessions and the policies on each.
//
// Two views of it exist. The turn thread has a Directory: it follows the writes of the transaction under way (a role made in this turn counts for the
// next call of this turn) and forgets what an undone savepoint or failed commit took back. The loop has an IdentitySnapshot: immutable, made after a commit
// that changed something, shared by reference. Both answer the same questions through IdentityView.
//
// What IAM keeps are documents (types below) in the partition (account, GLOBAL_REGION). Who writes one says so by directory_touch. Temporary
// credentials have no document (identity/sessions.h).
#pragma once

#include "http/message.h"
#include "identity/policy.h"
#include "identity/sigv4.h"
#include "store/documents.h"
#include "wire/route.h"

typedef struct Directory Directory;
typedef struct IdentitySnapshot IdentitySnapshot;

Directory *directory_new(Store *store); // the turn thread's writer connection; reads at the first question
void directory_free(Directory *directory); // accepts NULL
// A handler put or deleted the document of this type and id in the account: what hangs on it is read again at the next question.
void directory_touch(Directory *directory, const DocumentType *type, Str account, Str id);
void directory_changed(Directory *directory); // a savepoint was undone, a commit failed: what this transaction touched is read again
void directory_reset(Directory *directory); // the store was wiped: everything is read again
// After a commit: a reference to a snapshot of what is there now; the same one as before when nothing has changed.
// NULL: the store could not be read; the one before holds, and a later call tries again.
IdentitySnapshot *directory_snapshot(Directory *directory);
void identity_snapshot_release(IdentitySnapshot *snapshot); // accepts NULL; thread-safe

// One of the two is set. A directory is asked within a transaction only.
typedef struct IdentityView {
    Directory *directory;
    const IdentitySnapshot *snapshot;
} IdentityView;

// The documents. Ids: of users, roles, groups, instance profiles and customer policies the name in lower case (AWS: names that differ only by case
// are the same), of access keys the key's id. Members as in IAM's API, and: "inline" (map of name → text), "attached" (list of ARNs), "groups" (of a user).
extern const DocumentType IAM_USER, IAM_ROLE, IAM_GROUP, IAM_POLICY, IAM_ACCESS_KEY, IAM_INSTANCE_PROFILE, IAM_PLANE;

// Who makes this request? On the loop, by the snapshot: verifies SigV4 (header, presigned) when the secret is known. A key that the plane issued acts as its
// user or session; any other as the root of an account: a key of 12 digits of that account, else of the default one.
typedef struct AuthenticationRules {
    Str default_account;
    bool strict; // refuse unknown access keys
    bool head_only; // the body is still to come: its hash is taken on the client's word (signature_body_matches will check it)
    int64_t wall_ms, plane_ms; // a signature is in time by either: processes in sandboxes sign with plane time
} AuthenticationRules;

typedef struct Authentication {
    Principal principal; // PRINCIPAL_ANONYMOUS when there is no signature: see identity_refuse_anonymous
    Str region; // of the credential scope; STR_NONE: unsigned
    bool is_signed; // a signature was verified
    const SigningKey *chunk_key; // for chunk-signed bodies whose secret is known (identity/aws_chunked.h); NULL: chunks are taken as they are
    Str seed_signature;
    Signature signature; // all that the request says about itself
} Authentication;

// Errors in the wording of the route's service family. The payload's hash is checked only when the body is in memory: `x-amz-content-sha256` of a spooled body is
// the owner's to compare (signature_body_matches, identity_refuse_body).
bool identity_authenticate(const IdentitySnapshot *snapshot, const AuthenticationRules *rules, const WireRoute *route, const HttpRequest *request,
                           Authentication *out, Error *e);
bool identity_refuse_anonymous(const WireRoute *route, Error *e); // for operations that want a signature; returns false
bool identity_refuse_body(const WireRoute *route, Error *e); // the body is not what was signed; returns false
bool identity_refuse_chunk(const WireRoute *route, Error *e); // a chunk is not; returns false

// git over HTTP: user name and password as CodeCommit's credential helpers make them (identity/git_credentials.h).
bool identity_authenticate_git(const IdentitySnapshot *snapshot, const AuthenticationRules *rules, const HttpRequest *request, Str repository_path,
                               Authentication *out, Error *e);

// May this principal do that? AWS's evaluation: explicit deny; resource policy; identity policies; boundary; session policy; other accounts need both sides.
// The resource policy of sts:AssumeRole, the role's trust policy, is found here. A service's principal may use its own service, and others as far as a resource
// policy names it.
typedef struct AuthorizationRequest {
    Arena *arena;
    const Principal *principal;
    Str action, resource; // "s3:GetObject", an ARN or "*"
    Str told; // the resource as a refusal names it ("role web"); STR_NONE: as it is
    Str resource_account; // whose it is; STR_NONE: the principal's
    Str asked; // prefix of the service that was called ("codepipeline"), whose error codes a refusal has; STR_NONE: that of the action
    const Doc *resource_policy; // NULL: none
    ConditionKeys *keys; // NULL: none but those of the principal
    int64_t now_ms;
} AuthorizationRequest;
typedef enum Decision { DECISION_ALLOW, DECISION_IMPLICIT_DENY, DECISION_EXPLICIT_DENY } Decision;
Decision identity_decide(IdentityView view, const AuthorizationRequest *request); // the answer alone
bool identity_authorize(IdentityView view, const AuthorizationRequest *request, Error *e); // sets AccessDenied with AWS's text

// What an encoded authorization failure message tells, as JSON. False: this plane made no such message.
bool identity_decode_refusal(IdentityView view, Arena *arena, Str message, Str *details);

// The longest session that the role allows, in seconds; 0: there is no such role.
int64_t identity_role_max_session_s(IdentityView view, Str role_arn);
// May the service `host` ("codebuild.amazonaws.com") assume the role, for its resource `source_arn` (STR_NONE: for none)? Trust policy and existence.
bool identity_role_trusts(IdentityView view, Arena *arena, Str role_arn, Str host, Str source_arn, Error *e);
