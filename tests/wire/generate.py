"""Random values that a botocore shape allows. Lengths and patterns are not heeded: they are validation's, not the wire's."""

import datetime

LETTERS = "abcXYZ019 -_.:/?&=+%#@<>\"'\\;,~é日本\U0001f600"
SAFE = "abcdefXYZ0123456789-_."
DEEPEST = 5


class Generator:
    def __init__(self, random):
        self.random = random

    def structure(self, shape, depth=0, skip=()):
        value = {}
        if getattr(shape, "is_tagged_union", False) and shape.members:
            name = self.random.choice(list(shape.members))
            return {name: self.value(shape.members[name], depth + 1)}
        for name, member in shape.members.items():
            wanted = name in shape.required_members or self.random.random() < (0.5 if depth < 2 else 0.25)
            if name not in skip and wanted and not (depth >= DEEPEST and name not in shape.required_members):
                value[name] = self.member(member, depth)
        return value

    def member(self, member, depth):
        location = member.serialization.get("location")
        if location in ("uri", "header", "headers", "querystring"):
            return self.outside(member, location)
        if location == "statusCode":
            return 200
        return self.value(member, depth + 1)

    def outside(self, shape, location):
        """Labels must not be empty; headers are trimmed and ASCII; both know seconds only."""
        if shape.type_name == "list":
            return [self.outside(shape.member, location) for _ in range(self.random.randint(1, 3))]
        if shape.type_name == "map":
            return {self.text(SAFE, 1, 8).lower(): self.outside(shape.value, location) for _ in range(self.random.randint(1, 3))}
        if shape.type_name == "string":
            if shape.serialization.get("jsonvalue"):
                return self.text(SAFE, 1, 9)
            return self.text(SAFE if location in ("header", "headers") else LETTERS.strip(), 1, 9)
        if shape.type_name == "timestamp":
            return self.time(whole=True)
        return self.value(shape, 0)

    def value(self, shape, depth):
        return getattr(self, "make_" + shape.type_name)(shape, depth)

    def make_structure(self, shape, depth):
        if getattr(shape, "is_document_type", False):
            return {"a": [1, "two", None, True, {"b": 2.5}]}
        return self.structure(shape, depth)

    def make_list(self, shape, depth):
        return [self.value(shape.member, depth + 1) for _ in range(0 if depth > DEEPEST else self.random.randint(0, 3))]

    def make_map(self, shape, depth):
        count = 0 if depth > DEEPEST else self.random.randint(0, 3)
        return {self.make_string(shape.key, depth) or "k": self.value(shape.value, depth + 1) for _ in range(count)}

    def make_string(self, shape, depth):
        values = shape.metadata.get("enum")
        return self.random.choice(values) if values and self.random.random() < 0.8 else self.text(LETTERS, 0, 12)

    make_character = make_string

    def make_integer(self, shape, depth):
        return self.random.choice([0, 1, -1, 7, 2**31 - 1, -(2**31), self.random.randint(-100000, 100000)])

    def make_long(self, shape, depth):
        return self.random.choice([0, 2**53, -(2**62), 2**63 - 1, self.random.randint(-(10**12), 10**12)])

    def make_double(self, shape, depth):
        return self.random.choice([0.0, 1.5, -2.25, 1e-7, 1e21, 3.0, self.random.uniform(-1e6, 1e6)])

    def make_float(self, shape, depth):
        return self.random.choice([0.0, 1.5, -2.25, 100.0])

    def make_boolean(self, shape, depth):
        return self.random.random() < 0.5

    def make_blob(self, shape, depth):
        return self.random.randbytes(self.random.randint(0, 20))

    def make_timestamp(self, shape, depth):
        return self.time(whole=shape.serialization.get("timestampFormat") == "rfc822")

    def time(self, whole):
        second = datetime.datetime.fromtimestamp(self.random.randint(0, 2**32), datetime.timezone.utc)
        return second if whole else second.replace(microsecond=self.random.choice([0, 0, 5000, 678000]))

    def text(self, letters, least, most):
        text = "".join(self.random.choice(letters) for _ in range(self.random.randint(least, most)))
        return text.strip() or ("x" if least else "")
