"""The parameters of DynamoDB that expressions have replaced, and that old clients still send."""

import pytest

from dynamodb import get, item, make_table, plain, put, refused, serialize, values


@pytest.fixture
def ranged(db):
    name = make_table(db, "p", "n", "SN")
    put(db, name, *({"p": "a", "n": n, "even": n % 2 == 0} for n in range(1, 6)))
    return name


def compared(operator, *operands):
    return {"ComparisonOperator": operator, "AttributeValueList": [serialize(one) for one in operands]}


def test_attributes_to_get(db, table):
    put(db, table, {"id": "x", "a": 1, "b": 2})
    assert plain(db.get_item(TableName=table, Key=item(id="x"), AttributesToGet=["a", "id"])["Item"]) == {"id": "x", "a": 1}
    got = db.batch_get_item(RequestItems={table: {"Keys": [item(id="x")], "AttributesToGet": ["b"]}})["Responses"][table]
    assert [plain(one) for one in got] == [{"b": 2}]
    assert [plain(one) for one in db.scan(TableName=table, AttributesToGet=["b"])["Items"]] == [{"b": 2}]
    refused("ValidationException", db.get_item, "Duplicate value in attribute name: a", TableName=table, Key=item(id="x"), AttributesToGet=["a", "a"])


SUBJECT = {"id": "x", "n": 5, "s": "hello", "l": [1, "two"], "set": {"a", "b"}}


@pytest.mark.parametrize(
    "expected, holds",
    [
        ({"n": {"Value": serialize(5)}}, True),
        ({"n": {"Value": serialize(6)}}, False),
        ({"q": {"Exists": False}}, True),
        ({"n": {"Exists": False}}, False),
        ({"n": {"ComparisonOperator": "GE", "Value": serialize(5)}}, True),
        ({"n": compared("BETWEEN", 1, 4)}, False),
        ({"n": compared("IN", 4, 5)}, True),
        ({"n": compared("NE", 5)}, False),
        ({"q": compared("NULL")}, True),
        ({"n": compared("NOT_NULL")}, True),
        ({"s": compared("BEGINS_WITH", "he")}, True),
        ({"s": compared("CONTAINS", "ell")}, True),
        ({"set": compared("NOT_CONTAINS", "c")}, True),
        ({"l": compared("CONTAINS", "two")}, True),
        ({"n": compared("EQ", 5), "s": compared("EQ", "other")}, False),
    ],
)
def test_expected(db, table, expected, holds):
    put(db, table, SUBJECT)
    arguments = {"TableName": table, "Key": item(id="x"), "Expected": expected}
    if holds:
        db.delete_item(**arguments)
    else:
        refused("ConditionalCheckFailedException", db.delete_item, "The conditional request failed", **arguments)
    assert (get(db, table, id="x") is None) == holds


def test_conditions_are_joined_by_the_conditional_operator(db, table):
    put(db, table, SUBJECT)
    expected = {"n": compared("EQ", 6), "s": compared("EQ", "hello")}
    db.put_item(TableName=table, Item=item(id="x"), Expected=expected, ConditionalOperator="OR")
    message = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    one = {"n": compared("EQ", 6)}
    refused("ValidationException", db.put_item, message, TableName=table, Item=item(id="x"), Expected=one, ConditionalOperator="OR")
    message = "ConditionalOperator cannot be used without Filter or Expected"
    refused("ValidationException", db.put_item, message, TableName=table, Item=item(id="x"), ConditionalOperator="OR")


def test_attribute_updates(db, table):
    put(db, table, {"id": "x", "n": 1, "gone": 1, "set": {"a", "b"}})
    updates = {
        "n": {"Action": "ADD", "Value": serialize(4)},
        "gone": {"Action": "DELETE"},
        "set": {"Action": "DELETE", "Value": serialize({"a"})},
        "new": {"Value": serialize("put")},
    }
    reply = db.update_item(TableName=table, Key=item(id="x"), AttributeUpdates=updates, ReturnValues="ALL_NEW")
    assert plain(reply["Attributes"]) == {"id": "x", "n": 5, "set": {"b"}, "new": "put"}


def test_key_conditions_and_filters(db, ranged):
    asked = {"TableName": ranged, "KeyConditions": {"p": compared("EQ", "a"), "n": compared("GT", 2)}}
    assert [one["n"]["N"] for one in db.query(**asked)["Items"]] == ["3", "4", "5"]
    page = db.query(**asked, QueryFilter={"even": compared("EQ", True)}, ScanIndexForward=False)
    assert ([one["n"]["N"] for one in page["Items"]], page["ScannedCount"]) == (["4"], 3)
    page = db.scan(TableName=ranged, ScanFilter={"even": compared("EQ", True), "n": compared("LT", 3)}, ConditionalOperator="OR")
    assert sorted(one["n"]["N"] for one in page["Items"]) == ["1", "2", "4"]


WRONG = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    "expected, message",
    [
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        ({"Exists": False, "Value": serialize(1)}, "Value cannot be used when Exists is false for Attribute: a"),
        ({"AttributeValueList": [serialize(1)]}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
        ({"ComparisonOperator": "EQ"}, "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
        ({"ComparisonOperator": "EQ", "Exists": True, "Value": serialize(1)}, "Exists and ComparisonOperator cannot be used together for Attribute: a"),
        ({**compared("EQ", 1), "Value": serialize(1)}, "Value and AttributeValueList cannot be used together for Attribute: a"),
        (compared("EQ", 1, 2), "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (compared("IN", 1, "x"), "AttributeValues inside AttributeValueList must be of same type"),
        (compared("LT", {"a"}), "ComparisonOperator LT is not valid for SS AttributeValue type"),
    ],
)
def test_wrong_expectations(db, table, expected, message):
    reply = refused("ValidationException", db.put_item, TableName=table, Item=item(id="x"), Expected={"a": expected})
    assert reply["Error"]["Message"] == WRONG + message


@pytest.mark.parametrize(
    "update, message",
    [
        ({"Action": "PUT"}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "DELETE", "Value": serialize("x")}, "DELETE action with value is not supported for the type S"),
        ({"Action": "ADD", "Value": serialize("x")}, "ADD action is not supported for the type S"),
    ],
)
def test_wrong_attribute_updates(db, table, update, message):
    reply = refused("ValidationException", db.update_item, TableName=table, Key=item(id="x"), AttributeUpdates={"a": update})
    assert reply["Error"]["Message"] == WRONG + message


@pytest.mark.parametrize(
    "asked, message",
    [
        ({"KeyConditions": {}}, "Conditions can be of length 1 or 2 only"),
        ({"KeyConditions": {"p": compared("NE", "a")}}, "Attempted conditional constraint is not an indexable operation"),
        ({"KeyConditions": {"n": compared("EQ", 1)}}, "Query condition missed key schema element: p"),
        (
            {"KeyConditions": {"p": compared("EQ", "a")}, "QueryFilter": {"n": compared("EQ", 1)}},
            "QueryFilter can only contain non-primary key attributes: Primary key attribute: n",
        ),
        (
            {"KeyConditions": {"p": compared("EQ", "a"), "n": compared("BETWEEN", 2, 1)}},
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
        ({}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
    ],
)
def test_wrong_key_conditions(db, ranged, asked, message):
    assert refused("ValidationException", db.query, TableName=ranged, **asked)["Error"]["Message"] == message


def test_both_ways_do_not_go_together(db, table, ranged):
    mixed = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}"
    one = {"ExpressionAttributeValues": values(v=1)}
    refused("ValidationException", db.put_item, mixed % ("Expected", "ConditionExpression"), TableName=table, Item=item(id="x"),
            Expected={"a": {"Exists": False}}, ConditionExpression="a = :v", **one)  # fmt: skip
    refused("ValidationException", db.update_item, mixed % ("AttributeUpdates", "UpdateExpression"), TableName=table, Key=item(id="x"),
            AttributeUpdates={"a": {"Action": "DELETE"}}, UpdateExpression="SET a = :v", **one)  # fmt: skip
    refused("ValidationException", db.get_item, mixed % ("AttributesToGet", "ProjectionExpression"), TableName=table, Key=item(id="x"),
            AttributesToGet=["a"], ProjectionExpression="a")  # fmt: skip
    old = {"p": compared("EQ", "a")}
    refused("ValidationException", db.query, mixed % ("KeyConditions", "KeyConditionExpression"), TableName=ranged, KeyConditions=old,
            KeyConditionExpression="p = :v", **one)  # fmt: skip
    page = db.query(TableName=ranged, KeyConditions=old, FilterExpression="even = :v", ExpressionAttributeValues=values(v=True))
    assert page["Count"] == 2  # but a key condition of the old form may stand beside a filter of the new one
