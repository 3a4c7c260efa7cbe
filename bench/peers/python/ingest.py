"""Takes webhooks in: verifies them as Shopify documents it, and answers 200 once SQS has them."""

import base64
import hashlib
import hmac
import json
import os
from datetime import datetime, timezone

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="ingest")
sqs = boto3.client("sqs")
QUEUE_URL = os.environ["QUEUE_URL"]
SECRET_ID = os.environ["SECRET_ID"]


def secret() -> bytes:
    """Cached for five minutes, as weir does."""
    value = parameters.get_secret(SECRET_ID, max_age=300, transform="json")
    return value["client_secrets"][0].encode()


# During init: the first webhook pays for neither the connection nor the secret.
secret()
sqs.get_queue_attributes(QueueUrl=QUEUE_URL, AttributeNames=["QueueArn"])


@event_source(data_class=APIGatewayProxyEventV2)
def handler(event: APIGatewayProxyEventV2, context: LambdaContext) -> dict:
    body = base64.b64decode(event.body) if event.is_base64_encoded else event.body.encode()
    headers = event.headers
    expected = base64.b64encode(hmac.new(secret(), body, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(expected, headers.get("x-shopify-hmac-sha256", "")):
        return {"statusCode": 401}
    shop, topic = headers["x-shopify-shop-domain"], headers["x-shopify-topic"]
    meta = {
        "specversion": "1.0",
        "id": headers["x-shopify-webhook-id"],
        "source": shop,
        "type": f"com.shopify.{topic}",
        "topic": topic,
        "eventid": headers.get("x-shopify-event-id"),
        "apiversion": headers.get("x-shopify-api-version"),
        "time": headers.get("x-shopify-triggered-at"),
        "receivedat": datetime.now(timezone.utc).isoformat(),
        "bodysha256": hashlib.sha256(body).hexdigest(),
    }
    # The body as it came, not parsed and printed again.
    message = json.dumps(meta)[:-1] + ',"data":' + body.decode() + "}"
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=message, MessageGroupId=shop)
    logger.info("Enqueued", shop=shop, topic=topic, id=meta["id"])
    return {"statusCode": 200}
