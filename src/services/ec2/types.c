// The instance types to choose from, with what EC2 publishes of each.
#include "services/ec2/ec2.h"

typedef struct TypeFacts {
    const char *name;
    int64_t cores, threads, memory_mib; // threads a core
    double clock_ghz;
    int64_t interfaces, addresses; // network interfaces, addresses of one
    int64_t base_mbps, base_iops, most_mbps, most_iops; // of its volumes; 0: not EBS-optimized
} TypeFacts;

static const TypeFacts TYPES[] = {
    {"t2.nano", 1, 1, 512, 2.4, 2, 2, 0, 0, 0, 0},
    {"t2.micro", 1, 1, 1024, 2.5, 2, 2, 0, 0, 0, 0},
    {"t2.small", 1, 1, 2048, 2.5, 3, 4, 0, 0, 0, 0},
    {"t2.medium", 2, 1, 4096, 2.3, 3, 6, 0, 0, 0, 0},
    {"t2.large", 2, 1, 8192, 2.3, 3, 12, 0, 0, 0, 0},
    {"t3.nano", 1, 2, 512, 2.5, 2, 2, 43, 250, 2085, 11800},
    {"t3.micro", 1, 2, 1024, 2.5, 2, 2, 87, 500, 2085, 11800},
    {"t3.small", 1, 2, 2048, 2.5, 3, 4, 174, 1000, 2085, 11800},
    {"t3.medium", 1, 2, 4096, 2.5, 3, 6, 347, 2000, 2085, 11800},
    {"t3.large", 1, 2, 8192, 2.5, 3, 12, 695, 4000, 2780, 15700},
    {"t3.xlarge", 2, 2, 16384, 2.5, 4, 15, 695, 4000, 2780, 15700},
    {"m5.large", 1, 2, 8192, 3.1, 3, 10, 650, 3600, 4750, 18750},
    {"m5.xlarge", 2, 2, 16384, 3.1, 4, 15, 1150, 6000, 4750, 18750},
    {"c5.large", 1, 2, 4096, 3.4, 3, 10, 650, 4000, 4750, 20000},
    {"c5.xlarge", 2, 2, 8192, 3.4, 4, 15, 1150, 6000, 4750, 20000},
    {"m1.small", 1, 1, 1740, 2.0, 2, 4, 0, 0, 0, 0},
};

static const TypeFacts *facts_of(Str type) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (str_is(type, TYPES[i].name)) return &TYPES[i];
    }
    return NULL;
}

bool instance_type_known(Str type) { return facts_of(type) != NULL; }

int64_t instance_type_memory_mib(Str type) {
    const TypeFacts *facts = facts_of(type);
    return facts ? facts->memory_mib : 0;
}

void instance_type_processors(Str type, int64_t *cores, int64_t *threads) {
    const TypeFacts *facts = facts_of(type);
    *cores = facts ? facts->cores : 1;
    *threads = facts ? facts->threads : 1;
}

// The types of the Nitro system, which boot by UEFI where the image can.
bool instance_type_is_nitro(Str type) {
    const TypeFacts *facts = facts_of(type);
    return facts && facts->base_mbps > 0;
}

bool instance_type_is_burstable(Str type) { return type.len && type.at[0] == 't'; }

// ---- DescribeInstanceTypes ----

static Doc *texts(Arena *arena, const char *const *names) {
    Doc *list = doc_list(arena);
    for (; *names; names++) doc_push_str(arena, list, str_of(*names));
    return list;
}

static Doc *numbers_to(Arena *arena, int64_t from, int64_t to) {
    Doc *list = doc_list(arena);
    for (int64_t number = from; number <= to; number++) doc_push(list, doc_of_int(arena, number));
    return list;
}

static Doc *processor_doc(Arena *arena, const TypeFacts *facts) {
    static const char *const OLD[] = {"i386", "x86_64", NULL}, *const NEW[] = {"x86_64", NULL};
    Doc *processor = doc_map(arena);
    doc_set(processor, "SupportedArchitectures", texts(arena, facts->base_mbps ? NEW : OLD));
    doc_set(processor, "SustainedClockSpeedInGhz", doc_of_real(arena, facts->clock_ghz));
    doc_set_str(arena, processor, "Manufacturer", STR("Intel"));
    return processor;
}

static Doc *cores_doc(Arena *arena, const TypeFacts *facts) {
    Doc *cpu = doc_map(arena);
    doc_set_int(arena, cpu, "DefaultVCpus", facts->cores * facts->threads);
    doc_set_int(arena, cpu, "DefaultCores", facts->cores);
    doc_set_int(arena, cpu, "DefaultThreadsPerCore", facts->threads);
    doc_set(cpu, "ValidCores", numbers_to(arena, facts->cores, facts->cores));
    doc_set(cpu, "ValidThreadsPerCore", numbers_to(arena, 1, facts->threads));
    return cpu;
}

static void set_speed(Arena *arena, Doc *info, const char *which, int64_t mbps, int64_t iops) {
    doc_set(info, str_format(arena, "%sBandwidthInMbps", which).at, doc_of_int(arena, mbps));
    doc_set(info, str_format(arena, "%sThroughputInMBps", which).at, doc_of_real(arena, (double)mbps / 8));
    doc_set(info, str_format(arena, "%sIops", which).at, doc_of_int(arena, iops));
}

static Doc *volumes_doc(Arena *arena, const TypeFacts *facts) {
    Doc *ebs = doc_map(arena), *speed = doc_map(arena);
    bool optimized = facts->base_mbps > 0;
    doc_set_str(arena, ebs, "EbsOptimizedSupport", optimized ? STR("default") : STR("unsupported"));
    doc_set_str(arena, ebs, "EncryptionSupport", STR("supported"));
    doc_set_str(arena, ebs, "NvmeSupport", optimized ? STR("required") : STR("unsupported"));
    if (!optimized) return ebs;
    set_speed(arena, speed, "Baseline", facts->base_mbps, facts->base_iops);
    set_speed(arena, speed, "Maximum", facts->most_mbps, facts->most_iops);
    doc_set(ebs, "EbsOptimizedInfo", speed);
    return ebs;
}

static const char *network_performance(const TypeFacts *facts) {
    if (!facts->base_mbps) return facts->name[0] == 't' ? "Low to Moderate" : "Low";
    return facts->name[0] == 't' ? "Up to 5 Gigabit" : "Up to 10 Gigabit";
}

static Doc *network_doc(Arena *arena, const TypeFacts *facts) {
    Doc *network = doc_map(arena), *cards = doc_list(arena), *card = doc_map(arena);
    doc_set_str(arena, network, "NetworkPerformance", str_of(network_performance(facts)));
    doc_set_int(arena, network, "MaximumNetworkInterfaces", facts->interfaces);
    doc_set_int(arena, network, "MaximumNetworkCards", 1);
    doc_set_int(arena, network, "DefaultNetworkCardIndex", 0);
    doc_set_int(arena, card, "NetworkCardIndex", 0);
    doc_set_str(arena, card, "NetworkPerformance", str_of(network_performance(facts)));
    doc_set_int(arena, card, "MaximumNetworkInterfaces", facts->interfaces);
    doc_push(cards, card);
    doc_set(network, "NetworkCards", cards);
    doc_set_int(arena, network, "Ipv4AddressesPerInterface", facts->addresses);
    doc_set_int(arena, network, "Ipv6AddressesPerInterface", facts->addresses);
    doc_set_bool(arena, network, "Ipv6Supported", true);
    doc_set_str(arena, network, "EnaSupport", facts->base_mbps ? STR("required") : STR("unsupported"));
    doc_set_bool(arena, network, "EfaSupported", false);
    doc_set_bool(arena, network, "EncryptionInTransitSupported", false);
    doc_set_bool(arena, network, "EnaSrdSupported", false);
    return network;
}

static void set_abilities(Arena *arena, Doc *type, const TypeFacts *facts) {
    static const char *const BOTH[] = {"legacy-bios", "uefi", NULL}, *const BIOS[] = {"legacy-bios", NULL};
    static const char *const CLUSTER[] = {"cluster", "partition", "spread", NULL};
    bool nitro = facts->base_mbps > 0, burstable = facts->name[0] == 't';
    Doc *placement = doc_map(arena);
    doc_set(placement, "SupportedStrategies", texts(arena, CLUSTER + (burstable || !nitro ? 1 : 0)));
    doc_set(type, "PlacementGroupInfo", placement);
    doc_set_bool(arena, type, "HibernationSupported", facts->name[1] != '1');
    doc_set_bool(arena, type, "BurstablePerformanceSupported", burstable);
    doc_set_bool(arena, type, "DedicatedHostsSupported", nitro);
    doc_set_bool(arena, type, "AutoRecoverySupported", facts->name[1] != '1');
    doc_set(type, "SupportedBootModes", texts(arena, nitro ? BOTH : BIOS));
    doc_set_str(arena, type, "NitroEnclavesSupport", nitro && !burstable && facts->cores > 1 ? STR("supported") : STR("unsupported"));
    doc_set_str(arena, type, "NitroTpmSupport", nitro ? STR("supported") : STR("unsupported"));
    doc_set_str(arena, type, "PhcSupport", STR("unsupported"));
}

static Doc *type_doc(Arena *arena, const TypeFacts *facts) {
    static const char *const USAGE[] = {"on-demand", "spot", NULL}, *const ROOT[] = {"ebs", NULL}, *const HVM[] = {"hvm", NULL};
    Doc *type = doc_map(arena), *memory = doc_map(arena);
    Str name = str_of(facts->name);
    doc_set_str(arena, type, "InstanceType", name);
    doc_set_bool(arena, type, "CurrentGeneration", facts->name[1] != '1');
    doc_set_bool(arena, type, "FreeTierEligible", str_is(name, "t2.micro") || str_is(name, "t3.micro"));
    doc_set(type, "SupportedUsageClasses", texts(arena, USAGE));
    doc_set(type, "SupportedRootDeviceTypes", texts(arena, ROOT));
    doc_set(type, "SupportedVirtualizationTypes", texts(arena, HVM));
    doc_set_bool(arena, type, "BareMetal", false);
    doc_set_str(arena, type, "Hypervisor", facts->base_mbps ? STR("nitro") : STR("xen"));
    doc_set(type, "ProcessorInfo", processor_doc(arena, facts));
    doc_set(type, "VCpuInfo", cores_doc(arena, facts));
    doc_set_int(arena, memory, "SizeInMiB", facts->memory_mib);
    doc_set(type, "MemoryInfo", memory);
    doc_set_bool(arena, type, "InstanceStorageSupported", false);
    doc_set(type, "EbsInfo", volumes_doc(arena, facts));
    doc_set(type, "NetworkInfo", network_doc(arena, facts));
    set_abilities(arena, type, facts);
    return type;
}

static const Filterable TYPE_FILTERS[] = {
    {"instance-type", "InstanceType"},
    {"current-generation", "CurrentGeneration"},
    {"free-tier-eligible", "FreeTierEligible"},
    {"bare-metal", "BareMetal"},
    {"hypervisor", "Hypervisor"},
    {"burstable-performance-supported", "BurstablePerformanceSupported"},
    {"hibernation-supported", "HibernationSupported"},
    {"dedicated-hosts-supported", "DedicatedHostsSupported"},
    {"auto-recovery-supported", "AutoRecoverySupported"},
    {"instance-storage-supported", "InstanceStorageSupported"},
    {"supported-boot-mode", "SupportedBootModes"},
    {"supported-root-device-type", "SupportedRootDeviceTypes"},
    {"supported-usage-class", "SupportedUsageClasses"},
    {"supported-virtualization-type", "SupportedVirtualizationTypes"},
    {"processor-info.supported-architecture", "ProcessorInfo.SupportedArchitectures"},
    {"vcpu-info.default-vcpus", "VCpuInfo.DefaultVCpus"},
    {"vcpu-info.default-cores", "VCpuInfo.DefaultCores"},
    {"vcpu-info.default-threads-per-core", "VCpuInfo.DefaultThreadsPerCore"},
    {"memory-info.size-in-mib", "MemoryInfo.SizeInMiB"},
    {"ebs-info.ebs-optimized-support", "EbsInfo.EbsOptimizedSupport"},
    {"ebs-info.encryption-support", "EbsInfo.EncryptionSupport"},
    {"ebs-info.nvme-support", "EbsInfo.NvmeSupport"},
    {"network-info.ena-support", "NetworkInfo.EnaSupport"},
    {"network-info.network-performance", "NetworkInfo.NetworkPerformance"},
    {"ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps", "EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps"},
    {"ebs-info.ebs-optimized-info.baseline-iops", "EbsInfo.EbsOptimizedInfo.BaselineIops"},
    {"ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", "EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps"},
    {"ebs-info.ebs-optimized-info.maximum-iops", "EbsInfo.EbsOptimizedInfo.MaximumIops"},
    {"network-info.efa-supported", "NetworkInfo.EfaSupported"},
    {"network-info.encryption-in-transit-supported", "NetworkInfo.EncryptionInTransitSupported"},
    {"network-info.ipv4-addresses-per-interface", "NetworkInfo.Ipv4AddressesPerInterface"},
    {"network-info.ipv6-addresses-per-interface", "NetworkInfo.Ipv6AddressesPerInterface"},
    {"network-info.ipv6-supported", "NetworkInfo.Ipv6Supported"},
    {"network-info.maximum-network-cards", "NetworkInfo.MaximumNetworkCards"},
    {"network-info.maximum-network-interfaces", "NetworkInfo.MaximumNetworkInterfaces"},
    {"vcpu-info.valid-cores", "VCpuInfo.ValidCores"},
    {"vcpu-info.valid-threads-per-core", "VCpuInfo.ValidThreadsPerCore"},
    {"ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", "EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps"},
    {"ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", "EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps"},
    {"instance-storage-info.disk.count", "InstanceStorageInfo.Disks.Count"},
    {"instance-storage-info.disk.size-in-gb", "InstanceStorageInfo.Disks.SizeInGB"},
    {"instance-storage-info.disk.type", "InstanceStorageInfo.Disks.Type"},
    {"instance-storage-info.encryption-support", "InstanceStorageInfo.EncryptionSupport"},
    {"instance-storage-info.nvme-support", "InstanceStorageInfo.NvmeSupport"},
    {"instance-storage-info.total-size-in-gb", "InstanceStorageInfo.TotalSizeInGB"},
    {"network-info.efa-info.maximum-efa-interfaces", "NetworkInfo.EfaInfo.MaximumEfaInterfaces"},
    {"processor-info.sustained-clock-speed-in-ghz", "ProcessorInfo.SustainedClockSpeedInGhz"},
    {"nitro-enclaves-support", "NitroEnclavesSupport"},
    {"nitro-tpm-support", "NitroTpmSupport"},
    {NULL, NULL}};

Outcome describe_instance_types(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    Doc *types = doc_list(arena);
    const Doc *asked = doc_get(call->input, "InstanceTypes");
    for (const Doc *type = doc_first(asked); type; type = type->next) {
        if (!instance_type_known(doc_str(type, STR(""))))
            return call_fail(e, "InvalidInstanceType", "The following supplied instance types do not exist: [%.*s]", STR_ARG(doc_str(type, STR(""))));
    }
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        bool matches;
        Doc *type = type_doc(arena, &TYPES[i]);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), TYPE_FILTERS, type, &matches, e));
        if (matches && is_asked(asked, str_of(TYPES[i].name))) doc_push(types, type);
    }
    CALL_TRY(page_reply(call, types, "InstanceTypes", (PageRule){5, 100, "InstanceType", NULL}, out, e));
    return OUTCOME_DONE;
}

// ---- DescribeInstanceTypeOfferings ----

// All types are offered in the one zone that a region has here, and none on an outpost.
Outcome describe_instance_type_offerings(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const Filterable KNOWN[] = {{"instance-type", "InstanceType"}, {"location", "Location"}, {NULL, NULL}};
    Arena *arena = call->arena;
    Doc *offerings = doc_list(arena);
    Str kind = doc_text(call->input, "LocationType"), location = call->where.region;
    if (!kind.len) kind = STR("region");
    if (str_is(kind, "availability-zone")) location = zone_of(arena, call->where);
    if (str_is(kind, "availability-zone-id")) location = zone_id_of(arena, call->where);
    CALL_TRY(filters_known(doc_get(call->input, "Filters"), KNOWN, e));
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES && !str_is(kind, "outpost"); i++) {
        bool matches;
        Doc *offering = doc_map(arena);
        doc_set_str(arena, offering, "InstanceType", str_of(TYPES[i].name));
        doc_set_str(arena, offering, "LocationType", kind);
        doc_set_str(arena, offering, "Location", location);
        CALL_TRY(filters_match(turn, doc_get(call->input, "Filters"), KNOWN, offering, &matches, e));
        if (matches) doc_push(offerings, offering);
    }
    CALL_TRY(page_reply(call, offerings, "InstanceTypeOfferings", (PageRule){5, 1000, "InstanceType", NULL}, out, e));
    return OUTCOME_DONE;
}
