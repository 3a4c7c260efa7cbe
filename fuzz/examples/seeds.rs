//! Writes the seeds: `cargo run --example seeds`, in this folder. Run it again when a format changes.

use std::{fs, io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shopify_webhook::sign;
use weir_core::{
    ApiVersion, UnixMillis,
    envelope::{Meta, refer, seal},
};
use weir_fuzz::{admin::answer, outside::SECRETS};

const ORDER: &str = r#"{"id":820982911946154508,"name":"1001","total_price":"10.10","note":"ab\u0001c","tags":[]}"#;

fn main() -> io::Result<()> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let write = |target: &str, name: &str, text: &str| {
        fs::create_dir_all(seeds.join(target))?;
        fs::write(seeds.join(target).join(name), text)
    };
    for (name, event) in requests() {
        write("ingest_request", name, &event.to_string())?;
    }
    for (name, message) in messages() {
        write("worker_message", name, &message)?;
    }
    for (name, reply) in replies() {
        write("api_response", name, &reply.to_string())?;
    }
    write("api_response", "page", "<html><title>502 Bad Gateway</title></html>")?;
    for (name, lines) in LINES {
        write("bulk_jsonl", name, lines)?;
    }
    for (name, headers) in HEADERS {
        write("delivery_headers", name, headers)?;
    }
    for (name, line) in COMMANDS {
        write("cli_input", name, line)?;
    }
    for (name, words) in WORDS {
        write("text_views", name, words)?;
    }
    Ok(())
}

/// What the Admin API answers, as recorded: well, throttled, denied in part, refused, wrong.
fn replies() -> [(&'static str, Value); 7] {
    let cost = |requested: u32, actual: Option<u32>| {
        let status = json!({"maximumAvailable": 2000.0, "currentlyAvailable": 1992, "restoreRate": 100.0});
        json!({"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}})
    };
    let error = |code: &str, message: &str| json!({"message": message, "path": ["shop"], "extensions": {"code": code}});
    let refusal = json!({"field": ["tags"], "message": "Tag \"a\" is too long", "code": "TOO_LONG"});
    [
        ("shop", json!({"data": answer::shop(), "extensions": cost(3, Some(3))})),
        ("throttled", json!({"errors": [error("THROTTLED", "Throttled")], "extensions": cost(752, None)})),
        (
            "denied",
            json!({"data": answer::shop(), "errors": [error("ACCESS_DENIED", "Access denied for plan field.")]}),
        ),
        ("refused", json!({"data": {"tagsAdd": {"node": null, "userErrors": [refusal]}}})),
        ("done", json!({"data": {"tagsAdd": {"node": {"id": "gid://shopify/Order/1"}, "userErrors": []}}})),
        (
            "wrong",
            json!({"errors": [{"message": "Field 'x' doesn't exist on type 'Shop'", "locations": [{"line": 1, "column": 9}]}]}),
        ),
        ("not-found", json!({"errors": "Not Found"})),
    ]
}

const LINES: [(&str, &str); 3] = [
    (
        "grouped",
        concat!(
            r#"{"id":"gid://shopify/Product/1","title":"Lamp"}"#,
            "\n",
            r#"{"id":"gid://shopify/ProductVariant/11","sku":"L1","__parentId":"gid://shopify/Product/1"}"#,
            "\n",
            r#"{"id":"gid://shopify/Metafield/111","__parentId":"gid://shopify/ProductVariant/11"}"#,
            "\r\n\n",
            r#"{"id":"gid:\/\/shopify\/Product\/2","title":"Caf\u00e9"}"#,
        ),
    ),
    ("mutation", "{\"data\":{\"tagsAdd\":{\"userErrors\":[]}},\"__lineNumber\":0}\n"),
    ("broken", "{\"id\":\"gid://shopify/Product/1\",\"title\":7}\n{\"id\":\n[1]\n{}"),
];

const HEADERS: [(&str, &str); 2] = [
    (
        "webhook",
        "X-Shopify-Topic: orders/create\nX-Shopify-Shop-Domain: north.myshopify.com\nX-Shopify-API-Version: 2026-10\n\
         X-Shopify-Webhook-Id: b54557e4-bdd9-4b37-8a5f-bf7d70bcd043\n\
         X-Shopify-Event-Id: 98880550-7158-44d4-b7cd-2c97c8a091b5\n\
         X-Shopify-Triggered-At: 2026-11-27T05:00:00.123456789Z\nX-Shopify-Name: big_orders\n",
    ),
    (
        "event",
        "shopify-topic: Product\nshopify-action: update\nshopify-shop-domain: north.myshopify.com\n\
         shopify-api-version: unstable\nshopify-webhook-id: b54557e4-bdd9-4b37-8a5f-bf7d70bcd043\n\
         shopify-triggered-at: 2026-11-27T00:00:00-05:00\nshopify-handle: price-changes\n",
    ),
];

const COMMANDS: [(&str, &str); 8] = [
    ("send", "weir send orders/paid --shop north.myshopify.com --times 100 --rate 20/s --seed 7"),
    ("send-elsewhere", "weir send app/uninstalled --url https://example.com/webhooks --secret-env X --dry-run"),
    ("events", "weir events list --state failed --limit 100 --shop north.myshopify.com --topic orders/create --json"),
    ("shops", "weir shops add north.myshopify.com --token-env T --refresh-token-env R --expires-in 3600 --plan plus"),
    ("audit", "weir audit --stack weir --region eu-west-1 --since 1d"),
    (
        "log",
        r#"{"timestamp":"2026-11-27T05:00:00Z","message":"Called Shopify","app":"default","shop":"north.myshopify.com","operation":"ShopInfo","same":"a1b2","attempt":1,"took_ms":120,"status":200,"cost":3}"#,
    ),
    (
        "log-of-a-failure",
        r#"{"timestamp":"2026-11-27T05:00:01Z","target":"shopify_call","fields":{"message":"Called Shopify","app":"default","shop":"north.myshopify.com","operation":"ShopInfo","same":"a1b2","attempt":2,"took_ms":9,"status":429,"failure":"too_many_requests"}}"#,
    ),
    (
        "dev.json",
        r#"{"webhook_url":"http://127.0.0.1:4566/webhooks","aws_endpoint_url":"http://127.0.0.1:4566","region":"us-east-1","stack_name":"weir-dev","client_secret":"hush","ledger_table":"t","shops_table":"shops","token_key_id":"key","state_table":"state","cache_table":"cache","secret_prefix":"s/apps","bus_name":"b","lanes":{"urgent":{"queue_url":"q","dlq_url":"d"}},"tap_queue_url":"tap","shopify_url":"http://127.0.0.1:4577"}"#,
    ),
];

const WORDS: [(&str, &str); 2] = [
    (
        "event",
        "north.myshopify.com\nb54557e4\norders/create\ndefault\norders/820982911946154508\n\
         2026-11-27T05:00:00.123456789Z\nthe ERP answered HTTP 503\n{\"id\":1}",
    ),
    (
        "hostile",
        "n\u{1b}[2J\nid\u{202e}\ntopic\rhint: x\napp\u{200b}\nr\u{9b}31m\ntime\u{7}\nerror\u{e0041}\n\u{2028}\u{feff}",
    ),
];

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
        api_version: ApiVersion::parse("2026-10"),
        triggered_at: Some("2026-11-27T05:00:00.123456789Z".to_owned()),
        received_at: UnixMillis(1_795_755_600_120),
        ..Meta::sample("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", body)
    }
}
