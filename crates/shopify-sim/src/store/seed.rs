//! A consistent shop from a seed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secrecy::SecretString;
use shopify_webhook::ShopDomain;

use super::{Catalog, Customer, Level, Location, Metafield, Product, Shop, ShopStatus, Variant, gid::Gid};
use crate::{Plan, UnixMillis, plan::Bucket, tokens::Tokens};

/// How a shop starts. The same seed makes the same shop.
#[derive(Debug, Clone)]
pub struct ShopSeed {
    /// Its domain.
    pub domain: ShopDomain,
    /// Its plan.
    pub plan: Plan,
    /// So many products.
    pub products: u32,
    /// So many variants has each; at least one.
    pub variants_per_product: u32,
    /// So many locations; at least one.
    pub locations: u32,
    /// Where chance starts.
    pub seed: u64,
}

impl ShopSeed {
    /// A shop on the Standard plan with 50 products of two variants in two locations.
    #[must_use]
    pub fn new(domain: ShopDomain) -> Self {
        Self { domain, plan: Plan::Standard, products: 50, variants_per_product: 2, locations: 2, seed: 7 }
    }
}

/// Above 2^53, with room for every shop.
const FIRST_ID: u64 = 9_100_000_000_000_000;
const CITIES: [&str; 6] = ["Leipzig", "Porto", "Ottawa", "Osaka", "Bergen", "Austin"];
const MAKERS: [&str; 4] = ["Lindner", "Harbour & Sons", "Kōbō", "Fjord"];
const THINGS: [&str; 8] = ["Mug", "Bowl", "Vase", "Teapot", "Plate", "Lamp", "Blanket", "Candle"];
const COLOURS: [&str; 6] = ["blue", "ochre", "moss", "ash", "red", "white"];
const FIRST: [&str; 6] = ["Ada", "Jun", "Mara", "Tom", "Zoë", "Ravi"];
const LAST: [&str; 6] = ["Okafor", "Lind", "Sato", "Meyer", "Ortiz", "Novak"];
const DAY: i64 = 86_400_000;

impl Shop {
    pub(crate) fn seeded(seed: &ShopSeed, tokens: Tokens, scopes: BTreeSet<String>, now: UnixMillis) -> Self {
        let key =
            seed.domain.as_str().bytes().fold(seed.seed, |key, byte| key.wrapping_mul(31).wrapping_add(byte.into()));
        let mut rng = fastrand::Rng::with_seed(key);
        let next = FIRST_ID + rng.u64(0..1_000_000) * 1_000_000;
        let created = UnixMillis(now.0 - 400 * DAY);
        let mut shop = Self {
            domain: seed.domain.clone(),
            id: next,
            plan: seed.plan,
            status: ShopStatus::Open,
            scopes,
            tokens,
            signing_key: SecretString::from(format!(
                "{:032x}{key:016x}",
                u128::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            )),
            last_triggered: 0,
            bucket: Bucket::full(seed.plan.bucket(), now),
            rest: Bucket::full(seed.plan.rest_bucket(), now),
            catalog: Catalog::default(),
            subscriptions: BTreeMap::new(),
            declared: Vec::new(),
            bulks: BTreeMap::new(),
            uploads: HashMap::new(),
            idempotent: HashMap::new(),
            created,
            next,
            next_order: 1_000,
            rng,
        };
        shop.fill(seed, now);
        shop
    }

    fn fill(&mut self, seed: &ShopSeed, now: UnixMillis) {
        let locations: Vec<u64> = (0..seed.locations.max(1)).map(|_| self.new_id()).collect();
        for (index, id) in locations.iter().enumerate() {
            let name = match index {
                0 => "Shop location".to_owned(),
                _ => format!("{} {index}", CITIES[index % CITIES.len()]),
            };
            self.catalog.locations.insert(*id, Location { name, created: self.created });
        }
        for _ in 0..seed.products {
            let id = self.new_id();
            let age = self.rng.i64(1..300) * DAY;
            let updated = UnixMillis(now.0 - self.rng.i64(0..age));
            self.add_product(id, seed.variants_per_product.max(1), &locations, UnixMillis(now.0 - age), updated);
        }
        for index in 0..12_usize {
            let id = self.new_id();
            let first = FIRST[index % FIRST.len()];
            let last = LAST[(index * 5 + 1) % LAST.len()];
            let customer = Customer {
                first: first.to_owned(),
                last: last.to_owned(),
                email: format!("customer-{index}@example.com"),
                tags: Vec::new(),
                created: self.created,
                updated: self.created,
            };
            self.catalog.customers.insert(id, customer);
        }
    }

    fn add_product(&mut self, id: u64, variants: u32, locations: &[u64], created: UnixMillis, updated: UnixMillis) {
        let thing = THINGS[self.rng.usize(0..THINGS.len())];
        let title = format!("{} {thing} {}", MAKERS[self.rng.usize(0..MAKERS.len())], id % 1_000_000);
        let mut ids = Vec::with_capacity(variants as usize);
        for position in 1..=variants {
            let (variant, item) = (self.new_id(), self.new_id());
            ids.push(variant);
            let one = Variant {
                product: id,
                item,
                position,
                title: if variants == 1 { "Default Title".to_owned() } else { colour(position) },
                sku: format!("SKU-{}-{position}", id % 1_000_000),
                price: self.rng.u64(5..200) * 100 + 95,
                tracked: true,
                created,
                updated,
            };
            self.catalog.variants.insert(variant, one);
            self.catalog.items.insert(item, variant);
            for location in locations {
                let level = Level::new(self.rng.i64(0..120), updated);
                self.catalog.levels.insert((item, *location), level);
            }
        }
        if self.rng.u8(0..20) == 0 {
            let metafield = self.new_id();
            let material = Metafield {
                owner: Gid::print("Product", id),
                namespace: "custom".to_owned(),
                key: "material".to_owned(),
                kind: "single_line_text_field".to_owned(),
                value: "stoneware".to_owned(),
                created,
                updated,
            };
            self.catalog.metafields.insert(metafield, material);
        }
        let product = Product {
            title,
            handle: None,
            vendor: MAKERS[self.rng.usize(0..MAKERS.len())].to_owned(),
            product_type: thing.to_owned(),
            status: if self.rng.u8(0..10) == 0 { "DRAFT" } else { "ACTIVE" }.to_owned(),
            description: String::new(),
            tags: Vec::new(),
            variants: ids,
            created,
            updated,
        };
        self.catalog.products.insert(id, product);
    }

    /// A product made through the API: one variant, in no stock.
    pub(crate) fn new_product(&mut self, title: &str, now: UnixMillis) -> u64 {
        let id = self.new_id();
        let locations: Vec<u64> = self.catalog.locations.keys().copied().take(1).collect();
        self.add_product(id, 1, &locations, now, now);
        if let Some(product) = self.catalog.products.get_mut(&id) {
            title.clone_into(&mut product.title);
            "ACTIVE".clone_into(&mut product.status);
            for variant in &product.variants {
                let Some(variant) = self.catalog.variants.get_mut(variant) else { continue };
                variant.tracked = false;
                variant.sku.clear();
                variant.price = 0;
                for location in &locations {
                    self.catalog.levels.insert((variant.item, *location), Level::new(0, now));
                }
            }
        }
        id
    }
}

fn colour(position: u32) -> String {
    let name = COLOURS[position as usize % COLOURS.len()];
    match position as usize / COLOURS.len() {
        0 => name.to_owned(),
        round => format!("{name} {round}"),
    }
}
