// Route: which service and operation an HTTP request means, and in which protocol, from the marks that AWS clients leave.
//
// In this order: X-Amz-Target; a path /service/X/operation/Y (rpc-v2-cbor); the credential scope of the Authorization header or of X-Amz-Credential, which
// names a service by its signing name; the Host header (dynamodb.us-east-1.amazonaws.com, bucket.s3.localhost); Action and Version in the query or in a form;
// a path that fits a service's URI templates; at last S3, as for anonymous GETs. Several services share a signing name (apigateway and apigatewayv2): the
// target, the version or the path then decides.
#pragma once

#include "base/error.h"
#include "http/message.h"
#include "wire/model.h"

typedef struct WireLabel {
    Str name, value; // of the URI template; the value as sent, not decoded
} WireLabel;

enum { WIRE_LABELS_MAX = 8 };

typedef struct WireRoute {
    const WireService *service; // NULL: not even that is known
    const WireOperation *operation; // NULL: unknown
    WireProtocol protocol; // in which the request is read and the reply written
    Str operation_name; // as asked for, known or not; STR_NONE when the request names none
    Str region; // from the credential scope, else from the host; STR_NONE when neither says
    Str bucket; // of virtual-hosted S3 requests: from the host; STR_NONE otherwise
    WireLabel labels[WIRE_LABELS_MAX]; // REST protocols
    size_t label_count;
    const struct WireRule *rule; // REST protocols: the template that fits; wire's own
} WireRoute;

// Fails when there is no such operation (UnknownOperationException, InvalidAction, MethodNotAllowed …: the service's own wording). `out` is then filled as far
// as it goes, so that the error can be written in the right protocol: the one exception to "outputs stay untouched".
// The body must be there for forms (application/x-www-form-urlencoded); nothing else needs it.
bool wire_route(const HttpRequest *request, WireRoute *out, Error *e);

// To be asked with the head alone, before the body has come: is the body a streaming payload (PutObject, UploadPart), to be spooled rather than collected?
// Then `out` is its route, which the body cannot change.
bool wire_body_streams(const HttpRequest *head, WireRoute *out);

// DynamoDB names its requests and checks its replies in its own way.
bool wire_is_dynamodb(const WireRoute *route);

// The route of an internal call, for code that wants to write its reply as a client would see it: the service's own protocol.
WireRoute wire_route_to(const WireOperation *operation);
