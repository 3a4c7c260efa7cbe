//! The transitions, pure.

use super::{EnterRequest, Entry, Record, Run, Settled};
use crate::is_believed;

/// Whether the asker may handle an event of the resource.
pub fn enter(record: Option<&Record>, ask: &EnterRequest<'_>) -> Entry {
    let Some(record) = record else { return Entry::Granted };
    let ran = record.ran.get(ask.mark);
    if ran == Some(ask.run) {
        return Entry::Ran;
    }
    let newest = &record.newest;
    let is_older = ask.state.version.is_older_than(&newest.version);
    if let Some(run) = ran.filter(|run| !is_forced_replay(run, ask.run)) {
        match of_its_topic(run, record, ask) {
            Among::Fresh => {}
            Among::Once if is_older => return Entry::Stale(newest.version),
            // Nothing is written: whoever is in there makes no difference.
            Among::Once | Among::Repeated => return Entry::Repeated,
            Among::Older => return Entry::Stale(newest.version),
        }
    }
    // Older than one that was let in: that will not change, whoever is in there.
    if is_older && !ask.state.is_same_as(newest) {
        return Entry::Stale(newest.version);
    }
    busy(record, ask).unwrap_or(Entry::Granted)
}

/// Whether an entry makes the asker's state the newest one. Of an entry beside the newest state, by another topic of the
/// same action, it does not.
pub fn raises(record: Option<&Record>, ask: &EnterRequest<'_>, entry: Entry) -> bool {
    let is_older = |record: &Record| ask.state.version.is_older_than(&record.newest.version);
    entry == Entry::Granted && !record.is_some_and(is_older)
}

/// An event among those that its topic ran for.
enum Among {
    /// It is a state of its own.
    Fresh,
    /// It may run once at most, and its topic ran.
    Once,
    /// Its state is the one that ran, or one before that.
    Repeated,
    /// Its state is older than the one that ran.
    Older,
}

fn of_its_topic(run: &Run, record: &Record, ask: &EnterRequest<'_>) -> Among {
    if ask.once {
        return Among::Once;
    }
    if run.at_update() != ask.run.at_update() {
        return Among::Fresh;
    }
    if run.is_before(ask.run) {
        // The same body again may be a state that returned: another state may have had an effect in between, and failed.
        let is_known = looks_repeated(run, record, ask) && record.newest.version == run.version;
        return if is_known { Among::Repeated } else { Among::Fresh };
    }
    // Without `updated_at` a body may be the same in every state.
    let is_signed = ask.state.version.updated_at().is_some();
    let is_same_body = run.body == ask.run.body;
    let ties = run.to_string().starts_with(&ask.run.at_version());
    match (is_same_body, ties) {
        (true, _) if ties || is_signed => Among::Repeated,
        (false, true) if run.delivery != ask.run.delivery => Among::Fresh,
        _ => Among::Older,
    }
}

/// Whether a state that was read from the Admin API, and so has no trigger, has the body of the newest one and of the
/// topic's run. Nothing came in between if both are of one version: then the state is the one that ran.
pub fn looks_repeated(run: &Run, record: &Record, ask: &EnterRequest<'_>) -> bool {
    let version = ask.state.version;
    let is_read = version.updated_at().is_some() && version.triggered_at().is_none();
    is_read && run.body == ask.run.body && record.newest.body == run.body
}

/// Whether another owner is in there.
fn busy(record: &Record, ask: &EnterRequest<'_>) -> Option<Entry> {
    match &record.held {
        Some((owner, until)) if owner != ask.owner && *until >= ask.now && is_believed(*until, ask.now) => {
            Some(Entry::Busy(until.since(ask.now)))
        }
        _ => None,
    }
}

/// An operator runs an event again, that ran before.
fn is_forced_replay(ran: &Run, asked: &Run) -> bool {
    ran.version == asked.version && ran.delivery == asked.delivery && ran.generation < asked.generation
}

/// Whether the asker may free the resource: fenced by owner.
pub fn leave(record: Option<&Record>, ask: &EnterRequest<'_>) -> Settled {
    let holds = |record: &Record| record.held.as_ref().is_some_and(|(owner, _)| owner == ask.owner);
    if record.is_some_and(holds) { Settled::Written } else { Settled::Lost }
}

/// Whether the asker left before, having run: its reply was lost, and there is nothing left to write. Another may be in
/// there by now, whom a second write would let nobody wait for.
pub fn has_left(record: Option<&Record>, ask: &EnterRequest<'_>) -> bool {
    record.is_some_and(|record| record.ran.get(ask.mark) == Some(ask.run))
}

#[cfg(test)]
mod tests;
