//! The topics that every public app has to answer: a customer's data, and its deletion.

use crate::Samples;
use serde_json::{Value, json};

pub(crate) fn data_request(samples: &mut Samples) -> Value {
    json!({
        "shop_id": samples.shop.id,
        "shop_domain": samples.shop.domain,
        "orders_requested": orders(samples),
        "customer": customer(samples),
        "data_request": { "id": samples.id() },
    })
}

pub(crate) fn customer_redact(samples: &mut Samples) -> Value {
    json!({
        "shop_id": samples.shop.id,
        "shop_domain": samples.shop.domain,
        "customer": customer(samples),
        "orders_to_redact": orders(samples),
    })
}

pub(crate) fn shop_redact(samples: &mut Samples) -> Value {
    json!({ "shop_id": samples.shop.id, "shop_domain": samples.shop.domain })
}

fn orders(samples: &mut Samples) -> Vec<u64> {
    (0..samples.rng.usize(0..5)).map(|_| samples.id()).collect()
}

fn customer(samples: &mut Samples) -> Value {
    let person = samples.person();
    json!({ "id": person.id, "email": person.email, "phone": person.phone })
}
