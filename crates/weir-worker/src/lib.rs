//! The function behind each lane: the consumer engine with the deployment's handlers, and the bus as its last step.
//!
//! To add a handler, write it in [`handlers`] and add its line to [`handlers::router`].

mod consumer_metrics;
pub mod handlers;
pub mod publish;
pub mod settings;
pub mod shops;

pub use consumer_metrics::CONSUMER_METRICS;
