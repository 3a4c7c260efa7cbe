//! The deliveries that the command line asks for.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use shopify_webhook::{Topic, WebhookId};
use weir_core::envelope::{SYNTHETIC_ID_PREFIX, is_reserved_id};
use weir_load::{Bodies, Deliveries};

use crate::{
    cli::SendArgs,
    commands::topics,
    problem::{HintedError, Usage},
    shop_domain,
};

/// An endless supply of what is to be sent.
pub(crate) fn deliveries(args: &SendArgs, now: Timestamp) -> anyhow::Result<Deliveries> {
    let topic = topic(&args.topic, args.file.is_some())?;
    let shop = shop_domain::parse(&args.shop)?;
    let id = args.id.as_deref().map(id).transpose()?;
    let bodies = match &args.file {
        Some(path) => Bodies::Given(read(path)?),
        None => Bodies::drawn(args.seed, id.as_ref(), &shop, now),
    };
    Ok(Deliveries::new(topic, shop, bodies, id, now))
}

/// A topic that can be sent. Without a body of the user's own it must be one that bodies can be drawn for.
fn topic(text: &str, has_body: bool) -> Result<Topic, Usage> {
    if let Some(topic) = weir_load::topic(text).or_else(|| Topic::parse(text).filter(|_| has_body)) {
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

fn id(text: &str) -> Result<WebhookId, Usage> {
    if is_reserved_id(text) {
        return Err(Usage::new(
            format!("{text:?} is reserved: weir gives such ids to the events that it makes itself"),
            format!("choose an id that does not begin with {SYNTHETIC_ID_PREFIX}"),
        ));
    }
    WebhookId::parse(text).ok_or_else(|| {
        Usage::new(
            format!("{text:?} is not a webhook id"),
            "it is 1 to 100 letters, digits or - _ . : (Shopify sends UUIDs)",
        )
    })
}

fn read(path: &Path) -> Result<Bytes, HintedError> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map(Bytes::from).map_err(|error| {
        let problem = format!("could not read the body from {}", path.display());
        HintedError::new(problem, "name a file, or - for stdin").because(error)
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use weir_load::Delivery;

    use super::*;
    use crate::{
        cli::{Cli, Command},
        problem::Shown,
    };

    fn asked(line: &[&str]) -> anyhow::Result<Deliveries> {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        match Cli::parse_from(["weir", "send"].iter().chain(line)).command {
            Command::Send(args) => deliveries(&args, now),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn two(line: &[&str]) -> (Delivery, Delivery) {
        let mut deliveries = asked(line).unwrap();
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
        let said = Shown::of(&asked(line).err().unwrap()).lines().join("\n");
        assert!(said.contains(part), "{said}");
    }

    #[test]
    fn invalid_delivery_options_have_a_hint() {
        check_refused(&["order/create"], "did you mean orders/create");
        check_refused(&["spaceships/landed"], "with --file");
        check_refused(&["ORDERS", "--file", "x"], "not the name of a topic");
        check_refused(&["orders/create", "--shop", "north"], "it looks like north.myshopify.com");
        check_refused(&["orders/create", "--shop", "a b"], "it looks like north.myshopify.com");
        check_refused(&["orders/create", "--id", "a/b"], "not a webhook id");
        check_refused(&["orders/create", "--file", "/nowhere/at/all"], "/nowhere/at/all");
    }
}
