//! The clients of apps and the bus, as the engine asks for them.

use std::sync::Arc;

use shopify_client::Client;
use weir_aws::{Bus, Entry};
use weir_core::Failure;
use weir_shops::Clients;
use weir_stock::{PushId, engine::Publish, event::Outgoing, shopify::ClientSource};

/// The clients of the function's apps.
#[derive(Clone)]
pub struct AppClients(pub Arc<Clients>);

impl ClientSource for AppClients {
    async fn client(&self, app: &str) -> Result<Client, String> {
        self.0.of(app).await.map_err(|error| error.to_string())
    }
}

/// The bus.
pub struct EventBus(pub Bus);

impl Publish for EventBus {
    async fn publish(&self, events: &[Outgoing]) -> Vec<Result<(), Failure>> {
        let entry =
            |event: &Outgoing| Entry { topic: event.event_type.to_owned(), detail: event.detail.clone(), xray: None };
        self.0.publish(events.iter().map(entry).collect()).await
    }
}

/// Draws the key of a push.
#[must_use]
pub fn new_push() -> PushId {
    PushId(uuid::Uuid::new_v4().to_string())
}
