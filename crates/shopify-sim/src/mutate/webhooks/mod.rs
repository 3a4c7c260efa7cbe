//! Webhook subscriptions.

use serde_json::{Value, json};

use super::{done, refused, texts, user_error};
use crate::{
    resolve::Cx,
    store::{Gid, Subscription},
};

const SUBJECT: &str = "webhookSubscription";

pub(super) fn create(cx: &Cx<'_>, input: &Value) -> Value {
    let wanted = &input[SUBJECT];
    let topic = input["topic"].as_str().unwrap_or_default();
    let uri = wanted["uri"].as_str().or_else(|| wanted["callbackUrl"].as_str()).unwrap_or_default();
    let mut errors = address_errors(uri);
    if errors.is_empty() {
        errors.extend(filter_error(wanted));
    }
    let mut shop = cx.hold();
    let taken =
        |one: &Subscription| one.topic == topic && one.uri == uri && one.filter.as_deref() == wanted["filter"].as_str();
    if errors.is_empty() && shop.subscriptions.values().any(taken) {
        errors.push(address("Address for this topic has already been taken"));
    }
    if !errors.is_empty() {
        return refused(SUBJECT, errors);
    }
    let id = shop.new_id();
    let subscription = Subscription {
        topic: topic.to_owned(),
        uri: uri.to_owned(),
        format: wanted["format"].as_str().unwrap_or("JSON").to_owned(),
        filter: wanted["filter"].as_str().map(str::to_owned),
        name: wanted["name"].as_str().map(str::to_owned),
        include_fields: texts(&wanted["includeFields"]),
        metafield_namespaces: texts(&wanted["metafieldNamespaces"]),
        metafields: wanted["metafields"].as_array().cloned().unwrap_or_default(),
        created: cx.now,
        updated: cx.now,
        failures: 0,
    };
    shop.subscriptions.insert(id, subscription);
    done(SUBJECT, json!({ "$gid": Gid::print("WebhookSubscription", id) }))
}

pub(super) fn update(cx: &Cx<'_>, input: &Value) -> Value {
    let wanted = &input[SUBJECT];
    let id = input["id"].as_str().and_then(|id| Gid::of("WebhookSubscription", id));
    let mut shop = cx.hold();
    let Some(subscription) = id.and_then(|id| shop.subscriptions.get_mut(&id)) else {
        return refused(SUBJECT, vec![unknown()]);
    };
    let uri = wanted["uri"].as_str().or_else(|| wanted["callbackUrl"].as_str());
    let mut errors = uri.map(address_errors).unwrap_or_default();
    if errors.is_empty() {
        errors.extend(filter_error(wanted));
    }
    if !errors.is_empty() {
        return refused(SUBJECT, errors);
    }
    let text = |name: &str| wanted[name].as_str().map(str::to_owned);
    if let Some(uri) = uri {
        uri.clone_into(&mut subscription.uri);
    }
    if let Some(format) = text("format") {
        subscription.format = format;
    }
    if wanted.get("filter").is_some() {
        subscription.filter = text("filter");
    }
    if wanted.get("name").is_some() {
        subscription.name = text("name");
    }
    if wanted.get("includeFields").is_some() {
        subscription.include_fields = texts(&wanted["includeFields"]);
    }
    if wanted.get("metafieldNamespaces").is_some() {
        subscription.metafield_namespaces = texts(&wanted["metafieldNamespaces"]);
    }
    if let Some(metafields) = wanted.get("metafields") {
        subscription.metafields = metafields.as_array().cloned().unwrap_or_default();
    }
    subscription.updated = cx.now;
    subscription.failures = 0;
    done(SUBJECT, json!({ "$gid": input["id"] }))
}

pub(super) fn delete(cx: &Cx<'_>, input: &Value) -> Value {
    const DELETED: &str = "deletedWebhookSubscriptionId";
    let id = input["id"].as_str().and_then(|id| Gid::of("WebhookSubscription", id));
    match id.and_then(|id| cx.hold().subscriptions.remove(&id)) {
        Some(_) => done(DELETED, input["id"].clone()),
        None => refused(DELETED, vec![unknown()]),
    }
}

fn unknown() -> Value {
    user_error(json!(["id"]), "Webhook subscription does not exist", None)
}

fn address(message: &str) -> Value {
    user_error(json!([SUBJECT, "callbackUrl"]), message, None)
}

/// What Shopify has against an address. Loopback over plain HTTP is let through: that is where the simulator lives.
fn address_errors(uri: &str) -> Vec<Value> {
    if uri.is_empty() {
        return vec![address("Address can't be blank")];
    }
    if let Some(rest) = uri.strip_prefix("pubsub://") {
        let whole = rest.split_once(':').is_some_and(|(project, topic)| !project.is_empty() && !topic.is_empty());
        let format = "Address is not a valid GCP pub/sub format. Format should be pubsub://project:topic";
        return match whole {
            true => Vec::new(),
            false => vec![address("Address protocol pubsub:// is not supported"), address(format)],
        };
    }
    if uri.starts_with("arn:aws:events:") {
        return Vec::new();
    }
    let Some((scheme, rest)) = uri.split_once("://") else { return vec![address("Address is invalid")] };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_lowercase();
    match scheme {
        "http" if host == "127.0.0.1" => Vec::new(),
        "https" => {
            let ours = |zone: &str| host == zone || host.ends_with(&format!(".{zone}"));
            let internal = ["shopify.com", "myshopify.com", "localhost", "local", "internal", "127.0.0.1"];
            if internal.into_iter().any(ours) {
                vec![address("Address cannot be a Shopify or an internal domain")]
            } else {
                Vec::new()
            }
        }
        _ => vec![address(&format!("Address protocol {scheme}:// is not supported"))],
    }
}

fn filter_error(wanted: &Value) -> Option<Value> {
    let filter = wanted["filter"].as_str().filter(|filter| !filter.is_empty())?;
    let message = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on.";
    (!filter.contains(':')).then(|| user_error(json!([SUBJECT]), message, None))
}
