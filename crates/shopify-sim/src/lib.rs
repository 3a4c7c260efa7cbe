//! A Shopify on this machine: the Admin API of some shops in memory, and the webhooks that they send. It keeps
//! Shopify's limits (points, tokens, bulk operations, retries) and misbehaves as it is told to.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use shopify_sim::{Clock, Options, ShopSeed, Sim};
//!
//! let sim = Sim::new(Clock::new(1_790_000_000_000, 1.0), Options::default());
//! let shop = shopify_webhook::ShopDomain::parse("north.myshopify.com").expect("a shop's domain");
//! let installed = sim.install(ShopSeed::new(shop));
//! let serving = sim.serve(tokio::net::TcpListener::bind("127.0.0.1:0").await?).await?;
//! println!("{}/{}/admin/api/2026-10/graphql.json", serving.url(), installed.shop);
//! # Ok(()) }
//! ```
//!
//! Time is a [`Clock`]'s: simulated, sped up, or paused with tokio's. Chance is seeded. On paused time nothing needs a
//! socket: [`Sim::respond`] takes requests, and [`Outlet::Here`] deliveries.
//!
//! **What can be made to happen** beside calls: [`Sim::script`] for failures and for changes between the pages of a walk
//! ([`Act::Meanwhile`], [`Sim::after_calls`]), [`Sim::set_delivery_faults`] for what goes wrong with webhooks,
//! [`Sim::send_test_notification`], [`Sim::admin_webhook`], [`Sim::request_compliance`]. The binary has the same under
//! `/_sim/`, see its `--help`.
//!
//! Times are kept as Shopify keeps them: `updated_at` has whole seconds, in the API, in its searches and in webhooks, and
//! several states of a resource may share one. `X-Shopify-Triggered-At` has nanoseconds, each later than the one before.
//! What one action causes shares an `X-Shopify-Event-Id`.
//!
//! What it does not do: fields beyond those that weir asks for are null (or an error, where they can't be), order of
//! deliveries is as chance has it, and prices are all in euros.

mod bulk;
mod clock;
mod context;
mod cost;
mod graphql;
mod graphql_error;
mod mutate;
mod options;
mod plan;
mod reply;
mod resolve;
mod script;
mod search;
mod sender;
mod serve;
mod sim;
mod store;
mod tokens;
mod uuid;

pub use bulk::Synthetic;
pub use clock::{Clock, UnixMillis};
pub use graphql::{AdminSchema, SchemaError};
pub use options::Options;
pub use plan::{MAX_QUERY_COST, Plan};
pub use reply::Reply;
pub use script::{Act, Change, Rule, ScriptError, read_script};
pub use sender::{Attempt, DeliveryFaults, DeliveryRecord, Outlet, Receiver};
pub use serve::{ServeError, Serving};
pub use sim::{CallRecord, Installed, Sim};
pub use store::ShopSeed;
pub use tokens::TokenStyle;
