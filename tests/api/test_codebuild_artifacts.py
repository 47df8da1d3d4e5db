"""What goes into a build and what comes out of it: sources, artifacts, reports."""

import hashlib
import io
import re
import time
import zipfile

import pytest

from building import Builder, buildspec, contexts, phase, statuses
from delivery import write_files
from iam_words import allow

JUNIT = """<testsuite name="suite">
  <testcase classname="pkg.Class" name="test_good" time="0.25"/>
  <testcase classname="pkg.Class" name="test_bad" time="0.5"><failure message="expected 1">trace</failure></testcase>
  <testcase classname="pkg.Class" name="test_later" time="0"><skipped/></testcase>
</testsuite>"""


@pytest.fixture
def builder(aws, account):
    return Builder(aws, account)


def stored(builder, bucket, key):
    return builder.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def names_in(data):
    return sorted(zipfile.ZipFile(io.BytesIO(data)).namelist())


# ---- Artifacts ----

FORBIDDEN = re.compile(r"\n\tstatus code: 403, request id: [^, ]+, host id: [A-Za-z0-9+/]+=*( for |$)")
MAKE = ["mkdir -p out/deep", "echo a > out/a.txt", "echo b > out/deep/b.txt", "echo c > out/c.log"]


def built(builder, artifacts, wanted=None, **more):
    """(bucket, build) of a build that makes some files and stores what its buildspec's artifacts say."""
    bucket = builder.bucket()
    project = {"artifacts": {"type": "S3", "location": bucket, **(wanted or {})}, **more}
    return bucket, builder.built(buildspec(build=MAKE, artifacts=artifacts), project=project)


@pytest.mark.parametrize(
    "artifacts,keys",
    [
        ({"files": ["out/a.txt"]}, ["app/out/a.txt"]),
        ({"files": ["**/*"]}, ["app/out/a.txt", "app/out/c.log", "app/out/deep/b.txt"]),
        ({"files": ["out/*"]}, ["app/out/a.txt", "app/out/c.log"]),
        ({"files": ["**/*"], "base-directory": "out"}, ["app/a.txt", "app/c.log", "app/deep/b.txt"]),
        ({"files": ["**/*.txt"], "base-directory": "out", "discard-paths": "yes"}, ["app/a.txt", "app/b.txt"]),
        ({"files": ["**/*"], "base-directory": "out", "exclude-paths": ["**/*.log", "deep/*"]}, ["app/a.txt"]),
        ({"files": ["**/*.txt"], "base-directory": "o*t"}, ["app/a.txt", "app/deep/b.txt"]),
    ],
)
def test_artifacts_are_the_files_that_the_buildspec_chooses(builder, artifacts, keys):
    bucket, build = built(builder, artifacts)
    assert build["buildStatus"] == "SUCCEEDED" and builder.keys(bucket) == keys


def test_a_folder_of_artifacts_has_a_place_and_no_sums(builder):
    bucket, build = built(builder, {"files": ["out/a.txt"]})
    place = f"arn:aws:s3:::{bucket}/app"
    assert build["artifacts"] == {"location": place, "encryptionDisabled": False, "md5sum": "", "sha256sum": ""}
    assert stored(builder, bucket, "app/out/a.txt") == b"a\n"


def test_a_zip_of_artifacts_has_its_sums(builder):
    bucket, build = built(builder, {"files": ["**/*"], "base-directory": "out"}, {"packaging": "ZIP", "name": "app.zip", "path": "builds"})
    data = stored(builder, bucket, "builds/app.zip")
    assert names_in(data) == ["a.txt", "c.log", "deep/b.txt"]
    assert build["artifacts"] == {
        "location": f"arn:aws:s3:::{bucket}/builds/app.zip",
        "encryptionDisabled": False,
        "md5sum": hashlib.md5(data).hexdigest(),
        "sha256sum": hashlib.sha256(data).hexdigest(),
    }


def test_a_build_shows_the_place_of_its_artifacts_from_the_start(builder):
    builder.project(artifacts={"type": "S3", "location": "bucket", "path": "/some/path/", "name": "x.zip", "packaging": "ZIP"})
    assert builder.start()["artifacts"] == {"location": "arn:aws:s3:::bucket/some/path/x.zip", "encryptionDisabled": False}


def test_the_build_id_may_stand_in_the_key(builder):
    bucket, build = built(builder, {"files": ["out/a.txt"]}, {"namespaceType": "BUILD_ID", "path": "p"})
    assert builder.keys(bucket) == [f"p/{build['id'].split(':')[1]}/app/out/a.txt"]


def test_a_slash_for_a_name_means_the_root_of_the_bucket(builder):
    bucket, _ = built(builder, {"files": ["out/a.txt"]}, {"name": "/"})
    assert builder.keys(bucket) == ["out/a.txt"]


def test_the_buildspecs_name_counts_where_the_project_says_so(builder):
    bucket, build = built(builder, {"files": ["out/a.txt"], "name": "v$((1 + 1))"}, {"overrideArtifactName": True})
    assert builder.keys(bucket) == ["v2/out/a.txt"] and build["artifacts"]["overrideArtifactName"] is True
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{bucket}/v2"


def test_the_projects_name_counts_otherwise(builder):
    bucket, _ = built(builder, {"files": ["out/a.txt"], "name": "other"})
    assert builder.keys(bucket) == ["app/out/a.txt"]


def test_secondary_artifacts_go_to_places_of_their_own(builder):
    other = builder.bucket("other")
    secondary = [
        {"type": "S3", "location": other, "artifactIdentifier": "logs", "packaging": "ZIP", "name": "logs.zip"},
        {"type": "S3", "location": other, "artifactIdentifier": "texts"},
    ]
    chosen = {"files": ["out/a.txt"], "secondary-artifacts": {"logs": {"files": ["out/*.log"]}, "texts": {"files": ["**/*.txt"], "discard-paths": "yes"}}}
    bucket, build = built(builder, chosen, secondaryArtifacts=secondary)
    assert builder.keys(bucket) == ["app/out/a.txt"]
    assert builder.keys(other) == ["logs.zip", "texts/a.txt", "texts/b.txt"]
    shown = {one["artifactIdentifier"]: one for one in build["secondaryArtifacts"]}
    assert shown["logs"]["location"] == f"arn:aws:s3:::{other}/logs.zip" and len(shown["logs"]["sha256sum"]) == 64
    assert shown["texts"] == {
        "artifactIdentifier": "texts", "location": f"arn:aws:s3:::{other}/texts", "encryptionDisabled": False, "md5sum": "", "sha256sum": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "artifacts,message",
    [
        ({"files": ["none/*"]}, "no matching artifact paths found"),
        ({"files": ["*"], "base-directory": "dist"}, "no matching base directory path found for dist"),
    ],
)
def test_artifacts_that_are_not_there_fail_the_upload(builder, artifacts, message):
    _, build = built(builder, artifacts)
    assert build["buildStatus"] == "FAILED"
    assert contexts(build, "UPLOAD_ARTIFACTS") == [{"statusCode": "CLIENT_ERROR", "message": message}]


def test_a_role_that_may_not_store_artifacts_fails_the_upload(builder, account):
    builder.permit(allow("logs:*"))
    _, build = built(builder, {"files": ["out/a.txt"]})
    (context,) = contexts(build, "UPLOAD_ARTIFACTS")
    assert build["buildStatus"] == "FAILED" and context["statusCode"] == "CLIENT_ERROR"
    assert context["message"].startswith("Error in UPLOAD_ARTIFACTS phase: AccessDenied: User: ")
    assert f"arn:aws:s3:::artifacts-{account}/app/out/a.txt" in context["message"] and FORBIDDEN.search(context["message"])


def test_a_project_without_artifacts_stores_none(builder):
    build = builder.built(buildspec(artifacts={"files": ["none"]}))
    assert build["buildStatus"] == "SUCCEEDED" and build["artifacts"] == {"location": ""}


def test_artifacts_may_be_overridden(builder):
    bucket = builder.bucket()
    builder.project_of(buildspec(build=MAKE, artifacts={"files": ["out/a.txt"]}))
    build = builder.built(artifactsOverride={"type": "S3", "location": bucket, "name": "other"})
    assert build["buildStatus"] == "SUCCEEDED" and builder.keys(bucket) == ["other/out/a.txt"]


# ---- Sources in S3 ----

SHOW = buildspec(build=["cat page.txt", "env | grep ^CODEBUILD_ | sort"])


def test_a_source_in_s3_is_unpacked(builder):
    bucket = builder.bucket("sources", versioned=True)
    first = builder.upload(bucket, "in/app.zip", {"page.txt": "one\n", "buildspec.yml": SHOW})["VersionId"]
    builder.project(source={"type": "S3", "location": f"{bucket}/in/app.zip"})
    build = builder.built()
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED" and "\none\n" in log
    assert f"CODEBUILD_SOURCE_REPO_URL=s3://{bucket}/in/app.zip\n" in log and f"CODEBUILD_SOURCE_VERSION={first}\n" in log
    assert "CODEBUILD_RESOLVED_SOURCE_VERSION" not in log and "resolvedSourceVersion" not in build


def test_a_source_version_is_the_objects(builder):
    bucket = builder.bucket("sources", versioned=True)
    first = builder.upload(bucket, "app.zip", {"page.txt": "one\n", "buildspec.yml": SHOW})["VersionId"]
    builder.upload(bucket, "app.zip", {"page.txt": "two\n", "buildspec.yml": SHOW})
    builder.project(source={"type": "S3", "location": f"arn:aws:s3:::{bucket}/app.zip"})
    build = builder.built(sourceVersion=first)
    assert "\none\n" in builder.log(build) and build["sourceVersion"] == first


def test_a_buildspec_may_have_a_path_of_its_own(builder):
    bucket = builder.bucket("sources")
    builder.upload(bucket, "app.zip", {"page.txt": "one\n", "ci/build.yml": SHOW})
    builder.project(source={"type": "S3", "location": f"{bucket}/app.zip", "buildspec": "ci/build.yml"})
    assert builder.built()["buildStatus"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "named,message",
    [({}, "YAML file does not exist"), ({"buildspec": "ci/build.yml"}, "stat /codebuild/output/src/src/ci/build.yml: no such file or directory")],
)
def test_a_missing_buildspec_is_told(builder, named, message):
    bucket = builder.bucket("sources")
    builder.upload(bucket, "app.zip", {"page.txt": "one\n"})
    builder.project(source={"type": "S3", "location": f"{bucket}/app.zip", **named})
    assert contexts(builder.built(), "DOWNLOAD_SOURCE") == [{"statusCode": "YAML_FILE_ERROR", "message": message}]


def test_a_source_that_is_not_there_fails_the_download(builder):
    bucket = builder.bucket("sources")
    builder.project(source={"type": "S3", "location": f"{bucket}/none.zip"})
    build = builder.built()
    (context,) = contexts(build, "DOWNLOAD_SOURCE")
    assert build["buildStatus"] == "FAILED" and context["statusCode"] == "CLIENT_ERROR"
    assert context["message"].startswith("error while downloading key none.zip, error: NoSuchKey: The specified key does not exist.\n\tstatus code: 404, request id: ")
    assert context["message"].endswith(f" for primary source and source version arn:aws:s3:::{bucket}/none.zip")


def test_a_role_that_may_not_read_the_source_fails_the_download(builder):
    bucket = builder.bucket("sources")
    builder.upload(bucket, "app.zip", {"buildspec.yml": SHOW})
    builder.project(source={"type": "S3", "location": f"{bucket}/app.zip"})
    builder.permit(allow("logs:*"))
    (context,) = contexts(builder.built(), "DOWNLOAD_SOURCE")
    assert context["statusCode"] == "CLIENT_ERROR"
    assert context["message"].startswith("error while downloading key app.zip, error: AccessDenied: User: ")
    assert FORBIDDEN.search(context["message"])


# ---- Sources in CodeCommit ----


@pytest.fixture
def repository(builder, server, account, tmp_path):
    """(clone URL as AWS has it, folder): three commits on main, the tag v1 at the first of them."""
    url = builder.client("codecommit").create_repository(repositoryName="code")["repositoryMetadata"]["cloneUrlHttp"]
    environment = server.environment(key=account)

    def git(*words):
        identity = ["-c", "user.name=Developer", "-c", "user.email=developer@example.com"]
        return server.run("git", *identity, *words, cwd=tmp_path, env=environment).stdout.strip()

    git("init", "-q", "-b", "main")
    for page in ("one", "two", "three"):
        write_files(tmp_path, {"page.txt": page + "\n", "buildspec.yml": SHOW})
        git("add", "-A")
        git("commit", "-q", "-m", page)
    git("tag", "v1", "main~2")
    git("branch", "side", "main~1")
    password = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "0" * 64  # whoever's number is the key: only the form counts
    git("push", "-q", f"http://{account}:{password}@127.0.0.1:{server.port}/v1/repos/code", "main", "side", "v1")
    return url, git


@pytest.mark.parametrize(
    "version,page,revision",
    [("", "three", "main"), ("main", "three", "main"), ("refs/heads/side", "two", "side"), ("v1", "one", "v1"), ("refs/tags/v1", "one", "v1")],
)
def test_a_branch_or_a_tag_of_a_repository_is_built(builder, repository, version, page, revision):
    url, git = repository
    commit = git("rev-parse", revision)
    builder.project(source={"type": "CODECOMMIT", "location": url}, **({"sourceVersion": version} if version else {}))
    build = builder.built()
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED" and f"\n{page}\n" in log and build["resolvedSourceVersion"] == commit
    assert f"CODEBUILD_RESOLVED_SOURCE_VERSION={commit}\n" in log and f"CODEBUILD_SOURCE_REPO_URL={url}\n" in log


def test_a_commit_of_a_repository_is_built(builder, repository):
    url, git = repository
    commit = git("rev-parse", "main~1")
    builder.project(source={"type": "CODECOMMIT", "location": url})
    build = builder.built(sourceVersion=commit)
    assert "\ntwo\n" in builder.log(build) and build["sourceVersion"] == build["resolvedSourceVersion"] == commit


def test_a_source_from_a_repository_has_its_history(builder, repository):
    url, git = repository
    spec = buildspec(build=["git rev-parse HEAD", "git log --format=%s", "git describe --tags", "git remote get-url origin", "git status --short | wc -l"])
    builder.project(source={"type": "CODECOMMIT", "location": url, "buildspec": spec})
    build = builder.built()
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert git("rev-parse", "main") in log and "\nthree\ntwo\none\n" in log and "\nv1-2-g" in log and f"\n{url}\n" in log and "\n0\n" in log


def test_a_clones_depth_is_the_one_asked_for(builder, repository):
    url, _ = repository
    spec = buildspec(build=["git log --format=%s"])
    builder.project(source={"type": "CODECOMMIT", "location": url, "buildspec": spec, "gitCloneDepth": 2})
    assert "\nthree\ntwo\n\n" in builder.log(builder.built())
    assert "\nthree\n\n" in builder.log(builder.built(gitCloneDepthOverride=1))


@pytest.mark.parametrize(
    "repository_name,version,message",
    [
        ("code", "none", "reference not found for primary source and source version none"),
        ("none", "main", "repository not found for primary source and source version main"),
    ],
)
def test_a_repository_or_branch_that_is_not_there_fails_the_download(builder, repository, repository_name, version, message):
    url, _ = repository
    builder.project(source={"type": "CODECOMMIT", "location": url.replace("/code", f"/{repository_name}")})
    build = builder.built(sourceVersion=version)
    assert contexts(build, "DOWNLOAD_SOURCE") == [{"statusCode": "CLIENT_ERROR", "message": message}]


# ---- Reports ----


@pytest.fixture
def tested(builder):
    """A build with a report of three test cases."""
    write = f"cat > unit.xml <<'END'\n{JUNIT}\nEND"
    return builder.built(buildspec(build=[write], reports={"unit": {"files": ["unit.xml"], "file-format": "JUNITXML"}}))


def test_a_report_is_made_of_junit_files(builder, tested, account):
    (arn,) = tested["reportArns"]
    (report,) = builder.codebuild.batch_get_reports(reportArns=[arn])["reports"]
    created, expired = report.pop("created"), report.pop("expired")
    assert 30 * 86400 - 1 <= (expired - created).total_seconds() <= 30 * 86400 and expired.microsecond == 0
    assert report == {
        "arn": arn,
        "type": "TEST",
        "name": "app-unit",
        "reportGroupArn": f"arn:aws:codebuild:us-east-1:{account}:report-group/app-unit",
        "executionId": tested["arn"],
        "status": "FAILED",
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
        "truncated": False,
        "testSummary": {
            "total": 3,
            "statusCounts": {"ERROR": 0, "FAILED": 1, "SKIPPED": 1, "SUCCEEDED": 1, "UNKNOWN": 0},
            "durationInNanoSeconds": 750000000,
        },
    }


def test_failed_test_cases_alone_do_not_fail_a_build(tested):
    assert tested["buildStatus"] == "SUCCEEDED"


def test_test_cases_are_described(builder, tested):
    (arn,) = tested["reportArns"]
    cases = builder.codebuild.describe_test_cases(reportArn=arn)["testCases"]
    assert [case["name"] for case in cases] == ["test_good", "test_bad", "test_later"]
    bad = cases[1]
    assert bad.pop("expired")
    assert bad == {
        "reportArn": arn,
        "testRawDataPath": "unit.xml",
        "prefix": "pkg.Class",
        "name": "test_bad",
        "status": "FAILED",
        "durationInNanoSeconds": 500000000,
        "message": "expected 1\ntrace",
        "testSuiteName": "suite",
    }


def test_a_reports_paths_may_be_discarded(builder):
    write = f"mkdir -p a/b && cat > a/b/unit.xml <<'END'\n{JUNIT}\nEND"
    build = builder.built(buildspec(build=[write], reports={"unit": {"files": ["**/*.xml"], "discard-paths": "yes"}}))
    cases = builder.codebuild.describe_test_cases(reportArn=build["reportArns"][0])["testCases"]
    assert {case["testRawDataPath"] for case in cases} == {"unit.xml"}


def test_test_cases_are_filtered(builder, tested):
    (arn,) = tested["reportArns"]

    def found(**wanted):
        return [case["name"] for case in builder.codebuild.describe_test_cases(reportArn=arn, filter=wanted)["testCases"]]

    assert found(status="FAILED") == ["test_bad"] and found(keyword="late") == ["test_later"] and found(status="ERROR") == []


def test_test_cases_have_pages(builder, tested):
    (arn,) = tested["reportArns"]
    pages = list(builder.codebuild.get_paginator("describe_test_cases").paginate(reportArn=arn, PaginationConfig={"PageSize": 2}))
    assert [[case["name"] for case in page["testCases"]] for page in pages] == [["test_good", "test_bad"], ["test_later"]]


def test_reports_are_listed_and_filtered(builder, tested, account):
    group = f"arn:aws:codebuild:us-east-1:{account}:report-group/app-unit"
    again = builder.ended(builder.start())
    newest_first = [*again["reportArns"], *tested["reportArns"]]
    assert builder.codebuild.list_reports()["reports"] == newest_first
    assert builder.codebuild.list_reports_for_report_group(reportGroupArn=group, sortOrder="ASCENDING")["reports"] == newest_first[::-1]
    assert builder.codebuild.list_reports(filter={"status": "SUCCEEDED"})["reports"] == []


def test_a_report_groups_trend_is_of_its_last_reports(builder, tested, account):
    group = f"arn:aws:codebuild:us-east-1:{account}:report-group/app-unit"
    good = "cat > unit.xml <<'END'\n<testsuite><testcase name='a' time='1'/></testsuite>\nEND"
    override = buildspec(build=[good], reports={"unit": {"files": ["unit.xml"], "file-format": "JUNITXML"}})
    last = builder.ended(builder.start(buildspecOverride=override))["reportArns"][0]
    trend = builder.codebuild.get_report_group_trend(reportGroupArn=group, trendField="TOTAL")
    assert trend["stats"] == {"average": "2.0", "max": "3.0", "min": "1.0"}
    assert trend["rawData"] == [{"reportArn": last, "data": "1.0"}, {"reportArn": tested["reportArns"][0], "data": "3.0"}]
    assert builder.codebuild.get_report_group_trend(reportGroupArn=group, trendField="PASS_RATE")["stats"]["max"] == "100.0"
    longest = builder.codebuild.get_report_group_trend(reportGroupArn=group, trendField="DURATION", numOfReports=1)
    assert longest["rawData"] == [{"reportArn": last, "data": "1000000000.0"}]


def test_a_report_may_name_a_group_by_its_arn(builder):
    group = builder.codebuild.create_report_group(name="shared", type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"})["reportGroup"]["arn"]
    write = f"cat > unit.xml <<'END'\n{JUNIT}\nEND"
    build = builder.built(buildspec(build=[write], reports={group: {"files": ["*.xml"]}}))
    assert build["reportArns"][0].startswith(group.replace("report-group/", "report/") + ":")


def test_a_deleted_report_is_gone_with_its_cases(builder, tested):
    (arn,) = tested["reportArns"]
    builder.codebuild.delete_report(arn=arn)
    assert builder.codebuild.batch_get_reports(reportArns=[arn])["reportsNotFound"] == [arn]
    with pytest.raises(builder.codebuild.exceptions.ResourceNotFoundException):
        builder.codebuild.describe_test_cases(reportArn=arn)


def test_a_report_group_with_reports_is_deleted_only_on_demand(builder, tested, account):
    group = f"arn:aws:codebuild:us-east-1:{account}:report-group/app-unit"
    with pytest.raises(builder.codebuild.exceptions.InvalidInputException):
        builder.codebuild.delete_report_group(arn=group)
    builder.codebuild.delete_report_group(arn=group, deleteReports=True)
    assert builder.codebuild.list_reports()["reports"] == [] and builder.codebuild.list_report_groups()["reportGroups"] == []


def test_a_report_without_files_fails_the_upload(builder):
    build = builder.built(buildspec(reports={"unit": {"files": ["none.xml"]}}))
    message = "Error in UPLOAD_ARTIFACTS phase: [unit: [report files not found in build]]"
    assert build["buildStatus"] == "FAILED" and contexts(build, "UPLOAD_ARTIFACTS") == [{"statusCode": "CLIENT_ERROR", "message": message}]


def test_a_failed_build_still_has_its_report(builder):
    write = f"cat > unit.xml <<'END'\n{JUNIT}\nEND"
    build = builder.built(buildspec(build=[write, "false"], reports={"unit": {"files": ["unit.xml"]}}))
    assert statuses(build)["BUILD"] == "FAILED" and len(build["reportArns"]) == 1
    assert phase(build, "UPLOAD_ARTIFACTS")["phaseStatus"] == "SUCCEEDED"


@pytest.mark.parametrize("missing", ["codebuild:CreateReportGroup", "codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPutTestCases"])
def test_a_role_that_may_not_report_fails_the_upload(builder, account, missing):
    actions = {"codebuild:CreateReportGroup", "codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPutTestCases"}
    builder.permit(allow(["logs:*", *sorted(actions - {missing})]))
    write = f"cat > unit.xml <<'END'\n{JUNIT}\nEND"
    build = builder.built(buildspec(build=[write], reports={"unit": {"files": ["unit.xml"]}}))
    (context,) = contexts(build, "UPLOAD_ARTIFACTS")
    assert build["buildStatus"] == "FAILED" and context["statusCode"] == "CLIENT_ERROR"
    assert missing in context["message"] and f"arn:aws:codebuild:us-east-1:{account}:report-group/app-unit" in context["message"]
