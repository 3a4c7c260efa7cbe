//! What is sent: fresh deliveries, or the same one again and again.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use bytes::Bytes;
use jiff::Timestamp;
use shopify_samples::Samples;
use shopify_webhook::{DeliveryId, ShopDomain, Topic};
use uuid::Uuid;
use weir_core::envelope::{SYNTHETIC_ID_PREFIX, is_reserved_id};

use crate::{cli::SendArgs, commands::topics, delivery, delivery::Delivery, problem::Usage};

/// An endless supply of deliveries.
pub(crate) enum Deliveries {
    /// A duplicate repeats every byte, the headers among them, as Shopify's own retries do.
    Same(Box<Delivery>),
    Fresh {
        topic: Topic,
        shop: ShopDomain,
        bodies: Bodies,
    },
}

/// Where bodies come from.
pub(crate) enum Bodies {
    File(Bytes),
    Drawn(Box<Samples>),
}

impl Deliveries {
    pub(crate) fn new(args: &SendArgs, now: Timestamp) -> anyhow::Result<Self> {
        let topic = topic(&args.topic, args.file.is_some())?;
        let shop = delivery::shop(&args.shop)?;
        let id = args.id.as_deref().map(id).transpose()?;
        let bodies = match &args.file {
            Some(path) => Bodies::File(read(path)?),
            None => {
                // A delivery that is named is the same one in a later call too: its body hangs on nothing but its id.
                let (seed, now) = match &id {
                    Some(id) => (seed_of(id), REPEATABLE),
                    None => (fastrand::u64(..), now),
                };
                Bodies::Drawn(Box::new(Samples::new(args.seed.unwrap_or(seed), shop.as_str(), now)))
            }
        };
        let mut deliveries = Self::Fresh { topic, shop, bodies };
        if let Some(webhook_id) = id {
            deliveries = Self::Same(Box::new(Delivery { webhook_id, ..deliveries.next(now) }));
        }
        Ok(deliveries)
    }

    pub(crate) fn next(&mut self, now: Timestamp) -> Delivery {
        match self {
            Self::Same(delivery) => Delivery::clone(delivery),
            Self::Fresh { topic, shop, bodies } => Delivery {
                topic: topic.clone(),
                shop: shop.clone(),
                webhook_id: delivery::id(Uuid::new_v4()),
                event_id: delivery::id(Uuid::new_v4()),
                triggered_at: now,
                body: bodies.next(topic),
            },
        }
    }
}

impl Bodies {
    fn next(&mut self, topic: &Topic) -> Bytes {
        match self {
            Self::File(bytes) => bytes.clone(),
            #[expect(clippy::expect_used, reason = "`topic` refuses what is not listed")]
            Self::Drawn(samples) => samples.body(topic.as_str()).expect("a listed topic has a body").into(),
        }
    }
}

/// A topic that can be sent. Without a body of the user's own it must be one that bodies can be drawn for.
fn topic(text: &str, has_body: bool) -> Result<Topic, Usage> {
    let known = shopify_samples::topics().binary_search(&text).is_ok();
    if let Some(topic) = Topic::parse(text).filter(|_| known || has_body) {
        return Ok(topic);
    }
    let meant = topics::closest(text);
    let others = if has_body { "" } else { "; any other topic can be sent with --file" };
    let hint = match &meant[..] {
        [] => format!("`weir topics` lists the known ones{others}"),
        _ => format!("did you mean {}? `weir topics` lists the known ones{others}", meant.join(" or ")),
    };
    let problem =
        if has_body { "is not the name of a topic" } else { "is not a topic that bodies can be generated for" };
    Err(Usage::new(format!("{text:?} {problem}"), hint))
}

fn id(text: &str) -> Result<DeliveryId, Usage> {
    if is_reserved_id(text) {
        return Err(Usage::new(
            format!("{text:?} is reserved: weir gives such ids to the events that it makes itself"),
            format!("choose an id that does not begin with {SYNTHETIC_ID_PREFIX}"),
        ));
    }
    DeliveryId::parse(text).ok_or_else(|| {
        Usage::new(
            format!("{text:?} is not a webhook id"),
            "it is 1 to 100 letters, digits or - _ . : (Shopify sends UUIDs)",
        )
    })
}

/// When the events of named deliveries happened: 2026-10-01T12:00:00Z.
const REPEATABLE: Timestamp = Timestamp::constant(1_790_856_000, 0);

fn seed_of(id: &DeliveryId) -> u64 {
    id.as_str().bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()))
}

fn read(path: &Path) -> anyhow::Result<Bytes> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let failed = || format!("could not read the body from {}\nhint: name a file, or - for stdin", path.display());
    read.map(Bytes::from).with_context(failed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn deliveries(line: &[&str]) -> anyhow::Result<Deliveries> {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        match Cli::parse_from(["weir", "send"].iter().chain(line)).command {
            Command::Send(args) => Deliveries::new(&args, now),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn two(line: &[&str]) -> (Delivery, Delivery) {
        let mut deliveries = deliveries(line).unwrap();
        (deliveries.next(Timestamp::UNIX_EPOCH), deliveries.next(Timestamp::MAX))
    }

    #[test]
    fn each_delivery_is_an_event_of_its_own() {
        let (first, second) = two(&["orders/create"]);
        assert_ne!(first.webhook_id, second.webhook_id);
        assert_ne!(first.body, second.body);
    }

    #[test]
    fn a_given_id_makes_them_duplicates_to_the_last_byte() {
        let (first, second) = two(&["orders/create", "--id", "abc"]);
        assert_eq!(first.webhook_id.as_str(), "abc");
        assert_eq!(first.headers(&"s".into()), second.headers(&"s".into()));
        assert_eq!(first.body, second.body);
    }

    #[test]
    fn a_given_id_names_the_same_delivery_in_a_later_call() {
        let ((first, _), (later, _)) = (two(&["orders/create", "--id", "abc"]), two(&["orders/create", "--id", "abc"]));
        assert_eq!(first.body, later.body);
        assert_ne!(first.body, two(&["orders/create", "--id", "abd"]).0.body);
    }

    #[test]
    fn a_seed_gives_the_same_bodies_under_new_ids() {
        let ((first, _), (again, _)) =
            (two(&["refunds/create", "--seed", "7"]), two(&["refunds/create", "--seed", "7"]));
        assert_eq!(first.body, again.body);
        assert_ne!(first.webhook_id, again.webhook_id);
    }

    #[test]
    fn a_file_is_sent_byte_for_byte_under_any_topic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff not json \r\n").unwrap();
        let (first, second) = two(&["spaceships/landed", "--file", file.path().to_str().unwrap()]);
        assert_eq!(&first.body[..], b"\xff not json \r\n");
        assert_ne!(first.webhook_id, second.webhook_id);
    }

    #[track_caller]
    fn check_refused(line: &[&str], part: &str) {
        let error = deliveries(line).err().unwrap();
        assert!(format!("{error:#}").contains(part), "{error:#}");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        check_refused(&["order/create"], "did you mean orders/create");
        check_refused(&["spaceships/landed"], "with --file");
        check_refused(&["ORDERS", "--file", "x"], "not the name of a topic");
        check_refused(&["orders/create", "--shop", "north"], "it looks like north.myshopify.com");
        check_refused(&["orders/create", "--shop", "a b"], "it looks like north.myshopify.com");
        check_refused(&["orders/create", "--id", "a/b"], "not a webhook id");
        check_refused(&["orders/create", "--file", "/nowhere/at/all"], "/nowhere/at/all");
    }
}
