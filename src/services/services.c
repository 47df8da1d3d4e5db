// All services that are built. One line each.
#include "plane/service.h"

extern const Service CODEBUILD_SERVICE;
extern const Service CODECOMMIT_SERVICE;
extern const Service CODEDEPLOY_SERVICE;
extern const Service CODEPIPELINE_SERVICE;
extern const Service DYNAMODB_SERVICE;
extern const Service EC2_SERVICE;
extern const Service IAM_SERVICE;
extern const Service LOGS_SERVICE;
extern const Service S3_SERVICE;
extern const Service STS_SERVICE;

const Service *const SERVICES[] = {
    &CODEBUILD_SERVICE,
    &CODECOMMIT_SERVICE,
    &CODEDEPLOY_SERVICE,
    &CODEPIPELINE_SERVICE,
    &DYNAMODB_SERVICE,
    &EC2_SERVICE,
    &IAM_SERVICE,
    &LOGS_SERVICE,
    &S3_SERVICE,
    &STS_SERVICE,
    NULL,
};
