//! What is drawn by chance, and how ids and times are written.

use crate::Samples;
use jiff::Timestamp;
use serde_json::{Value, json};

/// 18 digits: above 2^53, below 2^63.
const IDS: std::ops::Range<u64> = 100_000_000_000_000_000..1_000_000_000_000_000_000;

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// What Shopify's texts may hold and careless readers stumble over.
const NOTES: &[&str] = &[
    "Please ring twice 🔔\nand leave it with the neighbour.",
    "Wrap it in the \"blue\" paper, not the red one.",
    "Für Oma – bitte ohne Rechnung 🎂",
    "3階まで、お願いします。",
    "Back door: code is on the sign\\plate.\r\nThanks!",
    "Ramp at the side\tentrance 👩🏽‍🦽 <b>please</b> & thank you",
];

impl Samples {
    pub(crate) fn id(&mut self) -> u64 {
        self.rng.u64(IDS)
    }

    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.rng.u32(0..n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.rng.usize(0..from.len())]
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.rng.u32(0..16), 16).unwrap_or('0')).collect()
    }

    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.rng.uppercase()).collect()
    }

    /// From the block that is reserved for examples (`555-0100` to `555-0199`).
    pub(crate) fn phone(&mut self) -> String {
        format!("+1{}55501{:02}", self.pick(&[202, 303, 415, 602, 808]), self.rng.u32(0..100))
    }

    /// An address of a block that is reserved for documentation.
    pub(crate) fn ip(&mut self) -> String {
        format!("{}.{}", self.pick(&["192.0.2", "198.51.100", "203.0.113"]), self.rng.u32(1..255))
    }

    /// Most people write nothing.
    pub(crate) fn note(&mut self) -> Option<&'static str> {
        if self.one_in(4) { Some(*self.pick(NOTES)) } else { None }
    }

    /// So many seconds before now, as this shop's clock shows it.
    pub(crate) fn ago(&self, seconds: i64) -> String {
        self.instant(seconds).display_with_offset(self.shop.offset()).to_string()
    }

    /// So many seconds before now, in the form of the topics that are not REST-shaped at heart.
    pub(crate) fn utc_ago(&self, seconds: i64) -> String {
        format!("{:.3}", self.instant(seconds))
    }

    /// Whole seconds, as Shopify's REST resources have.
    fn instant(&self, seconds_ago: i64) -> Timestamp {
        Timestamp::from_second(self.now.as_second().saturating_sub(seconds_ago)).unwrap_or(self.now)
    }

    /// An age between these two, in seconds.
    pub(crate) fn age(&mut self, from: i64, to: i64) -> i64 {
        self.rng.i64(from..to)
    }
}

/// The id from which ids derived from a name are drawn: the same for the same name, always.
pub(crate) fn id_named(name: &str) -> u64 {
    // FNV-1a: the standard library's hasher may change between versions.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    fastrand::Rng::with_seed(hash).u64(IDS)
}

pub(crate) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

/// The body of a deletion: Shopify sends nothing but the id.
pub(crate) fn id_alone(samples: &mut Samples) -> Value {
    json!({ "id": samples.id() })
}

/// One object with the fields of all of these.
pub(crate) fn joined(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut all = serde_json::Map::new();
    for part in parts {
        if let Value::Object(fields) = part {
            all.extend(fields);
        }
    }
    Value::Object(all)
}
