// The whole decision, on a real store: which policies apply to whom, what they say together, and the words of a refusal. The directory in its transactions.
#include "formats/json.h"
#include "identity/sessions.h"
#include "store/harness.h"

#define ACCOUNT "123456789012"
#define OTHER "210987654321"
#define DOCUMENT(statement) "{\"Version\":\"2012-10-17\",\"Statement\":[" statement "]}"
#define ALLOW(actions) DOCUMENT("{\"Effect\":\"Allow\",\"Action\":" actions ",\"Resource\":\"*\"}")
#define DENY(actions) DOCUMENT("{\"Effect\":\"Deny\",\"Action\":" actions ",\"Resource\":\"*\"}")
#define TRUST(principal) DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":" principal ",\"Action\":\"sts:AssumeRole\"}")
#define ON_BUCKET(effect, principal) \
    DOCUMENT("{\"Effect\":\"" effect "\",\"Principal\":" principal ",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/*\"}")
#define ROLE_ARN "arn:aws:iam::" ACCOUNT ":role/build"
#define OBJECT "arn:aws:s3:::b/k"

static const Partition where = {STR_INIT(ACCOUNT), STR_INIT("aws-global")};

static void put_user(Stored *stored, const char *name, const char *policy, const char *boundary) {
    Arena *arena = stored->arena;
    Doc *user = doc_map(arena), *inline_policies = doc_map(arena);
    doc_set_str(arena, user, "UserName", str_of(name));
    doc_set_str(arena, user, "UserId", STR("AIDAUSER"));
    doc_set_str(arena, user, "Arn", str_format(arena, "arn:aws:iam::" ACCOUNT ":user/%s", name));
    if (policy) doc_set_str(arena, inline_policies, "p", str_of(policy));
    doc_set(user, "inline", inline_policies);
    doc_set_str(arena, user, "PermissionsBoundary", str_of(boundary));
    document_put(stored->store, where, &IAM_USER, str_of(name), user);
}

static void put_role(Stored *stored, const char *policy, const char *trust, const char *attached) {
    Arena *arena = stored->arena;
    Doc *role = doc_map(arena), *inline_policies = doc_map(arena), *list = doc_list(arena);
    doc_set_str(arena, role, "RoleName", STR("build"));
    doc_set_str(arena, role, "RoleId", STR("AROAROLE"));
    doc_set_str(arena, role, "Arn", STR(ROLE_ARN));
    doc_set_str(arena, role, "AssumeRolePolicyDocument", str_of(trust));
    if (policy) doc_set_str(arena, inline_policies, "p", str_of(policy));
    if (attached) doc_push_str(arena, list, str_of(attached));
    doc_set(role, "inline", inline_policies);
    doc_set(role, "attached", list);
    document_put(stored->store, where, &IAM_ROLE, STR("build"), role);
}

static Principal user_named(Arena *arena, const char *name) {
    return (Principal){.kind = PRINCIPAL_USER,
                       .account = STR(ACCOUNT),
                       .arn = str_format(arena, "arn:aws:iam::" ACCOUNT ":user/%s", name),
                       .id = STR("AIDAUSER"),
                       .name = str_of(name)};
}

typedef struct Asked {
    const char *action, *resource, *resource_policy, *resource_account;
} Asked;

// "" when it is allowed, else the message.
static const char *ask(Stored *stored, Directory *directory, Principal principal, Asked asked) {
    Error e = {0};
    Doc *policy = NULL;
    if (asked.resource_policy) assert_true(json_parse(stored->arena, str_of(asked.resource_policy), &policy, &e));
    AuthorizationRequest request = {.arena = stored->arena,
                                    .principal = &principal,
                                    .action = str_of(asked.action),
                                    .resource = str_of(asked.resource),
                                    .resource_policy = policy,
                                    .resource_account = str_of(asked.resource_account)};
    bool allowed = identity_authorize((IdentityView){.directory = directory}, &request, &e);
    return allowed ? "" : str_c(stored->arena, str_of(e.message));
}

#define WITH_DIRECTORY(stored, directory) \
    STORE_TESTED(stored);                 \
    Directory *directory = directory_new((stored).store)

static const Asked get_object = {"s3:GetObject", OBJECT, NULL, NULL};
#define ALICE "User: arn:aws:iam::" ACCOUNT ":user/alice is not authorized to perform: s3:GetObject on resource: \"" OBJECT "\" "
#define SESSION "User: arn:aws:sts::" ACCOUNT ":assumed-role/build/s is not authorized to perform: s3:GetObject on resource: \"" OBJECT "\" "

static void within_an_account_one_side_is_enough(void **state) {
    static const struct {
        const char *identity, *bucket, *message;
    } cases[] = {
        {NULL, NULL, ALICE "because no identity-based policy allows the s3:GetObject action"},
        {ALLOW("\"s3:Get*\""), NULL, ""},
        {NULL, ON_BUCKET("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/alice\"}"), ""},
        {NULL, ON_BUCKET("Allow", "\"*\""), ""},
        {NULL, ON_BUCKET("Allow", "{\"AWS\":\"" ACCOUNT "\"}"), ALICE "because no identity-based policy allows the s3:GetObject action"},
        {ALLOW("\"*\""), ON_BUCKET("Deny", "\"*\""), ALICE "with an explicit deny in a resource-based policy"},
        {DENY("\"s3:*\""), ON_BUCKET("Allow", "\"*\""), ALICE "with an explicit deny in an identity-based policy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WITH_DIRECTORY(stored, directory);
        put_user(&stored, "alice", cases[i].identity, NULL);
        Asked asked = {"s3:GetObject", OBJECT, cases[i].bucket, ACCOUNT};
        assert_string_equal(ask(&stored, directory, user_named(stored.arena, "alice"), asked), cases[i].message);
        directory_free(directory);
    }
}

static void between_accounts_both_sides_are_needed(void **state) {
    static const struct {
        const char *identity, *bucket, *message;
    } cases[] = {
        {ALLOW("\"s3:*\""), NULL, ALICE "because no resource-based policy allows the s3:GetObject action"},
        {NULL, ON_BUCKET("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/alice\"}"),
         ALICE "because no identity-based policy allows the s3:GetObject action"},
        {ALLOW("\"s3:*\""), ON_BUCKET("Allow", "{\"AWS\":\"" ACCOUNT "\"}"), ""},
        {ALLOW("\"s3:*\""), ON_BUCKET("Allow", "{\"AWS\":\"" OTHER "\"}"), ALICE "because no resource-based policy allows the s3:GetObject action"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WITH_DIRECTORY(stored, directory);
        put_user(&stored, "alice", cases[i].identity, NULL);
        Asked asked = {"s3:GetObject", OBJECT, cases[i].bucket, OTHER};
        assert_string_equal(ask(&stored, directory, user_named(stored.arena, "alice"), asked), cases[i].message);
        directory_free(directory);
    }
}

static void a_boundary_limits_the_identity_but_not_what_names_the_user(void **state) {
    static const char boundary[] = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    static const struct {
        const char *bucket, *message;
    } cases[] = {
        {NULL, ALICE "because no permissions boundary allows the s3:GetObject action"},
        {ON_BUCKET("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/alice\"}"), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WITH_DIRECTORY(stored, directory);
        put_user(&stored, "alice", ALLOW("\"*\""), boundary);
        Asked asked = {"s3:GetObject", OBJECT, cases[i].bucket, ACCOUNT};
        assert_string_equal(ask(&stored, directory, user_named(stored.arena, "alice"), asked), cases[i].message);
        directory_free(directory);
    }
}

static void a_boundary_that_is_gone_allows_nothing(void **state) {
    WITH_DIRECTORY(stored, directory);
    put_user(&stored, "alice", ALLOW("\"*\""), "arn:aws:iam::" ACCOUNT ":policy/gone");
    assert_string_equal(ask(&stored, directory, user_named(stored.arena, "alice"), get_object),
                        ALICE "because no permissions boundary allows the s3:GetObject action");
    directory_free(directory);
}

static Principal session(Arena *arena, const char *policy) {
    Principal principal = principal_role(arena, STR(ROLE_ARN), STR("s"));
    principal.session_policy = str_of(policy);
    return principal;
}

static void a_session_policy_narrows_its_role(void **state) {
    static const struct {
        const char *role, *session, *bucket, *message;
    } cases[] = {
        {ALLOW("\"s3:*\""), NULL, NULL, ""},
        {ALLOW("\"s3:*\""), ALLOW("\"s3:Get*\""), NULL, ""},
        {ALLOW("\"s3:*\""), "[" ALLOW("\"ec2:*\"") "," ALLOW("\"s3:Get*\"") "]", NULL, ""},
        {ALLOW("\"s3:*\""), ALLOW("\"ec2:*\""), NULL, SESSION "because no session policy allows the s3:GetObject action"},
        {NULL, ALLOW("\"s3:*\""), NULL, SESSION "because no identity-based policy allows the s3:GetObject action"},
        {ALLOW("\"s3:*\""), DENY("\"s3:*\""), NULL, SESSION "with an explicit deny in a session policy"},
        {NULL, ALLOW("\"ec2:*\""), ON_BUCKET("Allow", "{\"AWS\":\"" ROLE_ARN "\"}"),
         SESSION "because no identity-based policy allows the s3:GetObject action"},
        {NULL, NULL, ON_BUCKET("Allow", "{\"AWS\":\"" ROLE_ARN "\"}"), ""},
        {NULL, ALLOW("\"ec2:*\""), ON_BUCKET("Allow", "{\"AWS\":\"arn:aws:sts::" ACCOUNT ":assumed-role/build/s\"}"), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WITH_DIRECTORY(stored, directory);
        put_role(&stored, cases[i].role, TRUST("{\"AWS\":\"*\"}"), NULL);
        Asked asked = {"s3:GetObject", OBJECT, cases[i].bucket, ACCOUNT};
        assert_string_equal(ask(&stored, directory, session(stored.arena, cases[i].session), asked), cases[i].message);
        directory_free(directory);
    }
}

static void a_role_that_is_gone_may_nothing(void **state) {
    WITH_DIRECTORY(stored, directory);
    assert_true(strstr(ask(&stored, directory, session(stored.arena, NULL), get_object), "because the role does not exist") != NULL);
    directory_free(directory);
}

static void what_a_service_does_as_a_role_needs_the_roles_trust(void **state) {
    WITH_DIRECTORY(stored, directory);
    put_role(&stored, ALLOW("\"s3:*\""), TRUST("{\"Service\":\"codebuild.amazonaws.com\"}"), NULL);
    Principal build = principal_role_for(stored.arena, STR(ROLE_ARN), STR("s"), "codebuild.amazonaws.com", STR_NONE);
    Principal deploy = principal_role_for(stored.arena, STR(ROLE_ARN), STR("s"), "codedeploy.amazonaws.com", STR_NONE);
    assert_string_equal(ask(&stored, directory, build, get_object), "");
    assert_string_equal(ask(&stored, directory, deploy, get_object),
                        "codedeploy.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: " ROLE_ARN);
    directory_free(directory);
}

static void a_service_is_at_home_in_itself_only(void **state) {
    WITH_DIRECTORY(stored, directory);
    Principal events = principal_service(STR("events.amazonaws.com"));
    Asked own = {"events:PutEvents", "*", NULL, NULL}, foreign = {"sqs:SendMessage", "arn:aws:sqs:us-east-1:" ACCOUNT ":q", NULL, NULL};
    Asked invited = foreign;
    invited.resource_policy =
        DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}");
    assert_string_equal(ask(&stored, directory, events, own), "");
    assert_string_equal(ask(&stored, directory, events, invited), "");
    assert_string_equal(ask(&stored, directory, events, foreign),
                        "User: events.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:" ACCOUNT
                        ":q because no resource-based policy allows the sqs:SendMessage action");
    directory_free(directory);
}

static void roots_may_all_at_home_and_need_an_invitation_elsewhere(void **state) {
    WITH_DIRECTORY(stored, directory);
    Principal root = principal_root(stored.arena, STR(ACCOUNT));
    Asked away = {"s3:GetObject", OBJECT, NULL, OTHER}, invited = {"s3:GetObject", OBJECT, ON_BUCKET("Allow", "{\"AWS\":\"" ACCOUNT "\"}"), OTHER};
    assert_string_equal(ask(&stored, directory, root, get_object), "");
    assert_string_equal(ask(&stored, directory, root, invited), "");
    assert_string_not_equal(ask(&stored, directory, root, away), "");
    directory_free(directory);
}

static void nobody_gets_what_is_open_to_everybody_only(void **state) {
    WITH_DIRECTORY(stored, directory);
    Asked open = {"s3:GetObject", OBJECT, ON_BUCKET("Allow", "\"*\""), ACCOUNT};
    assert_string_equal(ask(&stored, directory, principal_anonymous(), open), "");
    assert_string_equal(ask(&stored, directory, principal_anonymous(), get_object), "Access Denied");
    directory_free(directory);
}

static void services_refuse_in_their_own_way(void **state) {
    static const struct {
        Asked asked;
        const char *message;
    } cases[] = {
        {{"ec2:DescribeInstances", "*", NULL, NULL},
         "You are not authorized to perform this operation. User: arn:aws:iam::" ACCOUNT
         ":user/alice is not authorized to perform: ec2:DescribeInstances because "
         "no identity-based policy allows the ec2:DescribeInstances action"},
        {{"s3:ListAllMyBuckets", "*", NULL, NULL},
         "User: arn:aws:iam::" ACCOUNT ":user/alice is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the "
         "s3:ListAllMyBuckets action"},
        {{"lambda:ListFunctions", "*", NULL, NULL},
         "User: arn:aws:iam::" ACCOUNT
         ":user/alice is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the "
         "lambda:ListFunctions action"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WITH_DIRECTORY(stored, directory);
        put_user(&stored, "alice", NULL, NULL);
        assert_string_equal(ask(&stored, directory, user_named(stored.arena, "alice"), cases[i].asked), cases[i].message);
        directory_free(directory);
    }
}

static void a_role_made_in_this_transaction_counts_for_its_next_call(void **state) {
    WITH_DIRECTORY(stored, directory);
    assert_string_not_equal(ask(&stored, directory, session(stored.arena, NULL), get_object), "");
    put_role(&stored, ALLOW("\"s3:*\""), TRUST("{\"AWS\":\"*\"}"), NULL);
    directory_touch(directory, &IAM_ROLE, STR(ACCOUNT), STR("build"));
    assert_string_equal(ask(&stored, directory, session(stored.arena, NULL), get_object), "");
    directory_free(directory);
}

static void what_a_savepoint_took_back_does_not_count(void **state) {
    WITH_DIRECTORY(stored, directory);
    store_savepoint(stored.store);
    put_role(&stored, ALLOW("\"s3:*\""), TRUST("{\"AWS\":\"*\"}"), NULL);
    directory_touch(directory, &IAM_ROLE, STR(ACCOUNT), STR("build"));
    assert_string_equal(ask(&stored, directory, session(stored.arena, NULL), get_object), "");
    store_undo(stored.store);
    directory_changed(directory);
    assert_string_not_equal(ask(&stored, directory, session(stored.arena, NULL), get_object), "");
    directory_free(directory);
}

static void a_changed_policy_reaches_who_has_it(void **state) {
    WITH_DIRECTORY(stored, directory);
    static const char *const texts[] = {ALLOW("\"ec2:*\""), ALLOW("\"s3:*\"")};
    put_role(&stored, NULL, TRUST("{\"AWS\":\"*\"}"), "arn:aws:iam::" ACCOUNT ":policy/p");
    for (int i = 0; i < 2; i++) {
        Doc *policy = NULL;
        Str json = str_format(stored.arena, "{\"DefaultVersionId\":\"v1\",\"versions\":[{\"VersionId\":\"v1\",\"Document\":%.*s}]}",
                              STR_ARG(json_write(stored.arena, doc_of_str(stored.arena, str_of(texts[i])))));
        assert_true(json_parse(stored.arena, json, &policy, NULL));
        document_put(stored.store, where, &IAM_POLICY, STR("p"), policy);
        directory_touch(directory, &IAM_POLICY, STR(ACCOUNT), STR("p"));
        bool allowed = *ask(&stored, directory, session(stored.arena, NULL), get_object) == '\0';
        assert_int_equal(allowed, i == 1);
    }
    directory_free(directory);
}

static void snapshots_stay_as_they_were(void **state) {
    WITH_DIRECTORY(stored, directory);
    put_role(&stored, ALLOW("\"s3:*\""), TRUST("{\"AWS\":\"*\"}"), NULL);
    assert_true(store_commit(stored.store, NULL));
    IdentitySnapshot *before = directory_snapshot(directory);
    IdentitySnapshot *again = directory_snapshot(directory);
    assert_ptr_equal(before, again);
    store_begin(stored.store);
    document_delete(stored.store, where, &IAM_ROLE, STR("build"));
    directory_touch(directory, &IAM_ROLE, STR(ACCOUNT), STR("build"));
    assert_true(store_commit(stored.store, NULL));
    IdentitySnapshot *after = directory_snapshot(directory);
    assert_int_equal(identity_role_max_session_s((IdentityView){.snapshot = before}, STR(ROLE_ARN)), 3600);
    assert_int_equal(identity_role_max_session_s((IdentityView){.snapshot = after}, STR(ROLE_ARN)), 0);
    identity_snapshot_release(before);
    identity_snapshot_release(again);
    identity_snapshot_release(after);
    directory_free(directory);
    store_begin(stored.store);
}

static void the_planes_secret_outlives_the_directory(void **state) {
    WITH_DIRECTORY(stored, directory);
    Str key = access_key_id_make((IdentityView){.directory = directory}, stored.arena, STR(ACCOUNT));
    Str account;
    assert_true(access_key_account(stored.arena, key, &account));
    assert_true(str_is(account, ACCOUNT));
    Session of = {.kind = PRINCIPAL_ROOT, .account = STR(ACCOUNT), .until_wall_ms = INT64_MAX};
    Credentials credentials = session_issue((IdentityView){.directory = directory}, stored.arena, &of);
    assert_int_equal(credentials.secret.len, 40);
    assert_true(store_commit(stored.store, NULL));
    directory_free(directory);
    Directory *next = directory_new(stored.store);
    IdentitySnapshot *snapshot = directory_snapshot(next);
    assert_non_null(snapshot);
    identity_snapshot_release(snapshot);
    directory_free(next);
    store_begin(stored.store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_an_account_one_side_is_enough),
        cmocka_unit_test(between_accounts_both_sides_are_needed),
        cmocka_unit_test(a_boundary_limits_the_identity_but_not_what_names_the_user),
        cmocka_unit_test(a_boundary_that_is_gone_allows_nothing),
        cmocka_unit_test(a_session_policy_narrows_its_role),
        cmocka_unit_test(a_role_that_is_gone_may_nothing),
        cmocka_unit_test(what_a_service_does_as_a_role_needs_the_roles_trust),
        cmocka_unit_test(a_service_is_at_home_in_itself_only),
        cmocka_unit_test(roots_may_all_at_home_and_need_an_invitation_elsewhere),
        cmocka_unit_test(nobody_gets_what_is_open_to_everybody_only),
        cmocka_unit_test(services_refuse_in_their_own_way),
        cmocka_unit_test(a_role_made_in_this_transaction_counts_for_its_next_call),
        cmocka_unit_test(what_a_savepoint_took_back_does_not_count),
        cmocka_unit_test(a_changed_policy_reaches_who_has_it),
        cmocka_unit_test(snapshots_stay_as_they_were),
        cmocka_unit_test(the_planes_secret_outlives_the_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
