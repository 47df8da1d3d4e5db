#include "workflow/tree.h"

#include "unit.h"

#include <locale.h>

static Activity *add(View *view, const char *stage_name, const char *provider, State state, const char *detail, int64_t elapsed_ms) {
    StageView *stage = vec_push(&view->stages);
    stage->name = str_of(stage_name);
    stage->activities = vec_of(view->arena, Activity);
    Activity *activity = vec_push(&stage->activities);
    *activity = (Activity){.name = stage->name, .provider = str_of(provider), .state = state, .detail = str_of(detail), .elapsed_ms = elapsed_ms};
    activity->failures = vec_of(view->arena, Failure);
    activity->tail = arena_zalloc(view->arena, sizeof *activity->tail * TAIL_KEPT);
    return activity;
}

static View view_of(Arena *arena) {
    return (View){.arena = arena, .pipeline = STR("shop"), .stages = vec_of(arena, StageView), .state = STATE_FAILED, .elapsed_ms = 7600};
}

static void check(const View *view, const TreeStyle *style, const char *expected) {
    AUTO_BUF out;
    buf_init(&out, 65536);
    tree_write(view, style, &out);
    buf_add_char(&out, '\0');
    assert_string_equal(out.at, expected);
}

static View failed_view(Arena *arena) {
    View view = view_of(arena);
    add(&view, "Source", "CodeCommit", STATE_SUCCEEDED, "main@7c1f0e2", 100);
    Activity *test = add(&view, "Test", "CodeBuild", STATE_FAILED, "1 of 5 tests failed", 1400);
    Failure failure = {.name = STR("test_register"), .place = STR("tests/t.py:50"), .expected = STR("http://h/a"), .got = STR("http://h/b")};
    vec_add(&test->failures, Failure, failure);
    test->failure_count = 1;
    return view;
}

static void a_failure_shows_the_test_and_the_commands(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = failed_view(arena);
    check(&view, &(TreeStyle){.look = {.unicode = true, .width = 74}},
          " ✔ Source       CodeCommit  main@7c1f0e2                            0.1 s\n"
          " ✖ Test         CodeBuild   1 of 5 tests failed                     1.4 s\n"
          "     test_register                                          tests/t.py:50\n"
          "     expected  http://h/a\n"
          "     got       http://h/b\n"
          "     log       rehearse logs shop Test\n"
          "     again     rehearse run --retry Test\n");
}

static void a_narrow_terminal_folds_and_old_locales_get_ascii(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "Source", "CodeCommit", STATE_SUCCEEDED, "main@7c1f0e2", 100);
    add(&view, "Deploy", "CodeDeploy", STATE_WAITING, "", 0);
    check(&view, &(TreeStyle){.look = {.width = 31}},
          " + Source                0.1 s\n"
          "     main@7c1f0e2\n"
          " . Deploy                     \n"
          "     waiting\n");
}

static void what_runs_shows_the_last_lines_of_its_log(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    Activity *build = add(&view, "Build", "CodeBuild", STATE_RUNNING, "pre_build", 2500);
    activity_say(build, arena, STR("[Container] 2026/01/02 03:04:05.678 Running command pip"));
    for (int i = 1; i <= 3; i++) activity_say(build, arena, str_format(arena, "\x1b[31mline %d\x1b[0m", i));
    check(&view, &(TreeStyle){.look = {.width = 74}, .live = true, .frame = 1},
          " / Build        CodeBuild   pre_build                               2.5 s\n"
          "     line 1\n"
          "     line 2\n"
          "     line 3\n");
}

static void no_line_is_wider_than_the_terminal(void **state) {
    for (int width = LOOK_LEAST_WIDTH; width < 130; width++) {
        AUTO_ARENA arena = arena_new();
        View view = failed_view(arena);
        add(&view, "AVeryLongNameOfAStageThatNobodyWouldWrite", "CodeDeploy", STATE_FAILED,
            "a detail that goes on and on, further than most terminals", 1);
        AUTO_BUF out;
        buf_init(&out, 65536);
        tree_write(&view, &(TreeStyle){.look = {.unicode = true, .width = width}}, &out);
        Str rest = buf_str(&out);
        for (Str line; !str_is_none(line = str_next_line(&rest));) {
            if (text_columns(line) > width - 1) fail_msg("%d: %.*s", width, STR_ARG(line));
        }
    }
}

static void a_line_that_is_written_over_is_what_it_was_at_last(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_true(str_is(log_text(arena, STR("fetching  10 %\rfetching  90 %\rfetched\r\n")), "fetched"));
    assert_true(str_is(log_text(arena, STR("[Container] 2026/01/02 03:04:05.678 Entering phase BUILD\r\n")), "Entering phase BUILD"));
}

static void a_character_is_as_wide_as_terminals_show_it(void **state) {
    AUTO_ARENA arena = arena_new();
    Look look = {.unicode = true};
    assert_int_equal(text_columns(STR("日本 🚀 e\u0301")), 9);
    Str cut = text_cut(arena, &look, STR("日本語"), 4), rest = STR("日本語 日本語");
    assert_true(str_is(cut, "日…"));
    assert_true(str_is(text_fold(&rest, 7), "日本語"));
}

static void a_detail_that_does_not_fit_stands_below(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "IntegrationTest", "CodeDeploy", STATE_SUCCEEDED, "12 of 12 instances, http://127.77.135.105:8080", 4500);
    check(&view, &(TreeStyle){.look = {.unicode = true, .width = 80}},
          " ✔ IntegrationTest   CodeDeploy                                           4.5 s\n"
          "     12 of 12 instances, http://127.77.135.105:8080\n");
}

static void the_address_of_an_instance_fits_into_eighty_columns(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "IntegrationTest", "CodeDeploy", STATE_SUCCEEDED, "1 of 1 instance, http://127.77.135.5", 4500);
    check(&view, &(TreeStyle){.look = {.unicode = true, .width = 80}},
          " ✔ IntegrationTest   CodeDeploy  1 of 1 instance, http://127.77.135.5     4.5 s\n");
}

static void what_usually_takes_long_has_a_bar(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    Activity *build = add(&view, "Build", "CodeBuild", STATE_RUNNING, "build", 3000);
    TreeStyle style = {.look = {.unicode = true, .width = 74}, .live = true};
    build->usual_ms = 12000;
    check(&view, &style, " ⠋ Build        CodeBuild   build  ██░░░░░░ ~9.0 s left             3.0 s\n");
    build->elapsed_ms = 15000;
    check(&view, &style, " ⠋ Build        CodeBuild   build  ████████ over 12.0 s            15.0 s\n");
    style.look.unicode = false;
    build->elapsed_ms = 3000;
    check(&view, &style, " | Build        CodeBuild   build  ##------ ~9.0 s left             3.0 s\n");
}

static void what_is_quick_has_no_bar(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "Build", "CodeBuild", STATE_RUNNING, "build", 500)->usual_ms = 900;
    check(&view, &(TreeStyle){.look = {.unicode = true, .width = 74}, .live = true},
          " ⠋ Build        CodeBuild   build                                   0.5 s\n");
}

static void where_rows_are_few_tails_are_left_out_first(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    activity_say(add(&view, "Build", "CodeBuild", STATE_RUNNING, "build", 500), arena, STR("a line"));
    add(&view, "Deploy", "CodeDeploy", STATE_WAITING, "", 0);
    TreeStyle style = {.look = {.unicode = true, .width = 74}, .live = true, .thrift = THRIFT_TAILS};
    check(&view, &style,
          " ⠋ Build        CodeBuild   build                                   0.5 s\n"
          " · Deploy       CodeDeploy  waiting                                      \n");
    style.thrift = THRIFT_WAITING;
    check(&view, &style, " ⠋ Build        CodeBuild   build                                   0.5 s\n");
}

static void the_verdict_names_the_stage(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = failed_view(arena);
    assert_true(str_is(tree_verdict(arena, &view), "Failed at Test after 7.6 s."));
}

static void numbers_are_in_units_for_people(void **state) {
    AUTO_ARENA arena = arena_new();
    assert_true(str_is(human_duration(arena, 3940), "3.9 s"));
    assert_true(str_is(human_duration(arena, 125000), "2 min 5 s"));
    assert_true(str_is(human_duration(arena, 11520000), "3 h 12 min"));
    assert_true(str_is(human_bytes(arena, 41300000), "41 MB"));
    assert_true(str_is(human_ago(arena, 130000), "2 min ago"));
}

static void an_approval_shows_what_is_asked_and_how_to_answer(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "Release", "Manual", STATE_APPROVAL, "", 1400)->question = STR("Ship it\nto \x1b[1mstaging?");
    check(&view, &(TreeStyle){.look = {.unicode = true, .width = 74}, .live = true},
          " ⏸ Release      Manual      waits for approval                      1.4 s\n"
          "     asks      Ship it to staging?\n"
          "     answer    rehearse approve shop\n");
}

static void a_long_reason_keeps_its_beginning_and_its_end(void **state) {
    AUTO_ARENA arena = arena_new();
    View view = view_of(arena);
    add(&view, "Build", "CodeBuild", STATE_FAILED, "", 1400)->problem =
        STR("Error while executing command: first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
            "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth. Reason: exit status 7");
    AUTO_BUF out;
    buf_init(&out, 65536);
    tree_write(&view, &(TreeStyle){.look = {.unicode = true, .width = 54}}, &out);
    Str text = buf_str(&out);
    assert_true(str_contains(text, STR("why       Error while executing command:")));
    assert_true(str_contains(text, STR("…")));
    assert_true(str_contains(text, STR("exit status 7\n     log ")));
}

int main(void) {
    setlocale(LC_CTYPE, "C.UTF-8"); // how wide characters are
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_approval_shows_what_is_asked_and_how_to_answer),
        cmocka_unit_test(a_long_reason_keeps_its_beginning_and_its_end),
        cmocka_unit_test(a_failure_shows_the_test_and_the_commands),
        cmocka_unit_test(a_narrow_terminal_folds_and_old_locales_get_ascii),
        cmocka_unit_test(what_runs_shows_the_last_lines_of_its_log),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(a_line_that_is_written_over_is_what_it_was_at_last),
        cmocka_unit_test(a_character_is_as_wide_as_terminals_show_it),
        cmocka_unit_test(a_detail_that_does_not_fit_stands_below),
        cmocka_unit_test(the_address_of_an_instance_fits_into_eighty_columns),
        cmocka_unit_test(what_usually_takes_long_has_a_bar),
        cmocka_unit_test(what_is_quick_has_no_bar),
        cmocka_unit_test(where_rows_are_few_tails_are_left_out_first),
        cmocka_unit_test(the_verdict_names_the_stage),
        cmocka_unit_test(numbers_are_in_units_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
