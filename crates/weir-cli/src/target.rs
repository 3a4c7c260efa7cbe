//! Where to send to and where to read from: the local stack, or what the flags name.

mod evidence;
mod place;
mod refusal;

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use resilience::Clock;
use secrecy::SecretString;
use shopify_client::Endpoint as AdminApi;
use weir_aws::config::{self, Patience};
use weir_aws::controls::{Parameter, ParameterError};
use weir_aws::{DynamoLedger, SdkConfig};
use weir_local::{Checkout, Deployed, DevFile, DevFileError};
use weir_shops::{DynamoState, Registry};

use crate::cli::{DoorArgs, LedgerArgs, StackArgs};
use crate::http::{Endpoint, web_url};
use crate::problem::Usage;

pub(crate) use evidence::Evidence;
pub(crate) use place::{LaneUrls, Place};
pub(crate) use refusal::hint_for;

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

const LOCAL_HINT: &str = "does `cargo dev` still run? start it again";
const AWS_HINT: &str = "check the table's name, --region, and the credentials that `aws sts get-caller-identity` shows";
const STACK_HINT: &str =
    "check the stack's name, --region, and the credentials that `aws sts get-caller-identity` shows";

/// The registry of shops and what processes share, and what to check when they can't be reached.
#[derive(Debug)]
pub(crate) struct ShopsTarget {
    pub(crate) registry: Registry,
    pub(crate) state: DynamoState,
    /// The registry's table.
    pub(crate) table: String,
    /// The secret that seals tokens.
    pub(crate) token_key: String,
    /// Where the apps' secrets are.
    pub(crate) secret_prefix: String,
    /// Where Shopify is; `None` for a local stack without one: real shops must not hear of it.
    pub(crate) shopify: Option<AdminApi>,
    pub(crate) config: SdkConfig,
    pub(crate) hint: &'static str,
}

/// The shops of the local stack, or of the one that was named.
pub(crate) async fn shops(args: &StackArgs) -> anyhow::Result<ShopsTarget> {
    let target =
        |config: SdkConfig, [table, state, token_key, secret_prefix]: [String; 4], shopify, hint| ShopsTarget {
            registry: Registry::new(&config, table.clone()),
            state: DynamoState::new(&config, state, Clock::Wall),
            table,
            token_key,
            secret_prefix,
            shopify,
            config,
            hint,
        };
    match &args.stack {
        None => {
            let local = dev_file("--stack")?;
            let config = local_config(&local.region, &local.aws_endpoint_url);
            let shopify = local.shopify_url.as_deref().map(AdminApi::at).transpose()?;
            let names = [local.shops_table, local.state_table, local.token_key_id, local.secret_prefix];
            Ok(target(config, names, shopify, LOCAL_HINT))
        }
        Some(stack) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            let names = outputs(&config, stack, ["ShopsTable", "StateTable", "TokenKeyId", "SecretPrefix"]).await?;
            Ok(target(config, names, Some(AdminApi::Shopify), AWS_HINT))
        }
    }
}

/// The shops of a local stack that this process deployed, at the simulated Shopify that it serves.
pub(crate) fn of_deployed(deployed: &Deployed, shopify: &str) -> anyhow::Result<ShopsTarget> {
    let config = local_config(&deployed.region, &deployed.endpoint);
    Ok(ShopsTarget {
        registry: Registry::new(&config, deployed.shops_table.clone()),
        state: DynamoState::new(&config, deployed.state_table.clone(), Clock::Wall),
        table: deployed.shops_table.clone(),
        token_key: deployed.token_key_id.clone(),
        secret_prefix: deployed.secret_prefix.clone(),
        shopify: Some(AdminApi::at(shopify)?),
        config,
        hint: LOCAL_HINT,
    })
}

/// The parameter that holds a stack's controls, and what to check when it can't be reached.
#[derive(Debug)]
pub(crate) struct ControlsTarget {
    pub(crate) parameter: Parameter,
    hint: &'static str,
}

impl ControlsTarget {
    /// The error, with what to check.
    pub(crate) fn failed(&self, error: ParameterError) -> anyhow::Error {
        let said = format!("{error}\nhint: {}", self.hint);
        anyhow::Error::new(error).context(said)
    }
}

/// The controls of the local stack, or of the one that was named.
pub(crate) async fn controls(args: &StackArgs) -> anyhow::Result<ControlsTarget> {
    let (config, name, hint) = match &args.stack {
        None => {
            let local = dev_file("--stack")?;
            (local_config(&local.region, &local.aws_endpoint_url), local.controls_parameter, LOCAL_HINT)
        }
        Some(stack) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            let [name] = outputs(&config, stack, ["ControlsParameter"]).await?;
            (config, name, STACK_HINT)
        }
    };
    Ok(ControlsTarget { parameter: Parameter::new(&config, name), hint })
}

/// The log groups of a stack's functions, and what to check when they can't be read.
#[derive(Debug)]
pub(crate) struct LogsTarget {
    pub(crate) client: aws_sdk_cloudwatchlogs::Client,
    /// Their names begin with it.
    pub(crate) prefix: String,
    pub(crate) hint: &'static str,
}

/// The logs of the local stack, or of the one that was named.
pub(crate) async fn logs(args: &StackArgs) -> anyhow::Result<LogsTarget> {
    let (config, stack, hint) = match &args.stack {
        None => {
            let local = dev_file("--stack or --file")?;
            (local_config(&local.region, &local.aws_endpoint_url), local.stack_name, LOCAL_HINT)
        }
        Some(stack) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await.into_builder();
            // CloudWatch Logs lets an account search five times a second: of a long log, some calls are refused.
            (config.retry_config(RetryConfig::standard().with_max_attempts(6)).build(), stack.clone(), STACK_HINT)
        }
    };
    let client = aws_sdk_cloudwatchlogs::Client::new(&config);
    Ok(LogsTarget { client, prefix: format!("/aws/lambda/{stack}/"), hint })
}

/// The ledger of the local stack, or the one that was named.
pub(crate) async fn ledger(args: &LedgerArgs) -> anyhow::Result<LedgerTarget> {
    match place(args, &env)? {
        LedgerPlace::Local => {
            let local = dev_file("--stack or --table")?;
            Ok(LedgerTarget { ledger: local_ledger(&local), hint: LOCAL_HINT })
        }
        LedgerPlace::Table(table) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            Ok(LedgerTarget { ledger: reader(&config, table), hint: AWS_HINT })
        }
        LedgerPlace::Stack(stack) => {
            let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
            let [table] = outputs(&config, stack, ["LedgerTable"]).await?;
            Ok(LedgerTarget { ledger: reader(&config, table), hint: AWS_HINT })
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

fn local_ledger(local: &DevFile) -> DynamoLedger {
    reader(&local_config(&local.region, &local.aws_endpoint_url), local.ledger_table.clone())
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

/// What the stack's outputs of these names say.
async fn outputs<const N: usize>(config: &SdkConfig, stack: &str, names: [&str; N]) -> anyhow::Result<[String; N]> {
    let mut all = all_outputs(config, stack, STACK_HINT).await?;
    let mut values = names.map(|_| String::new());
    for (name, value) in names.into_iter().zip(&mut values) {
        *value = all.remove(name).ok_or_else(|| {
            anyhow::anyhow!(
                "stack {stack} has no output {name}: it was not made from weir's template, or from an older one\n\
                 hint: {STACK_HINT}; or deploy it again"
            )
        })?;
    }
    Ok(values)
}

/// All of the stack's outputs, by name.
async fn all_outputs(config: &SdkConfig, stack: &str, hint: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let client = aws_sdk_cloudformation::Client::new(config);
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described = described.map_err(|error| {
        let hint = hint_for(&weir_aws::reason(&error), hint);
        anyhow::Error::new(error).context(format!("could not look up stack {stack}\nhint: {hint}"))
    })?;
    let pair = |output: &aws_sdk_cloudformation::types::Output| {
        Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
    };
    Ok(described.stacks().iter().flat_map(|stack| stack.outputs()).filter_map(pair).collect())
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
