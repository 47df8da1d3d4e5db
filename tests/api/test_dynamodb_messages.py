"""What DynamoDB says to wrong expressions, keys and values, word for word."""

import pytest

from dynamodb import item, make_table, put, refused, values


@pytest.fixture
def ranged(db):
    return make_table(db, "p", "n", "SN")


def says(message, call, **arguments):
    assert refused("ValidationException", call, **arguments)["Error"]["Message"] == message


OPERAND = "Incorrect operand type for operator or function; operator or function: {}, operand type: {}"
DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: {}, first operand: {}"
MISUSED = "The function is not allowed to be used this way in an expression; function: {}"


@pytest.mark.parametrize(
    "expression, by_name, message",
    [
        # The grammar is judged before anything else.
        ("name = :nope AND b ==", {}, 'Syntax error; token: "=", near: "=="'),
        ("a", {}, 'Syntax error; token: "<EOF>", near: "a"'),
        ("a AND b = c", {}, 'Syntax error; token: "AND", near: "a AND b"'),
        ("and = b", {}, 'Syntax error; token: "and", near: "and ="'),
        ("a = b c", {}, 'Syntax error; token: "c", near: "b c"'),
        # Then faults, in an order of their own.
        ("((a = b))", {}, "The expression has redundant parentheses;"),
        ("((a)) = b", {}, "The expression has redundant parentheses;"),
        ("name = :nope OR ((a = b))", {}, "The expression has redundant parentheses;"),
        ("name = :nope OR nonsense(a)", {}, "Invalid function name; function: nonsense"),
        ("list_append(a, b)", {}, "The function is not allowed in a condition expression; function: list_append"),
        ("a < if_not_exists(b, c)", {}, "The function is not allowed in a condition expression; function: if_not_exists"),
        ("size(a)", {}, MISUSED.format("size")),
        ("NOT size(a) AND b = c", {}, MISUSED.format("size")),
        ("attribute_exists(a) = b", {}, MISUSED.format("attribute_exists")),
        ("contains(a, begins_with(b, c))", {}, MISUSED.format("begins_with")),
        ("a = :nope AND name = b", {}, "Attribute name is a reserved keyword; reserved keyword: name"),
        ("a = :one AND b = :two", {}, "An expression attribute value used in expression is not defined; attribute value: :one"),
        ("#a = b", {}, "An expression attribute name used in the document path is not defined; attribute name: #a"),
        # Counts and kinds of operands.
        ("begins_with(a)", {}, "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"),
        ("size(a, b) = c", {}, "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"),
        ("attribute_exists(:a)", {"a": 1}, "Operator or function requires a document path; operator or function: attribute_exists"),
        ("size(:a) = b", {"a": 1}, OPERAND.format("size", "N")),
        ("begins_with(a, :a)", {"a": True}, OPERAND.format("begins_with", "BOOL")),
        ("attribute_type(a, :a)", {"a": 1}, OPERAND.format("attribute_type", "N")),
        ("attribute_type(a, b)", {}, OPERAND.format("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")),
        ("attribute_type(a, :a)", {"a": "X"}, "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
        ("a < :a", {"a": True}, OPERAND.format("<", "BOOL")),
        (":a >= a", {"a": None}, OPERAND.format(">=", "NULL")),
        ("a BETWEEN :a AND :b", {"a": [1], "b": [2]}, OPERAND.format("BETWEEN", "L")),
        ("a = a", {}, DISTINCT.format("=", "[a]")),
        ("a.b[1] <> a.b[1]", {}, DISTINCT.format("<>", "[a, b, [1]]")),
        ("contains(a, a)", {}, DISTINCT.format("contains", "[a]")),
        ("a IN (b, a)", {}, DISTINCT.format("IN", "[a]")),
        (
            "a BETWEEN :a AND :b",
            {"a": 1, "b": "x"},
            "The BETWEEN operator requires same data type for lower and upper bounds; "
            "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}",
        ),
        (
            "a BETWEEN :a AND :b",
            {"a": 2, "b": 1},
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
        ),
    ],
)
def test_wrong_conditions(db, table, expression, by_name, message):
    given = {"ExpressionAttributeValues": values(**by_name)} if by_name else {}
    says("Invalid ConditionExpression: " + message, db.put_item, TableName=table, Item=item(id="x"), ConditionExpression=expression, **given)


def test_in_takes_a_hundred_operands(db, table):
    names = ", ".join(f"a{i}" for i in range(101))
    message = "Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101"
    says(message, db.scan, TableName=table, FilterExpression=f"a IN ({names})")
    assert db.scan(TableName=table, FilterExpression=f"a IN ({names[: names.rindex(',')]})")["Count"] == 0


@pytest.mark.parametrize("condition", ["(a) = :a", "a = (:a)", "(a = :a)", "(a = :a) AND (b = :a)", "NOT (a <> :a)", "size(:t) = :a", "(a) IN (:t, :a)"])
def test_parentheses_may_hold_operands_and_conditions(db, table, condition):
    put(db, table, {"id": "x", "a": 1, "b": 1})
    given = {":a": {"N": "1"}}
    if ":t" in condition:
        given[":t"] = {"S": "t"}
    db.put_item(TableName=table, Item=item(id="x"), ConditionExpression=condition, ExpressionAttributeValues=given)


@pytest.mark.parametrize(
    "expression, by_name, message",
    [
        ("SET a = :nope, b == c", {}, 'Syntax error; token: "=", near: "== c"'),
        ("SET a = b + c + d", {}, 'Syntax error; token: "+", near: "c + d"'),
        ("INVALID SYNTAX HERE", {}, 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("SET a = size(b)", {}, "The function is not allowed in an update expression; function: size"),
        ("SET a = nonsense(b)", {}, "Invalid function name; function: nonsense"),
        ("SET a = size(name)", {}, "Attribute name is a reserved keyword; reserved keyword: name"),
        ("SET a = if_not_exists(b)", {}, "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1"),
        ("SET a = if_not_exists(:v, b)", {"v": 1}, "Operator or function requires a document path; operator or function: if_not_exists"),
        ("SET a = list_append(a, :v)", {"v": 1}, OPERAND.format("list_append", "N")),
        ("SET a = a + :v", {"v": "x"}, OPERAND.format("+", "S")),
        (
            "ADD a :v",
            {"v": "x"},
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        ("SET a.b = c, a[1] = d", {}, "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"),
        ("SET a = b REMOVE a.c", {}, "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, c]"),
        ("SET a = :v SET b = c", {}, 'The "SET" section can only be used once in an update expression;'),
        ("", {}, "The expression can not be empty;"),
    ],
)
def test_wrong_updates(db, table, expression, by_name, message):
    given = {"ExpressionAttributeValues": values(**by_name)} if by_name else {}
    says("Invalid UpdateExpression: " + message, db.update_item, TableName=table, Key=item(id="x"), UpdateExpression=expression, **given)


@pytest.mark.parametrize(
    "condition, message",
    [
        ("p = :s OR n = :n", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT p = :s", "Invalid operator used in KeyConditionExpression: NOT"),
        ("p IN (:s)", "Invalid operator used in KeyConditionExpression: IN"),
        ("p <> :s", "Invalid operator used in KeyConditionExpression: <>"),
        ("attribute_exists(p)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("contains(p, :s)", "Invalid operator used in KeyConditionExpression: contains"),
        ("p = :s AND size(n) > :n", "KeyConditionExpressions cannot contain nested operations"),
        ("p = :s AND n.m = :n", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("p = n", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":s = :n", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        ("begins_with(:s, p)", "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"),
        ("p = :s AND n > :n AND n < :n", "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"),
        ("p = :s AND n > :n AND q = :n", "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"),
        ("((p = :s))", "Invalid KeyConditionExpression: The expression has redundant parentheses;"),
        ("n = :n", "Query condition missed key schema element: p"),
        ("p = :s AND q = :n", "Query condition missed key schema element: n"),
        ("p > :s", "Query key condition not supported"),
        ("p = :n", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("p = :s AND begins_with(n, :s)", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("p = :s AND begins_with(n, :n)", "Invalid KeyConditionExpression: " + OPERAND.format("begins_with", "N")),
    ],
)
def test_wrong_key_conditions(db, ranged, condition, message):
    used = {name: value for name, value in values(s="s", n=1).items() if name in condition}
    given = {"ExpressionAttributeValues": used} if used else {}
    says(message, db.query, TableName=ranged, KeyConditionExpression=condition, **given)


def test_a_key_condition_may_name_the_value_first(db, ranged):
    put(db, ranged, {"p": "a", "n": 1}, {"p": "a", "n": 2}, {"p": "a", "n": 3})
    page = db.query(TableName=ranged, KeyConditionExpression=":p = p AND :n < n", ExpressionAttributeValues=values(p="a", n=1))
    assert [one["n"]["N"] for one in page["Items"]] == ["2", "3"]


def test_what_is_asked_is_judged_before_the_table_is_looked_for(db):
    says("Query key condition not supported", db.query, TableName=make_table(db), KeyConditionExpression="a = :v AND b = :v", ExpressionAttributeValues=values(v=1))
    says(
        "Invalid operator used in KeyConditionExpression: OR",
        db.query, TableName="missing", KeyConditionExpression="a = :v OR b = :v", ExpressionAttributeValues=values(v=1),
    )  # fmt: skip
    refused("ResourceNotFoundException", db.query, TableName="missing", KeyConditionExpression="a = :v", ExpressionAttributeValues=values(v=1))


@pytest.mark.parametrize(
    "start, queried, scanned",
    [
        ({"bad": "x"}, "The provided starting key is invalid", "The provided starting key is invalid: The provided key element does not match the schema"),
        ({"p": "a"}, "The provided starting key is invalid", "The provided starting key is invalid: The provided key element does not match the schema"),
        (
            {"p": "a", "n": "text"},
            "The provided key element does not match the schema",
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
        ({"p": "b", "n": 1}, "The provided starting key is outside query boundaries based on provided conditions", None),
    ],
)
def test_wrong_starting_keys(db, ranged, start, queried, scanned):
    asked = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": values(p="a")}
    says(queried, db.query, TableName=ranged, ExclusiveStartKey=item(**start), **asked)
    if scanned:
        says(scanned, db.scan, TableName=ranged, ExclusiveStartKey=item(**start))


INVALID = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    "value, message",
    [
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["b", "a", "b"]}, INVALID + "Input collection [b, a, b] contains duplicates."),
        ({"NS": ["1", "1.0"]}, INVALID + "Input collection contains duplicates"),
        ({"BS": [b"\xff", b"\0", b"\0"]}, INVALID + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."),
        ({"N": "1e2147483647"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ({"N": "1e-99999999999"}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        ({"N": "1 "}, "The parameter cannot be converted to a numeric value: 1 "),
    ],
)
def test_wrong_values(db, table, value, message):
    says(message, db.put_item, TableName=table, Item={"id": {"S": "x"}, "v": value})
    says(
        f"ExpressionAttributeValues contains invalid value: {message} for key :v",
        db.update_item, TableName=table, Key=item(id="x"), UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": value},
    )  # fmt: skip


def test_sets_may_hold_empty_members(db, table):
    db.put_item(TableName=table, Item={"id": {"S": "x"}, "s": {"SS": ["", "a"]}, "b": {"BS": [b"", b"a"]}})


@pytest.mark.parametrize("key", [{"id": {"N": "5"}}, {"id": {"L": []}}, {"other": {"S": "x"}}])
def test_a_batch_says_of_items_what_it_says_of_keys(db, table, key):
    message = "The provided key element does not match the schema"
    says(message, db.batch_write_item, RequestItems={table: [{"PutRequest": {"Item": key}}]})
    says(message, db.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": key}}]})


def test_keys_of_the_wrong_type_cancel_a_transaction(db, table):
    def reason(**action):
        failed = refused("TransactionCanceledException", db.transact_write_items, "specific reasons [ValidationError]", TransactItems=[action])
        return failed["CancellationReasons"][0]["Message"]

    mismatch = "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"
    assert reason(Put={"TableName": table, "Item": item(id=5)}) == mismatch
    assert reason(Delete={"TableName": table, "Key": item(id=5)}) == "The provided key element does not match the schema"
    empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id"
    says(empty, db.transact_write_items, TransactItems=[{"Put": {"TableName": table, "Item": item(id="")}}])


def test_a_transaction_reads_an_item_once(db, table):
    get = {"Get": {"TableName": table, "Key": item(id="x")}}
    says("Transaction request cannot include multiple operations on one item", db.transact_get_items, TransactItems=[get, get])


@pytest.mark.parametrize(
    "value, message",
    [
        (5, "The update expression attempted to update the secondary index key to unsupported type"),
        (
            "",
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not "
            "supported. The AttributeValue for a key attribute cannot contain an empty string value.",
        ),
        ("a" * 2049, "The update expression attempted to update the secondary index key beyond allowed size limits"),
    ],
)
def test_an_update_may_not_spoil_an_index_key(db, value, message):
    index = {"IndexName": "by-mail", "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    table = make_table(db, defined={"mail": "S"}, GlobalSecondaryIndexes=[index])
    says(message, db.update_item, TableName=table, Key=item(id="x"), UpdateExpression="SET mail = :v", ExpressionAttributeValues=values(v=value))


TOO_MANY = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
)


def test_a_request_too_large_for_a_message_is_not_repeated_in_it(db, table):
    requests = [{"PutRequest": {"Item": item(id=f"{i:0100}")}} for i in range(26)]
    says(
        f"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: {TOO_MANY}",
        db.batch_write_item,
        RequestItems={table: requests},
    )


def test_a_batch_of_nothing(db, table):
    says("The requestItems parameter is required for BatchWriteItem", db.batch_write_item, RequestItems={})
    says(
        f"1 validation error detected: Value '{{{table}=[]}}' at 'requestItems' failed to satisfy constraint: {TOO_MANY}",
        db.batch_write_item,
        RequestItems={table: []},
    )
    at_least_one = "failed to satisfy constraint: Member must have length greater than or equal to 1"
    says(f"1 validation error detected: Value at 'RequestItems' {at_least_one}", db.batch_get_item, RequestItems={})


def test_a_batch_of_too_many_keys(db, table):
    keys = [item(id=str(i)) for i in range(101)]
    says(
        f"1 validation error detected: Value at 'RequestItems.{table}.member.Keys' failed to satisfy constraint: "
        "Member must have length less than or equal to 100",
        db.batch_get_item,
        RequestItems={table: {"Keys": keys}},
    )


@pytest.mark.parametrize(
    "call, member, value, place, values_told",
    [
        ("update_item", "ReturnValues", "SOME", "returnValues", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW"),
        ("query", "Select", "SOME", "select", "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES"),
        ("query", "ReturnConsumedCapacity", "SOME", "returnConsumedCapacity", "INDEXES, TOTAL, NONE"),
    ],
)
def test_enums_are_told_in_the_order_of_dynamodb(db, table, call, member, value, place, values_told):
    key = {"Key": item(id="a")} if call == "update_item" else {}
    message = f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: Member must satisfy enum value set: [{values_told}]"
    says(message, getattr(db, call), TableName=table, **key, **{member: value})


def test_a_schema_that_is_too_long_is_repeated(db):
    keys = [{"AttributeName": name, "KeyType": "HASH"} for name in "abc"]
    told = ", ".join(f"KeySchemaElement(attributeName={name}, keyType=HASH)" for name in "abc")
    says(
        f"1 validation error detected: Value '[{told}]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
        db.create_table,
        TableName="too-long",
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
