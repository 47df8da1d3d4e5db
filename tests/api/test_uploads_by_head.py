"""What the head of a large upload already says is judged before its body is read: identity, policy, parameters, the bucket."""

import hashlib
import json
import socket

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LENGTH = 1 << 30
READ_SECONDS = 20


@pytest.fixture
def bucket(aws, account):
    name = f"uploads-{account}"
    aws("s3").create_bucket(Bucket=name)
    return name


class Signer(S3SigV4Auth):
    """Signs the hash that it is given, not that of a body which the request does not have."""

    def __init__(self, key, secret, payload):
        super().__init__(Credentials(key, secret), "s3", "us-east-1")
        self.said = payload

    def payload(self, request):
        return self.said


def head_of(server, path, key, secret, headers, payload="UNSIGNED-PAYLOAD"):
    """A signed request's head, as bytes."""
    request = AWSRequest("PUT", f"{server.url}{path}", headers=headers)
    Signer(key, secret, payload).add_auth(request)
    lines = [f"PUT {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"] + [f"{name}: {value}" for name, value in request.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def first_answer(server, head, and_then=b""):
    """Sends no more than the head (and `and_then`), and reads until the server has said all it will say to that."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=READ_SECONDS) as connection:
        connection.sendall(head + and_then)
        answer = connection.recv(65536)
        while b"100 Continue" not in answer and (piece := connection.recv(65536)):
            answer += piece
    return answer.decode()


def upload(server, account, path, key=None, secret="test", **headers):
    more = {"Content-Length": str(LENGTH), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return first_answer(server, head_of(server, path, key or account, secret, more))


def restricted_key(aws):
    iam = aws("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_a_long_upload_that_policy_denies_is_refused_before_its_body_is_sent(server, aws, account, bucket):
    key, secret = restricted_key(aws)
    answer = upload(server, account, f"/{bucket}/large", key, secret)
    assert answer.startswith("HTTP/1.1 403 ")
    assert "is not authorized to perform: s3:PutObject" in answer
    assert "connection: close" in answer.lower()


def test_a_long_upload_with_a_wrong_signature_is_refused_before_its_body_is_sent(server, aws, account, bucket):
    key, _ = restricted_key(aws)
    answer = upload(server, account, f"/{bucket}/large", key, "another secret")
    assert answer.startswith("HTTP/1.1 403 ")
    assert "<Code>SignatureDoesNotMatch</Code>" in answer


def test_a_long_upload_into_a_bucket_that_is_not_there_is_refused_before_its_body_is_sent(server, account):
    answer = upload(server, account, f"/absent-{account}/large")
    assert answer.startswith("HTTP/1.1 404 ")
    assert "<Code>NoSuchBucket</Code>" in answer


def test_a_part_of_an_upload_that_is_not_there_is_refused_before_its_body_is_sent(server, account, bucket):
    answer = upload(server, account, f"/{bucket}/large?partNumber=1&uploadId=none")
    assert "<Code>NoSuchUpload</Code>" in answer


def test_a_condition_that_fails_is_told_before_the_body_is_sent(server, aws, account, bucket):
    aws("s3").put_object(Bucket=bucket, Key="there", Body=b"1")
    answer = upload(server, account, f"/{bucket}/there", **{"If-None-Match": "*"})
    assert answer.startswith("HTTP/1.1 412 ")


def test_a_client_that_waits_for_a_word_gets_the_refusal_instead_of_100(server, account):
    answer = upload(server, account, f"/absent-{account}/small", Expect="100-continue", Content_Length="5")
    assert answer.startswith("HTTP/1.1 404 ")


def test_a_client_that_waits_for_a_word_gets_100_when_the_head_is_good(server, account, bucket):
    answer = upload(server, account, f"/{bucket}/small", Expect="100-continue", Content_Length="5")
    assert answer.startswith("HTTP/1.1 100 ")


def test_a_head_that_does_not_tell_the_hash_of_its_body_is_refused(server, aws, account, bucket):
    key, secret = restricted_key(aws)
    head = head_of(server, f"/{bucket}/large", key, secret, {"Content-Length": "5"})
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"x-amz-content-sha256")]
    answer = first_answer(server, b"\r\n".join(lines).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"hello")
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Missing required header for this request: x-amz-content-sha256" in answer


def test_a_short_upload_that_is_refused_leaves_the_connection_open(server, account):
    head = head_of(server, f"/absent-{account}/small", account, "test", {"Content-Length": "5"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=READ_SECONDS) as connection:
        for _ in range(2):
            connection.sendall(head + b"hello")
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 404 ")


def test_what_the_body_really_was_counts_and_not_what_the_head_said(server, aws, account, bucket):
    iam = aws("iam")
    iam.create_user(UserName="writer")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_user_policy(UserName="writer", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    body = b"x" * (1 << 17)
    headers = {"Content-Length": str(len(body)), "Connection": "close"}
    said = hashlib.sha256(b"another").hexdigest()
    head = head_of(server, f"/{bucket}/large", key["AccessKeyId"], key["SecretAccessKey"], headers, said)
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in first_answer(server, head, body)
