//! A shop to call, in one line.

use bytes::Bytes;
use http::{Request, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_sim::{Clock, Installed, Options, Reply, ShopSeed, Sim};
use shopify_webhook::ShopDomain;

/// A simulator with one shop in it.
pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) shop: ShopDomain,
    pub(crate) installed: Installed,
}

pub(crate) const START: i64 = 1_790_000_000_000;

pub(crate) fn domain(name: &str) -> ShopDomain {
    ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::seeded(options, |seed| seed)
    }

    pub(crate) fn seeded(options: Options, change: impl FnOnce(ShopSeed) -> ShopSeed) -> Self {
        let sim = Sim::new(Clock::new(START, 1.0), options);
        let shop = domain("north");
        let installed = sim.install(change(ShopSeed::new(shop.clone())));
        Self { sim, shop, installed }
    }

    pub(crate) fn request(&self, query: &str, variables: &Value) -> Request<Bytes> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        Request::post(format!("/{}/admin/api/2026-10/graphql.json", self.shop))
            .header("content-type", "application/json")
            .header("x-shopify-access-token", self.installed.access_token.expose_secret())
            .body(body.into())
            .unwrap()
    }

    pub(crate) async fn reply(&self, query: &str, variables: Value) -> Reply {
        self.sim.respond(self.request(query, &variables)).await
    }

    /// The body of a whole answer.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        body(&self.reply(query, variables).await.full().unwrap())
    }

    /// `data` of an answer without errors.
    #[track_caller]
    pub(crate) fn data(&self, query: &str, variables: Value) -> impl Future<Output = Value> + use<'_> {
        let request = self.request(query, &variables);
        let query = query.to_owned();
        async move {
            let mut body = body(&self.sim.respond(request).await.full().unwrap());
            assert!(body.get("errors").is_none(), "{query}: {body}");
            body["data"].take()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Bytes> {
        let request = Request::get(format!("/{}/{path}", self.shop))
            .header("x-shopify-access-token", self.installed.access_token.expose_secret())
            .body(Bytes::new())
            .unwrap();
        self.sim.respond(request).await.full().unwrap()
    }

    pub(crate) async fn token(&self, given: &Value) -> (u16, Value) {
        let request = Request::post(format!("/{}/admin/oauth/access_token", self.shop))
            .header("content-type", "application/json")
            .body(given.to_string().into())
            .unwrap();
        let response = self.sim.respond(request).await.full().unwrap();
        (response.status().as_u16(), body(&response))
    }

    /// The first inventory item and location, as global ids, with what is available there.
    pub(crate) fn stock(&self) -> (String, String, i64) {
        let (items, locations) = self.sim.inventory(&self.shop);
        let available = self.sim.available(&self.shop, items[0], locations[0]).unwrap();
        (
            format!("gid://shopify/InventoryItem/{}", items[0]),
            format!("gid://shopify/Location/{}", locations[0]),
            available,
        )
    }
}

pub(crate) fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}
