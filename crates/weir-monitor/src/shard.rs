//! A share of the shops.

use serde::Deserialize;

/// What an invocation looks after: the event that the schedule sends. `{}` is all shops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Shard {
    number: u32,
    of: u32,
}

/// What else the schedule's event says, as AWS makes it where the rule has no input, is of no interest.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    shard: u32,
    #[serde(default = "one")]
    shards: u32,
}

fn one() -> u32 {
    1
}

/// Not a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no shard {number} of {of}")]
pub struct NotAShard {
    number: u32,
    of: u32,
}

impl TryFrom<Written> for Shard {
    type Error = NotAShard;

    fn try_from(Written { shard, shards }: Written) -> Result<Self, NotAShard> {
        Self::new(shard, shards)
    }
}

impl Shard {
    /// The `number`th of so many, from 0.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(number: u32, of: u32) -> Result<Self, NotAShard> {
        if number < of { Ok(Self { number, of }) } else { Err(NotAShard { number, of }) }
    }

    /// Whether a shop is in it: by its domain alone, so that one shop's apps are looked after together.
    #[must_use]
    pub fn has(self, shop: &str) -> bool {
        (spread(shop) >> 32) % u64::from(self.of) == u64::from(self.number)
    }

    /// All shards beside which this one runs, itself included.
    pub(crate) fn all(self) -> impl Iterator<Item = Self> {
        (0..self.of).map(move |number| Self { number, of: self.of })
    }

    /// The name of its document.
    pub(crate) fn document(self) -> String {
        format!("shard/{}of{}", self.number, self.of)
    }
}

/// FNV-1a: the same in each build and process, and even enough over domains.
pub(crate) fn spread(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.number + 1, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shop_is_in_one_shard_and_the_shares_are_even() {
        let shards: Vec<Shard> = Shard::new(0, 4).unwrap().all().collect();
        let mut counts = [0_u32; 4];
        for number in 0..4_000 {
            let shop = format!("shop-{number}.myshopify.com");
            let in_it: Vec<usize> = (0..4).filter(|at| shards[*at].has(&shop)).collect();
            assert_eq!(in_it.len(), 1, "{shop}");
            counts[in_it[0]] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_schedules_event_names_the_shard() {
        let read = |text: &str| serde_json::from_str::<Shard>(text);
        assert_eq!(read(r#"{"shard":1,"shards":4}"#).unwrap(), Shard::new(1, 4).unwrap());
        assert_eq!(read(r#"{"source":"aws.events"}"#).unwrap(), Shard::new(0, 1).unwrap());
        assert!(read(r#"{"shard":4,"shards":4}"#).is_err());
        assert!(read(r#"{"shards":0}"#).is_err());
    }
}
