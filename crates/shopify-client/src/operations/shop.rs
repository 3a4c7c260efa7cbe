//! The shop itself, and what the app may do in it.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// The shop's settings and plan. Costs 3 points.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/shop_info.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct ShopInfo;

/// The scopes that the shop granted to the app (`read_products`, …).
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/access_scopes.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct AccessScopes;

/// Adds tags to a product, order, customer or article; those it has stay once.
///
/// Not idempotent by key: never sent again when it is unknown whether it ran.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/tags_add.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct TagsAdd;
