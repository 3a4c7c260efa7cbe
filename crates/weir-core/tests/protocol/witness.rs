//! What happened at least once: a model in which nothing can happen breaks no promise.

use std::sync::atomic::{AtomicU32, Ordering};

use weir_core::{
    fence::Entry,
    ledger::{Claim, Settled},
};

use super::state::{End, Row, RowState, Worker};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Granted,
    TakenOver,
    Duplicate,
    Busy,
    Mismatch,
    Copied,
    Condemned,
    Entered,
    EntryBusy,
    EntryStale,
    EntryRan,
    EntryRepeated,
    LeaveLost,
    SettleLost,
    Done,
    ForcedDone,
    Stale,
    Parked,
    DoneAfterParking,
    GaveUp,
}

#[derive(Debug, Default)]
pub(crate) struct Witness(AtomicU32);

impl Witness {
    pub(crate) fn note(&self, fact: Fact) {
        let bit = 1 << fact as u32;
        // Most often it is known; writing it each time would have the threads wait for each other.
        if self.0.load(Ordering::Relaxed) & bit == 0 {
            self.0.fetch_or(bit, Ordering::Relaxed);
        }
    }

    pub(crate) fn saw(&self, fact: Fact) -> bool {
        self.0.load(Ordering::Relaxed) & (1 << fact as u32) != 0
    }

    pub(crate) fn claim(&self, before: Option<&Row>, worker: &Worker, claim: &Claim) {
        let leased = |row: &Row| matches!(row.state, RowState::Leased(_)) && row.owner != worker.owner;
        self.note(match claim {
            Claim::Granted { .. } if before.is_some_and(leased) => Fact::TakenOver,
            Claim::Granted { .. } => Fact::Granted,
            Claim::Duplicate | Claim::Redelivered => Fact::Duplicate,
            Claim::Busy(_) => Fact::Busy,
            Claim::Mismatch => Fact::Mismatch,
            Claim::SupersededByCopy => Fact::Copied,
            Claim::PermanentlyFailed => Fact::Condemned,
        });
    }

    pub(crate) fn entry(&self, entry: Entry) {
        self.note(match entry {
            Entry::Granted => Fact::Entered,
            Entry::Busy(_) => Fact::EntryBusy,
            Entry::Stale(_) => Fact::EntryStale,
            Entry::Ran => Fact::EntryRan,
            Entry::Repeated => Fact::EntryRepeated,
        });
    }

    pub(crate) fn settled(&self, settled: Settled, lost: Fact) {
        if settled == Settled::Lost {
            self.note(lost);
        }
    }

    pub(crate) fn ended(&self, end: End, worker: &Worker) {
        match end {
            End::Done => {
                self.note(Fact::Done);
                if worker.generation > 0 {
                    self.note(Fact::ForcedDone);
                }
                if worker.stay.is_some() {
                    self.note(Fact::DoneAfterParking);
                }
            }
            End::Stale | End::Repeated => self.note(Fact::Stale),
            End::Parked => self.note(Fact::Parked),
            End::Transient | End::Permanent => {}
        }
    }
}
