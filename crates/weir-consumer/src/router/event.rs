//! What a handler is given.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use weir_core::{Failure, controls::Controls, envelope::Meta};

/// An event: what is known of it, and its body as Shopify signed it. Cheap to clone.
#[derive(Clone)]
pub struct Event {
    inner: Arc<(Meta, Vec<u8>)>,
    controls: Arc<Controls>,
}

impl Event {
    /// An event of a body that was checked against its hash.
    pub fn new(meta: Meta, body: Vec<u8>) -> Self {
        Self { inner: Arc::new((meta, body)), controls: Arc::default() }
    }

    /// The same under what the operator says now.
    #[must_use]
    pub fn under(self, controls: Arc<Controls>) -> Self {
        Self { controls, ..self }
    }

    /// Shop, topic, ids, times.
    pub fn meta(&self) -> &Meta {
        &self.inner.0
    }

    /// What the operator switched off and slowed down.
    pub fn controls(&self) -> &Controls {
        &self.controls
    }

    /// The bytes that Shopify signed.
    pub fn body(&self) -> &[u8] {
        &self.inner.1
    }
}

impl std::fmt::Debug for Event {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event").field("meta", self.meta()).finish_non_exhaustive()
    }
}

/// Something that a handler may take as an argument.
pub trait FromEvent: Sized + Send {
    /// Takes it from the event, or says why it can't.
    fn from_event(event: &Event) -> Result<Self, Failure>;
}

impl FromEvent for Event {
    fn from_event(event: &Event) -> Result<Self, Failure> {
        Ok(event.clone())
    }
}

/// The body as a type of yours. Unknown fields are ignored; make those that may be missing an `Option`.
///
/// Ids need `u64`: they exceed 2^53. Money comes as text.
pub struct Payload<T>(pub T);

impl<T: DeserializeOwned + Send> FromEvent for Payload<T> {
    fn from_event(event: &Event) -> Result<Self, Failure> {
        let mut json = serde_json::Deserializer::from_slice(event.body());
        serde_path_to_error::deserialize(&mut json).map(Self).map_err(|error| {
            // Not serde's own words: they quote values, and values are customer data.
            let (path, at) = (error.path().to_string(), error.into_inner());
            let (line, column) = (at.line(), at.column());
            Failure::permanent(format!(
                "the payload is not as the handler expects at {path} (line {line}, column {column})"
            ))
        })
    }
}
