// What no user and no account here has, because the operations that make it are not built: tools that clear a user away before they delete it, or look whether
// a provider is there, are told so as IAM does.
#include "services/iam/iam.h"

typedef struct Absent {
    const char *operation, *list;
    bool of_account;
} Absent;

static const Absent ABSENT[] = {
    {"ListMFADevices", "MFADevices", false},
    {"ListSSHPublicKeys", "SSHPublicKeys", false},
    {"ListServiceSpecificCredentials", "ServiceSpecificCredentials", false},
    {"ListSigningCertificates", "Certificates", false},
    {"ListVirtualMFADevices", "VirtualMFADevices", true},
    {"ListOpenIDConnectProviders", "OpenIDConnectProviderList", true},
    {"ListSAMLProviders", "SAMLProviderList", true},
    {"ListServerCertificates", "ServerCertificateMetadataList", true},
};

// Those of one user, or, where none is asked for, of the account.
Outcome iam_list_never_made(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Absent *absent = ABSENT;
    const Kind *kind;
    Doc *user;
    while (!str_is(wire_str(call->operation->name), absent->operation)) absent++;
    if (!absent->of_account && !doc_flag(call->input, "AllUsers", false)) CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    CALL_TRY(iam_page(call, doc_list(call->arena), NULL, absent->list, out, e));
    return OUTCOME_DONE;
}

Outcome iam_find_no_login_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *user;
    CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    return call_fail(e, "NoSuchEntity", "Login Profile for User %.*s cannot be found.", STR_ARG(doc_text(user, "UserName")));
}

Outcome iam_find_never_made(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str provider = doc_text(call->input, "OpenIDConnectProviderArn"), saml = doc_text(call->input, "SAMLProviderArn");
    Str certificate = doc_text(call->input, "ServerCertificateName");
    if (provider.at) return call_fail(e, "NoSuchEntity", "OpenIDConnect Provider not found for arn %.*s", STR_ARG(provider));
    if (saml.at) return call_fail(e, "NoSuchEntity", "Manifest not found for arn %.*s", STR_ARG(saml));
    return call_fail(e, "NoSuchEntity", "The Server Certificate with name %.*s cannot be found.", STR_ARG(certificate));
}
