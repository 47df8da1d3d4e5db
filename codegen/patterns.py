"""Rewrites the models' patterns, which are Java's, where PCRE2 spells the same differently."""

import re

# Java's classes, which are ASCII, as POSIX names; those stand inside brackets only.
CLASSES = {
    "Alnum": "[:alnum:]",
    "Alpha": "[:alpha:]",
    "ASCII": r"\x00-\x7F",
    "Digit": "[:digit:]",
    "Graph": "[:graph:]",
    "Lower": "[:lower:]",
    "Print": "[:print:]",
    "Punct": "[:punct:]",
    "Space": "[:space:]",
    "Upper": "[:upper:]",
}
PROPERTIES = {"IsAlphabetic": r"\p{L}", "IsDigit": r"\p{Nd}", "IsLetter": r"\p{L}"}
SURROGATES = re.compile(r"\\u[dD]800\\u[dD][cC]00-\\u[dD][bB][fF]{2}\\u[dD][fF]{3}")  # all beyond the first plane, as UTF-16 writes it
TOKEN = re.compile(r"\\u[0-9A-Fa-f]{4}|\\[pP]\{\w+\}|\\x\{[0-9A-Fa-f]+\}|\\.|\{\d+,\d+\}|.", re.S)
LARGEST_REPEAT = 65535  # PCRE2's


def to_pcre(pattern):
    out, in_brackets, after_class = [], False, False
    for token in TOKEN.findall(SURROGATES.sub(lambda _: r"\x{10000}-\x{10FFFF}", pattern)):
        # Java takes the hyphen of [\w-_] for itself; PCRE2 would see a range that begins with a class.
        out.append("\\-" if token == "-" and in_brackets and after_class else rewritten(token, in_brackets))
        after_class = re.fullmatch(r"\\[wdsWDS]|\\[pP]\{\w+\}", token) is not None
        in_brackets = token == "[" or (in_brackets and token != "]")
    return "".join(out)


def rewritten(token, in_brackets):
    if re.fullmatch(r"\\u.{4}", token):
        return "\\x{" + token[2:] + "}"
    if token.startswith("\\p{"):
        name = token[3:-1]
        if name in CLASSES:
            return CLASSES[name] if in_brackets else f"[{CLASSES[name]}]"
        return PROPERTIES.get(name, token)
    if not in_brackets and re.fullmatch(r"\{\d+,\d+\}", token):
        least, most = token[1:-1].split(",")
        return token if int(most) <= LARGEST_REPEAT else "{" + least + ",}"
    return token
