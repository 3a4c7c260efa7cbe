//! `inventory_items/*`, `inventory_levels/*` and `locations/*`.

use crate::Samples;
use crate::draw::{DAY, HOUR, gid, joined};
use serde_json::{Value, json};

pub(crate) fn item_created(samples: &mut Samples) -> Value {
    item(samples, 0)
}

pub(crate) fn item_updated(samples: &mut Samples) -> Value {
    let age = samples.age(HOUR, 400 * DAY);
    item(samples, age)
}

fn item(samples: &mut Samples, age: i64) -> Value {
    let article = samples.article();
    let currency = samples.shop.home.currency;
    let cost = samples.one_in(2).then(|| currency.write(article.variant.price * 2 / 5));
    joined([
        item_deleted(samples),
        json!({
            "sku": article.variant.sku,
            "created_at": samples.ago(age),
            "updated_at": samples.ago(0),
            "requires_shipping": article.needs_shipping(),
            "cost": cost,
            "tracked": true,
            "weight_value": article.variant.grams as f64 / 1000.0,
            "weight_unit": "kg",
        }),
    ])
}

/// Shopify still knows these fields of an item that is gone.
pub(crate) fn item_deleted(samples: &mut Samples) -> Value {
    let id = samples.id();
    json!({
        "id": id,
        "admin_graphql_api_id": gid("InventoryItem", id),
        "country_code_of_origin": *samples.pick(&[None, Some("PT")]),
        "province_code_of_origin": null,
        "harmonized_system_code": null,
        "country_harmonized_system_codes": [],
    })
}

pub(crate) fn level(samples: &mut Samples) -> Value {
    let (item, location) = (samples.id(), samples.shop.location_id());
    json!({
        "inventory_item_id": item,
        "location_id": location,
        // Below zero where a shop goes on selling; null where stock is not tracked.
        "available": *samples.pick(&[Some(0), Some(3), Some(41), Some(260), Some(-2), None]),
        "updated_at": samples.ago(0),
        "admin_graphql_api_id": format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}"),
    })
}

pub(crate) fn level_disconnected(samples: &mut Samples) -> Value {
    json!({ "inventory_item_id": samples.id(), "location_id": samples.shop.location_id() })
}

pub(crate) fn location_created(samples: &mut Samples) -> Value {
    location(samples, 0)
}

pub(crate) fn location_updated(samples: &mut Samples) -> Value {
    let age = samples.age(HOUR, 400 * DAY);
    location(samples, age)
}

fn location(samples: &mut Samples, age: i64) -> Value {
    let (id, phone, home) = (samples.id(), samples.phone(), samples.shop.home);
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Location", id),
        "name": *samples.pick(&["Back room", "Lager Süd", "Pop-up \"Kiosk\""]),
        "address1": home.address1,
        "address2": null,
        "city": home.city,
        "zip": home.zip,
        "province": home.province,
        "province_code": home.province_code,
        "country": home.country_code,
        "country_code": home.country_code,
        "country_name": home.country,
        "phone": phone,
        "created_at": samples.ago(age),
        "updated_at": samples.ago(0),
        "legacy": false,
        "active": true,
    })
}
