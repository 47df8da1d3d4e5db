// What actions and resources of a policy must look like, in AWS's words.
#include "identity/policy_internal.h"

#include <stdio.h>

bool policy_fail(Error *e, PolicyKind kind, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail(e, kind == POLICY_RESOURCE ? "MalformedPolicy" : "MalformedPolicyDocument", "%s", message);
}

static bool is_vendor(Str vendor) {
    for (size_t i = 0; i < vendor.len; i++) {
        char c = vendor.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-')) return false;
    }
    return vendor.len > 0;
}

bool policy_check_action(Str action, PolicyKind kind, Error *e) {
    if (str_is(action, "*") && kind != POLICY_TRUST) return true;
    Str name = action, vendor = str_cut(&name, ':');
    if (kind == POLICY_TRUST && !str_eq_nocase(vendor, STR("sts")))
        return policy_fail(e, kind, "AssumeRole policy may only specify STS AssumeRole actions.");
    if (!name.at) return policy_fail(e, kind, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    if (str_contains(name, STR(":"))) return policy_fail(e, kind, "Actions/Condition can contain only one colon.");
    if (!is_vendor(vendor)) return policy_fail(e, kind, "Vendor %.*s is not valid", STR_ARG(vendor));
    return true;
}

static bool is_partition(Str partition) {
    return str_is(partition, "aws") || str_is(partition, "aws-cn") || str_is(partition, "aws-us-gov") || str_contains(partition, STR("*"));
}

// IAM's resources have kinds, of which a policy names one, as far as its first wildcard.
static bool is_iam_path(Str path) {
    static const char *const kinds[] = {
        "user/",   "federated-user/", "role/",          "group/",         "instance-profile/", "mfa/",          "server-certificate/",
        "policy/", "sms-mfa/",        "saml-provider/", "oidc-provider/", "report/",           "access-report/"};
    size_t plain = 0;
    while (plain < path.len && path.at[plain] != '*' && path.at[plain] != '?') plain++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Str kind = str_of(kinds[i]);
        bool cut = plain < path.len && plain < kind.len;
        if (str_eq(str_sub(path, 0, cut ? plain : kind.len), str_sub(kind, 0, cut ? plain : kind.len))) return true;
    }
    return false;
}

// What names neither a region nor, of IAM, anything but its own kinds. `rest`: what follows the vendor.
static bool check_global(Str resource, Str vendor, Str rest, PolicyKind kind, Error *e) {
    bool iam = str_is(vendor, "iam"), s3 = str_is(vendor, "s3");
    Str region = str_cut(&rest, ':');
    str_cut(&rest, ':');
    if (iam && region.len) return policy_fail(e, kind, "IAM resource %.*s cannot contain region information.", STR_ARG(resource));
    if (s3 && region.len) return policy_fail(e, kind, "Resource %.*s can not contain region information.", STR_ARG(resource));
    if (!iam || !rest.at || is_iam_path(rest)) return true;
    return policy_fail(e, kind,
                       "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, "
                       "server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.");
}

bool policy_check_resource(Str resource, PolicyKind kind, Error *e) {
    if (str_is(resource, "*")) return true;
    Str rest = resource, arn = str_cut(&rest, ':'), partition = str_cut(&rest, ':'), vendor = str_cut(&rest, ':');
    bool vendor_is_right = is_vendor(vendor) || str_is(vendor, "*");
    if (str_is(arn, "arn") && is_partition(partition) && rest.at && vendor_is_right)
        return kind != POLICY_IDENTITY || check_global(resource, vendor, rest, kind, e);
    if (kind == POLICY_RESOURCE) return policy_fail(e, kind, "Policy has invalid resource");
    if (!str_is(arn, "arn") || !partition.at) return policy_fail(e, kind, "Resource %.*s must be in ARN format or \"*\".", STR_ARG(resource));
    if (!is_partition(partition)) {
        return policy_fail(e, kind, "Partition \"%.*s\" is not valid for resource \"%.*s\".", STR_ARG(partition), STR_ARG(resource));
    }
    if (!rest.at) return policy_fail(e, kind, "The policy failed legacy parsing");
    return policy_fail(e, kind, "Resource vendor must be fully qualified and cannot contain regexes.");
}
