"""What is said of the command line in five places is what the program takes: its own errors, `rehearse help`, the man page, README, completions."""

import re
import subprocess

import pytest

from harness import TOP, clean_environment, program

VERBS = ["run", "up", "env", "status", "logs", "approve", "reject", "clock", "doctor", "reset", "down", "help"]
WITH_OPTIONS = [verb for verb in VERBS if verb != "help"]
FOR_TESTS = {"--crash-at", "--crash-on"}
EVERYWHERE = {"--port", "--json", "--no-color"}  # the man page describes them once
NAME = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def said(*words):
    done = subprocess.run([program(), *words], capture_output=True, text=True, env=clean_environment(), timeout=60)
    return done.stdout + done.stderr


def taken(verb):
    """The options that a verb takes, as it lists them itself."""
    return set(said(verb, "--nonsense").partition("; options are ")[2].strip().split(", "))


@pytest.fixture(scope="module")
def manual():
    """The man page's paragraph about each verb."""
    text = (TOP / "share/man/rehearse.1").read_text()
    found = {}
    for paragraph in text.partition(".Sh VERBS\n")[2].partition(".Sh OPTIONS")[0].split(".It Cm ")[1:]:
        head = paragraph.partition("\n")[0]
        for verb in re.findall(r"(?:^|, Cm )(\w+)", head):
            found[verb] = paragraph
    return found


def bash_words(line):
    """What the completion for bash offers for the last word of a line."""
    words = line.split(" ")
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rehearse; printf "%s\\n" "${COMPREPLY[@]}"'
    command = ["bash", "-c", script, "bash", TOP / "share/completions/rehearse.bash", program(), *words]
    return command


def completed(line, environment=None):
    done = subprocess.run(bash_words(line), capture_output=True, text=True, env=environment or clean_environment(), check=True, timeout=60)
    assert not done.stderr
    return set(done.stdout.split())


def test_help_lists_each_verb():
    assert re.findall(r"^  (\w+) ", said("help"), re.M) == VERBS


@pytest.mark.parametrize("verb", WITH_OPTIONS)
def test_help_of_a_verb_names_the_options_it_takes_and_no_others(verb):
    listed = {name for line in said("help", verb).splitlines() if line.startswith("  -") for name in NAME.findall(line[:18])}
    shown = set(NAME.findall(" ".join(re.findall(rf"^rehearse {verb} .*?(?=  |$)", said("help", verb), re.M))))
    assert taken(verb) == listed | shown


@pytest.mark.parametrize("verb", WITH_OPTIONS)
def test_the_man_page_names_the_options_that_a_verb_takes_and_no_others(manual, verb):
    flags = set()
    for word in re.findall(r"\bFl (-?[a-z][a-z-]*)", manual[verb].partition("\n")[0]):
        flags |= {f"-{word}"} if word.startswith("-") else {f"-{letter}" for letter in word}
    if verb == "reject":  # the man page shows its options with those of approve
        flags |= {"-m"}
    own = taken(verb) - FOR_TESTS - (EVERYWHERE - flags)
    assert flags == own


def test_the_man_page_has_each_verb(manual):
    assert set(manual) == set(VERBS)


def test_readme_names_each_verb():
    text = (TOP / "README.md").read_text()
    assert all(re.search(rf"(rehearse |`){verb}\b", text) for verb in VERBS)


@pytest.mark.parametrize("verb", WITH_OPTIONS)
def test_bash_completes_the_options_that_a_verb_takes(verb):
    assert completed(f"{verb} -") == taken(verb) | {"--help"}


def test_bash_completes_verbs():
    assert completed("") >= set(VERBS) and completed("st") == {"status"}


@pytest.mark.parametrize("verb", ["logs", "approve", "reject"])
def test_bash_completes_pipelines(server, account, verb):
    make_pipeline(server, account)
    assert completed(f"{verb} sh", server.environment(key=account)) == {"shop"}


def test_names_of_pipelines_stand_one_a_line(server, account):
    make_pipeline(server, account)
    assert server.rehearse("status", "--pipelines", env=server.environment(key=account)).stdout == "shop\n"


@pytest.mark.parametrize("verb", WITH_OPTIONS)
def test_zsh_completes_the_options_that_a_verb_takes(verb):
    text = (TOP / "share/completions/_rehearse").read_text()
    common = set(NAME.findall(re.search(r"common=\((.*?)\)\n", text)[1]))
    (arm,) = re.findall(rf"^ +(?:[\w |]*\| )?{verb}(?: \|[\w |]*)?\)(.*?);;", text, re.M | re.S)
    words = re.sub(r"\[[^]]*\]", "", arm)
    assert set(NAME.findall(words.replace("_files -/", ""))) | (common if "$common" in arm else set()) == taken(verb)


def test_an_unknown_verb_is_told_with_a_near_one():
    assert said("statsu") == 'rehearse: unknown verb "statsu" (did you mean "status"?). What there is: rehearse help\n'


def make_pipeline(server, account):
    """A pipeline named shop, from nothing but a role."""
    iam, s3, pipelines = (server.client(name, key=account) for name in ("iam", "s3", "codepipeline"))
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    role = iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    s3.create_bucket(Bucket=f"artifacts-{account}")
    source = {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"}
    ask = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    read = {"name": "Source", "actionTypeId": source, "outputArtifacts": [{"name": "Source"}]}
    stages = [
        {"name": "Source", "actions": [{**read, "configuration": {"RepositoryName": "shop", "BranchName": "main"}}]},
        {"name": "Release", "actions": [{"name": "Approve", "actionTypeId": ask}]},
    ]
    store = {"type": "S3", "location": f"artifacts-{account}"}
    pipelines.create_pipeline(pipeline={"name": "shop", "roleArn": role, "artifactStore": store, "stages": stages})
