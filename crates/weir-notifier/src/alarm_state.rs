//! What people were told of each alarm, so that nothing is said twice. One document for all of them.
//!
//! - The same state again within [`QUIET`] is not told: SNS and SQS deliver twice now and then.
//! - An OK of an alarm that people do not believe to be on is noted and not told, unless the alarm was on: a new stack's alarms
//!   all begin with one.
//! - A change that is older than the last one is not told: they may come in any order.
//! - An alarm that goes on and off is told as flapping at its third time within [`QUIET`]; then its OKs are not told
//!   until it has been quiet for as long. So what people believe errs to the safe side: an ALARM after an OK that was told
//!   is always told.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use crate::alarm::{Change, State};

/// For how long the same is not told again.
pub const QUIET: Duration = Duration::from_secs(15 * 60);

/// For how long an alarm that is over is remembered, and the whole document after its last change.
pub const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// So many times ALARM within [`QUIET`] is flapping.
const FLAPS: usize = 3;

/// Of every alarm, what was told last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmStates {
    alarms: BTreeMap<String, Last>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Last {
    /// What people believe.
    state: State,
    /// When it last changed, told or not.
    changed_at: UnixMillis,
    told_at: UnixMillis,
    /// When ALARM was told, within the last [`QUIET`].
    alarms: Vec<UnixMillis>,
    flaps: bool,
}

/// How a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notification {
    /// With all that is known.
    Full,
    /// Likewise, and that its OKs are not told for a while.
    Flapping,
    /// Not at all: it was told, something newer was, it flaps, or it ended nothing.
    Suppressed,
}

impl AlarmStates {
    /// Takes note of a change that is told at `now`, and says how.
    pub fn take(&mut self, change: &Change, now: UnixMillis) -> Notification {
        let was_on = change.before == Some(State::Alarm);
        let Some(last) = self.alarms.get_mut(&change.name) else {
            let alarms = if change.state == State::Alarm { vec![now] } else { Vec::new() };
            let last = Last { state: change.state, changed_at: change.at, told_at: now, alarms, flaps: false };
            self.alarms.insert(change.name.clone(), last);
            return if change.state == State::Ok && !was_on { Notification::Suppressed } else { Notification::Full };
        };
        if change.at < last.changed_at {
            return Notification::Suppressed;
        }
        last.changed_at = change.at;
        if change.state == State::Ok && last.state == State::Ok && !was_on {
            return Notification::Suppressed;
        }
        let is_recent = now.since(last.told_at) < QUIET;
        if is_recent && (last.state == change.state || (last.flaps && change.state != State::Alarm)) {
            return Notification::Suppressed;
        }
        last.state = change.state;
        last.told_at = now;
        last.alarms.retain(|at| now.since(*at) < QUIET);
        if change.state == State::Alarm {
            last.alarms.push(now);
        }
        last.flaps = change.state == State::Alarm && last.alarms.len() >= FLAPS;
        if last.flaps { Notification::Flapping } else { Notification::Full }
    }

    /// The alarms that people believe to be on.
    pub fn standing(&self) -> impl Iterator<Item = &str> {
        self.alarms.iter().filter(|(_, last)| last.state == State::Alarm).map(|(name, _)| name.as_str())
    }

    /// Forgets what has long been over.
    pub fn forget(&mut self, now: UnixMillis) {
        self.alarms.retain(|_, last| last.state == State::Alarm || now.since(last.told_at) < KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn change(state: State, minute: i64) -> Change {
        let at = UnixMillis(minute * MINUTE);
        Change {
            name: "weir-x".into(),
            state,
            before: Some(if state == State::Ok { State::Alarm } else { State::Ok }),
            at,
            told: None,
            measured: None,
            is_composite: false,
            children: Vec::new(),
            console: None,
        }
    }

    /// Each change at its minute, told at once.
    #[track_caller]
    fn check(changes: &[(State, i64, Notification)]) -> AlarmStates {
        let mut told = AlarmStates::default();
        for (state, minute, expected) in changes {
            let telling = told.take(&change(*state, *minute), UnixMillis(minute * MINUTE));
            assert_eq!(telling, *expected, "{state} at minute {minute}");
        }
        told
    }

    #[test]
    fn an_alarm_and_its_end_are_each_told_once() {
        use Notification::{Full, Suppressed};
        use State::{Alarm, Ok};
        let told = check(&[(Alarm, 0, Full), (Alarm, 1, Suppressed), (Ok, 2, Full), (Ok, 3, Suppressed)]);
        assert_eq!(told.standing().count(), 0);
    }

    #[test]
    fn first_ok_of_a_new_alarm_is_noted_and_not_told() {
        for before in [Some(State::InsufficientData), Some(State::Ok), None] {
            let mut told = AlarmStates::default();
            let ok = |minute| Change { before, ..change(State::Ok, minute) };
            assert_eq!(told.take(&ok(0), UnixMillis(0)), Notification::Suppressed, "{before:?}");
            assert_ne!(told, AlarmStates::default(), "noted");
            // CloudWatch had no data for a while.
            assert_eq!(told.take(&ok(60), UnixMillis(60 * MINUTE)), Notification::Suppressed, "{before:?}");
            assert_eq!(told.take(&change(State::Alarm, 61), UnixMillis(61 * MINUTE)), Notification::Full, "{before:?}");
            assert_eq!(told.take(&ok(62), UnixMillis(62 * MINUTE)), Notification::Full, "people believe that it is on");
        }
    }

    #[test]
    fn ok_of_an_alarm_that_was_on_is_told_though_nobody_remembers_the_alarm() {
        let mut told = AlarmStates::default();
        assert_eq!(told.take(&change(State::Ok, 0), UnixMillis(0)), Notification::Full);
    }

    #[test]
    fn the_same_state_is_told_again_after_a_quiet_time() {
        use Notification::{Full, Suppressed};
        check(&[(State::Alarm, 0, Full), (State::Alarm, 14, Suppressed), (State::Alarm, 15, Full)]);
    }

    #[test]
    fn a_change_that_comes_late_is_not_told() {
        let mut told = AlarmStates::default();
        assert_eq!(told.take(&change(State::Ok, 2), UnixMillis(3 * MINUTE)), Notification::Full);
        assert_eq!(told.take(&change(State::Alarm, 1), UnixMillis(4 * MINUTE)), Notification::Suppressed);
        assert_eq!(told.standing().count(), 0);
    }

    #[test]
    fn flapping_alarm_is_reported_three_times_and_then_held() {
        use Notification::{Flapping, Full, Suppressed};
        use State::{Alarm, Ok};
        let told = check(&[
            (Alarm, 0, Full),
            (Ok, 1, Full),
            (Alarm, 2, Full),
            (Ok, 3, Full),
            (Alarm, 4, Flapping),
            (Ok, 5, Suppressed),
            (Alarm, 6, Suppressed),
            (Ok, 7, Suppressed),
        ]);
        assert_eq!(told.standing().collect::<Vec<_>>(), ["weir-x"], "people believe in the worse state");
        let mut told = told;
        assert_eq!(told.take(&change(Ok, 19), UnixMillis(19 * MINUTE)), Full, "quiet since minute 4");
    }

    #[test]
    fn an_alarm_after_an_ok_that_was_told_is_always_told() {
        let mut rng: u64 = 7;
        let (mut told, mut believed) = (AlarmStates::default(), None);
        for minute in 0..2_000 {
            rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let state = if rng >> 63 == 0 { State::Ok } else { State::Alarm };
            if told.take(&change(state, minute), UnixMillis(minute * MINUTE)) != Notification::Suppressed {
                believed = Some(state);
            }
            assert!(state != State::Alarm || believed == Some(State::Alarm), "minute {minute}: an alarm is not known");
        }
    }

    #[test]
    fn ended_alarm_is_forgotten_and_standing_alarm_kept() {
        let mut told = check(&[(State::Alarm, 0, Notification::Full)]);
        told.forget(UnixMillis(0) + KEPT * 2);
        assert_eq!(told.standing().count(), 1);
        told.take(&change(State::Ok, 1), UnixMillis(MINUTE));
        told.forget(UnixMillis(MINUTE) + KEPT);
        assert_eq!(told, AlarmStates::default());
    }
}
