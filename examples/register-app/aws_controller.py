"""Users in the DynamoDB table that USERS_TABLE names. Credentials are the instance profile's, found by boto3 itself."""

import os
import uuid
from datetime import datetime, timezone
from functools import lru_cache

import boto3
from werkzeug.security import generate_password_hash


@lru_cache(maxsize=1)
def users_table():
    return boto3.resource("dynamodb").Table(os.environ.get("USERS_TABLE", "Users"))


def add_user(form):
    users_table().put_item(
        Item={
            "id": form.get("id") or str(uuid.uuid4()),
            "username": form["username"].strip(),
            "email": form["email"].strip(),
            "password": generate_password_hash(form["password"]),
            "registered": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
    )


def list_users():
    """All users, the newest first."""
    page = users_table().scan()
    users = page["Items"]
    while "LastEvaluatedKey" in page:
        page = users_table().scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        users += page["Items"]
    return sorted(users, key=lambda user: user["registered"], reverse=True)
