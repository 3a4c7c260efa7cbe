//! For tests: the ledger as a model in memory, the contracts that every store keeps, the audit of effects, and faults on
//! purpose.

pub mod audit;
pub mod contract;
mod faulty;
mod model;
pub mod shopify;
pub mod slack;

pub use faulty::{Fault, Faulty};
pub use model::ModelLedger;
