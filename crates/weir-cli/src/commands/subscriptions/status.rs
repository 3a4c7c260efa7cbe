//! `weir subscriptions status`: each desired subscription, and what the monitor noted of its shop.

use serde::Serialize;
use weir_ops::fleet::{Comparison, ComparisonOutcome, DriftsError, drifts};
use weir_subscriptions::{
    Change, Plan,
    drift::{self, Drift},
};

use super::{
    common::{find, one_line},
    file, plan,
};
use crate::{cli::SelectArgs, exit::ExitStatus, hints, printer::Printer, progress::Progress};

/// The monitor's document of a shop, as far as it is shown.
#[derive(Debug, Clone, Serialize)]
struct DriftView {
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl From<Drift> for DriftView {
    fn from(Drift { since, repaired_at, failure, .. }: Drift) -> Self {
        Self { since, repaired_at, failure }
    }
}

#[derive(Debug, Serialize)]
struct ShopStatus {
    shop: String,
    app: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    subscriptions: Vec<One>,
    /// How many deliver elsewhere.
    foreign: usize,
    /// What the monitor noted, as long as the shop differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<DriftView>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct One {
    topic: String,
    /// `there`, `missing`, `drifted`, `declared` or `undesired`.
    state: &'static str,
    /// What is other than desired.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other: Vec<&'static str>,
}

pub(super) async fn run(args: &SelectArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let desired = file::read(args.file.as_deref(), printer)?;
    let (stack, fleet) = find(args, printer).await?;
    let mut noted = drifts(&stack).await.map_err(|error| match error {
        // It has its own hint.
        DriftsError::Stack(error) => error.into(),
        DriftsError::Operations(error) => hints::failed(&stack, error),
    })?;
    let mut progress = Progress::new(printer);
    let reads =
        fleet.compare(&desired, true, |done, of| progress.step(|| format!("{done} of {of} shops compared"))).await;
    for read in &reads {
        let drift = noted.remove(&drift::name(&read.shop.app, &read.shop.domain)).map(DriftView::from);
        printer.item(&ShopStatus::of(read, drift), ShopStatus::lines)?;
    }
    if reads.is_empty() && !printer.is_json() {
        printer.note("no shops are registered: `weir shops add` registers one");
    }
    Ok(plan::status(&reads))
}

impl ShopStatus {
    fn of(read: &Comparison, drift: Option<DriftView>) -> Self {
        let mut status = Self {
            shop: read.shop.domain.to_string(),
            app: read.shop.app.clone(),
            skipped: None,
            error: None,
            subscriptions: Vec::new(),
            foreign: 0,
            drift,
        };
        match &read.outcome {
            ComparisonOutcome::Skipped(state) => {
                status.skipped = Some(format!("the registry has it as {state}"));
            }
            ComparisonOutcome::Failed(error) => status.error = Some(one_line(error)),
            ComparisonOutcome::Planned(plan) => {
                status.foreign = plan.foreign.len();
                status.subscriptions = each(plan);
            }
        }
        status
    }

    fn lines(&self) -> String {
        let mut head = format!("{}  app {}", self.shop, self.app);
        if let Some(why) = &self.skipped {
            head += &format!(": skipped, {why}");
        }
        if let Some(why) = &self.error {
            head += &format!(": failed, {why}");
        }
        if self.foreign > 0 {
            head += &format!("  ({} of others)", self.foreign);
        }
        let mut lines = vec![head];
        for One { topic, state, other } in &self.subscriptions {
            lines.push(format!("  {state:9}  {topic}  {}", other.join(", ")).trim_end().to_owned());
        }
        if let Some(DriftView { since, repaired_at, failure }) = &self.drift {
            let repaired = match repaired_at {
                Some(at) => format!("repaired at {at}, its events are being recovered"),
                None => "not repaired yet".to_owned(),
            };
            let failure = failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
            lines.push(format!("  the monitor noted it at {since}; {repaired}{failure}"));
        }
        crate::layout::joined(lines)
    }
}

/// Each subscription, by its topic.
fn each(plan: &Plan) -> Vec<One> {
    let one = |topic: &str, state, other| One { topic: topic.to_owned(), state, other };
    let mut all: Vec<One> = plan.unchanged.iter().map(|topic| one(topic, "there", Vec::new())).collect();
    all.extend(plan.declared.iter().map(|topic| one(topic, "declared", Vec::new())));
    all.extend(plan.changes.iter().map(|change| match change {
        Change::Create(_) => one(change.topic(), "missing", Vec::new()),
        Change::Delete(_) => one(change.topic(), "undesired", Vec::new()),
        Change::Update { differences, .. } => {
            one(change.topic(), "drifted", differences.iter().map(|one| one.what).collect())
        }
    }));
    all.sort_by(|a, b| a.topic.cmp(&b.topic));
    all
}

#[cfg(test)]
mod tests {
    use shopify_webhook::ShopDomain;
    use weir_subscriptions::{Desired, plan};

    use super::*;

    #[test]
    fn each_desired_subscription_has_its_state() {
        let desired = Desired::parse(
            "[[subscription]]\ntopics = [\"orders/create\"]\n[[subscription]]\ntopics = [\"shop/redact\"]\ndeclared = true",
        );
        let desired = desired.unwrap().desired;
        let plan = plan(
            &desired.wanted("default", &ShopDomain::parse("north.myshopify.com").unwrap()),
            &[],
            "https://weir.example",
        );
        let outcome = ComparisonOutcome::Planned(plan);
        let read = Comparison { shop: super::super::view::tests::shop(), outcome };
        let drift = DriftView {
            since: "2026-11-27T05:00:00.000Z".into(),
            repaired_at: None,
            failure: Some("forbidden".into()),
        };
        let status = ShopStatus::of(&read, Some(drift));
        assert_eq!(
            status.lines(),
            "north.myshopify.com  app default\n  missing    orders/create\n  declared   shop/redact\n  \
             the monitor noted it at 2026-11-27T05:00:00.000Z; not repaired yet: forbidden"
        );
    }
}
