"""Gathers all services into the tables that src/wire/tables.h declares: rows of numbers, and one pool of strings."""

import models
import routes
from patterns import to_pcre

NO_SHAPE = ["0"] * 13


class Strings:
    """A pool in which every string stands once: two bytes of length before it, a NUL behind it. Its offset is its name; 0 is no string."""

    def __init__(self):
        self.offsets = {}
        self.pieces = [b"\0\0\0\0"]
        self.size = 4

    def offset(self, text):
        if text is None:
            return 0
        if text not in self.offsets:
            data = text.encode()
            self.offsets[text] = self.size + 2
            self.pieces.append(len(data).to_bytes(2, "little") + data + b"\0")
            self.size += len(data) + 3
        return self.offsets[text]


def flag_word(names):
    return "|".join("WIRE_" + name for name in names) or "0"


class Tables:
    def __init__(self):
        self.strings = Strings()
        self.services, self.operations, self.rules, self.conditions = [], [], [], []
        self.shapes, self.members, self.errors = [NO_SHAPE], [], []
        self.by_wire_name, self.by_query_name, self.by_name = [], [], []
        self.limits, self.enum_values = [["0"] * 8], []
        self.limit_rows = {}

    def add_service(self, name, model):
        text = self.strings.offset
        metadata = model["metadata"]
        shapes = {shape: models.Shape(model, shape) for shape in sorted(model["shapes"])}
        first_shape, first_operation, first_rule = len(self.shapes), len(self.operations), len(self.rules)
        indexes = {shape: first_shape + i for i, shape in enumerate(shapes)}
        for shape in shapes.values():
            self._add_shape(shape, shapes, indexes)
        for operation in sorted(model["operations"]):
            self._add_operation(model["operations"][operation], model, shapes, indexes)
        protocols = models.protocols(metadata)
        if protocols[0] in routes.REST:
            self._add_rules(routes.rules(model, shapes), first_operation, sorted(model["operations"]))
        # endpointPrefix is what clients sign with where the model names nothing else.
        self.services.append(
            [text(name), text(metadata["serviceId"]), text(metadata["endpointPrefix"]), text(metadata.get("signingName", metadata["endpointPrefix"]))]
            + [text(metadata.get("targetPrefix")), text(metadata["apiVersion"]), text(metadata.get("xmlNamespace"))]
            + [first_operation, first_rule, first_shape, len(shapes), len(model["operations"]), len(self.rules) - first_rule]
            + ["WIRE_" + protocols[0], "|".join("1<<WIRE_" + protocol for protocol in protocols), int("awsQueryCompatible" in metadata)]
        )

    def _add_shape(self, shape, shapes, indexes):
        text = self.strings.offset
        definition = shape.definition
        namespace = definition.get("xmlNamespace", {})
        body = [i for i, member in enumerate(shape.members) if member.location == "IN_BODY"]
        self.shapes.append(
            [text(shape.name), len(self.members), self._limits_row(definition), text(shape.error.get("code"))]
            + [text(namespace.get("uri") if isinstance(namespace, dict) else namespace), text(definition.get("locationName"))]
            + [len(shape.members) if shape.kind == "STRUCTURE" else 0, len(body), shape.payload, shape.error.get("httpStatusCode", 0)]
            + [flag_word(shape.flags), "WIRE_" + shape.kind, "WIRE_" + shape.time_format]
        )
        self._add_members(shape, body, shapes, indexes)

    def _add_members(self, shape, body, shapes, indexes):
        text = self.strings.offset
        for member in shape.members:
            flags = list(member.flags)
            if "EVENT_STREAM" in shapes[member.shape].flags:
                flags.append("STREAMING")
            self.members.append(
                [text(name) for name in (member.name or None, member.wire_name or None, member.query_name or None)]
                + [indexes[member.shape], text(member.namespace), text(member.prefix)]
                + [flag_word(flags), "WIRE_" + member.location, "WIRE_" + member.time_format]
            )
        everyone = range(len(shape.members))
        others = sorted((i for i in everyone if i not in body), key=lambda i: outside_key(shape.members[i]))
        self.by_name += sorted(everyone, key=lambda i: sort_key(shape.members[i].name))
        self.by_wire_name += sorted(body, key=lambda i: sort_key(shape.members[i].wire_name)) + others
        self.by_query_name += sorted(body, key=lambda i: sort_key(shape.members[i].query_name)) + others

    def _limits_row(self, definition):
        row = [repr(float(definition.get("min", 0))), repr(float(definition.get("max", 0))), definition.get("pattern"), tuple(definition.get("enum", ()))]
        row += [int("min" in definition), int("max" in definition)]
        if row[2:] == [None, (), 0, 0]:
            return 0
        if tuple(row) not in self.limit_rows:
            self.limit_rows[tuple(row)] = len(self.limits)
            patterns = [self.strings.offset(row[2]), self.strings.offset(row[2] and to_pcre(row[2]))]
            self.limits.append(row[:2] + patterns + [len(self.enum_values), len(row[3])] + row[4:])
            self.enum_values += [self.strings.offset(value) for value in row[3]]
        return self.limit_rows[tuple(row)]

    def _add_operation(self, operation, model, shapes, indexes):
        text = self.strings.offset
        given, got = operation.get("input", {}), operation.get("output", {})
        checksum = operation.get("httpChecksum", {})
        errors = [indexes[error["shape"]] for error in operation.get("errors", ())]
        self.operations.append(
            [text(operation["name"]), text(operation["http"]["method"]), text(operation["http"]["requestUri"].partition("?")[0])]
            + [indexes.get(given.get("shape"), 0), indexes.get(got.get("shape"), 0), text(got.get("resultWrapper")), text(given.get("locationName"))]
            + [text(given.get("xmlNamespace", {}).get("uri")), text(checksum.get("requestAlgorithmMember"))]
            + [len(self.errors), len(errors), len(self.services), operation["http"].get("responseCode", 200)]
            + [flag_word(operation_flags(operation, shapes))]
        )
        self.errors += errors

    def _add_rules(self, rules, first_operation, names):
        text = self.strings.offset
        for rule in rules:
            row = [text(rule.method), text(rule.path), first_operation + names.index(rule.name), len(self.conditions), len(rule.conditions)]
            self.rules.append(row)
            self.conditions += [[text(c.name), text(c.value), "CONDITION_" + c.where] for c in rule.conditions]


def sort_key(name):
    """The order of the look-up in C: by length, then by bytes."""
    return len(name.encode()), name.encode()


def outside_key(member):
    """Of members outside the body: by location, then as above without case, as HTTP compares the names of headers."""
    return models.LOCATION_ORDER.index(member.location), sort_key(member.wire_name.lower())


def operation_flags(operation, shapes):
    flags = ["UNSIGNED"] if operation.get("authtype") == "none" else []
    flags += stream_flags(operation.get("input"), shapes, "IN") + stream_flags(operation.get("output"), shapes, "OUT")
    if operation.get("httpChecksum", {}).get("requestChecksumRequired") or operation.get("httpChecksumRequired"):
        flags.append("CHECKSUM_REQUIRED")
    if "requestcompression" in operation:
        flags.append("COMPRESSIBLE")
    if operation.get("deprecated"):
        flags.append("DEPRECATED_OPERATION")
    if operation.get("unsignedPayload") or operation.get("authtype") == "v4-unsigned-body":
        flags.append("UNSIGNED_PAYLOAD")
    return flags


def stream_flags(reference, shapes, way):
    if not reference:
        return []
    found = set()
    for member in shapes[reference["shape"]].members:
        if "EVENT_STREAM" in shapes[member.shape].flags:
            found.add("EVENTS_" + way)
        elif "STREAMING" in member.flags:
            found.add("STREAM_" + way)
    return sorted(found)
