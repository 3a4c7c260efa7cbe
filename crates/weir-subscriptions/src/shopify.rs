//! A shop's subscriptions at Shopify: read, and changed.

use shopify_client::{
    Call, Client, Error, Reply,
    operations::{
        WebhookSubscriptionCreate, WebhookSubscriptionDelete, WebhookSubscriptionUpdate, WebhookSubscriptionsPage,
        webhook_subscription_create as create, webhook_subscription_delete as delete,
        webhook_subscription_update as update, webhook_subscriptions_page as page,
    },
};
use shopify_webhook::ShopDomain;

use crate::{Actual, Change, Difference, Subscription};

/// Subscriptions a page: the most that one query may ask for.
const PAGE: i64 = 250;

/// What an app has in a shop, others' addresses included.
///
/// # Errors
/// As the client's.
pub async fn read(client: &Client, shop: &ShopDomain, call: &Call) -> Result<Vec<Actual>, Error> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let variables = page::Variables { first: PAGE, after };
        let Reply { data, .. } = client.run::<WebhookSubscriptionsPage>(shop, variables, call).await?;
        let page = data.webhook_subscriptions;
        all.extend(page.nodes.into_iter().map(Actual::from));
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => return Ok(all),
        }
    }
}

/// Carries out one change.
///
/// # Errors
/// As the client's. A mutation whose reply was lost may have run: reading again tells.
pub async fn carry_out(
    client: &Client,
    shop: &ShopDomain,
    address: &str,
    change: &Change,
    call: &Call,
) -> Result<(), Error> {
    match change {
        Change::Create(one) => {
            let topic = create::WebhookSubscriptionTopic::Other(shopify_schema::topic_enum(&one.topic));
            let variables = create::Variables { topic, webhook_subscription: created(one, address) };
            client.run::<WebhookSubscriptionCreate>(shop, variables, call).await.map(drop)
        }
        Change::Update { id, subscription, differences } => {
            // A name alone, so that nothing else of it can be in another's way.
            let webhook_subscription = match &differences[..] {
                [Difference { what: "name", .. }] => renamed(subscription),
                _ => updated(subscription, address),
            };
            let variables = update::Variables { id: id.clone(), webhook_subscription };
            client.run::<WebhookSubscriptionUpdate>(shop, variables, call).await.map(drop)
        }
        Change::Delete(actual) => {
            let variables = delete::Variables { id: actual.id.clone() };
            client.run::<WebhookSubscriptionDelete>(shop, variables, call).await.map(drop)
        }
    }
}

/// Only the name: what is not said stays.
fn renamed(one: &Subscription) -> update::WebhookSubscriptionInput {
    update::WebhookSubscriptionInput {
        callback_url: None,
        filter: None,
        format: None,
        include_fields: None,
        metafield_namespaces: None,
        metafields: None,
        name: one.name.clone(),
        uri: None,
    }
}

fn texts(of: &std::collections::BTreeSet<String>) -> Vec<String> {
    of.iter().cloned().collect()
}

macro_rules! input {
    ($name:ident, $of:ident) => {
        /// All that can be said is said, so that what an update leaves out does not stay as it was. An empty filter is none.
        fn $name(one: &Subscription, address: &str) -> $of::WebhookSubscriptionInput {
            let metafield = |text: &String| {
                let (namespace, key) = text.split_once('.').unwrap_or(("", text));
                $of::HasMetafieldsMetafieldIdentifierInput {
                    namespace: Some(namespace.to_owned()),
                    key: key.to_owned(),
                }
            };
            $of::WebhookSubscriptionInput {
                callback_url: None,
                filter: Some(one.filter.clone().unwrap_or_default()),
                format: Some($of::WebhookSubscriptionFormat::Json),
                include_fields: Some(texts(&one.include_fields)),
                metafield_namespaces: Some(texts(&one.metafield_namespaces)),
                metafields: Some(one.metafields.iter().map(metafield).collect()),
                name: one.name.clone(),
                uri: Some(address.to_owned()),
            }
        }
    };
}

input!(created, create);
input!(updated, update);

impl From<page::WebhookSubscriptionsPageWebhookSubscriptionsNodes> for Actual {
    fn from(node: page::WebhookSubscriptionsPageWebhookSubscriptionsNodes) -> Self {
        Self {
            id: node.id,
            topic: topic(&node.topic),
            uri: node.uri,
            name: node.name.unwrap_or_default(),
            is_json: matches!(node.format, page::WebhookSubscriptionFormat::Json),
            filter: node.filter.unwrap_or_default(),
            include_fields: node.include_fields.into_iter().collect(),
            metafield_namespaces: node.metafield_namespaces.into_iter().collect(),
            metafields: node.metafields.into_iter().map(|one| format!("{}.{}", one.namespace, one.key)).collect(),
            api_version: node.api_version.handle,
        }
    }
}

/// As the schema spells it.
fn topic(topic: &page::WebhookSubscriptionTopic) -> String {
    match serde_json::to_value(topic) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
