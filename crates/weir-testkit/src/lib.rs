//! For tests: the ledger as a model in memory, the contract that every ledger keeps, and faults on purpose.

pub mod contract;
mod faulty;
mod model;

pub use faulty::{Fault, Faulty};
pub use model::ModelLedger;
