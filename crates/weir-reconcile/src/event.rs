//! A synthetic event: as Shopify would have delivered it, but for its mark.

use jiff::Timestamp;
use serde_json::value::RawValue;
use shopify_webhook::{ApiVersion, ShopDomain, Topic, WebhookId};
use weir_core::{
    AppName, UnixMillis,
    envelope::{Meta, RECONCILE, SYNTHETIC_ID_PREFIX},
    sha256,
    topics::{Content, Version},
};

use crate::{ReconcileTopic, fields};

/// What a webhook id may have at most.
const MAX_ID_LENGTH: usize = 100;

/// The longest name of an app that stands in an id as it is.
const MAX_APP_LENGTH: usize = 24;

/// What a synthetic event is made from.
pub(crate) struct Source<'a> {
    pub(crate) shop: &'a ShopDomain,
    pub(crate) app: &'a str,
    pub(crate) wanted: &'a ReconcileTopic,
    /// `820982911946154508`, or `{item}:{location}`.
    pub(crate) id: &'a str,
    pub(crate) version: Version,
    /// Of a state that shares its version with one that came before.
    pub(crate) content: Option<Content>,
    /// When Shopify triggered it, as far as can be told.
    pub(crate) at: Timestamp,
    /// The whole body.
    pub(crate) body: &'a RawValue,
    /// The version that serialized it.
    pub(crate) api_version: Option<&'a str>,
}

impl Source<'_> {
    /// Everything but the body, and the body as the subscription has it.
    ///
    /// # Errors
    /// If the body is not JSON.
    pub(crate) fn event(&self, now: UnixMillis) -> Result<(Meta, Box<RawValue>), serde_json::Error> {
        let body = fields::only(self.body, &self.wanted.include_fields)?;
        let meta = Meta {
            app: AppName::from_stored(self.app),
            api_version: self.api_version.map(ApiVersion::from_stored),
            subscription: self.wanted.name.clone(),
            triggered_at: Some(self.at.to_string()),
            synthetic: Some(RECONCILE.to_owned()),
            // Without an event id: of the merchant's action nothing is known.
            ..Meta::new(
                WebhookId::from_stored(self.webhook_id()),
                self.shop.clone().into(),
                Topic::from_stored(self.wanted.topic.as_str()),
                now,
                body.get().as_bytes(),
            )
        };
        Ok((meta, body))
    }

    /// The same for the same app, subscription, resource and version, whoever asks and however often: the ledger then lets
    /// one of them through. Two apps that missed the same event have two ids, because the ledger's key has no app.
    fn webhook_id(&self) -> String {
        let start = format!("{SYNTHETIC_ID_PREFIX}{}-{}-", app_in_id(self.app), self.wanted.topic.replace('/', "."));
        // Of whole seconds, as Shopify's are.
        let version = match (self.version.earliest(), 1_000_000_000) {
            (at, second) if at % second == 0 => (at / second).to_string(),
            (at, _) => at.to_string(),
        };
        let name = self.wanted.name.as_deref().map(|name| format!("-{}", short_hash(name)));
        let content = self.content.as_ref().map(|content| format!("-c{}", short_hash(&content.to_string())));
        let rest = format!("{}-{version}{}{}", self.id, name.unwrap_or_default(), content.unwrap_or_default());
        if start.len() + rest.len() <= MAX_ID_LENGTH {
            return format!("{start}{rest}");
        }
        format!("{start}{}", &sha256::hex(rest.as_bytes())[..32])
    }
}

/// The app's name, or what tells it from others. Names have no dots.
fn app_in_id(app: &str) -> String {
    match app.get(..12).filter(|_| app.len() > MAX_APP_LENGTH) {
        Some(start) => format!("{start}.{}", short_hash(app)),
        None => app.to_owned(),
    }
}

fn short_hash(text: &str) -> String {
    sha256::hex(text.as_bytes())[..8].to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn meta(topic: &str) -> Meta {
        let body: Box<RawValue> = serde_json::from_str("{}").unwrap();
        made(&ReconcileTopic::topic(topic), "1", 1_795_755_600_000_000_000, &body).0
    }

    fn made(wanted: &ReconcileTopic, id: &str, version: i128, body: &RawValue) -> (Meta, Box<RawValue>) {
        made_for("default", wanted, id, version, body)
    }

    fn made_for(app: &str, wanted: &ReconcileTopic, id: &str, version: i128, body: &RawValue) -> (Meta, Box<RawValue>) {
        let source = Source {
            shop: &ShopDomain::parse("north.myshopify.com").unwrap(),
            app,
            wanted,
            id,
            version: Version::updated(Timestamp::from_nanosecond(version).unwrap()),
            content: None,
            at: "2026-11-27T05:00:00Z".parse().unwrap(),
            body,
            api_version: Some("2026-10"),
        };
        source.event(UnixMillis(1_795_755_700_000)).unwrap()
    }

    #[test]
    fn the_same_snapshot_for_the_same_subscription_has_the_same_id_and_any_other_another() {
        let body: Box<RawValue> = serde_json::from_str(r#"{"id":1}"#).unwrap();
        let id = |topic: &str, name: Option<&str>, id: &str, version: i128| {
            let wanted = ReconcileTopic { name: name.map(str::to_owned), ..ReconcileTopic::topic(topic) };
            made(&wanted, id, version, &body).0.webhook_id
        };
        let second = 1_795_755_600_000_000_000;
        let first = id("orders/create", None, "1", second);
        assert_eq!(first, "weir-reconcile-default-orders.create-1-1795755600");
        assert_eq!(first, id("orders/create", None, "1", second));
        for other in [
            id("orders/paid", None, "1", second),
            id("orders/create", Some("a"), "1", second),
            id("orders/create", Some("b"), "1", second),
            id("orders/create", None, "2", second),
            id("orders/create", None, "1", second + 1_000_000_000),
            id("orders/create", None, "1", second + 1),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn each_app_has_its_own_id() {
        let body: Box<RawValue> = serde_json::from_str(r#"{"id":1}"#).unwrap();
        let (long, longer) = ("a".repeat(62), "a".repeat(63));
        let ids = ["default", "loyalty", "a", &long, &longer]
            .map(|app| made_for(app, &ReconcileTopic::topic("orders/create"), "1", 1, &body).0.webhook_id);
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn its_id_is_one_that_shopify_could_have_given() {
        let body: Box<RawValue> = serde_json::from_str("{}").unwrap();
        let most = u64::MAX;
        for topic in crate::Kind::ALL.iter().flat_map(|kind| kind.topics()) {
            for app in ["a".to_owned(), "a".repeat(MAX_APP_LENGTH), "a".repeat(63)] {
                let wanted = ReconcileTopic { name: Some("n".repeat(50)), ..ReconcileTopic::topic(topic) };
                let place = if topic.starts_with("inventory") { format!("{most}:{most}") } else { most.to_string() };
                let ids = [0, 1].map(|nanosecond| {
                    made_for(&app, &wanted, &place, 1_795_755_600_000_000_000 + nanosecond, &body).0.webhook_id
                });
                for id in &ids {
                    assert!(WebhookId::parse(id.as_str()).is_some(), "{id}: {}", id.as_str().len());
                    assert!(weir_core::envelope::is_reserved_id(id.as_str()), "{id}");
                }
                assert_ne!(ids[0], ids[1]);
            }
        }
    }

    #[test]
    fn it_carries_the_fields_that_the_subscription_asks_for() {
        let body: Box<RawValue> = serde_json::from_str(r#"{"id":820982911946154508,"email":"x","a":1.10}"#).unwrap();
        let wanted =
            ReconcileTopic { include_fields: vec!["id".into(), "a".into()], ..ReconcileTopic::topic("orders/create") };
        let (meta, sent) = made(&wanted, "1", 1, &body);
        assert_eq!(sent.get(), r#"{"id":820982911946154508,"a":1.10}"#);
        assert_eq!(meta.body_sha256, sha256::hex(sent.get().as_bytes()));
        assert_eq!(meta.synthetic.as_deref(), Some("reconcile"));
    }
}
