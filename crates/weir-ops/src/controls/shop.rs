//! What the controls say of one shop.

use serde::Serialize;
use weir_core::{
    EventShop,
    controls::{Controls, NamedLimit},
};

/// What holds for one shop.
#[derive(Debug, Serialize)]
pub struct ShopControls {
    /// Its domain.
    pub shop: String,
    /// The tier that it is in.
    pub tier: Option<String>,
    /// What is switched off for it, and why.
    pub off: Vec<String>,
    /// The limits that its events count towards.
    pub limits: Vec<ShopLimit>,
}

/// A limit that holds for a shop.
#[derive(Debug, Serialize)]
pub struct ShopLimit {
    /// What is limited.
    pub destination: String,
    /// Whose calls are counted together.
    pub name: String,
    /// Calls a second.
    pub per_second: f64,
    /// Calls at once.
    pub burst: u32,
}

impl ShopControls {
    /// What the document says of this shop.
    #[must_use]
    pub fn of(controls: &Controls, shop: &EventShop) -> Self {
        let mut targets: Vec<_> = controls.off.iter().map(|switch| switch.target.target()).collect();
        let mut destinations: Vec<&str> = controls.limits.iter().map(|rule| rule.destination.as_str()).collect();
        let mut seen = Vec::new();
        targets.retain(|target| {
            !seen.contains(target) && {
                seen.push(*target);
                true
            }
        });
        destinations.sort_unstable();
        destinations.dedup();
        let limits = destinations.into_iter().flat_map(|destination| {
            let limit = |NamedLimit { name, limit }: NamedLimit| ShopLimit {
                destination: destination.to_owned(),
                name,
                per_second: limit.per_second,
                burst: limit.burst,
            };
            controls.limits(destination, shop).into_iter().map(limit).collect::<Vec<_>>()
        });
        Self {
            shop: shop.to_string(),
            tier: controls.tier(shop).map(str::to_owned),
            off: targets
                .into_iter()
                .filter_map(|target| controls.is_off(target, shop))
                .map(|off| off.to_string())
                .collect(),
            limits: limits.collect(),
        }
    }
}
