//! What an event is before it gets another body, and as which generation it runs then.

use weir_core::{
    EventShop, Lane, UnixMillis, WebhookId,
    envelope::{Envelope, Meta},
    ledger::{ActionKind, Record},
};

use super::{
    super::{
        Cancel,
        backend::StackBackend,
        error::DeadLetterError,
        filter::{EventName, Filter},
        reader::{Id, Reader},
        scan::join,
    },
    MissingMessage, ReplaceError,
};
use crate::events::{LookupProgress, of_shop, whole_range};

/// What the event is, before it gets its body.
pub(super) struct Source {
    pub(super) meta: Meta,
    pub(super) lane: Lane,
    /// Its message in the dead-letter queue, if it is there.
    pub(super) letter: Option<Id>,
    /// How long the body was, where the message has it.
    pub(super) bytes: Option<usize>,
    /// How often its message was parked.
    pub(super) parks: u32,
}

/// The event's message. It stays held.
pub(super) async fn find(
    reader: &mut Reader<'_, StackBackend>,
    backend: &StackBackend,
    filter: &Filter,
    cancel: &Cancel,
) -> Result<Option<Source>, DeadLetterError> {
    while !reader.is_over() && !cancel.is_set() {
        let round = reader.round().await?;
        for (found, letter) in join(backend, round.fresh).await? {
            let (true, Ok(meta)) = (filter.takes(&found), &found.letter.head) else { continue };
            let envelope = Envelope::parse(&letter.body).ok();
            let bytes = envelope.and_then(|envelope| envelope.open(None).ok()).map(|body| body.len());
            let id = (found.letter.lane, letter.id);
            let parks = found.letter.parks;
            return Ok(Some(Source { meta: (**meta).clone(), lane: id.0, letter: Some(id), bytes, parks }));
        }
        reader.renew().await;
    }
    Ok(None)
}

/// What the ledger knows of an event whose message is nowhere any more.
pub(super) async fn from_ledger(
    backend: &StackBackend,
    event: &EventName,
    progress: impl FnMut(LookupProgress),
) -> Result<Source, ReplaceError> {
    let missing = |why| ReplaceError::Missing { event: event.to_string(), why };
    let EventName::Whole(name) = event else { return Err(missing(MissingMessage::NoShop)) };
    let (shop, id) = name.split_once('#').ok_or_else(|| missing(MissingMessage::NoShop))?;
    let shop = EventShop::from_stored(shop);
    let range = whole_range(UnixMillis::now());
    let events = of_shop(&backend.ledger, &shop, id, range, progress).await.map_err(DeadLetterError::from)?;
    if let [_, _, ..] = &events[..] {
        return Err(missing(MissingMessage::Ambiguous(events)));
    }
    let mut history = Vec::new();
    for event in &events {
        history = backend.ledger.history(event).await.map_err(DeadLetterError::from)?;
    }
    let known = history.iter().max_by_key(|record| record.key.generation);
    let known = known.ok_or_else(|| missing(MissingMessage::Unknown))?;
    let (Some(topic), Some(app), Some(shop)) = (&known.topic, &known.app, known.key.shop()) else {
        return Err(missing(MissingMessage::NoTopic));
    };
    let meta = Meta {
        webhook_id: WebhookId::from_stored(known.webhook_id()),
        shop: EventShop::from_stored(shop),
        topic: topic.clone(),
        app: app.clone(),
        event_id: known.event_id.clone(),
        api_version: None,
        subscription: None,
        triggered_at: known.triggered_at.clone(),
        received_at: known.received_at,
        body_sha256: known.body_sha256.clone(),
        traceparent: None,
        generation: known.key.generation,
        // It stays the event that it was, whatever its body is now.
        dedupe_key: known.webhook_id.as_ref().map(|_| known.key.id().to_owned()),
        synthetic: None,
        test: known.test,
    };
    Ok(Source { meta, lane: known.lane, letter: None, bytes: None, parks: known.parks })
}

/// The generation that has this very body, or had it sent to its lane, and its state: the repair was done.
pub(super) fn before(history: &[Record], source: &Source, sha256: &str) -> Option<(u32, &'static str)> {
    // Its message is still there when the command was interrupted after it had sent: then the repair goes on.
    let is_under_way = source.letter.is_some();
    let ran = history.iter().find(|record| record.key.generation > 0 && record.body_sha256 == sha256);
    if let Some(ran) = ran.filter(|ran| !is_under_way || ran.key.generation == source.meta.generation) {
        return Some((ran.key.generation, ran.state.as_str()));
    }
    let sent = history.iter().flat_map(|record| &record.actions).find_map(|action| match &action.kind {
        ActionKind::Repaired { generation, body_sha256 } if body_sha256 == sha256 => Some(*generation),
        _ => None,
    });
    sent.filter(|_| !is_under_way).map(|generation| (generation, "sent"))
}

/// The lowest generation above the message's that no other body has, so that whoever repeats the command after an
/// interruption comes to the same one. By force another one than any that is known.
pub(super) fn generation(history: &[Record], source: &Source, sha256: &str, force: bool) -> Option<u32> {
    let is_taken = |generation: u32| {
        let has = |record: &&Record| record.key.generation == generation;
        history.iter().find(has).is_some_and(|record| force || record.body_sha256 != sha256)
    };
    let mut generation = source.meta.generation.checked_add(1);
    while let Some(next) = generation.filter(|next| is_taken(*next)) {
        generation = next.checked_add(1);
    }
    generation
}

#[cfg(test)]
mod tests {
    use super::super::super::entry::tests::{failed, meta, record};
    use weir_core::{
        ledger::{Action, Key, State as Ledger},
        sha256,
    };

    use super::*;

    fn source(generation: u32, has_letter: bool) -> Source {
        let meta = Meta { generation, ..meta("7", b"{}") };
        let letter = has_letter.then(|| (Lane::Standard, "m-1".to_owned()));
        Source { meta, lane: Lane::Standard, letter, bytes: None, parks: 0 }
    }

    fn of(generation: u32, state: Ledger, body: &[u8]) -> Record {
        record(Key { generation, ..Key::of(&meta("7", b"{}")) }, state, body)
    }

    #[test]
    fn repair_that_ran_or_was_sent_is_known_and_one_under_way_goes_on() {
        let fixed = sha256::hex(b"fixed");
        let mut first = of(0, Ledger::Replaced { generation: 1 }, b"{}");
        let kind = ActionKind::Repaired { generation: 1, body_sha256: fixed.clone() };
        first.actions.push(Action::new(kind, UnixMillis(0), "me", "op", None));
        let sent = [first.clone()];
        assert_eq!(before(&sent, &source(0, false), &fixed), Some((1, "sent")));
        assert_eq!(before(&sent, &source(0, true), &fixed), None, "it was sent, and its old message not yet deleted");
        assert_eq!(generation(&sent, &source(0, true), &fixed, false), Some(1), "the same one again");
        let ran = [first, of(1, Ledger::Done, b"fixed")];
        assert_eq!(before(&ran, &source(1, false), &fixed), Some((1, "done")));
        assert_eq!(before(&ran, &source(1, false), &sha256::hex(b"another")), None);
        assert_eq!(generation(&ran, &source(0, false), &fixed, true), Some(2), "by force once more");
        let failed_again = [of(0, Ledger::Replaced { generation: 1 }, b"{}"), of(1, failed(), b"fixed")];
        assert_eq!(before(&failed_again, &source(1, true), &fixed), Some((1, "failed")));
    }

    #[test]
    fn event_of_the_last_generation_has_none_after_it() {
        assert!(generation(&[], &source(u32::MAX, true), "aa", false).is_none());
        let taken = [of(u32::MAX, Ledger::Done, b"other")];
        assert!(generation(&taken, &source(u32::MAX - 1, true), "aa", false).is_none());
    }
}
