//! What there is of REST: a few calls, and the bucket of forty.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{Sim, hold};
use crate::{
    reply::{self, errors, header},
    sender::{level_body, order_body, product_body},
    store::Shop,
};

/// The most objects of a page, and how many it has unless `limit` says so.
const MOST: usize = 250;
const USUAL: usize = 50;

impl Sim {
    pub(super) fn rest(&self, cell: &Mutex<Shop>, what: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let mut shop = hold(cell);
        let now = self.clock().now();
        let size = shop.plan.rest_bucket();
        let rate = size / 20;
        let room = shop.rest.take(1, size, rate, now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the bucket's size")]
        let used = (f64::from(size) - shop.rest.level(size, rate, now)).round() as u32;
        let mut response = match (room, request.method()) {
            (false, _) => {
                let words = format!(
                    "Exceeded {rate} calls per second for api client. Reduce request rates to resume uninterrupted service."
                );
                let mut response = errors(429, &words);
                header(&mut response, "retry-after", "2.0");
                response
            }
            (true, &Method::GET) => read(&shop, what, &Asked::of(request)),
            _ => errors(404, "Not Found"),
        };
        header(&mut response, "x-shopify-shop-api-call-limit", &format!("{used}/{size}"));
        response
    }
}

/// The query of a request.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn of(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A list of numbers, divided by commas.
    fn ids(&self, name: &str) -> Option<Vec<u64>> {
        self.text(name).map(|ids| ids.split(',').filter_map(|id| id.trim().parse().ok()).collect())
    }

    fn limit(&self) -> usize {
        self.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(USUAL).min(MOST)
    }
}

fn read(shop: &Shop, what: &str, asked: &Asked) -> Response<Bytes> {
    let may = |scope: &str| shop.scopes.contains(scope);
    let missing =
        |scope: &str| errors(403, &format!("[API] This action requires merchant approval for {scope} scope."));
    match what {
        "shop.json" => {
            let domain = shop.domain.as_str();
            let name = domain.trim_end_matches(".myshopify.com");
            reply::json(
                200,
                &json!({ "shop": { "id": shop.id, "name": name, "myshopify_domain": domain, "currency": "EUR" } }),
            )
        }
        "orders/count.json" => reply::json(200, &json!({ "count": shop.catalog.orders.len() })),
        "orders.json" if !may("read_orders") => missing("read_orders"),
        "products.json" if !may("read_products") => missing("read_products"),
        "inventory_levels.json" if !may("read_inventory") => missing("read_inventory"),
        "orders.json" => {
            // Unless all are asked for, those that are closed or cancelled are left out.
            let any = asked.text("status") == Some("any");
            let ids = asked.ids("ids").unwrap_or_else(|| shop.catalog.orders.keys().copied().collect());
            let there = ids
                .into_iter()
                .filter(|id| shop.catalog.orders.get(id).is_some_and(|order| any || order.cancelled.is_none()));
            page("orders", there.filter_map(|id| order_body(shop, id)), asked)
        }
        "products.json" => {
            let ids = asked.ids("ids").unwrap_or_else(|| shop.catalog.products.keys().copied().collect());
            page("products", ids.into_iter().filter_map(|id| product_body(shop, id)), asked)
        }
        "inventory_levels.json" => {
            let (items, places) = (asked.ids("inventory_item_ids"), asked.ids("location_ids"));
            if items.is_none() && places.is_none() {
                return errors(422, "Unprocessable Entity - inventory_item_ids or location_ids is required");
            }
            if items.as_ref().or(places.as_ref()).is_some_and(|ids| ids.len() > 50) {
                return errors(422, "Unprocessable Entity - at most 50 ids");
            }
            let wanted = |ids: &Option<Vec<u64>>, id: &u64| ids.as_ref().is_none_or(|ids| ids.contains(id));
            let levels =
                shop.catalog.levels.keys().filter(|(item, place)| wanted(&items, item) && wanted(&places, place));
            page("inventory_levels", levels.filter_map(|(item, place)| level_body(shop, *item, *place)), asked)
        }
        _ => errors(404, "Not Found"),
    }
}

fn page(name: &str, bodies: impl Iterator<Item = Value>, asked: &Asked) -> Response<Bytes> {
    let bodies: Vec<Value> = bodies.take(asked.limit()).collect();
    reply::json(200, &json!({ name: bodies }))
}
