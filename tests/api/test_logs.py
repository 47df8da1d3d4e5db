"""CloudWatch Logs as boto3 and the AWS CLI see it: groups, streams, events read in both directions, filtered, expired, refused."""

import json
import time
from unittest.mock import ANY

import pytest
from iam_words import allow, document, refused, trust

GROUP = "/aws/codebuild/app"
DAY = 24 * 60 * 60 * 1000


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName=GROUP)
    return GROUP


@pytest.fixture
def stream(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="build-1")
    return {"logGroupName": group, "logStreamName": "build-1"}


def now():
    return int(time.time() * 1000)


def events(*messages, start=None, step=1):
    start = now() if start is None else start
    return [{"timestamp": start + i * step, "message": message} for i, message in enumerate(messages)]


def messages(reply):
    return [event["message"] for event in reply["events"]]


def test_groups_are_made_listed_in_pages_and_deleted(logs, account):
    for name in ("b", "a/1", "a/2", "a/3"):
        logs.create_log_group(logGroupName=name)
    first = logs.describe_log_groups(logGroupNamePrefix="a/", limit=2)
    assert [group["logGroupName"] for group in first["logGroups"]] == ["a/1", "a/2"]
    second = logs.describe_log_groups(logGroupNamePrefix="a/", limit=2, nextToken=first["nextToken"])
    assert [group["logGroupName"] for group in second["logGroups"]] == ["a/3"]
    assert "nextToken" not in second
    shown = first["logGroups"][0]
    assert shown["arn"] == f"arn:aws:logs:us-east-1:{account}:log-group:a/1:*"
    assert shown["logGroupArn"] == f"arn:aws:logs:us-east-1:{account}:log-group:a/1"
    assert (shown["storedBytes"], shown["metricFilterCount"], shown["logGroupClass"]) == (0, 0, "STANDARD")
    assert abs(shown["creationTime"] - now()) < 60000
    logs.delete_log_group(logGroupName="b")
    assert len(logs.describe_log_groups()["logGroups"]) == 3
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern="/2")["logGroups"]] == ["a/2"]


def test_mistakes_about_groups_are_told_as_aws_does(logs, group):
    with refused("ResourceAlreadyExistsException", "The specified log group already exists", 400):
        logs.create_log_group(logGroupName=group)
    with refused("ResourceNotFoundException", "The specified log group does not exist.", 400):
        logs.delete_log_group(logGroupName="absent")
    with refused("InvalidParameterException"):
        logs.create_log_group(logGroupName="no spaces")
    with refused("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."):
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")
    with refused("InvalidParameterException", "The specified nextToken is invalid."):
        logs.describe_log_groups(nextToken="?")
    with refused("NotImplemented", "logs:CreateLogGroup is not built with kmsKeyId.", 501):
        logs.create_log_group(logGroupName="secret", kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1")


def test_a_protected_group_is_not_deleted(logs):
    logs.create_log_group(logGroupName="kept", deletionProtectionEnabled=True)
    with refused("ValidationException"):
        logs.delete_log_group(logGroupName="kept")
    logs.put_log_group_deletion_protection(logGroupIdentifier="kept", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="kept")


def test_tags_of_both_generations_are_the_same_tags(logs, account):
    logs.create_log_group(logGroupName="tagged", tags={"team": "web", "stage": "test"})
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:tagged"
    logs.tag_resource(resourceArn=arn, tags={"stage": "prod", "x": ""})
    logs.untag_log_group(logGroupName="tagged", tags=["team"])
    assert logs.list_tags_log_group(logGroupName="tagged")["tags"] == {"stage": "prod", "x": ""}
    logs.tag_log_group(logGroupName="tagged", tags={"y": "1"})
    logs.untag_resource(resourceArn=arn, tagKeys=["x", "stage"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"y": "1"}
    with refused("ResourceNotFoundException"):
        logs.list_tags_for_resource(resourceArn=arn + "-not")


def test_streams_are_listed_by_name_and_by_their_last_event(logs, group):
    for i, name in enumerate(("c", "a", "b")):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events("x", start=now() + i * 1000))

    def names(**more):
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, PaginationConfig={"PageSize": 2}, **more)
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]

    assert names() == ["a", "b", "c"]
    assert names(descending=True) == ["c", "b", "a"]
    assert names(logStreamNamePrefix="b") == ["b"]
    assert names(orderBy="LastEventTime") == ["c", "a", "b"]
    assert names(orderBy="LastEventTime", descending=True) == ["b", "a", "c"]
    with refused("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."):
        logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="b")


def test_a_group_found_by_a_pattern_shows_less(logs, group, account):
    shown = logs.describe_log_groups(logGroupNamePattern=group)["logGroups"][0]
    assert set(shown) == {"logGroupName", "creationTime", "arn", "logGroupArn", "logGroupClass", "metricFilterCount"}
    whole = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert set(whole) == set(shown) | {"storedBytes", "deletionProtectionEnabled"}
    assert (whole["logGroupArn"], whole["arn"]) == (arn := f"arn:aws:logs:us-east-1:{account}:log-group:{group}", arn + ":*")


def test_a_group_is_named_in_one_way(logs, group, stream):
    with refused("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters."):
        logs.describe_log_streams(logGroupName=group, logGroupIdentifier=group)
    assert logs.describe_log_streams(logGroupIdentifier=group) == {**logs.describe_log_streams(logGroupName=group), "ResponseMetadata": ANY}


def test_a_stream_tells_its_times(logs, stream, account):
    at = now() - 5000
    shown = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]
    assert "lastEventTimestamp" not in shown and "uploadSequenceToken" not in shown
    logs.put_log_events(**stream, logEvents=events("one", "two", start=at, step=100))
    logs.put_log_events(**stream, logEvents=events("earlier", start=at - 50))
    shown = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]
    assert shown["arn"] == f"arn:aws:logs:us-east-1:{account}:log-group:{GROUP}:log-stream:build-1"
    assert (shown["firstEventTimestamp"], shown["lastEventTimestamp"]) == (at - 50, at + 100)
    assert shown["lastIngestionTime"] >= at and shown["storedBytes"] == 0
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == len("onetwoearlier") + 3 * 26


def test_mistakes_about_streams_are_told_as_aws_does(logs, stream):
    with refused("ResourceAlreadyExistsException", "The specified log stream already exists"):
        logs.create_log_stream(**stream)
    with refused("ResourceNotFoundException", "The specified log group does not exist."):
        logs.create_log_stream(logGroupName="absent", logStreamName="s")
    with refused("ResourceNotFoundException", "The specified log stream does not exist."):
        logs.put_log_events(logGroupName=GROUP, logStreamName="absent", logEvents=events("x"))
    with refused("ResourceNotFoundException", "The specified log stream does not exist."):
        logs.get_log_events(logGroupName=GROUP, logStreamName="absent")
    with refused("InvalidParameterException"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName="a:b")


def test_what_was_deleted_does_not_come_back(logs, stream):
    logs.put_log_events(**stream, logEvents=events("old"))
    logs.delete_log_stream(**stream)
    logs.create_log_stream(**stream)
    assert messages(logs.get_log_events(**stream)) == []
    logs.put_log_events(**stream, logEvents=events("old"))
    logs.delete_log_group(logGroupName=GROUP)
    logs.create_log_group(logGroupName=GROUP)
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"] == []


def test_events_come_back_in_the_order_of_time(logs, stream):
    at = now()
    reply = logs.put_log_events(**stream, logEvents=events("b", "c", start=at, step=10), sequenceToken="whatever")
    assert reply["nextSequenceToken"] and "rejectedLogEventsInfo" not in reply
    logs.put_log_events(**stream, logEvents=events("a", start=at - 1))
    logs.put_log_events(**stream, logEvents=events("same", "time", start=at, step=0))
    found = logs.get_log_events(**stream, startFromHead=True)["events"]
    assert [event["message"] for event in found] == ["a", "b", "same", "time", "c"]
    assert found[1]["timestamp"] == at and abs(found[1]["ingestionTime"] - at) < 60000


def test_a_stream_is_read_forward_until_the_token_comes_back(logs, stream):
    logs.put_log_events(**stream, logEvents=events("1", "2", "3"))
    first = logs.get_log_events(**stream, startFromHead=True, limit=2)
    second = logs.get_log_events(**stream, startFromHead=True, limit=2, nextToken=first["nextForwardToken"])
    end = logs.get_log_events(**stream, startFromHead=True, limit=2, nextToken=second["nextForwardToken"])
    assert [messages(first), messages(second), messages(end)] == [["1", "2"], ["3"], []]
    assert end["nextForwardToken"] == second["nextForwardToken"]
    logs.put_log_events(**stream, logEvents=events("4", start=now() + 1000))
    assert messages(logs.get_log_events(**stream, startFromHead=True, nextToken=end["nextForwardToken"])) == ["4"]


def test_a_stream_is_read_backward_from_its_end(logs, stream):
    logs.put_log_events(**stream, logEvents=events("1", "2", "3"))
    last = logs.get_log_events(**stream, limit=2)
    before = logs.get_log_events(**stream, limit=2, nextToken=last["nextBackwardToken"])
    start = logs.get_log_events(**stream, limit=2, nextToken=before["nextBackwardToken"])
    assert [messages(last), messages(before), messages(start)] == [["2", "3"], ["1"], []]
    assert start["nextBackwardToken"] == before["nextBackwardToken"]
    assert messages(logs.get_log_events(**stream, nextToken=start["nextForwardToken"])) == ["1", "2", "3"]
    with refused("InvalidParameterException", "The specified nextToken is invalid."):
        logs.get_log_events(**stream, nextToken="f/1/s")


def test_an_empty_stream_can_be_followed(logs, stream):
    reply = logs.get_log_events(**stream)
    assert reply["events"] == []
    logs.put_log_events(**stream, logEvents=events("first"))
    assert messages(logs.get_log_events(**stream, nextToken=reply["nextForwardToken"])) == ["first"]


def test_times_bound_what_is_read(logs, stream):
    at = now()
    logs.put_log_events(**stream, logEvents=events("1", "2", "3", start=at, step=10))
    assert messages(logs.get_log_events(**stream, startTime=at + 10, endTime=at + 20)) == ["2"]
    assert messages(logs.filter_log_events(logGroupName=GROUP, startTime=at + 10, endTime=at + 20)) == ["2", "3"]


def test_a_page_holds_a_megabyte(logs, stream):
    for i in range(3):
        logs.put_log_events(**stream, logEvents=events("x" * 500000, start=now() + i))
    pages = []
    token = {}
    while len(pages) < 5:
        reply = logs.get_log_events(**stream, startFromHead=True, **token)
        pages.append(len(reply["events"]))
        token = {"nextToken": reply["nextForwardToken"]}
    assert pages == [2, 1, 0, 0, 0]
    first = logs.filter_log_events(logGroupName=GROUP)
    assert len(first["events"]) == 2
    assert len(logs.filter_log_events(logGroupName=GROUP, nextToken=first["nextToken"])["events"]) == 1


def test_batches_have_limits(logs, stream):
    with refused("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."):
        logs.put_log_events(**stream, logEvents=events("b", "a", step=-1))
    with refused("InvalidParameterException", "Log event too large: 1048577 bytes exceeds limit of 1048576"):
        logs.put_log_events(**stream, logEvents=events("x" * (1048576 - 25)))
    with refused("InvalidParameterException", "Upload too large: 1048602 bytes exceeds limit of 1048576"):
        logs.put_log_events(**stream, logEvents=events("x" * 524288, "y" * (524288 - 26)))
    with refused("InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."):
        logs.put_log_events(**stream, logEvents=events("a", "b", start=now() - 2 * DAY, step=DAY + 1))
    with refused("InvalidParameterException"):
        logs.put_log_events(**stream, logEvents=[])


def test_events_too_old_or_too_new_are_rejected_and_the_others_kept(logs, stream):
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=3)
    at = now()
    times = [at - 15 * DAY, at - 4 * DAY, at, at + 3 * 60 * 60 * 1000]
    reply = logs.put_log_events(**stream, logEvents=[{"timestamp": time, "message": str(i)} for i, time in enumerate(times)])
    assert reply["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2, "tooNewLogEventStartIndex": 3}
    assert messages(logs.get_log_events(**stream)) == ["2"]


def test_retention_is_set_shown_and_taken_away(logs, group):
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=2)


def test_events_expire_and_are_swept_away(start_server):
    server = start_server()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events("old"))
    server.request("POST", "/_rehearse/clock", json.dumps({"advance": "23h"}))
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events("new", start=now() + 23 * DAY // 24))
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s")) == ["old", "new"]
    server.request("POST", "/_rehearse/clock", json.dumps({"advance": "1h1m"}))
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s")) == ["new"]
    assert messages(logs.filter_log_events(logGroupName="g")) == ["new"]
    server.request("POST", "/_rehearse/clock", json.dumps({"advance": "24h"}))
    group = logs.describe_log_groups()["logGroups"][0]
    assert group["storedBytes"] == 0
    assert "lastEventTimestamp" not in logs.describe_log_streams(logGroupName="g")["logStreams"][0]


def test_what_is_searched_for_is_found_in_all_streams_in_the_order_of_time(logs, group):
    at = now()
    for name in ("web-1", "web-2", "db"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    for i in range(4):
        name = ("web-1", "web-2")[i % 2]
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events(f"ERROR {i}", f"INFO {i}", start=at + i * 10))
    logs.put_log_events(logGroupName=group, logStreamName="db", logEvents=events("ERROR slow query", start=at + 100))

    def found(**more):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 2}, **more)
        return [event["message"] for page in pages for event in page["events"]]

    assert found(filterPattern="ERROR") == ["ERROR 0", "ERROR 1", "ERROR 2", "ERROR 3", "ERROR slow query"]
    assert found(filterPattern="ERROR", startFromHead=False)[:2] == ["ERROR slow query", "ERROR 3"]
    assert found(filterPattern='ERROR -"slow query"', startTime=at + 20) == ["ERROR 2", "ERROR 3"]
    assert found(filterPattern="?slow ?3") == ["ERROR 3", "INFO 3", "ERROR slow query"]
    assert found(logStreamNamePrefix="web-1") == ["ERROR 0", "INFO 0", "ERROR 2", "INFO 2"]
    assert found(logStreamNames=["db"]) == ["ERROR slow query"]
    every = logs.filter_log_events(logGroupIdentifier=logs.describe_log_groups()["logGroups"][0]["logGroupArn"])["events"]
    assert [event["logStreamName"] for event in every[:3]] == ["web-1", "web-1", "web-2"]
    assert len({event["eventId"] for event in every}) == 9
    with refused("InvalidParameterException"):
        logs.filter_log_events(logGroupName=group, logStreamNames=["db"], logStreamNamePrefix="d")
    with refused("InvalidParameterException", "The specified nextToken is invalid."):
        logs.filter_log_events(logGroupName=group, nextToken="abc")
    with refused("InvalidParameterException", "Invalid filter pattern: a quotation mark is not closed"):
        logs.filter_log_events(logGroupName=group, filterPattern='"open')


def test_an_audit_log_is_searched_by_a_json_pattern(logs, stream):
    expected = {"EventType": "UserCreated", "PK": {"S": "USER#1.5"}, "SK": {"S": "USER#1.5"}}
    other = {**expected, "PK": {"S": "USER#2"}}
    logs.put_log_events(**stream, logEvents=events(json.dumps(other), json.dumps(expected), "UserCreated"))
    pattern = '{ ($.EventType = "UserCreated") && ($.SK.S = "USER#1.5") && ($.PK.S = "USER#1.5") }'
    found = logs.filter_log_events(logGroupName=GROUP, startTime=now() - 60000, filterPattern=pattern)["events"]
    assert [json.loads(event["message"]) for event in found] == [expected]


def test_patterns_can_be_tried(logs):
    reply = logs.test_metric_filter(filterPattern="[ip, status = 4*]", logEventMessages=["10.0.0.1 404", "10.0.0.1 200"])
    assert reply["matches"] == [{"eventNumber": 1, "eventMessage": "10.0.0.1 404", "extractedValues": {"$ip": "10.0.0.1", "$status": "404"}}]


def test_the_command_line_pages_through_a_search(logs, stream, cli):
    logs.put_log_events(**stream, logEvents=events("INFO fine", "ERROR not fine", "ERROR at all"))
    words = ("--log-group-name", GROUP, "--filter-pattern", "ERROR", "--page-size", "1", "--query", "events[].message")
    assert json.loads(cli("logs", "filter-log-events", *words)) == ["ERROR not fine", "ERROR at all"]


def test_events_outlive_the_server(start_server):
    server = start_server()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events("kept"))
    server.restart()
    assert messages(server.client("logs").get_log_events(logGroupName="g", logStreamName="s")) == ["kept"]


@pytest.fixture
def role_client(server, aws, account):
    """A client of Logs that may do what the statements say."""
    aws("iam").create_role(RoleName="build", AssumeRolePolicyDocument=trust(AWS=account))

    def client(*statements):
        aws("iam").put_role_policy(RoleName="build", PolicyName="p", PolicyDocument=document(*statements))
        session = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/build", RoleSessionName="session")["Credentials"]
        return server.client("logs", key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"])

    return client


def test_a_role_writes_to_the_streams_of_its_group_only(role_client, logs, account):
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:{GROUP}"
    client = role_client(allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [arn, arn + ":*"]))
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="s")
    client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events("x"))
    who = f"User: arn:aws:sts::{account}:assumed-role/build/session is not authorized to perform"
    because = "because no identity-based policy allows the"
    with refused("AccessDeniedException", f"{who}: logs:GetLogEvents on resource: {arn}:log-stream:s {because} logs:GetLogEvents action"):
        client.get_log_events(logGroupName=GROUP, logStreamName="s")
    with refused("AccessDeniedException", f"{who}: logs:FilterLogEvents on resource: {arn}:log-stream: {because} logs:FilterLogEvents action"):
        client.filter_log_events(logGroupName=GROUP)
    with refused("AccessDeniedException"):
        client.create_log_group(logGroupName="other")


def test_a_policy_may_ask_for_a_tag_of_the_group(role_client, logs):
    client = role_client(allow("logs:*", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "web"}}))
    logs.create_log_group(logGroupName="web", tags={"team": "web"})
    logs.create_log_group(logGroupName="db", tags={"team": "db"})
    assert client.filter_log_events(logGroupName="web")["events"] == []
    with refused("AccessDeniedException"):
        client.filter_log_events(logGroupName="db")


def test_names_and_tags_of_aws_are_refused(logs, group):
    with refused("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS."):
        logs.create_log_group(logGroupName="aws/mine")
    with refused("InvalidParameterException", "aws: prefixed tag key names are not allowed for external use."):
        logs.tag_log_group(logGroupName=group, tags={"aws:mine": "1"})
