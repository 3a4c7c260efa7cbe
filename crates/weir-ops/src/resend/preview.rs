//! What a resend would do.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use weir_core::UnixMillis;

use super::{
    ResendError, ResendPlan, Resender, SkipReason,
    selection::{Pages, Selection, SelectionProgress},
};
use crate::cost;

/// An event that is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// `SHOP#ID`
    pub event: String,
    /// Why.
    pub reason: SkipReason,
}

/// What a resend would do.
#[derive(Debug, Default, Serialize)]
pub struct Preview {
    /// Nothing is, by a preview.
    pub changed: bool,
    /// How many events are meant.
    pub matching: u64,
    /// How many would be sent.
    pub sends: u64,
    /// Of these, how many of each topic.
    pub topics: BTreeMap<String, u64>,
    /// How many of each shop.
    pub shops: BTreeMap<String, u64>,
    /// How many to each lane.
    pub to: BTreeMap<&'static str, u64>,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// About what it costs at list prices; `None` where their bodies are too large for an estimate.
    pub dollars: Option<f64>,
    /// Events that would not be sent, and why.
    pub skipped: Vec<Skipped>,
}

impl Preview {
    /// What is written down of it.
    #[must_use]
    pub fn planned(&self) -> ResendPlan {
        ResendPlan { matching: self.matching, sends: self.sends }
    }

    /// How many are not sent for each reason.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<SkipReason, u64> {
        let mut reasons = BTreeMap::new();
        for skipped in &self.skipped {
            *reasons.entry(skipped.reason).or_default() += 1;
        }
        reasons
    }
}

/// Looks at all events that are meant, with their bodies, and changes nothing.
///
/// # Errors
/// If the ledger, the fence or the archive can't be read.
pub async fn preview(
    resender: &Resender<'_>,
    selection: &Selection,
    superseded: bool,
    limit: Option<u64>,
    mut progress: impl FnMut(SelectionProgress),
) -> Result<Preview, ResendError> {
    let now = UnixMillis::now();
    let (mut pages, none) = (Pages::new(selection, now), HashMap::new());
    let mut preview = Preview::default();
    let limit = limit.unwrap_or(u64::MAX);
    while preview.sends < limit
        && let Some(events) = pages.next(&resender.backend.ledger, &mut progress).await?
    {
        for (event, prepared) in resender.prepare(events, &none, superseded, now).await? {
            if preview.sends >= limit {
                break;
            }
            preview.matching += 1;
            match prepared {
                Err(reason) => preview.skipped.push(Skipped { event, reason }),
                Ok(None) => {}
                Ok(Some(ready)) => {
                    preview.sends += 1;
                    preview.bytes += ready.body.len() as u64;
                    *preview.topics.entry(ready.meta.topic.to_string()).or_default() += 1;
                    *preview.shops.entry(ready.meta.shop.to_string()).or_default() += 1;
                    *preview.to.entry(ready.record.lane.as_str()).or_default() += 1;
                }
            }
        }
    }
    if let Some(average) = preview.bytes.checked_div(preview.sends) {
        preview.dollars = cost::of_deliveries(preview.sends, usize::try_from(average).unwrap_or(usize::MAX));
    }
    Ok(preview)
}
