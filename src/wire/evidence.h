// Evidence: what a request's head says about the service it is for. Internal to wire/; see route.h for the order in which it counts.
#pragma once

#include "wire/route.h"

typedef struct Evidence {
    Str target; // X-Amz-Target
    Str signing_name, region; // of the credential scope; STR_NONE when unsigned
    Str host; // without the port
    Str host_prefix; // endpoint prefix of a service that the host begins with
    Str bucket; // S3 bucket that the host begins with
} Evidence;

Evidence evidence_of(const HttpRequest *request);

// A parameter of a query or form as it stands there, not decoded: STR_NONE when absent, empty when it has no value.
Str query_parameter(Str query, Str name);
bool request_is_form(const HttpRequest *request);

// The first rule of a REST service that fits fills operation and labels. `path` begins with '/', `query` may be STR_NONE.
bool match_rules(const WireService *service, const HttpRequest *request, Str path, WireRoute *out);
// Is a query parameter part of the template itself (?uploads, ?mode=import)?
bool is_template_parameter(const WireRoute *route, Str name);
