//! Products, variants, metafields.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// Products by id, 250 at most; in the order of the ids, `None` where there is none. Costs a point each.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/products_by_ids.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    fragments_other_variant = "true"
)]
pub struct ProductsByIds;

/// A page of products, 250 at most, that `query` (Shopify's search syntax) finds.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/products_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct ProductsPage;

/// A page of products, 250 at most: ids and versions, to compare with what is known.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/product_ids_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct ProductIdsPage;

/// Variants by id, 250 at most; in the order of the ids, `None` where there is none. Costs three points each.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/variants_by_ids.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize",
    fragments_other_variant = "true"
)]
pub struct VariantsByIds;

/// Metafields by id, 250 at most; in the order of the ids, `None` where there is none. Costs a point each.
///
/// Without `Debug`: a customer's metafield is a customer's data.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/metafields_by_ids.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Clone, Serialize",
    fragments_other_variant = "true"
)]
pub struct MetafieldsByIds;
