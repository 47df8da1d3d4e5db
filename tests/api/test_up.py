"""`rehearse up`: what its options change, and how the server speaks on the wire."""

import http.client
import json
import re
from pathlib import Path

import pytest

from harness import Server
from terminal import Terminal

REPLIES = 500


def test_up_takes_the_account_and_the_region_of_whoever_does_not_say(start_server):
    plane = start_server("--account", "210987654321", "--region", "eu-central-1")
    assert plane.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::210987654321:root"
    assert plane.client("sts", key="123456789012").get_caller_identity()["Account"] == "123456789012"
    told = json.loads(plane.rehearse("env", "--port", plane.port, "--json", env={"PATH": plane.environment()["PATH"]}).stdout)
    assert told["AWS_REGION"] == told["AWS_DEFAULT_REGION"] == "eu-central-1"


class ElsewhereServer(Server):
    host = "127.0.0.2"


@pytest.fixture
def elsewhere(tmp_path):
    server = ElsewhereServer(tmp_path, "--host", ElsewhereServer.host).start()
    try:
        yield server
        server.stop()
    finally:
        server.clear()


def test_up_listens_at_the_address_it_is_told_and_no_other(elsewhere):
    assert elsewhere.request("GET", "/_rehearse/health").status == 200
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", elsewhere.port, timeout=5).request("GET", "/_rehearse/health")


def test_a_reply_is_one_write(start_server):
    """Head and body leave together: counted by the kernel, as nothing else of the server writes meanwhile."""
    plane = start_server()
    counted = Path(f"/proc/{plane.process.pid}/io")
    connection = http.client.HTTPConnection("127.0.0.1", plane.port, timeout=30)

    def writes_after(replies):
        for _ in range(replies):
            connection.request("GET", "/_rehearse/health")
            assert connection.getresponse().read()
        return int(dict(line.split(": ") for line in counted.read_text().splitlines())["syscw"])

    before = writes_after(10)
    assert 1 <= (writes_after(REPLIES) - before) / REPLIES <= 1.02
    connection.close()


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["as it is", "NO_COLOR"])
def test_colours_are_for_terminals_whose_user_wants_them(start_server, settings, coloured):
    plane = start_server()
    terminal = Terminal(plane, "doctor", **settings)
    assert terminal.end() == 0
    assert bool(re.search(r"\x1b\[\d+m", terminal.shown)) == coloured
    assert "\x1b" not in plane.rehearse("doctor").stdout
