//! What a message becomes on its way to its lane: pure.

use weir_aws::dead_letters::{DeadLetter, Outgoing};
use weir_core::{UnixMillis, envelope::Envelope, park::Parked};

/// The message for the lane. Its body is the same, byte for byte.
///
/// One that was parked keeps its count, by which the ledger knows it, and waits from now: one that an outage of a day had
/// given up would be given up again at the first sign of the next. A new generation was never parked.
pub(super) fn outgoing(letter: &DeadLetter, generation: u32, now: UnixMillis) -> Option<Outgoing> {
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
    Some(Outgoing { body, group: envelope.meta.shop.into() })
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{RECEIVED, message};
    use super::*;

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
