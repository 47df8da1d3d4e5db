"""What DynamoDB tells of tables, and of what calls have used of them."""

import pytest

from dynamodb import item, make_table, put, refused, values

HASH = [{"AttributeName": "id", "KeyType": "HASH"}]
DEFINED = [{"AttributeName": "id", "AttributeType": "S"}]
FIVE = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


@pytest.fixture
def provisioned(db):
    db.create_table(TableName="provisioned", KeySchema=HASH, AttributeDefinitions=DEFINED, ProvisionedThroughput=FIVE)
    return "provisioned"


def test_a_table_on_demand(db):
    made = db.create_table(TableName="on-demand", KeySchema=HASH, AttributeDefinitions=DEFINED, BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert (made["TableStatus"], made["BillingModeSummary"]) == ("CREATING", {"BillingMode": "PAY_PER_REQUEST"})
    table = db.describe_table(TableName="on-demand")["Table"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == table["CreationDateTime"]
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert (table["TableStatus"], table["DeletionProtectionEnabled"], table["TableId"]) == ("ACTIVE", False, made["TableId"])


def test_a_provisioned_table(db, provisioned):
    table = db.describe_table(TableName=provisioned)["Table"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **FIVE}
    assert table["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 5, "Status": "ACTIVE"}
    assert "BillingModeSummary" not in table


def test_a_table_on_its_way_out_tells_no_schema(db, provisioned):
    gone = db.delete_table(TableName=provisioned)["TableDescription"]
    told = {"TableName", "TableStatus", "ProvisionedThroughput", "TableSizeBytes", "ItemCount", "TableArn", "TableId", "DeletionProtectionEnabled"}
    assert (set(gone), gone["TableStatus"]) == (told, "DELETING")


def test_throughput_is_changed_and_remembered(db, provisioned):
    db.update_table(TableName=provisioned, ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 2})
    told = db.describe_table(TableName=provisioned)["Table"]["ProvisionedThroughput"]
    assert (told["ReadCapacityUnits"], told["WriteCapacityUnits"], told["NumberOfDecreasesToday"]) == (10, 2, 1)
    assert told["LastIncreaseDateTime"] == told["LastDecreaseDateTime"]


def test_throughput_that_stays_is_refused(db, provisioned):
    message = "The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5."
    refused("ValidationException", db.update_table, message, TableName=provisioned, ProvisionedThroughput=FIVE)


def test_a_table_goes_from_provisioned_to_on_demand_and_back(db, provisioned):
    db.update_table(TableName=provisioned, BillingMode="PAY_PER_REQUEST")
    assert db.describe_table(TableName=provisioned)["Table"]["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    db.update_table(TableName=provisioned, BillingMode="PROVISIONED", ProvisionedThroughput=FIVE)
    table = db.describe_table(TableName=provisioned)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED" and table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


@pytest.mark.parametrize(
    "change, code, message",
    [
        ({}, "ValidationException", "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates"),
        ({"GlobalSecondaryIndexUpdates": [{}]}, "ValidationException", "GlobalSecondaryIndexUpdate.Delete must not be null"),
        (
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "one"}}, {"Delete": {"IndexName": "two"}}]},
            "ResourceNotFoundException",
            "Requested resource not found",
        ),
        ({"SSESpecification": {"SSEType": "KMS"}}, "NotImplemented", "SSESpecification"),
        ({"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}}, "NotImplemented", "StreamSpecification"),
        ({"GlobalTableSettingsReplicationMode": "ENABLED"}, "NotImplemented", "GlobalTableSettingsReplicationMode"),
    ],
)
def test_wrong_changes(db, provisioned, change, code, message):
    refused(code, db.update_table, message, TableName=provisioned, **change)


def test_a_missing_table_is_named_by_what_manages_tables(db):
    for call in (db.describe_table, db.delete_table, db.describe_time_to_live):
        refused("ResourceNotFoundException", call, "Requested resource not found: Table: missing not found", TableName="missing")
    refused("TableNotFoundException", db.describe_continuous_backups, "Table not found: missing", TableName="missing")


def test_tags_of_a_missing_table_are_refused_with_its_arn(db, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/missing"
    tags = [{"Key": "a", "Value": "b"}]
    for call, more in ((db.list_tags_of_resource, {}), (db.tag_resource, {"Tags": tags}), (db.untag_resource, {"TagKeys": ["a"]})):
        reply = refused("ResourceNotFoundException", call, ResourceArn=arn, **more)
        assert reply["Error"]["Message"] == f"Requested resource not found: ResourcArn: {arn} not found"


# ---- Used capacity ----


@pytest.fixture
def indexed(db):
    some = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["proj"]}
    glob = {"IndexName": "glob", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": some}
    keys = [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]
    local = {"IndexName": "local", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    return make_table(db, "p", "s", "SS", defined={"g": "S", "l": "S"}, GlobalSecondaryIndexes=[glob], LocalSecondaryIndexes=[local])


def used(reply):
    """(all, of the table, of the global index, of the local one)"""
    told = reply["ConsumedCapacity"]
    parts = (told["Table"], told.get("GlobalSecondaryIndexes", {}).get("glob"), told.get("LocalSecondaryIndexes", {}).get("local"))
    return (told["CapacityUnits"], *(part and part["CapacityUnits"] for part in parts))


FULL = {"p": "x", "s": "1", "g": "g", "l": "l", "proj": "p", "rest": "o"}


@pytest.mark.parametrize(
    "written, expected",
    [
        ({"p": "x", "s": "1", "rest": "o"}, (1, 1, None, None)),
        ({"p": "x", "s": "1", "g": "g", "proj": "p"}, (2, 1, 1, None)),
        ({"p": "x", "s": "1", "l": "l"}, (2, 1, None, 1)),
        (FULL, (3, 1, 1, 1)),
    ],
)
def test_a_put_uses_the_indexes_that_the_item_is_in(db, indexed, written, expected):
    assert used(db.put_item(TableName=indexed, Item=item(**written), ReturnConsumedCapacity="INDEXES")) == expected


def test_the_same_item_again_changes_no_index(db, indexed):
    put(db, indexed, FULL)
    assert used(db.put_item(TableName=indexed, Item=item(**FULL), ReturnConsumedCapacity="INDEXES")) == (1, 1, None, None)


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("SET rest = :v", (2, 1, None, 1)),
        ("SET proj = :v", (3, 1, 1, 1)),
        ("SET g = :v", (4, 1, 2, 1)),
        ("REMOVE g", (3, 1, 1, 1)),
        ("SET l = :v", (3, 1, None, 2)),
    ],
)
def test_an_update_uses_the_indexes_that_change(db, indexed, expression, expected):
    put(db, indexed, FULL)
    given = {"ExpressionAttributeValues": values(v="new")} if ":v" in expression else {}
    reply = db.update_item(TableName=indexed, Key=item(p="x", s="1"), UpdateExpression=expression, ReturnConsumedCapacity="INDEXES", **given)
    assert used(reply) == expected


def test_a_deletion_uses_the_indexes_that_the_item_was_in(db, indexed):
    put(db, indexed, FULL)
    assert used(db.delete_item(TableName=indexed, Key=item(p="x", s="1"), ReturnConsumedCapacity="INDEXES")) == (3, 1, 1, 1)


def test_the_total_has_no_parts(db, indexed):
    assert db.put_item(TableName=indexed, Item=item(**FULL), ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 3.0,
    }


def test_a_query_of_an_index_uses_the_index(db, indexed):
    put(db, indexed, FULL)
    asked = {"TableName": indexed, "ReturnConsumedCapacity": "INDEXES"}
    reply = db.query(**asked, IndexName="glob", KeyConditionExpression="g = :g", ExpressionAttributeValues=values(g="g"))
    assert used(reply) == (0.5, 0, 0.5, None)
    reply = db.query(**asked, KeyConditionExpression="p = :p", ExpressionAttributeValues=values(p="x"), ConsistentRead=True)
    assert used(reply) == (1, 1, None, None)


def test_a_batch_tells_what_it_used_of_each_table(db, indexed):
    requests = [{"PutRequest": {"Item": item(**FULL)}}, {"PutRequest": {"Item": item(p="y", s="1")}}]
    told = db.batch_write_item(RequestItems={indexed: requests}, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert used({"ConsumedCapacity": told[0]}) == (4, 2, 1, 1)
    told = db.batch_get_item(RequestItems={indexed: {"Keys": [item(p="x", s="1"), item(p="n", s="o")]}}, ReturnConsumedCapacity="TOTAL")
    assert told["ConsumedCapacity"] == [{"TableName": indexed, "CapacityUnits": 1.0}]


def test_a_transaction_uses_twice_as_much(db, indexed):
    writes = [{"Put": {"TableName": indexed, "Item": item(**FULL)}}]
    told = db.transact_write_items(TransactItems=writes, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert told == [{"TableName": indexed, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]
    gets = [{"Get": {"TableName": indexed, "Key": item(p="x", s="1")}}]
    told = db.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert told == [{"TableName": indexed, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_writes_tell_the_item_collection_of_tables_with_a_local_index(db, indexed):
    metrics = {"ItemCollectionKey": item(p="x"), "SizeEstimateRangeGB": [0.0, 1.0]}
    asked = {"ReturnItemCollectionMetrics": "SIZE"}
    assert db.put_item(TableName=indexed, Item=item(**FULL), **asked)["ItemCollectionMetrics"] == metrics
    assert db.delete_item(TableName=indexed, Key=item(p="x", s="1"), **asked)["ItemCollectionMetrics"] == metrics
    batch = db.batch_write_item(RequestItems={indexed: [{"PutRequest": {"Item": item(**FULL)}}]}, **asked)
    assert batch["ItemCollectionMetrics"] == {indexed: [metrics]}
    plain = make_table(db)
    assert "ItemCollectionMetrics" not in db.put_item(TableName=plain, Item=item(id="x"), **asked)


def test_writes_together_tell_an_item_collection_once(db, indexed):
    def told(reply):
        return [one["ItemCollectionKey"] for one in reply["ItemCollectionMetrics"][indexed]]

    items = [item(p=p, s=s) for p, s in [("a", "1"), ("b", "1"), ("a", "2")]]
    puts = [{"PutRequest": {"Item": one}} for one in items]
    assert told(db.batch_write_item(RequestItems={indexed: puts}, ReturnItemCollectionMetrics="SIZE")) == [item(p="a"), item(p="b")]
    writes = [{"Put": {"TableName": indexed, "Item": one}} for one in items]
    assert told(db.transact_write_items(TransactItems=writes, ReturnItemCollectionMetrics="SIZE")) == [item(p="a"), item(p="b")]


def test_attributes_are_told_by_name(db):
    table = make_table(db, "user", "game")
    assert [one["AttributeName"] for one in db.describe_table(TableName=table)["Table"]["AttributeDefinitions"]] == ["game", "user"]


def test_an_index_being_made_is_empty_and_not_yet_filled(db):
    table = make_table(db)
    put(db, table, {"id": "a", "kind": "x"})
    wanted = {"IndexName": "kinds", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    kind = [{"AttributeName": "kind", "AttributeType": "S"}]
    answer = db.update_table(TableName=table, AttributeDefinitions=kind, GlobalSecondaryIndexUpdates=[{"Create": wanted}])
    (made,) = answer["TableDescription"]["GlobalSecondaryIndexes"]
    assert (made["IndexStatus"], made["Backfilling"], made["ItemCount"], made["IndexSizeBytes"]) == ("CREATING", False, 0, 0)
    (filled,) = db.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    assert (filled["IndexStatus"], filled["ItemCount"], "Backfilling" in filled) == ("ACTIVE", 1, False)


def test_an_index_being_deleted_is_told_once_more(db):
    table = make_table(db)
    keys, kind = [{"AttributeName": "kind", "KeyType": "HASH"}], [{"AttributeName": "kind", "AttributeType": "S"}]
    wanted = {"IndexName": "kinds", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    db.update_table(TableName=table, AttributeDefinitions=kind, GlobalSecondaryIndexUpdates=[{"Create": wanted}])
    put(db, table, {"id": "a", "kind": "x"})
    answer = db.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "kinds"}}])["TableDescription"]
    (going,) = answer["GlobalSecondaryIndexes"]
    assert (answer["TableStatus"], going["IndexStatus"], going["ItemCount"], "Backfilling" in going) == ("UPDATING", "DELETING", 1, False)
    assert "GlobalSecondaryIndexes" not in db.describe_table(TableName=table)["Table"]
