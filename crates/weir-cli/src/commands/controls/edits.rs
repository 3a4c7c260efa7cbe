//! What the command line names, as parts of the document.

use weir_core::Lane;
use weir_core::controls::{LimitScope, Percent, Rule, Scope, ShopPattern, Switch, Switched};

use crate::cli::{ControlsLimitArgs, ControlsOffArgs, LimitScopeArgs, TargetArgs, TargetKind};
use crate::problem::Usage;

pub(super) fn switch(args: &ControlsOffArgs) -> Result<Switch, Usage> {
    let (target, scope) = target(&args.target)?;
    Ok(Switch { target, scope: scope.unwrap_or(Scope::All), why: args.why.clone() })
}

/// What is switched, and the scope that was named.
pub(super) fn target(args: &TargetArgs) -> Result<(Switched, Option<Scope>), Usage> {
    let target = match args.kind {
        TargetKind::Handler => Switched::Handler(args.name.clone()),
        TargetKind::Destination => Switched::Destination(args.name.clone()),
        TargetKind::Lane => Switched::Lane(lane(&args.name)?),
    };
    let scope = match (&args.shop, args.percent) {
        (Some(shop), _) => Some(Scope::Shop(pattern(shop, ALL_SHOPS)?)),
        (None, Some(percent)) => Some(Scope::Percent(share(percent)?)),
        (None, None) => None,
    };
    Ok((target, scope))
}

pub(super) fn rule(args: &ControlsLimitArgs) -> Result<Rule, Usage> {
    let (destination, scope) = (args.destination.clone(), limit_scope(&args.scope)?);
    Ok(Rule { destination, scope, per_second: args.per_second, burst: args.burst, why: args.why.clone() })
}

pub(super) fn limit_scope(args: &LimitScopeArgs) -> Result<LimitScope, Usage> {
    Ok(match (&args.shop, &args.tier) {
        (Some(shop), _) => LimitScope::Shop(pattern(shop, ALL_SHOPS)?),
        (None, Some(tier)) => LimitScope::Tier(tier.clone()),
        (None, None) if args.total => LimitScope::Total,
        (None, None) => LimitScope::EachShop,
    })
}

/// What to do where a pattern for all shops was meant by --shop.
const ALL_SHOPS: &str = "leave it out to mean all shops";

/// The same of a tier's shops.
pub(super) const TIER: &str = "a tier is of some shops: a limit without --tier holds for each";

/// A shop or a pattern of shops. `otherwise`: what to do if all are meant.
pub(super) fn pattern(text: &str, otherwise: &str) -> Result<ShopPattern, Usage> {
    ShopPattern::parse(text).ok_or_else(|| {
        let full = format!("{text}.myshopify.com");
        let meant = if ShopPattern::parse(&full).is_some() { full } else { "north.myshopify.com".to_owned() };
        Usage::new(
            format!("{text:?} is neither a shop's domain nor a pattern"),
            format!("they look like {meant} and 'weir-*'; {otherwise}"),
        )
    })
}

fn share(percent: f64) -> Result<Percent, Usage> {
    Percent::new(percent)
        .ok_or_else(|| Usage::new(format!("{percent} is no percentage of shops"), "give a number above 0, up to 100"))
}

fn lane(name: &str) -> Result<Lane, Usage> {
    name.parse().map_err(|problem: String| Usage::new(problem, "weir topics shows the lane of each topic"))
}
