"""Requests that were damaged on their way: the decoders answer each, with an input or with an error, and never fall over (the sanitized build is asked)."""

import base64

import pytest
from wire import generate, peer
from wire.test_against_botocore import CASES, operations, rng_of, send, service_model, streaming_member

ROUNDS = 3
PIECES = [b"\0", b"\xff", b"{", b"[" * 300, b'"', b"}", b"<", b"&", b"=", b".1.", b"%", b"%zz", b"999999999999999999999", b"-1", b"null", b"\x9f\xbf", b"]]>"]


def damaged(random, data):
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        deed = random.randrange(4)
        if deed == 0:
            data[at:at] = random.choice(PIECES)
        elif deed == 1 and data:
            data[at % len(data)] = random.randrange(256)
        elif deed == 2:
            del data[at:]
        else:
            other = random.randrange(len(data) + 1)
            data[at:at] = data[min(at, other) : max(at, other)][:200]
    return bytes(data)


@pytest.mark.parametrize("service,protocol", CASES)
def test_damaged_requests_are_answered(service, protocol):
    model = service_model(service)
    random = rng_of("damage", service, protocol)
    chosen = list(operations(model))
    with peer.Peer() as wire:
        for operation in random.sample(chosen, min(30, len(chosen))):
            shape = operation.input_shape
            params = generate.Generator(random).structure(shape, skip=[streaming_member(shape)]) if shape else {}
            request = send(model, operation, params, protocol)
            for _ in range(ROUNDS):
                check_damaged(wire, random, request)


def check_damaged(wire, random, request):
    body = damaged(random, base64.b64decode(request["body"]))
    target = damaged(random, request["target"].encode()).decode("latin-1").replace("\0", "") if random.random() < 0.5 else request["target"]
    answer = wire.ask(do="decode", **{**request, "target": target, "body": base64.b64encode(body).decode()})
    assert "input" in answer or answer["error"]["code"], answer
