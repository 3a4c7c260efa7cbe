//! Shopify's Admin API: every limit kept, no call wasted.
//!
//! A [`Client`] is made once for an app and a process. Each [`Call`] says how long it may take; within that time the
//! client waits for its points, gets a token, retries what may be retried, and else says when it is worth coming back.
//!
//! ```text
//!  run ─▶ token ─▶ circuit ─▶ budget ─▶ in flight (10) ─▶ request ─▶ what went wrong? ─▶ again, or Error { retry }
//! ```
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//! use shopify_client::{Call, Client, Endpoint, Parts, Retry, Settings, operations::{ShopInfo, shop_info}};
//! # use shopify_client::{tokens::{App, TokenStore}, transport::Https};
//! # use resilience::{Clock, SharedState};
//! # async fn handle(app: App, tokens: Arc<dyn TokenStore>, state: Arc<dyn SharedState>, shop: shopify_webhook::ShopDomain)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(
//!     Parts {
//!         app,
//!         tokens, // weir_shops::DynamoTokens
//!         state,  // weir_shops::DynamoState
//!         endpoint: Endpoint::Shopify,
//!         transport: Arc::new(Https::new()?),
//!         clock: Clock::Wall,
//!         process: "this Lambda's log stream".into(),
//!     },
//!     Settings::default(),
//! );
//! let call = Call::foreground(Duration::from_secs(20));
//! match client.run::<ShopInfo>(&shop, shop_info::Variables, &call).await {
//!     Ok(reply) => println!("{}", reply.data.shop.name),
//!     Err(error) => match error.retry {
//!         Retry::After(wait) => println!("park the message for {wait:?}: {error}"),
//!         Retry::Never => println!("dead-letter it: {error}"),
//!     },
//! }
//! # Ok(()) }
//! ```

mod attempt;
pub mod budget;
pub mod bulk;
pub mod cache;
mod call;
pub mod call_log;
mod client;
mod error;
mod graphql;
pub mod inventory;
pub mod operations;
mod rest;
mod retry;
pub mod tokens;
pub mod transport;

pub use call::{Call, IdempotencyKey};
pub use client::{Client, Parts, Reply, Settings};
pub use error::{Effect, Error, Kind, Retry};
pub use graphql::{GraphError, OperationKind, UserError};
pub use retry::RetryPolicy;
pub use transport::Endpoint;
