// Acts on each message once: the idempotency record in DynamoDB, the event on the bus.
import { createHash } from "node:crypto";

import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";

const bridge = new EventBridgeClient({});
const processor = new BatchProcessor(EventType.SQS);
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.LEDGER_TABLE });
const config = new IdempotencyConfig({ eventKeyJmesPath: "[source, id]", throwOnNoIdempotencyKey: true });

// The body as it came stands after `"data":` and is not parsed, for large ids would lose digits.
function open(message) {
  const at = message.indexOf(',"data":');
  const body = message.slice(at + 8, -1);
  const meta = JSON.parse(`${message.slice(0, at)}}`);
  if (createHash("sha256").update(body).digest("hex") !== meta.bodysha256) {
    throw new Error("the body was altered");
  }
  return meta;
}

const publish = makeIdempotent(
  async (meta, detail) => {
    const entry = { Source: "bench", DetailType: meta.topic, Detail: detail, EventBusName: process.env.BUS_NAME };
    const reply = await bridge.send(new PutEventsCommand({ Entries: [entry] }));
    if (reply.FailedEntryCount > 0) {
      throw new Error(`EventBridge did not take the event: ${reply.Entries[0].ErrorCode}`);
    }
    return { published: true };
  },
  { persistenceStore, config, dataIndexArgument: 0 },
);

async function record({ body }) {
  const meta = open(body);
  await publish({ source: meta.source, id: meta.id, topic: meta.topic }, body);
  console.log(JSON.stringify({ level: "INFO", message: "Done", shop: meta.source, topic: meta.topic, id: meta.id }));
}

export async function handler(event, context) {
  config.registerLambdaContext(context);
  return processPartialResponse(event, record, processor, { context });
}
