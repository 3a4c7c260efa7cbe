//! The Shopify client against a simulated Shopify, over real sockets.

mod bad_input;
mod cache;
mod errors;
mod inventory;
mod repeats;
mod support;
mod tokens;
