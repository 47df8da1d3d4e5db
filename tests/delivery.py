"""A delivery as users set it up: roles with least privilege, repository, artifact bucket, projects, a fleet, a pipeline. And words to wait for what it does.

`Account` makes the parts through boto3; tests add what they need to it. Policies allow what AWS documents for such roles, on the one resource they are for, so that every scenario also
proves that nothing more is asked for.
"""

import io
import json
import os
import shutil
import time
import zipfile

from harness import DEFAULT_REGION, TOP
from iam_words import allow, document, trust

EXAMPLE = TOP / "examples/register-app"
IMAGE = "ami-0a1b2c3d4e5f60001"
BUILD_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
FINAL = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}
DEPLOYED = {"Succeeded", "Failed", "Stopped"}
PATIENCE_SECONDS = 150
DEVELOPER = ["-c", "user.name=Developer", "-c", "user.email=developer@example.com"]


def until(question, seconds=PATIENCE_SECONDS, every=0.05, what="it"):
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(every)
    raise AssertionError(f"{what} did not happen within {seconds} s")


# ---- What roles may do ----


def pipeline_policy(account, bucket, repository, projects=(), region=DEFAULT_REGION):
    here = f"{region}:{account}"
    reads = ["codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus"]
    builds = [f"arn:aws:codebuild:{here}:project/{project}" for project in projects]
    deploys = ["codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:GetDeploymentConfig", "codedeploy:RegisterApplicationRevision"]
    statements = [
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"),
        allow(reads, f"arn:aws:codecommit:{here}:{repository}"),
        allow([*deploys, "codedeploy:GetApplication", "codedeploy:GetApplicationRevision"], f"arn:aws:codedeploy:{here}:*"),
    ]
    return document(*statements, *([allow(["codebuild:StartBuild", "codebuild:BatchGetBuilds"], builds)] if builds else []))


def build_policy(account, bucket, region=DEFAULT_REGION):
    here = f"{region}:{account}"
    reports = ["codebuild:CreateReportGroup", "codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPutTestCases"]
    return document(
        allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{here}:log-group:/aws/codebuild/*"),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"),
        allow(reports, f"arn:aws:codebuild:{here}:report-group/*"),
        allow("codecommit:GitPull", f"arn:aws:codecommit:{here}:*"),
        allow("ec2:DescribeInstances"),
    )


def instance_policy(account, bucket, table="Users", region=DEFAULT_REGION):
    return document(
        allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{bucket}/*"),
        allow(["dynamodb:PutItem", "dynamodb:Scan"], f"arn:aws:dynamodb:{region}:{account}:table/{table}"),
    )


def deploy_policy():
    return document(allow(["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "tag:GetResources"]))


# ---- Pipelines as documents ----


def action(category, provider, name, configuration, **more):
    type_id = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    named = {key: [{"name": one} for one in more.pop(key)] for key in ("inputArtifacts", "outputArtifacts") if key in more}
    return {"name": name, "actionTypeId": type_id, "configuration": configuration, **named, **more}


def stage(name, *actions):
    return {"name": name, "actions": list(actions)}


def source(repository):
    settings = {"RepositoryName": repository, "BranchName": "main"}
    return stage("Source", action("Source", "CodeCommit", "Source", settings, outputArtifacts=["SourceArtifact"]))


def build(project, name="Build", category="Build", output="BuildArtifact"):
    return stage(name, action(category, "CodeBuild", name, {"ProjectName": project}, inputArtifacts=["SourceArtifact"], outputArtifacts=[output]))


def deploy_action(application, group, name="Deploy", artifact="BuildArtifact", **more):
    settings = {"ApplicationName": application, "DeploymentGroupName": group}
    return action("Deploy", "CodeDeploy", name, settings, inputArtifacts=[artifact], **more)


def deploy(application, group):
    return stage("Deploy", deploy_action(application, group))


def pipeline_document(name, role, bucket, *stages):
    return {"name": name, "roleArn": role, "artifactStore": {"type": "S3", "location": bucket}, "stages": list(stages)}


# ---- An account ----


class Account:
    """The resources of one delivery; `server` may restart meanwhile."""

    def __init__(self, server, account, name="app"):
        self.server, self.account, self.name = server, account, name
        self.bucket = f"artifacts-{account}"
        self._clients = {}

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = self.server.client(service, key=self.account)
        return self._clients[service]

    def role(self, name, service, policy=None):
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service=f"{service}.amazonaws.com"))["Role"]["Arn"]
        if policy:
            self.permit(name, policy)
        return arn

    def permit(self, role, policy):
        self.client("iam").put_role_policy(RoleName=role, PolicyName="what-it-needs", PolicyDocument=policy)

    def prepare(self, *projects):
        """Artifact bucket, repository, and the roles of pipeline, builds, deployments and instances."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.client("codecommit").create_repository(repositoryName=self.name)
        self.pipeline_role = self.role("pipeline", "codepipeline", pipeline_policy(self.account, self.bucket, self.name, projects))
        self.build_role = self.role("build", "codebuild", build_policy(self.account, self.bucket))
        self.deploy_role = self.role("deploy", "codedeploy", deploy_policy())
        self.role("instance", "ec2", instance_policy(self.account, self.bucket))
        iam = self.client("iam")
        iam.create_instance_profile(InstanceProfileName="instance")
        iam.add_role_to_instance_profile(InstanceProfileName="instance", RoleName="instance")
        for project in projects:
            self.project(project)
        return self

    def project(self, name, buildspec=None, source_type="CODEPIPELINE", **more):
        source = {"type": source_type, **({"buildspec": buildspec} if buildspec else {})}
        environment = {"type": "LINUX_CONTAINER", "image": BUILD_IMAGE, "computeType": "BUILD_GENERAL1_SMALL"}
        artifacts = {"type": "CODEPIPELINE" if source_type == "CODEPIPELINE" else "NO_ARTIFACTS"}
        call = self.client("codebuild").create_project
        return call(name=name, source=source, artifacts=artifacts, environment=environment, serviceRole=self.build_role, **more)["project"]

    def instances(self, count=1, name="host"):
        """Running instances named `name`, the first launched first."""
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        ec2 = self.client("ec2")
        wish = {"ImageId": IMAGE, "InstanceType": "t3.small", "MinCount": count, "MaxCount": count, "TagSpecifications": tags}
        made = ec2.run_instances(IamInstanceProfile={"Name": "instance"}, **wish)["Instances"]
        ids = [one["InstanceId"] for one in sorted(made, key=lambda one: one["AmiLaunchIndex"])]
        until(lambda: {one["State"]["Name"] for one in self.described(ids)} == {"running"}, what="a running instance")
        return ids

    def described(self, ids):
        reservations = self.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
        return [one for reservation in reservations for one in reservation["Instances"]]

    def address(self, instance):
        """Where its port 80 answers on this machine: "127.77.0.5", or "127.77.0.5:8080" where ports below 1024 need a privilege."""
        return self.described([instance])[0]["PublicDnsName"]

    def fleet(self, application, name="host", **more):
        """An application with a deployment group of the instances tagged Name=`name`."""
        self.client("codedeploy").create_application(applicationName=application, computePlatform="Server")
        return self.group(application, "group", name, **more)

    def group(self, application, group, name="host", **more):
        filters = [{"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"}]
        wish = {"serviceRoleArn": self.deploy_role, "ec2TagFilters": filters, **more}
        call = self.client("codedeploy").create_deployment_group
        return call(applicationName=application, deploymentGroupName=group, **wish)["deploymentGroupId"]

    def pipeline(self, *stages, name="pipeline"):
        wish = pipeline_document(name, self.pipeline_role, self.bucket, *stages)
        return self.client("codepipeline").create_pipeline(pipeline=wish)["pipeline"]

    # -- the repository --

    def git(self, folder, *words, **more):
        return self.server.run("git", *DEVELOPER, *words, cwd=folder, env=self.server.environment(key=self.account), **more).stdout

    def remote(self):
        """The repository's URL with an account's number for a key, whose signature nobody can verify: only its form counts."""
        password = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "0" * 64
        return f"http://{self.account}:{password}@127.0.0.1:{self.server.port}/v1/repos/{self.name}"

    def push(self, folder, message="A change"):
        """Commits whatever `folder` holds and pushes it to main; the commit's id."""
        if not (folder / ".git").exists():
            self.git(folder, "init", "-q", "-b", "main")
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "--allow-empty", "-m", message)
        self.git(folder, "push", "-q", self.remote(), "HEAD:main")
        return self.git(folder, "rev-parse", "HEAD").strip()

    # -- what came of it --

    def executions(self, name="pipeline"):
        return self.client("codepipeline").list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]

    def ended(self, number=1, name="pipeline", seconds=PATIENCE_SECONDS):
        """The `number`-th execution (1 is the first), once it has ended; its status."""

        def status():
            all_of_them = self.executions(name)
            found = all_of_them[-number]["status"] if len(all_of_them) >= number else None
            return found if found in FINAL else None

        return until(status, seconds, what=f"the end of execution {number}")

    def actions(self, name="pipeline"):
        details = self.client("codepipeline").list_action_executions(pipelineName=name)["actionExecutionDetails"]
        return details[::-1]

    def failure(self, action_name, name="pipeline"):
        """The message of the latest failed run of an action."""
        failed = [one for one in self.actions(name) if one["actionName"] == action_name and one["status"] == "Failed"]
        return failed[-1]["output"]["executionResult"]["externalExecutionSummary"]

    def why(self, name="pipeline"):
        """Everything that failed, for a test's message."""
        failed = [one for one in self.actions(name) if one["status"] == "Failed"]
        return json.dumps([(one["actionName"], one.get("output")) for one in failed], default=str, indent=1)

    def built(self, build_id, seconds=60):
        """A build, once it is complete."""
        codebuild = self.client("codebuild")

        def complete():
            build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            return build if build["buildComplete"] else None

        return until(complete, seconds, what="the end of the build")

    def log(self, build):
        """What a build printed, from CloudWatch Logs."""
        logs, where = self.client("logs"), build["logs"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=where["groupName"], logStreamNames=[where["streamName"]])
        return "".join(event["message"] for page in pages for event in page["events"])

    def deployed(self, deployment, seconds=60):
        codedeploy = self.client("codedeploy")

        def info():
            found = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
            return found if found["status"] in DEPLOYED else None

        return until(info, seconds, what="the end of the deployment")

    def upload(self, key, files):
        """A revision in the artifact bucket, for CodeDeploy."""
        data = files if isinstance(files, bytes) else zip_of(files)
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=data)
        return {"revisionType": "S3", "s3Location": {"bucket": self.bucket, "key": key, "bundleType": "zip"}}


# ---- Files ----


def zip_of(files):
    """A zip of {path: text}; scripts may be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = (0o755 if path.endswith(".sh") else 0o644) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def write_files(folder, files):
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if path.endswith(".sh"):
            os.chmod(target, 0o755)
    return folder


def example_without(target, *missing):
    """A copy of the example, without some of its files."""
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "test_reports", *missing))
    return target




# ---- A small application: a build, a report and hooks, without anything to install ----

HOOKS = ["ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]
PASSING = '<testsuite name="unit"><testcase classname="unit" name="passes" time="0.1"/></testsuite>'
JOURNAL = "/root/journal"  # on the instance: a line for each hook that ran


def small_buildspec(pause_seconds):
    return f"""version: 0.2
phases:
  install:
    commands:
      - echo installing
  build:
    commands:
      - echo building
      - sleep {pause_seconds}
      - echo '{PASSING}' > report.xml
artifacts:
  files: ['**/*']
reports:
  unit:
    files: [report.xml]
    file-format: JUNITXML
"""


def small_appspec(hooks=HOOKS, destination="/opt/small"):
    entries = "".join(f"  {hook}:\n    - location: hook.sh\n      timeout: 60\n" for hook in hooks)
    return f"version: 0.0\nos: linux\nfiles:\n  - source: page.txt\n    destination: {destination}\nfile_exists_behavior: OVERWRITE\nhooks:\n{entries}"


def small_application(page="one", hook=":", hooks=HOOKS, pause_seconds=0.05):
    """{path: text} of an application whose build takes a moment, and whose hooks write themselves into the instance's journal, take a moment, then do `hook`."""
    text = f'#!/bin/sh\necho "$DEPLOYMENT_ID $LIFECYCLE_EVENT" >> {JOURNAL}\nsleep {pause_seconds}\n{hook}\n'
    return {"buildspec.yml": small_buildspec(pause_seconds), "appspec.yml": small_appspec(hooks), "page.txt": page + "\n", "hook.sh": text}


def whole_journal_of(server, instance):
    """(deployment, hook) of each hook that ever ran on an instance, in their order: from the instance's own file."""
    files = (server.data / "sandboxes" / instance / "layer").glob(f"*{JOURNAL}")
    return [tuple(line.split()) for file in files for line in file.read_text().splitlines()]


def journal_of(server, instance, deployment):
    """The hooks that ran on an instance for a deployment, in their order."""
    return [hook for of, hook in whole_journal_of(server, instance) if of == deployment]
