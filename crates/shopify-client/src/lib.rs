//! Shopify's Admin API: cost budget, retries, breaker, tokens, cache, bulk operations.
