//! The operator's controls, in a parameter of SSM. What they say is `weir_core::controls`'.

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_ssm::{
    Client,
    config::{Builder, retry::RetryConfig},
    operation::get_parameter::GetParameterError,
    types::ParameterType,
};
use aws_types::SdkConfig;
use resilience::{Backoff, Clock, UnixMillis};
use tracing::{error, info, warn};
use weir_core::{Failure, controls};

use crate::call_error::{CallError, ErrorClass};

/// How old the controls of a process may be.
pub const REFRESH: Duration = Duration::from_secs(30);
/// What a read may add to a message's time. Slower ones count as failed.
pub const READ_WITHIN: Duration = Duration::from_millis(500);

/// How often a process tries to read the controls before it takes its first message, and within which time.
const FIRST_TRIES: u32 = 3;
const FIRST_READ_WITHIN: Duration = Duration::from_secs(2);
/// The waits between those tries: SSM allows 40 reads a second, and a burst of new processes comes all at once.
const FIRST_WAITS: Backoff = Backoff { base: Duration::from_millis(200), cap: Duration::from_millis(400) };
/// How soon a process that never read the controls tries again: meanwhile its messages are held.
const UNREAD_REFRESH: Duration = Duration::from_secs(5);
/// How long a message is held that a process can't judge.
const HELD_FOR: Duration = Duration::from_secs(10);

/// The parameter could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the controls in parameter {} could not be {action}: {}", .call.resource, .call.reason)]
pub struct ParameterError {
    /// What was tried: `read`, `written`.
    pub action: &'static str,
    /// The call that failed.
    pub call: CallError,
}

/// This process has not read the controls yet. What may run is not known, so nothing runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the controls in parameter {name} were never read by this worker, and what may run is not known: {reason}")]
pub struct NeverRead {
    /// The parameter.
    pub name: String,
    /// What the last try came to.
    pub reason: String,
    /// Whether somebody has to change a permission, a name or the document.
    pub is_misconfigured: bool,
}

impl NeverRead {
    /// What becomes of a message meanwhile.
    pub fn failure(&self) -> Failure {
        if self.is_misconfigured { Failure::misconfigured(self) } else { Failure::outage(self, HELD_FOR) }
    }
}

/// The parameter, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// JSON.
    pub text: String,
    /// Counts its writes.
    pub version: i64,
    /// When it was written.
    pub written_at: Option<UnixMillis>,
}

/// The parameter that holds the controls. Nothing is tried twice here: whoever calls knows whether that is wise.
#[derive(Debug, Clone)]
pub struct Parameter {
    client: Client,
    name: String,
}

impl Parameter {
    /// The parameter of that name.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        let config = Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands there; `None` if there is no such parameter.
    ///
    /// # Errors
    /// When SSM can't be reached, refuses or throttles.
    pub async fn read(&self) -> Result<Option<Stored>, ParameterError> {
        let reply = match self.client.get_parameter().name(&self.name).send().await {
            Ok(reply) => reply,
            Err(error) => {
                return match error.as_service_error() {
                    Some(GetParameterError::ParameterNotFound(_)) => Ok(None),
                    _ => Err(self.failed("read", CallError::of("GetParameter", &self.name, &error))),
                };
            }
        };
        let Some(parameter) = reply.parameter else {
            return Err(self.failed("read", no_answer(&self.name, "the reply is empty")));
        };
        let written_at = parameter.last_modified_date.and_then(|at| at.to_millis().ok()).map(UnixMillis);
        let text = parameter.value.unwrap_or_default();
        Ok(Some(Stored { text, version: parameter.version, written_at }))
    }

    /// Writes it, whatever stands there: SSM knows no condition. Its version from now on; if that is not the one after
    /// the last that was read, somebody else wrote in between.
    ///
    /// # Errors
    /// When SSM can't be reached, refuses or throttles; it may have been written all the same.
    pub async fn write(&self, text: &str) -> Result<i64, ParameterError> {
        let request = self.client.put_parameter().name(&self.name).value(text);
        let sent = request.r#type(ParameterType::String).overwrite(true).send().await;
        let failed = |error| self.failed("written", CallError::of("PutParameter", &self.name, &error));
        sent.map(|reply| reply.version).map_err(failed)
    }

    fn failed(&self, action: &'static str, call: CallError) -> ParameterError {
        ParameterError { action, call }
    }
}

fn no_answer(name: &str, reason: &str) -> CallError {
    let (resource, reason) = (name.to_owned(), reason.to_owned());
    CallError { operation: "GetParameter", resource, reason, class: ErrorClass::Unavailable }
}

/// The controls as a worker reads them: cached, and never in the way.
///
/// They are read at most once in [`REFRESH`], even where that fails, by the caller that finds them old; it waits for
/// [`READ_WITHIN`] at most, the others go on with what is known. A read that fails changes nothing: the process keeps the
/// last document. A process that has read none yet does not guess: [`current`](Self::current) says so, callers hold their
/// messages, and the process tries again every few seconds. A parameter that does not exist was read: nothing is set.
#[derive(Debug)]
pub struct Controls {
    source: Source,
    refresh: Duration,
    clock: Clock,
    known: Mutex<Known>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
enum Source {
    Parameter(Parameter),
    Fixed,
    #[cfg(test)]
    Script(tests::Script),
}

#[derive(Debug, Default)]
struct Known {
    /// `None` until a read succeeded.
    controls: Option<Arc<controls::Controls>>,
    version: Option<i64>,
    tried_at: Option<UnixMillis>,
    /// How the last read ended; `None` before the first.
    state: Option<State>,
    /// Why nothing was read yet.
    problem: Option<(String, bool)>,
}

/// How a read ended. Each change of this is logged once.
#[derive(Debug)]
enum State {
    Whole,
    /// Some entries can't be read: what they may mean is held.
    InPart(Vec<String>),
    Absent,
    Unreadable(String),
    Unreachable {
        refused: bool,
        reason: String,
    },
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole, Self::Whole) | (Self::Absent, Self::Absent) => true,
            (Self::InPart(some), Self::InPart(others)) => some == others,
            (Self::Unreadable(one), Self::Unreadable(other)) => one == other,
            (Self::Unreachable { refused, .. }, Self::Unreachable { refused: other, .. }) => refused == other,
            _ => false,
        }
    }
}

impl Controls {
    /// The controls in a parameter, read by a clock.
    pub fn new(config: &SdkConfig, parameter: String, clock: Clock) -> Self {
        Self::of(Source::Parameter(Parameter::new(config, parameter)), clock)
    }

    /// Controls that never change: for tests, and where there is no parameter.
    pub fn fixed(controls: controls::Controls) -> Self {
        let fixed = Self::of(Source::Fixed, Clock::Wall);
        fixed.known().controls = Some(Arc::new(controls));
        fixed
    }

    /// Controls whose every read fails with this code: for tests.
    pub fn unread(code: &str) -> Self {
        let unread = Self::of(Source::Fixed, Clock::Wall);
        let error = CallError::of_entry("GetParameter", "controls", code);
        unread.known().problem = Some((error.to_string(), error.class != ErrorClass::Unavailable));
        unread
    }

    /// The same, read again after `refresh` in place of [`REFRESH`].
    #[must_use]
    pub fn with_refresh(self, refresh: Duration) -> Self {
        Self { refresh, ..self }
    }

    fn of(source: Source, clock: Clock) -> Self {
        Self { source, refresh: REFRESH, clock, known: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// Reads them before the first message: a few tries, and two seconds for all of them.
    pub async fn read_first(&self) {
        let tries = async {
            for round in 1..=FIRST_TRIES {
                if self.current().await.is_ok() {
                    return;
                }
                tokio::time::sleep(FIRST_WAITS.delay(round, &mut fastrand::Rng::new())).await;
                self.known().tried_at = None;
            }
        };
        // The time may be up: messages are then held, and each new one asks again.
        drop(tokio::time::timeout(FIRST_READ_WITHIN, tries).await);
    }

    /// The controls as of now, or as they were last read. Takes [`READ_WITHIN`] at most.
    ///
    /// # Errors
    /// [`NeverRead`] while no read has succeeded.
    pub async fn current(&self) -> Result<Arc<controls::Controls>, NeverRead> {
        if !matches!(self.source, Source::Fixed) {
            self.refresh().await;
        }
        let known = self.known();
        match &known.controls {
            Some(controls) => Ok(Arc::clone(controls)),
            None => {
                let (reason, is_misconfigured) = known.problem.clone().unwrap_or_default();
                Err(NeverRead { name: self.name().to_owned(), reason, is_misconfigured })
            }
        }
    }

    async fn refresh(&self) {
        let (is_first, is_fresh) = {
            let known = self.known();
            (known.controls.is_none(), self.is_fresh(&known))
        };
        if is_fresh && !is_first {
            return;
        }
        let turn = match self.reading.try_lock() {
            Ok(turn) => Some(turn),
            Err(_) if is_first => Some(self.reading.lock().await),
            Err(_) => None,
        };
        if turn.is_some() && self.begin() {
            let read = tokio::time::timeout(READ_WITHIN, self.read()).await;
            self.learn(read.unwrap_or_else(|_| Err(no_answer(self.name(), "it took too long"))));
        }
    }

    fn name(&self) -> &str {
        match &self.source {
            Source::Parameter(parameter) => parameter.name(),
            Source::Fixed => "",
            #[cfg(test)]
            Source::Script(_) => "controls",
        }
    }

    fn is_fresh(&self, known: &Known) -> bool {
        let refresh = if known.controls.is_some() { self.refresh } else { self.refresh.min(UNREAD_REFRESH) };
        known.tried_at.is_some_and(|at| self.clock.now().since(at) < refresh)
    }

    /// Whether it is still time to read: whoever had the turn before may have done so, or have been abandoned over it.
    fn begin(&self) -> bool {
        let mut known = self.known();
        let is_due = !self.is_fresh(&known);
        if is_due {
            known.tried_at = Some(self.clock.now());
        }
        is_due
    }

    async fn read(&self) -> Result<Option<Stored>, CallError> {
        match &self.source {
            Source::Parameter(parameter) => parameter.read().await.map_err(|error| error.call),
            Source::Fixed => Ok(None),
            #[cfg(test)]
            Source::Script(script) => script.read().await,
        }
    }

    fn learn(&self, read: Result<Option<Stored>, CallError>) {
        let mut known = self.known();
        let state = match read {
            Ok(Some(stored)) => known.take(&stored),
            Ok(None) => {
                (known.controls, known.version) = (Some(Arc::default()), None);
                State::Absent
            }
            Err(error) => {
                known.problem = Some((error.to_string(), error.class != ErrorClass::Unavailable));
                // The reason may change from try to try; it is logged with the first.
                State::Unreachable { refused: error.class != ErrorClass::Unavailable, reason: error.reason }
            }
        };
        if known.state.as_ref() == Some(&state) {
            return;
        }
        let meanwhile = match known.controls {
            Some(_) => "events go on by the controls as they were",
            None => "events are held",
        };
        match &state {
            State::Whole if known.state.is_some() => info!("The controls can be read as a whole again"),
            State::Whole => {}
            State::InPart(problems) => {
                error!(
                    problems = problems.join("; "),
                    "Events that an unreadable entry of the controls may mean are held"
                );
            }
            // It is made by the first change: before that nobody switched anything off.
            State::Absent if known.state.is_none() => {}
            State::Absent => warn!("The parameter for controls was deleted: everything is on, nothing is limited"),
            State::Unreadable(problem) => error!(problem, "The controls can't be read: {meanwhile}"),
            State::Unreachable { refused: true, reason } => {
                error!(reason, "AWS refuses to hand out the controls: {meanwhile}");
            }
            State::Unreachable { reason, .. } => warn!(reason, "The controls could not be fetched: {meanwhile}"),
        }
        known.state = Some(state);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn take(&mut self, stored: &Stored) -> State {
        let (read, problems) = match controls::Controls::read(&stored.text) {
            Ok(read) => read,
            Err(problem) => {
                self.problem = Some((problem.to_string(), true));
                return State::Unreadable(problem.to_string());
            }
        };
        if self.version.is_some_and(|version| version != stored.version) {
            let (switches, limits) = (read.off.len(), read.limits.len());
            info!(version = stored.version, switches, limits, "The controls changed");
        }
        (self.controls, self.version) = (Some(Arc::new(read)), Some(stored.version));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if problems.is_empty() { State::Whole } else { State::InPart(problems) }
    }
}
