"""What stays and what goes when a person changes their mind: instances that are no longer said, the plane reset or ended, its clock."""

import json
import re
from datetime import datetime, timedelta

import pytest

from sites import describe, living, site_named

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


def states(plane, ids):
    reservations = plane.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    return {one["State"]["Name"] for some in reservations for one in some["Instances"]}


def clock(plane):
    return json.loads(plane.rehearse("clock", "--json").stdout)


def moment(text):
    assert RFC_3339.fullmatch(text), text
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_instances_of_a_name_that_is_gone_are_terminated_and_named(plane, tmp_path):
    site = site_named(tmp_path, "site", "[{ name: web }, { name: old, count: 2 }]")
    plane.rehearse("run", site, "-q")
    old = [one["InstanceId"] for one in living(plane, "site") if {"Key": "Name", "Value": "old"} in one["Tags"]]
    describe(site, "site", "[{ name: web }]")
    done = plane.rehearse("run", site)
    assert len(old) == 2 and all(f"old is no longer an instance of site: terminated {one}" in done.stderr for one in old)
    assert states(plane, old) <= {"shutting-down", "terminated"} and "1 of 1 instance" in done.stdout


def test_instances_of_another_application_stay_when_this_one_drops_its_own(plane, tmp_path):
    other = site_named(tmp_path, "other", "[{ name: old }]")
    plane.rehearse("run", other, "-q")
    plane.rehearse("run", site_named(tmp_path, "site", "[{ name: web }]"), "-q")
    assert len(living(plane, "other")) == 1


def test_a_stopped_instance_is_started_before_the_deployment(plane, tmp_path):
    site = site_named(tmp_path, "site")
    plane.rehearse("run", site, "-q")
    (instance,) = [one["InstanceId"] for one in living(plane, "site")]
    plane.client("ec2").stop_instances(InstanceIds=[instance])
    done = plane.rehearse("run", site)
    assert f"web was stopped: started {instance}" in done.stderr and "1 of 1 instance" in done.stdout
    assert [one["InstanceId"] for one in living(plane, "site")] == [instance]


def test_a_reset_sets_the_clock_to_real_time_in_the_mode_of_the_start(plane):
    plane.rehearse("clock", "advance", "7d")
    plane.rehearse("clock", "held")
    plane.rehearse("reset")
    after = clock(plane)
    assert after["mode"] == "jump" and after["aheadMs"] == 0


def test_after_a_reset_the_plane_works_in_real_time(plane, tmp_path):
    plane.rehearse("run", site_named(tmp_path, "site"), "-q")
    plane.rehearse("clock", "advance", "7d")
    plane.rehearse("reset")
    plane.rehearse("run", tmp_path / "site", "-q")
    (instance,) = living(plane, "site")
    assert abs(instance["LaunchTime"] - datetime.now(instance["LaunchTime"].tzinfo)) < timedelta(minutes=5)


def test_the_clock_keeps_its_lead_over_a_restart_and_takes_the_mode_of_the_start(start_server):
    plane = start_server()
    plane.rehearse("clock", "advance", "7d")
    plane.rehearse("clock", "jump")
    plane.rehearse("down")
    plane.process.wait()
    plane.start()
    after = clock(plane)
    assert after["mode"] == "real" and 0 <= after["aheadMs"] - 7 * 86_400_000 < 1000


def test_json_tells_points_in_time_as_rfc_3339(plane, tmp_path):
    site = site_named(tmp_path, "site")
    plane.rehearse("run", site, "-q")
    status = json.loads(plane.rehearse("status", "--json").stdout)
    assert moment(status["controlPlane"]["started"]) <= moment(status["clock"]["now"])
    assert moment(status["pipelines"][0]["changed"]) <= moment(status["clock"]["now"])
    (target,) = json.loads(plane.rehearse("logs", "site", "Deploy", "--json").stdout)
    first = target["instanceTarget"]["lifecycleEvents"][0]
    assert moment(first["startTime"]) <= moment(first["endTime"])


def test_json_tells_when_lines_of_a_log_were_said(plane, tmp_path):
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini/buildspec.yml").write_text("version: 0.2\nphases:\n  build:\n    commands: [echo hello]\n")
    plane.rehearse("run", tmp_path / "mini", "-q")
    lines = json.loads(plane.rehearse("logs", "mini", "Build", "--json").stdout)
    assert all(moment(line["timestamp"]) for line in lines) and any("hello" in line["message"] for line in lines)
