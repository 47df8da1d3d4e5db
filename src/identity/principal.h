// Principal: who makes a call. A plain value; it travels in calls and in stored commands.
#pragma once

#include "base/doc.h"
#include "base/error.h"

typedef enum PrincipalKind {
    PRINCIPAL_ANONYMOUS,
    PRINCIPAL_ROOT, // of an account: may all there
    PRINCIPAL_USER,
    PRINCIPAL_ROLE_SESSION,
    PRINCIPAL_SERVICE // an AWS service itself: "codepipeline.amazonaws.com"
} PrincipalKind;

typedef struct Principal {
    PrincipalKind kind;
    Str account; // 12 digits; "" for services and anonymous
    Str arn; // root: arn:aws:iam::A:root; user; session: arn:aws:sts::A:assumed-role/ROLE/SESSION; service: its host name
    Str id; // aws:userid: AIDA…, AROA…:session, account for root
    Str name; // user name or session name
    Str role_arn; // of a session: the IAM role
    Str access_key_id; // STR_NONE for internal calls
    Str session_policy; // JSON text that narrows a session, or STR_NONE
    int64_t session_since_ms; // aws:TokenIssueTime; 0: none
    Str assumed_for; // ARN of what that service took the role for (aws:SourceArn), or STR_NONE
    Str assumed_by; // the service that took the role for its own work ("codebuild.amazonaws.com"), or STR_NONE: the trust policy must admit it
    Str source_identity; // aws:SourceIdentity of a session, or STR_NONE
    const Doc *transitive_tags; // keys of session_tags that sessions assumed by this one inherit, a list, or NULL
    const Doc *session_tags; // aws:PrincipalTag/… of a session, a map, or NULL
} Principal;

Principal principal_root(Arena *arena, Str account);
bool is_account_number(Str text); // twelve digits
Str principal_canonical_id(Arena *arena, Str account); // by which S3 knows an account: 64 hexadecimal digits
Principal principal_service(Str host); // "codepipeline.amazonaws.com"
// A session of a role that a service has assumed for its own work (trust and existence are checked when the call is authorised).
Principal principal_role(Arena *arena, Str role_arn, Str session_name);
// The same, and says which service took it, and for which of its resources (STR_NONE: for none): the role's trust policy must admit both when the call is
// authorised. Prefer it.
Principal principal_role_for(Arena *arena, Str role_arn, Str session_name, const char *service_host, Str source_arn);
Principal principal_anonymous(void);
Principal principal_copy(Arena *arena, const Principal *principal);
Doc *principal_to_doc(Arena *arena, const Principal *principal);
bool principal_from_doc(const Doc *doc, Principal *out);
