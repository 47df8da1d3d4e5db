// RunInstances: from a request to instances that start.
#include "services/ec2/ec2.h"

#include "formats/json.h"

bool instance_profile(Turn *turn, const Doc *wanted, Doc **profile, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *input = doc_map(arena), *output = NULL;
    Str name = doc_text(wanted, "Name"), arn = doc_text(wanted, "Arn");
    if (!name.at && arn.at) name = str_from(arn, (size_t)str_rfind_char(arn, '/') + 1);
    doc_set_str(arena, input, "InstanceProfileName", name);
    Error missing = {0};
    if (!name.at || !turn_call(turn, principal_root(arena, turn_where(turn).account), "iam", "GetInstanceProfile", input, &output, &missing)) {
        return fail(e, "InvalidParameterValue", "Value (%.*s) for parameter iamInstanceProfile.%s is invalid. Invalid IAM Instance Profile %s",
                    STR_ARG(name.at ? name : STR("")), arn.at ? "arn" : "name", arn.at ? "ARN" : "name");
    }
    *profile = doc_get(output, "InstanceProfile");
    return true;
}

static Str profile_role(const Doc *profile) { return doc_text(doc_first(doc_get(profile, "Roles")), "Arn"); }

static bool add_group(Turn *turn, Doc *groups, Str id, Str name, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *group, *view = doc_map(arena);
    if (id.at && !id.len) return fail(e, "InvalidParameterValue", "Value () for parameter groupId is invalid. The value cannot be empty");
    if (id.at) TRY(check_id(id, "sg-", "InvalidGroupId.Malformed", e));
    if (!id.at) TRY(group_named(turn, name, &group, e));
    if (id.at && !group_get(turn, id, &group)) return no_such(e, "InvalidGroup.NotFound", "security group", id);
    doc_set_str(arena, view, "GroupId", doc_text(group, "GroupId"));
    doc_set_str(arena, view, "GroupName", doc_text(group, "GroupName"));
    doc_push(groups, view);
    return true;
}

bool wanted_groups(Turn *turn, const Doc *input, Doc **groups, Error *e) {
    Arena *arena = turn_arena(turn);
    *groups = doc_list(arena);
    const Doc *ids = doc_get(input, "SecurityGroupIds"), *interface = doc_first(doc_get(input, "NetworkInterfaces"));
    if (!doc_count(ids)) ids = doc_get(interface, "Groups");
    for (const Doc *id = doc_first(ids); id; id = id->next) TRY(add_group(turn, *groups, doc_str(id, STR("")), STR_NONE, e));
    for (const Doc *name = doc_first(doc_get(input, "SecurityGroups")); name; name = name->next)
        TRY(add_group(turn, *groups, STR_NONE, doc_str(name, STR("")), e));
    return doc_count(*groups) || add_group(turn, *groups, default_group_id(arena, turn_where(turn)), STR_NONE, e);
}

static Str private_name(Arena *arena, Partition where, int64_t number) {
    Str domain = private_domain(arena, where);
    return str_format(arena, "ip-10-0-0-%lld.%.*s", (long long)number, STR_ARG(domain));
}

static void add_network(Turn *turn, Doc *instance, int64_t number) {
    Arena *arena = turn_arena(turn);
    Partition where = turn_where(turn);
    doc_set_str(arena, instance, "PrivateIpAddress", str_format(arena, "10.0.0.%lld", (long long)number));
    doc_set_str(arena, instance, "PublicIpAddress", public_address(arena, turn_address_block(turn), number));
    doc_set_str(arena, instance, "PublicDnsName", doc_text(instance, "PublicIpAddress"));
    doc_set_str(arena, instance, "$publicAddress", doc_text(instance, "PublicIpAddress"));
    doc_set_str(arena, instance, "PrivateDnsName", private_name(arena, where, number));
    doc_set_int(arena, instance, "$number", number);
    doc_set_str(arena, instance, "SubnetId", subnet_id(arena, where));
    doc_set_str(arena, instance, "VpcId", vpc_id(arena, where));
    Doc *placement = doc_map(arena);
    doc_set_str(arena, placement, "AvailabilityZone", zone_of(arena, where));
    doc_set_str(arena, placement, "AvailabilityZoneId", zone_id_of(arena, where));
    doc_set_str(arena, placement, "Tenancy", STR("default"));
    doc_set_str(arena, placement, "GroupName", STR(""));
    doc_set(instance, "Placement", placement);
}

void instance_add_profile(Turn *turn, Doc *instance, const Doc *profile) {
    if (!profile) return;
    Arena *arena = turn_arena(turn);
    Doc *view = doc_map(arena);
    doc_set_str(arena, view, "Arn", doc_text(profile, "Arn"));
    doc_set_str(arena, view, "Id", doc_text(profile, "InstanceProfileId"));
    doc_set(instance, "IamInstanceProfile", view);
    doc_set_str(arena, instance, "$role", profile_role(profile));
    doc_set_str(arena, instance, "$association", str_cat(arena, STR("iip-assoc-0"), id_hex(turn_ids(turn), arena, 16)));
}

// What every process of the instance finds in its environment: where the plane is, so that unmodified SDKs reach it.
static Doc *environment(Turn *turn) {
    Arena *arena = turn_arena(turn);
    Doc *env = doc_list(arena);
    doc_push_str(arena, env, str_format(arena, "AWS_ENDPOINT_URL=http://10.0.0.1:%u", turn_port(turn)));
    doc_push_str(arena, env, str_cat(arena, STR("AWS_REGION="), turn_where(turn).region));
    doc_push_str(arena, env, str_cat(arena, STR("AWS_DEFAULT_REGION="), turn_where(turn).region));
    return env;
}

// What an image without IMDSv2 support of its own leaves to the request: Amazon Linux 2 takes requests without a token unless told otherwise.
static void add_metadata_options(Arena *arena, Doc *instance, const Doc *input) {
    static const struct {
        const char *member, *usual;
    } OPTIONS[] = {{"HttpTokens", NULL}, {"HttpEndpoint", "enabled"}, {"HttpProtocolIpv6", "disabled"}, {"InstanceMetadataTags", "disabled"}};
    const Doc *asked = doc_get(input, "MetadataOptions");
    bool second = image_wants_tokens(doc_text(input, "ImageId"));
    Doc *options = doc_map(arena);
    doc_set_str(arena, options, "State", STR("applied"));
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        const char *usual = OPTIONS[i].usual ? OPTIONS[i].usual : second ? "required" : "optional";
        doc_set_str(arena, options, OPTIONS[i].member, doc_str(doc_get(asked, OPTIONS[i].member), str_of(usual)));
    }
    doc_set_int(arena, options, "HttpPutResponseHopLimit", doc_number(asked, "HttpPutResponseHopLimit", second ? 2 : 1));
    doc_set(instance, "MetadataOptions", options);
}

// What was chosen and is only shown (hardware.c), or asked for at need.
static void add_choices(Arena *arena, Doc *instance, const Doc *input) {
    const Doc *device = doc_first(doc_get(input, "BlockDeviceMappings")), *interface = doc_first(doc_get(input, "NetworkInterfaces"));
    doc_set(instance, "$volume", doc_copy(arena, doc_get(device, "Ebs")));
    doc_set(instance, "$interface", doc_copy(arena, interface));
    doc_set(instance, "$processors", doc_copy(arena, doc_get(input, "CpuOptions")));
    doc_set_str(arena, instance, "$credits", doc_text(doc_get(input, "CreditSpecification"), "CpuCredits"));
    doc_set_str(arena, instance, "$capacity", doc_text(doc_get(input, "CapacityReservationSpecification"), "CapacityReservationPreference"));
    doc_set_str(arena, instance, "$recovery", doc_text(doc_get(input, "MaintenanceOptions"), "AutoRecovery"));
    doc_set_str(arena, instance, "$shutdown", doc_str(doc_get(input, "InstanceInitiatedShutdownBehavior"), STR("stop")));
    doc_set_bool(arena, instance, "$protected", doc_flag(input, "DisableApiTermination", false));
    doc_set_bool(arena, instance, "$stopProtected", doc_flag(input, "DisableApiStop", false));
}

void instance_set_type(Arena *arena, Doc *instance, Str type) {
    bool uefi = image_boots_by_uefi(doc_text(instance, "ImageId"));
    doc_set_str(arena, instance, "InstanceType", type);
    doc_set_int(arena, instance, "$memoryMiB", instance_type_memory_mib(type));
    if (uefi) doc_set_str(arena, instance, "BootMode", STR("uefi-preferred"));
    doc_set_str(arena, instance, "CurrentInstanceBootMode", uefi && instance_type_is_nitro(type) ? STR("uefi") : STR("legacy-bios"));
}

static Doc *fixed_facts(Turn *turn, const Doc *input, Str id) {
    Arena *arena = turn_arena(turn);
    Doc *instance = doc_map(arena), *monitoring = doc_map(arena);
    doc_set_str(arena, instance, "InstanceId", id);
    doc_set_str(arena, instance, "ImageId", doc_text(input, "ImageId"));
    instance_set_type(arena, instance, doc_str(doc_get(input, "InstanceType"), STR("m1.small")));
    doc_set_time(arena, instance, "LaunchTime", turn_now(turn) / 1000 * 1000);
    doc_set_int(arena, instance, "$made_ms", turn_now(turn) / 1000 * 1000);
    doc_set_str(arena, instance, "ClientToken", doc_text(input, "ClientToken"));
    doc_set_str(arena, instance, "Architecture", STR("x86_64"));
    doc_set_str(arena, instance, "Hypervisor", STR("xen"));
    doc_set_str(arena, instance, "VirtualizationType", STR("hvm"));
    doc_set_str(arena, instance, "RootDeviceName", image_root_device(doc_text(input, "ImageId")));
    doc_set_str(arena, instance, "RootDeviceType", STR("ebs"));
    doc_set_str(arena, instance, "PlatformDetails", STR("Linux/UNIX"));
    doc_set_str(arena, instance, "UsageOperation", STR("RunInstances"));
    doc_set_bool(arena, instance, "SourceDestCheck", true);
    doc_set_bool(arena, instance, "EbsOptimized", doc_flag(input, "EbsOptimized", false));
    doc_set_bool(arena, instance, "EnaSupport", true);
    doc_set(instance, "ProductCodes", doc_list(arena));
    add_choices(arena, instance, input);
    add_metadata_options(arena, instance, input);
    doc_set_str(arena, monitoring, "State", STR("disabled"));
    doc_set(instance, "Monitoring", monitoring);
    doc_set_str(arena, instance, "$owner", turn_where(turn).account);
    return instance;
}

static bool add_user_data(Arena *arena, Doc *instance, const Doc *input, Error *e) {
    Str encoded = doc_text(input, "UserData"), text;
    if (!encoded.at) return true;
    if (!str_unbase64(arena, encoded, &text)) return fail(e, "InvalidParameterValue", "Invalid BASE64 encoding of user data");
    if (text.len > 16384) return fail(e, "InvalidParameterValue", "User data is limited to 16384 bytes");
    doc_set_str(arena, instance, "$userData", text);
    return true;
}

typedef struct Launch {
    const Doc *input;
    Doc *groups, *ports, *profile;
    Str reservation, asked;
} Launch;

// Tags for the instance and for what is made with it.
static bool launch_tags(Arena *arena, Doc *instance, const Doc *input, Error *e) {
    static const char *const TYPES[] = {"instance", "volume", "network-interface", NULL};
    static const char *const MEMBERS[] = {"Tags", "$volumeTags", "$interfaceTags"};
    Doc *tags;
    for (size_t i = 0; TYPES[i]; i++) {
        TRY(specified_tags_of(arena, input, TYPES[i], TYPES, &tags, e));
        doc_set(instance, MEMBERS[i], tags);
    }
    return true;
}

static bool launch_one(Turn *turn, const Launch *launch, int64_t index, Doc *list, Error *e) {
    Arena *arena = turn_arena(turn);
    Str id = str_cat(arena, STR("i-0"), id_hex(turn_ids(turn), arena, 16));
    int64_t number = address_take(turn, id);
    if (!number)
        return fail(e, "InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%.*s'",
                    STR_ARG(subnet_id(arena, turn_where(turn))));
    Doc *instance = fixed_facts(turn, launch->input, id), *ids, *data = doc_map(arena), *stored;
    doc_set_int(arena, instance, "AmiLaunchIndex", index);
    doc_set_str(arena, instance, "$reservation", launch->reservation);
    doc_set_str(arena, instance, "$asked", launch->asked);
    doc_set(instance, "SecurityGroups", doc_copy(arena, launch->groups));
    groups_of_instance(turn, instance, &ids);
    doc_set(instance, "$groups", ids);
    doc_set(instance, "$ports", doc_copy(arena, launch->ports));
    doc_set(instance, "$env", environment(turn));
    add_network(turn, instance, number);
    instance_add_profile(turn, instance, launch->profile);
    TRY(launch_tags(arena, instance, launch->input, e));
    TRY(add_user_data(arena, instance, launch->input, e));
    doc_set(data, "instance", instance);
    turn_send(turn, &EC2_INSTANCE, id, STR("start"), data);
    if (turn_get(turn, &EC2_INSTANCE, id, &stored)) doc_push(list, instance_launched(arena, stored));
    return true;
}

// The reservation of an earlier request with the same token, which must have asked for the same.
static bool repeated(Turn *turn, const Call *call, Str asked, Doc **earlier, Error *e) {
    Str token = doc_text(call->input, "ClientToken"), id = STR_NONE;
    Doc *all = token.len ? turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")}) : NULL, *list = doc_list(call->arena);
    for (const Doc *instance = doc_first(all); instance; instance = instance->next) {
        if (!str_eq(doc_text(instance, "ClientToken"), token)) continue;
        if (!str_eq(doc_text(instance, "$asked"), asked)) {
            return fail(e, "IdempotentParameterMismatch",
                        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).");
        }
        id = doc_text(instance, "$reservation");
        doc_push(list, instance_launched(call->arena, instance));
    }
    *earlier = id.at ? reservation_doc(call->arena, call->where.account, id, list) : NULL;
    return true;
}

Outcome run_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Launch launch = {.input = call->input, .reservation = str_cat(arena, STR("r-0"), id_hex(turn_ids(turn), arena, 16))};
    Doc *earlier, *list = doc_list(arena), *ids = doc_map(arena);
    launch.asked = str_format(arena, "%016llx", (unsigned long long)str_hash(json_write(arena, call->input)));
    CALL_TRY(check_launch(turn, call, e));
    CALL_TRY(repeated(turn, call, launch.asked, &earlier, e));
    *out = earlier;
    if (earlier) return OUTCOME_DONE;
    CALL_TRY(wanted_groups(turn, call->input, &launch.groups, e));
    doc_set(ids, "SecurityGroups", launch.groups);
    Doc *group_ids;
    groups_of_instance(turn, ids, &group_ids);
    launch.ports = group_ports(turn, group_ids, e);
    if (!launch.ports) return OUTCOME_ERROR;
    const Doc *profile = doc_get(call->input, "IamInstanceProfile");
    if (profile) CALL_TRY(instance_profile(turn, profile, &launch.profile, e));
    for (int64_t i = 0; i < doc_number(call->input, "MaxCount", 1); i++) CALL_TRY(launch_one(turn, &launch, i, list, e));
    *out = reservation_doc(arena, call->where.account, launch.reservation, list);
    return OUTCOME_DONE;
}
