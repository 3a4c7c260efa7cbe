//! Misbehaviour on demand: which requests fail, when, how often, and how.

use std::{path::Path, time::Duration};

use serde::Deserialize;

/// One rule. The first rule that matches a request and has its chance decides it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which shops, `*` standing for anything: `north*`. Everywhere if absent.
    #[serde(default = "anything")]
    pub shop: String,
    /// Which operations (GraphQL names) or paths (`shop.json`, `access_token`), `*` standing for anything.
    #[serde(default = "anything")]
    pub operation: String,
    /// How likely, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// How often at most.
    #[serde(default)]
    pub count: Option<u32>,
    /// From this many simulated seconds after the simulator's start.
    #[serde(default)]
    pub from_s: f64,
    /// Until then; for good if absent.
    #[serde(default)]
    pub to_s: Option<f64>,
    /// What happens.
    pub act: Act,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// This status instead of an answer, with Shopify's body for it. Nothing runs.
    Status {
        /// 401, 402, 403, 404, 423, 429, 430, 500, 502, 503, 504 …
        status: u16,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<f64>,
    },
    /// The answer, so many simulated milliseconds late.
    Slow {
        /// How late.
        ms: u64,
    },
    /// It runs, and no answer ever comes.
    Hang,
    /// It runs, and half of the answer's body comes.
    Truncate,
    /// The connection is reset before anything runs.
    ResetBefore,
    /// It runs, then the connection is reset: the reply is lost.
    ResetAfter,
    /// It runs, and the answer is no JSON.
    MalformedJson,
    /// A page of HTML with status 200. Nothing runs.
    Html,
    /// `THROTTLED`, whatever the bucket holds. Nothing runs.
    Throttled,
    /// It runs, and the answer says that this version served it.
    Version(
        /// `2026-01`
        String,
    ),
    /// It runs, and then this happens in the shop, before the answer arrives: between two pages of a walk, say.
    Meanwhile(
        /// What happens.
        Change,
    ),
}

/// What happens in a shop: to so many of its newest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// So many orders are placed.
    PlaceOrders(u32),
    /// The newest orders get a note.
    UpdateOrders(u32),
    /// The newest products are renamed.
    UpdateProducts(u32),
    /// One piece is sold of the newest items, each at its last location.
    SellInventory(u32),
}

fn anything() -> String {
    "*".to_owned()
}

fn always() -> f64 {
    1.0
}

impl Rule {
    /// Every request, always.
    #[must_use]
    pub fn new(act: Act) -> Self {
        Self { shop: anything(), operation: anything(), rate: 1.0, count: None, from_s: 0.0, to_s: None, act }
    }

    /// Only these operations or paths.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        operation.clone_into(&mut self.operation);
        self
    }

    /// Only these shops.
    #[must_use]
    pub fn at(mut self, shop: &str) -> Self {
        shop.clone_into(&mut self.shop);
        self
    }

    /// So often at most.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// With this likelihood.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    fn matches(&self, shop: &str, operation: &str, since_start: Duration) -> bool {
        let seconds = since_start.as_secs_f64();
        glob(&self.shop, shop)
            && glob(&self.operation, operation)
            && seconds >= self.from_s
            && self.to_s.is_none_or(|end| seconds < end)
            && self.count != Some(0)
    }
}

/// The script can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file can't be read.
    #[error("could not read the script {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: std::io::Error,
    },
    /// It is no such TOML.
    #[error("the script {path} can't be understood: {why}")]
    Invalid {
        /// The file.
        path: String,
        /// Why.
        why: Box<toml::de::Error>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// Reads rules from TOML, one `[[rule]]` each.
///
/// # Errors
/// If the file can't be read or a rule can't be understood.
pub fn read_script(path: &Path) -> Result<Vec<Rule>, ScriptError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|why| ScriptError::Unreadable { path: name.clone(), why })?;
    let file: File = toml::from_str(&text).map_err(|why| ScriptError::Invalid { path: name, why: Box::new(why) })?;
    Ok(file.rule)
}

/// The rules, with what is left of their counts.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Rule>);

impl Script {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this request.
    pub(crate) fn act(
        &mut self,
        shop: &str,
        operation: &str,
        since_start: Duration,
        rng: &mut fastrand::Rng,
    ) -> Option<Act> {
        for rule in self.0.iter_mut().filter(|rule| rule.matches(shop, operation, since_start)) {
            if rng.f64() < rule.rate {
                rule.count = rule.count.map(|count| count - 1);
                return Some(rule.act.clone());
            }
        }
        None
    }
}

/// `*` stands for any run of letters; the rest is taken literally, without regard to case.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    // The last part has to reach the end.
    last.map_or(rest.is_empty(), |part| part.is_empty() || rest.is_empty() || text.ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("Orders*", "OrdersPage", true),
            ("*Page", "OrdersPage", true),
            ("*Page", "OrdersPages", false),
            ("a*b*c", "a-b-c", true),
            ("north", "north", true),
            ("north", "northern", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_is_used_up_and_has_its_time() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut script = Script::default();
        script.add(Rule { from_s: 10.0, to_s: Some(20.0), ..Rule::new(Act::Hang).times(1) });
        let mut act = |seconds| script.act("north", "X", Duration::from_secs(seconds), &mut rng);
        assert_eq!(act(9), None);
        assert_eq!(act(20), None);
        assert_eq!(act(10), Some(Act::Hang));
        assert_eq!(act(11), None);
    }

    #[test]
    fn a_script_is_read_from_toml() {
        let text = r#"
            [[rule]]
            shop = "north*"
            operation = "InventorySet*"
            rate = 0.5
            count = 3
            act = { status = { status = 429, retry_after = 2.0 } }
            [[rule]]
            act = "reset_after"
            [[rule]]
            operation = "OrderChangesPage"
            count = 1
            act = { meanwhile = { update_orders = 2 } }
        "#;
        let file: File = toml::from_str(text).unwrap();
        assert_eq!(file.rule[0].act, Act::Status { status: 429, retry_after: Some(2.0) });
        assert_eq!(file.rule[1], Rule::new(Act::ResetAfter));
        assert_eq!(file.rule[2].act, Act::Meanwhile(Change::UpdateOrders(2)));
        assert!(toml::from_str::<File>("[[rule]]\nact = \"explode\"").is_err());
    }
}
