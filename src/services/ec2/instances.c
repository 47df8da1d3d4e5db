// Handlers about instances. What they do to an instance, they send to its machine.
#include "services/ec2/ec2.h"

#include "formats/json.h"

static const Filterable KNOWN[] = {{"instance-id", "InstanceId"},
                                   {"instance-state-name", "State.Name"},
                                   {"instance-state-code", "State.Code"},
                                   {"instance-type", "InstanceType"},
                                   {"image-id", "ImageId"},
                                   {"private-ip-address", "PrivateIpAddress"},
                                   {"ip-address", "PublicIpAddress"},
                                   {"dns-name", "PublicDnsName"},
                                   {"private-dns-name", "PrivateDnsName"},
                                   {"subnet-id", "SubnetId"},
                                   {"vpc-id", "VpcId"},
                                   {"availability-zone", "Placement.AvailabilityZone"},
                                   {"instance.group-id", "SecurityGroups.GroupId"},
                                   {"instance.group-name", "SecurityGroups.GroupName"},
                                   {"group-id", "SecurityGroups.GroupId"},
                                   {"group-name", "SecurityGroups.GroupName"},
                                   {"iam-instance-profile.arn", "IamInstanceProfile.Arn"},
                                   {"architecture", "Architecture"},
                                   {"key-name", "KeyName"},
                                   {"reservation-id", "$reservation"},
                                   {"owner-id", "$owner"},
                                   {"client-token", "ClientToken"},
                                   {"hypervisor", "Hypervisor"},
                                   {"virtualization-type", "VirtualizationType"},
                                   {"root-device-type", "RootDeviceType"},
                                   {"root-device-name", "RootDeviceName"},
                                   {"monitoring-state", "Monitoring.State"},
                                   {"tenancy", "Placement.Tenancy"},
                                   {"launch-index", "AmiLaunchIndex"},
                                   {"reason", "StateTransitionReason"},
                                   {"state-reason-code", "StateReason.Code"},
                                   {"state-reason-message", "StateReason.Message"},
                                   {"source-dest-check", "SourceDestCheck"},
                                   {"metadata-options.http-tokens", "MetadataOptions.HttpTokens"},
                                   {NULL, NULL}};

// ---- Run ----

static bool instance_profile(Turn *turn, const Doc *wanted, Doc **profile, Error *e) {
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

void run_instances_requirements(Turn *turn, const Call *call, Requirements *all) {
    Str arn = str_format(call->arena, "arn:aws:ec2:%.*s:%.*s:instance/*", STR_ARG(call->where.region), STR_ARG(call->where.account));
    require(all, str_format(call->arena, "ec2:%.*s", STR_ARG(wire_str(call->operation->name))), arn, NULL);
    Doc *profile = NULL;
    const Doc *wanted = doc_get(call->input, "IamInstanceProfile");
    if (wanted && instance_profile(turn, wanted, &profile, NULL)) require_pass_role(all, profile_role(profile), "ec2.amazonaws.com");
}

static bool add_group(Turn *turn, Doc *groups, Str id, Str name, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *group, *view = doc_map(arena);
    if (id.at) TRY(check_id(id, "sg-", "InvalidGroupId.Malformed", e));
    bool found = id.at ? group_get(turn, id, &group) : group_by_name(turn, name, &group);
    if (!found) return no_such(e, "InvalidGroup.NotFound", "security group", id.at ? id : name);
    doc_set_str(arena, view, "GroupId", doc_text(group, "GroupId"));
    doc_set_str(arena, view, "GroupName", doc_text(group, "GroupName"));
    doc_push(groups, view);
    return true;
}

static bool wanted_groups(Turn *turn, const Doc *input, Doc **groups, Error *e) {
    Arena *arena = turn_arena(turn);
    *groups = doc_list(arena);
    const Doc *ids = doc_get(input, "SecurityGroupIds"), *interface = doc_first(doc_get(input, "NetworkInterfaces"));
    if (!doc_count(ids)) ids = doc_get(interface, "Groups");
    for (const Doc *id = doc_first(ids); id; id = id->next) TRY(add_group(turn, *groups, doc_str(id, STR("")), STR_NONE, e));
    for (const Doc *name = doc_first(doc_get(input, "SecurityGroups")); name; name = name->next)
        TRY(add_group(turn, *groups, STR_NONE, doc_str(name, STR("")), e));
    return doc_count(*groups) || add_group(turn, *groups, default_group_id(arena, turn_where(turn)), STR_NONE, e);
}

// What an instance here cannot have is refused; what only concerns performance or price is nothing that could be kept.
// Where, and with which metadata service: there is one zone, and version 2 only.
static bool check_settings(const Call *call, Error *e) {
    const Doc *input = call->input, *placement = doc_get(input, "Placement"), *metadata = doc_get(input, "MetadataOptions");
    Str zone = doc_text(placement, "AvailabilityZone"), tenancy = doc_text(placement, "Tenancy");
    if (zone.len && !str_eq(zone, zone_of(call->arena, call->where)))
        return fail(e, "InvalidParameterValue", "Invalid availability zone: [%.*s]", STR_ARG(zone));
    if (tenancy.len && !str_is(tenancy, "default"))
        return fail(e, "UnsupportedOperation", "RunInstances with Tenancy %.*s is not built.", STR_ARG(tenancy));
    if (str_is(doc_text(metadata, "HttpEndpoint"), "disabled"))
        return fail(e, "UnsupportedOperation", "RunInstances with HttpEndpoint disabled is not built.");
    if (doc_flag(doc_get(input, "Monitoring"), "Enabled", false))
        return fail(e, "UnsupportedOperation", "RunInstances with Monitoring enabled is not built.");
    Str shutdown = doc_text(input, "InstanceInitiatedShutdownBehavior");
    if (!shutdown.len || str_is(shutdown, "stop")) return true;
    if (str_is(shutdown, "terminate"))
        return fail(e, "UnsupportedOperation", "RunInstances with InstanceInitiatedShutdownBehavior terminate is not built.");
    return fail(e, "InvalidParameterValue", "Value (%.*s) for parameter instanceInitiatedShutdownBehavior is invalid.", STR_ARG(shutdown));
}

static bool check_counts(const Doc *input, Error *e) {
    long long least = (long long)doc_number(input, "MinCount", 0), most = (long long)doc_number(input, "MaxCount", 0);
    if (least < 1) return fail(e, "InvalidParameterValue", "Value (%lld) for parameter minCount is invalid. It must be at least 1.", least);
    return most >= least ||
           fail(e, "InvalidParameterValue", "Value (%lld) for parameter maxCount is invalid. It must not be less than minCount (%lld).", most, least);
}

static bool check_run(Turn *turn, const Call *call, Error *e) {
    static const char *const REFUSED[] = {"LaunchTemplate",
                                          "InstanceMarketOptions",
                                          "HibernationOptions",
                                          "EnclaveOptions",
                                          "ElasticGpuSpecification",
                                          "ElasticInferenceAccelerators",
                                          "Ipv6Addresses",
                                          "Ipv6AddressCount",
                                          "EnablePrimaryIpv6",
                                          "PrivateIpAddress",
                                          "KeyName",
                                          "KernelId",
                                          "RamdiskId",
                                          "LicenseSpecifications",
                                          "SecondaryInterfaces",
                                          "DisableApiStop",
                                          NULL};
    Arena *arena = turn_arena(turn);
    const Doc *input = call->input;
    Str image = doc_text(input, "ImageId"), type = doc_text(input, "InstanceType"), subnet = doc_text(input, "SubnetId");
    TRY(refuse_members(input, REFUSED, "RunInstances", e));
    if (!image.at) return fail(e, "MissingParameter", "The request must contain the parameter ImageId");
    TRY(check_id(image, "ami-", "InvalidAMIID.Malformed", e));
    if (!image_doc(arena, turn_where(turn), image)) return fail(e, "InvalidAMIID.NotFound", "The image id '[%.*s]' does not exist", STR_ARG(image));
    if (type.at && !instance_type_known(type)) return fail(e, "InvalidParameterValue", "Invalid value '%.*s' for InstanceType.", STR_ARG(type));
    if (subnet.at) TRY(check_id(subnet, "subnet-", "InvalidSubnetId.Malformed", e));
    if (subnet.at && !str_eq(subnet, subnet_id(arena, turn_where(turn)))) return no_such(e, "InvalidSubnetID.NotFound", "subnet ID", subnet);
    return check_counts(input, e) && check_settings(call, e);
}

static Str private_name(Arena *arena, Partition where, int64_t number) {
    if (str_is(where.region, "us-east-1")) return str_format(arena, "ip-10-0-0-%lld.ec2.internal", (long long)number);
    return str_format(arena, "ip-10-0-0-%lld.%.*s.compute.internal", (long long)number, STR_ARG(where.region));
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
    doc_set_str(arena, placement, "Tenancy", STR("default"));
    doc_set_str(arena, placement, "GroupName", STR(""));
    doc_set(instance, "Placement", placement);
}

static void add_profile(Turn *turn, Doc *instance, const Doc *profile) {
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

// Nobody can choose these here; version 2 of the metadata service is the only one.
static void add_metadata_options(Arena *arena, Doc *instance) {
    Doc *options = doc_map(arena);
    doc_set_str(arena, options, "State", STR("applied"));
    doc_set_str(arena, options, "HttpTokens", STR("required"));
    doc_set_int(arena, options, "HttpPutResponseHopLimit", 2);
    doc_set_str(arena, options, "HttpEndpoint", STR("enabled"));
    doc_set_str(arena, options, "HttpProtocolIpv6", STR("disabled"));
    doc_set_str(arena, options, "InstanceMetadataTags", STR("enabled"));
    doc_set(instance, "MetadataOptions", options);
}

static Doc *fixed_facts(Turn *turn, const Doc *input, Str id) {
    Arena *arena = turn_arena(turn);
    Doc *instance = doc_map(arena), *monitoring = doc_map(arena);
    Str type = doc_str(doc_get(input, "InstanceType"), STR("m1.small"));
    doc_set_str(arena, instance, "InstanceId", id);
    doc_set_str(arena, instance, "ImageId", doc_text(input, "ImageId"));
    doc_set_str(arena, instance, "InstanceType", type);
    doc_set_time(arena, instance, "LaunchTime", turn_now(turn));
    doc_set_str(arena, instance, "ClientToken", doc_text(input, "ClientToken"));
    doc_set_str(arena, instance, "Architecture", STR("x86_64"));
    doc_set_str(arena, instance, "Hypervisor", STR("xen"));
    doc_set_str(arena, instance, "VirtualizationType", STR("hvm"));
    doc_set_str(arena, instance, "RootDeviceName", STR("/dev/xvda"));
    doc_set_str(arena, instance, "RootDeviceType", STR("ebs"));
    doc_set_str(arena, instance, "PlatformDetails", STR("Linux/UNIX"));
    doc_set_str(arena, instance, "UsageOperation", STR("RunInstances"));
    doc_set_str(arena, instance, "CurrentInstanceBootMode", STR("legacy-bios"));
    doc_set_bool(arena, instance, "SourceDestCheck", true);
    doc_set_bool(arena, instance, "EbsOptimized", doc_flag(input, "EbsOptimized", false));
    doc_set_bool(arena, instance, "EnaSupport", true);
    doc_set(instance, "BlockDeviceMappings", doc_list(arena));
    doc_set(instance, "NetworkInterfaces", doc_list(arena));
    doc_set(instance, "ProductCodes", doc_list(arena));
    doc_set_bool(arena, instance, "$protected", doc_flag(input, "DisableApiTermination", false));
    add_metadata_options(arena, instance);
    doc_set_str(arena, monitoring, "State", STR("disabled"));
    doc_set(instance, "Monitoring", monitoring);
    doc_set_int(arena, instance, "$memoryMiB", instance_type_memory_mib(type));
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

static bool launch_one(Turn *turn, const Launch *launch, int64_t index, Doc *list, Error *e) {
    Arena *arena = turn_arena(turn);
    Str id = str_cat(arena, STR("i-0"), id_hex(turn_ids(turn), arena, 16));
    int64_t number = address_take(turn, id);
    if (!number)
        return fail(e, "InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%.*s'",
                    STR_ARG(subnet_id(arena, turn_where(turn))));
    Doc *instance = fixed_facts(turn, launch->input, id), *ids, *data = doc_map(arena), *stored, *tags;
    doc_set_int(arena, instance, "AmiLaunchIndex", index);
    doc_set_str(arena, instance, "$reservation", launch->reservation);
    doc_set_str(arena, instance, "$asked", launch->asked);
    doc_set(instance, "SecurityGroups", doc_copy(arena, launch->groups));
    groups_of_instance(turn, instance, &ids);
    doc_set(instance, "$groups", ids);
    doc_set(instance, "$ports", doc_copy(arena, launch->ports));
    doc_set(instance, "$env", environment(turn));
    add_network(turn, instance, number);
    add_profile(turn, instance, launch->profile);
    TRY(specified_tags(arena, launch->input, "instance", &tags, e));
    doc_set(instance, "Tags", tags);
    TRY(add_user_data(arena, instance, launch->input, e));
    doc_set(data, "instance", instance);
    turn_send(turn, &EC2_INSTANCE, id, STR("start"), data);
    if (turn_get(turn, &EC2_INSTANCE, id, &stored)) doc_push(list, stored);
    return true;
}

static Doc *reservation_doc(Arena *arena, Str owner, Str id, Doc *instances) {
    Doc *reservation = doc_map(arena);
    doc_set_str(arena, reservation, "ReservationId", id);
    doc_set_str(arena, reservation, "OwnerId", owner);
    doc_set(reservation, "Groups", doc_list(arena));
    doc_set(reservation, "Instances", instances);
    return reservation;
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
        doc_push(list, doc_copy(call->arena, instance));
    }
    *earlier = id.at ? reservation_doc(call->arena, call->where.account, id, list) : NULL;
    return true;
}

Outcome run_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Launch launch = {.input = call->input, .reservation = str_cat(arena, STR("r-0"), id_hex(turn_ids(turn), arena, 16))};
    Doc *earlier, *list = doc_list(arena), *ids = doc_map(arena);
    launch.asked = str_format(arena, "%016llx", (unsigned long long)str_hash(json_write(arena, call->input)));
    CALL_TRY(check_run(turn, call, e));
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

// ---- Describe ----

static bool is_asked(const Doc *ids, Str id) {
    for (const Doc *one = doc_first(ids); one; one = one->next) {
        if (str_eq(doc_str(one, STR_NONE), id)) return true;
    }
    return doc_count(ids) == 0;
}

// All that are missing are told at once.
static bool all_exist(Turn *turn, const Doc *ids, Error *e) {
    Arena *arena = turn_arena(turn);
    Str missing = STR("");
    size_t count = 0;
    for (const Doc *id = doc_first(ids); id; id = id->next) TRY(check_id(doc_str(id, STR("")), "i-", "InvalidInstanceID.Malformed", e));
    for (const Doc *id = doc_first(ids); id; id = id->next) {
        Str text = doc_str(id, STR(""));
        if (document_exists(turn_store(turn), turn_where(turn), &EC2_INSTANCE, text)) continue;
        missing = str_format(arena, "%.*s%s%.*s", STR_ARG(missing), count++ ? ", " : "", STR_ARG(text));
    }
    if (count == 0) return true;
    return count == 1 ? fail(e, "InvalidInstanceID.NotFound", "The instance ID '%.*s' does not exist", STR_ARG(missing))
                      : fail(e, "InvalidInstanceID.NotFound", "The instance IDs '%.*s' do not exist", STR_ARG(missing));
}

static bool matching(Turn *turn, const Call *call, const Filterable *known, Doc **out, Error *e) {
    const Doc *ids = doc_get(call->input, "InstanceIds");
    *out = doc_list(call->arena);
    TRY(all_exist(turn, ids, e));
    Doc *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    for (const Doc *instance = doc_first(all); instance; instance = instance->next) {
        bool matches = is_asked(ids, doc_text(instance, "InstanceId"));
        if (matches) TRY(filters_match(turn, doc_get(call->input, "Filters"), known, instance, &matches, e));
        if (matches) doc_push(*out, doc_copy(call->arena, instance));
    }
    return true;
}

static Doc *reservation_in(Arena *arena, Doc *reservations, const Doc *instance) {
    Str id = doc_text(instance, "$reservation");
    for (Doc *one = doc_first(reservations); one; one = one->next) {
        if (str_eq(doc_text(one, "ReservationId"), id)) return one;
    }
    Doc *one = reservation_doc(arena, doc_text(instance, "$owner"), id, doc_list(arena));
    doc_push(reservations, one);
    return one;
}

static PageRule page_rule(const Call *call) {
    return (PageRule){5, 1000, "InstanceId", doc_count(doc_get(call->input, "InstanceIds")) ? "instancesSet" : NULL};
}

Outcome describe_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *instances, *page, *reply = doc_map(arena), *reservations = doc_list(arena);
    CALL_TRY(matching(turn, call, KNOWN, &instances, e));
    CALL_TRY(page_reply(call, instances, "Instances", page_rule(call), &page, e));
    for (const Doc *instance = doc_first(doc_get(page, "Instances")); instance; instance = instance->next) {
        doc_push(doc_get(reservation_in(arena, reservations, instance), "Instances"), doc_copy(arena, instance));
    }
    doc_set(reply, "Reservations", reservations);
    doc_set_str(arena, reply, "NextToken", doc_text(page, "NextToken"));
    *out = reply;
    return OUTCOME_DONE;
}

static Doc *status_summary(Arena *arena, bool running) {
    Doc *summary = doc_map(arena), *details = doc_list(arena), *detail = doc_map(arena);
    doc_set_str(arena, summary, "Status", running ? STR("ok") : STR("not-applicable"));
    doc_set_str(arena, detail, "Name", STR("reachability"));
    doc_set_str(arena, detail, "Status", STR("passed"));
    if (running) doc_push(details, detail);
    doc_set(summary, "Details", details);
    return summary;
}

Outcome describe_instance_status(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable STATUS[] = {{"instance-state-name", "State.Name"},
                                        {"instance-state-code", "State.Code"},
                                        {"availability-zone", "Placement.AvailabilityZone"},
                                        {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *instances, *statuses = doc_list(arena);
    CALL_TRY(matching(turn, call, STATUS, &instances, e));
    for (const Doc *instance = doc_first(instances); instance; instance = instance->next) {
        bool running = str_is(doc_text(doc_get(instance, "State"), "Name"), "running");
        if (!running && !doc_flag(call->input, "IncludeAllInstances", false)) continue;
        Doc *status = doc_map(arena);
        doc_set_str(arena, status, "InstanceId", doc_text(instance, "InstanceId"));
        doc_set_str(arena, status, "AvailabilityZone", zone_of(arena, call->where));
        doc_set(status, "InstanceState", doc_copy(arena, doc_get(instance, "State")));
        doc_set(status, "InstanceStatus", status_summary(arena, running));
        doc_set(status, "SystemStatus", status_summary(arena, running));
        doc_push(statuses, status);
    }
    CALL_TRY(page_reply(call, statuses, "InstanceStatuses", page_rule(call), out, e));
    return OUTCOME_DONE;
}

// ---- Stop, start, terminate ----

typedef struct Change {
    const char *event, *list, *done; // "stop", "StoppingInstances", "stopped"
    const char *from[4]; // states in which something is to be done
    const char *already[4]; // states in which nothing is
} Change;

static bool is_one_of(const char *const *states, Str state) {
    for (size_t i = 0; i < 4 && states[i]; i++) {
        if (str_is(state, states[i])) return true;
    }
    return false;
}

static bool change_one(Turn *turn, const Change *change, Str id, Doc *list, Error *e) {
    Arena *arena = turn_arena(turn);
    Doc *before, *after, *view = doc_map(arena);
    if (!turn_get(turn, &EC2_INSTANCE, id, &before)) return false;
    Str state = doc_text(doc_get(before, "State"), "Name");
    bool applies = is_one_of(change->from, state);
    if (!applies && !is_one_of(change->already, state)) {
        return fail(e, "IncorrectInstanceState", "The instance '%.*s' is not in a state from which it can be %s.", STR_ARG(id), change->done);
    }
    if (applies) turn_send(turn, &EC2_INSTANCE, id, str_of(change->event), NULL);
    if (!turn_get(turn, &EC2_INSTANCE, id, &after)) after = before;
    doc_set_str(arena, view, "InstanceId", id);
    doc_set(view, "PreviousState", doc_copy(arena, doc_get(before, "State")));
    doc_set(view, "CurrentState", doc_copy(arena, doc_get(after, "State")));
    doc_push(list, view);
    return true;
}

static Outcome change_all(Turn *turn, const Call *call, const Change *change, Doc **out, Error *e) {
    Doc *reply = doc_map(call->arena), *list = doc_list(call->arena);
    const Doc *ids = doc_get(call->input, "InstanceIds");
    if (doc_flag(call->input, "Hibernate", false)) return call_fail(e, "UnsupportedOperation", "StopInstances with Hibernate is not built.");
    if (doc_flag(call->input, "SkipOsShutdown", false)) return call_fail(e, "UnsupportedOperation", "SkipOsShutdown is not built.");
    if (doc_flag(call->input, "Force", false)) return call_fail(e, "UnsupportedOperation", "Force is not built: instances end within 20 seconds.");
    CALL_TRY(all_exist(turn, ids, e));
    for (const Doc *id = doc_first(ids); id; id = id->next) CALL_TRY(change_one(turn, change, doc_str(id, STR("")), list, e));
    if (change->list) doc_set(reply, change->list, list);
    *out = reply;
    return OUTCOME_DONE;
}

Outcome stop_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change STOP = {"stop", "StoppingInstances", "stopped", {"running"}, {"stopping", "stopped"}};
    return change_all(turn, call, &STOP, out, e);
}

// A stopped instance gets its public address back when it starts.
Outcome start_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change START = {"start", "StartingInstances", "started", {"stopped"}, {"pending", "running"}};
    CALL_TRY(all_exist(turn, doc_get(call->input, "InstanceIds"), e));
    for (const Doc *id = doc_first(doc_get(call->input, "InstanceIds")); id; id = id->next) {
        Doc *instance;
        if (!turn_get(turn, &EC2_INSTANCE, doc_str(id, STR("")), &instance) || !str_is(doc_text(doc_get(instance, "State"), "Name"), "stopped"))
            continue;
        doc_set_str(call->arena, instance, "PublicIpAddress", doc_text(instance, "$publicAddress"));
        doc_set_str(call->arena, instance, "PublicDnsName", doc_text(instance, "$publicAddress"));
        turn_put(turn, &EC2_INSTANCE, doc_str(id, STR("")), instance);
    }
    return change_all(turn, call, &START, out, e);
}

Outcome reboot_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change REBOOT = {"reboot", NULL, "rebooted", {"running"}, {"pending"}};
    return change_all(turn, call, &REBOOT, out, e);
}

Outcome terminate_instances(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Change TERMINATE = {
        "terminate", "TerminatingInstances", "terminated", {"pending", "running", "stopping", "stopped"}, {"shutting-down", "terminated"}};
    for (const Doc *id = doc_first(doc_get(call->input, "InstanceIds")); id; id = id->next) {
        Doc *instance;
        if (!turn_get(turn, &EC2_INSTANCE, doc_str(id, STR("")), &instance)) continue;
        if (doc_flag(instance, "$protected", false)) {
            return call_fail(e, "OperationNotPermitted",
                             "The instance '%.*s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
                             STR_ARG(doc_str(id, STR(""))));
        }
    }
    return change_all(turn, call, &TERMINATE, out, e);
}

// ---- Attributes ----

static bool find_instance(Turn *turn, const Doc *input, Doc **out, Error *e) {
    Str id = doc_text(input, "InstanceId");
    TRY(check_id(id, "i-", "InvalidInstanceID.Malformed", e));
    return turn_get(turn, &EC2_INSTANCE, id, out) || fail(e, "InvalidInstanceID.NotFound", "The instance ID '%.*s' does not exist", STR_ARG(id));
}

Outcome modify_instance_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const REFUSED[] = {"SourceDestCheck",
                                          "DisableApiStop",
                                          "BlockDeviceMappings",
                                          "InstanceType",
                                          "Kernel",
                                          "Ramdisk",
                                          "UserData",
                                          "InstanceInitiatedShutdownBehavior",
                                          "EbsOptimized",
                                          "SriovNetSupport",
                                          "EnaSupport",
                                          "Attribute",
                                          NULL};
    Doc *instance, *groups = NULL;
    const Doc *protect = doc_get(call->input, "DisableApiTermination"), *ids = doc_get(call->input, "Groups");
    CALL_TRY(find_instance(turn, call->input, &instance, e));
    CALL_TRY(refuse_members(call->input, REFUSED, "ModifyInstanceAttribute", e));
    if (protect) doc_set_bool(call->arena, instance, "$protected", doc_flag(protect, "Value", false));
    Doc *wanted = doc_map(call->arena), *data = doc_map(call->arena);
    if (doc_count(ids)) {
        doc_set(wanted, "SecurityGroupIds", doc_copy(call->arena, ids));
        CALL_TRY(wanted_groups(turn, wanted, &groups, e));
        doc_set(instance, "SecurityGroups", groups);
        doc_set(instance, "$groups", doc_copy(call->arena, ids));
        Doc *ports = group_ports(turn, ids, e);
        if (!ports) return OUTCOME_ERROR;
        doc_set(data, "ports", ports);
    }
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    if (groups) turn_send(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), STR("ports"), data);
    return OUTCOME_DONE;
}

// Attributes that are a boolean or a text, the same for each instance where `member` is NULL.
static const struct {
    const char *name, *reply, *member, *text; // "true" and "false" are booleans
} ATTRIBUTES[] = {
    {"instanceType", "InstanceType", "InstanceType", NULL},
    {"rootDeviceName", "RootDeviceName", "RootDeviceName", NULL},
    {"disableApiTermination", "DisableApiTermination", "$protected", "false"},
    {"disableApiStop", "DisableApiStop", NULL, "false"},
    {"instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior", NULL, "stop"},
    {"sourceDestCheck", "SourceDestCheck", "SourceDestCheck", "true"},
    {"ebsOptimized", "EbsOptimized", "EbsOptimized", "false"},
    {"enaSupport", "EnaSupport", "EnaSupport", "true"},
    {"kernel", "KernelId", NULL, NULL},
    {"ramdisk", "RamdiskId", NULL, NULL},
    {"sriovNetSupport", "SriovNetSupport", NULL, NULL},
};

static bool show_attribute(Arena *arena, const Doc *instance, Str name, Doc *reply) {
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++) {
        if (!str_is(name, ATTRIBUTES[i].name)) continue;
        Doc *value = doc_map(arena);
        const Doc *member = ATTRIBUTES[i].member ? doc_get(instance, ATTRIBUTES[i].member) : NULL;
        Str text = str_of(ATTRIBUTES[i].text);
        bool flag = doc_is(member, DOC_BOOL) || str_is(text, "true") || str_is(text, "false");
        if (flag) doc_set_bool(arena, value, "Value", doc_bool(member, str_is(text, "true")));
        if (!flag) doc_set_str(arena, value, "Value", doc_str(member, text));
        doc_set(reply, ATTRIBUTES[i].reply, value);
        return true;
    }
    return false;
}

Outcome describe_instance_attribute(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *instance, *reply = doc_map(arena), *value = doc_map(arena);
    Str attribute = doc_text(call->input, "Attribute");
    CALL_TRY(find_instance(turn, call->input, &instance, e));
    doc_set_str(arena, reply, "InstanceId", doc_text(instance, "InstanceId"));
    *out = reply;
    if (show_attribute(arena, instance, attribute, reply)) return OUTCOME_DONE;
    if (str_is(attribute, "userData")) {
        Str text = doc_text(instance, "$userData");
        if (text.at) doc_set_str(arena, value, "Value", str_base64(arena, text));
        doc_set(reply, "UserData", value);
    } else if (str_is(attribute, "groupSet")) {
        doc_set(reply, "Groups", doc_copy(arena, doc_get(instance, "SecurityGroups")));
    } else if (str_is(attribute, "blockDeviceMapping") || str_is(attribute, "productCodes")) {
        doc_set(reply, str_is(attribute, "productCodes") ? "ProductCodes" : "BlockDeviceMappings", doc_list(arena));
    } else if (str_is(attribute, "enclaveOptions")) {
        doc_set_bool(arena, value, "Enabled", false);
        doc_set(reply, "EnclaveOptions", value);
    } else {
        return call_fail(e, "InvalidParameterValue", "Value (%.*s) for parameter attribute is invalid. Unknown attribute.", STR_ARG(attribute));
    }
    return OUTCOME_DONE;
}

// ---- Instance profiles ----

static Doc *association_of(Arena *arena, const Doc *instance, const char *state) {
    Doc *association = doc_map(arena);
    doc_set_str(arena, association, "AssociationId", doc_text(instance, "$association"));
    doc_set_str(arena, association, "InstanceId", doc_text(instance, "InstanceId"));
    doc_set_str(arena, association, "State", str_of(state));
    doc_set(association, "IamInstanceProfile", doc_copy(arena, doc_get(instance, "IamInstanceProfile")));
    return association;
}

Outcome associate_iam_instance_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance, *profile, *reply = doc_map(call->arena);
    CALL_TRY(find_instance(turn, call->input, &instance, e));
    if (doc_get(instance, "IamInstanceProfile")) {
        return call_fail(e, "IncorrectState", "There is an existing association for instance %.*s", STR_ARG(doc_text(instance, "InstanceId")));
    }
    CALL_TRY(instance_profile(turn, doc_get(call->input, "IamInstanceProfile"), &profile, e));
    add_profile(turn, instance, profile);
    turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
    doc_set(reply, "IamInstanceProfileAssociation", association_of(call->arena, instance, "associating"));
    *out = reply;
    return OUTCOME_DONE;
}

static bool is_terminated(const Doc *instance) { return str_is(doc_text(doc_get(instance, "State"), "Name"), "terminated"); }

Outcome describe_iam_instance_profile_associations(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable ASSOCIATIONS[] = {{"instance-id", "InstanceId"}, {"state", "State"}, {NULL, NULL}};
    Doc *list = doc_list(call->arena), *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")});
    const Doc *ids = doc_get(call->input, "AssociationIds");
    for (const Doc *instance = doc_first(all); instance; instance = instance->next) {
        if (!doc_get(instance, "IamInstanceProfile") || is_terminated(instance)) continue;
        Doc *one = association_of(call->arena, instance, "associated");
        bool matches;
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), ASSOCIATIONS, one, &matches, e));
        if (matches && is_asked(ids, doc_text(one, "AssociationId"))) doc_push(list, one);
    }
    CALL_TRY(page_reply(call, list, "IamInstanceProfileAssociations", (PageRule){5, 1000, "AssociationId", NULL}, out, e));
    return OUTCOME_DONE;
}

Outcome disassociate_iam_instance_profile(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str id = doc_text(call->input, "AssociationId");
    Doc *all = turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")}), *reply = doc_map(call->arena);
    for (Doc *found = doc_first(all); found; found = found->next) {
        if (!doc_get(found, "IamInstanceProfile") || !str_eq(doc_text(found, "$association"), id) || is_terminated(found)) continue;
        Doc *instance;
        if (!turn_get(turn, &EC2_INSTANCE, doc_text(found, "InstanceId"), &instance)) continue;
        doc_set(reply, "IamInstanceProfileAssociation", association_of(call->arena, instance, "disassociating"));
        doc_set(instance, "IamInstanceProfile", NULL);
        doc_set(instance, "$role", NULL);
        doc_set(instance, "$association", NULL);
        turn_put(turn, &EC2_INSTANCE, doc_text(instance, "InstanceId"), instance);
        *out = reply;
        return OUTCOME_DONE;
    }
    return call_fail(e, "InvalidAssociationID.NotFound", "An invalid association-id of '%.*s' was given", STR_ARG(id));
}

// What user data printed at first boot; that is all of a console an instance has here.
Outcome get_console_output(Turn *turn, const Call *call, Doc **out, Error *e) {
    Doc *instance, *reply = doc_map(call->arena);
    CALL_TRY(find_instance(turn, call->input, &instance, e));
    doc_set_str(call->arena, reply, "InstanceId", doc_text(instance, "InstanceId"));
    doc_set_time(call->arena, reply, "Timestamp", call->now_ms);
    Str text = doc_text(instance, "$console");
    if (text.at) doc_set_str(call->arena, reply, "Output", str_base64(call->arena, text));
    *out = reply;
    return OUTCOME_DONE;
}
