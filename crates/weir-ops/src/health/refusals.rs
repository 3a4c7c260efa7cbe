//! What AWS refuses the workers, as the events that wait for it say.

use std::collections::BTreeSet;

use weir_aws::{
    DynamoLedger,
    ledger::{Listing, Range},
};
use weir_core::{
    MISCONFIGURED, UnixMillis,
    ledger::index::{Bucket, Unsettled},
};

use super::error::HealthError;

/// So many parked events are looked at, the newest first.
const EVENTS: u32 = 100;

/// Each refused call once: `PutEvents on shop-bus: AccessDeniedException`.
pub(super) async fn read(ledger: &DynamoLedger, now: UnixMillis) -> Result<Vec<String>, HealthError> {
    let range = Range { since: UnixMillis(0), until: now };
    let mut parked = Listing::by_unsettled(ledger, &[Unsettled::Parked], &Bucket::all(), range, 1);
    let mut refusals = BTreeSet::new();
    for _ in 0..EVENTS {
        let Some(entry) = parked.next().await? else { break };
        refusals.extend(entry.last_error.as_deref().and_then(refusal));
    }
    Ok(refusals.into_iter().collect())
}

fn refusal(error: &str) -> Option<String> {
    error.strip_prefix(MISCONFIGURED).map(str::to_owned)
}
