//! One process that runs one invocation at a time: Lambda's execution environment.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Child, time::timeout};

use crate::{Function, StartError, runtime_api::RuntimeApi};

/// Lambda gives a function ten seconds for its start; a debug build on a busy machine gets a little more.
const START_WITHIN: Duration = Duration::from_secs(30);

/// A process and its Runtime API. It is killed when this is dropped.
pub struct Environment {
    name: String,
    number: u64,
    timeout: Duration,
    log: PathBuf,
    process: Child,
    api: RuntimeApi,
    invocations: u64,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({}-{})", self.name, self.number)
    }
}

/// An invocation that brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// It was killed on purpose: the process is gone.
    #[error("the process was killed")]
    Killed,
    /// The process ended by itself: it is gone.
    #[error("the process ended ({status}); its log is {log}")]
    Died {
        /// How.
        status: String,
        /// What it wrote.
        log: PathBuf,
    },
    /// It took longer than it may: the process was killed, as Lambda does.
    #[error("the invocation took longer than {0:?}")]
    TimedOut(Duration),
    /// The function failed; the process goes on.
    #[error("the function failed: {0}")]
    Failed(String),
}

impl InvokeError {
    /// Whether the process can run another invocation.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl Environment {
    /// Starts a process, and waits until it asks for its first invocation. `number` tells it from the function's others.
    ///
    /// # Errors
    /// When the binary can't be run, ends, or asks for nothing in time.
    pub async fn start(function: &Function, number: u64) -> Result<Self, StartError> {
        let api = RuntimeApi::start(function).await?;
        let process = function.spawn(number, api.server.address())?;
        api.freezes(pid_of(&process));
        let mut environment = Self {
            name: function.name.clone(),
            number,
            timeout: function.timeout,
            log: function.log(number),
            process,
            api,
            invocations: 0,
        };
        tokio::select! {
            () = environment.api.asked() => Ok(environment),
            status = environment.process.wait() => {
                Err(StartError::Died { status: in_words(status), log: environment.log })
            }
            () = tokio::time::sleep(START_WITHIN) => {
                Err(StartError::Silent { within: START_WITHIN, log: environment.log })
            }
        }
    }

    /// Runs an invocation to its end.
    ///
    /// # Errors
    /// When it brings no answer; see [`InvokeError::goes_on`].
    pub async fn invoke(&mut self, event: Bytes) -> Result<Bytes, InvokeError> {
        self.invoke_until(event, std::future::pending()).await
    }

    /// Runs an invocation, unless `death` comes first: then the process is killed with SIGKILL.
    ///
    /// # Errors
    /// When it brings no answer; see [`InvokeError::goes_on`].
    pub async fn invoke_until(&mut self, event: Bytes, death: impl Future<Output = ()>) -> Result<Bytes, InvokeError> {
        self.invocations += 1;
        let id = format!("{}-{:05}-{:05}", self.name, self.number, self.invocations);
        let api = &self.api;
        let answering = async {
            let answered = api.invoke(id, event).await;
            answered.await
        };
        let error = tokio::select! {
            biased;
            () = death => InvokeError::Killed,
            answered = timeout(self.timeout, answering) => match answered {
                Ok(Ok(answer)) => return answer.map_err(InvokeError::Failed),
                Ok(Err(_closed)) => InvokeError::Died { status: "unknown".to_owned(), log: self.log.clone() },
                Err(_elapsed) => InvokeError::TimedOut(self.timeout),
            },
            status = self.process.wait() => return Err(InvokeError::Died { status: in_words(status), log: self.log.clone() }),
        };
        // Fails only for one that is gone already, and returns when it is.
        let _ = self.process.kill().await;
        Err(error)
    }

    /// Asks the process to end (SIGTERM), and waits until it has: profilers write what they saw only then.
    ///
    /// # Errors
    /// When it can't be asked. It is killed if it does not end in time.
    pub async fn terminate(mut self) -> std::io::Result<ExitStatus> {
        if let Some(pid) = pid_of(&self.process) {
            kill_process(pid, Signal::TERM)?;
        }
        self.api.thaw();
        match timeout(START_WITHIN, self.process.wait()).await {
            Ok(ended) => ended,
            Err(_elapsed) => {
                self.process.kill().await?;
                self.process.wait().await
            }
        }
    }

    /// What the process writes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process's id, as long as it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }
}

fn pid_of(process: &Child) -> Option<Pid> {
    process.id().and_then(|id| Pid::from_raw(id.cast_signed()))
}

fn in_words(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}
