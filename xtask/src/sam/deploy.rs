//! `cargo xtask sam deploy`: what `sam deploy` makes of the template, on the local AWS.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use weir_local::{Stack, StackOptions};

use super::{
    artifacts::bootstraps,
    bench::{Bench, secret_parameter},
    build::sam,
};
use crate::{process, root, state_dir};

/// Deploy the template to the local AWS with `sam deploy`, and send a webhook through the stack.
///
/// The functions are debug builds, packaged where `sam build` would have put them; with --built, those that it made.
#[derive(clap::Args)]
pub(crate) struct Deploy {
    /// Deploy what `sam build` made, in .aws-sam/build, rather than debug builds
    #[arg(long)]
    built: bool,
}

impl Deploy {
    pub(crate) async fn run(&self) -> Result<()> {
        let bench = Bench::start().await?;
        let template = template(&bench, self.built)?;
        let options = StackOptions::local("weir-deployed", bench.functions.clone());
        let mut deploy = sam(&state_dir())?;
        deploy.args(["deploy", "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"]);
        deploy.args(["--no-progressbar", "--stack-name", &options.name, "--template-file"]).arg(&template);
        deploy
            .arg("--parameter-overrides")
            .args(options.parameters.iter().map(|(name, value)| format!("{name}={value}")));
        deploy.arg(secret_parameter(&options));
        deploy.env("AWS_ENDPOINT_URL", bench.emulator.endpoint());
        deploy.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env_remove("AWS_PROFILE");
        tokio::task::spawn_blocking(move || process::run(&mut deploy)).await??;

        let stack = Stack::find(&bench.emulator, &options.name, options.client_secret).await?;
        let deployed = stack.deployed()?;
        bench.webhook(&deployed, &deployed.webhook_url, "through-sam-deploy").await?;
        bench.emulator.stop().await;
        Ok(())
    }
}

/// The template that `sam build` made, or one of debug builds.
pub(super) fn template(bench: &Bench, built: bool) -> Result<PathBuf> {
    let folder = root().join(".aws-sam/build");
    if !built {
        return staged(bench.checkout.read_template()?, &bench.functions);
    }
    bootstraps(&folder)?;
    Ok(folder.join("template.yaml"))
}

/// A folder as `sam build` makes it: a template whose functions lie beside it. Returns the template.
fn staged(mut template: Value, functions: &Path) -> Result<PathBuf> {
    let folder = state_dir().join("sam-built");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    let mut binaries = BTreeSet::new();
    for resource in template["Resources"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if resource["Type"] == "AWS::Serverless::Function" {
            let binary =
                resource["Metadata"]["BuildProperties"]["Binary"].as_str().context("a function has no binary")?;
            binaries.insert(binary.to_owned());
            resource["Properties"]["CodeUri"] = json!(binary);
        }
    }
    for binary in binaries {
        let (from, to) = (functions.join(&binary), folder.join(&binary));
        fs::create_dir_all(&to).with_context(|| format!("could not create {}", to.display()))?;
        fs::copy(&from, to.join("bootstrap")).with_context(|| format!("could not copy {}", from.display()))?;
    }
    let path = folder.join("template.json");
    fs::write(&path, template.to_string()).with_context(|| format!("could not write {}", path.display()))?;
    Ok(path)
}
