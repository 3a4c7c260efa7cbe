//! An attempt at an event, from its claim to its end.

use weir_core::{
    UnixMillis, WebhookId,
    ledger::{AttemptResult, ClaimRequest, Key, Owner, Progress, SettleRequest},
};

/// What the ledger grants with a claim.
pub(super) struct Granted {
    /// The attempt's number.
    pub(super) attempt: u32,
    /// The webhook id of the event's first delivery, if that is another one.
    pub(super) first: Option<WebhookId>,
    /// What earlier attempts left.
    pub(super) progress: Progress,
}

/// An attempt at an event, from its claim on.
pub(super) struct Attempt<'a> {
    pub(super) key: &'a Key,
    pub(super) owner: &'a Owner,
    number: u32,
    receives: u32,
    begun: UnixMillis,
    /// Known at the claim, or once the body is open.
    pub(super) resource: Option<String>,
    /// What earlier attempts left; the handlers that succeed in this one are added to it.
    pub(super) progress: Progress,
}

impl<'a> Attempt<'a> {
    pub(super) fn begun(ask: &ClaimRequest<'a>, Granted { attempt: number, progress, .. }: Granted) -> Self {
        let ClaimRequest { key, owner, receives, now, .. } = *ask;
        Self { key, owner, number, receives, begun: now, resource: ask.resource.map(str::to_owned), progress }
    }

    /// Its end, after which no message comes back by itself, and no copy.
    pub(super) fn ended<'b>(
        &'b self,
        ending: &'b AttemptResult,
        progress: &'b Progress,
        now: UnixMillis,
    ) -> SettleRequest<'b> {
        let Self { key, owner, number, receives, begun, ref resource, .. } = *self;
        let resource = resource.as_deref();
        let (comes_back, copy) = (None, None);
        SettleRequest {
            key,
            owner,
            ending,
            attempt: number,
            receives,
            begun,
            comes_back,
            copy,
            progress,
            resource,
            now,
        }
    }
}
