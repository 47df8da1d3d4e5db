#include "services/codedeploy/appspec.h"

#include "unit.h"

static AppSpec parsed(Arena *arena, const char *text) {
    AppSpec spec = {0};
    Error e = {0};
    if (!appspec_parse(arena, STR("appspec.yml"), str_of(text), &spec, &e)) fail_msg("%s", e.message);
    return spec;
}

#define HEAD "version: 0.0\nos: linux\n"

static void assert_refused(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    AppSpec spec;
    Error e = {0};
    assert_false(appspec_parse(arena, STR("appspec.yml"), str_of(text), &spec, &e));
    if (!strstr(e.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
}

static void a_whole_appspec_is_read(void **state) {
    AUTO_ARENA arena = arena_new();
    AppSpec spec = parsed(
        arena,
        HEAD "files:\n  - source: /\n    destination: /srv/app\n  - source: conf/a.conf\n    destination: /etc/app\nfile_exists_behavior: OVERWRITE\n"
             "permissions:\n  - object: /srv/app\n    pattern: \"*.sh\"\n    except: [skip.sh]\n    owner: app\n    group: app\n    mode: 755\n    "
             "type: [file]\n"
             "hooks:\n  BeforeInstall:\n    - location: scripts/stop.sh\n      timeout: 30\n      runas: root\n  ApplicationStart:\n    - location: "
             "scripts/start.sh\n");
    assert_int_equal(spec.file_count, 2);
    assert_true(str_is(spec.files[0].source, "/"));
    assert_int_equal(spec.files[1].line, 6);
    assert_int_equal(spec.file_exists, FILE_EXISTS_OVERWRITE);
    assert_int_equal(spec.permissions[0].mode, 0755);
    assert_true(spec.permissions[0].for_files && !spec.permissions[0].for_folders);
    const AppSpecHook *hook = appspec_hook(&spec, STR("BeforeInstall"));
    assert_int_equal(hook->scripts[0].timeout_seconds, 30);
    assert_true(str_is(hook->scripts[0].run_as, "root"));
    assert_int_equal(appspec_hook(&spec, STR("ApplicationStart"))->scripts[0].timeout_seconds, 3600);
    assert_null(appspec_hook(&spec, STR("ApplicationStop")));
}

static void modes_are_what_yaml_1_1_makes_of_them(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_int_equal(parsed(arena, HEAD "permissions: [{object: /a, mode: '0644'}]").permissions[0].mode, 0644);
    assert_int_equal(parsed(arena, HEAD "permissions: [{object: /a, mode: 0644}]").permissions[0].mode, 0420);
    assert_int_equal(parsed(arena, HEAD "permissions: [{object: /a, mode: 4755}]").permissions[0].mode, 04755);
    assert_int_equal(parsed(arena, HEAD "permissions: [{object: /a}]").permissions[0].mode, -1);
    assert_refused(HEAD "permissions: [{object: /a, mode: 0755}]", "appspec.yml:3: The deployment failed because the permissions mode (493) in");
    assert_refused(HEAD "permissions: [{object: /a, mode: 12345}]", "the length of a permissions mode (12345)");
}

static void permissions_concern_what_their_pattern_says(void **state) {
    AUTO_ARENA arena = arena_new();
    AppSpec spec = parsed(arena, HEAD "permissions:\n  - {object: /a}\n  - {object: /a, pattern: '*.sh', except: ['no*']}\n");
    assert_true(appspec_permission_concerns(&spec.permissions[0], STR("x/y/z")));
    assert_true(appspec_permission_concerns(&spec.permissions[1], STR("run.sh")));
    assert_false(appspec_permission_concerns(&spec.permissions[1], STR("no.sh")));
    assert_false(appspec_permission_concerns(&spec.permissions[1], STR("x/run.sh")));
    assert_false(appspec_permission_concerns(&spec.permissions[1], STR("run.py")));
}

static void mistakes_are_told_in_the_words_of_the_agent(void **state) {
    assert_refused("os: linux\n", "an invalid version value ()");
    assert_refused("version: 1.0\nos: linux\n", "appspec.yml:1: The deployment failed because an invalid version value (1.0)");
    assert_refused("version: '0.0'\nos: linux\n", "an invalid version value (0.0)");
    assert_refused(
        "version: 0.0\nos: macos\n",
        "appspec.yml:2: The deployment failed because the application specification file specifies an unsupported operating system (macos)");
    assert_refused(HEAD "files: [{destination: /x}]", "specifies a destination file, but no source file");
    assert_refused(HEAD "files: [{source: /x}]", "specifies only a source file (/x)");
    assert_refused(HEAD "hooks: {AfterInstall: [{timeout: 3}]}", "specifies a script with no location value");
    assert_refused(HEAD "hooks: {AfterInstall: [{location: a, timeout: 0}]}", "an invalid timeout value");
    assert_refused(HEAD "permissions: [{owner: x}]", "has no object value");
    assert_refused(HEAD "permissions: [{object: /a, type: [link]}]", "object type not supported for permissions (link)");
}

static void what_has_no_place_is_refused_by_name(void **state) {
    assert_refused("version: 0.0\nos: windows\n", "os windows is not supported here");
    assert_refused(HEAD "hooks:\n  Install:\n    - location: x\n", "the lifecycle event Install is reserved");
    assert_refused(HEAD "hooks: {DownloadBundle: [{location: x}]}", "DownloadBundle is reserved");
    assert_refused(HEAD "hooks: {AfterInstal: [{location: x}]}", "(did you mean \"AfterInstall\"?)");
    assert_refused(HEAD "permissions: [{object: /a, acls: [x]}]", "permissions/acls is not supported here");
    assert_refused(HEAD "permissions: [{object: /a, context: {type: x}}]", "permissions/context is not supported here");
    assert_refused(HEAD "file_exists_behavior: KEEP",
                   "appspec.yml:3: The deployment failed because an invalid option was specified for fileExistsBehavior: KEEP. Valid");
    assert_refused(HEAD "file: []", "the section \"file\" is unknown (did you mean \"files\"?)");
    assert_refused(HEAD "hooks: {AfterInstall: [{location: a, timeout: 3000}, {location: b, timeout: 3000}]}", "add up to 6000 seconds");
    assert_refused("- x\n", "an AppSpec file is a map");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_appspec_is_read),
        cmocka_unit_test(modes_are_what_yaml_1_1_makes_of_them),
        cmocka_unit_test(permissions_concern_what_their_pattern_says),
        cmocka_unit_test(mistakes_are_told_in_the_words_of_the_agent),
        cmocka_unit_test(what_has_no_place_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
