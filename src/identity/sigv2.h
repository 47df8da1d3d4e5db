// Signature Version 2 in the query, S3 only: what the AWS CLI and boto3 still make where they presign (`aws s3 presign`). In headers it is refused, as S3 refuses
// it for new buckets.
//
//     Signature = base64(HMAC-SHA1(secret, METHOD \n Content-MD5 \n Content-Type \n Expires \n x-amz headers, /bucket/path?subresources))
//
// x-amz parameters of the query count as headers. Follows "Signing and authenticating REST requests" of the S3 developer guide.
#pragma once

#include "identity/sigv4.h"

// AUTH_MISSING when the query has none of its parameters, AUTH_QUERY_V2_INCOMPLETE when it lacks one. `out->signed_at_ms` is the time of expiry.
AuthFault sigv2_read(const HttpRequest *request, Signature *out);
AuthFault sigv2_check_time(const Signature *signature, AuthClocks clocks);
// `bucket`: of a virtual host; STR_NONE where the path names it.
AuthFault sigv2_verify(const Signature *signature, const HttpRequest *request, Str bucket, Str secret, AuthClocks clocks);
Str sigv2_text(const Signature *signature, const HttpRequest *request, Str bucket); // the string to sign
