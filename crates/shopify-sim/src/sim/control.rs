//! The control API under `/_sim/`: what the CLI asks of a running simulator. Never part of Shopify.

use bytes::Bytes;
use http::{Method, Request, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_webhook::ShopDomain;

use super::Sim;
use crate::{Attempt, Plan, Rule, ShopSeed, reply::json as answer};

impl Sim {
    /// `status`, `deliveries`, `calls` (GET); `install`, `plan`, `orders`, `rule`, `uninstall`, `expire-tokens` (POST JSON).
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

    fn plan_json(&self, given: &Value) -> Result<Value, String> {
        let shop = self.known(given)?;
        let plan: Plan = given["plan"].as_str().unwrap_or_default().parse()?;
        self.set_plan(&shop, plan);
        Ok(json!({}))
    }
}
