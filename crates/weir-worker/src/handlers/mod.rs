//! The handlers of this deployment. This is the place for yours.
//!
//! Every event is published to the bus whether it has handlers or not; a handler is for what must have
//! happened before that. Handlers run at least once: after a crash or a failure the whole event runs again,
//! so each must bear being run twice (send an id along, write with a condition).
//!
//! ```
//! use weir_lambda::router::{Event, Router};
//!
//! async fn greet(event: Event) -> Result<(), weir_core::Failure> {
//!     println!("a new customer at {}", event.meta().shop);
//!     Ok(())
//! }
//!
//! let router: Router = weir_worker::handlers::router().on("customers/create", greet);
//! ```

mod large_order;

use weir_lambda::router::Router;

/// All handlers, one line each.
pub fn router() -> Router {
    Router::new().on("orders/create", large_order::note)
}
