"""Talks to build/tests/wire/wire_peer (see wire_peer.c): one command, one answer."""

import base64
import datetime
import json
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def program():
    """The sanitized build's, where there is one."""
    folders = [os.environ["REHEARSE_BUILD"]] if "REHEARSE_BUILD" in os.environ else [TOP / "build/asan", TOP / "build"]
    found = [pathlib.Path(folder) / "tests/wire/wire_peer" for folder in folders]
    return next(path for path in found if path.exists())


class Peer:
    def __enter__(self):
        sanitizers = {"ASAN_OPTIONS": "detect_stack_use_after_return=1"}  # newer compilers do so anyway
        self.process = subprocess.Popen([program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **sanitizers})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait() == 0, "wire_peer failed"

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        try:
            return json.loads(line)
        except UnicodeDecodeError:  # a message that repeats what was asked for is cleaned when it is written into a reply
            answer = json.loads(line.decode(errors="replace"))
            assert "input" not in answer, answer
            return answer


def to_typed(value):
    if isinstance(value, bytes):
        return {"$blob": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {"$time": round(value.timestamp() * 1000)}
    if isinstance(value, dict):
        return {key: to_typed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_typed(item) for item in value]
    return value
