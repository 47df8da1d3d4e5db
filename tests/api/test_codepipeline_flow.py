"""How executions share a pipeline: modes, orders of actions, edits of a living pipeline; and what CreatePipeline refuses, by name."""

import copy

import pytest

from api.test_codepipeline import Plane, action, refused, stage, until


@pytest.fixture
def plane(aws, account):
    return Plane(aws, account)


def ask(name, order=1):
    return action("Approval", "Manual", name, runOrder=order)


def statuses(plane):
    return [one["status"] for one in plane.executions()][::-1]


def start(plane):
    return plane.pipeline.start_pipeline_execution(name="app")["pipelineExecutionId"]


def latest_actions(plane, stage_name="Gate"):
    return {one["actionName"]: one.get("latestExecution", {}) for one in plane.state(stage_name)["actionStates"]}


def answer(plane, name, status="Approved", stage_name="Gate"):
    token = until(lambda: latest_actions(plane, stage_name)[name].get("token"))
    result = {"status": status, "summary": "seen"}
    plane.pipeline.put_approval_result(pipelineName="app", stageName=stage_name, actionName=name, token=token, result=result)


# ---- Orders ----


def test_actions_of_one_order_run_together_and_the_next_order_after_them(plane):
    plane.create(plane.source(), stage("Gate", ask("A"), ask("B"), ask("C", 2)))
    until(lambda: latest_actions(plane)["B"].get("token"))
    shown = latest_actions(plane)
    assert shown["A"]["status"] == "InProgress" and shown["C"] == {}
    answer(plane, "B")
    assert latest_actions(plane)["C"] == {}
    answer(plane, "A")
    answer(plane, "C")
    assert plane.finish() == "Succeeded"


def test_a_failed_action_lets_its_neighbours_end_and_nothing_follow(plane):
    plane.create(plane.source(), stage("Gate", ask("A"), ask("B"), ask("C", 2)))
    answer(plane, "A", "Rejected")
    assert statuses(plane) == ["InProgress"]
    answer(plane, "B")
    assert plane.finish() == "Failed"
    assert latest_actions(plane)["C"] == {}


@pytest.mark.parametrize(("mode", "again"), [("FAILED_ACTIONS", {"A"}), ("ALL_ACTIONS", {"A", "B"})])
def test_a_retry_runs_the_failed_actions_or_all(plane, mode, again):
    plane.create(plane.source(), stage("Gate", ask("A"), ask("B")))
    answer(plane, "A", "Rejected")
    answer(plane, "B")
    assert plane.finish() == "Failed"
    execution = plane.executions()[0]["pipelineExecutionId"]
    plane.pipeline.retry_stage_execution(pipelineName="app", stageName="Gate", pipelineExecutionId=execution, retryMode=mode)
    assert {name for name, latest in latest_actions(plane).items() if latest["status"] == "InProgress"} == again
    for name in again:
        answer(plane, name)
    assert plane.finish(execution) == "Succeeded"


# ---- Modes ----


def before_the_gate(plane, count, **more):
    """A pipeline and `count` executions that have all passed its source; the first is in the stage behind it."""
    plane.create(plane.source(), stage("Gate", ask("A")), **more)
    ids = [until(plane.executions)[0]["pipelineExecutionId"], *(start(plane) for _ in range(count - 1))]
    until(lambda: sum(one["actionName"] == "Fetch" and one["status"] == "Succeeded" for one in plane.actions()) == count)
    return ids


def test_a_newer_execution_supersedes_the_one_that_waits(plane):
    first, second, third = before_the_gate(plane, 3)
    until(lambda: plane.status(second) == "Superseded")
    assert (plane.status(first), plane.status(third)) == ("InProgress", "InProgress")
    assert plane.state("Gate")["inboundExecution"]["pipelineExecutionId"] == third
    answer(plane, "A")
    assert plane.finish(first) == "Succeeded"
    answer(plane, "A")
    assert plane.finish(third) == "Succeeded"


def test_queued_executions_pass_one_after_the_other(plane):
    first, second, third = before_the_gate(plane, 3, pipelineType="V2", executionMode="QUEUED")
    gate = until(lambda: len((found := plane.state("Gate"))["inboundExecutions"]) == 2 and found)
    assert gate["latestExecution"]["pipelineExecutionId"] == first
    assert [one["pipelineExecutionId"] for one in gate["inboundExecutions"]] == [second, third]
    for execution in (first, second, third):
        until(lambda: plane.state("Gate")["latestExecution"]["pipelineExecutionId"] == execution)
        answer(plane, "A")
        assert plane.finish(execution) == "Succeeded"


def test_parallel_executions_do_not_wait_for_each_other(plane):
    ids = before_the_gate(plane, 3, pipelineType="V2", executionMode="PARALLEL")
    until(lambda: sum(one["actionName"] == "A" and one["status"] == "InProgress" for one in plane.actions()) == 3)
    assert plane.state("Gate")["inboundExecutions"] == []
    asked = {one["pipelineExecutionId"]: one["output"]["executionResult"] for one in plane.actions() if one["actionName"] == "A"}
    for execution in reversed(ids):
        token = asked[execution]["externalExecutionId"]
        result = {"status": "Approved", "summary": "seen"}
        plane.pipeline.put_approval_result(pipelineName="app", stageName="Gate", actionName="A", token=token, result=result)
        assert plane.finish(execution) == "Succeeded"


# ---- A living pipeline ----


def test_an_execution_that_began_before_an_update_ends_with_the_structure_it_had(plane):
    (execution,) = before_the_gate(plane, 1)
    updated = plane.pipeline.update_pipeline(pipeline=plane.declaration(plane.source(), stage("Gate", ask("A")), plane.deploy()))["pipeline"]
    assert updated["version"] == 2
    answer(plane, "A")
    assert plane.finish(execution) == "Succeeded"
    assert plane.pipeline.get_pipeline_execution(pipelineName="app", pipelineExecutionId=execution)["pipelineExecution"]["pipelineVersion"] == 1
    assert "latestExecution" not in plane.state("Deploy")
    second = start(plane)
    until(lambda: plane.state("Gate")["latestExecution"]["pipelineExecutionId"] == second)
    answer(plane, "A")
    assert plane.finish(second) == "Succeeded"
    assert plane.state("Deploy")["latestExecution"] == {"pipelineExecutionId": second, "status": "Succeeded"}


def test_an_execution_whose_stage_is_edited_is_cancelled(plane):
    (execution,) = before_the_gate(plane, 1)
    token = until(lambda: latest_actions(plane)["A"].get("token"))
    plane.pipeline.update_pipeline(pipeline=plane.declaration(plane.source(), stage("Gate", ask("A"), ask("B"))))
    assert plane.finish(execution) == "Cancelled"
    result = {"status": "Approved", "summary": "late"}
    late = dict(pipelineName="app", stageName="Gate", actionName="A", token=token, result=result)
    assert "out of date" in refused("InvalidApprovalTokenException", plane.pipeline.put_approval_result, **late)


def test_an_update_that_cannot_run_changes_nothing(plane):
    plane.create(plane.source(), plane.gate())
    refused("InvalidStructureException", plane.pipeline.update_pipeline, pipeline=plane.declaration(plane.source()))
    reply = plane.pipeline.get_pipeline(name="app")
    assert reply["pipeline"]["version"] == 1 and reply["metadata"]["created"] == reply["metadata"]["updated"]


# ---- What is refused ----


def other_action(category, provider, owner="AWS", **more):
    return action(category, provider, "X", **more) | {"actionTypeId": {"category": category, "owner": owner, "provider": provider, "version": "1"}}


@pytest.mark.parametrize(
    ("category", "provider", "owner"),
    [
        ("Deploy", "CloudFormation", "AWS"),
        ("Deploy", "ECS", "AWS"),
        ("Invoke", "Lambda", "AWS"),
        ("Build", "Jenkins", "Custom"),
        ("Compute", "Commands", "AWS"),
    ],
)
def test_actions_of_other_providers_are_refused_by_name(plane, category, provider, owner):
    words = f"ActionType (Category: '{category}', Provider: '{provider}', Owner: '{owner}', Version: '1') in action 'X' is not available in region 'US_EAST_1'"
    late = stage("More", other_action(category, provider, owner))
    assert refused("InvalidActionDeclarationException", plane.create, plane.source(), plane.gate(), late, pipelineType="V2") == words


def test_sources_of_other_providers_are_refused_by_name(plane):
    words = "(Category: 'Source', Provider: 'CodeStarSourceConnection', Owner: 'AWS', Version: '1')"
    assert words in refused("InvalidActionDeclarationException", plane.create, stage("Source", other_action("Source", "CodeStarSourceConnection")), plane.gate())


CONDITION = {"conditions": [{"result": "FAIL", "rules": [{"name": "R", "ruleTypeId": {"category": "Rule", "provider": "DeploymentWindow"}}]}]}


@pytest.mark.parametrize("member", ["beforeEntry", "onSuccess", "onFailure"])
def test_conditions_of_stages_are_refused_by_name(plane, member):
    gate = {**plane.gate(), member: CONDITION}
    words = f"Stage Gate declares {member}: conditions of stages are not supported."
    assert refused("InvalidStageDeclarationException", plane.create, plane.source(), gate, pipelineType="V2") == words
    words = "Stage level conditions can only be used with V2 pipelines."
    assert refused("InvalidStageDeclarationException", plane.create, plane.source(), gate) == words


def test_triggers_of_git_are_refused_by_name(plane):
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "Fetch", "push": [{"branches": {"includes": ["main"]}}]}}
    words = refused("InvalidStructureException", plane.create, plane.source(), plane.gate(), pipelineType="V2", triggers=[trigger])
    assert "git triggers" in words and "CodeStarSourceConnection" in words
    words = "Triggers on tag can only be used with V2 pipelines"
    assert refused("InvalidStructureException", plane.create, plane.source(), plane.gate(), triggers=[trigger]) == words


def test_a_store_is_declared_once(plane):
    declaration = plane.declaration(plane.source(), plane.gate())
    create = plane.pipeline.create_pipeline
    both = {**declaration, "artifactStores": {"us-east-1": declaration["artifactStore"]}}
    words = "You can only specify one of 'pipeline.artifactStore' or 'pipeline.artifactStores'."
    assert refused("ValidationException", create, pipeline=both) == words
    neither = copy.deepcopy(declaration)
    del neither["artifactStore"]
    words = "You must specify either 'pipeline.artifactStore' or 'pipeline.artifactStores'."
    assert refused("ValidationException", create, pipeline=neither) == words


def test_each_region_of_an_action_has_a_store(plane):
    declaration = plane.declaration(plane.source(), plane.gate())
    create = plane.pipeline.create_pipeline
    elsewhere = {**declaration, "artifactStores": {"us-west-2": declaration["artifactStore"]}}
    del elsewhere["artifactStore"]
    missing = "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. "
    missing += "The following region is missing in 'pipeline.artifactStores': "
    assert refused("ValidationException", create, pipeline=elsewhere) == missing + "us-east-1."
    declaration["stages"][1]["actions"][0]["region"] = "us-west-2"
    several = "Your pipeline contains actions in more than one region. Use 'pipeline.artifactStores' instead of 'pipeline.artifactStore' to declare an "
    several += "artifact store, such as an artifact bucket, for each region where you have an action."
    assert refused("ValidationException", create, pipeline=declaration) == several


def test_the_artifact_bucket_is_there_and_in_the_region(plane, aws):
    declaration = plane.declaration(plane.source(), plane.gate())
    there, declaration["artifactStore"] = declaration["artifactStore"], {"type": "S3", "location": "nowhere-at-all"}
    about = "An error occurred while validating the artifact bucket '{0}': "
    none = about + "No bucket with the name {0} was found. Choose a valid artifact bucket in 'us-east-1', or create a new artifact bucket to use in your pipeline."
    assert refused("InvalidStructureException", plane.pipeline.create_pipeline, pipeline=declaration) == none.format("nowhere-at-all")
    plane.pipeline.create_pipeline(pipeline={**declaration, "artifactStore": there})
    assert refused("InvalidStructureException", plane.pipeline.update_pipeline, pipeline=declaration) == none.format("nowhere-at-all")
    abroad = f"abroad-{plane.account}"
    aws("s3", region="us-west-2").create_bucket(Bucket=abroad, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    declaration["artifactStore"]["location"] = abroad
    elsewhere = about + "The bucket named {0} is not located in the us-east-1 AWS region"
    assert refused("InvalidStructureException", plane.pipeline.update_pipeline, pipeline=declaration) == elsewhere.format(abroad)


def test_what_a_pipeline_declares_is_not_repeated_in_a_complaint(plane):
    declaration = {**plane.declaration(plane.source(), plane.gate()), "name": "my app"}
    words = "1 validation error detected: Value at 'pipeline.name' failed to satisfy constraint: "
    words += "Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"
    assert refused("ValidationException", plane.pipeline.create_pipeline, pipeline=declaration) == words


def test_commands_need_a_pipeline_of_the_second_type(plane):
    commands = {"name": "Say", "actionTypeId": {"category": "Compute", "owner": "AWS", "provider": "Commands", "version": "1"}}
    words = "Commands Action can only be used with V2 pipelines."
    assert refused("InvalidActionDeclarationException", plane.create, plane.source(), stage("Say", commands)) == words


def test_stores_by_region_hold_the_artifacts_too(plane):
    declaration = plane.declaration(plane.source(), plane.deploy())
    declaration["artifactStores"] = {"us-east-1": declaration.pop("artifactStore")}
    created = plane.pipeline.create_pipeline(pipeline=declaration)["pipeline"]
    assert created["artifactStores"] == declaration["artifactStores"] and "artifactStore" not in created
    assert plane.finish() == "Succeeded"
    assert plane.actions()[-1]["output"]["outputArtifacts"][0]["s3location"]["bucket"] == plane.store


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"runOrder": 0}, "'pipeline.stages.2.member.actions.1.member.runOrder' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        ({"runOrder": 1000}, "'pipeline.stages.2.member.actions.1.member.runOrder' failed to satisfy constraint: Member must have value less than or equal to 999"),
        ({"name": "a b"}, "'pipeline.stages.2.member.actions.1.member.name' failed to satisfy constraint: Member must satisfy regular expression pattern"),
        ({"outputArtifacts": [{"name": "a.b"}]}, "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_\\-]+"),
    ],
)
def test_members_keep_to_the_model(plane, change, words):
    gate = plane.gate()
    gate["actions"][0].update(change)
    assert words in refused("ValidationException", plane.create, plane.source(), gate)


# ---- Pages ----


def test_the_token_of_a_page_belongs_to_its_list(plane):
    plane.create(plane.source(), plane.deploy())
    first = plane.finish() and plane.executions()[0]["pipelineExecutionId"]
    second = start(plane)
    assert plane.finish(second) == "Succeeded"
    plane.create(plane.source(), plane.gate(), name="other")
    executions = plane.pipeline.list_pipeline_executions
    token = executions(pipelineName="app", maxResults=1)["nextToken"]
    (rest,) = executions(pipelineName="app", nextToken=token)["pipelineExecutionSummaries"]
    assert rest["pipelineExecutionId"] == first
    refused("InvalidNextTokenException", executions, pipelineName="other", nextToken=token)
    actions = plane.pipeline.list_action_executions
    token = actions(pipelineName="app", maxResults=1, filter={"pipelineExecutionId": first})["nextToken"]
    refused("InvalidNextTokenException", actions, pipelineName="app", nextToken=token, filter={"pipelineExecutionId": second})
    assert len(actions(pipelineName="app", nextToken=token, filter={"pipelineExecutionId": first})["actionExecutionDetails"]) == 1


def test_executions_can_be_listed_by_the_stage_they_succeeded_in(plane):
    plane.create(plane.source(), plane.gate())
    plane.answer("Rejected", plane.token())
    assert plane.finish() == "Failed"

    def succeeded_in(stage_name):
        chosen = {"succeededInStage": {"stageName": stage_name}}
        return len(plane.pipeline.list_pipeline_executions(pipelineName="app", filter=chosen)["pipelineExecutionSummaries"])

    assert (succeeded_in("Source"), succeeded_in("Gate")) == (1, 0)
    plane.pipeline.update_pipeline(pipeline=plane.declaration(plane.source(), plane.gate()))
    assert succeeded_in("Source") == 0


# ---- Tags and types ----


def test_tags_that_cannot_be_are_refused(plane):
    declaration = plane.declaration(plane.source(), plane.gate())
    create = plane.pipeline.create_pipeline
    refused("InvalidTagsException", create, pipeline=declaration, tags=[{"key": "aws:team", "value": "a"}])
    refused("InvalidTagsException", create, pipeline=declaration, tags=[{"key": "team", "value": "a"}, {"key": "team", "value": "b"}])
    create(pipeline=declaration, tags=[{"key": "team", "value": "a"}])
    arn = f"arn:aws:codepipeline:us-east-1:{plane.account}:app"
    many = [{"key": f"k{number}", "value": ""} for number in range(50)]
    refused("TooManyTagsException", plane.pipeline.tag_resource, resourceArn=arn, tags=many)
    assert plane.pipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "a"}]
    refused("ResourceNotFoundException", plane.pipeline.list_tags_for_resource, resourceArn=arn + "x")


def test_action_types_say_what_they_need(plane):
    types = plane.pipeline.list_action_types(actionOwnerFilter="AWS")["actionTypes"]
    source = next(one for one in types if (one["id"]["category"], one["id"]["provider"]) == ("Source", "S3"))
    assert source["inputArtifactDetails"] == {"minimumCount": 0, "maximumCount": 0}
    assert source["outputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 1}
    assert [one["name"] for one in source["actionConfigurationProperties"] if one["required"]] == ["S3Bucket", "S3ObjectKey"]
    assert plane.pipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"] == []


def test_what_does_not_exist_is_named(plane):
    plane.create(plane.source(), plane.gate())
    account, never = plane.account, "00000000-0000-0000-0000-000000000000"
    words = refused("PipelineNotFoundException", plane.pipeline.get_pipeline, name="none")
    assert words == f"Account '{account}' does not have a pipeline with name 'none'"
    words = refused("PipelineNotFoundException", plane.pipeline.start_pipeline_execution, name="none")
    assert words == f"Pipeline with name none does not exist in account {account}."
    words = refused("PipelineNotFoundException", plane.pipeline.list_action_executions, pipelineName="none")
    assert words == f"The account with AWS account ID '{account}' does not include a pipeline named 'none'"
    refused("PipelineExecutionNotFoundException", plane.pipeline.get_pipeline_execution, pipelineName="app", pipelineExecutionId=never)
    refused("InvalidNextTokenException", plane.pipeline.list_pipelines, nextToken="%")
