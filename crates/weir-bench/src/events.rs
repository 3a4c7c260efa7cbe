//! What is handed to the functions.

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use shopify_samples::Samples;
use weir_core::{
    ApiVersion, EventId, EventShop, Topic, Topics, UnixMillis, WebhookId, dedupe,
    envelope::{Meta, TooLarge, seal},
};

use crate::stub::{CLIENT_SECRET, QUEUE_ARN};

const SHOP: &str = "north.myshopify.com";

/// An arbitrary moment, the same in every run.
const EPOCH_S: i64 = 1_795_755_600;

/// Messages of a batch: Lambda's largest without a batching window.
pub const BATCH: usize = 10;

/// Topics of which each event counts: two writes of the ledger, and no handler of weir's own.
const WORKER_TOPIC: &str = "refunds/create";

/// Makes events, each with an id of its own.
#[derive(Debug)]
pub struct Events {
    order: String,
    refund: String,
    made: u64,
}

impl Events {
    /// Orders of about this size, from one seed: the same in every run.
    #[must_use]
    pub fn new(order_bytes: usize) -> Self {
        let now = Timestamp::from_second(EPOCH_S).unwrap_or_default();
        let mut samples = Samples::new(7, SHOP, now);
        let order = samples.sized_order(order_bytes);
        Self { order, refund: samples.body(WORKER_TOPIC).unwrap_or_default(), made: 0 }
    }

    /// The size of an order.
    #[must_use]
    pub fn order_bytes(&self) -> usize {
        self.order.len()
    }

    /// The size of a body in a batch.
    #[must_use]
    pub fn refund_bytes(&self) -> usize {
        self.refund.len()
    }

    fn id(&mut self) -> String {
        self.made += 1;
        format!("00000000-0000-4000-8000-{:012}", self.made)
    }

    /// A signed delivery, as an HTTP API with payload 2.0 hands it over.
    pub fn delivery(&mut self) -> Bytes {
        let id = self.id();
        let signature = shopify_webhook::sign(self.order.as_bytes(), &SecretString::from(CLIENT_SECRET));
        let host = "abcdefghij.execute-api.us-east-1.amazonaws.com";
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /webhooks",
            "rawPath": "/webhooks",
            "rawQueryString": "",
            "headers": {
                "accept": "*/*",
                "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
                "content-length": self.order.len().to_string(),
                "content-type": "application/json",
                "host": host,
                "user-agent": "Shopify-Captain-Hook",
                "x-amzn-trace-id": "Root=1-6923b3f6-0123456789abcdef01234567",
                "x-forwarded-for": "192.0.2.10",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
                "x-shopify-api-version": "2026-10",
                "x-shopify-event-id": id,
                "x-shopify-hmac-sha256": signature,
                "x-shopify-shop-domain": SHOP,
                "x-shopify-topic": "orders/create",
                "x-shopify-triggered-at": "2026-11-20T14:30:13.482913077Z",
                "x-shopify-webhook-id": id,
            },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "abcdefghij",
                "domainName": host,
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": "POST",
                    "path": "/webhooks",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10",
                    "userAgent": "Shopify-Captain-Hook",
                },
                "requestId": format!("bench-{}=", self.made),
                "routeKey": "POST /webhooks",
                "stage": "$default",
                "time": "20/Nov/2026:14:30:14 +0000",
                "timeEpoch": 1_795_185_014_112_i64,
            },
            "body": self.order,
            "isBase64Encoded": false,
        });
        event.to_string().into()
    }

    /// A batch of a lane, as SQS hands it to its worker.
    ///
    /// # Errors
    /// When a body does not fit into a message.
    pub fn batch(&mut self) -> Result<Bytes, TooLarge> {
        let records = (0..BATCH).map(|_| self.record()).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "Records": records }).to_string().into())
    }

    fn record(&mut self) -> Result<Value, TooLarge> {
        let id = self.id();
        let mut meta = Meta {
            event_id: Some(EventId::from_stored(id.as_str())),
            api_version: Some(ApiVersion::from_stored("2026-10")),
            triggered_at: Some("2026-11-20T14:30:13.482913077Z".to_owned()),
            ..Meta::new(
                WebhookId::from_stored(id.as_str()),
                EventShop::from_stored(SHOP),
                Topic::from_stored(WORKER_TOPIC),
                UnixMillis(EPOCH_S * 1000),
                self.refund.as_bytes(),
            )
        };
        meta.dedupe_key = dedupe::key(&Topics::built_in(), &meta, self.refund.as_bytes());
        Ok(json!({
            "messageId": id,
            "receiptHandle": format!("receipt-{id}"),
            "body": seal(&meta, self.refund.as_bytes())?,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795755600150",
                "SenderId": "000000000000",
                "ApproximateFirstReceiveTimestamp": "1795755600163",
                "MessageGroupId": SHOP,
            },
            "messageAttributes": {},
            "md5OfBody": "00000000000000000000000000000000",
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE_ARN,
            "awsRegion": "us-east-1",
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_differ_in_their_ids_alone_and_are_signed() {
        let mut events = Events::new(6_000);
        let read = |bytes: Bytes| serde_json::from_slice::<Value>(&bytes).unwrap();
        let (a, b) = (read(events.delivery()), read(events.delivery()));
        assert_ne!(a["headers"]["x-shopify-webhook-id"], b["headers"]["x-shopify-webhook-id"]);
        assert_eq!(a["body"], b["body"]);
        let body = a["body"].as_str().unwrap();
        assert_eq!(
            a["headers"]["x-shopify-hmac-sha256"],
            shopify_webhook::sign(body.as_bytes(), &SecretString::from(CLIENT_SECRET))
        );
    }

    #[test]
    fn the_events_are_the_same_in_every_run() {
        assert_eq!(Events::new(6_000).delivery(), Events::new(6_000).delivery());
        assert_eq!(Events::new(6_000).batch().unwrap(), Events::new(6_000).batch().unwrap());
    }

    #[test]
    fn a_batch_is_full() {
        let batch: Value = serde_json::from_slice(&Events::new(6_000).batch().unwrap()).unwrap();
        assert_eq!(batch["Records"].as_array().unwrap().len(), BATCH);
    }
}
