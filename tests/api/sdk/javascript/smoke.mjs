// The JavaScript SDK v3 against a plane: one call of each kind that its serializers treat differently. It throws when an answer is not as on AWS.
import assert from "node:assert/strict";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";

const account = process.env.AWS_ACCESS_KEY_ID;

async function checkIdentity() {
  const identity = await new STS({}).getCallerIdentity({});
  assert.equal(identity.Account, account);
}

async function checkObjects() {
  const s3 = new S3({ forcePathStyle: true });
  const place = { Bucket: `javascript-${account}`, Key: "a key/ü" };
  const body = "twelve bytes".repeat(100000);
  await s3.createBucket({ Bucket: place.Bucket });
  await s3.putObject({ ...place, Body: body, Metadata: { who: "javascript" } });
  const object = await s3.getObject({ ...place, ChecksumMode: "ENABLED" });
  assert.equal(await object.Body.transformToString(), body);
  assert.equal(object.Metadata.who, "javascript");
  assert.ok(object.ChecksumCRC32);
  const list = await s3.listObjectsV2({ Bucket: place.Bucket });
  assert.deepEqual(list.Contents.map(({ Key, Size }) => [Key, Size]), [[place.Key, body.length]]);
  await assert.rejects(s3.getObject({ ...place, Key: "absent" }), { name: "NoSuchKey" });
}

async function checkItems() {
  const client = new DynamoDB({});
  const TableName = "users";
  await client.createTable({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  });
  await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });
  const put = { TableName, Item: { id: { S: "1" }, n: { N: "1.50" }, b: { B: new Uint8Array([1, 2]) } }, ConditionExpression: "attribute_not_exists(id)" };
  await client.putItem(put);
  await assert.rejects(client.putItem(put), { name: "ConditionalCheckFailedException" });
  const { Item } = await client.getItem({ TableName, Key: { id: { S: "1" } } });
  assert.equal(Item.n.N, "1.5");
  assert.deepEqual([...Item.b.B], [1, 2]);
}

async function checkLogs() {
  const logs = new CloudWatchLogs({});
  const stream = { logGroupName: "javascript", logStreamName: "s" };
  await logs.createLogGroup({ logGroupName: stream.logGroupName });
  await logs.createLogStream(stream);
  const timestamp = Date.now();
  await logs.putLogEvents({ ...stream, logEvents: ["INFO fine", "ERROR ü"].map((message) => ({ timestamp, message })) });
  const { events } = await logs.filterLogEvents({ logGroupName: stream.logGroupName, filterPattern: "ERROR" });
  assert.deepEqual(events.map((event) => [event.message, event.timestamp]), [["ERROR ü", timestamp]]);
  await assert.rejects(logs.createLogGroup({ logGroupName: stream.logGroupName }), { name: "ResourceAlreadyExistsException" });
}

// A stream of events; `stream-` in front of an address would be no host.
async function checkLiveTail() {
  const logs = new CloudWatchLogs({ disableHostPrefix: true });
  const stream = { logGroupName: "javascript/live", logStreamName: "s" };
  await logs.createLogGroup({ logGroupName: stream.logGroupName });
  await logs.createLogStream(stream);
  const { logGroups } = await logs.describeLogGroups({ logGroupNamePrefix: stream.logGroupName });
  const { responseStream } = await logs.startLiveTail({ logGroupIdentifiers: [logGroups[0].logGroupArn] });
  for await (const event of responseStream) {
    if (event.sessionStart) await logs.putLogEvents({ ...stream, logEvents: [{ timestamp: Date.now(), message: "live ü" }] });
    const results = event.sessionUpdate?.sessionResults ?? [];
    if (!results.length) continue;
    assert.deepEqual(results.map(({ message, logGroupIdentifier }) => [message, logGroupIdentifier]), [["live ü", `${account}:javascript/live`]]);
    break;
  }
  logs.destroy(); // and with it the connection
}

await checkIdentity();
await checkObjects();
await checkItems();
await checkLogs();
await checkLiveTail();
