//! A dead-lettered message, with what the ledger knows of its event.

use resilience::UnixMillis;
use weir_aws::dead_letters::DeadLetter;
use weir_core::{
    Lane,
    envelope::{Envelope, Meta},
    ledger::{Key, Record, State},
};

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) lane: Lane,
    /// SQS's id.
    pub(super) message_id: String,
    pub(super) receipt: String,
    pub(super) group: Option<String>,
    sent_at: UnixMillis,
    /// `None` if it is no envelope.
    pub(super) meta: Option<Meta>,
    /// `None` if the ledger was not asked, or does not know it.
    pub(super) record: Option<Record>,
}

impl Letter {
    /// Reads what stands around the body, which is not kept: a queue may be larger than this machine.
    pub(super) fn read(lane: Lane, message: &DeadLetter) -> Self {
        Self {
            lane,
            message_id: message.message_id.clone(),
            receipt: message.receipt.clone(),
            group: message.group.clone(),
            sent_at: message.sent_at,
            meta: Envelope::parse(&message.body).ok().map(|envelope| envelope.meta),
            record: None,
        }
    }

    /// Under which the ledger has it.
    pub(super) fn key(&self) -> Key {
        match &self.meta {
            Some(meta) => Key::of(meta),
            None => Key::of_unreadable(self.group.as_deref(), &self.message_id),
        }
    }

    /// `SHOP#ID`
    pub(super) fn name(&self) -> String {
        self.key().event
    }

    pub(super) fn shop(&self) -> Option<&str> {
        self.meta.as_ref().map(|meta| meta.shop.as_str()).or(self.group.as_deref())
    }

    /// When it came in.
    pub(super) fn came_at(&self) -> UnixMillis {
        self.meta.as_ref().map_or(self.sent_at, |meta| meta.received_at)
    }

    /// Why it is here.
    pub(super) fn error(&self) -> &str {
        let known = self.record.as_ref().and_then(|record| record.last_error.as_deref());
        match (known, &self.meta) {
            (Some(error), _) => error,
            (None, None) => "it is no envelope",
            (None, Some(_)) => "the ledger knows no error of it",
        }
    }

    /// Whether its event ended: sent again as it is, it does nothing.
    pub(super) fn has_ended(&self) -> bool {
        self.record.as_ref().is_some_and(|record| matches!(record.state, State::Done | State::Stale))
    }

    /// Whether another body came under its id before: sent again as it is, it comes back here.
    pub(super) fn is_mismatch(&self) -> bool {
        let theirs = self.record.as_ref().map(|record| record.body_sha256.as_str());
        let ours = self.meta.as_ref().map(|meta| meta.body_sha256.as_str());
        theirs.zip(ours).is_some_and(|(theirs, ours)| theirs != ours)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use weir_core::{
        Failure,
        envelope::seal,
        ledger::{Owner, State},
        sha256,
    };

    use super::*;

    pub(in super::super) fn meta(id: &str, at: UnixMillis, body: &[u8]) -> Meta {
        Meta {
            webhook_id: id.into(),
            shop: "north.myshopify.com".into(),
            topic: "orders/create".into(),
            app: "default".into(),
            event_id: None,
            api_version: None,
            subscription: None,
            triggered_at: None,
            received_at: at,
            body_sha256: sha256::hex(body),
            traceparent: None,
            synthetic: None,
            generation: 0,
        }
    }

    pub(in super::super) fn record(meta: &Meta, state: State, error: &str) -> Record {
        Record {
            key: Key::of(meta),
            state,
            owner: Owner("me".into()),
            attempts: 5,
            duplicates: 0,
            mismatches: 0,
            parks: 0,
            body_sha256: meta.body_sha256.clone(),
            topic: Some(meta.topic.clone()),
            app: Some(meta.app.clone()),
            event_id: None,
            lane: Lane::Standard,
            triggered_at: None,
            received_at: meta.received_at,
            updated_at: meta.received_at,
            last_error: Some(error.into()),
            history: Vec::new(),
            resource: None,
        }
    }

    pub(in super::super) fn letter(id: &str, error: &str, at: UnixMillis) -> Letter {
        let meta = meta(id, at, b"{}");
        let message = DeadLetter {
            message_id: format!("m{id}"),
            receipt: format!("r{id}"),
            group: Some(meta.shop.clone()),
            sent_at: at,
            body: seal(&meta, b"{}").unwrap(),
        };
        let record = record(&meta, State::Failed(Failure::permanent(error)), error);
        Letter { record: Some(record), ..Letter::read(Lane::Standard, &message) }
    }

    #[test]
    fn what_is_no_envelope_is_named_by_sqs() {
        let message = DeadLetter {
            message_id: "m1".into(),
            receipt: "r".into(),
            group: None,
            sent_at: UnixMillis(7),
            body: "nonsense".into(),
        };
        let letter = Letter::read(Lane::Bulk, &message);
        assert_eq!((letter.name().as_str(), letter.shop(), letter.came_at()), ("unknown#sqs:m1", None, UnixMillis(7)));
        assert_eq!(letter.error(), "it is no envelope");
    }

    #[test]
    fn what_ended_and_what_is_another_body_is_told() {
        let mut letter = letter("1", "x", UnixMillis(0));
        assert!(!letter.has_ended() && !letter.is_mismatch());
        let record = letter.record.as_mut().unwrap();
        record.state = State::Done;
        record.body_sha256 = "other".into();
        assert!(letter.has_ended() && letter.is_mismatch());
    }
}
