"""CodeCommit through its API: repositories, branches, files, commits, differences, and what AWS says when something is wrong."""

import json
import re

import pytest
from iam_words import allow, document, refused

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NOBODY = "0" * 40
INVALID_NAME = (
    "The repository name is not valid. Repository names can be any valid combination of letters, numbers, periods, underscores, and dashes between "
    "1 and 100 characters in length. Names are case sensitive. For more information, see Limits in the AWS CodeCommit User Guide. "
)


@pytest.fixture
def codecommit(aws):
    return aws("codecommit")


@pytest.fixture
def app(codecommit):
    """An empty repository "app"."""
    return codecommit.create_repository(repositoryName="app")["repositoryMetadata"]


@pytest.fixture
def commit(codecommit, app):
    """commit(put={"a.txt": b"…"}) commits to main of "app" upon its tip; returns the reply."""

    def create(put=None, branch="main", **more):
        branches = codecommit.list_branches(repositoryName="app")["branches"]
        if branch in branches and "parentCommitId" not in more:
            more["parentCommitId"] = tip(codecommit, branch)
        if put:
            more["putFiles"] = [{"filePath": path, "fileContent": content} for path, content in put.items()]
        return codecommit.create_commit(repositoryName="app", branchName=branch, **more)

    return create


def tip(codecommit, branch="main"):
    return codecommit.get_branch(repositoryName="app", branchName=branch)["branch"]["commitId"]


def content(codecommit, path, **more):
    return codecommit.get_file(repositoryName="app", filePath=path, **more)["fileContent"]


def paths(files):
    return [file["absolutePath"] for file in files]


# ---- Repositories ----


def test_a_repository_is_made_with_all_that_describes_it(server, codecommit, account):
    made = codecommit.create_repository(repositoryName="My_Repo.1", repositoryDescription="Of ours")["repositoryMetadata"]
    names = {"accountId", "repositoryId", "repositoryName", "repositoryDescription", "lastModifiedDate", "creationDate", "Arn"}
    assert set(made) == {*names, "cloneUrlHttp", "cloneUrlSsh", "kmsKeyId"}
    assert UUID.fullmatch(made["repositoryId"])
    assert made["accountId"] == account and made["Arn"] == f"arn:aws:codecommit:us-east-1:{account}:My_Repo.1"
    assert made["creationDate"] == made["lastModifiedDate"]
    assert made["cloneUrlHttp"] == f"{server.url}/v1/repos/My_Repo.1"
    assert made["cloneUrlSsh"] == "ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/My_Repo.1"
    assert re.fullmatch(rf"arn:aws:kms:us-east-1:{account}:key/{UUID.pattern}", made["kmsKeyId"])
    assert codecommit.get_repository(repositoryName="My_Repo.1")["repositoryMetadata"] == made


def test_repositories_of_an_account_and_region_share_the_managed_key(codecommit, aws):
    keys = {codecommit.create_repository(repositoryName=name)["repositoryMetadata"]["kmsKeyId"] for name in ("one", "two")}
    assert len(keys) == 1


def test_a_repository_without_description_has_none(app):
    assert "repositoryDescription" not in app and "defaultBranch" not in app


def test_a_key_of_ones_own_is_refused_by_name(codecommit):
    with refused("NotImplemented", "CreateRepository with kmsKeyId is not built.", 501):
        codecommit.create_repository(repositoryName="app", kmsKeyId="alias/mine")


@pytest.mark.parametrize("name", ["a b", "app.git", "x" * 101, "a/b", "ä"])
def test_a_name_that_no_repository_can_have_is_refused(codecommit, name):
    with refused("InvalidRepositoryNameException", INVALID_NAME, 400):
        codecommit.create_repository(repositoryName=name)
    with refused("InvalidRepositoryNameException"):
        codecommit.get_repository(repositoryName=name)


def test_a_name_must_be_given(codecommit):
    with refused("RepositoryNameRequiredException"):
        codecommit.create_repository()
    with refused("RepositoryNameRequiredException"):
        codecommit.create_repository(repositoryName="")


def test_a_name_is_taken_once_and_differs_by_case(codecommit, app):
    with refused("RepositoryNameExistsException", "Repository named app already exists", 400):
        codecommit.create_repository(repositoryName="app")
    assert codecommit.create_repository(repositoryName="App")["repositoryMetadata"]["repositoryId"] != app["repositoryId"]


def test_a_description_has_its_limit(codecommit, app):
    codecommit.update_repository_description(repositoryName="app", repositoryDescription="x" * 1000)
    with refused("InvalidRepositoryDescriptionException"):
        codecommit.update_repository_description(repositoryName="app", repositoryDescription="x" * 1001)
    with refused("InvalidRepositoryDescriptionException"):
        codecommit.create_repository(repositoryName="other", repositoryDescription="x" * 1001)


def test_a_description_is_changed_and_taken_away(codecommit, app):
    codecommit.update_repository_description(repositoryName="app", repositoryDescription="New")
    changed = codecommit.get_repository(repositoryName="app")["repositoryMetadata"]
    assert changed["repositoryDescription"] == "New" and changed["lastModifiedDate"] >= app["lastModifiedDate"]
    codecommit.update_repository_description(repositoryName="app")
    assert "repositoryDescription" not in codecommit.get_repository(repositoryName="app")["repositoryMetadata"]


def test_an_unknown_repository_does_not_exist(codecommit):
    with refused("RepositoryDoesNotExistException", "nowhere does not exist", 400):
        codecommit.get_repository(repositoryName="nowhere")


def test_repositories_are_listed_by_name_and_backwards(codecommit):
    ids = {name: codecommit.create_repository(repositoryName=name)["repositoryMetadata"]["repositoryId"] for name in ("b", "c", "a")}
    listed = codecommit.list_repositories()
    assert listed["repositories"] == [{"repositoryName": name, "repositoryId": ids[name]} for name in ("a", "b", "c")]
    assert "nextToken" not in listed
    backwards = codecommit.list_repositories(sortBy="repositoryName", order="descending")["repositories"]
    assert [one["repositoryName"] for one in backwards] == ["c", "b", "a"]


def test_repositories_are_listed_by_their_last_change(codecommit):
    for name in ("a", "b", "c"):
        codecommit.create_repository(repositoryName=name)
    codecommit.update_repository_description(repositoryName="a", repositoryDescription="changed last")
    times = {name: codecommit.get_repository(repositoryName=name)["repositoryMetadata"]["lastModifiedDate"] for name in ("a", "b", "c")}
    newest = codecommit.list_repositories(sortBy="lastModifiedDate", order="descending")["repositories"]
    listed = [one["repositoryName"] for one in newest]
    assert listed[0] == "a" and sorted(listed) == ["a", "b", "c"]
    assert [times[name] for name in listed] == sorted(times.values(), reverse=True)


def test_more_than_a_hundred_repositories_come_in_pages(codecommit):
    names = [f"r{number:03d}" for number in range(103)]
    for name in names:
        codecommit.create_repository(repositoryName=name)
    first = codecommit.list_repositories()
    codecommit.delete_repository(repositoryName=names[99])  # a page goes on where it stood
    second = codecommit.list_repositories(nextToken=first["nextToken"])
    assert [one["repositoryName"] for one in first["repositories"] + second["repositories"]] == names
    assert "nextToken" not in second


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("InvalidSortByException", {"sortBy": "size"}),
        ("InvalidOrderException", {"order": "up"}),
        ("InvalidContinuationTokenException", {"nextToken": "%%%"}),
    ],
)
def test_a_list_that_cannot_be_made_is_refused(codecommit, code, asked):
    with refused(code, status=400):
        codecommit.list_repositories(**asked)


def test_a_repository_is_renamed_with_all_that_is_in_it(codecommit, app, commit):
    commit({"a.txt": b"a"})
    codecommit.update_repository_name(oldName="app", newName="renamed")
    now = codecommit.get_repository(repositoryName="renamed")["repositoryMetadata"]
    assert now["repositoryId"] == app["repositoryId"] and now["Arn"].endswith(":renamed") and now["cloneUrlHttp"].endswith("/renamed")
    assert codecommit.get_file(repositoryName="renamed", filePath="a.txt")["fileContent"] == b"a"
    with refused("RepositoryDoesNotExistException", "app does not exist"):
        codecommit.get_repository(repositoryName="app")


def test_a_repository_cannot_take_anothers_name(codecommit, app):
    codecommit.create_repository(repositoryName="other")
    with refused("RepositoryNameExistsException", "Repository named other already exists"):
        codecommit.update_repository_name(oldName="app", newName="other")
    with refused("InvalidRepositoryNameException"):
        codecommit.update_repository_name(oldName="app", newName="a b")
    with refused("RepositoryDoesNotExistException"):
        codecommit.update_repository_name(oldName="nowhere", newName="somewhere")


def test_a_deleted_repository_is_gone_and_deleting_nothing_says_nothing(server, codecommit, app, commit):
    commit({"a.txt": b"a"})
    folder = server.data / "git" / f"{app['repositoryId']}.git"
    assert folder.exists()
    assert codecommit.delete_repository(repositoryName="app")["repositoryId"] == app["repositoryId"]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName="app")
    with refused("RepositoryDoesNotExistException"):
        codecommit.get_repository(repositoryName="app")
    again = codecommit.create_repository(repositoryName="app")["repositoryMetadata"]
    assert again["repositoryId"] != app["repositoryId"] and "defaultBranch" not in again
    assert codecommit.list_branches(repositoryName="app")["branches"] == []


def test_many_repositories_are_got_at_once(codecommit, app):
    got = codecommit.batch_get_repositories(repositoryNames=["app", "nowhere"])
    assert got["repositories"] == [app] and got["repositoriesNotFound"] == ["nowhere"] and got["errors"] == []
    with refused("RepositoryNamesRequiredException"):
        codecommit.batch_get_repositories(repositoryNames=[])
    with refused("InvalidRepositoryNameException"):
        codecommit.batch_get_repositories(repositoryNames=["app", "a b"])
    assert len(codecommit.batch_get_repositories(repositoryNames=["app"] * 100)["repositories"]) == 100
    with refused("MaximumRepositoryNamesExceededException"):
        codecommit.batch_get_repositories(repositoryNames=["app"] * 101)


def test_what_another_account_or_region_has_is_not_seen(server, codecommit, app, account):
    elsewhere = server.client("codecommit", key=account, region="eu-west-1")
    assert elsewhere.list_repositories()["repositories"] == []
    with refused("RepositoryDoesNotExistException"):
        server.client("codecommit", key="999999999999").get_repository(repositoryName="app")


# ---- Tags ----


def test_a_repository_has_tags(codecommit):
    made = codecommit.create_repository(repositoryName="app", tags={"team": "a", "stage": "test"})["repositoryMetadata"]
    assert "tags" not in made
    codecommit.tag_resource(resourceArn=made["Arn"], tags={"team": "b", "empty": ""})
    assert codecommit.list_tags_for_resource(resourceArn=made["Arn"])["tags"] == {"team": "b", "stage": "test", "empty": ""}
    codecommit.untag_resource(resourceArn=made["Arn"], tagKeys=["stage", "absent"])
    assert codecommit.list_tags_for_resource(resourceArn=made["Arn"])["tags"] == {"team": "b", "empty": ""}


@pytest.mark.parametrize(
    ("code", "tags"),
    [
        ("InvalidSystemTagUsageException", {"aws:mine": "x"}),
        ("InvalidTagsMapException", {"k" * 129: "x"}),
        ("InvalidTagsMapException", {"k": "x" * 257}),
        ("TooManyTagsException", {f"k{n}": "v" for n in range(51)}),
    ],
)
def test_tags_that_nothing_can_have_are_refused(codecommit, app, code, tags):
    with refused(code, status=400):
        codecommit.create_repository(repositoryName="other", tags=tags)
    with refused(code):
        codecommit.tag_resource(resourceArn=app["Arn"], tags=tags)


def test_tags_are_counted_together(codecommit, app):
    codecommit.tag_resource(resourceArn=app["Arn"], tags={f"k{n}": "v" for n in range(50)})
    codecommit.tag_resource(resourceArn=app["Arn"], tags={"k0": "new"})
    with refused("TooManyTagsException"):
        codecommit.tag_resource(resourceArn=app["Arn"], tags={"one more": "v"})
    assert len(codecommit.list_tags_for_resource(resourceArn=app["Arn"])["tags"]) == 50


def test_tags_need_the_arn_of_a_repository(codecommit, app):
    with refused("InvalidResourceArnException"):
        codecommit.tag_resource(resourceArn="arn:aws:s3:::bucket", tags={"a": "b"})
    with refused("RepositoryDoesNotExistException"):
        codecommit.list_tags_for_resource(resourceArn=app["Arn"] + "-not")
    with refused("ResourceArnRequiredException"):
        codecommit.list_tags_for_resource()
    with refused("TagsMapRequiredException"):
        codecommit.tag_resource(resourceArn=app["Arn"])
    with refused("TagKeysListRequiredException"):
        codecommit.untag_resource(resourceArn=app["Arn"], tagKeys=[])
    with refused("InvalidSystemTagUsageException"):
        codecommit.untag_resource(resourceArn=app["Arn"], tagKeys=["aws:mine"])


# ---- Branches ----


def test_a_branch_is_made_at_a_commit(codecommit, commit):
    first = commit({"a.txt": b"1"})["commitId"]
    commit({"a.txt": b"2"})
    assert set(codecommit.create_branch(repositoryName="app", branchName="feature/x", commitId=first)) == {"ResponseMetadata"}
    branch = codecommit.get_branch(repositoryName="app", branchName="feature/x")["branch"]
    assert branch == {"branchName": "feature/x", "commitId": first}
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["feature/x", "main"]


def test_a_branch_needs_a_name_of_its_own_and_a_commit(codecommit, commit):
    first = commit({"a.txt": b"1"})["commitId"]
    make = {"repositoryName": "app", "branchName": "other", "commitId": first}
    with refused("BranchNameExistsException", "Branch main already exists"):
        codecommit.create_branch(**{**make, "branchName": "main"})
    with refused("CommitDoesNotExistException"):
        codecommit.create_branch(**{**make, "commitId": NOBODY})
    with refused("InvalidCommitIdException"):
        codecommit.create_branch(**{**make, "commitId": "main"})
    with refused("CommitIdRequiredException"):
        codecommit.create_branch(repositoryName="app", branchName="other")
    with refused("BranchNameRequiredException"):
        codecommit.create_branch(repositoryName="app", commitId=first)
    with refused("RepositoryDoesNotExistException"):
        codecommit.create_branch(**{**make, "repositoryName": "nowhere"})


@pytest.mark.parametrize("name", ["a..b", "/a", "a/", "a b", "a~b", "@", "a@{b", "a" * 40, "x" * 257, "a.lock"])
def test_a_name_that_no_branch_can_have_is_refused(codecommit, commit, name):
    first = commit({"a.txt": b"1"})["commitId"]
    with refused("InvalidBranchNameException"):
        codecommit.create_branch(repositoryName="app", branchName=name, commitId=first)
    with refused("InvalidBranchNameException"):
        codecommit.get_branch(repositoryName="app", branchName=name)


def test_an_unknown_branch_does_not_exist(codecommit, commit):
    commit({"a.txt": b"1"})
    with refused("BranchDoesNotExistException", "Branch nowhere does not exist", 400):
        codecommit.get_branch(repositoryName="app", branchName="nowhere")
    with refused("BranchDoesNotExistException"):
        codecommit.update_default_branch(repositoryName="app", defaultBranchName="nowhere")
    with refused("BranchNameRequiredException"):
        codecommit.get_branch(repositoryName="app")


def test_the_first_branch_is_the_default_one_until_another_is_chosen(codecommit, commit):
    first = commit({"a.txt": b"1"}, branch="trunk")["commitId"]
    assert codecommit.get_repository(repositoryName="app")["repositoryMetadata"]["defaultBranch"] == "trunk"
    codecommit.create_branch(repositoryName="app", branchName="other", commitId=first)
    codecommit.update_default_branch(repositoryName="app", defaultBranchName="other")
    assert codecommit.get_repository(repositoryName="app")["repositoryMetadata"]["defaultBranch"] == "other"


def test_a_branch_is_deleted_but_never_the_default_one(codecommit, commit):
    first = commit({"a.txt": b"1"})["commitId"]
    codecommit.create_branch(repositoryName="app", branchName="other", commitId=first)
    gone = codecommit.delete_branch(repositoryName="app", branchName="other")
    assert gone["deletedBranch"] == {"branchName": "other", "commitId": first}
    assert "deletedBranch" not in codecommit.delete_branch(repositoryName="app", branchName="other")
    with refused("DefaultBranchCannotBeDeletedException"):
        codecommit.delete_branch(repositoryName="app", branchName="main")
    assert codecommit.list_branches(repositoryName="app")["branches"] == ["main"]


def test_a_token_that_was_never_given_is_no_page_of_branches(codecommit, app):
    with refused("InvalidContinuationTokenException"):
        codecommit.list_branches(repositoryName="app", nextToken="%%%")


# ---- Commits ----


def test_a_first_commit_makes_the_branch(codecommit, commit):
    made = commit({"b.txt": b"b", "a/x.txt": b"x"}, authorName="Ann", email="ann@example.com", commitMessage="First")
    added = {file["absolutePath"]: file["fileMode"] for file in made["filesAdded"]}
    assert added == {"b.txt": "NORMAL", "a/x.txt": "NORMAL"} and made["filesUpdated"] == [] and made["filesDeleted"] == []
    got = codecommit.get_commit(repositoryName="app", commitId=made["commitId"])["commit"]
    assert got["author"] == got["committer"] and re.fullmatch(r"\d+ \+0000", got["author"].pop("date"))
    assert got == {
        "commitId": made["commitId"],
        "treeId": made["treeId"],
        "parents": [],
        "message": "First",
        "author": {"name": "Ann", "email": "ann@example.com"},
        "committer": got["committer"],
        "additionalData": "",
    }
    assert tip(codecommit) == made["commitId"]


def test_a_commit_without_author_is_its_callers(server, aws, codecommit, commit):
    iam = aws("iam")
    iam.create_user(UserName="dev")
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("codecommit:*")))
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    dev = server.client("codecommit", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    made = dev.create_commit(repositoryName="app", branchName="main", putFiles=[{"filePath": "a.txt", "fileContent": b"a"}])
    author = codecommit.get_commit(repositoryName="app", commitId=made["commitId"])["commit"]["author"]
    assert (author["name"], author["email"]) == ("dev", "")


def test_a_commit_without_message_gets_one(codecommit, commit):
    first = commit({"a.txt": b"a"})["commitId"]
    assert codecommit.get_commit(repositoryName="app", commitId=first)["commit"]["message"] == "Added a.txt"


def test_a_commit_adds_updates_moves_and_deletes(codecommit, commit):
    first = commit({"keep.txt": b"k", "old.txt": b"moved", "gone.txt": b"g", "run.sh": b"#!/bin/sh"})
    changed = commit(
        putFiles=[
            {"filePath": "keep.txt", "fileContent": b"new", "fileMode": "EXECUTABLE"},
            {"filePath": "folder/new.txt", "sourceFile": {"filePath": "old.txt", "isMove": True}},
            {"filePath": "copy.txt", "sourceFile": {"filePath": "run.sh"}},
        ],
        deleteFiles=[{"filePath": "gone.txt"}],
        setFileModes=[{"filePath": "run.sh", "fileMode": "EXECUTABLE"}],
    )
    blobs = {file["absolutePath"]: file["blobId"] for file in first["filesAdded"]}
    added = {file["absolutePath"]: file["blobId"] for file in changed["filesAdded"]}
    assert added == {"folder/new.txt": blobs["old.txt"], "copy.txt": blobs["run.sh"]}
    updated = {file["absolutePath"]: file["fileMode"] for file in changed["filesUpdated"]}
    assert updated == {"keep.txt": "EXECUTABLE", "run.sh": "EXECUTABLE"}
    deleted = {file["absolutePath"]: (file["blobId"], file["fileMode"]) for file in changed["filesDeleted"]}
    assert deleted == {"gone.txt": (blobs["gone.txt"], "NORMAL"), "old.txt": (blobs["old.txt"], "NORMAL")}
    root = codecommit.get_folder(repositoryName="app", folderPath="")
    assert paths(root["files"]) == ["copy.txt", "keep.txt", "run.sh"] and paths(root["subFolders"]) == ["folder"]
    assert content(codecommit, "folder/new.txt") == b"moved" and content(codecommit, "keep.txt") == b"new"


def test_a_symbolic_link_is_a_file_of_its_own_kind(codecommit, commit):
    commit({"a.txt": b"a"})
    commit(putFiles=[{"filePath": "link", "fileContent": b"a.txt", "fileMode": "SYMLINK"}])
    assert paths(codecommit.get_folder(repositoryName="app", folderPath="/")["symbolicLinks"]) == ["link"]
    assert codecommit.get_file(repositoryName="app", filePath="link")["fileMode"] == "SYMLINK"


def test_emptied_folders_are_kept_when_asked_for(codecommit, commit):
    commit({"a/b/x.txt": b"x", "c/y.txt": b"y", "root.txt": b"r"})
    files = [{"filePath": "a/b/x.txt"}, {"filePath": "root.txt"}]
    made = commit(deleteFiles=files, keepEmptyFolders=True)
    assert paths(made["filesAdded"]) == ["a/b/.gitkeep"]
    made = commit(deleteFiles=[{"filePath": "c/y.txt"}])
    assert made["filesAdded"] == []
    root = codecommit.get_folder(repositoryName="app", folderPath="")
    assert paths(root["subFolders"]) == ["a"] and root["files"] == []


def test_what_makes_room_for_what_is_put_goes_first(codecommit, commit):
    commit({"thing": b"a file"})
    commit(putFiles=[{"filePath": "thing/inside", "fileContent": b"x"}], deleteFiles=[{"filePath": "thing"}])
    assert content(codecommit, "thing/inside") == b"x"


def test_the_parent_must_be_the_tip_of_the_branch(codecommit, commit):
    first = commit({"a.txt": b"1"})["commitId"]
    second = commit({"a.txt": b"2"})["commitId"]
    codecommit.create_branch(repositoryName="app", branchName="side", commitId=first)
    elsewhere = commit({"b.txt": b"1"}, branch="side")["commitId"]
    put = {"repositoryName": "app", "branchName": "main", "putFiles": [{"filePath": "a.txt", "fileContent": b"3"}]}
    for code, given in [
        ("ParentCommitIdOutdatedException", {"parentCommitId": first}),
        ("ParentCommitDoesNotExistException", {"parentCommitId": NOBODY}),
        ("ParentCommitDoesNotExistException", {"parentCommitId": elsewhere}),
        ("InvalidParentCommitIdException", {"parentCommitId": "main"}),
        ("ParentCommitIdRequiredException", {}),
    ]:
        with refused(code, status=400):
            codecommit.create_commit(**put, **given)
    assert tip(codecommit) == second


def test_only_an_empty_repository_needs_no_branch_and_no_parent(codecommit, commit):
    with refused("ParentCommitDoesNotExistException"):
        commit({"a.txt": b"1"}, parentCommitId=NOBODY)
    commit({"a.txt": b"1"})
    with refused("BranchDoesNotExistException", "Branch other does not exist"):
        commit({"a.txt": b"2"}, branch="other")


SAME = {"filePath": "a.txt", "fileContent": b"x"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("FileEntryRequiredException", {}),
        ("MaximumFileEntriesExceededException", {"putFiles": [{"filePath": f"f{n}", "fileContent": b"x"} for n in range(101)]}),
        ("SourceFileOrContentRequiredException", {"putFiles": [{"filePath": "new"}]}),
        (
            "FileContentAndSourceFileSpecifiedException",
            {"putFiles": [{"filePath": "new", "fileContent": b"x", "sourceFile": {"filePath": "a.txt"}}]},
        ),
        ("SamePathRequestException", {"putFiles": [SAME, SAME]}),
        ("SamePathRequestException", {"deleteFiles": [{"filePath": "a.txt"}, {"filePath": "/a.txt"}]}),
        ("SamePathRequestException", {"putFiles": [SAME], "deleteFiles": [{"filePath": "a.txt"}]}),
        (
            "SamePathRequestException",
            {"putFiles": [{"filePath": "b", "sourceFile": {"filePath": "a.txt", "isMove": True}}], "deleteFiles": [{"filePath": "a.txt"}]},
        ),
        ("PutFileEntryConflictException", {"putFiles": [{"filePath": "n", "fileContent": b"x"}, {"filePath": "n/m", "fileContent": b"x"}]}),
        ("PathRequiredException", {"putFiles": [{"filePath": "", "fileContent": b"x"}]}),
        ("InvalidPathException", {"putFiles": [{"filePath": "a//b", "fileContent": b"x"}]}),
        ("InvalidPathException", {"putFiles": [{"filePath": "../b", "fileContent": b"x"}]}),
        ("InvalidPathException", {"putFiles": [{"filePath": "x/.git/config", "fileContent": b"x"}]}),
        ("InvalidPathException", {"putFiles": [{"filePath": "folder/", "fileContent": b"x"}]}),
        ("InvalidFileModeException", {"putFiles": [{**SAME, "fileMode": "0755"}]}),
        ("InvalidFileModeException", {"setFileModes": [{"filePath": "a.txt", "fileMode": "FOLDER"}]}),
        ("FileModeRequiredException", {"setFileModes": [{"filePath": "a.txt"}]}),
        ("FileDoesNotExistException", {"deleteFiles": [{"filePath": "nowhere"}]}),
        ("FileDoesNotExistException", {"deleteFiles": [{"filePath": "folder"}]}),
        ("FileDoesNotExistException", {"setFileModes": [{"filePath": "nowhere", "fileMode": "NORMAL"}]}),
        ("FileDoesNotExistException", {"putFiles": [{"filePath": "b", "sourceFile": {"filePath": "nowhere"}}]}),
        ("RestrictedSourceFileException", {"putFiles": [{"filePath": "b", "sourceFile": {"filePath": "folder/.gitkeep"}}]}),
        ("FileNameConflictsWithDirectoryNameException", {"putFiles": [{"filePath": "folder", "fileContent": b"x"}]}),
        ("DirectoryNameConflictsWithFileNameException", {"putFiles": [{"filePath": "a.txt/b", "fileContent": b"x"}]}),
        ("FileContentSizeLimitExceededException", {"putFiles": [{"filePath": f"f{n}", "fileContent": b"x" * 4_000_000} for n in range(2)]}),
        ("FileContentSizeLimitExceededException", {"putFiles": [{"filePath": "large", "fileContent": b"x" * (6 * 1024 * 1024 + 1)}]}),
        ("NoChangeException", {"putFiles": [{"filePath": "a.txt", "fileContent": b"a"}]}),
        ("NoChangeException", {"setFileModes": [{"filePath": "a.txt", "fileMode": "NORMAL"}]}),
        ("InvalidEmailException", {"putFiles": [SAME], "email": "a<b>"}),
        ("NameLengthExceededException", {"putFiles": [SAME], "authorName": "x" * 5000}),
        ("CommitMessageLengthExceededException", {"putFiles": [SAME], "commitMessage": "x" * (256 * 1024 + 1)}),
        ("InvalidBranchNameException", {"putFiles": [SAME], "branchName": "a..b"}),
        ("BranchNameRequiredException", {"putFiles": [SAME], "branchName": ""}),
        ("RepositoryDoesNotExistException", {"putFiles": [SAME], "repositoryName": "nowhere"}),
    ],
)
def test_a_commit_that_cannot_be_is_refused_and_changes_nothing(codecommit, commit, code, changes):
    first = commit({"a.txt": b"a", "folder/b.txt": b"b"})["commitId"]
    with refused(code, status=400):
        codecommit.create_commit(**{"repositoryName": "app", "branchName": "main", "parentCommitId": first, **changes})
    assert tip(codecommit) == first


def test_a_file_that_stays_the_same_is_not_told_as_updated(commit):
    commit({"a.txt": b"a"})
    made = commit({"a.txt": b"a", "b.txt": b"b"})
    assert paths(made["filesAdded"]) == ["b.txt"] and made["filesUpdated"] == []


def test_a_commit_is_got_by_its_full_id_only(codecommit, commit):
    first = commit({"a.txt": b"1"})["commitId"]
    for code, asked in [
        ("CommitIdDoesNotExistException", NOBODY),
        ("InvalidCommitIdException", "main"),
        ("InvalidCommitIdException", first[:8]),
        ("CommitIdRequiredException", ""),
    ]:
        with refused(code, status=400):
            codecommit.get_commit(repositoryName="app", commitId=asked)


def test_many_commits_are_got_at_once(codecommit, commit):
    ids = [commit({"a.txt": str(number).encode()})["commitId"] for number in range(2)]
    got = codecommit.batch_get_commits(repositoryName="app", commitIds=[ids[1], NOBODY, "main", ids[0]])
    assert [one["commitId"] for one in got["commits"]] == [ids[1], ids[0]]
    assert got["commits"][0]["parents"] == [ids[0]]
    assert [(one["commitId"], one["errorCode"]) for one in got["errors"]] == [
        (NOBODY, "CommitIdDoesNotExistException"),
        ("main", "InvalidCommitIdException"),
    ]
    with refused("CommitIdsListRequiredException"):
        codecommit.batch_get_commits(repositoryName="app", commitIds=[])
    with refused("CommitIdsLimitExceededException"):
        codecommit.batch_get_commits(repositoryName="app", commitIds=[ids[0]] * 101)


# ---- Files ----


def test_a_file_is_put_got_and_deleted(codecommit, app):
    put = codecommit.put_file(
        repositoryName="app", branchName="main", filePath="/docs/a.txt", fileContent=b"one", name="Ann", email="a@b.c", commitMessage="Put"
    )
    got = codecommit.get_file(repositoryName="app", filePath="docs/a.txt")
    del got["ResponseMetadata"]
    assert got == {
        "commitId": put["commitId"],
        "blobId": put["blobId"],
        "filePath": "docs/a.txt",
        "fileMode": "NORMAL",
        "fileSize": 3,
        "fileContent": b"one",
    }
    other = codecommit.put_file(repositoryName="app", branchName="main", filePath="b", fileContent=b"b", parentCommitId=put["commitId"])
    gone = codecommit.delete_file(repositoryName="app", branchName="main", filePath="docs/a.txt", parentCommitId=other["commitId"])
    assert (gone["filePath"], gone["blobId"]) == ("docs/a.txt", put["blobId"])
    with refused("FileDoesNotExistException", "Could not find path docs/a.txt"):
        codecommit.get_file(repositoryName="app", filePath="docs/a.txt")
    assert content(codecommit, "docs/a.txt", commitSpecifier=put["commitId"]) == b"one"


def test_a_file_put_again_must_differ(codecommit, app):
    put = {"repositoryName": "app", "branchName": "main", "filePath": "a", "fileContent": b"x"}
    first = codecommit.put_file(**put)["commitId"]
    with refused("SameFileContentException"):
        codecommit.put_file(**put, parentCommitId=first)
    second = codecommit.put_file(**put, parentCommitId=first, fileMode="EXECUTABLE")["commitId"]
    assert codecommit.get_file(repositoryName="app", filePath="a")["fileMode"] == "EXECUTABLE"
    with refused("ParentCommitIdOutdatedException"):
        codecommit.put_file(**{**put, "fileContent": b"y"}, parentCommitId=first)
    with refused("ParentCommitIdRequiredException"):
        codecommit.put_file(**{**put, "fileContent": b"y"})
    assert tip(codecommit) == second


def test_an_empty_file_cannot_be_put(codecommit, app):
    with refused("FileContentRequiredException"):
        codecommit.put_file(repositoryName="app", branchName="main", filePath="a", fileContent=b"")
    with refused("FileContentRequiredException"):
        codecommit.put_file(repositoryName="app", branchName="main", filePath="a")


def test_a_folder_is_kept_when_its_last_file_is_deleted(codecommit, commit):
    first = commit({"a/x": b"x", "b": b"b"})["commitId"]
    codecommit.delete_file(repositoryName="app", branchName="main", filePath="a/x", parentCommitId=first, keepEmptyFolders=True)
    assert paths(codecommit.get_folder(repositoryName="app", folderPath="a")["files"]) == ["a/.gitkeep"]


def test_deleting_needs_a_parent_and_a_file(codecommit, commit):
    first = commit({"a": b"x"})["commitId"]
    with refused("ParentCommitIdRequiredException"):
        codecommit.delete_file(repositoryName="app", branchName="main", filePath="a")
    with refused("FileDoesNotExistException"):
        codecommit.delete_file(repositoryName="app", branchName="main", filePath="b", parentCommitId=first)


def test_a_file_of_six_megabytes_goes_in_and_out_and_no_larger_one(codecommit, app):
    large = b"0123456789abcdef" * (6 * 1024 * 1024 // 16)
    put = codecommit.put_file(repositoryName="app", branchName="main", filePath="large", fileContent=large)
    assert content(codecommit, "large") == large
    assert codecommit.get_blob(repositoryName="app", blobId=put["blobId"])["content"] == large
    with refused("FileContentSizeLimitExceededException"):
        codecommit.put_file(
            repositoryName="app", branchName="main", filePath="larger", fileContent=large + b"x", parentCommitId=put["commitId"]
        )


def test_a_file_is_found_by_branch_commit_and_head(codecommit, commit):
    first = commit({"a": b"1"})["commitId"]
    commit({"a": b"2"})
    assert content(codecommit, "a") == b"2" and content(codecommit, "a", commitSpecifier=first) == b"1"
    for specifier in ("main", "refs/heads/main", "HEAD"):
        assert content(codecommit, "a", commitSpecifier=specifier) == b"2"
    with refused("CommitDoesNotExistException"):
        codecommit.get_file(repositoryName="app", filePath="a", commitSpecifier="nowhere")
    with refused("InvalidCommitException"):
        codecommit.get_file(repositoryName="app", filePath="a", commitSpecifier="no way")
    with refused("PathRequiredException"):
        codecommit.get_file(repositoryName="app", filePath="/")
    with refused("InvalidPathException"):
        codecommit.get_file(repositoryName="app", filePath="a/../b")


def test_an_empty_repository_has_neither_files_nor_commits(codecommit, app):
    for call in (
        lambda: codecommit.get_file(repositoryName="app", filePath="a"),
        lambda: codecommit.get_folder(repositoryName="app", folderPath=""),
        lambda: codecommit.get_differences(repositoryName="app", afterCommitSpecifier="main"),
    ):
        with refused("CommitDoesNotExistException"):
            call()


def test_a_folder_shows_what_is_in_it(codecommit, commit):
    first = commit({"a/b/deep.txt": b"d", "a/x.txt": b"x", "top.txt": b"t"})
    folder = codecommit.get_folder(repositoryName="app", folderPath="/a/")
    assert (folder["commitId"], folder["folderPath"]) == (first["commitId"], "a")
    (deep,) = folder["subFolders"]
    assert (deep["absolutePath"], deep["relativePath"]) == ("a/b", "b") and len(deep["treeId"]) == 40
    (file,) = folder["files"]
    assert (file["absolutePath"], file["relativePath"], file["fileMode"]) == ("a/x.txt", "x.txt", "NORMAL")
    assert folder["symbolicLinks"] == [] and folder["subModules"] == []
    assert codecommit.get_folder(repositoryName="app", folderPath="")["treeId"] == first["treeId"]
    with refused("FolderDoesNotExistException"):
        codecommit.get_folder(repositoryName="app", folderPath="nowhere")
    with refused("FolderDoesNotExistException"):
        codecommit.get_folder(repositoryName="app", folderPath="top.txt")


def test_a_blob_is_got_by_its_id(codecommit, commit):
    blob = commit({"a": b"content"})["filesAdded"][0]["blobId"]
    assert codecommit.get_blob(repositoryName="app", blobId=blob)["content"] == b"content"
    with refused("BlobIdDoesNotExistException"):
        codecommit.get_blob(repositoryName="app", blobId=NOBODY)
    with refused("InvalidBlobIdException"):
        codecommit.get_blob(repositoryName="app", blobId="main")
    with refused("BlobIdRequiredException"):
        codecommit.get_blob(repositoryName="app")


# ---- Differences ----


def told(differences):
    return [(one["changeType"], (one.get("beforeBlob") or one["afterBlob"])["path"]) for one in differences]


def test_differences_tell_what_was_added_modified_and_deleted(codecommit, commit):
    first = commit({"a": b"1", "gone": b"g", "same": b"s"})
    commit(putFiles=[{"filePath": "a", "fileContent": b"2"}, {"filePath": "new", "fileContent": b"n"}], deleteFiles=[{"filePath": "gone"}])
    found = codecommit.get_differences(repositoryName="app", beforeCommitSpecifier=first["commitId"], afterCommitSpecifier="main")
    assert told(found["differences"]) == [("M", "a"), ("D", "gone"), ("A", "new")]
    modified, deleted, added = found["differences"]
    assert modified["beforeBlob"]["mode"] == "100644" and modified["beforeBlob"]["blobId"] != modified["afterBlob"]["blobId"]
    assert "afterBlob" not in deleted and "beforeBlob" not in added and "NextToken" not in found


def test_differences_to_nothing_are_all_files(codecommit, commit):
    commit({"a": b"1", "b/c": b"2"})
    assert told(codecommit.get_differences(repositoryName="app", afterCommitSpecifier="main")["differences"]) == [("A", "a"), ("A", "b/c")]


def test_a_changed_mode_is_a_difference(codecommit, commit):
    first = commit({"a": b"1"})["commitId"]
    commit(setFileModes=[{"filePath": "a", "fileMode": "EXECUTABLE"}])
    (one,) = codecommit.get_differences(repositoryName="app", beforeCommitSpecifier=first, afterCommitSpecifier="main")["differences"]
    assert (one["changeType"], one["beforeBlob"]["mode"], one["afterBlob"]["mode"]) == ("M", "100644", "100755")


def test_differences_are_limited_to_a_path(codecommit, commit):
    first = commit({"src/a": b"1", "srcfile": b"1", "src2/a": b"1"})["commitId"]
    commit({"src/a": b"2", "srcfile": b"2", "src2/a": b"2", "src/b": b"2"})
    asked = {"repositoryName": "app", "beforeCommitSpecifier": first, "afterCommitSpecifier": "main"}
    both = codecommit.get_differences(**asked, beforePath="src", afterPath="/src/")["differences"]
    assert told(both) == [("M", "src/a"), ("A", "src/b")]
    assert told(codecommit.get_differences(**asked, afterPath="src")["differences"]) == [("M", "src/a"), ("A", "src/b")]
    assert told(codecommit.get_differences(**asked, afterPath="srcfile")["differences"]) == [("M", "srcfile")]
    assert told(codecommit.get_differences(**asked, afterPath="src/b")["differences"]) == [("A", "src/b")]
    with refused("PathDoesNotExistException"):
        codecommit.get_differences(**asked, afterPath="nowhere")


def test_a_renamed_folder_is_compared_with_what_it_was(codecommit, commit):
    first = commit({"old/a": b"1", "old/b": b"1"})["commitId"]
    moves = [{"filePath": f"new/{name}", "sourceFile": {"filePath": f"old/{name}", "isMove": True}} for name in "ab"]
    second = commit(putFiles=moves)["commitId"]
    commit({"new/a": b"2"})
    asked = {"repositoryName": "app", "beforeCommitSpecifier": first, "beforePath": "old", "afterPath": "new"}
    assert codecommit.get_differences(**asked, afterCommitSpecifier=second)["differences"] == []
    (one,) = codecommit.get_differences(**asked, afterCommitSpecifier="main")["differences"]
    assert (one["beforeBlob"]["path"], one["afterBlob"]["path"]) == ("a", "a")


def test_differences_come_in_pages(codecommit, commit):
    commit({f"f{number}": b"x" for number in range(5)})
    found = []
    for page in codecommit.get_paginator("get_differences").paginate(
        repositoryName="app", afterCommitSpecifier="main", PaginationConfig={"PageSize": 2}
    ):
        assert len(page["differences"]) <= 2
        found += told(page["differences"])
    assert found == [("A", f"f{number}") for number in range(5)]
    with refused("InvalidMaxResultsException"):
        codecommit.get_differences(repositoryName="app", afterCommitSpecifier="main", MaxResults=0)
    with refused("InvalidContinuationTokenException"):
        codecommit.get_differences(repositoryName="app", afterCommitSpecifier="main", NextToken="%%%")
    with refused("CommitRequiredException"):
        codecommit.get_differences(repositoryName="app")


# ---- A file's history ----


def history(codecommit, path, **more):
    return codecommit.list_file_commit_history(repositoryName="app", filePath=path, **more)["revisionDag"]


def test_a_files_history_is_of_the_commits_that_changed_it(codecommit, commit):
    first = commit({"a": b"1", "b": b"1"})["commitId"]
    commit({"b": b"2"})
    last = commit({"a": b"2"})["commitId"]
    newest, oldest = history(codecommit, "/a")
    assert newest["commit"] == codecommit.get_commit(repositoryName="app", commitId=last)["commit"]
    assert (newest["path"], newest["revisionChildren"]) == ("a", [])
    assert (oldest["commit"]["commitId"], oldest["revisionChildren"]) == (first, [last])
    assert codecommit.get_blob(repositoryName="app", blobId=oldest["blobId"])["content"] == b"1"
    assert [one["commit"]["commitId"] for one in history(codecommit, "a", commitSpecifier=first)] == [first]
    assert history(codecommit, "never") == []


def test_a_files_history_goes_on_under_its_earlier_name(codecommit, commit):
    first = commit({"old": b"1"})["commitId"]
    moved = commit(putFiles=[{"filePath": "new", "sourceFile": {"filePath": "old", "isMove": True}}])["commitId"]
    told = [(one["commit"]["commitId"], one["path"], one["revisionChildren"]) for one in history(codecommit, "new")]
    assert told == [(moved, "new", []), (first, "old", [moved])]


def test_a_file_that_was_deleted_and_came_back_has_both_lives(codecommit, commit):
    first = commit({"a": b"1", "keep": b"k"})["commitId"]
    commit(deleteFiles=[{"filePath": "a"}])
    assert [one["commit"]["commitId"] for one in history(codecommit, "a")] == [first]
    again = commit({"a": b"other"})["commitId"]
    assert [(one["commit"]["commitId"], one["revisionChildren"]) for one in history(codecommit, "a")] == [(again, []), (first, [again])]


def test_a_files_history_comes_in_pages(codecommit, commit):
    made = [commit({"a": bytes(str(number), "ascii")})["commitId"] for number in range(3)]
    asked = {"repositoryName": "app", "filePath": "a"}
    page = codecommit.list_file_commit_history(**asked, maxResults=2)
    rest = codecommit.list_file_commit_history(**asked, nextToken=page["nextToken"])
    assert [one["commit"]["commitId"] for one in page["revisionDag"] + rest["revisionDag"]] == made[::-1] and "nextToken" not in rest
    with refused("InvalidMaxResultsException"):
        codecommit.list_file_commit_history(**asked, maxResults=0)
    with refused("InvalidContinuationTokenException"):
        codecommit.list_file_commit_history(**asked, nextToken="%%%")
    with refused("PathRequiredException"):
        codecommit.list_file_commit_history(repositoryName="app", filePath="/")
    with refused("CommitDoesNotExistException"):
        codecommit.list_file_commit_history(**asked, commitSpecifier="nowhere")


# ---- What is not built, permissions, the command line ----


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("create_pull_request", {"title": "t", "targets": [{"repositoryName": "app", "sourceReference": "x"}]}),
        ("put_repository_triggers", {"repositoryName": "app", "triggers": []}),
        ("get_merge_options", {"repositoryName": "app", "sourceCommitSpecifier": "a", "destinationCommitSpecifier": "b"}),
        ("list_approval_rule_templates", {}),
    ],
)
def test_what_is_not_built_says_so_by_name(codecommit, app, operation, asked):
    name = "".join(word.title() for word in operation.split("_"))
    with refused("NotImplemented", f"codecommit:{name} is modelled but not built.", 501):
        getattr(codecommit, operation)(**asked)


def test_a_user_sees_only_the_repositories_of_its_policy(server, aws, codecommit, app, account):
    codecommit.create_repository(repositoryName="secret")
    iam = aws("iam")
    iam.create_user(UserName="dev")
    policy = document(allow(["codecommit:Get*", "codecommit:BatchGetRepositories"], app["Arn"]))
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    dev = server.client("codecommit", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert dev.get_repository(repositoryName="app")["repositoryMetadata"] == app
    assert dev.batch_get_repositories(repositoryNames=["app"])["repositories"] == [app]
    denied = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: codecommit:{{}} on resource: "
        f"arn:aws:codecommit:us-east-1:{account}:secret because no identity-based policy allows the codecommit:{{}} action"
    )
    with refused("AccessDeniedException", denied.format("GetRepository", "GetRepository")):
        dev.get_repository(repositoryName="secret")
    with refused("AccessDeniedException", denied.format("BatchGetRepositories", "BatchGetRepositories")):
        dev.batch_get_repositories(repositoryNames=["app", "secret"])


def test_the_command_line_makes_commits(cli, app, tmp_path):
    file = tmp_path / "readme.md"
    file.write_text("Welcome")
    repository = ["--repository-name", "app"]
    made = json.loads(cli("codecommit", "create-commit", *repository, "--branch-name", "main", "--put-files", "filePath=a.txt,fileContent=eA=="))
    put = json.loads(
        cli(
            "codecommit",
            "put-file",
            *repository,
            *["--branch-name", "main", "--file-path", "readme.md", "--parent-commit-id", made["commitId"]],
            *["--file-content", f"fileb://{file}"],
        )
    )
    got = json.loads(cli("codecommit", "get-file", *repository, "--file-path", "readme.md"))
    assert (got["fileContent"], got["commitId"]) == ("V2VsY29tZQ==", put["commitId"])
    branches = json.loads(cli("codecommit", "list-branches", *repository))
    assert branches == {"branches": ["main"]}
