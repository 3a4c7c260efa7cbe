//! What an operator does with an event: it becomes part of the event's state and story.
//!
//! | action | changes the state from | to |
//! |---|---|---|
//! | [`ActionKind::Dropped`] | failed, parked, leased with the lease run out; only with the event's own, latest message | dropped |
//! | [`ActionKind::Repaired`] | failed, parked, leased with the lease run out | replaced |
//! | [`ActionKind::Replayed`] | nothing: the worker that takes the message up does | |
//!
//! An event that ended, or that a worker acts on, keeps its state: then the action is only noted. An operation that is
//! resumed repeats itself; what it recorded before is not recorded again.

use serde::{Deserialize, Serialize};

use super::{Key, Record, State};
use crate::UnixMillis;

/// So many actions of an event are kept, the last ones.
const MAX_ACTIONS: usize = 8;

/// The longest reason that is kept, in bytes.
const MAX_REASON_BYTES: usize = 80;

/// Something that an operator did with an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What.
    #[serde(flatten)]
    pub kind: ActionKind,
    /// When.
    #[serde(rename = "at_ms")]
    pub at: UnixMillis,
    /// Who: an ARN, or user and machine.
    pub by: String,
    /// The name of the operation that this was part of.
    pub operation: String,
    /// Why, if the operator said so; cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum ActionKind {
    /// Deleted a message of it.
    Dropped,
    /// Sent a message of it back to its lane.
    Replayed {
        /// The generation that it was sent as.
        generation: u32,
    },
    /// Gave it another body, which runs as a later generation.
    Repaired {
        /// That generation.
        generation: u32,
        /// The SHA-256 of that body.
        body_sha256: String,
    },
}

impl Action {
    /// Its reason is cut to what is kept.
    pub fn new(kind: ActionKind, at: UnixMillis, by: &str, operation: &str, reason: Option<&str>) -> Self {
        let reason = reason.map(|text| text[..text.floor_char_boundary(MAX_REASON_BYTES)].to_owned());
        Self { kind, at, by: by.to_owned(), operation: operation.to_owned(), reason }
    }
}

/// An action, and the message that it is done with.
#[derive(Debug, Clone)]
pub struct ActionRequest<'a> {
    /// Which event.
    pub key: &'a Key,
    /// What is done.
    pub action: &'a Action,
    /// The hash of the message's body; `None` for a message that can't be read.
    pub body_sha256: Option<&'a str>,
    /// How often the message was parked before.
    pub parks: u32,
}

/// What recording an action came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The event's state and story tell it.
    Changed,
    /// Its story tells it. Its state stays: the event ended, runs now, or has another message on its way.
    Noted,
    /// It was recorded before.
    Repeated,
    /// The ledger has no such event.
    Unknown,
}

/// What a record becomes by an action.
pub fn act(record: Option<&Record>, request: &ActionRequest<'_>) -> (Recorded, Option<Record>) {
    let Some(record) = record else { return (Recorded::Unknown, None) };
    let action = request.action;
    let is_same = |known: &Action| known.operation == action.operation && known.kind == action.kind;
    if record.actions.iter().any(is_same) {
        return (Recorded::Repeated, None);
    }
    let mut after = record.clone();
    after.actions.push(action.clone());
    let surplus = after.actions.len().saturating_sub(MAX_ACTIONS);
    after.actions.drain(..surplus);
    match next_state(record, request) {
        Some(state) => {
            (after.state, after.updated_at) = (state, action.at);
            (Recorded::Changed, Some(after))
        }
        None => (Recorded::Noted, Some(after)),
    }
}

fn next_state(record: &Record, request: &ActionRequest<'_>) -> Option<State> {
    let is_free = match &record.state {
        State::Failed(_) | State::Parked { .. } => true,
        State::Leased { until } => *until < request.action.at,
        State::Done | State::Stale | State::Dropped | State::Replaced { .. } => false,
    };
    // As for a claim: a message of another body is not the event's, and a parked copy takes the place of its message.
    let is_its_message =
        request.body_sha256.is_none_or(|body| body == record.body_sha256) && record.parks <= request.parks;
    match &request.action.kind {
        ActionKind::Dropped if is_free && is_its_message => Some(State::Dropped),
        ActionKind::Repaired { generation, .. } if is_free => Some(State::Replaced { generation: *generation }),
        ActionKind::Dropped | ActionKind::Repaired { .. } | ActionKind::Replayed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Failure, ledger::Owner};

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn record(state: State) -> Record {
        Record {
            owner: Owner("a worker".into()),
            attempts: 1,
            body_sha256: "aa".into(),
            updated_at: UnixMillis(0),
            ..Record::new(Key { event: "north.myshopify.com#1".into(), generation: 0 }, state, NOW)
        }
    }

    fn action(kind: ActionKind, operation: &str) -> Action {
        Action::new(kind, NOW, "operator", operation, None)
    }

    fn repaired() -> ActionKind {
        ActionKind::Repaired { generation: 1, body_sha256: "bb".into() }
    }

    #[track_caller]
    fn check(record: &Record, kind: ActionKind, body: &str, parks: u32, expected: Option<State>) {
        let action = action(kind, "op");
        let request = ActionRequest { key: &record.key, action: &action, body_sha256: Some(body), parks };
        let (recorded, after) = act(Some(record), &request);
        let after = after.unwrap();
        assert_eq!(after.actions, [action], "{record:?}");
        match expected {
            Some(state) => assert_eq!((recorded, after.state, after.updated_at), (Recorded::Changed, state, NOW)),
            None => assert_eq!((recorded, after.state), (Recorded::Noted, record.state.clone())),
        }
    }

    #[test]
    fn event_that_neither_ended_nor_runs_is_dropped_or_replaced() {
        let expired = State::Leased { until: UnixMillis(NOW.0 - 1) };
        for state in [
            State::Failed(Failure::transient("x")),
            State::Failed(Failure::permanent("x")),
            State::Parked { until: NOW },
            expired,
        ] {
            check(&record(state.clone()), ActionKind::Dropped, "aa", 0, Some(State::Dropped));
            check(&record(state.clone()), repaired(), "aa", 0, Some(State::Replaced { generation: 1 }));
            check(&record(state), ActionKind::Replayed { generation: 0 }, "aa", 0, None);
        }
    }

    #[test]
    fn event_that_ended_or_runs_keeps_its_state() {
        let running = State::Leased { until: NOW + Duration::from_secs(5) };
        for state in [State::Done, State::Stale, State::Dropped, State::Replaced { generation: 1 }, running] {
            check(&record(state.clone()), ActionKind::Dropped, "aa", 0, None);
            check(&record(state), repaired(), "aa", 0, None);
        }
    }

    #[test]
    fn drop_of_another_body_or_of_a_message_whose_copy_waits_keeps_the_state() {
        let failed = || record(State::Failed(Failure::permanent("x")));
        check(&failed(), ActionKind::Dropped, "another", 0, None);
        let parked = Record { parks: 2, ..record(State::Parked { until: NOW }) };
        check(&parked, ActionKind::Dropped, "aa", 1, None);
        check(&parked, ActionKind::Dropped, "aa", 2, Some(State::Dropped));
    }

    #[test]
    fn same_operation_again_changes_nothing_and_only_the_last_actions_are_kept() {
        let mut record = record(State::Failed(Failure::permanent("x")));
        for number in 0..20 {
            let action = action(ActionKind::Replayed { generation: 0 }, &format!("op-{number}"));
            let request = ActionRequest { key: &record.key, action: &action, body_sha256: None, parks: 0 };
            let (recorded, after) = act(Some(&record), &request);
            let after = after.unwrap();
            assert_eq!((recorded, act(Some(&after), &request).0), (Recorded::Noted, Recorded::Repeated));
            record = after;
        }
        let kept: Vec<&str> = record.actions.iter().map(|action| action.operation.as_str()).collect();
        assert_eq!((kept.len(), kept[7]), (MAX_ACTIONS, "op-19"));
        let action = action(ActionKind::Dropped, "op");
        let request = ActionRequest { key: &record.key, action: &action, body_sha256: None, parks: 0 };
        assert_eq!(act(None, &request), (Recorded::Unknown, None));
    }

    #[test]
    fn reason_is_cut_at_a_character() {
        let long = Action::new(ActionKind::Dropped, NOW, "me", "op", Some(&"é".repeat(99)));
        assert_eq!(long.reason.map(|reason| reason.len()), Some(MAX_REASON_BYTES));
    }
}
