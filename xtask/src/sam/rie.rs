//! `cargo xtask sam rie`: each function in Lambda's own runtime interface emulator, without Docker.

use std::{
    io::{Read, Seek},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};
use weir_testkit::slack::FakeSlack;

use super::{
    artifacts::{binary, bootstrap},
    bench::{Bench, free_port},
    invoke::{Invocation, invocations},
};
use weir_local::Variables;

use crate::{root, tools};

/// Run each function once in Lambda's runtime interface emulator (RIE), on the events of tests/events, beside a stack on the
/// local AWS.
///
/// It is what `sam local invoke` runs within its container; here it runs on this machine, without Docker.
#[derive(clap::Args)]
pub(crate) struct Rie {
    /// Run what `sam build` made, in .aws-sam/build, rather than debug builds
    #[arg(long)]
    built: bool,
}

impl Rie {
    pub(crate) async fn run(&self) -> Result<()> {
        let rie = rie()?;
        let slack = FakeSlack::start(&[]).await;
        let bench = Bench::start().await?;
        let deployed = bench.deploy(&slack.url()).await?;
        let environments = bench.environments(&deployed).await?;
        for invocation in &invocations(&bench.checkout.read_template()?)? {
            let variables = environments.get(&invocation.function);
            let variables = variables.with_context(|| format!("the stack has no {}", invocation.function))?;
            let bootstrap = self.bootstrap(&bench, &invocation.function)?;
            let (answer, log) = run(&rie, &bench, &bootstrap, variables, invocation).await?;
            invocation.judge(&answer).with_context(|| format!("the function's log:\n{log}"))?;
        }
        ensure!(!slack.texts().is_empty(), "the notifier was told of an alarm, and told Slack nothing");
        bench.emulator.stop().await;
        Ok(())
    }

    fn bootstrap(&self, bench: &Bench, function: &str) -> Result<PathBuf> {
        let template = bench.checkout.read_template()?;
        if self.built {
            return bootstrap(&root().join(".aws-sam/build"), &template, function);
        }
        Ok(bench.functions.join(binary(&template, function)?))
    }
}

/// SAM has it in its package.
fn rie() -> Result<PathBuf> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let name = format!("samcli/local/rapid/aws-lambda-rie-{architecture}");
    let library = tools::bin()?.with_file_name("lib");
    let entries = std::fs::read_dir(&library).with_context(|| format!("could not read {}", library.display()))?;
    for entry in entries {
        let path = entry.context("could not read the tools' folder")?.path().join("site-packages").join(&name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("{} has no {name}: the pinned aws-sam-cli has another layout now", library.display())
}

/// The answer, and what the function printed.
async fn run(
    rie: &Path,
    bench: &Bench,
    bootstrap: &Path,
    variables: &Variables,
    invocation: &Invocation,
) -> Result<(String, String)> {
    let (port, runtime) = (free_port()?, free_port()?);
    let mut emulator = Command::new(rie);
    emulator.args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")]);
    emulator.args(["--runtime-api-address", &format!("127.0.0.1:{runtime}")]).arg(bootstrap);
    emulator.env_clear().envs(variables).envs([
        ("AWS_LAMBDA_FUNCTION_NAME", invocation.function.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
        ("AWS_REGION", weir_local::REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]);
    let mut log = tempfile::tempfile().context("no file for the function's log")?;
    emulator.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?).kill_on_drop(true);
    let child = emulator.spawn().with_context(|| format!("could not start {}", rie.display()))?;
    Bench::listening(port).await?;
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
    let answer = bench.http.post(url).body(invocation.body()?).send().await?.text().await;
    end(child).await?;
    let mut printed = Vec::new();
    log.rewind().and_then(|()| log.read_to_end(&mut printed)).context("the function's log can't be read")?;
    Ok((answer?, String::from_utf8_lossy(&printed).into_owned()))
}

/// It ends the function too, if it is asked to; killed, it would leave it behind.
async fn end(mut emulator: Child) -> Result<()> {
    let id = emulator.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        rustix::process::kill_process(id, rustix::process::Signal::TERM).context("the RIE could not be ended")?;
    }
    emulator.wait().await.context("the RIE did not end")?;
    Ok(())
}
