"""What the tests of DynamoDB share: items in plain Python, tables, refusals."""

import itertools

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

_names = itertools.count(1)
serialize, _read = TypeSerializer().serialize, TypeDeserializer()


def item(**values):
    return {name: serialize(value) for name, value in values.items()}


def plain(values):
    return {name: _read.deserialize(value) for name, value in values.items()}


def values(**by_name):
    return {f":{name}": serialize(value) for name, value in by_name.items()}


def make_table(db, hash_="id", range_=None, types="S", **more):
    name = f"table-{next(_names)}"
    keys = [{"AttributeName": hash_, "KeyType": "HASH"}] + ([{"AttributeName": range_, "KeyType": "RANGE"}] if range_ else [])
    defined = {key["AttributeName"]: kind for key, kind in zip(keys, itertools.chain(types, itertools.repeat("S")))}
    defined.update(more.pop("defined", {}))
    definitions = [{"AttributeName": key, "AttributeType": kind} for key, kind in defined.items()]
    db.create_table(TableName=name, KeySchema=keys, AttributeDefinitions=definitions, BillingMode="PAY_PER_REQUEST", **more)
    return name


def refused(code, call, message=None, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code, caught.value
    assert message is None or message in error["Message"], error["Message"]
    return caught.value.response


def put(db, table, *items):
    for one in items:
        db.put_item(TableName=table, Item=item(**one))


def get(db, table, **key):
    found = db.get_item(TableName=table, Key=item(**key)).get("Item")
    return found and plain(found)
