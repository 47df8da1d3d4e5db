"""Projects and builds of one account: words to make them, start them, and read what came of them."""

import json

from delivery import until, zip_of
from iam_words import allow, document, trust

IMAGE = "aws/codebuild/standard:7.0"
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": IMAGE, "computeType": "BUILD_GENERAL1_SMALL"}
PHASES = ["SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"]
SUCCESS = [{"statusCode": "", "message": ""}]


def buildspec(**members):
    """A buildspec as JSON, which is YAML: build=[…] and so on give phases by their commands, all else are its own members."""
    names = ("install", "pre_build", "build", "post_build")
    phases = {name: given if isinstance(given, dict) else {"commands": given} for name, given in members.items() if name in names}
    rest = {name: given for name, given in members.items() if name not in names}
    return json.dumps({"version": 0.2, "phases": phases or {"build": {"commands": ["true"]}}, **rest}, indent=1)


class Builder:
    """An account with a role for builds that may do all a build needs."""

    def __init__(self, client, account):
        self.client, self.account = client, account
        self.codebuild, self.iam = client("codebuild"), client("iam")
        self.role = self.iam.create_role(RoleName="build", AssumeRolePolicyDocument=trust(Service="codebuild.amazonaws.com"))["Role"]["Arn"]
        self.permit(allow(["logs:*", "s3:*", "codebuild:*", "codecommit:*"]))

    def permit(self, *statements):
        self.iam.put_role_policy(RoleName="build", PolicyName="needs", PolicyDocument=document(*statements))

    def settings(self, name="app", **more):
        source = {"type": "NO_SOURCE", "buildspec": buildspec()}
        return {"name": name, "source": source, "artifacts": {"type": "NO_ARTIFACTS"}, "environment": ENVIRONMENT, "serviceRole": self.role, **more}

    def project(self, name="app", **more):
        return self.codebuild.create_project(**self.settings(name, **more))["project"]

    def project_of(self, spec, name="app", **more):
        """A project without source that has this buildspec."""
        return self.project(name, source={"type": "NO_SOURCE", "buildspec": spec}, **more)

    def start(self, name="app", **more):
        return self.codebuild.start_build(projectName=name, **more)["build"]

    def get(self, build):
        return self.codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]

    def ended(self, build, seconds=120):
        def complete():
            found = self.get(build)
            return found if found["buildComplete"] else None

        return until(complete, seconds, what="the end of the build")

    def reached(self, build, phase):
        """Waits for a phase to be under way."""
        return until(lambda: self.get(build)["currentPhase"] == phase, what=f"the phase {phase}")

    def built(self, spec=None, name="app", project=None, **overrides):
        """A build to its end, of a new project with this buildspec."""
        if spec is not None:
            self.project_of(spec, name, **(project or {}))
        return self.ended(self.start(name, **overrides))

    def log(self, build):
        where = build["logs"]
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=where["groupName"], logStreamNames=[where["streamName"]])
        return "".join(event["message"] for page in found for event in page["events"])

    def bucket(self, name="artifacts", versioned=False):
        name, s3 = f"{name}-{self.account}", self.client("s3")
        s3.create_bucket(Bucket=name)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def upload(self, bucket, key, files):
        return self.client("s3").put_object(Bucket=bucket, Key=key, Body=zip_of(files))

    def keys(self, bucket):
        return sorted(one["Key"] for one in self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []))


def phase(build, name):
    return next(one for one in build["phases"] if one["phaseType"] == name)


def statuses(build):
    return {one["phaseType"]: one.get("phaseStatus") for one in build["phases"]}


def contexts(build, name):
    return phase(build, name)["contexts"]
