//! Webhook subscriptions: by URI, and by the older mutations for Pub/Sub and EventBridge.

mod address;
mod rules;

use serde_json::{Value, json};

use super::{done, refused, texts, user_error};
use crate::{
    context::Cx,
    store::{Gid, Subscription},
};

const SUBJECT: &str = "webhookSubscription";

/// How a mutation names the address: as a URI, or in the parts of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Uri,
    PubSub,
    EventBridge,
}

impl Form {
    fn of(mutation: &str) -> Self {
        match mutation {
            mutation if mutation.starts_with("pubSub") => Self::PubSub,
            mutation if mutation.starts_with("eventBridge") => Self::EventBridge,
            _ => Self::Uri,
        }
    }

    /// The address that the input names, without the white space around it; `None` if it names none.
    fn address(self, input: &Value) -> Option<String> {
        let text = |name: &str| input[name].as_str().map(str::trim);
        match self {
            Self::Uri => text("uri").or_else(|| text("callbackUrl")).map(str::to_owned),
            Self::PubSub => Some(format!("pubsub://{}:{}", text("pubSubProject")?, text("pubSubTopic")?)),
            Self::EventBridge => text("arn").map(str::to_owned),
        }
    }
}

pub(super) fn create(cx: &Cx<'_>, mutation: &str, input: &Value) -> Value {
    let wanted = &input[SUBJECT];
    let form = Form::of(mutation);
    let mut subscription = Subscription {
        topic: input["topic"].as_str().unwrap_or_default().to_owned(),
        uri: form.address(wanted).unwrap_or_default(),
        format: "JSON".to_owned(),
        filter: None,
        name: None,
        include_fields: Vec::new(),
        metafield_namespaces: Vec::new(),
        metafields: Vec::new(),
        created: cx.now,
        updated: cx.now,
        failures: 0,
    };
    fill(cx, &mut subscription, wanted);
    let errors = errors(cx, form, None, &subscription);
    if !errors.is_empty() {
        return refused(SUBJECT, errors);
    }
    let mut shop = cx.hold();
    let id = shop.new_id();
    shop.subscriptions.insert(id, subscription);
    done(SUBJECT, json!({ "$gid": Gid::print("WebhookSubscription", id) }))
}

pub(super) fn update(cx: &Cx<'_>, mutation: &str, input: &Value) -> Value {
    let wanted = &input[SUBJECT];
    let form = Form::of(mutation);
    let id = input["id"].as_str().and_then(|id| Gid::of("WebhookSubscription", id));
    let found = id.and_then(|id| Some((id, cx.hold().subscriptions.get(&id).cloned()?)));
    let Some((id, mut subscription)) = found else { return refused(SUBJECT, vec![unknown()]) };
    if let Some(uri) = form.address(wanted) {
        subscription.uri = uri;
    }
    fill(cx, &mut subscription, wanted);
    let errors = errors(cx, form, Some(id), &subscription);
    if !errors.is_empty() {
        return refused(SUBJECT, errors);
    }
    subscription.updated = cx.now;
    subscription.failures = 0;
    cx.hold().subscriptions.insert(id, subscription);
    done(SUBJECT, json!({ "$gid": input["id"] }))
}

/// Takes over what the input says beside the address. What it leaves out stays.
fn fill(cx: &Cx<'_>, subscription: &mut Subscription, wanted: &Value) {
    let text = |name: &str| wanted[name].as_str().map(str::to_owned);
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
        let all = texts(&wanted["metafieldNamespaces"]);
        subscription.metafield_namespaces = all.iter().map(|one| namespace(cx, one)).collect();
    }
    if let Some(metafields) = wanted.get("metafields") {
        let mut metafields = metafields.as_array().cloned().unwrap_or_default();
        for one in &mut metafields {
            if let Some(resolved) = one["namespace"].as_str().map(|text| namespace(cx, text)) {
                one["namespace"] = resolved.into();
            }
        }
        subscription.metafields = metafields;
    }
}

/// A namespace that is reserved for the app, written out: `$app:loyalty` is `app--1234--loyalty`.
fn namespace(cx: &Cx<'_>, text: &str) -> String {
    match text.strip_prefix("$app") {
        Some("") => format!("app--{}", cx.client),
        Some(rest) if rest.starts_with(':') => format!("app--{}--{}", cx.client, &rest[1..]),
        _ => text.to_owned(),
    }
}

/// What Shopify has against a subscription; `own` is its id, if it is there already.
fn errors(cx: &Cx<'_>, form: Form, own: Option<u64>, subscription: &Subscription) -> Vec<Value> {
    let mut errors: Vec<Value> = address::faults(&subscription.uri, form, cx.client)
        .into_iter()
        .map(|(field, message)| user_error(json!([SUBJECT, field]), &message, None))
        .collect();
    let shop = cx.hold();
    let others = || shop.subscriptions.iter().filter(|(id, _)| Some(**id) != own).map(|(_, other)| other);
    let found = rules::faults(subscription, others);
    errors.extend(found.into_iter().map(|(field, message)| {
        let path = field.map_or_else(|| json!([SUBJECT]), |field| json!([SUBJECT, field]));
        user_error(path, &message, None)
    }));
    errors
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
