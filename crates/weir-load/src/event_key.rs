//! Under which key the ledger has what is sent.

use weir_core::{AppName, Topics, UnixMillis, dedupe, envelope::Meta, ledger::Key};

use crate::Delivery;

/// The key of a delivery's event, as ingest makes it.
pub(crate) fn of(delivery: &Delivery, app: &str) -> String {
    let mut meta = Meta {
        app: AppName::from_stored(app),
        event_id: Some(delivery.event_id.clone()),
        triggered_at: Some(delivery.triggered_at.to_string()),
        ..Meta::new(
            delivery.webhook_id.clone(),
            delivery.shop.clone().into(),
            delivery.topic.clone(),
            UnixMillis(0),
            &delivery.body,
        )
    };
    meta.dedupe_key = dedupe::key(&Topics::built_in(), &meta, &delivery.body);
    Key::of(&meta).event
}

/// The app that a URL of weir's names: `…/webhooks/loyalty`; `default` for `…/webhooks`. `own`: the stack's own URL, which
/// may have a segment behind `/webhooks`.
#[must_use]
pub fn app_of_url<'a>(url: &'a str, own: Option<&str>) -> &'a str {
    let segment = own.and_then(|own| own.rsplit_once("/webhooks")).map_or("", |(_, rest)| rest.trim_end_matches('/'));
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let below = path.rsplit_once(format!("/webhooks{segment}/").as_str());
    let app = below.map_or("", |(_, app)| app.trim_end_matches('/'));
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
            assert_eq!(app_of_url(url, None), app, "{url}");
            assert_eq!(app_of_url(url, Some("https://a.example/webhooks")), app, "{url}");
        }
    }

    #[test]
    fn segment_of_the_stacks_address_is_no_app() {
        let own = Some("https://a.example/stage/webhooks/0123456789abcdef");
        for (url, app) in [
            ("https://a.example/stage/webhooks/0123456789abcdef", "default"),
            ("https://b.example/webhooks/0123456789abcdef/", "default"),
            ("https://b.example/webhooks/0123456789abcdef/loyalty?x=1", "loyalty"),
        ] {
            assert_eq!(app_of_url(url, own), app, "{url}");
        }
    }
}
