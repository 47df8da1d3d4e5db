// What no user here has, because the operations that make it are not built: tools that clear a user away before they delete it are told so as IAM does.
#include "services/iam/iam.h"

typedef struct Absent {
    const char *operation, *list;
} Absent;

static const Absent ABSENT[] = {
    {"ListMFADevices", "MFADevices"},
    {"ListSSHPublicKeys", "SSHPublicKeys"},
    {"ListServiceSpecificCredentials", "ServiceSpecificCredentials"},
    {"ListSigningCertificates", "Certificates"},
    {"ListVirtualMFADevices", "VirtualMFADevices"},
};

// Those of one user, or, where none is asked for, of the account.
Outcome iam_list_never_made(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str operation = wire_str(call->operation->name);
    bool of_all = str_is(operation, "ListVirtualMFADevices") || doc_flag(call->input, "AllUsers", false);
    const Kind *kind;
    Doc *user;
    if (!of_all) CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    for (size_t i = 0; i < sizeof ABSENT / sizeof *ABSENT; i++) {
        if (str_is(operation, ABSENT[i].operation)) CALL_TRY(iam_page(call, doc_list(call->arena), NULL, ABSENT[i].list, out, e));
    }
    return OUTCOME_DONE;
}

Outcome iam_find_no_login_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Kind *kind;
    Doc *user;
    CALL_TRY(iam_find_called(turn, call, &kind, &user, e));
    return call_fail(e, "NoSuchEntity", "Login Profile for User %.*s cannot be found.", STR_ARG(doc_text(user, "UserName")));
}
