//! The command line of `weir load`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{EndpointArgs, StackArgs, rate, time::length};

/// Send a load of signed webhooks, measure the answers, and account for every event that was accepted
///
/// Deliveries start when the pattern says, whether earlier ones are answered or not, and their latency counts from then: a
/// stack that stalls can't make itself look quick by being asked less. Afterwards the ledger is asked for each event that
/// was accepted, until all have come to their end, or none does for as long as --settle says.
///
/// It sends to this machine only, unless --not-loopback is given. The shops are made up: weir-load-1.myshopify.com and so on.
///
/// Ctrl-C stops the sending, and what was sent is reported; a second one stops the waiting. Ends with status 1 if an
/// accepted event was lost or has not come to its end, or if nothing was accepted.
#[derive(Debug, Args)]
#[command(after_help = LOAD_HELP)]
pub(crate) struct LoadArgs {
    /// How many a second; with flash-sale before the sale, with ramp at the end
    #[arg(long, value_name = "N", default_value = "20", value_parser = rate)]
    pub(crate) rate: f64,
    /// For how long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    pub(crate) duration: Duration,
    /// From how many shops. The first ones send more than the last ones, as in life
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) shops: u32,
    /// How the rate changes over time
    #[arg(long, value_name = "NAME", default_value = "steady")]
    pub(crate) pattern: PatternName,
    /// The topics, each with its share if they are not equal, as orders/create=5,products/update
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = share, default_values = MIX)]
    pub(crate) topics: Vec<Share>,
    /// Orders with bodies of at least this size; topics are then orders/create only [default: as each topic has it]
    #[arg(long, value_name = "KB", conflicts_with = "topics", value_parser = clap::value_parser!(u32).range(1..=5_900))]
    pub(crate) payload_kb: Option<u32>,
    /// Of a hundred deliveries so many repeat an earlier one [default: 5 with flash-sale, else 0]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub(crate) duplicates: Option<u8>,
    /// Of a hundred events so many have a body that no worker can read: they should be dead-lettered, and hold up nobody
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) poison: u8,
    /// Draw shops, topics, bodies and moments from this seed [default: by chance; the report tells it]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How many may wait for their answer at once. Later ones wait for their turn, and the report says so
    /// [default: 16 with the local stack, whose emulator is no faster with more; else 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) concurrency: Option<u16>,
    /// Give up on events of which none came to its end for so long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = length)]
    pub(crate) settle: Duration,
    /// Ask no ledger what became of them
    #[arg(long)]
    pub(crate) no_audit: bool,
    /// Do it though the webhooks leave this machine
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
  weir load --pattern ramp --rate 400 --duration 2m --seed 7        where does it stop keeping up?
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
    Ok(Share { topic: topic.to_owned(), weight })
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
