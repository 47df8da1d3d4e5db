// Sessions: temporary credentials (ASIA…) that carry what they are.
//
// The session token holds account, role, session name, policy, tags and end, under a MAC with the plane's secret; the secret access key is
// derived from the token's content. So nothing is stored, the loop can check and issue credentials (metadata service) without a turn, and they survive a crash.
// Sessions end in real time (a jump of the plane's clock does not end them); what clients are told is plane time.
#pragma once

#include "identity/directory.h"

typedef struct Session {
    PrincipalKind kind; // PRINCIPAL_ROLE_SESSION; PRINCIPAL_USER, PRINCIPAL_ROOT for GetSessionToken
    Str account, arn, id, name, role_arn; // as Principal has them
    Str policy; // JSON text, or a list of such texts as a JSON array, or STR_NONE
    Str source_identity; // or STR_NONE
    const Doc *tags; // or NULL
    const Doc *transitive; // those of their keys that the next session of a chain inherits, a list, or NULL
    int64_t since_ms, until_ms; // plane time
    int64_t until_wall_ms;
} Session;

typedef struct Credentials {
    Str access_key, secret, token;
    int64_t until_ms; // plane time
} Credentials;

Credentials session_issue(IdentityView view, Arena *arena, const Session *session);
// A session of a role, for the metadata service and for the services' own work. False when there is no such role.
bool session_of_role(IdentityView view, Arena *arena, Str role_arn, Str session_name, int64_t plane_ms, int64_t wall_ms, int64_t seconds,
                     Session *out);

// A new access key id of a user ("AKIA" and 16 characters); the plane recognises its own keys even when they are gone.
Str access_key_id_make(IdentityView view, Arena *arena, Str account);
Str access_key_secret_make(Arena *arena); // 40 characters
// GetAccessKeyInfo: the account that a key id names (AWS encodes it there); false when the id has another form.
bool access_key_account(Arena *arena, Str access_key, Str *account);
