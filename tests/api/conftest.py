"""Fixtures that the tests of one service share, each in the account of its test."""

import itertools

import pytest

from dynamodb import make_table
from s3_raw import Raw

_names = itertools.count(1)


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def raw(server, account):
    return Raw(server, account)


@pytest.fixture
def bucket(s3, account):
    name = f"bucket-{account}-{next(_names)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def db(aws):
    return aws("dynamodb")


@pytest.fixture
def table(db):
    return make_table(db)
