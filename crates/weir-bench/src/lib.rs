//! Measures Lambda functions side by side: the same work, the same events, the same stubs of AWS, in turns.
//!
//! | part | what it is |
//! |---|---|
//! | [`stub`] | AWS over HTTP or TLS, as far away as one wants, that counts what it is asked |
//! | [`events`] | what API Gateway and SQS hand to the functions |
//! | [`subject`] | what is measured: two bootstraps, and what they find in their environment |
//! | [`peers`] | what people would write instead, fetched and built |
//! | [`measure`] | cold and warm, batches, instructions, CPU and memory of a process |
//! | [`compare`] | all subjects in turns |
//! | [`pipeline`] | the whole of weir on the emulator |
//! | [`run`] | all of these in one run |
//! | [`report`] | tables, chart, targets, what was accepted |
//!
//! Times are of this machine and of this moment: what lasts are ratios between subjects that took turns, and
//! instructions. Nothing here is a test that could fail because a machine is busy.

pub mod authority;
pub mod compare;
pub mod events;
pub mod extras;
pub mod measure;
pub mod metric;
pub mod peers;
pub mod pipeline;
pub mod report;
pub mod run;
pub mod stats;
pub mod stub;
pub mod subject;
