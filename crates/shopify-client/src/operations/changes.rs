//! What changed: ids and versions, as cheap as it gets.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// A page of orders, 250 at most, that `query` finds, the longest unchanged first: ids, times and the payment's
/// state. A hundred cost about ten points.
///
/// Orders older than 60 days need the scope `read_all_orders`; without it they are left out silently.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/order_changes_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq"
)]
pub struct OrderChangesPage;

/// The first twenty transactions of orders, 40 orders at most: when they were paid. Costs up to 21 points each, of the 1,000
/// of a query.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/order_payments.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq",
    fragments_other_variant = "true"
)]
pub struct OrderPayments;

/// A page of products, 250 at most, that `query` finds, the longest unchanged first: ids and times. A hundred
/// cost about ten points.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/product_changes_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq"
)]
pub struct ProductChangesPage;

/// A page of the shop's locations, 250 at most, those that are closed too. A hundred cost about ten
/// points.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/location_ids_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq"
)]
pub struct LocationIdsPage;

/// A page of a location's inventory levels, 250 at most, that `query` finds: in no order of their changes. A
/// hundred cost about ten points. A level's item stands in its id.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/inventory_level_changes_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq"
)]
pub struct InventoryLevelChangesPage;
