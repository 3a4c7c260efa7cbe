//! Handlers by topic, added in a line each, as routes are in axum.
//!
//! ```
//! use serde::Deserialize;
//! use weir_core::Failure;
//! use weir_lambda::router::{Classify, Event, Payload, Router};
//!
//! /// Only what the handler needs: unknown fields are ignored, missing ones are `None`.
//! #[derive(Deserialize)]
//! struct Order {
//!     id: u64,
//!     total_price: Option<String>,
//! }
//!
//! async fn note_order(event: Event, Payload(order): Payload<Order>) -> Result<(), Failure> {
//!     let total: f64 = order.total_price.as_deref().unwrap_or("0").parse().permanent()?;
//!     println!("{}: order {} over {total}", event.meta().shop, order.id);
//!     Ok(())
//! }
//!
//! async fn count(_event: Event) -> Result<(), Failure> {
//!     Ok(())
//! }
//!
//! let router = Router::new().on("orders/create", note_order).on("orders/*", count);
//! assert_eq!(router.handlers("orders/create").count(), 2);
//! assert_eq!(router.handlers("refunds/create").count(), 0);
//! ```

mod classify;
mod event;
mod handler;
mod pattern;

use std::sync::Arc;

pub use classify::Classify;
pub use event::{Event, FromEvent, Payload};
use handler::Erased;
pub use handler::{Handler, Running};
use pattern::Pattern;

/// Which handlers an event has. All that match its topic run, in the order they were added; the first failure
/// ends the attempt, and the next attempt runs all of them again: each must bear being run twice.
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<Vec<(Pattern, Erased)>>,
}

impl Router {
    /// No handlers: events only pass to the bus.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for `orders/create`, for `orders/*`, or for everything: `*`.
    ///
    /// A handler is an `async fn` of up to three arguments that can be taken from an event ([`FromEvent`]),
    /// returning `Result<(), Failure>`.
    ///
    /// # Panics
    /// If the pattern is none: routes are part of the program, and it should not start with a wrong one.
    #[must_use]
    pub fn on<Args>(mut self, pattern: &str, handler: impl Handler<Args>) -> Self {
        let Some(pattern) = Pattern::parse(pattern) else {
            panic!("{pattern:?} is no pattern: expected a topic, `resource/*` or `*`")
        };
        let erased: Erased = Arc::new(move |event| handler.clone().call(event));
        let routes = Arc::get_mut(&mut self.routes);
        match routes {
            Some(routes) => routes.push((pattern, erased)),
            None => {
                let routes = self.routes.iter().cloned().chain([(pattern, erased)]);
                self.routes = Arc::new(routes.collect());
            }
        }
        self
    }

    /// The handlers of a topic.
    pub fn handlers<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Erased> {
        self.routes.iter().filter(move |(pattern, _)| pattern.matches(topic)).map(|(_, handler)| handler)
    }
}

#[cfg(test)]
mod tests;
