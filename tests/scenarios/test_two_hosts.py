"""A second application: two hosts, each with a deployment group, deployed to by two actions at a time, and a hook that fails on the second host.

Half the fleet then has the new revision; the other half goes back to the last good one.
"""

import http.client

import pytest

from delivery import Account, build, deploy_action, journal_of, small_application, source, stage, until, write_files
from harness import Server, fresh_account

NAME = "shop"
SERVE = """
set -e
cat > /etc/systemd/system/shop.service <<UNIT
[Unit]
Description=Shop
[Service]
ExecStart=/usr/bin/python3 -m http.server 80 --directory /opt/small
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable shop.service
systemctl restart shop.service
"""
START = f'if [ "$LIFECYCLE_EVENT" = ApplicationStart ]; then {SERVE} fi\n'


GROUPS = ("one", "two")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("shop")).start()
    account = Account(server, fresh_account(), name=NAME).prepare("unit-tests", "more-tests")
    account.folder = tmp_path_factory.mktemp("source")
    account.hosts = [account.instances(name=group)[0] for group in GROUPS]
    ec2 = account.client("ec2")
    web = account.described(account.hosts)[0]["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=web, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    account.client("codedeploy").create_application(applicationName=NAME)
    for group in GROUPS:
        rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
        account.group(NAME, group, name=group, autoRollbackConfiguration=rollback)
    try:
        yield account
        server.stop()
    finally:
        server.clear()


def release(shop, page, hook):
    write_files(shop.folder, small_application(page, hook))
    return shop.push(shop.folder, page)


def page_of(shop, host):
    """What the host's port 80 answers at its public address."""
    try:
        connection = http.client.HTTPConnection(shop.address(host), timeout=5)
        connection.request("GET", "/page.txt")
        reply = connection.getresponse()
        return reply.read().decode().strip() if reply.status == 200 else None
    except OSError:
        return None


def deployments(shop, group):
    """The deployments of a group, oldest first."""
    codedeploy = shop.client("codedeploy")
    ids = codedeploy.list_deployments(applicationName=NAME, deploymentGroupName=group)["deployments"]
    infos = [codedeploy.get_deployment(deploymentId=one)["deploymentInfo"] for one in ids]
    return sorted(infos, key=lambda info: info["createTime"])


def events_on(shop, deployment, host):
    found = shop.client("codedeploy").get_deployment_target(deploymentId=deployment, targetId=host)
    return {event["lifecycleEventName"]: event for event in found["deploymentTarget"]["instanceTarget"]["lifecycleEvents"]}


def overlapped(actions):
    return max(one["startTime"] for one in actions) < min(one["lastUpdateTime"] for one in actions)


def test_two_builds_and_two_deployments_at_a_time(shop):
    pushed = release(shop, "first", START)
    tests = stage("Tests", *(build(project, name)["actions"][0] for project, name in (("unit-tests", "Unit"), ("more-tests", "More"))))
    tests["actions"][1]["outputArtifacts"] = [{"name": "MoreArtifact"}]
    shop.pipeline(source(NAME), tests, stage("Deploy", *(deploy_action(NAME, group, name=group) for group in GROUPS)))
    assert shop.ended() == "Succeeded", shop.why()
    for name in ("Tests", "Deploy"):
        actions = [one for one in shop.actions() if one["stageName"] == name]
        assert len(actions) == 2 and overlapped(actions)
    assert shop.executions()[0]["sourceRevisions"][0]["revisionId"] == pushed
    until(lambda: [page_of(shop, host) for host in shop.hosts] == ["first", "first"], 30, what="the page on both hosts")


def test_a_hook_that_fails_on_the_second_host_leaves_half_the_fleet_new_and_rolls_back_the_other(shop):
    name = shop.described(shop.hosts[1:])[0]["PrivateDnsName"].split(".")[0]
    trap = f'if [ "$LIFECYCLE_EVENT" = ValidateService ] && [ "$(hostname)" = {name} ]; then echo "the till is missing" >&2; exit 7; fi\n'
    release(shop, "second", START + trap)
    assert shop.ended(2) == "Failed"
    assert [one["actionName"] for one in shop.actions() if one["status"] == "Failed"] == ["two"]
    _, failed, rollback = until(lambda: len(found := deployments(shop, "two")) == 3 and found, what="the rollback")
    bad = events_on(shop, failed["deploymentId"], shop.hosts[1])["ValidateService"]["diagnostics"]
    assert (bad["errorCode"], bad["scriptName"]) == ("ScriptFailed", "hook.sh")
    assert "exit code 7" in bad["message"] and "the till is missing" in bad["logTail"]
    assert shop.deployed(rollback["deploymentId"])["status"] == "Succeeded"
    until(lambda: [page_of(shop, host) for host in shop.hosts] == ["second", "first"], 30, what="the old page on the second host")


def test_the_rollback_and_its_cause_name_each_other(shop):
    _, failed, rollback = deployments(shop, "two")
    assert failed["status"] == "Failed" and failed["rollbackInfo"]["rollbackDeploymentId"] == rollback["deploymentId"]
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed["deploymentId"]
    assert [info["status"] for info in deployments(shop, "one")] == ["Succeeded", "Succeeded"]


def test_every_hook_ran_once_on_every_host(shop):
    afterwards = ["BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]
    for group, host in zip(GROUPS, shop.hosts):
        first, *later = [info["deploymentId"] for info in deployments(shop, group)]
        assert journal_of(shop.server, host, first) == afterwards
        assert [journal_of(shop.server, host, one) for one in later] == [["ApplicationStop", *afterwards]] * len(later)
