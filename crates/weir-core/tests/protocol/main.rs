//! Every interleaving of the ledger, the fence and parking, by the model checker `stateright`.
//!
//! The steps are `weir_core`'s own decisions; around them stand workers that crash and are late, a lane that shows
//! messages twice, requests that go astray, and clocks that differ. `docs/concepts/delivery-guarantees.md` says what is left out.
#![expect(clippy::cast_possible_truncation, reason = "counts below ten")]

mod drain;
mod larger;
mod model;
mod normal;
mod promises;
mod properties;
mod scenario;
mod state;
mod store;
mod time;
mod trace;
mod variant;
mod variants;
mod witness;
mod worker;
