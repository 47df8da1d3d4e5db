// EC2: instances as sandboxes, and of the rest of EC2 what deployments need: security groups, tags, facts of images, subnets and VPCs.
//
// Documents hold what the API shows, by the model's member names; members that begin with '$' are ours and never leave (the encoder knows only the model's).
//   ec2.instance       id i-…     the machine of instance_machine.c; Instance, with $reservation, $role, $userData
//   ec2.security-group id sg-…    SecurityGroup without IpPermissions, which its $rules tell (rules.c)
//   ec2.address        id "0005"  partition ("", aws-global): which of the addresses 10.0.0.N / 127.77.BLOCK.N is whose
//   ec2.network        id vpc-… …  Tags of the default VPC, its subnet, route table or network ACL; all else of them is derived (network.c)
#pragma once

#include "plane/endpoint.h"
#include "plane/turn.h"

extern const DocumentType EC2_INSTANCE, EC2_SECURITY_GROUP, EC2_ADDRESS, EC2_NETWORK, EC2_IMAGE;
extern const EndpointType EC2_METADATA;

// handlers
CallHandler run_instances, describe_instances, describe_instance_status, start_instances, stop_instances, terminate_instances, reboot_instances;
CallHandler get_console_output, modify_instance_attribute, describe_instance_attribute, associate_iam_instance_profile,
    modify_instance_metadata_options;
CallHandler create_security_group, delete_security_group, describe_security_groups, authorize_security_group_ingress, revoke_security_group_ingress;
CallHandler revoke_security_group_egress, modify_security_group_rules, update_ingress_descriptions, update_egress_descriptions;
CallHandler describe_iam_instance_profile_associations, disassociate_iam_instance_profile, replace_iam_instance_profile_association;
CallHandler authorize_security_group_egress, describe_security_group_rules;
CallHandler modify_network_interface_attribute;
CallHandler create_tags, delete_tags, describe_tags;
CallHandler describe_vpcs, describe_vpc_attribute, describe_subnets, describe_route_tables, describe_network_acls;
CallHandler describe_internet_gateways, describe_dhcp_options, describe_account_attributes, describe_instance_type_offerings;
CallHandler describe_none; // absent.c
CallHandler describe_images, describe_availability_zones, describe_regions, describe_instance_types, describe_key_pairs;
CallHandler describe_volumes, describe_network_interfaces, describe_instance_credit_specifications;
void ec2_start(Turn *turn);

// network.c
Str vpc_id(Arena *arena, Partition where);
Str private_domain(Arena *arena, Partition where); // in which instances have their private names: "ec2.internal"
Str subnet_id(Arena *arena, Partition where);
Str default_group_id(Arena *arena, Partition where);
bool network_get(Turn *turn, Str id, Doc **out); // Tags of a part of the default network; empty as long as there are none

// facts.c
const Doc *image_doc(Arena *arena, Partition where, Str image_id); // NULL: no such image
Str zone_of(Arena *arena, Partition where);
Str zone_id_of(Arena *arena, Partition where);
Doc *name_options(Arena *arena); // how instances are named in DNS: of an instance, and of a subnet for those launched in it
bool is_asked(const Doc *ids, Str id); // no ids: all are
enum { IMAGE_VOLUME_GIB = 8 };
Str image_root_device(Str image_id);
Str image_snapshot(Arena *arena, Str image_id);
bool image_boots_by_uefi(Str image_id);
bool image_wants_tokens(Str image_id);

// types.c
bool instance_type_known(Str type);
int64_t instance_type_memory_mib(Str type);
void instance_type_processors(Str type, int64_t *cores, int64_t *threads); // threads a core
bool instance_type_is_nitro(Str type);
bool instance_type_is_burstable(Str type);

// launch_checks.c
bool check_launch(Turn *turn, const Call *call, Error *e);
bool check_metadata_options(const Doc *options, Error *e);

// launch.c
bool instance_profile(Turn *turn, const Doc *wanted, Doc **profile, Error *e); // of a request's IamInstanceProfile
void instance_set_type(Arena *arena, Doc *instance, Str type); // and what depends on it; after ImageId
void instance_add_profile(Turn *turn, Doc *instance, const Doc *profile); // NULL: nothing
bool wanted_groups(Turn *turn, const Doc *input, Doc **groups, Error *e); // GroupIdentifiers; the default group when none are named

// instances.c
bool instance_asked(Turn *turn, const Doc *input, Doc **out, Error *e); // InstanceId
bool all_instances_exist(Turn *turn, const Doc *ids, Error *e);
Doc *reservation_doc(Arena *arena, Str owner, Str id, Doc *instances);

// profiles.c
bool associated_instance(Turn *turn, Str association_id, Doc **out);

// hardware.c
Doc *instance_view(Arena *arena, const Doc *instance); // as DescribeInstances shows it
Doc *instance_launched(Arena *arena, const Doc *instance); // as RunInstances shows it: before it has a volume and a public address
bool instance_is(const Doc *instance, const char *state);
typedef Str PartId(Arena *arena, Str instance_id); // the id of a part of an instance
PartId volume_of, interface_of;

// groups.c
bool rule_get(Turn *turn, Str id, Doc **group, Doc **rule); // the rule is a part of the group
bool group_get(Turn *turn, Str id, Doc **out); // the default group is made when it is first looked at
Doc *group_ports(Turn *turn, const Doc *group_ids, Error *e); // DOC_LIST of admitted TCP ports; NULL: too many
bool group_by_name(Turn *turn, Str name, Doc **out);
bool group_named(Turn *turn, Str name, Doc **out, Error *e); // the same; InvalidGroup.NotFound
bool group_asked(Turn *turn, const Doc *input, Doc **out, Error *e); // GroupId or GroupName
bool group_tell_instances(Turn *turn, Str group_id, Error *e); // instances that have the group show its ports from now on
void groups_of_instance(Turn *turn, const Doc *instance, Doc **ids);

// rules.c
Doc *rule_to_everywhere(Arena *arena, Str group_id);
Doc *rule_from_itself(Arena *arena, Str group_id, Str account);
Doc *rule_view(Arena *arena, const Doc *group, const Doc *rule); // SecurityGroupRule
bool rule_is_among(const Doc *rule, const Doc *ids);
Doc *group_view(Arena *arena, const Doc *group); // SecurityGroup, with IpPermissions
bool read_rules(Turn *turn, const Call *call, bool egress, Doc **rules, Error *e); // of the request's IpPermissions, with new ids
bool read_permission(Turn *turn, bool egress, const Doc *permission, Doc *rules, Error *e); // one of them
const Doc *find_rule(const Doc *rules, const Doc *like); // of the same direction, protocol, ports and peer
bool tell_duplicate(Arena *arena, const Doc *rule, Error *e);
bool check_descriptions(const Doc *peers, Error *e);

// filters.c
typedef struct Filterable {
    const char *filter, *path;
} Filterable; // "instance-state-name" → "State.Name"; a path may pass lists; "=false": what all have
extern const Filterable INSTANCE_FILTERS[], STATUS_FILTERS[]; // instance_filters.c
bool filters_known(const Doc *filters, const Filterable *known, Error *e); // whether or not there is anything to be matched
bool filters_match(Turn *turn, const Doc *filters, const Filterable *known, const Doc *resource, bool *matches, Error *e);

// pages.c
typedef struct PageRule {
    int64_t least, most; // MaxResults
    const char *key; // the member that a token names
    const char *ids; // set: the request names things by this parameter, and pages are refused
} PageRule;
bool page_reply(const Call *call, Doc *all, const char *list, PageRule rule, Doc **out, Error *e); // cuts `all` (taken apart) to the wanted page
Outcome single_reply(Turn *turn, const Call *call, Doc *thing, const char *ids, const char *id, const char *list, const Filterable *known, Doc **out,
                     Error *e); // of what there is only one of: none when it is not asked for
bool check_id(Str id, const char *prefix, const char *code, Error *e); // "i-" and 8 or 17 hexadecimal digits

// requirements.c
void require_launch(Turn *turn, const Call *call, Requirements *all);
void require_association(Turn *turn, const Call *call, Requirements *all);
void require_associated(Turn *turn, const Call *call, Requirements *all); // the instance of AssociationId, and IamInstanceProfile
void require_instances(Turn *turn, const Call *call, Requirements *all); // InstanceId or each of InstanceIds
void require_interface(Turn *turn, const Call *call, Requirements *all); // NetworkInterfaceId
void require_security_group(Turn *turn, const Call *call, Requirements *all); // GroupId or GroupName
void require_new_group(Turn *turn, const Call *call, Requirements *all);
void require_tagged(Turn *turn, const Call *call, Requirements *all); // each of Resources

// tags.c: the Tags of TagSpecifications, checked; an empty list when there are none. Those for other types of resources are refused.
bool specified_tags(Arena *arena, const Doc *input, const char *resource_type, Doc **tags, Error *e);
bool specified_tags_of(Arena *arena, const Doc *input, const char *resource_type, const char *const *allowed, Doc **tags,
                       Error *e); // of several types

bool part_owner(Turn *turn, PartId *id_in, Str id, Doc **out); // the instance that has this part; false: none that lives
const char *tagged_kind(Str id); // "instance" of "i-…"; "*" of what has no tags here
const Doc *tags_of(Turn *turn, Str id); // NULL: there is no such thing

// addresses.c
Str public_address(Arena *arena, int block, int64_t number); // on the host
int64_t address_take(Turn *turn, Str instance_id); // 0: all are taken; that of a terminated instance is free again
bool address_owner(Turn *turn, int64_t number, Partition *where, Str *instance_id);

bool no_such(Error *e, const char *code, const char *what, Str id);
bool refuse_members(const Doc *input, const char *const *members, const char *operation, Error *e); // UnsupportedOperation by name
