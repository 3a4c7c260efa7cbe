//! What SQS takes.

/// The most that one message may have.
const MAX_BYTES: usize = 1024 * 1024;

/// Panics unless SQS would take the message.
#[track_caller]
pub fn check(message: &str) {
    assert!(message.len() <= MAX_BYTES, "SQS takes no message of {} bytes", message.len());
    check_characters(message);
}

/// Panics unless SQS would take each character: those of XML 1.0.
#[track_caller]
pub fn check_characters(text: &str) {
    let refused = text.chars().find(|c| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
    });
    assert_eq!(refused, None, "SQS refuses this character");
}
