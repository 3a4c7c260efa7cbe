//! Webhooks as Shopify sends them, and loads of them.
//!
//! ```text
//!  Mix ─ seed ─▶ Traffic ─ signed ─▶ send, when the Pattern says ─▶ Endpoint ─▶ Measurements
//!                                                                                   │ accepted events
//!                                                   AuditReport ◀── settle ◀── LedgerProbe
//! ```
//!
//! A [`Delivery`] is one webhook, signed over its very bytes. An [`Endpoint`] is where deliveries are posted. Everything
//! that posts webhooks to weir (the command line, benchmarks, the crash soak, tests) takes both from here.

mod audit;
mod deliveries;
mod delivery;
mod endpoint;
mod event_key;
mod measurements;
mod pattern;
mod probe;
mod sender;
mod settle;
mod traffic;

pub use audit::{Audit, AuditReport, AuditedEvent, EventOutcome};
pub use deliveries::{Bodies, Deliveries};
pub use delivery::{Delivery, HeaderValues, Headers, event_id, webhook_id};
pub use endpoint::{Answer, Endpoint, EndpointError, InvalidUrl, PostError, client, is_answering, web_url};
pub use event_key::app_of_url;
pub use measurements::{DeliveryResult, Latencies, Measurements, Percentiles};
pub use pattern::{Pattern, Shape};
pub use probe::{LedgerProbe, ProbeError};
pub use sender::{SendJob, SendReport, send};
pub use settle::settle;
pub use traffic::{DueDelivery, Mix, ORDER, Traffic, topic};
