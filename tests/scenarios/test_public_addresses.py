"""Public addresses belong to the machine: planes that run beside each other never share one."""

import socket

import pytest

from delivery import Account
from harness import Server, fresh_account

SAME_BLOCK = 256  # ports this far apart prefer the same block of addresses


def ports_that_prefer_one_block(count):
    """Free ports, SAME_BLOCK apart."""
    for first in range(20000, 20000 + SAME_BLOCK):
        ports = [first + i * SAME_BLOCK for i in range(count)]
        if all(is_free(port) for port in ports):
            return ports
    raise AssertionError("no such ports are free")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture
def servers(tmp_path):
    """Three planes whose ports prefer the same block; none is started."""
    made = []
    for number, port in enumerate(ports_that_prefer_one_block(3)):
        made.append(Server(tmp_path / str(number)))
        made[-1].port = port
    try:
        yield made
        for server in made:
            server.stop()
    finally:
        for server in made:
            server.clear()


def launch(server):
    """The public address of a running instance."""
    account = Account(server, fresh_account()).prepare()
    (instance,) = account.instances()
    return account.described([instance])[0]["PublicIpAddress"]


def block(address):
    return address.rpartition(".")[0]


def test_planes_that_prefer_one_block_have_addresses_of_their_own(servers):
    first, second, _ = servers
    assert block(launch(first.start())) != block(launch(second.start()))


def test_a_plane_keeps_its_block_over_a_restart_and_while_it_is_down(servers):
    first, second, third = servers
    address = launch(first.start())
    first.kill()
    assert block(launch(second.start())) != block(address)  # the instance goes on, so its address is still taken
    first.start()
    assert block(launch(third.start())) not in (block(address), block(launch(second)))
    assert block(launch(first)) == block(address)
