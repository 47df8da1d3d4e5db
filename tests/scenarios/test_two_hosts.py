"""A second application: a fleet of two, two actions at a time, and a hook that fails on the second host. Half the fleet has the new revision; then all goes back to the last good one."""

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


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("shop")).start()
    account = Account(server, fresh_account(), name=NAME).prepare("unit-tests", "more-tests")
    account.folder = tmp_path_factory.mktemp("source")
    account.hosts = account.instances(2, name=NAME)
    web = account.client("ec2").describe_instances(InstanceIds=account.hosts)["Reservations"][0]["Instances"][0]["SecurityGroups"][0]["GroupId"]
    account.client("ec2").authorize_security_group_ingress(GroupId=web, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    account.fleet(NAME, name=NAME, config="CodeDeployDefault.OneAtATime", autoRollbackConfiguration=rollback)
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
    (address,) = [one["PublicIpAddress"] for one in shop.described([host])]
    try:
        connection = http.client.HTTPConnection(address, 80, timeout=5)
        connection.request("GET", "/page.txt")
        reply = connection.getresponse()
        return reply.read().decode().strip() if reply.status == 200 else None
    except OSError:
        return None


def deployments(shop):
    """The deployments of the fleet, oldest first."""
    codedeploy = shop.client("codedeploy")
    infos = [codedeploy.get_deployment(deploymentId=one)["deploymentInfo"] for one in codedeploy.list_deployments()["deployments"]]
    return sorted(infos, key=lambda info: info["createTime"])


def target(shop, deployment, host):
    found = shop.client("codedeploy").get_deployment_target(deploymentId=deployment, targetId=host)
    return found["deploymentTarget"]["instanceTarget"]


def test_two_actions_at_a_time_then_the_fleet_one_by_one(shop):
    first = release(shop, "first", START)
    tests = stage("Tests", *(build(project, name)["actions"][0] for project, name in (("unit-tests", "Unit"), ("more-tests", "More"))))
    tests["actions"][1]["outputArtifacts"] = [{"name": "MoreArtifact"}]
    shop.pipeline(source(NAME), tests, stage("Deploy", deploy_action(NAME, "group")))
    assert shop.ended() == "Succeeded", shop.why()
    builds = [one for one in shop.actions() if one["stageName"] == "Tests"]
    assert len(builds) == 2
    assert max(one["startTime"] for one in builds) < min(one["lastUpdateTime"] for one in builds), "the two did not overlap"
    assert shop.executions()[0]["sourceRevisions"][0]["revisionId"] == first
    until(lambda: [page_of(shop, host) for host in shop.hosts] == ["first", "first"], 30, what="the page on both hosts")


def test_a_hook_that_fails_on_the_second_host_leaves_half_the_fleet_and_rolls_back(shop):
    one, other = [one["PrivateDnsName"].split(".")[0] for one in shop.described(shop.hosts)]
    broken = f'{START}if [ "$LIFECYCLE_EVENT" = ValidateService ] && [ "$(hostname)" = {{}} ]; then echo "the till is missing" >&2; exit 7; fi\n'
    order = deployed_in_order(shop)
    second = {shop.hosts[0]: one, shop.hosts[1]: other}[order[1]]
    release(shop, "second", broken.format(second))
    assert shop.ended(2) == "Failed"
    _, failed, rollback = until(lambda: len(found := deployments(shop)) == 3 and found, what="the rollback")
    assert failed["status"] == "Failed"
    assert failed["deploymentOverview"] | {"Succeeded": 1, "Failed": 1} == failed["deploymentOverview"]
    assert failed["rollbackInfo"]["rollbackDeploymentId"] == rollback["deploymentId"]
    bad = {event["lifecycleEventName"]: event for event in target(shop, failed["deploymentId"], order[1])["lifecycleEvents"]}["ValidateService"]
    assert bad["diagnostics"]["errorCode"] == "ScriptFailed" and "exit code 7" in bad["diagnostics"]["message"]
    assert "the till is missing" in bad["diagnostics"]["logTail"]
    done = shop.deployed(rollback["deploymentId"])
    assert done["status"] == "Succeeded" and done["creator"] == "codeDeployRollback"
    assert done["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed["deploymentId"]
    until(lambda: [page_of(shop, host) for host in shop.hosts] == ["first", "first"], 30, what="the first page on both hosts")


def deployed_in_order(shop):
    """The hosts in the order in which the first deployment came to them."""
    (first,) = deployments(shop)[:1]
    began = {host: target(shop, first["deploymentId"], host)["lifecycleEvents"][0]["startTime"] for host in shop.hosts}
    return sorted(began, key=began.get)


def test_every_hook_ran_once_on_every_host(shop):
    first, failed, rollback = [info["deploymentId"] for info in deployments(shop)]
    afterwards = ["BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]
    for host in shop.hosts:
        assert journal_of(shop.server, host, first) == afterwards
        assert journal_of(shop.server, host, failed) == ["ApplicationStop", *afterwards]
        assert journal_of(shop.server, host, rollback)[-4:] == afterwards
