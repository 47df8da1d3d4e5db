"""Arguments that S3 refuses because of what they stand beside, or because no object here can have what they ask for."""

import time
import xml.etree.ElementTree as ElementTree

import pytest
from botocore.exceptions import ClientError


def error_of(reply):
    """The elements of an error, without what is different each time."""
    elements = {child.tag: child.text for child in ElementTree.fromstring(reply.data)}
    assert elements.pop("RequestId") and elements.pop("HostId")
    return elements


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "query, status, told",
    [
        (
            "partNumber=1",
            400,
            {
                "Code": "InvalidArgument",
                "Message": "This operation does not accept partNumber without uploadId",
                "ArgumentName": "partNumber",
                "ArgumentValue": "partNumber",
            },
        ),
        (
            "uploadId=abc",
            405,
            {
                "Code": "MethodNotAllowed",
                "Message": "The specified method is not allowed against this resource.",
                "Method": "PUT",
                "ResourceType": "UPLOAD",
            },
        ),
    ],
)
def test_half_of_a_part_is_no_object(raw, bucket, query, status, told):
    reply = raw("PUT", f"/{bucket}/key?{query}", b"body")
    assert reply.status == status
    assert error_of(reply) == told
    assert reply.headers["Allow"] == ("DELETE, POST, GET" if status == 405 else None)
    assert raw("HEAD", f"/{bucket}/key").status == 404


def test_the_old_listing_starts_after_no_key(raw, bucket):
    told = error_of(raw("GET", f"/{bucket}?start-after=a"))
    message = "startAfter only supported in REST.GET.BUCKET with list-type=2"
    assert told == {"Code": "InvalidArgument", "Message": message, "ArgumentName": "start-after"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_empty_version_is_no_version(raw, bucket, method):
    raw("PUT", f"/{bucket}/key", b"body")
    told = error_of(raw(method, f"/{bucket}/key?versionId="))
    message = "Version id cannot be the empty string"
    assert told == {"Code": "InvalidArgument", "Message": message, "ArgumentName": "versionId", "ArgumentValue": None}


def test_a_copy_has_no_body(raw, bucket):
    raw("PUT", f"/{bucket}/key", b"body")
    told = error_of(raw("PUT", f"/{bucket}/copy", b"body", {"x-amz-copy-source": f"{bucket}/key"}))
    message = "The request included a body. Requests of this type must not include a non-empty body."
    assert told == {"Code": "InvalidRequest", "Message": message}


@pytest.mark.parametrize("source, message", [("", "Invalid copy source bucket name"), ("bucket", "Invalid copy source object key")])
def test_a_copy_source_names_bucket_and_key(raw, bucket, source, message):
    told = error_of(raw("PUT", f"/{bucket}/copy", headers={"x-amz-copy-source": source}))
    assert (told["Code"], told["Message"]) == ("InvalidArgument", message)


@pytest.mark.parametrize(
    "headers, message",
    [
        (
            {"x-amz-sdk-checksum-algorithm": "CRC32"},
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
        ),
        ({"x-amz-sdk-checksum-algorithm": "FOO"}, "Value for x-amz-sdk-checksum-algorithm header is invalid."),
        (
            {"x-amz-sdk-checksum-algorithm": "crc32", "x-amz-checksum-crc32c": "ImIEBA=="},
            "Value for x-amz-sdk-checksum-algorithm header is invalid.",
        ),
    ],
)
def test_an_algorithm_that_is_named_must_be_used(raw, bucket, headers, message):
    assert error_of(raw("PUT", f"/{bucket}/key", b"body", headers)) == {"Code": "InvalidRequest", "Message": message}


def test_what_a_presigned_request_says_of_a_body_to_come_binds_nobody(raw, bucket):
    query = "x-amz-sdk-checksum-algorithm=CRC32&x-amz-checksum-crc32=AAAAAA%3D%3D"
    assert raw("PUT", f"/{bucket}/key?{query}", b"body").status == 200


def test_an_algorithm_may_be_named_in_any_case(raw, bucket):
    headers = {"x-amz-sdk-checksum-algorithm": "sha1", "x-amz-checksum-sha1": "Agg/RXngimEkJcDBoX7ket14O5Q="}
    assert raw("PUT", f"/{bucket}/key", b"body", headers).status == 200


@pytest.mark.parametrize(
    "headers, told",
    [
        (
            {"x-amz-object-lock-legal-hold": "MAYBE"},
            ("InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", "MAYBE"),
        ),
        ({"x-amz-object-lock-mode": "abc"}, ("InvalidArgument", "Unknown wormMode directive.", "x-amz-object-lock-mode", "abc")),
        (
            {"x-amz-object-lock-retain-until-date": "abc"},
            (
                "InvalidArgument",
                "The retain until date must be provided in ISO 8601 format",
                "x-amz-object-lock-retain-until-date",
                "abc",
            ),
        ),
        (
            {"x-amz-object-lock-mode": "GOVERNANCE"},
            (
                "InvalidArgument",
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
                "x-amz-object-lock-retain-until-date",
                None,
            ),
        ),
        (
            {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z"},
            ("InvalidRequest", "Bucket is missing ObjectLockConfiguration", None, None),
        ),
        ({"x-amz-object-lock-legal-hold": "ON"}, ("InvalidRequest", "Bucket is missing ObjectLockConfiguration", None, None)),
        (
            {"x-amz-server-side-encryption": "rot13"},
            ("InvalidArgument", "The encryption method specified is not supported", "x-amz-server-side-encryption", "rot13"),
        ),
        ({"x-amz-grant-read": "id=abc"}, ("AccessControlListNotSupported", "The bucket does not allow ACLs", None, None)),
    ],
)
def test_what_no_object_here_can_have_is_refused_in_the_words_of_s3(raw, bucket, headers, told):
    error = error_of(raw("PUT", f"/{bucket}/key", b"body", headers))
    assert tuple(error.get(name) for name in ("Code", "Message", "ArgumentName", "ArgumentValue")) == told


def test_a_private_bucket_is_not_made_private_by_an_acl(s3, bucket):
    refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket=bucket, ACL="private")


@pytest.mark.parametrize("path", ["key?tagging", "?tagging", "?notification", "?versioning", "?policy"])
def test_a_document_that_is_missing(raw, bucket, path):
    raw("PUT", f"/{bucket}/key", b"body")
    told = error_of(raw("PUT", f"/{bucket}/{path}" if path[0] != "?" else f"/{bucket}{path}"))
    assert told == {"Code": "MissingRequestBodyError", "Message": "Request Body is empty"}


def test_attributes_that_nobody_named(raw, bucket):
    raw("PUT", f"/{bucket}/key", b"body")
    told = error_of(raw("GET", f"/{bucket}/key?attributes"))
    message = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
    assert told == {"Code": "InvalidRequest", "Message": message}


@pytest.mark.parametrize("most", ["many", "-1", "99999999999"])
def test_a_number_of_parts_that_is_none_is_passed_over(raw, bucket, most):
    raw("PUT", f"/{bucket}/key", b"body")
    reply = raw("GET", f"/{bucket}/key?attributes", headers={"x-amz-object-attributes": "ObjectSize", "x-amz-max-parts": most})
    assert reply.status == 200
    assert b"<ObjectSize>4</ObjectSize>" in reply.data


def test_tags_of_a_header_may_be_nothing(s3, raw, bucket):
    assert raw("PUT", f"/{bucket}/key", b"body", {"x-amz-tagging": "&&"}).status == 200
    assert s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"] == []


def test_numbers_of_uploads_that_cannot_be(s3, raw, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    told = error_of(raw("GET", f"/{bucket}/key?uploadId={upload}&part-number-marker=-2"))
    assert told == {
        "Code": "InvalidArgument",
        "Message": "Argument part-number-marker must be an integer between 0 and 2147483647",
        "ArgumentName": "part-number-marker",
        "ArgumentValue": "-2",
    }
    part = b"<CompleteMultipartUpload><Part><PartNumber>%d</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
    told = error_of(raw("POST", f"/{bucket}/key?uploadId={upload}", part % 0))
    assert (told["Code"], told["Message"]) == ("InvalidArgument", "PartNumber must be >= 1")
    told = error_of(raw("POST", f"/{bucket}/key?uploadId={upload}", part % 1, {"x-amz-mp-object-size": "big"}))
    assert told == {"Code": "InvalidRequest", "Message": "Value for x-amz-mp-object-size header is invalid: 'big'"}


def test_a_type_of_checksum_is_known_and_stays(s3, raw, bucket):
    headers = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "SOME"}
    told = error_of(raw("POST", f"/{bucket}/key?uploads", headers=headers))
    assert told == {"Code": "InvalidRequest", "Message": "Value for x-amz-checksum-type header is invalid."}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
    part = {"PartNumber": 1, "ETag": s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"body")["ETag"]}
    complete = {"Bucket": bucket, "Key": "key", "UploadId": upload, "MultipartUpload": {"Parts": [part]}}
    message = "The upload was created using the FULL_OBJECT checksum mode. The complete request must use the same checksum mode."
    assert refused("InvalidRequest", s3.complete_multipart_upload, **complete, ChecksumType="COMPOSITE") == message
    assert s3.complete_multipart_upload(**complete, ChecksumType="FULL_OBJECT")["ChecksumType"] == "FULL_OBJECT"


def test_a_part_that_nobody_summed_is_told_by_a_sum_that_is_not_kept(s3, raw, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    assert raw("PUT", f"/{bucket}/key?partNumber=1&uploadId={upload}", b"body").headers["x-amz-checksum-crc64nvme"]
    assert "ChecksumCRC64NVME" not in s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"][0]


def test_a_post_to_an_object_without_an_upload_is_not_allowed(raw, bucket):
    reply = raw("POST", f"/{bucket}/key", b"<CompleteMultipartUpload/>")
    assert reply.status == 405
    message = "The specified method is not allowed against this resource."
    assert error_of(reply) == {"Code": "MethodNotAllowed", "Message": message, "Method": "POST", "ResourceType": "OBJECT"}


@pytest.mark.parametrize("number", [0, 10001])
def test_a_part_that_can_never_be_is_not_read(raw, bucket, number):
    raw("PUT", f"/{bucket}/key", b"body")
    told = error_of(raw("GET", f"/{bucket}/key?partNumber={number}"))
    message = "Part number must be an integer between 1 and 10000, inclusive"
    assert told == {"Code": "InvalidArgument", "Message": message, "ArgumentName": "partNumber", "ArgumentValue": str(number)}


CRC32_OF_HELLO = "NhCmhg=="
MALFORMED_TRAILER = "The request contained trailing data that was not well-formed or did not conform to our published schema."


def send_chunked(server, account, bucket, trailer, announced):
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={'0' * 64}",
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "5",
        "Content-Encoding": "aws-chunked",
        **({"X-Amz-Trailer": announced} if announced else {}),
    }
    return server.request("PUT", f"/{bucket}/key", f"5\r\nhello\r\n0\r\n{trailer}\r\n".encode(), headers)


@pytest.mark.parametrize(
    "trailer, announced",
    [
        ("", "x-amz-checksum-crc32"),
        (f":{CRC32_OF_HELLO}\r\n", "x-amz-checksum-crc32"),
        (f"x-amz-checksum-crc32c:{CRC32_OF_HELLO}\r\n", "x-amz-checksum-crc32"),
        (f"x-amz-checksum-crc32 {CRC32_OF_HELLO}\r\n", "x-amz-checksum-crc32"),
        (f"x-amz-checksum-crc32:{CRC32_OF_HELLO}\r\n", None),
    ],
)
def test_a_trailer_is_what_was_announced(server, account, raw, bucket, trailer, announced):
    reply = send_chunked(server, account, bucket, trailer, announced)
    assert reply.status == 400
    assert error_of(reply) == {"Code": "MalformedTrailerError", "Message": MALFORMED_TRAILER}
    assert raw("HEAD", f"/{bucket}/key").status == 404


def test_a_trailer_that_is_no_checksum_is_refused(server, account, bucket):
    told = error_of(send_chunked(server, account, bucket, "x-mine:1\r\n", "x-mine"))
    assert told == {"Code": "InvalidRequest", "Message": "The value specified in the x-amz-trailer header is not supported"}


def test_a_chunked_body_may_come_without_a_trailer(server, account, bucket):
    assert send_chunked(server, account, bucket, "", None).status == 200


@pytest.mark.parametrize("query", ["", "?list-type=2", "?versions"])
def test_an_optional_attribute_that_is_none_is_named(raw, bucket, query):
    told = error_of(raw("GET", f"/{bucket}{query}", headers={"x-amz-optional-object-attributes": "Colour"}))
    assert told == {
        "Code": "InvalidArgument",
        "Message": "Invalid attribute name specified.",
        "ArgumentName": "x-amz-optional-object-attributes",
        "ArgumentValue": "Colour",
    }
    assert raw("GET", f"/{bucket}{query}", headers={"x-amz-optional-object-attributes": "RestoreStatus"}).status == 200


def test_what_uploads_of_others_know_is_refused_by_name(s3, bucket):
    upload = {"Bucket": bucket, "Key": "key", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]}
    said = refused("NotImplemented", s3.abort_multipart_upload, **upload, IfMatchInitiatedTime=0)
    assert said == "s3:AbortMultipartUpload is not built with IfMatchInitiatedTime."
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"body")["ETag"]}
    said = refused("NotImplemented", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": [part]}, SSECustomerKeyMD5="x")
    assert said == "s3:CompleteMultipartUpload is not built with SSECustomerKeyMD5."


def test_a_code_of_an_mfa_device_is_refused_by_name(s3, bucket):
    s3.put_object(Bucket=bucket, Key="key", Body=b"body")
    calls = [
        (s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (s3.delete_object, {"Key": "key"}),
        (s3.delete_objects, {"Delete": {"Objects": [{"Key": "key"}]}}),
    ]
    for call, wish in calls:
        assert refused("NotImplemented", call, Bucket=bucket, MFA="device 123456", **wish).endswith("is not built with MFA.")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket) and s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"body"


def test_a_key_of_a_customer_opens_nothing_here(s3, bucket):
    s3.put_object(Bucket=bucket, Key="key", Body=b"body")
    message = "The encryption parameters are not applicable to this object."
    object_ = {"Bucket": bucket, "Key": "key"}
    assert refused("InvalidRequest", s3.get_object, **object_, SSECustomerKeyMD5="x") == message
    attributes = {"ObjectAttributes": ["ETag"], "SSECustomerAlgorithm": "AES256"}
    assert refused("InvalidRequest", s3.get_object_attributes, **object_, **attributes) == message


def test_a_location_named_empty_is_no_location(raw):
    body = b"<CreateBucketConfiguration><LocationConstraint></LocationConstraint></CreateBucketConfiguration>"
    answer = raw("PUT", "/placed-nowhere", body=body)
    assert answer.status == 400
    assert error_of(answer) == {
        "Code": "InvalidLocationConstraint",
        "Message": "The specified location-constraint is not valid",
        "LocationConstraint": None,
    }
