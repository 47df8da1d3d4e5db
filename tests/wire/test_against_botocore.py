"""botocore is the peer: what its serializers send, our decoders read; what our encoders write, its parsers read. Every operation of every service."""

import base64
import functools
import io
import json
import random
import urllib.parse

import botocore.awsrequest
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from wire import generate, peer

SERVICES = [line.strip() for line in (peer.TOP / "codegen/services.txt").read_text().splitlines() if line.strip() and not line.startswith("#")]
# The first is read by a handler of botocore's outside the parser; in the second two members share an element.
UNLIKE_OTHERS = {("s3", "GetBucketLocation"), ("s3", "GetBucketNotification")}


@functools.cache
def service_model(service):
    """The model as AWS publishes it: without what botocore adds for its own users."""
    loader = botocore.loaders.Loader(include_default_extras=False)
    return botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)


def protocols_of(service):
    """The protocol that botocore speaks with the service, and the others that it accepts."""
    metadata = service_model(service).metadata
    return dict.fromkeys([metadata["protocol"], *metadata.get("protocols", [])])


def name_of(model, protocol):
    """wire_peer's name of a protocol."""
    return {"json": "json-" + model.metadata.get("jsonVersion", "1.0"), "smithy-rpc-v2-cbor": "cbor"}.get(protocol, protocol)


CASES = [(service, protocol) for service in SERVICES for protocol in protocols_of(service)]


def streaming_member(shape):
    name = shape.serialization.get("payload")
    return name if name and shape.members[name].serialization.get("streaming") else None


def operations(model):
    for name in model.operation_names:
        yield model.operation_model(name)


def send(model, operation, params, protocol):
    """The request as the SDK would put it on the wire, but for the signature's value."""
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    request = serializer.serialize_to_request(params, operation)
    endpoint = f"https://{model.endpoint_prefix}.us-west-2.amazonaws.com"
    botocore.awsrequest.prepare_request_dict(request, endpoint, {"is_s3express_bucket": False})
    prepared = botocore.awsrequest.create_request_object(request).prepare()
    headers = [[name, value if isinstance(value, str) else value.decode()] for name, value in prepared.headers.items()]
    scope = f"AKIDEXAMPLE/20260102/us-west-2/{model.signing_name}/aws4_request"
    url = urllib.parse.urlsplit(prepared.url)
    headers += [["Host", url.netloc], ["Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"]]
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else bytes(body)
    return {"method": prepared.method, "target": url._replace(scheme="", netloc="").geturl(), "headers": headers, "body": base64.b64encode(body).decode()}


def without_empty(value):
    """Forms and XML cannot tell an empty list, map or structure from an absent one."""
    if isinstance(value, dict) and "$blob" not in value:
        items = {key: without_empty(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in ({}, [], None)}
    return [item for item in map(without_empty, value) if item != {}] if isinstance(value, list) else value


def comparable(value, protocol):
    value = peer.to_typed(value)
    return without_empty(value) if protocol in ("query", "ec2", "rest-xml") else value


def rng_of(*names):
    return random.Random(" ".join(map(str, names)))


@pytest.mark.parametrize("service,protocol", CASES)
def test_reads_what_botocore_sends(service, protocol):
    model = service_model(service)
    with peer.Peer() as wire:
        for operation in operations(model):
            # Two belong to hosts of other services; S3's deprecated operations have the paths of those that replaced them.
            is_shadowed = operation.name in ("ListDirectoryBuckets", "WriteGetObjectResponse") or (service == "s3" and operation.deprecated)
            if not is_shadowed:
                check_request(wire, model, operation, protocol)


def check_request(wire, model, operation, protocol):
    shape = operation.input_shape
    streaming = streaming_member(shape) if shape else None
    generator = generate.Generator(rng_of("request", model.service_name, operation.name))
    for attempt in range(1 if model.service_name == "ec2" else 2):
        params = generator.structure(shape) if shape else {}
        request = send(model, operation, params, protocol)
        answer = wire.ask(do="decode", **request)
        where = f"{model.service_name} {operation.name} {attempt} {request} {base64.b64decode(request['body'])!r}"
        assert "error" not in answer, f"{answer} of {where}"
        assert (answer["service"], answer["operation"]) == (model.service_name, operation.name), where
        assert answer["protocol"] == name_of(model, protocol), where
        assert answer["region"] == "us-west-2"
        assert answer["streams"] == bool(streaming), where
        params.pop(streaming, None)
        expected = without_framing(comparable(params, protocol), shape)
        assert without_framing(comparable(answer["input"], protocol), shape) == expected, where


@pytest.mark.parametrize("service,protocol", CASES)
def test_writes_what_botocore_reads(service, protocol):
    model = service_model(service)
    with peer.Peer() as wire:
        for operation in operations(model):
            if not operation.has_event_stream_output and (service, operation.name) not in UNLIKE_OTHERS:
                check_reply(wire, model, operation, protocol)


def check_reply(wire, model, operation, protocol):
    shape = operation.output_shape
    generator = generate.Generator(rng_of("reply", model.service_name, operation.name))
    streaming = streaming_member(shape) if shape else None
    output = generator.structure(shape) if shape else None
    command = {"service": model.service_name, "operation": operation.name, "method": operation.http["method"], "target": "/"}
    command["protocol"] = name_of(model, protocol)
    if streaming:
        output[streaming] = b"streamed"
        command["stream"] = base64.b64encode(output[streaming]).decode()
    elif shape and isinstance(output.get(shape.serialization.get("payload")), bytes):
        output[shape.serialization["payload"]] = b"botocore takes these bytes for text"
    if output is not None:
        command["output"] = peer.to_typed({**output, "$unknown": 1, "Unknown": "left out"})
    answer = wire.ask(do="encode", **command)
    body = base64.b64decode(answer["body"])
    where = f"{model.service_name} {operation.name} {answer} {body!r} of {json.dumps(command)}"
    got = parse(operation, shape, protocol, answer, body, where)
    if output is None or operation.http["method"] == "HEAD":
        return
    assert got.pop("ResponseMetadata")["RequestId"] == "8b9c", where
    if streaming:
        got[streaming] = got[streaming].read()
    expected, got = (without_framing(comparable(value, protocol), shape) for value in (output, got))
    got = {key: value for key, value in got.items() if key in expected or key.lower() != "contenttype"}
    assert got == expected, where


def without_framing(value, shape):
    """Content-Length is the server's to write, the status botocore's to add. A payload that is absent reads as an empty one."""
    if shape is None:
        return value
    payload = shape.serialization.get("payload")
    framing = [(name, member.serialization) for name, member in shape.members.items()]
    dropped = {name for name, traits in framing if traits.get("name", "").lower() == "content-length" or traits.get("location") == "statusCode"}
    if isinstance(value.get(payload), str):
        value[payload] = {"$blob": base64.b64encode(value[payload].encode()).decode()}
    return {key: item for key, item in value.items() if key not in dropped and not (key == payload and item in ({"$blob": ""}, {}, None))}


def parse(operation, shape, protocol, answer, body, where):
    headers = botocore.awsrequest.HeadersDict()
    for name, value in answer["headers"]:
        headers[name] = value
    headers["content-length"] = str(len(body))
    parser = botocore.parsers.create_parser(protocol)
    raw = io.BytesIO(body) if shape is not None and streaming_member(shape) else body
    try:
        return parser.parse({"headers": headers, "body": raw, "status_code": answer["status"]}, shape)
    except Exception as error:
        raise AssertionError(where) from error


@pytest.mark.parametrize("service,protocol", CASES)
def test_tells_errors_as_botocore_reads_them(service, protocol):
    model = service_model(service)
    operation = next(operation for operation in operations(model) if operation.http["method"] != "HEAD")
    with peer.Peer() as wire:
        for shape in model.error_shapes:
            check_error(wire, model, operation, shape, protocol)
        check_not_built(wire, model, operation, protocol)


def ask_to_fail(wire, model, operation, protocol, **more):
    command = {"do": "fail", "protocol": name_of(model, protocol), "service": model.service_name, "operation": operation.name, "method": "POST", "target": "/", **more}
    answer = wire.ask(**command)
    body = base64.b64decode(answer["body"])
    where = f"{answer} {body!r} of {command}"
    return answer, parse(operation, operation.output_shape, protocol, answer, body, where), where


def check_error(wire, model, operation, shape, protocol):
    generator = generate.Generator(rng_of("error", model.service_name, shape.name))
    told = [name for name in shape.members if name.lower() == "message"]
    extra = generator.structure(shape, skip=told)
    message = "It said <no> & \"never\": é"
    code = generator.random.choice([shape.name, shape.metadata.get("error", {}).get("code", shape.name)])
    answer, got, where = ask_to_fail(wire, model, operation, protocol, code=code, message=message, extra=peer.to_typed(extra))
    if protocol not in ("ec2", "rest-xml"):  # these two have no further members in their errors
        modeled = without_empty(comparable(parse(operation, shape, protocol, answer, base64.b64decode(answer["body"]), where), protocol))
        expected = without_empty(comparable(extra, protocol))
        assert {key: modeled.get(key) for key in expected} == expected, where
    in_json = protocol in ("json", "rest-json", "smithy-rpc-v2-cbor") and "awsQueryCompatible" not in model.metadata
    if model.service_name != "sqs":  # its codes are no longer in its model: codecs/json-errors
        assert got["Error"]["Code"] == (shape.name if in_json else shape.error_code), where
    assert got["Error"]["Message"] == message, where
    assert got["ResponseMetadata"]["RequestId"] == "8b9c", where
    assert answer["status"] == expected_status(shape, answer["status"]), where


def expected_status(shape, otherwise):
    """What the model says of an error; where it says nothing, the code decides, and a server's fault is at least a 500."""
    definition = shape.metadata.get("error", {})
    if "httpStatusCode" in definition:
        return definition["httpStatusCode"]
    return 500 if shape.metadata.get("fault") else otherwise


def check_not_built(wire, model, operation, protocol):
    answer, got, where = ask_to_fail(wire, model, operation, protocol, not_built=True, code="x", message="x")
    assert answer["status"] == 501, where
    assert got["Error"]["Code"] == "NotImplemented", where
    assert f"{model.service_name}:{operation.name}" in got["Error"]["Message"], where
