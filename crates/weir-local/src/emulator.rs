//! Starts an emulator and ends it: with `stop`, with a drop, or with this process, however that ends.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aws_types::SdkConfig;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::run_dir::{self, RunDir};
use crate::{Installation, REGION, health, sdk_config, shifted_clock};

/// A cold start takes a few seconds, on a machine that is busy with other work far more.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A free port may be taken between choosing it and binding it; three times in a row it is not chance.
const ATTEMPTS: u32 = 3;

/// How to start an emulator.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; a free one where none is named.
    pub port: Option<u16>,
}

/// A running emulator. It ends when this is dropped, and when the process that holds it ends.
#[derive(Debug)]
pub struct Emulator {
    port: u16,
    log: PathBuf,
    /// The supervisor runs as long as the other end of this pipe is open.
    stdin: Option<ChildStdin>,
    ended: watch::Receiver<Option<ExitStatus>>,
    waiter: Option<JoinHandle<()>>,
}

/// The emulator ended though nobody stopped it.
#[derive(Debug, thiserror::Error)]
#[error("the emulator died ({status}); the end of its log:\n{tail}\nthe whole log is {log}")]
pub struct EmulatorDied {
    status: String,
    tail: String,
    log: PathBuf,
}

/// The emulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port that was named is not free.
    #[error("port {port} on 127.0.0.1 is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The disk has no room for its files.
    #[error("the disk is full: the emulator could not make its folder in {dir}")]
    DiskFull {
        /// Where its folder was to be.
        dir: PathBuf,
    },
    /// It ended before it answered.
    #[error(transparent)]
    Died(#[from] EmulatorDied),
    /// It runs, but does not answer.
    #[error("the emulator did not answer within {seconds} s; the end of its log:\n{tail}\nthe whole log is {log}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The end of its log.
        tail: String,
        /// The whole log.
        log: PathBuf,
    },
    /// A file or a process could not be made.
    #[error("could not start the emulator: {doing}")]
    Io {
        /// What failed.
        doing: String,
        /// The reason.
        source: io::Error,
    },
}

impl Emulator {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When the port is taken, or the emulator does not come up; the error carries the end of its log.
    pub async fn start(installation: &Installation, options: &Options) -> Result<Self, StartError> {
        let mut attempt = 1;
        loop {
            let port = choose_port(options.port)?;
            match Self::start_on(installation, port).await {
                Err(StartError::Died(died)) if died.tail.contains("already in use") => match options.port {
                    Some(port) => return Err(StartError::PortTaken { port }),
                    None if attempt < ATTEMPTS => attempt += 1,
                    None => return Err(StartError::Died(died)),
                },
                other => return other,
            }
        }
    }

    async fn start_on(installation: &Installation, port: u16) -> Result<Self, StartError> {
        let run = RunDir::create(&installation.runs).map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull => StartError::DiskFull { dir: installation.runs.clone() },
            _ => io_error(format!("no folder in {}", installation.runs.display()))(source),
        })?;
        let emulator = Self::spawn(installation, &run, port)?;
        let deadline = Instant::now() + READY_WITHIN;
        let mut tick = interval(Duration::from_millis(25));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                died = emulator.wait() => return Err(died.into()),
                () = sleep_until(deadline) => {
                    let (tail, log) = (run_dir::tail(&emulator.log), emulator.log.clone());
                    return Err(StartError::NotReady { seconds: READY_WITHIN.as_secs(), tail, log });
                }
                _ = tick.tick() => if health::answers(port, &run.id()).await {
                    return Ok(emulator);
                },
            }
        }
    }

    fn spawn(installation: &Installation, run: &RunDir, port: u16) -> Result<Self, StartError> {
        let no_log = || io_error(format!("no log at {}", run.log().display()));
        let log = run.open_log().map_err(no_log())?;
        let mut supervisor = Command::new(&installation.python);
        supervisor
            .args(["-I", "-u"])
            .arg(&installation.supervisor)
            .arg(run.scratch())
            .env_clear()
            .envs(environment(run, port))
            .envs(shifted_clock())
            // Ctrl-C in a terminal goes to the whole group: we end the emulator, in our own order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(no_log())?)
            .stderr(log);
        let mut child =
            supervisor.spawn().map_err(io_error(format!("{} did not run", installation.python.display())))?;
        let stdin = child.stdin.take();
        let (sender, ended) = watch::channel(None);
        // A thread, not a task: an emulator may outlive the runtime that it was started on, as it does in tests.
        let waiter = thread::Builder::new()
            .name("emulator".to_owned())
            .spawn(move || {
                // Without a status the receivers see that the sender is gone, which says as much.
                if let Ok(status) = child.wait() {
                    sender.send_replace(Some(status));
                }
            })
            .map_err(io_error("no thread to wait for it".to_owned()))?;
        Ok(Self { port, log: run.log(), stdin, ended, waiter: Some(waiter) })
    }

    /// Where every AWS API answers: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// What it logs to. The file outlives it, until some twenty later runs have ended.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// What an AWS SDK client needs to talk to it; see [`sdk_config`].
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.endpoint())
    }

    /// Waits until the emulator has died: forever, as a rule, so race it against the work that needs an emulator.
    pub async fn wait(&self) -> EmulatorDied {
        let mut ended = self.ended.clone();
        let status = match ended.wait_for(Option::is_some).await {
            Ok(status) => status.as_ref().map(ExitStatus::to_string),
            Err(_) => None,
        };
        EmulatorDied {
            status: status.unwrap_or_else(|| "how, is not known".to_owned()),
            tail: run_dir::tail(&self.log),
            log: self.log.clone(),
        }
    }

    /// Ends it and all that it started, and waits until they are gone.
    pub async fn stop(mut self) {
        self.stdin = None;
        // Either way it has ended: with a status, or with nobody left to tell one.
        let _ = self.ended.wait_for(Option::is_some).await;
    }
}

impl Drop for Emulator {
    /// Blocks for the few milliseconds that the supervisor takes to kill and clean up.
    fn drop(&mut self) {
        self.stdin = None;
        if let Some(waiter) = self.waiter.take() {
            // A panic there has been printed; there is nothing left to undo.
            let _ = waiter.join();
        }
    }
}

fn choose_port(wanted: Option<u16>) -> Result<u16, StartError> {
    TcpListener::bind(("127.0.0.1", wanted.unwrap_or(0)))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| match (source.kind(), wanted) {
            (io::ErrorKind::AddrInUse, Some(port)) => StartError::PortTaken { port },
            (_, Some(port)) => io_error(format!("port {port} cannot be used"))(source),
            (_, None) => io_error("there is no free port".to_owned())(source),
        })
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// All that the emulator gets to see, but for a shifted clock. Its functions inherit this, so nothing of the user's is in it but
/// PATH.
fn environment(run: &RunDir, port: u16) -> Vec<(&'static str, String)> {
    let scratch = run.scratch().display().to_string();
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    vec![
        ("PATH", path),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", scratch.clone()),
        ("TMPDIR", scratch.clone()),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", port.to_string()),
        ("AWS_ENDPOINT_URL", endpoint(port)),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        // Comes back from its health endpoint: this is how we know our own.
        ("MINISTACK_EDITION", run.id()),
        // It would write these outside its folder.
        ("STATE_DIR", format!("{scratch}/state")),
        ("S3_DATA_DIR", format!("{scratch}/s3")),
        // It would remove containers that another emulator on this machine uses.
        ("DOCKER_HOST", format!("unix://{scratch}/no-docker.sock")),
        // It would listen on fixed ports, which two emulators cannot share.
        ("SFTP_ENABLED", "0".to_owned()),
        ("IOT_MTLS_ENABLED", "0".to_owned()),
    ]
}

fn io_error(doing: String) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Io { doing, source }
}
