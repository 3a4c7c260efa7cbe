//! Deliveries that failed or are parked: not missing, whatever the fence says.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use weir_core::{
    UnixMillis,
    ledger::{Key, Record},
    topics::happens_once,
};

use super::{
    Reconciler, Stop,
    look::Look,
    repair::{Known, Missed, known},
};
use crate::{Outside, Troubled, change::Change};

/// Clocks differ: an event may seem to have been received before it happened.
const SKEW: Duration = Duration::from_secs(5);

/// What failed or is parked, of all that was received since a moment.
pub(super) struct Troubles {
    since: UnixMillis,
    /// By topic and resource.
    keys: HashMap<(String, String), Vec<Key>>,
}

impl<O: Outside> Reconciler<O> {
    /// Those of which the ledger knows no delivery that failed or is parked. The others are counted. The index of trouble
    /// is read only if something seems to be missing: once a walk, and once more for an event that is older than the walk.
    pub(super) async fn untroubled<'a>(
        &self,
        look: &mut Look<'_>,
        missed: Vec<Missed<'a>>,
        changes: &[Change],
        troubles: &mut Option<Troubles>,
    ) -> Result<Vec<Missed<'a>>, Stop> {
        if missed.is_empty() {
            return Ok(missed);
        }
        let is_older = |one: &Missed<'_>| one.at.as_millisecond() < look.walk.from.0;
        let oldest = if missed.iter().any(is_older) { look.bounds.once_from } else { look.walk.from };
        let since = oldest.min(look.walk.from) - SKEW;
        if troubles.as_ref().is_none_or(|known| known.since > since) {
            let all = self.outside.troubled(look.request.shop, since).await?;
            let mut keys: HashMap<_, Vec<_>> = HashMap::new();
            for Troubled { key, topic, resource, .. } in all.into_iter().filter(|one| one.app == look.request.app) {
                keys.entry((topic, resource)).or_default().push(key);
            }
            *troubles = Some(Troubles { since, keys });
        }
        let mut left = Vec::new();
        for one in missed {
            let (change, topic) = (&changes[one.change], &one.wanted.topic);
            let place = (topic.clone(), format!("{}/{}", change.kind.resource(), change.id));
            let keys = troubles.as_ref().and_then(|troubles| troubles.keys.get(&place));
            let mut worst = Known::Nothing;
            for key in keys.into_iter().flatten() {
                let record = self.outside.event(key).await?;
                let is_of_it = record.as_ref().is_some_and(|record| is_of(record, topic, change));
                if is_of_it && worst != Known::Ended && worst != Known::OnItsWay {
                    worst = known(record.as_ref(), self.clock.now());
                }
            }
            match worst {
                Known::Nothing => left.push(one),
                Known::Ended => {}
                Known::OnItsWay => look.report.on_their_way += 1,
                Known::Dead => look.report.dead += 1,
            }
        }
        Ok(left)
    }
}

/// Whether the event tells of this change, and not of one before it.
fn is_of(record: &Record, topic: &str, change: &Change) -> bool {
    let triggered = || record.triggered_at.as_deref()?.parse::<Timestamp>().ok();
    happens_once(topic) || triggered().is_none_or(|at| at.as_second() >= change.updated.as_second())
}
