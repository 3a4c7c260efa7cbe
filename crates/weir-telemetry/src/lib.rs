//! What a function reports of its work: metrics, spans and log lines.
//!
//! - [`metrics`] declares every metric, weir's own and those of AWS that an operator looks at.
//! - [`emf`] records values of them, and writes lines from which CloudWatch makes metrics.
//! - [`traces`] gathers spans and exports them by OTLP. [`TraceContext`] is an event's place in its trace.
//! - [`logs`] writes log lines as JSON.
//!
//! A function reads [`Settings`], installs them once, and hands [`Telemetry`] to what works for it.

pub mod emf;
pub mod logs;
pub mod metrics;
mod output;
mod telemetry;
mod trace_context;
pub mod traces;

pub use emf::{Labels, Metrics};
pub use output::Output;
pub use telemetry::{Settings, Telemetry};
pub use trace_context::TraceContext;
pub use traces::Traces;
