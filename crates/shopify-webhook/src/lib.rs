//! shopify-webhook
