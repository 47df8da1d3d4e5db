"""Short words for policy documents, and for calls that must fail."""

import json

from botocore.exceptions import ClientError


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions, resources="*", **more):
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


def trust(**principal):
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


ENCODED = ". Encoded authorization failure message: "  # what follows only STS reads; messages are compared without it


class refused:  # noqa: N801 (reads as a word: with refused(…))
    """with refused("NoSuchEntity", "…") as …: the call fails with this code and, if given, this message."""

    def __init__(self, code, message=None, status=None):
        self.code, self.message, self.status = code, message, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert isinstance(error, ClientError), f"expected {self.code}, got {error!r}"
        assert error.response["Error"]["Code"] == self.code, error.response
        if self.message is not None:
            assert error.response["Error"]["Message"].partition(ENCODED)[0] == self.message
        if self.status is not None:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == self.status
        return True
