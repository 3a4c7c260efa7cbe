//! Parking: a message whose way is barred waits as a delayed copy of itself, so that no outage uses up receives.

use std::time::Duration;

use crate::UnixMillis;

/// What a parked message carries of its stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parked {
    /// How often it was parked.
    pub count: u32,
    /// When it was parked first.
    pub since: UnixMillis,
}

/// How long an outage may keep an event: a day, as Shopify's own lateness.
pub const OUTAGE_AT_MOST: Duration = Duration::from_secs(24 * 3600);

/// How long a switch may keep an event: a long weekend and some. The ledger's retention is computed with it.
pub const SWITCHED_OFF_AT_MOST: Duration = Duration::from_secs(7 * 24 * 3600);

/// SQS delays no message longer.
pub const DELAY_AT_MOST: Duration = Duration::from_secs(15 * 60);

/// How long SQS keeps a message of a lane, or of its dead-letter queue, from when it was sent: as template.yaml says.
pub const MESSAGE_RETENTION: Duration = Duration::from_secs(14 * 24 * 3600);

/// How long S3 keeps a body that no message can carry, at the least: as template.yaml says.
pub const BODY_RETENTION: Duration = Duration::from_secs(29 * 24 * 3600);

/// Below this a park costs more than it spares.
const DELAY_AT_LEAST: Duration = Duration::from_secs(5);

/// The event waited too long: it goes to the DLQ, where it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("gave up after {} h of waiting, parked {count} times", .waited.as_secs() / 3600)]
pub struct GaveUp {
    /// How often it was parked.
    pub count: u32,
    /// For how long.
    pub waited: Duration,
}

/// A copy of the message would outlive the body that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its body in S3 is {} days old: a parked copy would outlive it", .age.as_secs() / (24 * 3600))]
pub struct BodyTooOld {
    /// How long ago the body was stored.
    pub age: Duration,
}

/// Whether a message that refers to a body in S3 may be sent again: what is sent now may be kept for
/// [`MESSAGE_RETENTION`], and its body must be there for as long.
///
/// # Errors
/// When the body would be deleted before.
pub fn check_body_age(received_at: UnixMillis, now: UnixMillis) -> Result<(), BodyTooOld> {
    let age = now.since(received_at);
    if age + MESSAGE_RETENTION > BODY_RETENTION { Err(BodyTooOld { age }) } else { Ok(()) }
}

impl Parked {
    /// One stay more, unless it would be one too many.
    pub fn again(before: Option<Self>, at_most: Duration, now: UnixMillis) -> Result<Self, GaveUp> {
        let Some(before) = before else { return Ok(Self { count: 1, since: now }) };
        let waited = now.since(before.since);
        if waited >= at_most {
            return Err(GaveUp { count: before.count, waited });
        }
        Ok(Self { count: before.count.saturating_add(1), ..before })
    }

    /// How long the copy waits: not before `retry_after`, and then spread over as long again, so that what was
    /// parked together does not come back together. A stay that lasts grows, up to what SQS delays.
    pub fn delay(&self, retry_after: Duration, rng: &mut fastrand::Rng) -> Duration {
        let growing = DELAY_AT_LEAST.saturating_mul(1 << self.count.min(16));
        let least = retry_after.clamp(DELAY_AT_LEAST, DELAY_AT_MOST);
        let spread = least.max(growing).min(DELAY_AT_MOST);
        (least + spread.mul_f64(rng.f64())).min(DELAY_AT_MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_first_parking_is_remembered_and_each_is_counted() {
        let first = Parked::again(None, OUTAGE_AT_MOST, NOW).unwrap();
        assert_eq!(first, Parked { count: 1, since: NOW });
        let again = Parked::again(Some(first), OUTAGE_AT_MOST, NOW + HOUR).unwrap();
        assert_eq!(again, Parked { count: 2, since: NOW });
    }

    #[test]
    fn an_outage_of_a_day_is_given_up_and_one_shorter_is_not() {
        let parked = Some(Parked { count: 99, since: NOW });
        assert!(Parked::again(parked, OUTAGE_AT_MOST, NOW + OUTAGE_AT_MOST - Duration::from_millis(1)).is_ok());
        let gave_up = Parked::again(parked, OUTAGE_AT_MOST, NOW + OUTAGE_AT_MOST).unwrap_err();
        assert_eq!(gave_up.to_string(), "gave up after 24 h of waiting, parked 99 times");
        assert!(Parked::again(parked, SWITCHED_OFF_AT_MOST, NOW + OUTAGE_AT_MOST).is_ok(), "switched off, not down");
    }

    #[test]
    fn copy_that_would_outlive_its_body_is_refused() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        assert_eq!(check_body_age(NOW, NOW + DAY * 15), Ok(()));
        let too_old = check_body_age(NOW, NOW + DAY * 15 + Duration::from_millis(1)).unwrap_err();
        assert_eq!(too_old.to_string(), "its body in S3 is 15 days old: a parked copy would outlive it");
    }

    #[test]
    fn copies_come_back_spread_not_early_and_within_what_sqs_delays() {
        let mut rng = fastrand::Rng::with_seed(7);
        for (count, retry_after, most) in [(1, 0, 15), (1, 60, 120), (5, 10, 170), (30, 10, 900), (1, 5000, 900)] {
            let parked = Parked { count, since: NOW };
            let retry_after = Duration::from_secs(retry_after);
            let delays: Vec<_> = (0..1000).map(|_| parked.delay(retry_after, &mut rng)).collect();
            let (least, longest) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
            assert!(*least >= retry_after.min(DELAY_AT_MOST) && *least >= DELAY_AT_LEAST, "{count}: {least:?}");
            let most = Duration::from_secs(most);
            assert!(*longest <= most && *longest > most.mul_f64(0.95), "{count}: {longest:?}");
        }
    }
}
