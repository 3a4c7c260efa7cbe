//! What the document says of a target, a destination and a shop. Shops are domains in lower case.

use std::fmt;

use resilience::Limit;
use sha2::{Digest, Sha256};
use shopify_webhook::EventShop;

use super::{Controls, LimitScope, Rule, Scope};
use crate::Lane;

/// What may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A handler, by the worker's name for it.
    Handler(&'a str),
    /// A destination that handlers call.
    Destination(&'a str),
    /// A lane's processing.
    Lane(Lane),
}

impl Target<'_> {
    /// The field of the document: `handler`, `destination` or `lane`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Handler(_) => "handler",
            Self::Destination(_) => "destination",
            Self::Lane(_) => "lane",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Handler(name) | Self::Destination(name) => name,
            Self::Lane(lane) => lane.as_str(),
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

/// Something is off for a shop: what to tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    /// What: `handler large_order::note`.
    pub what: String,
    /// For whom: `all shops`, `20 % of the shops`, or the shop or pattern.
    pub scope: String,
    /// The operator's reason.
    pub why: Option<String>,
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is switched off for {}", self.what, self.scope)?;
        self.why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

/// A limit, and the name under which all processes keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedLimit {
    /// `limit/{destination}/{shop}`, or `limit/{destination}` for the total.
    pub name: String,
    /// How fast.
    pub limit: Limit,
}

impl Controls {
    /// Whether a target is off for a shop, and why: by the first switch that says so, or by an entry that can't be read
    /// and may say so.
    pub fn is_off(&self, target: Target<'_>, shop: &EventShop) -> Option<Off> {
        self.is_switched_off(target, shop).or_else(|| {
            let doubt = self.doubts.iter().find(|doubt| doubt.may_concern(target, shop))?;
            let why = format!("{} of the controls can't be read, and may mean that", doubt.at);
            Some(Off { what: target.to_string(), scope: Scope::All.to_string(), why: Some(why) })
        })
    }

    fn is_switched_off(&self, target: Target<'_>, shop: &EventShop) -> Option<Off> {
        let switch = self.off.iter().find(|switch| {
            switch.target.target() == target
                && match &switch.scope {
                    Scope::All => true,
                    Scope::Shop(pattern) => pattern.matches(shop.as_str()),
                    Scope::Percent(percent) => place(target, shop) < percent.per_million(),
                }
        })?;
        Some(Off { what: target.to_string(), scope: switch.scope.to_string(), why: switch.why.clone() })
    }

    /// How fast a destination may be called for a shop, by the most specific rule.
    pub fn limit(&self, destination: &str, shop: &EventShop) -> Option<Limit> {
        self.rule(destination, shop).map(Rule::limit)
    }

    /// The rule by which that is so.
    pub fn rule(&self, destination: &str, shop: &EventShop) -> Option<&Rule> {
        let tier = self.tier(shop);
        let rank = |rule: &Rule| match &rule.scope {
            LimitScope::Shop(pattern) if pattern.matches(shop.as_str()) => Some((2, pattern.exactness())),
            LimitScope::Tier(name) if tier == Some(name) => Some((1, (false, 0))),
            LimitScope::EachShop => Some((0, (false, 0))),
            _ => None,
        };
        let rules = self.limits.iter().filter(|rule| rule.destination == destination);
        let ranked = rules.filter_map(|rule| rank(rule).map(|rank| (rank, rule)));
        // Of equals the first counts: `max_by_key` takes the last.
        ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, rule)| rule)
    }

    /// How fast a destination may be called for all shops together.
    pub fn total(&self, destination: &str) -> Option<Limit> {
        let mut rules = self.limits.iter().filter(|rule| rule.destination == destination);
        rules.find(|rule| rule.scope == LimitScope::Total).map(Rule::limit)
    }

    /// The limits of which a call takes a permit each, in this order: the shop's own first, so that one shop that is
    /// at its limit takes nothing of what all share.
    pub fn limits(&self, destination: &str, shop: &EventShop) -> Vec<NamedLimit> {
        let own = self.limit(destination, shop).map(|limit| (format!("limit/{destination}/{shop}"), limit));
        let total = self.total(destination).map(|limit| (format!("limit/{destination}"), limit));
        own.into_iter().chain(total).map(|(name, limit)| NamedLimit { name, limit }).collect()
    }

    /// The tier of a shop.
    pub fn tier(&self, shop: &EventShop) -> Option<&str> {
        let tiers = self.tiers.iter().flat_map(|(name, shops)| shops.iter().map(move |pattern| (name, pattern)));
        let matching = tiers.filter(|(_, pattern)| pattern.matches(shop.as_str()));
        let best = matching.rev().max_by_key(|(_, pattern)| pattern.exactness());
        best.map(|(name, _)| name.as_str())
    }
}

/// Where a shop stands among a million, for this target: a lower percentage never has one that a higher has not.
fn place(target: Target<'_>, shop: &EventShop) -> u32 {
    let digest = Sha256::digest(format!("{}/{}\n{shop}", target.kind(), target.name()));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u32::try_from((u128::from(u64::from_be_bytes(first)) * 1_000_000) >> 64).unwrap_or(u32::MAX)
}
