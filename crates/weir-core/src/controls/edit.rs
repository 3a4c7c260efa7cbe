//! Changes to the document.

use super::{Controls, LimitScope, Rule, Scope, ShopPattern, Switch, Switched};

/// There was nothing of the kind to take out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Absent(pub String);

impl Controls {
    /// Switches something off; one with the same target and scope is replaced, and so is another percentage.
    pub fn switch_off(&mut self, switch: Switch) {
        let is_same = |other: &&mut Switch| {
            let both_percent = matches!((&other.scope, &switch.scope), (Scope::Percent(_), Scope::Percent(_)));
            other.target == switch.target && (other.scope == switch.scope || both_percent)
        };
        match self.off.iter_mut().find(is_same) {
            Some(other) => *other = switch,
            None => self.off.push(switch),
        }
    }

    /// Takes the switches of a target out: those of a scope, or all.
    ///
    /// # Errors
    /// When there are none, with what there is instead.
    pub fn switch_on(&mut self, target: &Switched, scope: Option<&Scope>) -> Result<(), Absent> {
        let is_meant = |switch: &Switch| &switch.target == target && scope.is_none_or(|scope| &switch.scope == scope);
        if self.off.iter().any(is_meant) {
            self.off.retain(|switch| !is_meant(switch));
            return Ok(());
        }
        let scopes = self.off.iter().filter(|switch| &switch.target == target).map(|switch| switch.scope.to_string());
        let scopes: Vec<String> = scopes.collect();
        let target = target.target();
        Err(Absent(match scope {
            Some(scope) if !scopes.is_empty() => {
                format!("{target} has no switch for {scope}: it is off for {}", scopes.join(", "))
            }
            _ => format!("{target} is not switched off"),
        }))
    }

    /// Sets a limit, in place of one with the same destination and scope.
    pub fn set_limit(&mut self, rule: Rule) {
        let is_same = |other: &&mut Rule| other.destination == rule.destination && other.scope == rule.scope;
        match self.limits.iter_mut().find(is_same) {
            Some(other) => *other = rule,
            None => self.limits.push(rule),
        }
    }

    /// Takes the limits of a destination out: that of a scope, or all.
    ///
    /// # Errors
    /// When there are none, with what there is instead.
    pub fn remove_limit(&mut self, destination: &str, scope: Option<&LimitScope>) -> Result<(), Absent> {
        let is_meant = |rule: &Rule| rule.destination == destination && scope.is_none_or(|scope| &rule.scope == scope);
        if self.limits.iter().any(is_meant) {
            self.limits.retain(|rule| !is_meant(rule));
            return Ok(());
        }
        let scopes = self.limits.iter().filter(|rule| rule.destination == destination);
        let scopes: Vec<String> = scopes.map(|rule| rule.scope.to_string()).collect();
        Err(Absent(match scope {
            Some(scope) if !scopes.is_empty() => {
                format!("{destination} has no limit for {scope}: it has some for {}", scopes.join(", "))
            }
            _ => format!("{destination} has no limit"),
        }))
    }

    /// Adds shops to a tier; they leave the tiers that they were in.
    pub fn add_to_tier(&mut self, tier: &str, shops: &[ShopPattern]) {
        for patterns in self.tiers.values_mut() {
            patterns.retain(|pattern| !shops.contains(pattern));
        }
        let patterns = self.tiers.entry(tier.to_owned()).or_default();
        for shop in shops {
            if !patterns.contains(shop) {
                patterns.push(shop.clone());
            }
        }
        patterns.sort();
        self.tiers.retain(|_, patterns| !patterns.is_empty());
    }

    /// Takes shops out of a tier, or the whole of it where none is named.
    ///
    /// # Errors
    /// When one of them is not in it.
    pub fn remove_from_tier(&mut self, tier: &str, shops: &[ShopPattern]) -> Result<(), Absent> {
        let Some(patterns) = self.tiers.get_mut(tier) else { return Err(Absent(format!("there is no tier {tier}"))) };
        if let Some(shop) = shops.iter().find(|shop| !patterns.contains(shop)) {
            return Err(Absent(format!("{shop} is not in tier {tier}")));
        }
        patterns.retain(|pattern| !shops.is_empty() && !shops.contains(pattern));
        self.tiers.retain(|_, patterns| !patterns.is_empty());
        Ok(())
    }
}
