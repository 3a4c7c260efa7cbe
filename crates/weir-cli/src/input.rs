//! What the command is given, read as the commands read it, up to where they would act: a door for what tries them with
//! any input.

use std::{collections::BTreeSet, ffi::OsString, path::Path};

use clap::{CommandFactory, Parser};
use jiff::Timestamp;
use resilience::UnixMillis;
use shopify_client::Endpoint;
use weir_local::DevFile;

pub use crate::commands::completions::{InstalledFile, installed_files};

use crate::{
    cli::{
        Cli, Command, DlqCommand, EventsCommand, FenceCommand, OrdersCommand, SendArgs, ShopsCommand,
        SubscriptionsCommand,
    },
    commands::{
        audit, check,
        dlq::{event_name, filter},
        send::{deliveries::deliveries, turn},
    },
    hints,
    problem::{self, Shown},
    shop_domain,
    target::web_url,
};

/// The command does not do what it was asked for.
#[derive(Debug)]
pub struct Refused {
    /// The exit status.
    pub status: i32,
    /// What is printed.
    pub said: String,
}

impl From<clap::Error> for Refused {
    fn from(error: clap::Error) -> Self {
        Self { status: error.exit_code(), said: error.to_string() }
    }
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self { status: problem::status(&error).code().into(), said: Shown::of(&error).lines().join("\n") }
    }
}

/// The command line, for its reference.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// What the command tells people to do about a call of the Admin API that failed.
#[must_use]
pub fn hint(error: &shopify_client::Error) -> Option<&'static str> {
    hints::of_kind(&error.kind)
}

/// Every command and command of commands, as the words that name it: `["dlq", "replay"]`. The first is `weir` itself.
#[must_use]
pub fn commands() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    walk(&Cli::command(), &mut Vec::new(), &mut |path, _| all.push(path.to_vec()));
    all
}

/// Every option of every command, once: `--shop`.
#[must_use]
pub fn options() -> Vec<String> {
    let mut all = BTreeSet::new();
    walk(&Cli::command(), &mut Vec::new(), &mut |_, command| {
        all.extend(command.get_arguments().filter_map(|one| Some(format!("--{}", one.get_long()?))));
    });
    all.into_iter().collect()
}

fn walk(command: &clap::Command, path: &mut Vec<String>, seen: &mut impl FnMut(&[String], &clap::Command)) {
    seen(path, command);
    for inner in command.get_subcommands() {
        path.push(inner.get_name().to_owned());
        walk(inner, path, seen);
        path.pop();
    }
}

/// Reads a command line, the program's name first, and what its arguments mean. Opens no file and asks nobody.
///
/// # Errors
/// What is printed instead of doing it. `--help` and `--version` come this way too, with status 0.
pub fn command_line(line: &[OsString]) -> Result<(), Refused> {
    Ok(meant(Cli::try_parse_from(line)?.command)?)
}

fn meant(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Send(args) => sent(&args)?,
        Command::Events(args) => {
            let now = UnixMillis::now();
            let (shop, times) = match args.command {
                EventsCommand::List(args) => (args.shop, [args.since, args.until]),
                EventsCommand::Show(args) => (args.shop, [args.since, None]),
                EventsCommand::Resend(args) => (args.shop, [args.since, args.until]),
                EventsCommand::Resends(_) => return Ok(()),
            };
            shop.as_deref().map(shop_domain::parse).transpose()?;
            times.into_iter().flatten().for_each(|moment| drop(moment.at(now).to_string()));
        }
        Command::Shops(args) => {
            let shop = match &args.command {
                ShopsCommand::Add(args) => &args.shop,
                ShopsCommand::Show(args) => &args.shop,
                ShopsCommand::Check(args) => &args.shop,
                ShopsCommand::Remove(args) => &args.shop,
                ShopsCommand::List(_) => return Ok(()),
            };
            shop_domain::parse(&shop.shop)?;
        }
        Command::Reconcile(args) => drop(shop_domain::parse(&args.shop)?),
        Command::Orders(args) => {
            let shop = match &args.command {
                OrdersCommand::List(args) => &args.shop,
                OrdersCommand::Show(args) => &args.shop,
            };
            shop_domain::parse(shop)?;
        }
        Command::Fence(args) => {
            let resource = match &args.command {
                FenceCommand::Show(args) => &args.resource,
                FenceCommand::Reset(args) => &args.resource,
            };
            shop_domain::parse(&resource.shop)?;
        }
        Command::Subscriptions(args) => {
            let select = match &args.command {
                SubscriptionsCommand::Plan(args) => &args.select,
                SubscriptionsCommand::Apply(args) => &args.select,
                SubscriptionsCommand::Status(args) => args,
            };
            drop(select.shop.as_deref().map(shop_domain::parse).transpose()?);
        }
        Command::Audit(args) => drop(args.since.at(UnixMillis::now()).to_string()),
        Command::Dlq(args) => {
            let wanted = match &args.command {
                DlqCommand::List(args) => &args.filter,
                DlqCommand::Replay(args) => &args.filter,
                DlqCommand::Drop(args) => &args.filter,
                DlqCommand::Show(args) => {
                    event_name(&args.event)?;
                    return Ok(());
                }
                DlqCommand::History(_) => return Ok(()),
            };
            filter(wanted, UnixMillis::now())?;
        }
        Command::Check(args) => check::parameters(&args)?,
        // What they mean, their parsers say.
        Command::Completions(_)
        | Command::Controls(_)
        | Command::Cost(_)
        | Command::Dev(_)
        | Command::Load(_)
        | Command::Status(_)
        | Command::Topics => {}
    }
    Ok(())
}

/// The first delivery and its headers, unless its body is in a file.
fn sent(args: &SendArgs) -> anyhow::Result<()> {
    args.endpoint.url.as_deref().map(web_url).transpose()?;
    let last = turn(args.times - 1, args.rate.unwrap_or(f64::MAX));
    let _can_be_waited_for = tokio::time::Instant::now() + last;
    if args.file.is_some() {
        return Ok(());
    }
    let delivery = deliveries(args, Timestamp::now())?.next(Timestamp::now());
    let _signed = delivery.headers(&args.endpoint.secret.clone().unwrap_or_else(|| "secret".into()));
    Ok(())
}

/// What `weir audit --file` prints of these lines: with `--json`, and for people.
///
/// # Errors
/// If the report can't be written.
pub fn audit(lines: &[u8]) -> std::io::Result<(String, String)> {
    audit::reported(lines)
}

/// Reads a `dev.json`, and the addresses that commands take from it.
///
/// # Errors
/// What is printed instead of using it.
pub fn dev_file(text: &[u8]) -> Result<(), Refused> {
    let read = || -> anyhow::Result<()> {
        let file = DevFile::parse(text, Path::new("target/weir/dev.json"))?;
        web_url(&file.webhook_url)?;
        file.shopify_url.as_deref().map(Endpoint::at).transpose()?;
        Ok(())
    };
    Ok(read()?)
}
