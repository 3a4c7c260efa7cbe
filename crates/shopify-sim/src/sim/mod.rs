//! The simulator: its shops, and what tests and the CLI do to them.

mod call;
mod control;
mod deliveries;
mod environment;
mod files;
mod happen;
mod oauth;
mod rest;
mod scenario;
mod watch;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use secrecy::SecretString;
use shopify_webhook::ShopDomain;

use crate::{
    AdminSchema, Clock, DeliveryFaults, DeliveryRecord, Options, SchemaError, ShopSeed, UnixMillis,
    script::Script,
    store::{Declared, DeclaredBy, Shop},
    tokens::Tokens,
};

/// A Shopify in memory. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

/// Does not keep the simulator alive.
#[derive(Clone)]
pub(crate) struct WeakSim(Weak<Inner>);

struct Inner {
    clock: Clock,
    start: UnixMillis,
    options: Options,
    schema: AdminSchema,
    shops: Mutex<BTreeMap<ShopDomain, Arc<Mutex<Shop>>>>,
    base: OnceLock<String>,
    client: OnceLock<Result<reqwest::Client, String>>,
    moving: Mutex<Moving>,
}

/// What changes beside the shops.
struct Moving {
    script: Script,
    calls: Vec<CallRecord>,
    deliveries: Vec<DeliveryRecord>,
    faults: DeliveryFaults,
    rng: fastrand::Rng,
    failing_bulks: HashMap<ShopDomain, u64>,
    hooks: Vec<environment::Hook>,
}

/// A shop with the app in it. The tokens are secrets.
#[derive(Debug)]
pub struct Installed {
    /// The shop.
    pub shop: ShopDomain,
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: SecretString,
    /// What goes into `X-Shopify-Access-Token`.
    pub access_token: SecretString,
    /// With expiring tokens.
    pub refresh_token: Option<SecretString>,
}

/// One call of the simulator.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// When it was answered.
    pub at: UnixMillis,
    /// The shop in its path.
    pub shop: String,
    /// The GraphQL operation, or the path's last part: `shop.json`, `access_token`.
    pub operation: String,
    /// The status that was meant, whether or not it arrived.
    pub status: u16,
    /// `X-Request-Id`.
    pub request_id: String,
    /// Points asked for.
    pub requested_cost: Option<u32>,
    /// Points used.
    pub actual_cost: Option<u32>,
    /// Whether the bucket was too empty.
    pub throttled: bool,
    /// Whether a GraphQL operation ran.
    pub executed: bool,
    /// Which fault of the script it met.
    pub fault: Option<String>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sim({} shops)", hold(&self.0.shops).len())
    }
}

impl WeakSim {
    pub(crate) fn upgrade(&self) -> Option<Sim> {
        self.0.upgrade().map(Sim)
    }
}

/// Locks; a panic elsewhere leaves data that is still good to look at.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    /// A Shopify without shops, on the schema that is built in, or on that of `options` if it can be used:
    /// [`Sim::with_schema`] says why not.
    ///
    /// # Panics
    /// If the schema can't be used.
    #[must_use]
    #[expect(clippy::panic, reason = "a test or a binary that names a broken schema has nothing to go on with")]
    pub fn new(clock: Clock, options: Options) -> Self {
        Self::with_schema(clock, options).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// A Shopify without shops.
    ///
    /// # Errors
    /// If the schema of the options can't be used.
    pub fn with_schema(clock: Clock, options: Options) -> Result<Self, SchemaError> {
        let schema = match &options.schema {
            Some(path) => AdminSchema::read(path)?,
            None => AdminSchema::built_in()?,
        };
        let moving = Moving {
            script: Script::default(),
            calls: Vec::new(),
            deliveries: Vec::new(),
            faults: options.delivery_faults,
            rng: fastrand::Rng::with_seed(options.seed),
            failing_bulks: HashMap::new(),
            hooks: Vec::new(),
        };
        Ok(Self(Arc::new(Inner {
            clock,
            start: clock.now(),
            options,
            schema,
            shops: Mutex::default(),
            base: OnceLock::new(),
            client: OnceLock::new(),
            moving: Mutex::new(moving),
        })))
    }

    /// Makes a shop and installs the app there. A shop of that name is replaced.
    #[must_use]
    pub fn install(&self, seed: ShopSeed) -> Installed {
        let options = self.options();
        let now = self.clock().now();
        let mut tokens = Tokens::default();
        let pair = self.with_rng(|rng| tokens.issue(options.tokens, now, rng));
        let mut shop = Shop::seeded(&seed, tokens, options.scopes.iter().cloned().collect(), now);
        let declared = options.declared.iter();
        let declared =
            declared.map(|(topic, uri)| Declared { topic: topic.clone(), uri: uri.clone(), by: DeclaredBy::App });
        shop.declared = declared.collect();
        hold(&self.0.shops).insert(seed.domain.clone(), Arc::new(Mutex::new(shop)));
        Installed {
            shop: seed.domain,
            client_id: options.client_id.clone(),
            client_secret: options.client_secret.clone(),
            access_token: pair.access.into(),
            refresh_token: pair.refresh.map(|(token, _)| token.into()),
        }
    }

    /// The simulated time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The shops, by name.
    #[must_use]
    pub fn shops(&self) -> Vec<ShopDomain> {
        hold(&self.0.shops).keys().cloned().collect()
    }

    /// What URLs begin with: `http://127.0.0.1:4577`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.base.get().map_or(self.0.options.base_url.as_str(), String::as_str)
    }

    pub(crate) fn served_at(&self, url: String) {
        // Served twice: URLs go on naming the first.
        self.0.base.get_or_init(|| url);
    }

    pub(crate) fn weak(&self) -> WeakSim {
        WeakSim(Arc::downgrade(&self.0))
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn schema(&self) -> &AdminSchema {
        &self.0.schema
    }

    pub(crate) fn client_secret(&self) -> &SecretString {
        &self.0.options.client_secret
    }

    pub(crate) fn shop(&self, domain: &ShopDomain) -> Option<Arc<Mutex<Shop>>> {
        hold(&self.0.shops).get(domain).cloned()
    }

    pub(crate) fn with_rng<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut hold(&self.0.moving).rng)
    }

    fn change<T>(&self, domain: &ShopDomain, act: impl FnOnce(&mut Shop, UnixMillis) -> T) -> Option<T> {
        let cell = self.shop(domain)?;
        let now = self.clock().now();
        let changed = act(&mut hold(&cell), now);
        Some(changed)
    }
}
