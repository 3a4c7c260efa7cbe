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
use resilience::{Clock, UnixMillis};
use tracing::{info, warn};
use weir_core::controls;

use crate::reason::reason;

/// How old the controls of a process may be.
pub const REFRESH: Duration = Duration::from_secs(30);
/// What a read may add to a message's time. Slower ones count as failed.
pub const READ_WITHIN: Duration = Duration::from_millis(500);

/// The parameter could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the controls in parameter {name} could not be {action}: {reason}")]
pub struct ParameterError {
    /// Its name.
    pub name: String,
    /// What was tried: `read`, `written`.
    pub action: &'static str,
    /// What the SDK said.
    pub reason: String,
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
                    _ => Err(self.failed("read", reason(&error))),
                };
            }
        };
        let Some(parameter) = reply.parameter else { return Err(self.failed("read", "the reply is empty".into())) };
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
        sent.map(|reply| reply.version).map_err(|error| self.failed("written", reason(&error)))
    }

    fn failed(&self, action: &'static str, reason: String) -> ParameterError {
        ParameterError { name: self.name.clone(), action, reason }
    }
}

/// The controls as a worker reads them: cached, always there, never in the way.
///
/// They are read at most once in [`REFRESH`], even where that fails, by the caller that finds them old; it waits for
/// [`READ_WITHIN`] at most, the others go on with what is known. Only the very first ones all wait, so that nothing that
/// is off runs after a cold start. What can't be read changes nothing; where nothing was read before, everything is on
/// and nothing limited. So does a parameter that is not there.
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
    controls: Arc<controls::Controls>,
    version: Option<i64>,
    tried_at: Option<UnixMillis>,
    /// How the last read ended; `None` before the first.
    state: Option<State>,
}

/// How a read ended. Each change of this is logged once.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// Some entries don't count.
    InPart(Vec<String>),
    Absent,
    Unreadable(String),
    Unreachable,
}

impl Controls {
    /// The controls in a parameter, read by a clock.
    pub fn new(config: &SdkConfig, parameter: String, clock: Clock) -> Self {
        Self::of(Source::Parameter(Parameter::new(config, parameter)), clock)
    }

    /// Controls that never change: for tests, and where there is no parameter.
    pub fn fixed(controls: controls::Controls) -> Self {
        let fixed = Self::of(Source::Fixed, Clock::Wall);
        fixed.known().controls = Arc::new(controls);
        fixed
    }

    /// The same, read again after `refresh` in place of [`REFRESH`].
    #[must_use]
    pub fn with_refresh(self, refresh: Duration) -> Self {
        Self { refresh, ..self }
    }

    fn of(source: Source, clock: Clock) -> Self {
        Self { source, refresh: REFRESH, clock, known: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The controls as of now, or as they were last read. Never fails, and takes [`READ_WITHIN`] at most.
    pub async fn current(&self) -> Arc<controls::Controls> {
        if let Source::Fixed = self.source {
            return Arc::clone(&self.known().controls);
        }
        let (is_first, is_fresh) = {
            let known = self.known();
            (known.state.is_none(), self.is_fresh(&known))
        };
        if is_first || !is_fresh {
            let turn = match self.reading.try_lock() {
                Ok(turn) => Some(turn),
                Err(_) if is_first => Some(self.reading.lock().await),
                Err(_) => None,
            };
            if turn.is_some() && self.begin() {
                let read = tokio::time::timeout(READ_WITHIN, self.read()).await;
                self.learn(read.unwrap_or_else(|_| Err("it took too long".to_owned())));
            }
        }
        Arc::clone(&self.known().controls)
    }

    fn is_fresh(&self, known: &Known) -> bool {
        known.tried_at.is_some_and(|at| self.clock.now().since(at) < self.refresh)
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

    async fn read(&self) -> Result<Option<Stored>, String> {
        match &self.source {
            Source::Parameter(parameter) => parameter.read().await.map_err(|error| error.reason),
            Source::Fixed => Ok(None),
            #[cfg(test)]
            Source::Script(script) => script.read().await,
        }
    }

    fn learn(&self, read: Result<Option<Stored>, String>) {
        let mut known = self.known();
        let (state, failure) = match read {
            Ok(Some(stored)) => (known.take(&stored), None),
            Ok(None) => {
                (known.controls, known.version) = (Arc::default(), None);
                (State::Absent, None)
            }
            Err(reason) => (State::Unreachable, Some(reason)),
        };
        // The reason may change from try to try; it is logged with the first.
        if known.state.as_ref() == Some(&state) {
            return;
        }
        match &state {
            State::Whole if known.state.is_some() => info!("The controls can be read as a whole again"),
            State::Whole => {}
            State::InPart(problems) => {
                warn!(problems = problems.join("; "), "Went on without the controls that can't be read");
            }
            // It is made by the first change: before that nobody switched anything off.
            State::Absent if known.state.is_none() => {}
            State::Absent => warn!("The parameter for controls was deleted: everything is on, nothing is limited"),
            State::Unreadable(problem) => warn!(problem, "Went on with the controls as they were: these can't be read"),
            State::Unreachable => {
                let reason = failure.unwrap_or_default();
                warn!(reason, "Went on with the controls as they were: they could not be fetched");
            }
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
            Err(problem) => return State::Unreadable(problem.to_string()),
        };
        if self.version.is_some_and(|version| version != stored.version) {
            let (switches, limits) = (read.off.len(), read.limits.len());
            info!(version = stored.version, switches, limits, "The controls changed");
        }
        (self.controls, self.version) = (Arc::new(read), Some(stored.version));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if problems.is_empty() { State::Whole } else { State::InPart(problems) }
    }
}
