"""StartLiveTail as boto3 and the AWS CLI see it: an event stream of what comes into log groups while they listen."""

import select
import subprocess
import sys
import time

import pytest
from botocore.exceptions import EventStreamError, ReadTimeoutError, ResponseStreamingError
from iam_words import allow, document, refused, trust
from urllib3.exceptions import ProtocolError

from harness import clean_environment, fresh_account, program


@pytest.fixture
def logs(aws):
    return aws("logs", inject_host_prefix=False)


@pytest.fixture
def app(logs, account):
    """A group with the streams "web-1" and "worker-1"; the ARN by which sessions name it."""
    return make_group(logs, account, "/app")


def make_group(logs, account, name):
    logs.create_log_group(logGroupName=name)
    for stream in ("web-1", "worker-1"):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return f"arn:aws:logs:us-east-1:{account}:log-group:{name}"


def put(logs, *messages, group="/app", stream="web-1"):
    at = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": at, "message": m} for m in messages])
    return at


class Session:
    """A session under way: what it says, one event after the other, without the empty updates of quiet seconds."""

    def __init__(self, logs, *groups, **choice):
        self.reply = logs.start_live_tail(logGroupIdentifiers=list(groups), **choice)
        self.stream = self.reply["responseStream"]
        self.events = iter(self.stream)
        self.start = next(self.events)["sessionStart"]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stream.close()

    def update(self):
        while True:
            update = next(self.events)["sessionUpdate"]
            if update["sessionResults"]:
                return update

    def messages(self, count):
        found = []
        while len(found) < count:
            found += [event["message"] for event in self.update()["sessionResults"]]
        return found


def test_a_session_tells_what_comes_in_while_it_is_open(logs, app, account):
    put(logs, "before it was opened")
    with Session(logs, app) as session:
        assert session.start["logGroupIdentifiers"] == [app]
        assert session.start["requestId"] == session.reply["ResponseMetadata"]["RequestId"]
        assert session.start["sessionId"] and "logStreamNames" not in session.start
        at = put(logs, "one", "two")
        update = session.update()
    assert update["sessionMetadata"] == {"sampled": False}
    first = update["sessionResults"][0]
    assert abs(first.pop("ingestionTime") - at) < 60_000
    assert first == {"logStreamName": "web-1", "logGroupIdentifier": f"{account}:/app", "message": "one", "timestamp": at}
    assert [event["message"] for event in update["sessionResults"]] == ["one", "two"]


def test_the_reply_is_an_event_stream_of_its_protocol(logs, app):
    with Session(logs, app) as session:
        headers = session.reply["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/vnd.amazon.eventstream" and "content-length" not in headers


def test_a_quiet_second_has_an_update_without_events(logs, app):
    with Session(logs, app) as session:
        assert next(session.events)["sessionUpdate"] == {"sessionMetadata": {"sampled": False}, "sessionResults": []}


def test_events_of_several_groups_come_in_the_order_in_which_they_came_in(logs, app, account):
    other = make_group(logs, account, "/other")
    make_group(logs, account, "/unheard")
    with Session(logs, app, other) as session:
        put(logs, "unheard", group="/unheard")
        put(logs, "a")
        put(logs, "b", group="/other")
        put(logs, "c")
        assert session.messages(3) == ["a", "b", "c"]


def test_a_pattern_lets_through_what_matches_it(logs, app):
    with Session(logs, app, logEventFilterPattern='{ $.level = "ERROR" }') as session:
        assert session.start["logEventFilterPattern"] == '{ $.level = "ERROR" }'
        put(logs, '{"level": "INFO"}', '{"level": "ERROR", "n": 1}', "ERROR", '{"level": "ERROR", "n": 2}')
        assert session.messages(2) == ['{"level": "ERROR", "n": 1}', '{"level": "ERROR", "n": 2}']


@pytest.mark.parametrize("choice", [{"logStreamNames": ["worker-1"]}, {"logStreamNamePrefixes": ["cron-", "worker-"]}])
def test_streams_are_chosen_by_name_or_by_prefix(logs, app, choice):
    with Session(logs, app, **choice) as session:
        assert choice.items() <= session.start.items()
        put(logs, "of the web")
        put(logs, "of the worker", stream="worker-1")
        assert session.messages(1) == ["of the worker"]


def test_a_stream_that_is_made_later_is_followed_too(logs, app):
    with Session(logs, app, logStreamNamePrefixes=["cron-"]) as session:
        logs.create_log_stream(logGroupName="/app", logStreamName="cron-7")
        put(logs, "ran", stream="cron-7")
        assert session.messages(1) == ["ran"]


def test_of_more_than_500_events_a_second_a_sample_is_told(logs, app):
    with Session(logs, app) as session:
        put(logs, *(str(n) for n in range(3000)))
        update = session.update()
        told = [int(event["message"]) for event in update["sessionResults"]]
    assert update["sessionMetadata"] == {"sampled": True}
    assert len(told) == 500 and told == sorted(told) and told[0] < 10 and told[-1] > 2900


def test_events_larger_than_an_update_can_bear_are_sampled(logs, app):
    large = "x" * (900 * 1024)
    with Session(logs, app) as session:
        for _ in range(4):
            put(logs, large)
        first = session.update()
    assert {event["message"] for event in first["sessionResults"]} == {large}


def test_two_sessions_hear_the_same(logs, app):
    with Session(logs, app) as one, Session(logs, app) as other:
        put(logs, "for both")
        assert one.messages(1) == other.messages(1) == ["for both"]


def test_events_of_a_call_that_fails_are_not_told(logs, app):
    with Session(logs, app) as session:
        with refused("InvalidParameterException"):
            at = int(time.time() * 1000)
            events = [{"timestamp": at, "message": "late"}, {"timestamp": at - 1, "message": "early"}]
            logs.put_log_events(logGroupName="/app", logStreamName="web-1", logEvents=events)
        put(logs, "good")
        assert session.messages(1) == ["good"]


def test_what_a_group_refuses_as_too_old_is_not_told(logs, app):
    with Session(logs, app) as session:
        now = int(time.time() * 1000)
        events = [{"timestamp": now - 15 * 86400_000, "message": "too old"}, {"timestamp": now, "message": "new"}]
        logs.put_log_events(logGroupName="/app", logStreamName="web-1", logEvents=events)
        assert session.messages(1) == ["new"]


def test_mistakes_are_refused_before_the_stream_begins(logs, app, account):
    other = make_group(logs, account, "/other")
    missing = f"arn:aws:logs:us-east-1:{account}:log-group:/missing"
    elsewhere = app.replace("us-east-1", "eu-west-1")
    for problem, code in (
        ({"logGroupIdentifiers": []}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app] * 11}, "InvalidParameterException"),
        ({"logGroupIdentifiers": ["/app"]}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app + ":*"]}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app, other], "logStreamNames": ["a"]}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app, other], "logStreamNamePrefixes": ["a"]}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [app], "logEventFilterPattern": "{ $.a = "}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [missing]}, "ResourceNotFoundException"),
        ({"logGroupIdentifiers": [elsewhere]}, "ResourceNotFoundException"),
    ):
        with refused(code):
            logs.start_live_tail(**problem)


def test_a_session_needs_the_permission_for_each_of_its_groups(server, aws, logs, app, account):
    other = make_group(logs, account, "/other")
    aws("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust(AWS=account))
    aws("iam").put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(allow("logs:StartLiveTail", app + ":*")))
    keys = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="session")["Credentials"]
    limited = server.client("logs", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], inject_host_prefix=False)
    with Session(limited, app) as session:
        put(logs, "seen")
        assert session.messages(1) == ["seen"]
    who = f"User: arn:aws:sts::{account}:assumed-role/reader/session is not authorized to perform"
    because = "because no identity-based policy allows the logs:StartLiveTail action"
    with refused("AccessDeniedException", f"{who}: logs:StartLiveTail on resource: {other}:log-stream: {because}"):
        limited.start_live_tail(logGroupIdentifiers=[app, other])


def test_the_command_line_tails_a_group(server, logs, app, account):
    environment = server.environment(key=account, AWS_DISABLE_HOST_PREFIX_INJECTION="true", PYTHONUNBUFFERED="1")
    command = ["aws", "logs", "start-live-tail", "--log-group-identifiers", app]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as tail:
        until_it_says_something = ([tail.stdout], [], [], 0.2)
        while not select.select(*until_it_says_something)[0]:
            put(logs, "hello from the web")
        assert tail.stdout.readline() == "hello from the web\n"
        tail.terminate()


def test_with_the_exports_of_rehearse_env_a_client_needs_no_setting_for_it(server, logs, app):
    script = """if True:
        import botocore.session
        logs = botocore.session.get_session().create_client("logs")
        logs.create_log_group(logGroupName="/env")
        arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
        print(*next(iter(logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"])))"""
    command = f'eval "$({program()} env --port {server.port})" && exec {sys.executable} -c "$SCRIPT"'
    environment = clean_environment(SCRIPT=script, AWS_ENDPOINT_URL=server.url, AWS_ACCESS_KEY_ID=fresh_account())
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "sessionStart\n", done.stderr


# ---- How a session ends ----


@pytest.fixture
def own(start_server):
    """A session on a server of the test's own, as (server, logs, session)."""
    server = start_server()
    logs = server.client("logs", inject_host_prefix=False)
    with Session(logs, make_group(logs, "0" * 12, "/app")) as session:
        yield server, logs, session


def test_a_session_ends_after_three_hours(own):
    server, logs, session = own
    server.rehearse("clock", "advance", "2h59m")
    put(logs, "still there")
    assert session.messages(1) == ["still there"]
    server.rehearse("clock", "advance", "1m")
    with pytest.raises(EventStreamError) as ended:
        for _ in session.events:
            pass
    assert ended.value.response["Error"]["Code"] == "SessionTimeoutException"


def test_a_session_ends_with_its_server_and_does_not_hold_it_up(own):
    server, logs, session = own
    server.stop()
    with pytest.raises((ReadTimeoutError, ResponseStreamingError, ProtocolError)):
        for _ in session.events:
            pass


def test_a_client_that_leaves_disturbs_nobody(own):
    server, logs, session = own
    with Session(logs, session.start["logGroupIdentifiers"][0]) as other:
        session.stream.close()
        put(logs, "for those who stay")
        assert other.messages(1) == ["for those who stay"]
    server.check()
