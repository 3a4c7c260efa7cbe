//! Options that several commands have in common.

mod endpoint;
mod lane;
mod length;
mod moment;
mod rate;
mod spelled;
mod stack;

pub(crate) use endpoint::EndpointArgs;
pub(crate) use lane::lane;
pub(crate) use length::length;
pub(crate) use moment::Moment;
pub(crate) use rate::rate;
pub(crate) use spelled::{resource, topic};
pub(crate) use stack::{LedgerArgs, StackArgs};
