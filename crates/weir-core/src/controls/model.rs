//! The parts of the document. Each can only be made whole.

use std::fmt;

use resilience::Limit;
use shopify_webhook::ShopDomain;

use super::evaluate::Target;
use crate::Lane;

/// Something that is off.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// What.
    pub target: Switched,
    /// For whom.
    pub scope: Scope,
    /// The operator's reason.
    pub why: Option<String>,
}

/// What can be off: a [`Target`] of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switched {
    /// A handler, by the worker's name for it, as `large_order::note`.
    Handler(String),
    /// A destination.
    Destination(String),
    /// A lane's processing.
    Lane(Lane),
}

impl Switched {
    /// The same, borrowed.
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Handler(name) => Target::Handler(name),
            Self::Destination(name) => Target::Destination(name),
            Self::Lane(lane) => Target::Lane(*lane),
        }
    }
}

/// For which shops something is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// One, or those that a pattern matches.
    Shop(ShopPattern),
    /// A share of them: always the same ones.
    Percent(Percent),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all shops"),
            Self::Shop(pattern) => write!(f, "{pattern}"),
            Self::Percent(percent) => write!(f, "{percent} % of the shops"),
        }
    }
}

/// A share of the shops: more than none, up to all, in steps of a ten thousandth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent {
    per_million: u32,
}

impl Percent {
    /// `percent` from 0.0001 to 100, else `None`.
    pub fn new(percent: f64) -> Option<Self> {
        let per_million = (percent * 10_000.0).round();
        if !(1.0..=1_000_000.0).contains(&per_million) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and a million")]
        let per_million = per_million as u32;
        Some(Self { per_million })
    }

    /// Of a million.
    pub fn per_million(self) -> u32 {
        self.per_million
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.per_million) / 10_000.0)
    }
}

/// A shop's domain, or a pattern in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShopPattern(String);

impl ShopPattern {
    /// Accepts what can match a shop, in any case. `*` alone does not: leave the shop out to mean all.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let fits = if lower.contains('*') {
            let is_of_a_domain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.*".contains(&b);
            lower.len() <= 80 && lower.bytes().all(is_of_a_domain) && lower.bytes().any(|b| b != b'*')
        } else {
            ShopDomain::parse(&lower).is_some()
        };
        fits.then_some(Self(lower))
    }

    /// As it stands in the document.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one shop.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether it matches a shop's domain, in lower case.
    pub fn matches(&self, shop: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = shop.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    /// How exactly it names what it matches: one shop above all, then more characters above fewer.
    pub fn exactness(&self) -> (bool, usize) {
        (self.is_exact(), self.0.bytes().filter(|b| *b != b'*').count())
    }
}

impl fmt::Display for ShopPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How fast a destination may be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which.
    pub destination: String,
    /// On whose behalf.
    pub scope: LimitScope,
    /// Calls a second.
    pub per_second: f64,
    /// Calls at once; a second's worth where it is not said.
    pub burst: Option<u32>,
    /// The operator's reason.
    pub why: Option<String>,
}

impl Rule {
    /// The limit, with its burst.
    pub fn limit(&self) -> Limit {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts to integers saturate")]
        let second = (self.per_second.ceil() as u32).max(1);
        Limit { per_second: self.per_second, burst: self.burst.unwrap_or(second) }
    }
}

/// On whose behalf a limit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitScope {
    /// For each shop by itself, unless something below says otherwise.
    EachShop,
    /// For each shop of a tier by itself.
    Tier(String),
    /// For one shop, or for each that a pattern matches, by itself.
    Shop(ShopPattern),
    /// For all shops together, beside what holds for each.
    Total,
}

impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EachShop => f.write_str("each shop"),
            Self::Tier(tier) => write!(f, "each shop of tier {tier}"),
            Self::Shop(pattern) if pattern.is_exact() => write!(f, "{pattern}"),
            Self::Shop(pattern) => write!(f, "each of {pattern}"),
            Self::Total => f.write_str("all shops together"),
        }
    }
}
