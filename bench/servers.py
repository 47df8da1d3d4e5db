"""The two servers that are measured, started on free ports with empty data, and set up alike: a user whose policy allows what is asked, a bucket, a table."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
import botocore.config

TOP = Path(__file__).resolve().parent.parent
START_SECONDS = 30
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::bench-*/*"},
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": "arn:aws:dynamodb:*:*:table/bench"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::bench-*/secret/*"},
    ],
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REHEARSE_"))}
    return {**kept, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}


class Server:
    """A running server: `name`, `port`, `pid`, `start_ms` (to the first reply), and after `prepare` an access key of the user (`key`, `secret`)."""

    def __init__(self, name, command, folder):
        self.name, self.port, self.folder = name, free_port(), Path(folder)
        self.command = [part.format(port=self.port, data=self.folder / "data") for part in command]
        self.errors = open(self.folder / f"{name}.log", "w")
        self.key = self.secret = "test"

    def __enter__(self):
        began = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=self.errors, stderr=self.errors, stdin=subprocess.DEVNULL, env=clean_environment())
        self._wait_for_reply(began)
        self.start_ms = (time.monotonic() - began) * 1000
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def _wait_for_reply(self, began):
        question = b"GET /_rehearse/health HTTP/1.0\r\nHost: x\r\n\r\n" if self.name == "rehearse" else b"GET /moto-api/data.json HTTP/1.0\r\nHost: x\r\n\r\n"
        while time.monotonic() < began + START_SECONDS:
            try:
                with socket.create_connection(("127.0.0.1", self.port)) as connection:
                    connection.sendall(question)
                    if connection.recv(16).startswith(b"HTTP/1."):
                        return
            except ConnectionError:
                time.sleep(0.0002)
        raise RuntimeError(f"{self.name} did not start: see {self.errors.name}")

    @property
    def pid(self):
        return self.process.pid

    def memory_mb(self, what="VmRSS"):
        text = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(what + ":")) / 1024

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=botocore.config.Config(signature_version="v4" if service != "s3" else "s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )

    def prepare(self):
        self.client("s3").create_bucket(Bucket="bench-bucket")
        self.client("dynamodb").create_table(
            TableName="bench",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        iam = self.client("iam")
        iam.create_user(UserName="bench")
        iam.put_user_policy(UserName="bench", PolicyName="bench", PolicyDocument=json.dumps(POLICY))
        key = iam.create_access_key(UserName="bench")["AccessKey"]
        self.key, self.secret = key["AccessKeyId"], key["SecretAccessKey"]

    def load(self, *groups, seconds=None, requests=None, seed=1):
        """Runs the load generator; returns what it printed."""
        command = [TOP / "build/bench/load", "--port", self.port, "--pid", self.pid, "--key", self.key, "--secret", self.secret, "--seed", seed]
        command += ["--requests", requests] if requests else ["--seconds", seconds]
        result = subprocess.run([str(part) for part in [*command, *groups]], check=True, capture_output=True, text=True)
        return json.loads(result.stdout)


def rehearse(folder, *options):
    return Server("rehearse", [str(TOP / "build/rehearse"), "up", "--port", "{port}", "--data", "{data}", *options], folder)


def moto(folder):
    return Server("moto", [str(TOP / "build/deps/venv/bin/moto_server"), "-H", "127.0.0.1", "-p", "{port}"], folder)


def temporary_folder():
    """On the disk that the build lies on: what is durable is measured there."""
    return tempfile.TemporaryDirectory(prefix="bench-", dir=TOP / "build")


def nobody():
    """In the peer's place when it is left out."""
    return contextlib.nullcontext()
