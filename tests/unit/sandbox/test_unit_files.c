// Unit files as systemd's manual pages describe them.
#include "../../../src/sandbox/keeper/unit_file.h"

#include "../unit.h"

#include <stdio.h>
#include <string.h>

static void parse(UnitFile *file, const char *text) {
    char copy[2048];
    snprintf(copy, sizeof copy, "%s", text);
    *file = UNIT_FILE_DEFAULTS;
    unit_file_parse(file, "app@one.service", copy);
}

static void a_service_is_read(void **state) {
    UnitFile file;
    parse(&file, "[Unit]\nDescription=The app\nAfter=network.target db.service\nRequires=db\n# a comment\n; another\n[Service]\nType = "
                 "forking\nPIDFile=/run/app.pid\n"
                 "ExecStart=/bin/app --fork\nRestart=on-failure\nRestartSec=1min "
                 "500ms\nTimeoutStopSec=infinity\nLimitNOFILE=4096\nUser=ec2-user\nRemainAfterExit=yes\n"
                 "KillMode=process\n[Install]\nWantedBy=multi-user.target\n");
    assert_string_equal(file.description, "The app");
    assert_int_equal(file.after.count, 2);
    assert_string_equal(file.needs.at[0], "db");
    assert_int_equal(file.type, UNIT_FORKING);
    assert_string_equal(file.start.at[0], "/bin/app --fork");
    assert_int_equal(file.restart, RESTART_ON_FAILURE);
    assert_int_equal(file.restart_ms, 60500);
    assert_int_equal(file.stop_timeout_ms, 0);
    assert_int_equal(file.open_files, 4096);
    assert_true(file.remain);
    assert_int_equal(file.kill, KILL_PROCESS);
    assert_string_equal(file.wanted_by.at[0], "multi-user.target");
    unit_file_free(&file);
}

static void notify_and_exec_count_as_simple(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nType=notify\n");
    assert_int_equal(file.type, UNIT_SIMPLE);
    unit_file_free(&file);
}

static void a_line_that_ends_in_a_backslash_goes_on(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nExecStart=/bin/app \\\n  --port 80\n");
    assert_string_equal(file.start.at[0], "/bin/app     --port 80");
    unit_file_free(&file);
}

static void an_empty_value_empties_the_list(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nExecStart=/bin/old\nExecStart=\nExecStart=/bin/new\n");
    assert_int_equal(file.start.count, 1);
    assert_string_equal(file.start.at[0], "/bin/new");
    unit_file_free(&file);
}

static void times_that_are_none_leave_the_default(void **state) {
    static const char *const texts[] = {"1e300", "inf", "nan", "-5", "5 parsecs", "1e14d"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        UnitFile file;
        char text[64];
        snprintf(text, sizeof text, "[Service]\nRestartSec=%s\n", texts[i]);
        parse(&file, text);
        assert_int_equal(file.restart_ms, 100);
        unit_file_free(&file);
    }
}

static void unknown_keys_are_noted(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nProtectSystem=full\nX-Mine=1\n");
    assert_int_equal(file.ignored.count, 1);
    assert_string_equal(file.ignored.at[0], "ProtectSystem");
    unit_file_free(&file);
}

static void specifiers_name_the_unit(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nExecStart=/bin/app %n %N %p %i %t 100%%\n");
    assert_string_equal(file.start.at[0], "/bin/app app@one.service app@one app one /run 100%");
    unit_file_free(&file);
}

static void environment_lines_keep_quoted_blanks(void **state) {
    UnitFile file;
    parse(&file, "[Service]\nEnvironment=A=1 \"B=two words\" 'C=$A'\n");
    assert_int_equal(file.env.count, 3);
    assert_string_equal(file.env.at[1], "B=two words");
    assert_string_equal(file.env.at[2], "C=$A");
    unit_file_free(&file);
}

static void commands_are_split_and_variables_put_in(void **state) {
    static const struct {
        const char *line, *words;
        bool may_fail;
    } cases[] = {
        {"/bin/echo one 'two three' \"four $NAME\"", "/bin/echo|one|two three|four value", false},
        {"-/bin/false", "/bin/false", true},
        {"/bin/a ${NAME}x $MANY \"$MANY\" ${MANY}", "/bin/a|valuex|1|2|1 2|1 2", false},
        {"/bin/a '$NAME' $$NAME \\x $NONE end", "/bin/a|$NAME|$NAME|x|end", false},
        {"/bin/a \"\" ${NONE}", "/bin/a|", false},
    };
    Words env = {0};
    words_add(&env, "NAME=value");
    words_add(&env, "MANY=1 2");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Words words = {0};
        CommandFlags flags;
        char joined[256] = "";
        command_words(cases[i].line, &env, &words, &flags);
        for (size_t n = 0, at = 0; n < words.count; n++) at += (size_t)snprintf(joined + at, sizeof joined - at, "%s%s", n ? "|" : "", words.at[n]);
        assert_string_equal(joined, cases[i].words);
        assert_int_equal(flags.may_fail, cases[i].may_fail);
        words_free(&words);
    }
    words_free(&env);
}

static void names_become_services(void **state) {
    char name[128];
    assert_true(unit_name("web", name));
    assert_string_equal(name, "web.service");
    assert_true(unit_name("app.v2.service", name));
    assert_string_equal(name, "app.v2.service");
    assert_true(unit_name("app.v2", name));
    assert_string_equal(name, "app.v2.service");
    assert_false(unit_name("web.timer", name));
    assert_false(unit_name("../web", name) && strcmp(name, "web.service") != 0);
    assert_false(unit_name("a b", name));
}

int main(void) {
    const struct CMUnitTest unit_files[] = {
        cmocka_unit_test(a_service_is_read),
        cmocka_unit_test(notify_and_exec_count_as_simple),
        cmocka_unit_test(a_line_that_ends_in_a_backslash_goes_on),
        cmocka_unit_test(an_empty_value_empties_the_list),
        cmocka_unit_test(times_that_are_none_leave_the_default),
        cmocka_unit_test(unknown_keys_are_noted),
        cmocka_unit_test(specifiers_name_the_unit),
        cmocka_unit_test(environment_lines_keep_quoted_blanks),
        cmocka_unit_test(commands_are_split_and_variables_put_in),
        cmocka_unit_test(names_become_services),
    };
    return cmocka_run_group_tests(unit_files, NULL, NULL);
}
