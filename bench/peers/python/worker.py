"""Acts on each message once: the idempotency record in DynamoDB, the event on the bus."""

import hashlib
import json
import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="worker")
events = boto3.client("events")
processor = BatchProcessor(event_type=EventType.SQS)
store = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"])
config = IdempotencyConfig(event_key_jmespath="[source, id]", raise_on_no_idempotency_key=True)
BUS = os.environ["BUS_NAME"]


def opened(message: str) -> dict:
    """What stands before the body, which is held against its checksum and not parsed."""
    head, body = message.split(',"data":', 1)
    meta = json.loads(head + "}")
    if hashlib.sha256(body[:-1].encode()).hexdigest() != meta["bodysha256"]:
        raise ValueError("the body was altered")
    return meta


@idempotent_function(data_keyword_argument="meta", config=config, persistence_store=store)
def publish(meta: dict, detail: str) -> dict:
    entry = {"Source": "bench", "DetailType": meta["topic"], "Detail": detail, "EventBusName": BUS}
    reply = events.put_events(Entries=[entry])
    if reply["FailedEntryCount"] > 0:
        raise RuntimeError(f"EventBridge did not take the event: {reply['Entries'][0].get('ErrorCode')}")
    return {"published": True}


def record_handler(record: SQSRecord) -> None:
    meta = opened(record.body)
    publish(meta=meta, detail=record.body)
    logger.info("Done", shop=meta["source"], topic=meta["topic"], id=meta["id"])


def handler(event: dict, context: LambdaContext) -> dict:
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
