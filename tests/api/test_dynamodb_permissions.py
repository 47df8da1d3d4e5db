"""Policies that let a user at some items or attributes alone: dynamodb:LeadingKeys, dynamodb:Attributes, dynamodb:EnclosingOperation."""

import pytest
from dynamodb import item, make_table, put, refused, values
from iam_words import allow, document


@pytest.fixture
def db(aws):
    return aws("dynamodb")


@pytest.fixture
def table(db):
    name = make_table(
        db,
        "owner",
        "n",
        types="SN",
        defined={"color": "S"},
        GlobalSecondaryIndexes=[
            {"IndexName": "colors", "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    put(db, name, {"owner": "dev", "n": 1, "color": "red"}, {"owner": "ops", "n": 1, "color": "blue"})
    return name


@pytest.fixture
def dev(aws, server, account, table):
    """The user dev, who may do all with items whose partition key is the user's name."""
    iam = aws("iam")
    iam.create_user(UserName="dev")
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/{table}"
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    iam.put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=document(allow("dynamodb:*", [arn, arn + "/index/*"], Condition=own)))
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    return server.client("dynamodb", key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def denied(call, **arguments):
    refused("AccessDeniedException", call, **arguments)


def test_single_items_are_told_by_their_key(dev, table):
    assert dev.get_item(TableName=table, Key=item(owner="dev", n=1))["Item"]
    denied(dev.get_item, TableName=table, Key=item(owner="ops", n=1))
    dev.put_item(TableName=table, Item=item(owner="dev", n=2))
    denied(dev.put_item, TableName=table, Item=item(owner="ops", n=2))
    denied(dev.update_item, TableName=table, Key=item(owner="ops", n=1), UpdateExpression="SET a = n")
    denied(dev.delete_item, TableName=table, Key=item(owner="ops", n=1))


def test_a_query_is_told_by_its_key_condition(dev, table):
    asked = {"TableName": table, "KeyConditionExpression": "#o = :o AND n > :n", "ExpressionAttributeNames": {"#o": "owner"}}
    assert dev.query(**asked, ExpressionAttributeValues=values(o="dev", n=0))["Count"] == 1
    denied(dev.query, **asked, ExpressionAttributeValues=values(o="ops", n=0))
    legacy = {"owner": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "ops"}]}}
    denied(dev.query, TableName=table, KeyConditions=legacy)


def test_a_query_of_an_index_is_told_by_the_key_of_the_index(dev, table):
    denied(dev.query, TableName=table, IndexName="colors", KeyConditionExpression="color = :c", ExpressionAttributeValues=values(c="red"))


@pytest.mark.parametrize("owners, allowed", [(["dev"], True), (["dev", "ops"], False)])
def test_of_many_items_every_key_counts(dev, table, owners, allowed):
    keys = [item(owner=owner, n=1) for owner in owners]
    gets = {"TransactItems": [{"Get": {"TableName": table, "Key": key}} for key in keys]}
    puts = {table: [{"PutRequest": {"Item": key}} for key in keys]}
    for call, arguments in (
        (dev.batch_get_item, {"RequestItems": {table: {"Keys": keys}}}),
        (dev.batch_write_item, {"RequestItems": puts}),
        (dev.transact_get_items, gets),
    ):
        call(**arguments) if allowed else denied(call, **arguments)


def test_a_part_of_a_transaction_is_told_from_a_call_of_its_own(aws, dev, account, table):
    within = {"StringEquals": {"dynamodb:EnclosingOperation": "TransactGetItems"}}
    only = allow("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{account}:table/{table}", Condition=within)
    aws("iam").put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=document(only))
    get = {"TableName": table, "Key": item(owner="ops", n=1)}
    assert dev.transact_get_items(TransactItems=[{"Get": get}])["Responses"][0]["Item"]
    denied(dev.get_item, **get)


@pytest.fixture
def reader(aws, dev, account, table):
    """The user dev, who may name the attributes of the key and `color` alone."""
    some = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "n", "color"]}}
    only = allow("dynamodb:*", f"arn:aws:dynamodb:us-east-1:{account}:table/{table}", Condition=some)
    aws("iam").put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=document(only))
    return dev


def test_attributes_count_wherever_a_request_names_them(reader, table):
    key = {"TableName": table, "Key": item(owner="ops", n=1)}
    assert reader.get_item(**key, ProjectionExpression="color.shade[0], n")
    denied(reader.get_item, **key, ProjectionExpression="color, #s", ExpressionAttributeNames={"#s": "secret"})
    denied(reader.get_item, **key, AttributesToGet=["secret"])
    reader.update_item(**key, UpdateExpression="SET color = if_not_exists(color, n)", ConditionExpression="attribute_exists(n)")
    denied(reader.update_item, **key, UpdateExpression="SET color = secret")
    denied(reader.update_item, **key, UpdateExpression="REMOVE color", ConditionExpression="attribute_exists(n) OR NOT attribute_exists(secret)")
    denied(reader.put_item, TableName=table, Item=item(owner="ops", n=1, secret="x"))
    denied(reader.scan, TableName=table, FilterExpression="secret = color")
    denied(reader.batch_get_item, RequestItems={table: {"Keys": [key["Key"]], "ProjectionExpression": "secret"}})
