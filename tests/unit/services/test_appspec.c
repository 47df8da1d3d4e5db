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
    bool told = strncmp(message, "The deployment", 14) == 0 ? str_starts(str_of(e.message), str_of(message)) : strstr(e.message, message) != NULL;
    if (!told) fail_msg("\"%s\" is not in \"%s\"", message, e.message);
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
    assert_refused(HEAD "permissions: [{object: /a, mode: 0755}]", "The deployment failed because the permissions mode (493) in");
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
    assert_refused("", "The deployment failed because the application specification file was empty. Make sure your AppSpec file defines at minimum "
                       "the 'version' and 'os' properties.");
    assert_refused("version: 1.0\nos: linux\n", "The deployment failed because an invalid version value (1.0)");
    assert_refused("version: '0.0'\nos: linux\n", "an invalid version value (0.0)");
    assert_refused("version: 0.0\nos: macos\n",
                   "The deployment failed because the application specification file specifies an unsupported operating system (macos)");
    assert_refused(HEAD "files: [{destination: /x}]", "specifies a destination file, but no source file");
    assert_refused(HEAD "files: [{source: /x}]", "specifies only a source file (/x)");
    assert_refused(HEAD "hooks: {AfterInstall: [{timeout: 3}]}", "specifies a script with no location value");
    assert_refused(HEAD "hooks: {AfterInstall: [{location: a, timeout: 0}]}", "an invalid timeout value");
    assert_refused(HEAD "permissions: [{owner: x}]", "has no object value");
    assert_refused(HEAD "permissions: [{object: /a, type: [link]}]", "object type not supported for permissions (link)");
}

static void mistakes_of_syntax_are_told_as_ruby_tells_them(void **state) {
    assert_refused(HEAD "hooks:\n  AfterInstall:\n    - location: a\n     timeout: 3\n",
                   "(<unknown>): did not find expected '-' indicator while parsing a block collection at line 5 column 5");
    assert_refused(HEAD "files:\n  - source: /\n   destination: /x\n",
                   "(<unknown>): did not find expected '-' indicator while parsing a block collection at line 4 column 3");
    assert_refused(HEAD "files:\n\t- source: /\n",
                   "(<unknown>): found character that cannot start any token while scanning for the next token at line 4 column 1");
    assert_refused(HEAD "files\n", "(<unknown>): could not find expected ':' while scanning a simple key at line 3 column 1");
}

static void unknown_events_are_left_to_the_installer(void **state) {
    AUTO_ARENA arena = arena_new();
    AppSpec spec = parsed(arena, HEAD "hooks: {AfterInstal: [{location: x}], AfterInstall: [{location: x}], Bogus: [{location: y}]}");
    assert_true(str_is(spec.unknown_events, "\"AfterInstal\", \"Bogus\""));
    assert_int_equal(parsed(arena, HEAD).unknown_events.len, 0);
}

static void what_has_no_place_is_refused_by_name(void **state) {
    assert_refused("version: 0.0\nos: windows\n", "os windows is not supported here");
    assert_refused(HEAD "hooks:\n  Install:\n    - location: x\n", "the lifecycle event Install is reserved");
    assert_refused(HEAD "hooks: {DownloadBundle: [{location: x}]}", "DownloadBundle is reserved");
    assert_refused(HEAD "permissions: [{object: /a, acls: [x]}]", "permissions/acls is not supported here");
    assert_refused(HEAD "permissions: [{object: /a, context: {type: x}}]", "permissions/context is not supported here");
    assert_refused(HEAD "file_exists_behavior: KEEP",
                   "The deployment failed because an invalid option was specified for fileExistsBehavior: KEEP. Valid");
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
        cmocka_unit_test(mistakes_of_syntax_are_told_as_ruby_tells_them),
        cmocka_unit_test(unknown_events_are_left_to_the_installer),
        cmocka_unit_test(what_has_no_place_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
