// Instances: their own network and units, on the rungs that have these.
#include "harness.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char web_unit[] =
    "cat > /etc/systemd/system/web.service <<'U'\n[Unit]\nDescription=Web\n[Service]\nEnvironment=PORT=8000\n"
    "ExecStart=/usr/bin/python3 -c 'import http.server as h, os; h.test(h.SimpleHTTPRequestHandler, port=int(os.environ[\"PORT\"]))'\n"
    "WorkingDirectory=/srv\nRestart=always\n[Install]\nWantedBy=multi-user.target\nU\n";

static uint16_t open_port(Sandbox *sandbox, uint16_t port) { // as the host sees it
    Error e = {0};
    if (!sandbox_ports(sandbox, &port, 1, &e)) fail_msg("%s", e.message);
    SandboxEvent event = wait_event(sandbox, SANDBOX_PORT, NULL);
    if (!event.host_port) fail_msg("%s", event.text);
    return event.host_port;
}

static void serve(Place *place, Sandbox *sandbox, int port) { // a unit that serves a page with the host name
    char script[1024];
    snprintf(script, sizeof script,
             "%s sed -i s/8000/%d/ /etc/systemd/system/web.service; hostname > /srv/index.html; systemctl daemon-reload; "
             "systemctl start web && systemctl enable -q web",
             web_unit, port);
    SandboxJobStatus status = run_job(sandbox, "serve", script, "");
    if (status.exit_code) fail_msg("%s", output_of(place, sandbox, "serve", SANDBOX_OUTPUT));
}

static bool ends_with(const char *text, const char *end) {
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void two_instances_bind_the_same_port(void **state) {
    Place *place = *state;
    Sandbox *first = make_instance(place, 5), *second = make_instance(place, 6);
    uint16_t port = open_port(first, 80);
    assert_int_equal(open_port(second, 80), port);
    assert_true(port == 80 || port == 8080);
    serve(place, first, 80);
    serve(place, second, 80);
    assert_true(ends_with(http_get(place, 5, port), "i-5\n"));
    assert_true(ends_with(http_get(place, 6, port), "i-6\n"));
    sandbox_close(first);
    sandbox_close(second);
}

static void instances_reach_each_other_by_both_addresses(void **state) {
    Place *place = *state;
    Sandbox *first = make_instance(place, 5), *second = make_instance(place, 6);
    open_port(first, 8000);
    serve(place, first, 8000);
    http_get(place, 5, 8000); // until it answers
    char script[256];
    snprintf(script, sizeof script,
             "for a in 10.0.0.5 %s.5; do python3 -c \"import urllib.request as u; print(u.urlopen('http://$a:8000').read())\"; done", place->publics);
    run_job(second, "ask", script, "");
    assert_string_equal(output_of(place, second, "ask", SANDBOX_OUTPUT), "b'i-5\\n'\nb'i-5\\n'\n");
    sandbox_close(first);
    sandbox_close(second);
}

static void the_proxy_leads_out_but_not_to_the_hosts_own_services(void **state) {
    Place *place = *state;
    char script[512];
    Sandbox *first = make_instance(place, 5), *second = make_instance(place, 6);
    open_port(first, 8000);
    serve(place, first, 8000);
    http_get(place, 5, 8000); // until it answers
    snprintf(
        script, sizeof script,
        "export no_proxy= NO_PROXY=; get() { curl -sS -o /dev/null -w '%%{http_code}\\n' $@; }; get http://%s.5:8000/; get http://10.0.0.5:8000/; "
        "get -p http://10.0.0.5:8000/; get http://127.0.0.1:8000/; get http://169.254.1.1/; get -p http://[::1]:22/ 2>/dev/null",
        place->publics);
    run_job(second, "ask", script, "");
    assert_string_equal(output_of(place, second, "ask", SANDBOX_OUTPUT), "200\n200\n200\n403\n403\n000\n");
    sandbox_close(first);
    sandbox_close(second);
}

static void a_port_that_is_withdrawn_no_longer_answers(void **state) {
    Place *place = *state;
    Error e = {0};
    const uint16_t other = 8001;
    Sandbox *instance = make_instance(place, 5);
    serve(place, instance, 8000);
    open_port(instance, 8000);
    assert_true(ends_with(http_get(place, 5, 8000), "i-5\n"));
    assert_true(sandbox_ports(instance, &other, 1, &e));
    wait_event(instance, SANDBOX_PORT, NULL);
    for (int64_t end = elapsed_ms() + 5000; elapsed_ms() < end; usleep(5000)) {
        int fd = connect_public(place, 5, 8000);
        if (fd < 0) {
            sandbox_close(instance);
            return;
        }
        close(fd);
    }
    fail_msg("port 8000 still answers");
}

static void the_metadata_service_knows_its_caller(void **state) {
    Place *place = *state;
    Error e = {0};
    int listener = -1, again = -1;
    Sandbox *instance = make_instance(place, 9);
    assert_true(sandbox_network_listen(place->host, STR("169.254.169.254"), 80, &listener, &e));
    assert_true(sandbox_network_listen(place->host, STR("169.254.169.254"), 80, &again, &e)); // a restarted server
    start_job(instance, "ask", "exec 5<>/dev/tcp/169.254.169.254/80; head -c 5 <&5", "");
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 10000), 1);
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int fd = accept(again, (struct sockaddr *)&peer, &length);
    assert_true(fd >= 0);
    assert_string_equal(inet_ntoa(peer.sin_addr), "10.0.0.9");
    assert_int_equal(write(fd, "hello", 5), 5);
    wait_event(instance, SANDBOX_JOB_EXITED, "ask");
    assert_string_equal(output_of(place, instance, "ask", SANDBOX_OUTPUT), "hello");
    close(fd);
    close(listener);
    close(again);
    sandbox_close(instance);
}

static void an_application_goes_on_serving_when_the_server_is_killed(void **state) {
    Place *place = *state;
    Error e = {0};
    if (!sandbox_network_open(place->host, &e)) fail_msg("%s", e.message);
    pid_t server = fork();
    if (server == 0) {
        Sandbox *instance = make_instance(place, 5);
        open_port(instance, 8000);
        serve(place, instance, 8000);
        kill(getpid(), SIGKILL);
    }
    waitpid(server, NULL, 0);
    assert_true(ends_with(http_get(place, 5, 8000), "i-5\n"));
}

static void enabled_units_start_again_with_the_instance_on_its_old_layer(void **state) {
    Place *place = *state;
    Error e = {0};
    SandboxStatus now;
    Sandbox *instance = make_instance(place, 5);
    serve(place, instance, 8000);
    assert_true(sandbox_stop(instance, 5000, &e));
    wait_event(instance, SANDBOX_STOPPED, NULL);
    sandbox_status(instance, &now);
    assert_int_equal(now.state, SANDBOX_ENDED);
    assert_true(sandbox_start(instance, &e));
    wait_event(instance, SANDBOX_READY, NULL);
    open_port(instance, 8000);
    assert_true(ends_with(http_get(place, 5, 8000), "i-5\n"));
    sandbox_close(instance);
}

static void a_unit_that_dies_is_started_again(void **state) {
    Place *place = *state;
    Sandbox *instance = make_instance(place, 5);
    serve(place, instance, 8000);
    run_job(instance, "kill",
            "old=$(systemctl show web | sed -n s/MainPID=//p); kill -9 $old; for i in $(seq 100); do sleep 0.05; "
            "new=$(systemctl show web | sed -n s/MainPID=//p); [ $new != 0 -a $new != $old ] && echo again && exit; done",
            "");
    assert_string_equal(output_of(place, instance, "kill", SANDBOX_OUTPUT), "again\n");
    sandbox_close(instance);
}

static void units_start_in_order_and_failures_are_said(void **state) {
    Place *place = *state;
    Sandbox *instance = make_instance(place, 5);
    SandboxJobStatus status = run_job(
        instance, "units",
        "cd /etc/systemd/system; printf '[Unit]\\nRequires=b.service\\nAfter=b.service\\n[Service]\\nType=oneshot\\nExecStart=/bin/sh -c \"echo a >> "
        "/order\"\\n' > a.service\n"
        "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sh -c \"sleep 0.1; echo b >> /order\"\\n' > b.service\n"
        "printf '[Service]\\nType=forking\\nPIDFile=/run/f.pid\\nExecStart=/bin/sh -c \"sleep 100 & echo $$! > /run/f.pid\"\\n' > f.service\n"
        "printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' > bad.service\n"
        "systemctl start a && cat /order; systemctl start f && systemctl is-active f; systemctl stop f; systemctl is-active f; pgrep -x sleep\n"
        "systemctl start bad 2>/dev/null; echo $?; systemctl is-failed bad; systemctl start none 2>&1; systemctl start x.timer 2>&1",
        "");
    assert_int_equal(status.exit_code, 1);
    assert_string_equal(
        output_of(place, instance, "units", SANDBOX_OUTPUT),
        "b\na\nactive\ninactive\n1\nfailed\nFailed to start none.service: Unit none.service not found.\nx.timer: only services run in a sandbox\n");
    sandbox_close(instance);
}

static void a_reload_reaches_the_main_process(void **state) {
    Place *place = *state;
    Sandbox *instance = make_instance(place, 5);
    run_job(
        instance, "reload",
        "cat > /etc/systemd/system/r.service <<'U'\n[Service]\nExecStart=/bin/bash -c \"trap 'touch /reloaded' HUP; while :; do sleep 0.05; done\"\n"
        "ExecReload=/bin/kill -HUP $MAINPID\nU\nsystemctl reload r 2>&1; systemctl start r; sleep 0.2; systemctl reload r && sleep 0.3; ls "
        "/reloaded; "
        "printf '#!/bin/sh\\necho old $1\\n' > /etc/init.d/old; chmod +x /etc/init.d/old; service old start",
        "");
    assert_string_equal(output_of(place, instance, "reload", SANDBOX_OUTPUT),
                        "Failed to reload r.service: Unit r.service not active, cannot reload.\n/reloaded\nold start\n");
    sandbox_close(instance);
}

static void the_server_sees_the_units(void **state) {
    Place *place = *state;
    Vec units = vec_of(place->arena, SandboxUnit);
    Sandbox *instance = make_instance(place, 5);
    sandbox_units(instance, place->arena, &units);
    assert_int_equal(units.len, 0);
    serve(place, instance, 8000);
    sandbox_units(instance, place->arena, &units);
    assert_int_equal(units.len, 1);
    SandboxUnit web = vec_get(&units, SandboxUnit, 0);
    assert_true(str_is(web.name, "web.service") && str_is(web.state, "active") && str_is(web.sub_state, "running"));
    sandbox_close(instance);
}

static void a_hook_may_leave_a_daemon_behind(void **state) {
    Place *place = *state;
    Sandbox *instance = make_instance(place, 5);
    SandboxJobStatus status = run_job(instance, "hook", "nohup sleep 1000 >/dev/null 2>&1 & until pgrep -x sleep >/dev/null; do :; done", "");
    assert_int_equal(status.exit_code, 0);
    status = run_job(instance, "look", "pgrep -x sleep >/dev/null", "");
    assert_int_equal(status.exit_code, 0);
    sandbox_close(instance);
}

static void runas_is_the_user_inside(void **state) {
    Place *place = *state;
    Sandbox *instance = make_instance(place, 5);
    run_job(instance, "who", "echo $USER $HOME $PWD $(id -u)", "ec2-user");
    bool one_id = sandbox_host_rung(place->host) == SANDBOX_RUNG_C; // every user is root there, as the rung says
    assert_string_equal(output_of(place, instance, "who", SANDBOX_OUTPUT),
                        one_id ? "ec2-user /home/ec2-user /home/ec2-user 0\n" : "ec2-user /home/ec2-user /home/ec2-user 1000\n");
    SandboxJobStatus status = run_job(instance, "nobody", "true", "no-such-user");
    assert_int_equal(status.exit_code, 126);
    assert_string_equal(status.reason, "no-such-user: No such file or directory");
    sandbox_close(instance);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
static const struct CMUnitTest instances[] = {
    CASE(two_instances_bind_the_same_port),
    CASE(instances_reach_each_other_by_both_addresses),
    CASE(the_proxy_leads_out_but_not_to_the_hosts_own_services),
    CASE(a_port_that_is_withdrawn_no_longer_answers),
    CASE(the_metadata_service_knows_its_caller),
    CASE(an_application_goes_on_serving_when_the_server_is_killed),
    CASE(enabled_units_start_again_with_the_instance_on_its_old_layer),
    CASE(a_unit_that_dies_is_started_again),
    CASE(units_start_in_order_and_failures_are_said),
    CASE(a_reload_reaches_the_main_process),
    CASE(the_server_sees_the_units),
    CASE(a_hook_may_leave_a_daemon_behind),
    CASE(runas_is_the_user_inside),
};

int main(int argc, char **argv) { return RUN_ON_RUNG(argc > 1 ? argv[1] : NULL, instances); }
