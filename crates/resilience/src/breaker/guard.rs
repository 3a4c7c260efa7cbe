//! A circuit as callers meet it: asked before a call, told after it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::warn;

use super::{Circuit, Pass, Phase, Settings, Window};
use crate::{
    Clock, SharedState, UnixMillis,
    shared::{self, Change},
};

/// The circuit is open: come back later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} keeps failing ({reason}): left alone for {} s", retry_after.as_secs_f64().ceil())]
pub struct Open {
    /// Which circuit.
    pub name: String,
    /// What failed.
    pub reason: String,
    /// When a probe may pass.
    pub retry_after: Duration,
}

/// One circuit.
pub struct Breaker {
    name: String,
    settings: Settings,
    clock: Clock,
    state: Arc<dyn SharedState>,
    local: Mutex<Local>,
}

/// What this process knows.
#[derive(Default)]
struct Local {
    window: Window,
    circuit: Option<Circuit>,
    read_at: Option<UnixMillis>,
}

/// Leave to make one call. Say how it went; a permit that is dropped says nothing.
#[must_use = "tell it how the call went"]
pub struct Permit {
    breaker: Arc<Breaker>,
    is_probe: bool,
}

/// How long the shared state keeps a circuit that nobody touches.
const KEEP: Duration = Duration::from_secs(24 * 3600);

impl Breaker {
    /// The circuit called `name`, such as `shop/north.myshopify.com`.
    pub fn new(name: String, settings: Settings, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self { name, settings, clock, state, local: Mutex::default() }
    }

    /// The key under which the shared state has a circuit.
    pub fn key(name: &str) -> String {
        format!("breaker/{name}")
    }

    /// Asks to make a call. One read of the shared state every few seconds; a write only by the one that probes.
    pub async fn permit(self: &Arc<Self>) -> Result<Permit, Open> {
        self.refresh().await;
        let known = self.local().circuit.clone();
        let (change, pass) = Circuit::ask(known.clone(), &self.settings, self.clock.now());
        let pass = match change {
            Change::Keep => pass,
            Change::Write(_) => self.change(Circuit::ask).await.unwrap_or(pass),
        };
        match pass {
            Pass::Freely => Ok(Permit { breaker: Arc::clone(self), is_probe: false }),
            Pass::AsProbe => Ok(Permit { breaker: Arc::clone(self), is_probe: true }),
            Pass::NotFor(retry_after) => Err(Open {
                name: self.name.clone(),
                reason: known.map(|circuit| circuit.reason).unwrap_or_default(),
                retry_after,
            }),
        }
    }

    async fn refresh(&self) {
        let now = self.clock.now();
        let is_fresh = |read_at: UnixMillis| now.since(read_at) < self.settings.read_every;
        {
            let mut local = self.local();
            if local.read_at.is_some_and(is_fresh) {
                return;
            }
            // Before the read: the others that ask meanwhile go by what is known.
            local.read_at = Some(now);
        }
        match shared::peek(&*self.state, &Self::key(&self.name)).await {
            Ok(circuit) => self.local().circuit = circuit,
            Err(error) => {
                warn!(breaker = self.name, %error, "The shared circuit is unavailable: using the state of this process")
            }
        }
    }

    /// Changes the shared circuit; the local one alone where the shared state can't be had.
    async fn change<R>(
        &self,
        decide: impl Fn(Option<Circuit>, &Settings, UnixMillis) -> (Change<Circuit>, R),
    ) -> Option<R> {
        let now = self.clock.now();
        let mut seen = None;
        let changed = shared::update(&*self.state, &Self::key(&self.name), KEEP, |circuit: Option<Circuit>| {
            let (change, result) = decide(circuit.clone(), &self.settings, now);
            seen = if let Change::Write(circuit) = &change { Some(circuit.clone()) } else { circuit };
            (change, result)
        })
        .await;
        let (circuit, result) = match changed {
            Ok(result) => (seen, Some(result)),
            Err(error) => {
                warn!(breaker = self.name, %error, "The circuit changed for this process alone");
                let known = self.local().circuit.clone();
                let (change, result) = decide(known.clone(), &self.settings, now);
                (if let Change::Write(circuit) = change { Some(circuit) } else { known }, Some(result))
            }
        };
        let mut local = self.local();
        local.circuit = circuit;
        local.read_at = Some(now);
        result
    }

    /// Whether, by what this process saw lately, some calls succeed.
    pub fn lets_some_through(&self) -> bool {
        let (calls, failures) = self.local().window.count(self.settings.window, self.clock.now());
        failures < calls
    }

    fn record(&self, failed: bool) -> bool {
        let now = self.clock.now();
        let Settings { window, least_calls, failing_percent, .. } = self.settings;
        let mut local = self.local();
        local.window.record(failed, window, now);
        let (calls, failures) = local.window.count(window, now);
        let is_open = matches!(&local.circuit, Some(circuit) if circuit.phase != Phase::Closed);
        !is_open && calls >= least_calls && failures * 100 >= calls * failing_percent
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The call went well.
    pub async fn succeeded(self) {
        self.breaker.record(false);
        if self.is_probe {
            self.breaker.local().window = Window::default();
            self.breaker.change(|circuit, _, _| (Circuit::succeed(circuit), ())).await;
        }
    }

    /// The call failed in a way that says something about the other side. `reason` is shown to operators.
    pub async fn failed(self, reason: &str) {
        let opens = self.breaker.record(true);
        if opens || self.is_probe {
            let probed = self.is_probe;
            self.breaker
                .change(|circuit, settings, now| (Circuit::fail(circuit, probed, reason, settings, now), ()))
                .await;
        }
    }
}

/// The circuits of one process, by name.
pub struct Breakers {
    settings: Settings,
    clock: Clock,
    state: Arc<dyn SharedState>,
    known: Mutex<HashMap<String, Arc<Breaker>>>,
}

impl Breakers {
    /// No circuit yet.
    pub fn new(settings: Settings, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self { settings, clock, state, known: Mutex::default() }
    }

    /// The circuit of that name.
    pub fn get(&self, name: &str) -> Arc<Breaker> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Breaker::new(name.to_owned(), self.settings, self.clock, Arc::clone(&self.state)));
        Arc::clone(known.entry(name.to_owned()).or_insert_with(make))
    }
}
