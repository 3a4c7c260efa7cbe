//! What the worker needs from outside, besides the ledger: so that its whole way can be run in tests against
//! services that fail on purpose.

use std::time::Duration;

use weir_aws::{Bodies, BodyError, Bus, Entry, Visibility};
use weir_core::{Failure, envelope::Meta};

/// Publishes events.
pub trait Publish: Send + Sync + 'static {
    /// One result an entry, in order.
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// Keeps bodies that no message can carry.
pub trait BodyStore: Send + Sync + 'static {
    /// The bytes at a reference.
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send;
    /// Stores the bytes and returns their reference.
    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send;
}

/// Sets when failed messages come back.
pub trait Postpone: Send + Sync + 'static {
    /// Best effort. Returns how many changes failed, with the first reason.
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send;
}

impl Publish for Bus {
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send {
        self.publish(entries)
    }
}

impl BodyStore for Bodies {
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send {
        self.get(reference)
    }

    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send {
        self.put(meta, body)
    }
}

impl Postpone for Visibility {
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send {
        self.change(messages)
    }
}
