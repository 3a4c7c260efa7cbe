//! Real bootstraps and real connections.

mod environment;
mod proxy;
