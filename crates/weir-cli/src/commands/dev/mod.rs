//! `weir dev`: the whole of weir on this machine, until Ctrl-C.

pub(crate) mod args;
mod demo;
mod forward;
mod http_receiver;
mod plan;
mod shopify;
mod tally;
mod view;

use std::cell::Cell;
use std::convert::Infallible;
use std::net::TcpListener;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use weir_local::{
    Checkout, Deployed, DevFile, DevFileError, Emulator, Installation, Options, SamEnvFile, Stack, StackOptions,
    StartError, build_functions,
};

use self::forward::Forward;
use self::shopify::{Shopify, ShopifyPort};
use crate::exit::ExitStatus;
use crate::{cli::DevArgs, printer::Printer, problem::HintedError, signals::Signals};

const STACK: &str = "weir-dev";

/// What programs are told, a line each.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Ready(Ready<'a>),
    Stopped { signal: &'static str },
}

/// All but the client secret: that is in dev.json, for the owner's eyes.
#[derive(Serialize)]
struct Ready<'a> {
    webhook_url: &'a str,
    aws_endpoint_url: &'a str,
    shopify_url: &'a str,
    region: &'a str,
    stack_name: &'a str,
    dev_file: &'a Path,
    emulator_log: &'a Path,
}

pub(super) async fn run(args: &DevArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut signals = Signals::listen().context("could not listen for Ctrl-C")?;
    let is_up = Cell::new(false);
    let serving = serve(args, printer, &is_up);
    // Whichever ends first, the other is dropped here, and with it all that was started: nothing is left running.
    let signal = tokio::select! {
        biased;
        signal = signals.next() => signal,
        ended = serving => match ended? {},
    };
    printer.item(&Event::Stopped { signal }, |_| "Stopped; nothing is left running.".to_owned())?;
    Ok(if is_up.get() { ExitStatus::Done } else { ExitStatus::Interrupted })
}

/// Serves until something fails.
async fn serve(args: &DevArgs, printer: &Printer, is_up: &Cell<bool>) -> anyhow::Result<Infallible> {
    let here = std::env::current_dir().context("could not tell which folder this is")?;
    let checkout = Checkout::find(&here)?;
    refuse_a_second(&checkout).await?;
    if let Some(port) = args.port {
        refuse_a_taken(port)?;
    }
    let forward = match &args.forward_to {
        Some(url) => Some(Forward::start(url).await?),
        None => None,
    };

    let say = |step: &str| printer.step(step);
    // The emulator before the build: a missing Python is told at once, not after minutes.
    let installation = Installation::ensure(&checkout, &say).await?;
    say("Building the functions");
    let functions = build_functions(&checkout, false).await?;
    say("Starting the emulator");
    let emulator = Emulator::start(&installation, &Options { port: args.port }).await?;
    // Before the stack, whose monitor is told where it will be.
    let port = ShopifyPort::open().await.context("there is no free port on 127.0.0.1 for the simulated Shopify")?;
    let mut options = StackOptions::local(STACK, functions);
    options.parameters.extend(port.parameters()?);
    options.parameters.extend(["ArchiveDays", "OrderDays"].map(|name| (name.to_owned(), "1".to_owned())));
    options.parameters.extend(forward.as_ref().map(Forward::parameter));
    let stack = Stack::deploy(&emulator, &checkout, &options, &say).await?;
    let deployed = stack.deployed()?;
    let _sam_env = SamEnvFile::publish(&deployed, &checkout).context("could not write sam-env.json")?;
    say("Starting a Shopify with the demo's shops");
    let mut shopify = Shopify::start(&deployed, port).await.context("the simulated Shopify could not be started")?;
    // Last: whoever waits for it finds everything else there.
    let forward_secret = match &forward {
        Some(_) => Some(deployed.forward_secret(stack.outputs()).await?),
        None => None,
    };
    let facts = DevFile { shopify_url: Some(shopify.url()), forward_secret, ..deployed.dev_file() };
    let published = facts.publish(&checkout)?;
    is_up.set(true);
    introduce(&deployed, &shopify.url(), published.path(), emulator.log(), printer)?;
    if let Some(url) = &args.forward_to {
        printer.line(format_args!(
            "Events are posted to {url}. Their signatures: forward_secret in {}\n",
            published.path().display()
        ))?;
    }

    let shown = async {
        if !args.no_demo && forward.is_none() {
            show(&deployed, &mut shopify, printer).await?;
        }
        // Nobody listens any more; what is not listened to would pile up.
        shopify.seen.close();
        printer.waits();
        if let Some(forward) = forward {
            return forward.show(&facts, printer).await;
        }
        printer.note("Ctrl-C stops everything.");
        std::future::pending::<anyhow::Result<Infallible>>().await
    };
    tokio::select! {
        biased;
        died = emulator.wait() => Err(died.into()),
        failed = shown => failed,
    }
}

/// Two local stacks would fight over dev.json.
async fn refuse_a_second(checkout: &Checkout) -> anyhow::Result<()> {
    let path = DevFile::path(checkout);
    match DevFile::read(checkout) {
        Ok(other) => {
            if weir_load::is_answering(&other.aws_endpoint_url).await {
                let hint = format!(
                    "use it (`cargo weir send orders/create`), or end it with Ctrl-C in its terminal; \
                     if another program has its port now, remove {}",
                    path.display(),
                );
                let problem = format!("a local stack runs already: webhooks go to {}", other.webhook_url);
                return Err(HintedError::new(problem, hint).into());
            }
            Ok(())
        }
        // One that was left behind, perhaps by another version. It is written anew.
        Err(DevFileError::NotThere { .. } | DevFileError::Malformed { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The emulator would say it too, but after minutes of building.
fn refuse_a_taken(port: u16) -> Result<(), StartError> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(StartError::PortTaken { port }),
        _ => Ok(()),
    }
}

fn introduce(
    deployed: &Deployed,
    shopify_url: &str,
    dev_file: &Path,
    log: &Path,
    printer: &Printer,
) -> anyhow::Result<()> {
    let ready = Ready {
        webhook_url: &deployed.webhook_url,
        aws_endpoint_url: &deployed.endpoint,
        shopify_url,
        region: &deployed.region,
        stack_name: &deployed.stack_name,
        dev_file,
        emulator_log: log,
    };
    printer.item(&Event::Ready(ready), |_| {
        format!(
            "\nweir is up, on this machine alone.\n\n  \
               webhooks  {}\n  \
               AWS       {}\n  \
               Shopify   {shopify_url}, simulated\n  \
               facts     {}\n  \
               log       {}\n\n\
             Next, in another terminal:\n\n  \
               cargo weir send orders/create\n  \
               cargo weir events list\n  \
               cargo weir shops check {}\n  \
               cargo weir subscriptions status\n",
            deployed.webhook_url,
            deployed.endpoint,
            dev_file.display(),
            log.display(),
            plan::FIRST_SHOP,
        )
    })?;
    Ok(())
}

/// The demo is for looking: when it fails, the stack stays up, so that the reason can be looked for.
async fn show(deployed: &Deployed, shopify: &mut Shopify, printer: &Printer) -> std::io::Result<()> {
    match demo::run(deployed, shopify, printer).await {
        Ok(()) => Ok(()),
        Err(demo::DemoError::Print(error)) => Err(error),
        Err(demo::DemoError::Failed(error)) => {
            printer.error(&error.context("the demo could not be shown to its end"));
            Ok(())
        }
    }
}
