//! Handlers by topic, added in a line each, as routes are in axum.
//!
//! ```
//! use serde::Deserialize;
//! use weir_core::Failure;
//! use weir_consumer::router::{Classify, Event, Payload, Router};
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
use weir_core::check;

/// Which handlers an event has. All that match its topic run, in the order they were added; the first failure
/// ends the attempt, and the next attempt runs all of them again: each must bear being run twice.
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<Vec<Route>>,
}

/// A handler, for the topics of a pattern, under a name by which it can be switched off.
#[derive(Clone)]
pub struct Route {
    pattern: Pattern,
    name: Arc<str>,
    handler: Erased,
}

impl Route {
    /// The handler's name: `large_order::note`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it.
    pub fn run(&self, event: Event) -> Running {
        (self.handler)(event)
    }
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
    pub fn on<H: Handler<Args>, Args>(self, pattern: &str, handler: H) -> Self {
        self.on_as(name_of::<H>(), pattern, handler)
    }

    /// The same, under a name of your own instead of the function's. A closure has only that of where it stands.
    ///
    /// # Panics
    /// If the pattern is none.
    #[must_use]
    pub fn on_as<Args>(mut self, name: &str, pattern: &str, handler: impl Handler<Args>) -> Self {
        let Some(pattern) = Pattern::parse(pattern) else {
            panic!("{pattern:?} is no pattern: expected a topic, `resource/*` or `*`")
        };
        let handler: Erased = Arc::new(move |event| handler.clone().call(event));
        Arc::make_mut(&mut self.routes).push(Route { pattern, name: name.into(), handler });
        self
    }

    /// Adds all handlers of another router, after those that are there.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        Arc::make_mut(&mut self.routes).extend(other.routes.iter().cloned());
        self
    }

    /// The handlers of a topic. Events of a check have none, not even those for everything: no service may see them.
    pub fn handlers<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Route> {
        let routes = if check::is_check(topic) { &[] } else { &self.routes[..] };
        routes.iter().filter(move |route| route.pattern.matches(topic))
    }
}

/// The last two parts of a function's path.
fn name_of<H>() -> &'static str {
    let path = std::any::type_name::<H>().trim_end_matches("::{{closure}}");
    path.rmatch_indices("::").nth(1).map_or(path, |(at, _)| &path[at + 2..])
}

#[cfg(test)]
mod tests;
