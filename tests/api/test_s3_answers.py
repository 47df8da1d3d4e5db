"""S3 byte by byte: which headers and elements its answers have, in which order, and which they lack. Requests are signed by botocore, sent by http.client."""

import base64
import binascii
import hashlib
import xml.etree.ElementTree as ElementTree

import pytest

MIB = 1024 * 1024


def elements(reply):
    """Names of the root's children in order, without their namespace."""
    return [child.tag.split("}")[-1] for child in ElementTree.fromstring(reply.data)]


def children(reply, name):
    """The same of the first child with this name."""
    root = ElementTree.fromstring(reply.data)
    first = next(child for child in root if child.tag.split("}")[-1] == name)
    return [child.tag.split("}")[-1] for child in first]


# ---- Headers ----


def test_what_a_head_of_a_bucket_tells(raw, bucket):
    reply = raw("HEAD", f"/{bucket}")
    assert (reply.status, reply.data, reply.headers["Content-Type"]) == (200, b"", "application/xml")
    assert (reply.headers["x-amz-bucket-region"], reply.headers["x-amz-access-point-alias"]) == ("us-east-1", "false")


def test_listings_tell_the_region_of_their_bucket(raw, bucket):
    for query in ("", "?list-type=2"):
        reply = raw("GET", f"/{bucket}{query}")
        assert (reply.headers["x-amz-bucket-region"], b"region" in reply.data) == ("us-east-1", False)


def test_every_answer_names_its_request_and_server(raw, bucket):
    for path in (f"/{bucket}", f"/{bucket}/nope"):
        headers = raw("GET", path).headers
        assert len(headers["x-amz-request-id"]) == 16
        assert headers["x-amz-id-2"]
        assert headers["Server"] == "AmazonS3"


def test_what_a_get_tells_of_a_plain_object(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"hello")
    headers = raw("GET", f"/{bucket}/o").headers
    assert headers["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert headers["Content-Type"] == "binary/octet-stream"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["x-amz-server-side-encryption"] == "AES256"
    assert headers["Content-Length"] == "5"
    absent = ("x-amz-version-id", "x-amz-storage-class", "x-amz-expiration", "x-amz-tagging-count", "x-amz-mp-parts-count", "Content-Range")
    assert [name for name in absent if headers[name]] == []
    assert not headers["x-amz-checksum-crc64nvme"]  # only for those who ask


def test_an_upload_without_a_checksum_gets_a_crc64nvme(raw, bucket):
    headers = raw("PUT", f"/{bucket}/o", b"123456789").headers
    assert (headers["x-amz-checksum-crc64nvme"], headers["x-amz-checksum-type"]) == ("rosUhgp5mIg=", "FULL_OBJECT")


def test_checksum_mode_shows_the_checksum_of_all_that_is_sent(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"123456789")
    asked = {"x-amz-checksum-mode": "ENABLED"}
    assert raw("HEAD", f"/{bucket}/o", headers=asked).headers["x-amz-checksum-crc64nvme"] == "rosUhgp5mIg="
    assert not raw("GET", f"/{bucket}/o", headers={**asked, "Range": "bytes=0-3"}).headers["x-amz-checksum-crc64nvme"]
    assert raw("GET", f"/{bucket}/o", headers={**asked, "Range": "bytes=0-99"}).headers["x-amz-checksum-crc64nvme"] == "rosUhgp5mIg="


def test_expires_is_kept_as_it_was_told(s3, raw, bucket):
    raw("PUT", f"/{bucket}/date", b"", {"Expires": "Wed, 21 Oct 2037 07:28:00 GMT"})
    raw("PUT", f"/{bucket}/none", b"", {"Expires": "never"})
    assert raw("GET", f"/{bucket}/date").headers["Expires"] == "Wed, 21 Oct 2037 07:28:00 GMT"
    assert raw("GET", f"/{bucket}/none").headers["Expires"] == "never"


def test_metadata_that_is_not_ascii_comes_back_as_an_encoded_word(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"", {"x-amz-meta-name": "Zoë".encode().decode("latin-1"), "x-amz-meta-plain": "Zoe"})
    headers = raw("HEAD", f"/{bucket}/o").headers
    assert headers["x-amz-meta-name"] == f"=?UTF-8?B?{base64.b64encode('Zoë'.encode()).decode()}?="
    assert headers["x-amz-meta-plain"] == "Zoe"


def test_storage_class_and_tags_are_told_where_there_are_any(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"", {"x-amz-storage-class": "STANDARD_IA", "x-amz-tagging": "a=1&b=2"})
    headers = raw("GET", f"/{bucket}/o").headers
    assert (headers["x-amz-storage-class"], headers["x-amz-tagging-count"]) == ("STANDARD_IA", "2")


def test_a_new_version_is_named_and_a_null_version_is_not(s3, raw, versioned):
    assert len(raw("PUT", f"/{versioned}/o", b"1").headers["x-amz-version-id"]) == 32
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    assert not raw("PUT", f"/{versioned}/o", b"2").headers["x-amz-version-id"]
    assert raw("GET", f"/{versioned}/o").headers["x-amz-version-id"] == "null"


def test_304_has_headers_and_no_body(raw, bucket):
    etag = raw("PUT", f"/{bucket}/o", b"x").headers["ETag"]
    reply = raw("GET", f"/{bucket}/o", headers={"If-None-Match": etag})
    assert (reply.status, reply.headers["ETag"], reply.data) == (304, etag, b"")
    assert reply.headers["Last-Modified"] and not reply.headers["Content-Type"]


def test_dates_of_conditions_that_are_none_or_to_come_are_passed_over(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"x")
    for date in ("yesterday", "Wed, 21 Oct 2099 07:28:00 GMT"):
        assert raw("GET", f"/{bucket}/o", headers={"If-Modified-Since": date}).status == 200


def test_a_head_of_what_is_missing_has_a_type_and_no_body(raw, bucket):
    reply = raw("HEAD", f"/{bucket}/nope")
    assert (reply.status, reply.headers["Content-Type"], reply.data) == (404, "application/xml", b"")


@pytest.mark.parametrize(
    "path, body, status",
    [
        ("?tagging", b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", 204),
        ("?versioning", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 200),
        ("?policy", b'{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/no"}]}', 204),
    ],
)
def test_settings_answer_with_the_status_that_s3_gives(raw, bucket, path, body, status):
    reply = raw("PUT", f"/{bucket}{path}", body.replace(b"BUCKET", bucket.encode()))
    assert (reply.status, reply.data) == (status, b"")


# ---- Listings ----


def test_the_order_of_elements_in_a_listing(raw, bucket):
    for key in ("a/1", "b", "c"):
        raw("PUT", f"/{bucket}/{key}", b"x")
    first = raw("GET", f"/{bucket}?list-type=2&delimiter=/&max-keys=2&encoding-type=url")
    head = ["Name", "Prefix", "NextContinuationToken", "KeyCount", "MaxKeys", "Delimiter", "EncodingType", "IsTruncated"]
    assert elements(first) == [*head, "Contents", "CommonPrefixes"]
    assert children(first, "Contents") == ["Key", "LastModified", "ETag", "ChecksumAlgorithm", "ChecksumType", "Size", "StorageClass"]
    assert elements(raw("GET", f"/{bucket}?list-type=2&start-after=b"))[:3] == ["Name", "Prefix", "StartAfter"]
    old = raw("GET", f"/{bucket}?delimiter=/&max-keys=1")
    assert elements(old) == ["Name", "Prefix", "Marker", "NextMarker", "MaxKeys", "Delimiter", "IsTruncated", "CommonPrefixes"]
    assert children(raw("GET", f"/{bucket}"), "Contents")[-2:] == ["Owner", "StorageClass"]


def test_next_marker_stands_only_where_there_is_a_delimiter(raw, bucket):
    for key in ("a", "b"):
        raw("PUT", f"/{bucket}/{key}", b"x")
    assert "NextMarker" not in elements(raw("GET", f"/{bucket}?max-keys=1"))
    assert "NextMarker" in elements(raw("GET", f"/{bucket}?max-keys=1&delimiter=/"))


def test_the_owner_stands_in_a_new_listing_only_when_asked_for(raw, bucket):
    raw("PUT", f"/{bucket}/o", b"x")
    assert "Owner" not in children(raw("GET", f"/{bucket}?list-type=2"), "Contents")
    assert "Owner" in children(raw("GET", f"/{bucket}?list-type=2&fetch-owner=true"), "Contents")


def test_url_encoding_of_keys_is_that_of_forms(raw, bucket):
    raw("PUT", f"/{bucket}/a%20b~(1)%2B*/%C3%B6", b"x")
    reply = raw("GET", f"/{bucket}?list-type=2&encoding-type=url")
    assert b"<Key>a+b%7E%281%29%2B*/%C3%B6</Key>" in reply.data


def test_a_marker_within_a_common_prefix_hides_it(raw, bucket):
    for key in ("folder/sub/1", "folder/sub/2", "folder/z"):
        raw("PUT", f"/{bucket}/{key}", b"x")
    assert b"<CommonPrefixes>" not in raw("GET", f"/{bucket}?prefix=folder/&delimiter=/&marker=folder/sub/1").data
    assert b"<CommonPrefixes>" in raw("GET", f"/{bucket}?list-type=2&prefix=folder/&delimiter=/&start-after=folder/sub/1").data


def test_versions_and_markers_are_listed_in_one_order(raw, versioned):
    for key in ("a", "b"):
        raw("PUT", f"/{versioned}/{key}", b"x")
        raw("DELETE", f"/{versioned}/{key}")
    reply = raw("GET", f"/{versioned}?versions")
    head = ["Name", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys", "IsTruncated"]
    assert elements(reply) == [*head, "DeleteMarker", "Version", "DeleteMarker", "Version"]
    checked = ["ETag", "ChecksumAlgorithm", "ChecksumType", "Size", "Owner", "StorageClass"]
    assert children(reply, "Version") == ["Key", "VersionId", "IsLatest", "LastModified", *checked]
    assert children(reply, "DeleteMarker") == ["Key", "VersionId", "IsLatest", "LastModified", "Owner"]


def test_a_listing_of_uploads_names_the_last_one(s3, raw, bucket):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    reply = raw("GET", f"/{bucket}?uploads")
    head = ["Bucket", "KeyMarker", "UploadIdMarker", "NextKeyMarker", "NextUploadIdMarker", "MaxUploads", "IsTruncated"]
    assert elements(reply) == [*head, "Upload"]
    assert f"<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>{upload_id}</NextUploadIdMarker>".encode() in reply.data
    assert children(reply, "Upload") == ["Key", "UploadId", "Initiator", "Owner", "StorageClass", "Initiated"]


def test_a_user_who_began_an_upload_is_told_by_arn(aws, server, s3, bucket, account):
    iam = aws("iam")
    iam.create_user(UserName="uploader")
    allowed = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}'
    iam.put_user_policy(UserName="uploader", PolicyName="p", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="uploader")["AccessKey"]
    server.client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"]).create_multipart_upload(Bucket=bucket, Key="k")
    upload = s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]
    assert upload["Initiator"]["ID"] == f"arn:aws:iam::{account}:user/uploader"
    assert upload["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]


def test_the_order_of_elements_in_a_list_of_parts(s3, raw, bucket):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=3, Body=b"x")
    reply = raw("GET", f"/{bucket}/k?uploadId={upload_id}&max-parts=&part-number-marker=")  # empty is as none
    head = ["Bucket", "Key", "UploadId", "Initiator", "Owner", "StorageClass"]
    assert elements(reply) == [*head, "PartNumberMarker", "NextPartNumberMarker", "MaxParts", "IsTruncated", "Part"]
    assert b"<PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>1000</MaxParts>" in reply.data


def test_buckets_are_listed_with_their_owner_first(raw, bucket):
    assert elements(raw("GET", "/")) == ["Owner", "Buckets"]
    assert b"<BucketRegion>" not in raw("GET", "/").data
    paged = raw("GET", f"/?prefix={bucket}")
    assert elements(paged) == ["Owner", "Buckets", "Prefix"]
    assert b"<BucketRegion>us-east-1</BucketRegion>" in paged.data


# ---- Copies and multipart uploads ----


def test_what_a_copy_tells(raw, versioned):
    first = raw("PUT", f"/{versioned}/from", b"hello").headers["x-amz-version-id"]
    reply = raw("PUT", f"/{versioned}/to", headers={"x-amz-copy-source": f"/{versioned}/from"})
    assert elements(reply) == ["LastModified", "ETag", "ChecksumCRC64NVME"]
    assert reply.headers["x-amz-copy-source-version-id"] == first
    assert len(reply.headers["x-amz-version-id"]) == 32


def test_a_plus_in_a_copy_source_is_a_blank(raw, bucket):
    raw("PUT", f"/{bucket}/a%20b", b"hello")
    assert raw("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": f"{bucket}/a+b"}).status == 200


def test_a_part_by_its_number_carries_its_own_checksum(s3, raw, bucket):
    bodies = [b"a" * (5 * MIB), b"tail"]
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": parts})
    headers = raw("GET", f"/{bucket}/k?partNumber=2", headers={"x-amz-checksum-mode": "ENABLED"}).headers
    assert headers["x-amz-checksum-crc32"] == base64.b64encode(binascii.crc32(b"tail").to_bytes(4, "big")).decode()
    assert (headers["x-amz-mp-parts-count"], headers["Content-Range"]) == ("2", f"bytes {5 * MIB}-{5 * MIB + 3}/{5 * MIB + 4}")
    whole = raw("HEAD", f"/{bucket}/k", headers={"x-amz-checksum-mode": "ENABLED"}).headers
    assert (whole["x-amz-checksum-crc32"][-2:], whole["x-amz-checksum-type"], whole["x-amz-mp-parts-count"]) == ("-2", "COMPOSITE", None)


def test_a_completed_upload_tells_where_it_is(s3, raw, bucket):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, Body=b"123456789")["ETag"]
    body = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    reply = raw("POST", f"/{bucket}/k?uploadId={upload_id}", body.encode())
    assert elements(reply) == ["Location", "Bucket", "Key", "ETag", "ChecksumCRC64NVME", "ChecksumType"]
    assert b"<ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>" in reply.data
