//! What all of weir's functions share: settings read once and whole, telemetry, the driver that turns a batch
//! of SQS messages into verdicts, the router that finds an event's handlers, and destinations that these call.

pub mod batch;
pub mod destination;
pub mod metrics;
pub mod output;
pub mod router;
pub mod settings;
pub mod telemetry;
pub mod traces;
