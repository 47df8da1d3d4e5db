// The user name and password that CodeCommit's credential helpers give to git: a signature in two words.
//
//     user name  ACCESSKEY            or  ACCESSKEY%SESSIONTOKEN
//     password   20260102T030405Z + 64 hexadecimal digits
// The signature is SigV4's (service "codecommit") over a canonical request of its own: "GIT\n/v1/repos/NAME\n\nhost:HOST\n\nhost\n", with nothing
// where the payload's hash would stand. `aws codecommit credential-helper` leaves the port out of HOST; git-remote-codecommit signs its endpoint as
// spelt. Both are accepted.
#pragma once

#include "identity/sigv4.h"

// Reads user name and password; the region is not in them and has to be given to verify.
AuthFault git_credentials_read(Str user_name, Str password, Signature *out);
AuthFault git_credentials_verify(Arena *arena, const Signature *signature, Str secret, Str region, Str host, Str path, AuthClocks clocks);
// The password, as a helper would make it (tests; our own git).
Str git_credentials_make(Arena *arena, Str secret, Str region, Str host, Str path, int64_t wall_ms);
// "Basic dXNlcjpwYXNz" to its two parts; false when the header is of another kind.
bool git_credentials_from_header(Arena *arena, Str authorization, Str *user_name, Str *password);
