//! Bulk operations.

use graphql_client::GraphQLQuery;

use super::scalars::{self, Id};

/// Starts a query over the whole shop. `group_objects`: children follow their parent in the result; slower.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/bulk_operation_run_query.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct BulkOperationRunQuery;

/// Starts a mutation for each line of an uploaded file.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/bulk_operation_run_mutation.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct BulkOperationRunMutation;

/// An operation: its state, and where its result is.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/bulk_operation_by_id.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct BulkOperationById;

/// A page of operations, the newest first; `query` as in `status:running`.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/bulk_operations_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct BulkOperationsPage;

/// Asks for the end of an operation. It goes on for a while: `CANCELING`.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/bulk_operation_cancel.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Debug, Clone, PartialEq, Serialize"
)]
pub struct BulkOperationCancel;

/// Reserves places for files to be uploaded. Without `Debug`: the parameters are signatures.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/staged_uploads_create.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Clone, Serialize"
)]
pub struct StagedUploadsCreate;

/// The text of the bulk query for all products with their variants, as `BulkOperationRunQuery` takes it.
pub const BULK_PRODUCTS: &str = include_str!("../../operations/bulk_products.graphql");
