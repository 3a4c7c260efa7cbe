//! The engine of every service behind a queue: a message has at most one effect.
//!
//! A [`Consumer`] takes a batch from Lambda. It claims each message in the ledger, enters its resource at the fence,
//! runs the event's handlers and the service's [`LastStep`], leaves the resource and settles the event. A failure
//! comes back after a backoff, waits as a parked copy, or goes to the dead-letter queue.
//!
//! - The worker of a lane reads envelopes, and publishes to the bus as its last step.
//! - A service on the bus reads EventBridge events ([`QueueSource::Rule`]) and has a ledger of its own. Its handlers do
//!   the work, so [`NoStep`] follows them, or a write of its own.
//!
//! A service that writes many events at once, and for which a repeated event does no harm, is a [`BatchConsumer`]: it has
//! neither ledger nor handlers.
//!
//! [`router`] finds an event's handlers. [`HandlerContext`] is what these are made of: settings, the clock, and each
//! [`destination`] that they call.

pub mod batch;
mod batch_consumer;
mod consumer;
mod consumer_metrics;
pub mod destination;
mod handler_context;
mod last_step;
mod process;
pub mod router;
pub mod services;
mod source;

pub use batch_consumer::{BatchConsumer, BatchStep};
pub use consumer::Consumer;
pub use consumer_metrics::{ConsumerMetrics, TopicMetrics};
pub use handler_context::HandlerContext;
pub use last_step::{LastStep, NoStep};
pub use process::{DeadlineExceeded, EffectDeadline};
pub use source::QueueSource;
