//! The built `weir`, told of a test's stack by a `dev.json`.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command as Background};
use weir_local::{Checkout, build_functions, shifted_clock};
use weir_tests::World;

/// Runs the command for one stack.
pub(crate) struct Weir {
    binary: PathBuf,
    /// Of this run alone: the suite may run twice at the same time.
    folder: TempDir,
}

impl Weir {
    pub(crate) async fn of(world: &World) -> Self {
        let checkout = Checkout::find(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let binary = build_functions(&checkout, true).await.unwrap().join("weir");
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for inner in ["crates", "target/weir"] {
            std::fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        std::fs::write(folder.path().join("template.yaml"), "").unwrap();
        let facts = serde_json::to_string(&world.deployed.dev_file()).unwrap();
        std::fs::write(folder.path().join("target/weir/dev.json"), facts).unwrap();
        Self { binary, folder }
    }

    /// A file beside it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `weir dlq` and gives its status, what it printed and what it said.
    pub(crate) async fn dlq(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run("dlq", arguments).await
    }

    /// The same of another command.
    pub(crate) async fn run(&self, name: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Background::from(self.command(name, arguments));
        let Output { status, stdout, stderr } = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// The same, and what it printed as JSON; it must end well.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().chain(&["--json"]).copied().collect();
        let (status, stdout, stderr) = self.dlq(&arguments).await;
        assert_eq!(status, 0, "{arguments:?}: {stderr}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// Starts it, to be killed.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Background::from(self.command("dlq", arguments));
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(name).args(arguments).env_clear().envs(shifted_clock()).env("USER", "operator");
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }
}
