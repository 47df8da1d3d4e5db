#include "services/codebuild/buildspec.h"

#include "unit.h"

static Buildspec parsed(Arena *arena, const char *text) {
    Buildspec spec = {0};
    Error e = {0};
    if (!buildspec_parse(arena, STR("buildspec.yml"), str_of(text), &spec, &e)) fail_msg("%s", e.message);
    return spec;
}

static void assert_refused(const char *text, const char *message) {
    AUTO_ARENA arena = arena_new();
    Buildspec spec;
    Error e = {0};
    assert_false(buildspec_parse(arena, STR("buildspec.yml"), str_of(text), &spec, &e));
    assert_string_equal(e.code, "YAML_FILE_ERROR");
    assert_string_equal(e.message, message);
}

static void a_whole_buildspec_is_read(void **state) {
    AUTO_ARENA arena = arena_new();
    Buildspec spec =
        parsed(arena, "version: 0.2\nrun-as: builder\nenv:\n  shell: bash\n  variables:\n    PORT: 010\n    EMPTY:\n  exported-variables: [TAG]\n  "
                      "git-credential-helper: yes\n"
                      "phases:\n  install:\n    runtime-versions:\n      python: 3.10\n    commands:\n      - pip install -r requirements.txt\n"
                      "  build:\n    on-failure: CONTINUE\n    run-as: other\n    commands:\n      - pytest\n      - |\n        one\n        two\n   "
                      " finally:\n      - echo done\n"
                      "reports:\n  unit:\n    files: ['*.xml']\n    base-directory: out\n    file-format: JunitXml\n"
                      "artifacts:\n  files:\n    - '**/*'\n  name: app-$(date +%Y)\n  exclude-paths: tests/**/*\n  discard-paths: no\n"
                      "  secondary-artifacts:\n    docs:\n      files: docs/*\n      base-directory: site\n");
    assert_true(spec.one_shell);
    assert_true(str_is(spec.run_as, "builder"));
    assert_true(str_is(spec.shell, "bash"));
    assert_true(spec.git_credential_helper);
    assert_int_equal(spec.variables.count, 2);
    assert_true(str_is(spec.variables.at[0].value, "010"));
    assert_true(str_is(spec.variables.at[1].value, ""));
    assert_true(str_is(spec.exported_variables.at[0], "TAG"));
    assert_true(str_is(spec.runtimes.at[0].value, "3.10"));
    assert_true(spec.phases[PHASE_BUILD].continue_on_failure);
    assert_true(str_is(spec.phases[PHASE_BUILD].run_as, "other"));
    assert_true(str_is(spec.phases[PHASE_BUILD].commands.at[1], "one\ntwo\n"));
    assert_int_equal(spec.phases[PHASE_BUILD].finally.count, 1);
    assert_false(spec.phases[PHASE_PRE_BUILD].is_given);
    assert_true(str_is(spec.artifacts.name, "app-$(date +%Y)"));
    assert_int_equal(spec.artifacts.exclude.count, 1);
    assert_true(str_is(spec.secondary[0].identifier, "docs"));
    assert_true(str_is(spec.reports[0].format, "JUNITXML"));
    assert_int_equal(spec.remarks.count, 0);
}

static void unknown_keys_are_remarked_on_as_aws_does(void **state) {
    AUTO_ARENA arena = arena_new();
    Buildspec spec = parsed(arena, "version: 0.2\nphases:\n  build:\n    comands: [x]\nartifacts:\n  type: zip\n  files: x\n");
    assert_int_equal(spec.remarks.count, 8);
    assert_true(str_is(spec.remarks.at[1], "In the section phases/build"));
    assert_true(str_is(spec.remarks.at[3], "        comands (did you mean \"commands\"?)"));
    assert_true(str_is(spec.remarks.at[7], "        type"));
}

static void mistakes_are_told_in_the_words_of_aws_or_with_file_and_line(void **state) {
    assert_refused("version: 0.2\nphases:\n  biuld:\n    commands: [x]\n",
                   "Invalid buildspec phase name: BIULD. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD");
    assert_refused("version: 0.2\nphases:\n  build:\n    commands:\n      - echo \"a\": b\n",
                   "Expected Commands[0] to be of string type: found subkeys instead at line 5, value of the key tag on line 4 might be empty");
    assert_refused("version: 0.2\nphases:\n build:\n  commands:\n    - a: [\n", "did not find expected node content at line 5");
    assert_refused("version: 0.2\nphases:\n  build: commands: x\n", "mapping values are not allowed in this context at line 3");
    assert_refused("version: 0.2 phases: x", "mapping values are not allowed in this context at line 0");
    assert_refused("version: 0.2\nphases:\n\tbuild: x\n", "found character that cannot start any token at line 3");
    assert_refused("phases: {build: {commands: x}}", "buildspec.yml:1: version is missing; versions are 0.1 and 0.2");
    assert_refused("version: 0.3\nphases: {}", "buildspec.yml:1: version \"0.3\" is unknown; versions are 0.1 and 0.2");
    assert_refused("version: 0.2\n", "buildspec.yml:1: phases is missing; a buildspec needs at least one of install, pre_build, build, post_build");
    assert_refused("version: 0.2\nphases:\n  build:\n    on-failure: IGNORE\n",
                   "buildspec.yml:4: on-failure \"IGNORE\" is unknown; it is ABORT or CONTINUE");
    assert_refused("", "buildspec.yml: a buildspec is a map with version and phases");
}

static void what_is_not_built_is_refused_by_name(void **state) {
    assert_refused("version: 0.2\nenv:\n  parameter-store:\n    A: b\nphases: {}", "buildspec.yml:3: env/parameter-store is not supported here");
    assert_refused("version: 0.2\nenv:\n  secrets-manager: {A: b}\nphases: {}", "buildspec.yml:3: env/secrets-manager is not supported here");
    assert_refused("version: 0.2\nphases: {}\ncache: {paths: [x]}", "buildspec.yml:3: cache is not supported here");
    assert_refused("version: 0.2\nphases: {}\nbatch: {}", "buildspec.yml:3: batch is not supported here");
    assert_refused("version: 0.2\nphases: {}\nproxy: {logs: yes}", "buildspec.yml:3: proxy is not supported here");
    assert_refused("version: 0.2\nphases: {}\nreports: {g: {files: x, file-format: CUCUMBERJSON}}",
                   "buildspec.yml:3: report format CUCUMBERJSON is not supported here; JUNITXML is");
    assert_refused("version: 0.2\nphases: {build: {on-failure: RETRY-2}}", "buildspec.yml:2: on-failure RETRY-2 is not supported here");
}

static void version_0_1_keeps_its_variables_elsewhere(void **state) {
    AUTO_ARENA arena = arena_new();
    Buildspec spec = parsed(arena, "version: 0.1\nenvironment_variables:\n  plaintext:\n    A: b\nphases:\n  build:\n    commands: x\n");
    assert_false(spec.one_shell);
    assert_true(str_is(spec.variables.at[0].name, "A"));
    assert_int_equal(spec.phases[PHASE_BUILD].commands.count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_buildspec_is_read),
        cmocka_unit_test(unknown_keys_are_remarked_on_as_aws_does),
        cmocka_unit_test(mistakes_are_told_in_the_words_of_aws_or_with_file_and_line),
        cmocka_unit_test(what_is_not_built_is_refused_by_name),
        cmocka_unit_test(version_0_1_keeps_its_variables_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
