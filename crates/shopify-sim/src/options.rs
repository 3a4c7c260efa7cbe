//! What a simulator is made with.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;

use crate::{DeliveryFaults, Outlet, TokenStyle};

/// How a simulator behaves. [`Options::default`] is a quick, reliable Shopify.
#[derive(Debug, Clone)]
pub struct Options {
    /// The app's client id.
    pub client_id: String,
    /// The app's id at Shopify: the ARNs of its event sources and its reserved namespaces carry it.
    pub api_client_id: u64,
    /// The app's client secret: signs webhooks and asks for tokens.
    pub client_secret: SecretString,
    /// Which token an installation starts with.
    pub tokens: TokenStyle,
    /// The scopes that the app is granted.
    pub scopes: Vec<String>,
    /// SDL to hold requests to, `.gz` or plain; the part that is built in if absent.
    pub schema: Option<PathBuf>,
    /// How long each answer takes, simulated.
    pub latency: Duration,
    /// Up to this much longer, by chance.
    pub jitter: Duration,
    /// How long after it was made a bulk operation begins to run.
    pub bulk_starts_after: Duration,
    /// How many objects a bulk operation writes in a simulated second.
    pub bulk_objects_per_second: f64,
    /// Where webhooks go.
    pub outlet: Outlet,
    /// What goes wrong with them.
    pub delivery_faults: DeliveryFaults,
    /// Topics that the app declares in its configuration, each with where it is sent: not listed by the API.
    pub declared: Vec<(String, String)>,
    /// What URLs in answers begin with, until [`crate::Sim::serve`] knows better.
    pub base_url: String,
    /// Where chance starts.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let scopes = ["products", "inventory", "orders", "customers"];
        let scopes = scopes.iter().flat_map(|what| [format!("read_{what}"), format!("write_{what}")]);
        Self {
            client_id: "shopify-sim-client".to_owned(),
            api_client_id: 347_082_227_713,
            client_secret: SecretString::from("shopify-sim-secret"),
            tokens: TokenStyle::Offline,
            scopes: scopes.chain(["read_locations".to_owned()]).collect(),
            schema: None,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            bulk_starts_after: Duration::from_secs(1),
            bulk_objects_per_second: 2_000.0,
            outlet: Outlet::Http,
            delivery_faults: DeliveryFaults::default(),
            declared: Vec::new(),
            base_url: "http://127.0.0.1".to_owned(),
            seed: 7,
        }
    }
}
