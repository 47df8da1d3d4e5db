#include "services/ec2/ec2.h"

#define INSTANCE_ARN "arn:aws:ec2:{region}:{account}:instance/{InstanceId|InstanceIds.0}"
#define GROUP_ARN "arn:aws:ec2:{region}:{account}:security-group/{GroupId}"

static const Operation OPERATIONS[] = {
    {"RunInstances", run_instances, .requirements = run_instances_requirements},
    {"DescribeInstances", describe_instances, NULL, OP_LOCAL},
    {"DescribeInstanceStatus", describe_instance_status, NULL, OP_LOCAL},
    {"StartInstances", start_instances, INSTANCE_ARN, OP_LOCAL},
    {"StopInstances", stop_instances, INSTANCE_ARN, OP_LOCAL},
    {"RebootInstances", reboot_instances, INSTANCE_ARN, OP_LOCAL},
    {"TerminateInstances", terminate_instances, INSTANCE_ARN, OP_LOCAL},
    {"GetConsoleOutput", get_console_output, INSTANCE_ARN},
    {"ModifyInstanceAttribute", modify_instance_attribute, INSTANCE_ARN},
    {"ModifyInstanceMetadataOptions", modify_instance_metadata_options, INSTANCE_ARN},
    {"DescribeInstanceAttribute", describe_instance_attribute, INSTANCE_ARN},
    {"AssociateIamInstanceProfile", associate_iam_instance_profile, .requirements = run_instances_requirements},
    {"DescribeIamInstanceProfileAssociations", describe_iam_instance_profile_associations, NULL, OP_LOCAL},
    {"DisassociateIamInstanceProfile", disassociate_iam_instance_profile, NULL, OP_LOCAL},
    {"CreateSecurityGroup", create_security_group, NULL, OP_LOCAL},
    {"DeleteSecurityGroup", delete_security_group, GROUP_ARN, OP_LOCAL},
    {"DescribeSecurityGroups", describe_security_groups, NULL, OP_LOCAL},
    {"DescribeSecurityGroupRules", describe_security_group_rules, NULL, OP_LOCAL},
    {"AuthorizeSecurityGroupIngress", authorize_security_group_ingress, GROUP_ARN, OP_LOCAL},
    {"RevokeSecurityGroupIngress", revoke_security_group_ingress, GROUP_ARN, OP_LOCAL},
    {"AuthorizeSecurityGroupEgress", authorize_security_group_egress, GROUP_ARN, OP_LOCAL},
    {"RevokeSecurityGroupEgress", revoke_security_group_egress, GROUP_ARN, OP_LOCAL},
    {"CreateTags", create_tags, "arn:aws:ec2:{region}:{account}:*/{Resources.0}", OP_LOCAL},
    {"DeleteTags", delete_tags, "arn:aws:ec2:{region}:{account}:*/{Resources.0}", OP_LOCAL},
    {"DescribeTags", describe_tags, NULL, OP_LOCAL},
    {"DescribeImages", describe_images, NULL, OP_LOCAL},
    {"DescribeVpcs", describe_vpcs, NULL, OP_LOCAL},
    {"DescribeSubnets", describe_subnets, NULL, OP_LOCAL},
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
