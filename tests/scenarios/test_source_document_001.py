"""Source document 001, task by task, with the real AWS CLI, git and git-remote-codecommit, and a real Chromium.

The tests of this file are one story told in order on one server: each goes on where the one before it ended.
"""

import http.client
import json

import pytest

from browser import Browser, available
from delivery import (
    BUILD_IMAGE,
    DEVELOPER,
    EXAMPLE,
    FINAL,
    IMAGE,
    action,
    build,
    build_policy,
    deploy,
    example_without,
    instance_policy,
    pipeline_document,
    pipeline_policy,
    source,
    stage,
    until,
    write_files,
)
from harness import DEFAULT_REGION, Server
from iam_words import trust

ACCOUNT = "000000000000"
REPOSITORY = "python-app-code"
BUCKET = f"codepipeline-{DEFAULT_REGION}-{ACCOUNT}"
PIPELINE = "ApplicationPipeline"
SERVER_NAME = "EC2ApplicationServer"
RIGHT, WRONG = '== f"http://{host}/dashboard"', '== f"http://{host}/register_user"'


class Lab:
    """The lab's account as its user has it: a terminal with git and the AWS CLI."""

    def __init__(self, folder):
        self.folder = folder
        self.server = Server(folder / "plane").start()
        self.clone = folder / "python-app-code"

    def environment(self):
        authority = self.server.data / "tls/ca.pem"
        endpoint = f"localhost:{self.server.port}"
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return self.server.environment(CODE_COMMIT_ENDPOINT=endpoint, GIT_SSL_CAINFO=str(authority), HOME=str(home), GIT_CONFIG_NOSYSTEM="1")

    def aws(self, *words):
        """What the AWS CLI answers, as a document."""
        printed = self.server.run("aws", *words, "--output", "json", env=self.environment()).stdout
        return json.loads(printed) if printed.strip() else None

    def git(self, *words, folder=None):
        done = self.server.run("git", *words, cwd=folder or self.clone, env=self.environment())
        return done.stdout + done.stderr

    def commit_and_push(self, message):
        self.git("add", "-A")
        self.git(*DEVELOPER, "commit", "-m", message)
        self.git("push")
        return self.git("rev-parse", "HEAD").strip()

    def document(self, name, content):
        """file://… of a document written for the CLI."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return f"file://{path}"

    def role(self, name, service, policy=None):
        trusted = self.document(f"{name}.trust.json", trust(Service=f"{service}.amazonaws.com"))
        arn = self.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trusted)["Role"]["Arn"]
        if policy:
            wish = ["--role-name", name, "--policy-name", "needs", "--policy-document", self.document(f"{name}.json", policy)]
            self.aws("iam", "put-role-policy", *wish)
        return arn

    def stages(self):
        """{stage: status of its latest run} as the console would show them."""
        states = self.aws("codepipeline", "get-pipeline-state", "--name", PIPELINE)["stageStates"]
        return {state["stageName"]: (state.get("latestExecution", {}).get("pipelineExecutionId"), state.get("latestExecution", {}).get("status")) for state in states}

    def execution_of(self, commit):
        """The id of the execution that released `commit`, once it has ended, and its status."""

        def ended():
            found = self.aws("codepipeline", "list-pipeline-executions", "--pipeline-name", PIPELINE)["pipelineExecutionSummaries"]
            of_commit = [one for one in found if commit in [revision.get("revisionId") for revision in one.get("sourceRevisions", [])]]
            return of_commit[0] if of_commit and of_commit[0]["status"] in FINAL else None

        return until(ended, 240, 0.3, what=f"the release of {commit}")

    def action_executions(self, execution):
        wish = ["--pipeline-name", PIPELINE, "--filter", f"pipelineExecutionId={execution}"]
        details = self.aws("codepipeline", "list-action-executions", *wish)["actionExecutionDetails"]
        return {one["actionName"]: one for one in details}

    def failures(self, execution):
        every = self.action_executions(execution).values()
        return [(one["actionName"], one["output"]["executionResult"]) for one in every if one["status"] == "Failed"]

    def instance(self):
        wish = ["--filters", f"Name=tag:Name,Values={SERVER_NAME}", "Name=instance-state-name,Values=running"]
        reservations = self.aws("ec2", "describe-instances", *wish)["Reservations"]
        return reservations[0]["Instances"][0] if reservations else None

    def page(self, path):
        connection = http.client.HTTPConnection(self.instance()["PublicDnsName"], timeout=10)
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        yield lab
        lab.server.stop()
    finally:
        lab.server.clear()


# ---- What the lab finds prepared ----


def test_roles_with_what_they_need(lab):
    lab.role("ApplicationPipelineRole", "codepipeline", pipeline_policy(ACCOUNT, BUCKET, REPOSITORY, ["ApplicationBuildProject", "IntegrationProject"]))
    lab.role("ApplicationBuildProjectRole", "codebuild", build_policy(ACCOUNT, BUCKET))
    lab.role("ApplicationDeployRole", "codedeploy")
    managed = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole"
    lab.aws("iam", "attach-role-policy", "--role-name", "ApplicationDeployRole", "--policy-arn", managed)
    lab.role("ApplicationServerRole", "ec2", instance_policy(ACCOUNT, BUCKET))
    lab.aws("iam", "create-instance-profile", "--instance-profile-name", "ApplicationServerProfile")
    wish = ["--instance-profile-name", "ApplicationServerProfile", "--role-name", "ApplicationServerRole"]
    lab.aws("iam", "add-role-to-instance-profile", *wish)
    assert len(lab.aws("iam", "list-roles")["Roles"]) == 4


def test_a_table_an_artifact_bucket_and_a_repository(lab):
    attributes = ["--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH"]
    lab.aws("dynamodb", "create-table", "--table-name", "Users", *attributes, "--billing-mode", "PAY_PER_REQUEST")
    lab.aws("dynamodb", "wait", "table-exists", "--table-name", "Users")
    lab.aws("s3api", "create-bucket", "--bucket", BUCKET)
    lab.aws("s3api", "put-bucket-versioning", "--bucket", BUCKET, "--versioning-configuration", "Status=Enabled")
    made = lab.aws("codecommit", "create-repository", "--repository-name", REPOSITORY)["repositoryMetadata"]
    assert made["cloneUrlHttp"].endswith(f"/v1/repos/{REPOSITORY}")


def test_an_instance_that_answers_on_port_80(lab):
    group = lab.aws("ec2", "create-security-group", "--group-name", "web", "--description", "The application's port")["GroupId"]
    lab.aws("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "80", "--cidr", "0.0.0.0/0")
    tags = f"ResourceType=instance,Tags=[{{Key=Name,Value={SERVER_NAME}}}]"
    wish = ["--image-id", IMAGE, "--instance-type", "t3.small", "--security-group-ids", group, "--tag-specifications", tags]
    lab.aws("ec2", "run-instances", *wish, "--iam-instance-profile", "Name=ApplicationServerProfile")
    instance = until(lab.instance, 60, what="a running instance")
    lab.aws("ec2", "wait", "instance-running", "--instance-ids", instance["InstanceId"])
    assert instance["PublicIpAddress"] and instance["PublicDnsName"]


def test_a_project_and_a_deployment_group(lab):
    role = f"arn:aws:iam::{ACCOUNT}:role"
    environment = f"type=LINUX_CONTAINER,image={BUILD_IMAGE},computeType=BUILD_GENERAL1_SMALL"
    wish = ["--source", "type=CODEPIPELINE", "--artifacts", "type=CODEPIPELINE", "--environment", environment]
    lab.aws("codebuild", "create-project", "--name", "ApplicationBuildProject", *wish, "--service-role", f"{role}/ApplicationBuildProjectRole")
    lab.aws("deploy", "create-application", "--application-name", "Application", "--compute-platform", "Server")
    filters = f"Key=Name,Value={SERVER_NAME},Type=KEY_AND_VALUE"
    wish = ["--deployment-group-name", "Servers", "--ec2-tag-filters", filters, "--service-role-arn", f"{role}/ApplicationDeployRole"]
    made = lab.aws("deploy", "create-deployment-group", "--application-name", "Application", *wish)
    assert made["deploymentGroupId"]


def test_a_pipeline_of_three_stages(lab):
    role = f"arn:aws:iam::{ACCOUNT}:role/ApplicationPipelineRole"
    stages = [source(REPOSITORY), build("ApplicationBuildProject"), deploy("Application", "Servers")]
    wish = lab.document("pipeline.json", {"pipeline": pipeline_document(PIPELINE, role, BUCKET, *stages)})
    made = lab.aws("codepipeline", "create-pipeline", "--cli-input-json", wish)["pipeline"]
    assert [one["name"] for one in made["stages"]] == ["Source", "Build", "Deploy"]


def test_the_first_release_serves_pages(lab):
    lab.git("clone", f"codecommit::{DEFAULT_REGION}://{REPOSITORY}", folder=lab.folder)
    lab.git("checkout", "-q", "-B", "main")
    example = example_without(lab.folder / "example", "integration_buildspec.yml", "rehearse.yaml")
    write_files(lab.clone, {str(path.relative_to(example)): path.read_text() for path in sorted(example.rglob("*")) if path.is_file()})
    tests = lab.clone / "tests/test_integration.py"
    assert RIGHT in tests.read_text()
    tests.write_text(tests.read_text().replace(RIGHT, WRONG))  # the lab's repository holds the deliberately wrong assertion
    lab.git("add", "-A")
    lab.git(*DEVELOPER, "commit", "-m", "The application")
    lab.git("push", "-u", "origin", "main")
    release = lab.execution_of(lab.git("rev-parse", "HEAD").strip())
    assert release["status"] == "Succeeded", lab.failures(release["pipelineExecutionId"])
    status, text = lab.page("/")
    assert status == 200 and "Register" in text


# ---- Tasks 1 to 6 ----


def test_task_1_review_repository_and_pipeline(lab):
    branches = lab.aws("codecommit", "list-branches", "--repository-name", REPOSITORY)["branches"]
    assert branches == ["main"]
    assert lab.aws("codecommit", "get-repository", "--repository-name", REPOSITORY)["repositoryMetadata"]["defaultBranch"] == "main"
    folder = lab.aws("codecommit", "get-folder", "--repository-name", REPOSITORY, "--folder-path", "/")
    assert {one["relativePath"] for one in folder["subFolders"]} == {"scripts", "templates", "tests", "utils"}
    assert {"app.py", "appspec.yml", "buildspec.yml", "startapp.sh"} <= {one["relativePath"] for one in folder["files"]}
    assert {status for _, status in lab.stages().values()} == {"Succeeded"}


def test_task_2_create_the_integration_project(lab):
    environment = f"type=LINUX_CONTAINER,image={BUILD_IMAGE},computeType=BUILD_GENERAL1_SMALL"
    location = lab.aws("codecommit", "get-repository", "--repository-name", REPOSITORY)["repositoryMetadata"]["cloneUrlHttp"]
    origin = ["--source", f"type=CODECOMMIT,location={location},buildspec=integration_buildspec.yml", "--source-version", "refs/heads/main"]
    role = f"arn:aws:iam::{ACCOUNT}:role/ApplicationBuildProjectRole"
    wish = [*origin, "--artifacts", "type=NO_ARTIFACTS", "--environment", environment, "--service-role", role]
    made = lab.aws("codebuild", "create-project", "--name", "IntegrationProject", *wish)["project"]
    assert made["source"]["buildspec"] == "integration_buildspec.yml"


def test_tasks_3_and_4_add_the_integration_test_stage(lab):
    wish = lab.aws("codepipeline", "get-pipeline", "--name", PIPELINE)["pipeline"]
    settings = {"ProjectName": "IntegrationProject"}
    artifacts = {"inputArtifacts": ["SourceArtifact"], "outputArtifacts": ["IntegrationTestOutput"]}
    wish["stages"].append(stage("IntegrationTest", action("Test", "CodeBuild", "Integration", settings, **artifacts)))
    made = lab.aws("codepipeline", "update-pipeline", "--cli-input-json", lab.document("updated.json", {"pipeline": wish}))["pipeline"]
    assert made["version"] == 2 and list(lab.stages()) == ["Source", "Build", "Deploy", "IntegrationTest"]


def test_task_5_the_pushed_integration_test_fails(lab):
    (lab.clone / "integration_buildspec.yml").write_text((EXAMPLE / "integration_buildspec.yml").read_text())
    assert "integration_buildspec.yml" in lab.git("status")
    release = lab.execution_of(lab.commit_and_push("Check in integration_buildspec.yml file"))
    assert release["status"] == "Failed"
    (failed,) = lab.failures(release["pipelineExecutionId"])
    assert failed[0] == "Integration" and "Error while executing command: python -m pytest" in failed[1]["externalExecutionSummary"]
    assert [status for _, status in lab.stages().values()] == ["Succeeded", "Succeeded", "Succeeded", "Failed"]


def integration_build(lab):
    """The build behind the latest run of the stage, by the id that the stage's state shows."""
    states = lab.aws("codepipeline", "get-pipeline-state", "--name", PIPELINE)["stageStates"]
    build_id = states[-1]["actionStates"][0]["latestExecution"]["externalExecutionId"]
    return lab.aws("codebuild", "batch-get-builds", "--ids", build_id)["builds"][0]


def test_task_6_1_the_message_is_in_the_log(lab):
    made = integration_build(lab)
    where = ["--log-group-name", made["logs"]["groupName"], "--log-stream-name", made["logs"]["streamName"], "--start-from-head"]
    text = "".join(event["message"] for event in lab.aws("logs", "get-log-events", *where)["events"])
    host = lab.instance()["PublicIpAddress"]
    assert "test_register_user_redirects_to_dashboard" in text
    assert ": AssertionError" in text and f"http://{host}/register_user" in text and f"http://{host}/dashboard" in text
    (phase,) = [one for one in made["phases"] if one.get("phaseStatus") == "FAILED"]
    assert phase["phaseType"] == "BUILD" and phase["contexts"][0]["statusCode"] == "COMMAND_EXECUTION_ERROR"


def test_task_6_1_the_message_is_in_the_report(lab):
    (report,) = integration_build(lab)["reportArns"]
    assert lab.aws("codebuild", "batch-get-reports", "--report-arns", report)["reports"][0]["status"] == "FAILED"
    cases = lab.aws("codebuild", "describe-test-cases", "--report-arn", report)["testCases"]
    by_name = {case["name"]: case for case in cases}
    assert [name for name, case in by_name.items() if case["status"] == "FAILED"] == ["test_register_user_redirects_to_dashboard"]
    assert "/register_user" in by_name["test_register_user_redirects_to_dashboard"]["message"]


def test_task_6_2_the_fix_passes(lab):
    tests = lab.clone / "tests/test_integration.py"
    tests.write_text(tests.read_text().replace(WRONG, RIGHT))
    release = lab.execution_of(lab.commit_and_push("Check in test_integration.yml file"))
    assert release["status"] == "Succeeded", lab.failures(release["pipelineExecutionId"])
    assert [status for _, status in lab.stages().values()] == ["Succeeded"] * 4
    assert {execution for execution, _ in lab.stages().values()} == {release["pipelineExecutionId"]}


# ---- Task 7 ----


@pytest.mark.skipif(not available(), reason="no Chromium and chromedriver")
def test_task_7_a_browser_registers_a_user(lab, tmp_path):
    with Browser(tmp_path / "profile") as browser:
        browser.visit(f"http://{lab.instance()['PublicDnsName']}/")
        assert "Register User" in browser.text
        for name, text in (("username", "Grace Hopper"), ("email", "grace@example.com"), ("password", "nanosecond")):
            browser.type(f"input[name={name}]", text)
        browser.click("button")
        until(lambda: browser.address.endswith("/dashboard"), 30, what="the dashboard")
        assert "Grace Hopper" in browser.text and "grace@example.com" in browser.text
    items = lab.aws("dynamodb", "scan", "--table-name", "Users")["Items"]
    assert "Grace Hopper" in [item["username"]["S"] for item in items]
