//! What there is of REST: two calls, and the bucket of forty.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use super::{Sim, hold};
use crate::{
    reply::{self, errors, header},
    store::Shop,
};

impl Sim {
    pub(super) fn rest(&self, cell: &Mutex<Shop>, what: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let mut shop = hold(cell);
        let now = self.clock().now();
        let size = shop.plan.rest_bucket();
        let rate = size / 20;
        let room = shop.rest.take(1, size, rate, now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the bucket's size")]
        let used = (f64::from(size) - shop.rest.level(size, rate, now)).round() as u32;
        let mut response = match (room, request.method(), what) {
            (false, ..) => {
                let words = format!(
                    "Exceeded {rate} calls per second for api client. Reduce request rates to resume uninterrupted service."
                );
                let mut response = errors(429, &words);
                header(&mut response, "retry-after", "2.0");
                response
            }
            (true, &Method::GET, "shop.json") => {
                let domain = shop.domain.as_str();
                let name = domain.trim_end_matches(".myshopify.com");
                reply::json(
                    200,
                    &json!({ "shop": { "id": shop.id, "name": name, "myshopify_domain": domain, "currency": "EUR" } }),
                )
            }
            (true, &Method::GET, "orders/count.json") => {
                reply::json(200, &json!({ "count": shop.catalog.orders.len() }))
            }
            _ => errors(404, "Not Found"),
        };
        header(&mut response, "x-shopify-shop-api-call-limit", &format!("{used}/{size}"));
        response
    }
}
