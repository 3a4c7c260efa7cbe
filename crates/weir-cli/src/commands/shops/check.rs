//! `weir shops check`: asks Shopify about a shop, through the whole client.

use shopify_client::{Error, Kind, Retry, transport::TransportError};
use shopify_webhook::ShopDomain;
use weir_ops::shops::{ApiVersion, CostBucket, ShopReport, Shops, check};

use super::{
    common::{failed, named, unknown},
    view::line,
};
use crate::cli::ShopsCheckArgs;
use crate::{admin, exit::ExitStatus, hints, printer::Printer, target};

pub(super) async fn run(args: &ShopsCheckArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (domain, app) = named(&args.shop)?;
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let known = target.registry.get(&domain, &app).await.map_err(|error| failed(error, &target))?;
    let known = known.ok_or_else(|| unknown(&domain, &app))?;
    let client = admin::client(&target, &app).await?;
    let checked = check(&target, &client, &known).await.map_err(|error| failed(error, &target))?;
    if let (Some(says), Err(_), false) = (checked.marked, &checked.result, printer.is_json()) {
        printer.note(format!(
            "{domain} is marked {says} in the registry; a check that succeeds marks it {} again",
            known.state
        ));
    }
    let report = checked.result.map_err(|error| explained(error, &target, &domain, &app))?;
    printer.item(&report, lines)?;
    Ok(ExitStatus::Done)
}

/// The client's error, with what to do about it here.
fn explained(error: Error, shops: &Shops, shop: &ShopDomain, app: &str) -> anyhow::Error {
    let hint = match &error.kind {
        Kind::Transport(TransportError::Connect(_)) => Some(hints::where_it_runs(shops.is_emulated).to_owned()),
        Kind::Unauthorized => Some(format!(
            "the app was uninstalled or its token revoked: install it again, then `weir shops add {shop} --app {app} --replace`"
        )),
        Kind::CircuitOpen(_) => {
            Some(format!("`weir shops show {shop} --app {app}` says why, and when a call is let through again"))
        }
        kind if hints::of_kind(kind).is_some() => None,
        _ => match error.retry {
            Retry::After(wait) => Some(format!("it may pass: try again in {} s", wait.as_secs().max(1))),
            Retry::Never => None,
        },
    };
    // The outermost hint is the one that is shown.
    match hint {
        Some(hint) => hints::with(&hint, error),
        None => error.into(),
    }
}

fn lines(report: &ShopReport) -> String {
    let state = match report.was {
        Some(was) => format!("{}, was {was}", report.state),
        None => report.state.to_owned(),
    };
    let ApiVersion { asked, answered, fell_forward } = &report.api_version;
    let version = match answered {
        Some(answered) if *fell_forward => {
            format!("{answered} answers in place of {asked}, which is retired: upgrade weir")
        }
        _ => (*asked).to_owned(),
    };
    let bucket = report.bucket.map(|CostBucket { available, max, restore }| {
        format!("{available:.0} of {max:.0} points, {restore:.0} come back a second")
    });
    let scopes = if report.scopes.is_empty() { "none".to_owned() } else { report.scopes.join(" ") };
    let rows = [
        ("name", Some(report.name.clone())),
        ("plan", Some(report.plan.clone())),
        ("state", Some(state)),
        ("API version", Some(version)),
        ("budget", bucket),
        ("scopes", Some(scopes)),
        ("subscriptions", Some(format!("{} made through the API", report.subscriptions))),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| Some(line(name, &value?)));
    let head = format!("{}  app {}: Shopify answers", report.domain, report.app);
    crate::layout::joined(std::iter::once(head).chain(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> ShopReport {
        ShopReport {
            domain: "north.myshopify.com".into(),
            app: "default".into(),
            name: "North".into(),
            plan: "Plus".into(),
            state: "installed",
            was: None,
            scopes: vec!["read_orders".into(), "write_orders".into()],
            api_version: ApiVersion { asked: "2026-10", answered: Some("2026-10".into()), fell_forward: false },
            bucket: Some(CostBucket { available: 19_990.4, max: 20_000.0, restore: 1_000.0 }),
            subscriptions: 2,
        }
    }

    #[test]
    fn answer_of_shopify_is_shown_line_by_line() {
        let lines = lines(&report());
        for said in [
            "state           installed\n",
            "API version     2026-10\n",
            "19990 of 20000 points, 1000 come back a second",
            "read_orders write_orders",
            "2 made through the API",
        ] {
            assert!(lines.contains(said), "{said}: {lines}");
        }
    }

    #[test]
    fn a_retired_version_and_a_shop_that_thawed_are_told() {
        let version = ApiVersion { asked: "2026-10", answered: Some("2027-10".into()), fell_forward: true };
        let lines = lines(&ShopReport { was: Some("frozen"), api_version: version, ..report() });
        assert!(lines.contains("2027-10 answers in place of 2026-10, which is retired"), "{lines}");
        assert!(lines.contains("installed, was frozen"), "{lines}");
    }
}
