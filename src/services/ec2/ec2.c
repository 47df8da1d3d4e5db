#include "services/ec2/ec2.h"

static const Operation OPERATIONS[] = {
    {"RunInstances", run_instances, .requirements = require_launch},
    {"DescribeInstances", describe_instances, NULL, OP_LOCAL},
    {"DescribeInstanceStatus", describe_instance_status, NULL, OP_LOCAL},
    {"StartInstances", start_instances, .flags = OP_LOCAL, .requirements = require_instances},
    {"StopInstances", stop_instances, .flags = OP_LOCAL, .requirements = require_instances},
    {"RebootInstances", reboot_instances, .flags = OP_LOCAL, .requirements = require_instances},
    {"TerminateInstances", terminate_instances, .flags = OP_LOCAL, .requirements = require_instances},
    {"GetConsoleOutput", get_console_output, .requirements = require_instances},
    {"ModifyInstanceAttribute", modify_instance_attribute, .requirements = require_instances},
    {"ModifyInstanceMetadataOptions", modify_instance_metadata_options, .requirements = require_instances},
    {"DescribeInstanceAttribute", describe_instance_attribute, .requirements = require_instances},
    {"AssociateIamInstanceProfile", associate_iam_instance_profile, .requirements = require_association},
    {"DescribeIamInstanceProfileAssociations", describe_iam_instance_profile_associations, NULL, OP_LOCAL},
    {"DisassociateIamInstanceProfile", disassociate_iam_instance_profile, NULL, OP_LOCAL},
    {"CreateSecurityGroup", create_security_group, .flags = OP_LOCAL, .requirements = require_new_group},
    {"DeleteSecurityGroup", delete_security_group, .flags = OP_LOCAL, .requirements = require_security_group},
    {"DescribeSecurityGroups", describe_security_groups, NULL, OP_LOCAL},
    {"DescribeSecurityGroupRules", describe_security_group_rules, NULL, OP_LOCAL},
    {"AuthorizeSecurityGroupIngress", authorize_security_group_ingress, .flags = OP_LOCAL, .requirements = require_security_group},
    {"RevokeSecurityGroupIngress", revoke_security_group_ingress, .flags = OP_LOCAL, .requirements = require_security_group},
    {"AuthorizeSecurityGroupEgress", authorize_security_group_egress, .flags = OP_LOCAL, .requirements = require_security_group},
    {"RevokeSecurityGroupEgress", revoke_security_group_egress, .flags = OP_LOCAL, .requirements = require_security_group},
    {"CreateTags", create_tags, .flags = OP_LOCAL, .requirements = require_tagged},
    {"DeleteTags", delete_tags, .flags = OP_LOCAL, .requirements = require_tagged},
    {"DescribeTags", describe_tags, NULL, OP_LOCAL},
    {"DescribeImages", describe_images, NULL, OP_LOCAL},
    {"DescribeVpcs", describe_vpcs, NULL, OP_LOCAL},
    {"DescribeVpcAttribute", describe_vpc_attribute, "arn:aws:ec2:{region}:{account}:vpc/{VpcId}", OP_LOCAL},
    {"DescribeSubnets", describe_subnets, NULL, OP_LOCAL},
    {"DescribeRouteTables", describe_route_tables, NULL, OP_LOCAL},
    {"DescribeAvailabilityZones", describe_availability_zones, NULL, OP_LOCAL},
    {"DescribeRegions", describe_regions, NULL, OP_LOCAL},
    {"DescribeInstanceTypes", describe_instance_types, NULL, OP_LOCAL},
    {"DescribeKeyPairs", describe_key_pairs, NULL, OP_LOCAL},
    {"DescribeVolumes", describe_volumes, NULL, OP_LOCAL},
    {"DescribeNetworkInterfaces", describe_network_interfaces, NULL, OP_LOCAL},
    {"DescribeInstanceCreditSpecifications", describe_instance_credit_specifications, NULL, OP_LOCAL},
    {NULL},
};

static const DocumentType *const DOCUMENTS[] = {&EC2_INSTANCE, &EC2_SECURITY_GROUP, &EC2_ADDRESS, NULL};
static const Endpoint ENDPOINTS[] = {{"metadata", "/", &EC2_METADATA}, {NULL}};

const Service EC2_SERVICE = {
    .name = "ec2",
    .prefix = "ec2",
    .operations = OPERATIONS,
    .documents = DOCUMENTS,
    .endpoints = ENDPOINTS,
    .dry_runs = true,
};
