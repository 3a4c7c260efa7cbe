//! The handlers of this deployment. This is the place for yours.
//!
//! Every event is published to the bus whether it has handlers or not; a handler is for what must have
//! happened before that. Handlers run at least once: after a crash or a failure the whole event runs again,
//! so each must bear being run twice (send an id along, write with a condition).
//!
//! A handler is an `async fn` and a line in [`router`], as [`large_order`] would be here:
//!
//! ```
//! use weir_consumer::router::Router;
//! use weir_worker::handlers::large_order;
//!
//! let router = Router::new().on("orders/create", large_order::note);
//! assert_eq!(router.handlers("orders/create").count(), 1);
//! ```

pub mod forward;
pub mod large_order;
pub mod shop_sync;

use weir_consumer::{HandlerContext, router::Router};

/// All handlers, one line each, after those that weir has for itself. There are none to begin with: what no one asked
/// for should not be able to fail.
///
/// A handler that needs a setting or calls a service takes it from the context: `erp::send(context)`.
pub fn router(context: &HandlerContext, own: Router) -> Router {
    own
        // .on("orders/create", large_order::note)
        .merge(forward::router(context))
}
