//! The shop itself, the app's installation, webhook subscriptions, bulk operations.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use serde_json::{Value, json};

use super::{goods, value::leaf};
use crate::{
    UnixMillis,
    context::Cx,
    store::{BulkJob, BulkKind, Gid, Subscription},
};

pub(super) fn shop<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    let shop = cx.hold();
    let domain = shop.domain.as_str();
    let handle = domain.trim_end_matches(".myshopify.com");
    Ok(Some(match info.field_name() {
        "id" => leaf(Gid::print("Shop", shop.id)),
        "name" => leaf(handle),
        "email" | "contactEmail" => leaf(format!("owner@{handle}.example.com")),
        "myshopifyDomain" => leaf(domain),
        "currencyCode" => leaf("EUR"),
        "ianaTimezone" => leaf("Europe/Berlin"),
        "timezoneAbbreviation" => leaf("CET"),
        "timezoneOffset" => leaf("+0100"),
        "timezoneOffsetMinutes" => leaf(60),
        "taxesIncluded" => leaf(true),
        "taxShipping" => leaf(false),
        "weightUnit" => leaf("KILOGRAMS"),
        "url" => leaf(format!("https://{domain}")),
        "createdAt" | "updatedAt" => leaf(shop.created.rfc3339()),
        "primaryDomain" => {
            let id = Gid::print("Domain", shop.id);
            let host = json!({ "id": id, "host": domain, "url": format!("https://{domain}"), "sslEnabled": true });
            cx.plain(host, "Domain")
        }
        "plan" => {
            let plus = shop.plan.bucket() >= crate::Plan::Plus.bucket();
            let plan = json!({
                "publicDisplayName": shop.plan.name(),
                "displayName": shop.plan.name(),
                "partnerDevelopment": false,
                "shopifyPlus": plus,
            });
            cx.plain(plan, "ShopPlan")
        }
        "metafield" | "metafields" => {
            let owner = Gid::print("Shop", shop.id);
            drop(shop);
            return goods::metafields(cx, &owner, info);
        }
        _ => return Ok(None),
    }))
}

pub(super) fn installation<'a>(cx: &'a Cx<'a>, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    Some(match info.field_name() {
        "id" => leaf(Gid::print("AppInstallation", shop.id)),
        "accessScopes" => {
            let scopes: Vec<Value> =
                shop.scopes.iter().map(|scope| json!({ "handle": scope, "description": scope })).collect();
            cx.plain(scopes.into(), "AccessScope")
        }
        "app" => {
            let app =
                json!({ "id": Gid::print("App", cx.client), "title": "weir", "handle": "weir", "apiKey": cx.app });
            cx.plain(app, "App")
        }
        _ => return None,
    })
}

pub(super) fn subscription<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    let subscription = shop.subscriptions.get(&id)?;
    Some(match info.field_name() {
        "topic" => leaf(subscription.topic.as_str()),
        "format" => leaf(subscription.format.as_str()),
        "uri" => leaf(subscription.uri.as_str()),
        // The field is older than clouds, and can't be null: Shopify has a placeholder for them.
        "callbackUrl" if is_cloud(subscription) => leaf("https://eventbridge.arn"),
        "callbackUrl" => leaf(subscription.uri.as_str()),
        "filter" => leaf(Value::from(subscription.filter.clone())),
        "name" => leaf(Value::from(subscription.name.clone())),
        "includeFields" => goods::list(&subscription.include_fields),
        "metafieldNamespaces" => goods::list(&subscription.metafield_namespaces),
        "metafields" => {
            let one = |metafield: &Value| cx.plain(metafield.clone(), "WebhookSubscriptionMetafieldIdentifier");
            ResolvedValue::list(subscription.metafields.iter().map(one).collect::<Vec<_>>())
        }
        "createdAt" => leaf(subscription.created.rfc3339()),
        "updatedAt" => leaf(subscription.updated.rfc3339()),
        "apiVersion" => {
            // The app's choice, whatever version the subscription was made with.
            let version = shopify_schema::API_VERSION;
            let version = json!({ "handle": version, "displayName": version, "supported": true });
            cx.plain(version, "ApiVersion")
        }
        "endpoint" => cx.plain(endpoint(subscription), "WebhookHttpEndpoint"),
        _ => return None,
    })
}

fn is_cloud(subscription: &Subscription) -> bool {
    ["arn:", "pubsub://"].iter().any(|start| subscription.uri.starts_with(start))
}

fn endpoint(subscription: &Subscription) -> Value {
    let uri = subscription.uri.as_str();
    if uri.starts_with("arn:") {
        return json!({ "__typename": "WebhookEventBridgeEndpoint", "arn": uri });
    }
    match uri.strip_prefix("pubsub://").and_then(|rest| rest.split_once(':')) {
        Some((project, topic)) => {
            json!({ "__typename": "WebhookPubSubEndpoint", "pubSubProject": project, "pubSubTopic": topic })
        }
        None => json!({ "__typename": "WebhookHttpEndpoint", "callbackUrl": uri }),
    }
}

pub(super) fn bulk<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    let job = shop.bulks.get(&id)?;
    let url = |partial: bool| {
        let there = job.partial == partial && job.result.as_ref().is_some_and(|result| !result.is_empty());
        let url = there.then(|| format!("{}/bulk/{id}.jsonl?expires={}", cx.base, job.result_expires().0));
        leaf(Value::from(url))
    };
    Some(match info.field_name() {
        "status" => leaf(status(job, cx.now)),
        "type" => leaf(if job.is_query() { "QUERY" } else { "MUTATION" }),
        "errorCode" => leaf(Value::from(job.error)),
        "createdAt" => leaf(job.created.rfc3339()),
        "completedAt" => leaf(Value::from(job.completed.map(UnixMillis::rfc3339))),
        "objectCount" => leaf(job.objects.to_string()),
        "rootObjectCount" => leaf(job.roots.to_string()),
        "fileSize" => leaf(Value::from(job.result.as_ref().map(|result| result.len().to_string()))),
        "url" => url(false),
        "partialDataUrl" => url(true),
        "query" => leaf(match &job.kind {
            BulkKind::Query { text, .. } | BulkKind::Mutation { text, .. } => text.as_str(),
        }),
        _ => return None,
    })
}

fn status(job: &BulkJob, now: UnixMillis) -> &'static str {
    if job.status == "COMPLETED" && now > job.result_expires() { "EXPIRED" } else { job.status }
}
