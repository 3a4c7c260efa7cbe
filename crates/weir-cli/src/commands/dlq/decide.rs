//! What is to be done with a message: pure.

use super::{
    letter::{Found, Standing},
    operation::Kind,
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
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
pub(crate) fn decide(kind: Kind, found: &Found, force: bool) -> Act {
    match (kind, found.standing) {
        (Kind::Drop, _) => Act::Drop,
        (_, Standing::Unreadable) => Act::Unreadable,
        (_, Standing::Failed | Standing::Unknown | Standing::Parked | Standing::Leased) => Act::Send,
        (_, Standing::Done | Standing::Stale | Standing::Dropped | Standing::Replaced | Standing::Mismatch)
            if force =>
        {
            // Only a message that weir did not write has no generation after its own.
            if found.letter.next_generation().is_some() { Act::Force } else { Act::Unreadable }
        }
        (_, Standing::Done | Standing::Stale | Standing::Dropped | Standing::Replaced) => Act::Ended,
        (_, Standing::Mismatch) => Act::Mismatched,
    }
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::{found, unreadable};
    use super::*;

    #[test]
    fn what_took_effect_runs_again_only_by_force() {
        let mut it = found();
        for (standing, plain, forced) in [
            (Standing::Failed, Act::Send, Act::Send),
            (Standing::Unknown, Act::Send, Act::Send),
            (Standing::Parked, Act::Send, Act::Send),
            (Standing::Leased, Act::Send, Act::Send),
            (Standing::Done, Act::Ended, Act::Force),
            (Standing::Stale, Act::Ended, Act::Force),
            (Standing::Dropped, Act::Ended, Act::Force),
            (Standing::Replaced, Act::Ended, Act::Force),
            (Standing::Mismatch, Act::Mismatched, Act::Force),
        ] {
            it.standing = standing;
            assert_eq!((decide(Kind::Replay, &it, false), decide(Kind::Replay, &it, true)), (plain, forced));
            assert_eq!(decide(Kind::Drop, &it, false), Act::Drop);
        }
        assert_eq!(decide(Kind::Replay, &unreadable(), true), Act::Unreadable);
        let Ok(meta) = &mut it.letter.head else { panic!("it can be read") };
        meta.generation = u32::MAX;
        assert_eq!(decide(Kind::Replay, &it, true), Act::Unreadable, "there is no generation after this one");
    }
}
