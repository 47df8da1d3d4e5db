"""S3's refusals: code, status, message, and every further element that AWS puts into the document."""

import base64
import datetime
import hashlib
import itertools
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest
from botocore.exceptions import ClientError
from s3_raw import Raw

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
_names = itertools.count(1)


@pytest.fixture
def user(aws, server):
    """A client whose secret the plane knows: its signatures are verified."""
    iam = aws("iam")
    name = f"signer-{next(_names)}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = server.client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"], signature_version="s3v4", s3={"addressing_style": "path"})
    client.key = key["AccessKeyId"]
    return client


def document(data):
    """The elements of an error, without what is different each time."""
    elements = {child.tag: child.text for child in ElementTree.fromstring(data)}
    assert elements.pop("RequestId") and elements.pop("HostId")
    return elements


def error(reply, status):
    assert reply.status == status, reply.data
    return document(reply.data)


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]


def md5(body):
    return {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}


# ---- What is missing ----


def test_a_missing_key_is_told_by_its_key_alone(raw, bucket):
    assert error(raw("GET", f"/{bucket}/a%20b"), 404) == {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": "a b"}


def test_a_missing_bucket_is_told_by_its_name(raw):
    assert error(raw("GET", "/no-such-bucket-here/k"), 404) == {
        "Code": "NoSuchBucket",
        "Message": "The specified bucket does not exist",
        "BucketName": "no-such-bucket-here",
    }


def test_a_missing_bucket_is_told_to_anybody(server, user):
    reply = server.request("GET", "/no-such-bucket-here/key")
    assert error(reply, 404)["Code"] == "NoSuchBucket"
    refused("NoSuchBucket", user.get_object, Bucket="no-such-bucket-here", Key="key")


def test_a_version_where_none_can_be_is_an_invalid_argument(raw, bucket):
    raw("PUT", f"/{bucket}/k", b"")
    for method in ("GET", "DELETE"):
        told = error(raw(method, f"/{bucket}/k?versionId=HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"), 400)
        assert told == {
            "Code": "InvalidArgument",
            "Message": "Invalid version id specified",
            "ArgumentName": "versionId",
            "ArgumentValue": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD",
        }


def test_a_version_that_is_gone_is_told_by_key_and_version(raw, versioned):
    version = raw("PUT", f"/{versioned}/k", b"").headers["x-amz-version-id"]
    raw("PUT", f"/{versioned}/k", b"")
    raw("DELETE", f"/{versioned}/k?versionId={version}")
    told = error(raw("GET", f"/{versioned}/k?versionId={version}"), 404)
    assert told == {"Code": "NoSuchVersion", "Message": "The specified version does not exist.", "Key": "k", "VersionId": version}


def test_many_deletes_tell_unknown_versions_one_by_one(s3, bucket):
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": "nonsense"}]})
    assert reply["Errors"] == [{"Key": "k", "VersionId": "nonsense", "Code": "NoSuchVersion", "Message": "The specified version does not exist."}]


@pytest.mark.parametrize("method, query", [("GET", ""), ("GET", "&tagging"), ("PUT", "&tagging"), ("DELETE", "&tagging")])
def test_a_delete_marker_allows_nothing_but_its_removal(raw, versioned, method, query):
    marker = raw("DELETE", f"/{versioned}/k").headers["x-amz-version-id"]
    tags = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>" if method == "PUT" else b""
    reply = raw(method, f"/{versioned}/k?versionId={marker}{query}", tags)
    told = {"Code": "MethodNotAllowed", "Message": "The specified method is not allowed against this resource."}
    assert error(reply, 405) == {**told, "Method": method, "ResourceType": "DeleteMarker"}
    assert (reply.headers["Allow"], reply.headers["x-amz-delete-marker"], reply.headers["x-amz-version-id"]) == ("DELETE", "true", marker)


def test_tags_of_a_deleted_key_are_not_allowed(raw, versioned):
    raw("DELETE", f"/{versioned}/k")
    assert error(raw("GET", f"/{versioned}/k?tagging"), 405)["ResourceType"] == "DeleteMarker"
    assert error(raw("GET", f"/{versioned}/k"), 404)["Code"] == "NoSuchKey"


# ---- Conditions ----


def test_a_failed_condition_is_named(raw, bucket):
    raw("PUT", f"/{bucket}/k", b"x")
    told = {"Code": "PreconditionFailed", "Message": "At least one of the pre-conditions you specified did not hold"}
    assert error(raw("GET", f"/{bucket}/k", headers={"If-Match": '"no"'}), 412) == {**told, "Condition": "If-Match"}
    assert error(raw("PUT", f"/{bucket}/k", b"", {"If-None-Match": "*"}), 412) == {**told, "Condition": "If-None-Match"}
    since = {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert error(raw("GET", f"/{bucket}/k", headers=since), 412) == {**told, "Condition": "If-Unmodified-Since"}
    source = {"x-amz-copy-source": f"{bucket}/k", "x-amz-copy-source-if-match": '"no"'}
    assert error(raw("PUT", f"/{bucket}/to", headers=source), 412) == {**told, "Condition": "x-amz-copy-source-If-Match"}


@pytest.mark.parametrize(
    "headers, header, more",
    [
        ({"If-None-Match": '"x"'}, "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"),
        ({"If-Match": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        ({"If-Match": '"x"', "If-None-Match": "*"}, "If-Match,If-None-Match", "Multiple conditional request headers present in the request"),
    ],
)
def test_conditions_that_no_write_knows_are_refused_by_header(raw, bucket, headers, header, more):
    told = error(raw("PUT", f"/{bucket}/k", b"", headers), 501)
    message = "A header you provided implies functionality that is not implemented"
    assert told == {"Code": "NotImplemented", "Message": message, "Header": header, "additionalMessage": more}


def test_a_conditional_delete(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert refused("PreconditionFailed", s3.delete_object, Bucket=bucket, Key="k", IfMatch='"no"')["Condition"] == "If-Match"
    refused("NoSuchKey", s3.delete_object, Bucket=bucket, Key="nope", IfMatch="*")
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    refused("404", s3.head_object, Bucket=bucket, Key="k")


def begin_upload(s3, bucket, key):
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    return {"Bucket": bucket, "Key": key, "UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}


CONFLICT = "The conditional request cannot succeed due to a conflicting operation against this resource."


def test_an_upload_whose_key_was_removed_meanwhile_conflicts(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    upload = begin_upload(s3, bucket, "k")
    refused("PreconditionFailed", s3.complete_multipart_upload, **upload, IfNoneMatch="*")
    s3.delete_object(Bucket=bucket, Key="k")
    told = refused("ConditionalRequestConflict", s3.complete_multipart_upload, **upload, IfNoneMatch="*")
    assert (told["Condition"], told["Key"], told["Message"]) == ("If-None-Match", "k", CONFLICT)
    s3.complete_multipart_upload(**begin_upload(s3, bucket, "k"), IfNoneMatch="*")


def test_an_upload_whose_key_was_replaced_meanwhile_conflicts(s3, bucket):
    before = s3.put_object(Bucket=bucket, Key="k", Body=b"before")["ETag"]
    upload = begin_upload(s3, bucket, "k")
    during = s3.put_object(Bucket=bucket, Key="k", Body=b"during")["ETag"]
    refused("PreconditionFailed", s3.complete_multipart_upload, **upload, IfMatch=before)
    assert refused("ConditionalRequestConflict", s3.complete_multipart_upload, **upload, IfMatch=during)["Condition"] == "If-Match"
    s3.complete_multipart_upload(**begin_upload(s3, bucket, "k"), IfMatch=during)


# ---- Arguments ----


def test_a_range_behind_the_end_tells_the_size(raw, bucket):
    raw("PUT", f"/{bucket}/k", b"0123456789")
    told = error(raw("GET", f"/{bucket}/k", headers={"Range": "bytes=100-200"}), 416)
    message = "The requested range is not satisfiable"
    assert told == {"Code": "InvalidRange", "Message": message, "RangeRequested": "bytes=100-200", "ActualObjectSize": "10"}


def test_a_part_that_is_none_tells_how_many_there_are(raw, bucket):
    raw("PUT", f"/{bucket}/k", b"x")
    told = error(raw("GET", f"/{bucket}/k?partNumber=2"), 416)
    message = "The requested partnumber is not satisfiable"
    assert told == {"Code": "InvalidPartNumber", "Message": message, "PartNumberRequested": "2", "ActualPartCount": "1"}


@pytest.mark.parametrize(
    "query, name, value, message",
    [
        ("max-keys=ten", "max-keys", "ten", "Provided max-keys not an integer or within integer range"),
        ("max-keys=-1", "maxKeys", "-1", "Argument maxKeys must be an integer between 0 and 2147483647"),
        ("encoding-type=x", "encoding-type", "x", "Invalid Encoding Method specified in Request"),
        ("list-type=2&continuation-token=abcd", "continuation-token", None, "The continuation token provided is incorrect"),
        ("versions&version-id-marker=x", "version-id-marker", "x", "A version-id marker cannot be specified without a key marker."),
        ("uploads&key-marker=k&upload-id-marker=x", "upload-id-marker", "x", "Invalid uploadId marker"),
    ],
)
def test_bad_arguments_of_listings_are_named(raw, bucket, query, name, value, message):
    told = error(raw("GET", f"/{bucket}?{query}"), 400)
    assert told == {"Code": "InvalidArgument", "Message": message, "ArgumentName": name, **({"ArgumentValue": value} if value else {})}


def test_an_attribute_that_is_none_is_named(raw, bucket):
    raw("PUT", f"/{bucket}/k", b"x")
    told = error(raw("GET", f"/{bucket}/k?attributes", headers={"x-amz-object-attributes": "ETag,Colour"}), 400)
    assert (told["Code"], told["ArgumentName"], told["ArgumentValue"]) == ("InvalidArgument", "x-amz-object-attributes", "Colour")


def test_keys_and_metadata_that_are_too_long_tell_their_size(raw, bucket):
    told = error(raw("PUT", f"/{bucket}/{'k' * 1025}", b""), 400)
    assert told == {"Code": "KeyTooLongError", "Message": "Your key is too long", "Size": "1025", "MaxSizeAllowed": "1024"}
    told = error(raw("PUT", f"/{bucket}/k", b"", {"x-amz-meta-m": "x" * 2048}), 400)
    message = "Your metadata headers exceed the maximum allowed metadata size"
    assert told == {"Code": "MetadataTooLarge", "Message": message, "Size": "2049", "MaxSizeAllowed": "2048"}


def test_a_copied_range_must_lie_within_its_source(s3, raw, bucket):
    raw("PUT", f"/{bucket}/from", b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"]

    def copy(span):
        headers = {"x-amz-copy-source": f"{bucket}/from", "x-amz-copy-source-range": span}
        return error(raw("PUT", f"/{bucket}/to?partNumber=1&uploadId={upload}", headers=headers), 400)

    assert copy("bytes=100-200") == {"Code": "InvalidRequest", "Message": "The specified copy range is invalid for the source object size"}
    assert copy("bytes=0-100")["Message"] == "Range specified is not valid for source object of size: 10"
    assert copy("bytes=1-") == {
        "Code": "InvalidArgument",
        "Message": "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the "
        "first and last bytes to copy",
        "ArgumentName": "x-amz-copy-source-range",
        "ArgumentValue": "bytes=1-",
    }


@pytest.mark.parametrize(
    "tags, told",
    [
        ([("a", "1"), ("a", "2")], {"Message": "Cannot provide multiple Tags with the same key", "TagKey": "a"}),
        ([("a,b", "1")], {"Message": "The TagKey you have provided is invalid", "TagKey": "a,b"}),
        ([("a", "1,2")], {"Message": "The TagValue you have provided is invalid", "TagKey": "a", "TagValue": "1,2"}),
        ([("aws:a", "1")], {"Message": "System tags cannot be added/updated by requester", "TagKey": "aws:a"}),
    ],
)
def test_bad_tags_are_named(raw, bucket, tags, told):
    body = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    reply = raw("PUT", f"/{bucket}?tagging", f"<Tagging><TagSet>{body}</TagSet></Tagging>".encode())
    assert error(reply, 400) == {"Code": "InvalidTag", **told}


def test_system_tags_of_objects_are_refused_in_other_words(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    tags = {"TagSet": [{"Key": "aws:a", "Value": ""}]}
    assert refused("InvalidTag", s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tags)["Message"] == "Your TagKey cannot be prefixed with aws:"


@pytest.mark.parametrize(
    "path, body",
    [
        ("?versioning", "<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>"),
        ("?tagging", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"),
        ("?encryption", "<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>"),
        ("?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>Nobody</ObjectOwnership></Rule></OwnershipControls>"),
    ],
)
def test_documents_against_the_schema_are_malformed(raw, bucket, path, body):
    assert error(raw("PUT", f"/{bucket}{path}", body.encode()), 400) == {"Code": "MalformedXML", "Message": MALFORMED}


def test_a_complete_without_parts(s3, raw, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    told = error(raw("POST", f"/{bucket}/k?uploadId={upload}"), 400)
    assert told == {"Code": "InvalidRequest", "Message": "You must specify at least one part"}
    empty = b"<CompleteMultipartUpload></CompleteMultipartUpload>"
    assert error(raw("POST", f"/{bucket}/k?uploadId={upload}", empty), 400)["Code"] == "MalformedXML"


def test_a_wrong_part_is_told_by_number_and_etag(s3, raw, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    body = b'<CompleteMultipartUpload><Part><PartNumber>7</PartNumber><ETag>"abc"</ETag></Part></CompleteMultipartUpload>'
    told = error(raw("POST", f"/{bucket}/k?uploadId={upload}", body), 400)
    assert told.pop("Message").startswith("One or more of the specified parts could not be found.")
    assert told == {"Code": "InvalidPart", "UploadId": upload, "PartNumber": "7", "ETag": "abc"}


def test_a_part_without_the_checksum_of_its_upload_is_refused(s3, raw, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    told = error(raw("PUT", f"/{bucket}/k?partNumber=1&uploadId={upload}", b"x"), 400)
    assert told["Message"] == "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null"


# ---- Buckets ----


@pytest.mark.parametrize("region, constraint, code", [("us-east-1", "mars-1", "InvalidLocationConstraint"), ("eu-west-1", "us-west-2", "IllegalLocationConstraintException")])
def test_locations_that_are_none_are_refused(server, account, region, constraint, code):
    client = server.client("s3", key=account, region=region)
    told = refused(code, client.create_bucket, Bucket=f"nowhere-{account}", CreateBucketConfiguration={"LocationConstraint": constraint})
    if region == "us-east-1":
        assert (told["Message"], told["LocationConstraint"]) == ("The specified location-constraint is not valid", "mars-1")
    else:
        assert told["Message"] == "The us-west-2 location constraint is incompatible for the region specific endpoint this request was sent to."


def test_an_ownership_that_is_none_is_refused(raw, account):
    told = error(raw("PUT", f"/owned-{account}", headers={"x-amz-object-ownership": "Nobody"}), 400)
    message = "Invalid x-amz-object-ownership header: Nobody"
    assert told == {"Code": "InvalidArgument", "Message": message, "ArgumentName": "x-amz-object-ownership"}


def test_a_canned_acl_that_is_none_is_named(raw, bucket):
    told = error(raw("PUT", f"/{bucket}/k", b"", {"x-amz-acl": "fake-acl"}), 400)
    assert told == {"Code": "InvalidArgument", "Message": None, "ArgumentName": "x-amz-acl", "ArgumentValue": "fake-acl"}
    told = error(raw("PUT", f"/{bucket}/k", b"", {"x-amz-acl": "public-read"}), 400)
    assert told == {"Code": "AccessControlListNotSupported", "Message": "The bucket does not allow ACLs"}


def test_deleted_ownership_controls_are_not_found(s3, bucket):
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert refused("OwnershipControlsNotFoundError", s3.get_bucket_ownership_controls, Bucket=bucket)["BucketName"] == bucket


def test_a_request_signed_for_another_region_is_sent_there(server, raw, account, bucket):
    reply = Raw(server, account, region="eu-west-1")("GET", f"/{bucket}/k")
    told = error(reply, 301)
    assert (told["Code"], told["Endpoint"], told["Bucket"]) == ("PermanentRedirect", f"{bucket}.s3.us-east-1.amazonaws.com", bucket)
    assert reply.headers["x-amz-bucket-region"] == "us-east-1"


def test_a_virtual_host_expects_its_own_region_in_the_signature(server, account, bucket):
    told = error(Raw(server, account, region="eu-west-1")("GET", "/k", host=f"{bucket}.s3.localhost"), 400)
    message = "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'"
    assert told == {"Code": "AuthorizationHeaderMalformed", "Message": message, "Region": "us-east-1"}


def test_clients_follow_to_the_region_of_a_bucket(server, account):
    west = server.client("s3", key=account, region="eu-west-1")
    west.create_bucket(Bucket=f"followed-{account}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    east = server.client("s3", key=account)
    east.put_object(Bucket=f"followed-{account}", Key="k", Body=b"x")
    assert east.head_bucket(Bucket=f"followed-{account}")["BucketRegion"] == "eu-west-1"


def test_a_bucket_without_object_lock_has_no_retention(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert refused("InvalidRequest", s3.get_object_retention, Bucket=bucket, Key="k")["Message"] == "Bucket is missing Object Lock Configuration"
    told = refused("InvalidArgument", s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=True)
    assert told["ArgumentName"] == "x-amz-bypass-governance-retention"


@pytest.mark.parametrize("kind", ["analytics", "intelligent_tiering", "inventory", "metrics"])
def test_a_bucket_has_no_configurations_with_ids(s3, bucket, kind):
    reply = getattr(s3, f"list_bucket_{kind}_configurations")(Bucket=bucket)
    assert reply["IsTruncated"] is False and not [name for name in reply if name.endswith("List")]
    for verb in ("get", "delete"):
        error = refused("NoSuchConfiguration", getattr(s3, f"{verb}_bucket_{kind}_configuration"), Bucket=bucket, Id="all")
        assert error["Message"] == "The specified configuration does not exist."


def test_what_every_bucket_is_set_to_can_be_put(s3, bucket):
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    refused("NotImplemented", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "l/"}})
    refused("NotImplemented", s3.put_bucket_request_payment, Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    refused("MalformedXML", s3.put_bucket_request_payment, Bucket=bucket, RequestPaymentConfiguration={"Payer": "Nobody"})


def test_what_was_never_configured_is_deleted_without_a_word(s3, bucket):
    for delete in (s3.delete_bucket_cors, s3.delete_bucket_lifecycle, s3.delete_bucket_website, s3.delete_bucket_replication):
        assert delete(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_key_for_kms_does_not_fit_aes256(s3, bucket):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "x"}}
    told = refused("InvalidArgument", s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert told["ArgumentName"] == "ApplyServerSideEncryptionByDefault"


# ---- Bodies ----


def test_a_multi_delete_must_tell_its_body_by_a_sum(raw, bucket):
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    told = error(raw("POST", f"/{bucket}?delete", body), 400)
    assert told == {"Code": "InvalidRequest", "Message": "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"}
    assert raw("POST", f"/{bucket}?delete", body, md5(body)).status == 200


def test_sums_of_documents_are_verified(raw, bucket):
    body = b"<Tagging><TagSet></TagSet></Tagging>"
    told = error(raw("PUT", f"/{bucket}?tagging", body, md5(b"other")), 400)
    assert told == {
        "Code": "BadDigest",
        "Message": "The Content-MD5 you specified did not match what we received.",
        "ExpectedDigest": hashlib.md5(b"other").hexdigest(),
        "CalculatedDigest": md5(body)["Content-MD5"],
    }
    assert error(raw("PUT", f"/{bucket}?tagging", body, {"Content-MD5": "short"}), 400)["Code"] == "InvalidDigest"
    told = error(raw("PUT", f"/{bucket}?tagging", body, {"x-amz-checksum-crc32": "AAAAAA=="}), 400)
    assert told == {"Code": "BadDigest", "Message": "The CRC32 you specified did not match the calculated checksum."}


# ---- Methods ----


def test_methods_that_s3_does_not_know(raw, bucket):
    told = {"Code": "MethodNotAllowed", "Message": "The specified method is not allowed against this resource."}
    assert error(raw("PATCH", f"/{bucket}/k"), 405) == {**told, "Method": "PATCH", "ResourceType": "OBJECT"}
    assert error(raw("POST", f"/{bucket}"), 405) == {**told, "Method": "POST", "ResourceType": "BUCKET"}


def test_a_browser_that_asks_first_is_told_that_nothing_is_shared(server, bucket):
    asked = {"Origin": "http://example.com", "Access-Control-Request-Method": "GET"}
    told = error(server.request("OPTIONS", f"/{bucket}/k", headers=asked), 403)
    message = "CORSResponse: CORS is not enabled for this bucket."
    assert told == {"Code": "AccessForbidden", "Message": message, "Method": "GET", "ResourceType": "OBJECT"}
    assert error(server.request("OPTIONS", f"/{bucket}/k"), 400)["Code"] == "BadRequest"


def test_an_upload_by_a_form_is_refused_by_name(server, bucket):
    told = error(server.request("POST", f"/{bucket}", b"", {"Content-Type": "multipart/form-data; boundary=x"}), 501)
    assert (told["Code"], "PostObject" in told["Message"]) == ("NotImplemented", True)


# ---- Signatures ----


def fetch(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as failed:
        return failed.code, failed.read()


def sign(client, bucket, seconds=60):
    return client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=seconds)


def test_an_expired_url_tells_when_it_expired(user, bucket, monkeypatch):
    past = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(minutes=10)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: past)
    url = sign(user, bucket)
    status, data = fetch(url)
    told = document(data)
    signed = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Date"][0]
    expires = time.strptime(told["Expires"], "%Y-%m-%dT%H:%M:%SZ")
    assert (status, told["Code"], told["Message"], told["X-Amz-Expires"]) == (403, "AccessDenied", "Request has expired", "60")
    assert time.mktime(expires) - time.mktime(time.strptime(signed, "%Y%m%dT%H%M%SZ")) == 60
    assert told["ServerTime"] > told["Expires"]


def test_a_wrong_signature_is_answered_with_what_should_have_been_signed(user, bucket):
    status, data = fetch(sign(user, bucket).replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    told = document(data)
    assert (status, told["Code"], told["AWSAccessKeyId"]) == (403, "SignatureDoesNotMatch", user.key)
    assert told["StringToSign"].splitlines()[0] == "AWS4-HMAC-SHA256"
    assert told["StringToSign"].splitlines()[3] == hashlib.sha256(told["CanonicalRequest"].encode()).hexdigest()
    assert bytes.fromhex(told["CanonicalRequestBytes"]) == told["CanonicalRequest"].encode()
    assert bytes.fromhex(told["StringToSignBytes"]) == told["StringToSign"].encode()
    assert told["SignatureProvided"].startswith("0")


def test_a_header_that_is_not_signed_is_named(user, bucket):
    status, data = fetch(sign(user, bucket), **{"x-amz-meta-a": "b"})
    told = document(data)
    assert (status, told["Code"], told["HeadersNotSigned"]) == (403, "AccessDenied", "x-amz-meta-a")


@pytest.mark.parametrize("old, new", [("&X-Amz-Expires=60", ""), ("AWS4-HMAC-SHA256", "AWS4-OTHER"), ("aws4_request", "other")])
def test_parameters_of_a_presigned_request_that_are_missing(user, bucket, old, new):
    status, data = fetch(sign(user, bucket).replace(old, new))
    assert (status, document(data)["Code"]) == (400, "AuthorizationQueryParametersError")


def test_a_presigned_request_lives_a_week_at_most(user, bucket):
    status, data = fetch(sign(user, bucket, 604801))
    told = document(data)
    assert (status, told["Code"]) == (400, "AuthorizationQueryParametersError")
    assert told["Message"].startswith("X-Amz-Expires must be less than a week (in seconds)")


def test_a_request_presigned_the_old_way_is_verified(server, user, bucket):
    old = server.client("s3", key=user.key, secret="not the secret", s3={"addressing_style": "path"})
    status, data = fetch(sign(old, bucket))
    told = document(data)
    assert (status, told["Code"], told["AWSAccessKeyId"]) == (403, "SignatureDoesNotMatch", user.key)
    assert bytes.fromhex(told["StringToSignBytes"]) == told["StringToSign"].encode()


def test_a_request_presigned_the_old_way_expires(server, account, bucket):
    status, data = fetch(sign(server.client("s3", key=account), bucket, -5))
    told = document(data)
    assert (status, told["Code"], told["Message"]) == (403, "AccessDenied", "Request has expired")
    assert told["ServerTime"] > told["Expires"]


def test_a_request_presigned_the_old_way_needs_all_its_parameters(server, account, bucket):
    status, data = fetch(sign(server.client("s3", key=account), bucket).replace("&Expires=", "&x="))
    message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
    assert (status, document(data)) == (403, {"Code": "AccessDenied", "Message": message})


def test_a_body_that_is_not_what_was_signed_is_told_with_both_sums(raw, bucket):
    body, other = b"<Tagging><TagSet></TagSet></Tagging>", hashlib.sha256(b"other").hexdigest()
    told = error(raw("PUT", f"/{bucket}?tagging", body, later={"X-Amz-Content-SHA256": other}), 400)
    assert told == {
        "Code": "XAmzContentSHA256Mismatch",
        "Message": "The provided 'x-amz-content-sha256' header does not match what was computed.",
        "ClientComputedContentSHA256": other,
        "S3ComputedContentSHA256": hashlib.sha256(body).hexdigest(),
    }
