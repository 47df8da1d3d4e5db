"""Replays the cases of this folder (README.md): request bytes in, reply bytes out."""

import http.client
import re
import socket
import time
from itertools import groupby
from pathlib import Path

import pytest

CASES = sorted(Path(__file__).parent.glob("**/*.wire"))


def exchanges_of(text):
    """[(lines sent, lines expected)] of a case."""
    marked = [line for line in text.split("\n") if line[:1] in ("<", ">")]
    blocks = [[line[2:] for line in lines] for _, lines in groupby(marked, key=lambda line: line[0])]
    return list(zip(blocks[::2], blocks[1::2]))


def request_bytes(lines):
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    lines = [line.replace("{now}", now).replace("{today}", now[:8]) for line in lines]
    cut = lines.index("") if "" in lines else len(lines)
    head, body = lines[:cut], "\n".join(lines[cut + 1 :]).encode()
    if not any(line.lower().startswith(("content-length:", "transfer-encoding:")) for line in head):
        head = [*head, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def fits(expected, actual):
    return re.fullmatch(re.escape(expected).replace(re.escape("{any}"), ".*"), actual, re.S) is not None


def compare(expected, reply):
    cut = expected.index("") if "" in expected else len(expected)
    assert fits(expected[0], f"HTTP/1.1 {reply.status} {reply.reason}"), f"status {reply.status} {reply.reason}: {reply.data!r}"
    for line in expected[1:cut]:
        name, value = line.split(": ", 1)
        assert fits(value, reply.headers.get(name, "")), f"{name}: {reply.headers.get(name)}"
    body = reply.data.decode()
    assert fits("\n".join(expected[cut + 1 :]), body), body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_wire(server, case):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for sent, expected in exchanges_of(case.read_text()):
            connection.sendall(request_bytes(sent))
            reply = http.client.HTTPResponse(connection, method=sent[0].split()[0])
            reply.begin()
            reply.data = reply.read()
            compare(expected, reply)
