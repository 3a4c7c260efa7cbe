//! Shopify webhook deliveries as they arrive over HTTP: verifying the signature, reading both header
//! families, topics and shop domains. Pure: no I/O, no clock, no configuration.
//!
//! There is one door for trust: [`Unverified::verify`]. Only a [`Verified`] delivery lets its headers be
//! read, so nothing unsigned is looked at by mistake.
//!
//! **Headers are not signed.** Shopify's HMAC covers the body alone: whoever replays a captured body can
//! pair it with other headers. `docs/concepts/security.md` lists what depends on a header.

mod app;
mod delivery;
mod headers;
mod id;
mod shop;
mod signature;
mod text;
mod timestamp;
mod topic;
mod version;

pub use app::AppName;
pub use delivery::{Delivery, Unverified, Verified};
pub use headers::{Header, HeaderError, RawHeaders};
pub use id::{EventId, WebhookId};
pub use shop::{EventShop, ShopDomain};
pub use signature::{BadSignature, ClientSecrets, sign};
pub use timestamp::TriggeredAt;
pub use topic::Topic;
pub use version::ApiVersion;
