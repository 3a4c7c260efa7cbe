//! Log lines: JSON on standard output, from where Lambda takes them.

mod json;

use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::Output;

/// Sends log lines of `level` and above to standard output, and keeps panic messages out of them: a message
/// may quote what a handler was looking at, so only the place is logged.
pub fn install(level: LevelFilter) {
    tracing_subscriber::registry().with(level).with(json::JsonLines(Output::Stdout)).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "A panic was caught");
    }));
}

/// Sends the running thread's lines to nobody, unless somebody takes them already: for the tests of a process in which
/// another test looks at lines. What is logged first where nobody listens may stay unheard by who begins to listen just then,
/// for `tracing` remembers who wants a line.
pub fn unheard() -> Option<tracing::subscriber::DefaultGuard> {
    let is_unheard = tracing::dispatcher::get_default(|current| current.is::<tracing::subscriber::NoSubscriber>());
    let nobody = || tracing_subscriber::registry().with(LevelFilter::TRACE).with(json::JsonLines(Output::Nowhere));
    is_unheard.then(|| tracing::subscriber::set_default(nobody()))
}

/// The lines that `level` lets pass, into memory: for tests that look at what is logged.
pub fn captured(level: LevelFilter) -> (impl tracing::Subscriber + Send + Sync, Output) {
    let output = Output::memory();
    (tracing_subscriber::registry().with(level).with(json::JsonLines(output.clone())), output)
}
