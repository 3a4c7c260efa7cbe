//! What the whole-system tests stand on: one emulator a test binary, a stack of its own for each test.
//!
//! The emulator is installed if it is not there, the functions are built if they are not, and everything ends
//! with the test process, however that ends.

mod eventually;
mod gate;
pub mod iam;
mod local;
mod post;
mod receiver;
mod runbook;
mod samples;
mod translated;
mod world;

pub use eventually::eventually;
pub use gate::Gate;
pub use local::{Ended, Local};
pub use post::{Delivery, Reply, http};
pub use receiver::{Received, Receiver};
pub use runbook::{NOT_YET, Runbook, Section, words};
pub use samples::samples;
pub use translated::translated;
pub use world::World;
