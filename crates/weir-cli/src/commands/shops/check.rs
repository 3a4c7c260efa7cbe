//! `weir shops check`: asks Shopify about a shop, through the whole client.

use std::time::Duration;

use resilience::UnixMillis;
use serde::Serialize;
use shopify_client::{
    Call, Client, Error, Kind, Reply, Retry,
    budget::ThrottleStatus,
    operations::{AccessScopes, ShopInfo, WebhookSubscriptionsPage, access_scopes, shop_info},
    transport::TransportError,
};
use shopify_webhook::ShopDomain;
use weir_ops::shops::Shops;
use weir_shops::{Shop, ShopState};

use super::{
    common::{failed, named, unknown},
    view::line,
};
use crate::cli::ShopsCheckArgs;
use crate::{admin, exit::ExitStatus, hints, printer::Printer, target};

/// For all calls together: longer than a token's renewal by a process that died takes to be taken over.
const WITHIN: Duration = Duration::from_secs(45);

/// Subscriptions a page: the most that one query may ask for.
const PAGE: i64 = 250;

/// What Shopify says of a shop.
#[derive(Debug, Serialize)]
struct Checked {
    domain: String,
    app: String,
    name: String,
    plan: String,
    /// What the registry says now.
    state: &'static str,
    /// What it said before, if that was something else.
    was: Option<&'static str>,
    scopes: Vec<String>,
    api_version: Version,
    bucket: Option<Bucket>,
    /// Made through the API; those of the app's TOML are not listed.
    subscriptions: usize,
}

#[derive(Debug, Serialize)]
struct Version {
    asked: &'static str,
    /// `None` if Shopify did not say.
    answered: Option<String>,
    /// Whether the one that was asked for is retired.
    fell_forward: bool,
}

/// The cost budget as Shopify counts it, in points.
#[derive(Debug, Clone, Copy, Serialize)]
struct Bucket {
    available: f64,
    max: f64,
    /// A second.
    restore: f64,
}

pub(super) async fn run(args: &ShopsCheckArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (domain, app) = named(&args.shop)?;
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let known = target.registry.get(&domain, &app).await.map_err(|error| failed(error, &target))?;
    let known = known.ok_or_else(|| unknown(&domain, &app))?;
    let client = admin::client(&target, &app).await?;
    let asked = ask(&client, &known, &Call::foreground(WITHIN)).await;
    let says = match &asked {
        Ok(_) => ShopState::Installed,
        Err(error) if matches!(error.kind, Kind::Frozen) => ShopState::Frozen,
        // Whatever else went wrong says nothing about the shop's account.
        Err(_) => known.state,
    };
    if says != known.state && known.state != ShopState::Uninstalled {
        let noted = target.registry.set_state(&domain, &app, says, UnixMillis::now()).await;
        noted.map_err(|error| failed(error, &target))?;
        if asked.is_err() && !printer.is_json() {
            printer.note(format!(
                "{domain} is marked {says} in the registry; a check that succeeds marks it {} again",
                known.state
            ));
        }
    }
    let mut checked = asked.map_err(|error| explained(error, &target, &domain, &app))?;
    if says != known.state {
        checked.was = Some(known.state.as_str());
    }
    printer.item(&checked, Checked::lines)?;
    Ok(ExitStatus::Done)
}

async fn ask(client: &Client, shop: &Shop, call: &Call) -> Result<Checked, Error> {
    let domain = &shop.domain;
    let info = client.run::<ShopInfo>(domain, shop_info::Variables, call).await?;
    let scopes = client.run::<AccessScopes>(domain, access_scopes::Variables, call).await?;
    let (subscriptions, bucket) = subscriptions(client, domain, call).await?;
    let mut granted: Vec<String> =
        scopes.data.current_app_installation.access_scopes.into_iter().map(|scope| scope.handle).collect();
    granted.sort_unstable();
    Ok(Checked {
        domain: domain.to_string(),
        app: shop.app.clone(),
        name: info.data.shop.name,
        plan: info.data.shop.plan.public_display_name,
        state: ShopState::Installed.as_str(),
        was: None,
        scopes: granted,
        api_version: Version {
            asked: shopify_schema::API_VERSION,
            answered: info.version,
            fell_forward: client.fell_forward(),
        },
        bucket,
        subscriptions,
    })
}

/// How many there are, and the bucket after the last call.
async fn subscriptions(client: &Client, shop: &ShopDomain, call: &Call) -> Result<(usize, Option<Bucket>), Error> {
    use shopify_client::operations::webhook_subscriptions_page::Variables;
    let (mut count, mut after) = (0, None);
    loop {
        let variables = Variables { first: PAGE, after };
        let Reply { data, cost, .. } = client.run::<WebhookSubscriptionsPage>(shop, variables, call).await?;
        let page = data.webhook_subscriptions;
        count += page.nodes.len();
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => return Ok((count, cost.map(|cost| cost.throttle_status.into()))),
        }
    }
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
        kind if kind.hint().is_some() => None,
        _ => match error.retry {
            Retry::After(wait) => Some(format!("it may pass: try again in {} s", wait.as_secs().max(1))),
            Retry::Never => None,
        },
    };
    // The outermost hint is the one that is shown.
    match hint {
        Some(hint) => {
            let said = error.to_string();
            let said = said.split_once("\nhint: ").map_or(said.as_str(), |(said, _)| said).to_owned();
            anyhow::Error::new(error).context(format!("{said}\nhint: {hint}"))
        }
        None => error.into(),
    }
}

impl From<ThrottleStatus> for Bucket {
    fn from(status: ThrottleStatus) -> Self {
        Self { available: status.currently_available, max: status.maximum_available, restore: status.restore_rate }
    }
}

impl Checked {
    fn lines(&self) -> String {
        let state = match self.was {
            Some(was) => format!("{}, was {was}", self.state),
            None => self.state.to_owned(),
        };
        let Version { asked, answered, fell_forward } = &self.api_version;
        let version = match answered {
            Some(answered) if *fell_forward => {
                format!("{answered} answers in place of {asked}, which is retired: upgrade weir")
            }
            _ => (*asked).to_owned(),
        };
        let bucket = self.bucket.map(|Bucket { available, max, restore }| {
            format!("{available:.0} of {max:.0} points, {restore:.0} come back a second")
        });
        let scopes = if self.scopes.is_empty() { "none".to_owned() } else { self.scopes.join(" ") };
        let rows = [
            ("name", Some(self.name.clone())),
            ("plan", Some(self.plan.clone())),
            ("state", Some(state)),
            ("API version", Some(version)),
            ("budget", bucket),
            ("scopes", Some(scopes)),
            ("subscriptions", Some(format!("{} made through the API", self.subscriptions))),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some(line(name, &value?)));
        let head = format!("{}  app {}: Shopify answers", self.domain, self.app);
        crate::layout::joined(std::iter::once(head).chain(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked() -> Checked {
        Checked {
            domain: "north.myshopify.com".into(),
            app: "default".into(),
            name: "North".into(),
            plan: "Plus".into(),
            state: "installed",
            was: None,
            scopes: vec!["read_orders".into(), "write_orders".into()],
            api_version: Version { asked: "2026-10", answered: Some("2026-10".into()), fell_forward: false },
            bucket: Some(Bucket { available: 19_990.4, max: 20_000.0, restore: 1_000.0 }),
            subscriptions: 2,
        }
    }

    #[test]
    fn what_shopify_says_is_shown_line_by_line() {
        let lines = checked().lines();
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
        let version = Version { asked: "2026-10", answered: Some("2027-10".into()), fell_forward: true };
        let lines = Checked { was: Some("frozen"), api_version: version, ..checked() }.lines();
        assert!(lines.contains("2027-10 answers in place of 2026-10, which is retired"), "{lines}");
        assert!(lines.contains("installed, was frozen"), "{lines}");
    }
}
