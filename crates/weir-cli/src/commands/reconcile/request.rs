//! What the command line asks for.

use std::path::Path;

use resilience::UnixMillis;
use weir_ops::reconcile::{Kind, ReconcileRequest, Since, TopicsError, topics};
use weir_subscriptions::Desired;

use crate::{
    cli::{Moment, ReconcileArgs},
    commands::shops,
    problem::{HintedError, Usage},
    shop_domain,
};

/// The request, checked.
pub(super) fn request(args: &ReconcileArgs, now: UnixMillis) -> anyhow::Result<ReconcileRequest> {
    let shop = shop_domain::parse(&args.shop)?;
    let app = shops::app(&args.app)?;
    let since = args.since.map(|since| past(since, now, "--since")).transpose()?;
    let until = args.until.map(|until| past(until, now, "--until")).transpose()?;
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Usage::new("--until lies before --since", "give the earlier moment to --since").into());
    }
    let desired = args.file.as_deref().map_or_else(|| Ok(Desired::built_in()), read)?;
    let topics = topics(&desired, &args.topics, &app, &shop).map_err(explained)?;
    let since = since.map_or(Since::Cursor, Since::At);
    Ok(ReconcileRequest { shop, app, since, until, topics, dry_run: args.dry_run, points: args.points })
}

fn explained(error: TopicsError) -> Usage {
    let hint = match &error {
        TopicsError::Unknown(_) => {
            let topics: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.topics()).copied().collect();
            format!("--topics takes orders, products, inventory, or some of {}", topics.join(", "))
        }
        TopicsError::NotDesired { .. } => {
            "see infra/subscriptions.toml, or name topics: --topics orders/create".to_owned()
        }
    };
    Usage::new(error.to_string(), hint)
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
    let text = std::fs::read_to_string(path).map_err(|error| {
        let hint = "--file takes a file such as infra/subscriptions.toml";
        HintedError::new(format!("could not read {name}"), hint).because(error)
    })?;
    let read = Desired::parse(&text).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        HintedError::new(format!("{name} can't be used: {}", all.join("; ")), "nothing was sent; mend the file")
    })?;
    Ok(read.desired)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{
        cli::{Cli, Command},
        problem::Shown,
    };

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    fn asked(line: &[&str]) -> anyhow::Result<ReconcileRequest> {
        let line = ["weir", "reconcile"].iter().chain(line);
        match Cli::try_parse_from(line)?.command {
            Command::Reconcile(args) => request(&args, NOW),
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
            asked(&line).unwrap().topics.into_iter().map(|one| one.topic).collect::<Vec<_>>()
        };
        assert_eq!(topics(&["--topics", "inventory"]), ["inventory_levels/update"]);
        assert_eq!(
            topics(&["--topics", "orders/paid,products"]),
            ["orders/paid", "products/create", "products/update"]
        );
        assert_eq!(topics(&[]).len(), 7);
    }

    #[test]
    fn request_that_cannot_be_followed_has_a_hint() {
        for (line, expected) in [
            (&["--shop", "not a shop"][..], "hint:"),
            (&["--shop", "north.myshopify.com", "--app", "Not An App"], "hint:"),
            (&["--shop", "north.myshopify.com", "--since", "2030-01-01T00:00:00Z"], "future"),
            (&["--shop", "north.myshopify.com", "--since", "1h", "--until", "2h"], "before --since"),
            (&["--shop", "north.myshopify.com", "--topics", "refunds"], "orders/paid"),
            (&["--shop", "north.myshopify.com", "--topics", "refunds/create"], "lost events"),
            (&["--shop", "north.myshopify.com", "--app", "loyalty"], "--topics orders/create"),
            (&["--shop", "north.myshopify.com", "--file", "/not/there.toml"], "could not read"),
            (&["--shop", "north.myshopify.com", "--since", "soon"], "expected a time"),
            (&["--since", "1h"], "--shop"),
        ] {
            let said = Shown::of(&asked(line).unwrap_err()).lines().join("\n");
            assert!(said.contains(expected), "{line:?}: {said}");
        }
    }
}
