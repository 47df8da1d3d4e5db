"""CodePipeline by its API: what is created, how executions move, what is refused. Sources and targets here are S3; builds and deployments have scenarios."""

import io
import json
import re
import time
import zipfile

import botocore.exceptions
import pytest

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
FINAL = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def action(category, provider, name, configuration=None, **more):
    type_id = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_id, "configuration": configuration or {}, **more}


def stage(name, *actions):
    return {"name": name, "actions": list(actions)}


class Plane:
    """An account with a role, an artifact store, and a versioned bucket that holds app.zip."""

    def __init__(self, aws, account):
        self.account = account
        self.pipeline, self.s3, self.iam = aws("codepipeline"), aws("s3"), aws("iam")
        self.store, self.bucket, self.site = (f"{name}-{account}" for name in ("store", "source", "site"))
        for bucket in (self.store, self.bucket, self.site):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.role = self.make_role("pipeline", "s3:*")
        self.push({"index.html": "<h1>one</h1>", "css/site.css": "h1 {}"})

    def make_role(self, name, *actions):
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        self.allow(name, *actions)
        return role["Arn"]

    def allow(self, role, *actions):
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        self.iam.put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=json.dumps(policy))

    def push(self, files):
        return self.s3.put_object(Bucket=self.bucket, Key="app.zip", Body=zip_of(files))["VersionId"]

    def source(self, **configuration):
        settings = {"S3Bucket": self.bucket, "S3ObjectKey": "app.zip", "PollForSourceChanges": "false", **configuration}
        return stage("Source", action("Source", "S3", "Fetch", settings, outputArtifacts=[{"name": "App"}], namespace="Src"))

    def gate(self, name="Gate"):
        return stage(name, action("Approval", "Manual", "Ask", {"CustomData": "look at #{Src.VersionId}"}))

    def deploy(self, **configuration):
        settings = {"BucketName": self.site, "Extract": "false", "ObjectKey": "release.zip", **configuration}
        return stage("Deploy", action("Deploy", "S3", "Copy", settings, inputArtifacts=[{"name": "App"}]))

    def declaration(self, *stages, name="app", **more):
        store = {"type": "S3", "location": self.store}
        return {"name": name, "roleArn": self.role, "artifactStore": store, "stages": list(stages), **more}

    def create(self, *stages, **more):
        return self.pipeline.create_pipeline(pipeline=self.declaration(*stages, **more))["pipeline"]

    def executions(self, name="app"):
        return self.pipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]

    def status(self, execution, name="app"):
        return self.pipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)["pipelineExecution"]["status"]

    def state(self, stage_name, name="app"):
        states = self.pipeline.get_pipeline_state(name=name)["stageStates"]
        return next(state for state in states if state["stageName"] == stage_name)

    def actions(self, **filters):
        return self.pipeline.list_action_executions(pipelineName="app", **filters)["actionExecutionDetails"]

    def action_errors(self):
        failed = [one["output"]["executionResult"] for one in self.actions() if one["status"] == "Failed"]
        return [{"message": one["externalExecutionSummary"], **one["errorDetails"]} for one in failed]

    def finish(self, execution=None):
        execution = execution or until(self.executions)[0]["pipelineExecutionId"]
        return until(lambda: (status := self.status(execution)) in FINAL and status)

    def token(self):
        latest = until(lambda: self.state("Gate")["actionStates"][0].get("latestExecution"))
        return latest["token"]

    def answer(self, status, token, summary="seen"):
        return self.pipeline.put_approval_result(
            pipelineName="app", stageName="Gate", actionName="Ask", token=token, result={"status": status, "summary": summary}
        )


def until(question, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def plane(aws, account):
    return Plane(aws, account)


def refused(code, call, *args, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*args, **kwargs)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


# ---- Pipelines ----


def test_a_pipeline_is_created_read_updated_listed_and_deleted(plane):
    created = plane.create(plane.source(), plane.gate())
    assert (created["version"], created["pipelineType"], created["executionMode"]) == (1, "V1", "SUPERSEDED")
    reply = plane.pipeline.get_pipeline(name="app")
    assert reply["pipeline"] == created
    assert reply["metadata"]["pipelineArn"] == f"arn:aws:codepipeline:us-east-1:{plane.account}:app"
    assert reply["metadata"]["created"].year >= 2024
    updated = plane.pipeline.update_pipeline(pipeline=plane.declaration(plane.source(), plane.gate(), plane.deploy()))["pipeline"]
    assert updated["version"] == 2 and len(updated["stages"]) == 3
    assert len(plane.pipeline.get_pipeline(name="app", version=1)["pipeline"]["stages"]) == 2
    assert [(one["name"], one["version"]) for one in plane.pipeline.list_pipelines()["pipelines"]] == [("app", 2)]
    plane.pipeline.delete_pipeline(name="app")
    assert "app" in refused("PipelineNotFoundException", plane.pipeline.get_pipeline, name="app")
    assert plane.pipeline.list_pipelines()["pipelines"] == []


def test_a_version_that_never_was_is_not_found(plane):
    plane.create(plane.source(), plane.gate())
    refused("PipelineVersionNotFoundException", plane.pipeline.get_pipeline, name="app", version=7)


def test_a_name_is_used_once(plane):
    plane.create(plane.source(), plane.gate())
    refused("PipelineNameInUseException", plane.create, plane.source(), plane.gate())


def test_a_role_that_does_not_trust_codepipeline_is_refused(plane):
    trust = json.loads(json.dumps(TRUST).replace("codepipeline", "codebuild"))
    plane.role = plane.iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    message = refused("InvalidStructureException", plane.create, plane.source(), plane.gate())
    assert message == f"CodePipeline is not authorized to perform AssumeRole on role {plane.role}"


def test_structures_that_cannot_run_are_refused(plane):
    assert "minimum of 2 stages" in refused("InvalidStructureException", plane.create, plane.source())
    late = stage("Build", action("Build", "CodeBuild", "Unit", {"ProjectName": "p"}, inputArtifacts=[{"name": "Late"}]))
    assert "Input Artifact Bundle Late" in refused("InvalidActionDeclarationException", plane.create, plane.source(), late)
    unknown = stage("Deploy", action("Deploy", "ECS", "Ship"))
    assert "Provider: 'ECS'" in refused("InvalidActionDeclarationException", plane.create, plane.source(), unknown)


def test_who_may_not_pass_the_role_may_not_create_the_pipeline(plane, server):
    plane.iam.create_user(UserName="eve")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "codepipeline:*", "Resource": "*"}]}
    plane.iam.put_user_policy(UserName="eve", PolicyName="pipelines", PolicyDocument=json.dumps(policy))
    key = plane.iam.create_access_key(UserName="eve")["AccessKey"]
    client = server.client("codepipeline", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    message = refused("AccessDeniedException", client.create_pipeline, pipeline=plane.declaration(plane.source(), plane.gate()))
    assert message == (
        f"User: arn:aws:iam::{plane.account}:user/eve is not authorized to perform: iam:PassRole on resource: {plane.role} "
        "because no identity-based policy allows the iam:PassRole action"
    )


def test_tags_come_and_go(plane):
    plane.create(plane.source(), plane.gate())
    arn = f"arn:aws:codepipeline:us-east-1:{plane.account}:app"
    plane.pipeline.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "a"}, {"key": "cost", "value": "1"}])
    plane.pipeline.untag_resource(resourceArn=arn, tagKeys=["cost"])
    assert plane.pipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "a"}]


def test_action_types_are_listed(plane):
    types = {(one["id"]["category"], one["id"]["provider"]) for one in plane.pipeline.list_action_types()["actionTypes"]}
    assert {("Source", "CodeCommit"), ("Build", "CodeBuild"), ("Deploy", "CodeDeploy"), ("Approval", "Manual")} <= types
    got = plane.pipeline.get_action_type(category="Deploy", owner="AWS", provider="S3", version="1")["actionType"]
    assert got["inputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 1}
    refused("ActionTypeNotFoundException", plane.pipeline.get_action_type, category="Deploy", owner="AWS", provider="ECS", version="1")


def test_what_is_modelled_but_not_built_says_so(plane):
    refused("NotImplemented", plane.pipeline.list_webhooks)


# ---- Executions ----


def test_a_new_pipeline_runs_at_once_and_its_artifact_is_the_object(plane):
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Succeeded"
    execution = plane.executions()[0]
    assert execution["trigger"] == {"triggerType": "CreatePipeline", "triggerDetail": f"arn:aws:iam::{plane.account}:root"}
    version = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    assert [one["revisionId"] for one in execution["sourceRevisions"]] == [version]
    details = plane.pipeline.list_action_executions(pipelineName="app")["actionExecutionDetails"]
    assert [one["actionName"] for one in details] == ["Copy", "Fetch"]
    place = details[1]["output"]["outputArtifacts"][0]["s3location"]
    assert place["bucket"] == plane.store and re.fullmatch(r"app/App/[A-Za-z0-9]{7}\.zip", place["key"])
    assert details[1]["output"]["outputVariables"]["VersionId"] == version
    expected = plane.s3.get_object(Bucket=plane.bucket, Key="app.zip")["Body"].read()
    assert plane.s3.get_object(Bucket=plane.site, Key="release.zip")["Body"].read() == expected


def test_an_artifact_has_the_extension_of_the_object(plane):
    plane.s3.put_object(Bucket=plane.bucket, Key="in/data.json", Body=b"{}")
    plane.create(plane.source(S3ObjectKey="in/data.json"), plane.deploy())
    assert plane.finish() == "Succeeded"
    (artifact,) = plane.actions()[1]["output"]["outputArtifacts"]
    assert re.fullmatch(r"app/App/[A-Za-z0-9]{7}\.json", artifact["s3location"]["key"])


def test_an_object_says_in_its_metadata_what_its_revision_is(plane):
    said = {"codepipeline-artifact-revision-summary": "release 7"}
    plane.s3.put_object(Bucket=plane.bucket, Key="app.zip", Body=zip_of({"index.html": "seven"}), Metadata=said)
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Succeeded"
    assert plane.executions()[0]["sourceRevisions"][0]["revisionSummary"] == "release 7"
    assert plane.actions()[1]["output"]["executionResult"]["externalExecutionSummary"] == "release 7"


def own_plane(server, account):
    return Plane(lambda service: server.client(service, key=account), account)


def advance(server, by):
    assert server.request("POST", "/_rehearse/clock", json.dumps({"advance": by})).status == 200


def test_a_changed_object_is_seen_within_a_minute(start_server, account):
    server = start_server()
    plane = own_plane(server, account)
    plane.create(plane.source(PollForSourceChanges="true"), plane.deploy())
    plane.finish()
    advance(server, "5m")
    assert len(plane.executions()) == 1
    version = plane.push({"index.html": "two"})
    advance(server, "1m")
    latest = until(lambda: len(found := plane.executions()) == 2 and found[0])
    assert latest["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch"}
    assert plane.finish(latest["pipelineExecutionId"]) == "Succeeded"
    assert plane.executions()[0]["sourceRevisions"][0]["revisionId"] == version


def test_a_bucket_with_events_starts_the_pipeline_at_once(plane):
    plane.s3.put_bucket_notification_configuration(Bucket=plane.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    plane.create(plane.source(PollForSourceChanges="true"), plane.deploy())
    plane.finish()
    plane.push({"index.html": "two"})
    until(lambda: len(plane.executions()) == 2)


def test_a_token_starts_one_execution(plane):
    plane.create(plane.source(), plane.gate())
    ids = {plane.pipeline.start_pipeline_execution(name="app", clientRequestToken="once")["pipelineExecutionId"] for _ in range(2)}
    assert len(ids) == 1


def test_variables_reach_the_actions(plane):
    asked = stage("Gate", action("Approval", "Manual", "Ask", {"CustomData": "#{variables.who}"}))
    variables = [{"name": "who", "defaultValue": "nobody"}]
    plane.create(plane.source(), asked, pipelineType="V2", variables=variables)
    plane.answer("Approved", plane.token())
    plane.finish()
    started = plane.pipeline.start_pipeline_execution(name="app", variables=[{"name": "who", "value": "eve"}])["pipelineExecutionId"]
    plane.answer("Approved", until(lambda: plane.status(started) == "InProgress" and plane.token()))
    assert plane.finish(started) == "Succeeded"
    details = plane.pipeline.list_action_executions(pipelineName="app", filter={"pipelineExecutionId": started})["actionExecutionDetails"]
    assert details[0]["input"]["resolvedConfiguration"] == {"CustomData": "eve"}
    execution = plane.pipeline.get_pipeline_execution(pipelineName="app", pipelineExecutionId=started)["pipelineExecution"]
    assert execution["variables"] == [{"name": "who", "resolvedValue": "eve"}]


def test_a_role_without_the_permission_fails_the_action_by_name(plane):
    plane.allow("pipeline", "s3:PutObject")
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Failed"
    error = plane.action_errors()[0]
    assert error["code"] == "PermissionError"
    assert "s3:GetObject" in error["message"] and f"{plane.bucket}/app.zip" in error["message"]
    assert error["message"].startswith(
        f"The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named {plane.bucket}. "
        "Update the IAM role permissions, and then try again. Error: Amazon S3:AccessDenied:"
    )
    assert re.search(r" \(Service: Amazon S3; Status Code: 403; Error Code: \w+; Request ID: [^;]+; S3 Extended Request ID: [^;]+; Proxy: null\)$", error["message"])


def test_a_missing_object_fails_the_source(plane):
    plane.create(plane.source(S3ObjectKey="none.zip"), plane.deploy())
    assert plane.finish() == "Failed"
    assert "none.zip" in plane.action_errors()[0]["message"]


@pytest.mark.parametrize("poll", ["true", "false"])
def test_a_missing_bucket_fails_the_source(plane, poll):
    plane.create(plane.source(S3Bucket="no-such-bucket-01", PollForSourceChanges=poll), plane.deploy())
    latest = until(lambda: (found := plane.state("Source")["actionStates"][0].get("latestExecution", {})).get("status") == "Failed" and found)
    assert latest["errorDetails"] == {"code": "ConfigurationError", "message": "No bucket with the name no-such-bucket-01 was found"}


def test_the_state_shows_stages_and_actions(plane):
    plane.create(plane.source(), plane.gate())
    plane.token()
    source, gate = plane.state("Source"), plane.state("Gate")
    assert source["latestExecution"]["status"] == "Succeeded" and source["inboundTransitionState"] == {"enabled": True}
    assert gate["actionStates"][0]["latestExecution"]["status"] == "InProgress"


def abandon(plane):
    execution = plane.executions()[0]["pipelineExecutionId"]
    plane.pipeline.stop_pipeline_execution(pipelineName="app", pipelineExecutionId=execution, abandon=True, reason="enough")
    return execution


# ---- CodeCommit ----


class Repository:
    def __init__(self, aws, name="app-code"):
        self.client, self.name = aws("codecommit"), name
        self.client.create_repository(repositoryName=name)
        self.tip = None

    def commit(self, message, branch="main", **files):
        put = [{"filePath": path.replace("_", "/"), "fileContent": text.encode()} for path, text in files.items()]
        parent = {"parentCommitId": self.tip} if self.tip else {}
        self.tip = self.client.create_commit(
            repositoryName=self.name, branchName=branch, authorName="Eve", email="eve@example.com", commitMessage=message, putFiles=put, **parent
        )["commitId"]
        return self.tip


@pytest.fixture
def repository(aws):
    return Repository(aws)


def from_codecommit(poll="true", branch="main"):
    settings = {"RepositoryName": "app-code", "BranchName": branch, "PollForSourceChanges": poll}
    return stage("Source", action("Source", "CodeCommit", "Code", settings, outputArtifacts=[{"name": "App"}], namespace="Src"))


def test_a_commit_becomes_the_artifact(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    commit = repository.commit("First version", app="print(1)", src_lib="lib")
    plane.create(from_codecommit(), plane.deploy())
    assert plane.finish() == "Succeeded"
    with zipfile.ZipFile(io.BytesIO(plane.s3.get_object(Bucket=plane.site, Key="release.zip")["Body"].read())) as archive:
        assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {"app": b"print(1)", "src/lib": b"lib"}
    source = plane.pipeline.list_action_executions(pipelineName="app")["actionExecutionDetails"][-1]
    assert re.fullmatch("app/App/[A-Za-z0-9]{7}", source["output"]["outputArtifacts"][0]["s3location"]["key"])
    variables = source["output"]["outputVariables"]
    assert (variables["CommitId"], variables["CommitMessage"], variables["BranchName"]) == (commit, "First version", "main")
    assert variables["RepositoryName"] == "app-code" and variables["AuthorDate"].endswith("Z")
    revision = plane.executions()[0]["sourceRevisions"][0]
    assert (revision["actionName"], revision["revisionId"], revision["revisionSummary"]) == ("Code", commit, "First version")


def test_a_push_to_the_watched_branch_starts_the_pipeline(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    repository.commit("One", app="1")
    plane.create(from_codecommit(), plane.deploy())
    plane.finish()
    second = repository.commit("Two", app="2")
    latest = until(lambda: len(found := plane.executions()) == 2 and found[0])
    assert latest["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Code"}
    assert plane.finish(latest["pipelineExecutionId"]) == "Succeeded"
    assert plane.executions()[0]["sourceRevisions"][0]["revisionId"] == second


def test_a_push_starts_nothing_where_the_source_does_not_poll(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    repository.commit("One", app="1")
    plane.create(from_codecommit(poll="false"), plane.deploy())
    plane.finish()
    repository.commit("Two", app="2")
    started = plane.pipeline.start_pipeline_execution(name="app")["pipelineExecutionId"]
    assert plane.finish(started) == "Succeeded"
    assert len(plane.executions()) == 2


def test_an_execution_can_be_given_a_commit(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    first = repository.commit("One", app="1")
    repository.commit("Two", app="2")
    plane.create(from_codecommit(poll="false"), plane.deploy())
    plane.finish()
    override = [{"actionName": "Code", "revisionType": "COMMIT_ID", "revisionValue": first}]
    started = plane.pipeline.start_pipeline_execution(name="app", sourceRevisions=override)["pipelineExecutionId"]
    assert plane.finish(started) == "Succeeded"
    assert plane.executions()[0]["sourceRevisions"][0]["revisionId"] == first


@pytest.mark.parametrize("missing", ["codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive", "s3:PutObject"])
def test_each_permission_of_the_source_is_needed(plane, repository, missing):
    needed = {"codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive", "s3:PutObject"}
    plane.allow("pipeline", *(needed - {missing}))
    repository.commit("One", app="1")
    plane.create(from_codecommit(), plane.deploy())
    assert plane.finish() == "Failed"
    error = plane.action_errors()[0]
    assert error["code"] == "PermissionError" and missing in error["message"]


def test_a_missing_branch_is_named(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    repository.commit("One", app="1")
    plane.create(from_codecommit(branch="none"), plane.deploy())
    assert plane.finish() == "Failed"
    message = "The action failed because no branch named none was found in the selected AWS CodeCommit repository app-code. "
    message += "Make sure you are using the correct branch name, and then try again. Error: null"
    assert plane.action_errors()[0] == {"code": "ConfigurationError", "message": message}


# ---- Approvals ----


def test_an_approval_needs_its_token_and_counts_once(plane):
    plane.create(plane.source(), plane.gate(), plane.deploy())
    token = plane.token()
    refused("InvalidApprovalTokenException", plane.answer, "Approved", "00000000-0000-0000-0000-000000000000")
    assert plane.answer("Approved", token)["approvedAt"]
    words = refused("ApprovalAlreadyCompletedException", plane.answer, "Approved", token)
    assert words == "The approval request that you responded to is already complete or has expired."
    refused("InvalidApprovalTokenException", plane.answer, "Approved", "00000000-0000-0000-0000-000000000000")
    assert plane.finish() == "Succeeded"
    latest = plane.state("Gate")["actionStates"][0]["latestExecution"]
    assert (latest["status"], latest["summary"]) == ("Succeeded", "seen")
    assert latest["lastUpdatedBy"] == f"arn:aws:iam::{plane.account}:root"


def test_a_rejection_fails_the_execution(plane):
    plane.create(plane.source(), plane.gate())
    plane.answer("Rejected", plane.token(), "not today")
    assert plane.finish() == "Failed"
    (gate,) = [one for one in plane.actions() if one["actionName"] == "Ask"]
    assert gate["updatedBy"] == f"arn:aws:iam::{plane.account}:root"
    assert gate["output"]["executionResult"] == {"externalExecutionId": gate["actionExecutionId"], "externalExecutionSummary": "not today"}


def test_an_approval_that_nobody_gives_fails_after_seven_days(start_server, account):
    server = start_server()
    plane = own_plane(server, account)
    plane.create(plane.source(), plane.gate())
    plane.token()
    advance(server, "7d")
    assert plane.finish() == "Failed"


# ---- Stopping, retrying, transitions ----


def test_a_stopped_execution_can_be_retried(plane):
    plane.create(plane.source(), plane.gate(), plane.deploy())
    plane.token()
    execution = abandon(plane)
    assert plane.finish(execution) == "Stopped"
    assert plane.executions()[0]["stopTrigger"] == {"reason": "enough"}
    message = refused("PipelineExecutionNotStoppableException", plane.pipeline.stop_pipeline_execution, pipelineName="app", pipelineExecutionId=execution)
    assert message == (
        f"The pipeline execution with ID '{execution}' in 'app' can't be stopped now. Either it does not exist in the pipeline, "
        "or the pipeline execution has no action executions in progress."
    )
    plane.pipeline.retry_stage_execution(pipelineName="app", stageName="Gate", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS")
    assert plane.status(execution) == "InProgress"
    plane.answer("Approved", plane.token())
    assert plane.finish(execution) == "Succeeded"


def test_stop_and_wait_waits_for_the_action(plane):
    plane.create(plane.source(), plane.gate(), plane.deploy())
    token, execution = plane.token(), plane.executions()[0]["pipelineExecutionId"]
    stop = dict(pipelineName="app", pipelineExecutionId=execution)
    plane.pipeline.stop_pipeline_execution(**stop)
    assert plane.status(execution) == "Stopping"
    message = refused("DuplicatedStopRequestException", plane.pipeline.stop_pipeline_execution, **stop)
    assert message.startswith(f"The execution with ID {execution} in app is already in a stopping state. If you already chose to stop and wait, ")
    plane.answer("Approved", token)
    assert plane.finish(execution) == "Stopped"


def test_a_failed_stage_is_retried_after_the_cure(plane):
    plane.allow("pipeline", "s3:PutObject", "s3:GetObject*")
    plane.s3.delete_bucket(Bucket=plane.site)
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Failed"
    plane.s3.create_bucket(Bucket=plane.site)
    execution = plane.executions()[0]["pipelineExecutionId"]
    plane.pipeline.retry_stage_execution(pipelineName="app", stageName="Deploy", pipelineExecutionId=execution, retryMode="ALL_ACTIONS")
    assert plane.finish(execution) == "Succeeded"
    refused(
        "StageNotRetryableException",
        plane.pipeline.retry_stage_execution,
        pipelineName="app",
        stageName="Deploy",
        pipelineExecutionId=execution,
        retryMode="FAILED_ACTIONS",
    )


def test_a_disabled_transition_holds_the_execution(plane):
    plane.create(plane.source(), plane.gate(), plane.deploy())
    where = dict(pipelineName="app", stageName="Deploy", transitionType="Inbound")
    plane.pipeline.disable_stage_transition(**where, reason="freeze")
    plane.answer("Approved", plane.token())
    state = until(lambda: (found := plane.state("Deploy")).get("inboundExecution") and found)
    assert state["inboundTransitionState"]["disabledReason"] == "freeze" and not state["inboundTransitionState"]["enabled"]
    plane.pipeline.enable_stage_transition(**where)
    assert plane.finish() == "Succeeded"
    refused("StageNotFoundException", plane.pipeline.enable_stage_transition, **{**where, "stageName": "None"})


def test_a_deployment_to_s3_can_unpack_the_artifact(plane):
    files = {"index.html": "<h1>one</h1>", "css/site.css": "h1 {}", "big.txt": "x" * 300_000, **{f"n/{i:03}": "" for i in range(150)}}
    plane.push(files)
    plane.create(plane.source(), plane.deploy(Extract="true", ObjectKey="v1", CacheControl="max-age=60"))
    assert plane.finish() == "Succeeded"
    keys = [one["Key"] for one in plane.s3.list_objects_v2(Bucket=plane.site)["Contents"]]
    assert keys == sorted(f"v1/{name}" for name in files)
    page = plane.s3.get_object(Bucket=plane.site, Key="v1/index.html")
    assert page["Body"].read() == b"<h1>one</h1>"
    assert (page["ContentType"], page["CacheControl"]) == ("text/html", "max-age=60")
    assert plane.s3.head_object(Bucket=plane.site, Key="v1/big.txt")["ContentLength"] == 300_000


def test_an_artifact_that_is_no_archive_is_not_unpacked(plane):
    plane.s3.put_object(Bucket=plane.bucket, Key="app.zip", Body=b"no archive at all")
    plane.create(plane.source(), plane.deploy(Extract="true"))
    assert plane.finish() == "Failed"
    assert plane.action_errors()[0]["message"].startswith("The archive is malformed. ")


def test_a_rollback_deploys_what_an_earlier_execution_had(plane):
    plane.create(plane.source(), plane.deploy(), pipelineType="V2")
    plane.finish()
    first = plane.executions()[0]["pipelineExecutionId"]
    before = plane.s3.get_object(Bucket=plane.site, Key="release.zip")["Body"].read()
    plane.push({"index.html": "broken"})
    plane.finish(plane.pipeline.start_pipeline_execution(name="app")["pipelineExecutionId"])
    assert plane.s3.get_object(Bucket=plane.site, Key="release.zip")["Body"].read() != before
    back = plane.pipeline.rollback_stage(pipelineName="app", stageName="Deploy", targetPipelineExecutionId=first)["pipelineExecutionId"]
    assert plane.finish(back) == "Succeeded"
    assert plane.s3.get_object(Bucket=plane.site, Key="release.zip")["Body"].read() == before
    assert plane.executions()[0]["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}


def test_an_execution_survives_the_death_of_the_server(start_server, account):
    server = start_server()
    plane = own_plane(server, account)
    plane.create(plane.source(), plane.gate(), plane.deploy())
    token = plane.token()
    server.restart()
    plane.pipeline = server.client("codepipeline", key=account)  # the old one's connections died with the server
    plane.answer("Approved", token)
    assert plane.finish() == "Succeeded"


def test_pages_follow_each_other(plane):
    plane.create(plane.source(), plane.deploy(), pipelineType="V2", executionMode="PARALLEL")
    for _ in range(4):
        plane.pipeline.start_pipeline_execution(name="app")
    first = plane.pipeline.list_pipeline_executions(pipelineName="app", maxResults=3)
    second = plane.pipeline.list_pipeline_executions(pipelineName="app", maxResults=3, nextToken=first["nextToken"])
    ids = [one["pipelineExecutionId"] for one in first["pipelineExecutionSummaries"] + second["pipelineExecutionSummaries"]]
    assert len(ids) == len(set(ids)) == 5 and "nextToken" not in second
    for one in ids:
        assert plane.finish(one) == "Succeeded"
