"""S3 with boto3 and the AWS CLI: buckets, objects, versions, listings, multipart uploads, policies, events."""

import base64
import binascii
import contextlib
import hashlib
import itertools
import json
import os
import threading
import time
import urllib.parse
import urllib.request

import pytest
from botocore.exceptions import ClientError

MIB = 1024 * 1024
_names = itertools.count(1)


def refused(code, call, **arguments):
    """The call fails with this code; the error's document is returned."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response


def put(s3, bucket, *keys):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def keys_of(page):
    return [entry["Key"] for entry in page.get("Contents", [])]


def prefixes_of(page):
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


# ---- Buckets ----


def test_a_bucket_is_made_found_and_removed(s3, account):
    name = f"made-{account}"
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [name]
    s3.delete_bucket(Bucket=name)
    assert refused("404", s3.head_bucket, Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refused("NoSuchBucket", s3.list_objects_v2, Bucket=name)["Error"]["BucketName"] == name


def test_a_bucket_lies_where_its_location_constraint_says(server, account):
    west = server.client("s3", key=account, region="eu-west-1")
    name = f"west-{account}"
    refused("IllegalLocationConstraintException", west.create_bucket, Bucket=name)
    west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert west.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    again = {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    refused("BucketAlreadyOwnedByYou", west.create_bucket, **again)


def test_bucket_names_are_unique_among_accounts(server, s3, bucket):
    refused("BucketAlreadyExists", server.client("s3", key="999999999999").create_bucket, Bucket=bucket)
    refused("AccessDenied", server.client("s3", key="999999999999").list_objects_v2, Bucket=bucket)
    s3.create_bucket(Bucket=bucket)  # one's own, in us-east-1: nothing happens


@pytest.mark.parametrize("name", ["ab", "Capital", "192.168.0.1", "two..dots", "xn--bad", "-dash", "dash-", "under_score", "x-s3alias"])
def test_bad_bucket_names_are_refused(s3, server, account, name):
    reply = server.run("curl", "-s", "-X", "PUT", f"{server.url}/{name}", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", f"{account}:x").stdout
    assert "<Code>InvalidBucketName</Code>" in reply


def test_a_bucket_that_holds_something_is_not_removed(s3, bucket):
    put(s3, bucket, "a")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_bucket(Bucket=bucket)


def test_buckets_are_listed_in_pages_and_by_prefix(s3, account):
    names = [f"page-{account}-{i}" for i in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket=f"other-{account}")
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix="page-", PaginationConfig={"PageSize": 2}))
    assert [[b["Name"] for b in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]


def test_settings_that_nothing_has_are_told_as_s3_does(s3, bucket):
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_what_is_not_built_is_refused_by_name(s3, bucket):
    website = {"Bucket": bucket, "WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}}
    assert "PutBucketWebsite" in refused("NotImplemented", s3.put_bucket_website, **website)["Error"]["Message"]
    kms = {"Bucket": bucket, "Key": "k", "Body": b"", "ServerSideEncryption": "aws:kms"}
    assert "ServerSideEncryption" in refused("NotImplemented", s3.put_object, **kms)["Error"]["Message"]


def test_tags_encryption_and_ownership_of_a_bucket(s3, bucket):
    tags = [{"Key": "team", "Value": "blue"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket=bucket, ACL="public-read")
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Permission"] == "FULL_CONTROL"


def test_keys_of_customers_are_blocked_until_somebody_allows_them(s3, bucket):
    own_key = {"Bucket": bucket, "Key": "o", "Body": b"x", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    assert refused("AccessDenied", s3.put_object, **own_key)["Error"]["Message"] == "Access Denied"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    (told,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert told["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    refused("NotImplemented", s3.put_object, **own_key)


# ---- Objects ----


@pytest.mark.parametrize("size", [0, 1, 2048, 2049, 65536, 65537, 3 * MIB])
def test_an_object_comes_back_as_it_went_wherever_it_lies(s3, bucket, size):
    body = bytes(i * 7 % 251 for i in range(size))
    etag = s3.put_object(Bucket=bucket, Key="o", Body=body)["ETag"]
    reply = s3.get_object(Bucket=bucket, Key="o")
    assert reply["Body"].read() == body
    assert reply["ETag"] == etag == f'"{hashlib.md5(body).hexdigest()}"'
    assert reply["ContentLength"] == size == s3.head_object(Bucket=bucket, Key="o")["ContentLength"]
    s3.put_object(Bucket=bucket, Key="o", Body=b"new")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"new"


def test_headers_and_metadata_are_kept(s3, bucket):
    kept = {
        "ContentType": "text/css",
        "CacheControl": "max-age=5",
        "ContentDisposition": 'attachment; filename="a.css"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "StorageClass": "STANDARD_IA",
    }
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", Metadata={"Answer": "42", "two": "b"}, **kept)
    reply = s3.head_object(Bucket=bucket, Key="o")
    assert {name: reply[name] for name in kept} == kept
    assert reply["Metadata"] == {"answer": "42", "two": "b"}
    assert s3.head_object(Bucket=bucket, Key="o")["ServerSideEncryption"] == "AES256"


def test_response_parameters_override_headers(s3, bucket):
    put(s3, bucket, "o")
    reply = s3.get_object(Bucket=bucket, Key="o", ResponseContentType="text/html", ResponseCacheControl="no-store")
    assert (reply["ContentType"], reply["CacheControl"]) == ("text/html", "no-store")


def test_what_is_missing_is_told_exactly(s3, bucket):
    assert refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="nope")["Error"]["Key"] == "nope"
    refused("404", s3.head_object, Bucket=bucket, Key="nope")
    refused("NoSuchBucket", s3.get_object, Bucket="no-such-bucket-here", Key="o")
    refused("NoSuchBucket", s3.put_object, Bucket="no-such-bucket-here", Key="o", Body=b"")
    refused("KeyTooLongError", s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")
    refused("MetadataTooLarge", s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"m": "x" * 2049})


@pytest.mark.parametrize(
    "range_, expected, content_range",
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=0-1,3-4", b"0123456789", None),
        ("bytes=5-4", b"0123456789", None),
        ("lines=1-2", b"0123456789", None),
    ],
)
def test_ranges(s3, bucket, range_, expected, content_range):
    s3.put_object(Bucket=bucket, Key="o", Body=b"0123456789")
    reply = s3.get_object(Bucket=bucket, Key="o", Range=range_)
    assert reply["Body"].read() == expected
    assert reply.get("ContentRange") == content_range
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == (206 if content_range else 200)


@pytest.mark.parametrize("size", [100, 10_000, 200_000])
def test_ranges_of_objects_in_rows_tables_and_files(s3, bucket, size):
    body = bytes(i % 256 for i in range(size))
    s3.put_object(Bucket=bucket, Key="o", Body=body)
    assert s3.get_object(Bucket=bucket, Key="o", Range="bytes=50-77")["Body"].read() == body[50:78]


def test_a_range_behind_the_end_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"0123456789")
    error = refused("InvalidRange", s3.get_object, Bucket=bucket, Key="o", Range="bytes=10-")["Error"]
    assert error["ActualObjectSize"] == "10"
    refused("InvalidRange", s3.get_object, Bucket=bucket, Key="o", Range="bytes=-0")


def test_conditions_of_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="o", Body=b"x")["ETag"]
    when = s3.head_object(Bucket=bucket, Key="o")["LastModified"]
    assert s3.get_object(Bucket=bucket, Key="o", IfMatch=etag)["Body"].read() == b"x"
    assert refused("PreconditionFailed", s3.get_object, Bucket=bucket, Key="o", IfMatch='"no"')["Error"]["Condition"] == "If-Match"
    refused("304", s3.get_object, Bucket=bucket, Key="o", IfNoneMatch=etag)
    refused("304", s3.get_object, Bucket=bucket, Key="o", IfModifiedSince=when)
    refused("PreconditionFailed", s3.get_object, Bucket=bucket, Key="o", IfUnmodifiedSince="2001-01-01T00:00:00Z")
    s3.get_object(Bucket=bucket, Key="o", IfMatch=etag, IfUnmodifiedSince="2001-01-01T00:00:00Z")
    refused("412", s3.head_object, Bucket=bucket, Key="o", IfMatch='"no"')


def test_conditions_of_writes(s3, bucket):
    first = s3.put_object(Bucket=bucket, Key="o", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="o", Body=b"2", IfNoneMatch="*")
    second = s3.put_object(Bucket=bucket, Key="o", Body=b"2", IfMatch=first)["ETag"]
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="o", Body=b"3", IfMatch=first)
    refused("NoSuchKey", s3.put_object, Bucket=bucket, Key="new", Body=b"3", IfMatch=first)
    refused("NotImplemented", s3.put_object, Bucket=bucket, Key="o", Body=b"3", IfNoneMatch=second)
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"2"


def test_a_presigned_url_reads_and_writes(server, account, bucket):
    s3 = server.client("s3", key=account, signature_version="s3v4")
    put_url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "pre signed/ö"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(put_url, data=b"via url", method="PUT")).read()
    get_url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "pre signed/ö"}, ExpiresIn=60)
    assert urllib.request.urlopen(get_url).read() == b"via url"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_presigned_requests_of_both_versions_are_verified_and_served(server, s3, user, bucket, version, style):
    someone = user(allow("s3:*", "*"))
    signer = server.client("s3", key=someone.key, secret=someone.secret, signature_version=version, s3={"addressing_style": style})

    def send(method, operation, data=None, **params):
        url = signer.generate_presigned_url(operation, Params={"Bucket": bucket, **params})
        parts = urllib.parse.urlsplit(url)
        headers = {"Host": parts.netloc, "Content-Type": ""}
        reply = server.request(method, f"{parts.path}?{parts.query}", data, headers)
        assert reply.status == 200, reply.data
        return reply

    send("PUT", "put_object", b"hello", Key="a ö/+b")
    reply = send("GET", "get_object", Key="a ö/+b", ResponseContentType="text/html; charset=x")
    assert (reply.data, reply.headers["Content-Type"]) == (b"hello", "text/html; charset=x")
    assert b"<Key>" in send("GET", "list_objects_v2").data


def test_headers_in_the_query_of_a_presigned_request_count(server, s3, account, bucket):
    url = server.client("s3", key=account).generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k", "Metadata": {"m": "1"}})
    assert "x-amz-meta-m=1" in url
    urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT", headers={"Content-Type": ""})).read()
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"m": "1"}


def test_deleting_twice_is_well(s3, bucket):
    put(s3, bucket, "a")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="a")


def test_many_objects_are_deleted_at_once(s3, bucket):
    put(s3, bucket, "a", "b", "c")
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "nope"}, {"Key": "b"}]})
    assert {entry["Key"] for entry in reply["Deleted"]} == {"a", "b", "nope"}
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == []


def test_tags_of_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", Tagging="color=blue&size=a%20b")
    assert s3.head_object(Bucket=bucket, Key="o")["TagCount"] == 2
    assert s3.get_object_tagging(Bucket=bucket, Key="o")["TagSet"] == [{"Key": "color", "Value": "blue"}, {"Key": "size", "Value": "a b"}]
    s3.put_object_tagging(Bucket=bucket, Key="o", Tagging={"TagSet": [{"Key": "n", "Value": "1"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="o")["TagSet"] == [{"Key": "n", "Value": "1"}]
    s3.delete_object_tagging(Bucket=bucket, Key="o")
    assert s3.get_object_tagging(Bucket=bucket, Key="o")["TagSet"] == []
    eleven = [{"Key": str(i), "Value": ""} for i in range(11)]
    refused("BadRequest", s3.put_object_tagging, Bucket=bucket, Key="o", Tagging={"TagSet": eleven})
    refused("InvalidTag", s3.put_object_tagging, Bucket=bucket, Key="o", Tagging={"TagSet": [{"Key": "aws:x", "Value": ""}]})


# ---- Checksums ----

CRC32 = base64.b64encode(binascii.crc32(b"hello").to_bytes(4, "big")).decode()
SHA256 = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()


def test_checksums_are_kept_and_shown_when_asked_for(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="o", Body=b"hello", ChecksumAlgorithm="SHA256")["ChecksumSHA256"] == SHA256
    assert s3.head_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")["ChecksumSHA256"] == SHA256
    attributes = s3.get_object_attributes(Bucket=bucket, Key="o", ObjectAttributes=["Checksum", "ETag", "ObjectSize", "StorageClass"])
    assert attributes["Checksum"] == {"ChecksumSHA256": SHA256, "ChecksumType": "FULL_OBJECT"}
    assert (attributes["ETag"], attributes["ObjectSize"], attributes["StorageClass"]) == (hashlib.md5(b"hello").hexdigest(), 5, "STANDARD")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_every_algorithm_is_verified(s3, bucket, algorithm):
    reply = s3.put_object(Bucket=bucket, Key="o", Body=b"hello", ChecksumAlgorithm=algorithm)
    assert reply[f"Checksum{algorithm}"]
    wrong = base64.b64encode(bytes(len(base64.b64decode(reply[f"Checksum{algorithm}"])))).decode()
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="o", Body=b"hello", **{f"Checksum{algorithm}": wrong})


def test_known_checksums_of_all_kinds(s3, bucket):
    expected = {"ChecksumCRC32": CRC32, "ChecksumCRC32C": "mnG7TA==", "ChecksumSHA256": SHA256}
    for member, value in expected.items():
        s3.put_object(Bucket=bucket, Key=member, Body=b"hello", **{member: value})
        assert s3.head_object(Bucket=bucket, Key=member, ChecksumMode="ENABLED")[member] == value
    s3.put_object(Bucket=bucket, Key="default", Body=b"123456789", ChecksumCRC64NVME="rosUhgp5mIg=")
    assert s3.head_object(Bucket=bucket, Key="default", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == "rosUhgp5mIg="


def test_content_md5_is_verified(s3, bucket):
    good = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello", ContentMD5=good)
    bad = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="o", Body=b"hello", ContentMD5=bad)
    refused("InvalidDigest", s3.put_object, Bucket=bucket, Key="o", Body=b"hello", ContentMD5="short")


@pytest.mark.parametrize("size", [5, 100_000])
def test_a_checksum_in_a_trailer_is_verified_and_kept(server, s3, account, bucket, size):
    body = b"h" * size
    crc = base64.b64encode(binascii.crc32(body).to_bytes(4, "big")).decode()

    def send(checksum):
        chunked = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (size, body, checksum.encode())
        credential = f"{account}/20260101/us-east-1/s3/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "X-Amz-Trailer": "x-amz-checksum-crc32",
            "X-Amz-Decoded-Content-Length": str(size),
            "Content-Encoding": "aws-chunked",
        }
        return server.request("PUT", f"/{bucket}/trailer", chunked, headers)

    assert send(crc).status == 200
    kept = s3.get_object(Bucket=bucket, Key="trailer", ChecksumMode="ENABLED")
    assert (kept["Body"].read(), kept["ChecksumCRC32"], "ContentEncoding" in kept) == (body, crc, False)
    assert b"<Code>BadDigest</Code>" in send(CRC32).data


# ---- Copies ----


def test_a_copy_keeps_or_replaces_metadata_and_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"hello", Metadata={"a": "1"}, ContentType="text/plain", Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="kept", CopySource=f"{bucket}/from")
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    kept = s3.head_object(Bucket=bucket, Key="kept")
    assert (kept["Metadata"], kept["ContentType"], kept["TagCount"]) == ({"a": "1"}, "text/plain", 1)
    s3.copy_object(Bucket=bucket, Key="new", CopySource=f"{bucket}/from", MetadataDirective="REPLACE", Metadata={"b": "2"}, TaggingDirective="REPLACE", Tagging="u=2")
    assert s3.head_object(Bucket=bucket, Key="new")["Metadata"] == {"b": "2"}
    assert s3.get_object_tagging(Bucket=bucket, Key="new")["TagSet"] == [{"Key": "u", "Value": "2"}]
    refused("InvalidRequest", s3.copy_object, Bucket=bucket, Key="from", CopySource=f"{bucket}/from")
    s3.copy_object(Bucket=bucket, Key="from", CopySource=f"{bucket}/from", MetadataDirective="REPLACE", Metadata={"c": "3"})
    assert s3.get_object(Bucket=bucket, Key="from")["Body"].read() == b"hello"


def test_a_copy_of_a_file_outlives_its_source(s3, bucket):
    body = bytes(200_000)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    s3.delete_object(Bucket=bucket, Key="from")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == body


def test_conditions_of_copies(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="from", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "to", "CopySource": f"{bucket}/from"}
    s3.copy_object(**source, CopySourceIfMatch=etag)
    refused("PreconditionFailed", s3.copy_object, **source, CopySourceIfMatch='"no"')
    refused("PreconditionFailed", s3.copy_object, **source, CopySourceIfNoneMatch=etag)
    refused("NoSuchKey", s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/nope")


# ---- Listings ----


def test_listing_by_prefix_and_delimiter(s3, bucket):
    put(s3, bucket, "a/1", "a/2", "a/b/3", "b/1", "c", "d/e/f")
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert (keys_of(page), prefixes_of(page), page["KeyCount"]) == (["c"], ["a/", "b/", "d/"], 4)
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")
    assert (keys_of(page), prefixes_of(page)) == (["a/1", "a/2"], ["a/b/"])
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="b/1")) == ["c", "d/e/f"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="nope")) == []


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_show_each_key_and_prefix_once(s3, bucket, operation, size):
    put(s3, bucket, "a/1", "a/2", "b", "c/1", "c/2", "d", "e/1")
    pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}))
    assert [key for page in pages for key in keys_of(page)] == ["b", "d"]
    assert [prefix for page in pages for prefix in prefixes_of(page)] == ["a/", "c/", "e/"]
    flat = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    assert [key for page in flat for key in keys_of(page)] == ["a/1", "a/2", "b", "c/1", "c/2", "d", "e/1"]


def test_strange_keys_are_listed_as_they_are(s3, bucket):
    keys = sorted(["a b", "ö/ü", "plus+", "a&b<c>", "per%cent", "tab\tkey", "quote'\"", "…"], key=lambda key: key.encode())
    put(s3, bucket, *keys)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == keys
    for key in keys:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_bad_listing_arguments(s3, bucket):
    refused("InvalidArgument", s3.list_objects_v2, Bucket=bucket, ContinuationToken="§")
    refused("InvalidArgument", s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)


# ---- Versions ----


def test_versions_pile_up_and_markers_hide_them(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="o", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="o", Body=b"2")["VersionId"]
    assert first != second
    deleted = s3.delete_object(Bucket=versioned, Key="o")
    assert deleted["DeleteMarker"] is True
    headers = refused("NoSuchKey", s3.get_object, Bucket=versioned, Key="o")["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", deleted["VersionId"])
    refused("MethodNotAllowed", s3.get_object, Bucket=versioned, Key="o", VersionId=deleted["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="o", VersionId=first)["Body"].read() == b"1"
    assert keys_of(s3.list_objects_v2(Bucket=versioned)) == []
    page = s3.list_object_versions(Bucket=versioned)
    assert [(v["VersionId"], v["IsLatest"]) for v in page["Versions"]] == [(second, False), (first, False)]
    assert [(m["VersionId"], m["IsLatest"]) for m in page["DeleteMarkers"]] == [(deleted["VersionId"], True)]


def test_removing_the_newest_version_brings_back_the_one_before(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="o", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="o", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="o")["VersionId"]
    assert s3.delete_object(Bucket=versioned, Key="o", VersionId=marker)["DeleteMarker"] is True
    assert s3.get_object(Bucket=versioned, Key="o")["VersionId"] == second
    s3.delete_object(Bucket=versioned, Key="o", VersionId=second)
    assert s3.get_object(Bucket=versioned, Key="o")["Body"].read() == b"1"
    s3.delete_object(Bucket=versioned, Key="o", VersionId=first)
    refused("NoSuchKey", s3.get_object, Bucket=versioned, Key="o")
    refused("NoSuchVersion", s3.get_object, Bucket=versioned, Key="o", VersionId=first)
    refused("InvalidArgument", s3.get_object, Bucket=versioned, Key="o", VersionId="nonsense")
    s3.delete_bucket(Bucket=versioned)


def test_null_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    named = s3.put_object(Bucket=bucket, Key="o", Body=b"named")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="o", VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="o", Body=b"after")
    assert s3.get_object(Bucket=bucket, Key="o")["VersionId"] == "null"
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["null", named]
    assert s3.delete_object(Bucket=bucket, Key="o")["VersionId"] == "null"  # the marker takes the null version's place
    page = s3.list_object_versions(Bucket=bucket)
    assert ([v["VersionId"] for v in page["Versions"]], [m["VersionId"] for m in page["DeleteMarkers"]]) == ([named], ["null"])
    s3.delete_object(Bucket=bucket, Key="o", VersionId="null")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"named"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_versions(s3, versioned, size):
    for _ in range(3):
        put(s3, versioned, "a", "b")
    s3.delete_object(Bucket=versioned, Key="a")
    put(s3, versioned, "p/1", "p/2")
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=versioned, Delimiter="/", PaginationConfig={"PageSize": size}))
    versions = [v["VersionId"] for page in pages for v in page.get("Versions", [])]
    assert len(versions) == len(set(versions)) == 6
    assert sum(len(page.get("DeleteMarkers", [])) for page in pages) == 1
    assert [prefix for page in pages for prefix in prefixes_of(page)] == ["p/"]


def test_deleting_versions_at_once(s3, versioned):
    version = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    reply = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "a"}, {"Key": "a", "VersionId": version}]})
    assert [entry.get("DeleteMarker") for entry in reply["Deleted"]] == [True, None]


# ---- Multipart uploads ----


def upload(s3, bucket, key, bodies, **settings):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, **settings)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        algorithm = {name: settings[name] for name in ("ChecksumAlgorithm",) if name in settings}
        reply = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body, **algorithm)
        sums = {name: value for name, value in reply.items() if name.startswith("Checksum") and settings.get("ChecksumAlgorithm")}
        parts.append({"PartNumber": number, "ETag": reply["ETag"], **sums})
    return upload_id, parts


def complete(s3, bucket, key, upload_id, parts, **more):
    return s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}, **more)


def test_parts_become_one_object(s3, bucket):
    bodies = [b"a" * (5 * MIB), b"b" * (6 * MIB), b"c" * 100]
    upload_id, parts = upload(s3, bucket, "big", bodies, Metadata={"m": "1"}, ContentType="text/plain")
    listed = s3.list_parts(Bucket=bucket, Key="big", UploadId=upload_id, MaxParts=2)
    assert ([p["PartNumber"] for p in listed["Parts"]], listed["IsTruncated"], listed["NextPartNumberMarker"]) == ([1, 2], True, 2)
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload_id]
    reply = complete(s3, bucket, "big", upload_id, parts)
    etags = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert reply["ETag"] == f'"{hashlib.md5(etags).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(bodies)
    assert (got["Metadata"], got["ContentType"]) == ({"m": "1"}, "text/plain")
    part = s3.get_object(Bucket=bucket, Key="big", PartNumber=3)
    assert (part["Body"].read(), part["PartsCount"]) == (bodies[2], 3)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    refused("NoSuchUpload", s3.list_parts, Bucket=bucket, Key="big", UploadId=upload_id)
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/big")["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(b"".join(bodies)).hexdigest()}"'


@pytest.mark.parametrize("virtual", [False, True])
def test_a_completed_upload_tells_its_address_in_the_style_of_the_request(s3, raw, bucket, virtual):
    upload_id, ((part),) = upload(s3, bucket, "a b/c", [b"only"])
    body = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part['ETag']}</ETag></Part></CompleteMultipartUpload>"
    place, host = ("", f"{bucket}.localhost") if virtual else (f"/{bucket}", raw.host)
    reply = raw("POST", f"{place}/a%20b/c?uploadId={upload_id}", body.encode(), host=host)
    assert f"<Location>http://{host}{place}/a+b%2Fc</Location>" in reply.data.decode()


def test_a_single_small_part_is_enough(s3, bucket):
    upload_id, parts = upload(s3, bucket, "small", [b"only"])
    complete(s3, bucket, "small", upload_id, parts)
    assert s3.get_object(Bucket=bucket, Key="small")["Body"].read() == b"only"


def test_composite_and_whole_checksums(s3, bucket):
    bodies = [b"a" * (5 * MIB), b"b" * 10]
    upload_id, parts = upload(s3, bucket, "o", bodies, ChecksumAlgorithm="SHA256")
    reply = complete(s3, bucket, "o", upload_id, parts)
    sums = b"".join(hashlib.sha256(body).digest() for body in bodies)
    assert reply["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(sums).digest()).decode() + "-2"
    upload_id, parts = upload(s3, bucket, "whole", bodies, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    crc = base64.b64encode(binascii.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
    refused("BadDigest", complete, s3=s3, bucket=bucket, key="whole", upload_id=upload_id, parts=parts, ChecksumCRC32=CRC32)
    assert complete(s3, bucket, "whole", upload_id, parts, ChecksumCRC32=crc)["ChecksumType"] == "FULL_OBJECT"
    assert s3.head_object(Bucket=bucket, Key="whole", ChecksumMode="ENABLED")["ChecksumCRC32"] == crc


def test_mistakes_with_parts(s3, bucket):
    upload_id, parts = upload(s3, bucket, "o", [b"a" * 10, b"b" * 10])
    finish = {"Bucket": bucket, "Key": "o", "UploadId": upload_id}
    refused("InvalidPartOrder", s3.complete_multipart_upload, **finish, MultipartUpload={"Parts": parts[::-1]})
    assert refused("EntityTooSmall", s3.complete_multipart_upload, **finish, MultipartUpload={"Parts": parts})["Error"]["ProposedSize"] == "10"
    wrong = [{"PartNumber": 1, "ETag": '"0"'}]
    assert refused("InvalidPart", s3.complete_multipart_upload, **finish, MultipartUpload={"Parts": wrong})["Error"]["PartNumber"] == "1"
    refused("InvalidArgument", s3.upload_part, **finish, PartNumber=10001, Body=b"")
    s3.abort_multipart_upload(**finish)
    refused("NoSuchUpload", s3.upload_part, **finish, PartNumber=1, Body=b"")
    refused("NoSuchUpload", s3.abort_multipart_upload, **finish)


def test_parts_are_copied_from_objects(s3, bucket):
    body = bytes(i % 251 for i in range(6 * MIB))
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"]
    source = {"Bucket": bucket, "Key": "to", "UploadId": upload_id, "CopySource": f"{bucket}/from"}
    first = s3.upload_part_copy(**source, PartNumber=1, CopySourceRange=f"bytes=100-{5 * MIB + 99}")["CopyPartResult"]
    second = s3.upload_part_copy(**source, PartNumber=2, CopySourceRange="bytes=0-9")["CopyPartResult"]
    refused("InvalidArgument", s3.upload_part_copy, **source, PartNumber=3, CopySourceRange=f"bytes=0-{6 * MIB}")
    s3.delete_object(Bucket=bucket, Key="from")
    complete(s3, bucket, "to", upload_id, [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == body[100 : 5 * MIB + 100] + body[:10]


def test_uploads_are_listed_with_prefixes_and_pages(s3, bucket):
    for key in ("a/1", "a/2", "b", "b", "c"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert ([u["Key"] for u in page["Uploads"]], prefixes_of(page)) == (["b", "b", "c"], ["a/"])
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [u["Key"] for page in pages for u in page.get("Uploads", [])] == ["a/1", "a/2", "b", "b", "c"]


# ---- Policies ----


@pytest.fixture
def user(aws, server, account):
    """user(statement …) is a client of a user with only these permissions."""

    def make(*statements):
        iam = aws("iam")
        name = f"user-{next(_names)}"
        iam.create_user(UserName=name)
        if statements:
            policy = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        client = server.client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        client.arn = f"arn:aws:iam::{account}:user/{name}"
        client.key, client.secret = key["AccessKeyId"], key["SecretAccessKey"]
        return client

    return make


def allow(actions, resource, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def test_a_user_may_what_its_policy_says(s3, bucket, user):
    put(s3, bucket, "in/a", "out/a")
    reader = user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"))
    assert reader.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"in/a"
    message = refused("AccessDenied", reader.get_object, Bucket=bucket, Key="out/a")["Error"]["Message"]
    assert "s3:GetObject" in message and f"arn:aws:s3:::{bucket}/out/a" in message
    refused("AccessDenied", reader.get_object, Bucket=bucket, Key="in/missing")
    refused("403", reader.head_object, Bucket=bucket, Key="in/missing")
    refused("AccessDenied", reader.put_object, Bucket=bucket, Key="in/a", Body=b"")


def test_who_may_list_learns_what_is_missing(s3, bucket, user):
    both = user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    refused("NoSuchKey", both.get_object, Bucket=bucket, Key="missing")
    refused("404", both.head_object, Bucket=bucket, Key="missing")


def test_listing_is_bound_to_a_prefix_by_a_condition(s3, bucket, user):
    put(s3, bucket, "mine/a", "other/a")
    condition = {"StringLike": {"s3:prefix": "mine/*"}}
    lister = user(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))
    assert keys_of(lister.list_objects_v2(Bucket=bucket, Prefix="mine/")) == ["mine/a"]
    refused("AccessDenied", lister.list_objects_v2, Bucket=bucket, Prefix="other/")
    refused("AccessDenied", lister.list_objects_v2, Bucket=bucket)


def test_copying_needs_reading_and_writing(s3, bucket, user):
    put(s3, bucket, "from")
    writer = user(allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    refused("AccessDenied", writer.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
    copier = user(allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*"))
    copier.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")


def test_tagging_needs_a_permission_of_its_own(s3, bucket, user):
    writer = user(allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    writer.put_object(Bucket=bucket, Key="o", Body=b"")
    refused("AccessDenied", writer.put_object, Bucket=bucket, Key="o", Body=b"", Tagging="a=b")


def test_each_key_of_a_multi_delete_is_allowed_or_denied(s3, bucket, user):
    put(s3, bucket, "in/a", "out/a")
    cleaner = user(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/in/*"))
    reply = cleaner.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "in/a"}, {"Key": "out/a"}]})
    assert [entry["Key"] for entry in reply["Deleted"]] == ["in/a"]
    assert [(entry["Key"], entry["Code"]) for entry in reply["Errors"]] == [("out/a", "AccessDenied")]


def test_a_bucket_policy_admits_and_denies(s3, bucket, user):
    put(s3, bucket, "open", "closed")
    someone = user()
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": someone.arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/closed"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    assert someone.get_object(Bucket=bucket, Key="open")["Body"].read() == b"open"
    refused("AccessDenied", someone.get_object, Bucket=bucket, Key="closed")
    refused("AccessDenied", s3.get_object, Bucket=bucket, Key="closed")  # an explicit deny binds the root too
    s3.delete_bucket_policy(Bucket=bucket)
    refused("AccessDenied", someone.get_object, Bucket=bucket, Key="open")


def test_a_bucket_policy_counts_for_what_handlers_ask(s3, bucket, user):
    put(s3, bucket, "keep/a", "free/a")
    someone = user(allow(["s3:DeleteObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*"))
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/keep/*"},
        {"Effect": "Allow", "Principal": {"AWS": someone.arn}, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    reply = someone.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "keep/a"}, {"Key": "free/a"}]})
    assert ([entry["Key"] for entry in reply["Deleted"]], [entry["Key"] for entry in reply["Errors"]]) == (["free/a"], ["keep/a"])
    refused("NoSuchKey", someone.get_object, Bucket=bucket, Key="missing")


def test_public_policies_are_blocked_until_that_is_switched_off(s3, server, bucket):
    put(s3, bucket, "o")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=policy)
    s3.delete_public_access_block(Bucket=bucket)
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=bucket)
    assert server.request("GET", f"/{bucket}/o").status == 403
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert server.request("GET", f"/{bucket}/o").data == b"o"


def test_whom_nobody_knows_deletes_and_lists_what_a_policy_opens(s3, server, bucket):
    put(s3, bucket, "open", "closed")
    s3.delete_public_access_block(Bucket=bucket)
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/open"},
        {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": statements}))
    body = b"<Delete><Object><Key>open</Key></Object><Object><Key>closed</Key></Object></Delete>"
    reply = server.request("POST", f"/{bucket}?delete", body, {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()})
    assert b"<Deleted><Key>open</Key></Deleted>" in reply.data and b"<Key>closed</Key><Code>AccessDenied</Code>" in reply.data
    listed = server.request("GET", f"/{bucket}").data
    assert b"<Key>closed</Key>" in listed and b"<Owner>" not in listed


def test_malformed_policies_are_refused(s3, bucket):
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy="{")
    other = {"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::other-bucket/*"}
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps({"Statement": [other]}))


def own(bucket, **changes):
    return {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **changes}


UNFIT = "Conditions do not apply to combination of actions and resources in statement"


@pytest.mark.parametrize(
    ("message", "detail", "changes"),
    [
        ("Policy has invalid resource", "arn:aws:s3:::other-bucket/*", {"Resource": "arn:aws:s3:::other-bucket/*"}),
        ("Invalid principal in policy", '"AWS" : "somebody"', {"Principal": {"AWS": "somebody"}}),
        ("Action does not apply to any resource(s) in statement", None, {"Action": ["s3:GetObject", "s3:ListBucket"]}),
        ("Invalid principal in policy", '"CanonicalUser" : "me"', {"Principal": {"CanonicalUser": "me"}}),
        ("Invalid principal in policy", '"Service" : "cloudtrail"', {"Principal": {"Service": ["ec2.amazonaws.com", "cloudtrail"]}}),
        ("Invalid principal in policy", None, {"Principal": {"Role": "r"}}),
        ("Invalid policy syntax.", None, {"Principal": "arn:aws:iam::123456789012:root"}),
        ("Invalid policy syntax.", None, {"Principal": {"AWS": [1]}}),
        ("Invalid policy syntax.", None, {"NotAction": "s3:DeleteObject"}),
        ("Invalid policy syntax.", None, {"Condition": "never"}),
        ("Invalid effect: hello", None, {"Effect": "hello"}),
        ("Unknown field Principle", None, {"Principle": "*"}),
        ("Policy has invalid action", None, {"Action": "s3:HeadObject"}),
        ("Policy has invalid action", None, {"Action": ["s3:GetObject", "s3:Fetch*"]}),
        ("Policy has invalid action", None, {"Action": "sts:AssumeRole"}),
        ("Policy has invalid action", None, {"Action": "GetObject"}),
        ("Policy has invalid action", None, {"Action": "s3:ListAllMyBuckets"}),
        ("Action does not apply to any resource(s) in statement", None, {"Action": "s3:GetBucket*"}),
        ("Action does not apply to any resource(s) in statement", None, {"Action": "s3:GetLifecycleConfiguration"}),
        ("Policy has an invalid condition key", None, {"Condition": {"StringEquals": {"s3:x-acl": "private"}}}),
        ("Policy has an invalid condition key", None, {"Condition": {"StringEquals": {"prefix": "a/"}}}),
        (UNFIT, None, {"Condition": {"StringLike": {"s3:prefix": "a/*"}}}),
        (UNFIT, None, {"Action": ["s3:GetObject", "s3:PutObject"], "Condition": {"StringEquals": {"s3:x-amz-acl": "private"}}}),
        (UNFIT, None, {"Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "b"}}}),
        ("Invalid IP address in Conditions", None, {"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"]}}}),
        ("Invalid Condition type : StringsEqual", None, {"Condition": {"StringsEqual": {"aws:username": "a"}}}),
    ],
)
def test_a_policy_that_cannot_be_says_what_is_wrong_with_it(s3, bucket, message, detail, changes):
    policy = json.dumps({"Statement": [own(bucket, **changes)]})
    error = refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=policy)["Error"]
    assert (error["Message"], error.get("Detail")) == (message, detail)


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "*"},
        {"Action": ["s3:getobject", "s3:Get*"]},
        {"Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Action": "s3:PutObject*", "Condition": {"StringEquals": {"s3:x-amz-acl": "private"}}},
        {"Action": "s3:PutObject", "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}},
        {"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}, "StringEquals": {"s3:ExistingObjectTag/public": "yes"}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]}}},
        {"NotAction": "s3:DeleteObject", "Action": None},
    ],
)
def test_a_policy_that_can_be_is_taken(s3, bucket, changes):
    statement = {name: value for name, value in own(bucket, **changes).items() if value is not None}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Effect"] == "Allow"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("policy.json", "Policies must be valid JSON and the first byte must be '{'"),
        (' {"Statement": []}', "Policies must be valid JSON and the first byte must be '{'"),
        ('{"Statement": [}', "This policy contains invalid Json"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Version": "2012-10-17"}', "Missing required field Statement"),
        ('{"Version": "2020-01-01", "Statement": [%s]}', "The policy must contain a valid version string"),
    ],
)
def test_a_text_that_is_no_policy_is_told_so(s3, bucket, text, message):
    error = refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=text.replace("%s", json.dumps(own(bucket))))["Error"]
    assert error["Message"] == message


def opened(s3, bucket, **changes):
    """A policy with one statement that lets the account 222233334444 do something with the bucket's objects."""
    statement = own(bucket, Principal={"AWS": "222233334444"}, **changes)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


@pytest.fixture
def other(server):
    return server.client("s3", key="222233334444")


def test_an_account_is_named_by_its_canonical_id(s3, bucket, other):
    put(s3, bucket, "o")
    refused("AccessDenied", other.get_object, Bucket=bucket, Key="o")
    statement = own(bucket, Principal={"CanonicalUser": other.list_buckets()["Owner"]["ID"]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [statement]}))
    assert other.get_object(Bucket=bucket, Key="o")["Body"].read() == b"o"


def test_a_condition_asks_for_the_tags_an_object_has(s3, bucket, other):
    s3.put_object(Bucket=bucket, Key="open", Body=b"o", Tagging="public=yes&a=b")
    s3.put_object(Bucket=bucket, Key="closed", Body=b"c", Tagging="public=no")
    opened(s3, bucket, Action=["s3:GetObject", "s3:GetObjectTagging"], Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})
    assert other.get_object(Bucket=bucket, Key="open")["Body"].read() == b"o"
    assert len(other.get_object_tagging(Bucket=bucket, Key="open")["TagSet"]) == 2
    refused("AccessDenied", other.get_object, Bucket=bucket, Key="closed")
    refused("AccessDenied", other.get_object_tagging, Bucket=bucket, Key="closed")


def test_a_condition_asks_how_a_request_is_signed(s3, bucket, other, server):
    put(s3, bucket, "o")
    opened(s3, bucket, Condition={"StringEquals": {"s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"}})
    assert other.get_object(Bucket=bucket, Key="o")["Body"].read() == b"o"
    presigned = other.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "o"})
    assert server.request("GET", presigned[presigned.index(f"/{bucket}") :]).status == 403
    opened(s3, bucket, Condition={"NumericLessThan": {"s3:signatureAge": "600000"}})
    assert server.request("GET", presigned[presigned.index(f"/{bucket}") :]).data == b"o"
    refused("AccessDenied", other.get_object, Bucket=bucket, Key="o")


def test_a_condition_asks_for_writes_that_must_not_replace(s3, bucket, other):
    creation = {"Bool": {"s3:ObjectCreationOperation": "false"}}
    statements = [
        own(bucket, Principal={"AWS": "222233334444"}, Action="s3:PutObject", Condition={"Null": {"s3:if-none-match": "false"}}),
        own(bucket, Principal={"AWS": "222233334444"}, Action="s3:PutObject", Condition=creation),
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    refused("AccessDenied", other.put_object, Bucket=bucket, Key="o", Body=b"o")
    other.put_object(Bucket=bucket, Key="o", Body=b"o", IfNoneMatch="*")
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": other.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]}
    part = {"ETag": other.upload_part(**upload, PartNumber=1, Body=b"p")["ETag"], "PartNumber": 1}
    refused("AccessDenied", other.complete_multipart_upload, **upload, MultipartUpload={"Parts": [part]})
    other.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]}, IfNoneMatch="*")


TRUSTED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def test_a_policy_that_names_nobody_is_refused(s3, aws, bucket, account):
    nobody = own(bucket, Principal={"AWS": [f"arn:aws:iam::{account}:role/nobody"]})
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps({"Statement": [nobody]}))
    aws("iam").create_role(RoleName="nobody", AssumeRolePolicyDocument=json.dumps(TRUSTED))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [nobody]}))


def test_a_policy_is_read_back_compact_and_with_the_roots_of_accounts(s3, bucket):
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [own(bucket)]}, indent=2))
    kept = own(bucket, Principal={"AWS": "arn:aws:iam::123456789012:root"})
    expected = json.dumps({"Version": "2012-10-17", "Statement": [kept]}, separators=(",", ":"))
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == expected


# ---- The rest ----


def test_notifications_go_to_the_event_bus_only(s3, bucket):
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    queue = {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:ObjectCreated:*"]}]}
    refused("NotImplemented", s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration=queue)
    put(s3, bucket, "o")
    s3.delete_object(Bucket=bucket, Key="o")


def test_the_cli_copies_and_syncs_folders(cli, s3, bucket, tmp_path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "deep/b.bin").write_bytes(bytes(9 * MIB))
    for path in (source / "a.txt", source / "deep/b.bin"):
        os.utime(path, (10**9, 10**9))  # S3 tells whole seconds: what is younger than its copy would be copied again
    cli("s3", "sync", source, f"s3://{bucket}/copy", "--no-progress")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["copy/a.txt", "copy/deep/b.bin"]
    cli("s3", "cp", f"s3://{bucket}/copy", tmp_path / "back", "--recursive", "--no-progress")
    assert (tmp_path / "back/deep/b.bin").read_bytes() == bytes(9 * MIB)
    assert cli("s3", "sync", source, f"s3://{bucket}/copy", "--no-progress") == ""
    cli("s3", "rm", f"s3://{bucket}", "--recursive")
    cli("s3", "rb", f"s3://{bucket}")


def test_the_cli_moves_streams_and_presigns(cli, s3, bucket, tmp_path):
    (tmp_path / "small").write_text("small")
    (tmp_path / "big").write_bytes(os.urandom(9 * MIB))
    cli("s3", "mv", tmp_path / "small", f"s3://{bucket}/in/small", "--no-progress")
    cli("s3", "cp", tmp_path / "big", f"s3://{bucket}/in/big", "--no-progress", "--metadata", "answer=42")
    assert s3.head_object(Bucket=bucket, Key="in/big")["Metadata"] == {"answer": "42"}
    cli("s3", "mv", f"s3://{bucket}/in/big", f"s3://{bucket}/out/big", "--no-progress")
    assert not (tmp_path / "small").exists()
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["in/small", "out/big"]
    assert s3.get_object(Bucket=bucket, Key="out/big")["Body"].read() == (tmp_path / "big").read_bytes()
    assert cli("s3", "cp", f"s3://{bucket}/in/small", "-") == "small"
    url = cli("s3", "presign", f"s3://{bucket}/in/small", "--expires-in", "60").strip()
    assert urllib.request.urlopen(url).read() == b"small"
    assert cli("s3", "ls", f"s3://{bucket}/").split() == ["PRE", "in/", "PRE", "out/"]


def test_the_cli_syncs_what_changed_and_removes_what_is_gone(cli, s3, bucket, tmp_path):
    for name in ("kept", "gone"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (10**9, 10**9))
    cli("s3", "sync", tmp_path, f"s3://{bucket}", "--no-progress")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("new")
    done = cli("s3", "sync", tmp_path, f"s3://{bucket}", "--delete", "--no-progress")
    assert sorted(line.split()[0] for line in done.splitlines()) == ["delete:", "upload:"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["kept", "new"]


def test_everything_survives_a_kill(start_server):
    server = start_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="row", Body=b"r")
    s3.put_object(Bucket="kept", Key="file", Body=bytes(300_000))
    upload_id, parts = upload(s3, "kept", "parts", [bytes(5 * MIB), b"end"])
    server.restart()
    s3 = server.client("s3")
    assert s3.get_object(Bucket="kept", Key="row")["Body"].read() == b"r"
    assert s3.get_object(Bucket="kept", Key="file")["Body"].read() == bytes(300_000)
    complete(s3, "kept", "parts", upload_id, parts)
    assert s3.head_object(Bucket="kept", Key="parts")["ContentLength"] == 5 * MIB + 3


def test_a_kill_while_parts_are_put_together_loses_nothing(start_server):
    server = start_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="parts")
    bodies = [bytes([number]) * (8 * MIB) for number in range(6)]
    upload_id, parts = upload(s3, "parts", "o", bodies)

    def ask():
        with contextlib.suppress(Exception):  # the server dies while it answers
            complete(s3, "parts", "o", upload_id, parts)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.02)  # where it is then is chance; every place must be well
    server.restart()
    asking.join()
    s3 = server.client("s3")
    try:
        complete(s3, "parts", "o", upload_id, parts)
    except ClientError as error:  # it was through before the kill, and only the reply was lost
        assert error.response["Error"]["Code"] == "NoSuchUpload"
    assert s3.get_object(Bucket="parts", Key="o")["Body"].read() == b"".join(bodies)
    wait_for_files(server, 1)


def wait_for_files(server, count):
    """Files go after the commit, off both threads."""
    deadline = time.monotonic() + 5
    while len(files := [path for path in (server.data / "blobs").rglob("*") if path.is_file()]) != count:
        assert time.monotonic() < deadline, files
        time.sleep(0.01)


def test_a_file_that_somebody_took_away_is_told(start_server):
    server = start_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="damaged")
    s3.put_object(Bucket="damaged", Key="o", Body=bytes(300_000))
    for path in (server.data / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    refused("InternalError", s3.get_object, Bucket="damaged", Key="o")
    s3.put_object(Bucket="damaged", Key="o", Body=b"mended")
    assert s3.get_object(Bucket="damaged", Key="o")["Body"].read() == b"mended"


def test_replaced_and_removed_files_leave_the_disk(start_server):
    server = start_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="files")
    for _ in range(3):
        s3.put_object(Bucket="files", Key="o", Body=bytes(300_000))
    s3.copy_object(Bucket="files", Key="copy", CopySource="files/o")
    upload_id, parts = upload(s3, "files", "m", [bytes(5 * MIB), b"end"])
    complete(s3, "files", "m", upload_id, parts)
    upload(s3, "files", "aborted", [bytes(5 * MIB)])
    for entry in s3.list_multipart_uploads(Bucket="files")["Uploads"]:
        s3.abort_multipart_upload(Bucket="files", Key=entry["Key"], UploadId=entry["UploadId"])
    wait_for_files(server, 2)  # o and its copy share one
    for key in ("o", "copy", "m"):
        s3.delete_object(Bucket="files", Key=key)
    wait_for_files(server, 0)
