"""From the end of a pipeline's action to the moment at which the next action's job runs.

A pipeline of trivial builds in sequence is run over and over. The end is the action's own lastUpdateTime; the moment is the time in the first line that the
next build's job wrote. So all that lies between counts: the pipeline's step, StartBuild, the old sandbox's end beside it, the new one's making, the job's start.
"""

import datetime
import io
import json
import time
import zipfile

ACTIONS = 6
PATIENCE_SECONDS = 60
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - true\n"
FINAL = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}


def role(server, service):
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Effect": "Allow", "Action": ["s3:*", "logs:*", "codebuild:*"], "Resource": "*"}
    iam = server.client("iam")
    made = iam.create_role(RoleName=service, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]
    iam.put_role_policy(RoleName=service, PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}))
    return made["Arn"]


def push_source(server):
    s3, content = server.client("s3"), io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("buildspec.yml", BUILDSPEC)
    s3.create_bucket(Bucket="bench-source")
    s3.put_bucket_versioning(Bucket="bench-source", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bench-source", Key="app.zip", Body=content.getvalue())


def action(category, provider, name, order, configuration, **artifacts):
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "runOrder": order, "configuration": configuration, **artifacts}


def make(server):
    push_source(server)
    server.client("codebuild").create_project(
        name="bench",
        serviceRole=role(server, "codebuild"),
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
    )
    source = {"S3Bucket": "bench-source", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    builds = [action("Build", "CodeBuild", f"Build{n}", n, {"ProjectName": "bench"}, inputArtifacts=[{"name": "App"}]) for n in range(1, ACTIONS + 1)]
    stages = [
        {"name": "Source", "actions": [action("Source", "S3", "Fetch", 1, source, outputArtifacts=[{"name": "App"}])]},
        {"name": "Build", "actions": builds},
    ]
    store = {"type": "S3", "location": "bench-source"}
    pipeline = {"name": "bench", "roleArn": role(server, "codepipeline"), "artifactStore": store, "stages": stages}
    server.client("codepipeline").create_pipeline(pipeline=pipeline)


def finish(codepipeline):
    """The execution that is under way, at its end: its actions by name."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        latest = codepipeline.list_pipeline_executions(pipelineName="bench")["pipelineExecutionSummaries"]
        if latest and latest[0]["status"] in FINAL:
            which = {"pipelineExecutionId": latest[0]["pipelineExecutionId"]}
            details = codepipeline.list_action_executions(pipelineName="bench", filter=which)["actionExecutionDetails"]
            return latest[0]["status"], {one["actionName"]: one for one in details}
        time.sleep(0.1)
    return "out of patience", {}


def job_ms(server, one):
    """The first line of a build's log: `[Container] 2026/01/02 03:04:05.678901 …`, in UTC."""
    build = server.client("codebuild").batch_get_builds(ids=[one["output"]["executionResult"]["externalExecutionId"]])["builds"][0]
    where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
    line = server.client("logs").get_log_events(**where, startFromHead=True)["events"][0]["message"]
    written = datetime.datetime.strptime(" ".join(line.split()[1:3]), "%Y/%m/%d %H:%M:%S.%f")
    return written.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000


def gaps_of(server, actions):
    names = [f"Build{number}" for number in range(1, ACTIONS + 1)]
    for before, after in zip(names, names[1:]):
        yield job_ms(server, actions[after]) - actions[before]["lastUpdateTime"].timestamp() * 1000


def measure(server, count):
    """Milliseconds of at least `count` gaps, and what went wrong when there are none."""
    make(server)
    codepipeline, gaps = server.client("codepipeline"), []
    status, actions = finish(codepipeline)  # its creation starts it; not counted: everything is cold
    while status == "Succeeded" and len(gaps) < count:
        codepipeline.start_pipeline_execution(name="bench")
        time.sleep(0.1)
        status, actions = finish(codepipeline)
        if status == "Succeeded":
            gaps.extend(gaps_of(server, actions))
    if status == "Succeeded":
        return gaps, None
    failed = [one["output"]["executionResult"].get("externalExecutionSummary", "") for one in actions.values() if one["status"] == "Failed"]
    return [], f"the pipeline ended as {status}: {'; '.join(failed)}"
