//! Headers of deliveries: recipes of them, and what Shopify documents of each, said without weir's code.

use arbitrary::Arbitrary;

/// A header that weir reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
pub enum Header {
    /// The signature.
    Hmac,
    /// The topic, or an event's resource.
    Topic,
    /// What happened to it (Events only).
    Action,
    /// The shop.
    ShopDomain,
    /// The version that wrote the body.
    ApiVersion,
    /// The deduplication key.
    WebhookId,
    /// The merchant's action.
    EventId,
    /// When.
    TriggeredAt,
    /// The subscription.
    Name,
    /// Whether it is a test notification.
    Test,
}

const NAMES: [(&str, Header, &str); 11] = [
    ("hmac-sha256", Header::Hmac, ""),
    ("topic", Header::Topic, "orders/create"),
    ("action", Header::Action, "update"),
    ("shop-domain", Header::ShopDomain, "north.myshopify.com"),
    ("api-version", Header::ApiVersion, "2026-10"),
    ("webhook-id", Header::WebhookId, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    ("event-id", Header::EventId, "98880550-7158-44d4-b7cd-2c97c8a091b5"),
    ("triggered-at", Header::TriggeredAt, "2026-11-27T05:00:00.123456789Z"),
    ("name", Header::Name, "big_orders"),
    ("handle", Header::Name, "big_orders"),
    ("test", Header::Test, "true"),
];

/// Which header a name names.
pub fn of(name: &str) -> Option<Header> {
    let name = name.to_ascii_lowercase();
    let rest = name.strip_prefix("x-shopify-").or_else(|| name.strip_prefix("shopify-"))?;
    NAMES.iter().find(|(known, ..)| *known == rest).map(|(_, header, _)| *header)
}

/// The recipe of some headers: good ones, some bent, and others.
#[derive(Debug, Arbitrary)]
pub struct Draft<'a> {
    is_event: bool,
    bent: Vec<(Header, Bend<'a>)>,
    others: Vec<(u8, bool, &'a str)>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Bend<'a> {
    Missing,
    Other(&'a str),
    /// The good value with a text put into it.
    Within(u8, &'a str),
    Cut(u8),
}

impl Draft<'_> {
    /// Names and values.
    pub fn headers(&self) -> Vec<(String, String)> {
        let prefix = |is_event| if is_event { "shopify-" } else { "X-Shopify-" };
        let mut headers = Vec::new();
        for (name, header, value) in NAMES {
            let is_elsewhere = if self.is_event { name == "name" } else { name == "handle" || name == "action" };
            if is_elsewhere || header == Header::Hmac {
                continue;
            }
            let value = if self.is_event && header == Header::Topic { "Product" } else { value };
            let bend = self.bent.iter().find(|(bent, _)| *bent == header).map(|(_, bend)| *bend);
            let value = match bend {
                None => value.to_owned(),
                Some(Bend::Missing) => continue,
                Some(Bend::Other(text)) => text.to_owned(),
                Some(Bend::Within(at, text)) => {
                    let (start, end) = value.split_at(usize::from(at) % (value.len() + 1));
                    format!("{start}{text}{end}")
                }
                Some(Bend::Cut(at)) => value[..usize::from(at) % (value.len() + 1)].to_owned(),
            };
            headers.push((format!("{}{name}", prefix(self.is_event)), value));
        }
        headers.extend(self.others.iter().map(|(number, is_event, value)| {
            let (name, ..) = NAMES[usize::from(*number) % NAMES.len()];
            (format!("{}{name}", prefix(*is_event)), (*value).to_owned())
        }));
        headers
    }
}

/// All values of a header: repeated ones come joined by commas, with white space around each.
pub fn values(headers: &[(String, String)], header: Header) -> Vec<&str> {
    let of_it = headers.iter().filter(|(name, _)| of(name) == Some(header));
    of_it.flat_map(|(_, value)| value.split(',')).map(str::trim).collect()
}

/// The one value of a header that is not empty; `None` if there is none, or more than one.
pub fn value(headers: &[(String, String)], header: Header) -> Option<&str> {
    let mut all = values(headers, header);
    all.retain(|value| !value.is_empty());
    all.dedup();
    if let [one] = all[..] { Some(one) } else { None }
}

/// Whether nothing is wrong with what must be right: topic, shop and webhook id.
pub fn is_good(headers: &[(String, String)]) -> bool {
    let topic = match (value(headers, Header::Topic), value(headers, Header::Action)) {
        (Some(topic), Some(action)) if !topic.contains(['/', '.']) => is_event_topic(&format!("{topic}/{action}")),
        (Some(topic), _) => is_topic(topic),
        (None, _) => false,
    };
    let shop = value(headers, Header::ShopDomain).is_some_and(|text| is_shop(&text.to_ascii_lowercase()));
    topic && shop && value(headers, Header::WebhookId).is_some_and(is_id)
}

/// One DNS label of lower-case letters, digits and hyphens, before `.myshopify.com`.
pub fn is_shop(text: &str) -> bool {
    let Some(label) = text.strip_suffix(".myshopify.com") else { return false };
    (1..=63).contains(&label.len())
        && label.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// 1 to 100 letters, digits or `-_.:`, and not only these last.
pub fn is_id(text: &str) -> bool {
    let is_mark = |c| "-_.:".contains(c);
    text.len() <= 100 && !text.chars().all(is_mark) && text.chars().all(|c| c.is_ascii_alphanumeric() || is_mark(c))
}

/// 1 to 100 letters, digits or `-_`.
pub fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Two or more lower-case words between slashes and dots.
pub fn is_topic(text: &str) -> bool {
    let words: Vec<_> = text.split(['/', '.']).collect();
    text.len() <= 100 && words.len() >= 2 && words.iter().all(|word| is_word(word))
}

/// `Product/update`.
pub fn is_event_topic(text: &str) -> bool {
    let Some((resource, action)) = text.split_once('/') else { return false };
    let is_resource = resource.chars().all(|c| c.is_ascii_alphanumeric())
        && resource.chars().next().is_some_and(|c| c.is_ascii_uppercase());
    text.len() <= 100 && is_resource && is_word(action)
}

fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase()) && chars.all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
}

/// `2026-10` or `unstable`.
pub fn is_version(text: &str) -> bool {
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let dated = |(year, month): (&str, &str)| {
        year.len() == 4 && digits(year) && month.len() == 2 && digits(month) && (1..=12).contains(&number(month))
    };
    text == "unstable" || text.split_once('-').is_some_and(dated)
}

/// The seconds since 1970 of an RFC 3339 timestamp, rounded down; `None` if it is none.
pub fn seconds(text: &str) -> Option<i64> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let (start, rest) = text.split_at(19);
    let shape: String = start.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape != "0000-00-00T00:00:00" {
        return None;
    }
    let [year, month, day, hour, minute, second] =
        [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(|at| number(&start[at]));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            (1..=9).contains(&digits).then(|| &rest[digits..])?
        }
        None => rest,
    };
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) => {
            let (hours, minutes) = (number(&rest[1..3]), number(&rest[4..6]));
            // The RFC ends at 23; somebody's clock that says 25 is no reason to refuse a delivery, and jiff reads it.
            if hours > 25 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let before: i64 = lengths[..usize::try_from(month - 1).ok()?].iter().sum();
    let years = year + 399;
    let leaps = |years: i64| years / 4 - years / 100 + years / 400;
    // Counted from 400 years earlier, so that the year 0 needs no rule of its own; less those until 1970.
    let days = years * 365 + leaps(years) + before + day - 1 - (2369 * 365 + leaps(2369));
    // A leap second is the last one of its minute.
    Some(days * 86_400 + hour * 3600 + minute * 60 + second.min(59) - offset)
}

/// Digits only.
fn number(text: &str) -> i64 {
    text.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}
