"""STS as real clients see it: who am I, roles assumed under their trust policies, sessions that carry less than their role, signatures in all forms."""

import datetime
import json
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest
from iam_words import ENCODED, allow, deny, document, refused, trust


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def user(server, iam):
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    return lambda service, **more: server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"], **more)


@pytest.fixture
def role(iam, account):
    """A role that everyone of the account may assume as far as their own policies let them; it may list users."""
    made = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust(AWS=account))["Role"]
    iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=document(allow(["iam:ListUsers", "iam:ListRoles"])))
    return made["Arn"]


def session_client(server, service, reply, **more):
    credentials = reply["Credentials"]
    return server.client(service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"], token=credentials["SessionToken"], **more)


@pytest.mark.parametrize("key, owner", [("test", "000000000000"), ("123456789012", "123456789012"), ("AKIAIOSFODNN7EXAMPLE", "000000000000")])
def test_unknown_keys_are_the_root_of_an_account(server, key, owner):
    identity = server.client("sts", key=key).get_caller_identity()
    assert (identity["Account"], identity["Arn"], identity["UserId"]) == (owner, f"arn:aws:iam::{owner}:root", owner)


def test_a_session_of_a_role_is_the_role_and_may_what_the_role_may(server, aws, iam, role, account):
    reply = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    assert reply["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/deploy/s1"
    assert reply["Credentials"]["AccessKeyId"].startswith("ASIA")
    identity = session_client(server, "sts", reply).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/deploy/s1"
    assert identity["UserId"] == iam.get_role(RoleName="deploy")["Role"]["RoleId"] + ":s1"
    session_client(server, "iam", reply).list_users()
    message = (
        f"User: arn:aws:sts::{account}:assumed-role/deploy/s1 is not authorized to perform: iam:ListGroups on resource: arn:aws:iam::{account}:group/ "
        "because no identity-based policy allows the iam:ListGroups action"
    )
    with refused("AccessDenied", message):
        session_client(server, "iam", reply).list_groups()


def test_sessions_lose_what_their_role_loses(server, aws, iam, role):
    client = session_client(server, "iam", aws("sts").assume_role(RoleArn=role, RoleSessionName="s1"))
    client.list_users()
    iam.delete_role_policy(RoleName="deploy", PolicyName="p")
    with refused("AccessDenied"):
        client.list_users()
    iam.delete_role(RoleName="deploy")
    with refused("AccessDenied"):
        client.list_users()


def test_a_session_policy_narrows(server, aws, role, account):
    reply = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", Policy=document(allow(["iam:ListUsers", "iam:ListGroups"])))
    client = session_client(server, "iam", reply)
    client.list_users()
    with refused(
        "AccessDenied",
        f"User: arn:aws:sts::{account}:assumed-role/deploy/s1 is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::{account}:role/ "
        "because no session policy allows the iam:ListRoles action",
    ):
        client.list_roles()
    with refused("AccessDenied"):
        client.list_groups()  # allowed by the session's policy, not by the role
    managed = aws("sts").assume_role(RoleArn=role, RoleSessionName="s2", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}])
    session_client(server, "iam", managed).list_roles()


def test_a_user_needs_permission_to_assume(aws, iam, user, role, account):
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: sts:AssumeRole on resource: {role} "
        "because no identity-based policy allows the sts:AssumeRole action"
    )
    with refused("AccessDenied", message, 403):
        user("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole", role)))
    user("sts").assume_role(RoleArn=role, RoleSessionName="s1")


def test_a_trust_policy_that_names_the_user_is_enough(iam, user, account):
    arn = f"arn:aws:iam::{account}:user/dev"
    role = iam.create_role(RoleName="own", AssumeRolePolicyDocument=trust(AWS=arn))["Role"]["Arn"]
    user("sts").assume_role(RoleArn=role, RoleSessionName="s1")


def test_a_role_for_a_service_is_for_nobody_else(aws, iam, account):
    role = iam.create_role(RoleName="build", AssumeRolePolicyDocument=trust(Service="codebuild.amazonaws.com"))["Role"]["Arn"]
    message = f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {role}"
    with refused("AccessDenied", message):
        aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    with refused("AccessDenied"):
        aws("sts").assume_role(RoleArn=role + "x", RoleSessionName="s1")


def test_another_account_needs_both_sides(server, iam, user, role, account):
    other = f"{(int(account) + 500000) % 10**12:012d}"
    foreign = server.client("iam", key=other)
    there = foreign.create_role(RoleName="shared", AssumeRolePolicyDocument=trust(AWS=account))["Role"]["Arn"]
    with refused("AccessDenied"):
        user("sts").assume_role(RoleArn=there, RoleSessionName="s1")
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole")))
    reply = user("sts").assume_role(RoleArn=there, RoleSessionName="s1")
    assert session_client(server, "sts", reply).get_caller_identity()["Account"] == other
    foreign.update_assume_role_policy(RoleName="shared", PolicyDocument=trust(AWS=other))
    with refused("AccessDenied"):
        user("sts").assume_role(RoleArn=there, RoleSessionName="s1")


def test_an_external_id_is_asked_for(aws, iam, account):
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}}
    role = iam.create_role(RoleName="ext", AssumeRolePolicyDocument=document(statement))["Role"]["Arn"]
    with refused("AccessDenied"):
        aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", ExternalId="x1")


def test_session_tags_are_principal_tags(server, aws, iam, account):
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    role = iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=document(statement))["Role"]["Arn"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    iam.put_role_policy(RoleName="tagged", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers", Condition=condition)))
    red = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", Tags=[{"Key": "team", "Value": "red"}])
    session_client(server, "iam", red).list_users()
    blue = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", Tags=[{"Key": "team", "Value": "blue"}])
    with refused("AccessDenied"):
        session_client(server, "iam", blue).list_users()


def test_a_trust_policy_that_denies_is_told(aws, iam, account):
    statements = [{"Effect": effect, "Principal": {"AWS": account}, "Action": "sts:AssumeRole"} for effect in ("Allow", "Deny")]
    role = iam.create_role(RoleName="closed", AssumeRolePolicyDocument=document(*statements))["Role"]["Arn"]
    who = f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {role} "
    with refused("AccessDenied", who + "with an explicit deny in the role trust policy"):
        aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")


def test_tags_of_a_session_have_different_keys_and_count_as_packed(aws, iam, account):
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    role = iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=document(statement))["Role"]["Arn"]
    reply = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", Tags=[{"Key": "a", "Value": "1"}])
    assert 0 < reply["PackedPolicySize"] < 10
    with refused("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])


def test_a_source_identity_stays_through_a_chain_of_roles(server, aws, iam, account):
    def role(name, *actions):
        statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": list(actions)}
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement))["Role"]["Arn"]

    first, second = role("first", "sts:AssumeRole", "sts:SetSourceIdentity"), role("second", "sts:AssumeRole", "sts:SetSourceIdentity")
    iam.put_role_policy(RoleName="first", PolicyName="p", PolicyDocument=document(allow(["sts:AssumeRole", "sts:SetSourceIdentity"])))
    condition = {"StringEquals": {"aws:SourceIdentity": "alice"}}
    iam.put_role_policy(RoleName="second", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers", Condition=condition)))
    begun = aws("sts").assume_role(RoleArn=first, RoleSessionName="s1", SourceIdentity="alice")
    assert begun["SourceIdentity"] == "alice"
    chained = session_client(server, "sts", begun).assume_role(RoleArn=second, RoleSessionName="s2")
    assert chained["SourceIdentity"] == "alice"
    session_client(server, "iam", chained).list_users()
    with refused("ValidationError"):
        session_client(server, "sts", begun).assume_role(RoleArn=second, RoleSessionName="s2", SourceIdentity="bob")
    plain = role("plain", "sts:AssumeRole")
    message = f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:SetSourceIdentity on resource: {plain}"
    with refused("AccessDenied", message):
        aws("sts").assume_role(RoleArn=plain, RoleSessionName="s1", SourceIdentity="alice")


def test_transitive_tags_stay_through_a_chain_of_roles(server, aws, iam, account):
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    first, second = (iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement))["Role"]["Arn"] for name in ("first", "second"))
    iam.put_role_policy(RoleName="first", PolicyName="p", PolicyDocument=document(allow(["sts:AssumeRole", "sts:TagSession"])))
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red"}, "Null": {"aws:PrincipalTag/shift": "true"}}
    iam.put_role_policy(RoleName="second", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers", Condition=condition)))
    tags = [{"Key": "team", "Value": "red"}, {"Key": "shift", "Value": "late"}]
    with refused("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."):
        aws("sts").assume_role(RoleArn=first, RoleSessionName="s1", Tags=tags, TransitiveTagKeys=["other"])
    begun = session_client(server, "sts", aws("sts").assume_role(RoleArn=first, RoleSessionName="s1", Tags=tags, TransitiveTagKeys=["team"]))
    session_client(server, "iam", begun.assume_role(RoleArn=second, RoleSessionName="s2")).list_users()
    message = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
    with refused("InvalidParameterValue", message):
        begun.assume_role(RoleArn=second, RoleSessionName="s2", Tags=[{"Key": "Team", "Value": "blue"}])


def test_tags_of_the_role_decide_who_may_assume_it(iam, user, account):
    condition = {"StringEquals": {"aws:ResourceTag/open": "yes"}}
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole", Condition=condition)))
    for name, tag in (("open", "yes"), ("shut", "no")):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(AWS=account), Tags=[{"Key": "open", "Value": tag}])
    user("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/open", RoleSessionName="s1")
    with refused("AccessDenied"):
        user("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/shut", RoleSessionName="s1")


def test_what_is_no_arn_is_no_role(aws):
    with refused("ValidationError", "just-the-name-of-a-role is invalid", 400):
        aws("sts").assume_role(RoleArn="just-the-name-of-a-role", RoleSessionName="s1")


def test_sts_decodes_what_ec2_did_not_allow(server, aws, iam, user, account):
    volume = "vol-0123456789abcdef0"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        user("ec2").create_tags(Resources=[volume], Tags=[{"Key": "a", "Value": "b"}])
    encoded = error.value.response["Error"]["Message"].partition(ENCODED)[2]
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: sts:DecodeAuthorizationMessage "
        "because no identity-based policy allows the sts:DecodeAuthorizationMessage action",
    ):
        user("sts").decode_authorization_message(EncodedMessage=encoded)
    details = json.loads(aws("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (details["allowed"], details["explicitDeny"], details["matchedStatements"]) == (False, False, {"items": []})
    context = details["context"]
    assert context["principal"]["arn"] == f"arn:aws:iam::{account}:user/dev" and context["principal"]["name"] == "dev"
    assert context["action"] == "ec2:CreateTags" and context["resource"].endswith(f":volume/{volume}")
    keys = {item["key"]: [value["value"] for value in item["values"]["items"]] for item in context["conditions"]["items"]}
    assert keys["aws:RequestTag/a"] == ["b"] and keys["aws:TagKeys"] == ["a"]
    with refused("InvalidAuthorizationMessageException", status=400):
        aws("sts").decode_authorization_message(EncodedMessage=encoded[:-4] + "AAAA")


def test_durations_have_limits(server, aws, iam, role, account):
    sts = aws("sts")
    with refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."):
        sts.assume_role(RoleArn=role, RoleSessionName="s1", DurationSeconds=7200)
    iam.update_role(RoleName="deploy", MaxSessionDuration=7200)
    reply = sts.assume_role(RoleArn=role, RoleSessionName="s1", DurationSeconds=7200)
    iam.put_role_policy(RoleName="deploy", PolicyName="chain", PolicyDocument=document(allow("sts:AssumeRole")))
    chained = session_client(server, "sts", reply)
    with refused("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."):
        chained.assume_role(RoleArn=role, RoleSessionName="s2", DurationSeconds=7200)
    chained.assume_role(RoleArn=role, RoleSessionName="s2")


def test_a_token_belongs_to_its_key(server, aws, role):
    first = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"]
    second = aws("sts").assume_role(RoleArn=role, RoleSessionName="s2")["Credentials"]
    cases = [
        dict(key=first["AccessKeyId"], secret=first["SecretAccessKey"], token=second["SessionToken"]),
        dict(key=first["AccessKeyId"], secret=first["SecretAccessKey"]),
        dict(key=first["AccessKeyId"], secret=first["SecretAccessKey"], token="AAAA" + first["SessionToken"][4:]),
    ]
    for case in cases:
        with refused("InvalidClientTokenId", "The security token included in the request is invalid."):
            server.client("sts", **case).get_caller_identity()
    with refused("SignatureDoesNotMatch"):
        server.client("sts", key=first["AccessKeyId"], secret=second["SecretAccessKey"], token=first["SessionToken"]).get_caller_identity()


def test_sessions_survive_kill_9(start_server):
    server = start_server()
    role = server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS="000000000000"))["Role"]["Arn"]
    reply = server.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    server.restart()
    assert session_client(server, "sts", reply).get_caller_identity()["Arn"].endswith("assumed-role/r/s1")


def test_session_tokens_of_users_carry_the_users_policies(server, iam, user, account):
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers"), deny("iam:ListRoles")))
    reply = user("sts").get_session_token(DurationSeconds=900)
    assert session_client(server, "sts", reply).get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/dev"
    session_client(server, "iam", reply).list_users()
    with refused("AccessDenied"):
        session_client(server, "iam", reply).list_roles()
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials"):
        session_client(server, "sts", reply).get_session_token()


def test_a_key_tells_its_account(aws, iam, account):
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]["AccessKeyId"]
    assert aws("sts").get_access_key_info(AccessKeyId=key)["Account"] == account


def test_federation_says_that_it_is_not_built(aws):
    with refused("NotImplemented", status=501):
        aws("sts").get_federation_token(Name="x")


def signed_request(server, key, secret, token=None, stamp=None, presign=False):
    """A GET of GetCallerIdentity, signed by botocore."""
    request = botocore.awsrequest.AWSRequest("GET", server.url + "/?Action=GetCallerIdentity&Version=2011-06-15")
    credentials = botocore.credentials.Credentials(key, secret, token)
    signer = botocore.auth.SigV4QueryAuth(credentials, "sts", "us-east-1", expires=60) if presign else botocore.auth.SigV4Auth(credentials, "sts", "us-east-1")
    signer.add_auth(request)
    prepared = request.prepare()
    target = urllib.parse.urlsplit(prepared.url)
    return "GET", f"{target.path}?{target.query}", None, dict(prepared.headers)


def test_presigned_requests_are_verified(server, iam, account):
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    good = server.request(*signed_request(server, key["AccessKeyId"], key["SecretAccessKey"], presign=True))
    assert good.status == 200 and f"arn:aws:iam::{account}:user/dev".encode() in good.data
    bad = server.request(*signed_request(server, key["AccessKeyId"], "other", presign=True))
    assert bad.status == 403 and b"SignatureDoesNotMatch" in bad.data


def test_an_old_signature_is_refused(server, monkeypatch):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: then.replace(tzinfo=None))
    reply = server.request(*signed_request(server, "test", "test"))
    assert reply.status == 403 and b"Signature expired: " in reply.data and b"- 15 min.)" in reply.data


def test_signature_version_2_is_refused_by_name(server):
    reply = server.request("GET", "/", None, {"Authorization": "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="})
    assert reply.status == 400 and b"<Code>InvalidRequest</Code>" in reply.data and b"Please use AWS4-HMAC-SHA256." in reply.data


def test_signature_version_4a_is_refused_by_name(server):
    body = urllib.parse.urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    headers = {
        "Authorization": "AWS4-ECDSA-P256-SHA256 Credential=A/20130524/sts/aws4_request, SignedHeaders=host, Signature=00",
        "Content-Type": "application/x-www-form-urlencoded",
        "Host": "sts.amazonaws.com",
    }
    reply = server.request("POST", "/", body, headers)
    assert reply.status == 403 and b"Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported" in reply.data


def test_the_clock_of_the_plane_may_run_ahead(start_server):
    """Sessions count real time: a jump of the clock does not end them, though what clients are told is plane time."""
    server = start_server()
    role = server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS="000000000000"))["Role"]["Arn"]
    reply = server.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")
    server.request("POST", "/_rehearse/clock", json.dumps({"advance": "7d"}), {"Content-Type": "application/json"})
    assert session_client(server, "sts", reply).get_caller_identity()["Arn"].endswith("/s1")
    later = server.client("sts").assume_role(RoleArn=role, RoleSessionName="s2")["Credentials"]["Expiration"]
    assert later.timestamp() > time.time() + 6 * 86400
