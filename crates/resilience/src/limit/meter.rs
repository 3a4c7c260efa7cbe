//! One limit in one process.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::{info, warn};

use super::{
    Limit, NotFor,
    bucket::{Answer, Ask, Slot},
    limiter::Shared,
    lump::Spent,
};
use crate::UnixMillis;

/// What this process knows of a limit.
pub(super) struct Meter {
    name: String,
    local: Mutex<Local>,
    /// One asks at a time: the others are served from what it gets.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Local {
    /// The limit that all below goes by.
    limit: Option<Limit>,
    lump: Option<Spent>,
    /// Whether the lump was granted under this limit; if not, it is only told of.
    is_valid: bool,
    /// How much to ask for.
    want: u32,
    /// Asking sooner brings nothing.
    not_before: Option<UnixMillis>,
    /// Callers that wait, and have no slot.
    waiting: u32,
    /// Slots that no caller has yet.
    slots: VecDeque<Slot>,
    /// All slots before are given out.
    next_slot: Option<UnixMillis>,
    /// How long the last ask took.
    ask_took: Option<Duration>,
    /// Whether the shared state did not answer the last ask.
    is_unreachable: bool,
}

/// After a failure the shared state is left alone for this long, and nobody gets a permit: how many other processes use
/// at the same time is not known.
const UNREACHABLE_FOR: Duration = Duration::from_secs(5);

/// How long an ask takes that was never measured.
const ASK_TAKES: Duration = Duration::from_millis(25);

/// A caller, which counts as waiting unless it has a slot.
struct Caller<'a> {
    meter: &'a Meter,
    waits: Cell<bool>,
}

impl<'a> Caller<'a> {
    fn new(meter: &'a Meter) -> Self {
        meter.local().waiting += 1;
        Self { meter, waits: Cell::new(true) }
    }

    fn waits(&self, waits: bool) {
        if self.waits.replace(waits) != waits {
            let mut local = self.meter.local();
            local.waiting = if waits { local.waiting + 1 } else { local.waiting - 1 };
        }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.waits(false);
    }
}

impl Meter {
    pub(super) fn new(name: String) -> Self {
        Self { name, local: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    pub(super) async fn take(&self, shared: &Shared, limit: Limit, patience: Duration) -> Result<(), NotFor> {
        let deadline = shared.clock.now() + patience;
        let caller = Caller::new(self);
        let mut asked = 0;
        loop {
            let now = shared.clock.now();
            if self.spend(limit, now) {
                return Ok(());
            }
            if let Some(slot) = self.claim(now, deadline) {
                caller.waits(false);
                tokio::time::sleep(slot.from.since(now)).await;
                if shared.clock.now() < slot.until {
                    return Ok(());
                }
                // It woke up too late.
                caller.waits(true);
                continue;
            }
            if let Some(next) = self.full_until(deadline) {
                return Err(NotFor(next.since(now)));
            }
            let rest = self.local().not_before.map_or(Duration::ZERO, |at| at.since(now));
            if rest.is_zero() {
                // Granted, but so late that it had lapsed: the shared state is too slow for this caller.
                if asked > 1 && now > deadline {
                    return Err(NotFor(limit.worth_waiting()));
                }
                let _turn = self.turn.lock().await;
                // Whoever had the turn before may have brought enough, or learned that there is none.
                let now = shared.clock.now();
                if self.spend(limit, now) {
                    return Ok(());
                }
                if self.has_slot(now, deadline) || self.full_until(deadline).is_some() {
                    continue;
                }
                if self.local().not_before.is_none_or(|at| at <= now) {
                    self.ask(shared, limit, deadline.since(now)).await;
                    asked += 1;
                }
            } else if now + rest > deadline {
                return Err(NotFor(rest));
            } else {
                tokio::time::sleep(rest).await;
            }
        }
    }

    /// Whether it holds nothing and nobody waits: then nothing is lost with it.
    pub(super) fn is_idle(&self, now: UnixMillis) -> bool {
        let local = self.local();
        let holds = local.lump.as_ref().is_some_and(|spent| now < spent.lump.until);
        local.waiting == 0 && !holds && !local.is_unreachable
    }

    fn spend(&self, limit: Limit, now: UnixMillis) -> bool {
        let mut local = self.local();
        if local.limit != Some(limit) {
            // The lump is given back with the next ask.
            (local.limit, local.is_valid, local.not_before) = (Some(limit), false, None);
            local.slots.clear();
            local.next_slot = None;
        }
        local.is_valid && local.lump.as_mut().is_some_and(|spent| spent.spend(now))
    }

    /// The first slot that a caller can still use, and waits for.
    fn claim(&self, now: UnixMillis, deadline: UnixMillis) -> Option<Slot> {
        let mut local = self.local();
        while local.slots.pop_front_if(|slot| slot.until <= now).is_some() {}
        local.slots.pop_front_if(|slot| slot.from <= deadline.max(now))
    }

    fn has_slot(&self, now: UnixMillis, deadline: UnixMillis) -> bool {
        self.local().slots.iter().any(|slot| slot.until > now && slot.from <= deadline.max(now))
    }

    /// When the next slot begins, if that is too late for a caller.
    fn full_until(&self, deadline: UnixMillis) -> Option<UnixMillis> {
        self.local().next_slot.filter(|next| *next > deadline)
    }

    async fn ask(&self, shared: &Shared, limit: Limit, patience: Duration) {
        let asked_at = shared.clock.now();
        let mut ask = {
            let mut local = self.local();
            // Taken out: if this call is abandoned, what was told must not be told again.
            let spent = local.lump.take();
            let more = spent
                .as_ref()
                .map_or(local.want, |spent| spent.next_want(local.want, local.not_before.is_some(), asked_at))
                .min(limit.second());
            let waiting = local.waiting.max(1);
            let want = more.max(waiting.min(limit.burst.max(1)));
            local.want = want;
            let lead = local.ask_took.unwrap_or(ASK_TAKES) * 2;
            Ask { want, waiting, lead, patience, spent, writer: fastrand::u64(1..) }
        };
        let answer = shared.ask(&self.name, &mut ask, limit).await;
        let now = shared.clock.now();
        let mut local = self.local();
        local.ask_took = Some(now.since(asked_at));
        let was_unreachable = std::mem::replace(&mut local.is_unreachable, answer.is_err());
        let answer = match answer {
            Ok(answer) => {
                if was_unreachable {
                    info!(limit = self.name, "The rate limit's state is available again");
                }
                answer
            }
            Err(error) => {
                if !was_unreachable {
                    warn!(limit = self.name, %error, "The rate limit's state is unavailable: no call is let through");
                }
                ask.spent = None;
                Answer::Wait(UNREACHABLE_FOR)
            }
        };
        local.learn(answer, ask, limit, asked_at, now);
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Local {
    fn learn(&mut self, answer: Answer, ask: Ask, limit: Limit, asked_at: UnixMillis, now: UnixMillis) {
        // Time for what was wanted to flow in: asking for less, sooner, costs a read and a write each time.
        let time_for =
            |permits: u32| Duration::from_secs_f64(f64::from(permits) / limit.rate()).min(limit.worth_waiting());
        let not_before = match answer {
            Answer::Granted { lump, left } => {
                self.lump = Some(Spent::new(lump));
                self.is_valid = true;
                (left < ask.want).then(|| asked_at + time_for(ask.want - left))
            }
            Answer::Promised { slots, next } => {
                // What was told of the lump before counts only if the slots were written down.
                self.lump = ask.spent.filter(|_| slots.is_empty());
                self.slots.extend(slots);
                self.next_slot = Some(next);
                None
            }
            Answer::Wait(wait) => {
                let want = ask.want;
                self.lump = ask.spent;
                // Processes that wait for the same permits must not come back together.
                let rest = time_for(want.saturating_sub(1));
                Some(now + wait + rest.mul_f64(1.0 + 0.1 * fastrand::f64()))
            }
        };
        // Another limit may have come meanwhile: what it would say is not known yet.
        if self.limit == Some(limit) {
            self.not_before = not_before;
        } else {
            self.is_valid = false;
            self.slots.clear();
            self.next_slot = None;
        }
    }
}
