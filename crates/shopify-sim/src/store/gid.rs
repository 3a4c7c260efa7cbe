//! Global ids: `gid://shopify/Product/9100000000000001`.

/// What a global id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gid {
    pub(crate) kind: String,
    pub(crate) id: u64,
    /// Of an inventory level: the item's id.
    pub(crate) item: Option<u64>,
}

impl Gid {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix("gid://shopify/")?.split_once('/')?;
        let (id, query) = rest.split_once('?').map_or((rest, None), |(id, query)| (id, Some(query)));
        // Other kinds may carry parameters, too, which mean nothing here.
        let item = match query.and_then(|query| query.strip_prefix("inventory_item_id=")) {
            Some(item) => Some(item.parse().ok()?),
            None => None,
        };
        let valid = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Some(Self { kind: kind.to_owned(), id: id.parse().ok()?, item }).filter(|_| valid)
    }

    /// The id in `text`, if it is one of this kind.
    pub(crate) fn of(kind: &str, text: &str) -> Option<u64> {
        Self::parse(text).filter(|gid| gid.kind == kind).map(|gid| gid.id)
    }

    pub(crate) fn print(kind: &str, id: u64) -> String {
        format!("gid://shopify/{kind}/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_global_id_is_refused() {
        assert_eq!(Gid::of("Product", "gid://shopify/Product/9007199254740993"), Some(9_007_199_254_740_993));
        assert_eq!(Gid::parse("gid://shopify/InventoryLevel/7?inventory_item_id=8").unwrap().item, Some(8));
        for text in
            ["", "7", "gid://shopify/Product", "gid://shopify/Product/x", "gid://other/Product/1", "gid://shopify//1"]
        {
            assert_eq!(Gid::parse(text), None, "{text}");
        }
    }
}
