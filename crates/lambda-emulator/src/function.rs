//! What is run.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};

/// A function: its binary and what Lambda is told about it.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The binary.
    pub bootstrap: PathBuf,
    /// Its variables, region and credentials included. Of this process's own it sees nothing but `PATH`.
    pub environment: BTreeMap<String, String>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// What it is told of its memory, in MB; nothing holds it to that.
    pub memory_mb: u32,
    /// The folder for its output: one file a process, named after the function.
    pub logs: PathBuf,
}

impl std::fmt::Debug for Function {
    /// Without its variables: some may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").field("name", &self.name).field("bootstrap", &self.bootstrap).finish_non_exhaustive()
    }
}

/// A process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Runtime API has no port.
    #[error("the Runtime API found no free port on 127.0.0.1")]
    NoPort(#[source] io::Error),
    /// No file for its output.
    #[error("could not create the log {path}")]
    Log {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The binary does not run.
    #[error("could not run {bootstrap}, which `cargo build --bins` builds")]
    Spawn {
        /// The binary.
        bootstrap: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The process ended before it asked for an invocation.
    #[error("the process ended before its first invocation ({status}); its log is {log}")]
    Died {
        /// How.
        status: String,
        /// What it wrote.
        log: PathBuf,
    },
    /// The process asked for no invocation in time.
    #[error("the process asked for no invocation within {within:?}; its log is {log}")]
    Silent {
        /// How long it was given.
        within: Duration,
        /// What it wrote.
        log: PathBuf,
    },
}

impl Function {
    /// Starts a process that asks `api` for its invocations. It is killed when the child is dropped; should this process
    /// itself be killed, it ends by itself, because nobody answers it any more.
    pub(crate) fn spawn(&self, number: u64, api: SocketAddr) -> Result<Child, StartError> {
        let path = self.log(number);
        let log = |source| StartError::Log { path: path.clone(), source };
        let stdout = File::create(&path).map_err(log)?;
        let stderr = stdout.try_clone().map_err(log)?;
        let stream = format!("{}-{number}", self.name);
        let mut command = Command::new(&self.bootstrap);
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
                ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name)),
                ("AWS_LAMBDA_LOG_STREAM_NAME", stream),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
                ("_HANDLER", "bootstrap".to_owned()),
                ("TZ", ":UTC".to_owned()),
            ])
            .envs(&self.environment)
            // Ctrl-C in a terminal goes to the whole group: we end what we started, in our own order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true);
        command.spawn().map_err(|source| StartError::Spawn { bootstrap: self.bootstrap.clone(), source })
    }

    /// What the process of this number wrote.
    pub(crate) fn log(&self, number: u64) -> PathBuf {
        Path::new(&self.logs).join(format!("{}-{number:05}.log", self.name))
    }
}
