"""Replays the codec cases of this folder (README.md): request bytes → decoded input, output → reply bytes. No server: wire_peer holds the codecs."""

import base64
import json
from itertools import groupby
from pathlib import Path

import pytest
from wire.peer import Peer
from wire.test_wire import fits

CASES = sorted(Path(__file__).parent.glob("codecs/*.codec"))


def exchanges_of(text):
    """[(marker, lines, marker, lines)]: '>' then '=' is a request, '!' then '<' a reply."""
    marked = [line for line in text.split("\n") if line[:1] in tuple("<>=!")]
    blocks = [(marker, [line[2:] for line in lines]) for marker, lines in groupby(marked, key=lambda line: line[0])]
    return [first + second for first, second in zip(blocks[::2], blocks[1::2])]


def decode(wire, lines):
    cut = lines.index("") if "" in lines else len(lines)
    method, target = lines[0].split(" ")
    headers = [line.split(": ", 1) for line in lines[1:cut]]
    body = "\n".join(lines[cut + 1 :]).encode()
    return wire.ask(do="decode", method=method, target=target, headers=headers, body=base64.b64encode(body).decode())


def contains(actual, expected):
    """What is expected must be there; `input` must be there whole, and an error's message may hold {any}."""
    for key, value in expected.items():
        if key == "error":
            assert fits(value["message"], actual["error"]["message"]), actual
            value = {**value, "message": actual["error"]["message"]}
        assert actual.get(key) == value, actual


def compare_reply(answer, expected):
    cut = expected.index("") if "" in expected else len(expected)
    assert str(answer["status"]) == expected[0], answer
    headers = {name.lower(): value for name, value in answer["headers"]}
    for line in expected[1:cut]:
        name, value = line.split(": ", 1)
        assert fits(value, headers.get(name.lower(), "")), f"{name}: {headers}"
    body = base64.b64decode(answer["body"]).decode()
    assert fits("\n".join(expected[cut + 1 :]), body), body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_codecs(case):
    with Peer() as wire:
        for marker, lines, _, expected in exchanges_of(case.read_text()):
            if marker == ">":
                contains(decode(wire, lines), json.loads("\n".join(expected)))
            else:
                compare_reply(wire.ask(**{"method": "POST", "target": "/", **json.loads("\n".join(lines))}), expected)
