//! What is to be done with a message: pure.

use super::{
    entry::{DeadLetterEntry, DeadLetterStatus},
    operation::Kind,
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayAction {
    /// Send it to its lane as it is.
    Send,
    /// Send it as another generation, the lowest that no other body has.
    Force,
    /// Only delete it: its event took effect, or never will.
    Ended,
    /// Delete it for good.
    Drop,
    /// Leave it: another body came under its id before, and the ledger would refuse this one.
    Mismatched,
    /// Leave it: no worker can read it.
    Unreadable,
}

/// What is to be done with a message that was meant.
#[must_use]
pub fn decide(kind: Kind, found: &DeadLetterEntry, force: bool) -> ReplayAction {
    match (kind, found.status) {
        (Kind::Drop, _) => ReplayAction::Drop,
        (_, DeadLetterStatus::Unreadable) => ReplayAction::Unreadable,
        (
            _,
            DeadLetterStatus::Failed | DeadLetterStatus::Unknown | DeadLetterStatus::Parked | DeadLetterStatus::Leased,
        ) => ReplayAction::Send,
        (
            _,
            DeadLetterStatus::Done
            | DeadLetterStatus::Stale
            | DeadLetterStatus::Dropped
            | DeadLetterStatus::Replaced
            | DeadLetterStatus::Mismatch,
        ) if force => {
            // Only a message that weir did not write has no generation after its own.
            if found.letter.next_generation().is_some() { ReplayAction::Force } else { ReplayAction::Unreadable }
        }
        (
            _,
            DeadLetterStatus::Done | DeadLetterStatus::Stale | DeadLetterStatus::Dropped | DeadLetterStatus::Replaced,
        ) => ReplayAction::Ended,
        (_, DeadLetterStatus::Mismatch) => ReplayAction::Mismatched,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{found, unreadable};
    use super::*;

    #[test]
    fn done_event_is_replayed_only_by_force() {
        let mut it = found();
        for (standing, plain, forced) in [
            (DeadLetterStatus::Failed, ReplayAction::Send, ReplayAction::Send),
            (DeadLetterStatus::Unknown, ReplayAction::Send, ReplayAction::Send),
            (DeadLetterStatus::Parked, ReplayAction::Send, ReplayAction::Send),
            (DeadLetterStatus::Leased, ReplayAction::Send, ReplayAction::Send),
            (DeadLetterStatus::Done, ReplayAction::Ended, ReplayAction::Force),
            (DeadLetterStatus::Stale, ReplayAction::Ended, ReplayAction::Force),
            (DeadLetterStatus::Dropped, ReplayAction::Ended, ReplayAction::Force),
            (DeadLetterStatus::Replaced, ReplayAction::Ended, ReplayAction::Force),
            (DeadLetterStatus::Mismatch, ReplayAction::Mismatched, ReplayAction::Force),
        ] {
            it.status = standing;
            assert_eq!((decide(Kind::Replay, &it, false), decide(Kind::Replay, &it, true)), (plain, forced));
            assert_eq!(decide(Kind::Drop, &it, false), ReplayAction::Drop);
        }
        assert_eq!(decide(Kind::Replay, &unreadable(), true), ReplayAction::Unreadable);
        let Ok(meta) = &mut it.letter.head else { panic!("it can be read") };
        meta.generation = u32::MAX;
        assert_eq!(decide(Kind::Replay, &it, true), ReplayAction::Unreadable, "there is no generation after this one");
    }
}
