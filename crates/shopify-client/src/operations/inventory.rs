//! Quantities: reading and writing.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// The levels of items at their first `levels` locations. Costs about `2 + 4 · levels` points an item: mind the
/// 1,000 of a query.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/inventory_levels_by_items.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    fragments_other_variant = "true"
)]
pub struct InventoryLevelsByItems;

/// The levels of items at one location; `None` for an item not stocked there. Costs about 4 points an item.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/inventory_levels_at.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    fragments_other_variant = "true"
)]
pub struct InventoryLevelsAt;

/// Sets quantities, 250 rows at most, all or none. `changeFromQuantity` is always sent, if only as null: Shopify
/// demands it.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/inventory_set_quantities.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct InventorySetQuantities;

/// Changes quantities by a difference, 250 rows at most, all or none. `changeFromQuantity` is always sent, if only
/// as null: Shopify demands it.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/inventory_adjust_quantities.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct InventoryAdjustQuantities;
