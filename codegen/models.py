"""Reads botocore's service models and settles, once, what botocore settles at run time: a reference's traits override its shape's."""

import gzip
import json
import pathlib

PROTOCOLS = {"query": "QUERY", "ec2": "EC2", "rest-json": "REST_JSON", "rest-xml": "REST_XML", "smithy-rpc-v2-cbor": "RPC_V2_CBOR"}
LOCATIONS = {"uri": "IN_URI", "querystring": "IN_QUERY", "header": "IN_HEADER", "headers": "IN_HEADERS", "statusCode": "IN_STATUS"}

LOCATION_ORDER = ["IN_BODY", "IN_URI", "IN_QUERY", "IN_HEADER", "IN_HEADERS", "IN_STATUS"]  # of the enum in src/wire/model.h


def data_folder():
    try:
        import botocore
    except ImportError:
        raise SystemExit("codegen: Python's botocore, which holds the service models, is missing: scripts/setup installs it") from None
    return pathlib.Path(botocore.__file__).parent / "data"


def load(folder, name):
    """The newest model of a service, and the file it came from."""
    files = sorted((folder / name).glob("*/service-2.json*"))
    if not files:
        raise SystemExit(f"codegen: no model of {name} in {folder}")
    opened = gzip.open if files[-1].suffix == ".gz" else open
    with opened(files[-1]) as file:
        return json.load(file), files[-1]


def read_list(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return sorted(line for line in lines if line)


def protocol_name(protocol, metadata):
    if protocol == "json":
        return "JSON_" + metadata.get("jsonVersion", "1.0").replace(".", "_")
    return PROTOCOLS[protocol]


def protocols(metadata):
    """The protocol that current SDKs speak, first; then the others to accept."""
    names = [metadata["protocol"]] + metadata.get("protocols", [])
    return list(dict.fromkeys(protocol_name(name, metadata) for name in names))


class Member:
    """A member of a structure, the item of a list, a key or value of a map."""

    def __init__(self, model, name, reference, required=False):
        self.name = name
        self.shape = reference["shape"]
        traits = {**model["shapes"][self.shape], **reference}
        self.wire_name = traits.get("locationName", name)
        self.query_name = self._ec2_name(traits) if model["metadata"]["protocol"] == "ec2" else self._query_name(model, traits)
        self.location = LOCATIONS.get(traits.get("location"), "IN_BODY")
        self.time_format = time_format(traits)
        namespace = traits.get("xmlNamespace", {})
        namespace = {"uri": namespace} if isinstance(namespace, str) else namespace
        self.namespace, self.prefix = namespace.get("uri"), namespace.get("prefix")
        self.flags = flags_of(traits, MEMBER_TRAITS) + (["REQUIRED"] if required else [])

    def _ec2_name(self, traits):
        capital = self.wire_name[:1].upper() + self.wire_name[1:] if "locationName" in traits else self.name
        return traits.get("queryName", capital)

    def _query_name(self, model, traits):
        """The items of a flattened list stand under their own name in place of the list's: AttributeName.1"""
        if not (traits.get("flattened") and traits["type"] == "list"):
            return self.wire_name
        item = traits["member"]
        return {**model["shapes"][item["shape"]], **item}.get("locationName", self.wire_name)


MEMBER_TRAITS = {
    "streaming": "STREAMING",
    "xmlAttribute": "XML_ATTRIBUTE",
    "idempotencyToken": "IDEMPOTENCY_TOKEN",
    "jsonvalue": "JSON_VALUE",
    "hostLabel": "HOST_LABEL",
    "eventpayload": "EVENT_PAYLOAD",
    "deprecated": "DEPRECATED",
    "flattened": "MEMBER_FLATTENED",
}
SHAPE_TRAITS = {"flattened": "FLATTENED", "sensitive": "SENSITIVE", "exception": "EXCEPTION", "union": "UNION", "eventstream": "EVENT_STREAM"}
KINDS = {
    "structure": "STRUCTURE",
    "list": "LIST",
    "map": "MAP",
    "string": "STRING",
    "character": "STRING",
    "integer": "INTEGER",
    "long": "INTEGER",
    "float": "REAL",
    "double": "REAL",
    "boolean": "BOOLEAN",
    "blob": "BLOB",
    "timestamp": "TIMESTAMP",
}


def flags_of(traits, known):
    return [flag for trait, flag in known.items() if traits.get(trait)]


def time_format(traits):
    return {"iso8601": "TIME_ISO8601", "rfc822": "TIME_RFC822", "unixTimestamp": "TIME_UNIX"}.get(traits.get("timestampFormat"), "TIME_DEFAULT")


class Shape:
    def __init__(self, model, name):
        definition = model["shapes"][name]
        self.name = name
        self.definition = definition
        self.kind = "DOCUMENT" if definition.get("document") else KINDS[definition["type"]]
        self.time_format = time_format(definition)
        self.members = list(self._members(model))
        self.flags = flags_of(definition, SHAPE_TRAITS)
        self.flags += {"long": ["LONG"], "float": ["FLOAT"]}.get(definition["type"], [])
        self.error = definition.get("error", {})
        if self.error.get("senderFault") or definition.get("fault") is False:
            self.flags.append("SENDER_FAULT")
        if self.error.get("fault") or definition.get("fault"):
            self.flags.append("SERVER_FAULT")

    def _members(self, model):
        definition = self.definition
        if self.kind == "STRUCTURE":
            required = definition.get("required", [])
            for name, reference in definition.get("members", {}).items():
                yield Member(model, name, reference, name in required)
        elif self.kind == "LIST":
            yield Member(model, "", definition["member"])
        elif self.kind == "MAP":
            yield Member(model, "", definition["key"])
            yield Member(model, "", definition["value"])

    @property
    def payload(self):
        """1 + position of the member that is the whole body; 0: none."""
        names = [member.name for member in self.members]
        return names.index(self.definition["payload"]) + 1 if "payload" in self.definition else 0
