//! Plans, carried out.

use weir_shops::Shop;
use weir_subscriptions::{Desired, Plan, shopify};

use super::{Comparison, ComparisonOutcome, Fleet, ShopError, call, collected, each};

/// What came of one shop's plan.
#[derive(Debug)]
pub struct Applied {
    /// The shop's domain.
    pub shop: String,
    /// The app.
    pub app: String,
    /// How many changes were made.
    pub changed: usize,
    /// Why not all of them were.
    pub error: Option<ChangeError>,
}

/// Why a change was not made.
#[derive(Debug)]
pub struct ChangeError {
    /// The topic of the subscription; `None` if no change was tried.
    pub topic: Option<String>,
    /// Why.
    pub source: ShopError,
}

impl Fleet {
    /// Carries out the plans that change something. `progress` is called with how many shops are done, and of how many.
    pub async fn apply(
        &self,
        compared: &[Comparison],
        desired: &Desired,
        prune: bool,
        progress: impl FnMut(usize, usize),
    ) -> Vec<Applied> {
        let due: Vec<(&Shop, &Plan)> = compared.iter().filter_map(due).collect();
        let work = each(&due, async |(shop, plan)| self.carry_out(shop, plan, desired, prune).await);
        let mut applied = collected(work, due.len(), progress).await;
        applied.sort_by(|a, b| (&a.shop, &a.app).cmp(&(&b.shop, &b.app)));
        applied
    }

    /// Carries out one shop's plan. After an error the shop is looked at again: a change whose reply was lost was made,
    /// and the monitor may have made another.
    async fn carry_out(&self, shop: &Shop, plan: &Plan, desired: &Desired, prune: bool) -> Applied {
        let mut applied = Applied { shop: shop.domain.to_string(), app: shop.app.clone(), changed: 0, error: None };
        let client = match self.client(shop) {
            Ok(client) => client,
            Err(source) => return Applied { error: Some(ChangeError { topic: None, source }), ..applied },
        };
        for change in &plan.changes {
            let made = shopify::carry_out(client, &shop.domain, &self.address(shop), change, &call()).await;
            match made {
                Ok(()) => applied.changed += 1,
                Err(error) => {
                    let topic = Some(change.topic().to_owned());
                    applied.error = Some(ChangeError { topic, source: error.into() });
                    break;
                }
            }
        }
        if applied.error.is_some()
            && let ComparisonOutcome::Planned(left) = self.compared(shop, desired, prune).await
            && left.changes.is_empty()
        {
            applied.changed = plan.changes.len();
            applied.error = None;
        }
        applied
    }
}

fn due(compared: &Comparison) -> Option<(&Shop, &Plan)> {
    match &compared.outcome {
        ComparisonOutcome::Planned(plan) if !plan.changes.is_empty() => Some((&compared.shop, plan)),
        _ => None,
    }
}
