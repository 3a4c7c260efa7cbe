//! Products, variants, metafields.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    connection::{Entry, connection, text},
    value::{count, leaf},
};
use crate::{
    context::{Cx, Object},
    store::{Gid, Product},
};

type Field<'a> = Result<Option<ResolvedValue<'a>>, FieldError>;

/// The handle of a product: its own, or made of its title.
pub(crate) fn handle(product: &Product) -> String {
    product.handle.clone().unwrap_or_else(|| {
        let words = product.title.to_lowercase();
        let words = words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    })
}

pub(super) fn product<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Field<'a> {
    let shop = cx.hold();
    let Some(product) = shop.catalog.products.get(&id) else { return Ok(None) };
    Ok(Some(match info.field_name() {
        "title" => leaf(product.title.as_str()),
        "handle" => leaf(handle(product)),
        "status" => leaf(product.status.as_str()),
        "vendor" => leaf(product.vendor.as_str()),
        "productType" => leaf(product.product_type.as_str()),
        "description" | "descriptionHtml" => leaf(product.description.as_str()),
        "tags" => list(&product.tags),
        "totalInventory" => leaf(shop.catalog.stock(product)),
        "tracksInventory" => {
            let tracked = |id| shop.catalog.variants.get(id).is_some_and(|variant| variant.tracked);
            leaf(product.variants.iter().any(tracked))
        }
        "hasOnlyDefaultVariant" => leaf(product.variants.len() == 1),
        "createdAt" => leaf(product.created.rfc3339()),
        "updatedAt" => leaf(product.updated.rfc3339()),
        "publishedAt" => leaf(product.created.rfc3339()),
        "variantsCount" => count(cx, product.variants.len()),
        "variants" => {
            let entries = product.variants.iter().enumerate().map(|(place, id)| {
                let mut entry = Entry::by_id(*id, Object::Variant(*id));
                entry.sort = super::connection::Sort::Number(i64::try_from(place).unwrap_or(0));
                entry
            });
            let entries = entries.collect();
            drop(shop);
            return connection(cx, info, entries).map(Some);
        }
        "metafield" | "metafields" => {
            drop(shop);
            return metafields(cx, &Gid::print("Product", id), info);
        }
        _ => return Ok(None),
    }))
}

pub(super) fn variant<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Field<'a> {
    let shop = cx.hold();
    let Some(variant) = shop.catalog.variants.get(&id) else { return Ok(None) };
    Ok(Some(match info.field_name() {
        "title" => leaf(variant.title.as_str()),
        "displayName" => {
            let product = shop.catalog.products.get(&variant.product).map_or("", |product| product.title.as_str());
            leaf(format!("{product} - {}", variant.title))
        }
        "sku" => leaf(Value::from(Some(variant.sku.as_str()).filter(|sku| !sku.is_empty()))),
        "price" => leaf(crate::store::money(variant.price)),
        "position" => leaf(variant.position),
        "taxable" => leaf(true),
        "availableForSale" => leaf(!variant.tracked || shop.catalog.available(variant.item) > 0),
        "inventoryPolicy" => leaf("DENY"),
        "inventoryQuantity" => leaf(shop.catalog.available(variant.item)),
        "createdAt" => leaf(variant.created.rfc3339()),
        "updatedAt" => leaf(variant.updated.rfc3339()),
        "selectedOptions" => {
            let name = if variant.title == "Default Title" { "Title" } else { "Colour" };
            cx.plain(serde_json::json!([{ "name": name, "value": variant.title }]), "SelectedOption")
        }
        "product" => cx.object(Object::Product(variant.product)),
        "inventoryItem" => cx.object(Object::Item(variant.item)),
        "metafield" | "metafields" => {
            drop(shop);
            return metafields(cx, &Gid::print("ProductVariant", id), info);
        }
        _ => return Ok(None),
    }))
}

/// `metafield(namespace:, key:)` and `metafields(…)` of any owner.
pub(super) fn metafields<'a>(cx: &'a Cx<'a>, owner: &str, info: &ResolveInfo<'_>) -> Field<'a> {
    let arguments = info.arguments();
    let (namespace, key) = (text(arguments, "namespace"), text(arguments, "key"));
    let keys: Option<Vec<String>> = arguments
        .get("keys")
        .and_then(|keys| keys.as_array())
        .map(|keys| keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect());
    let ids: Vec<u64> = {
        let shop = cx.hold();
        let found = shop.catalog.metafields_of(owner).filter(|(_, metafield)| {
            let full = format!("{}.{}", metafield.namespace, metafield.key);
            namespace.is_none_or(|namespace| namespace == metafield.namespace)
                && key.is_none_or(|key| key == metafield.key || key == full)
                && keys.as_ref().is_none_or(|keys| keys.contains(&full) || keys.contains(&metafield.key))
        });
        found.map(|(id, _)| id).collect()
    };
    if info.field_name() == "metafield" {
        return Ok(Some(cx.maybe(ids.first().map(|id| Object::Metafield(*id)))));
    }
    let entries = ids.into_iter().map(|id| Entry::by_id(id, Object::Metafield(id))).collect();
    connection(cx, info, entries).map(Some)
}

pub(super) fn metafield<'a>(cx: &'a Cx<'a>, id: u64, info: &ResolveInfo<'_>) -> Option<ResolvedValue<'a>> {
    let shop = cx.hold();
    let metafield = shop.catalog.metafields.get(&id)?;
    Some(match info.field_name() {
        "namespace" => leaf(metafield.namespace.as_str()),
        "key" => leaf(metafield.key.as_str()),
        "type" => leaf(metafield.kind.as_str()),
        "value" => leaf(metafield.value.as_str()),
        "jsonValue" => {
            let text = serde_json::Value::from(metafield.value.as_str());
            leaf(serde_json::from_str::<serde_json::Value>(&metafield.value).unwrap_or(text))
        }
        "compareDigest" => leaf(
            Sha256::digest(metafield.value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        ),
        "ownerType" => leaf(match Gid::parse(&metafield.owner).map(|gid| gid.kind) {
            Some(kind) if kind == "ProductVariant" => "PRODUCTVARIANT".to_owned(),
            Some(kind) => kind.to_uppercase(),
            None => "SHOP".to_owned(),
        }),
        "createdAt" => leaf(metafield.created.rfc3339()),
        "updatedAt" => leaf(metafield.updated.rfc3339()),
        _ => return None,
    })
}

pub(crate) fn list<'a>(texts: &[String]) -> ResolvedValue<'a> {
    let leaves: Vec<_> = texts.iter().map(|text| leaf(text.as_str())).collect();
    ResolvedValue::list(leaves)
}
