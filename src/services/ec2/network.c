// The network that an account has without making one: its default VPC with one subnet, a main route table, an internet gateway, DHCP options and a
// network ACL that lets all pass. Ids are derived from account and region.
#include "services/ec2/ec2.h"

#define BLOCK "10.0.0.0/24"

const DocumentType EC2_NETWORK = {.name = "ec2.network"};

static Str derived_id(Arena *arena, const char *prefix, Partition where) {
    uint64_t hash = str_hash(str_format(arena, "%s/%.*s/%.*s", prefix, STR_ARG(where.account), STR_ARG(where.region)));
    return str_format(arena, "%s-0%016llx", prefix, (unsigned long long)hash);
}

Str vpc_id(Arena *arena, Partition where) { return derived_id(arena, "vpc", where); }
Str subnet_id(Arena *arena, Partition where) { return derived_id(arena, "subnet", where); }
static Str route_table_id(Arena *arena, Partition where) { return derived_id(arena, "rtb", where); }
static Str network_acl_id(Arena *arena, Partition where) { return derived_id(arena, "acl", where); }
static Str gateway_id(Arena *arena, Partition where) { return derived_id(arena, "igw", where); }
static Str dhcp_options_id(Arena *arena, Partition where) { return derived_id(arena, "dopt", where); }
Str default_group_id(Arena *arena, Partition where) { return derived_id(arena, "sg", where); }

bool network_get(Turn *turn, Str id, Doc **out) {
    Arena *arena = turn_arena(turn);
    Partition where = turn_where(turn);
    const Str there[] = {vpc_id(arena, where),         subnet_id(arena, where),  route_table_id(arena, where),
                         network_acl_id(arena, where), gateway_id(arena, where), dhcp_options_id(arena, where)};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        if (!str_eq(id, there[i])) continue;
        if (!turn_get(turn, &EC2_NETWORK, id, out)) *out = doc_map(arena);
        return true;
    }
    return false;
}

// NULL: it has none.
static Doc *tags_given(Turn *turn, Str id) {
    Doc *kept;
    const Doc *tags = turn_get(turn, &EC2_NETWORK, id, &kept) ? doc_get(kept, "Tags") : NULL;
    return doc_count(tags) ? doc_copy(turn_arena(turn), tags) : NULL;
}

static Doc *tags_or_none(Turn *turn, Str id) {
    Doc *tags = tags_given(turn, id);
    return tags ? tags : doc_list(turn_arena(turn));
}

// A part of the network, and how a request and its reply name it.
typedef struct Part {
    const char *ids, *id, *list, *absent, *what;
} Part;

// There is one of it: what asks for another is refused.
static Outcome tell_part(Turn *turn, const Call *call, const Part *part, Doc *thing, const Filterable *known, Doc **out, Error *e) {
    for (const Doc *asked = doc_first(doc_get(call->input, part->ids)); asked; asked = asked->next) {
        Str id = doc_str(asked, STR(""));
        if (!str_eq(id, doc_text(thing, part->id))) return no_such(e, part->absent, part->what, id), OUTCOME_ERROR;
    }
    return single_reply(turn, call, thing, part->ids, part->id, part->list, known, out, e);
}

static Doc *block_association(Arena *arena, Partition where) {
    Doc *association = doc_map(arena), *state = doc_map(arena);
    doc_set_str(arena, state, "State", STR("associated"));
    doc_set_str(arena, association, "AssociationId", derived_id(arena, "vpc-cidr-assoc", where));
    doc_set_str(arena, association, "CidrBlock", STR(BLOCK));
    doc_set(association, "CidrBlockState", state);
    return association;
}

static Doc *open_to_gateways(Arena *arena) {
    Doc *states = doc_map(arena);
    doc_set_str(arena, states, "InternetGatewayBlockMode", STR("off"));
    return states;
}

Outcome describe_vpcs(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"vpc-id", "VpcId"},
                                       {"is-default", "IsDefault"},
                                       {"isDefault", "IsDefault"},
                                       {"cidr", "CidrBlock"},
                                       {"state", "State"},
                                       {"owner-id", "OwnerId"},
                                       {"dhcp-options-id", "DhcpOptionsId"},
                                       {"cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"},
                                       {"cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"},
                                       {"cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"},
                                       {"ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"},
                                       {"ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"},
                                       {"ipv6-cidr-block-association.ipv6-pool", "Ipv6CidrBlockAssociationSet.Ipv6Pool"},
                                       {"ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"},
                                       {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *vpc = doc_map(arena);
    doc_set_str(arena, vpc, "VpcId", vpc_id(arena, call->where));
    doc_set_str(arena, vpc, "CidrBlock", STR(BLOCK));
    doc_set_str(arena, vpc, "State", STR("available"));
    doc_set_str(arena, vpc, "OwnerId", call->where.account);
    doc_set_str(arena, vpc, "InstanceTenancy", STR("default"));
    doc_set_bool(arena, vpc, "IsDefault", true);
    doc_set(vpc, "CidrBlockAssociationSet", doc_list(arena));
    doc_push(doc_get(vpc, "CidrBlockAssociationSet"), block_association(arena, call->where));
    doc_set_str(arena, vpc, "DhcpOptionsId", dhcp_options_id(arena, call->where));
    doc_set(vpc, "BlockPublicAccessStates", open_to_gateways(arena));
    doc_set(vpc, "Tags", tags_given(turn, doc_text(vpc, "VpcId")));
    static const Part PART = {"VpcIds", "VpcId", "Vpcs", "InvalidVpcID.NotFound", "vpc ID"};
    return tell_part(turn, call, &PART, vpc, KNOWN, out, e);
}

Outcome describe_subnets(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {
        {"vpc-id", "VpcId"},
        {"subnet-id", "SubnetId"},
        {"availability-zone", "AvailabilityZone"},
        {"availabilityZone", "AvailabilityZone"},
        {"availability-zone-id", "AvailabilityZoneId"},
        {"availabilityZoneId", "AvailabilityZoneId"},
        {"available-ip-address-count", "AvailableIpAddressCount"},
        {"cidr", "CidrBlock"},
        {"cidr-block", "CidrBlock"},
        {"cidrBlock", "CidrBlock"},
        {"owner-id", "OwnerId"},
        {"subnet-arn", "SubnetArn"},
        {"ipv6-native", "Ipv6Native"},
        {"enable-dns64", "EnableDns64"},
        {"defaultForAz", "DefaultForAz"},
        {"default-for-az", "DefaultForAz"},
        {"map-public-ip-on-launch", "MapPublicIpOnLaunch"},
        {"map-customer-owned-ip-on-launch", "MapCustomerOwnedIpOnLaunch"},
        {"customer-owned-ipv4-pool", "CustomerOwnedIpv4Pool"},
        {"enable-lni-at-device-index", "EnableLniAtDeviceIndex"},
        {"outpost-arn", "OutpostArn"},
        {"private-dns-name-options-on-launch.enable-resource-name-dns-a-record", "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord"},
        {"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord"},
        {"private-dns-name-options-on-launch.hostname-type", "PrivateDnsNameOptionsOnLaunch.HostnameType"},
        {"ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"},
        {"ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"},
        {"ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"},
        {"state", "State"},
        {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *subnet = doc_map(arena);
    Str id = subnet_id(arena, call->where);
    doc_set_str(arena, subnet, "SubnetId", id);
    doc_set_str(arena, subnet, "SubnetArn",
                str_format(arena, "arn:aws:ec2:%.*s:%.*s:subnet/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account), STR_ARG(id)));
    doc_set_str(arena, subnet, "VpcId", vpc_id(arena, call->where));
    doc_set_str(arena, subnet, "CidrBlock", STR(BLOCK));
    doc_set_str(arena, subnet, "AvailabilityZone", zone_of(arena, call->where));
    doc_set_str(arena, subnet, "State", STR("available"));
    doc_set_str(arena, subnet, "OwnerId", call->where.account);
    doc_set_int(arena, subnet, "AvailableIpAddressCount", 250);
    doc_set_bool(arena, subnet, "DefaultForAz", true);
    doc_set_bool(arena, subnet, "MapPublicIpOnLaunch", true);
    doc_set_bool(arena, subnet, "MapCustomerOwnedIpOnLaunch", false);
    doc_set_bool(arena, subnet, "AssignIpv6AddressOnCreation", false);
    doc_set_bool(arena, subnet, "EnableDns64", false);
    doc_set_bool(arena, subnet, "Ipv6Native", false);
    doc_set(subnet, "Ipv6CidrBlockAssociationSet", doc_list(arena));
    doc_set_str(arena, subnet, "AvailabilityZoneId", zone_id_of(arena, call->where));
    doc_set(subnet, "PrivateDnsNameOptionsOnLaunch", name_options(arena));
    doc_set(subnet, "BlockPublicAccessStates", open_to_gateways(arena));
    doc_set(subnet, "Tags", tags_given(turn, id));
    static const Part PART = {"SubnetIds", "SubnetId", "Subnets", "InvalidSubnetID.NotFound", "subnet ID"};
    return tell_part(turn, call, &PART, subnet, KNOWN, out, e);
}

// What holds for every default VPC: names are resolved and instances have public ones.
Outcome describe_vpc_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const struct {
        const char *asked, *member;
        bool value;
    } ATTRIBUTES[] = {{"enableDnsSupport", "EnableDnsSupport", true},
                      {"enableDnsHostnames", "EnableDnsHostnames", true},
                      {"enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", false}};
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *value = doc_map(arena);
    Str id = doc_text(call->input, "VpcId");
    if (!str_eq(id, vpc_id(arena, call->where))) return no_such(e, "InvalidVpcID.NotFound", "vpc ID", id), OUTCOME_ERROR;
    doc_set_str(arena, reply, "VpcId", id);
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++) {
        if (!str_is(doc_text(call->input, "Attribute"), ATTRIBUTES[i].asked)) continue;
        doc_set_bool(arena, value, "Value", ATTRIBUTES[i].value);
        doc_set(reply, ATTRIBUTES[i].member, value);
    }
    *out = reply;
    return OUTCOME_DONE;
}

static Doc *route_to(Arena *arena, const char *block, Str gateway, const char *origin) {
    Doc *route = doc_map(arena);
    doc_set_str(arena, route, "DestinationCidrBlock", str_of(block));
    doc_set_str(arena, route, "GatewayId", gateway);
    doc_set_str(arena, route, "Origin", str_of(origin));
    doc_set_str(arena, route, "State", STR("active"));
    return route;
}

static Doc *main_association(Arena *arena, Partition where, Str table_id) {
    Doc *association = doc_map(arena), *state = doc_map(arena);
    doc_set_str(arena, state, "State", STR("associated"));
    doc_set_bool(arena, association, "Main", true);
    doc_set_str(arena, association, "RouteTableAssociationId", derived_id(arena, "rtbassoc", where));
    doc_set_str(arena, association, "RouteTableId", table_id);
    doc_set(association, "AssociationState", state);
    return association;
}

static Doc *main_route_table(Arena *arena, Partition where) {
    Doc *table = doc_map(arena), *associations = doc_list(arena), *routes = doc_list(arena);
    Str id = route_table_id(arena, where);
    doc_push(associations, main_association(arena, where, id));
    doc_push(routes, route_to(arena, BLOCK, STR("local"), "CreateRouteTable"));
    doc_push(routes, route_to(arena, "0.0.0.0/0", gateway_id(arena, where), "CreateRoute"));
    doc_set(table, "Associations", associations);
    doc_set(table, "PropagatingVgws", doc_list(arena));
    doc_set_str(arena, table, "RouteTableId", id);
    doc_set(table, "Routes", routes);
    doc_set_str(arena, table, "VpcId", vpc_id(arena, where));
    doc_set_str(arena, table, "OwnerId", where.account);
    return table;
}

Outcome describe_route_tables(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"vpc-id", "VpcId"},
                                       {"route-table-id", "RouteTableId"},
                                       {"owner-id", "OwnerId"},
                                       {"association.main", "Associations.Main"},
                                       {"association.gateway-id", "Associations.GatewayId"},
                                       {"association.route-table-association-id", "Associations.RouteTableAssociationId"},
                                       {"association.route-table-id", "Associations.RouteTableId"},
                                       {"association.subnet-id", "Associations.SubnetId"},
                                       {"route.destination-cidr-block", "Routes.DestinationCidrBlock"},
                                       {"route.destination-ipv6-cidr-block", "Routes.DestinationIpv6CidrBlock"},
                                       {"route.destination-prefix-list-id", "Routes.DestinationPrefixListId"},
                                       {"route.egress-only-internet-gateway-id", "Routes.EgressOnlyInternetGatewayId"},
                                       {"route.gateway-id", "Routes.GatewayId"},
                                       {"route.instance-id", "Routes.InstanceId"},
                                       {"route.nat-gateway-id", "Routes.NatGatewayId"},
                                       {"route.transit-gateway-id", "Routes.TransitGatewayId"},
                                       {"route.vpc-peering-connection-id", "Routes.VpcPeeringConnectionId"},
                                       {"route.origin", "Routes.Origin"},
                                       {"route.state", "Routes.State"},
                                       {NULL, NULL}};
    Doc *table = main_route_table(call->arena, call->where);
    doc_set(table, "Tags", tags_or_none(turn, doc_text(table, "RouteTableId")));
    static const Part PART = {"RouteTableIds", "RouteTableId", "RouteTables", "InvalidRouteTableID.NotFound", "routeTable ID"};
    return tell_part(turn, call, &PART, table, KNOWN, out, e);
}

static Doc *acl_entry(Arena *arena, bool egress, bool allow) {
    Doc *entry = doc_map(arena);
    doc_set_str(arena, entry, "CidrBlock", STR("0.0.0.0/0"));
    doc_set_bool(arena, entry, "Egress", egress);
    doc_set_str(arena, entry, "Protocol", STR("-1"));
    doc_set_str(arena, entry, "RuleAction", allow ? STR("allow") : STR("deny"));
    doc_set_int(arena, entry, "RuleNumber", allow ? 100 : 32767);
    return entry;
}

static Doc *default_acl(Arena *arena, Partition where) {
    Doc *acl = doc_map(arena), *associations = doc_list(arena), *association = doc_map(arena), *entries = doc_list(arena);
    Str id = network_acl_id(arena, where);
    doc_set_str(arena, association, "NetworkAclAssociationId", derived_id(arena, "aclassoc", where));
    doc_set_str(arena, association, "NetworkAclId", id);
    doc_set_str(arena, association, "SubnetId", subnet_id(arena, where));
    doc_push(associations, association);
    for (int i = 0; i < 4; i++) doc_push(entries, acl_entry(arena, i < 2, i % 2 == 0));
    doc_set(acl, "Associations", associations);
    doc_set(acl, "Entries", entries);
    doc_set_bool(arena, acl, "IsDefault", true);
    doc_set_str(arena, acl, "NetworkAclId", id);
    doc_set_str(arena, acl, "VpcId", vpc_id(arena, where));
    doc_set_str(arena, acl, "OwnerId", where.account);
    return acl;
}

Outcome describe_network_acls(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"vpc-id", "VpcId"},
                                       {"network-acl-id", "NetworkAclId"},
                                       {"owner-id", "OwnerId"},
                                       {"default", "IsDefault"},
                                       {"association.association-id", "Associations.NetworkAclAssociationId"},
                                       {"association.network-acl-id", "Associations.NetworkAclId"},
                                       {"association.subnet-id", "Associations.SubnetId"},
                                       {"entry.cidr", "Entries.CidrBlock"},
                                       {"entry.icmp.code", "Entries.IcmpTypeCode.Code"},
                                       {"entry.icmp.type", "Entries.IcmpTypeCode.Type"},
                                       {"entry.ipv6-cidr", "Entries.Ipv6CidrBlock"},
                                       {"entry.port-range.from", "Entries.PortRange.From"},
                                       {"entry.port-range.to", "Entries.PortRange.To"},
                                       {"entry.protocol", "Entries.Protocol"},
                                       {"entry.rule-action", "Entries.RuleAction"},
                                       {"entry.egress", "Entries.Egress"},
                                       {"entry.rule-number", "Entries.RuleNumber"},
                                       {NULL, NULL}};
    Doc *acl = default_acl(call->arena, call->where);
    doc_set(acl, "Tags", tags_or_none(turn, doc_text(acl, "NetworkAclId")));
    static const Part PART = {"NetworkAclIds", "NetworkAclId", "NetworkAcls", "InvalidNetworkAclID.NotFound", "networkAcl ID"};
    return tell_part(turn, call, &PART, acl, KNOWN, out, e);
}

Outcome describe_internet_gateways(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"internet-gateway-id", "InternetGatewayId"},
                                       {"owner-id", "OwnerId"},
                                       {"attachment.state", "Attachments.State"},
                                       {"attachment.vpc-id", "Attachments.VpcId"},
                                       {NULL, NULL}};
    static const Part PART = {"InternetGatewayIds", "InternetGatewayId", "InternetGateways", "InvalidInternetGatewayID.NotFound",
                              "internetGateway ID"};
    Arena *arena = call->arena;
    Doc *gateway = doc_map(arena), *attachments = doc_list(arena), *attachment = doc_map(arena);
    Str id = gateway_id(arena, call->where);
    doc_set_str(arena, attachment, "State", STR("available"));
    doc_set_str(arena, attachment, "VpcId", vpc_id(arena, call->where));
    doc_push(attachments, attachment);
    doc_set(gateway, "Attachments", attachments);
    doc_set_str(arena, gateway, "InternetGatewayId", id);
    doc_set_str(arena, gateway, "OwnerId", call->where.account);
    doc_set(gateway, "Tags", tags_or_none(turn, id));
    return tell_part(turn, call, &PART, gateway, KNOWN, out, e);
}

Str private_domain(Arena *arena, Partition where) {
    return str_is(where.region, "us-east-1") ? STR("ec2.internal") : str_cat(arena, where.region, STR(".compute.internal"));
}

static Doc *dhcp_setting(Arena *arena, const char *key, Str value) {
    Doc *setting = doc_map(arena), *values = doc_list(arena), *one = doc_map(arena);
    doc_set_str(arena, one, "Value", value);
    doc_push(values, one);
    doc_set_str(arena, setting, "Key", str_of(key));
    doc_set(setting, "Values", values);
    return setting;
}

Outcome describe_dhcp_options(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"dhcp-options-id", "DhcpOptionsId"},
                                       {"owner-id", "OwnerId"},
                                       {"key", "DhcpConfigurations.Key"},
                                       {"value", "DhcpConfigurations.Values.Value"},
                                       {NULL, NULL}};
    static const Part PART = {"DhcpOptionsIds", "DhcpOptionsId", "DhcpOptions", "InvalidDhcpOptionID.NotFound", "dhcpOption ID"};
    Arena *arena = call->arena;
    Doc *options = doc_map(arena), *settings = doc_list(arena);
    Str id = dhcp_options_id(arena, call->where);
    doc_push(settings, dhcp_setting(arena, "domain-name", private_domain(arena, call->where)));
    doc_push(settings, dhcp_setting(arena, "domain-name-servers", STR("AmazonProvidedDNS")));
    doc_set(options, "DhcpConfigurations", settings);
    doc_set_str(arena, options, "DhcpOptionsId", id);
    doc_set_str(arena, options, "OwnerId", call->where.account);
    doc_set(options, "Tags", tags_or_none(turn, id));
    return tell_part(turn, call, &PART, options, KNOWN, out, e);
}
