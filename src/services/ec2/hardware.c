// What an instance has besides its sandbox: a network interface, a root volume, processors with credits. None of it is a document of its own: ids derive from the
// instance's id, and what was chosen at its launch is kept in the instance as $volume, $interface, $processors and $credits.
#include "services/ec2/ec2.h"

static Str part_id(Arena *arena, const char *prefix, Str instance_id) {
    uint64_t hash = str_hash(str_format(arena, "%s/%.*s", prefix, STR_ARG(instance_id)));
    return str_format(arena, "%s-0%016llx", prefix, (unsigned long long)hash);
}

Str volume_of(Arena *arena, Str instance_id) { return part_id(arena, "vol", instance_id); }
Str interface_of(Arena *arena, Str instance_id) { return part_id(arena, "eni", instance_id); }

static Str mac_address(Arena *arena, Str instance_id) {
    uint64_t hash = str_hash(str_cat(arena, STR("mac/"), instance_id));
    unsigned byte[5];
    for (size_t i = 0; i < 5; i++) byte[i] = (unsigned)(hash >> (i * 8)) & 0xffU;
    return str_format(arena, "0a:%02x:%02x:%02x:%02x:%02x", byte[0], byte[1], byte[2], byte[3], byte[4]);
}

bool instance_is(const Doc *instance, const char *state) { return str_is(doc_text(doc_get(instance, "State"), "Name"), state); }

static Doc *not_managed(Arena *arena) {
    Doc *facts = doc_map(arena);
    doc_set_bool(arena, facts, "Managed", false);
    return facts;
}

static int64_t made_ms(const Doc *instance) { return doc_number(instance, "$made_ms", doc_number(instance, "LaunchTime", 0)); }

static Str id_of(const Doc *instance) { return doc_text(instance, "InstanceId"); }

// ---- The network interface ----

static Doc *public_association(Arena *arena, const Doc *instance) {
    Str address = doc_text(instance, "PublicIpAddress");
    if (!address.len) return NULL;
    Doc *association = doc_map(arena);
    doc_set_str(arena, association, "IpOwnerId", STR("amazon"));
    doc_set_str(arena, association, "PublicDnsName", doc_text(instance, "PublicDnsName"));
    doc_set_str(arena, association, "PublicIp", address);
    return association;
}

static Doc *private_addresses(Arena *arena, const Doc *instance) {
    Doc *list = doc_list(arena), *one = doc_map(arena);
    doc_set(one, "Association", public_association(arena, instance));
    doc_set_bool(arena, one, "Primary", true);
    doc_set_str(arena, one, "PrivateDnsName", doc_text(instance, "PrivateDnsName"));
    doc_set_str(arena, one, "PrivateIpAddress", doc_text(instance, "PrivateIpAddress"));
    doc_push(list, one);
    return list;
}

static Doc *attachment_of(Arena *arena, const Doc *instance, const char *status) {
    Doc *attachment = doc_map(arena);
    doc_set_time(arena, attachment, "AttachTime", made_ms(instance));
    doc_set_str(arena, attachment, "AttachmentId", part_id(arena, "eni-attach", id_of(instance)));
    doc_set_bool(arena, attachment, "DeleteOnTermination", true);
    doc_set_int(arena, attachment, "DeviceIndex", 0);
    doc_set_str(arena, attachment, "Status", str_of(status));
    doc_set_int(arena, attachment, "NetworkCardIndex", 0);
    return attachment;
}

static Doc *interface_doc(Arena *arena, const Doc *instance, const char *status) {
    Doc *interface = doc_map(arena);
    doc_set(interface, "Association", public_association(arena, instance));
    doc_set(interface, "Attachment", attachment_of(arena, instance, status));
    doc_set_str(arena, interface, "Description", doc_str(doc_get(doc_get(instance, "$interface"), "Description"), STR("")));
    doc_set(interface, "Groups", doc_copy(arena, doc_get(instance, "SecurityGroups")));
    doc_set(interface, "Ipv6Addresses", doc_list(arena));
    doc_set_str(arena, interface, "MacAddress", mac_address(arena, id_of(instance)));
    doc_set_str(arena, interface, "NetworkInterfaceId", interface_of(arena, id_of(instance)));
    doc_set_str(arena, interface, "OwnerId", doc_text(instance, "$owner"));
    doc_set_str(arena, interface, "PrivateDnsName", doc_text(instance, "PrivateDnsName"));
    doc_set_str(arena, interface, "PrivateIpAddress", doc_text(instance, "PrivateIpAddress"));
    doc_set(interface, "PrivateIpAddresses", private_addresses(arena, instance));
    doc_set_bool(arena, interface, "SourceDestCheck", true);
    doc_set_str(arena, interface, "Status", STR("in-use"));
    doc_set_str(arena, interface, "SubnetId", doc_text(instance, "SubnetId"));
    doc_set_str(arena, interface, "VpcId", doc_text(instance, "VpcId"));
    doc_set_str(arena, interface, "InterfaceType", STR("interface"));
    doc_set(interface, "Operator", not_managed(arena));
    return interface;
}

// ---- The root volume ----

static Doc *mappings_of(Arena *arena, const Doc *instance) {
    Doc *list = doc_list(arena), *mapping = doc_map(arena), *ebs = doc_map(arena);
    doc_set_time(arena, ebs, "AttachTime", made_ms(instance));
    doc_set_bool(arena, ebs, "DeleteOnTermination", true);
    doc_set_str(arena, ebs, "Status", STR("attached"));
    doc_set_str(arena, ebs, "VolumeId", volume_of(arena, id_of(instance)));
    doc_set_str(arena, mapping, "DeviceName", doc_text(instance, "RootDeviceName"));
    doc_set(mapping, "Ebs", ebs);
    doc_push(list, mapping);
    return list;
}

// ---- What the API shows of an instance ----

static Doc *one_text(Arena *arena, const char *member, Str text) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, member, text);
    return doc;
}

static Doc *one_flag(Arena *arena, const char *member) {
    Doc *doc = doc_map(arena);
    doc_set_bool(arena, doc, member, false);
    return doc;
}

static Doc *processors_of(Arena *arena, const Doc *instance) {
    const Doc *chosen = doc_get(instance, "$processors");
    Doc *processors = doc_map(arena);
    int64_t cores, threads;
    instance_type_processors(doc_text(instance, "InstanceType"), &cores, &threads);
    doc_set_int(arena, processors, "CoreCount", doc_number(chosen, "CoreCount", cores));
    doc_set_int(arena, processors, "ThreadsPerCore", doc_number(chosen, "ThreadsPerCore", threads));
    return processors;
}

Doc *name_options(Arena *arena) {
    Doc *options = one_text(arena, "HostnameType", STR("ip-name"));
    doc_set_bool(arena, options, "EnableResourceNameDnsARecord", false);
    doc_set_bool(arena, options, "EnableResourceNameDnsAAAARecord", false);
    return options;
}

static void add_common(Arena *arena, Doc *view) {
    Str reservations = doc_str(doc_get(view, "$capacity"), STR("open")), recovery = doc_str(doc_get(view, "$recovery"), STR("default"));
    doc_set(view, "CpuOptions", processors_of(arena, view));
    doc_set(view, "CapacityReservationSpecification", one_text(arena, "CapacityReservationPreference", reservations));
    doc_set(view, "EnclaveOptions", one_flag(arena, "Enabled"));
    doc_set(view, "MaintenanceOptions", one_text(arena, "AutoRecovery", recovery));
    doc_set(view, "Operator", not_managed(arena));
    if (!doc_count(doc_get(view, "Tags"))) doc_set(view, "Tags", NULL);
}

static void add_living(Arena *arena, Doc *view, const char *attachment) {
    Doc *interfaces = doc_list(arena);
    doc_push(interfaces, interface_doc(arena, view, attachment));
    doc_set(view, "NetworkInterfaces", interfaces);
    doc_set(view, "PrivateDnsNameOptions", name_options(arena));
    doc_set(view, "NetworkPerformanceOptions", one_text(arena, "BandwidthWeighting", STR("default")));
}

// A terminated instance has lost its network and its volume.
static void strip_terminated(Arena *arena, Doc *view) {
    static const char *const LOST[] = {"PrivateIpAddress", "SubnetId", "VpcId", "IamInstanceProfile", NULL};
    for (size_t i = 0; LOST[i]; i++) doc_set(view, LOST[i], NULL);
    doc_set_str(arena, view, "PrivateDnsName", STR(""));
    doc_set_str(arena, view, "PublicDnsName", STR(""));
    doc_set(view, "SecurityGroups", doc_list(arena));
    doc_set(view, "NetworkInterfaces", doc_list(arena));
    doc_set(view, "BlockDeviceMappings", doc_list(arena));
    doc_set_str(arena, doc_get(view, "MetadataOptions"), "State", STR("pending"));
}

Doc *instance_view(Arena *arena, const Doc *instance) {
    Doc *view = doc_copy(arena, instance);
    add_common(arena, view);
    doc_set(view, "HibernationOptions", one_flag(arena, "Configured"));
    doc_set_time(arena, view, "UsageOperationUpdateTime", made_ms(instance));
    if (!doc_text(view, "PublicDnsName").at) doc_set_str(arena, view, "PublicDnsName", STR(""));
    if (instance_is(instance, "terminated")) {
        strip_terminated(arena, view);
    } else {
        doc_set(view, "BlockDeviceMappings", mappings_of(arena, instance));
        add_living(arena, view, instance_is(instance, "pending") ? "attaching" : "attached");
    }
    return view;
}

Doc *instance_launched(Arena *arena, const Doc *instance) {
    static const char *const LATER[] = {"PublicIpAddress", "PlatformDetails", "UsageOperation", NULL};
    Doc *view = doc_copy(arena, instance);
    for (size_t i = 0; LATER[i]; i++) doc_set(view, LATER[i], NULL);
    doc_set_str(arena, view, "PublicDnsName", STR(""));
    doc_set_str(arena, doc_get(view, "MetadataOptions"), "State", STR("pending"));
    add_common(arena, view);
    add_living(arena, view, "attaching");
    doc_set(view, "BlockDeviceMappings", doc_list(arena));
    return view;
}

// ---- DescribeVolumes ----

static Doc *volume_attachments(Arena *arena, const Doc *instance) {
    Doc *list = doc_list(arena), *one = doc_map(arena);
    doc_set_time(arena, one, "AttachTime", made_ms(instance));
    doc_set_bool(arena, one, "DeleteOnTermination", true);
    doc_set_str(arena, one, "Device", doc_text(instance, "RootDeviceName"));
    doc_set_str(arena, one, "InstanceId", id_of(instance));
    doc_set_str(arena, one, "State", STR("attached"));
    doc_set_str(arena, one, "VolumeId", volume_of(arena, id_of(instance)));
    doc_push(list, one);
    return list;
}

static Doc *volume_doc(Arena *arena, Partition where, const Doc *instance) {
    const Doc *chosen = doc_get(instance, "$volume"), *tags = doc_get(instance, "$volumeTags");
    Doc *volume = doc_map(arena);
    Str type = doc_str(doc_get(chosen, "VolumeType"), STR("gp3"));
    int64_t size = doc_number(chosen, "VolumeSize", IMAGE_VOLUME_GIB), usual = str_is(type, "gp2") ? (size * 3 < 100 ? 100 : size * 3) : 3000;
    doc_set(volume, "Attachments", volume_attachments(arena, instance));
    doc_set_str(arena, volume, "AvailabilityZone", zone_of(arena, where));
    doc_set_str(arena, volume, "AvailabilityZoneId", zone_id_of(arena, where));
    doc_set_time(arena, volume, "CreateTime", made_ms(instance));
    doc_set_bool(arena, volume, "Encrypted", false);
    if (!str_is(type, "standard")) doc_set_int(arena, volume, "Iops", doc_number(chosen, "Iops", usual));
    if (str_is(type, "gp3")) doc_set_int(arena, volume, "Throughput", doc_number(chosen, "Throughput", 125));
    doc_set_bool(arena, volume, "MultiAttachEnabled", false);
    doc_set(volume, "Operator", not_managed(arena));
    doc_set_int(arena, volume, "Size", size);
    doc_set_str(arena, volume, "SnapshotId", image_snapshot(arena, doc_text(instance, "ImageId")));
    doc_set_str(arena, volume, "State", STR("in-use"));
    if (doc_count(tags)) doc_set(volume, "Tags", doc_copy(arena, tags));
    doc_set_str(arena, volume, "VolumeId", volume_of(arena, id_of(instance)));
    doc_set_str(arena, volume, "VolumeType", type);
    return volume;
}

static Doc *all_instances(Turn *turn) { return turn_scan(turn, &EC2_INSTANCE, (DocumentScan){.prefix = STR("")}); }

// Which things a Describe operation shows, and how.
typedef struct Parts {
    Doc *(*describe)(Arena *arena, Partition where, const Doc *instance);
    const char *ids, *member, *list; // "VolumeIds", "VolumeId", "Volumes"
    const char *absent, *what, *end; // the error's code and words for one that is not there
    const char *set; // what EC2 calls the list of ids
    const Filterable *known;
} Parts;

static bool all_found(const Parts *parts, const Doc *asked, const Doc *found, Error *e) {
    for (const Doc *id = doc_first(asked); id; id = id->next) {
        bool there = false;
        Str wanted = doc_str(id, STR(""));
        for (const Doc *one = doc_first(found); one; one = one->next) there = there || str_eq(doc_text(one, parts->member), wanted);
        if (!there) return fail(e, parts->absent, "The %s '%.*s' does not exist%s", parts->what, STR_ARG(wanted), parts->end);
    }
    return true;
}

static Outcome describe_parts(Turn *turn, const Call *call, const Parts *parts, Doc **out, Error *e) {
    Doc *all = doc_list(call->arena), *shown = doc_list(call->arena);
    const Doc *asked = doc_get(call->input, parts->ids);
    for (const Doc *instance = doc_first(all_instances(turn)); instance; instance = instance->next) {
        if (!instance_is(instance, "terminated")) doc_push(all, parts->describe(call->arena, call->where, instance));
    }
    CALL_TRY(all_found(parts, asked, all, e));
    CALL_TRY(filters_known(doc_get(call->input, "Filters"), parts->known, e));
    for (const Doc *one = doc_first(all); one; one = one->next) {
        bool matches;
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), parts->known, one, &matches, e));
        if (matches && is_asked(asked, doc_text(one, parts->member))) doc_push(shown, doc_copy(call->arena, one));
    }
    CALL_TRY(page_reply(call, shown, parts->list, (PageRule){5, 1000, parts->member, doc_count(asked) ? parts->set : NULL}, out, e));
    return OUTCOME_DONE;
}

Outcome describe_volumes(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"volume-id", "VolumeId"},
                                       {"volume-type", "VolumeType"},
                                       {"status", "State"},
                                       {"size", "Size"},
                                       {"snapshot-id", "SnapshotId"},
                                       {"encrypted", "Encrypted"},
                                       {"availability-zone", "AvailabilityZone"},
                                       {"availability-zone-id", "AvailabilityZoneId"},
                                       {"attachment.instance-id", "Attachments.InstanceId"},
                                       {"attachment.device", "Attachments.Device"},
                                       {"attachment.status", "Attachments.State"},
                                       {"attachment.delete-on-termination", "Attachments.DeleteOnTermination"},
                                       {"multi-attach-enabled", "MultiAttachEnabled"},
                                       {"attachment.attach-time", "Attachments.AttachTime"},
                                       {"create-time", "CreateTime"},
                                       {"operator.managed", "Operator.Managed"},
                                       {"operator.principal", "Operator.Principal"},
                                       {"fast-restored", "=false"},
                                       {NULL, NULL}};
    static const Parts VOLUMES = {volume_doc, "VolumeIds", "VolumeId", "Volumes", "InvalidVolume.NotFound", "volume", ".", "volumesSet", KNOWN};
    return describe_parts(turn, call, &VOLUMES, out, e);
}

// ---- DescribeNetworkInterfaces ----

static Doc *described_interface(Arena *arena, Partition where, const Doc *instance) {
    const Doc *tags = doc_get(instance, "$interfaceTags");
    Doc *interface = interface_doc(arena, instance, instance_is(instance, "pending") ? "attaching" : "attached");
    Doc *attachment = doc_get(interface, "Attachment");
    doc_set_str(arena, attachment, "InstanceId", id_of(instance));
    doc_set_str(arena, attachment, "InstanceOwnerId", doc_text(instance, "$owner"));
    doc_set_str(arena, interface, "AvailabilityZone", zone_of(arena, where));
    doc_set_str(arena, interface, "AvailabilityZoneId", zone_id_of(arena, where));
    doc_set_bool(arena, interface, "RequesterManaged", false);
    doc_set(interface, "TagSet", tags ? doc_copy(arena, tags) : doc_list(arena));
    doc_set(interface, "Tags", doc_copy(arena, doc_get(interface, "TagSet"))); // where filters look; the model has no such member
    return interface;
}

Outcome describe_network_interfaces(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"network-interface-id", "NetworkInterfaceId"},
                                       {"attachment.instance-id", "Attachment.InstanceId"},
                                       {"attachment.attachment-id", "Attachment.AttachmentId"},
                                       {"attachment.device-index", "Attachment.DeviceIndex"},
                                       {"attachment.status", "Attachment.Status"},
                                       {"attachment.delete-on-termination", "Attachment.DeleteOnTermination"},
                                       {"addresses.private-ip-address", "PrivateIpAddresses.PrivateIpAddress"},
                                       {"association.public-ip", "Association.PublicIp"},
                                       {"association.allocation-id", "Association.AllocationId"},
                                       {"association.association-id", "Association.AssociationId"},
                                       {"association.ip-owner-id", "Association.IpOwnerId"},
                                       {"association.public-dns-name", "Association.PublicDnsName"},
                                       {"addresses.association.owner-id", "PrivateIpAddresses.Association.IpOwnerId"},
                                       {"addresses.association.public-ip", "PrivateIpAddresses.Association.PublicIp"},
                                       {"addresses.primary", "PrivateIpAddresses.Primary"},
                                       {"attachment.attach-time", "Attachment.AttachTime"},
                                       {"attachment.instance-owner-id", "Attachment.InstanceOwnerId"},
                                       {"availability-zone-id", "AvailabilityZoneId"},
                                       {"ipv6-addresses.ipv6-address", "Ipv6Addresses.Ipv6Address"},
                                       {"operator.managed", "Operator.Managed"},
                                       {"operator.principal", "Operator.Principal"},
                                       {"requester-id", "RequesterId"},
                                       {"availability-zone", "AvailabilityZone"},
                                       {"description", "Description"},
                                       {"group-id", "Groups.GroupId"},
                                       {"group-name", "Groups.GroupName"},
                                       {"interface-type", "InterfaceType"},
                                       {"mac-address", "MacAddress"},
                                       {"owner-id", "OwnerId"},
                                       {"private-dns-name", "PrivateDnsName"},
                                       {"private-ip-address", "PrivateIpAddress"},
                                       {"requester-managed", "RequesterManaged"},
                                       {"source-dest-check", "SourceDestCheck"},
                                       {"status", "Status"},
                                       {"subnet-id", "SubnetId"},
                                       {"vpc-id", "VpcId"},
                                       {NULL, NULL}};
    static const Parts INTERFACES = {described_interface,
                                     "NetworkInterfaceIds",
                                     "NetworkInterfaceId",
                                     "NetworkInterfaces",
                                     "InvalidNetworkInterfaceID.NotFound",
                                     "networkInterface ID",
                                     "",
                                     "networkInterfacesSet",
                                     KNOWN};
    return describe_parts(turn, call, &INTERFACES, out, e);
}

// ---- DescribeInstanceCreditSpecifications ----

static Str credits_of(const Doc *instance) {
    Str type = doc_text(instance, "InstanceType"), chosen = doc_text(instance, "$credits");
    if (chosen.at) return chosen;
    return instance_type_is_burstable(type) && !str_starts(type, STR("t2.")) ? STR("unlimited") : STR("standard");
}

// Without ids: those that may use more than they earned.
Outcome describe_instance_credit_specifications(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"instance-id", "InstanceId"}, {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *list = doc_list(arena);
    const Doc *ids = doc_get(call->input, "InstanceIds");
    CALL_TRY(all_instances_exist(turn, ids, e));
    for (const Doc *instance = doc_first(all_instances(turn)); instance; instance = instance->next) {
        bool matches, unlimited = str_is(credits_of(instance), "unlimited");
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, instance, &matches, e));
        if (!matches || !is_asked(ids, id_of(instance)) || (!doc_count(ids) && !unlimited)) continue;
        Doc *one = one_text(arena, "InstanceId", id_of(instance));
        doc_set_str(arena, one, "CpuCredits", credits_of(instance));
        doc_push(list, one);
    }
    CALL_TRY(
        page_reply(call, list, "InstanceCreditSpecifications", (PageRule){5, 1000, "InstanceId", doc_count(ids) ? "instancesSet" : NULL}, out, e));
    return OUTCOME_DONE;
}
