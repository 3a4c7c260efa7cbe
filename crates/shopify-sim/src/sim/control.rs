//! The control API under `/_sim/`: what the CLI asks of a running simulator. Never part of Shopify.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_webhook::ShopDomain;

use super::Sim;
use crate::{Attempt, DeliveryFaults, Plan, Rule, ShopSeed, reply::json as answer};

impl Sim {
    /// GET: `status`, `deliveries`, `calls`. POST, each with a JSON object:
    ///
    /// - `install`, `plan`, `orders`, `uninstall`, `expire-tokens`: what happens to a `shop`;
    /// - `change` (`shop`, `change`): what a rule's `meanwhile` has, now;
    /// - `rule`: a rule of a script, as in the TOML file;
    /// - `delivery-faults` (`duplicate`, `second_id`, `reorder`, `late`, `late_by_s`, `lost`): likelihoods, from now on;
    /// - `test-notification` (`shop`, `topic`), `admin-webhook` (`shop`, `topic`, `uri`), `compliance` (`shop`, `topic`,
    ///   `shop_header`).
    pub(super) fn control(&self, command: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let given: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let done = match (request.method(), command) {
            (&Method::GET, "status") => Ok(self.status_json()),
            (&Method::GET, "deliveries") => Ok(self.deliveries_json()),
            (&Method::GET, "calls") => Ok(self.calls_json()),
            (&Method::POST, "install") => self.install_json(&given),
            (&Method::POST, "plan") => self.plan_json(&given),
            (&Method::POST, "orders") => self.known(&given).map(|shop| {
                let count = given["count"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
                json!({ "orders": self.place_orders(&shop, count.min(10_000)) })
            }),
            (&Method::POST, "uninstall") => self.known(&given).map(|shop| {
                self.uninstall(&shop);
                json!({})
            }),
            (&Method::POST, "expire-tokens") => self.known(&given).map(|shop| {
                self.expire_tokens(&shop);
                json!({})
            }),
            (&Method::POST, "change") => self.known(&given).and_then(|shop| {
                let change = serde_json::from_value(given["change"].clone());
                self.happen(&shop, &change.map_err(|problem| format!("no change: {problem}"))?);
                Ok(json!({}))
            }),
            (&Method::POST, "delivery-faults") => self.faults_json(&given),
            (&Method::POST, "test-notification") => self.known(&given).map(|shop| {
                let sent = self.send_test_notification(&shop, given["topic"].as_str().unwrap_or_default());
                json!({ "deliveries": sent })
            }),
            (&Method::POST, "admin-webhook") => self.known(&given).and_then(|shop| self.admin_json(&shop, &given)),
            (&Method::POST, "compliance") => self.known(&given).and_then(|shop| {
                let named = given["shop_header"].as_bool().unwrap_or(true);
                let known = self.request_compliance(&shop, given["topic"].as_str().unwrap_or_default(), named);
                known.then(|| json!({})).ok_or_else(|| "topic must be one of the three compliance topics".to_owned())
            }),
            (&Method::POST, "rule") => serde_json::from_value::<Rule>(given.clone())
                .map(|rule| {
                    self.script(rule);
                    json!({})
                })
                .map_err(|problem| format!("no rule: {problem}")),
            _ => return answer(404, &json!({ "error": format!("there is no {} {command}", request.method()) })),
        };
        match done {
            Ok(body) => answer(200, &body),
            Err(error) => answer(400, &json!({ "error": error })),
        }
    }

    fn known(&self, given: &Value) -> Result<ShopDomain, String> {
        let name = given["shop"].as_str().unwrap_or_default();
        let shop = ShopDomain::parse(name).ok_or("shop must be a *.myshopify.com domain")?;
        if self.shop(&shop).is_none() {
            return Err(format!("there is no shop {shop}: install it first"));
        }
        Ok(shop)
    }

    fn status_json(&self) -> Value {
        let shops: Vec<Value> = (self.shops().iter())
            .map(|shop| {
                let subscriptions = self.subscriptions(shop).len();
                json!({ "shop": shop.as_str(), "available": self.bucket_level(shop), "products": self.products(shop).len(), "subscriptions": subscriptions })
            })
            .collect();
        let calls = self.calls();
        json!({
            "now": self.clock().now().rfc3339(),
            "shops": shops,
            "calls": calls.len(),
            "throttled": calls.iter().filter(|call| call.throttled).count(),
            "deliveries": self.deliveries().len(),
        })
    }

    fn deliveries_json(&self) -> Value {
        let all = self.deliveries();
        let all = all.iter().map(|one| {
            let outcome = match &one.outcome {
                Attempt::Delivered(status) => format!("delivered: {status}"),
                Attempt::Refused(status) => format!("refused: {status}"),
                Attempt::Failed(why) => format!("failed: {why}"),
                Attempt::Lost => "lost".to_owned(),
            };
            json!({ "at": one.at.rfc3339(), "shop": one.shop.as_str(), "topic": one.topic, "webhook_id": one.webhook_id, "attempt": one.attempt, "outcome": outcome })
        });
        json!({ "deliveries": all.collect::<Vec<_>>() })
    }

    fn calls_json(&self) -> Value {
        let calls = self.calls();
        let calls = calls.iter().map(|call| {
            json!({ "at": call.at.rfc3339(), "shop": call.shop, "operation": call.operation, "status": call.status, "cost": call.actual_cost, "throttled": call.throttled, "fault": call.fault })
        });
        json!({ "calls": calls.collect::<Vec<_>>() })
    }

    /// The token is part of the answer: who asks is on this machine, and needs it.
    fn install_json(&self, given: &Value) -> Result<Value, String> {
        let name = given["shop"].as_str().unwrap_or_default();
        let domain = ShopDomain::parse(name).ok_or("shop must be a *.myshopify.com domain")?;
        let number =
            |name: &str, default: u32| given[name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(default);
        let default = ShopSeed::new(domain);
        let plan = match given["plan"].as_str() {
            Some(plan) => plan.parse()?,
            None => default.plan,
        };
        let seed = ShopSeed {
            plan,
            products: number("products", default.products).min(100_000),
            variants_per_product: number("variants_per_product", default.variants_per_product).min(100),
            locations: number("locations", default.locations).min(20),
            seed: given["seed"].as_u64().unwrap_or(default.seed),
            ..default
        };
        let installed = self.install(seed);
        Ok(json!({
            "shop": installed.shop.as_str(),
            "client_id": installed.client_id,
            "access_token": installed.access_token.expose_secret(),
            "refresh_token": installed.refresh_token.as_ref().map(ExposeSecret::expose_secret),
        }))
    }

    /// What is not said is zero: each call says it all.
    fn faults_json(&self, given: &Value) -> Result<Value, String> {
        let rate = |name: &str| match given[name].as_f64() {
            None if given[name].is_null() => Ok(0.0),
            Some(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
            _ => Err(format!("{name} must be between 0 and 1")),
        };
        let default = DeliveryFaults::default();
        let late_by = given["late_by_s"].as_u64().map_or(default.late_by, Duration::from_secs);
        self.set_delivery_faults(DeliveryFaults {
            duplicate: rate("duplicate")?,
            second_id: rate("second_id")?,
            reorder: rate("reorder")?,
            late: rate("late")?,
            late_by,
            lost: rate("lost")?,
        });
        Ok(json!({}))
    }

    /// The key is part of the answer: the admin shows it, too.
    fn admin_json(&self, shop: &ShopDomain, given: &Value) -> Result<Value, String> {
        let text = |name: &str| given[name].as_str().filter(|text| !text.is_empty());
        let (Some(topic), Some(uri)) = (text("topic"), text("uri")) else {
            return Err("topic and uri must be given".to_owned());
        };
        let key = self.admin_webhook(shop, topic, uri);
        Ok(json!({ "signing_key": key.as_ref().map(ExposeSecret::expose_secret) }))
    }

    fn plan_json(&self, given: &Value) -> Result<Value, String> {
        let shop = self.known(given)?;
        let plan: Plan = given["plan"].as_str().unwrap_or_default().parse()?;
        self.set_plan(&shop, plan);
        Ok(json!({}))
    }
}
