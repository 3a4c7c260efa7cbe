//! Topics about the app itself and its doings: scopes, billing, bulk operations, themes, metaobjects.

use crate::Samples;
use crate::draw::{DAY, HOUR, gid};
use serde_json::{Value, json};

pub(crate) fn scopes_update(samples: &mut Samples) -> Value {
    json!({
        "id": samples.id(),
        "shop_id": gid("Shop", samples.shop.id),
        "previous": ["read_orders", "read_products"],
        "current": ["read_orders", "read_products", "write_inventory"],
        "updated_at": samples.utc_ago(0),
    })
}

pub(crate) fn subscription(samples: &mut Samples) -> Value {
    json!({ "app_subscription": {
        "admin_graphql_api_id": gid("AppSubscription", samples.id()),
        "name": "Growth",
        "status": *samples.pick(&["ACTIVE", "PENDING", "CANCELLED", "FROZEN"]),
        "admin_graphql_api_shop_id": gid("Shop", samples.shop.id),
        "created_at": samples.ago(DAY),
        "updated_at": samples.ago(0),
        "currency": "USD",
        "capped_amount": *samples.pick(&[None, Some("100.00")]),
        "price": "29.00",
        "interval": "every_30_days",
        "plan_handle": "growth-monthly",
    } })
}

/// Without a URL: what the operation brought has to be asked for by its id.
pub(crate) fn bulk_operation(samples: &mut Samples) -> Value {
    let (status, error) = *samples.pick(&[("completed", None), ("completed", None), ("failed", Some("timeout"))]);
    json!({
        "admin_graphql_api_id": gid("BulkOperation", samples.id()),
        "created_at": samples.ago(HOUR),
        "completed_at": samples.ago(0),
        "status": status,
        "error_code": error,
        "type": *samples.pick(&["query", "mutation"]),
    })
}

pub(crate) fn theme(samples: &mut Samples) -> Value {
    let id = samples.id();
    json!({
        "id": id,
        "admin_graphql_api_id": gid("Theme", id),
        "name": "Harbour – winter 2026",
        "created_at": samples.ago(30 * DAY),
        "updated_at": samples.ago(0),
        "role": "main",
        "theme_store_id": null,
        "previewable": true,
        "processing": false,
    })
}

pub(crate) fn metaobject_created(samples: &mut Samples) -> Value {
    metaobject(samples, 0)
}

pub(crate) fn metaobject_updated(samples: &mut Samples) -> Value {
    let age = samples.age(HOUR, 90 * DAY);
    metaobject(samples, age)
}

/// Its ids are GraphQL ids only, and the values of its fields are strings whatever their type.
fn metaobject(samples: &mut Samples, age: i64) -> Value {
    json!({
        "id": gid("Metaobject", samples.id()),
        "definition_id": gid("MetaobjectDefinition", samples.shop.id_of("MetaobjectDefinition", "maker")),
        "type": "maker",
        "handle": format!("lindner-{}", samples.hex(4)),
        "display_name": "Töpferei Lindner",
        "created_at": samples.ago(age),
        "updated_at": samples.ago(0),
        "created_by_staff_id": gid("StaffMember", samples.shop.id_of("StaffMember", "owner")),
        "created_by_app_id": gid("ApiClient", samples.shop.id_of("ApiClient", "maker pages")),
        "fields": { "name": "Töpferei Lindner", "founded": "1974", "awards": "[\"Bronze\",\"Gold 🏅\"]" },
        "capabilities": { "publishable": { "status": *samples.pick(&["active", "draft"]) } },
    })
}
