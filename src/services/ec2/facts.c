// Facts of an account that nobody made: zones, regions and the images to choose from.
#include "services/ec2/ec2.h"

const DocumentType EC2_IMAGE = {.name = "ec2.image"}; // the tags that an account gave to a public image

Str zone_of(Arena *arena, Partition where) { return str_cat(arena, where.region, STR("a")); }

// use1-az1: the area, the direction's first letters and the number of the region.
Str zone_id_of(Arena *arena, Partition where) {
    static const struct {
        const char *word, *letters;
    } DIRECTIONS[] = {{"northeast", "ne"}, {"southeast", "se"}, {"northwest", "nw"}, {"southwest", "sw"}, {"north", "n"},
                      {"south", "s"},      {"east", "e"},       {"west", "w"},       {"central", "c"}};
    Str rest = where.region, area = str_cut(&rest, '-'), number = str_from(rest, (size_t)(str_rfind_char(rest, '-') + 1));
    for (size_t i = 0; i < sizeof DIRECTIONS / sizeof *DIRECTIONS; i++) {
        if (str_starts(rest, str_of(DIRECTIONS[i].word)))
            return str_format(arena, "%.*s%s%.*s-az1", STR_ARG(area), DIRECTIONS[i].letters, STR_ARG(number));
    }
    return str_cat(arena, where.region, STR("-az1"));
}

// Instances share the host's programs, whatever image they ask for: the images differ by what is told of them only.
static const struct {
    const char *id, *name, *description, *owner, *root_device, *volume_type, *sriov;
    bool uefi, tokens; // uefi-preferred; IMDSv2 alone
} IMAGES[] = {
    {"ami-0a1b2c3d4e5f60001", "al2023-ami-2023.6.20250101.0-kernel-6.1-x86_64", "Amazon Linux 2023 AMI 2023.6.20250101.0 x86_64 HVM kernel-6.1",
     "137112412989", "/dev/xvda", "gp3", "simple", true, true},
    {"ami-0a1b2c3d4e5f60002", "amzn2-ami-kernel-5.10-hvm-2.0.20250101.0-x86_64-gp2", "Amazon Linux 2 Kernel 5.10 AMI 2.0.20250101.0 x86_64 HVM gp2",
     "137112412989", "/dev/xvda", "gp2", "simple", false, false},
    {"ami-0a1b2c3d4e5f60003", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250101", "Canonical, Ubuntu, 24.04, amd64 noble image",
     "099720109477", "/dev/sda1", "gp3", "simple", true, true},
    {"ami-0a1b2c3d4e5f60004", "debian-12-amd64-20250101-0000", "Debian 12 (20250101-0000)", "136693071363", "/dev/xvda", "gp3", "simple", true, true},
};
enum { IMAGE_COUNT = sizeof IMAGES / sizeof *IMAGES };

static size_t image_index(Str image_id) {
    size_t i = 0;
    while (i < IMAGE_COUNT && !str_is(image_id, IMAGES[i].id)) i++;
    return i;
}

Str image_root_device(Str image_id) {
    size_t i = image_index(image_id);
    return str_of(IMAGES[i < IMAGE_COUNT ? i : 0].root_device);
}

bool image_boots_by_uefi(Str image_id) {
    size_t i = image_index(image_id);
    return i < IMAGE_COUNT && IMAGES[i].uefi;
}

bool image_wants_tokens(Str image_id) {
    size_t i = image_index(image_id);
    return i < IMAGE_COUNT && IMAGES[i].tokens;
}

Str image_snapshot(Arena *arena, Str image_id) {
    return str_format(arena, "snap-0%016llx", (unsigned long long)str_hash(str_cat(arena, STR("snapshot/"), image_id)));
}

static Doc *image_devices(Arena *arena, size_t index) {
    Doc *list = doc_list(arena), *device = doc_map(arena), *ebs = doc_map(arena);
    doc_set_bool(arena, ebs, "DeleteOnTermination", true);
    if (strcmp(IMAGES[index].volume_type, "gp3") == 0) {
        doc_set_int(arena, ebs, "Iops", 3000);
        doc_set_int(arena, ebs, "Throughput", 125);
    }
    doc_set_str(arena, ebs, "SnapshotId", image_snapshot(arena, str_of(IMAGES[index].id)));
    doc_set_int(arena, ebs, "VolumeSize", IMAGE_VOLUME_GIB);
    doc_set_str(arena, ebs, "VolumeType", str_of(IMAGES[index].volume_type));
    doc_set_bool(arena, ebs, "Encrypted", false);
    doc_set_str(arena, device, "DeviceName", str_of(IMAGES[index].root_device));
    doc_set(device, "Ebs", ebs);
    doc_push(list, device);
    return list;
}

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
    doc_set_str(arena, image, "RootDeviceName", str_of(IMAGES[index].root_device));
    doc_set(image, "BlockDeviceMappings", image_devices(arena, index));
    doc_set_str(arena, image, "UsageOperation", STR("RunInstances"));
    doc_set_str(arena, image, "SriovNetSupport", str_of(IMAGES[index].sriov));
    if (IMAGES[index].uefi) doc_set_str(arena, image, "BootMode", STR("uefi-preferred"));
    if (IMAGES[index].tokens) doc_set_str(arena, image, "ImdsSupport", STR("v2.0"));
    doc_set_str(arena, image, "DeregistrationProtection", STR("disabled"));
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
    size_t i = image_index(image_id);
    return i < IMAGE_COUNT ? image_at(arena, i) : NULL;
}

// ---- Handlers ----

static bool is_owned(const Doc *owners, const Doc *image, Str account) {
    for (const Doc *owner = doc_first(owners); owner; owner = owner->next) {
        Str wanted = doc_str(owner, STR(""));
        if (str_is(wanted, "self")) wanted = account;
        if (str_eq(wanted, doc_text(image, "OwnerId")) || str_eq(wanted, doc_text(image, "ImageOwnerAlias"))) return true;
    }
    return doc_count(owners) == 0;
}

// With whom an image may be started: everybody; none is shared with an account of its own.
static bool is_shared(const Doc *users) {
    for (const Doc *user = doc_first(users); user; user = user->next) {
        if (str_is(doc_str(user, STR("")), "all")) return true;
    }
    return doc_count(users) == 0;
}

// Those that this account gave it. NULL: none.
static Doc *image_tags(Turn *turn, Str id) {
    const Doc *tags = tags_of(turn, id);
    return doc_count(tags) ? doc_copy(turn_arena(turn), tags) : NULL;
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
                                       {"block-device-mapping.device-name", "BlockDeviceMappings.DeviceName"},
                                       {"block-device-mapping.volume-type", "BlockDeviceMappings.Ebs.VolumeType"},
                                       {"block-device-mapping.volume-size", "BlockDeviceMappings.Ebs.VolumeSize"},
                                       {"block-device-mapping.snapshot-id", "BlockDeviceMappings.Ebs.SnapshotId"},
                                       {"block-device-mapping.delete-on-termination", "BlockDeviceMappings.Ebs.DeleteOnTermination"},
                                       {"block-device-mapping.encrypted", "BlockDeviceMappings.Ebs.Encrypted"},
                                       {"creation-date", "CreationDate"},
                                       {"ena-support", "EnaSupport"},
                                       {"hypervisor", "Hypervisor"},
                                       {"manifest-location", "ImageLocation"},
                                       {"kernel-id", "KernelId"},
                                       {"ramdisk-id", "RamdiskId"},
                                       {"platform", "Platform"},
                                       {"product-code", "ProductCodes.ProductCodeId"},
                                       {"product-code.type", "ProductCodes.ProductCodeType"},
                                       {"source-image-id", "SourceImageId"},
                                       {"source-image-region", "SourceImageRegion"},
                                       {"source-instance-id", "SourceInstanceId"},
                                       {"state-reason-code", "StateReason.Code"},
                                       {"state-reason-message", "StateReason.Message"},
                                       {"platform-details", "PlatformDetails"},
                                       {"root-device-name", "RootDeviceName"},
                                       {"sriov-net-support", "SriovNetSupport"},
                                       {"usage-operation", "UsageOperation"},
                                       {"boot-mode", "BootMode"},
                                       {"imds-support", "ImdsSupport"},
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
    for (size_t i = 0; i < IMAGE_COUNT; i++) {
        bool matches;
        Doc *image = image_at(arena, i);
        doc_set(image, "Tags", image_tags(turn, doc_text(image, "ImageId")));
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, image, &matches, e));
        matches = matches && is_owned(doc_get(call->input, "Owners"), image, call->where.account);
        matches = matches && is_shared(doc_get(call->input, "ExecutableUsers"));
        if (matches && is_asked(ids, doc_text(image, "ImageId"))) doc_push(images, image);
    }
    CALL_TRY(page_reply(call, images, "Images", (PageRule){1, 1000, "ImageId", doc_count(ids) ? "imagesSet" : NULL}, out, e));
    return OUTCOME_DONE;
}

Outcome describe_availability_zones(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"zone-name", "ZoneName"},
                                       {"zone-id", "ZoneId"},
                                       {"region-name", "RegionName"},
                                       {"state", "State"},
                                       {"message", "Messages.Message"},
                                       {"group-name", "GroupName"},
                                       {"group-long-name", "GroupLongName"},
                                       {"opt-in-status", "OptInStatus"},
                                       {"zone-type", "ZoneType"},
                                       {"parent-zone-id", "ParentZoneId"},
                                       {"parent-zone-name", "ParentZoneName"},
                                       {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *zone = doc_map(arena);
    doc_set_str(arena, zone, "ZoneName", zone_of(arena, call->where));
    doc_set_str(arena, zone, "ZoneId", zone_id_of(arena, call->where));
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
    for (const Doc *id = doc_first(doc_get(call->input, "ZoneIds")); id; id = id->next) {
        if (!str_eq(doc_str(id, STR("")), doc_text(zone, "ZoneId")))
            return call_fail(e, "InvalidParameterValue", "Invalid availability zone-id: [%.*s]", STR_ARG(doc_str(id, STR(""))));
    }
    return single_reply(turn, call, zone, "ZoneNames", "ZoneName", "AvailabilityZones", KNOWN, out, e);
}

// The first ones are every account's; the others an account opts in to, which none has done here.
static const char *const REGIONS[] = {"ap-south-1",     "eu-north-1",     "eu-west-3",    "eu-west-2",      "eu-west-1",      "ap-northeast-3",
                                      "ap-northeast-2", "ap-northeast-1", "ca-central-1", "sa-east-1",      "ap-southeast-1", "ap-southeast-2",
                                      "eu-central-1",   "us-east-1",      "us-east-2",    "us-west-1",      "us-west-2",      "af-south-1",
                                      "ap-east-1",      "ap-east-2",      "ap-south-2",   "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
                                      "ap-southeast-7", "ca-west-1",      "eu-central-2", "eu-south-1",     "eu-south-2",     "il-central-1",
                                      "me-central-1",   "me-south-1",     "mx-central-1"};
enum { REGION_COUNT = sizeof REGIONS / sizeof *REGIONS, USUAL_REGIONS = 17 };

static Doc *region_at(Arena *arena, size_t index) {
    Doc *region = doc_map(arena);
    doc_set_str(arena, region, "RegionName", str_of(REGIONS[index]));
    doc_set_str(arena, region, "Endpoint", str_format(arena, "ec2.%s.amazonaws.com", REGIONS[index]));
    doc_set_str(arena, region, "OptInStatus", index < USUAL_REGIONS ? STR("opt-in-not-required") : STR("not-opted-in"));
    return region;
}

static bool check_regions(const Doc *names, Error *e) {
    for (const Doc *name = doc_first(names); name; name = name->next) {
        bool known = false;
        for (size_t i = 0; i < REGION_COUNT; i++) known = known || str_is(doc_str(name, STR("")), REGIONS[i]);
        if (!known) return fail(e, "InvalidParameterValue", "Invalid region: [%.*s]", STR_ARG(doc_str(name, STR(""))));
    }
    return true;
}

Outcome describe_regions(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"region-name", "RegionName"}, {"endpoint", "Endpoint"}, {"opt-in-status", "OptInStatus"}, {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *reply = doc_map(arena), *regions = doc_list(arena);
    const Doc *names = doc_get(call->input, "RegionNames");
    CALL_TRY(check_regions(names, e));
    bool all = doc_count(names) || doc_flag(call->input, "AllRegions", false);
    for (size_t i = 0; i < (all ? REGION_COUNT : USUAL_REGIONS); i++) {
        bool matches;
        Doc *region = region_at(arena, i);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, region, &matches, e));
        if (matches && is_asked(names, doc_text(region, "RegionName"))) doc_push(regions, region);
    }
    doc_set(reply, "Regions", regions);
    *out = reply;
    return OUTCOME_DONE;
}

// There are none: nobody logs in to an instance by SSH here.
Outcome describe_key_pairs(Turn *turn, const Call *call, Doc **out, Error *e) {
    const Doc *name = doc_first(doc_get(call->input, "KeyNames")), *id = doc_first(doc_get(call->input, "KeyPairIds"));
    if (!name) name = id;
    if (name) return call_fail(e, "InvalidKeyPair.NotFound", "The key pair '%.*s' does not exist", STR_ARG(doc_str(name, STR(""))));
    Doc *reply = doc_map(call->arena);
    doc_set(reply, "KeyPairs", doc_list(call->arena));
    *out = reply;
    return OUTCOME_DONE;
}

// ---- DescribeAccountAttributes ----

static void add_attribute(const Call *call, const char *name, Str value, Doc *list) {
    Arena *arena = call->arena;
    Doc *attribute = doc_map(arena), *values = doc_list(arena), *one = doc_map(arena);
    if (!is_asked(doc_get(call->input, "AttributeNames"), str_of(name))) return;
    doc_set_str(arena, one, "AttributeValue", value);
    doc_push(values, one);
    doc_set_str(arena, attribute, "AttributeName", str_of(name));
    doc_set(attribute, "AttributeValues", values);
    doc_push(list, attribute);
}

Outcome describe_account_attributes(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *list = doc_list(call->arena);
    add_attribute(call, "vpc-max-security-groups-per-interface", STR("5"), list);
    add_attribute(call, "max-instances", STR("20"), list);
    add_attribute(call, "supported-platforms", STR("VPC"), list);
    add_attribute(call, "default-vpc", vpc_id(call->arena, call->where), list);
    add_attribute(call, "max-elastic-ips", STR("5"), list);
    add_attribute(call, "vpc-max-elastic-ips", STR("5"), list);
    *out = doc_map(call->arena);
    doc_set(*out, "AccountAttributes", list);
    return OUTCOME_DONE;
}
