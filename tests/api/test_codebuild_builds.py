"""Builds that really run: what BatchGetBuilds shows of them, phase by phase, what commands find, and how a build ends when something goes wrong."""

import json
import re

import pytest

from building import ENVIRONMENT, PHASES, SUCCESS, Builder, buildspec, contexts, phase, statuses
from delivery import until
from harness import fresh_account
from iam_words import allow, refused, trust

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture
def builder(aws, account):
    return Builder(aws, account)


# ---- What a build looks like ----


def test_a_build_begins_as_aws_shows_it(builder, account):
    project = builder.project()
    build = builder.start(timeoutInMinutesOverride=7)
    assert re.fullmatch(f"app:{UUID}", build["id"])
    submitted, queued = build["phases"]
    assert (submitted["phaseType"], submitted["phaseStatus"], submitted["durationInSeconds"]) == ("SUBMITTED", "SUCCEEDED", 0)
    assert "contexts" not in submitted
    assert queued == {"phaseType": "QUEUED", "startTime": submitted["endTime"]}
    rest = {name: build[name] for name in build if name not in ("phases", "startTime", "id", "arn")}
    assert build["arn"] == f"arn:aws:codebuild:us-east-1:{account}:build/{build['id']}"
    assert rest == {
        "buildNumber": 1,
        "currentPhase": "QUEUED",
        "buildStatus": "IN_PROGRESS",
        "projectName": "app",
        "source": project["source"],
        "secondarySources": [],
        "secondarySourceVersions": [],
        "artifacts": {"location": ""},
        "secondaryArtifacts": [],
        "cache": {"type": "NO_CACHE"},
        "environment": project["environment"],
        "serviceRole": builder.role,
        "logs": {
            "deepLink": "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEvent:group=null;stream=null",
            "cloudWatchLogsArn": f"arn:aws:logs:us-east-1:{account}:log-group:null:log-stream:null",
            "cloudWatchLogs": {"status": "ENABLED"},
            "s3Logs": {"status": "DISABLED", "encryptionDisabled": False},
        },
        "timeoutInMinutes": 7,
        "queuedTimeoutInMinutes": 480,
        "buildComplete": False,
        "initiator": "root",
        "encryptionKey": project["encryptionKey"],
    }


@pytest.fixture(scope="module")
def plane(own_server):
    """A server whose builds several tests look at."""
    return own_server


@pytest.fixture(scope="module")
def finished(plane):
    """(builder, build) of a build that succeeded."""
    account = fresh_account()
    builder = Builder(lambda service: plane.client(service, key=account), account)
    return builder, builder.built(buildspec(build=["sleep 1.1", "echo built"]))


def test_a_build_goes_through_all_phases(finished):
    _, build = finished
    assert [one["phaseType"] for one in build["phases"]] == PHASES
    assert build["currentPhase"] == "COMPLETED" and build["buildStatus"] == "SUCCEEDED" and build["buildComplete"]


def test_each_phase_begins_when_the_one_before_ended(finished):
    _, build = finished
    phases = build["phases"]
    assert phases[0]["startTime"] == build["startTime"]
    assert [one["endTime"] for one in phases[:-1]] == [one["startTime"] for one in phases[1:]]
    assert build["endTime"] == phases[-1]["startTime"]
    assert all(one["durationInSeconds"] == int((one["endTime"] - one["startTime"]).total_seconds()) for one in phases[:-1])
    assert 1 <= phase(build, "BUILD")["durationInSeconds"] < 10


def test_the_last_phase_has_neither_status_nor_end(finished):
    _, build = finished
    assert build["phases"][-1] == {"phaseType": "COMPLETED", "startTime": build["endTime"]}


def test_contexts_are_empty_where_all_went_well(finished):
    _, build = finished
    assert all("contexts" not in one for one in build["phases"][:2])
    assert all(one["contexts"] == SUCCESS for one in build["phases"][2:-1])


def test_a_build_says_where_its_log_is(finished):
    builder, build = finished
    group, stream = "/aws/codebuild/app", build["id"].split(":")[1]
    logs = build["logs"]
    assert (logs["groupName"], logs["streamName"]) == (group, stream)
    assert logs["cloudWatchLogsArn"] == f"arn:aws:logs:us-east-1:{builder.account}:log-group:{group}:log-stream:{stream}"
    assert logs["deepLink"].endswith(f"region=us-east-1#logEvent:group={group};stream={stream}")
    assert "built\n" in builder.log(build)


def test_the_log_reads_as_on_aws(finished):
    builder, build = finished
    lines = builder.log(build).splitlines()
    assert all(re.match(r"\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} ", line) for line in lines[:13])
    plain = [re.sub(r"^\[Container\] \S+ \S+ ", "", line) for line in lines]
    assert plain[:13] == [
        "Running on CodeBuild On-demand",
        "Waiting for agent ping",
        "Waiting for DOWNLOAD_SOURCE",
        "Phase is DOWNLOAD_SOURCE",
        "CODEBUILD_SRC_DIR=/codebuild/output/src/src",
        "YAML location is /codebuild/readonly/buildspec.yml",
        "Processing environment variables",
        "No runtime version selected in buildspec.",
        "Moving to directory /codebuild/output/src/src",
        "Cache is not defined in the buildspec",
        "Skip cache due to: no paths specified to be cached",
        "Registering with agent",
        "Phases found in YAML: 1",
    ]
    begin = plain.index("Entering phase BUILD")
    assert plain[begin + 1 : begin + 8] == [
        "Running command sleep 1.1",
        "",
        "Running command echo built",
        "built",
        "",
        "Phase complete: BUILD State: SUCCEEDED",
        "Phase context status code:  Message: ",
    ]


def test_builds_are_numbered_and_listed_newest_first(builder):
    builder.project()
    builds = [builder.ended(builder.start()) for _ in range(3)]
    ids = [build["id"] for build in builds]
    assert [build["buildNumber"] for build in builds] == [1, 2, 3]
    assert builder.codebuild.list_builds()["ids"] == ids[::-1]
    assert builder.codebuild.list_builds_for_project(projectName="app", sortOrder="ASCENDING")["ids"] == ids


def test_an_initiator_is_the_user_who_asked(builder, server):
    builder.project()
    builder.iam.create_user(UserName="ann")
    builder.iam.put_user_policy(UserName="ann", PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("codebuild:*")]}))
    key = builder.iam.create_access_key(UserName="ann")["AccessKey"]
    codebuild = server.client("codebuild", key["AccessKeyId"], key["SecretAccessKey"])
    assert codebuild.start_build(projectName="app")["build"]["initiator"] == "ann"


def test_an_initiator_is_the_role_with_its_session(builder, server, account):
    builder.project()
    trusted = trust(AWS=f"arn:aws:iam::{account}:root")
    role = builder.iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("codebuild:*")]})
    builder.iam.put_role_policy(RoleName="deployer", PolicyName="may", PolicyDocument=policy)
    key = builder.client("sts").assume_role(RoleArn=role, RoleSessionName="ann")["Credentials"]
    codebuild = server.client("codebuild", key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    assert codebuild.start_build(projectName="app")["build"]["initiator"] == "deployer/ann"


def test_deleted_builds_are_gone_and_the_others_say_why(builder, account):
    build = builder.built(buildspec())
    arn = build["arn"]
    reply = builder.codebuild.batch_delete_builds(ids=[build["id"], "app:none"])
    assert reply["buildsDeleted"] == [arn]
    assert reply["buildsNotDeleted"] == [{"id": f"arn:aws:codebuild:us-east-1:{account}:build/app:none", "statusCode": "BUILD_NOT_FOUND"}]
    assert builder.codebuild.list_builds()["ids"] == []


def test_the_cli_starts_and_shows_a_build(builder, cli):
    builder.project()
    started = json.loads(cli("codebuild", "start-build", "--project-name", "app"))["build"]
    builder.ended(started)
    shown = json.loads(cli("codebuild", "batch-get-builds", "--ids", started["id"]))["builds"][0]
    assert shown["buildStatus"] == "SUCCEEDED" and shown["phases"][-1]["phaseType"] == "COMPLETED"


# ---- Variables and commands ----


def variables_of(builder, build):
    return dict(re.findall(r"^(\w+)=(.*)$", builder.log(build), re.M))


def test_every_documented_variable_is_there(builder, account):
    build = builder.built(buildspec(build=["env"]))
    found = variables_of(builder, build)
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": ENVIRONMENT["image"],
        "CODEBUILD_BUILD_NUMBER": "1",
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": "root",
        "CODEBUILD_KMS_KEY_ID": f"arn:aws:kms:us-east-1:{account}:alias/aws/s3",
        "CODEBUILD_LOG_PATH": build["logs"]["streamName"],
        "CODEBUILD_PROJECT_ARN": f"arn:aws:codebuild:us-east-1:{account}:project/app",
        "CODEBUILD_START_TIME": str(round(build["startTime"].timestamp() * 1000)),
        "HOME": "/root",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["CODEBUILD_SRC_DIR"] == found["PWD"]
    sources = ("CODEBUILD_SOURCE_REPO_URL", "CODEBUILD_SOURCE_VERSION", "CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_BATCH_BUILD_IDENTIFIER")
    assert not any(name in found for name in sources)


def test_variables_of_the_build_win_over_those_of_the_project_and_the_buildspec(builder):
    spec = buildspec(env={"variables": {"A": "spec", "B": "spec", "C": "spec"}}, build=["echo $A-$B-$C"])
    builder.project_of(spec, environment={**ENVIRONMENT, "environmentVariables": [{"name": name, "value": "project"} for name in "AB"]})
    build = builder.built(environmentVariablesOverride=[{"name": "A", "value": "build", "type": "PLAINTEXT"}])
    assert "build-project-spec\n" in builder.log(build)
    shown = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    assert shown == {"A": "build", "B": "project"}


def test_a_buildspec_may_stand_in_one_line(builder):
    build = builder.built('{"version": 0.2, "phases": {"build": {"commands": ["echo in one line"]}}}')
    assert build["buildStatus"] == "SUCCEEDED" and "\nin one line\n" in builder.log(build)


def test_exported_variables_are_shown(builder):
    spec = buildspec(env={"exported-variables": ["TAG", "UNSET"]}, build=["export TAG=v$((1 + 1))"])
    assert builder.built(spec)["exportedEnvironmentVariables"] == [{"name": "TAG", "value": "v2"}]


def test_one_shell_lasts_through_the_phases(builder):
    build = builder.built(buildspec(install=["mkdir deep", "cd deep", "NAME=kept"], build=["echo $NAME in $(basename $PWD)"]))
    assert "kept in deep\n" in builder.log(build)


def test_bash_is_used_where_it_is_asked_for(builder):
    build = builder.built(buildspec(env={"shell": "bash"}, build=["words=(one two); echo ${words[1]}"]))
    assert build["buildStatus"] == "SUCCEEDED" and "\ntwo\n" in builder.log(build)


def test_a_phase_runs_as_the_user_it_names(builder, many_users):
    build = builder.built(buildspec(build={"run-as": "nobody", "commands": ["id -un"]}, post_build=["id -un"]))
    assert re.findall(r"^(nobody|root)$", builder.log(build), re.M) == ["nobody", "root"]


def test_runtime_versions_are_mapped_to_what_the_machine_has(builder):
    build = builder.built(buildspec(install={"runtime-versions": {"python": "3.12"}}, build=["python --version"]))
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED" and "Selecting 'python' runtime version '3.12' based on manual selections..." in log
    assert re.search(r"Using Python 3|Python 3\.12 is not on this machine: going on with Python 3", log)


# ---- Failures ----


def test_a_command_that_fails_is_told_with_its_status(builder):
    build = builder.built(buildspec(build=["echo before", "exit 7", "echo never"], post_build=["echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"]))
    assert build["buildStatus"] == "FAILED"
    assert contexts(build, "BUILD") == [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "Error while executing command: exit 7. Reason: exit status 7"}]
    assert statuses(build) == {**dict.fromkeys(PHASES, "SUCCEEDED"), "BUILD": "FAILED", "COMPLETED": None}
    assert "succeeding=0\n" in builder.log(build) and "\nnever\n" not in builder.log(build)


@pytest.mark.parametrize("failing", ["install", "pre_build"])
def test_a_failure_before_the_build_ends_it(builder, failing):
    build = builder.built(buildspec(**{failing: ["false"]}, build=["echo never"], post_build=["echo never"]))
    done = PHASES[: PHASES.index(failing.upper())]
    assert [one["phaseType"] for one in build["phases"]] == [*done, failing.upper(), "FINALIZING", "COMPLETED"]
    assert build["buildStatus"] == "FAILED" and phase(build, failing.upper())["phaseStatus"] == "FAILED"


def test_a_failed_post_build_still_uploads(builder):
    bucket = builder.bucket()
    spec = buildspec(build=["echo made > file"], post_build=["false"], artifacts={"files": ["file"]})
    build = builder.built(spec, project={"artifacts": {"type": "S3", "location": bucket}})
    assert build["buildStatus"] == "FAILED" and statuses(build)["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    assert builder.keys(bucket) == ["app/file"]


def test_a_build_phase_that_says_abort_ends_the_build(builder):
    build = builder.built(buildspec(build={"on-failure": "ABORT", "commands": ["false"]}, post_build=["echo never"]))
    assert "POST_BUILD" not in statuses(build) and build["buildStatus"] == "FAILED"


def test_a_phase_that_says_continue_is_followed_by_the_next(builder):
    build = builder.built(buildspec(install={"on-failure": "CONTINUE", "commands": ["false"]}, build=["echo goes on"]))
    assert statuses(build)["INSTALL"] == "FAILED" and statuses(build)["BUILD"] == "SUCCEEDED"
    assert "goes on\n" in builder.log(build) and build["buildStatus"] == "FAILED"


def test_finally_runs_after_a_failure(builder):
    build = builder.built(buildspec(build={"commands": ["false"], "finally": ["echo cleaned"]}))
    assert "cleaned\n" in builder.log(build) and statuses(build)["BUILD"] == "FAILED"


@pytest.mark.parametrize(
    "spec,message",
    [
        ("version: 0.2\nphases:\n  biuld: {}\n", "Invalid buildspec phase name: BIULD. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"),
        (buildspec(install={"runtime-versions": {"cobol": "1"}}), "Unknown runtime named 'cobol'. This build image has the following runtimes: "),
        (buildspec(env={"parameter-store": {"A": "/a"}}), "env/parameter-store is not supported here"),
        (buildspec(env={"secrets-manager": {"A": "a:b"}}), "env/secrets-manager is not supported here"),
        (buildspec(cache={"paths": ["x"]}), "cache is not supported here"),
        (buildspec(batch={"fast-fail": True}), "batch is not supported here"),
        (buildspec(reports={"r": {"files": ["x"], "file-format": "COBERTURAXML"}}), "report format COBERTURAXML is not supported here"),
        (buildspec(reports={"r": {"files": ["x"], "file-format": "NUNITXML"}}), "report format NUNITXML is not supported here"),
        (buildspec(build={"on-failure": "RETRY-2", "commands": ["x"]}), "on-failure RETRY-2 is not supported here"),
    ],
)
def test_a_wrong_buildspec_fails_the_download(builder, spec, message):
    build = builder.built(spec)
    (context,) = contexts(build, "DOWNLOAD_SOURCE")
    assert context["statusCode"] == "YAML_FILE_ERROR" and message in context["message"]
    assert [one["phaseType"] for one in build["phases"]][3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]


def test_a_role_that_may_not_log_fails_the_provisioning(builder):
    builder.permit(allow("s3:*"))
    build = builder.built(buildspec())
    (context,) = contexts(build, "PROVISIONING")
    assert build["buildStatus"] == "FAILED" and context["statusCode"] == "ACCESS_DENIED"
    assert f"Service role {builder.role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build" in context["message"]
    assert [one["phaseType"] for one in build["phases"]] == ["SUBMITTED", "QUEUED", "PROVISIONING", "COMPLETED"]


# ---- Logs ----


def test_a_log_goes_where_the_project_says(builder):
    config = {"cloudWatchLogs": {"status": "ENABLED", "groupName": "mine", "streamName": "builds"}}
    build = builder.built(buildspec(build=["echo here"]), project={"logsConfig": config})
    assert (build["logs"]["groupName"], build["logs"]["streamName"]) == ("mine", f"builds/{build['id'].split(':')[1]}")
    assert build["logs"]["cloudWatchLogs"] == config["cloudWatchLogs"] and "here\n" in builder.log(build)


def test_output_that_is_no_text_can_be_read_all_the_same(builder):
    build = builder.built(buildspec(build=[r"printf 'caf\303\251 \377\376 end\n'"]))
    assert (build["buildStatus"], "café \ufffd\ufffd end\n" in builder.log(build)) == ("SUCCEEDED", True)


def test_a_build_may_go_without_a_log(builder):
    builder.permit(allow("s3:*"))
    build = builder.built(buildspec(), project={"logsConfig": {"cloudWatchLogs": {"status": "DISABLED"}}})
    assert build["buildStatus"] == "SUCCEEDED"
    assert "groupName" not in build["logs"] and build["logs"]["cloudWatchLogs"] == {"status": "DISABLED"}
    assert builder.client("logs").describe_log_groups()["logGroups"] == []


def test_the_log_streams_while_the_build_runs(builder):
    builder.project_of(buildspec(build=["echo early", "until [ -e /tmp/never ]; do sleep 0.1; done"]))
    build = builder.reached(builder.start(), "BUILD") and builder.get({"id": builder.codebuild.list_builds()["ids"][0]})
    until(lambda: "early\n" in builder.log(build), what="the line in the log")
    builder.codebuild.stop_build(id=build["id"])
    builder.ended(build)


# ---- Stop, time-outs, retry ----

ENDLESS = buildspec(build=["sleep 86400"])


def test_a_stopped_build_ends_in_the_phase_it_was_in(builder):
    builder.project_of(ENDLESS)
    build = builder.start()
    builder.reached(build, "BUILD")
    assert builder.codebuild.stop_build(id=build["arn"])["build"]["id"] == build["id"]
    ended = builder.ended(build)
    assert ended["buildStatus"] == "STOPPED" and [one["phaseType"] for one in ended["phases"]][-2:] == ["BUILD", "COMPLETED"]
    assert phase(ended, "BUILD")["phaseStatus"] == "STOPPED" and "contexts" not in phase(ended, "BUILD")


def test_a_stopped_build_is_over_in_the_answer(builder):
    builder.project_of(ENDLESS)
    build = builder.start()
    builder.reached(build, "BUILD")
    stopped = builder.codebuild.stop_build(id=build["id"])["build"]
    assert (stopped["buildStatus"], stopped["currentPhase"], stopped["buildComplete"]) == ("STOPPED", "COMPLETED", True)
    last, completed = stopped["phases"][-2:]
    assert stopped["endTime"] == last["endTime"] == completed["startTime"]


def test_stopping_a_build_that_is_over_changes_nothing(builder):
    build = builder.built(buildspec())
    assert builder.codebuild.stop_build(id=build["id"])["build"] == build


def advance(server, by):
    reply = server.request("POST", "/_rehearse/clock", json.dumps({"advance": by}), {"Content-Type": "application/json"})
    assert reply.status == 200, reply.data


@pytest.fixture
def own_builder(plane):
    """On a server whose clock a test may advance."""
    account = fresh_account()
    return Builder(lambda service: plane.client(service, key=account), account)


def test_a_build_times_out(own_builder, plane):
    own_builder.project_of(ENDLESS, timeoutInMinutes=5)
    build = own_builder.start()
    own_builder.reached(build, "BUILD")
    advance(plane, "5m")
    ended = own_builder.ended(build)
    assert ended["buildStatus"] == "TIMED_OUT" and ended["phases"][-1]["phaseType"] == "COMPLETED"
    assert phase(ended, "BUILD")["phaseStatus"] == "TIMED_OUT"
    assert contexts(ended, "BUILD") == [{"statusCode": "BUILD_TIMED_OUT", "message": "Build has timed out. "}]
    assert 295 <= phase(ended, "BUILD")["durationInSeconds"] <= 310


def test_a_build_that_waits_too_long_times_out_in_the_queue(own_builder, plane):
    own_builder.project_of(ENDLESS, queuedTimeoutInMinutes=5)
    builds = [own_builder.start() for _ in range(5)]
    last = builds[-1]
    until(lambda: all(own_builder.get(build)["currentPhase"] == "BUILD" for build in builds[:-1]), what="four builds at work")
    assert own_builder.get(last)["currentPhase"] == "QUEUED"
    advance(plane, "6m")
    ended = own_builder.ended(last)
    assert ended["buildStatus"] == "TIMED_OUT" and [one["phaseType"] for one in ended["phases"]] == ["SUBMITTED", "QUEUED", "COMPLETED"]
    assert phase(ended, "QUEUED")["phaseStatus"] == "TIMED_OUT"
    for build in builds[:-1]:
        own_builder.codebuild.stop_build(id=build["id"])
        own_builder.ended(build)


def test_a_retry_is_a_new_build_with_what_the_first_one_had(builder):
    builder.project_of(buildspec(build=["echo value=$A"]))
    first = builder.built(environmentVariablesOverride=[{"name": "A", "value": "again"}], timeoutInMinutesOverride=9)
    builder.codebuild.update_project(name="app", timeoutInMinutes=20)
    second = builder.ended(builder.codebuild.retry_build(id=first["id"])["build"])
    assert second["id"] != first["id"] and second["buildNumber"] == 2 and second["timeoutInMinutes"] == 9
    assert "value=again\n" in builder.log(second)
    assert builder.codebuild.batch_get_projects(names=["app"])["projects"][0]["timeoutInMinutes"] == 20


def test_a_repeated_request_starts_one_build(builder):
    builder.project()
    first, second = builder.start(idempotencyToken="t1"), builder.start(idempotencyToken="t1")
    assert first["id"] == second["id"]
    with refused("InvalidInputException"):
        builder.start(idempotencyToken="t1", timeoutInMinutesOverride=8)


def test_a_repeated_retry_starts_one_build(builder):
    first = builder.built(buildspec())
    again = [builder.codebuild.retry_build(id=first["id"], idempotencyToken="r")["build"]["id"] for _ in range(2)]
    assert again[0] == again[1] and len(builder.codebuild.list_builds()["ids"]) == 2


def test_no_more_builds_run_than_the_project_allows(builder):
    builder.project_of(ENDLESS, concurrentBuildLimit=1)
    build = builder.start()
    with refused("AccountLimitExceededException"):
        builder.start()
    builder.codebuild.stop_build(id=build["id"])
    builder.ended(build)
    builder.codebuild.stop_build(id=builder.start()["id"])


# ---- Overrides ----


def test_overrides_take_the_projects_place(builder, account):
    builder.project()
    other = builder.iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust(Service="codebuild.amazonaws.com"))["Role"]["Arn"]
    key = f"arn:aws:kms:us-east-1:{account}:key/mine"
    build = builder.start(
        buildspecOverride=buildspec(build=["echo other"]),
        imageOverride="other:1",
        computeTypeOverride="BUILD_GENERAL1_LARGE",
        imagePullCredentialsTypeOverride="SERVICE_ROLE",
        serviceRoleOverride=other,
        timeoutInMinutesOverride=5,
        queuedTimeoutInMinutesOverride=6,
        encryptionKeyOverride=key,
        logsConfigOverride={"cloudWatchLogs": {"status": "DISABLED"}},
        cacheOverride={"type": "NO_CACHE"},
    )
    environment = build["environment"]
    assert (environment["image"], environment["computeType"]) == ("other:1", "BUILD_GENERAL1_LARGE")
    assert environment["imagePullCredentialsType"] == "SERVICE_ROLE" and "echo other" in build["source"]["buildspec"]
    assert (build["serviceRole"], build["encryptionKey"]) == (other, key)
    assert (build["timeoutInMinutes"], build["queuedTimeoutInMinutes"]) == (5, 6)
    assert build["logs"]["cloudWatchLogs"] == {"status": "DISABLED"}


def test_a_source_may_be_overridden_by_none(builder):
    builder.project(source={"type": "S3", "location": "bucket/none.zip"})
    build = builder.built(sourceTypeOverride="NO_SOURCE", buildspecOverride=buildspec(build=["echo none"]))
    assert build["buildStatus"] == "SUCCEEDED" and build["source"]["type"] == "NO_SOURCE" and "location" not in build["source"]


@pytest.mark.parametrize(
    "override,named",
    [
        ({"secondarySourcesOverride": [{"type": "S3", "location": "b/k", "sourceIdentifier": "x"}]}, "secondarySourcesOverride"),
        ({"sourceAuthOverride": {"type": "OAUTH"}}, "sourceAuthOverride"),
        ({"debugSessionEnabled": True}, "debugSessionEnabled"),
        ({"privilegedModeOverride": True}, "privilegedMode"),
        ({"cacheOverride": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}}, "LOCAL"),
        ({"fleetOverride": {"fleetArn": "arn:aws:codebuild:us-east-1:1:fleet/f"}}, "fleetOverride"),
        ({"autoRetryLimitOverride": 2}, "autoRetryLimitOverride"),
        ({"environmentTypeOverride": "WINDOWS_CONTAINER"}, "WINDOWS_CONTAINER"),
        ({"environmentVariablesOverride": [{"name": "A", "value": "/a", "type": "PARAMETER_STORE"}]}, "PARAMETER_STORE"),
    ],
)
def test_an_override_that_is_not_built_is_refused_by_its_name(builder, override, named):
    builder.project()
    with pytest.raises(builder.codebuild.exceptions.ClientError) as error:
        builder.start(**override)
    assert error.value.response["Error"]["Code"] == "NotImplemented" and named in error.value.response["Error"]["Message"]
    assert builder.codebuild.list_builds()["ids"] == []


def test_a_project_of_a_pipeline_is_not_started_by_hand(builder):
    builder.project(source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    with refused("InvalidInputException", "ArtifactsOverride must be set when using artifacts type CodePipelines"):
        builder.start()
