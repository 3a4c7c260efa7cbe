//! Log lines: JSON, one a line, to standard output, where Lambda collects them.

use tracing_subscriber::filter::LevelFilter;

/// Sends log lines of `level` and above to standard output, and keeps panic messages out of them: a message
/// may quote what a handler was looking at, so only the place is told.
pub fn install(level: LevelFilter) {
    // Lambda stamps each line with the time of its own clock.
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_max_level(level).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "A panic was caught");
    }));
}
