"""What CodePipeline shows of executions and actions while they run and afterwards: which members are there, and which are not."""

import json

import pytest

from api.test_codepipeline import Plane, Repository, action, from_codecommit, refused, stage, until

CONSOLE = "https://console.aws.amazon.com"


@pytest.fixture
def plane(aws, account):
    return Plane(aws, account)


@pytest.fixture
def repository(aws):
    return Repository(aws)


def waiting(plane, *more):
    """A pipeline whose approval waits; its execution's id."""
    plane.create(plane.source(), plane.gate(), *more)
    plane.token()
    return plane.executions()[0]["pipelineExecutionId"]


def only_action(plane, stage_name):
    return plane.state(stage_name)["actionStates"][0]


# ---- State ----


def test_a_stage_that_was_never_entered_shows_its_transition_and_actions_only(plane):
    waiting(plane, plane.deploy())
    assert plane.state("Deploy") == {
        "stageName": "Deploy",
        "inboundExecutions": [],
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": "Copy", "entityUrl": f"{CONSOLE}/s3/buckets/{plane.site}/?region=us-east-1&tab=overview"}],
    }


def test_a_source_in_s3_shows_its_version(plane):
    execution = waiting(plane)
    version = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    source = plane.state("Source")
    (shown,) = source["actionStates"]
    latest = shown.pop("latestExecution")
    assert shown == {"actionName": "Fetch", "currentRevision": {"revisionId": version}, "entityUrl": f"{CONSOLE}/s3/home?region=us-east-1#"}
    assert set(latest) == {"actionExecutionId", "status", "summary", "lastStatusChange", "externalExecutionId"}
    assert (latest["summary"], latest["externalExecutionId"]) == (f"Amazon S3 version id: {version}", version)
    assert source["latestExecution"] == {"pipelineExecutionId": execution, "status": "Succeeded"}


def test_a_source_in_codecommit_shows_its_commit_and_where_to_see_it(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    commit = repository.commit("First version", app="1")
    plane.create(from_codecommit(), plane.deploy())
    assert plane.finish() == "Succeeded"
    shown = only_action(plane, "Source")
    latest = shown.pop("latestExecution")
    home = f"{CONSOLE}/codecommit/home?region=us-east-1#/repository/app-code"
    assert shown == {
        "actionName": "Code",
        "currentRevision": {"revisionId": commit},
        "entityUrl": f"{home}/browse/main/--/",
        "revisionUrl": f"{home}/commit/{commit}",
    }
    assert set(latest) == {"actionExecutionId", "status", "summary", "lastStatusChange", "externalExecutionId"}
    (source,) = [one for one in plane.actions() if one["actionName"] == "Code"]
    result = {"externalExecutionId": commit, "externalExecutionSummary": "First version", "externalExecutionUrl": f"{home}/commit/{commit}"}
    assert source["output"]["executionResult"] == result


def test_an_approval_that_waits_shows_its_token_alone(plane):
    waiting(plane)
    latest = only_action(plane, "Gate")["latestExecution"]
    assert latest == {"actionExecutionId": latest["actionExecutionId"], "status": "InProgress", "token": latest["actionExecutionId"]}


def test_an_approval_that_was_given_shows_who_and_when(plane):
    waiting(plane)
    plane.answer("Approved", plane.token(), "looks good")
    plane.finish()
    latest = only_action(plane, "Gate")["latestExecution"]
    assert set(latest) == {"actionExecutionId", "status", "summary", "lastStatusChange", "lastUpdatedBy"}
    assert (latest["summary"], latest["lastUpdatedBy"]) == ("looks good", f"arn:aws:iam::{plane.account}:root")


def test_the_link_of_an_approval_is_its_entity(plane):
    link = "https://example.com/review?a=1&b=2"
    plane.create(plane.source(), stage("Gate", action("Approval", "Manual", "Ask", {"ExternalEntityLink": link})))
    plane.token()
    shown = only_action(plane, "Gate")
    assert shown["entityUrl"] == link and "externalExecutionUrl" not in shown["latestExecution"]


def test_an_approval_that_was_abandoned_is_over(plane):
    execution = waiting(plane)
    token = plane.token()
    plane.pipeline.stop_pipeline_execution(pipelineName="app", pipelineExecutionId=execution, abandon=True)
    assert plane.finish(execution) == "Stopped"
    latest = only_action(plane, "Gate")["latestExecution"]
    assert latest == {"actionExecutionId": token, "status": "Abandoned", "summary": "The approval action has been canceled."}
    assert plane.actions()[0]["output"] == {"outputArtifacts": [], "outputVariables": {}}
    message = refused("InvalidApprovalTokenException", plane.answer, "Approved", token)
    assert message == "The pipeline app has been updated, and the approval request you responded to is now out of date."


def test_an_approval_can_ask_for_a_comment(plane):
    plane.create(plane.source(), stage("Gate", action("Approval", "Manual", "Ask", {"IsSummaryRequired": "true"})))
    token = plane.token()
    message = refused("InvalidApprovalTokenException", plane.answer, "Approved", token, " ")
    assert message == "Action 'Ask' in stage 'Gate' requires a summary. Provide a summary in the approval result and try again."
    plane.answer("Approved", token, "yes")
    assert plane.finish() == "Succeeded"


def test_a_failed_action_shows_its_error_in_place_of_a_summary(plane):
    plane.s3.delete_bucket(Bucket=plane.site)
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Failed"
    latest = only_action(plane, "Deploy")["latestExecution"]
    assert set(latest["errorDetails"]) == {"code", "message"} and "summary" not in latest
    (failed,) = [one for one in plane.actions() if one["status"] == "Failed"]
    result = failed["output"]["executionResult"]
    assert result["externalExecutionSummary"] == latest["errorDetails"]["message"]
    assert result["errorDetails"] == {"code": latest["errorDetails"]["code"]}


def test_a_transition_shows_who_closed_it_and_why(plane):
    waiting(plane, plane.deploy())
    plane.pipeline.disable_stage_transition(pipelineName="app", stageName="Deploy", transitionType="Inbound", reason="freeze")
    shown = plane.state("Deploy")["inboundTransitionState"]
    assert shown.pop("lastChangedAt")
    assert shown == {"enabled": False, "disabledReason": "freeze", "lastChangedBy": f"arn:aws:iam::{plane.account}:root"}


def test_an_execution_before_a_closed_stage_is_inbound(plane):
    execution = waiting(plane, plane.deploy())
    plane.pipeline.disable_stage_transition(pipelineName="app", stageName="Deploy", transitionType="Inbound", reason="freeze")
    plane.answer("Approved", plane.token())
    state = until(lambda: (found := plane.state("Deploy"))["inboundExecutions"] and found)
    assert state["inboundExecution"] == {"pipelineExecutionId": execution, "status": "InProgress"}
    assert state["inboundExecutions"] == [state["inboundExecution"]] and "latestExecution" not in state


# ---- Executions ----


def test_an_execution_shows_what_it_took(plane):
    execution = waiting(plane)
    version = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    summary = f"Amazon S3 version id: {version}"
    shown = plane.pipeline.get_pipeline_execution(pipelineName="app", pipelineExecutionId=execution)["pipelineExecution"]
    assert shown == {
        "pipelineName": "app",
        "pipelineVersion": 1,
        "pipelineExecutionId": execution,
        "status": "InProgress",
        "artifactRevisions": [{"name": "App", "revisionId": version, "revisionSummary": summary}],
        "trigger": {"triggerType": "CreatePipeline", "triggerDetail": f"arn:aws:iam::{plane.account}:root"},
        "executionMode": "SUPERSEDED",
    }
    (listed,) = plane.executions()
    assert listed["sourceRevisions"] == [{"actionName": "Fetch", "revisionId": version, "revisionSummary": summary}]
    assert set(listed) == {"pipelineExecutionId", "status", "startTime", "lastUpdateTime", "sourceRevisions", "trigger", "executionMode"}


def test_a_stop_is_shown_with_its_reason_if_it_has_one(plane):
    execution = waiting(plane)
    plane.pipeline.stop_pipeline_execution(pipelineName="app", pipelineExecutionId=execution, abandon=True, reason="wrong branch")
    plane.finish(execution)
    assert (plane.executions()[0]["stopTrigger"], plane.executions()[0]["statusSummary"]) == ({"reason": "wrong branch"}, "wrong branch")
    second = plane.pipeline.start_pipeline_execution(name="app")["pipelineExecutionId"]
    until(lambda: plane.state("Gate")["latestExecution"]["pipelineExecutionId"] == second)
    plane.pipeline.stop_pipeline_execution(pipelineName="app", pipelineExecutionId=second, abandon=True)
    plane.finish(second)
    assert not {"stopTrigger", "statusSummary"} & set(plane.executions()[0])


def with_variables(plane, *variables):
    asked = stage("Gate", action("Approval", "Manual", "Ask", {"CustomData": "#{variables.who}"}))
    plane.create(plane.source(), asked, pipelineType="V2", variables=list(variables))


def test_an_execution_without_the_values_it_needs_fails_and_names_them(plane):
    with_variables(plane, {"name": "who"}, {"name": "where"}, {"name": "how", "defaultValue": "fast"})
    given = [{"name": "who", "value": "eve"}, {"name": "unheard-of", "value": "x"}]
    started = plane.pipeline.start_pipeline_execution(name="app", variables=given)["pipelineExecutionId"]
    shown = {one["pipelineExecutionId"]: (one["status"], one["statusSummary"], one["trigger"]["triggerType"]) for one in plane.executions()}
    assert shown.pop(started) == ("Failed", "Values for required variables haven't been provided: where", "StartPipelineExecution")
    assert list(shown.values()) == [("Failed", "Values for required variables haven't been provided: who,where", "CreatePipeline")]
    execution = plane.pipeline.get_pipeline_execution(pipelineName="app", pipelineExecutionId=started)["pipelineExecution"]
    assert "variables" not in execution and execution["artifactRevisions"] == []


def test_a_variable_is_given_once(plane):
    with_variables(plane, {"name": "who", "defaultValue": "nobody"})
    twice = [{"name": "who", "value": "eve"}, {"name": "who", "value": "adam"}]
    message = refused("ValidationException", plane.pipeline.start_pipeline_execution, name="app", variables=twice)
    assert message == "Variable names must be unique. The following variable name is already in use: who"


def test_a_source_revision_must_fit_its_source(plane):
    plane.create(plane.source(), plane.gate())
    start = plane.pipeline.start_pipeline_execution
    refused("ValidationException", start, name="app", sourceRevisions=[{"actionName": "None", "revisionType": "COMMIT_ID", "revisionValue": "c"}])
    refused("ValidationException", start, name="app", sourceRevisions=[{"actionName": "Fetch", "revisionType": "COMMIT_ID", "revisionValue": "c"}])
    other_key = [{"actionName": "Fetch", "revisionType": "S3_OBJECT_KEY", "revisionValue": "b.zip"}]
    assert "AllowOverrideForS3ObjectKey" in refused("ValidationException", start, name="app", sourceRevisions=other_key)


def test_an_execution_can_be_given_a_version_of_the_object(plane):
    plane.create(plane.source(), plane.deploy())
    plane.finish()
    first = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    plane.push({"index.html": "two"})
    override = [{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": first}]
    started = plane.pipeline.start_pipeline_execution(name="app", sourceRevisions=override)["pipelineExecutionId"]
    assert plane.finish(started) == "Succeeded"
    assert plane.executions()[0]["sourceRevisions"][0]["revisionId"] == first


def test_sources_that_poll_begin_the_first_execution_themselves(plane, repository):
    plane.allow("pipeline", "s3:*", "codecommit:*")
    repository.commit("One", app="1")
    both = stage("Source", *from_codecommit()["actions"], *plane.source(PollForSourceChanges="True")["actions"])
    both["actions"][0].update(namespace="Git", outputArtifacts=[{"name": "Code"}])
    plane.create(both, plane.deploy())
    until(lambda: len(plane.executions()) == 2)
    triggers = {(one["trigger"]["triggerType"], one["trigger"]["triggerDetail"]) for one in plane.executions()}
    assert triggers == {("PollForSourceChanges", "Code"), ("PollForSourceChanges", "Fetch")}


def test_what_a_poll_cannot_see_begins_nothing_and_is_shown(plane):
    plane.create(plane.source(PollForSourceChanges="true", S3ObjectKey="none.zip"), plane.deploy())
    shown = until(lambda: (found := only_action(plane, "Source")).get("latestExecution") and found)
    latest = shown["latestExecution"]
    assert set(latest) == {"status", "lastStatusChange", "errorDetails"} and "currentRevision" not in shown
    assert latest["errorDetails"] == {
        "code": "ConfigurationError",
        "message": f'Could not access the Amazon S3 object: "{plane.bucket}/none.zip". Make sure that the names of the bucket and object are both correct.',
    }
    assert plane.executions() == [] and "latestExecution" not in plane.state("Source")


def test_anything_but_true_does_not_poll(plane):
    plane.create(plane.source(PollForSourceChanges="yes"), plane.deploy())
    assert plane.executions()[0]["trigger"]["triggerType"] == "CreatePipeline"


# ---- Actions ----


def test_an_action_in_progress_has_no_result_yet(plane):
    execution = waiting(plane)
    gate = plane.actions()[0]
    times = {gate.pop("startTime"), gate.pop("lastUpdateTime")}
    assert len(times) == 1
    version = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    assert gate == {
        "pipelineExecutionId": execution,
        "actionExecutionId": gate["actionExecutionId"],
        "pipelineVersion": 1,
        "stageName": "Gate",
        "actionName": "Ask",
        "status": "InProgress",
        "input": {
            "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
            "configuration": {"CustomData": "look at #{Src.VersionId}"},
            "resolvedConfiguration": {"CustomData": f"look at {version}"},
            "region": "us-east-1",
            "inputArtifacts": [],
        },
        "output": {"outputArtifacts": [], "outputVariables": {}},
    }


def test_a_source_in_s3_leaves_its_variables_and_artifact(plane):
    plane.create(plane.source(), plane.deploy())
    plane.finish()
    copy, fetch = plane.actions()
    head = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")
    version = head["VersionId"]
    assert fetch["output"]["outputVariables"] == {
        "BucketName": plane.bucket,
        "ETag": head["ETag"].strip('"'),
        "ObjectKey": "app.zip",
        "VersionId": version,
    }
    assert fetch["output"]["executionResult"] == {"externalExecutionId": version, "externalExecutionSummary": f"Amazon S3 version id: {version}"}
    assert fetch["input"]["namespace"] == "Src"
    assert copy["input"]["inputArtifacts"] == fetch["output"]["outputArtifacts"]
    result = {"externalExecutionId": f"{plane.site}/release.zip", "externalExecutionSummary": "Deployment Succeeded"}
    assert copy["output"] == {"outputArtifacts": [], "executionResult": result, "outputVariables": {}}


def test_the_latest_run_of_each_action_can_be_asked_for(plane):
    plane.s3.delete_bucket(Bucket=plane.site)
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Failed"
    plane.s3.create_bucket(Bucket=plane.site)
    execution = plane.executions()[0]["pipelineExecutionId"]
    plane.pipeline.retry_stage_execution(pipelineName="app", stageName="Deploy", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS")
    assert plane.finish(execution) == "Succeeded"
    assert plane.state("Deploy")["retryStageMetadata"] == {"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"}

    def runs(time_range):
        found = plane.actions(filter={"latestInPipelineExecution": {"pipelineExecutionId": execution, "startTimeRange": time_range}})
        return [(one["actionName"], one["status"]) for one in found]

    assert runs("Latest") == [("Copy", "Succeeded"), ("Fetch", "Succeeded")]
    assert runs("All") == [("Copy", "Succeeded"), ("Copy", "Failed"), ("Fetch", "Succeeded")]


def test_only_the_newest_execution_of_a_stage_is_retried(plane):
    plane.s3.delete_bucket(Bucket=plane.site)
    plane.create(plane.source(), plane.deploy())
    assert plane.finish() == "Failed"
    first = plane.executions()[0]["pipelineExecutionId"]
    second = plane.pipeline.start_pipeline_execution(name="app")["pipelineExecutionId"]
    assert plane.finish(second) == "Failed"
    retry = dict(pipelineName="app", pipelineExecutionId=first, retryMode="FAILED_ACTIONS")
    refused("NotLatestPipelineExecutionException", plane.pipeline.retry_stage_execution, stageName="Deploy", **retry)
    refused("StageNotFoundException", plane.pipeline.retry_stage_execution, stageName="None", **retry)


# ---- Deployments to S3 ----


def deployed_types(plane, *names):
    plane.push({name: "x" for name in names})
    plane.create(plane.source(), plane.deploy(Extract="true", ObjectKey="v1/"))
    assert plane.finish() == "Succeeded"
    return [plane.s3.head_object(Bucket=plane.site, Key=f"v1//{name}")["ContentType"] for name in names]


def test_files_get_the_types_that_aws_gives_them(plane):
    assert deployed_types(plane, "a.HTML", "b/app.js", "c.json", "d.svg", "e.woff2", "README") == [
        "text/html",
        "application/x-javascript",
        "application/json",
        "image/svg+xml",
        "application/octet-stream",
        "application/octet-stream",
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Extract": "false", "ObjectKey": None}, "When the extract feature is disabled, you must provide an object. Edit your pipeline to fix the configuration."),
        (
            {"Extract": "yes"},
            "Invalid value for configuration property 'yes': 'Extract'. Edit your pipeline and set 'Extract' to either 'true' or 'false'.",
        ),
    ],
)
def test_a_deployment_to_s3_says_what_its_configuration_lacks(plane, settings, words):
    deploy = plane.deploy(**settings)
    configuration = deploy["actions"][0]["configuration"]
    deploy["actions"][0]["configuration"] = {name: value for name, value in configuration.items() if value is not None}
    plane.create(plane.source(), deploy)
    assert plane.finish() == "Failed"
    assert plane.action_errors() == [{"code": "ConfigurationError", "message": words}]


def test_a_deployment_that_may_not_write_names_the_bucket_and_the_permission(plane):
    plane.allow("pipeline", "s3:GetObject*", "s3:GetBucket*")
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{plane.store}/*"}
    plane.iam.put_role_policy(RoleName="pipeline", PolicyName="store", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    plane.create(plane.source(), plane.deploy(Extract="true"))
    assert plane.finish() == "Failed"
    (error,) = plane.action_errors()
    assert error["code"] == "PermissionError"
    assert error["message"].startswith(f"You do not have sufficient permissions to call s3.putObject for the deployment bucket, {plane.site}. ")
    assert "is not authorized to perform: s3:PutObject on resource" in error["message"]


# ---- Rollbacks ----


def test_a_rollback_is_marked_as_one(plane):
    plane.create(plane.source(), plane.deploy(), pipelineType="V2")
    plane.finish()
    first = plane.executions()[0]["pipelineExecutionId"]
    back = plane.pipeline.rollback_stage(pipelineName="app", stageName="Deploy", targetPipelineExecutionId=first)["pipelineExecutionId"]
    assert plane.finish(back) == "Succeeded"
    newest, oldest = plane.executions()
    who = f"arn:aws:iam::{plane.account}:root"
    assert newest["trigger"] == {"triggerType": "ManualRollback", "triggerDetail": f'{{"AwsUserArn":"{who}"}}'}
    assert newest["executionType"] == "ROLLBACK" and newest["sourceRevisions"] == oldest["sourceRevisions"]
    assert plane.state("Deploy")["latestExecution"] == {"pipelineExecutionId": back, "status": "Succeeded", "type": "ROLLBACK"}
    assert plane.state("Source")["latestExecution"]["pipelineExecutionId"] == first
    refused(
        "UnableToRollbackStageException", plane.pipeline.rollback_stage, pipelineName="app", stageName="Deploy", targetPipelineExecutionId=back
    )


def test_a_rollback_needs_a_target_of_the_same_structure(plane):
    plane.create(plane.source(), plane.deploy(), pipelineType="V2")
    plane.finish()
    first = plane.executions()[0]["pipelineExecutionId"]
    rollback = plane.pipeline.rollback_stage
    refused("StageNotFoundException", rollback, pipelineName="app", stageName="None", targetPipelineExecutionId=first)
    never = "00000000-0000-0000-0000-000000000000"
    refused("PipelineExecutionNotFoundException", rollback, pipelineName="app", stageName="Deploy", targetPipelineExecutionId=never)
    plane.pipeline.update_pipeline(pipeline=plane.declaration(plane.source(), plane.deploy(ObjectKey="other.zip"), pipelineType="V2"))
    refused("PipelineExecutionOutdatedException", rollback, pipelineName="app", stageName="Deploy", targetPipelineExecutionId=first)


def test_a_rollback_has_variables_of_its_target_and_an_id_of_its_own(plane):
    asked = stage("Gate", action("Approval", "Manual", "Ask", {"CustomData": "#{codepipeline.PipelineExecutionId} #{variables.who} #{Src.VersionId}"}))
    plane.create(plane.source(), asked, pipelineType="V2", variables=[{"name": "who", "defaultValue": "eve"}])
    plane.answer("Approved", plane.token())
    plane.finish()
    first = plane.executions()[0]["pipelineExecutionId"]
    version = plane.s3.head_object(Bucket=plane.bucket, Key="app.zip")["VersionId"]
    back = plane.pipeline.rollback_stage(pipelineName="app", stageName="Gate", targetPipelineExecutionId=first)["pipelineExecutionId"]
    until(lambda: plane.state("Gate")["latestExecution"]["pipelineExecutionId"] == back)
    assert plane.actions()[0]["input"]["resolvedConfiguration"] == {"CustomData": f"{back} eve {version}"}
    refused("UnableToRollbackStageException", plane.pipeline.rollback_stage, pipelineName="app", stageName="Gate", targetPipelineExecutionId=first)
    plane.answer("Approved", plane.token())
    assert plane.finish(back) == "Succeeded"


def test_a_source_stage_that_is_rolled_back_reads_what_is_there_now(plane):
    plane.create(plane.source(), plane.deploy(), pipelineType="V2")
    plane.finish()
    first = plane.executions()[0]
    now = plane.push({"index.html": "two"})
    back = plane.pipeline.rollback_stage(pipelineName="app", stageName="Source", targetPipelineExecutionId=first["pipelineExecutionId"])
    assert plane.finish(back["pipelineExecutionId"]) == "Succeeded"
    assert plane.actions()[0]["output"]["outputVariables"]["VersionId"] == now
    assert plane.executions()[0]["sourceRevisions"] == first["sourceRevisions"]
    assert plane.state("Deploy")["latestExecution"]["pipelineExecutionId"] == first["pipelineExecutionId"]
