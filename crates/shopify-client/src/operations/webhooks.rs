//! Webhook subscriptions made through the API; those of the app's TOML are not listed.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// A page of the app's subscriptions in the shop, 250 at most.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/webhook_subscriptions_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct WebhookSubscriptionsPage;

/// Subscribes to a topic. What is `None` is left to Shopify's default.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/webhook_subscription_create.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    skip_serializing_none
)]
pub struct WebhookSubscriptionCreate;

/// Changes a subscription. What is `None` stays as it is.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/webhook_subscription_update.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    skip_serializing_none
)]
pub struct WebhookSubscriptionUpdate;

/// Removes a subscription.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/webhook_subscription_delete.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct WebhookSubscriptionDelete;
