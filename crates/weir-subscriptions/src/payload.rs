//! The fields that a topic's payload has, as far as samples of it tell.

use std::collections::BTreeSet;

use serde_json::Value;
use shopify_samples::Samples;

/// Enough for each kind of order and product to come up.
const SAMPLES: u64 = 48;

/// What a topic's payload has.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    /// Paths, with dots, through lists as if they were not there.
    paths: BTreeSet<String>,
    /// Of those, the ones that were seen with something in them.
    seen: BTreeSet<String>,
}

impl Payload {
    /// `None` if there is no sample of the topic.
    pub(crate) fn of(topic: &str) -> Option<Self> {
        let moment = jiff::Timestamp::UNIX_EPOCH;
        let mut payload = Self::default();
        for seed in 0..SAMPLES {
            let body = Samples::new(seed, "sample.myshopify.com", moment).body(topic)?;
            payload.learn("", &serde_json::from_str(&body).ok()?);
        }
        Some(payload)
    }

    fn learn(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.paths.insert(path.clone());
                    self.learn(&path, value);
                }
                if !fields.is_empty() {
                    self.seen.insert(path.to_owned());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(path, item)),
            Value::Null => {}
            _ => {
                self.seen.insert(path.to_owned());
            }
        }
    }

    /// Whether the payload has, or may have, this field: what was null in every sample may hold anything, and so may
    /// metafields, which come when asked for.
    pub(crate) fn has(&self, field: &str) -> bool {
        let open = |path: &str| path == "metafields" || (self.paths.contains(path) && !self.seen.contains(path));
        let ends = field.match_indices('.').map(|(end, _)| end);
        self.paths.contains(field) || field == "metafields" || ends.into_iter().any(|end| open(&field[..end]))
    }

    /// The field that was probably meant.
    pub(crate) fn nearest(&self, field: &str) -> Option<&str> {
        crate::nearest::nearest(field, self.paths.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_at_any_depth_and_through_lists() {
        let payload = Payload::of("orders/create").unwrap();
        for field in ["id", "updated_at", "line_items.price", "customer.id", "metafields.custom", "line_items"] {
            assert!(payload.has(field), "{field}");
        }
        for field in ["prize", "line_items.prize", "id.x", ""] {
            assert!(!payload.has(field), "{field}");
        }
        assert_eq!(payload.nearest("line_items.prize"), Some("line_items.price"));
    }

    #[test]
    fn a_topic_without_samples_has_no_known_payload() {
        assert!(Payload::of("segments/create").is_none());
    }
}
