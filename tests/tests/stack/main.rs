//! Tests that deploy the template on the local AWS. One binary, so that two of them run at once, whatever they are about, and
//! the whole is linked once.

mod archive;
mod check;
mod controls;
mod dlq;
mod events;
mod fallback;
mod guides;
mod large_bodies;
mod monitor;
mod notifier;
mod pipeline;
mod protocol;
mod reconcile;
mod runbook;
mod secrecy;
mod shops;
mod update;
