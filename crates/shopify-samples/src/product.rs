//! `products/*`, `variants/*` and `collections/*`.

use crate::Samples;
use crate::catalogue::{PRODUCTS, Product, Variant};
use crate::draw::{DAY, HOUR, gid, joined};
use serde_json::{Value, json};

pub(crate) fn created(samples: &mut Samples) -> Value {
    body(samples, 0)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let age = samples.age(HOUR, 400 * DAY);
    body(samples, age)
}

fn body(samples: &mut Samples, age: i64) -> Value {
    let id = samples.id();
    let product = samples.pick(&PRODUCTS);
    let mut variants = Vec::new();
    let mut variant_gids = Vec::new();
    for (place, variant) in product.variants.iter().enumerate() {
        let (variant_id, stock) = (samples.id(), samples.rng.i64(0..250));
        let inventory_item = samples.id();
        let fields = variant_fields(samples, variant_id, id, product, place, variant, age);
        variants.push(joined([
            fields,
            json!({
                "inventory_item_id": inventory_item,
                "inventory_quantity": stock,
                "old_inventory_quantity": stock,
            }),
        ]));
        variant_gids.push(json!({
            "admin_graphql_api_id": gid("ProductVariant", variant_id),
            "updated_at": samples.utc_ago(0),
        }));
    }
    let image = if samples.one_in(3) { None } else { Some(image(samples, id, product, age)) };
    let draft = samples.one_in(5);
    let values: Vec<_> = product.variants.iter().map(|variant| variant.title).collect();
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Product", id),
        "title": product.title,
        "handle": product.handle,
        "body_html": product.description,
        "product_type": product.kind,
        "vendor": product.vendor,
        "tags": product.tags,
        "status": if draft { "draft" } else { "active" },
        "created_at": samples.ago(age),
        "updated_at": samples.ago(0),
        "published_at": if draft { None } else { Some(samples.ago(age)) },
        "published_scope": "global",
        "template_suffix": "",
        "variants": variants,
        "variant_gids": variant_gids,
        "options": [{ "id": samples.id(), "product_id": id, "name": product.option, "position": 1, "values": values }],
        "images": image.iter().collect::<Vec<_>>(),
        "image": image,
        "media": [],
        "has_variants_that_requires_components": false,
        "category": null,
    })
}

fn image(samples: &mut Samples, product_id: u64, product: &Product, age: i64) -> Value {
    let id = samples.id();
    let source = format!("https://{}/cdn/shop/files/{}.jpg?v=1", samples.shop.domain, product.handle);
    json!({
        "id": id,
        "admin_graphql_api_id": gid("ProductImage", id),
        "product_id": product_id,
        "position": 1,
        "alt": *samples.pick(&[None, Some("Front view ✨")]),
        "width": 1600,
        "height": 1200,
        "src": source,
        "variant_ids": [],
        "created_at": samples.ago(age),
        "updated_at": samples.ago(0),
    })
}

fn variant_fields(
    samples: &mut Samples,
    id: u64,
    product_id: u64,
    product: &Product,
    place: usize,
    variant: &Variant,
    age: i64,
) -> Value {
    let currency = samples.shop.home.currency;
    let reduced = samples.one_in(4).then(|| currency.write(variant.price * 5 / 4));
    json!({
        "id": id,
        "admin_graphql_api_id": gid("ProductVariant", id),
        "product_id": product_id,
        "title": variant.title,
        "price": currency.write(variant.price),
        "compare_at_price": reduced,
        "position": place + 1,
        "inventory_policy": "deny",
        "option1": variant.title,
        "option2": null,
        "option3": null,
        "created_at": samples.ago(age),
        "updated_at": samples.ago(0),
        "taxable": !product.gift_card,
        "barcode": *samples.pick(&[None, Some(""), Some("2000000000008")]),
        "sku": variant.sku,
        "image_id": null,
    })
}

pub(crate) fn in_stock(samples: &mut Samples) -> Value {
    let quantity = samples.rng.i64(1..80);
    stock_of_variant(samples, quantity)
}

pub(crate) fn out_of_stock(samples: &mut Samples) -> Value {
    stock_of_variant(samples, 0)
}

fn stock_of_variant(samples: &mut Samples, quantity: i64) -> Value {
    let product = samples.pick(&PRODUCTS);
    let place = samples.rng.usize(0..product.variants.len());
    let (id, product_id) = (samples.id(), samples.id());
    let age = samples.age(HOUR, 400 * DAY);
    joined([
        variant_fields(samples, id, product_id, product, place, &product.variants[place], age),
        json!({ "inventory_quantity": quantity, "old_inventory_quantity": quantity }),
    ])
}

pub(crate) fn collection(samples: &mut Samples) -> Value {
    let id = samples.id();
    let (title, handle) = *samples.pick(&[
        ("Autumn Table", "autumn-table"),
        ("Geschenke unter 30 🎁", "geschenke-unter-30"),
        ("\"Last chance\" & odds", "last-chance-odds"),
    ]);
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Collection", id),
        "title": title,
        "handle": handle,
        "body_html": "<p>Picked by <strong>hand</strong>.</p>",
        "sort_order": *samples.pick(&["best-selling", "manual", "price-asc"]),
        "published_at": samples.ago(0),
        "updated_at": samples.ago(0),
        "published_scope": "web",
        "template_suffix": null,
    })
}

pub(crate) fn collection_deleted(samples: &mut Samples) -> Value {
    let id = samples.id();
    json!({ "id": id, "admin_graphql_api_id": gid("Collection", id), "published_scope": "web" })
}
