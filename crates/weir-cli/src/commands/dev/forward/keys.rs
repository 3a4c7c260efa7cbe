//! What a person types while the stack runs.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The last event again.
    Again,
    /// Nothing that has a meaning.
    Unknown,
}

/// Lines of stdin, as long as there are any.
pub(super) fn listen() -> UnboundedReceiver<Key> {
    let (sender, keys) = unbounded_channel();
    // A thread of its own that nobody waits for: tokio's stdin would hold up the end until a line is typed.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(read(&line)).is_err() {
                return;
            }
        }
    });
    keys
}

fn read(line: &str) -> Key {
    match line.trim() {
        "r" | "R" => Key::Again,
        _ => Key::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_r_sends_again() {
        assert_eq!(
            [" r ", "R", "", "rr", "q"].map(read),
            [Key::Again, Key::Again, Key::Unknown, Key::Unknown, Key::Unknown]
        );
    }
}
