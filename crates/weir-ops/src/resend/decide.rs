//! Which generation of an event is sent again, or why none is: pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use weir_core::{
    UnixMillis,
    envelope::{self, Meta},
    fence::{self, EnterRequest, Entry, Mark, Run},
    ledger::{ActionKind, Owner, Record, State},
    topics::{Reading, Snapshot, Topics, happens_once},
};

/// A message that was sent, and that no worker took up for so long, is no longer waited for.
const WAIT_FOR_SENT: Duration = Duration::from_secs(3600);

/// Why an event is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The ledger does not know it.
    Unknown,
    /// It is not done: it fails, waits or runs, and its message is in its lane or dead-letter queue.
    NotDone,
    /// It was sent again before, and no worker took it up yet.
    UnderWay,
    /// An operator dropped it, so it was never published.
    Dropped,
    /// The stack keeps no archive.
    NoArchive,
    /// The archive kept it for as long as it keeps bodies.
    TooOld,
    /// The archive does not have it, or not yet.
    NotArchived,
    /// Its body was too large for the bus, and S3 deleted it since.
    BodyDeleted,
    /// A newer state of its resource took effect since: it would be published as superseded, and no handler would run.
    Superseded,
    /// Another event brought the same state of its resource: that one is to be sent.
    Repeated,
    /// It has no later generation.
    LastGeneration,
}

impl SkipReason {
    /// Its name, such as `too_old`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotDone => "not_done",
            Self::UnderWay => "under_way",
            Self::Dropped => "dropped",
            Self::NoArchive => "no_archive",
            Self::TooOld => "too_old",
            Self::NotArchived => "not_archived",
            Self::BodyDeleted => "body_deleted",
            Self::Superseded => "superseded",
            Self::Repeated => "repeated",
            Self::LastGeneration => "last_generation",
        }
    }
}

/// The generation that is sent again, and as which. `chosen` is what this resend wrote down before: then nothing else may
/// be chosen, and `None` says that a worker has it already.
pub(super) fn generation(
    history: &[Record],
    chosen: Option<u32>,
    now: UnixMillis,
) -> Result<Option<(&Record, u32)>, SkipReason> {
    let limit = chosen.unwrap_or(u32::MAX);
    if chosen.is_some() && history.iter().any(|record| record.key.generation >= limit) {
        return Ok(None);
    }
    let last = history.iter().max_by_key(|record| record.key.generation).ok_or(SkipReason::Unknown)?;
    match &last.state {
        State::Done | State::Stale => {}
        State::Dropped => return Err(SkipReason::Dropped),
        State::Leased { .. } | State::Failed(_) | State::Parked { .. } | State::Replaced { .. } => {
            return Err(SkipReason::NotDone);
        }
    }
    if let Some(generation) = chosen {
        return Ok(Some((last, generation)));
    }
    let sent = history.iter().flat_map(|record| &record.actions).filter_map(|action| match action.kind {
        ActionKind::Replayed { generation } if generation > last.key.generation => Some((generation, action.at)),
        _ => None,
    });
    let sent = sent.max_by_key(|(generation, _)| *generation);
    if sent.is_some_and(|(_, at)| now.since(at) < WAIT_FOR_SENT) {
        return Err(SkipReason::UnderWay);
    }
    let before = sent.map_or(last.key.generation, |(generation, _)| generation);
    Ok(Some((last, before.checked_add(1).ok_or(SkipReason::LastGeneration)?)))
}

/// Why the archive does not have an event that was published.
pub(super) fn not_archived(record: &Record, archive_days: Option<u32>, now: UnixMillis) -> SkipReason {
    // S3 deletes at the midnight after the days.
    let kept = archive_days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    match kept {
        Some(kept) if now.since(record.updated_at) > kept => SkipReason::TooOld,
        _ => SkipReason::NotArchived,
    }
}

/// What the body of an event is a snapshot of, as the worker reads it.
pub(super) fn snapshot(meta: &Meta, body: &[u8], now: UnixMillis) -> Option<Snapshot> {
    let resource = Topics::built_in().latest(meta.topic.as_str())?;
    match resource.snapshot(meta, envelope::json(body).ok()?, now) {
        Reading::Snapshot(snapshot) => Some(snapshot),
        Reading::Unknown | Reading::FarAhead(_) => None,
    }
}

/// Whether the fence would let the event in, by what it keeps of the resource now.
pub(super) fn admits(
    meta: &Meta,
    snapshot: &Snapshot,
    kept: Option<&fence::Record>,
    now: UnixMillis,
) -> Result<(), SkipReason> {
    let state = fence::State::of(meta, snapshot.version, snapshot.content.clone());
    let (mark, run, owner) = (Mark::of(meta), Run::of(meta, &state), Owner("resend".to_owned()));
    let once = meta.synthetic.is_some() && happens_once(meta.topic.as_str());
    let key = &snapshot.key;
    let (run, state, mark, owner) = (&run, &state, &mark, &owner);
    match fence::enter(kept, &EnterRequest { key, owner, mark, run, state, now, lease_until: now, once }) {
        Entry::Granted | Entry::Busy(_) => Ok(()),
        Entry::Stale(_) => Err(SkipReason::Superseded),
        Entry::Repeated | Entry::Ran => Err(SkipReason::Repeated),
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, Topic, ledger::Action};

    use super::*;
    use crate::events::fixtures::{NOW, record};

    fn done(generation: u32) -> Record {
        let mut record = Record { state: State::Done, ..record() };
        record.key.generation = generation;
        record
    }

    fn chosen(history: &[Record], chosen: Option<u32>) -> Result<Option<(u32, u32)>, SkipReason> {
        let found = generation(history, chosen, NOW)?;
        Ok(found.map(|(record, generation)| (record.key.generation, generation)))
    }

    #[test]
    fn done_event_is_sent_as_the_generation_after_its_last_one() {
        assert_eq!(chosen(&[done(0)], None), Ok(Some((0, 1))));
        assert_eq!(chosen(&[done(1), done(0)], None), Ok(Some((1, 2))));
        assert_eq!(chosen(&[done(u32::MAX)], None), Err(SkipReason::LastGeneration));
        assert_eq!(chosen(&[], None), Err(SkipReason::Unknown));
    }

    #[test]
    fn event_whose_last_generation_is_not_done_is_left_to_its_own_message() {
        let open = [State::Failed(Failure::permanent("x")), State::Parked { until: NOW }, State::Leased { until: NOW }];
        for state in open {
            assert_eq!(chosen(&[done(0), Record { state, ..done(1) }], None), Err(SkipReason::NotDone));
        }
        let dropped = Record { state: State::Dropped, ..done(0) };
        assert_eq!(chosen(&[dropped], None), Err(SkipReason::Dropped));
    }

    #[test]
    fn event_that_was_just_sent_again_is_waited_for_and_never_takes_the_same_generation() {
        let sent = |at| {
            let action = Action::new(ActionKind::Replayed { generation: 1 }, at, "me", "op", None);
            Record { actions: vec![action], ..done(0) }
        };
        assert_eq!(chosen(&[sent(NOW)], None), Err(SkipReason::UnderWay));
        assert_eq!(chosen(&[sent(NOW - WAIT_FOR_SENT)], None), Ok(Some((0, 2))));
        assert_eq!(chosen(&[sent(NOW), done(1)], None), Ok(Some((1, 2))));
    }

    #[test]
    fn resumed_resend_repeats_its_choice_unless_a_worker_has_it() {
        assert_eq!(chosen(&[done(0)], Some(1)), Ok(Some((0, 1))));
        let failed = Record { state: State::Failed(Failure::permanent("x")), ..done(1) };
        assert_eq!(chosen(&[done(0), failed], Some(1)), Ok(None));
        assert_eq!(chosen(&[done(0), done(1)], Some(1)), Ok(None));
    }

    #[test]
    fn missing_copy_is_too_old_only_after_the_days_of_the_archive() {
        let record = done(0);
        let day = Duration::from_secs(86_400);
        assert_eq!(not_archived(&record, Some(7), record.updated_at + day), SkipReason::NotArchived);
        assert_eq!(not_archived(&record, Some(7), record.updated_at + day * 8), SkipReason::TooOld);
        assert_eq!(not_archived(&record, None, record.updated_at + day * 80), SkipReason::NotArchived);
    }

    fn meta(id: &str, generation: u32) -> Meta {
        Meta { topic: Topic::from_stored("orders/updated"), received_at: NOW, generation, ..Meta::sample(id, b"x") }
    }

    /// What the fence keeps once this event ran.
    fn kept(meta: &Meta, snapshot: &Snapshot) -> fence::Record {
        let state = fence::State::of(meta, snapshot.version, snapshot.content.clone());
        let ran = [(Mark::of(meta), Run::of(meta, &state))].into();
        fence::Record { key: snapshot.key.clone(), newest: state, held: None, ran }
    }

    #[test]
    fn newest_state_is_admitted_again_and_an_older_one_is_superseded() {
        let at = |second: u32| format!("{{\"id\":7,\"updated_at\":\"2026-11-22T12:00:0{second}Z\"}}");
        let read = |meta: &Meta, second| snapshot(meta, at(second).as_bytes(), NOW).unwrap();
        let (older, newest) = (meta("a", 0), meta("b", 0));
        let kept = kept(&newest, &read(&newest, 5));
        let again = meta("b", 1);
        assert_eq!(admits(&again, &read(&again, 5), Some(&kept), NOW), Ok(()));
        assert_eq!(
            admits(&newest, &read(&newest, 5), Some(&kept), NOW),
            Err(SkipReason::Repeated),
            "the same generation"
        );
        let again = Meta { generation: 1, ..older };
        assert_eq!(admits(&again, &read(&again, 4), Some(&kept), NOW), Err(SkipReason::Superseded));
        assert_eq!(admits(&again, &read(&again, 4), None, NOW), Ok(()), "the fence forgot it");
        assert_eq!(snapshot(&Meta { topic: Topic::from_stored("refunds/create"), ..again }, b"{}", NOW), None);
    }
}
