//! The reference: the pure transitions over maps.

use std::{collections::HashMap, sync::Mutex};

use weir_core::{
    StoreError, UnixMillis, WebhookId,
    fence::{self, Entry, Fence, Leave},
    ledger::{
        self, ActionLog, ActionRequest, Attempt, AttemptResult, Claim, ClaimRequest, Key, Ledger, Record, Recorded,
        RepeatKind, SLOTS, SettleRequest, Settled, State,
    },
};

/// A ledger and fence in memory whose every decision is `weir_core`'s.
#[derive(Debug, Default)]
pub struct ModelLedger {
    records: Mutex<HashMap<Key, Record>>,
    resources: Mutex<HashMap<String, fence::Record>>,
}

impl ModelLedger {
    /// The record of a key.
    pub fn get(&self, key: &Key) -> Option<Record> {
        self.locked(|records| records.get(key).cloned())
    }

    /// Every record.
    pub fn records(&self) -> Vec<Record> {
        self.locked(|records| records.values().cloned().collect())
    }

    /// What the fence knows of a resource.
    pub fn resource(&self, key: &str) -> Option<fence::Record> {
        self.locked_resources(|resources| resources.get(key).cloned())
    }

    /// Lets every lease run out, as if its time had passed.
    pub fn expire_leases(&self) {
        self.locked(|records| {
            for record in records.values_mut() {
                if let State::Leased { until } = &mut record.state {
                    *until = UnixMillis(0);
                }
            }
        });
        self.locked_resources(|resources| {
            for (_, until) in resources.values_mut().filter_map(|resource| resource.held.as_mut()) {
                *until = UnixMillis(0);
            }
        });
    }

    fn locked_resources<T>(&self, act: impl FnOnce(&mut HashMap<String, fence::Record>) -> T) -> T {
        act(&mut self.resources.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<Key, Record>) -> T) -> T {
        // A panic in one test's task must not hide what the others see.
        act(&mut self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Ledger for ModelLedger {
    async fn claim(&self, ask: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        Ok(self.locked(|records| {
            let before = records.get(ask.key);
            let claim = ledger::claim(before, ask);
            if claim.is_granted() {
                let meta = ask.meta;
                let record = Record {
                    key: ask.key.clone(),
                    state: State::Leased { until: ask.lease_until },
                    owner: ask.owner.clone(),
                    attempts: before.map_or(0, |r| r.attempts) + 1,
                    duplicates: before.map_or(0, |r| r.duplicates),
                    mismatches: before.map_or(0, |r| r.mismatches),
                    parks: before.map_or(0, |r| r.parks),
                    webhook_id: before.and_then(|r| r.webhook_id.clone()).or_else(|| ask.webhook_id().cloned()),
                    last_webhook_id: ask.webhook_id().cloned(),
                    progress: before.map_or_else(ledger::Progress::default, |r| r.progress.clone()),
                    body_sha256: before.map_or_else(|| ask.body_sha256.to_owned(), |r| r.body_sha256.clone()),
                    topic: meta.map(|m| m.topic.clone()),
                    app: meta.map(|m| m.app.clone()),
                    event_id: meta.and_then(|m| m.event_id.clone()),
                    lane: ask.lane,
                    triggered_at: meta.and_then(|m| m.triggered_at.clone()),
                    resource: ask.resource.map(str::to_owned).or_else(|| before.and_then(|r| r.resource.clone())),
                    received_at: before.map_or_else(|| meta.map_or(ask.now, |m| m.received_at), |r| r.received_at),
                    updated_at: ask.now,
                    last_error: before.and_then(|r| r.last_error.clone()),
                    history: before.map_or_else(Vec::new, |r| r.history.clone()),
                    test: before.is_some_and(|r| r.test) || meta.is_some_and(|m| m.test),
                    actions: before.map_or_else(Vec::new, |r| r.actions.clone()),
                };
                records.insert(ask.key.clone(), record);
            }
            claim
        }))
    }

    async fn settle(&self, ended: &SettleRequest<'_>) -> Result<Settled, StoreError> {
        let SettleRequest { key, owner, ending, .. } = *ended;
        Ok(self.locked(|records| {
            let settled = ledger::settle(records.get(key), owner, ending);
            if let (Settled::Written, Some(record)) = (settled, records.get_mut(key)) {
                record.updated_at = ended.now;
                record.resource = ended.resource.map(str::to_owned).or_else(|| record.resource.take());
                remember(&mut record.history, Attempt::of(ended));
                record.state = match ending {
                    AttemptResult::Done => State::Done,
                    AttemptResult::Stale | AttemptResult::Repeated => State::Stale,
                    AttemptResult::Failed(failure) => {
                        record.last_error = Some(failure.reason().to_owned());
                        record.parks = ended.copy.unwrap_or(record.parks);
                        record.progress = ended.progress.clone();
                        State::Failed(failure.clone())
                    }
                    AttemptResult::Parked { parks, until, reason } => {
                        record.last_error = Some(reason.clone());
                        record.parks = *parks;
                        record.progress = ended.progress.clone();
                        State::Parked { until: *until }
                    }
                };
            }
            settled
        }))
    }

    async fn count(&self, key: &Key, again: RepeatKind, webhook_id: Option<&WebhookId>) -> Result<(), StoreError> {
        self.locked(|records| {
            if let Some(record) = records.get_mut(key) {
                record.last_webhook_id = webhook_id.cloned().or_else(|| record.last_webhook_id.take());
                match again {
                    RepeatKind::Duplicate => record.duplicates += 1,
                    RepeatKind::Mismatch => record.mismatches += 1,
                }
            }
        });
        Ok(())
    }
}

impl ActionLog for ModelLedger {
    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError> {
        Ok(self.locked(|records| {
            let (recorded, after) = ledger::act(records.get(request.key), request);
            if let Some(after) = after {
                records.insert(request.key.clone(), after);
            }
            recorded
        }))
    }
}

/// Each attempt takes the slot of its number, whoever was there before.
fn remember(history: &mut Vec<Attempt>, attempt: Attempt) {
    history.retain(|before| before.number % SLOTS != attempt.number % SLOTS);
    history.push(attempt);
    history.sort_by_key(|attempt| attempt.number);
}

impl Fence for ModelLedger {
    async fn enter(&self, ask: &fence::EnterRequest<'_>) -> Result<Entry, StoreError> {
        Ok(self.locked_resources(|resources| {
            let before = resources.get(ask.key);
            let entry = fence::enter(before, ask);
            let raises = fence::raises(before, ask, entry);
            if raises || entry == Entry::Granted {
                let record = resources.entry(ask.key.to_owned()).or_insert_with(|| fence::Record {
                    key: ask.key.to_owned(),
                    newest: ask.state.clone(),
                    held: None,
                    ran: std::collections::BTreeMap::new(),
                });
                if raises {
                    record.newest = ask.state.after(Some(&record.newest));
                }
                if entry == Entry::Granted {
                    record.held = Some((ask.owner.clone(), ask.lease_until));
                }
            }
            entry
        }))
    }

    async fn leave(&self, ask: &fence::EnterRequest<'_>, how: Leave) -> Result<Settled, StoreError> {
        Ok(self.locked_resources(|resources| {
            let settled = fence::leave(resources.get(ask.key), ask);
            if settled == Settled::Lost && how == Leave::Ran && fence::has_left(resources.get(ask.key), ask) {
                return Settled::Written;
            }
            if let (Settled::Written, Some(record)) = (settled, resources.get_mut(ask.key)) {
                match how {
                    Leave::Ran => {
                        record.held = None;
                        record.ran.insert(ask.mark.clone(), ask.run.clone());
                    }
                    Leave::Free => record.held = None,
                    Leave::Closed(until) => record.held = Some((ask.owner.clone(), until)),
                }
            }
            settled
        }))
    }
}
