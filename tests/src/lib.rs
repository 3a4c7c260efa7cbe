//! What the whole-system tests stand on: one emulator a test binary, a stack of its own for each test.
//!
//! The emulator is installed if it is not there, the functions are built if they are not, and everything ends
//! with the test process, however that ends.

mod aws_commands;
mod eventually;
mod gate;
pub mod iam;
mod local;
mod post;
mod python;
mod receiver;
mod runbook;
mod samples;
mod translated;
mod world;

pub use aws_commands::{aws_commands, aws_refusals};
pub use eventually::eventually;
pub use gate::Gate;
pub use local::{Ended, Local};
pub use post::{Delivery, Reply, http};
pub use receiver::{Received, Receiver};
pub use runbook::{Document, NOT_YET, Section, words};
pub use samples::samples;
pub use translated::translated;
pub use world::World;
