// What a machine refuses is said with its cause and the command that mends it.
#include "sandbox/internal.h"

#include "../unit.h"

static void each_refusal_names_cause_and_remedy(void **state) {
    static const struct {
        const char *report, *remedy;
    } cases[] = {
        {"clone 1 user namespaces", "kernel.unprivileged_userns_clone=1"},
        {"clone 28 user namespaces", "user.max_user_namespaces"},
        {"uid_map 1 0 1000 1", "apparmor_restrict_unprivileged_userns=0"},
        {"mkdir 22 layer", "as an ordinary user"},
        {"overlay 22 /var", "--data FOLDER"},
        {"overlay 19 /usr", "modprobe overlay"},
        {"proc 1 layer/root/proc", "systempaths=unconfined"},
        {"bridge 95 br0", "modprobe bridge"},
        {"port 13 80", "net.ipv4.ip_unprivileged_port_start=80"},
        {"rung-A 1 -", "sudo rehearse up"},
        {"file 28 /etc/x", "df -h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Refusal refusal = refusal_of(cases[i].report);
        assert_true(strlen(refusal.cause) > 0);
        assert_non_null(strstr(refusal.remedy, cases[i].remedy));
    }
}

static void the_sentence_names_step_and_detail(void **state) {
    char text[512];
    refusal_text("overlay 22 /var\n", text, sizeof text);
    assert_true(strncmp(text, "overlay /var: Invalid argument: a mount point lies below this folder", 60) == 0);
}

static void what_nobody_foresaw_is_said_in_the_words_of_the_system(void **state) {
    assert_string_equal(refusal_of("frobnicate 5 x").cause, "Input/output error");
}

static void records_end_with_nul_and_cut_what_follows_one(void **state) {
    AUTO_BUF buf;
    buf_init(&buf, 64);
    record_add(&buf, "env", (Str){"A=1\0B=2", 7});
    record_add_number(&buf, "memory", 5);
    assert_true(str_eq(buf_str(&buf), (Str){"env=A=1\0memory=5\0", 17}));
}

int main(void) {
    const struct CMUnitTest refusals[] = {
        cmocka_unit_test(each_refusal_names_cause_and_remedy),
        cmocka_unit_test(the_sentence_names_step_and_detail),
        cmocka_unit_test(what_nobody_foresaw_is_said_in_the_words_of_the_system),
        cmocka_unit_test(records_end_with_nul_and_cut_what_follows_one),
    };
    return cmocka_run_group_tests(refusals, NULL, NULL);
}
