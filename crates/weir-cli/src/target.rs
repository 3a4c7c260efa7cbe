//! Where to send to and where to read from: the local stack, or what the flags name.

mod evidence;

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use aws_credential_types::Credentials;
use secrecy::SecretString;
use shopify_client::Endpoint as AdminApi;
use weir_aws::config::{self, Patience};
use weir_aws::{DynamoLedger, SdkConfig};
use weir_local::{Checkout, Deployed, DevFile, DevFileError};
use weir_ops::{Stack, StackLocation};

use crate::cli::{DoorArgs, LedgerArgs, StackArgs};
use crate::hints;
use crate::http::{Endpoint, web_url};
use crate::problem::Usage;

pub(crate) use evidence::Evidence;

/// A door for deliveries, and the secret that opens it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) endpoint: Endpoint,
    pub(crate) secret: SecretString,
    /// Whether it is the local stack's: then the next command needs no flags.
    pub(crate) is_local: bool,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the process's environment.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The local stack's description, as `weir dev` wrote it. `instead` names the flags that make it needless.
fn dev_file(instead: &str) -> anyhow::Result<DevFile> {
    let here = std::env::current_dir().context("could not tell which folder this is")?;
    let hint = format!("start `cargo dev` in another terminal, or give {instead}");
    let checkout = Checkout::find(&here).map_err(|_| {
        anyhow::anyhow!("no local stack: {} is not in a checkout of weir\nhint: {hint}", here.display())
    })?;
    DevFile::read(&checkout).map_err(|error| match error {
        DevFileError::NotThere { .. } => anyhow::anyhow!("no local stack runs\nhint: {hint}"),
        other => other.into(),
    })
}

/// Where `weir send` posts, and what it signs with.
pub(crate) fn door(args: &DoorArgs) -> anyhow::Result<Door> {
    let given = given_secret(args, &env)?;
    let (url, secret, is_local) = match &args.url {
        Some(url) => {
            let no_secret = || {
                Usage::new(
                    "what does not go to the local stack needs the client secret that its endpoint expects",
                    "set WEIR_CLIENT_SECRET, or name another variable with --secret-env",
                )
            };
            (web_url(url)?, given.ok_or_else(no_secret)?, false)
        }
        None => {
            let local = dev_file("--url")?;
            (web_url(&local.webhook_url)?, given.unwrap_or(local.client_secret), true)
        }
    };
    Ok(Door { endpoint: Endpoint::new(url)?, secret, is_local })
}

fn given_secret(args: &DoorArgs, env: Env<'_>) -> Result<Option<SecretString>, Usage> {
    if let Some(secret) = &args.secret {
        return Ok(Some(secret.clone()));
    }
    match &args.secret_env {
        Some(name) => env(name).map(|secret| Some(secret.into())).ok_or_else(|| {
            Usage::new(format!("the environment variable {name} is not set"), "set it to the app's client secret")
        }),
        // The local stack has a secret of its own: one that is set for another must not make every delivery a forgery.
        None => Ok(args.url.as_ref().and_then(|_| env("WEIR_CLIENT_SECRET")).map(Into::into)),
    }
}

/// The ledger to read, and what to check when it can't be.
#[derive(Debug)]
pub(crate) struct LedgerTarget {
    pub(crate) ledger: DynamoLedger,
    pub(crate) hint: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum LedgerPlace<'a> {
    Local,
    Stack(&'a str),
    Table(String),
}

/// The local stack, or the one that was named, with all its outputs.
pub(crate) async fn stack(args: &StackArgs) -> anyhow::Result<Stack> {
    match &args.stack {
        None => {
            let local = dev_file("--stack")?;
            let stack = Stack::describe(local_stack(&local)?).await?;
            // The emulator's own form of it.
            Ok(stack.with_output("WebhookUrl", local.webhook_url))
        }
        Some(name) => Ok(Stack::describe(stack_on_aws(name, args).await).await?),
    }
}

/// The same, with the outputs that the local stack's file has: the emulator is not asked for them.
pub(crate) async fn stack_of_file(args: &StackArgs) -> anyhow::Result<Stack> {
    match &args.stack {
        None => {
            let local = dev_file("--stack")?;
            let location = local_stack(&local)?;
            let outputs = [
                ("ShopsTable", local.shops_table),
                ("StateTable", local.state_table),
                ("TokenKeyId", local.token_key_id),
                ("SecretPrefix", local.secret_prefix),
                ("ControlsParameter", local.controls_parameter),
            ];
            Ok(Stack::known(location, outputs.map(|(name, value)| (name.to_owned(), value)).into()))
        }
        Some(name) => Ok(Stack::describe(stack_on_aws(name, args).await).await?),
    }
}

/// The same, of which nothing but the name is needed.
pub(crate) async fn stack_by_name(args: &StackArgs) -> anyhow::Result<Stack> {
    let location = match &args.stack {
        None => local_stack(&dev_file("--stack or --file")?)?,
        Some(name) => stack_on_aws(name, args).await,
    };
    Ok(Stack::known(location, BTreeMap::new()))
}

/// A local stack that this process deployed, with the simulated Shopify that it serves.
pub(crate) fn deployed_stack(deployed: &Deployed, shopify: &str) -> anyhow::Result<Stack> {
    let location = StackLocation {
        name: deployed.stack_name.clone(),
        config: local_config(&deployed.region, &deployed.endpoint),
        is_emulated: true,
        shopify: Some(AdminApi::at(shopify)?),
    };
    let outputs = [
        ("ShopsTable", &deployed.shops_table),
        ("StateTable", &deployed.state_table),
        ("TokenKeyId", &deployed.token_key_id),
        ("SecretPrefix", &deployed.secret_prefix),
    ];
    Ok(Stack::known(location, outputs.map(|(name, value)| (name.to_owned(), value.clone())).into()))
}

fn local_stack(local: &DevFile) -> anyhow::Result<StackLocation> {
    Ok(StackLocation {
        name: local.stack_name.clone(),
        config: local_config(&local.region, &local.aws_endpoint_url),
        is_emulated: true,
        shopify: local.shopify_url.as_deref().map(AdminApi::at).transpose()?,
    })
}

async fn stack_on_aws(name: &str, args: &StackArgs) -> StackLocation {
    let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
    StackLocation { name: name.to_owned(), config, is_emulated: false, shopify: Some(AdminApi::Shopify) }
}

/// The ledger of the local stack, or the one that was named.
pub(crate) async fn ledger(args: &LedgerArgs) -> anyhow::Result<LedgerTarget> {
    match place(args, &env)? {
        LedgerPlace::Local => {
            let local = dev_file("--stack or --table")?;
            let config = local_config(&local.region, &local.aws_endpoint_url);
            Ok(LedgerTarget { ledger: reader(&config, local.ledger_table), hint: hints::where_it_runs(true) })
        }
        LedgerPlace::Table(table) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            Ok(LedgerTarget { ledger: reader(&config, table), hint: hints::TABLE })
        }
        LedgerPlace::Stack(stack) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            let location = StackLocation { name: stack.to_owned(), config, is_emulated: false, shopify: None };
            let stack = Stack::describe(location).await?;
            Ok(LedgerTarget { ledger: reader(&stack.config, stack.output("LedgerTable")?), hint: hints::TABLE })
        }
    }
}

fn place<'a>(args: &'a LedgerArgs, env: Env<'_>) -> Result<LedgerPlace<'a>, Usage> {
    match (&args.stack, args.table.clone().or_else(|| env("WEIR_LEDGER_TABLE"))) {
        (Some(stack), _) => Ok(LedgerPlace::Stack(stack)),
        (None, Some(table)) => Ok(LedgerPlace::Table(table)),
        (None, None) if args.region.is_some() || args.profile.is_some() => Err(Usage::new(
            "--region and --profile say where, but not which ledger",
            "add --stack NAME or --table NAME",
        )),
        (None, None) => Ok(LedgerPlace::Local),
    }
}

/// The configuration for a local stack.
pub(crate) fn local_config(region: &str, endpoint: &str) -> SdkConfig {
    // The emulator takes any credentials, and the user's own are none of its business.
    let credentials = Credentials::new("test", "test", None, None, "local stack");
    config::at(endpoint.to_owned(), region.to_owned(), credentials, Patience::BACKGROUND)
}

/// A ledger for reading: the retention is of no use to it.
pub(crate) fn reader(config: &SdkConfig, table: String) -> DynamoLedger {
    DynamoLedger::new(config, table, Duration::ZERO)
}

async fn aws_config(region: Option<&str>, profile: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(config::http_client(None, config::Roots::System));
    if let Some(region) = region {
        loader = loader.region(aws_config::Region::new(region.to_owned()));
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::cli::{Cli, Command};

    fn send_args(line: &[&str]) -> DoorArgs {
        match Cli::parse_from(["weir", "send", "orders/create"].iter().chain(line)).command {
            Command::Send(args) => args.door,
            other => panic!("{other:?}"),
        }
    }

    fn with_secret(name: &str) -> Option<String> {
        (name == "WEIR_CLIENT_SECRET").then(|| "from the environment".to_owned())
    }

    #[track_caller]
    fn check_secret(line: &[&str], expected: Option<&str>) {
        let secret = given_secret(&send_args(line), &with_secret).unwrap();
        assert_eq!(secret.as_ref().map(|secret| secret.expose_secret()), expected, "{line:?}");
    }

    #[test]
    fn the_secret_that_was_named_is_the_one_that_signs() {
        check_secret(&["--url", "http://x/"], Some("from the environment"));
        check_secret(&["--url", "http://x/", "--secret", "given"], Some("given"));
        check_secret(&["--secret-env", "WEIR_CLIENT_SECRET"], Some("from the environment"));
    }

    #[test]
    fn the_local_stack_keeps_its_own_secret_whatever_is_in_the_environment() {
        check_secret(&[], None);
    }

    #[test]
    fn a_variable_that_is_named_must_be_set() {
        let error = given_secret(&send_args(&["--secret-env", "NOPE"]), &with_secret).unwrap_err();
        assert!(error.problem.contains("NOPE"));
    }

    #[test]
    fn a_named_ledger_beats_the_environment_and_that_beats_the_local_stack() {
        let table = |name: &str| (name == "WEIR_LEDGER_TABLE").then(|| "set".to_owned());
        let nothing = |_: &str| None;
        let stack = LedgerArgs { stack: Some("s".into()), ..LedgerArgs::default() };
        let named = LedgerArgs { table: Some("t".into()), ..LedgerArgs::default() };
        assert_eq!(place(&stack, &table).unwrap(), LedgerPlace::Stack("s"));
        assert_eq!(place(&named, &table).unwrap(), LedgerPlace::Table("t".into()));
        assert_eq!(place(&LedgerArgs::default(), &table).unwrap(), LedgerPlace::Table("set".into()));
        assert_eq!(place(&LedgerArgs::default(), &nothing).unwrap(), LedgerPlace::Local);
        let region = LedgerArgs { region: Some("eu-west-1".into()), ..LedgerArgs::default() };
        assert!(place(&region, &nothing).is_err());
        assert_eq!(place(&region, &table).unwrap(), LedgerPlace::Table("set".into()));
    }
}
