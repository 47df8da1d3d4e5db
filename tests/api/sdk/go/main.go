// The Go SDK against a plane: one call of each kind that its serializers treat differently. It ends with status 1 and a sentence when an answer is not as on AWS.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var ctx = context.Background()

func need(ok bool, format string, args ...any) {
	if !ok {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	need(err == nil, "%v", err)
	return value
}

func checkIdentity(config aws.Config, account string) {
	identity := must(sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	need(*identity.Account == account, "the account is %s", *identity.Account)
}

func checkObjects(config aws.Config, account string) {
	client := s3.NewFromConfig(config, func(options *s3.Options) { options.UsePathStyle = true })
	bucket := aws.String("go-" + account)
	body := bytes.Repeat([]byte("twelve bytes"), 100000)
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a key/ü"), Body: bytes.NewReader(body), Metadata: map[string]string{"who": "go"}}))
	object := must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a key/ü"), ChecksumMode: s3types.ChecksumModeEnabled}))
	need(bytes.Equal(must(io.ReadAll(object.Body)), body), "another body comes back")
	need(object.Metadata["who"] == "go" && object.ChecksumCRC32 != nil, "metadata or checksum is missing")
	list := must(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket}))
	need(len(list.Contents) == 1 && *list.Contents[0].Key == "a key/ü", "the listing is %v", list.Contents)
	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("absent")})
	var absent *s3types.NoSuchKey
	need(errors.As(err, &absent), "an absent key is %v", err)
}

func checkItems(config aws.Config) {
	client := dynamodb.NewFromConfig(config)
	table, id := aws.String("users"), aws.String("id")
	must(client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            table,
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: id, KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: id, AttributeType: types.ScalarAttributeTypeS}},
	}))
	need(dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, time.Minute) == nil, "the table does not come")
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}, "n": &types.AttributeValueMemberN{Value: "1.50"}}
	put := &dynamodb.PutItemInput{TableName: table, Item: item, ConditionExpression: aws.String("attribute_not_exists(id)")}
	must(client.PutItem(ctx, put))
	_, err := client.PutItem(ctx, put)
	var failed *types.ConditionalCheckFailedException
	need(errors.As(err, &failed), "a second put is %v", err)
	found := must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: map[string]types.AttributeValue{"id": item["id"]}}))
	need(found.Item["n"].(*types.AttributeValueMemberN).Value == "1.5", "the item is %v", found.Item)
}

func checkLogs(config aws.Config) {
	client := cloudwatchlogs.NewFromConfig(config)
	group, stream := aws.String("go"), aws.String("s")
	must(client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}))
	must(client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	now := aws.Int64(time.Now().UnixMilli())
	events := []logstypes.InputLogEvent{{Message: aws.String("INFO fine"), Timestamp: now}, {Message: aws.String("ERROR ü"), Timestamp: now}}
	must(client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}))
	found := must(client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("ERROR")}))
	need(len(found.Events) == 1 && *found.Events[0].Message == "ERROR ü", "the search finds %v", found.Events)
	_, err := client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
	var exists *logstypes.ResourceAlreadyExistsException
	need(errors.As(err, &exists), "a second group is %v", err)
}

// "stream-" in front of an address would be no host.
func withoutHostPrefix(stack *middleware.Stack) error {
	disable := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutHostPrefix", disable), middleware.After)
}

// A stream of events.
func checkLiveTail(config aws.Config, account string) {
	client := cloudwatchlogs.NewFromConfig(config, cloudwatchlogs.WithAPIOptions(withoutHostPrefix))
	group, stream := aws.String("go/live"), aws.String("s")
	must(client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}))
	must(client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	arn := "arn:aws:logs:" + config.Region + ":" + account + ":log-group:" + *group
	session := must(client.StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{arn}}))
	defer session.GetStream().Close()
	for event := range session.GetStream().Events() {
		switch event := event.(type) {
		case *logstypes.StartLiveTailResponseStreamMemberSessionStart:
			events := []logstypes.InputLogEvent{{Message: aws.String("live ü"), Timestamp: aws.Int64(time.Now().UnixMilli())}}
			must(client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}))
		case *logstypes.StartLiveTailResponseStreamMemberSessionUpdate:
			if len(event.Value.SessionResults) == 0 {
				continue
			}
			need(*event.Value.SessionResults[0].Message == "live ü", "the session says %v", event.Value.SessionResults)
			return
		}
	}
	need(false, "the session ends: %v", session.GetStream().Err())
}

func main() {
	account := os.Getenv("AWS_ACCESS_KEY_ID")
	config := aws.Config{
		Region: os.Getenv("AWS_REGION"),
		// What the SDK's own loader of settings takes when nothing is set.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		BaseEndpoint:               aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: account, SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
	}
	checkIdentity(config, account)
	checkObjects(config, account)
	checkItems(config)
	checkLogs(config)
	checkLiveTail(config, account)
}
