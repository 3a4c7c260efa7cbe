//! More of the real Admin API's traffic, where the folder has it: above all, what it refuses.

use std::time::Duration;

use serde_json::Value;

use crate::{
    recordings::{DELETE, Replay, create, detail, text, update},
    support::Bench,
};

/// Recordings that quote their documents and need nothing set up.
const QUOTED: [&str; 7] = [
    "bulk-operations__bulk-operation-run-query-validators.json",
    "bulk-operations__bulk-operation-run-mutation-validators.json",
    "bulk-operations__bulk-operation-run-mutation-user-errors.json",
    "bulk-operations__bulk-operation-run-mutation-connection-validators.json",
    "bulk-operations__bulk-operation-name-independent-run-roots.json",
    "bulk-operations__bulk-operations-read-arg-validation.json",
    "bulk-operations__bulk-operation-run-query-user-error-codes.json",
];

/// Recordings of subscriptions, which name their documents.
const SUBSCRIPTIONS: [&str; 10] = [
    "webhooks__eventbridge-cloud-format-json-only.json",
    "webhooks__gcp-project-topic-char-rules.json",
    "webhooks__webhook-subscription-address-byte-size-validation.json",
    "webhooks__webhook-subscription-cloud-uri-validation.json",
    "webhooks__webhook-subscription-filter-byte-size-validation.json",
    "webhooks__webhook-subscription-filter-mixed-term.json",
    "webhooks__webhook-subscription-metafield-namespaces-resolution.json",
    "webhooks__webhook-subscription-scheme-allowlist.json",
    "webhooks__webhook-subscription-topic-format-name-validation.json",
    "webhooks__webhook-subscription-uri-whitespace.json",
];

/// Each exchange of a recording, in its order, with its path.
fn exchanges<'a>(value: &'a Value, path: &str, all: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(map) => {
            if map.get("response").is_some_and(Value::is_object) {
                all.push((path.to_owned(), value));
            }
            let inner = map.iter().filter(|(name, _)| !["response", "upstreamCalls"].contains(&name.as_str()));
            inner.for_each(|(name, value)| exchanges(value, &format!("{path}/{name}"), all));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| exchanges(value, &format!("{path}/{at}"), all));
        }
        _ => {}
    }
}

/// A recording as text, which has its exchanges in their order, if the folder has it; whoever has no folder is told so by
/// the other tests.
fn there(name: &str) -> Option<String> {
    let folder = std::env::var_os("WEIR_SHOPIFY_RECORDINGS").filter(|folder| !folder.is_empty())?;
    std::fs::read_to_string(std::path::Path::new(&folder).join(name)).ok()
}

/// Each exchange of a recording, in its order.
fn in_order<'a>(text: &str, all: &'a Value) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    exchanges(all, "", &mut found);
    // A JSON map here has its keys in the order of the alphabet.
    found.sort_by_key(|(path, _)| {
        path.split('/').skip(1).fold(0_usize, |at, step| at + text[at..].find(&format!("\"{step}\":")).unwrap_or(0))
    });
    found
}

#[tokio::test(start_paused = true)]
async fn bulk_documents_are_refused_in_the_recorded_words() {
    for name in QUOTED {
        let Some(recorded) = there(name) else { continue };
        let all = serde_json::from_str(&recorded).unwrap();
        for (path, one) in in_order(&recorded, &all).into_iter().filter(|(_, one)| one["query"].is_string()) {
            // Uploads go to Google's storage, whose signatures nobody else can make.
            if text(&one["query"]).contains("stagedUploadsCreate") {
                continue;
            }
            Replay::new(Bench::new()).check(&format!("{name}{path}"), &text(&one["query"]), one).await;
        }
    }
}

/// What the older fields of a subscription are asked for with.
fn narrow(document: &str) -> String {
    document.replace("includeFields metafieldNamespaces ", "")
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_refused_in_the_recorded_words() {
    for name in SUBSCRIPTIONS {
        let Some(recorded) = there(name) else { continue };
        let all = serde_json::from_str(&recorded).unwrap();
        let mut replay = Replay::new(Bench::new());
        // A subscription that a recording made without showing how.
        let mut made = std::collections::BTreeSet::new();
        for (path, one) in in_order(&recorded, &all) {
            let cloud = |document: String| {
                let clouds = "... on WebhookEventBridgeEndpoint { arn } ... on WebhookPubSubEndpoint { pubSubProject pubSubTopic } }";
                document.replace("{ callbackUrl } }", &format!("{{ callbackUrl }} {clouds}"))
            };
            let file = one["documentPath"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let document = match file {
                "webhookSubscriptionCreate-parity.graphql" => cloud(create()),
                "webhookSubscriptionUpdate-parity.graphql" => cloud(update()),
                "webhookSubscriptionDelete-parity.graphql" => DELETE.to_owned(),
                "webhook-subscription-detail-read.graphql" => cloud(detail()),
                "webhook-subscription-topic-format-name-create.graphql" => narrow(&create()),
                "webhook-subscription-topic-format-name-update.graphql" => narrow(&update()),
                _ => continue,
            };
            // Some recordings change a subscription that they do not show being made, and delete what is gone.
            if let Some(id) = one["variables"]["id"].as_str() {
                let known = made.contains(id);
                if file.contains("Delete") {
                    made.remove(id);
                }
                if !known {
                    continue;
                }
            }
            let id = &one["response"]["payload"]["data"]["webhookSubscriptionCreate"]["webhookSubscription"]["id"];
            made.extend(id.as_str().map(str::to_owned));
            replay.check(&format!("{name}{path}"), &document, one).await;
            replay.bench.sim.clock().sleep(Duration::from_millis(400)).await;
        }
        replay.end(&[]);
    }
}
