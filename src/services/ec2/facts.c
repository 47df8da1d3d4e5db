// Facts of an account that nobody made: its default VPC and subnet, zones, the images and instance types to choose from. Ids are derived from account and region.
#include "services/ec2/ec2.h"

static Str derived_id(Arena *arena, const char *prefix, Partition where) {
    uint64_t hash = str_hash(str_format(arena, "%s/%.*s/%.*s", prefix, STR_ARG(where.account), STR_ARG(where.region)));
    return str_format(arena, "%s-0%016llx", prefix, (unsigned long long)hash);
}

Str vpc_id(Arena *arena, Partition where) { return derived_id(arena, "vpc", where); }
Str subnet_id(Arena *arena, Partition where) { return derived_id(arena, "subnet", where); }
Str default_group_id(Arena *arena, Partition where) { return derived_id(arena, "sg", where); }
Str zone_of(Arena *arena, Partition where) { return str_cat(arena, where.region, STR("a")); }

// Instances share the host's programs, whatever image they ask for: the images differ by their default user and name only.
static const struct {
    const char *id, *name, *description, *owner;
} IMAGES[] = {
    {"ami-0a1b2c3d4e5f60001", "al2023-ami-2023.6.20250101.0-kernel-6.1-x86_64", "Amazon Linux 2023 AMI", "137112412989"},
    {"ami-0a1b2c3d4e5f60002", "amzn2-ami-kernel-5.10-hvm-2.0.20250101.0-x86_64-gp2", "Amazon Linux 2 AMI", "137112412989"},
    {"ami-0a1b2c3d4e5f60003", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250101", "Ubuntu 24.04", "099720109477"},
    {"ami-0a1b2c3d4e5f60004", "debian-12-amd64-20250101-0000", "Debian 12", "136693071363"},
};

static Doc *image_at(Arena *arena, size_t index) {
    Doc *image = doc_map(arena);
    doc_set_str(arena, image, "ImageId", str_of(IMAGES[index].id));
    doc_set_str(arena, image, "Name", str_of(IMAGES[index].name));
    doc_set_str(arena, image, "Description", str_of(IMAGES[index].description));
    doc_set_str(arena, image, "OwnerId", str_of(IMAGES[index].owner));
    doc_set_str(arena, image, "ImageLocation", str_format(arena, "amazon/%s", IMAGES[index].name));
    doc_set_str(arena, image, "ImageOwnerAlias", STR("amazon"));
    doc_set_str(arena, image, "State", STR("available"));
    doc_set_str(arena, image, "Architecture", STR("x86_64"));
    doc_set_str(arena, image, "ImageType", STR("machine"));
    doc_set_str(arena, image, "RootDeviceName", STR("/dev/xvda"));
    doc_set_str(arena, image, "RootDeviceType", STR("ebs"));
    doc_set_str(arena, image, "VirtualizationType", STR("hvm"));
    doc_set_str(arena, image, "Hypervisor", STR("xen"));
    doc_set_str(arena, image, "PlatformDetails", STR("Linux/UNIX"));
    doc_set_str(arena, image, "CreationDate", STR("2025-01-01T00:00:00.000Z"));
    doc_set_bool(arena, image, "Public", true);
    doc_set_bool(arena, image, "EnaSupport", true);
    return image;
}

const Doc *image_doc(Arena *arena, Partition where, Str image_id) {
    for (size_t i = 0; i < sizeof IMAGES / sizeof *IMAGES; i++) {
        if (str_is(image_id, IMAGES[i].id)) return image_at(arena, i);
    }
    return NULL;
}

static const struct {
    const char *name;
    int64_t cores, memory_mib;
} TYPES[] = {
    {"t2.nano", 1, 512},     {"t2.micro", 1, 1024}, {"t2.small", 1, 2048},  {"t2.medium", 2, 4096}, {"t2.large", 2, 8192},   {"t3.nano", 2, 512},
    {"t3.micro", 2, 1024},   {"t3.small", 2, 2048}, {"t3.medium", 2, 4096}, {"t3.large", 2, 8192},  {"t3.xlarge", 4, 16384}, {"m5.large", 2, 8192},
    {"m5.xlarge", 4, 16384}, {"c5.large", 2, 4096}, {"c5.xlarge", 4, 8192}, {"m1.small", 1, 1740},
};

bool instance_type_known(Str type) { return instance_type_memory_mib(type) > 0; }

int64_t instance_type_memory_mib(Str type) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (str_is(type, TYPES[i].name)) return TYPES[i].memory_mib;
    }
    return 0;
}

// ---- Handlers ----

static bool is_asked(const Doc *ids, Str id) {
    if (doc_count(ids) == 0) return true;
    for (const Doc *one = doc_first(ids); one; one = one->next) {
        if (str_eq(doc_str(one, STR_NONE), id)) return true;
    }
    return false;
}

static Outcome single(Turn *turn, const Call *call, Doc *thing, const char *ids, const char *id, const char *list, const Filterable *known, Doc **out,
                      Error *e) {
    bool matches;
    Doc *things = doc_list(call->arena);
    CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), known, thing, &matches, e));
    if (matches && is_asked(doc_get(call->input, ids), doc_text(thing, id))) doc_push(things, thing);
    CALL_TRY(page_reply(call, things, list, (PageRule){5, 1000, id, NULL}, out, e));
    return OUTCOME_DONE;
}

static bool all_exist(const Doc *ids, Str there, const char *code, const char *what, Error *e) {
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        if (!str_eq(doc_str(id, STR_NONE), there)) return no_such(e, code, what, doc_str(id, STR("")));
    }
    return true;
}

static Doc *block_association(Arena *arena, Partition where) {
    Doc *association = doc_map(arena), *state = doc_map(arena);
    doc_set_str(arena, state, "State", STR("associated"));
    doc_set_str(arena, association, "AssociationId", derived_id(arena, "vpc-cidr-assoc", where));
    doc_set_str(arena, association, "CidrBlock", STR("10.0.0.0/24"));
    doc_set(association, "CidrBlockState", state);
    return association;
}

Outcome describe_vpcs(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"vpc-id", "VpcId"},   {"is-default", "IsDefault"}, {"isDefault", "IsDefault"},
                                       {"cidr", "CidrBlock"}, {"state", "State"},          {"owner-id", "OwnerId"},
                                       {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *vpc = doc_map(arena);
    doc_set_str(arena, vpc, "VpcId", vpc_id(arena, call->where));
    doc_set_str(arena, vpc, "CidrBlock", STR("10.0.0.0/24"));
    doc_set_str(arena, vpc, "State", STR("available"));
    doc_set_str(arena, vpc, "OwnerId", call->where.account);
    doc_set_str(arena, vpc, "InstanceTenancy", STR("default"));
    doc_set_bool(arena, vpc, "IsDefault", true);
    doc_set(vpc, "CidrBlockAssociationSet", doc_list(arena));
    doc_push(doc_get(vpc, "CidrBlockAssociationSet"), block_association(arena, call->where));
    doc_set(vpc, "Tags", doc_list(arena));
    CALL_TRY(all_exist(doc_get(call->input, "VpcIds"), doc_text(vpc, "VpcId"), "InvalidVpcID.NotFound", "vpc ID", e));
    return single(turn, call, vpc, "VpcIds", "VpcId", "Vpcs", KNOWN, out, e);
}

Outcome describe_subnets(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"vpc-id", "VpcId"},
                                       {"subnet-id", "SubnetId"},
                                       {"availability-zone", "AvailabilityZone"},
                                       {"default-for-az", "DefaultForAz"},
                                       {"map-public-ip-on-launch", "MapPublicIpOnLaunch"},
                                       {"state", "State"},
                                       {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *subnet = doc_map(arena);
    Str id = subnet_id(arena, call->where);
    doc_set_str(arena, subnet, "SubnetId", id);
    doc_set_str(arena, subnet, "SubnetArn",
                str_format(arena, "arn:aws:ec2:%.*s:%.*s:subnet/%.*s", STR_ARG(call->where.region), STR_ARG(call->where.account), STR_ARG(id)));
    doc_set_str(arena, subnet, "VpcId", vpc_id(arena, call->where));
    doc_set_str(arena, subnet, "CidrBlock", STR("10.0.0.0/24"));
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
    doc_set(subnet, "Tags", doc_list(arena));
    CALL_TRY(all_exist(doc_get(call->input, "SubnetIds"), id, "InvalidSubnetID.NotFound", "subnet ID", e));
    return single(turn, call, subnet, "SubnetIds", "SubnetId", "Subnets", KNOWN, out, e);
}

static bool is_owned(const Doc *owners, const Doc *image, Str account) {
    for (const Doc *owner = doc_first(owners); owner; owner = owner->next) {
        Str wanted = doc_str(owner, STR(""));
        if (str_is(wanted, "self")) wanted = account;
        if (str_eq(wanted, doc_text(image, "OwnerId")) || str_eq(wanted, doc_text(image, "ImageOwnerAlias"))) return true;
    }
    return doc_count(owners) == 0;
}

Outcome describe_images(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"name", "Name"},
                                       {"architecture", "Architecture"},
                                       {"state", "State"},
                                       {"image-id", "ImageId"},
                                       {"owner-alias", "ImageOwnerAlias"},
                                       {"owner-id", "OwnerId"},
                                       {"root-device-type", "RootDeviceType"},
                                       {"virtualization-type", "VirtualizationType"},
                                       {"description", "Description"},
                                       {"image-type", "ImageType"},
                                       {"is-public", "Public"},
                                       {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *images = doc_list(arena);
    const Doc *ids = doc_get(call->input, "ImageIds");
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        CALL_TRY(check_id(doc_str(id, STR("")), "ami-", "InvalidAMIID.Malformed", e));
        if (!image_doc(arena, call->where, doc_str(id, STR_NONE))) {
            return call_fail(e, "InvalidAMIID.NotFound", "The image id '[%.*s]' does not exist", STR_ARG(doc_str(id, STR(""))));
        }
    }
    for (size_t i = 0; i < sizeof IMAGES / sizeof *IMAGES; i++) {
        bool matches;
        Doc *image = image_at(arena, i);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, image, &matches, e));
        matches = matches && is_owned(doc_get(call->input, "Owners"), image, call->where.account);
        if (matches && is_asked(ids, doc_text(image, "ImageId"))) doc_push(images, image);
    }
    CALL_TRY(page_reply(call, images, "Images", (PageRule){1, 1000, "ImageId", doc_count(ids) ? "imagesSet" : NULL}, out, e));
    return OUTCOME_DONE;
}

Outcome describe_availability_zones(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"zone-name", "ZoneName"},        {"region-name", "RegionName"}, {"state", "State"},
                                       {"opt-in-status", "OptInStatus"}, {"zone-type", "ZoneType"},     {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *zone = doc_map(arena);
    doc_set_str(arena, zone, "ZoneName", zone_of(arena, call->where));
    doc_set_str(arena, zone, "RegionName", call->where.region);
    doc_set_str(arena, zone, "State", STR("available"));
    doc_set_str(arena, zone, "OptInStatus", STR("opt-in-not-required"));
    doc_set_str(arena, zone, "ZoneType", STR("availability-zone"));
    doc_set_str(arena, zone, "GroupName", str_cat(arena, call->where.region, STR("-zg-1")));
    doc_set_str(arena, zone, "NetworkBorderGroup", call->where.region);
    doc_set(zone, "Messages", doc_list(arena));
    for (const Doc *name = doc_first(doc_get(call->input, "ZoneNames")); name; name = name->next) {
        if (!str_eq(doc_str(name, STR("")), doc_text(zone, "ZoneName")))
            return call_fail(e, "InvalidParameterValue", "Invalid availability zone: [%.*s]", STR_ARG(doc_str(name, STR(""))));
    }
    return single(turn, call, zone, "ZoneNames", "ZoneName", "AvailabilityZones", KNOWN, out, e);
}

Outcome describe_regions(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"region-name", "RegionName"}, {"endpoint", "Endpoint"}, {"opt-in-status", "OptInStatus"}, {NULL, NULL}};
    static const char *const REGIONS[] = {"us-east-1",    "us-east-2",  "us-west-1",      "us-west-2",      "eu-west-1",      "eu-west-2",
                                          "eu-central-1", "eu-north-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"};
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *regions = doc_list(arena);
    for (size_t i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++) {
        bool matches;
        Doc *region = doc_map(arena);
        doc_set_str(arena, region, "RegionName", str_of(REGIONS[i]));
        doc_set_str(arena, region, "Endpoint", str_format(arena, "ec2.%s.amazonaws.com", REGIONS[i]));
        doc_set_str(arena, region, "OptInStatus", STR("opt-in-not-required"));
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, region, &matches, e));
        if (matches && is_asked(doc_get(call->input, "RegionNames"), str_of(REGIONS[i]))) doc_push(regions, region);
    }
    doc_set(reply, "Regions", regions);
    *out = reply;
    return OUTCOME_DONE;
}

static Doc *type_doc(Arena *arena, size_t index) {
    Doc *type = doc_map(arena), *cpu = doc_map(arena), *memory = doc_map(arena);
    doc_set_str(arena, type, "InstanceType", str_of(TYPES[index].name));
    doc_set_bool(arena, type, "CurrentGeneration", TYPES[index].name[1] != '1');
    doc_set_int(arena, cpu, "DefaultVCpus", TYPES[index].cores);
    doc_set_int(arena, memory, "SizeInMiB", TYPES[index].memory_mib);
    doc_set(type, "VCpuInfo", cpu);
    doc_set(type, "MemoryInfo", memory);
    return type;
}

Outcome describe_instance_types(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"instance-type", "InstanceType"}, {"current-generation", "CurrentGeneration"}, {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *types = doc_list(arena);
    const Doc *asked = doc_get(call->input, "InstanceTypes");
    for (const Doc *type = doc_first(asked); type; type = type->next) {
        if (!instance_type_known(doc_str(type, STR(""))))
            return call_fail(e, "InvalidInstanceType", "The following supplied instance types do not exist: [%.*s]", STR_ARG(doc_str(type, STR(""))));
    }
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        bool matches;
        Doc *type = type_doc(arena, i);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, type, &matches, e));
        if (matches && is_asked(asked, str_of(TYPES[i].name))) doc_push(types, type);
    }
    CALL_TRY(page_reply(call, types, "InstanceTypes", (PageRule){5, 100, "InstanceType", NULL}, out, e));
    return OUTCOME_DONE;
}

// There are none: nobody logs in to an instance by SSH here.
Outcome describe_key_pairs(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *name = doc_first(doc_get(call->input, "KeyNames"));
    if (name) return call_fail(e, "InvalidKeyPair.NotFound", "The key pair '%.*s' does not exist", STR_ARG(doc_str(name, STR(""))));
    Doc *reply = doc_map(call->arena);
    doc_set(reply, "KeyPairs", doc_list(call->arena));
    *out = reply;
    return OUTCOME_DONE;
}
