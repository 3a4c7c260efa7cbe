//! What all of weir's functions share: settings read once and whole, telemetry, the driver that turns a batch
//! of SQS messages into verdicts, and the router that finds an event's handlers.

pub mod batch;
pub mod router;
pub mod settings;
pub mod telemetry;
