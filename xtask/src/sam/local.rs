//! `cargo xtask sam local`: `sam local invoke` and `sam local start-api`, with all that they need.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use weir_local::Deployed;
use weir_testkit::slack::FakeSlack;

use super::{
    artifacts::bootstraps,
    bench::{Bench, free_port},
    build::sam,
    invoke::ALL,
};
use crate::{process, root, state_dir};

/// Run each function once with `sam local invoke`, and a webhook through `sam local start-api`, beside a stack on the local
/// AWS.
///
/// Installs and starts Docker where there is none (infra/sam/docker.sh: Debian's packages, as root), and takes a stand-in
/// for Lambda's base image where no registry is reached. Runs what `cargo xtask sam build --architecture` of this machine
/// made.
#[derive(clap::Args)]
pub(crate) struct Local {}

impl Local {
    pub(crate) async fn run(&self) -> Result<()> {
        bootstraps(&root().join(".aws-sam/build"))?;
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        process::run(Command::new(root().join("infra/sam/docker.sh")).arg(architecture))?;

        let slack = FakeSlack::start(&[]).await;
        let bench = Bench::start().await?;
        let deployed = bench.deploy(&slack).await?;
        let variables = state_dir().join("sam-local-env.json");
        let environments = serde_json::to_vec_pretty(&bench.environments(&deployed).await?)?;
        std::fs::write(&variables, environments).with_context(|| format!("could not write {}", variables.display()))?;

        for invocation in &ALL {
            let mut invoke = local("invoke", &variables)?;
            invoke.arg(invocation.function).arg("--event").arg(invocation.path());
            let output = tokio::task::spawn_blocking(move || invoke.stdin(Stdio::null()).output()).await?;
            let output = output.context("sam could not be started")?;
            let said = || String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(output.status.success(), "`sam local invoke {}` failed:\n{}", invocation.function, said());
            invocation.judge(&String::from_utf8_lossy(&output.stdout)).with_context(said)?;
        }
        ensure!(!slack.texts().is_empty(), "the notifier was told of an alarm, and told Slack nothing");
        start_api(&bench, &deployed, &variables).await?;
        bench.emulator.stop().await;
        Ok(())
    }
}

async fn start_api(bench: &Bench, deployed: &Deployed, variables: &std::path::Path) -> Result<()> {
    let port = free_port()?;
    let log = state_dir().join("sam-start-api.log");
    let file = std::fs::File::create(&log).with_context(|| format!("could not write {}", log.display()))?;
    let mut api = tokio::process::Command::from(local("start-api", variables)?);
    api.args(["--host", "127.0.0.1", "--port", &port.to_string()]).kill_on_drop(true);
    api.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = api.spawn().context("sam could not be started")?;
    let webhook = async {
        Bench::listening(port).await?;
        bench.webhook(deployed, &format!("http://127.0.0.1:{port}/webhooks"), "through-start-api").await
    };
    webhook.await.with_context(|| format!("`sam local start-api` wrote to {}", log.display()))?;
    // It removes its containers, if it is asked to end.
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process(id, rustix::process::Signal::INT).context("start-api could not be ended")?;
    }
    child.wait().await.context("start-api did not end")?;
    Ok(())
}

/// The emulator is on this machine, so containers use its network; the image is there already.
fn local(what: &str, variables: &std::path::Path) -> Result<Command> {
    let mut local = sam(root())?;
    local.args(["local", what, "--docker-network", "host", "--skip-pull-image", "--env-vars"]).arg(variables);
    local.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env_remove("AWS_PROFILE");
    Ok(local)
}
