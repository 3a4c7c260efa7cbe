//! Writes the seeds: `cargo run --example seeds`, in this folder. Run it again when the envelope changes.

use std::{fs, io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shopify_webhook::sign;
use weir_core::{
    UnixMillis,
    envelope::{Meta, refer, seal},
    sha256,
};
use weir_fuzz::outside::SECRETS;

const ORDER: &str = r#"{"id":820982911946154508,"name":"1001","total_price":"10.10","note":"ab\u0001c","tags":[]}"#;

fn main() -> io::Result<()> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let write = |target: &str, name: &str, text: &str| fs::write(seeds.join(target).join(name), text);
    for (name, event) in requests() {
        write("ingest_request", name, &event.to_string())?;
    }
    for (name, message) in messages() {
        write("worker_message", name, &message)?;
    }
    Ok(())
}

fn requests() -> [(&'static str, Value); 6] {
    let order = ORDER.as_bytes();
    let webhook = |signature: &str| {
        json!({
            "x-shopify-topic": "orders/create",
            "x-shopify-shop-domain": "north.myshopify.com",
            "x-shopify-api-version": "2026-10",
            "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
            "x-shopify-triggered-at": "2026-11-27T05:00:00.123456789Z",
            "x-shopify-hmac-sha256": signature,
        })
    };
    let event = json!({
        "shopify-topic": "Product",
        "shopify-action": "update",
        "shopify-shop-domain": "north.myshopify.com",
        "shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "shopify-handle": "price-changes",
        "shopify-hmac-sha256": sign(order, &SECRETS[1].into()),
    });
    let bytes = b"\xff\xfe not UTF-8";
    [
        ("webhook", request("/webhooks", webhook(&sign(order, &SECRETS[0].into())), ORDER, false)),
        ("event-of-an-app", request("/webhooks/loyalty", event, &STANDARD.encode(order), true)),
        ("bytes", request("/webhooks", webhook(&sign(bytes, &SECRETS[0].into())), &STANDARD.encode(bytes), true)),
        // Once taken for no body at all.
        ("null", request("/webhooks", webhook(&sign(b"null", &SECRETS[0].into())), "null", false)),
        ("forged", request("/webhooks", webhook(&sign(order, &"nobody's".into())), ORDER, false)),
        ("elsewhere", request("/favicon.ico", json!({}), "", false)),
    ]
}

fn request(path: &str, headers: Value, body: &str, is_base64: bool) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "headers": headers,
        "requestContext": {"requestId": "request-1", "http": {"method": "POST", "path": path}},
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

fn messages() -> [(&'static str, String); 5] {
    let sealed = |body: &[u8]| seal(&meta(body), body).unwrap_or_default();
    let long = ORDER.repeat(1000);
    [
        ("json", sealed(ORDER.as_bytes())),
        ("null", sealed(b"null")),
        ("bytes", sealed(b"\xff\xfe not UTF-8")),
        ("compressed", sealed(long.as_bytes())),
        ("reference", refer(&meta(b"s3://bodies/1"), "s3://bodies/1")),
    ]
}

fn meta(body: &[u8]) -> Meta {
    Meta {
        webhook_id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".to_owned(),
        shop: "north.myshopify.com".to_owned(),
        topic: "orders/create".to_owned(),
        app: "default".to_owned(),
        event_id: None,
        api_version: Some("2026-10".to_owned()),
        subscription: None,
        triggered_at: Some("2026-11-27T05:00:00.123456789Z".to_owned()),
        received_at: UnixMillis(1_795_755_600_120),
        body_sha256: sha256::hex(body),
        traceparent: None,
        generation: 0,
    }
}
