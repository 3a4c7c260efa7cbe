//! `shopify-sim`: a Shopify on this machine, until it is interrupted.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use clap::Parser;
use secrecy::ExposeSecret;
use serde_json::json;
use shopify_sim::{
    Attempt, Clock, Installed, Options, Plan, ScriptError, ServeError, ShopSeed, Sim, TokenStyle, read_script,
};
use shopify_webhook::ShopDomain;

/// A Shopify on this machine: the Admin API of made-up shops, and their webhooks.
#[derive(Parser)]
#[command(version, after_help = CONTROLS)]
struct Cli {
    /// Listen here; 0 takes any free port
    #[arg(long, default_value_t = 4577)]
    port: u16,
    /// The address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Let other machines in: whoever reaches it may do everything
    #[arg(long)]
    allow_remote: bool,
    /// So many shops: shop-1.myshopify.com, shop-2.myshopify.com, …
    #[arg(long, default_value_t = 3)]
    shops: u32,
    /// standard, advanced, plus or enterprise
    #[arg(long, default_value = "standard")]
    plan: Plan,
    /// Products in each shop
    #[arg(long, default_value_t = 50)]
    products: u32,
    /// Where chance starts
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How fast time passes
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// How long an answer takes, in simulated milliseconds
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Tokens that expire after an hour, with refresh tokens
    #[arg(long)]
    expiring_tokens: bool,
    /// TOML with [[rule]] entries: how it misbehaves
    #[arg(long)]
    script: Option<PathBuf>,
    /// SDL to hold requests to, .gz or plain, in place of the part that is built in
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Where the app's declared webhooks go
    #[arg(long)]
    deliver_to: Option<String>,
    /// Print the shops' tokens too
    #[arg(long)]
    print_tokens: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// How to make things happen while it runs.
const CONTROLS: &str = r#"Controls, while it runs (JSON over HTTP, at the address that it prints):
  GET  /_sim/status | deliveries | calls
  POST /_sim/install            {"shop", "plan", "products", "variants_per_product", "locations", "seed"}: make a shop
  POST /_sim/plan               {"shop", "plan"}: give it another plan
  POST /_sim/orders             {"shop", "count"}: place orders
  POST /_sim/change             {"shop", "change": {"place_orders": 1}}; also update_orders, update_products,
                                sell_inventory: change so many of its newest, within one second
  POST /_sim/uninstall          {"shop"}: remove the app
  POST /_sim/expire-tokens      {"shop"}: let its access tokens expire
  POST /_sim/rule               a rule, as --script has it
  POST /_sim/delivery-faults    {"duplicate", "second_id", "reorder", "late", "late_by_s", "lost"}: likelihoods from 0 to 1;
                                second_id delivers an event under two webhook ids
  POST /_sim/test-notification  {"shop", "topic"}: send a test notification, signed with the shop's own key
  POST /_sim/admin-webhook      {"shop", "topic", "uri"}: make a webhook in the admin; prints the shop's own key
  POST /_sim/compliance         {"shop", "topic", "shop_header": false}: ask for a compliance topic, with or without the
                                header that names the shop

A rule that changes a shop between the pages of a walk:
  [[rule]]
  operation = "OrderChangesPage"
  count = 1
  act = { meanwhile = { update_orders = 3 } }"#;

/// What the app declares with `--deliver-to`.
const DECLARED: [&str; 12] = [
    "app/uninstalled",
    "bulk_operations/finish",
    "customers/data_request",
    "customers/redact",
    "inventory_levels/update",
    "orders/create",
    "orders/paid",
    "orders/updated",
    "products/create",
    "products/delete",
    "products/update",
    "shop/redact",
];

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nobody is left to tell if this fails.
            drop(writeln!(std::io::stderr(), "error: {problem:#}"));
            if let Some(hint) = problem.chain().find_map(hint) {
                drop(writeln!(std::io::stderr(), "hint: {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// What to do about an error.
fn hint(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(ServeError::Remote(_)) = error.downcast_ref() {
        return Some("listen on 127.0.0.1, or say --allow-remote if you mean it");
    }
    match error.downcast_ref()? {
        ScriptError::Unreadable { .. } => Some("--script takes a TOML file with [[rule]] entries"),
        ScriptError::Invalid { .. } => {
            Some("[[rule]] operation = \"Orders*\", rate = 0.1, act = { status = { status = 503 } }")
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "where simulated time starts; everything else takes a clock")]
    let now = SystemTime::now();
    let now = now.duration_since(UNIX_EPOCH).context("this machine's clock is before 1970")?;
    let clock = Clock::new(i64::try_from(now.as_millis()).context("this machine's clock is wrong")?, cli.speed);
    let declared = cli.deliver_to.iter().flat_map(|url| DECLARED.map(|topic| (topic.to_owned(), url.clone())));
    let options = Options {
        declared: declared.collect(),
        schema: cli.schema.clone(),
        latency: Duration::from_millis(cli.latency_ms),
        tokens: if cli.expiring_tokens { TokenStyle::Expiring } else { TokenStyle::Offline },
        seed: cli.seed,
        ..Options::default()
    };
    let sim = Sim::with_schema(clock, options)?;
    if let Some(path) = &cli.script {
        for rule in read_script(path)? {
            sim.script(rule);
        }
    }
    let address = SocketAddr::new(cli.host, cli.port);
    if !cli.allow_remote && !address.ip().is_loopback() {
        return Err(ServeError::Remote(address).into());
    }
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("could not listen on {address}; --port 0 takes any free port"))?;
    let serving = sim.serve_anywhere(listener).await?;
    let mut out = std::io::stdout();
    if cli.json {
        writeln!(out, "{}", json!({ "url": serving.url() }))?;
    } else {
        writeln!(out, "listening on {}", serving.url())?;
    }
    for number in 1..=cli.shops {
        let name = format!("shop-{number}.myshopify.com");
        let domain = ShopDomain::parse(&name).with_context(|| format!("{name} is no shop's domain"))?;
        let installed =
            sim.install(ShopSeed { plan: cli.plan, products: cli.products, seed: cli.seed, ..ShopSeed::new(domain) });
        print(&mut out, &cli, &installed)?;
    }
    let mut told = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => return stopped.context("could not wait for an interrupt"),
            _ = tick.tick() => told = print_deliveries(&mut out, &cli, &sim, told)?,
        }
    }
}

fn print(out: &mut impl Write, cli: &Cli, installed: &Installed) -> Result<()> {
    let mut line = json!({ "shop": installed.shop.as_str(), "client_id": installed.client_id });
    if cli.print_tokens {
        line["access_token"] = installed.access_token.expose_secret().into();
        line["refresh_token"] = installed.refresh_token.as_ref().map(ExposeSecret::expose_secret).into();
    }
    match (cli.json, cli.print_tokens) {
        (true, _) => writeln!(out, "{line}")?,
        (false, true) => writeln!(out, "{}  {}", installed.shop, installed.access_token.expose_secret())?,
        (false, false) => writeln!(out, "{}", installed.shop)?,
    }
    Ok(())
}

/// Prints the attempts since the first `told`; how many there are by now.
fn print_deliveries(out: &mut impl Write, cli: &Cli, sim: &Sim, told: usize) -> Result<usize> {
    let all = sim.deliveries();
    for one in all.iter().skip(told) {
        let outcome = match &one.outcome {
            Attempt::Delivered(status) => format!("{status}"),
            Attempt::Refused(status) => format!("{status}, to be tried again"),
            Attempt::Failed(why) => format!("failed: {why}"),
            Attempt::Lost => "lost on purpose".to_owned(),
        };
        if cli.json {
            let line = json!({ "at": one.at.rfc3339(), "shop": one.shop.as_str(), "topic": one.topic, "webhook_id": one.webhook_id, "attempt": one.attempt, "outcome": outcome });
            writeln!(out, "{line}")?;
        } else {
            let at = one.at.rfc3339();
            writeln!(out, "{at}  {}  {}  {}  attempt {}: {outcome}", one.shop, one.topic, one.webhook_id, one.attempt)?;
        }
    }
    Ok(all.len())
}
