"""Many clients write and read objects and items on connections of their own while the server dies by kill -9 again and again.

Every key has one writer, which writes 1, 2, 3 …. A model remembers what was begun and what was acknowledged. A read must not find a value older than the
newest that was acknowledged before the read began, nor one that nobody had begun to write when the read ended.
"""

import contextlib
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

WRITERS, READERS, KEYS_A_WRITER = 4, 4, 3
KILLS, SECONDS_BETWEEN = 5, (0.1, 0.5)
LOST = (BotoCoreError, ConnectionError)  # the server died: what was asked for may have happened or not


class Model:
    def __init__(self):
        self.lock = threading.Lock()
        self.begun, self.acknowledged, self.faults, self.reads = {}, {}, [], 0

    def begin(self, key):
        with self.lock:
            self.begun[key] = self.begun.get(key, 0) + 1
            return self.begun[key]

    def acknowledge(self, key, value):
        with self.lock:
            self.acknowledged[key] = value

    def least(self, key):
        with self.lock:
            return self.acknowledged.get(key, 0)

    def check(self, key, least, value):
        with self.lock:
            self.reads += 1
            if not least <= value <= self.begun.get(key, 0):
                self.faults.append(f"{key}: read {value}, but {least} was acknowledged before and {self.begun.get(key, 0)} begun")


class Objects:
    """Values as objects whose bodies lie in rows, in a table, or in files."""

    def __init__(self, server):
        self.client = server.client("s3")

    @staticmethod
    def prepare(server):
        server.client("s3").create_bucket(Bucket="consistent")

    def write(self, key, value):
        size = {0: 20, 1: 8_000, 2: 150_000}[hash(key) % 3]
        self.client.put_object(Bucket="consistent", Key=key, Body=str(value).encode().ljust(size))

    def read(self, key):
        try:
            body = self.client.get_object(Bucket="consistent", Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return 0
        return int(body.decode())


class Items:
    def __init__(self, server):
        self.client = server.client("dynamodb")

    @staticmethod
    def prepare(server):
        definitions = [{"AttributeName": "id", "AttributeType": "S"}]
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        server.client("dynamodb").create_table(TableName="consistent", AttributeDefinitions=definitions, KeySchema=keys, BillingMode="PAY_PER_REQUEST")

    def write(self, key, value):
        self.client.put_item(TableName="consistent", Item={"id": {"S": key}, "value": {"N": str(value)}})

    def read(self, key):
        item = self.client.get_item(TableName="consistent", Key={"id": {"S": key}}).get("Item")
        return int(item["value"]["N"]) if item else 0


def writer(things, keys, model, stop):
    while not stop.is_set():
        key = random.choice(keys)
        value = model.begin(key)
        with contextlib.suppress(*LOST):
            things.write(key, value)
            model.acknowledge(key, value)


def reader(things, keys, model, stop):
    while not stop.is_set():
        key = random.choice(keys)
        least = model.least(key)
        with contextlib.suppress(*LOST):
            model.check(key, least, things.read(key))


def guarded(work, model):
    def run(*arguments):
        try:
            work(*arguments)
        except (ClientError, ValueError, AssertionError) as error:
            with model.lock:
                model.faults.append(repr(error))

    return run


@pytest.mark.parametrize("kind", [Objects, Items])
def test_no_read_is_older_than_what_was_acknowledged_before_it(start_server, kind):
    server = start_server()
    kind.prepare(server)
    model, stop = Model(), threading.Event()
    shares = [[f"{number}-{key}" for key in range(KEYS_A_WRITER)] for number in range(WRITERS)]
    everything = [key for share in shares for key in share]
    threads = [threading.Thread(target=guarded(writer, model), args=(kind(server), share, model, stop)) for share in shares]
    threads += [threading.Thread(target=guarded(reader, model), args=(kind(server), everything, model, stop)) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(random.uniform(*SECONDS_BETWEEN))
        server.restart()
    time.sleep(SECONDS_BETWEEN[1])
    stop.set()
    for thread in threads:
        thread.join()
    last = kind(server)
    for key in everything:
        model.check(key, model.least(key), last.read(key))
    assert not model.faults, "\n".join(model.faults[:10])
    assert model.reads > 100 and sum(model.acknowledged.values()) > 100
