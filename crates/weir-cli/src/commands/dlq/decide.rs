//! What is to be done with a message: pure.

use weir_aws::dead_letters::{DeadLetter, Outgoing};
use weir_core::{UnixMillis, envelope::Envelope, park::Parked};

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
        (_, Standing::Done | Standing::Stale | Standing::Mismatch) if force => Act::Force,
        (_, Standing::Done | Standing::Stale) => Act::Ended,
        (_, Standing::Mismatch) => Act::Mismatched,
    }
}

/// The message for the lane. Its body is the same, byte for byte.
///
/// One that was parked keeps its count, by which the ledger knows it, and waits from now: one that an outage of a day had
/// given up would be given up again at the first sign of the next. A new generation was never parked.
pub(crate) fn outgoing(letter: &DeadLetter, generation: u32, now: UnixMillis) -> Option<Outgoing> {
    let mut envelope = Envelope::parse(&letter.body).ok()?;
    let body = if generation != envelope.meta.generation {
        envelope.meta.generation = generation;
        envelope.parked = None;
        envelope.message()
    } else {
        match envelope.parked {
            Some(parked) => envelope.park(Parked { since: now, ..parked }),
            None => letter.body.clone(),
        }
    };
    Some(Outgoing { body, group: envelope.meta.shop })
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::{RECEIVED, found, message, unreadable};
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
            (Standing::Mismatch, Act::Mismatched, Act::Force),
        ] {
            it.standing = standing;
            assert_eq!((decide(Kind::Replay, &it, false), decide(Kind::Replay, &it, true)), (plain, forced));
            assert_eq!(decide(Kind::Drop, &it, false), Act::Drop);
        }
        assert_eq!(decide(Kind::Replay, &unreadable(), true), Act::Unreadable);
    }

    fn letter(body: String) -> DeadLetter {
        DeadLetter { id: "m".into(), receipt: "r".into(), body, group: None, sent_at: RECEIVED }
    }

    #[test]
    fn a_message_goes_out_as_it_came() {
        let out = outgoing(&letter(message("7")), 0, RECEIVED).unwrap();
        assert_eq!((out.body, out.group.as_str()), (message("7"), "north.myshopify.com"));
        assert_eq!(outgoing(&letter("hello".into()), 0, RECEIVED), None);
    }

    #[test]
    fn a_parked_one_keeps_its_count_and_waits_anew_and_a_new_generation_was_never_parked() {
        let parked = Parked { count: 3, since: UnixMillis(7) };
        let body = Envelope::parse(&message("7")).unwrap().park(parked);
        let sent = |generation| Envelope::parse(&outgoing(&letter(body.clone()), generation, RECEIVED).unwrap().body);
        assert_eq!(sent(0).unwrap().parked, Some(Parked { count: 3, since: RECEIVED }));
        let forced = sent(2).unwrap();
        assert_eq!((forced.parked, forced.meta.generation), (None, 2));
        assert_eq!(forced.open(None).unwrap(), b"{}");
    }
}
