//! Shops, their tokens and the Shopify client's shared state, in DynamoDB.
