// What a request to run instances may ask for. What is kept and shown, or has an effect, is taken; everything else is refused by name.
#include "services/ec2/ec2.h"

static bool is_one_of(Str text, const char *const *names) {
    for (; *names; names++) {
        if (str_is(text, *names)) return true;
    }
    return false;
}

static bool invalid_value(Error *e, Str value, const char *parameter) {
    return fail(e, "InvalidParameterValue", "Value (%.*s) for parameter %s is invalid.", STR_ARG(value), parameter);
}

static bool not_built(Error *e, const char *what) { return fail(e, "UnsupportedOperation", "RunInstances with %s is not built.", what); }

// ---- Block devices ----

static bool check_speed(const Doc *ebs, Str type, Error *e) {
    bool provisioned = str_is(type, "io1") || str_is(type, "io2");
    if (provisioned && !doc_get(ebs, "Iops"))
        return fail(e, "MissingParameter", "The parameter iops must be specified for %.*s volumes.", STR_ARG(type));
    if (doc_get(ebs, "Iops") && !provisioned && !str_is(type, "gp3"))
        return fail(e, "InvalidParameterCombination", "The parameter iops is not supported for %.*s volumes.", STR_ARG(type));
    if (doc_get(ebs, "Throughput") && !str_is(type, "gp3"))
        return fail(e, "InvalidParameterCombination", "The parameter throughput is not supported for %.*s volumes.", STR_ARG(type));
    return true;
}

static bool check_ebs(Arena *arena, const Doc *ebs, Str image, Error *e) {
    static const char *const TYPES[] = {"gp2", "gp3", "io1", "io2", "standard", NULL};
    static const char *const REFUSED[] = {"KmsKeyId",     "OutpostArn", "VolumeInitializationRate", "AvailabilityZone", "AvailabilityZoneId",
                                          "EbsCardIndex", NULL};
    Str type = doc_str(doc_get(ebs, "VolumeType"), STR("gp3")), snapshot = doc_text(ebs, "SnapshotId"), own = image_snapshot(arena, image);
    int64_t size = doc_number(ebs, "VolumeSize", IMAGE_VOLUME_GIB);
    TRY(refuse_members(ebs, REFUSED, "RunInstances with a block device", e));
    if (doc_flag(ebs, "Encrypted", false)) return not_built(e, "an encrypted volume");
    if (!doc_flag(ebs, "DeleteOnTermination", true)) return not_built(e, "a volume that outlives its instance (DeleteOnTermination false)");
    if (!is_one_of(type, TYPES)) return invalid_value(e, type, "volumeType");
    if (snapshot.at && !str_eq(snapshot, own)) return fail(e, "InvalidSnapshot.NotFound", "The snapshot '%.*s' does not exist.", STR_ARG(snapshot));
    if (size < IMAGE_VOLUME_GIB) {
        return fail(e, "InvalidBlockDeviceMapping", "Volume of size %lldGB is smaller than  snapshot '%.*s', expect size >= %dGB", (long long)size,
                    STR_ARG(own), IMAGE_VOLUME_GIB);
    }
    return check_speed(ebs, type, e);
}

static bool check_devices(Turn *turn, const Doc *input, Error *e) {
    Arena *arena = turn_arena(turn);
    Str image = doc_text(input, "ImageId"), root = image_root_device(image);
    for (const Doc *device = doc_first(doc_get(input, "BlockDeviceMappings")); device; device = device->next) {
        Str name = doc_text(device, "DeviceName");
        if (!name.at) return fail(e, "MissingParameter", "The request must contain the parameter deviceName");
        if (doc_get(device, "VirtualName")) return not_built(e, "an instance store volume (VirtualName)");
        if (doc_get(device, "NoDevice")) return not_built(e, "NoDevice");
        if (!str_eq(name, root)) {
            return fail(e, "UnsupportedOperation", "RunInstances with a volume at %.*s is not built: an instance has one volume, at %.*s.",
                        STR_ARG(name), STR_ARG(root));
        }
        TRY(check_ebs(arena, doc_get(device, "Ebs"), image, e));
    }
    return true;
}

// ---- Network ----

static bool check_subnet(Turn *turn, Str subnet, Error *e) {
    if (!subnet.at) return true;
    TRY(check_id(subnet, "subnet-", "InvalidSubnetId.Malformed", e));
    return str_eq(subnet, subnet_id(turn_arena(turn), turn_where(turn))) || no_such(e, "InvalidSubnetID.NotFound", "subnet ID", subnet);
}

static bool check_interface(Turn *turn, const Doc *interface, Error *e) {
    static const char *const REFUSED[] = {"Ipv6AddressCount",
                                          "Ipv6Addresses",
                                          "NetworkInterfaceId",
                                          "PrivateIpAddress",
                                          "PrivateIpAddresses",
                                          "SecondaryPrivateIpAddressCount",
                                          "AssociateCarrierIpAddress",
                                          "Ipv4Prefixes",
                                          "Ipv4PrefixCount",
                                          "Ipv6Prefixes",
                                          "Ipv6PrefixCount",
                                          "PrimaryIpv6",
                                          "EnaSrdSpecification",
                                          "ConnectionTrackingSpecification",
                                          "EnaQueueCount",
                                          NULL};
    Str type = doc_str(doc_get(interface, "InterfaceType"), STR("interface"));
    TRY(refuse_members(interface, REFUSED, "RunInstances with a network interface", e));
    if (!doc_get(interface, "DeviceIndex")) return fail(e, "MissingParameter", "Each network interface requires a device index.");
    if (doc_number(interface, "DeviceIndex", 0) != 0)
        return fail(e, "InvalidParameterValue", "The first network interface must have a device index of 0.");
    if (doc_number(interface, "NetworkCardIndex", 0) != 0) return not_built(e, "another network card");
    if (!str_is(type, "interface")) return not_built(e, "an InterfaceType other than interface");
    if (!doc_flag(interface, "AssociatePublicIpAddress", true)) return not_built(e, "AssociatePublicIpAddress false");
    if (!doc_flag(interface, "DeleteOnTermination", true)) return not_built(e, "a network interface that outlives its instance");
    return check_subnet(turn, doc_text(interface, "SubnetId"), e);
}

static bool check_network(Turn *turn, const Doc *input, Error *e) {
    const Doc *interfaces = doc_get(input, "NetworkInterfaces");
    TRY(check_subnet(turn, doc_text(input, "SubnetId"), e));
    if (!doc_count(interfaces)) return true;
    if (doc_get(input, "SubnetId"))
        return fail(e, "InvalidParameterCombination", "Network interfaces and an instance-level subnet ID may not be specified on the same request");
    if (doc_count(doc_get(input, "SecurityGroupIds")) || doc_count(doc_get(input, "SecurityGroups"))) {
        return fail(e, "InvalidParameterCombination",
                    "Network interfaces and an instance-level security groups may not be specified on the same request");
    }
    if (doc_count(interfaces) > 1) return not_built(e, "a second network interface");
    return check_interface(turn, doc_first(interfaces), e);
}

// ---- Processors ----

static bool check_processors(const Doc *input, Str type, Error *e) {
    const Doc *options = doc_get(input, "CpuOptions");
    int64_t cores, threads;
    if (!options) return true;
    instance_type_processors(type, &cores, &threads);
    if (doc_get(options, "AmdSevSnp")) return not_built(e, "AmdSevSnp");
    if (doc_get(options, "NestedVirtualization")) return not_built(e, "NestedVirtualization");
    if (!doc_get(options, "CoreCount") || !doc_get(options, "ThreadsPerCore"))
        return fail(e, "MissingParameter", "You must specify both CoreCount and ThreadsPerCore in CpuOptions");
    int64_t wanted = doc_number(options, "ThreadsPerCore", 0);
    if (doc_number(options, "CoreCount", 0) == cores && wanted >= 1 && wanted <= threads) return true;
    return fail(e, "InvalidParameterValue", "The %.*s instance type does not support %lld cores with %lld threads per core.", STR_ARG(type),
                (long long)doc_number(options, "CoreCount", 0), (long long)wanted);
}

static bool check_credits(const Doc *input, Str type, Error *e) {
    const Doc *specification = doc_get(input, "CreditSpecification");
    Str credits = doc_text(specification, "CpuCredits");
    if (!specification) return true;
    if (!instance_type_is_burstable(type))
        return fail(e, "InstanceCreditSpecification.NotSupported", "The %.*s instance type does not support T2 Unlimited.", STR_ARG(type));
    return str_is(credits, "standard") || str_is(credits, "unlimited") || invalid_value(e, credits, "CreditSpecification.CpuCredits");
}

// ---- The rest ----

bool check_metadata_options(const Doc *options, Error *e) {
    static const char *const TOKENS[] = {"optional", "required", NULL}, *const STATES[] = {"enabled", "disabled", NULL};
    static const char *const SWITCHES[] = {"HttpEndpoint", "InstanceMetadataTags", "HttpProtocolIpv6", NULL};
    Str tokens = doc_text(options, "HttpTokens");
    int64_t hops = doc_number(options, "HttpPutResponseHopLimit", 1);
    if (tokens.at && !is_one_of(tokens, TOKENS)) return invalid_value(e, tokens, "HttpTokens");
    for (size_t i = 0; SWITCHES[i]; i++) {
        Str text = doc_text(options, SWITCHES[i]);
        if (text.at && !is_one_of(text, STATES)) return invalid_value(e, text, SWITCHES[i]);
    }
    if (str_is(doc_text(options, "HttpProtocolIpv6"), "enabled"))
        return fail(e, "UnsupportedOperation", "HttpProtocolIpv6 enabled is not built: instances have IPv4 addresses only.");
    return (hops >= 1 && hops <= 64) ||
           fail(e, "InvalidParameterValue", "Value (%lld) for parameter HttpPutResponseHopLimit is invalid.", (long long)hops);
}

// There is one zone.
static bool check_placement(const Call *call, Error *e) {
    static const char *const REFUSED[] = {"Affinity", "PartitionNumber", "HostId", "SpreadDomain", "HostResourceGroupArn", "GroupId", NULL};
    const Doc *placement = doc_get(call->input, "Placement");
    Str zone = doc_text(placement, "AvailabilityZone"), id = doc_text(placement, "AvailabilityZoneId"), tenancy = doc_text(placement, "Tenancy");
    TRY(refuse_members(placement, REFUSED, "RunInstances in a placement", e));
    if (doc_text(placement, "GroupName").len) return not_built(e, "a placement group");
    if (zone.len && !str_eq(zone, zone_of(call->arena, call->where)))
        return fail(e, "InvalidParameterValue", "Invalid availability zone: [%.*s]", STR_ARG(zone));
    if (id.len && !str_eq(id, zone_id_of(call->arena, call->where)))
        return fail(e, "InvalidParameterValue", "Invalid availability zone-id: [%.*s]", STR_ARG(id));
    if (!tenancy.len || str_is(tenancy, "default")) return true;
    return fail(e, "UnsupportedOperation", "RunInstances with Tenancy %.*s is not built.", STR_ARG(tenancy));
}

static bool check_text(const Doc *input, const char *structure, const char *member, const char *const *known, Error *e) {
    Str text = doc_text(doc_get(input, structure), member);
    return !text.at || is_one_of(text, known) || invalid_value(e, text, member);
}

static bool check_options(const Doc *input, Error *e) {
    static const char *const CAPACITY[] = {"open", "none", NULL}, *const RECOVERY[] = {"default", "disabled", NULL};
    static const char *const SHUTDOWN[] = {"stop", "terminate", NULL};
    const Doc *names = doc_get(input, "PrivateDnsNameOptions");
    Str shutdown = doc_text(input, "InstanceInitiatedShutdownBehavior"),
        bandwidth = doc_text(doc_get(input, "NetworkPerformanceOptions"), "BandwidthWeighting");
    if (doc_get(doc_get(input, "CapacityReservationSpecification"), "CapacityReservationTarget")) return not_built(e, "CapacityReservationTarget");
    TRY(check_text(input, "CapacityReservationSpecification", "CapacityReservationPreference", CAPACITY, e));
    TRY(check_text(input, "MaintenanceOptions", "AutoRecovery", RECOVERY, e));
    if (shutdown.at && !is_one_of(shutdown, SHUTDOWN)) return invalid_value(e, shutdown, "instanceInitiatedShutdownBehavior");
    if (bandwidth.at && !str_is(bandwidth, "default")) return not_built(e, "a BandwidthWeighting other than default");
    if (str_is(doc_text(names, "HostnameType"), "resource-name") || doc_flag(names, "EnableResourceNameDnsARecord", false) ||
        doc_flag(names, "EnableResourceNameDnsAAAARecord", false))
        return not_built(e, "host names made of resource names (PrivateDnsNameOptions)");
    if (doc_flag(doc_get(input, "Monitoring"), "Enabled", false)) return not_built(e, "Monitoring enabled");
    if (doc_flag(doc_get(input, "HibernationOptions"), "Configured", false)) return not_built(e, "HibernationOptions");
    if (doc_flag(doc_get(input, "EnclaveOptions"), "Enabled", false)) return not_built(e, "EnclaveOptions");
    return check_metadata_options(doc_get(input, "MetadataOptions"), e);
}

static bool check_counts(const Doc *input, Error *e) {
    long long least = (long long)doc_number(input, "MinCount", 0), most = (long long)doc_number(input, "MaxCount", 0);
    if (least < 1) return fail(e, "InvalidParameterValue", "Value (%lld) for parameter minCount is invalid. It must be at least 1.", least);
    return most >= least ||
           fail(e, "InvalidParameterValue", "Value (%lld) for parameter maxCount is invalid. It must not be less than minCount (%lld).", most, least);
}

bool check_launch(Turn *turn, const Call *call, Error *e) {
    static const char *const REFUSED[] = {"LaunchTemplate",
                                          "InstanceMarketOptions",
                                          "ElasticGpuSpecification",
                                          "ElasticInferenceAccelerators",
                                          "Ipv6Addresses",
                                          "Ipv6AddressCount",
                                          "EnablePrimaryIpv6",
                                          "PrivateIpAddress",
                                          "KernelId",
                                          "RamdiskId",
                                          "LicenseSpecifications",
                                          "SecondaryInterfaces",
                                          "AdditionalInfo",
                                          "Operator",
                                          NULL};
    Arena *arena = turn_arena(turn);
    const Doc *input = call->input;
    Str image = doc_text(input, "ImageId"), type = doc_str(doc_get(input, "InstanceType"), STR("m1.small")), key = doc_text(input, "KeyName");
    TRY(refuse_members(input, REFUSED, "RunInstances", e));
    if (!image.at) return fail(e, "MissingParameter", "The request must contain the parameter ImageId");
    TRY(check_id(image, "ami-", "InvalidAMIID.Malformed", e));
    if (!image_doc(arena, turn_where(turn), image)) return fail(e, "InvalidAMIID.NotFound", "The image id '[%.*s]' does not exist", STR_ARG(image));
    if (!instance_type_known(type)) return fail(e, "InvalidParameterValue", "Invalid value '%.*s' for InstanceType.", STR_ARG(type));
    if (key.len) return fail(e, "InvalidKeyPair.NotFound", "The key pair '%.*s' does not exist", STR_ARG(key));
    TRY(check_counts(input, e));
    TRY(check_network(turn, input, e));
    TRY(check_devices(turn, input, e));
    TRY(check_processors(input, type, e));
    TRY(check_credits(input, type, e));
    if (doc_flag(input, "EbsOptimized", false) && !instance_type_is_nitro(type))
        return fail(e, "Unsupported",
                    "EBS-optimized instances are not supported for your requested configuration. Please check the documentation for supported "
                    "configurations.");
    return check_placement(call, e) && check_options(input, e);
}
