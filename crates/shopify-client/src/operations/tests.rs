//! The derived types: what they send, what they bear.

use graphql_client::GraphQLQuery;
use serde_json::json;

use super::*;

#[test]
fn the_query_sent_is_the_files_text_with_its_directive() {
    let body = InventorySetQuantities::build_query(set_one(None));
    let file = include_str!("../../operations/inventory_set_quantities.graphql");
    assert_eq!(body.query, file);
    assert!(body.query.contains("@idempotent(key: $idempotencyKey)"));
    assert_eq!(body.operation_name, "InventorySetQuantities");
}

#[test]
fn change_from_quantity_is_sent_even_as_null() {
    let sent = serde_json::to_value(set_one(None)).unwrap();
    assert_eq!(sent["input"]["quantities"][0].get("changeFromQuantity"), Some(&json!(null)));
    let sent = serde_json::to_value(set_one(Some(4))).unwrap();
    assert_eq!(sent["input"]["quantities"][0]["changeFromQuantity"], 4);
    assert_eq!(sent["idempotencyKey"], "key");
}

fn set_one(change_from_quantity: Option<i64>) -> inventory_set_quantities::Variables {
    let row = inventory_set_quantities::InventoryQuantityInput {
        inventory_item_id: "gid://shopify/InventoryItem/1".into(),
        location_id: "gid://shopify/Location/1".into(),
        quantity: 5,
        change_from_quantity,
    };
    inventory_set_quantities::Variables {
        input: inventory_set_quantities::InventorySetQuantitiesInput {
            name: "available".into(),
            reason: "correction".into(),
            reference_document_uri: None,
            quantities: vec![row],
        },
        idempotency_key: "key".into(),
    }
}

#[test]
fn an_update_of_a_subscription_leaves_out_what_it_does_not_change() {
    let variables = webhook_subscription_update::Variables {
        id: "gid://shopify/WebhookSubscription/1".into(),
        webhook_subscription: webhook_subscription_update::WebhookSubscriptionInput {
            uri: Some("https://example.com".into()),
            callback_url: None,
            filter: None,
            format: None,
            include_fields: None,
            metafield_namespaces: None,
            metafields: None,
            name: None,
        },
    };
    let sent = serde_json::to_value(variables).unwrap();
    assert_eq!(sent["webhookSubscription"], json!({"uri": "https://example.com"}));
}

#[test]
fn nodes_keep_their_places_and_bear_absent_and_unknown_ones() {
    let answer =
        json!({"nodes": [null, {"__typename": "Metafield"}, product("ACTIVE"), {"__typename": "NewlyInvented"}]});
    let nodes = serde_json::from_value::<products_by_ids::ResponseData>(answer).unwrap().nodes;
    assert!(nodes[0].is_none());
    assert_eq!(nodes[3], Some(products_by_ids::ProductsByIdsNodes::Unknown));
    let Some(products_by_ids::ProductsByIdsNodes::Product(product)) = &nodes[2] else { panic!("{nodes:?}") };
    assert_eq!(product.id, "gid://shopify/Product/820982911946154508");
    assert_eq!(product.updated_at, "2026-11-01T10:00:00Z".parse().unwrap());
}

#[test]
fn a_value_that_an_enum_does_not_know_is_kept() {
    let answer = json!({"nodes": [product("LEFT_IN_LIMBO")]});
    let nodes = serde_json::from_value::<products_by_ids::ResponseData>(answer).unwrap().nodes;
    let Some(products_by_ids::ProductsByIdsNodes::Product(product)) = &nodes[0] else { panic!("{nodes:?}") };
    assert_eq!(product.status, products_by_ids::ProductStatus::Other("LEFT_IN_LIMBO".into()));
}

#[test]
fn cached_values_survive_a_round_trip() {
    let answer = json!({"nodes": [product("ACTIVE"), null]});
    let data: products_by_ids::ResponseData = serde_json::from_value(answer).unwrap();
    let written = serde_json::to_string(&data).unwrap();
    assert_eq!(serde_json::from_str::<products_by_ids::ResponseData>(&written).unwrap(), data);
}

fn product(status: &str) -> serde_json::Value {
    json!({
        "__typename": "Product",
        "id": "gid://shopify/Product/820982911946154508",
        "title": "Lamp",
        "handle": "lamp",
        "status": status,
        "vendor": "North",
        "productType": "",
        "tags": ["new"],
        "totalInventory": -3,
        "createdAt": "2026-11-01T10:00:00Z",
        "updatedAt": "2026-11-01T10:00:00Z",
    })
}

#[test]
fn an_address_shows_its_host_only() {
    for (address, shown) in [
        ("https://storage.example.com/a/b?Signature=secret", "https://storage.example.com/…"),
        ("https://user:secret@example.com/a", "example.com/…"),
        ("secret", "/…"),
        ("https://example.com", "/…"),
    ] {
        assert_eq!(format!("{:?}", Url::from(address.to_owned())), shown);
    }
}
