// What nobody has made here, because the operations that make it are not built: listing it shows none, and asking for one by its id is told as EC2 tells it.
#include "services/ec2/ec2.h"

typedef struct Absent {
    const char *operation, *list, *ids; // "DescribeVpnGateways", "VpnGateways", "VpnGatewayIds"
    const char *code, *before, *after; // the error of an id: what stands before and behind it
} Absent;

static const Absent ABSENT[] = {
    {"DescribeAddresses", "Addresses", "AllocationIds", "InvalidAllocationID.NotFound", "The allocation ID '", "' does not exist"},
    {"DescribeAddresses", "Addresses", "PublicIps", "InvalidAddress.NotFound", "Address '", "' not found."},
    {"DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointIds", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '", "' does not exist"},
    {"DescribeVpcPeeringConnections", "VpcPeeringConnections", "VpcPeeringConnectionIds", "InvalidVpcPeeringConnectionID.NotFound",
     "The vpcPeeringConnection ID '", "' does not exist"},
    {"DescribeVpnGateways", "VpnGateways", "VpnGatewayIds", "InvalidVpnGatewayID.NotFound", "The vpnGateway ID '", "' does not exist"},
};

Outcome describe_none(Turn *turn, const Call *call, Doc **out, Error *e) {
    *out = doc_map(call->arena);
    for (size_t i = 0; i < sizeof ABSENT / sizeof *ABSENT; i++) {
        const Absent *absent = &ABSENT[i];
        if (!str_is(wire_str(call->operation->name), absent->operation)) continue;
        Str id = doc_str(doc_first(doc_get(call->input, absent->ids)), STR_NONE);
        if (id.at) return call_fail(e, absent->code, "%s%.*s%s", absent->before, STR_ARG(id), absent->after);
        doc_set(*out, absent->list, doc_list(call->arena));
    }
    return OUTCOME_DONE;
}
