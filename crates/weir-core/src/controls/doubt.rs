//! What an entry that can't be read may mean.
//!
//! A worker holds what such an entry may switch off or slow down, whatever it was to say: holding too much is mended by
//! mending the document, and what ran can't be taken back.

use serde_json::Value;
use shopify_webhook::EventShop;

use super::{LimitScope, Rule, ShopPattern, Switched, evaluate::Target};
use crate::Lane;

/// An entry of the document that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Where it stands: `off[2]`.
    pub at: String,
    /// What it may be about.
    pub about: About,
    /// For whom, if it names shops; else for all.
    pub shops: Option<ShopPattern>,
}

/// What an unreadable entry may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Anything.
    Everything,
    /// Calls of any destination.
    Destinations,
    /// One thing that it names.
    One(Switched),
}

impl Doubt {
    pub(super) fn new(at: impl Into<String>, about: About) -> Self {
        Self { at: at.into(), about, shops: None }
    }

    /// An entry of `off`: about what it names, if that can be told.
    pub(super) fn of_switch(at: String, item: &Value) -> Vec<Self> {
        let named = |field: &str| item.get(field).map(|value| value.as_str().unwrap_or_default().to_owned());
        let lane = |name: String| name.parse::<Lane>().ok().map(Switched::Lane);
        let filled = |name: String| Some(name).filter(|name| !name.is_empty());
        let targets = [
            named("handler").map(|name| filled(name).map(Switched::Handler)),
            named("destination").map(|name| filled(name).map(Switched::Destination)),
            named("lane").map(lane),
        ];
        let shops = item.get("shop").and_then(|shop| ShopPattern::parse(shop.as_str()?));
        let targets: Option<Vec<Switched>> = targets.into_iter().flatten().collect();
        let about = match targets {
            Some(targets) if !targets.is_empty() => targets.into_iter().map(About::One).collect(),
            _ => vec![About::Everything],
        };
        about.into_iter().map(|about| Self { at: at.clone(), about, shops: shops.clone() }).collect()
    }

    /// An entry of `limits`: about the destination that it names, if that can be told.
    pub(super) fn of_limit(at: String, item: &Value) -> Vec<Self> {
        let name = item.get("destination").and_then(Value::as_str).filter(|name| !name.is_empty());
        let about = name.map_or(About::Destinations, |name| About::One(Switched::Destination(name.to_owned())));
        vec![Self::new(at, about)]
    }

    /// A tier of which not every shop can be read: about the destinations that are limited by tiers.
    pub(super) fn of_tiers(rules: &[Rule]) -> Vec<Self> {
        let by_tier = rules.iter().filter(|rule| matches!(rule.scope, LimitScope::Tier(_)));
        let about = by_tier.map(|rule| About::One(Switched::Destination(rule.destination.clone())));
        about.map(|about| Self::new("tiers", about)).collect()
    }

    /// Whether it may be about this target for a shop.
    pub fn may_concern(&self, target: Target<'_>, shop: &EventShop) -> bool {
        if self.shops.as_ref().is_some_and(|pattern| !pattern.matches(shop.as_str())) {
            return false;
        }
        match &self.about {
            About::Everything => true,
            About::Destinations => matches!(target, Target::Destination(_)),
            About::One(switched) => switched.target() == target,
        }
    }
}
