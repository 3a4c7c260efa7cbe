//! The reference: the pure transitions over a map.

use std::{collections::HashMap, sync::Mutex};

use weir_core::{
    Failure, UnixMillis,
    ledger::{self, Ask, Claim, Key, Ledger, LedgerError, Owner, Record, Settled, State},
};

/// A ledger in memory whose every decision is `weir_core::ledger`'s.
#[derive(Debug, Default)]
pub struct ModelLedger {
    records: Mutex<HashMap<Key, Record>>,
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

    /// Lets every lease run out, as if its time had passed.
    pub fn expire_leases(&self) {
        self.locked(|records| {
            for record in records.values_mut() {
                if let State::Leased { until } = &mut record.state {
                    *until = UnixMillis(0);
                }
            }
        });
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<Key, Record>) -> T) -> T {
        // A panic in one test's task must not hide what the others see.
        act(&mut self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn settle(
        &self,
        key: &Key,
        settled: impl FnOnce(Option<&Record>) -> Settled,
        state: State,
        now: UnixMillis,
    ) -> Settled {
        self.locked(|records| {
            let settled = settled(records.get(key));
            if let (Settled::Written, Some(record)) = (settled, records.get_mut(key)) {
                if let State::Failed(failure) = &state {
                    record.last_error = Some(failure.reason().to_owned());
                }
                record.state = state;
                record.updated_at = now;
            }
            settled
        })
    }
}

impl Ledger for ModelLedger {
    async fn claim(&self, ask: &Ask<'_>) -> Result<Claim, LedgerError> {
        Ok(self.locked(|records| {
            let before = records.get(ask.key);
            let claim = ledger::claim(before, ask);
            if claim == Claim::Granted {
                let meta = ask.meta;
                let record = Record {
                    key: ask.key.clone(),
                    state: State::Leased { until: ask.lease_until },
                    owner: ask.owner.clone(),
                    attempts: before.map_or(0, |r| r.attempts) + 1,
                    duplicates: before.map_or(0, |r| r.duplicates),
                    body_sha256: ask.body_sha256.to_owned(),
                    topic: meta.map(|m| m.topic.clone()),
                    app: meta.map(|m| m.app.clone()),
                    event_id: meta.and_then(|m| m.event_id.clone()),
                    lane: ask.lane,
                    triggered_at: meta.and_then(|m| m.triggered_at.clone()),
                    received_at: meta.map_or(ask.now, |m| m.received_at),
                    updated_at: ask.now,
                    last_error: before.and_then(|r| r.last_error.clone()),
                };
                records.insert(ask.key.clone(), record);
            }
            claim
        }))
    }

    async fn complete(&self, key: &Key, owner: &Owner, now: UnixMillis) -> Result<Settled, LedgerError> {
        Ok(self.settle(key, |record| ledger::complete(record, owner), State::Done, now))
    }

    async fn release(
        &self,
        key: &Key,
        owner: &Owner,
        failure: &Failure,
        now: UnixMillis,
    ) -> Result<Settled, LedgerError> {
        Ok(self.settle(key, |record| ledger::release(record, owner), State::Failed(failure.clone()), now))
    }

    async fn count_duplicate(&self, key: &Key) -> Result<(), LedgerError> {
        self.locked(|records| {
            if let Some(record) = records.get_mut(key) {
                record.duplicates += 1;
            }
        });
        Ok(())
    }
}
