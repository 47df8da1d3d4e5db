#include "identity/managed_policies.h"

#include "formats/digest.h"

#define DOCUMENT(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define ON(resource, actions) "{\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\"" resource "\"}"
#define ON_ALL(actions) ON("*", actions)
#define PASS_TO(hosts) \
    "{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"iam:PassedToService\":[" hosts "]}}}"
#define ALLOW(actions) DOCUMENT(ON_ALL(actions))

#define LOGS_WRITE "\"logs:CreateLogGroup\",\"logs:CreateLogStream\",\"logs:PutLogEvents\""
#define LOGS_READ \
    "\"logs:Describe*\",\"logs:FilterLogEvents\",\"logs:Get*\",\"logs:List*\",\"logs:StartLiveTail\",\"logs:StartQuery\",\"logs:StopQuery\""
#define ALARMS_READ "\"cloudwatch:DescribeAlarms\",\"cloudwatch:GetMetricData\",\"cloudwatch:GetMetricStatistics\",\"cloudwatch:ListMetrics\""
#define COMMIT_READ                                                                                                                    \
    "\"codecommit:BatchDescribe*\",\"codecommit:BatchGet*\",\"codecommit:Describe*\",\"codecommit:EvaluatePullRequestApprovalRules\"," \
    "\"codecommit:Get*\",\"codecommit:GitPull\",\"codecommit:List*\""
#define COMMIT_WRITE                                                                                                                               \
    "\"codecommit:Create*\",\"codecommit:DeleteBranch\",\"codecommit:DeleteFile\",\"codecommit:GitPush\",\"codecommit:Merge*\",\"codecommit:Post*" \
    "\","                                                                                                                                          \
    "\"codecommit:Put*\",\"codecommit:TagResource\",\"codecommit:Test*\",\"codecommit:UntagResource\",\"codecommit:Update*\""
#define BUILD_READ                                                                                                                                  \
    "\"codebuild:BatchGet*\",\"codebuild:DescribeCodeCoverages\",\"codebuild:DescribeTestCases\",\"codebuild:GetResourcePolicy\",\"codebuild:List*" \
    "\""
#define BUILD_RUN                                                                                                                            \
    "\"codebuild:RetryBuild\",\"codebuild:RetryBuildBatch\",\"codebuild:StartBuild\",\"codebuild:StartBuildBatch\",\"codebuild:StopBuild\"," \
    "\"codebuild:StopBuildBatch\""
#define BUILD_SOURCES "\"codecommit:GetBranch\",\"codecommit:GetCommit\",\"codecommit:GetRepository\",\"codecommit:ListBranches\""
#define DEPLOY_READ "\"codedeploy:Batch*\",\"codedeploy:Get*\",\"codedeploy:List*\""
#define PIPELINE_READ                                                                                                                             \
    "\"codepipeline:GetPipeline\",\"codepipeline:GetPipelineExecution\",\"codepipeline:GetPipelineState\",\"codepipeline:ListActionExecutions\"," \
    "\"codepipeline:ListActionTypes\",\"codepipeline:ListPipelineExecutions\",\"codepipeline:ListPipelines\",\"codepipeline:ListTagsForResource\""
#define FLEET                                                                                                                                      \
    "\"autoscaling:CompleteLifecycleAction\",\"autoscaling:CreateAutoScalingGroup\",\"autoscaling:CreateOrUpdateTags\",\"autoscaling:"             \
    "DeleteAutoScalingGroup\","                                                                                                                    \
    "\"autoscaling:DeleteLifecycleHook\",\"autoscaling:Describe*\",\"autoscaling:EnableMetricsCollection\",\"autoscaling:PutLifecycleHook\","      \
    "\"autoscaling:PutScalingPolicy\",\"autoscaling:PutWarmPool\",\"autoscaling:RecordLifecycleActionHeartbeat\",\"autoscaling:ResumeProcesses\"," \
    "\"autoscaling:SuspendProcesses\",\"autoscaling:UpdateAutoScalingGroup\",\"ec2:DescribeInstances\",\"ec2:DescribeInstanceStatus\","            \
    "\"ec2:TerminateInstances\",\"elasticloadbalancing:DeregisterInstancesFromLoadBalancer\",\"elasticloadbalancing:DeregisterTargets\","          \
    "\"elasticloadbalancing:Describe*\",\"elasticloadbalancing:RegisterInstancesWithLoadBalancer\",\"elasticloadbalancing:RegisterTargets\","      \
    "\"sns:Publish\",\"tag:GetResources\",\"cloudwatch:DescribeAlarms\",\"cloudwatch:PutMetricAlarm\""
#define READ_ALL                                                                                                                                     \
    "\"apigateway:GET\",\"autoscaling:Describe*\",\"cloudformation:Describe*\",\"cloudformation:Detect*\",\"cloudformation:Estimate*\","             \
    "\"cloudformation:Get*\",\"cloudformation:List*\",\"cloudformation:ValidateTemplate\",\"cloudtrail:Describe*\",\"cloudtrail:Get*\","             \
    "\"cloudtrail:List*\",\"cloudtrail:LookupEvents\",\"cloudwatch:Describe*\",\"cloudwatch:Get*\",\"cloudwatch:List*\"," BUILD_READ "," COMMIT_READ \
    "," DEPLOY_READ "," PIPELINE_READ                                                                                                                \
    ",\"dynamodb:BatchGet*\",\"dynamodb:Describe*\",\"dynamodb:Get*\",\"dynamodb:List*\",\"dynamodb:PartiQLSelect\","                                \
    "\"dynamodb:Query\",\"dynamodb:Scan\",\"ec2:Describe*\",\"ec2:Get*\",\"ec2:Search*\",\"ecr:BatchCheck*\",\"ecr:BatchGet*\",\"ecr:Describe*\","   \
    "\"ecr:Get*\",\"ecr:List*\",\"ecs:Describe*\",\"ecs:List*\",\"elasticloadbalancing:Describe*\",\"events:Describe*\",\"events:List*\","           \
    "\"events:Test*\",\"iam:Generate*\",\"iam:Get*\",\"iam:List*\",\"iam:Simulate*\",\"kms:Describe*\",\"kms:Get*\",\"kms:List*\",\"lambda:Get*\","  \
    "\"lambda:List*\"," LOGS_READ ",\"rds:Describe*\",\"rds:List*\",\"s3:DescribeJob\",\"s3:Get*\",\"s3:List*\",\"secretsmanager:Describe*\","       \
    "\"secretsmanager:GetResourcePolicy\",\"secretsmanager:List*\",\"sns:Get*\",\"sns:List*\",\"sqs:Get*\",\"sqs:List*\",\"sqs:ReceiveMessage\","    \
    "\"ssm:Describe*\",\"ssm:Get*\",\"ssm:List*\",\"states:Describe*\",\"states:GetExecutionHistory\",\"states:List*\",\"sts:GetAccessKeyInfo\","    \
    "\"sts:GetCallerIdentity\",\"sts:GetSessionToken\",\"xray:BatchGet*\",\"xray:Get*\""

static const ManagedPolicy policies[] = {
    {"/", "AWSCloudFormationFullAccess", "v1", ALLOW("\"cloudformation:*\"")},
    {"/", "AWSCloudFormationReadOnlyAccess", "v3",
     ALLOW("\"cloudformation:Describe*\",\"cloudformation:Detect*\",\"cloudformation:Estimate*\",\"cloudformation:Get*\",\"cloudformation:List*\","
           "\"cloudformation:ValidateTemplate\"")},
    {"/", "AWSCodeBuildAdminAccess", "v20",
     ALLOW("\"codebuild:*\"," BUILD_SOURCES ",\"codecommit:ListRepositories\",\"cloudwatch:GetMetricStatistics\",\"ec2:Describe*\",\"events:*\","
           "\"logs:GetLogEvents\",\"s3:GetBucketLocation\",\"s3:ListAllMyBuckets\",\"ecr:DescribeRepositories\",\"ecr:ListImages\"")},
    {"/", "AWSCodeBuildDeveloperAccess", "v21",
     ALLOW(BUILD_READ "," BUILD_RUN "," BUILD_SOURCES ",\"cloudwatch:GetMetricStatistics\",\"events:DescribeRule\",\"events:ListTargetsByRule\","
                      "\"events:ListRuleNamesByTarget\",\"logs:GetLogEvents\",\"s3:GetBucketLocation\",\"s3:ListAllMyBuckets\"")},
    {"/", "AWSCodeBuildReadOnlyAccess", "v15",
     ALLOW(BUILD_READ "," BUILD_SOURCES
                      ",\"cloudwatch:GetMetricStatistics\",\"events:DescribeRule\",\"events:ListTargetsByRule\",\"logs:GetLogEvents\"")},
    {"/", "AWSCodeCommitFullAccess", "v13", ALLOW("\"codecommit:*\",\"events:*\",\"sns:List*\",\"lambda:ListFunctions\",\"iam:ListUsers\"")},
    {"/", "AWSCodeCommitPowerUser", "v18",
     ALLOW(COMMIT_READ "," COMMIT_WRITE ",\"events:*\",\"sns:List*\",\"lambda:ListFunctions\",\"iam:ListUsers\"")},
    {"/", "AWSCodeCommitReadOnly", "v14",
     ALLOW(COMMIT_READ ",\"events:DescribeRule\",\"events:ListTargetsByRule\",\"sns:List*\",\"lambda:ListFunctions\"")},
    {"/", "AWSCodeDeployDeployerAccess", "v6",
     ALLOW(DEPLOY_READ ",\"codedeploy:CreateDeployment\",\"codedeploy:RegisterApplicationRevision\",\"sns:List*\"")},
    {"/", "AWSCodeDeployFullAccess", "v6", ALLOW("\"codedeploy:*\",\"sns:List*\"")},
    {"/", "AWSCodeDeployReadOnlyAccess", "v3", ALLOW(DEPLOY_READ)},
    {"/service-role/", "AWSCodeDeployRole", "v11", ALLOW(FLEET)},
    {"/", "AWSCodeDeployRoleForECS", "v3",
     DOCUMENT(ON_ALL(
         "\"ecs:DescribeServices\",\"ecs:CreateTaskSet\",\"ecs:UpdateServicePrimaryTaskSet\",\"ecs:DeleteTaskSet\","
         "\"elasticloadbalancing:DescribeTargetGroups\",\"elasticloadbalancing:DescribeListeners\",\"elasticloadbalancing:"
         "ModifyListener\",\"elasticloadbalancing:DescribeRules\",\"elasticloadbalancing:ModifyRule\",\"lambda:InvokeFunction\","
         "\"cloudwatch:DescribeAlarms\",\"sns:Publish\",\"s3:GetObject\",\"s3:GetObjectVersion\"") "," PASS_TO("\"ecs-tasks.amazonaws.com\""))},
    {"/service-role/", "AWSCodeDeployRoleForLambda", "v3",
     DOCUMENT(ON_ALL("\"cloudwatch:DescribeAlarms\",\"lambda:GetAlias\",\"lambda:GetProvisionedConcurrencyConfig\",\"lambda:UpdateAlias\",\"sns:"
                     "Publish\"") "," ON("arn:aws:s3:::*/CodeDeploy/*",
                                         "\"s3:GetObject\",\"s3:GetObjectVersion\"") "," ON("arn:aws:lambda:*:*:function:CodeDeployHook_*",
                                                                                            "\"lambda:InvokeFunction\""))},
    {"/service-role/", "AWSCodeDeployRoleForLambdaLimited", "v1",
     DOCUMENT(ON_ALL("\"cloudwatch:DescribeAlarms\",\"lambda:GetAlias\",\"lambda:GetProvisionedConcurrencyConfig\",\"lambda:UpdateAlias\"") "," ON(
         "arn:aws:s3:::*/CodeDeploy/*", "\"s3:GetObject\",\"s3:GetObjectVersion\"") "," ON("arn:aws:lambda:*:*:function:CodeDeployHook_*",
                                                                                           "\"lambda:InvokeFunction\""))},
    {"/", "AWSCodePipelineApproverAccess", "v3", ALLOW(PIPELINE_READ ",\"codepipeline:PutApprovalResult\"")},
    {"/", "AWSCodePipeline_FullAccess", "v3",
     DOCUMENT(ON_ALL(
         "\"codepipeline:*\",\"cloudformation:DescribeStacks\",\"cloudformation:ListStacks\"," BUILD_READ "," BUILD_SOURCES
         ",\"codecommit:ListRepositories\"," DEPLOY_READ ",\"ec2:Describe*\",\"iam:GetRole\",\"iam:ListRoles\",\"lambda:ListFunctions\","
         "\"s3:CreateBucket\",\"s3:GetBucketPolicy\",\"s3:GetBucketVersioning\",\"s3:GetObjectVersion\",\"s3:ListAllMyBuckets\",\"s3:ListBucket\","
         "\"s3:PutBucketPolicy\",\"sns:ListTopics\",\"events:*\"") "," PASS_TO("\"codepipeline.amazonaws.com\""))},
    {"/", "AWSCodePipeline_ReadOnlyAccess", "v1", ALLOW(PIPELINE_READ ",\"s3:ListAllMyBuckets\",\"s3:ListBucket\",\"s3:GetBucketPolicy\"")},
    {"/service-role/", "AWSLambdaBasicExecutionRole", "v1", ALLOW(LOGS_WRITE)},
    {"/service-role/", "AWSLambdaDynamoDBExecutionRole", "v1",
     ALLOW("\"dynamodb:DescribeStream\",\"dynamodb:GetRecords\",\"dynamodb:GetShardIterator\",\"dynamodb:ListStreams\"," LOGS_WRITE)},
    {"/service-role/", "AWSLambdaRole", "v1", ALLOW("\"lambda:InvokeFunction\"")},
    {"/service-role/", "AWSLambdaSQSQueueExecutionRole", "v1",
     ALLOW("\"sqs:ReceiveMessage\",\"sqs:DeleteMessage\",\"sqs:GetQueueAttributes\"," LOGS_WRITE)},
    {"/service-role/", "AWSLambdaVPCAccessExecutionRole", "v3",
     ALLOW(LOGS_WRITE ",\"ec2:CreateNetworkInterface\",\"ec2:DeleteNetworkInterface\",\"ec2:DescribeNetworkInterfaces\",\"ec2:DescribeSubnets\","
                      "\"ec2:AssignPrivateIpAddresses\",\"ec2:UnassignPrivateIpAddresses\"")},
    {"/", "AWSLambdaExecute", "v3", DOCUMENT(ON("arn:aws:logs:*:*:*", "\"logs:*\"") "," ON("arn:aws:s3:::*", "\"s3:GetObject\",\"s3:PutObject\""))},
    {"/", "AWSLambda_FullAccess", "v7",
     DOCUMENT(ON_ALL("\"lambda:*\",\"cloudformation:DescribeStacks\",\"cloudformation:ListStackResources\",\"cloudwatch:GetMetricData\",\"cloudwatch:"
                     "ListMetrics\","
                     "\"ec2:DescribeSecurityGroups\",\"ec2:DescribeSubnets\",\"ec2:DescribeVpcs\",\"iam:GetPolicy\",\"iam:GetPolicyVersion\",\"iam:"
                     "GetRole\","
                     "\"iam:GetRolePolicy\",\"iam:ListAttachedRolePolicies\",\"iam:ListRolePolicies\",\"iam:ListRoles\",\"logs:DescribeLogGroups\","
                     "\"states:DescribeStateMachine\",\"states:ListStateMachines\",\"tag:GetResources\",\"xray:BatchGetTraces\",\"xray:"
                     "GetTraceSummaries\"") "," PASS_TO("\"lambda.amazonaws.com\"") "," ON("arn:aws:logs:*:*:log-group:/aws/lambda/*",
                                                                                           "\"logs:DescribeLogStreams\",\"logs:GetLogEvents\",\"logs:"
                                                                                           "FilterLogEvents\""))},
    {"/", "AWSLambda_ReadOnlyAccess", "v7",
     ALLOW("\"lambda:Get*\",\"lambda:List*\"," LOGS_READ ",\"cloudwatch:GetMetricData\",\"cloudwatch:ListMetrics\"")},
    {"/", "AWSStepFunctionsFullAccess", "v1", ALLOW("\"states:*\"")},
    {"/", "AWSStepFunctionsReadOnlyAccess", "v1", ALLOW("\"states:Describe*\",\"states:GetExecutionHistory\",\"states:List*\"")},
    {"/", "AWSXRayDaemonWriteAccess", "v2",
     ALLOW("\"xray:PutTraceSegments\",\"xray:PutTelemetryRecords\",\"xray:GetSamplingRules\",\"xray:GetSamplingTargets\",\"xray:"
           "GetSamplingStatisticSummaries\"")},
    {"/", "AdministratorAccess", "v1", ALLOW("\"*\"")},
    {"/", "AmazonAPIGatewayAdministrator", "v1", DOCUMENT(ON("arn:aws:apigateway:*::/*", "\"apigateway:*\""))},
    {"/", "AmazonAPIGatewayInvokeFullAccess", "v1",
     DOCUMENT(ON("arn:aws:execute-api:*:*:*", "\"execute-api:Invoke\",\"execute-api:ManageConnections\""))},
    {"/", "AmazonDynamoDBFullAccess", "v15",
     ALLOW("\"dynamodb:*\"," ALARMS_READ ",\"cloudwatch:DeleteAlarms\",\"cloudwatch:PutMetricAlarm\",\"lambda:ListFunctions\"")},
    {"/", "AmazonDynamoDBFullAccess_v2", "v1", ALLOW("\"dynamodb:*\"," ALARMS_READ ",\"cloudwatch:DeleteAlarms\",\"cloudwatch:PutMetricAlarm\"")},
    {"/", "AmazonDynamoDBReadOnlyAccess", "v15",
     ALLOW("\"dynamodb:BatchGetItem\",\"dynamodb:Describe*\",\"dynamodb:Get*\",\"dynamodb:List*\",\"dynamodb:PartiQLSelect\",\"dynamodb:Query\","
           "\"dynamodb:Scan\"," ALARMS_READ)},
    {"/", "AmazonEC2ContainerRegistryPowerUser", "v3",
     ALLOW("\"ecr:GetAuthorizationToken\",\"ecr:BatchCheckLayerAvailability\",\"ecr:BatchGetImage\",\"ecr:Describe*\",\"ecr:Get*\",\"ecr:List*\","
           "\"ecr:InitiateLayerUpload\",\"ecr:UploadLayerPart\",\"ecr:CompleteLayerUpload\",\"ecr:PutImage\"")},
    {"/", "AmazonEC2ContainerRegistryReadOnly", "v3",
     ALLOW("\"ecr:GetAuthorizationToken\",\"ecr:BatchCheckLayerAvailability\",\"ecr:BatchGetImage\",\"ecr:Describe*\",\"ecr:Get*\",\"ecr:List*\"")},
    {"/", "AmazonEC2FullAccess", "v5", ALLOW("\"ec2:*\",\"elasticloadbalancing:*\",\"cloudwatch:*\",\"autoscaling:*\"")},
    {"/", "AmazonEC2ReadOnlyAccess", "v5",
     ALLOW("\"ec2:Describe*\",\"ec2:GetSecurityGroupsForVpc\",\"elasticloadbalancing:Describe*\"," ALARMS_READ ",\"autoscaling:Describe*\"")},
    {"/service-role/", "AmazonEC2RoleforAWSCodeDeploy", "v2", ALLOW("\"s3:GetObject\",\"s3:GetObjectVersion\",\"s3:ListBucket\"")},
    {"/service-role/", "AmazonEC2RoleforAWSCodeDeployLimited", "v1",
     DOCUMENT(ON("arn:aws:s3:::*/CodeDeploy/*", "\"s3:GetObject\",\"s3:GetObjectVersion\",\"s3:ListBucket\""))},
    {"/service-role/", "AmazonECSTaskExecutionRolePolicy", "v1",
     ALLOW("\"ecr:GetAuthorizationToken\",\"ecr:BatchCheckLayerAvailability\",\"ecr:GetDownloadUrlForLayer\",\"ecr:BatchGetImage\","
           "\"logs:CreateLogStream\",\"logs:PutLogEvents\"")},
    {"/", "AmazonEventBridgeFullAccess", "v7",
     DOCUMENT(ON_ALL("\"events:*\",\"schemas:*\",\"scheduler:*\",\"pipes:*\"") "," PASS_TO("\"events.amazonaws.com\""))},
    {"/", "AmazonS3FullAccess", "v2", ALLOW("\"s3:*\",\"s3-object-lambda:*\"")},
    {"/", "AmazonS3ReadOnlyAccess", "v3", ALLOW("\"s3:Get*\",\"s3:List*\",\"s3:Describe*\",\"s3-object-lambda:Get*\",\"s3-object-lambda:List*\"")},
    {"/", "AmazonSNSFullAccess", "v2", ALLOW("\"sns:*\"")},
    {"/", "AmazonSNSReadOnlyAccess", "v2",
     ALLOW("\"sns:GetTopicAttributes\",\"sns:List*\",\"sns:CheckIfPhoneNumberIsOptedOut\",\"sns:GetEndpointAttributes\","
           "\"sns:GetDataProtectionPolicy\",\"sns:GetPlatformApplicationAttributes\",\"sns:GetSMSAttributes\","
           "\"sns:GetSMSSandboxAccountStatus\",\"sns:GetSubscriptionAttributes\"")},
    {"/", "AmazonSQSFullAccess", "v1", ALLOW("\"sqs:*\"")},
    {"/", "AmazonSQSReadOnlyAccess", "v3",
     ALLOW("\"sqs:GetQueueAttributes\",\"sqs:GetQueueUrl\",\"sqs:ListDeadLetterSourceQueues\",\"sqs:ListQueues\",\"sqs:ListMessageMoveTasks\","
           "\"sqs:ListQueueTags\"")},
    {"/", "AmazonSSMManagedInstanceCore", "v2",
     ALLOW("\"ssm:DescribeAssociation\",\"ssm:DescribeDocument\",\"ssm:GetDocument\",\"ssm:GetParameter\",\"ssm:GetParameters\",\"ssm:"
           "ListAssociations\","
           "\"ssm:PutInventory\",\"ssm:UpdateInstanceInformation\",\"ec2messages:*\",\"ssmmessages:*\"")},
    {"/", "AmazonSSMReadOnlyAccess", "v1", ALLOW("\"ssm:Describe*\",\"ssm:Get*\",\"ssm:List*\"")},
    {"/", "CloudWatchAgentServerPolicy", "v3",
     ALLOW("\"cloudwatch:PutMetricData\",\"ec2:DescribeTags\",\"ec2:DescribeVolumes\",\"logs:DescribeLogGroups\",\"logs:"
           "DescribeLogStreams\"," LOGS_WRITE ",\"logs:PutRetentionPolicy\",\"xray:PutTraceSegments\",\"xray:PutTelemetryRecords\"")},
    {"/", "CloudWatchFullAccess", "v4",
     ALLOW("\"autoscaling:Describe*\",\"cloudwatch:*\",\"logs:*\",\"sns:*\",\"iam:GetPolicy\",\"iam:GetPolicyVersion\",\"iam:GetRole\"")},
    {"/", "CloudWatchLogsFullAccess", "v8", ALLOW("\"logs:*\",\"cloudwatch:GenerateQuery\"")},
    {"/", "CloudWatchLogsReadOnlyAccess", "v12", ALLOW(LOGS_READ)},
    {"/", "CloudWatchReadOnlyAccess", "v9",
     ALLOW("\"autoscaling:Describe*\",\"cloudwatch:Describe*\",\"cloudwatch:Get*\",\"cloudwatch:List*\"," LOGS_READ ",\"sns:Get*\",\"sns:List*\"")},
    {"/", "IAMFullAccess", "v2", ALLOW("\"iam:*\"")},
    {"/", "IAMReadOnlyAccess", "v4",
     ALLOW("\"iam:Generate*\",\"iam:Get*\",\"iam:List*\",\"iam:SimulateCustomPolicy\",\"iam:SimulatePrincipalPolicy\"")},
    {"/", "IAMUserChangePassword", "v2",
     DOCUMENT("{\"Effect\":\"Allow\",\"Action\":[\"iam:ChangePassword\"],\"Resource\":[\"arn:aws:iam::*:user/${aws:username}\"]}," ON_ALL(
         "\"iam:GetAccountPasswordPolicy\""))},
    {"/", "PowerUserAccess", "v12",
     DOCUMENT("{\"Effect\":\"Allow\",\"NotAction\":[\"iam:*\",\"organizations:*\",\"account:*\"],\"Resource\":\"*\"}," ON_ALL(
         "\"iam:CreateServiceLinkedRole\",\"iam:DeleteServiceLinkedRole\",\"iam:ListRoles\""))},
    {"/", "ReadOnlyAccess", "v182", ALLOW(READ_ALL)},
    {"/job-function/", "ViewOnlyAccess", "v45",
     ALLOW("\"autoscaling:Describe*\",\"cloudformation:DescribeStacks\",\"cloudformation:List*\",\"cloudwatch:Describe*\",\"cloudwatch:Get*\","
           "\"cloudwatch:List*\","
           "\"codebuild:List*\",\"codecommit:List*\",\"codedeploy:Get*\",\"codedeploy:List*\",\"codepipeline:ListPipelines\",\"dynamodb:"
           "DescribeTable\","
           "\"dynamodb:ListTables\",\"ec2:Describe*\",\"iam:List*\",\"lambda:List*\",\"logs:Describe*\",\"s3:ListAllMyBuckets\",\"s3:ListBucket\","
           "\"sns:List*\",\"sqs:List*\"")},
};

enum { POLICIES = sizeof policies / sizeof *policies };

size_t managed_policy_count(void) { return POLICIES; }
const ManagedPolicy *managed_policy_at(size_t index) { return &policies[index]; }

const ManagedPolicy *managed_policy_find(Str arn) {
    Str rest = str_strip_prefix(arn, STR("arn:aws:iam::aws:policy"));
    if (rest.len == arn.len) return NULL;
    for (size_t i = 0; i < POLICIES; i++) {
        Str path = str_of(policies[i].path), name = str_of(policies[i].name);
        if (rest.len == path.len + name.len && str_starts(rest, path) && str_ends(rest, name)) return &policies[i];
    }
    return NULL;
}

Str managed_policy_arn(Arena *arena, const ManagedPolicy *policy) {
    return str_format(arena, "arn:aws:iam::aws:policy%s%s", policy->path, policy->name);
}

Str managed_policy_id(Arena *arena, const ManagedPolicy *policy) {
    uint8_t digest[SHA256_BYTES];
    digest_of(DIGEST_SHA256, str_of(policy->name), digest);
    char id[17];
    for (int i = 0; i < 16; i++) id[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digest[i] & 31];
    return str_format(arena, "ANPAI%.16s", id);
}
