import pytest

import app as application
import aws_controller
from utils.validate_form_data import validate_form_data

GOOD = {"username": "Ada", "email": "ada@example.com", "password": "analytical"}


class TableInMemory:
    """As much of a DynamoDB table as the application uses; a scan gives two items a page."""

    def __init__(self):
        self.items = []

    def put_item(self, Item):
        self.items.append(Item)

    def scan(self, ExclusiveStartKey=0):
        end = ExclusiveStartKey + 2
        return {"Items": self.items[ExclusiveStartKey:end], **({"LastEvaluatedKey": end} if end < len(self.items) else {})}


@pytest.fixture
def table(monkeypatch):
    table = TableInMemory()
    monkeypatch.setattr(aws_controller, "users_table", lambda: table)
    return table


@pytest.fixture
def client(table):
    return application.app.test_client()


def test_good_data_has_no_errors():
    assert validate_form_data(GOOD) == {}


@pytest.mark.parametrize(
    "field, value",
    [("username", "  "), ("username", "x" * 65), ("email", "ada"), ("email", "ada@home"), ("email", "a b@example.com"), ("password", "short")],
)
def test_bad_field_is_named(field, value):
    assert list(validate_form_data({**GOOD, field: value})) == [field]


def test_index_shows_the_form(client):
    assert b'action="/register_user"' in client.get("/").data


def test_registration_redirects_to_the_dashboard(client):
    reply = client.post("/register_user", data=GOOD)
    assert (reply.status_code, reply.location) == (302, "/dashboard")


def test_password_is_stored_as_a_hash(client, table):
    client.post("/register_user", data=GOOD)
    assert table.items[0]["email"] == "ada@example.com"
    assert "analytical" not in table.items[0]["password"]


def test_bad_registration_is_shown_again_and_not_stored(client, table):
    reply = client.post("/register_user", data={**GOOD, "email": "ada"})
    assert reply.status_code == 400
    assert b"This is not an e-mail address." in reply.data and b'value="Ada"' in reply.data
    assert table.items == []


def test_dashboard_lists_users_of_every_page(client):
    for name in ("Ada", "Grace", "Edsger"):
        client.post("/register_user", data={**GOOD, "username": name})
    page = client.get("/dashboard").data
    assert all(name in page for name in (b"Ada", b"Grace", b"Edsger"))
