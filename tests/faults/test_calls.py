"""The n-th allocation, read, write, fsync, open, rename, removal, accept or use of a socket fails while clients put and get objects and items: for every n.

Whatever fails, a client is told the truth: what was acknowledged stays, what got a 5xx (or no answer) is there wholly or not at all, nothing but 5xx says that something failed here, and the
server goes on, or ends and is itself again after a start. REHEARSE_ALL_FAULTS=1 walks every n; ordinary runs take a sample.
"""

import os

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError, ReadTimeoutError, ResponseStreamingError
from faults.faulty import FOR_EVER, FaultyServer

SAMPLES, START_SAMPLES = 6, 2
SMALL, LARGE = 100, 300_000  # in the database; in a file of its own
ALL = bool(os.environ.get("REHEARSE_ALL_FAULTS"))
ACCOUNT = "111122223333"


class Ledger:
    """What clients were told, and what may therefore be there: a set of values for each place."""

    def __init__(self, server):
        self.server = server
        self.s3, self.dynamodb, self.codecommit = (server.client(name, key=ACCOUNT) for name in ("s3", "dynamodb", "codecommit"))
        self.s3.create_bucket(Bucket="bucket")
        key = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
        self.dynamodb.create_table(TableName="table", BillingMode="PAY_PER_REQUEST", **key)
        self.allowed = {}
        self.runs = 0
        self.cut_off = False

    def told(self, call):
        """True: acknowledged. False: a 5xx or a lost connection. Anything else is a lie about who is at fault."""
        try:
            call()
            return True
        except ReadTimeoutError as hangs:
            raise AssertionError("the server does not answer") from hangs
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error.response
            return False
        except (EndpointConnectionError, HTTPClientError, ResponseStreamingError):
            self.cut_off = True
            return False

    def change(self, place, value, call):
        before = self.allowed.get(place, {None})
        self.allowed[place] = before | {value}
        if self.told(call):
            self.allowed[place] = {value}

    def look(self, place):
        """A read under faults: an answer has to be right."""
        found = []
        if self.told(lambda: found.append(self.read(place))):
            assert found[0] in self.allowed[place], f"{place} is something that nobody has put there"

    def read(self, place):
        kind, key = place
        try:
            if kind == "object":
                return self.s3.get_object(Bucket="bucket", Key=key)["Body"].read()
            if kind == "item":
                return self.dynamodb.get_item(TableName="table", Key={"id": {"S": key}}, ConsistentRead=True).get("Item", {}).get("value", {}).get("S")
            return self.codecommit.get_repository(repositoryName=key)["repositoryMetadata"]["repositoryName"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "RepositoryDoesNotExistException"):
                return None
            raise

    def run(self):
        """The scenario, each time with other bytes."""
        self.runs = number = self.runs + 1
        small, large = bytes([number % 251]) * SMALL, number.to_bytes(4, "big") * (LARGE // 4)
        self.change(("object", "small"), small, lambda: self.s3.put_object(Bucket="bucket", Key="small", Body=small))
        self.change(("object", "large"), large, lambda: self.s3.put_object(Bucket="bucket", Key="large", Body=large))
        item = {"id": {"S": "item"}, "value": {"S": f"value {number}"}}
        self.change(("item", "item"), f"value {number}", lambda: self.dynamodb.put_item(TableName="table", Item=item))
        self.change(("repository", f"r{number}"), f"r{number}", lambda: self.codecommit.create_repository(repositoryName=f"r{number}"))
        for place in (("object", "small"), ("object", "large"), ("item", "item")):
            self.look(place)
        self.change(("object", "small"), None, lambda: self.s3.delete_object(Bucket="bucket", Key="small"))

    def check(self):
        """Without faults: everything is one of the values that it may be, and from now on just that. A call that was cut off may be under way still: the write waits for it."""
        self.dynamodb.put_item(TableName="table", Item={"id": {"S": "barrier"}})
        for place, allowed in self.allowed.items():
            value = self.read(place)
            assert value in allowed, f"{place}: {shown(value)} is not among {[shown(one) for one in allowed]}"
            self.allowed[place] = {value}
        listed = {one["Key"] for one in self.s3.list_objects_v2(Bucket="bucket").get("Contents", [])}
        assert listed == {key for (kind, key), (value,) in self.allowed.items() if kind == "object" and value is not None}


def shown(value):
    return value if value is None else f"{len(value)} × {value[:12]!r}"


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory):
    server = FaultyServer(tmp_path_factory.mktemp("calls")).start()
    try:
        yield Ledger(server)
        server.stop()
    finally:
        server.clear()


@pytest.fixture
def ledger(shared_ledger):
    shared_ledger.server.revive()
    return shared_ledger


def points(ledger, kind):
    """The n at which to fail: as many as the undisturbed scenario has calls of that kind."""
    ledger.run()  # what happens only the first time (statements are prepared) does not count
    ledger.server.arm(kind, FOR_EVER)
    ledger.run()
    count = ledger.server.count(kind)
    ledger.check()
    return sample(count, SAMPLES)


def sample(count, most):
    """1 … count, or some of them that lie evenly."""
    return range(1, count + 1, 1 if ALL else -(-count // most) or 1)


def walk(ledger, kind, last=None):
    walked, failed, deaths = points(ledger, kind), 0, 0
    for number in walked:
        ledger.cut_off = False
        ledger.server.arm(kind, number, last)
        ledger.run()
        failed += ledger.server.failed() > 0
        deaths += ledger.server.revive(lost=ledger.cut_off)
        ledger.check()
        if kind == "fsync":  # what was written and not synced must not come back
            ledger.server.restart()
            ledger.check()
    ledger.server.check()
    print(f"{kind}: {len(walked)} points, {failed} failed, the server ended at {deaths}")
    assert failed >= len(walked) * 0.8, f"only {failed} of {len(walked)} points were reached"


@pytest.mark.parametrize("kind", ["read", "write", "fsync", "open", "rename", "remove", "socket", "alloc"])
def test_when_one_fails_nothing_that_was_acknowledged_is_lost(ledger, kind):
    walk(ledger, kind)


@pytest.mark.parametrize("kind", ["write", "fsync"])
def test_when_all_from_one_on_fail_nothing_that_was_acknowledged_is_lost(ledger, kind):
    walk(ledger, kind, last=FOR_EVER)


def test_a_commit_by_the_api_is_as_durable_as_the_document_that_tells_of_it(ledger):
    ledger.codecommit.create_repository(repositoryName="durable")
    ledger.server.arm("fsync", FOR_EVER)
    file = {"filePath": "a", "fileContent": b"1"}
    ledger.codecommit.create_commit(repositoryName="durable", branchName="main", putFiles=[file])
    assert ledger.server.count("fsync") >= 5, "the file, its tree, the commit, the branch, the document"


def test_connections_that_cannot_be_accepted_harm_no_other(ledger):
    server = ledger.server
    server.arm("accept", 1, 3)
    answers = [is_answered(server) for _ in range(8)]
    assert server.failed() > 0 and answers[-1] and not server.revive()
    ledger.check()


def is_answered(server):
    try:
        return server.request("GET", "/_rehearse/health").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("kind", ["write", "fsync", "open", "rename", "read", "spawn"])
def test_a_start_under_a_fault_says_why_it_fails_and_harms_nothing(ledger, kind):
    server = ledger.server
    server.kill()
    server.arm(kind, FOR_EVER)
    server.start()
    count = server.count(kind)
    for number in sample(count, START_SAMPLES):
        server.kill()
        server.arm(kind, number)
        said = len(server.log())
        try:
            server.start()
        except AssertionError:
            assert server.is_dead() and server.process.returncode == 2, f"{kind} {number}: {server.log()[said:]}"
            assert len(server.log()[said:]) > 20, "it ended without a word"
            server.disarm()
            server.start()
        server.disarm()
        ledger.check()
    server.check()
