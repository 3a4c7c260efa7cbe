//! Jobs: work of an operator that takes longer than a request, and that anybody can go on with.
//!
//! ```text
//!  start ─▶ checkpoint ─▶ save ─▶ … ─▶ Done
//!               │           │ somebody else resumed it: TakenOver
//!               ▼           ▼
//!        killed, cancelled, failed ─▶ resume (by anybody) ─▶ checkpoint ─▶ …
//! ```
//!
//! A job is a document, written before the first step and after each part of the work. What is about to be acted on is
//! written first, as a checkpoint, so that whoever resumes the job knows what may have been done. Each write expects the
//! version that was read: of two that work on one job, the one that resumed it last goes on, and the other one stops.

mod cancel;
mod claim;
mod job;
mod store;

pub use cancel::Cancel;
pub use claim::{ClaimedJob, JobError};
pub use job::{Job, JobKind, JobState, Resumption, job_name};
pub use store::{DocumentJobs, JobStore};
