"""HTTP against the deployed application, found by the tag of its instance."""

import uuid

import boto3
import pytest
import requests

SERVER_NAME = "EC2ApplicationServer"


def public_address_of(name):
    filters = [{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    for reservation in boto3.client("ec2").describe_instances(Filters=filters)["Reservations"]:
        for instance in reservation["Instances"]:
            return instance["PublicIpAddress"]
    pytest.fail(f"no running instance is tagged Name={name}")


@pytest.fixture(scope="module")
def host():
    return public_address_of(SERVER_NAME)


def registration(**changes):
    return {"id": str(uuid.uuid4()), "username": "Tester", "email": "test@example.com", "password": "test_password", **changes}


def test_default_page_shows_the_form(host):
    response = requests.get(f"http://{host}/")
    assert response.status_code == 200
    assert "Register" in response.text


def test_dashboard_page(host):
    response = requests.get(f"http://{host}/dashboard")
    assert response.status_code == 200
    assert "Users" in response.text


def test_register_user_redirects_to_dashboard(host):
    response = requests.post(f"http://{host}/register_user", data=registration())
    for step in [*response.history, response]:
        print(step.status_code, step.url)
    assert response.status_code == 200
    assert response.url == f"http://{host}/dashboard"


def test_registered_user_appears_on_dashboard(host):
    name = f"user-{uuid.uuid4()}"
    requests.post(f"http://{host}/register_user", data=registration(username=name))
    assert name in requests.get(f"http://{host}/dashboard").text


def test_bad_registration_is_refused(host):
    response = requests.post(f"http://{host}/register_user", data=registration(email="nobody"))
    assert response.status_code == 400
    assert "not an e-mail address" in response.text
