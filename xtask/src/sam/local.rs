//! `cargo xtask sam local`: `sam local invoke` and `sam local start-api`, with all that they need.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use weir_local::Deployed;
use weir_testkit::slack::FakeSlack;

use super::{
    bench::{Bench, free_port},
    bridge::{Bridge, port},
    build::sam,
    deploy::template,
    invoke::invocations,
};
use crate::{process, root, state_dir};

/// Run each function once with `sam local invoke`, and a webhook through `sam local start-api`, beside a stack on the local
/// AWS.
///
/// Installs and starts Docker where there is none (infra/sam/docker.sh: Debian's packages, as root), and takes a stand-in
/// for Lambda's base image where no registry is reached. The functions are debug builds, which need this machine's glibc: for
/// Lambda's own image, whose glibc may be older, build with `cargo xtask sam build` and say --built.
#[derive(clap::Args)]
pub(crate) struct Local {
    /// Run what `sam build` made for this machine's processor, in .aws-sam/build, rather than debug builds
    #[arg(long)]
    built: bool,
}

/// This machine's, as the template names it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

impl Local {
    pub(crate) async fn run(&self) -> Result<()> {
        process::run(Command::new(root().join("infra/sam/docker.sh")).arg(ARCHITECTURE))?;

        let slack = FakeSlack::start(&[]).await;
        let bench = Bench::start().await?;
        let bridge = Bridge::find()?;
        bridge.open(port(&bench.emulator.endpoint())?).await?;
        let deployed = bench.deploy(&slack.url()).await?;
        let template = template(&bench, self.built)?;
        let variables = state_dir().join("sam-local-env.json");
        let mut environments = bench.environments(&deployed).await?;
        for environment in environments.values_mut() {
            environment.insert("WEIR_ENDPOINT_URL".to_owned(), bridge.url(&bench.emulator.endpoint()));
        }
        let environments = serde_json::to_vec_pretty(&environments)?;
        std::fs::write(&variables, environments).with_context(|| format!("could not write {}", variables.display()))?;

        for invocation in &invocations(&bench.checkout.read_template()?)? {
            let mut invoke = local("invoke", &template, &variables)?;
            invoke.arg(&invocation.function).arg("--event").arg(invocation.path());
            let output = tokio::task::spawn_blocking(move || invoke.stdin(Stdio::null()).output()).await?;
            let output = output.context("sam could not be started")?;
            let said = || String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(output.status.success(), "`sam local invoke {}` failed:\n{}", invocation.function, said());
            let answer = String::from_utf8_lossy(&output.stdout);
            // Plain HTTP it posts to its own machine only, which in a container this one is not.
            if invocation.function == "Notifier" && answer.contains("Slack can't be reached") {
                println!("{:<16} it ran; from a container it reaches no Slack of this machine", invocation.function);
                continue;
            }
            invocation.judge(&answer).with_context(said)?;
        }
        let api = local("start-api", &template, &variables)?;
        start_api(&bench, &deployed, api).await?;
        bench.emulator.stop().await;
        Ok(())
    }
}

async fn start_api(bench: &Bench, deployed: &Deployed, api: Command) -> Result<()> {
    let port = free_port()?;
    let log = state_dir().join("sam-start-api.log");
    let file = std::fs::File::create(&log).with_context(|| format!("could not write {}", log.display()))?;
    let mut api = tokio::process::Command::from(api);
    api.args(["--host", "127.0.0.1", "--port", &port.to_string()]).kill_on_drop(true);
    api.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = api.spawn().context("sam could not be started")?;
    let webhook = async {
        Bench::listening(port).await?;
        bench.webhook(deployed, &format!("http://127.0.0.1:{port}/webhooks"), "through-start-api").await
    };
    webhook.await.with_context(|| format!("`sam local start-api` wrote to {}", log.display()))?;
    // Asked so, it removes its containers. Started in the background, it would not hear an interrupt.
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process(id, rustix::process::Signal::TERM).context("start-api could not be ended")?;
    }
    child.wait().await.context("start-api did not end")?;
    Ok(())
}

/// The image is there already; the emulator and the Slack are on this machine.
fn local(what: &str, template: &Path, variables: &Path) -> Result<Command> {
    let mut local = sam(root())?;
    // That option takes every word up to the next one.
    local.args(["local", what, "--parameter-overrides", &format!("Architecture={ARCHITECTURE}")]);
    local.args(["--skip-pull-image", "--template"]).arg(template);
    local.arg("--env-vars").arg(variables);
    local.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env_remove("AWS_PROFILE");
    Ok(local)
}
