//! The options of `weir load`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use weir_ops::spelling;

use crate::args::{EndpointArgs, StackArgs, length, rate};

/// Send a load of signed webhooks, measure it, and account for every accepted event
///
/// Deliveries start at the times of the pattern, whether earlier ones were answered or not, and latency counts from then
/// (open loop). Afterwards the command reads the ledger until every accepted event has ended, or none has ended for the
/// time of --settle.
///
/// Without --not-loopback it sends to this machine only. The shops are made up: weir-load-1.myshopify.com and so on.
///
/// Ctrl-C stops sending and reports what was sent; a second Ctrl-C stops waiting. The exit status is 1 if an accepted event
/// was lost or has not ended, or if nothing was accepted.
#[derive(Debug, Args)]
#[command(after_help = LOAD_HELP)]
pub(crate) struct LoadArgs {
    /// Deliveries a second: with flash-sale before the sale, with ramp at the end
    #[arg(long, value_name = "N", default_value = "20", value_parser = rate)]
    pub(crate) rate: f64,
    /// How long to send
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    pub(crate) duration: Duration,
    /// Number of shops. The first ones send more than the last ones
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) shops: u32,
    /// How the rate changes over time
    #[arg(long, value_name = "NAME", default_value = "steady")]
    pub(crate) pattern: PatternName,
    /// The topics, each with its share if they are not equal, such as orders/create=5,products/update
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = share, default_values = MIX)]
    pub(crate) topics: Vec<Share>,
    /// Send orders/create only, with bodies of at least this size [default: the samples of each topic]
    #[arg(long, value_name = "KB", conflicts_with = "topics", value_parser = clap::value_parser!(u32).range(1..=5_900))]
    pub(crate) payload_kb: Option<u32>,
    /// Percentage of deliveries that repeat an earlier one [default: 5 with flash-sale, else 0]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub(crate) duplicates: Option<u8>,
    /// Percentage of events whose body no worker can read: they should be dead-lettered and delay no other
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) poison: u8,
    /// Seed of shops, topics, bodies and times [default: random, and printed in the report]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Most deliveries in flight at once. Later ones wait, and the report says so
    /// [default: 16 for the local stack, whose emulator is not faster with more; else 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) concurrency: Option<u16>,
    /// Stop waiting when no event has ended for this time
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = length)]
    pub(crate) settle: Duration,
    /// Do not read the ledger afterwards
    #[arg(long)]
    pub(crate) no_audit: bool,
    /// Send even though the webhooks leave this machine
    #[arg(long)]
    pub(crate) not_loopback: bool,
    #[command(flatten)]
    pub(crate) endpoint: EndpointArgs,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const LOAD_HELP: &str = "\
Examples:
  weir load
  weir load --pattern flash-sale --rate 20 --duration 1m --shops 50
  weir load --pattern ramp --rate 400 --duration 2m --seed 7        find the rate that it can't sustain
  weir load --payload-kb 300 --rate 5
  weir load --topics orders/create=9,refunds/create=1 --duplicates 20 --poison 1
  weir load --stack weir-staging --rate 100 --duration 10m --not-loopback
  weir load --json | jq '.latency_ms.p99, .audit.lost'";

/// What a shop sends on a busy day.
const MIX: [&str; 4] = ["orders/create=40", "orders/paid=20", "inventory_levels/update=25", "products/update=15"];

/// How the rate changes over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatternName {
    /// The same all the time
    Steady,
    /// Quiet, then ten times as much within two seconds, then a long tail
    FlashSale,
    /// From nothing to the full rate, evenly
    Ramp,
}

/// A topic and its share among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) topic: String,
    pub(crate) weight: u32,
}

fn share(text: &str) -> Result<Share, &'static str> {
    let (topic, weight) = text.split_once('=').unwrap_or((text, "1"));
    let weight = weight.parse().ok().filter(|weight| (1..=1_000_000).contains(weight));
    let weight = weight.ok_or("expected a topic and its share, a whole number, as orders/create=5")?;
    Ok(Share { topic: spelling::topic(topic), weight })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_a_share_of_one_unless_another_is_given() {
        let of = |text| share(text).map(|share| (share.topic, share.weight));
        assert_eq!(of("orders/create"), Ok(("orders/create".to_owned(), 1)));
        assert_eq!(of("orders/paid=7"), Ok(("orders/paid".to_owned(), 7)));
        for text in ["orders/paid=0", "orders/paid=", "orders/paid=a", "orders/paid=-1", "a=1=2"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
