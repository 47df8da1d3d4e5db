#include "services/codepipeline/providers.h"

#define CONSOLE "https://console.aws.amazon.com/"
#define POLL "Whether a change of the source starts the pipeline"

static const ConfigurationKey CODECOMMIT_KEYS[] = {
    {.name = "RepositoryName", .required = true, .description = "The repository"},
    {.name = "BranchName", .required = true, .description = "The branch that is watched"},
    {.name = "PollForSourceChanges", .description = POLL},
    {.name = "OutputArtifactFormat", .only = "CODE_ZIP", .description = "CODE_ZIP"},
    {0},
};

static const ConfigurationKey S3_SOURCE_KEYS[] = {
    {.name = "S3Bucket", .required = true, .description = "The bucket, versioned"},
    {.name = "S3ObjectKey", .required = true, .description = "The object"},
    {.name = "PollForSourceChanges", .description = POLL},
    {.name = "AllowOverrideForS3ObjectKey", .description = "Whether StartPipelineExecution may name another object"},
    {0},
};

static const ConfigurationKey CODEBUILD_KEYS[] = {
    {.name = "ProjectName", .required = true, .description = "The build project"},
    {.name = "PrimarySource", .description = "The input artifact with the buildspec, of several"},
    {.name = "BuildspecOverride", .description = "A buildspec, or the name of its file, instead of the project's"},
    {.name = "BatchEnabled", .only = "false", .description = "false"},
    {.name = "CombineArtifacts", .only = "false", .description = "false"},
    {.name = "EnvironmentVariables", .description = "A JSON list of name, value and type"},
    {0},
};

static const ConfigurationKey CODEDEPLOY_KEYS[] = {
    {.name = "ApplicationName", .required = true, .description = "The application"},
    {.name = "DeploymentGroupName", .required = true, .description = "The deployment group"},
    {0},
};

static const ConfigurationKey S3_DEPLOY_KEYS[] = {
    {.name = "BucketName", .required = true, .description = "The bucket"},
    {.name = "Extract", .required = true, .description = "Whether the artifact is unpacked"},
    {.name = "ObjectKey", .description = "The object, or the prefix of what is unpacked"},
    {.name = "CacheControl", .description = "The header of each object"},
    {.name = "CannedACL", .refused = "ACLs of objects are not supported", .description = "Not supported"},
    {.name = "KMSEncryptionKeyARN", .refused = "encryption keys are not supported", .description = "Not supported"},
    {0},
};

static const ConfigurationKey APPROVAL_KEYS[] = {
    {.name = "CustomData", .description = "What the approver should know"},
    {.name = "ExternalEntityLink", .description = "A URL to look at"},
    {.name = "IsSummaryRequired", .description = "Whether an answer needs a comment"},
    {.name = "NotificationArn", .refused = "notifications by Amazon SNS are not supported", .description = "Not supported"},
    {0},
};

enum { HOUR = 60, DAY = 24 * HOUR };

// Time-outs other than of what waits for a person attract no jump of the clock: what they guard ends by itself or holds the clock.
const Provider PROVIDERS[] = {
    {
        .category = "Source",
        .name = "CodeCommit",
        .keys = CODECOMMIT_KEYS,
        .timeout_minutes = HOUR,
        .timeout_kind = TIMER_BACKGROUND,
        .outputs = {1, 1},
        .start = action_codecommit_start,
        .heard = action_codecommit_heard,
        .entity_url = CONSOLE "codecommit/home?region={region}#/repository/{RepositoryName}/browse/{BranchName}/--/",
        .revision_url = CONSOLE "codecommit/home?region={region}#/repository/{RepositoryName}/commit/{revision}",
    },
    {
        .category = "Source",
        .name = "S3",
        .keys = S3_SOURCE_KEYS,
        .timeout_minutes = HOUR,
        .timeout_kind = TIMER_BACKGROUND,
        .outputs = {1, 1},
        .start = action_s3_source_start,
        .heard = action_s3_source_heard,
        .entity_url = CONSOLE "s3/home?region={region}#",
    },
    {
        .category = "Build",
        .name = "CodeBuild",
        .keys = CODEBUILD_KEYS,
        .timeout_minutes = 36 * HOUR,
        .timeout_kind = TIMER_BACKGROUND,
        .inputs = {1, 5},
        .outputs = {0, 5},
        .start = action_codebuild_start,
        .heard = action_codebuild_heard,
        .entity_url = CONSOLE "codebuild/home?region={region}#/projects/{ProjectName}/view",
    },
    {
        .category = "Test",
        .name = "CodeBuild",
        .keys = CODEBUILD_KEYS,
        .timeout_minutes = 36 * HOUR,
        .timeout_kind = TIMER_BACKGROUND,
        .inputs = {1, 5},
        .outputs = {0, 5},
        .start = action_codebuild_start,
        .heard = action_codebuild_heard,
        .entity_url = CONSOLE "codebuild/home?region={region}#/projects/{ProjectName}/view",
    },
    {
        .category = "Deploy",
        .name = "CodeDeploy",
        .keys = CODEDEPLOY_KEYS,
        .timeout_minutes = 5 * DAY,
        .timeout_kind = TIMER_BACKGROUND,
        .inputs = {1, 1},
        .start = action_codedeploy_start,
        .heard = action_codedeploy_heard,
        .entity_url = CONSOLE "codedeploy/home?region={region}#/applications/{ApplicationName}",
    },
    {
        .category = "Deploy",
        .name = "S3",
        .keys = S3_DEPLOY_KEYS,
        .timeout_minutes = 90,
        .timeout_kind = TIMER_BACKGROUND,
        .inputs = {1, 1},
        .start = action_s3_deploy_start,
        .heard = action_s3_deploy_heard,
        .entity_url = CONSOLE "s3/buckets/{BucketName}/?region={region}&tab=overview",
    },
    {
        .category = "Approval",
        .name = "Manual",
        .keys = APPROVAL_KEYS,
        .timeout_minutes = 7 * DAY,
        .timeout_kind = TIMER_OUTER,
        .start = action_approval_start,
        .heard = action_approval_heard,
        .entity_url = "{ExternalEntityLink}",
    },
    {0},
};

const Provider *provider_of(const Doc *action_type_id) {
    if (!str_is(doc_text(action_type_id, "owner"), "AWS") || !str_is(doc_text(action_type_id, "version"), "1")) return NULL;
    Str category = doc_text(action_type_id, "category"), name = doc_text(action_type_id, "provider");
    for (const Provider *provider = PROVIDERS; provider->category; provider++) {
        if (str_is(category, provider->category) && str_is(name, provider->name)) return provider;
    }
    return NULL;
}

const ConfigurationKey *provider_key(const Provider *provider, Str name) {
    for (const ConfigurationKey *key = provider->keys; key->name; key++) {
        if (str_is(name, key->name)) return key;
    }
    return NULL;
}
