#include "workflow/application.h"

#include "os/files.h"

#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static void a_whole_file_is_read(void **state) {
    AUTO_ARENA arena = arena_new();
    Application application;
    Error e = {0};
    bool good = application_parse(arena,
                                  STR("application: shop\nvariables: {LEVEL: debug, N: 2}\n"
                                      "instances:\n  - {name: web, count: 2, ports: [80, 443]}\n"
                                      "tables:\n  - {name: Users, key: id, sort: {name: at, type: number}}\n"
                                      "permissions:\n  build: ['ssm:GetParameter', {actions: 's3:GetObject', resources: ['arn:x']}]\n"
                                      "stages:\n  - source: {branch: trunk}\n  - {build: b.yml}\n  - {name: Live, deploy: web}\n  - approve: ok?\n"),
                                  &application, &e);
    if (!good) fail_msg("%s", e.message);
    assert_true(str_is(application.name, "shop"));
    assert_int_equal(application.stages.len, 4);
    assert_true(str_is(vec_get(&application.stages, Stage, 0).branch, "trunk"));
    assert_true(str_is(vec_get(&application.stages, Stage, 1).name, "Build"));
    assert_true(str_is(vec_get(&application.stages, Stage, 2).name, "Live"));
    assert_int_equal(vec_get(&application.stages, Stage, 3).kind, STAGE_APPROVE);
    assert_int_equal(vec_get(&application.instances, Instance, 0).count, 2);
    assert_true(str_is(vec_get(&application.tables, Table, 0).sort.type, "N"));
    assert_int_equal(application.permissions.len, 2);
    assert_true(str_is(vec_get(&application.variables, Variable, 1).value, "2"));
}

typedef struct Mistake {
    const char *text, *message;
} Mistake;

static void a_mistake_is_told_with_its_place(void **state) {
    static const Mistake MISTAKES[] = {
        {"name: x\n",
         "rehearse.yaml:1:1: unknown key \"name\" in the application; keys are application, variables, instances, tables, permissions, stages"},
        {"application: a\nstags:\n", "rehearse.yaml:2:1: unknown key \"stags\" in the application (did you mean \"stages\"?)"},
        {"stages:\n  - name: A\n    biuld: x\n", "rehearse.yaml:3:5: unknown key \"biuld\" in a stage (did you mean \"build\"?)"},
        {"stages:\n  - name: A\n", "rehearse.yaml:2:5: a stage needs one of source, build, deploy, test, approve"},
        {"stages:\n  - build: a\n    test: b\n", "rehearse.yaml:3:5: a stage does one thing, but this one has both build and test"},
        {"stages: build\n", "rehearse.yaml:1:1: stages must be a list, not text"},
        {"instances:\n  - {name: web, ports: [0]}\n", "rehearse.yaml:2:25: a port must be a whole number from 1 to 65535"},
        {"instances:\n  - count: 2\n", "rehearse.yaml:2:5: an instance needs a name: it becomes its tag Name"},
        {"application: Big\n", "rehearse.yaml:1:1: the name of the application has upper-case letters; buckets may not"},
        {"tables:\n  - name: Users\n", "rehearse.yaml:2:5: a table needs a name and a key"},
        {"permissions:\n  build: [GetObject]\n", "rehearse.yaml:2:11: \"GetObject\" is no action; write service:Operation"},
        {"variables:\n  A: 1\n  my-level: x\n",
         "rehearse.yaml:3:3: \"my-level\" cannot be the name of a variable; write letters, digits and _, not beginning with a digit"},
        {"variables: {2ND: x}\n",
         "rehearse.yaml:1:13: \"2ND\" cannot be the name of a variable; write letters, digits and _, not beginning with a digit"},
        {"variables: {CODEBUILD_LEVEL: x}\n",
         "rehearse.yaml:1:13: \"CODEBUILD_LEVEL\" cannot be the name of a variable: CodeBuild keeps CODEBUILD_ for its own"},
        {"instances:\n  - name: web\n  - count: 2\n    name: web\n", "rehearse.yaml:3:5: two instances are named web"},
        {"tables:\n  - {name: Users, key: id}\n  - {name: Users, key: at}\n", "rehearse.yaml:3:5: two tables are named Users"},
        {"instances:\n\t- name: web\n", "rehearse.yaml:2:1: found character that cannot start any token, while scanning for the next token (which "
                                        "began on line 2); YAML is indented "
                                        "with spaces, not with tabs"},
        {"stages:\n  - source: {branch: a b}\n", "rehearse.yaml:2:14: \"a b\" cannot be the name of a branch of git"},
        {"stages:\n  - source: {branch: a/.b}\n", "rehearse.yaml:2:14: \"a/.b\" cannot be the name of a branch of git"},
        {"stages:\n  - build: ../b.yml\n", "rehearse.yaml:2:5: build must be a file in the application's folder, not \"../b.yml\""},
        {"stages:\n  - test: /b.yml\n", "rehearse.yaml:2:5: test must be a file in the application's folder, not \"/b.yml\""},
        {"stages:\n  - deploy: []\n", "rehearse.yaml:2:5: deploy names no instance"},
        {"tables:\n  - {name: Users, key: id, sort: {name: id}}\n", "rehearse.yaml:2:28: the sort key of table Users is its key, too"},
        {"permissions:\n  build: [\"s 3:Get*\"]\n", "rehearse.yaml:2:11: \"s 3:Get*\" is no action; write service:Operation"},
        {"permissions:\n  build: [{actions: \"s3:*\", resources: x}]\n", "rehearse.yaml:2:11: \"x\" is no resource; write an ARN, or *"},
        {"\tstages: []\n", "rehearse.yaml:1:1: found character that cannot start any token, while scanning for the next token (which began on line "
                           "1); YAML is indented with spaces, not with tabs"},
        {"permissions:\n  builds: []\n", "rehearse.yaml:2:3: unknown key \"builds\" in permissions (did you mean \"build\"?)"},
    };
    for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
        AUTO_ARENA arena = arena_new();
        Application application;
        Error e = {0};
        assert_false(application_parse(arena, str_of(MISTAKES[i].text), &application, &e));
        assert_string_equal(e.message, MISTAKES[i].message);
    }
}

// ---- With a folder ----

static Str folder_with(Arena *arena, const char *const *files) {
    char name[] = "/tmp/test-application-XXXXXX";
    assert_non_null(mkdtemp(name));
    Str folder = str_copy(arena, str_of(name));
    for (; *files; files += 2) assert_true(file_write(path_join(arena, folder, str_of(files[0])), str_of(files[1]), 0600, NULL));
    return folder;
}

static void without_a_file_the_stages_are_those_of_what_is_there(void **state) {
    static const char *const FILES[] = {
        "buildspec.yml", "version: 0.2\nartifacts: {files: ['**/*']}\n", "appspec.yml", "", "integration_buildspec.yml", "", NULL};
    AUTO_ARENA arena = arena_new();
    Str folder = folder_with(arena, FILES);
    Application application;
    Error e = {0};
    if (!application_read(arena, folder, &application, &e)) fail_msg("%s", e.message);
    static const char *const NAMES[] = {"Source", "Build", "Deploy", "IntegrationTest"};
    assert_int_equal(application.stages.len, 4);
    for (size_t i = 0; i < 4; i++) assert_true(str_is(vec_get(&application.stages, Stage, i).name, NAMES[i]));
    assert_true(vec_get(&application.stages, Stage, 1).has_artifacts);
    assert_int_equal(application.instances.len, 1);
    tree_remove(folder, NULL);
}

static void a_folder_with_nothing_is_told_what_is_wanted(void **state) {
    static const char *const FILES[] = {"readme", "", NULL};
    AUTO_ARENA arena = arena_new();
    Str folder = folder_with(arena, FILES);
    Application application;
    Error e = {0};
    assert_false(application_read(arena, folder, &application, &e));
    assert_non_null(strstr(e.message, "has no buildspec.yml, appspec.yml or rehearse.yaml, so there is nothing to rehearse"));
    tree_remove(folder, NULL);
}

// What application_read says of a folder with these files, or of what it read; the text lives in the arena.
static Str said_of(Arena *arena, const char *const *files, Application *application) {
    Str folder = folder_with(arena, files);
    Error e = {0};
    bool good = application_read(arena, folder, application, &e);
    tree_remove(folder, NULL);
    return good ? STR("") : str_of(str_c(arena, str_replace(arena, str_of(e.message), folder, STR("FOLDER"))));
}

static void a_branch_may_have_any_name_that_git_takes(void **state) {
    AUTO_ARENA arena = arena_new();
    Application application;
    Error e = {0};
    const Str text = STR("stages:\n  - source: {branch: 'feature/#12-ü@x'}\n");
    if (!application_parse(arena, text, &application, &e)) fail_msg("%s", e.message);
}

static void a_file_that_nobody_reads_for_its_name_is_refused(void **state) {
    static const char *const YML[] = {"buildspec.yml", "", "rehearse.yml", "", NULL}, *const YAML[] = {"buildspec.yaml", "", "appspec.yml", "", NULL};
    AUTO_ARENA arena = arena_new();
    Application application;
    assert_string_equal(said_of(arena, YML, &application).at, "FOLDER/rehearse.yml is not read: its name must be rehearse.yaml");
    assert_string_equal(said_of(arena, YAML, &application).at, "FOLDER/buildspec.yaml is not read: its name must be buildspec.yml");
}

static void a_buildspec_of_any_name_is_read_where_a_stage_names_it(void **state) {
    static const char *const FILES[] = {"buildspec.yaml", "", "rehearse.yaml", "stages: [{ build: buildspec.yaml }]\n", NULL};
    AUTO_ARENA arena = arena_new();
    Application application;
    assert_string_equal(said_of(arena, FILES, &application).at, "");
}

static void an_appspec_may_have_either_name(void **state) {
    static const char *const FILES[] = {"appspec.yaml", "", NULL};
    AUTO_ARENA arena = arena_new();
    Application application;
    assert_string_equal(said_of(arena, FILES, &application).at, "");
    assert_true(str_is(vec_get(&application.stages, Stage, 1).name, "Deploy"));
}

static void a_description_without_stages_is_told_as_such(void **state) {
    static const char *const FILES[] = {"rehearse.yaml", "application: x\n", NULL};
    AUTO_ARENA arena = arena_new();
    Application application;
    assert_string_equal(said_of(arena, FILES, &application).at,
                        "rehearse.yaml names no stages, and FOLDER has no buildspec.yml, appspec.yml or integration_buildspec.yml to make them from");
}

static void a_stage_must_name_what_is_there(void **state) {
    static const char *const FILES[] = {"appspec.yml", "", "rehearse.yaml", "instances:\n  - name: web\nstages:\n  - deploy: wep\n", NULL};
    static const char *const ABSENT[] = {"rehearse.yaml", "stages:\n  - build: none.yml\n", NULL};
    AUTO_ARENA arena = arena_new();
    Str folder = folder_with(arena, FILES), other = folder_with(arena, ABSENT);
    Application application;
    Error e = {0};
    assert_false(application_read(arena, folder, &application, &e));
    assert_string_equal(e.message, "rehearse.yaml:4:5: stage Deploy deploys to \"wep\", but no instance has this name (did you mean \"web\"?)");
    assert_false(application_read(arena, other, &application, &e));
    assert_string_equal(e.message, "rehearse.yaml:2:5: stage Build builds by none.yml, which is not there");
    tree_remove(folder, NULL);
    tree_remove(other, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(without_a_file_the_stages_are_those_of_what_is_there),
        cmocka_unit_test(a_folder_with_nothing_is_told_what_is_wanted),
        cmocka_unit_test(a_branch_may_have_any_name_that_git_takes),
        cmocka_unit_test(a_file_that_nobody_reads_for_its_name_is_refused),
        cmocka_unit_test(a_buildspec_of_any_name_is_read_where_a_stage_names_it),
        cmocka_unit_test(an_appspec_may_have_either_name),
        cmocka_unit_test(a_description_without_stages_is_told_as_such),
        cmocka_unit_test(a_stage_must_name_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
