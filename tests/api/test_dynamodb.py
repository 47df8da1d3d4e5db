"""DynamoDB with boto3 and the AWS CLI: tables, items, expressions, queries, indexes, batches, transactions."""

import itertools
import json
import re
import string
import zlib

import pytest

from dynamodb import get, item, make_table, plain, put, refused, serialize, values


@pytest.fixture
def ranged(db):
    """Partition key `p` (text), sort key `n` (number)."""
    return make_table(db, "p", "n", "SN")


# ---- Tables ----


def test_answers_and_refusals_name_their_request_as_dynamodb_does(db, table):
    told = db.list_tables()["ResponseMetadata"], refused("ResourceNotFoundException", db.describe_table, TableName="nope")["ResponseMetadata"]
    for metadata in told:
        assert re.fullmatch("[0-9A-V]{26}VV4KQNSO5AEMVJF66Q9ASUAAJG", metadata["RequestId"])
        assert metadata["HTTPHeaders"]["server"] == "Server"
    assert told[0]["RequestId"] != told[1]["RequestId"]


def test_a_table_is_made_described_and_removed(db):
    name = make_table(db, Tags=[{"Key": "a", "Value": "1"}])
    db.get_waiter("table_exists").wait(TableName=name)
    described = db.describe_table(TableName=name)["Table"]
    assert (described["TableStatus"], described["ItemCount"]) == ("ACTIVE", 0)
    assert described["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert db.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"] == [{"Key": "a", "Value": "1"}]
    assert db.list_tables()["TableNames"] == [name]
    put(db, name, {"id": "x"})
    assert db.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    db.get_waiter("table_not_exists").wait(TableName=name)
    refused("ResourceNotFoundException", db.describe_table, f"Table: {name} not found", TableName=name)
    refused("ResourceNotFoundException", db.get_item, "Requested resource not found", TableName=name, Key=item(id="x"))


def test_a_table_made_again_is_empty(db, table):
    put(db, table, {"id": "x"})
    db.delete_table(TableName=table)
    definitions = [{"AttributeName": "id", "AttributeType": "S"}]
    again = {"TableName": table, "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": definitions, "BillingMode": "PAY_PER_REQUEST"}
    db.create_table(**again)
    assert get(db, table, id="x") is None
    refused("ResourceInUseException", db.create_table, f"Table already exists: {table}", **again)


HASH = [{"AttributeName": "id", "KeyType": "HASH"}]
DEFINED = [{"AttributeName": "id", "AttributeType": "S"}]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"TableName": "ab"}, "at least 3 characters long and at most 255"),
        ({"TableName": "no spaces"}, "[a-zA-Z0-9_.-]+"),
        ({"BillingMode": "PROVISIONED"}, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
        ({"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}, "when BillingMode is PAY_PER_REQUEST"),
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "RANGE"}]}, "The first KeySchemaElement is not a HASH key type"),
        ({"KeySchema": HASH + [{"AttributeName": "id", "KeyType": "RANGE"}]}, "Invalid KeySchema: Some index key attribute have no definition"),
        (
            {
                "KeySchema": HASH + [{"AttributeName": "id", "KeyType": "RANGE"}],
                "AttributeDefinitions": DEFINED + [{"AttributeName": "x", "AttributeType": "S"}],
            },
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        ({"KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}]}, "Some index key attributes are not defined in AttributeDefinitions"),
        ({"AttributeDefinitions": DEFINED + [{"AttributeName": "x", "AttributeType": "S"}]}, "Number of attributes in KeySchema does not exactly match"),
        ({"GlobalSecondaryIndexes": [{"IndexName": "g-1", "KeySchema": HASH, "Projection": {"ProjectionType": "INCLUDE"}}]}, "NonKeyAttributes is not specified"),
        ({"LocalSecondaryIndexes": [{"IndexName": "l-1", "KeySchema": HASH, "Projection": {"ProjectionType": "ALL"}}]}, "does not have a range key"),
    ],
)
def test_wrong_tables_are_refused(db, wrong, message):
    right = {"TableName": "right", "KeySchema": HASH, "AttributeDefinitions": DEFINED, "BillingMode": "PAY_PER_REQUEST"}
    refused("ValidationException", db.create_table, message, **{**right, **wrong})


def test_what_is_not_built_is_refused_by_name(db):
    right = {"TableName": "right", "KeySchema": HASH, "AttributeDefinitions": DEFINED, "BillingMode": "PAY_PER_REQUEST"}
    refused("NotImplemented", db.create_table, "StreamSpecification", **right, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    refused("NotImplemented", db.update_time_to_live, "UpdateTimeToLive", TableName="right", TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})


def test_tables_are_listed_in_pages(db):
    names = sorted(make_table(db) for _ in range(3))
    pages = list(db.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["TableNames"] for page in pages] == [names[:2], names[2:]]


def test_tags_and_protection(db, table):
    arn = db.describe_table(TableName=table)["Table"]["TableArn"]
    db.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    db.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    db.untag_resource(ResourceArn=arn, TagKeys=["b"])
    assert db.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]
    refused("ValidationException", db.list_tags_of_resource, "Invalid NextToken", ResourceArn=arn, NextToken="made up")
    db.update_table(TableName=table, DeletionProtectionEnabled=True)
    refused("ValidationException", db.delete_table, "protected against deletion", TableName=table)
    db.update_table(TableName=table, DeletionProtectionEnabled=False)
    db.delete_table(TableName=table)


# ---- Items ----


def test_every_type_comes_back_as_it_went(db, table):
    whole = {
        "id": "x",
        "text": "ö…\u0000\n",
        "number": -12,
        "bytes": b"\x00\xff",
        "yes": True,
        "nothing": None,
        "texts": {"a", "b"},
        "numbers": {1, 2},
        "blobs": {b"1", b"2"},
        "list": ["a", 1, {"deep": [b"z"]}],
        "map": {"a": {"b": {"c": 1}}},
        "empty": "",
        "none": {},
    }
    put(db, table, whole)
    got = get(db, table, id="x")
    for name in ("bytes",):
        got[name] = got[name].value
    got["blobs"] = {blob.value for blob in got["blobs"]}
    got["list"][2]["deep"] = [blob.value for blob in got["list"][2]["deep"]]
    assert got == whole


@pytest.mark.parametrize(
    "given, kept",
    [
        ("1.0", "1"), ("+5", "5"), ("007", "7"), ("1e2", "100"), ("1E-3", "0.001"), ("-0", "0"), ("0.10", "0.1"), (".5", "0.5"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"), ("1E+125", "1" + "0" * 125), ("1E-130", "0." + "0" * 129 + "1"),
    ],
)  # fmt: skip
def test_numbers_are_kept_in_one_form(db, table, given, kept):
    db.put_item(TableName=table, Item={"id": {"S": "n"}, "n": {"N": given}})
    assert db.get_item(TableName=table, Key=item(id="n"))["Item"]["n"]["N"] == kept


@pytest.mark.parametrize(
    "value, message",
    [
        ({"N": "abc"}, "cannot be converted to a numeric value: abc"),
        ({"N": ""}, "cannot be converted to a numeric value"),
        ({"N": "1" * 39}, "more than 38 significant digits"),
        ({"N": "1E126"}, "Number overflow"),
        ({"N": "1E-131"}, "Number underflow"),
        ({"SS": []}, "may not be empty"),
        ({"SS": ["a", "a"]}, "contains duplicates"),
        ({"NS": ["1", "1.0"]}, "contains duplicates"),
        ({}, "must contain exactly one of the supported datatypes"),
        ({"S": "a", "N": "1"}, "more than one datatypes set"),
        ({"NULL": False}, "Null attribute value types must have the value of true"),
    ],
)
def test_wrong_values_are_refused(db, table, value, message):
    refused("ValidationException", db.put_item, message, TableName=table, Item={"id": {"S": "x"}, "v": value})


def test_keys_must_fit_the_schema(db, table, ranged):
    refused("ValidationException", db.put_item, "Missing the key id in the item", TableName=table, Item=item(other="x"))
    refused("ValidationException", db.put_item, "Type mismatch for key id expected: S actual: N", TableName=table, Item=item(id=1))
    refused("ValidationException", db.put_item, "cannot contain an empty string value. Key: id", TableName=table, Item=item(id=""))
    refused("ValidationException", db.get_item, "The provided key element does not match the schema", TableName=ranged, Key=item(p="x"))
    refused("ValidationException", db.get_item, "does not match the schema", TableName=ranged, Key=item(p="x", n="1"))
    refused("ValidationException", db.get_item, "does not match the schema", TableName=table, Key=item(id="x", more="1"))


def test_items_are_bounded(db, table):
    put(db, table, {"id": "x", "v": "a" * (400 * 1024 - 4)})
    refused("ValidationException", db.put_item, "Item size has exceeded", TableName=table, Item=item(id="x", v="a" * (400 * 1024 - 3)))
    refused("ValidationException", db.update_item, "Item size to update has exceeded", TableName=table, Key=item(id="x"),
            UpdateExpression="SET w = :w", ExpressionAttributeValues=values(w="more"))  # fmt: skip


def test_old_values_are_returned(db, table):
    assert "Attributes" not in db.put_item(TableName=table, Item=item(id="x", v=1), ReturnValues="ALL_OLD")
    assert plain(db.put_item(TableName=table, Item=item(id="x", v=2), ReturnValues="ALL_OLD")["Attributes"]) == {"id": "x", "v": 1}
    assert plain(db.delete_item(TableName=table, Key=item(id="x"), ReturnValues="ALL_OLD")["Attributes"]) == {"id": "x", "v": 2}
    assert "Attributes" not in db.delete_item(TableName=table, Key=item(id="x"), ReturnValues="ALL_OLD")
    assert get(db, table, id="x") is None


def test_projections(db, table):
    put(db, table, {"id": "x", "a": {"b": 1, "c": [10, 20, 30]}, "d": 2, "size": 3})
    shown = db.get_item(TableName=table, Key=item(id="x"), ProjectionExpression="a.b, a.c[2], a.c[0], #s", ExpressionAttributeNames={"#s": "size"})
    assert plain(shown["Item"]) == {"a": {"b": 1, "c": [10, 30]}, "size": 3}
    empty = db.get_item(TableName=table, Key=item(id="x"), ProjectionExpression="nope")
    assert empty["Item"] == {}


# ---- Conditions ----

SUBJECT = {"id": "x", "n": 5, "s": "hello", "l": [1, "two"], "m": {"k": 1}, "ss": {"a", "b"}, "t": True, "z": None}


@pytest.mark.parametrize(
    "condition, holds",
    [
        ("n = :5", True), ("n <> :5", False), ("n < :6", True), ("n <= :5", True), ("n > :5", False), ("n >= :6", False),
        ("n BETWEEN :5 AND :6", True), ("n between :6 and :6", False), ("n IN (:6, :5)", True), ("n IN (:6)", False),
        ("attribute_exists(n)", True), ("attribute_exists(m.k)", True), ("attribute_exists(m.q)", False), ("attribute_exists(l[1])", True),
        ("attribute_not_exists(q)", True), ("attribute_type(s, :S)", True), ("attribute_type(n, :S)", False),
        ("begins_with(s, :hel)", True), ("begins_with(s, :lo)", False), ("contains(s, :lo)", True), ("contains(ss, :a)", True), ("contains(l, :two)", True),
        ("size(s) = :5", True), ("size(l) < :5", True), ("size(n) = :5", False),
        ("n = :5 AND s = :lo", False), ("n = :5 OR s = :lo", True), ("NOT n = :5", False), ("NOT (n = :6 OR n = :5)", False),
        ("n = :6 OR n = :5 AND s = :hello", True), ("(n = :6 OR n = :5) AND s = :lo", False), ("q = :5", False), ("q <> :5", True), ("s < :5", False),
        ("m = :m", True), ("t = :t", True), ("n = m.k", False), ("#hash = :5", True), ("l[0] < n", True),
    ],
)  # fmt: skip
def test_conditions(db, table, condition, holds):
    put(db, table, SUBJECT)
    known = {":5": 5, ":6": 6, ":hel": "hel", ":lo": "lo", ":a": "a", ":two": "two", ":S": "S", ":hello": "hello", ":m": {"k": 1}, ":t": True}
    used = {name: serialize(value) for name, value in known.items() if name in condition.replace("(", " ").replace(")", " ").replace(",", " ").split()}
    arguments = {"TableName": table, "Item": item(**SUBJECT), "ConditionExpression": condition}
    if used:
        arguments["ExpressionAttributeValues"] = used
    if "#hash" in condition:
        arguments["ExpressionAttributeNames"] = {"#hash": "n"}
    if holds:
        db.put_item(**arguments)
    else:
        refused("ConditionalCheckFailedException", db.put_item, "The conditional request failed", **arguments)


def test_a_failed_condition_shows_the_item_when_asked(db, table):
    put(db, table, {"id": "x", "v": 1})
    failed = refused("ConditionalCheckFailedException", db.put_item, TableName=table, Item=item(id="x"), ConditionExpression="attribute_not_exists(id)",
                     ReturnValuesOnConditionCheckFailure="ALL_OLD")  # fmt: skip
    assert plain(failed["Item"]) == {"id": "x", "v": 1}


@pytest.mark.parametrize(
    "expression, message",
    [
        ("", "The expression can not be empty"),
        ("v = ", 'Syntax error; token: "<EOF>", near: "="'),
        ("v == :v", 'Syntax error; token: "=", near: "=='),
        ("(v = :v", "Syntax error"),
        ("v = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"),
        ("#n = :v", "An expression attribute name used in the document path is not defined; attribute name: #n"),
        ("name = :v", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("w = :w", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"),
        ("begins_with(v, :v)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
        ("nonsense(v, :v)", "Invalid function name; function: nonsense"),
        ("attribute_exists(v, :v)", "Incorrect number of operands"),
        ("v = v", "The first operand must be distinct"),
    ],
)
def test_wrong_conditions_are_refused(db, table, expression, message):
    known = values(v=1, w=2) if ":w" in expression else values(v=1)
    refused("ValidationException", db.put_item, message, TableName=table, Item=item(id="x"), ConditionExpression=expression, ExpressionAttributeValues=known)


def test_placeholders_want_an_expression(db, table):
    refused("ValidationException", db.put_item, "can only be specified when using expressions", TableName=table, Item=item(id="x"),
            ExpressionAttributeValues=values(v=1))  # fmt: skip


# ---- Updates ----


def update(db, table, expression, returned="ALL_NEW", names=None, **by_name):
    arguments = {"ExpressionAttributeValues": values(**by_name)} if by_name else {}
    if names:
        arguments["ExpressionAttributeNames"] = names
    reply = db.update_item(TableName=table, Key=item(id="x"), UpdateExpression=expression, ReturnValues=returned, **arguments)
    return plain(reply.get("Attributes", {}))


@pytest.mark.parametrize(
    "before, expression, by_name, after",
    [
        ({}, "SET a = :v", {"v": 1}, {"a": 1}),
        ({"a": 1}, "SET a = a + :v, b = a", {"v": 2}, {"a": 3, "b": 1}),
        ({"a": 1}, "SET a = a - :v", {"v": 2}, {"a": -1}),
        ({"a": 1}, "SET a = if_not_exists(a, :v), b = if_not_exists(b, :v)", {"v": 9}, {"a": 1, "b": 9}),
        ({}, "SET a = if_not_exists(a, :zero) + :one", {"zero": 0, "one": 1}, {"a": 1}),
        ({"l": [1]}, "SET l = list_append(l, :v)", {"v": [2, 3]}, {"l": [1, 2, 3]}),
        ({"l": [1]}, "SET l = list_append(:v, l)", {"v": [0]}, {"l": [0, 1]}),
        ({"m": {"a": 1}}, "SET m.b = :v, m.a = :w", {"v": 2, "w": 3}, {"m": {"a": 3, "b": 2}}),
        ({"l": [1, 2, 3]}, "SET l[1] = :v, l[9] = :w", {"v": "b", "w": "end"}, {"l": [1, "b", 3, "end"]}),
        ({"a": 1, "b": 2}, "REMOVE a, c", {}, {"b": 2}),
        ({"l": [0, 1, 2, 3]}, "REMOVE l[0], l[2]", {}, {"l": [1, 3]}),
        ({"n": 1}, "ADD n :v, q :v", {"v": 5}, {"n": 6, "q": 5}),
        ({"s": {"a"}}, "ADD s :v", {"v": {"a", "b"}}, {"s": {"a", "b"}}),
        ({"s": {"a", "b"}}, "DELETE s :v", {"v": {"b", "z"}}, {"s": {"a"}}),
        ({"s": {"a"}}, "DELETE s :v", {"v": {"a"}}, {}),
        ({"a": 1, "b": 2}, "SET c = :v REMOVE a ADD b :v", {"v": 3}, {"b": 5, "c": 3}),
    ],
)
def test_updates(db, table, before, expression, by_name, after):
    put(db, table, {"id": "x", **before})
    assert update(db, table, expression, **by_name) == {"id": "x", **after}
    assert get(db, table, id="x") == {"id": "x", **after}


def test_an_update_makes_an_item_unless_its_condition_fails(db, table):
    refused("ConditionalCheckFailedException", db.update_item, TableName=table, Key=item(id="x"), UpdateExpression="SET a = :v",
            ConditionExpression="attribute_exists(id)", ExpressionAttributeValues=values(v=1))  # fmt: skip
    assert update(db, table, "SET a = :v", v=1) == {"id": "x", "a": 1}


def test_what_an_update_returns(db, table):
    put(db, table, {"id": "x", "a": 1, "m": {"b": 1, "c": 2}})
    assert update(db, table, "SET a = :v, m.b = :v", "UPDATED_NEW", v=2) == {"a": 2, "m": {"b": 2}}
    assert update(db, table, "SET a = :v", "UPDATED_OLD", v=3) == {"a": 2}
    assert update(db, table, "SET a = :v", "ALL_OLD", v=4)["a"] == 3
    assert update(db, table, "SET a = :v", "NONE", v=5) == {}


@pytest.mark.parametrize(
    "expression, message",
    [
        ("SET id = :v", "Cannot update attribute id. This attribute is part of the key"),
        ("SET q.r = :v", "The document path provided in the update expression is invalid for update"),
        ("SET a = q + :v", "refers to an attribute that does not exist in the item"),
        ("SET a = s + :v", "An operand in the update expression has an incorrect data type"),
        ("ADD s :v", "An operand in the update expression has an incorrect data type"),
        ("DELETE a :v", "operator: DELETE, operand type: NUMBER"),
        ("SET a = :v, a = :v", "Two document paths overlap with each other"),
        ("SET a.b = :v, a = :v", "Two document paths overlap with each other"),
        ("SET a = :v SET b = :v", 'The "SET" section can only be used once'),
        ("PUT a = :v", 'Syntax error; token: "PUT"'),
        ("SET a :v", "Syntax error"),
    ],
)
def test_wrong_updates_are_refused_and_change_nothing(db, table, expression, message):
    put(db, table, {"id": "x", "s": "text"})
    refused("ValidationException", db.update_item, message, TableName=table, Key=item(id="x"), UpdateExpression=expression, ExpressionAttributeValues=values(v=1))
    assert get(db, table, id="x") == {"id": "x", "s": "text"}


def test_arithmetic_has_38_digits(db, table):
    put(db, table, {"id": "x"})
    for text in ("0.1", "0.2", "99999999999999999999999999999999999.3"):
        db.update_item(TableName=table, Key=item(id="x"), UpdateExpression="ADD n :v", ExpressionAttributeValues={":v": {"N": text}})
    assert db.get_item(TableName=table, Key=item(id="x"))["Item"]["n"]["N"] == "99999999999999999999999999999999999.6"
    refused("ValidationException", db.update_item, "38 significant digits", TableName=table, Key=item(id="x"), UpdateExpression="ADD n :v",
            ExpressionAttributeValues={":v": {"N": "0.00001"}})  # fmt: skip


# ---- Queries and scans ----


@pytest.fixture
def filled(db, ranged):
    for p, n in itertools.product("ab", ("-20", "-3", "-2.5", "0", "0.25", "7", "10", "100")):
        db.put_item(TableName=ranged, Item={"p": {"S": p}, "n": {"N": n}, "even": {"BOOL": n in ("-20", "0", "10", "100")}})
    return ranged


def numbers(page):
    return [one["n"]["N"] for one in page["Items"]]


@pytest.mark.parametrize(
    "condition, by_name, expected",
    [
        ("p = :p", {}, ["-20", "-3", "-2.5", "0", "0.25", "7", "10", "100"]),
        ("p = :p AND n = :a", {"a": 7}, ["7"]),
        ("p = :p AND n < :a", {"a": 0}, ["-20", "-3", "-2.5"]),
        ("p = :p AND n <= :a", {"a": 0}, ["-20", "-3", "-2.5", "0"]),
        ("p = :p AND n > :a", {"a": 7}, ["10", "100"]),
        ("n >= :a AND p = :p", {"a": 7}, ["7", "10", "100"]),
        ("p = :p AND n BETWEEN :a AND :b", {"a": -3, "b": 7}, ["-3", "-2.5", "0", "0.25", "7"]),
        ("(p = :p) AND (n > :a)", {"a": 10}, ["100"]),
    ],
)
def test_queries_are_in_the_order_of_numbers(db, filled, condition, by_name, expected):
    asked = {"TableName": filled, "KeyConditionExpression": condition, "ExpressionAttributeValues": values(p="a", **by_name)}
    assert numbers(db.query(**asked)) == expected
    assert numbers(db.query(**asked, ScanIndexForward=False)) == expected[::-1]


def test_begins_with_on_a_text_key(db):
    table = make_table(db, "p", "s")
    for s in ("a", "ab", "abc", "b"):
        put(db, table, {"p": "x", "s": s})
    page = db.query(TableName=table, KeyConditionExpression="p = :p AND begins_with(s, :s)", ExpressionAttributeValues=values(p="x", s="ab"))
    assert [one["s"]["S"] for one in page["Items"]] == ["ab", "abc"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("size", [1, 3, 8, 9])
def test_pages_of_a_query(db, filled, size, forward):
    asked = {"TableName": filled, "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": values(p="b"), "ScanIndexForward": forward}
    pages = list(db.get_paginator("query").paginate(**asked, PaginationConfig={"PageSize": size}))
    assert [n for page in pages for n in numbers(page)] == numbers(db.query(**asked))
    assert all(page["ScannedCount"] <= size for page in pages)


def test_filters_count_what_they_left_out(db, filled):
    asked = {"TableName": filled, "KeyConditionExpression": "p = :p", "FilterExpression": "even = :t", "ExpressionAttributeValues": values(p="a", t=True)}
    page = db.query(**asked)
    assert (page["Count"], page["ScannedCount"], numbers(page)) == (4, 8, ["-20", "0", "10", "100"])
    counted = db.query(**asked, Select="COUNT")
    assert (counted["Count"], "Items" in counted) == (4, False)
    assert db.query(**asked, Limit=2)["Count"] == 1


@pytest.mark.parametrize(
    "condition, by_name, message",
    [
        ("n = :a", {"a": 1}, "Query condition missed key schema element: p"),
        ("p = :a AND q = :b", {"a": "a", "b": 1}, "Query condition missed key schema element: n"),
        ("p > :a", {"a": "a"}, "Query key condition not supported"),
        ("p = :a OR n = :b", {"a": "a", "b": 1}, "Invalid operator used in KeyConditionExpression"),
        ("p = :a", {"a": 1}, "Condition parameter type does not match schema type"),
        ("p = :a AND n <> :b", {"a": "a", "b": 1}, "Invalid operator used in KeyConditionExpression"),
    ],
)
def test_wrong_key_conditions(db, ranged, condition, by_name, message):
    refused("ValidationException", db.query, message, TableName=ranged, KeyConditionExpression=condition, ExpressionAttributeValues=values(**by_name))


def test_a_filter_may_not_name_the_key(db, ranged):
    refused("ValidationException", db.query, "Filter Expression can only contain non-primary key attributes: Primary key attribute: n", TableName=ranged,
            KeyConditionExpression="p = :a", FilterExpression="n > :b", ExpressionAttributeValues=values(a="a", b=1))  # fmt: skip


def test_scans_see_everything_once(db, filled):
    assert db.scan(TableName=filled)["Count"] == 16
    pages = db.get_paginator("scan").paginate(TableName=filled, PaginationConfig={"PageSize": 5})
    assert sum(page["Count"] for page in pages) == 16
    segments = [db.scan(TableName=filled, Segment=i, TotalSegments=3)["Count"] for i in range(3)]
    assert sum(segments) == 16
    page = db.scan(TableName=filled, FilterExpression="even = :t AND n > :n", ExpressionAttributeValues=values(t=True, n=5), ProjectionExpression="p, n")
    assert (page["Count"], page["ScannedCount"]) == (4, 16) and "even" not in page["Items"][0]


def test_a_page_ends_at_a_megabyte(db, table):
    for i in range(5):
        put(db, table, {"id": str(i), "v": "a" * 300_000})
    first = db.scan(TableName=table)
    assert first["Count"] == 4 and first["LastEvaluatedKey"]
    assert db.scan(TableName=table, ExclusiveStartKey=first["LastEvaluatedKey"])["Count"] == 1
    refused("ValidationException", db.scan, "The provided starting key is invalid", TableName=table, ExclusiveStartKey=item(other="1"))


# ---- Indexes ----


@pytest.fixture
def indexed(db):
    def index(name, hash_, range_, projection):
        keys = [{"AttributeName": hash_, "KeyType": "HASH"}] + ([{"AttributeName": range_, "KeyType": "RANGE"}] if range_ else [])
        return {"IndexName": name, "KeySchema": keys, "Projection": projection}

    some = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]}
    glob = [index("by-group", "group", "score", {"ProjectionType": "ALL"}), index("by-mail", "mail", None, some)]
    local = [index("by-score", "id", "score", {"ProjectionType": "KEYS_ONLY"})]
    defined = {"group": "S", "score": "N", "mail": "S"}
    return make_table(db, "id", "kind", "SS", defined=defined, GlobalSecondaryIndexes=glob, LocalSecondaryIndexes=local)


def ask(db, table, index, condition, names=None, **by_name):
    more = {"ExpressionAttributeNames": names} if names else {}
    page = db.query(TableName=table, IndexName=index, KeyConditionExpression=condition, ExpressionAttributeValues=values(**by_name), **more)
    return [plain(one) for one in page["Items"]]


def test_indexes_follow_their_items(db, indexed):
    put(db, indexed, {"id": "1", "kind": "k", "group": "g", "score": 5, "mail": "m", "name": "n", "rest": "r"}, {"id": "2", "kind": "k", "group": "g", "score": 3})
    put(db, indexed, {"id": "3", "kind": "k"})  # in no index
    names = {"#g": "group"}
    assert [one["id"] for one in ask(db, indexed, "by-group", "#g = :g", names, g="g")] == ["2", "1"]
    assert ask(db, indexed, "by-mail", "mail = :m", m="m") == [{"id": "1", "kind": "k", "mail": "m", "name": "n"}]
    assert ask(db, indexed, "by-score", "id = :i AND score > :s", i="1", s=1) == [{"id": "1", "kind": "k", "score": 5}]
    db.update_item(TableName=indexed, Key=item(id="1", kind="k"), UpdateExpression="SET score = :s REMOVE mail", ExpressionAttributeValues=values(s=1))
    assert [one["id"] for one in ask(db, indexed, "by-group", "#g = :g", names, g="g")] == ["1", "2"]
    assert ask(db, indexed, "by-mail", "mail = :m", m="m") == []
    db.delete_item(TableName=indexed, Key=item(id="1", kind="k"))
    assert [one["id"] for one in ask(db, indexed, "by-group", "#g = :g", names, g="g")] == ["2"]
    assert db.scan(TableName=indexed, IndexName="by-group")["Count"] == 1


def test_pages_of_an_index_with_equal_keys(db, indexed):
    for i in range(7):
        put(db, indexed, {"id": str(i), "kind": "k", "group": "same", "score": 1})
    asked = {"TableName": indexed, "IndexName": "by-group", "KeyConditionExpression": "#g = :g", "ExpressionAttributeNames": {"#g": "group"},
             "ExpressionAttributeValues": values(g="same")}  # fmt: skip
    pages = list(db.get_paginator("query").paginate(**asked, PaginationConfig={"PageSize": 2}))
    assert [one["id"]["S"] for page in pages for one in page["Items"]] == [str(i) for i in range(7)]
    assert set(pages[0]["LastEvaluatedKey"]) == {"id", "kind", "group", "score"}


def test_what_an_index_refuses(db, indexed):
    refused("ValidationException", db.put_item, "Type mismatch for Index Key score Expected: N Actual: S IndexName: by-group", TableName=indexed,
            Item=item(id="1", kind="k", score="x"))  # fmt: skip
    base = {"TableName": indexed, "KeyConditionExpression": "mail = :m", "ExpressionAttributeValues": values(m="m")}
    refused("ValidationException", db.query, "The table does not have the specified index: nope", **base, IndexName="nope")
    refused("ValidationException", db.query, "Consistent reads are not supported on global secondary indexes", **base, IndexName="by-mail", ConsistentRead=True)
    refused("ValidationException", db.query, "its projection type is not ALL", **base, IndexName="by-mail", Select="ALL_ATTRIBUTES")
    refused("ValidationException", db.query, "does not project [rest]", **base, IndexName="by-mail", ProjectionExpression="rest")


def test_an_index_added_later_is_filled(db, table):
    put(db, table, {"id": "1", "color": "red"}, {"id": "2", "color": "blue"}, {"id": "3"})
    keys = [{"AttributeName": "color", "KeyType": "HASH"}]
    create = {"Create": {"IndexName": "by-color", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}}
    defined = [{"AttributeName": "color", "AttributeType": "S"}]
    made = db.update_table(TableName=table, AttributeDefinitions=defined, GlobalSecondaryIndexUpdates=[create])["TableDescription"]
    assert (made["TableStatus"], made["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("UPDATING", "CREATING")
    assert ask(db, table, "by-color", "color = :c", c="blue") == [{"id": "2", "color": "blue"}]
    assert db.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    db.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-color"}}])
    refused("ValidationException", ask, "does not have the specified index", db=db, table=table, index="by-color", condition="color = :c", c="blue")


# ---- Batches and transactions ----


def test_batches(db, table):
    requests = [{"PutRequest": {"Item": item(id=str(i), v=i)}} for i in range(25)]
    assert db.batch_write_item(RequestItems={table: requests})["UnprocessedItems"] == {}
    got = db.batch_get_item(RequestItems={table: {"Keys": [item(id="3"), item(id="nope"), item(id="7")], "ProjectionExpression": "v"}})
    assert sorted(one["v"]["N"] for one in got["Responses"][table]) == ["3", "7"]
    db.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": item(id="3")}}]})
    assert get(db, table, id="3") is None
    refused("ValidationException", db.batch_write_item, "contains duplicates", RequestItems={table: requests[:1] * 2})
    refused("ValidationException", db.batch_get_item, "contains duplicates", RequestItems={table: {"Keys": [item(id="1")] * 2}})


def test_a_transaction_is_done_whole_or_not_at_all(db, table):
    put(db, table, {"id": "a", "n": 1}, {"id": "b", "n": 1})
    take = {"Update": {"TableName": table, "Key": item(id="a"), "UpdateExpression": "ADD n :m", "ExpressionAttributeValues": values(m=-1)}}
    give = {"Update": {"TableName": table, "Key": item(id="b"), "UpdateExpression": "ADD n :p", "ExpressionAttributeValues": values(p=1)}}
    new = {"Put": {"TableName": table, "Item": item(id="c"), "ConditionExpression": "attribute_not_exists(id)"}}
    db.transact_write_items(TransactItems=[take, give, new])
    failed = refused("TransactionCanceledException", db.transact_write_items, "[None, None, ConditionalCheckFailed]", TransactItems=[take, give, new])
    assert [reason["Code"] for reason in failed["CancellationReasons"]] == ["None", "None", "ConditionalCheckFailed"]
    gets = [{"Get": {"TableName": table, "Key": item(id=key)}} for key in ("a", "b", "nope")]
    got = db.transact_get_items(TransactItems=gets)["Responses"]
    assert [plain(one["Item"])["n"] if "Item" in one else None for one in got] == [0, 2, None]
    refused("ValidationException", db.transact_write_items, "cannot include multiple operations on one item", TransactItems=[take, take])


def test_a_token_makes_a_transaction_happen_once(db, table):
    add = {"Update": {"TableName": table, "Key": item(id="a"), "UpdateExpression": "ADD n :p", "ExpressionAttributeValues": values(p=1)}}
    for _ in range(3):
        db.transact_write_items(TransactItems=[add], ClientRequestToken="once")
    assert get(db, table, id="a")["n"] == 1
    other = {"Delete": {"TableName": table, "Key": item(id="a")}}
    refused("IdempotentParameterMismatchException", db.transact_write_items, TransactItems=[other], ClientRequestToken="once")


def test_a_transaction_that_was_done_is_answered_by_reading(db, table):
    add = {"Put": {"TableName": table, "Item": item(id="a", text="x" * 1500)}}
    first, again = (
        db.transact_write_items(TransactItems=[add], ClientRequestToken="once-read", ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
        for _ in range(2)
    )
    assert first == [{"TableName": table, "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    assert again == [{"TableName": table, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_a_transaction_shows_no_item_of_which_nothing_was_asked(db, table):
    put(db, table, {"id": "a"})
    get_ = {"Get": {"TableName": table, "Key": item(id="a"), "ProjectionExpression": "nothing"}}
    assert db.transact_get_items(TransactItems=[get_])["Responses"] == [{}]


# ---- The rest ----


def test_capacity_is_told_when_asked_for(db, table):
    written = db.put_item(TableName=table, Item=item(id="x", v="a" * 2000), ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert written == {"TableName": table, "CapacityUnits": 2.0}
    assert db.get_item(TableName=table, Key=item(id="x"), ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_permissions_are_per_table_and_index(aws, server, db, indexed):
    arn = db.describe_table(TableName=indexed)["Table"]["TableArn"]
    iam = aws("iam")
    iam.create_user(UserName="app")
    statements = [{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": arn}]
    iam.put_user_policy(UserName="app", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    key = iam.create_access_key(UserName="app")["AccessKey"]
    app = server.client("dynamodb", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    app.get_item(TableName=indexed, Key=item(id="1", kind="k"))
    message = f"is not authorized to perform: dynamodb:PutItem on resource: {arn}"
    refused("AccessDeniedException", app.put_item, message, TableName=indexed, Item=item(id="1", kind="k"))
    query = {"TableName": indexed, "IndexName": "by-mail", "KeyConditionExpression": "mail = :m", "ExpressionAttributeValues": values(m="m")}
    refused("AccessDeniedException", app.query, f"dynamodb:Query on resource: {arn}/index/by-mail", **query)


def test_the_resource_layer_of_boto3_works(server, account, table):
    boto3 = pytest.importorskip("boto3")
    users = boto3.resource(
        "dynamodb", "us-east-1", endpoint_url=server.url, aws_access_key_id=account, aws_secret_access_key="x"
    ).Table(table)  # fmt: skip
    with users.batch_writer() as batch:
        for letter in string.ascii_lowercase + string.ascii_uppercase:
            batch.put_item(Item={"id": letter, "n": ord(letter)})
    condition = boto3.dynamodb.conditions.Attr("n").between(ord("a"), ord("c"))
    assert sorted(one["id"] for one in users.scan(FilterExpression=condition)["Items"]) == ["a", "b", "c"]


def test_replies_carry_a_checksum_that_clients_verify(db, table):
    def sum_of(reply):
        return int(reply["ResponseMetadata"]["HTTPHeaders"]["x-amz-crc32"])

    put(db, table, {"id": "x"})
    assert sum_of(db.get_item(TableName=table, Key=item(id="x"))) == zlib.crc32(b'{"Item":{"id":{"S":"x"}}}')
    assert sum_of(refused("ValidationException", db.get_item, TableName=table, Key={}))


def test_the_cli_writes_and_reads(cli, table):
    cli("dynamodb", "put-item", "--table-name", table, "--item", '{"id": {"S": "cli"}, "b": {"B": "bytes"}}')
    got = json.loads(cli("dynamodb", "get-item", "--table-name", table, "--key", '{"id": {"S": "cli"}}'))
    assert got["Item"] == {"id": {"S": "cli"}, "b": {"B": "Ynl0ZXM="}}


def test_items_survive_a_kill(start_server):
    server = start_server()
    db = server.client("dynamodb")
    table = make_table(db)
    put(db, table, *({"id": str(i)} for i in range(20)))
    server.restart()
    assert server.client("dynamodb").scan(TableName=table)["Count"] == 20
