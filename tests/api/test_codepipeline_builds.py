"""Pipelines whose actions are real builds: what a build gets, what it gives, and how its failure is told."""

import io
import json
import re
import zipfile

import pytest

from api.test_codepipeline import Plane, Repository, action, stage, until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
BUILDSPEC = """
version: 0.2
env:
  exported-variables: [RELEASE]
phases:
  build:
    commands:
      - echo "building for $TARGET from $CODEBUILD_INITIATOR at $CODEBUILD_RESOLVED_SOURCE_VERSION"
      - export RELEASE="r-$TARGET"
      - %s
      - mkdir -p out && tr a-z A-Z < app > out/app
artifacts:
  base-directory: out
  files: ['**/*']
"""


class Builds(Plane):
    def __init__(self, aws, account):
        super().__init__(aws, account)
        self.codebuild, self.logs = aws("codebuild"), aws("logs")
        self.repository = Repository(aws)
        self.allow("pipeline", "s3:*", "codecommit:*", "codebuild:StartBuild", "codebuild:BatchGetBuilds")
        role = self.iam.create_role(RoleName="build", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        self.allow("build", "s3:*", "logs:*", "codebuild:*")
        self.codebuild.create_project(
            name="app",
            serviceRole=role["Arn"],
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
        )

    def commit(self, command="true", app="hello"):
        return self.repository.commit("Change", app=app, **{"buildspec.yml": BUILDSPEC % command})

    def code(self):
        settings = {"RepositoryName": "app-code", "BranchName": "main"}
        return stage("Source", action("Source", "CodeCommit", "Code", settings, outputArtifacts=[{"name": "App"}], namespace="Src"))

    def build(self):
        variables = json.dumps([{"name": "TARGET", "value": "#{Src.BranchName}", "type": "PLAINTEXT"}])
        settings = {"ProjectName": "app", "EnvironmentVariables": variables}
        artifacts = {"inputArtifacts": [{"name": "App"}], "outputArtifacts": [{"name": "Built"}]}
        return stage("Build", action("Build", "CodeBuild", "Compile", settings, namespace="Compiled", **artifacts))

    def ship(self):
        settings = {"BucketName": self.site, "Extract": "true", "ObjectKey": "#{Compiled.RELEASE}"}
        return stage("Deploy", action("Deploy", "S3", "Copy", settings, inputArtifacts=[{"name": "Built"}]))

    def only_build(self):
        ids = self.codebuild.list_builds_for_project(projectName="app")["ids"]
        return self.codebuild.batch_get_builds(ids=ids)["builds"][0]


@pytest.fixture
def builds(aws, account):
    return Builds(aws, account)


def test_what_is_built_is_what_is_deployed(builds):
    commit = builds.commit()
    builds.create(builds.code(), builds.build(), builds.ship())
    assert builds.finish() == "Succeeded", builds.action_errors()
    assert builds.s3.get_object(Bucket=builds.site, Key="r-main/app")["Body"].read() == b"HELLO"
    build = builds.only_build()
    assert build["initiator"] == "codepipeline/app" and build["resolvedSourceVersion"] == commit
    events = builds.logs.get_log_events(logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"])["events"]
    assert any(f"building for main from codepipeline/app at {commit}" in event["message"] for event in events)
    details = builds.pipeline.list_action_executions(pipelineName="app")["actionExecutionDetails"]
    compiled = next(one for one in details if one["actionName"] == "Compile")
    assert compiled["output"]["outputVariables"] == {"RELEASE": "r-main"}
    assert compiled["output"]["executionResult"]["externalExecutionId"] == build["id"]
    place = compiled["output"]["outputArtifacts"][0]["s3location"]
    archive = zipfile.ZipFile(io.BytesIO(builds.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()))
    assert archive.namelist() == ["app"]


def test_a_pipelines_build_shows_its_source_and_its_artifact(builds):
    commit = builds.commit()
    builds.create(builds.code(), builds.build(), builds.ship())
    assert builds.finish() == "Succeeded", builds.action_errors()
    build = builds.only_build()
    details = builds.pipeline.list_action_executions(pipelineName="app")["actionExecutionDetails"]
    places = {one["actionName"]: one["output"]["outputArtifacts"][0]["s3location"] for one in details if one["output"]["outputArtifacts"]}
    code, compiled = (f"arn:aws:s3:::{places[name]['bucket']}/{places[name]['key']}" for name in ("Code", "Compile"))
    assert build["source"] == {"type": "CODEPIPELINE", "insecureSsl": False}
    assert build["sourceVersion"] == code and build["resolvedSourceVersion"] == commit
    assert build["artifacts"]["location"] == compiled and len(build["artifacts"]["sha256sum"]) == 64
    assert build["environment"]["environmentVariables"] == [{"name": "TARGET", "value": "main", "type": "PLAINTEXT"}]


def test_a_failed_build_fails_the_action_with_the_command(builds):
    builds.commit("exit 3")
    builds.create(builds.code(), builds.build(), builds.ship())
    assert builds.finish() == "Failed"
    error = builds.action_errors()[0]
    assert error["code"] == "JobFailed"
    assert error["message"].startswith("Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: ")
    assert "exit 3" in error["message"]
    assert builds.state("Build")["latestExecution"]["status"] == "Failed"
    builds.commit(app="cured")  # by a push
    latest = until(lambda: len(found := builds.executions()) == 2 and found[0])
    assert builds.finish(latest["pipelineExecutionId"]) == "Succeeded"


def test_a_role_that_may_not_start_builds_is_told(builds):
    builds.allow("pipeline", "s3:*", "codecommit:*")
    builds.commit()
    builds.create(builds.code(), builds.build(), builds.ship())
    assert builds.finish() == "Failed"
    error = builds.action_errors()[0]
    assert error["code"] == "PermissionError" and "codebuild:StartBuild" in error["message"] and ":project/app" in error["message"]


def test_a_build_that_cannot_be_started_is_told_in_the_words_of_the_sdk(builds, account):
    builds.commit()
    builds.create(builds.code(), builds.build(), builds.ship())
    assert builds.finish() == "Succeeded"
    builds.codebuild.delete_project(name="app")
    builds.pipeline.start_pipeline_execution(name="app")
    assert builds.finish(builds.executions()[0]["pipelineExecutionId"]) == "Failed"
    (error,) = [one for one in builds.action_errors() if one]
    missing = f"Error calling startBuild: Project cannot be found: arn:aws:codebuild:us-east-1:{account}:project/app "
    sdk = r"\(Service: AWSCodeBuild; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: [0-9a-f-]{36}; Proxy: null\)"
    assert error["code"] == "JobFailed" and re.fullmatch(re.escape(missing) + sdk, error["message"])


def test_a_build_outlives_the_server_and_the_pipeline_goes_on(start_server, account):
    server = start_server()
    builds = Builds(lambda service: server.client(service, key=account), account)
    builds.commit("sleep 1")
    builds.create(builds.code(), builds.build(), builds.ship())
    until(lambda: builds.state("Build").get("latestExecution"))
    server.restart()
    builds.pipeline = server.client("codepipeline", key=account)
    assert builds.finish() == "Succeeded", builds.action_errors()
