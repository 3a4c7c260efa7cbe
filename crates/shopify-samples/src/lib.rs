//! shopify-samples
