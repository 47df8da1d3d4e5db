"""Smoke tests with other SDKs than Python's: each has serializers, checksums and retries of its own. `scripts/setup test` puts them into build/deps/sdk."""

import shutil

import pytest
from harness import TOP

SOURCES = TOP / "tests/api/sdk"
INSTALLED = TOP / "build/deps/sdk"


def test_the_javascript_sdk_works_unmodified(server, account, tmp_path):
    modules = INSTALLED / "javascript/node_modules"
    if not modules.exists():
        pytest.skip("the JavaScript SDK is not installed: scripts/setup test")
    shutil.copy(SOURCES / "javascript/smoke.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    server.run("node", tmp_path / "smoke.mjs", env=server.environment(key=account))


def test_the_go_sdk_works_unmodified(server, account):
    program = INSTALLED / "go/smoke"
    if not program.exists():
        pytest.skip("the Go SDK's program is not built: scripts/setup test")
    server.run(program, env=server.environment(key=account))
