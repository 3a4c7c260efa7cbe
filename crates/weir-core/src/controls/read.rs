//! From JSON to the document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    About, Controls, Doubt, EntryError, LimitScope, Percent, Rule, Scope, ShopPattern, Switch, Switched,
    entry::{Entry, is_name, problem},
};
use crate::Lane;

/// The most calls a second, and at once, that a limit may allow.
const FASTEST: f64 = 100_000.0;
const SLOWEST: f64 = 0.001;
const FIELDS: [&str; 3] = ["off", "limits", "tiers"];

impl Controls {
    /// Reads a document that somebody wrote, or tells all that is wrong with it. Empty text is an empty document.
    ///
    /// # Errors
    /// Every problem, in the order of the document; never none.
    pub fn parse(text: &str) -> Result<Self, Vec<EntryError>> {
        match Self::read(text) {
            Ok((controls, problems)) if problems.is_empty() => Ok(controls),
            Ok((_, problems)) => Err(problems),
            Err(problem) => Err(vec![problem]),
        }
    }

    /// Reads what can be read, and tells what can't: what that may mean is held.
    ///
    /// # Errors
    /// When it is no JSON object at all.
    pub fn read(text: &str) -> Result<(Self, Vec<EntryError>), EntryError> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        let value: Value = serde_json::from_str(text)
            .map_err(|error| problem("", format!("is not JSON: {error}"), "the empty document is {}"))?;
        let Some(fields) = value.as_object() else {
            return Err(problem("", "is not a JSON object", "the empty document is {}"));
        };
        let (mut problems, mut doubts) = (Vec::new(), Vec::new());
        for name in fields.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
            problems.push(problem(name, "is unknown", "known are off, limits, tiers; a newer weir may know more"));
            doubts.push(Doubt::new(name, About::Everything));
        }
        let before = problems.len();
        let tiers = tiers(fields.get("tiers"), &mut problems);
        let tiers_are_whole = problems.len() == before;
        let off = fields.get("off");
        let off = list(off, "off", &mut problems, switch, &mut doubts, Doubt::of_switch, About::Everything);
        let limits = fields.get("limits");
        let limits = list(limits, "limits", &mut problems, rule, &mut doubts, Doubt::of_limit, About::Destinations);
        if !tiers_are_whole {
            doubts.extend(Doubt::of_tiers(&limits));
        }
        let controls = Self { off, limits, tiers, doubts };
        controls.compare(&mut problems);
        Ok((controls, problems))
    }

    /// What is wrong between entries. They count all the same: the first of two, and what can't match matches nothing.
    fn compare(&self, problems: &mut Vec<EntryError>) {
        for (n, switch) in self.off.iter().enumerate() {
            let is_same = |other: &Switch| {
                let both_percent = matches!((&other.scope, &switch.scope), (Scope::Percent(_), Scope::Percent(_)));
                other.target == switch.target && (other.scope == switch.scope || both_percent)
            };
            if self.off[..n].iter().any(is_same) {
                let said = format!("switches {} off for {} a second time", switch.target.target(), switch.scope);
                problems.push(problem("off", said, "keep one of the two"));
            }
        }
        for (n, rule) in self.limits.iter().enumerate() {
            let is_same = |other: &Rule| other.destination == rule.destination && other.scope == rule.scope;
            if self.limits[..n].iter().any(is_same) {
                let said = format!("limits {} for {} a second time", rule.destination, rule.scope);
                problems.push(problem("limits", said, "keep one of the two"));
            }
            if let LimitScope::Tier(tier) = &rule.scope
                && !self.tiers.contains_key(tier)
            {
                let said = format!("limits {} for tier {tier}, which has no shops", rule.destination);
                problems.push(problem("limits", said, "name its shops in tiers, or take the limit out"));
            }
        }
        let mut seen = BTreeMap::new();
        for (tier, pattern) in self.tiers.iter().flat_map(|(tier, shops)| shops.iter().map(move |shop| (tier, shop))) {
            if let Some(other) = seen.insert(pattern, tier) {
                let at = format!("tiers.{tier}");
                problems.push(problem(at, format!("has {pattern}, as {other} has"), "keep it in one place"));
            }
        }
    }
}

fn list<T>(
    value: Option<&Value>,
    name: &str,
    problems: &mut Vec<EntryError>,
    read: impl Fn(Entry<'_>) -> Option<T>,
    doubts: &mut Vec<Doubt>,
    doubt: impl Fn(String, &Value) -> Vec<Doubt>,
    all: About,
) -> Vec<T> {
    let Some(value) = value else { return Vec::new() };
    let Some(items) = value.as_array() else {
        problems.push(problem(name, "is not a list", "write [{…}, …]"));
        doubts.push(Doubt::new(name, all));
        return Vec::new();
    };
    let mut entries = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let at = format!("{name}[{n}]");
        match Entry::new(at.clone(), item, problems).and_then(&read) {
            Some(entry) => entries.push(entry),
            None => doubts.extend(doubt(at, item)),
        }
    }
    entries
}

fn switch(mut entry: Entry<'_>) -> Option<Switch> {
    let named = ["handler", "destination", "lane"].map(|name| entry.has(name)).into_iter().filter(|has| *has).count();
    if named != 1 {
        entry.wrong("", "must name one thing to switch off", "give it one of handler, destination, lane");
    }
    let handler = entry.name("handler").map(Switched::Handler);
    let destination = entry.name("destination").map(Switched::Destination);
    let lane = |value: &Value| value.as_str()?.parse::<Lane>().ok();
    let lane = entry.read("lane", &format!("write one of {}", Lane::names()), lane).map(Switched::Lane);
    if entry.has("shop") && entry.has("percent") {
        entry.wrong("", "has both shop and percent", "keep one of the two");
    }
    let shop = entry.shop().map(Scope::Shop);
    let percent = |value: &Value| Percent::new(value.as_f64()?);
    let percent = entry.read("percent", "write a number above 0, up to 100", percent).map(Scope::Percent);
    let why = entry.why();
    let target = handler.or(destination).or(lane);
    let scope = shop.or(percent).unwrap_or(Scope::All);
    // Not before all was read: what is wrong with a scope must not make it one for all shops.
    if entry.finish() { target.map(|target| Switch { target, scope, why }) } else { None }
}

fn rule(mut entry: Entry<'_>) -> Option<Rule> {
    for name in ["destination", "per_second"] {
        if !entry.has(name) {
            entry.wrong(name, "is missing", "a limit needs destination and per_second");
        }
    }
    let destination = entry.name("destination");
    if ["shop", "tier", "total"].map(|name| entry.has(name)).into_iter().filter(|has| *has).count() > 1 {
        entry.wrong("", "has more than one of shop, tier, total", "keep one of them");
    }
    let shop = entry.shop().map(LimitScope::Shop);
    let tier = entry.name("tier").map(LimitScope::Tier);
    let total = |value: &Value| (value == &Value::Bool(true)).then_some(LimitScope::Total);
    let total = entry.read("total", "write true, or leave it out", total);
    let speed = |value: &Value| value.as_f64().filter(|speed| (SLOWEST..=FASTEST).contains(speed));
    let instead = "write a number from 0.001 to 100000; to stop all calls, switch the destination off";
    let per_second = entry.read("per_second", instead, speed);
    let burst =
        |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=100_000).contains(n));
    let burst = entry.read("burst", "write a whole number from 1 to 100000", burst);
    let why = entry.why();
    let scope = shop.or(tier).or(total).unwrap_or(LimitScope::EachShop);
    if !entry.finish() {
        return None;
    }
    Some(Rule { destination: destination?, scope, per_second: per_second?, burst, why })
}

fn tiers(value: Option<&Value>, problems: &mut Vec<EntryError>) -> BTreeMap<String, Vec<ShopPattern>> {
    let mut tiers = BTreeMap::new();
    let Some(value) = value else { return tiers };
    let Some(named) = value.as_object() else {
        problems.push(problem("tiers", "is not an object", "write {\"plus\": [\"north.myshopify.com\", …], …}"));
        return tiers;
    };
    for (name, shops) in named {
        let at = format!("tiers.{name}");
        if !is_name(name) {
            problems.push(problem(&at, "is no name", "take letters, digits, hyphens, underscores, dots or colons"));
            continue;
        }
        let Some(shops) = shops.as_array() else {
            problems.push(problem(&at, "is not a list", "write [\"north.myshopify.com\", …]"));
            continue;
        };
        let mut patterns = Vec::new();
        for (n, shop) in shops.iter().enumerate() {
            match shop.as_str().and_then(ShopPattern::parse) {
                Some(pattern) => patterns.push(pattern),
                None => problems.push(problem(
                    format!("{at}[{n}]"),
                    "is no shop",
                    "write a shop's domain, as north.myshopify.com, or a pattern, as weir-*",
                )),
            }
        }
        tiers.insert(name.clone(), patterns);
    }
    tiers
}
