"""Version 2 of the AWS CLI as people use it: what only it has (`logs tail`, `ddb`, YAML), and what it does otherwise than version 1, which the other tests use."""

import contextlib
import json
import os
import subprocess
import time
import urllib.request
from datetime import UTC, datetime

import pytest
from codedeploy_world import World, appspec, script
from delivery import IMAGE

from harness import AWS_CLI_2, clean_environment, free_port, program

GROUP = "/app/web"
SERVICE_ERROR, OTHER_ERROR = 254, 255
PART_BYTES = 8 * 1024 * 1024
MOST_EVENTS_OF_A_CALL = 10_000
DEVELOPER = ["-c", "user.name=Developer", "-c", "user.email=developer@example.com"]


@pytest.fixture
def environment(server, account):
    """As root of this test's account, with version 2 first in PATH."""
    usual = server.environment(key=account)
    return {**usual, "PATH": f"{AWS_CLI_2}:{usual['PATH']}"}


@pytest.fixture
def cli(server, environment):
    """cli("s3", "ls") returns what version 2 of the CLI prints."""
    return lambda *words, **more: server.run("aws", *words, **{"env": environment, **more}).stdout


@pytest.fixture
def fails(server, environment):
    """fails("s3", "ls", …) is the exit status, and what is said on standard error."""

    def run(*words, **more):
        done = server.run("aws", *words, **{"env": environment, **more}, check=False)
        return done.returncode, done.stderr.strip()

    return run


@pytest.fixture
def bucket(aws, account):
    aws("s3").create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


def test_the_exports_of_rehearse_env_are_all_it_needs(start_server, environment):
    plane = start_server()
    command = f'eval "$({program()} env --port {plane.port})" && aws sts get-caller-identity --query Arn --output text'
    alone = clean_environment(PATH=environment["PATH"])
    done = subprocess.run(["sh", "-c", command], env=alone, capture_output=True, text=True, timeout=60)
    assert done.stdout == "arn:aws:iam::000000000000:root\n", done.stderr


# ---- logs tail ----


class Group:
    """A log group whose events are told by their distance from a moment of a minute ago."""

    def __init__(self, logs):
        self.logs, self.moment_ms = logs, int(time.time() - 60) * 1000 + 250
        logs.create_log_group(logGroupName=GROUP)

    def write(self, stream, *messages, at_ms=0, step_ms=1000):
        with contextlib.suppress(self.logs.exceptions.ResourceAlreadyExistsException):
            self.logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = [{"timestamp": self.moment_ms + at_ms + i * step_ms, "message": message} for i, message in enumerate(messages)]
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)

    def shown(self, at_ms):
        """How a moment is shown."""
        return datetime.fromtimestamp((self.moment_ms + at_ms) / 1000, UTC).isoformat(timespec="microseconds")


@pytest.fixture
def group(aws):
    return Group(aws("logs"))


def test_a_tail_shows_all_streams_by_time(cli, group):
    group.write("web-2", "second", "fourth", at_ms=1000, step_ms=2000)
    group.write("web-1", "first", "third", step_ms=2000)
    lines = [f"{group.shown(0)} web-1 first", f"{group.shown(1000)} web-2 second", f"{group.shown(2000)} web-1 third", f"{group.shown(3000)} web-2 fourth"]
    assert cli("logs", "tail", GROUP).splitlines() == lines


def test_a_tail_goes_back_ten_minutes_or_as_far_as_it_is_told(cli, group):
    group.write("web-1", "old", at_ms=-1_800_000)
    group.write("web-1", "new")
    told = [cli("logs", "tail", GROUP, "--format", "short", *words).split() for words in ((), ("--since", "1h"), ("--since", "1s"))]
    assert [words[1::2] for words in told] == [["new"], ["old", "new"], []]


def test_a_tail_lays_out_messages_that_are_json(cli, group):
    group.write("web-1", '{"level":"INFO"}', "plain")
    assert cli("logs", "tail", GROUP, "--format", "json") == f'{group.shown(0)} web-1 \n{{\n    "level": "INFO"\n}}\n{group.shown(1000)} web-1 plain\n'


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--filter-pattern", "ERROR -ignored"], ["ERROR web", "ERROR db"]),
        (["--filter-pattern", '{ $.level = "WARN" }'], ['{"level":"WARN"}']),
        (["--log-stream-names", "db", "web-2"], ["ERROR db", "ERROR ignored"]),
        (["--log-stream-name-prefix", "web"], ["ERROR web", "ERROR ignored", '{"level":"WARN"}']),
    ],
)
def test_a_tail_shows_what_it_is_asked_for(cli, group, words, expected):
    group.write("web-1", "ERROR web")
    group.write("db", "ERROR db", at_ms=1000)
    group.write("web-2", "ERROR ignored", at_ms=2000)
    group.write("web-1", '{"level":"WARN"}', at_ms=3000)
    lines = cli("logs", "tail", GROUP, *words).splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == expected


def test_a_tail_of_more_events_than_a_call_tells_shows_all(cli, group):
    group.write("web-1", *[f"{i}" for i in range(0, MOST_EVENTS_OF_A_CALL + 20, 2)], step_ms=2)
    group.write("web-2", *[f"{i}" for i in range(1, MOST_EVENTS_OF_A_CALL + 20, 2)], at_ms=1, step_ms=2)
    lines = cli("logs", "tail", GROUP, "--format", "short").splitlines()
    assert [int(line.split()[1]) for line in lines] == list(range(MOST_EVENTS_OF_A_CALL + 20))


def test_a_tail_that_follows_shows_once_what_is_written_meanwhile(group, environment):
    group.write("web-1", "before")
    command = ["timeout", "60", "aws", "logs", "tail", GROUP, "--follow", "--format", "short"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as tail:
        try:
            shown = [tail.stdout.readline().split()[1]]
            group.write("web-2", "of the same moment")
            group.write("web-1", "after", at_ms=1000)
            shown += [tail.stdout.readline().split(" ", 1)[1].strip() for _ in range(2)]
        finally:
            tail.terminate()
        rest = tail.stdout.read()
    assert (shown, rest) == (["before", "of the same moment", "after"], "")


def test_a_tail_of_an_unknown_group_says_so(fails):
    message = "An error occurred (ResourceNotFoundException) when calling the FilterLogEvents operation: The specified log group does not exist."
    assert fails("logs", "tail", "/no/such/group") == (SERVICE_ERROR, message)


# ---- S3 ----


def test_a_tree_goes_up_comes_back_and_is_removed(cli, bucket, tmp_path):
    tree = tmp_path / "tree"
    for name, content in {"a.txt": b"a", "sub/ä ö+&=.txt": b"odd", "big": os.urandom(PART_BYTES + 1)}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    cli("s3", "sync", tree, f"s3://{bucket}/tree", "--no-progress")
    cli("s3", "sync", f"s3://{bucket}/tree", tmp_path / "back", "--no-progress")
    subprocess.run(["diff", "-r", tree, tmp_path / "back"], check=True)
    assert cli("s3", "sync", tree, f"s3://{bucket}/tree", "--no-progress") == ""
    assert len(cli("s3", "rm", f"s3://{bucket}", "--recursive").splitlines()) == 3
    assert cli("s3", "rb", f"s3://{bucket}") == f"remove_bucket: {bucket}\n"


def test_a_file_in_parts_has_the_checksum_of_the_whole(cli, aws, bucket, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(2 * PART_BYTES + 1))
    cli("s3", "cp", tmp_path / "big", f"s3://{bucket}/parts", "--no-progress")
    at_once = json.loads(cli("s3api", "put-object", "--bucket", bucket, "--key", "whole", "--body", tmp_path / "big"))
    in_parts = aws("s3").head_object(Bucket=bucket, Key="parts", ChecksumMode="ENABLED")
    assert in_parts["ETag"].endswith('-3"')
    assert (in_parts["ChecksumType"], in_parts["ChecksumCRC64NVME"]) == ("FULL_OBJECT", at_once["ChecksumCRC64NVME"])


def test_its_other_transfer_client_brings_a_file_there_and_back(server, cli, environment, bucket, tmp_path):
    (tmp_path / "config").write_text("[default]\ns3 =\n  preferred_transfer_client = crt\n")
    (tmp_path / "big").write_bytes(os.urandom(2 * PART_BYTES + 1))
    more = {"env": {**environment, "AWS_CONFIG_FILE": str(tmp_path / "config")}}
    words = ["--no-progress", "--endpoint-url", server.url]  # without the option it would speak TLS
    cli("s3", "cp", tmp_path / "big", f"s3://{bucket}/big", *words, **more)
    cli("s3", "cp", f"s3://{bucket}/big", tmp_path / "back", *words, **more)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()


def test_a_copy_in_parts_keeps_tags_and_metadata(cli, aws, bucket):
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="big", Body=bytes(PART_BYTES + 1), Tagging="team=blue", Metadata={"answer": "42"}, ContentLanguage="de")
    cli("s3", "cp", f"s3://{bucket}/big", f"s3://{bucket}/copy", "--no-progress")
    copy = s3.head_object(Bucket=bucket, Key="copy")
    assert (copy["ETag"].endswith('-2"'), copy["Metadata"], copy["ContentLanguage"]) == (True, {"answer": "42"}, "de")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "team", "Value": "blue"}]


def test_a_presigned_address_needs_no_keys(cli, aws, bucket):
    aws("s3").put_object(Bucket=bucket, Key="a b", Body=b"open")
    with urllib.request.urlopen(cli("s3", "presign", f"s3://{bucket}/a b", "--expires-in", "60").strip()) as reply:
        assert reply.read() == b"open"


# ---- Deliveries ----


def test_git_clones_and_pushes_with_its_credential_helper(server, cli, environment, tmp_path):
    made = json.loads(cli("codecommit", "create-repository", "--repository-name", "app"))["repositoryMetadata"]
    settings = {"credential.helper": "!aws codecommit credential-helper --ignore-host-check $@", "credential.UseHttpPath": "true"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    isolated = {**environment, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
    server.run("git", *options, "clone", "-q", made["cloneUrlHttp"], tmp_path / "clone", env=isolated)
    git = ["git", *options, *DEVELOPER, "-C", tmp_path / "clone"]
    server.run(*git, "commit", "-q", "--allow-empty", "-m", "First", env=isolated)
    server.run(*git, "push", "-q", "origin", "HEAD:main", env=isolated)
    commit = server.run(*git, "rev-parse", "HEAD").stdout
    assert cli("codecommit", "get-branch", "--repository-name", "app", "--branch-name", "main", "--query", "branch.commitId", "--output", "text") == commit


def test_a_folder_is_pushed_as_a_revision_and_deployed(cli, aws, tmp_path):
    world = World(aws)
    world.instances()
    world.group()
    (tmp_path / "appspec.yml").write_text(appspec({"ValidateService": "check.sh"}, files="  []"))
    (tmp_path / "check.sh").write_text(script("exit 0"))
    pushed = cli("deploy", "push", "--application-name", "app", "--s3-location", f"s3://{world.bucket}/app.zip", "--source", tmp_path)
    suggested = pushed.splitlines()[1].split(" --deployment-group-name")[0].split()[1:]
    made = json.loads(cli(*suggested, "--deployment-group-name", "group"))["deploymentId"]
    assert world.finish(made)["status"] == "Succeeded"
    cli("deploy", "wait", "deployment-successful", "--deployment-id", made)


def test_it_waits_until_instances_run(cli):
    made = json.loads(cli("ec2", "run-instances", "--image-id", IMAGE, "--instance-type", "t3.micro"))["Instances"][0]["InstanceId"]
    cli("ec2", "wait", "instance-running", "--instance-ids", made)
    query = ["--query", "Reservations[].Instances[].State.Name", "--output", "text"]
    assert cli("ec2", "describe-instances", "--instance-ids", made, *query) == "running\n"


# ---- DynamoDB; input and output ----


@pytest.fixture
def table(cli, tmp_path):
    """A table made from a YAML document."""
    (tmp_path / "table.yaml").write_text(
        "TableName: items\n"
        "KeySchema: [{AttributeName: id, KeyType: HASH}]\n"
        "AttributeDefinitions:\n  - AttributeName: id\n    AttributeType: S\n"
        "BillingMode: PAY_PER_REQUEST\n"
    )
    cli("dynamodb", "create-table", "--cli-input-yaml", f"file://{tmp_path}/table.yaml")
    cli("dynamodb", "wait", "table-exists", "--table-name", "items")
    return "items"


def test_a_table_made_from_yaml_is_shown_as_yaml(cli, table):
    query = "Table.{Name: TableName, Keys: KeySchema, Items: ItemCount}"
    shown = cli("dynamodb", "describe-table", "--table-name", table, "--query", query, "--output", "yaml")
    assert shown == "Items: 0\nKeys:\n- AttributeName: id\n  KeyType: HASH\nName: items\n"


def test_binary_values_are_base64_in_both_directions(cli, aws, table):
    cli("dynamodb", "put-item", "--table-name", table, "--item", '{"id": {"S": "1"}, "b": {"B": "AP8="}}')
    assert aws("dynamodb").get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]["b"]["B"] == b"\x00\xff"
    assert json.loads(cli("dynamodb", "get-item", "--table-name", table, "--key", '{"id": {"S": "1"}}'))["Item"]["b"] == {"B": "AP8="}


def test_long_answers_are_continued_by_a_token(cli, aws, table):
    for i in range(5):
        aws("dynamodb").put_item(TableName=table, Item={"id": {"S": f"{i}"}})
    words = ["dynamodb", "scan", "--table-name", table, "--page-size", "1", "--max-items", "3"]
    first = json.loads(cli(*words))
    second = json.loads(cli(*words, "--starting-token", first["NextToken"]))
    assert [len(page["Items"]) for page in (first, second)] == [3, 2]
    assert sorted(item["id"]["S"] for page in (first, second) for item in page["Items"]) == ["0", "1", "2", "3", "4"]


def test_ddb_writes_and_selects_items(cli, table):
    cli("ddb", "put", table, "[{id: one, n: 1}, {id: two, n: 2, tags: [a, b]}]")
    assert cli("ddb", "select", table, "--filter", "n > 1", "--projection", "id, tags") == "Count: 1\nItems:\n- id: two\n  tags:\n  - a\n  - b\nScannedCount: 2\n"


def test_a_table_on_the_screen_has_lines(cli, account):
    shown = cli("sts", "get-caller-identity", "--output", "table", "--query", "{Account: Account}")
    assert shown == f"-----------------------------\n|     GetCallerIdentity     |\n+----------+----------------+\n|  Account |  {account}  |\n+----------+----------------+\n"


def test_moments_are_told_in_iso_8601(cli, aws):
    aws("logs").create_log_group(logGroupName=GROUP)
    cli("iam", "create-user", "--user-name", "alice")
    made = datetime.fromisoformat(json.loads(cli("iam", "get-user", "--user-name", "alice"))["User"]["CreateDate"])
    assert abs(made.timestamp() - time.time()) < 60 and made.tzname() == "UTC"


# ---- Mistakes ----


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("s3 ls s3://no-such-bucket-of-mine", SERVICE_ERROR, "(NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist"),
        ("s3 cp s3://no-such-bucket-of-mine/key .", 1, "fatal error: An error occurred (404) when calling the HeadObject operation: Key \"key\" does not exist"),
        ("kms create-key", SERVICE_ERROR, "(NotImplemented) when calling the CreateKey operation: kms:CreateKey is modelled but not built."),
        ("iam get-user --user-name nobody", SERVICE_ERROR, "(NoSuchEntity) when calling the GetUser operation: The user with name nobody cannot be found."),
        ("iam create-user --user-name a/b", SERVICE_ERROR, "(ValidationError) when calling the CreateUser operation: The specified value for userName is invalid."),
    ],
)
def test_a_mistake_has_its_exit_status_and_words(fails, words, status, said):
    done = fails(*words.split())
    assert (done[0], said in done[1]) == (status, True), done


def test_a_plane_that_is_not_there_is_said(fails, environment):
    nowhere = {**environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_MAX_ATTEMPTS": "1"}
    done = fails("sts", "get-caller-identity", env=nowhere)
    assert (done[0], "Could not connect to the endpoint URL" in done[1]) == (OTHER_ERROR, True), done
