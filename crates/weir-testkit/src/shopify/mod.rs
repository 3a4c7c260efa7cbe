//! The Shopify client and the simulated Shopify, put together: over a socket, or in one process on paused time.

mod in_process;

use std::sync::Arc;

use resilience::{Clock, SharedState, UnixMillis};
use shopify_client::{
    Client, Endpoint, Parts, Settings,
    tokens::{App, Held, MemoryTokens, Renewal, StoredToken, TokenStore},
    transport::Transport,
};
use shopify_sim::{Installed, Sim};

pub use in_process::InProcess;

/// What the clients of one simulated Shopify have in common.
#[derive(Clone)]
pub struct Shared {
    /// Budgets and circuits.
    pub state: Arc<dyn SharedState>,
    /// Tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// The time.
    pub clock: Clock,
    /// Where it is.
    pub endpoint: Endpoint,
    /// How to get there.
    pub transport: Arc<dyn Transport>,
}

impl Shared {
    /// A client, as a process of its own would have it.
    pub fn client(&self, installed: &Installed, process: &str, settings: Settings) -> Client {
        let parts = Parts {
            app: App {
                name: "default".to_owned(),
                client_id: installed.client_id.clone(),
                client_secret: installed.client_secret.clone(),
            },
            endpoint: self.endpoint.clone(),
            transport: Arc::clone(&self.transport),
            tokens: Arc::clone(&self.tokens),
            state: Arc::clone(&self.state),
            clock: self.clock,
            process: process.to_owned(),
        };
        Client::new(parts, settings)
    }
}

/// The token that an installation came with, expiring at `expires_at` if it does.
pub fn token_of(installed: &Installed, expires_at: Option<UnixMillis>) -> StoredToken {
    let renewal = match &installed.refresh_token {
        Some(token) => Renewal::Refresh { token: token.clone(), expires_at: None },
        None => Renewal::Never,
    };
    StoredToken { access: installed.access_token.clone(), expires_at, renewal, version: 1 }
}

/// A store in memory that holds the installation's token.
pub fn tokens_of(installed: &Installed) -> Arc<MemoryTokens> {
    let tokens = MemoryTokens::default();
    tokens.put(&installed.shop, Held::Token(token_of(installed, None)));
    Arc::new(tokens)
}

/// The simulator's time, as the client reads it.
pub fn clock_of(sim: &Sim) -> Clock {
    Clock::starting_at(UnixMillis(sim.clock().now().0))
}
