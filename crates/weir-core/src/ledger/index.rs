//! Where an event stands in the ledger's two indexes.
//!
//! | index | key | holds |
//! |---|---|---|
//! | by day | `{day}#{bucket}`, then when it was received | every event, with the ids that it is looked for by |
//! | unsettled | `failed#{bucket}` or `parked#{bucket}`, then when it was received | what failed or is parked now |
//!
//! A shop's events lie in two of the 64 buckets: so its list takes two queries a day, and no key takes more than a
//! shop's half, and whatever shares its bucket. Which bucket an event is in must never change: old items would be lost
//! to readers.

use shopify_webhook::{EventShop, WebhookId};

use super::State;
use crate::UnixMillis;

/// How many buckets there are.
pub const BUCKETS: u8 = 64;

/// How many of them a shop's events are in.
const OF_A_SHOP: u8 = 2;

/// A part of an index. Of an event, its key is `{shop}#{webhook id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u8);

impl Bucket {
    /// The one that an event is in.
    pub fn of(event: &str) -> Self {
        let (shop, id) = event.split_once('#').unwrap_or(("", event));
        Self(first_of(shop) + half_of(id))
    }

    /// Those that a shop's events are in.
    pub fn of_shop(shop: &EventShop) -> [Self; OF_A_SHOP as usize] {
        let first = first_of(shop.as_str());
        [Self(first), Self(first + 1)]
    }

    /// The one that the first delivery of an event under this webhook id is in: where the index by day has the event.
    pub fn of_delivery(shop: &EventShop, webhook_id: &WebhookId) -> Self {
        Self(first_of(shop.as_str()) + half_of(webhook_id.as_str()))
    }

    /// Those that an event of this webhook id may be in, whatever its shop is, and then all others: an event is in one of
    /// those if this is its event id, or another webhook id that it came under.
    pub fn of_id(id: &str) -> [Vec<Self>; OF_A_SHOP as usize] {
        let of_half = |half: u8| (half..BUCKETS).step_by(usize::from(OF_A_SHOP)).map(Self).collect();
        let half = half_of(id);
        [of_half(half), of_half(OF_A_SHOP - 1 - half)]
    }

    /// All of them.
    pub fn all() -> Vec<Self> {
        (0..BUCKETS).map(Self).collect()
    }

    /// The key of the index by day: UTC's day, as `2026-11-27#07`.
    pub fn on(self, day: &str) -> String {
        format!("{day}#{:02}", self.0)
    }

    /// The key of the index of unsettled events.
    pub fn with(self, state: Unsettled) -> String {
        format!("{}#{:02}", state.as_str(), self.0)
    }
}

fn first_of(shop: &str) -> u8 {
    (fnv(shop) % u64::from(BUCKETS / OF_A_SHOP)) as u8 * OF_A_SHOP
}

fn half_of(id: &str) -> u8 {
    (fnv(id) % u64::from(OF_A_SHOP)) as u8
}

/// FNV-1a: the same in every version and on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// UTC's day of a time, as `2026-11-27`.
pub fn day(at: UnixMillis) -> String {
    let mut text = at.to_string();
    text.truncate(text.find('T').unwrap_or(text.len()));
    text
}

/// What keeps an event from being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsettled {
    /// Its last attempt failed.
    Failed,
    /// It waits for what is down or switched off.
    Parked,
}

impl Unsettled {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Failed, Self::Parked];

    /// The unsettled state that a state is. A leased event keeps that of its last attempt, until it is settled.
    pub fn of(state: &State) -> Option<Self> {
        match state {
            State::Failed(_) => Some(Self::Failed),
            State::Parked { .. } => Some(Self::Parked),
            State::Leased { .. } | State::Done | State::Stale | State::Dropped | State::Replaced { .. } => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Parked => "parked",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_event_is_where_its_shop_and_its_id_say() {
        for index in 0..500 {
            let (shop, id) = (format!("shop-{}.myshopify.com", index % 40), format!("id-{index}"));
            let bucket = Bucket::of(&format!("{shop}#{id}"));
            let (shop, webhook_id) = (EventShop::from_stored(shop), WebhookId::from_stored(id.as_str()));
            assert!(Bucket::of_shop(&shop).contains(&bucket) && Bucket::of_id(&id)[0].contains(&bucket));
            assert_eq!(Bucket::of_delivery(&shop, &webhook_id), bucket);
        }
    }

    #[test]
    fn index_entry_is_readable_by_later_versions() {
        assert_eq!(Bucket::of("north.myshopify.com#b54557e4").on("2026-11-27"), "2026-11-27#42");
        assert_eq!(Bucket::of("mill.myshopify.com#2").with(Unsettled::Parked), "parked#13");
        assert_eq!(day(UnixMillis(1_795_755_600_120)), "2026-11-27");
        assert_eq!(day(UnixMillis(1_795_737_599_999)), "2026-11-26");
    }

    #[test]
    fn no_bucket_is_much_fuller_than_another() {
        let mut full: BTreeMap<Bucket, u32> = BTreeMap::new();
        for shop in 0..2_000 {
            for id in 0..10 {
                *full.entry(Bucket::of(&format!("shop-{shop}.myshopify.com#{shop}-{id}"))).or_default() += 1;
            }
        }
        assert_eq!(full.len(), usize::from(BUCKETS));
        let (least, most) = (full.values().min().unwrap(), full.values().max().unwrap());
        assert!(*most < 2 * least, "{least} to {most}");
        let [mut halves, rest] = Bucket::of_id("1");
        assert_eq!(halves.len(), rest.len());
        halves.extend(rest);
        halves.sort();
        assert_eq!(halves, Bucket::all());
    }
}
