//! Where to send to and where to read from: the local stack, or what the flags name.

use std::collections::BTreeMap;

use anyhow::Context;
use secrecy::SecretString;
use shopify_client::Endpoint as AdminApi;
use weir_load::{Endpoint, LedgerProbe};
use weir_local::{Checkout, DevFile, DevFileError};
use weir_ops::{Stack, StackLocation, events::Ledger};

use crate::{
    call_log,
    cli::{EndpointArgs, LedgerArgs, StackArgs},
    hints,
    problem::{HintedError, Usage},
};

/// An endpoint for deliveries, and the secret that they are signed with.
#[derive(Debug)]
pub(crate) struct WebhookEndpoint {
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
        HintedError::new(format!("no local stack: {} is not in a checkout of weir", here.display()), &hint)
    })?;
    DevFile::read(&checkout).map_err(|error| match error {
        DevFileError::NotThere { .. } => HintedError::new("no local stack runs", hint).into(),
        other => other.into(),
    })
}

/// The address of an endpoint that deliveries can be posted to.
pub(crate) fn web_url(text: &str) -> Result<reqwest::Url, Usage> {
    weir_load::web_url(text).map_err(|error| Usage::new(error.to_string(), "it looks like https://HOST/webhooks"))
}

/// Where `weir send` posts, and what it signs with.
pub(crate) fn endpoint(args: &EndpointArgs) -> anyhow::Result<WebhookEndpoint> {
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
    Ok(WebhookEndpoint { endpoint: Endpoint::new(url)?, secret, is_local })
}

fn given_secret(args: &EndpointArgs, env: Env<'_>) -> Result<Option<SecretString>, Usage> {
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
    pub(crate) ledger: Ledger,
    pub(crate) hint: &'static str,
    /// For how many days it keeps events, if the stack says so.
    pub(crate) retention_days: Option<u32>,
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
        None => whole_stack_in(&dev_file("--stack")?).await,
        Some(name) => Ok(Stack::describe(location(name, args).await).await?),
    }
}

/// The stack that a `dev.json` describes, with all its outputs.
pub(crate) async fn whole_stack_in(file: &DevFile) -> anyhow::Result<Stack> {
    let stack = Stack::describe(location_of(file)?).await?;
    // The emulator's own form of it.
    Ok(stack.with_output("WebhookUrl", file.webhook_url.clone()))
}

/// The same, with the outputs that the local stack's file has: the emulator is not asked for them.
pub(crate) async fn stack_of_file(args: &StackArgs) -> anyhow::Result<Stack> {
    match &args.stack {
        None => local_stack("--stack"),
        Some(name) => Ok(Stack::describe(location(name, args).await).await?),
    }
}

/// The same, of which nothing but the name is needed.
pub(crate) async fn stack_by_name(args: &StackArgs) -> anyhow::Result<Stack> {
    let location = match &args.stack {
        None => location_of(&dev_file("--stack or --file")?)?,
        Some(name) => location(name, args).await,
    };
    Ok(Stack::known(location, BTreeMap::new()))
}

/// The local stack, with the outputs that its file has. `instead` names the flags that make it needless.
pub(crate) fn local_stack(instead: &str) -> anyhow::Result<Stack> {
    stack_in(&dev_file(instead)?)
}

/// The ledger and the lanes that the local stack's file has. `instead` names the flags that make it needless.
pub(crate) fn local_probe(instead: &str) -> anyhow::Result<LedgerProbe> {
    let file = dev_file(instead)?;
    let lanes = file.lanes.values().map(|urls| urls.queue_url.clone()).collect();
    Ok(stack_in(&file)?.ledger_probe_of(lanes)?)
}

/// The stack that a `dev.json` describes.
pub(crate) fn stack_in(file: &DevFile) -> anyhow::Result<Stack> {
    let named = [
        ("WebhookUrl", &file.webhook_url),
        ("LedgerTable", &file.ledger_table),
        ("ShopsTable", &file.shops_table),
        ("StateTable", &file.state_table),
        ("TokenKeyId", &file.token_key_id),
        ("SecretPrefix", &file.secret_prefix),
        ("ControlsParameter", &file.controls_parameter),
    ];
    let named = named.into_iter().map(|(name, value)| (name.to_owned(), value.clone()));
    let queues = file.lanes.iter().filter_map(|(lane, urls)| {
        let (queue, dlq) = Stack::lane_outputs(lane.parse().ok()?);
        Some([(queue, urls.queue_url.clone()), (dlq, urls.dlq_url.clone())])
    });
    Ok(Stack::known(location_of(file)?, named.chain(queues.flatten()).collect()))
}

fn location_of(file: &DevFile) -> anyhow::Result<StackLocation> {
    call_log::of_stack(&file.stack_name);
    let shopify = file.shopify_url.as_deref().map(AdminApi::at).transpose()?;
    Ok(StackLocation::emulated(&file.stack_name, &file.region, &file.aws_endpoint_url, shopify))
}

async fn location(name: &str, args: &StackArgs) -> StackLocation {
    call_log::of_stack(name);
    StackLocation::on_aws(name, args.region.as_deref(), args.profile.as_deref()).await
}

/// The ledger of the local stack, or the one that was named.
pub(crate) async fn ledger(args: &LedgerArgs) -> anyhow::Result<LedgerTarget> {
    let place = place(args, &env)?;
    let name = if let LedgerPlace::Stack(name) = place { name } else { "" };
    let on_aws = StackLocation::on_aws(name, args.region.as_deref(), args.profile.as_deref());
    let (stack, hint) = match place {
        LedgerPlace::Local => (local_stack("--stack or --table")?, hints::where_it_runs(true)),
        LedgerPlace::Table(table) => {
            let outputs = BTreeMap::from([("LedgerTable".to_owned(), table)]);
            (Stack::known(on_aws.await, outputs), hints::TABLE)
        }
        LedgerPlace::Stack(_) => (Stack::describe(on_aws.await).await?, hints::TABLE),
    };
    let retention_days = stack.parameter("LedgerRetentionDays").and_then(|days| days.parse().ok());
    Ok(LedgerTarget { ledger: stack.ledger()?, hint, retention_days })
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::cli::{Cli, Command};

    fn send_args(line: &[&str]) -> EndpointArgs {
        match Cli::parse_from(["weir", "send", "orders/create"].iter().chain(line)).command {
            Command::Send(args) => args.endpoint,
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
