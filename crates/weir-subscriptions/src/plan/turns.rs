//! The order of changes: Shopify takes a name once in a shop, whatever its case, at every moment.

use std::collections::{BTreeMap, BTreeSet};

use super::{Actual, Change, Difference};
use crate::Subscription;

/// Puts changes in an order in which no name is taken twice. What has a name that another one needs gives it up first:
/// by its own change, or by a name that nobody has. Deletions stay last, and may be left out.
pub(super) fn in_turn(changes: Vec<Change>, ours: &[&Actual]) -> Vec<Change> {
    let mut names = Names::of(ours, &changes);
    let (deletions, mut waiting): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| matches!(change, Change::Delete(_)));
    // What is changed anyway, and leaves its name open, gets another one by that change.
    let needed: Vec<String> = waiting.iter().filter_map(|change| Some(names.holder(change)?.id.clone())).collect();
    for change in &mut waiting {
        match change {
            Change::Update { id, subscription, differences } if subscription.name.is_none() && needed.contains(id) => {
                let Some(holder) = ours.iter().find(|one| one.id == *id) else { continue };
                let name = names.spare(holder);
                differences.push(Difference { what: "name", is: holder.name.clone(), should: name.clone() });
                subscription.name = Some(name);
            }
            _ => {}
        }
    }
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        if let Some(place) = waiting.iter().position(|change| names.holder(change).is_none()) {
            let change = waiting.remove(place);
            names.carry_out(&change);
            ordered.push(change);
            continue;
        }
        // All of them wait for a name, each of which somebody has.
        let Some(holder) = names.holder(&waiting[0]) else { break };
        let change = names.renamed(holder);
        names.carry_out(&change);
        ordered.push(change);
    }
    ordered.extend(waiting);
    ordered.extend(deletions);
    ordered
}

struct Names<'a> {
    /// Which of weir's subscriptions has a name, in lower case.
    held: BTreeMap<String, &'a Actual>,
    /// Names that a change gives, or that were made up here.
    wanted: BTreeSet<String>,
}

impl<'a> Names<'a> {
    fn of(ours: &[&'a Actual], changes: &[Change]) -> Self {
        let named = ours.iter().filter(|one| !one.name.is_empty());
        let held = named.map(|one| (one.name.to_lowercase(), *one)).collect();
        let wanted = changes.iter().filter_map(|change| match change {
            Change::Create(subscription) | Change::Update { subscription, .. } => subscription.name.as_deref(),
            Change::Delete(_) => None,
        });
        Self { held, wanted: wanted.map(str::to_lowercase).collect() }
    }

    /// The other subscription that has the name which this change gives.
    fn holder(&self, change: &Change) -> Option<&'a Actual> {
        let (own, name) = match change {
            Change::Create(subscription) => (None, subscription.name.as_deref()),
            Change::Update { id, subscription, .. } => (Some(id.as_str()), subscription.name.as_deref()),
            Change::Delete(_) => (None, None),
        };
        let holder = self.held.get(&name?.to_lowercase())?;
        (own != Some(holder.id.as_str())).then_some(*holder)
    }

    /// A name that nobody has or gets.
    fn spare(&mut self, holder: &Actual) -> String {
        let stem: String = holder.topic.to_lowercase().replace('_', "-").chars().take(40).collect();
        let taken = |name: &String| self.held.contains_key(name) || self.wanted.contains(name);
        let name = (1_u32..).map(|number| format!("{stem}-{number}")).find(|name| !taken(name)).unwrap_or(stem);
        self.wanted.insert(name.clone());
        name
    }

    /// The change that gives the holder another name, and nothing else.
    fn renamed(&mut self, holder: &Actual) -> Change {
        let name = self.spare(holder);
        let difference = Difference { what: "name", is: holder.name.clone(), should: name.clone() };
        let subscription = Subscription {
            topic: holder.topic().to_owned(),
            name: Some(name),
            filter: Some(holder.filter.clone()).filter(|filter| !filter.is_empty()),
            include_fields: holder.include_fields.clone(),
            metafield_namespaces: holder.metafield_namespaces.clone(),
            metafields: holder.metafields.clone(),
        };
        Change::Update { id: holder.id.clone(), subscription, differences: vec![difference] }
    }

    fn carry_out(&mut self, change: &Change) {
        if let Change::Update { id, subscription: Subscription { name: Some(name), .. }, .. } = change {
            let held = self.held.iter().find(|(_, one)| one.id == *id).map(|(name, one)| (name.clone(), *one));
            if let Some((old, one)) = held {
                self.held.remove(&old);
                self.held.insert(name.to_lowercase(), one);
            }
        }
    }
}
