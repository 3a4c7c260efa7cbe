//! `customers/*` and `customer.tags_added`.

use crate::Samples;
use crate::draw::{gid, joined};
use serde_json::{Value, json};

pub(crate) fn created(samples: &mut Samples) -> Value {
    let mut person = samples.person();
    person.age = 0;
    body(samples, &person)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let person = samples.person();
    body(samples, &person)
}

fn body(samples: &Samples, person: &crate::person::Person) -> Value {
    joined([person.customer(samples), json!({ "addresses": [person.default_address()] })])
}

pub(crate) fn deleted(samples: &mut Samples) -> Value {
    let id = samples.id();
    json!({ "id": id, "admin_graphql_api_id": gid("Customer", id), "tax_exemptions": [] })
}

/// A topic of the newer kind: camel case, ids as GraphQL ids.
pub(crate) fn tags_added(samples: &mut Samples) -> Value {
    let tags = *samples.pick::<&[&str]>(&[&["VIP"], &["wholesale", "net-30"], &["früh", "newsletter"]]);
    json!({
        "customerId": gid("Customer", samples.id()),
        "tags": tags,
        "occurredAt": samples.utc_ago(0),
    })
}
