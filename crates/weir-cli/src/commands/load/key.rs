//! Under which key the ledger has what is sent.

use weir_core::{Topics, UnixMillis, dedupe, envelope::Meta, ledger::Key, sha256};

use crate::delivery::Delivery;

/// The key of a delivery's event, as ingest makes it.
pub(super) fn of(delivery: &Delivery, app: &str) -> String {
    let mut meta = Meta {
        webhook_id: delivery.webhook_id.to_string(),
        shop: delivery.shop.to_string(),
        topic: delivery.topic.to_string(),
        app: app.to_owned(),
        event_id: Some(delivery.event_id.to_string()),
        api_version: None,
        subscription: None,
        triggered_at: Some(delivery.triggered_at.to_string()),
        received_at: UnixMillis(0),
        body_sha256: sha256::hex(&delivery.body),
        traceparent: None,
        dedupe_key: None,
        synthetic: None,
        test: false,
        generation: 0,
    };
    meta.dedupe_key = dedupe::key(&Topics::built_in(), &meta, &delivery.body);
    Key::of(&meta).event
}

/// The app that a URL of weir's names: `…/webhooks/loyalty`; `default` for `…/webhooks`.
pub(super) fn app_of(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let app = path.rsplit_once("/webhooks/").map_or("", |(_, app)| app.trim_end_matches('/'));
    if app.is_empty() { "default" } else { app }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_an_app_or_the_default_one() {
        for (url, app) in [
            ("http://127.0.0.1:4566/webhooks", "default"),
            ("https://a.example/webhooks/", "default"),
            ("https://a.example/stage/webhooks/loyalty?x=/webhooks/y", "loyalty"),
            ("https://a.example", "default"),
        ] {
            assert_eq!(app_of(url), app, "{url}");
        }
    }
}
