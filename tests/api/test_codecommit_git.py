"""CodeCommit as git sees it: clones and pushes over each of AWS's ways, what they need, and what follows from them."""

import base64
import concurrent.futures
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from delivery import until
from iam_words import allow, deny, document, trust

from harness import clean_environment, program

IDENTITY = {
    "GIT_AUTHOR_NAME": "Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.com",
    "GIT_COMMITTER_NAME": "Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
}


class Git:
    """git as one user of the plane: git("push", …) in a working copy."""

    def __init__(self, server, folder, environment):
        self.server, self.folder, self.environment = server, folder, environment

    def __call__(self, *words, check=True, folder=None):
        return self.server.run("git", *words, cwd=folder or self.folder, env=self.environment, check=check)

    def out(self, *words):
        return self(*words).stdout.strip()

    def fails(self, *words):
        """What git says when the command fails, as it must."""
        done = self(*words, check=False)
        assert done.returncode != 0, f"git {words[0]} should have failed: {done.stdout}"
        return done.stderr

    def commit(self, files, message="Change"):
        for path, content in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", message)
        return self.out("rev-parse", "HEAD")


@pytest.fixture
def codecommit(aws):
    return aws("codecommit")


@pytest.fixture
def app(codecommit):
    return codecommit.create_repository(repositoryName="app")["repositoryMetadata"]


def helper_of(server):
    """git's settings for the AWS CLI's credential helper."""
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"credential.{server.url}.helper",
        "GIT_CONFIG_VALUE_0": '!f() { [ "$1" != get ] || aws codecommit credential-helper --ignore-host-check get; }; f',
        "GIT_CONFIG_KEY_1": f"credential.{server.url}.UseHttpPath",
        "GIT_CONFIG_VALUE_1": "true",
    }


@pytest.fixture
def environment(server, account):
    """environment() is what git needs for the credential helper as root of this test's account; environment(**names) overrides."""

    def make(key=account, secret="test", **more):
        return server.environment(key=key, secret=secret, **IDENTITY, **helper_of(server), **more)

    return make


@pytest.fixture
def git(server, app, account, tmp_path):
    """git as root in a fresh working copy whose remote "origin" is the repository "app"."""
    folder = tmp_path / "work"
    folder.mkdir()
    key = base64.b64encode(f"{account}:anything".encode()).decode()
    header = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": f"Authorization: Basic {key}"}
    git = Git(server, folder, server.environment(key=account, **IDENTITY, **header))
    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", app["cloneUrlHttp"])
    return git


@pytest.fixture
def as_user(server, aws, environment, git):
    """as_user(statement, …) is git in the same working copy, with an access key of a user who has these permissions."""
    iam = aws("iam")

    def make(*statements, secret=None):
        iam.create_user(UserName="dev")
        if statements:
            iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName="dev")["AccessKey"]
        return Git(server, git.folder, environment(key["AccessKeyId"], secret or key["SecretAccessKey"]))

    return make


# ---- Clones and pushes ----


def test_what_is_pushed_is_what_the_api_shows_and_a_clone_gets(codecommit, git, tmp_path):
    commit = git.commit({"a.txt": b"pushed", "src/run.sh": b"#!/bin/sh\n"})
    git("push", "-q", "origin", "main")
    assert codecommit.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == commit
    assert codecommit.get_file(repositoryName="app", filePath="a.txt")["fileContent"] == b"pushed"
    author = codecommit.get_commit(repositoryName="app", commitId=commit)["commit"]["author"]
    assert (author["name"], author["email"]) == ("Developer", "developer@example.com")
    git("clone", "-q", git.out("remote", "get-url", "origin"), tmp_path / "clone")
    assert (tmp_path / "clone/src/run.sh").read_text() == "#!/bin/sh\n"
    assert git("rev-parse", "HEAD", folder=tmp_path / "clone").stdout.strip() == commit


def test_a_files_history_is_what_git_log_tells(codecommit, git):
    base = git.commit({"a": b"base\n", "b": b"1"})
    git("checkout", "-q", "-b", "side")
    side = git.commit({"a": b"base\nside\n"})
    git.commit({"b": b"2"})
    git("checkout", "-q", "main")
    other = git.commit({"a": b"main\nbase\n"})
    git("merge", "-q", "--no-edit", "side")
    merge = git.out("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "unrelated")
    git.commit({"c": b"3"})
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "--no-edit", "unrelated")
    git("push", "-q", "origin", "main")
    dag = codecommit.list_file_commit_history(repositoryName="app", filePath="a")["revisionDag"]
    children = {one["commit"]["commitId"]: sorted(one["revisionChildren"]) for one in dag}
    assert children == {merge: [], side: [merge], other: [merge], base: sorted([side, other])}
    assert set(children) == set(git.out("log", "--format=%H", "--", "a").split())


def test_the_credential_helper_of_the_aws_cli_clones_and_pushes(server, codecommit, app, git, as_user, tmp_path):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    dev = as_user(allow(["codecommit:GitPull", "codecommit:GitPush"], app["Arn"]))
    dev("clone", "-q", app["cloneUrlHttp"], tmp_path / "clone")
    dev.folder = tmp_path / "clone"
    commit = dev.commit({"b": b"2"})
    assert dev("push", "-q", "origin", "main").stderr == ""
    assert codecommit.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == commit


def test_a_plain_url_serves_anyone_who_gives_a_key(server, app, account, codecommit, tmp_path):
    codecommit.put_file(repositoryName="app", branchName="main", filePath="a.txt", fileContent=b"x")
    url = app["cloneUrlHttp"].replace("http://", f"http://{account}:anything@")
    Git(server, tmp_path, {**os.environ, **IDENTITY})("clone", "-q", url, "clone")
    assert (tmp_path / "clone/a.txt").read_bytes() == b"x"


def test_what_the_api_commits_is_pulled(codecommit, git):
    git.commit({"a.txt": b"1"})
    git("push", "-q", "-u", "origin", "main")
    made = codecommit.put_file(
        repositoryName="app", branchName="main", filePath="b.txt", fileContent=b"2", parentCommitId=git.out("rev-parse", "HEAD")
    )
    git("pull", "-q")
    assert git.out("rev-parse", "HEAD") == made["commitId"] and (git.folder / "b.txt").read_bytes() == b"2"
    assert git.out("fsck", "--strict") == ""


def test_git_remote_codecommit_clones_and_pushes_over_tls(server, codecommit, app, account, tmp_path):
    codecommit.put_file(repositoryName="app", branchName="main", filePath="a.txt", fileContent=b"x")
    secure = {"CODE_COMMIT_ENDPOINT": f"127.0.0.1:{server.port}", "GIT_SSL_CAINFO": str(server.data / "tls/ca.pem")}
    git = Git(server, tmp_path, server.environment(key=account, **IDENTITY, **secure))
    git("clone", "-q", "codecommit::us-east-1://app", "work")
    git.folder = tmp_path / "work"
    commit = git.commit({"b.txt": b"y"})
    git("push", "-q", "origin", "main")
    assert codecommit.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == commit


def test_the_region_of_a_codecommit_url_counts(server, aws, account, app, tmp_path):
    elsewhere = server.client("codecommit", key=account, region="eu-west-1")
    for client, name in ((aws("codecommit"), "app"), (elsewhere, "app"), (elsewhere, "far")):
        if client is elsewhere:
            client.create_repository(repositoryName=name)
        client.put_file(repositoryName=name, branchName="main", filePath="region", fileContent=client.meta.region_name.encode())
    aws("iam").create_user(UserName="dev")
    aws("iam").put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("codecommit:*")))
    key = aws("iam").create_access_key(UserName="dev")["AccessKey"]
    secure = {"CODE_COMMIT_ENDPOINT": f"127.0.0.1:{server.port}", "GIT_SSL_CAINFO": str(server.data / "tls/ca.pem"), **IDENTITY}
    dev = Git(server, tmp_path, server.environment(key=key["AccessKeyId"], secret=key["SecretAccessKey"], **secure))
    for region in ("us-east-1", "eu-west-1"):
        dev("clone", "-q", f"codecommit::{region}://app", region)
        assert (tmp_path / region / "region").read_text() == region
    root = Git(server, tmp_path, server.environment(key=account, **secure))  # nobody knows its secret, so nothing tells the region but the name
    root("clone", "-q", "codecommit::eu-west-1://far", "far")
    assert (tmp_path / "far/region").read_text() == "eu-west-1"


def test_the_environment_that_rehearse_prints_serves_both_ways(server, tmp_path):
    codecommit = server.client("codecommit")
    made = codecommit.create_repository(repositoryName="of-env")["repositoryMetadata"]
    codecommit.put_file(repositoryName="of-env", branchName="main", filePath="a", fileContent=b"x")
    words = f'eval "$({program()} env --port {server.port})" && git clone -q {made["cloneUrlHttp"]} plain && git clone -q codecommit::us-east-1://of-env tls'
    environment = clean_environment(PATH=server.environment()["PATH"], **IDENTITY)
    done = subprocess.run(["sh", "-c", words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    codecommit.delete_repository(repositoryName="of-env")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plain/a").read_bytes() == b"x" == (tmp_path / "tls/a").read_bytes()


def test_an_empty_repository_is_cloned_and_then_filled(git, app, tmp_path):
    said = git("clone", app["cloneUrlHttp"], tmp_path / "clone").stderr
    assert "empty repository" in said
    clone = Git(git.server, tmp_path / "clone", git.environment)
    clone.commit({"a": b"1"})
    clone("push", "-q", "origin", "HEAD:main")
    assert "refs/heads/main" in git.out("ls-remote", "origin")


def test_a_large_push_arrives_whole(codecommit, git, tmp_path):
    large = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(700_000))  # 22 MB that do not compress
    git.commit({"large.bin": large, **{f"many/{number}": str(number).encode() for number in range(500)}})
    git("push", "-q", "origin", "main")
    git("clone", "-q", git.out("remote", "get-url", "origin"), tmp_path / "clone")
    assert (tmp_path / "clone/large.bin").read_bytes() == large
    assert len(list((tmp_path / "clone/many").iterdir())) == 500


def gate_of(repository):
    """A gate before which every git in this repository waits: it reads its settings from there, which nobody has written yet."""
    with open(repository / "config", "a") as config:
        config.write("[include]\n\tpath = gate\n")
    os.mkfifo(repository / "gate")
    return repository / "gate"


def waits_before(gate):
    """The gate's other end, once somebody waits."""
    with contextlib.suppress(OSError):
        return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)


def open_gate(gate, end):
    (gate.parent / "open").touch()
    os.replace(gate.parent / "open", gate)
    os.close(end)


def test_what_git_answers_before_the_server_reads_arrives_whole(start_server, tmp_path):
    server = start_server()
    made = server.client("codecommit").create_repository(repositoryName="app")["repositoryMetadata"]
    (tmp_path / "work").mkdir()
    git = Git(server, tmp_path / "work", server.environment(**IDENTITY, **helper_of(server)))
    git("init", "-q", "-b", "main")
    commit = git.commit({"a": b"1"})
    git("push", "-q", made["cloneUrlHttp"], "main")
    repository = server.data / "git" / f"{made['repositoryId']}.git"
    (repository / "packed-refs").write_text("".join(f"{commit} refs/heads/branch-{number:04}\n" for number in range(2000)))
    gate = gate_of(repository)
    headers = {"Authorization": f"Basic {base64.b64encode(b'test:anything').decode()}"}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(server.request, "GET", "/v1/repos/app/info/refs?service=git-upload-pack", headers=headers)
        end = until(lambda: waits_before(gate), 20, what="git's start")
        server.process.send_signal(signal.SIGSTOP)
        try:
            open_gate(gate, end)
            until(lambda: not backends_of(server), 20, what="git's end")
        finally:
            server.process.send_signal(signal.SIGCONT)
        reply = asking.result()
    assert reply.status == 200 and reply.data.count(b"refs/heads/branch-") == 2000


def test_a_shallow_clone_has_the_last_commit_only(git, tmp_path):
    for number in range(3):
        git.commit({"a": str(number).encode()})
    git("push", "-q", "origin", "main")
    git("clone", "-q", "--depth", "1", git.out("remote", "get-url", "origin"), tmp_path / "clone")
    assert git("rev-list", "--count", "HEAD", folder=tmp_path / "clone").stdout.strip() == "1"


def test_several_users_clone_at_once(git, tmp_path):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    url = git.out("remote", "get-url", "origin")
    clones = [
        subprocess.Popen(["git", "clone", "-q", url, tmp_path / f"clone{number}"], env=git.environment, stderr=subprocess.PIPE) for number in range(6)
    ]
    assert [(clone.wait(60), clone.stderr.read()) for clone in clones] == [(0, b"")] * 6
    for clone in clones:
        clone.stderr.close()


# ---- Branches and tags ----


def test_a_push_that_would_lose_commits_is_rejected_until_it_is_forced(codecommit, git):
    git.commit({"a": b"1"})
    git.commit({"a": b"2"})
    git("push", "-q", "origin", "main")
    git("reset", "-q", "--hard", "HEAD~1")
    rewritten = git.commit({"a": b"3"})
    assert "non-fast-forward" in git.fails("push", "origin", "main")
    git("push", "-q", "--force", "origin", "main")
    assert codecommit.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == rewritten


def test_git_makes_and_deletes_branches_but_not_the_default_one(codecommit, git):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main", "main:feature/x")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["feature/x", "main"]
    git("push", "-q", "origin", "--delete", "feature/x")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["main"]
    assert "refusing to delete the current branch" in git.fails("push", "origin", "--delete", "main")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["main"]


def test_the_first_pushed_branch_is_the_default_one_and_what_a_clone_checks_out(codecommit, git, tmp_path):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main:trunk")
    git("push", "-q", "origin", "main:another")
    assert codecommit.get_repository(repositoryName="app")["repositoryMetadata"]["defaultBranch"] == "trunk"
    git("clone", "-q", git.out("remote", "get-url", "origin"), tmp_path / "one")
    assert git("branch", "--show-current", folder=tmp_path / "one").stdout.strip() == "trunk"
    codecommit.update_default_branch(repositoryName="app", defaultBranchName="another")
    git("clone", "-q", git.out("remote", "get-url", "origin"), tmp_path / "two")
    assert git("branch", "--show-current", folder=tmp_path / "two").stdout.strip() == "another"


def test_tags_are_pushed_and_name_commits(codecommit, git, tmp_path):
    tagged = git.commit({"a": b"1"})
    git("tag", "light")
    git("tag", "-a", "v1", "-m", "Version 1")
    git.commit({"a": b"2"})
    git("push", "-q", "origin", "main", "--tags")
    for tag in ("light", "v1", "refs/tags/v1"):
        got = codecommit.get_file(repositoryName="app", filePath="a", commitSpecifier=tag)
        assert (got["commitId"], got["fileContent"]) == (tagged, b"1")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["main"]
    git("clone", "-q", "--branch", "v1", git.out("remote", "get-url", "origin"), tmp_path / "clone")
    assert (tmp_path / "clone/a").read_bytes() == b"1"


def test_a_tag_is_no_branch_to_commit_to(codecommit, git):
    tip = git.commit({"a": b"1"})
    git("push", "-q", "origin", "main", "main:refs/tags/v1")
    with pytest.raises(codecommit.exceptions.BranchNameIsTagNameException):
        codecommit.put_file(repositoryName="app", branchName="v1", filePath="a", fileContent=b"2", parentCommitId=tip)


def test_a_submodule_is_shown_as_one_and_keeps_its_path(codecommit, git):
    git.commit({"a": b"1"})
    git("update-index", "--add", "--cacheinfo", f"160000,{git.out('rev-parse', 'HEAD')},vendor/lib")
    git("commit", "-q", "-m", "Submodule")
    git("push", "-q", "origin", "main")
    (module,) = codecommit.get_folder(repositoryName="app", folderPath="vendor")["subModules"]
    assert (module["absolutePath"], module["relativePath"], module["commitId"]) == ("vendor/lib", "lib", git.out("rev-parse", "HEAD~1"))
    with pytest.raises(codecommit.exceptions.FilePathConflictsWithSubmodulePathException):
        codecommit.put_file(
            repositoryName="app", branchName="main", filePath="vendor/lib/x", fileContent=b"2", parentCommitId=git.out("rev-parse", "HEAD")
        )


# ---- Who may ----


def test_an_unknown_repository_is_not_found(git):
    git("remote", "set-url", "origin", git.out("remote", "get-url", "origin") + "-not")
    assert "not found" in git.fails("ls-remote", "origin")


def test_git_without_credentials_is_asked_for_them(server, app):
    reply = server.request("GET", "/v1/repos/app/info/refs?service=git-upload-pack")
    assert reply.status == 401 and reply.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_wrong_secret_of_an_issued_key_is_refused(git, as_user):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    thief = as_user(allow("codecommit:*"), secret="guessed")
    assert "403" in thief.fails("ls-remote", "origin")
    assert "403" in thief.fails("push", "origin", "main:other")


def test_a_session_of_a_role_clones_with_its_token(server, aws, account, git, environment, tmp_path):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    aws("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust(AWS=account))
    aws("iam").put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(allow("codecommit:GitPull")))
    given = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="session")["Credentials"]
    session = environment(given["AccessKeyId"], given["SecretAccessKey"], AWS_SESSION_TOKEN=given["SessionToken"])
    reader = Git(server, git.folder, session)
    reader("clone", "-q", git.out("remote", "get-url", "origin"), tmp_path / "clone")
    assert "403" in reader.fails("push", "origin", "main:other")


def test_a_user_without_git_push_may_only_pull(codecommit, git, as_user, app):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    reader = as_user(allow("codecommit:GitPull", app["Arn"]))
    reader("fetch", "-q", "origin")
    assert "403" in reader.fails("push", "origin", "main:other")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["main"]


def test_a_user_without_git_pull_may_not_even_look(git, as_user):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    writer = as_user(allow("codecommit:GitPush"))
    assert "403" in writer.fails("ls-remote", "origin")
    writer("push", "-q", "origin", "main:other")


def test_a_denial_beats_what_is_allowed(git, as_user, app):
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    user = as_user(allow("codecommit:*"), deny("codecommit:GitPush", app["Arn"]))
    user("fetch", "-q", "origin")
    assert "403" in user.fails("push", "origin", "main:other")


def test_permission_for_one_repository_is_none_for_another(codecommit, git, as_user, app):
    codecommit.create_repository(repositoryName="secret")
    git.commit({"a": b"1"})
    git("push", "-q", "origin", "main")
    user = as_user(allow(["codecommit:GitPull", "codecommit:GitPush"], app["Arn"]))
    user("fetch", "-q", "origin")
    assert "403" in user.fails("ls-remote", app["cloneUrlHttp"].replace("/app", "/secret"))


# ---- What outlives ----


def test_what_was_pushed_outlives_the_server(start_server, tmp_path):
    server = start_server()
    url = server.client("codecommit").create_repository(repositoryName="app")["repositoryMetadata"]["cloneUrlHttp"]
    folder = tmp_path / "work"
    folder.mkdir()
    git = Git(server, folder, server.environment(**IDENTITY, **helper_of(server)))
    git("init", "-q", "-b", "main")
    commit = git.commit({"a": b"1"})
    git("push", "-q", url, "main")
    server.restart()
    assert server.client("codecommit").get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == commit
    git("clone", "-q", url, tmp_path / "clone")
    assert (tmp_path / "clone/a").read_bytes() == b"1"


def backends_of(server):
    """Processes of git that serve the plane's repositories."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"GIT_PROJECT_ROOT={server.data}/git".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def test_a_push_that_is_cut_off_by_the_end_of_the_server_leaves_no_process(start_server):
    server = start_server()
    url = server.client("codecommit").create_repository(repositoryName="app")["repositoryMetadata"]["cloneUrlHttp"]
    who = base64.b64encode(b"test:anything").decode()
    head = [f"POST {urlsplit(url).path}/git-receive-pack HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Authorization: Basic {who}"]
    head += ["Content-Type: application/x-git-receive-pack-request", "Content-Length: 1000", "", "0098"]
    with socket.create_connection(("127.0.0.1", server.port)) as pusher:
        pusher.sendall("\r\n".join(head).encode())
        until(lambda: backends_of(server), what="git to take the push")
        server.kill()
        until(lambda: not backends_of(server), what="git to end")
    server.start()


def test_a_deleted_repository_leaves_nothing_on_disk(start_server):
    server = start_server()
    codecommit = server.client("codecommit")
    made = codecommit.create_repository(repositoryName="app")["repositoryMetadata"]
    folder = server.data / "git" / f"{made['repositoryId']}.git"
    assert folder.is_dir()
    codecommit.delete_repository(repositoryName="app")
    server.process.terminate()  # a server that ends has done what it was asked
    server.process.wait(20)
    assert not folder.exists()
    server.start()
