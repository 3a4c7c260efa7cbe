//! What the command line asks for.

use std::path::Path;

use anyhow::Context;
use resilience::UnixMillis;
use shopify_webhook::{ShopDomain, Topic};
use weir_reconcile::{Kind, ReconcileTopic, Since};
use weir_subscriptions::Desired;

use crate::{
    cli::{Moment, ReconcileArgs},
    commands::shops,
    delivery,
    problem::Usage,
};

/// It, understood.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) shop: ShopDomain,
    pub(super) app: String,
    pub(super) since: Since,
    pub(super) until: Option<UnixMillis>,
    pub(super) wanted: Vec<ReconcileTopic>,
}

impl Asked {
    pub(super) fn of(args: &ReconcileArgs, now: UnixMillis) -> anyhow::Result<Self> {
        let shop = delivery::shop(&args.shop)?;
        let app = shops::app(&args.app)?;
        let since = args.since.map(|since| past(since, now, "--since")).transpose()?;
        let until = args.until.map(|until| past(until, now, "--until")).transpose()?;
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            return Err(Usage::new("--until lies before --since", "give the earlier moment to --since").into());
        }
        let desired = args.file.as_deref().map_or_else(|| Ok(Desired::built_in()), read)?;
        let wanted = wanted(&desired, &args.topics, &app, &shop)?;
        Ok(Self { shop, app, since: since.map_or(Since::Cursor, Since::At), until, wanted })
    }
}

fn past(moment: Moment, now: UnixMillis, flag: &str) -> Result<UnixMillis, Usage> {
    let at = moment.at(now);
    if at > now {
        return Err(Usage::new(format!("{flag} lies in the future"), "give a time ago, as 2h, or a moment in UTC"));
    }
    Ok(at)
}

fn read(path: &Path) -> anyhow::Result<Desired> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("could not read {name}\nhint: --file takes a file such as infra/subscriptions.toml")
    })?;
    let read = Desired::parse(&text).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{name} can't be used: {}\nhint: nothing was sent; mend the file", all.join("; "))
    })?;
    Ok(read.desired)
}

/// What is desired of what was named. A topic that was named by itself is wanted in any case.
fn wanted(desired: &Desired, named: &[String], app: &str, shop: &ShopDomain) -> anyhow::Result<Vec<ReconcileTopic>> {
    let all = ReconcileTopic::desired(desired, app, shop.as_str());
    let mut wanted: Vec<ReconcileTopic> = Vec::new();
    for name in named.iter().map(|name| name.trim()) {
        if let Ok(kind) = name.parse::<Kind>() {
            // Beside its own topics those that stand beside them, so that the report tells what it leaves out.
            let is_of = |topic: &str| Kind::of(topic) == Some(kind);
            wanted.extend(all.iter().filter(|one| is_of(&one.topic)).cloned());
        } else if Topic::parse(name).is_some() && Kind::of(name).is_some() {
            let of_it: Vec<ReconcileTopic> = all.iter().filter(|one| one.topic == name).cloned().collect();
            wanted.extend(if of_it.is_empty() { vec![ReconcileTopic::topic(name)] } else { of_it });
        } else {
            let topics: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.topics()).copied().collect();
            let hint = format!("--topics takes orders, products, inventory, or some of {}", topics.join(", "));
            return Err(Usage::new(format!("what is lost of {name:?} can't be found"), hint).into());
        }
    }
    wanted.dedup();
    if wanted.is_empty() {
        let problem = format!("no such subscription is desired for app {app} in {shop}");
        return Err(Usage::new(problem, "see infra/subscriptions.toml, or name topics: --topics orders/create").into());
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    fn asked(line: &[&str]) -> anyhow::Result<Asked> {
        let line = ["weir", "reconcile"].iter().chain(line);
        match Cli::try_parse_from(line)?.command {
            Command::Reconcile(args) => Asked::of(&args, NOW),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_time_ago_counts_from_now_and_without_one_the_cursor_says() {
        let since = |line: &[&str]| asked(line).unwrap().since;
        let at = |ago: i64| Since::At(UnixMillis(NOW.0 - ago));
        assert_eq!(since(&["--shop", "north.myshopify.com", "--since", "2h"]), at(7_200_000));
        assert_eq!(since(&["--shop", "north.myshopify.com", "--since", "2026-11-27T04:59:59Z"]), at(1_000));
        assert_eq!(since(&["--shop", "north.myshopify.com"]), Since::Cursor);
    }

    #[test]
    fn kinds_stand_for_what_is_desired_of_them_and_topics_for_themselves() {
        let topics = |line: &[&str]| {
            let line = [&["--shop", "north.myshopify.com"], line].concat();
            asked(&line).unwrap().wanted.into_iter().map(|one| one.topic).collect::<Vec<_>>()
        };
        assert_eq!(topics(&["--topics", "inventory"]), ["inventory_levels/update"]);
        assert_eq!(
            topics(&["--topics", "orders/paid,products"]),
            ["orders/paid", "products/create", "products/update"]
        );
        assert_eq!(topics(&[]).len(), 7);
    }

    #[test]
    fn what_can_not_be_followed_says_what_to_do() {
        for (line, expected) in [
            (&["--shop", "not a shop"][..], "hint:"),
            (&["--shop", "north.myshopify.com", "--app", "Not An App"], "hint:"),
            (&["--shop", "north.myshopify.com", "--since", "2030-01-01T00:00:00Z"], "future"),
            (&["--shop", "north.myshopify.com", "--since", "1h", "--until", "2h"], "before --since"),
            (&["--shop", "north.myshopify.com", "--topics", "refunds"], "orders/paid"),
            (&["--shop", "north.myshopify.com", "--topics", "refunds/create"], "can't be found"),
            (&["--shop", "north.myshopify.com", "--app", "loyalty"], "--topics orders/create"),
            (&["--shop", "north.myshopify.com", "--file", "/not/there.toml"], "could not read"),
            (&["--shop", "north.myshopify.com", "--since", "soon"], "expected a time"),
            (&["--since", "1h"], "--shop"),
        ] {
            let said = format!("{:#}", asked(line).unwrap_err());
            assert!(said.contains(expected), "{line:?}: {said}");
        }
    }
}
