//! What each attempt came to: the last ones are kept in the event's item, each in the slot of its number.

use serde::{Deserialize, Serialize};

use super::{AttemptResult, SettleRequest};
use crate::UnixMillis;

/// So many attempts are kept; a later one takes the slot of the eighth before it.
pub const SLOTS: u32 = 8;

/// The longest error text of an attempt, in bytes: the last one stands in the record at more length. Short, so that the
/// item of an event that failed a few times still costs one write unit.
const MAX_ERROR: usize = 80;

/// One attempt at an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from one, over the whole life of the event.
    pub number: u32,
    /// How often SQS had handed out the message, this time included: what its lane's `maxReceiveCount` counts.
    pub receives: u32,
    /// When it was claimed.
    pub begun: UnixMillis,
    /// When its end was recorded.
    pub ended: UnixMillis,
    /// What it came to.
    pub outcome: Outcome,
    /// When its message, or the parked copy of it, is to be seen again.
    pub comes_back: Option<UnixMillis>,
    /// Why it failed, or what barred its way; cut short.
    pub error: Option<String>,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The event took effect.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// The same state of its resource came before, by the same topic.
    Repeated,
    /// It failed, and is tried again.
    Failed,
    /// It failed, and trying again can't help.
    FailedForGood,
    /// A delayed copy was sent.
    Parked,
}

/// As it is kept, without names: number, begun (ms), took (ms), outcome, receives, comes back (ms after the end), error.
type Kept<'a> = (u32, i64, i64, Outcome, u32, Option<i64>, Option<std::borrow::Cow<'a, str>>);

impl Attempt {
    /// The attempt that ended so.
    pub fn of(ended: &SettleRequest<'_>) -> Self {
        let (outcome, error) = match ended.ending {
            AttemptResult::Done => (Outcome::Done, None),
            AttemptResult::Stale => (Outcome::Stale, None),
            AttemptResult::Repeated => (Outcome::Repeated, None),
            AttemptResult::Failed(failure) if failure.is_permanent() => {
                (Outcome::FailedForGood, Some(failure.reason()))
            }
            AttemptResult::Failed(failure) => (Outcome::Failed, Some(failure.reason())),
            AttemptResult::Parked { reason, .. } => (Outcome::Parked, Some(reason.as_str())),
        };
        let until = match ended.ending {
            AttemptResult::Parked { until, .. } => Some(*until),
            _ => ended.comes_back,
        };
        Self {
            number: ended.attempt,
            receives: ended.receives,
            begun: ended.begun,
            ended: ended.now,
            outcome,
            comes_back: until,
            error: error.map(|error| error[..error.floor_char_boundary(MAX_ERROR)].to_owned()),
        }
    }

    /// The slot of an attempt of this number.
    pub fn slot(number: u32) -> u32 {
        number % SLOTS
    }

    /// The text that is kept.
    ///
    /// # Panics
    /// Never: numbers and text are always JSON.
    #[expect(clippy::expect_used, reason = "numbers and text are always JSON")]
    pub fn write(&self) -> String {
        let kept: Kept<'_> = (
            self.number,
            self.begun.0,
            self.ended.0 - self.begun.0,
            self.outcome,
            self.receives,
            self.comes_back.map(|at| at.0 - self.ended.0),
            self.error.as_deref().map(Into::into),
        );
        serde_json::to_string(&kept).expect("numbers and text are JSON")
    }

    /// What was kept; `None` for what no version of weir wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (number, begun, took, outcome, receives, wait, error): Kept<'_> = serde_json::from_str(text).ok()?;
        let ended = begun.checked_add(took)?;
        let comes_back = match wait {
            Some(wait) => Some(UnixMillis(ended.checked_add(wait)?)),
            None => None,
        };
        let (begun, ended) = (UnixMillis(begun), UnixMillis(ended));
        Some(Self { number, receives, begun, ended, outcome, comes_back, error: error.map(|text| text.into_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Failure,
        ledger::{Key, Owner},
    };

    fn attempt(ending: &AttemptResult) -> Attempt {
        Attempt::of(&SettleRequest {
            key: &Key { event: "a#1".into(), generation: 0 },
            owner: &Owner("me".into()),
            ending,
            attempt: 3,
            receives: 2,
            begun: UnixMillis(1_795_755_600_000),
            comes_back: Some(UnixMillis(1_795_755_660_000)),
            copy: None,
            progress: &crate::ledger::Progress::default(),
            resource: None,
            now: UnixMillis(1_795_755_600_120),
        })
    }

    #[test]
    fn history_survives_a_round_trip() {
        let endings = [
            AttemptResult::Done,
            AttemptResult::Stale,
            AttemptResult::Repeated,
            AttemptResult::Failed(Failure::transient("said \"no\"\n")),
            AttemptResult::Failed(Failure::permanent("é")),
            AttemptResult::Parked { parks: 1, until: UnixMillis(9), reason: "open".into() },
        ];
        for ending in endings {
            let attempt = attempt(&ending);
            assert_eq!(Attempt::read(&attempt.write()).as_ref(), Some(&attempt), "{ending:?}");
        }
        for foreign in ["", "[]", "{}", "[1,2,3,\"won\",1,null,null]", "[1,9223372036854775807,9,\"done\",1,null,null]"]
        {
            assert_eq!(Attempt::read(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn an_attempt_is_short_whatever_its_error_said() {
        assert!(attempt(&AttemptResult::Done).write().len() < 50);
        let long = attempt(&AttemptResult::Failed(Failure::transient("é".repeat(400))));
        assert_eq!(long.error.as_ref().map(String::len), Some(MAX_ERROR));
        assert!(long.write().len() < 140);
    }

    #[test]
    fn a_parked_attempt_comes_back_with_its_copy() {
        let parked = attempt(&AttemptResult::Parked { parks: 1, until: UnixMillis(9), reason: "open".into() });
        assert_eq!(parked.comes_back, Some(UnixMillis(9)));
    }
}
