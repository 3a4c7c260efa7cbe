//! Plans as they are printed.

use serde::Serialize;
use weir_subscriptions::{Change, Difference, Plan};

use weir_ops::fleet::{Comparison, ComparisonOutcome};

use super::common::one_line;
use crate::printable::line;

/// A shop's plan.
#[derive(Debug, Serialize)]
pub(super) struct ShopPlan {
    shop: String,
    app: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    changes: Vec<ChangeView>,
    /// How many are as they should be.
    unchanged: usize,
    /// Subscriptions that deliver elsewhere.
    foreign: Vec<Foreign>,
    /// Topics of the app's TOML.
    declared: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    action: &'static str,
    topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceView>,
    /// What a new one has besides its topic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    with: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DifferenceView {
    what: &'static str,
    is: String,
    should: String,
}

#[derive(Debug, Serialize)]
struct Foreign {
    topic: String,
    uri: String,
}

impl ShopPlan {
    pub(super) fn of(read: &Comparison) -> Self {
        let mut view = Self {
            shop: read.shop.domain.to_string(),
            app: read.shop.app.clone(),
            skipped: None,
            error: None,
            changes: Vec::new(),
            unchanged: 0,
            foreign: Vec::new(),
            declared: Vec::new(),
        };
        match &read.outcome {
            ComparisonOutcome::Skipped(state) => view.skipped = Some(format!("the registry has it as {state}")),
            ComparisonOutcome::Failed(error) => view.error = Some(one_line(error)),
            ComparisonOutcome::Planned(plan) => view.fill(plan),
        }
        view
    }

    fn fill(&mut self, plan: &Plan) {
        self.changes = plan.changes.iter().map(ChangeView::from).collect();
        self.unchanged = plan.unchanged.len();
        self.foreign =
            plan.foreign.iter().map(|one| Foreign { topic: one.topic().to_owned(), uri: one.uri.clone() }).collect();
        self.declared.clone_from(&plan.declared);
    }

    /// For people.
    pub(super) fn lines(&self) -> String {
        let head = line(&format!("{}  app {}", self.shop, self.app)).into_owned();
        if let Some(why) = &self.skipped {
            return format!("{head}: skipped, {}", line(why));
        }
        if let Some(why) = &self.error {
            return format!("{head}: failed, {}", line(why));
        }
        let mut about = match (self.changes.len(), self.unchanged) {
            (0, unchanged) => format!("{unchanged} as desired"),
            (_, unchanged) => format!("{} to change, {unchanged} as desired", self.changes.len()),
        };
        if !self.foreign.is_empty() {
            about += &format!(", {} of others", self.foreign.len());
        }
        if !self.declared.is_empty() {
            about += &format!(", {} declared", self.declared.len());
        }
        let lines = self.changes.iter().map(ChangeView::lines);
        std::iter::once(format!("{head}: {about}")).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

impl ChangeView {
    fn lines(&self) -> String {
        let sign = match self.action {
            "create" => '+',
            "update" => '~',
            _ => '-',
        };
        let mut lines = format!("  {sign} {}", line(&self.topic));
        for one in &self.with {
            lines += &format!("  {}", line(one));
        }
        for DifferenceView { what, is, should } in &self.differences {
            let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
            lines += &format!("\n      {what}: {} -> {}", shown(is), shown(should));
        }
        lines
    }
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> Self {
        let mut view = Self {
            action: "create",
            topic: change.topic().to_owned(),
            id: None,
            differences: Vec::new(),
            with: Vec::new(),
        };
        match change {
            Change::Create(one) => {
                view.with.extend(one.name.as_ref().map(|name| format!("name={name}")));
                view.with.extend(one.filter.as_ref().map(|filter| format!("filter={filter:?}")));
                if !one.include_fields.is_empty() {
                    view.with.push(format!("{} fields", one.include_fields.len()));
                }
            }
            Change::Update { id, differences, .. } => {
                view.action = "update";
                view.id = Some(id.clone());
                let view_of = |Difference { what, is, should }: &Difference| DifferenceView {
                    what,
                    is: is.clone(),
                    should: should.clone(),
                };
                view.differences = differences.iter().map(view_of).collect();
            }
            Change::Delete(actual) => {
                view.action = "delete";
                view.id = Some(actual.id.clone());
            }
        }
        view
    }
}

#[cfg(test)]
pub(super) mod tests {
    use resilience::UnixMillis;
    use shopify_webhook::ShopDomain;
    use weir_shops::{Shop, ShopState};
    use weir_subscriptions::{Desired, plan};

    use super::*;

    pub(in super::super) fn shop() -> Shop {
        Shop {
            domain: ShopDomain::parse("north.myshopify.com").unwrap(),
            app: "default".into(),
            plan: None,
            state: ShopState::Installed,
            tier: None,
            installed_at: UnixMillis(0),
            updated_at: UnixMillis(0),
            token: None,
        }
    }

    #[test]
    fn a_plan_shows_what_is_created_and_why() {
        let text = "[[subscription]]\ntopics = [\"orders/create\"]\nname = \"big\"\nfilter = \"total_price:>=100\"";
        let desired = Desired::parse(text).unwrap().desired;
        let plan = plan(
            &desired.wanted("default", &ShopDomain::parse("north.myshopify.com").unwrap()),
            &[],
            "https://weir.example/webhooks",
        );
        let view = ShopPlan::of(&Comparison { shop: shop(), outcome: ComparisonOutcome::Planned(plan) });
        assert_eq!(
            view.lines(),
            "north.myshopify.com  app default: 1 to change, 0 as desired\n  + orders/create  name=big  filter=\"total_price:>=100\""
        );
    }

    #[test]
    fn a_shop_that_was_not_asked_says_why() {
        let view = ShopPlan::of(&Comparison { shop: shop(), outcome: ComparisonOutcome::Skipped(ShopState::Frozen) });
        assert_eq!(view.lines(), "north.myshopify.com  app default: skipped, the registry has it as frozen");
        let difference = DifferenceView { what: "filter", is: String::new(), should: "a:1".into() };
        let change = ChangeView {
            action: "update",
            topic: "orders/paid".into(),
            id: None,
            differences: vec![difference],
            with: Vec::new(),
        };
        assert_eq!(change.lines(), "  ~ orders/paid\n      filter: nothing -> \"a:1\"");
    }
}
