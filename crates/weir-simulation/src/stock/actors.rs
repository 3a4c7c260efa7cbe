//! Buyers and merchants: they sell, return, count and restock, whatever weir does.

use std::time::Duration;

use weir_stock::{
    LevelKey,
    engine::SkuLine,
    pool::{Line, LineId},
};

use super::{hints::Hint, world::World};

/// A few pools take most of the sales, as in a flash sale.
fn pool_of(world: &World, rng: &mut fastrand::Rng) -> usize {
    let pools = world.pools.len();
    if rng.f64() < 0.6 { rng.usize(0..pools.min(4)) } else { rng.usize(0..pools) }
}

/// One act.
pub(super) fn act(world: &World, rng: &mut fastrand::Rng) {
    let (pool, shop) = (pool_of(world, rng), rng.usize(0..world.shops.len()));
    let level = world.pools[pool].levels[shop].clone();
    let Some(there) = world.sim.available(&level.shop, level.item, level.location) else { return };
    match rng.u32(0..100) {
        0..75 => sell(world, rng, pool, &level, there),
        75..83 => {
            let more = rng.i64(5..=12);
            set(world, rng, pool, &level, there, there + more);
        }
        83..90 => {
            let counted = rng.i64(0..=20);
            set(world, rng, pool, &level, there, counted);
        }
        _ => give_back(world, rng, pool, &level, there),
    }
}

/// Sets a level, notes the truth, and sends the webhook.
fn set(world: &World, rng: &mut fastrand::Rng, pool: usize, level: &LevelKey, there: i64, then: i64) {
    if there == then {
        return;
    }
    world.sim.set_available(&level.shop, level.item, level.location, then);
    world.truth(pool).change(then - there);
    hint(world, rng, level, then);
}

fn sell(world: &World, rng: &mut fastrand::Rng, pool: usize, level: &LevelKey, there: i64) {
    let units = rng.i64(1..=2);
    // Some products may be sold without stock.
    if there < units && rng.f64() >= 0.08 {
        return;
    }
    set(world, rng, pool, level, there, there - units);
    let id = LineId { shop: level.shop.clone(), order: world.next_order(), line: 1 };
    let line = Line { id, ordered_at_ms: world.now().0, units, revision: 1 };
    world.truth(pool).lines.push(line.clone());
    send_line(world, rng, pool, line);
}

fn give_back(world: &World, rng: &mut fastrand::Rng, pool: usize, level: &LevelKey, there: i64) {
    let line = {
        let mut truth = world.truth(pool);
        let of_shop = truth.lines.iter_mut().filter(|line| line.id.shop == level.shop && line.units > 0);
        let mut of_shop: Vec<&mut Line> = of_shop.collect();
        if of_shop.is_empty() {
            return;
        }
        let place = rng.usize(0..of_shop.len());
        let line = of_shop.swap_remove(place);
        let units = std::mem::take(&mut line.units);
        line.revision += 1;
        (line.clone(), units)
    };
    set(world, rng, pool, level, there, there + line.1);
    send_line(world, rng, pool, line.0);
}

/// A webhook: one in ten is lost, one in ten comes twice, one in ten half a minute late.
fn hint(world: &World, rng: &mut fastrand::Rng, level: &LevelKey, available: i64) {
    let dice = rng.f64();
    if dice < 0.1 {
        return;
    }
    let delay = if dice < 0.2 { 30_000 } else { rng.u64(100..3_000) };
    world.hints.put(Hint::Level(level.clone(), available), Duration::from_millis(delay));
    if dice > 0.9 {
        world.hints.put(Hint::Level(level.clone(), available), Duration::from_millis(rng.u64(100..9_000)));
    }
}

/// An order line comes at least once, in any order.
fn send_line(world: &World, rng: &mut fastrand::Rng, pool: usize, line: Line) {
    let sku = world.pools[pool].sku.clone();
    for _ in 0..rng.u32(1..=2) {
        let line = SkuLine { sku: sku.clone(), line: line.clone() };
        world.hints.put(Hint::Line(line), Duration::from_millis(rng.u64(100..6_000)));
    }
}
