//! The CSV file that declares pools: one line for each member of a pool.
//!
//! ```csv
//! sku,shop,location,buffer,available
//! TEA-1,north.myshopify.com,Warehouse,2,40
//! TEA-1,south.myshopify.com,655441491,0,
//! ```
//!
//! | column | |
//! |---|---|
//! | `sku` | the pool; lines of one SKU are its members |
//! | `shop` | a registered shop |
//! | `location` | the id or the name of a location of that shop |
//! | `buffer` | optional: units that this member does not offer; 0 by default |
//! | `available` | optional: units in the pool, on one of its lines or the same on all. Without it the pool begins with the lowest level of its members |
//!
//! The order of the columns is free. A file is taken as a whole or not at all.

mod fault;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use shopify_webhook::ShopDomain;

pub use self::fault::{Fault, FileError, Reason};

/// The most bytes of a file: about 100,000 lines.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// The longest SKU that Shopify takes, in characters.
const MAX_SKU_CHARS: usize = 255;

/// The most units of a level in Shopify.
const MAX_UNITS: i64 = 1_000_000_000;

const COLUMNS: [&str; 5] = ["sku", "shop", "location", "buffer", "available"];

/// A pool as the file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredPool {
    /// The SKU.
    pub sku: String,
    /// Units in the pool; `None` leaves the choice to the levels in Shopify.
    pub available: Option<i64>,
    /// Its members, at least one.
    pub members: Vec<DeclaredMember>,
}

/// A member as the file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredMember {
    /// The line of the file, counted from one.
    pub line: u64,
    /// The shop.
    pub shop: ShopDomain,
    /// The id or the name of a location.
    pub location: String,
    /// Units that it does not offer.
    pub buffer: i64,
}

/// Reads a file.
///
/// # Errors
/// All faults of the file, each with its line and column.
pub fn parse(bytes: &[u8]) -> Result<Vec<DeclaredPool>, FileError> {
    let whole = |reason| FileError { faults: vec![Fault { line: 1, column: None, reason }] };
    if bytes.len() > MAX_BYTES {
        return Err(whole(Reason::TooLarge(bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| whole(Reason::NotUtf8))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| whole(Reason::malformed(&error)))?.clone();
    let columns = Columns::of(&header).map_err(|reasons| FileError {
        faults: reasons.into_iter().map(|(column, reason)| Fault { line: 1, column, reason }).collect(),
    })?;
    let (mut file, mut lines) = (Collected::new(&columns), Lines { text: &text, byte: 0, line: 1 });
    for record in reader.records() {
        match record {
            Ok(record) => file.take(lines.of(&record), &record),
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                file.faults.push(Fault { line, column: None, reason: Reason::malformed(&error) });
            }
        }
    }
    file.finish()
}

/// Counts lines. The reader's own count leaves out empty lines before a record.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins. Records have to come in their order.
    fn of(&mut self, record: &csv::StringRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        for byte in self.text.bytes().skip(self.byte) {
            if self.byte >= start && byte != b'\n' {
                break;
            }
            self.byte += 1;
            self.line += u64::from(byte == b'\n');
        }
        self.line
    }
}

/// Where each column is.
struct Columns {
    places: BTreeMap<&'static str, usize>,
    count: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, Vec<(Option<String>, Reason)>> {
        let (mut places, mut faults) = (BTreeMap::new(), Vec::new());
        for (place, name) in header.iter().enumerate() {
            let known = COLUMNS.into_iter().find(|column| column.eq_ignore_ascii_case(name));
            match known {
                Some(column) if places.insert(column, place).is_none() => {}
                Some(column) => faults.push((Some(column.to_owned()), Reason::ColumnTwice)),
                None => faults.push((Some(name.to_owned()), Reason::UnknownColumn)),
            }
        }
        for column in ["sku", "shop", "location"] {
            if !places.contains_key(column) {
                faults.push((Some(column.to_owned()), Reason::MissingColumn));
            }
        }
        if faults.is_empty() { Ok(Self { places, count: header.len() }) } else { Err(faults) }
    }

    fn get<'a>(&self, record: &'a csv::StringRecord, column: &str) -> &'a str {
        self.places.get(column).and_then(|place| record.get(*place)).unwrap_or_default()
    }
}

/// What the lines so far declare.
struct Collected<'a> {
    header: &'a Columns,
    pools: BTreeMap<String, DeclaredPool>,
    members: BTreeSet<(String, String, String)>,
    faults: Vec<Fault>,
}

impl<'a> Collected<'a> {
    fn new(header: &'a Columns) -> Self {
        Self { header, pools: BTreeMap::new(), members: BTreeSet::new(), faults: Vec::new() }
    }

    fn take(&mut self, line: u64, record: &csv::StringRecord) {
        if record.iter().all(str::is_empty) {
            return;
        }
        if record.len() != self.header.count {
            let reason = Reason::Fields { found: record.len(), expected: self.header.count };
            self.faults.push(Fault { line, column: None, reason });
            return;
        }
        let before = self.faults.len();
        let (header, mut faults) = (self.header, Vec::new());
        let mut fault = |column: &str, reason| faults.push(Fault { line, column: Some(column.to_owned()), reason });
        let sku = header.get(record, "sku");
        if sku.is_empty() {
            fault("sku", Reason::Empty);
        } else if sku.chars().count() > MAX_SKU_CHARS {
            fault("sku", Reason::LongSku);
        }
        let shop = ShopDomain::parse(header.get(record, "shop"));
        if shop.is_none() {
            fault("shop", Reason::NotAShop(header.get(record, "shop").to_owned()));
        }
        let location = header.get(record, "location");
        if location.is_empty() {
            fault("location", Reason::Empty);
        }
        let buffer = units(header.get(record, "buffer"));
        let buffer = buffer.unwrap_or_else(|reason| {
            fault("buffer", reason);
            None
        });
        let available = units(header.get(record, "available"));
        let available = available.unwrap_or_else(|reason| {
            fault("available", reason);
            None
        });
        self.faults.append(&mut faults);
        let (Some(shop), true) = (shop, self.faults.len() == before) else { return };
        self.declare(
            line,
            sku,
            available,
            DeclaredMember { line, shop, location: location.to_owned(), buffer: buffer.unwrap_or(0) },
        );
    }

    fn declare(&mut self, line: u64, sku: &str, available: Option<i64>, member: DeclaredMember) {
        if !self.members.insert((sku.to_owned(), member.shop.as_str().to_owned(), member.location.clone())) {
            self.faults.push(Fault { line, column: None, reason: Reason::MemberTwice });
            return;
        }
        let pool = self.pools.entry(sku.to_owned()).or_insert_with(|| DeclaredPool {
            sku: sku.to_owned(),
            available: None,
            members: Vec::new(),
        });
        match (pool.available, available) {
            (Some(earlier), Some(now)) if earlier != now => {
                let reason = Reason::AvailableDiffers { earlier, now };
                self.faults.push(Fault { line, column: Some("available".to_owned()), reason });
            }
            (None, Some(now)) => pool.available = Some(now),
            _ => {}
        }
        pool.members.push(member);
    }

    fn finish(self) -> Result<Vec<DeclaredPool>, FileError> {
        if !self.faults.is_empty() {
            return Err(FileError { faults: self.faults });
        }
        if self.pools.is_empty() {
            return Err(FileError { faults: vec![Fault { line: 1, column: None, reason: Reason::NoLines }] });
        }
        Ok(self.pools.into_values().collect())
    }
}

/// A number of units; `None` for an empty field.
fn units(text: &str) -> Result<Option<i64>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(Reason::Negative(number)),
        Ok(number) if number > MAX_UNITS => Err(Reason::TooMany(number)),
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Reason::NotANumber(text.to_owned())),
    }
}
