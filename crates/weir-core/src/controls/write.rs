//! From the document to JSON, an entry a line: so it is stored, shown and compared.

use serde_json::{Value, json};

use super::{Controls, LimitScope, Rule, Scope, ShopPattern, Switch};

impl Controls {
    /// The document as text: `{}`, or an entry a line. Reading it gives the same document.
    pub fn to_text(&self) -> String {
        let off = section("off", '[', self.off.iter().map(switch), ']');
        let limits = section("limits", '[', self.limits.iter().map(rule), ']');
        let tier = |(name, shops): (&String, &Vec<ShopPattern>)| {
            let shops: Vec<&str> = shops.iter().map(ShopPattern::as_str).collect();
            format!("{}:{}", json!(name), json!(shops))
        };
        let tiers = section("tiers", '{', self.tiers.iter().map(tier), '}');
        let sections: Vec<String> = [off, limits, tiers].into_iter().flatten().collect();
        if sections.is_empty() { "{}".to_owned() } else { format!("{{\n{}\n}}", sections.join(",\n")) }
    }
}

fn section(name: &str, open: char, entries: impl Iterator<Item = String>, close: char) -> Option<String> {
    let entries: Vec<String> = entries.map(|entry| format!(" {entry}")).collect();
    (!entries.is_empty()).then(|| format!("\"{name}\":{open}\n{}\n{close}", entries.join(",\n")))
}

/// An object with its fields in the order in which people say them.
struct Object(String);

impl Object {
    fn new(name: &str, value: impl Into<Value>) -> Self {
        Self(format!("{{\"{name}\":{}", value.into()))
    }

    fn with(mut self, name: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.0.push_str(&format!(",\"{name}\":{value}"));
        }
        self
    }

    fn end(self) -> String {
        self.0 + "}"
    }
}

fn switch(switch: &Switch) -> String {
    let target = switch.target.target();
    let object = Object::new(target.kind(), target.name());
    let object = match &switch.scope {
        Scope::All => object,
        Scope::Shop(pattern) => object.with("shop", Some(quoted(pattern.as_str()))),
        Scope::Percent(percent) => object.with("percent", Some(percent.to_string())),
    };
    object.with("why", switch.why.as_deref().map(quoted)).end()
}

fn rule(rule: &Rule) -> String {
    let object = Object::new("destination", rule.destination.as_str());
    let object = match &rule.scope {
        LimitScope::EachShop => object,
        LimitScope::Tier(tier) => object.with("tier", Some(quoted(tier))),
        LimitScope::Shop(pattern) => object.with("shop", Some(quoted(pattern.as_str()))),
        LimitScope::Total => object.with("total", Some("true".to_owned())),
    };
    let object = object.with("per_second", Some(rule.per_second.to_string()));
    object.with("burst", rule.burst.map(|burst| burst.to_string())).with("why", rule.why.as_deref().map(quoted)).end()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
