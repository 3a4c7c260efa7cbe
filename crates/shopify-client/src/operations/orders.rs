//! Orders.

use graphql_client::GraphQLQuery;

use super::scalars;

/// A page of orders, 250 at most, that `query` (Shopify's search syntax) finds, the longest unchanged first.
///
/// Orders older than 60 days need the scope `read_all_orders`; without it they are left out silently.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../shopify-schema/admin.graphql",
    query_path = "operations/orders_page.graphql",
    custom_scalars_module = "super::scalars",
    normalization = "rust",
    variables_derives = "Debug, Clone, PartialEq",
    response_derives = "Clone, Serialize"
)]
pub struct OrdersPage;
