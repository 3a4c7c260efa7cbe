//! What of a body can be compared with the Admin API.
//!
//! Two states of one second have the same `updated_at`, and the Admin API tells no Triggered-At. Whoever reads a resource
//! there finds out by its content whether the state that weir saw last is the one that stands.

use serde_json::value::RawValue;

use super::snapshot::Fields;
use crate::sha256;

/// The part of a resource that both a webhook's body and the Admin API have. `None` where one left it out.
///
/// As text, one short hash a field, or nothing: `Wk3v.`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content(Vec<Option<String>>);

/// Of the hash of a field.
const LENGTH: usize = 8;

impl Content {
    /// Of an inventory level: how much is available.
    pub fn of_level(available: Option<i64>) -> Self {
        Self::new([available.map(|available| available.to_string())])
    }

    /// Of a product: its title, and its status in any case (`ACTIVE`, `active`).
    pub fn of_product(title: Option<&str>, status: Option<&str>) -> Self {
        Self::new([title.map(str::to_owned), status.map(str::to_lowercase)])
    }

    /// Of an order: its financial status in any case (`PAID`, `paid`), and whether it is cancelled.
    pub fn of_order(financial_status: Option<&str>, is_cancelled: Option<bool>) -> Self {
        Self::new([financial_status.map(str::to_lowercase), is_cancelled.map(|is| is.to_string())])
    }

    fn new<const FIELDS: usize>(fields: [Option<String>; FIELDS]) -> Self {
        Self(fields.map(|field| field.map(|field| sha256::hex(field.as_bytes())[..LENGTH].to_owned())).into())
    }

    /// Of a webhook's body, by the name of its resource in `infra/topics.toml`; `None` for a resource of which nothing is
    /// compared, and for a body that has nothing of it.
    pub fn read(resource: &str, body: &RawValue) -> Option<Self> {
        Self::of_fields(resource, &serde_json::from_str(body.get()).ok()?)
    }

    pub(super) fn of_fields(resource: &str, fields: &Fields<'_>) -> Option<Self> {
        let content = match resource {
            "inventory_levels" => Self::of_level(fields.read("available")),
            "products" => {
                let [title, status] = ["title", "status"].map(|name| fields.read::<String>(name));
                Self::of_product(title.as_deref(), status.as_deref())
            }
            "orders" => {
                // `null` says that it is not cancelled; left out, it says nothing.
                let is_cancelled = fields.get("cancelled_at").map(|at| at.get() != "null");
                Self::of_order(fields.read::<String>("financial_status").as_deref(), is_cancelled)
            }
            _ => return None,
        };
        content.0.iter().any(Option::is_some).then_some(content)
    }

    /// Whether both are of the same state, as far as both know it; `None` if they have no field in common.
    pub fn agrees_with(&self, other: &Self) -> Option<bool> {
        let both = self.0.iter().zip(&other.0).filter_map(|(one, other)| Some(one.as_ref()? == other.as_ref()?));
        both.reduce(|all, one| all && one)
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Self {
        Self(text.split('.').map(|field| (!field.is_empty()).then(|| field.to_owned())).collect())
    }
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, field) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(field.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(resource: &str, body: &str) -> Option<Content> {
        Content::read(resource, serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_body_agrees_with_the_values_that_the_admin_api_has_of_it() {
        let level = read("inventory_levels", r#"{"available":-8}"#).unwrap();
        assert_eq!(level.agrees_with(&Content::of_level(Some(-8))), Some(true));
        assert_eq!(level.agrees_with(&Content::of_level(Some(9))), Some(false));
        let product = read("products", r#"{"title":"Wool","status":"active"}"#).unwrap();
        assert_eq!(product.agrees_with(&Content::of_product(Some("Wool"), Some("ACTIVE"))), Some(true));
        assert_eq!(product.agrees_with(&Content::of_product(Some("Wool"), Some("DRAFT"))), Some(false));
        let order = read("orders", r#"{"financial_status":"paid","cancelled_at":null}"#).unwrap();
        assert_eq!(order.agrees_with(&Content::of_order(Some("PAID"), Some(false))), Some(true));
        assert_eq!(order.agrees_with(&Content::of_order(Some("PAID"), Some(true))), Some(false));
    }

    #[test]
    fn a_field_that_one_leaves_out_is_not_compared() {
        let order = read("orders", r#"{"id":1,"financial_status":"paid"}"#).unwrap();
        assert_eq!(order.agrees_with(&Content::of_order(Some("PAID"), Some(true))), Some(true));
        let cancelled = read("orders", r#"{"cancelled_at":"2026-11-27T05:00:00Z"}"#).unwrap();
        assert_eq!(cancelled.agrees_with(&Content::of_order(None, Some(true))), Some(true));
        assert_eq!(order.agrees_with(&cancelled), None);
    }

    #[test]
    fn a_body_with_nothing_to_compare_has_no_content() {
        for (resource, body) in [
            ("orders", r#"{"id":1}"#),
            ("products", "{}"),
            ("inventory_levels", r#"{"available":null}"#),
            ("customers", r#"{"state":"enabled"}"#),
            ("orders", "[1]"),
            ("inventory_levels", r#"{"available":"many"}"#),
        ] {
            assert_eq!(read(resource, body), None, "{resource} {body}");
        }
    }

    #[test]
    fn a_content_is_read_as_it_was_written() {
        for content in [Content::of_level(Some(1)), Content::of_product(None, Some("a")), Content::of_order(None, None)]
        {
            assert_eq!(Content::parse(&content.to_string()), content);
        }
    }
}
