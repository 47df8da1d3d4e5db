"""After a reboot of the machine: builds that were running end as FAULT, instances start again with their files and their enabled units.

The reboot is acted out: every process of the plane is killed, keepers and sandboxes too, and the sandboxes' state files name another boot of the kernel.
"""

import json

import pytest

from delivery import BUILD_IMAGE, IMAGE, Account, until
from harness import fresh_account

ANOTHER_BOOT = "00000000-0000-4000-8000-000000000000"
WAITING = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo begun\n      - sleep 1000\n"
USER_DATA = """#!/bin/sh
echo "kept" > /opt/kept.txt
cat > /etc/systemd/system/clock.service <<END
[Service]
ExecStart=/bin/sleep 100000
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now clock
"""


def reboot(server):
    server.kill()
    server.clear()
    until(lambda: not server.keepers(), 20, what="the end of all processes")
    for state in (server.data / "sandboxes").glob("*/state"):
        name, _, rest = state.read_text().split(" ", 2)
        state.write_text(f"{name} {ANOTHER_BOOT} {rest}")
    server.start()


@pytest.fixture
def account(start_server):
    return Account(start_server(), fresh_account()).prepare()


def units(account, instance):
    found = json.loads(account.server.request("GET", "/_rehearse/sandboxes").data)
    return {unit["name"]: unit["state"] for unit in found.get(instance, [])}


def test_a_build_that_was_running_ends_as_fault(account):
    account.project("waits", WAITING, "NO_SOURCE")
    codebuild = account.client("codebuild")
    build = codebuild.start_build(projectName="waits")["build"]["id"]
    until(lambda: "begun" in log_so_far(account, build), what="the build's first line")
    reboot(account.server)
    ended = account.built(build)
    assert (ended["buildStatus"], ended["environment"]["image"]) == ("FAULT", BUILD_IMAGE)
    assert account.client("codebuild").start_build(projectName="waits")["build"]["buildStatus"] == "IN_PROGRESS"


def log_so_far(account, build):
    found = account.client("codebuild").batch_get_builds(ids=[build])["builds"][0]
    return account.log(found) if found["logs"].get("groupName") else ""


def test_an_instance_starts_again_with_its_files_and_its_units(account):
    ec2 = account.client("ec2")
    made = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.small", MinCount=1, MaxCount=1, UserData=USER_DATA)["Instances"][0]
    instance, address = made["InstanceId"], made["PrivateIpAddress"]
    until(lambda: units(account, instance).get("clock.service") == "active", what="the unit")
    reboot(account.server)
    until(lambda: units(account, instance).get("clock.service") == "active", what="the unit after the reboot")
    until(lambda: account.described([instance])[0]["State"]["Name"] == "running", what="the instance's own state")
    assert account.described([instance])[0]["PrivateIpAddress"] == address
    assert list((account.server.data / "sandboxes").glob(f"{instance}/**/opt/kept.txt"))
