//! States that differ only in names are one: which of the workers it is, in which order messages lie, how long ago a
//! lease ran out that everybody knows to be over.

use super::state::{DEAD, MESSAGES, NO_SLOT, Owner, Phase, RowState, State, Ticks};

/// The owner of a receive that has just begun.
pub(crate) const NEW: Owner = 14;
/// The owner of a stray request whose sender is gone.
const GONE: Owner = 15;

impl State {
    /// `is_timely` says whether it makes a difference how late a worker is, once its effect is over.
    pub(crate) fn normal(mut self, is_timely: bool) -> Self {
        self.forget_times(is_timely);
        self.sort_messages();
        self.name_owners();
        self.forget_old_leases();
        self
    }

    /// Once the effect is over no request carries the time, and a worker may be as late as it likes.
    fn forget_times(&mut self, is_timely: bool) {
        for worker in self.workers.iter_mut().flatten().chain(&mut self.stray) {
            if worker.is_timeless() && !is_timely {
                (worker.ahead, worker.deadline, worker.asked) = (0, 0, None);
            }
            if !matches!(worker.phase, Phase::Claim) {
                worker.receives = 0;
            }
        }
    }

    fn sort_messages(&mut self) {
        let mut order: [usize; MESSAGES] = std::array::from_fn(|slot| slot);
        order.sort_by_key(|slot| (self.messages[*slot].is_none(), self.messages[*slot]));
        let before = self.messages;
        self.messages = order.map(|slot| before[slot]);
        for worker in self.workers.iter_mut().flatten() {
            let moved = order.iter().position(|slot| *slot == usize::from(worker.slot));
            worker.slot = moved.map_or(NO_SLOT, |slot| slot as u8);
        }
        if let Some(stray) = &mut self.stray {
            // A request names no receive.
            stray.slot = NO_SLOT;
        }
    }

    fn name_owners(&mut self) {
        let key = |worker: &Option<super::state::Worker>| {
            // The name itself must not decide the order, but what it holds may.
            (worker.is_none(), worker.map(|worker| super::state::Worker { owner: 0, ..worker }))
        };
        self.workers.sort_by_key(key);
        let mut names = [DEAD; 16];
        if let Some(stray) = &mut self.stray {
            names[usize::from(stray.owner)] = GONE;
        }
        for (name, worker) in (1..).zip(self.workers.iter_mut()) {
            if let Some(worker) = worker {
                names[usize::from(worker.owner)] = name;
                worker.owner = name;
            }
        }
        let rename = |owner: &mut Owner| *owner = names[usize::from(*owner)];
        self.stray.iter_mut().for_each(|stray| rename(&mut stray.owner));
        self.ledger.iter_mut().flatten().flatten().for_each(|row| rename(&mut row.owner));
        if let Some((owner, _)) = self.resource.as_mut().and_then(|resource| resource.held.as_mut()) {
            rename(owner);
        }
    }

    fn forget_old_leases(&mut self) {
        let asked = self.workers.iter().flatten().chain(&self.stray).filter_map(|worker| worker.asked);
        // Run out for whoever asks, with the time that is in the oldest request.
        let over: Ticks = asked.min().unwrap_or(0).min(0) - 1;
        for row in self.ledger.iter_mut().flatten().flatten() {
            if let RowState::Leased(until) = &mut row.state {
                *until = (*until).max(over);
            }
        }
        let Some(resource) = &mut self.resource else { return };
        resource.held = match resource.held {
            Some((DEAD, until)) if until <= over => None,
            held => held.map(|(owner, until)| (owner, until.max(over))),
        };
    }
}
