"""Orders the operations of a REST service so that the first rule which fits a request is the right one."""

import collections
import re
import urllib.parse

REST = {"REST_JSON", "REST_XML"}
Condition = collections.namedtuple("Condition", "where name value")  # where: QUERY, HEADER; value None: any


class Rule:
    def __init__(self, operation):
        self.name = operation["name"]
        self.method = operation["http"]["method"]
        self.deprecated = bool(operation.get("deprecated"))
        path, _, query = operation["http"]["requestUri"].partition("?")
        self.path = path.rstrip("/") or "/"
        self.literals = [Condition("QUERY", name, value or None) for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True)]
        self.conditions = list(self.literals)

    @property
    def place(self):
        """What two operations share when only required parameters tell them apart. Names of labels do not count."""
        return self.method, re.sub(r"\{[^}+]*", "{", self.path), tuple(sorted(map(str, self.literals)))

    def order(self):
        # Literal before label before greedy label, segment by segment; then more conditions first; the deprecated twin last.
        ranks = [0 if not part.startswith("{") else 2 if part.endswith("+}") else 1 for part in self.path.split("/")[1:]]
        return ranks, -len(self.conditions), self.deprecated, self.name


def required_parameters(shape):
    wheres = {"IN_QUERY": "QUERY", "IN_HEADER": "HEADER"}
    return [Condition(wheres[m.location], m.wire_name, None) for m in shape.members if "REQUIRED" in m.flags and m.location in wheres]


def rules(model, shapes):
    """Rules in the order in which they must be tried. Only operations that share a place get conditions beyond the template's own."""
    all_rules = [Rule(operation) for operation in model["operations"].values()]
    crowd = collections.Counter(rule.place for rule in all_rules)
    for rule in all_rules:
        reference = model["operations"][rule.name].get("input")
        if crowd[rule.place] > 1 and reference:
            rule.conditions += required_parameters(shapes[reference["shape"]])
    return sorted(all_rules, key=Rule.order)
