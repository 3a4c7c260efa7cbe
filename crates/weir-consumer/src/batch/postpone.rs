//! Tells the queue when failed messages come back.

use std::{borrow::Borrow, time::Duration};

use super::{Message, Verdict};
use crate::services::Queue;

/// Sets when each message is seen again whose verdict says that.
pub(crate) async fn postpone<M: Borrow<Message>>(queue: &impl Queue, verdicts: &[(M, Verdict)]) {
    let later: Vec<(String, Duration)> = verdicts
        .iter()
        .filter_map(|(message, verdict)| Some((message.borrow().receipt_handle.clone(), verdict.visible_after()?)))
        .collect();
    if later.is_empty() {
        return;
    }
    if let Some((count, reason)) = queue.postpone(&later).await {
        tracing::warn!(count, reason, "Failed messages keep the queue's visibility time-out");
    }
}
