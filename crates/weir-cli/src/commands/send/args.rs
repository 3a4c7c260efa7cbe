//! The options of `weir send`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{EndpointArgs, rate, topic};

/// Sign webhooks as Shopify does and post them
///
/// The webhooks go to the local stack of `weir dev`, or to --url. The body is a realistic sample of the topic (see `weir
/// topics`), or the bytes of a file. The exit status is 1 if any response is not 2xx.
#[derive(Debug, Args)]
#[command(after_help = SEND_HELP)]
pub(crate) struct SendArgs {
    /// The topic, such as orders/create or ORDERS_CREATE
    #[arg(value_parser = topic)]
    pub(crate) topic: String,
    /// The shop that sends the webhook
    #[arg(long, value_name = "DOMAIN", default_value = "weir-demo.myshopify.com")]
    pub(crate) shop: String,
    /// Send this file's bytes, with any topic; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub(crate) file: Option<PathBuf>,
    /// The webhook id of every delivery: all after the first are then duplicates, in later calls too
    /// [default: a new id for each delivery]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// How many deliveries to send
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) times: u32,
    /// Most deliveries a second [default: as fast as responses arrive]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Most deliveries in flight at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// Seed of the sample bodies: the same seed makes the same names, numbers and ids [default: random]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) endpoint: EndpointArgs,
    /// Print the request as a curl command, without posting it
    #[arg(long, conflicts_with_all = ["times", "rate", "concurrency"])]
    pub(crate) dry_run: bool,
}

const SEND_HELP: &str = "\
Examples:
  weir send orders/create
  weir send orders/paid --shop north.myshopify.com --times 100 --rate 20
  weir send orders/create --id 7c1e5a0e --times 2          the second one is a duplicate
  weir send orders/create --secret wrong                   a forgery: 401
  weir send products/update --file product.json
  weir send app/uninstalled --url https://HOST/webhooks    with the secret in WEIR_CLIENT_SECRET";
