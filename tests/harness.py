"""A control plane for tests: the real program on a free port of the loopback, with a data folder of its own.

`Server` starts, kills, restarts and ends one; it gives boto3 clients and the AWS CLI's environment. The program is the sanitizer build
when there is one, or what REHEARSE_PROGRAM names. A sanitizer's report on its standard error is a failure: see `check`.
"""

import contextlib
import http.client
import itertools
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import botocore.config
import botocore.session

TOP = Path(__file__).resolve().parent.parent
TOOLS = TOP / "build/deps/venv/bin"
AWS_CLI_2 = TOP / "build/deps/cli2/bin"
START_SECONDS = 20
STOP_SECONDS = 20
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|Assertion .* failed")
DEFAULT_REGION = "us-east-1"

_accounts = itertools.count(1)


def program():
    """The program under test."""
    named = os.environ.get("REHEARSE_PROGRAM")
    if named:
        return Path(named)
    built = [TOP / "build/asan/rehearse", TOP / "build/rehearse"]
    return next((path for path in built if path.exists()), built[-1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fresh_account():
    """An account that no other test of this process uses: tests that share a server do not see each other's resources."""
    return f"{os.getpid() % 10**6:06d}{next(_accounts):06d}"


def clean_environment(**more):
    """The environment without any AWS settings of the person who runs the tests, nor the size of their terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REHEARSE_", "COLUMNS", "LINES"))}
    isolated = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}
    sanitizers = {"TSAN_OPTIONS": f"suppressions={TOP}/tests/tsan.suppressions"}
    return {**kept, **isolated, **sanitizers, **more}


class Server:
    host = "127.0.0.1"

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.port = free_port()
        self.options = options
        self.process = None
        self.environment_of_server = {}
        self.errors = self.folder / "server.log"
        self._checked = 0
        self._sessions = {}

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def start(self, *more_options):
        """Starts the server (again) and returns once it answers."""
        command = [program(), "up", "--port", str(self.port), "--data", self.data, *self.options, *more_options]
        with open(self.errors, "a") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=clean_environment(**self.environment_of_server))
        self._wait_until_healthy()
        return self

    def _wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode} while starting:\n{self.log()[-4000:]}")
            if self._is_healthy():
                return
            time.sleep(0.005)
        raise AssertionError(f"the server did not answer within {START_SECONDS} s:\n{self.log()[-4000:]}")

    def _is_healthy(self):
        try:
            return self.request("GET", "/_rehearse/health").status == 200
        except OSError:
            return False

    def kill(self):
        """kill -9: no chance to save anything."""
        self.process.kill()
        self.process.wait()

    def restart(self, *more_options):
        """Dies by kill -9 and starts again on the same data and port."""
        self.kill()
        return self.start(*more_options)

    def stop(self):
        """Ends by SIGTERM, and insists that this works. What runs in sandboxes would outlive it, and is ended before."""
        if self.process is None or self.process.poll() is not None:
            return
        self.request("POST", "/_rehearse/reset")
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server within {STOP_SECONDS} s") from None
        self.check()
        assert status == 0, f"after SIGTERM the server ended with {status}:\n{self.log()[-4000:]}"

    def clear(self):
        """Ends what outlives a server by design: the keepers of its instances, builds and network, and all that runs in them."""
        for pid in self.keepers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def keepers(self):
        found = []
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if f"{self.data}/".encode() in command.read_bytes() + b"/" and int(command.parent.name) != os.getpid():
                    found.append(int(command.parent.name))
            except OSError:
                continue
        return found

    def log(self):
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def check(self):
        """Fails when a sanitizer has reported something since the last check."""
        log = self.log()
        fresh, self._checked = log[self._checked :], len(log)
        found = SANITIZER_REPORT.search(fresh)
        assert not found, f"the server's sanitizer reports:\n{fresh[max(found.start() - 200, 0) : found.start() + 6000]}"

    def request(self, method, path, body=None, headers=None):
        """A plain HTTP request; the reply has .status, .headers and .data."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            reply.data = reply.read()
            return reply
        finally:
            connection.close()

    def client(self, service, key="test", secret="test", token=None, region=DEFAULT_REGION, **settings):
        """A boto3-level client that neither retries nor validates: what the server says is what a test sees."""
        session = self._sessions.setdefault(region, botocore.session.Session())
        config = botocore.config.Config(
            retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=5, parameter_validation=False, **settings
        )
        return session.create_client(
            service, region, endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, config=config
        )

    def environment(self, key="test", secret="test", region=DEFAULT_REGION, **more):
        """What a process needs to talk to this server as `key`; the project's AWS CLI and git helper stand first in PATH."""
        return clean_environment(
            AWS_ENDPOINT_URL=self.url,
            AWS_ACCESS_KEY_ID=key,
            AWS_SECRET_ACCESS_KEY=secret,
            AWS_DEFAULT_REGION=region,
            AWS_REGION=region,
            AWS_PAGER="",
            PATH=f"{TOOLS}:{os.environ['PATH']}",
            **more,
        )

    def run(self, *command, check=True, **more):
        """Runs a command (`aws`, `git`, …) against this server; its output is text."""
        settings = {"env": self.environment(), "capture_output": True, "text": True, "timeout": 120, **more}
        done = subprocess.run([str(word) for word in command], **settings)
        assert not check or done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def rehearse(self, verb, *words, **more):
        """Runs a verb of the program against this server."""
        return self.run(program(), verb, *words, **more)


@contextlib.contextmanager
def running(folder, *options):
    """A server that ends, checked, with the block; of one that failed nothing stays behind either."""
    server = Server(folder, *options).start()
    try:
        yield server
        server.stop()
    finally:
        server.clear()
