//! Posts each event to an HTTP service before it is published: `WEIR_FORWARD_URL`, the template's `ForwardUrl`.
//!
//! The body is the CloudEvent as it goes to the bus. Headers follow Standard Webhooks: `webhook-id` is the event's id, the
//! same on every repeat, `webhook-timestamp` the second of the attempt, and `webhook-signature` the signature of both and
//! of the body by the stack's secret. 2xx counts as taken, another 4xx than 408, 425 and 429 as refused for good.

mod signature;
mod signer;

use std::sync::Arc;

use weir_aws::SecretText;
use weir_consumer::{
    HandlerContext,
    destination::HttpDestination,
    router::{Classify, Event, Router},
};
use weir_core::{
    Failure,
    envelope::{self, BusBody},
};

pub use signature::{NoKeys, SigningKeys};
pub use signer::{KeySource, Signer};

/// The name of the handler and of the destination.
pub const NAME: &str = "forward";

/// The handler, if the deployment names a service: every event is posted to it, signed.
pub fn router(context: &HandlerContext) -> Router {
    // Read where no service is named as well, so that the settings of this handler can be listed.
    let secret = context.optional("WEIR_FORWARD_SECRET").unwrap_or_default();
    if context.optional("WEIR_FORWARD_URL").is_none() {
        return Router::new();
    }
    router_with(context, Signer::new(SecretText::new(context.aws(), secret), context.clock()))
}

/// The handler, with the signer's keys from another source than the stack's secret.
pub fn router_with<S: KeySource>(context: &HandlerContext, signer: Signer<S>) -> Router {
    let service = context.http_destination(NAME, "WEIR_FORWARD_URL");
    let signer = Arc::new(signer);
    Router::new().on_as(NAME, "*", move |event: Event| {
        let (service, signer) = (service.clone(), signer.clone());
        async move { post(&service, &signer, &event).await }
    })
}

async fn post<S: KeySource>(service: &HttpDestination, signer: &Signer<S>, event: &Event) -> Result<(), Failure> {
    let meta = event.meta();
    let detail = envelope::detail(meta, BusBody::Inline(envelope::json(event.body()).permanent()?));
    let (timestamp, signature) = signer.sign(meta.webhook_id.as_str(), &detail).await?;
    let headers = [
        ("content-type", "application/cloudevents+json"),
        ("webhook-id", meta.webhook_id.as_str()),
        ("webhook-timestamp", &timestamp.to_string()),
        ("webhook-signature", &signature),
    ];
    service.post(event, &headers, detail).await?;
    Ok(())
}
