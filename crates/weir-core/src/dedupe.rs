//! Which deliveries are of one event, by Shopify's rule for duplicates.
//!
//! Shopify may deliver one event under several webhook ids: the same `X-Shopify-Event-Id` on more than one delivery of a
//! topic is a duplicate. An event of an `every` topic is therefore told by shop, app, topic, subscription name, event id
//! **and resource**: one action of a merchant may cause several events of one topic under one event id (two transactions
//! of a payment), and each of those counts. The resource is the body's `id`, or the whole body where it has none.
//!
//! Ingest works this out once and seals it into the envelope, so that a message on its way keeps its key, whatever a later
//! version of weir thinks of its topic. An event of a `latest` topic needs no such key: the fence knows its resource and
//! version.

use crate::{
    envelope::Meta,
    sha256,
    topics::{Topics, first_id},
};

/// Between event id and hash: no id has it, so that no webhook id can be taken for such a key.
pub(crate) const SEPARATOR: char = '~';

/// So many hexadecimal digits of the hash tell the events of one event id apart.
const DIGITS: usize = 16;

/// What the key of an event has in place of its webhook id, `{event id}~{16 hexadecimal digits}`; `None` for an event that
/// is told by its webhook id: of a `latest` topic whose body names its resource, without an event id (Shopify's newer
/// Events), or made by weir.
pub fn key(topics: &Topics, meta: &Meta, body: &[u8]) -> Option<String> {
    let event_id = meta.event_id.as_ref().filter(|_| meta.synthetic.is_none())?;
    let latest = topics.latest(meta.topic.as_str());
    if latest.is_some_and(|resource| resource.is_named_in(body, meta.triggered_at.is_some())) {
        return None;
    }
    let id = first_id(body);
    let (kind, resource) = id.as_deref().map_or(("body", meta.body_sha256.as_str()), |id| ("id", id));
    // Neither a path, a header nor an id has a line break.
    let identity =
        [meta.app.as_str(), meta.topic.as_str(), meta.subscription.as_deref().unwrap_or_default(), kind, resource]
            .join("\n");
    let mut hash = sha256::hex(identity.as_bytes());
    hash.truncate(DIGITS);
    Some(format!("{event_id}{SEPARATOR}{hash}"))
}

/// The event id within a key.
pub(crate) fn event_id(key: &str) -> Option<&str> {
    key.split_once(SEPARATOR).map(|(event_id, _)| event_id)
}

#[cfg(test)]
mod tests {
    use shopify_webhook::{EventId, Topic, WebhookId};

    use super::*;
    use crate::{AppName, topics::tests::meta};

    const REFUND: &str = r#"{"id":890088186047892319,"order_id":1}"#;

    fn refund() -> Meta {
        Meta { event_id: EventId::parse("e1"), ..meta("refunds/create", Some("2026-11-27T05:00:00Z")) }
    }

    fn key_of(meta: &Meta, body: &str) -> Option<String> {
        let meta = Meta { body_sha256: sha256::hex(body.as_bytes()), ..meta.clone() };
        key(&Topics::built_in(), &meta, body.as_bytes())
    }

    #[test]
    fn deliveries_of_one_event_share_a_key_whatever_their_webhook_id() {
        let first = key_of(&refund(), REFUND).unwrap();
        let again = Meta { webhook_id: WebhookId::from_stored("2"), received_at: crate::UnixMillis(9), ..refund() };
        assert_eq!(key_of(&again, REFUND).as_ref(), Some(&first));
        let printed_anew = r#"{ "order_id": 1, "id": 890088186047892319 }"#;
        assert_eq!(key_of(&refund(), printed_anew).as_ref(), Some(&first), "the resource is the same");
        assert_eq!(event_id(&first), Some("e1"));
        assert_eq!(first.len(), "e1~".len() + DIGITS);
    }

    #[test]
    fn another_topic_app_subscription_event_or_resource_is_another_event() {
        let all = [
            (refund(), REFUND),
            (Meta { topic: Topic::from_stored("order_transactions/create"), ..refund() }, REFUND),
            (Meta { app: AppName::from_stored("loyalty"), ..refund() }, REFUND),
            (Meta { subscription: Some("big".into()), ..refund() }, REFUND),
            (Meta { subscription: Some("small".into()), ..refund() }, REFUND),
            (Meta { event_id: EventId::parse("e2"), ..refund() }, REFUND),
            (refund(), r#"{"id":890088186047892320,"order_id":1}"#),
            (refund(), r#"{"level":10}"#),
            (refund(), r#"{"level":9}"#),
            (refund(), r#"{"id":null,"level":9}"#),
            (refund(), "no JSON"),
        ];
        let mut keys: Vec<_> = all.iter().map(|(meta, body)| key_of(meta, body).unwrap()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all.len());
    }

    #[test]
    fn fenced_topic_has_no_dedupe_key() {
        let order = Meta { topic: Topic::from_stored("orders/paid"), ..refund() };
        assert_eq!(key_of(&order, REFUND), None, "the fence knows its resource");
        assert_eq!(key_of(&Meta { event_id: None, ..refund() }, REFUND), None);
        assert_eq!(key_of(&Meta { synthetic: Some("reconcile".into()), ..refund() }, REFUND), None);
    }

    #[test]
    fn a_snapshot_that_does_not_say_of_what_or_when_is_told_as_one_of_every() {
        let order = Meta { topic: Topic::from_stored("orders/paid"), ..refund() };
        assert!(key_of(&order, r#"{"name":"1001"}"#).is_some());
        assert!(key_of(&Meta { triggered_at: None, ..order.clone() }, r#"{"id":1}"#).is_some());
        assert!(key_of(&Meta { topic: Topic::from_stored("spaceships/landed"), ..order }, r#"{"id":1}"#).is_some());
    }

    #[test]
    fn a_key_stays_the_same_in_every_version() {
        assert_eq!(key_of(&refund(), REFUND).as_deref(), Some("e1~ff75ab64f094b2ec"));
    }
}
