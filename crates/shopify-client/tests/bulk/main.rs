//! Bulk operations over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

#[cfg(target_os = "linux")]
mod memory;
mod upload;

use std::{collections::HashMap, io::BufRead, sync::Arc};

use resilience::{Clock, MemoryState};
use shopify_client::{
    Client, Endpoint, Parts, Settings,
    tokens::{App, Held, MemoryTokens, Renewal, StoredToken},
    transport::Https,
};
use shopify_webhook::ShopDomain;

fn shop() -> ShopDomain {
    ShopDomain::parse("north.myshopify.com").unwrap()
}

/// A client with a token for [`shop`].
fn client(endpoint: Endpoint) -> Client {
    let tokens = MemoryTokens::default();
    let token = StoredToken { access: "token".into(), expires_at: None, renewal: Renewal::Never, version: 1 };
    tokens.put(&shop(), Held::Token(token));
    let parts = Parts {
        app: App { name: "app".into(), client_id: "id".into(), client_secret: "secret".into() },
        endpoint,
        transport: Arc::new(Https::new().unwrap()),
        tokens: Arc::new(tokens),
        state: Arc::new(MemoryState::default()),
        clock: Clock::Wall,
        process: "test".into(),
    };
    Client::new(parts, Settings::default())
}

/// Reads the head of a request: its first line under an empty name, and its headers by their names in lower case.
fn head(from: &mut impl BufRead) -> HashMap<String, String> {
    let mut head = HashMap::new();
    for line in from.lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or(("", &line));
        head.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    head
}
