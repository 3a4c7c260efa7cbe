// Takes webhooks in: verifies them as Shopify's library does, and answers 200 once SQS has them.
import { createHash } from "node:crypto";

import "@shopify/shopify-api/adapters/web-api";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});
const secrets = new SecretsProvider();
const queueUrl = process.env.QUEUE_URL;

// Cached for five minutes, as weir does.
async function shopify() {
  const { client_secrets } = await secrets.get(process.env.SECRET_ID, { maxAge: 300, transform: "json" });
  if (library?.config.apiSecretKey !== client_secrets[0]) {
    library = shopifyApi({
      apiKey: "bench",
      apiSecretKey: client_secrets[0],
      apiVersion: ApiVersion.October26,
      hostName: "bench.example.com",
      isEmbeddedApp: false,
      scopes: [],
    });
  }
  return library;
}
let library;

// During init: the first webhook pays for neither the connection nor the secret.
await Promise.all([
  shopify(),
  sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] })),
]);

export async function handler(event) {
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString("utf8") : event.body;
  const { webhooks } = await shopify();
  const url = `https://${event.requestContext.domainName}${event.rawPath}`;
  const rawRequest = new Request(url, { method: "POST", headers: event.headers });
  const check = await webhooks.validate({ rawBody: body, rawRequest });
  if (!check.valid) {
    return { statusCode: 401 };
  }
  const meta = {
    specversion: "1.0",
    id: check.webhookId,
    source: check.domain,
    type: `com.shopify.${check.topic}`,
    topic: event.headers["x-shopify-topic"],
    eventid: check.eventId,
    apiversion: check.apiVersion,
    time: check.triggeredAt,
    receivedat: new Date().toISOString(),
    bodysha256: createHash("sha256").update(body).digest("hex"),
  };
  // The body as it came: parsed and printed again, large ids would lose digits.
  const message = `${JSON.stringify(meta).slice(0, -1)},"data":${body}}`;
  await sqs.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: message, MessageGroupId: check.domain }),
  );
  console.log(JSON.stringify({ level: "INFO", message: "Enqueued", shop: check.domain, topic: check.topic, id: meta.id }));
  return { statusCode: 200 };
}
