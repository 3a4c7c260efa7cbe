//! Which objects are cached, under which keys, and which webhooks end them.

use shopify_webhook::ShopDomain;

/// A variant of a product. The product counts: whoever says that it changed does not know its variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VariantId {
    /// Its product. There is no such variant if it is another's.
    pub product: u64,
    /// Its own id.
    pub id: u64,
}

/// A metafield.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MetafieldId {
    /// The product that it belongs to, itself or by a variant of it; `None` if it is of another object. As the caller
    /// knows it: Shopify's answer does not say.
    pub product: Option<u64>,
    /// Its own id.
    pub id: u64,
}

/// A cached object of a shop. There is none for orders or inventory levels: what changes by the minute is asked for
/// each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// A product. When it is invalidated, so are its variants and metafields.
    Product(u64),
    /// A variant.
    Variant(VariantId),
    /// A metafield.
    Metafield(MetafieldId),
    /// The shop's settings.
    Shop,
}

/// The key of an object in a [`CacheStore`](super::CacheStore): `{shop}/{kind}/{id}`; that of a part of a product has
/// the product's id before its own.
pub fn key(shop: &ShopDomain, object: Object) -> String {
    match object {
        Object::Product(id) => format!("{shop}/product/{id}"),
        Object::Variant(VariantId { product, id }) => format!("{shop}/variant/{product}/{id}"),
        Object::Metafield(MetafieldId { product: Some(product), id }) => format!("{shop}/metafield/{product}/{id}"),
        Object::Metafield(MetafieldId { product: None, id }) => format!("{shop}/metafield/{id}"),
        // A shop has its settings once.
        Object::Shop => format!("{shop}/shop/settings"),
    }
}

/// What a webhook ends, if anything: `topic` as `products/update`, `body_id` as its body says it.
///
/// One object, so one write, however many variants a product has: they go with it. Shopify has no topic for
/// metafields: those of a product change with it, and those of other objects end by their age alone.
pub fn invalidated_by(topic: &str, body_id: Option<u64>) -> Option<Object> {
    match topic {
        "products/create" | "products/update" | "products/delete" => body_id.map(Object::Product),
        "shop/update" => Some(Object::Shop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_apart_by_shop_kind_product_and_id() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        for (object, expected) in [
            (Object::Product(9_007_199_254_740_993), "north.myshopify.com/product/9007199254740993"),
            (Object::Variant(VariantId { product: 2, id: 1 }), "north.myshopify.com/variant/2/1"),
            (Object::Metafield(MetafieldId { product: Some(2), id: 1 }), "north.myshopify.com/metafield/2/1"),
            (Object::Metafield(MetafieldId { product: None, id: 1 }), "north.myshopify.com/metafield/1"),
            (Object::Shop, "north.myshopify.com/shop/settings"),
        ] {
            assert_eq!(key(&shop, object), expected);
        }
    }

    #[test]
    fn a_webhook_ends_what_it_tells_of() {
        for (topic, id, expected) in [
            ("products/create", Some(7), Some(Object::Product(7))),
            ("products/update", Some(7), Some(Object::Product(7))),
            ("products/delete", Some(7), Some(Object::Product(7))),
            ("shop/update", Some(7), Some(Object::Shop)),
            ("shop/update", None, Some(Object::Shop)),
            ("products/update", None, None),
            ("orders/create", Some(7), None),
            ("inventory_levels/update", Some(7), None),
            ("variants/out_of_stock", Some(7), None),
        ] {
            assert_eq!(invalidated_by(topic, id), expected, "{topic}");
        }
    }
}
