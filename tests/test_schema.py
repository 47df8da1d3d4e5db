"""share/rehearse.schema.json, by which editors judge a rehearse.yaml, judges as the program does."""

import json
import subprocess

import jsonschema
import pytest
import yaml
from harness import TOP, clean_environment, program

SCHEMA = json.loads((TOP / "share/rehearse.schema.json").read_text())
STAGES = "stages:\n  - source: {branch: trunk}\n  - build: b.yml\n  - {name: Live, deploy: [web]}\n  - test: t.yml\n  - approve: go on?\n  - approve:\n"


def problems(text):
    return list(jsonschema.Draft7Validator(SCHEMA).iter_errors(yaml.safe_load(text)))


def told(folder, text):
    """What `rehearse run` says of a folder that has nothing but this file: it never gets as far as running."""
    (folder / "rehearse.yaml").write_text(text)
    done = subprocess.run([program(), "run", folder], capture_output=True, text=True, timeout=60, env=clean_environment())
    assert done.returncode == 2, done.stdout
    return done.stderr


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [(TOP / "examples/register-app/rehearse.yaml").read_text(), STAGES])
def test_whole_files_are_accepted(text):
    assert not problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "application: shop-2\n",
        "variables: {LEVEL: debug, N: 2, QUIET: true}\n",
        "instances:\n  - {name: web, count: 2, ports: [80, 65535]}\n  - name: worker\n",
        "tables:\n  - {name: Users, key: id, sort: {name: at, type: number}}\n",
        "permissions:\n  build: ['ssm:GetParameter', {actions: 's3:Get*', resources: ['arn:x', '*']}]\n",
    ],
)
def test_what_the_program_reads_is_accepted(tmp_path, text):
    assert not problems(text)
    assert "names no stages" in told(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "name: x\n",
        "application: Shop\n",
        "application: [shop]\n",
        "variables: {2ND: x}\n",
        "variables: {CODEBUILD_LEVEL: x}\n",
        "variables: {LEVEL: [a]}\n",
        "instances:\n  - count: 2\n",
        "instances:\n  - {name: web, count: 0}\n",
        "instances:\n  - {name: web, count: 21}\n",
        "instances:\n  - {name: web, ports: [0]}\n",
        "tables:\n  - name: Users\n",
        "tables:\n  - {name: Users, key: {name: id, type: date}}\n",
        "permissions:\n  build: [GetObject]\n",
        "permissions:\n  test: ['s3:GetObject']\n",
        "stages: build\n",
        "stages:\n  - name: A\n",
        "stages:\n  - {name: A, biuld: x}\n",
        "stages:\n  - {build: a, test: b}\n",
        "stages:\n  - source: {branch: a..b}\n",
        "stages:\n  - build: ../b.yml\n",
    ],
)
def test_what_the_program_refuses_is_refused(tmp_path, text):
    assert problems(text)
    assert told(tmp_path, text).startswith("rehearse: rehearse.yaml:1:" if text.count("\n") == 1 else "rehearse: rehearse.yaml:2:")
