//! A Shopify on this machine: Admin API and webhook sender, scripted to misbehave.
